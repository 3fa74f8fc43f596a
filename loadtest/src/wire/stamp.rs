// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The stamp inside every packet of our own publisher: who it is, when it was sent, and a hash of what follows.
//! In video it stands behind the VP8 frame header (10 bytes in keyframes, 3 otherwise), in audio behind the Opus TOC byte.

use super::vp8;

/// Bytes that a stamp takes.
pub const STAMP_BYTES: usize = 40;
const MAGIC: u32 = 0x464C_5431;
const KEYFRAME_HEADER_BYTES: usize = 10;
const INTERFRAME_HEADER_BYTES: usize = 3;

/// Which of the publisher's two media a packet belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// Opus.
    Audio,
    /// VP8.
    Video,
}

/// What a stamp says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Number of the packet within its medium, without gaps.
    pub number: u64,
    /// When it was sent, nanoseconds since 1970.
    pub sent_ns: u64,
    /// Number of the frame within its medium.
    pub frame: u32,
    /// Which packet of the frame.
    pub index: u16,
    /// Packets of the frame.
    pub count: u16,
    /// Whether the frame is a keyframe (every audio frame is).
    pub key: bool,
    /// Number of the publisher within its room.
    pub source: u16,
    /// Simulcast layer, lowest first.
    pub layer: u8,
}

/// Why a payload holds no usable stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unstamped {
    /// No stamp where one should be.
    Absent,
    /// The hash does not fit: the server changed the payload.
    Changed,
}

/// Cheap hash over the bytes behind the stamp; catches wrong copies, not attackers (the SRTP tag does).
fn hash(bytes: &[u8]) -> u64 {
    let mut words = bytes.chunks_exact(8);
    let mut sum = 0x9E37_79B9_7F4A_7C15_u64 ^ bytes.len() as u64;
    for word in &mut words {
        let word = u64::from_le_bytes(word.try_into().unwrap_or_default());
        sum = (sum ^ word).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(17);
    }
    for byte in words.remainder() {
        sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    sum
}

fn stamp_offset(medium: Medium, payload: &[u8]) -> Option<usize> {
    match medium {
        Medium::Audio => Some(1),
        Medium::Video => {
            let descriptor = vp8::parse(payload)?;
            let frame = payload.get(descriptor.len..)?;
            let header = match (descriptor.start, vp8::is_keyframe(frame)) {
                (false, _) => 0,
                (true, true) => KEYFRAME_HEADER_BYTES,
                (true, false) => INTERFRAME_HEADER_BYTES,
            };
            Some(descriptor.len + header)
        }
    }
}

/// Writes a stamp into a finished payload; the payload must have room for it.
pub fn write(medium: Medium, payload: &mut [u8], stamp: &Stamp) {
    let Some(at) = stamp_offset(medium, payload) else {
        return;
    };
    let Some(rest) = payload.get(at + STAMP_BYTES..) else {
        return;
    };
    let hash = hash(rest);
    let out = &mut payload[at..at + STAMP_BYTES];
    out[0..4].copy_from_slice(&MAGIC.to_be_bytes());
    out[4..12].copy_from_slice(&stamp.number.to_be_bytes());
    out[12..20].copy_from_slice(&stamp.sent_ns.to_be_bytes());
    out[20..24].copy_from_slice(&stamp.frame.to_be_bytes());
    out[24..26].copy_from_slice(&stamp.index.to_be_bytes());
    out[26..28].copy_from_slice(&stamp.count.to_be_bytes());
    out[28..30].copy_from_slice(&stamp.source.to_be_bytes());
    out[30..32].copy_from_slice(&[stamp.layer, u8::from(stamp.key)]);
    out[32..40].copy_from_slice(&hash.to_be_bytes());
}

/// Reads the stamp of a received payload.
///
/// # Errors
/// [`Unstamped`] when there is none, or the payload is not what was sent.
pub fn read(medium: Medium, payload: &[u8]) -> Result<Stamp, Unstamped> {
    let at = stamp_offset(medium, payload).ok_or(Unstamped::Absent)?;
    let raw = payload.get(at..at + STAMP_BYTES).ok_or(Unstamped::Absent)?;
    let word = |i: usize| u32::from_be_bytes([raw[i], raw[i + 1], raw[i + 2], raw[i + 3]]);
    let long = |i: usize| u64::from(word(i)) << 32 | u64::from(word(i + 4));
    if word(0) != MAGIC {
        return Err(Unstamped::Absent);
    }
    if long(32) != hash(&payload[at + STAMP_BYTES..]) {
        return Err(Unstamped::Changed);
    }
    Ok(Stamp {
        number: long(4),
        sent_ns: long(12),
        frame: word(20),
        index: (word(24) >> 16) as u16,
        count: word(24) as u16,
        key: word(28) & 1 == 1,
        source: (word(28) >> 16) as u16,
        layer: (word(28) >> 8) as u8,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        number: 1 << 40,
        sent_ns: 3,
        frame: 4,
        index: 5,
        count: 6,
        key: true,
        source: 0xFFFE,
        layer: 2,
    };

    #[test]
    fn stamp_written_is_stamp_read() {
        let mut audio = vec![0xFC; 90];
        write(Medium::Audio, &mut audio, &STAMP);
        assert_eq!(read(Medium::Audio, &audio), Ok(STAMP));
        for first in [0x10_u8, 0x11] {
            let mut frame = vec![first; 2_000];
            frame[0] = first;
            for mut payload in vp8::Packetizer::new(1, 1_100).split(&frame) {
                write(Medium::Video, &mut payload, &STAMP);
                assert_eq!(read(Medium::Video, &payload), Ok(STAMP));
            }
        }
    }

    #[test]
    fn changed_and_missing_stamps_are_told_apart() {
        let mut audio = vec![0xFC; 90];
        assert_eq!(read(Medium::Audio, &audio), Err(Unstamped::Absent));
        write(Medium::Audio, &mut audio, &STAMP);
        audio[80] ^= 1;
        assert_eq!(read(Medium::Audio, &audio), Err(Unstamped::Changed));
        assert_eq!(read(Medium::Audio, &audio[..20]), Err(Unstamped::Absent));
    }
}
