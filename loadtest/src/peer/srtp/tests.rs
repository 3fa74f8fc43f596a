// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Our AES-128-GCM against the one of `rtc-srtp`, both ways.

use super::*;
use crate::wire::{rtcp, rtp::Outgoing};

fn pair() -> (Gcm, Context) {
    let provider = rtc_crypto::default_provider().unwrap();
    let (key, salt) = ([7_u8; 16], [9_u8; 12]);
    let theirs = Context::new(
        &key,
        &salt,
        ProtectionProfile::AeadAes128Gcm,
        None,
        None,
        provider.crypto(),
    )
    .unwrap();
    (Gcm::new(provider.crypto(), &key, &salt).unwrap(), theirs)
}

fn packet(sequence: u16) -> Vec<u8> {
    let mut packet = Vec::new();
    let extensions: [(u8, &[u8]); 1] = [(4, b"1")];
    Outgoing {
        marker: false,
        payload_type: 96,
        sequence,
        timestamp: 1,
        ssrc: 77,
        extensions: &extensions,
    }
    .write(&mut packet);
    packet.extend_from_slice(&[5; 100]);
    packet
}

#[test]
fn rtp_agrees_with_the_crate_over_a_rollover() {
    let (ours, mut theirs) = pair();
    let mut ours = Direction::Gcm(Box::new(ours));
    let (mut back, mut their_seal) = (Direction::Gcm(Box::new(pair().0)), pair().1);
    for sequence in [65_533, 65_534, 65_535, 0, 1, 2] {
        let plain = packet(sequence);
        let mut sealed = plain.clone();
        ours.seal_rtp(&mut sealed).unwrap();
        assert_eq!(theirs.decrypt_rtp(&sealed).unwrap()[..], plain[..], "{sequence}");
        let mut sealed = their_seal.encrypt_rtp(&plain).unwrap().to_vec();
        let header = Header::parse(&sealed).unwrap();
        assert_eq!(back.open_rtp(&mut sealed, &header).unwrap(), 100);
        assert_eq!(sealed[..plain.len()], plain[..]);
    }
}

#[test]
fn rtcp_agrees_with_the_crate() {
    let (ours, mut theirs) = pair();
    let mut ours = Direction::Gcm(Box::new(ours));
    let mut plain = Vec::new();
    rtcp::pli(&mut plain, 1, 2);
    for _ in 0..3 {
        let sealed = ours.seal_rtcp(&plain).unwrap();
        assert_eq!(theirs.decrypt_rtcp(&sealed).unwrap()[..], plain[..]);
        let sealed = theirs.encrypt_rtcp(&plain).unwrap();
        assert_eq!(ours.open_rtcp(&sealed).unwrap(), plain);
    }
}

#[test]
fn forged_packets_are_refused() {
    let mut ours = Direction::Gcm(Box::new(pair().0));
    let mut sealed = packet(5);
    ours.seal_rtp(&mut sealed).unwrap();
    let header = Header::parse(&sealed).unwrap();
    for at in [1, 13, header.len, sealed.len() - 1] {
        let mut forged = sealed.clone();
        forged[at] ^= 1;
        let mut other = Direction::Gcm(Box::new(pair().0));
        assert!(other.open_rtp(&mut forged, &header).is_err(), "byte {at}");
    }
    for n in 0..40 {
        assert!(ours.open_rtcp(&vec![0x80; n]).is_err());
    }
}
