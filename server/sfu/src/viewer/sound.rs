// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Redundant audio on the way down (RFC 2198): a packet repeats those right before it, for viewers who negotiated that.
//! It is made anew for each slot from what the source sent: what a slot did not show is never repeated in it.

use std::sync::Arc;

use crate::codec::Facts;
use crate::codec::red::{RED_BLOCK_BYTES_MAX, RED_HEADER_BYTES, RED_OFFSET_MAX};
use crate::ingest::MediaPacket;

use super::line::Segment;

/// Earlier packets that one packet repeats at most: two make one loss in five one in 125.
pub const SOUND_COPIES_MAX: usize = 2;
/// A payload with its redundancy stays below this, bytes, so that it fits every path.
const RED_PAYLOAD_BYTES_MAX: usize = 1_000;

/// The packets right before one of sound, the nearest first; what is not known is absent.
pub type Earlier = [Option<Arc<MediaPacket>>; SOUND_COPIES_MAX];

/// What one packet repeats, the nearest first.
#[derive(Debug, Default)]
pub(super) struct Copies<'a> {
    blocks: [Option<(u32, &'a [u8])>; SOUND_COPIES_MAX],
    bytes: usize,
}

impl<'a> Copies<'a> {
    /// Chooses at most `limit` of the packets before `packet`: those that this segment carried, which hold sound and fit a
    /// header.
    pub(super) fn choose(packet: &MediaPacket, earlier: &'a Earlier, segment: &Segment, limit: usize) -> Self {
        let mut copies = Self::default();
        // Silence repeats nothing: it ends with a whole packet.
        if !has_sound(packet) {
            return copies;
        }
        let mut left = RED_PAYLOAD_BYTES_MAX.saturating_sub(packet.payload.len() + 1);
        for (place, before) in copies.blocks.iter_mut().zip(earlier).take(limit) {
            let Some(before) = before else { continue };
            let offset = packet.timestamp.wrapping_sub(before.timestamp);
            let len = before.payload.len();
            let same = before.epoch == packet.epoch && before.codec == packet.codec && segment.holds(before.ext_seq);
            let fits = (1..=RED_OFFSET_MAX).contains(&offset) && len <= RED_BLOCK_BYTES_MAX;
            if !same || !fits || !has_sound(before) || RED_HEADER_BYTES + len > left {
                continue;
            }
            left -= RED_HEADER_BYTES + len;
            copies.bytes += RED_HEADER_BYTES + len;
            *place = Some((offset, &before.payload));
        }
        // The last header (RFC 2198 section 3).
        copies.bytes += usize::from(copies.bytes > 0);
        copies
    }

    /// Whether there is anything to repeat.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Bytes that a payload grows by.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes headers, copies and the packet itself, all of payload type `pt`. Returns where it ends; none where there is
    /// no room.
    pub(super) fn write(&self, body: &mut [u8], pt: u8, primary: &[u8]) -> Option<usize> {
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            body.get_mut(at..at + bytes.len())?.copy_from_slice(bytes);
            at += bytes.len();
            Some(at)
        };
        for (offset, block) in self.blocks.iter().rev().flatten() {
            let word = 1 << 31 | u32::from(pt) << 24 | offset << 10 | block.len() as u32;
            put(&word.to_be_bytes())?;
        }
        put(&[pt])?;
        for (_, block) in self.blocks.iter().rev().flatten() {
            put(block)?;
        }
        put(primary)
    }
}

fn has_sound(packet: &MediaPacket) -> bool {
    matches!(packet.facts, Facts::Opus { dtx: false })
}

#[cfg(test)]
// Any moment will do as the time of arrival.
#[allow(clippy::disallowed_methods)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;

    use super::*;
    use crate::codec::red;
    use crate::plan::SourceId;
    use crate::sdp::Codec;
    use crate::viewer::line::{Feed, Line, Start, Vp8Counters};

    const PT: u8 = 111;

    fn packet(ext_seq: u64, timestamp: u32, payload: &[u8]) -> MediaPacket {
        MediaPacket {
            arrival: Instant::now(),
            ext_seq,
            seq: ext_seq as u16,
            timestamp,
            server_us: 0,
            marker: false,
            codec: Codec::Opus,
            epoch: 0,
            payload: Bytes::copy_from_slice(payload),
            audio_level: None,
            keyframe_start: false,
            facts: crate::codec::inspect(Codec::Opus, payload).unwrap(),
            dependency: None,
            layered: None,
            parameter_sets: None,
            size: payload.len(),
        }
    }

    /// A line whose segment began with packet 10.
    fn line() -> Line {
        let mut line = Line::new(1);
        line.switch(&Start {
            feed: Feed {
                source: SourceId(1),
                layer: 0,
            },
            codec: Codec::Opus,
            epoch: 0,
            source_seq: 10,
            timestamp: 0,
            server_us: 0,
            vp8: Vp8Counters::default(),
            with_sets: false,
        });
        line
    }

    /// What a packet repeats, as a reader of RFC 2198 finds it: offsets and blocks, the nearest first.
    fn written(packet: &MediaPacket, earlier: &Earlier, limit: usize) -> Vec<(u32, Vec<u8>)> {
        let line = line();
        let copies = Copies::choose(packet, earlier, line.current().unwrap(), limit);
        if copies.is_empty() {
            return Vec::new();
        }
        let mut body = [0; 1_400];
        let end = copies.write(&mut body, PT, &packet.payload).unwrap();
        assert_eq!(end, packet.payload.len() + copies.bytes());
        let found = red::parse(&body[..end], PT).unwrap();
        assert_eq!(body[found.primary], packet.payload);
        let blocks = found.earlier.into_iter().flatten();
        blocks.map(|b| (b.offset, body[b.range].to_vec())).collect()
    }

    fn before(one: MediaPacket, two: MediaPacket) -> Earlier {
        [Some(Arc::new(one)), Some(Arc::new(two))]
    }

    #[test]
    fn a_packet_repeats_those_before_it_up_to_the_limit() {
        let now = packet(12, 1_920, b"now");
        let earlier = before(packet(11, 960, b"older"), packet(10, 0, b"oldest"));
        assert_eq!(written(&now, &earlier, 0), []);
        assert_eq!(written(&now, &earlier, 1), [(960, b"older".to_vec())]);
        assert_eq!(
            written(&now, &earlier, 2),
            [(960, b"older".to_vec()), (1_920, b"oldest".to_vec())]
        );
        let lost = [None, earlier[1].clone()];
        assert_eq!(written(&now, &lost, 2), [(1_920, b"oldest".to_vec())]);
    }

    #[test]
    fn nothing_from_before_the_segment_or_of_another_life_is_repeated() {
        let now = packet(11, 1_920, b"now");
        let earlier = before(packet(10, 960, b"older"), packet(9, 0, b"oldest"));
        assert_eq!(written(&now, &earlier, 2), [(960, b"older".to_vec())]);
        let mut other = packet(11, 960, b"older");
        other.epoch = 1;
        assert_eq!(
            written(&packet(12, 1_920, b"now"), &[Some(Arc::new(other)), None], 2),
            []
        );
    }

    #[test]
    fn silence_and_what_fits_no_header_are_left_out() {
        let sound = || packet(11, 960, b"older");
        assert_eq!(
            written(&packet(12, 1_920, &[0x78]), &before(sound(), sound()), 2),
            [],
            "silence"
        );
        let now = packet(12, 1_920, b"now");
        assert_eq!(written(&now, &[Some(Arc::new(packet(11, 960, &[0x78]))), None], 2), []);
        assert_eq!(
            written(&now, &[Some(Arc::new(packet(11, 1_920, b"older"))), None], 2),
            []
        );
        assert_eq!(
            written(&now, &[Some(Arc::new(packet(11, 2_880, b"older"))), None], 2),
            []
        );
        let late = packet(12, 960 + RED_OFFSET_MAX + 1, b"now");
        assert_eq!(written(&late, &[Some(Arc::new(sound())), None], 2), []);
        let large = packet(11, 960, &[0x78; RED_BLOCK_BYTES_MAX + 1]);
        assert_eq!(written(&now, &[Some(Arc::new(large)), None], 2), []);
        // Two large ones: the nearer.
        let big = |seq, timestamp| packet(seq, timestamp, &[0x78; 600]);
        assert_eq!(written(&now, &before(big(11, 960), big(10, 0)), 2).len(), 1);
    }
}
