// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The sequence and timestamp line of one slot. Sources come and go; the receiver sees one unbroken RTP stream.
//! Only segments are kept: enough to send any packet once and to find any packet again for a NACK.

use std::collections::VecDeque;

use crate::plan::SourceId;
use crate::sdp::Codec;

/// Segments kept for NACKs; older switches cannot be repaired any more.
const SEGMENTS_MAX: usize = 16;
/// Packets behind the newest that may still be sent or repaired.
const WINDOW: u64 = 1_024;
/// A source that jumps further than this starts a new segment, so that receivers need not NACK the hole.
const JUMP_MAX: u64 = 512;
/// Sequence lines start here and above: RFC 3711 receivers guess the rollover counter, and a line that went below zero
/// would be undecryptable for good.
const FIRST_SEQ_MIN: u32 = 1_000;
/// ... and below this, so that the first rollover is far away.
const FIRST_SEQ_MAX: u32 = 32_000;

/// Where a slot's packets come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feed {
    /// The source.
    pub source: SourceId,
    /// Its layer, lowest is 0.
    pub layer: u8,
}

/// What was added to the source's numbers while it was plugged in.
#[derive(Debug, Clone, Copy)]
pub struct Segment {
    /// Where the packets came from.
    pub feed: Feed,
    /// Their codec; a publisher that changes it starts a new segment.
    pub codec: Codec,
    /// Which life of the layer; a new SSRC begins another one, with other timestamps and counters.
    pub epoch: u32,
    /// First packet index of the slot in this segment.
    out_start: u64,
    /// Whether the index before is that of parameter sets, sent for this segment.
    with_sets: bool,
    /// The source's extended sequence number at that packet.
    source_start: u64,
    /// Added to the source's RTP timestamps.
    pub timestamp_delta: u32,
    /// Added to picture ids (VP8 and VP9, 15 bits) or frame numbers (AV1, 16 bits).
    pub picture_id_delta: u16,
    /// Added to VP8 `TL0PICIDX`.
    pub tl0_delta: u8,
}

impl Segment {
    /// Whether a packet of the source belongs to it: none does that is older than the one it began with.
    #[must_use]
    pub fn holds(&self, source_seq: u64) -> bool {
        source_seq >= self.source_start
    }
}

/// The packet that a segment starts with.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// Where it came from.
    pub feed: Feed,
    /// Its codec.
    pub codec: Codec,
    /// Which life of the layer.
    pub epoch: u32,
    /// Its extended sequence number there.
    pub source_seq: u64,
    /// Its RTP timestamp there.
    pub timestamp: u32,
    /// Server time of that timestamp.
    pub server_us: i64,
    /// Its VP8 counters.
    pub vp8: Vp8Counters,
    /// Whether [`Line::insert`] was called for parameter sets ahead of it.
    pub with_sets: bool,
}

/// Counters of a packet, as far as it has them (RFC 7741 section 4.2; the names are those of VP8).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Vp8Counters {
    /// `PictureID`; for AV1 the frame number of the dependency descriptor.
    pub picture_id: Option<u16>,
    /// `TL0PICIDX`.
    pub tl0: Option<u8>,
}

/// The numbers under which a packet leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// Packet index `2^16 * ROC + SEQ` (RFC 3711 section 3.3.1).
    pub index: u64,
    /// RTP timestamp.
    pub timestamp: u32,
    /// VP8 counters to be patched in.
    pub vp8: Vp8Counters,
}

/// Where a packet that went out is to be found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The source and layer.
    pub feed: Feed,
    /// Its extended sequence number there; of parameter sets that of the keyframe after them.
    pub source_seq: u64,
    /// Whether the parameter sets ahead of it are meant.
    pub is_sets: bool,
    /// The numbers under which it went out.
    pub numbers_timestamp_delta: u32,
    /// As in [`Segment`].
    pub picture_id_delta: u16,
    /// As in [`Segment`].
    pub tl0_delta: u8,
}

/// One slot's line.
#[derive(Debug)]
pub struct Line {
    first: u64,
    next: u64,
    segments: VecDeque<Segment>,
    sent: [u64; (WINDOW / 64) as usize],
    last_timestamp: Option<u32>,
    last_vp8: Vp8Counters,
    timestamp_base: u32,
}

impl Line {
    /// A line whose start is spread by `seed` (the slot's SSRC, random already).
    #[must_use]
    pub fn new(seed: u32) -> Self {
        let first = u64::from(FIRST_SEQ_MIN + seed.rotate_left(7) % (FIRST_SEQ_MAX - FIRST_SEQ_MIN));
        Self {
            first,
            next: first,
            segments: VecDeque::new(),
            sent: [0; (WINDOW / 64) as usize],
            last_timestamp: None,
            last_vp8: Vp8Counters::default(),
            timestamp_base: seed.rotate_left(16),
        }
    }

    /// The slot's fixed map from server time to RTP timestamps.
    #[must_use]
    pub fn timestamp_at(&self, server_us: i64, codec: Codec) -> u32 {
        let ticks = i128::from(server_us) * i128::from(codec.clock_rate_hz()) / 1_000_000;
        self.timestamp_base.wrapping_add(ticks as u32)
    }

    /// Reads what [`Line::number`] will need; see [`super::Viewer::look_ahead`].
    pub(crate) fn look_ahead(&self) -> u64 {
        let word = self.sent.get((self.next / 64 % (WINDOW / 64)) as usize);
        word.copied().unwrap_or(0) ^ self.segments.len() as u64
    }

    /// The segment in use.
    #[must_use]
    pub fn current(&self) -> Option<&Segment> {
        self.segments.back()
    }

    /// Whether `timestamp_at(server_us)` would run behind what was sent already.
    #[must_use]
    pub fn is_behind(&self, server_us: i64, codec: Codec) -> bool {
        let at = self.timestamp_at(server_us, codec);
        self.last_timestamp
            .is_some_and(|last| (at.wrapping_sub(last) as i32) <= 0)
    }

    /// Starts a segment with this packet; numbers run on without a gap, time never runs back.
    pub fn switch(&mut self, start: &Start) {
        let Start {
            feed,
            codec,
            epoch,
            source_seq,
            timestamp: source_timestamp,
            server_us,
            vp8,
            with_sets,
        } = *start;
        let mut timestamp = self.timestamp_at(server_us, codec);
        if let Some(last) = self.last_timestamp {
            let step = codec.clock_rate_hz() / 100;
            if (timestamp.wrapping_sub(last) as i32) < step as i32 {
                timestamp = last.wrapping_add(step);
            }
        }
        let after = |last: Option<u16>, first: Option<u16>| match (last, first) {
            (Some(last), Some(first)) => last.wrapping_add(1).wrapping_sub(first),
            _ => 0,
        };
        let (last, widen) = (self.last_vp8, |tl0: Option<u8>| tl0.map(u16::from));
        if self.segments.len() == SEGMENTS_MAX {
            self.segments.pop_front();
        }
        self.segments.push_back(Segment {
            feed,
            codec,
            epoch,
            out_start: self.next,
            with_sets,
            source_start: source_seq,
            timestamp_delta: timestamp.wrapping_sub(source_timestamp),
            picture_id_delta: after(last.picture_id, vp8.picture_id),
            tl0_delta: after(widen(last.tl0), widen(vp8.tl0)) as u8,
        });
    }

    /// Goes on with a smaller part of the stream of the current segment, whose next packet is `source_seq`: all numbers but
    /// those of sequence run on as they are. False unless `index` is that of the newest packet.
    pub fn step_down(&mut self, index: u64, feed: Feed, source_seq: u64) -> bool {
        let Some(current) = self.current().copied().filter(|_| index + 1 == self.next) else {
            return false;
        };
        if self.segments.len() == SEGMENTS_MAX {
            self.segments.pop_front();
        }
        self.segments.push_back(Segment {
            feed,
            out_start: self.next,
            with_sets: false,
            source_start: source_seq,
            ..current
        });
        true
    }

    /// Whether a packet of the current segment is so far ahead that a new segment must start.
    #[must_use]
    pub fn jumps(&self, source_seq: u64) -> bool {
        self.current()
            .is_some_and(|s| source_seq.saturating_sub(s.source_start) + s.out_start > self.next + JUMP_MAX)
    }

    /// Numbers for a packet of the current segment, each at most once: none for what is older than the segment, older
    /// than the window, or was sent before.
    pub fn number(&mut self, source_seq: u64, source_timestamp: u32, vp8: Vp8Counters) -> Option<Numbers> {
        let segment = *self.segments.back()?;
        let index = segment.out_start + source_seq.checked_sub(segment.source_start)?;
        if index + WINDOW <= self.next {
            return None;
        }
        while self.next <= index {
            self.mark(self.next, false);
            self.next += 1;
        }
        if self.is_marked(index) {
            return None;
        }
        self.mark(index, true);
        let numbers = Numbers {
            index,
            timestamp: source_timestamp.wrapping_add(segment.timestamp_delta),
            vp8: shift(vp8, &segment),
        };
        if index + 1 == self.next {
            self.last_timestamp = Some(numbers.timestamp);
            self.last_vp8 = Vp8Counters {
                picture_id: numbers.vp8.picture_id.or(self.last_vp8.picture_id),
                tl0: numbers.vp8.tl0.or(self.last_vp8.tl0),
            };
        }
        Some(numbers)
    }

    /// An index for a packet of our own (parameter sets) ahead of the segment that starts next.
    pub fn insert(&mut self) -> u64 {
        let index = self.next;
        // No source has it, so a NACK finds nothing; the index is spent all the same.
        self.mark(index, false);
        self.next += 1;
        index
    }

    /// Finds what a NACK asks for, also what was skipped: packets of a keyframe whose first one came late. None for what is
    /// out of reach.
    #[must_use]
    pub fn find(&self, seq: u16) -> Option<(u64, Origin)> {
        let newest = self.next.checked_sub(1)?;
        let back = u64::from((newest as u16).wrapping_sub(seq));
        let index = newest.checked_sub(back)?;
        if back >= WINDOW || index < self.first {
            return None;
        }
        let segment = self
            .segments
            .iter()
            .rev()
            .find(|s| s.out_start <= index + u64::from(s.with_sets))?;
        let origin = Origin {
            feed: segment.feed,
            source_seq: segment.source_start + index.saturating_sub(segment.out_start),
            is_sets: index < segment.out_start,
            numbers_timestamp_delta: segment.timestamp_delta,
            picture_id_delta: segment.picture_id_delta,
            tl0_delta: segment.tl0_delta,
        };
        Some((index, origin))
    }

    fn mark(&mut self, index: u64, sent: bool) {
        let bit = 1_u64 << (index % 64);
        if let Some(word) = self.sent.get_mut((index / 64 % (WINDOW / 64)) as usize) {
            if sent {
                *word |= bit;
            } else {
                *word &= !bit;
            }
        }
    }

    fn is_marked(&self, index: u64) -> bool {
        let word = self
            .sent
            .get((index / 64 % (WINDOW / 64)) as usize)
            .copied()
            .unwrap_or(0);
        word & (1 << (index % 64)) != 0
    }
}

/// Bits of a codec's picture numbers.
#[must_use]
pub fn picture_mask(codec: Codec) -> u16 {
    match codec {
        Codec::Av1 => u16::MAX,
        Codec::Opus | Codec::Vp8 | Codec::H264 | Codec::Vp9 => 0x7FFF,
    }
}

/// Counters of a packet after the deltas of its segment.
#[must_use]
pub fn shift(vp8: Vp8Counters, segment: &Segment) -> Vp8Counters {
    Vp8Counters {
        picture_id: vp8
            .picture_id
            .map(|id| id.wrapping_add(segment.picture_id_delta) & picture_mask(segment.codec)),
        tl0: vp8.tl0.map(|tl0| tl0.wrapping_add(segment.tl0_delta)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn feed(source: u64) -> Feed {
        Feed {
            source: SourceId(source),
            layer: 0,
        }
    }

    fn start(source: u64, codec: Codec, source_seq: u64, timestamp: u32, server_us: i64, vp8: Vp8Counters) -> Start {
        Start {
            feed: feed(source),
            codec,
            epoch: 0,
            source_seq,
            timestamp,
            server_us,
            vp8,
            with_sets: false,
        }
    }

    fn vp8(picture_id: u16, tl0: u8) -> Vp8Counters {
        Vp8Counters {
            picture_id: Some(picture_id),
            tl0: Some(tl0),
        }
    }

    #[test]
    fn a_switch_continues_sequence_picture_id_and_time() {
        let mut line = Line::new(0x1234_5678);
        line.switch(&start(1, Codec::Vp8, 5_000, 90_000, 1_000_000, vp8(0x7FFF, 255)));
        let a = line.number(5_000, 90_000, vp8(0x7FFF, 255)).unwrap();
        line.switch(&start(2, Codec::Vp8, 77, 5, 1_033_000, vp8(3, 9)));
        let b = line.number(77, 5, vp8(3, 9)).unwrap();
        assert_eq!(b.index, a.index + 1);
        assert_eq!(b.timestamp.wrapping_sub(a.timestamp), 33 * 90);
        assert_eq!(b.vp8.picture_id, Some((a.vp8.picture_id.unwrap() + 1) & 0x7FFF));
        assert_eq!(b.vp8.tl0, Some(a.vp8.tl0.unwrap().wrapping_add(1)));
    }

    #[test]
    fn time_never_runs_back_at_a_switch() {
        let mut line = Line::new(9);
        line.switch(&start(1, Codec::Vp8, 10, 0, 5_000_000, Vp8Counters::default()));
        let a = line.number(10, 0, Vp8Counters::default()).unwrap();
        line.switch(&start(2, Codec::Vp8, 10, 0, 1_000_000, Vp8Counters::default()));
        let b = line.number(10, 0, Vp8Counters::default()).unwrap();
        assert!((b.timestamp.wrapping_sub(a.timestamp) as i32) > 0);
    }

    #[test]
    fn a_late_packet_takes_its_place_once() {
        let mut line = Line::new(9);
        let none = Vp8Counters::default();
        line.switch(&start(1, Codec::Opus, 100, 0, 0, none));
        let a = line.number(100, 0, none).unwrap();
        let c = line.number(102, 1_920, none).unwrap();
        let b = line.number(101, 960, none).unwrap();
        assert_eq!((b.index, c.index), (a.index + 1, a.index + 2));
        assert_eq!(line.number(101, 960, none), None, "never sealed twice");
        assert_eq!(line.number(99, 0, none), None, "older than the segment");
    }

    #[test]
    fn a_nack_finds_packets_across_a_switch_and_nothing_else() {
        let mut line = Line::new(40);
        let none = Vp8Counters::default();
        line.switch(&start(1, Codec::Vp8, 100, 0, 0, none));
        let a = line.number(100, 0, none).unwrap().index;
        line.number(102, 0, none).unwrap();
        line.switch(&start(2, Codec::Vp8, 7, 0, 100_000, none));
        let d = line.number(7, 0, none).unwrap().index;
        assert_eq!(line.find(a as u16).unwrap().1.source_seq, 100);
        assert_eq!(
            line.find((a + 1) as u16).unwrap().1.source_seq,
            101,
            "a hole, which the ring may fill"
        );
        let (_, origin) = line.find(d as u16).unwrap();
        assert_eq!((origin.feed, origin.source_seq), (feed(2), 7));
        assert_eq!(line.find((d + 1) as u16), None);
        assert_eq!(line.find(a.wrapping_sub(1) as u16), None);
    }

    #[test]
    fn lines_start_away_from_the_ends_of_the_number_space() {
        for seed in [0, 1, u32::MAX, 0x8000_0000, 123_456_789] {
            let mut line = Line::new(seed);
            line.switch(&start(1, Codec::Opus, 0, 0, 0, Vp8Counters::default()));
            let index = line.number(0, 0, Vp8Counters::default()).unwrap().index;
            assert!((1_000..32_000).contains(&index));
        }
    }

    proptest! {
        /// Whatever arrives in whatever order over whatever switches, no packet index is given out twice.
        #[test]
        fn no_index_twice(seed in any::<u32>(), steps in proptest::collection::vec((0_u64..3, 0_u64..400, any::<bool>()), 1..300)) {
            let mut line = Line::new(seed);
            let none = Vp8Counters::default();
            line.switch(&start(0, Codec::Vp8, 200, 0, 0, none));
            let mut seen = std::collections::BTreeSet::new();
            let mut time = 0;
            for (source, seq, switch) in steps {
                time += 1_000;
                if switch {
                    line.switch(&start(source, Codec::Vp8, seq, 0, time, none));
                }
                if let Some(numbers) = line.number(seq, 0, none) {
                    prop_assert!(seen.insert(numbers.index));
                    prop_assert!(line.find(numbers.index as u16).is_some());
                }
            }
        }
    }
}
