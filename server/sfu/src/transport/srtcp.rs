// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Incoming SRTCP under AES-128-GCM (RFC 7714 section 9), opened in a buffer that is used again: feedback of a thousand
//! viewers comes 20 times a second each. Only what was authentic leaves a trace.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::srtp::SrtpRefusal;

/// The part of an RTCP packet that stays clear: its first header and the sender's SSRC.
const CLEAR_BYTES: usize = 8;
const TAG_BYTES: usize = 16;
/// The encryption flag and the index (RFC 3711 section 3.4).
const TRAILER_BYTES: usize = 4;
const ENCRYPTED_FLAG: u32 = 1 << 31;
/// Packets that may come late and still be told from replays: RFC 3711 section 3.3.2 asks for 64 at least.
const WINDOW_PACKETS: u32 = 64;
/// SSRCs per connection that have sent something authentic.
const SSRCS_MAX: usize = 64;

/// What came under one SSRC.
#[derive(Debug)]
struct Window {
    ssrc: u32,
    newest: u32,
    /// Bit n: `newest - n` was seen.
    seen: u64,
}

impl Window {
    fn has(&self, index: u32) -> bool {
        match self.newest.checked_sub(index) {
            None => false,
            Some(back) => back >= WINDOW_PACKETS || self.seen >> back & 1 == 1,
        }
    }

    fn note(&mut self, index: u32) {
        match index.checked_sub(self.newest) {
            Some(ahead) => {
                self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
                self.newest = index;
            }
            None => self.seen |= 1_u64.checked_shl(self.newest - index).unwrap_or(0),
        }
    }
}

/// The session key of what the peer sends, and what was seen of it.
pub(super) struct RtcpOpener {
    key: LessSafeKey,
    salt: [u8; 12],
    windows: Vec<Window>,
}

impl RtcpOpener {
    /// By the session key and salt for SRTCP (RFC 3711 section 4.3.2, labels 3 and 5).
    pub(super) fn new(key: &[u8; 16], salt: [u8; 12]) -> Option<Self> {
        Some(Self {
            key: LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key).ok()?),
            salt,
            windows: Vec::new(),
        })
    }

    /// Reads what opening will need.
    pub(super) fn look_ahead(&self) -> u64 {
        self.windows.first().map_or(0, |window| window.seen) ^ self.key.algorithm().tag_len() as u64
    }

    /// Opens a compound packet into `opened`, whatever was there.
    pub(super) fn open(&mut self, datagram: &[u8], opened: &mut Vec<u8>) -> Result<(), SrtpRefusal> {
        let (sealed, trailer) = datagram.split_last_chunk().ok_or(SrtpRefusal::NotAuthentic)?;
        let word = u32::from_be_bytes(*trailer);
        let (clear, _) = sealed
            .split_first_chunk::<CLEAR_BYTES>()
            .filter(|(_, rest)| rest.len() >= TAG_BYTES && word & ENCRYPTED_FLAG != 0)
            .ok_or(SrtpRefusal::NotAuthentic)?;
        let [.., c0, c1, c2, c3] = *clear;
        let (ssrc, index) = (u32::from_be_bytes([c0, c1, c2, c3]), word & !ENCRYPTED_FLAG);
        let place = self.windows.iter().position(|window| window.ssrc == ssrc);
        match place.and_then(|place| self.windows.get(place)) {
            Some(window) if window.has(index) => return Err(SrtpRefusal::NotAuthentic),
            None if self.windows.len() >= SSRCS_MAX => return Err(SrtpRefusal::TooManyStreams),
            _ => {}
        }
        // RFC 7714 section 9.1: 00 00 | SSRC | 00 00 | index, exclusive-ored with the salt.
        let [i0, i1, i2, i3] = index.to_be_bytes();
        let mut iv = [0, 0, c0, c1, c2, c3, 0, 0, i0, i1, i2, i3];
        for (out, salt) in iv.iter_mut().zip(self.salt) {
            *out ^= salt;
        }
        // Section 9.3: what is clear, and the trailer.
        let mut aad = [0; CLEAR_BYTES + TRAILER_BYTES];
        for (out, byte) in aad.iter_mut().zip(clear.iter().chain(trailer)) {
            *out = *byte;
        }
        opened.clear();
        opened.extend_from_slice(sealed);
        let payload = opened.get_mut(CLEAR_BYTES..).unwrap_or_default();
        let plain = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(iv), Aad::from(aad), payload);
        let len = CLEAR_BYTES + plain.map_err(|_| SrtpRefusal::NotAuthentic)?.len();
        opened.truncate(len);
        match place.and_then(|place| self.windows.get_mut(place)) {
            Some(window) => window.note(index),
            None => self.windows.push(Window {
                ssrc,
                newest: index,
                seen: 1,
            }),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_lets_each_index_in_once_and_nothing_that_is_too_old() {
        let mut window = Window {
            ssrc: 1,
            newest: 100,
            seen: 1,
        };
        for (index, had) in [
            (100, true),
            (99, false),
            (37, false),
            (36, true),
            (101, false),
            (500, false),
        ] {
            assert_eq!(window.has(index), had, "{index}");
        }
        for index in [99, 101, 37, 150, 149] {
            let old = window.newest.saturating_sub(index) >= WINDOW_PACKETS;
            assert_eq!(window.has(index), old, "{index}");
            if !old {
                window.note(index);
                assert!(window.has(index), "{index}");
            }
        }
        window.note(10_000);
        assert!(window.has(10_000) && window.has(150) && !window.has(9_999));
    }
}
