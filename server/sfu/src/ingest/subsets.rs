// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One stream with layers (SVC) as several streams, each with a part of its packets under gapless numbers of its own, so
//! that all else treats them as simulcast layers. Numbers are given once per packet, for all viewers of a subset.
//! It never decides who gets which.

use std::collections::VecDeque;
use std::time::Instant;

use super::rate::Rate;
use super::window::WINDOW_PACKETS;
use crate::codec::{LayerPlace, SPATIAL_LAYERS_MAX, Structure};
use crate::sdp::limits::LAYERS_MAX;

/// Subsets of one stream: the lowest spatial layer in its lowest temporal one, then spatial layer by spatial layer with all
/// temporal ones. Their places are those of simulcast layers.
pub const SUBSETS: usize = SPATIAL_LAYERS_MAX + 1;
const _: () = assert!(SUBSETS <= LAYERS_MAX);
/// The subset of everything.
const WHOLE: usize = SUBSETS - 1;
/// A hole of more packets than this is not kept open: the subsets' lines jump with the stream's.
const HOLE_MAX: u64 = 512;
/// Packets before the first that may still come.
const EARLIER_MAX: u64 = 64;

/// Subsets as bits.
type Mask = u8;
const ALL: Mask = (1 << SUBSETS) - 1;

/// The numbers that one packet of the stream takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Numbers {
    /// By subset: its number there, if it is of it.
    pub(super) own: [Option<u64>; SUBSETS],
    /// By subset: a number that was kept free for it though it is not of it.
    pub(super) void: [Option<u64>; SUBSETS],
    /// By subset: the number of what follows; none for late packets.
    pub(super) next: Option<[u64; SUBSETS]>,
}

/// A packet that has not come, with the numbers that it may need.
#[derive(Debug, Clone, Copy)]
struct Missing {
    ext_seq: u64,
    kept: Mask,
    numbers: [u64; SUBSETS],
}

/// The newest packet.
#[derive(Debug, Clone, Copy)]
struct Newest {
    ext_seq: u64,
    timestamp: u32,
    place: Option<LayerPlace>,
}

/// The subsets of one stream.
#[derive(Debug, Default)]
pub(super) struct Subsets {
    first: u64,
    newest: Option<Newest>,
    next: [u64; SUBSETS],
    missing: VecDeque<Missing>,
    /// Which of them differ from the one below, so that they are worth being sent.
    offered: Mask,
    heights: [Option<u16>; SPATIAL_LAYERS_MAX],
    rates: [Rate; SUBSETS],
}

impl Subsets {
    /// Gives a packet its numbers. Each `ext_seq` may come once; `place` is none for what is of no layer (padding).
    pub(super) fn number(&mut self, ext_seq: u64, timestamp: u32, place: Option<LayerPlace>) -> Numbers {
        let of = place.map_or(0, members);
        let Some(newest) = self.newest else {
            (self.first, self.next) = (ext_seq, [ext_seq; SUBSETS]);
            return self.append(ext_seq, timestamp, place);
        };
        if ext_seq > newest.ext_seq {
            self.pass_over(&newest, ext_seq, timestamp, place);
            return self.append(ext_seq, timestamp, place);
        }
        let kept = match self.missing.binary_search_by_key(&ext_seq, |missing| missing.ext_seq) {
            Ok(found) => self.missing.remove(found),
            Err(_) if ext_seq < self.first && self.first - ext_seq <= EARLIER_MAX => Some(Missing {
                ext_seq,
                kept: ALL,
                numbers: [ext_seq; SUBSETS],
            }),
            Err(_) => None,
        };
        let mut numbers = Numbers::default();
        let Some(kept) = kept else { return numbers };
        let places = numbers.own.iter_mut().zip(&mut numbers.void).zip(kept.numbers);
        for (subset, ((own, void), number)) in places.enumerate() {
            if kept.kept & 1 << subset != 0 {
                *(if of & 1 << subset != 0 { own } else { void }) = Some(number);
            }
        }
        numbers
    }

    fn append(&mut self, ext_seq: u64, timestamp: u32, place: Option<LayerPlace>) -> Numbers {
        let of = place.map_or(0, members);
        let mut numbers = Numbers::default();
        for (subset, (own, next)) in numbers.own.iter_mut().zip(&mut self.next).enumerate() {
            if of & 1 << subset != 0 {
                *own = Some(*next);
                *next += 1;
            }
        }
        numbers.next = Some(self.next);
        self.newest = Some(Newest {
            ext_seq,
            timestamp,
            place,
        });
        numbers
    }

    /// Keeps numbers free for what has not come, in every subset that it may be of.
    fn pass_over(&mut self, newest: &Newest, ext_seq: u64, timestamp: u32, place: Option<LayerPlace>) {
        let hole = ext_seq - newest.ext_seq - 1;
        if hole > HOLE_MAX {
            self.missing.clear();
            self.next.iter_mut().for_each(|next| *next += hole);
            return;
        }
        while self
            .missing
            .front()
            .is_some_and(|missing| missing.ext_seq + WINDOW_PACKETS < ext_seq)
        {
            self.missing.pop_front();
        }
        let kept = between(newest, timestamp, place);
        for ext_seq in newest.ext_seq + 1..ext_seq {
            let numbers = self.next;
            for (subset, next) in self.next.iter_mut().enumerate() {
                *next += u64::from(kept >> subset & 1);
            }
            self.missing.push_back(Missing { ext_seq, kept, numbers });
        }
    }

    /// Notes what the stream announces.
    pub(super) fn announce(&mut self, structure: &Structure) {
        self.heights = structure.heights;
        let spatial = usize::from(structure.spatial_layers).clamp(1, SPATIAL_LAYERS_MAX);
        self.offered |= u8::from(structure.is_temporal) << 1;
        for subset in 2..=spatial {
            self.offered |= 1 << subset;
        }
    }

    /// Notes a packet of a layer; its subset is worth being sent from now on.
    pub(super) fn see(&mut self, now: Instant, place: &LayerPlace, size: usize) {
        let own = subset_of(place);
        self.offered |= 1 << own;
        let of = members(*place);
        for (subset, rate) in self.rates.iter_mut().enumerate() {
            if of & 1 << subset != 0 {
                rate.on_packet(now, size);
            }
        }
    }

    /// Whether a subset differs from the one below it.
    pub(super) fn is_offered(&self, subset: usize) -> bool {
        subset == 0 || self.offered & 1 << subset != 0
    }

    /// Height of a subset's pictures, pixels, where the stream stated it.
    pub(super) fn height(&self, subset: usize) -> Option<u16> {
        self.heights.get(subset.saturating_sub(1)).copied().flatten()
    }

    /// What a subset sends, bits per second; 0 before it was measured.
    pub(super) fn bps(&self, subset: usize) -> u64 {
        self.rates.get(subset).map_or(0, Rate::bps)
    }
}

/// The lowest subset that a packet is of.
pub(super) fn subset_of(place: &LayerPlace) -> usize {
    match (place.spatial, place.temporal) {
        (0, 0) => 0,
        (spatial, _) => (usize::from(spatial) + 1).min(WHOLE),
    }
}

/// Whether a packet ends the picture as a subset has it: the last one of its highest spatial layer (RFC 9628 section 4.1).
pub(super) fn ends_picture(place: &LayerPlace, subset: usize, marker: bool) -> bool {
    marker || (subset != WHOLE && place.ends_frame && usize::from(place.spatial) == subset.saturating_sub(1))
}

fn members(place: LayerPlace) -> Mask {
    ALL << subset_of(&place) & ALL
}

/// Subsets that packets between two others may be of. Within a picture spatial layers follow each other upwards, and all of
/// them are of one temporal layer.
fn between(newest: &Newest, timestamp: u32, place: Option<LayerPlace>) -> Mask {
    let (Some(before), Some(after)) = (newest.place, place) else {
        return ALL;
    };
    let is_next = match (before.picture, after.picture) {
        (Some((before, wrap)), Some((after, _))) => before.wrapping_add(1) & wrap == after,
        _ => false,
    };
    if newest.timestamp == timestamp || (is_next && after.starts_picture) {
        members(before)
    } else {
        ALL
    }
}

#[cfg(test)]
#[path = "tests/subsets.rs"]
mod tests;
