// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! SRTP keys of one connection (RFC 3711, RFC 7714, RFC 5764). Outgoing RTP under AES-128-GCM is sealed where it lies in
//! the send arena, incoming RTCP goes to [`super::srtcp`]; everything else goes through `rtc-srtp`.

use std::sync::Arc;

use bytes::BytesMut;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rtc_crypto::{BlockCipherAlgorithm, RTCCrypto, RTCCryptoProvider};
use rtc_srtp::config::Config;
use rtc_srtp::context::Context;
use rtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc_srtp::protection_profile::ProtectionProfile;

use super::srtcp::RtcpOpener;
use crate::viewer::Reach;

/// Bytes that protection adds at most to an RTP packet (the GCM tag; HMAC-SHA1-80 adds 10).
pub const RTP_OVERHEAD_BYTES_MAX: usize = 16;
/// Packets that may arrive late and still be told from replays.
const REPLAY_WINDOW_PACKETS: usize = 1_024;
/// SSRCs per connection that have sent something authentic.
const INBOUND_SSRCS_MAX: usize = 64;
/// Packets of unknown SSRCs that one throw-away context looks at: `rtc-srtp` keeps state for each before it knows
/// whether they are authentic.
const PROBES_MAX: u32 = 64;

/// Index and tag behind RTCP under AES128_CM_HMAC_SHA1_80 (RFC 3711 section 3.4).
const RTCP_TRAILER_BYTES: usize = 4 + 10;
/// The bit in the first byte of the index.
const RTCP_ENCRYPTED_FLAG: u8 = 0x80;

/// The SRTP keys could not be derived or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SrtpRefusal {
    /// Too short, a wrong tag, or seen before.
    NotAuthentic,
    /// More streams than a connection may have.
    TooManyStreams,
}

/// Both directions of one connection.
pub struct Srtp {
    sealer: Sealer,
    outbound: Context,
    /// Incoming RTCP under AES-128-GCM.
    rtcp: Option<RtcpOpener>,
    inbound: Context,
    /// SSRCs that `inbound` knows: all of them proved.
    proved: Vec<u32>,
    /// For packets of other SSRCs, with the number it has seen.
    probe: Option<(Context, u32)>,
    remote: RemoteKeys,
}

/// What a context for incoming packets is made from.
struct RemoteKeys {
    profile: ProtectionProfile,
    key: Vec<u8>,
    salt: Vec<u8>,
    provider: Arc<dyn RTCCryptoProvider>,
}

impl RemoteKeys {
    fn context(&self) -> Option<Context> {
        Context::new(
            &self.key,
            &self.salt,
            self.profile,
            Some(srtp_replay_protection(REPLAY_WINDOW_PACKETS)),
            Some(srtcp_replay_protection(REPLAY_WINDOW_PACKETS)),
            self.provider.crypto(),
        )
        .ok()
    }
}

enum Sealer {
    /// AEAD_AES_128_GCM with the session key and salt (RFC 7714 section 8.1).
    Gcm { key: Box<LessSafeKey>, salt: [u8; 12] },
    /// AES128_CM_HMAC_SHA1_80 through `rtc-srtp`.
    Cm,
}

impl std::fmt::Debug for Srtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Srtp")
            .field("gcm", &self.is_gcm())
            .finish_non_exhaustive()
    }
}

/// Key derivation of RFC 3711 section 4.3 with AES-128 and a key derivation rate of zero.
fn derive<const N: usize>(crypto: &dyn RTCCrypto, label: u8, key: &[u8], salt: &[u8]) -> Option<[u8; N]> {
    let mut block = [0_u8; 16];
    block.get_mut(..salt.len())?.copy_from_slice(salt);
    *block.get_mut(7)? ^= label;
    crypto
        .block_encrypt(BlockCipherAlgorithm::Aes128, key, &mut block)
        .ok()?;
    block.first_chunk::<N>().copied()
}

impl Srtp {
    /// Keys from the DTLS exporter's bytes (RFC 5764 section 4.2); none when the profile is not ours or they do not fit.
    #[must_use]
    pub fn new(
        profile: ProtectionProfile,
        keying_material: &[u8],
        is_client: bool,
        provider: &Arc<dyn RTCCryptoProvider>,
    ) -> Option<Self> {
        let crypto = provider.crypto();
        const LABEL_ENCRYPTION: u8 = 0x00;
        const LABEL_SALT: u8 = 0x02;
        const LABEL_RTCP_ENCRYPTION: u8 = 0x03;
        const LABEL_RTCP_SALT: u8 = 0x05;
        let mut config = Config {
            profile,
            ..Config::default()
        };
        config
            .set_session_keys_from_keying_material(keying_material, is_client)
            .ok()?;
        let keys = &config.keys;
        let mut rtcp = None;
        let sealer = match profile {
            ProtectionProfile::AeadAes128Gcm => {
                let (key, salt) = (&keys.local_master_key, &keys.local_master_salt);
                let session_key: [u8; 16] = derive(crypto, LABEL_ENCRYPTION, key, salt)?;
                let session_salt = derive(crypto, LABEL_SALT, key, salt)?;
                let key = Box::new(LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &session_key).ok()?));
                let (remote_key, remote_salt) = (&keys.remote_master_key, &keys.remote_master_salt);
                rtcp = Some(RtcpOpener::new(
                    &derive(crypto, LABEL_RTCP_ENCRYPTION, remote_key, remote_salt)?,
                    derive(crypto, LABEL_RTCP_SALT, remote_key, remote_salt)?,
                )?);
                Sealer::Gcm {
                    key,
                    salt: session_salt,
                }
            }
            ProtectionProfile::Aes128CmHmacSha1_80 => Sealer::Cm,
            _ => return None,
        };
        let outbound = Context::new(
            &keys.local_master_key,
            &keys.local_master_salt,
            profile,
            None,
            None,
            crypto,
        )
        .ok()?;
        let remote = RemoteKeys {
            profile,
            key: config.keys.remote_master_key,
            salt: config.keys.remote_master_salt,
            provider: Arc::clone(provider),
        };
        Some(Self {
            sealer,
            outbound,
            rtcp,
            inbound: remote.context()?,
            proved: Vec::new(),
            probe: None,
            remote,
        })
    }

    /// Whether outgoing RTP takes the fast path.
    #[must_use]
    pub fn is_gcm(&self) -> bool {
        matches!(self.sealer, Sealer::Gcm { .. })
    }

    /// Reads where the key lies; see [`crate::viewer::Viewer::look_ahead`].
    pub(crate) fn look_ahead(&self, reach: Reach) -> u64 {
        match &self.sealer {
            Sealer::Gcm { key, .. } if reach == Reach::Farther => key.algorithm().tag_len() as u64,
            Sealer::Gcm { salt, .. } => u64::from(salt.first().copied().unwrap_or(0)),
            Sealer::Cm => 0,
        }
    }

    /// Reads what opening RTCP will need.
    pub(crate) fn look_ahead_of_rtcp(&self) -> u64 {
        self.rtcp.as_ref().map_or(0, |rtcp| rtcp.look_ahead())
    }

    /// Protects the RTP packet in the first `len` bytes of `space`, whose header takes `header_len`; returns the new
    /// length. `index` is the packet index `2^16 * ROC + SEQ`; the caller never passes the same (ssrc, index) twice.
    pub fn seal_rtp(
        &mut self,
        space: &mut [u8],
        header_len: usize,
        len: usize,
        ssrc: u32,
        index: u64,
    ) -> Option<usize> {
        match &self.sealer {
            Sealer::Gcm { key, salt } => {
                // RFC 7714 section 8.1: 00 00 | SSRC | ROC | SEQ, exclusive-ored with the salt.
                let mut iv = [0_u8; 12];
                let [.., r0, r1, r2, r3, s0, s1] = index.to_be_bytes();
                let [c0, c1, c2, c3] = ssrc.to_be_bytes();
                let counter = [0, 0, c0, c1, c2, c3, r0, r1, r2, r3, s0, s1];
                for ((out, a), b) in iv.iter_mut().zip(counter).zip(salt) {
                    *out = a ^ b;
                }
                let (header, rest) = space.split_at_mut_checked(header_len)?;
                let payload = rest.get_mut(..len.checked_sub(header_len)?)?;
                let tag = key
                    .seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), Aad::from(&*header), payload)
                    .ok()?;
                let tag = tag.as_ref();
                space.get_mut(len..len + tag.len())?.copy_from_slice(tag);
                Some(len + tag.len())
            }
            Sealer::Cm => {
                let sealed = self.outbound.encrypt_rtp(space.get(..len)?).ok()?;
                space.get_mut(..sealed.len())?.copy_from_slice(&sealed);
                Some(sealed.len())
            }
        }
    }

    /// Protects a compound RTCP packet.
    pub fn seal_rtcp(&mut self, compound: &[u8]) -> Option<BytesMut> {
        self.outbound.encrypt_rtcp(compound).ok()
    }

    /// Opens a packet whose SSRC stands at `ssrc_at`. What an SSRC sends first goes to a throw-away context, so that
    /// forged packets can neither fill the table of streams nor memory.
    fn open(
        &mut self,
        datagram: &[u8],
        ssrc_at: usize,
        decrypt: impl Fn(&mut Context) -> Option<BytesMut>,
    ) -> Result<BytesMut, SrtpRefusal> {
        let ssrc = datagram.get(ssrc_at..).and_then(|d| d.first_chunk::<4>());
        let ssrc = u32::from_be_bytes(*ssrc.ok_or(SrtpRefusal::NotAuthentic)?);
        if !self.proved.contains(&ssrc) {
            if self.proved.len() >= INBOUND_SSRCS_MAX {
                return Err(SrtpRefusal::TooManyStreams);
            }
            let fresh = self.probe.take().filter(|(_, seen)| *seen < PROBES_MAX);
            let (mut context, seen) = match fresh {
                Some(probe) => probe,
                None => (self.remote.context().ok_or(SrtpRefusal::NotAuthentic)?, 0),
            };
            let opened = decrypt(&mut context);
            self.probe = Some((context, seen + 1));
            opened.ok_or(SrtpRefusal::NotAuthentic)?;
            self.proved.push(ssrc);
        }
        decrypt(&mut self.inbound).ok_or(SrtpRefusal::NotAuthentic)
    }

    /// Opens an RTP packet.
    ///
    /// # Errors
    /// [`SrtpRefusal`] when it is not authentic, a replay, or one stream too many.
    pub fn open_rtp(&mut self, datagram: &[u8]) -> Result<BytesMut, SrtpRefusal> {
        self.open(datagram, 8, |context| context.decrypt_rtp(datagram).ok())
    }

    /// Opens a compound RTCP packet into `opened`, whatever was there.
    ///
    /// # Errors
    /// As [`Srtp::open_rtp`].
    pub fn open_rtcp(&mut self, datagram: &[u8], opened: &mut Vec<u8>) -> Result<(), SrtpRefusal> {
        if let Some(rtcp) = &mut self.rtcp {
            return rtcp.open(datagram, opened);
        }
        // `rtc-srtp` checks no tag where the flag says that nothing is encrypted; whoever knows the address could send it.
        let trailer_at = datagram.len().checked_sub(RTCP_TRAILER_BYTES);
        let flags = trailer_at.and_then(|at| datagram.get(at)).copied();
        if flags.is_none_or(|flags| flags & RTCP_ENCRYPTED_FLAG == 0) {
            return Err(SrtpRefusal::NotAuthentic);
        }
        let compound = self.open(datagram, 4, |context| context.decrypt_rtcp(datagram).ok())?;
        opened.clear();
        opened.extend_from_slice(&compound);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(profile: ProtectionProfile) -> (Srtp, Srtp) {
        let provider = rtc_crypto::default_provider().expect("ring is built in");
        let config = Config {
            profile,
            ..Config::default()
        };
        let material: Vec<u8> = (0..config.keying_material_len()).map(|i| i as u8).collect();
        let server = Srtp::new(profile, &material, false, &provider).expect("keys");
        let client = Srtp::new(profile, &material, true, &provider).expect("keys");
        (server, client)
    }

    fn rtp(seq: u16) -> Vec<u8> {
        let mut packet = vec![0x80, 96];
        packet.extend(seq.to_be_bytes());
        packet.extend([0, 0, 0, 1, 0, 0, 0, 7]);
        packet.extend([0xAB; 40]);
        packet
    }

    /// `rtc-srtp`, an independent implementation, opens what the arena path seals, across a sequence rollover.
    #[test]
    fn what_is_sealed_in_place_opens_at_the_peer() {
        for profile in [ProtectionProfile::AeadAes128Gcm, ProtectionProfile::Aes128CmHmacSha1_80] {
            let (mut server, mut client) = pair(profile);
            for index in 65_530_u64..65_545 {
                let plain = rtp(index as u16);
                let mut space = plain.clone();
                space.resize(plain.len() + RTP_OVERHEAD_BYTES_MAX, 0);
                let len = server.seal_rtp(&mut space, 12, plain.len(), 7, index).expect("seals");
                let opened = client.open_rtp(&space[..len]).expect("opens");
                assert_eq!(opened, plain, "{profile:?} {index}");
            }
        }
    }

    #[test]
    fn a_replay_and_a_forgery_are_refused() {
        let (mut server, mut client) = pair(ProtectionProfile::AeadAes128Gcm);
        let plain = rtp(1_000);
        let mut space = plain.clone();
        space.resize(plain.len() + RTP_OVERHEAD_BYTES_MAX, 0);
        let len = server.seal_rtp(&mut space, 12, plain.len(), 7, 1_000).expect("seals");
        assert!(client.open_rtp(&space[..len]).is_ok());
        assert_eq!(client.open_rtp(&space[..len]), Err(SrtpRefusal::NotAuthentic));
        space[20] ^= 1;
        assert_eq!(client.open_rtp(&space[..len]), Err(SrtpRefusal::NotAuthentic));
    }

    /// A receiver report of the client's, as `rtc-srtp` seals it.
    fn sealed_report(client: &mut Srtp, ssrc: u32) -> (Vec<u8>, Vec<u8>) {
        let mut plain = vec![0x80, 201, 0, 1];
        plain.extend(ssrc.to_be_bytes());
        plain.extend([0x81, 202, 0, 2]);
        plain.extend(ssrc.to_be_bytes());
        plain.extend([1, 1, b'x', 0]);
        let sealed = client.seal_rtcp(&plain).expect("seals").to_vec();
        (plain, sealed)
    }

    #[test]
    fn reports_that_rtc_srtp_sealed_are_opened_once_in_any_order_and_forgeries_never() {
        for profile in [ProtectionProfile::AeadAes128Gcm, ProtectionProfile::Aes128CmHmacSha1_80] {
            let (mut server, mut client) = pair(profile);
            let mut sent: Vec<_> = (0..40).map(|n| sealed_report(&mut client, n % 3)).collect();
            sent.reverse();
            let mut opened = vec![9; 3];
            for (place, (plain, sealed)) in sent.iter().enumerate() {
                // `rtc-srtp` takes its window from the first packet of an SSRC, a forged one too, until it is thrown away.
                let forgeries = if place < 3 { 0 } else { sealed.len() };
                for at in 0..forgeries {
                    let mut forged = sealed.clone();
                    forged[at] ^= 0x10;
                    assert!(server.open_rtcp(&forged, &mut opened).is_err(), "{profile:?} {at}");
                    assert!(
                        server.open_rtcp(&sealed[..at], &mut opened).is_err(),
                        "{profile:?} {at}"
                    );
                }
                assert_eq!(server.open_rtcp(sealed, &mut opened), Ok(()), "{profile:?}");
                assert_eq!(&opened, plain, "{profile:?}");
                assert!(server.open_rtcp(sealed, &mut opened).is_err(), "a replay");
            }
        }
    }

    #[test]
    fn senders_of_reports_are_bounded_and_forged_ones_take_no_place() {
        let (mut server, mut client) = pair(ProtectionProfile::AeadAes128Gcm);
        let mut opened = Vec::new();
        for ssrc in 0..1_000 {
            let (_, mut forged) = sealed_report(&mut client, ssrc);
            forged[10] ^= 1;
            assert_eq!(server.open_rtcp(&forged, &mut opened), Err(SrtpRefusal::NotAuthentic));
        }
        for ssrc in 0..INBOUND_SSRCS_MAX as u32 {
            let (_, sealed) = sealed_report(&mut client, ssrc);
            assert_eq!(server.open_rtcp(&sealed, &mut opened), Ok(()));
        }
        let (_, one_more) = sealed_report(&mut client, 5_000);
        assert_eq!(
            server.open_rtcp(&one_more, &mut opened),
            Err(SrtpRefusal::TooManyStreams)
        );
    }

    fn sealed(server: &mut Srtp, ssrc: u32, index: u64) -> Vec<u8> {
        let mut packet = rtp(index as u16);
        packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
        let len = packet.len();
        packet.resize(len + RTP_OVERHEAD_BYTES_MAX, 0);
        let len = server.seal_rtp(&mut packet, 12, len, ssrc, index).expect("seals");
        packet.truncate(len);
        packet
    }

    #[test]
    fn forged_streams_take_no_place_from_real_ones() {
        let (mut server, mut client) = pair(ProtectionProfile::AeadAes128Gcm);
        for ssrc in 0..1_000_u32 {
            let mut packet = rtp(1);
            packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
            packet.extend([0; 16]);
            assert_eq!(client.open_rtp(&packet), Err(SrtpRefusal::NotAuthentic));
        }
        assert!(client.open_rtp(&sealed(&mut server, 7, 1_000)).is_ok());
    }

    #[test]
    fn real_streams_are_bounded() {
        let (mut server, mut client) = pair(ProtectionProfile::AeadAes128Gcm);
        for ssrc in 1..=INBOUND_SSRCS_MAX as u32 {
            assert!(client.open_rtp(&sealed(&mut server, ssrc, 1_000)).is_ok());
        }
        let one_more = sealed(&mut server, 1_000, 1_000);
        assert_eq!(client.open_rtp(&one_more), Err(SrtpRefusal::TooManyStreams));
    }
}
