// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Examples, an independent encoder as oracle, and arbitrary bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use bytes::Bytes;
use proptest::prelude::*;
use rtc_shared::marshal::Marshal;

use super::*;
use crate::sdp::ExtensionIds;

const IDS: ExtensionIds = ExtensionIds {
    mid: 3,
    rid: 4,
    rrid: 5,
    audio_level: 1,
    twcc: 2,
    dependency: 6,
};

fn oracle(extensions: &[(u8, Vec<u8>)], two_byte: bool, payload: &[u8]) -> Vec<u8> {
    let mut header = rtc_rtp::Header {
        version: 2,
        marker: true,
        payload_type: 96,
        sequence_number: 65_535,
        timestamp: 0xDEAD_BEEF,
        ssrc: 0x0102_0304,
        csrc: vec![7, 8],
        ..Default::default()
    };
    if two_byte {
        header.extension = true;
        header.extension_profile = 0x1000;
    }
    for (id, value) in extensions {
        header.set_extension(*id, Bytes::copy_from_slice(value)).unwrap();
    }
    let packet = rtc_rtp::Packet {
        header,
        payload: Bytes::copy_from_slice(payload),
    };
    packet.marshal().unwrap().to_vec()
}

fn all_extensions() -> Vec<(u8, Vec<u8>)> {
    vec![
        (1, vec![0x80 | 30]),
        (2, vec![0x12, 0x34]),
        (3, b"v0".to_vec()),
        (4, b"hi".to_vec()),
        (5, b"lo".to_vec()),
    ]
}

#[test]
fn reads_what_an_independent_encoder_wrote() {
    for two_byte in [false, true] {
        let packet = oracle(&all_extensions(), two_byte, b"payload");
        let parsed = parse(&packet).unwrap();
        assert_eq!(
            parsed.header,
            RtpHeader {
                marker: true,
                payload_type: 96,
                seq: 65_535,
                timestamp: 0xDEAD_BEEF,
                ssrc: 0x0102_0304
            }
        );
        assert_eq!(parsed.payload, b"payload");
        assert_eq!(&packet[parsed.payload_range.clone()], b"payload");
        let known = parsed.known(&IDS);
        assert_eq!(known.mid, Some(&b"v0"[..]));
        assert_eq!(known.rid, Some(&b"hi"[..]));
        assert_eq!(known.rrid, Some(&b"lo"[..]));
        assert_eq!(
            known.audio_level,
            Some(AudioLevel {
                level_minus_dbov: 30,
                voice: true
            })
        );
        assert_eq!(known.twcc, Some(0x1234));
        assert_eq!(parsed.extensions.get(9), None);
    }
}

#[test]
fn ids_that_were_not_negotiated_are_not_read() {
    let packet = oracle(&all_extensions(), false, b"x");
    assert_eq!(
        parse(&packet).unwrap().known(&ExtensionIds::default()),
        KnownExtensions::default()
    );
}

#[test]
fn strips_padding_and_sees_padding_only() {
    let mut packet = oracle(&[], false, b"abc");
    packet[0] |= 0x20;
    packet.extend_from_slice(&[0, 0, 3]);
    let parsed = parse(&packet).unwrap();
    assert_eq!((parsed.payload, parsed.padding_bytes), (&b"abc"[..], 3));
    assert!(!parsed.is_padding_only());

    let mut probe = oracle(&[], false, b"");
    probe[0] |= 0x20;
    probe.extend_from_slice(&[0, 0, 0, 4]);
    assert!(parse(&probe).unwrap().is_padding_only());
}

#[test]
fn wrong_padding_version_and_lengths_are_refused() {
    let mut zero = oracle(&[], false, b"\0");
    zero[0] |= 0x20;
    assert_eq!(parse(&zero), Err(RtpError::Padding));
    let mut long = oracle(&[], false, b"\x09");
    long[0] |= 0x20;
    assert_eq!(parse(&long), Err(RtpError::Padding));
    let good = oracle(&all_extensions(), false, b"");
    for length in 0..good.len() {
        assert_eq!(parse(&good[..length]), Err(RtpError::TooShort), "{length}");
    }
    let mut version = good;
    version[0] = 0x40;
    assert_eq!(parse(&version), Err(RtpError::Version));
}

#[test]
fn one_byte_form_stops_at_id_15_and_at_an_overrun() {
    let block = ExtensionBlock::new(0xBEDE, &[0x30, b'a', 0xF0, 0x40, b'b']);
    assert_eq!(block.iter().collect::<Vec<_>>(), vec![(3, &b"a"[..])]);
    let overrun = ExtensionBlock::new(0xBEDE, &[0x30, b'a', 0, 0x4F, b'b']);
    assert_eq!(overrun.iter().collect::<Vec<_>>(), vec![(3, &b"a"[..])]);
    let foreign = ExtensionBlock::new(0x1234, &[0x30, b'a']);
    assert_eq!(foreign.iter().count(), 0);
}

#[test]
fn sequence_numbers_unroll_around_the_wrap() {
    let mut line = SeqUnwrap::new();
    let start = line.extend(65_534);
    assert_eq!(line.extend(0), start + 2);
    assert_eq!(line.extend(65_535), start + 1);
    assert_eq!(line.highest(), Some(start + 2));
    assert_eq!(line.extend(1), start + 3);
    assert_eq!(line.extend(65_533), start - 1);
    assert_eq!(line.peek(2), start + 4);
    assert_eq!(line.highest(), Some(start + 3));
}

#[test]
fn what_precedes_the_first_number_stays_positive() {
    let mut line = SeqUnwrap::new();
    let start = line.extend(0);
    assert_eq!(line.extend(65_535), start - 1);
    assert_eq!(line.extend(32_768), start - 32_768);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), first in 0x80u8..0xC0) {
        let mut bytes = bytes;
        if let Some(octet) = bytes.first_mut() { *octet = first; }
        if let Ok(parsed) = parse(&bytes) {
            let _ = parsed.known(&IDS);
            prop_assert_eq!(&bytes[parsed.payload_range.clone()], parsed.payload);
        }
    }

    #[test]
    fn arbitrary_extension_blocks_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), two in any::<bool>()) {
        let block = ExtensionBlock::new(if two { 0x100A } else { 0xBEDE }, &bytes);
        prop_assert!(block.iter().count() <= bytes.len());
        let _ = block.known(&IDS);
    }

    #[test]
    fn a_shuffled_line_unrolls_to_itself(start in any::<u16>(), steps in proptest::collection::vec(-200i64..400, 1..300)) {
        let mut line = SeqUnwrap::new();
        let first = line.extend(start);
        let mut at = first as i64;
        for step in steps {
            at = (at + step).max(first as i64 - 10_000);
            if at < line.highest().unwrap() as i64 - 30_000 { continue; }
            prop_assert_eq!(line.extend(at as u16), at as u64);
        }
    }
}
