// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What a viewer lost and asks for again (RFC 4585 section 6.2.1): pictures on the retransmission stream (RFC 4588),
//! sound as the very bytes. A path that is full already must not be filled by repairs: what they may take is
//! bounded by what the path carries, one is sent once a round trip, and behind a queue nothing is repaired
//! that a later keyframe has made superfluous.
//! It never decides what may be seen.

use std::time::{Duration, Instant};

use super::{Slot, Wire, copy, counters, seal};
use crate::bwe::SentKind;
use crate::egress::Egress;
use crate::ingest::MediaPacket;
use crate::viewer::header::Fields;
use crate::viewer::line::{Numbers, Origin, Vp8Counters, picture_mask};
use crate::viewer::resend::Sealed;

/// Retransmissions a slot may have in a burst, whatever its path carries; NACK floods beyond are dropped.
const RTX_BURST_MAX: u32 = 400;
/// Retransmissions a slot may have per second, sustained.
const RTX_PER_S_MAX: u32 = 300;
/// Repaired packets of which it is remembered when they left: more are not lost in a round trip of a path that is not full.
const REPAIRED_MAX: usize = 64;

/// What is known of one slot's repairs.
#[derive(Debug)]
pub(super) struct Repairs {
    tokens: u32,
    /// When packets were last sent again, by their index; made when somebody asks for the first time.
    last: Option<Box<[(u64, Instant); REPAIRED_MAX]>>,
    /// Sound for a viewer who asked for some again.
    sealed: Option<Box<Sealed>>,
    /// The newest keyframe: its RTP timestamp, and the index of the packet that it began with.
    keyframe: (u32, u64),
}

impl Repairs {
    pub(super) fn new() -> Self {
        Self {
            tokens: RTX_BURST_MAX,
            last: None,
            sealed: None,
            keyframe: (0, 0),
        }
    }

    /// A packet that a keyframe may begin with goes out under an index; a decoder needs nothing before the first one of a
    /// picture (each slice of H.264 looks like it).
    pub(super) fn begins(&mut self, timestamp: u32, index: u64) {
        let (of, first) = self.keyframe;
        if index > first && of != timestamp || index < first && of == timestamp {
            self.keyframe = (timestamp, index);
        }
    }

    /// Sound that was just sealed under `seq`, with its transport-wide number.
    pub(super) fn keep(&mut self, seq: u16, twcc: u16, egress: &Egress, bytes: usize) {
        if let Some(sealed) = &mut self.sealed {
            sealed.keep(seq, twcc, egress.newest(bytes));
        }
    }

    /// Whether a decoder that gets the newest keyframe needs a packet no more. Parameter sets stand one ahead of it.
    fn is_superfluous(&self, index: u64) -> bool {
        index + 1 < self.keyframe.1
    }

    /// Whether a packet may be sent again: not if it was within the last round trip. Then it is noted as sent now.
    fn take(&mut self, now: Instant, round_trip: Duration, index: u64) -> bool {
        let last = self.last.get_or_insert_with(|| Box::new([(0, now); REPAIRED_MAX]));
        let Some(place) = last.get_mut(index as usize % REPAIRED_MAX) else {
            return false;
        };
        let is_under_way = place.0 == index && now < place.1 + round_trip;
        if !is_under_way {
            *place = (index, now);
        }
        !is_under_way
    }

    /// A second passed.
    fn refill(&mut self) {
        if self.tokens == RTX_BURST_MAX {
            self.last = None;
        }
        self.tokens = (self.tokens + RTX_PER_S_MAX).min(RTX_BURST_MAX);
        if self.sealed.as_mut().is_some_and(|sealed| !sealed.is_in_use()) {
            self.sealed = None;
        }
    }
}

impl Slot {
    /// Finds what a NACK asks for.
    #[must_use]
    pub fn find(&self, seq: u16) -> Option<(u64, Origin)> {
        self.line.find(seq)
    }

    /// Sends a packet again as RTX (RFC 4588); none without RTX, over the budget, superfluous, under way or without room.
    pub fn retransmit(
        &mut self,
        wire: &mut Wire<'_>,
        index: u64,
        origin: &Origin,
        packet: &MediaPacket,
    ) -> Option<usize> {
        let ssrc = self.media.rtx_ssrc?;
        let pt = self.payload_type(packet.codec)?.rtx_pt?;
        let tokens = self.repairs.tokens.checked_sub(1)?;
        let (now, bandwidth) = (wire.now, &mut *wire.bandwidth);
        if bandwidth.is_full() && self.repairs.is_superfluous(index) {
            return None;
        }
        if !bandwidth.may_repair(now) || !self.repairs.take(now, bandwidth.repair_apart(), index) {
            return None;
        }
        self.repairs.tokens = tokens;
        let vp8 = counters(packet);
        let numbers = Numbers {
            index,
            timestamp: packet.timestamp.wrapping_add(origin.numbers_timestamp_delta),
            vp8: Vp8Counters {
                picture_id: vp8
                    .picture_id
                    .map(|id| id.wrapping_add(origin.picture_id_delta) & picture_mask(packet.codec)),
                tl0: vp8.tl0.map(|tl0| tl0.wrapping_add(origin.tl0_delta)),
            },
        };
        let fields = Fields {
            marker: packet.marker && !origin.is_sets,
            pt,
            seq: self.rtx_index as u16,
            timestamp: numbers.timestamp,
            ssrc,
            twcc: *wire.twcc,
            padding: 0,
        };
        let rtx_index = self.rtx_index;
        // Counted before the attempt: an index is never used twice, whatever happens to the packet.
        self.rtx_index += 1;
        let original = (index as u16).to_be_bytes();
        let sent = if origin.is_sets {
            let sets = packet.parameter_sets.as_deref()?;
            seal(
                wire,
                (&self.template, None),
                &fields,
                rtx_index,
                SentKind::Retransmission,
                |body| {
                    let at = copy(body, 0, &original)?;
                    copy(body, at, sets)
                },
            )
        } else {
            self.write(wire, &fields, rtx_index, &original, packet, numbers)
        };
        self.retransmitted = self.retransmitted.wrapping_add(u32::from(sent.is_some()));
        sent
    }

    /// Sends sound again, the very bytes. None for what is not kept any more, or not yet (keeping begins with the first
    /// request), and over the budget.
    pub fn resend(&mut self, wire: &mut Wire<'_>, seq: u16) -> Option<usize> {
        let repairs = &mut self.repairs;
        let sealed = repairs.sealed.get_or_insert_with(|| Box::new(Sealed::new()));
        sealed.touch();
        let tokens = repairs.tokens.checked_sub(1)?;
        let round_trip = wire.bandwidth.resend_apart()?;
        let (twcc, datagram) = sealed.find(wire.now, round_trip, seq)?;
        if !wire.egress.push(wire.path, datagram) {
            return None;
        }
        repairs.tokens = tokens;
        if self.template.is_numbered() {
            wire.bandwidth.on_resent(wire.now, twcc, datagram.len());
        }
        self.retransmitted = self.retransmitted.wrapping_add(1);
        Some(datagram.len())
    }

    /// Refills the retransmission budget; called once a second.
    pub fn refill(&mut self) {
        self.repairs.refill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_newest_keyframe_is_superfluous_and_none_of_its_slices() {
        let mut repairs = Repairs::new();
        assert!(!repairs.is_superfluous(7));
        (20..24).for_each(|slice| repairs.begins(900, slice));
        let superfluous = |repairs: &Repairs| (0..100).filter(|index| repairs.is_superfluous(*index)).max();
        assert_eq!(superfluous(&repairs), Some(18), "19 may hold parameter sets");
        repairs.begins(3_900, 51);
        repairs.begins(900, 24);
        repairs.begins(3_900, 50);
        assert_eq!(
            superfluous(&repairs),
            Some(48),
            "late ones change nothing but of which it is the first"
        );
    }

    #[test]
    // Any moment will do as the time of a request.
    #[allow(clippy::disallowed_methods)]
    fn a_packet_is_sent_again_once_a_round_trip() {
        let (mut repairs, round_trip) = (Repairs::new(), Duration::from_millis(80));
        let now = Instant::now();
        assert!(repairs.take(now, round_trip, 7) && repairs.take(now, round_trip, 8));
        assert!(!repairs.take(now + round_trip / 2, round_trip, 7));
        assert!(repairs.take(now + round_trip, round_trip, 7));
        assert!(!repairs.take(now + round_trip, round_trip, 7));
    }
}
