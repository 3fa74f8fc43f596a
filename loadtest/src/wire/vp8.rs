// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! VP8 over RTP (RFC 7741): payload descriptor and a packetiser for whole frames.

/// The fields of a payload descriptor that we look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// S with partition 0: the packet begins a frame.
    pub start: bool,
    /// 15-bit (or 7-bit) picture id.
    pub picture_id: Option<u16>,
    /// Running number of base-layer frames.
    pub tl0_pic_idx: Option<u8>,
    /// Bytes of the descriptor.
    pub len: usize,
}

/// Bytes of the descriptors that we write.
pub const DESCRIPTOR_BYTES: usize = 6;

/// Parses a payload descriptor (RFC 7741 section 4.2).
#[must_use]
pub fn parse(payload: &[u8]) -> Option<Descriptor> {
    let first = *payload.first()?;
    let mut out = Descriptor {
        start: first & 0x1F == 0x10,
        picture_id: None,
        tl0_pic_idx: None,
        len: 1,
    };
    if first & 0x80 == 0 {
        return Some(out);
    }
    let bits = *payload.get(1)?;
    out.len = 2;
    if bits & 0x80 != 0 {
        let high = *payload.get(out.len)?;
        out.picture_id = Some(if high & 0x80 != 0 {
            out.len += 1;
            u16::from(high & 0x7F) << 8 | u16::from(*payload.get(out.len)?)
        } else {
            u16::from(high)
        });
        out.len += 1;
    }
    if bits & 0x40 != 0 {
        out.tl0_pic_idx = Some(*payload.get(out.len)?);
        out.len += 1;
    }
    if bits & 0x30 != 0 {
        out.len += 1;
    }
    (payload.len() >= out.len).then_some(out)
}

/// Whether a frame (its first bytes suffice) is a keyframe (RFC 6386 section 9.1).
#[must_use]
pub fn is_keyframe(frame: &[u8]) -> bool {
    frame.first().is_some_and(|b| b & 1 == 0)
}

/// Cuts frames into payloads; its counters run on over frames and over loops of a clip.
#[derive(Debug, Clone)]
pub struct Packetizer {
    picture_id: u16,
    tl0_pic_idx: u8,
    payload_bytes_max: usize,
}

impl Packetizer {
    /// Starts at any picture id; payloads have at most `payload_bytes_max` bytes with their descriptor.
    #[must_use]
    pub fn new(picture_id: u16, payload_bytes_max: usize) -> Self {
        Self {
            picture_id: picture_id & 0x7FFF,
            tl0_pic_idx: picture_id as u8,
            payload_bytes_max,
        }
    }

    /// Payloads of one frame, all of equal size but the last. Descriptor: X, I (15 bits), L, T with temporal layer 0.
    pub fn split(&mut self, frame: &[u8]) -> Vec<Vec<u8>> {
        self.picture_id = (self.picture_id + 1) & 0x7FFF;
        self.tl0_pic_idx = self.tl0_pic_idx.wrapping_add(1);
        let id = self.picture_id.to_be_bytes();
        let chunks = frame.chunks(self.payload_bytes_max - DESCRIPTOR_BYTES);
        let payload = |(i, chunk): (usize, &[u8])| {
            let mut out = Vec::with_capacity(DESCRIPTOR_BYTES + chunk.len());
            out.push(if i == 0 { 0x90 } else { 0x80 });
            out.extend_from_slice(&[0xE0, 0x80 | id[0], id[1], self.tl0_pic_idx, 0]);
            out.extend_from_slice(chunk);
            out
        };
        chunks.enumerate().map(payload).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_is_cut_and_joins_again() {
        let frame: Vec<u8> = (0..2_500_u32).map(|i| i as u8).collect();
        let mut packetizer = Packetizer::new(0x7FFF, 1_000);
        let payloads = packetizer.split(&frame);
        assert_eq!(payloads.iter().map(Vec::len).collect::<Vec<_>>(), [1_000, 1_000, 518]);
        let mut joined = Vec::new();
        for (i, payload) in payloads.iter().enumerate() {
            let descriptor = parse(payload).unwrap();
            assert_eq!(descriptor.start, i == 0);
            assert_eq!(
                (descriptor.picture_id, descriptor.tl0_pic_idx, descriptor.len),
                (Some(0), Some(0), DESCRIPTOR_BYTES)
            );
            joined.extend_from_slice(&payload[descriptor.len..]);
        }
        assert_eq!(joined, frame);
        assert_eq!(parse(&packetizer.split(&frame)[0]).unwrap().picture_id, Some(1));
    }

    #[test]
    fn truncated_descriptors_are_refused() {
        for n in 0..DESCRIPTOR_BYTES {
            assert_eq!(parse(&[0x90, 0xE0, 0x80, 1, 2, 0][..n]), None);
        }
        assert_eq!(parse(&[0x10, 0]).map(|d| (d.start, d.len)), Some((true, 1)));
    }
}
