// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The layers that come into question for one slot, with what each costs. Lowest first.

use super::{LAYERS_MAX, Priority, SlotRequest};
use crate::viewer::layers::{LayerFacts, choose};

/// Cost of a picture whose layer was never measured, by its height: what browsers send of a camera (pixels, bits/s).
const NOMINAL: [(u16, u64); 4] = [(180, 150_000), (360, 500_000), (720, 1_700_000), (1_080, 3_000_000)];
/// Cost of sound that was never measured, bits per second.
const NOMINAL_AUDIO_BPS: u64 = 40_000;

/// What a layer is thought to cost before it was measured, bits per second. Without a height the layer's number counts.
#[must_use]
pub fn nominal_bps(height: Option<u16>, number: usize) -> u64 {
    let by_height = |height: u16| NOMINAL.iter().find(|(of, _)| height <= *of);
    let by_number = || NOMINAL.get(number);
    let known = match height {
        Some(height) => by_height(height),
        None => by_number(),
    };
    known.or(NOMINAL.last()).map_or(0, |(_, bps)| *bps)
}

/// Layers to climb.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ladder {
    rungs: [(u8, u64); LAYERS_MAX],
    /// How many rungs there are.
    pub(super) len: u8,
}

impl Ladder {
    /// Of the layers that flow, up to the one that fills the wanted size; the lowest alone when `reduced`.
    pub(super) fn flowing(slot: &SlotRequest, reduced: bool) -> Self {
        Self::of(slot, reduced, |facts| facts.flowing)
    }

    /// The same, as if all layers flowed.
    pub(super) fn whole(slot: &SlotRequest, reduced: bool) -> Self {
        Self::of(slot, reduced, |_| true)
    }

    fn of(slot: &SlotRequest, reduced: bool, counts: impl Fn(LayerFacts) -> bool) -> Self {
        let mut ladder = Self::default();
        let (Some(_), Some(want)) = (slot.source, slot.want) else {
            return ladder;
        };
        let layers = || slot.layers.iter().take(usize::from(slot.layer_count));
        let facts = layers().map(|layer| LayerFacts {
            flowing: counts(layer.facts),
            ..layer.facts
        });
        let Some(top) = choose(facts, want, reduced) else {
            return ladder;
        };
        let climbable = (0_u8..=top).zip(layers()).filter(|(_, layer)| counts(layer.facts));
        for (rung, (number, layer)) in ladder.rungs.iter_mut().zip(climbable) {
            let nominal = || match slot.priority {
                Priority::Audio => NOMINAL_AUDIO_BPS,
                _ => nominal_bps(layer.facts.height, usize::from(number)),
            };
            let cost = if layer.bitrate_bps == 0 {
                nominal()
            } else {
                layer.bitrate_bps
            };
            *rung = (number, cost);
            ladder.len += 1;
        }
        ladder
    }

    /// The layer that who holds so many rungs gets.
    pub(super) fn layer(&self, held: u8) -> Option<u8> {
        self.rung(held).map(|(layer, _)| layer)
    }

    /// What that costs, bits per second.
    pub(super) fn cost(&self, held: u8) -> u64 {
        self.rung(held).map_or(0, |(_, cost)| cost)
    }

    /// Rungs up to a layer.
    pub(super) fn up_to(&self, layer: Option<u8>) -> u8 {
        let Some(layer) = layer else { return 0 };
        let rungs = self.rungs.iter().take(usize::from(self.len));
        rungs.filter(|(number, _)| *number <= layer).count() as u8
    }

    fn rung(&self, held: u8) -> Option<(u8, u64)> {
        let place = usize::from(held.min(self.len)).checked_sub(1)?;
        self.rungs.get(place).copied()
    }
}
