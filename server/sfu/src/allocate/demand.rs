// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Which layers of one source its publisher should send: those that somebody watches or would, and the lowest.
//! A layer that comes back costs its publisher key frames of all layers (libwebrtc resets its encoder), so it pauses late.

use std::time::{Duration, Instant};

use super::{Decision, LAYERS_MAX};

/// A layer that nobody has watched for this long is paused.
pub const PAUSE_AFTER: Duration = Duration::from_secs(6);

/// Layers as bits, the lowest is bit 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LayerMask(pub u8);

impl LayerMask {
    /// The lowest `layers` of them, at most [`LAYERS_MAX`].
    #[must_use]
    pub fn all(layers: usize) -> Self {
        let layers = layers.min(LAYERS_MAX) as u32;
        Self(!(!0_u8).checked_shl(layers).unwrap_or(0))
    }

    /// Whether a layer is among them.
    #[must_use]
    pub fn has(self, layer: u8) -> bool {
        1_u8.checked_shl(u32::from(layer)).is_some_and(|bit| self.0 & bit != 0)
    }

    /// Adds a layer.
    #[must_use]
    pub fn with(self, layer: u8) -> Self {
        Self(self.0 | 1_u8.checked_shl(u32::from(layer)).unwrap_or(0))
    }

    /// Their numbers, lowest first.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        (0..8).filter(move |layer| self.has(*layer))
    }
}

/// How many viewers each layer of a source has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watchers([u32; LAYERS_MAX]);

impl Watchers {
    /// Counts what one slot got, and what it would get if it were sent.
    pub fn note(&mut self, decision: &Decision) {
        let wished = decision.wished.filter(|wished| decision.layer != Some(*wished));
        for layer in decision.layer.into_iter().chain(wished) {
            self.add(layer);
        }
    }

    /// Counts one more viewer of a layer.
    pub fn add(&mut self, layer: u8) {
        if let Some(count) = self.0.get_mut(usize::from(layer)) {
            *count = count.saturating_add(1);
        }
    }

    /// Viewers of a layer.
    #[must_use]
    pub fn of(&self, layer: u8) -> u32 {
        self.0.get(usize::from(layer)).copied().unwrap_or(0)
    }
}

/// What one source's publisher was asked for. A source begins with all layers sent.
#[derive(Debug, Clone)]
pub struct Demand {
    layers: u8,
    wanted: LayerMask,
    unwatched_since: [Option<Instant>; LAYERS_MAX],
}

impl Demand {
    /// A source with so many layers, all of them sent.
    #[must_use]
    pub fn new(layers: usize) -> Self {
        Self {
            layers: layers.min(LAYERS_MAX) as u8,
            wanted: LayerMask::all(layers),
            unwatched_since: [None; LAYERS_MAX],
        }
    }

    /// Looks at who watches. Some: ask the publisher for these layers from now on. A layer comes back at once and is
    /// paused [`PAUSE_AFTER`] the last watcher; the lowest, which newcomers need first, never.
    pub fn update(&mut self, now: Instant, watchers: &Watchers) -> Option<LayerMask> {
        let mut wanted = LayerMask::default();
        for (layer, since) in (0..self.layers).zip(&mut self.unwatched_since) {
            if layer == 0 || watchers.of(layer) > 0 {
                *since = None;
                wanted = wanted.with(layer);
                continue;
            }
            let since = *since.get_or_insert(now);
            if self.wanted.has(layer) && now.saturating_duration_since(since) < PAUSE_AFTER {
                wanted = wanted.with(layer);
            }
        }
        (std::mem::replace(&mut self.wanted, wanted) != wanted).then_some(wanted)
    }

    /// What the publisher was asked for last.
    #[must_use]
    pub fn wanted(&self) -> LayerMask {
        self.wanted
    }

    /// When to call [`Demand::update`] again though nothing changed.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let waiting = (0..self.layers).zip(&self.unwatched_since);
        let due = waiting.filter_map(|(layer, since)| (*since).filter(|_| self.wanted.has(layer)));
        due.min().map(|since| since + PAUSE_AFTER)
    }
}
