// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! SRTP and SRTCP: our own AES-128-GCM path (RFC 7714) on `ring`, in place; CM_SHA1_80 by `rtc-srtp`.
//! Key derivation is RFC 3711 section 4.3; nothing of the server's cryptography is used here.

use anyhow::{Context as _, Result, anyhow, bail};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rtc_crypto::{BlockCipherAlgorithm, RTCCrypto};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_dtls::state::State;
use rtc_srtp::config::LABEL_EXTRACTOR_DTLS_SRTP;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;

use crate::wire::rtp::{Header, Unwrap};

/// Bytes of an AES-GCM tag.
pub const TAG_BYTES: usize = 16;
const RTCP_CLEAR_BYTES: usize = 8;
const RTCP_ENCRYPTED: u32 = 1 << 31;

/// Both directions of one connection.
pub struct Session {
    /// Seals what we send.
    pub outbound: Direction,
    /// Opens what we receive.
    pub inbound: Direction,
}

/// One direction's keys and counters.
pub enum Direction {
    /// AES-128-GCM.
    Gcm(Box<Gcm>),
    /// AES-CM with HMAC-SHA1-80.
    Cm(Box<Context>),
}

/// AES-128-GCM keys and counters.
pub struct Gcm {
    rtp: LessSafeKey,
    rtp_salt: [u8; 12],
    rtcp: LessSafeKey,
    rtcp_salt: [u8; 12],
    rtcp_index: u32,
    sequences: Vec<(u32, Unwrap)>,
}

fn derive(crypto: &dyn RTCCrypto, key: &[u8], salt: &[u8], label: u8, len: usize) -> Result<Vec<u8>> {
    let mut block = [0_u8; 16];
    block[..salt.len()].copy_from_slice(salt);
    block[7] ^= label;
    let mut out = Vec::with_capacity(32);
    for counter in 0..len.div_ceil(16) as u16 {
        let mut stream = block;
        stream[14..].copy_from_slice(&counter.to_be_bytes());
        crypto
            .block_encrypt(BlockCipherAlgorithm::Aes128, key, &mut stream)
            .context("SRTP key derivation")?;
        out.extend_from_slice(&stream);
    }
    out.truncate(len);
    Ok(out)
}

fn aead(key: &[u8]) -> Result<LessSafeKey> {
    Ok(LessSafeKey::new(
        UnboundKey::new(&AES_128_GCM, key).map_err(|_| anyhow!("AES key of a wrong length"))?,
    ))
}

/// A ring key for measurements that need one outside a session.
///
/// # Errors
/// Never for 16 bytes.
pub fn bare_key(key: &[u8; 16]) -> Result<LessSafeKey> {
    aead(key)
}

impl Gcm {
    /// Keys of one direction from its master key and salt.
    ///
    /// # Errors
    /// When the lengths are not those of AES-128-GCM.
    pub fn new(crypto: &dyn RTCCrypto, key: &[u8], salt: &[u8]) -> Result<Self> {
        let salted =
            |label| Ok::<[u8; 12], anyhow::Error>(derive(crypto, key, salt, label, 12)?.try_into().unwrap_or_default());
        Ok(Self {
            rtp: aead(&derive(crypto, key, salt, 0, 16)?)?,
            rtp_salt: salted(2)?,
            rtcp: aead(&derive(crypto, key, salt, 3, 16)?)?,
            rtcp_salt: salted(5)?,
            rtcp_index: 0,
            sequences: Vec::new(),
        })
    }

    fn rtp_nonce(&self, ssrc: u32, roc: u32, sequence: u16) -> Nonce {
        let mut iv = self.rtp_salt;
        let fields = [ssrc.to_be_bytes(), roc.to_be_bytes()].concat();
        iv[2..10].iter_mut().zip(&fields).for_each(|(b, f)| *b ^= f);
        iv[10..]
            .iter_mut()
            .zip(sequence.to_be_bytes())
            .for_each(|(b, f)| *b ^= f);
        Nonce::assume_unique_for_key(iv)
    }

    fn rtcp_nonce(&self, ssrc: u32, index: u32) -> Nonce {
        let mut iv = self.rtcp_salt;
        iv[2..6].iter_mut().zip(ssrc.to_be_bytes()).for_each(|(b, f)| *b ^= f);
        iv[8..].iter_mut().zip(index.to_be_bytes()).for_each(|(b, f)| *b ^= f);
        Nonce::assume_unique_for_key(iv)
    }

    /// The rollover counter for a sequence number (RFC 3711 section 3.3.1). [`Unwrap`] counts from 65,536 on.
    fn roc(&mut self, ssrc: u32, sequence: u16) -> u32 {
        let at = match self.sequences.iter().position(|(s, _)| *s == ssrc) {
            Some(at) => at,
            None => {
                self.sequences.push((ssrc, Unwrap::default()));
                self.sequences.len() - 1
            }
        };
        (self.sequences[at].1.full(sequence) >> 16).wrapping_sub(1) as u32
    }
}

impl Direction {
    /// Name of the profile.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Direction::Gcm(_) => "AEAD_AES_128_GCM",
            Direction::Cm(_) => "AES128_CM_HMAC_SHA1_80",
        }
    }

    /// Seals a whole RTP packet, header included.
    ///
    /// # Errors
    /// When the packet is not RTP.
    pub fn seal_rtp(&mut self, packet: &mut Vec<u8>) -> Result<()> {
        let header = Header::parse(packet).context("not RTP")?;
        match self {
            Direction::Gcm(gcm) => {
                let roc = gcm.roc(header.ssrc, header.sequence);
                let nonce = gcm.rtp_nonce(header.ssrc, roc, header.sequence);
                let (clear, payload) = packet.split_at_mut(header.len);
                let tag = gcm
                    .rtp
                    .seal_in_place_separate_tag(nonce, Aad::from(&*clear), payload)
                    .map_err(|_| anyhow!("seal"))?;
                packet.extend_from_slice(tag.as_ref());
            }
            Direction::Cm(context) => *packet = context.encrypt_rtp(packet).context("SRTP")?.to_vec(),
        }
        Ok(())
    }

    /// Notes a packet that is not opened, so that the roll-over counter stays right for those that are.
    pub fn pass_over(&mut self, header: &Header) {
        if let Direction::Gcm(gcm) = self {
            gcm.roc(header.ssrc, header.sequence);
        }
    }

    /// Opens an RTP packet in place; returns the payload's length, which begins behind the header.
    ///
    /// # Errors
    /// When the tag does not fit.
    pub fn open_rtp(&mut self, packet: &mut [u8], header: &Header) -> Result<usize> {
        match self {
            Direction::Gcm(gcm) => {
                let roc = gcm.roc(header.ssrc, header.sequence);
                let nonce = gcm.rtp_nonce(header.ssrc, roc, header.sequence);
                let (clear, payload) = packet.split_at_mut(header.len);
                let opened = gcm
                    .rtp
                    .open_in_place(nonce, Aad::from(&*clear), payload)
                    .map_err(|_| anyhow!("SRTP tag"))?;
                Ok(opened.len())
            }
            Direction::Cm(context) => {
                let opened = context.decrypt_rtp(packet).context("SRTP")?;
                packet[..opened.len()].copy_from_slice(&opened);
                Ok(opened.len() - header.len)
            }
        }
    }

    /// Seals a compound RTCP packet.
    ///
    /// # Errors
    /// When the packet is shorter than its header.
    pub fn seal_rtcp(&mut self, packet: &[u8]) -> Result<Vec<u8>> {
        let gcm = match self {
            Direction::Gcm(gcm) => gcm,
            Direction::Cm(context) => return Ok(context.encrypt_rtcp(packet).context("SRTCP")?.to_vec()),
        };
        if packet.len() < RTCP_CLEAR_BYTES {
            bail!("RTCP without a header");
        }
        gcm.rtcp_index = (gcm.rtcp_index + 1) & !RTCP_ENCRYPTED;
        let ssrc = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        let trailer = (gcm.rtcp_index | RTCP_ENCRYPTED).to_be_bytes();
        let aad = [&packet[..RTCP_CLEAR_BYTES], &trailer].concat();
        let mut out = packet.to_vec();
        let nonce = gcm.rtcp_nonce(ssrc, gcm.rtcp_index);
        let body = &mut out[RTCP_CLEAR_BYTES..];
        let tag = gcm
            .rtcp
            .seal_in_place_separate_tag(nonce, Aad::from(aad), body)
            .map_err(|_| anyhow!("seal"))?;
        out.extend_from_slice(tag.as_ref());
        out.extend_from_slice(&trailer);
        Ok(out)
    }

    /// Opens a compound RTCP packet.
    ///
    /// # Errors
    /// When it is too short or the tag does not fit.
    pub fn open_rtcp(&mut self, packet: &[u8]) -> Result<Vec<u8>> {
        let gcm = match self {
            Direction::Gcm(gcm) => gcm,
            Direction::Cm(context) => return Ok(context.decrypt_rtcp(packet).context("SRTCP")?.to_vec()),
        };
        if packet.len() < RTCP_CLEAR_BYTES + TAG_BYTES + 4 {
            bail!("SRTCP too short");
        }
        let (body, trailer) = packet.split_at(packet.len() - 4);
        let word = u32::from_be_bytes(trailer.try_into()?);
        if word & RTCP_ENCRYPTED == 0 {
            bail!("SRTCP that is not encrypted");
        }
        let ssrc = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        let aad = [&body[..RTCP_CLEAR_BYTES], trailer].concat();
        let mut out = body.to_vec();
        let nonce = gcm.rtcp_nonce(ssrc, word & !RTCP_ENCRYPTED);
        let opened = gcm
            .rtcp
            .open_in_place(nonce, Aad::from(aad), &mut out[RTCP_CLEAR_BYTES..]);
        let len = opened.map_err(|_| anyhow!("SRTCP tag"))?.len();
        out.truncate(RTCP_CLEAR_BYTES + len);
        Ok(out)
    }
}

/// Keys of a connection out of its finished handshake (RFC 5764 section 4.2).
///
/// # Errors
/// When no known profile was agreed on.
pub fn session(state: &State, crypto: &dyn RTCCrypto) -> Result<Session> {
    let (profile, key_len, salt_len) = match state.srtp_protection_profile() {
        SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => (ProtectionProfile::AeadAes128Gcm, 16, 12),
        SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => (ProtectionProfile::Aes128CmHmacSha1_80, 16, 14),
        other => bail!("the server chose an SRTP profile that we did not offer: {other:?}"),
    };
    let material = state
        .export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], 2 * (key_len + salt_len))
        .context("DTLS exporter")?;
    let (keys, salts) = material.as_ref().split_at(2 * key_len);
    let direction = |client: bool| -> Result<Direction> {
        let half = usize::from(!client);
        let (key, salt) = (
            &keys[half * key_len..][..key_len],
            &salts[half * salt_len..][..salt_len],
        );
        Ok(match profile {
            ProtectionProfile::AeadAes128Gcm => Direction::Gcm(Box::new(Gcm::new(crypto, key, salt)?)),
            _ => Direction::Cm(Box::new(
                Context::new(key, salt, profile, None, None, crypto).context("SRTP")?,
            )),
        })
    };
    let is_client = state.is_client();
    Ok(Session {
        outbound: direction(is_client)?,
        inbound: direction(!is_client)?,
    })
}

#[cfg(test)]
mod tests;
