// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Which layer of which source a viewer gets, and which layers a publisher need not send at all.
//! Pure arithmetic on fixed tables: it sees no packet, no peer and no clock, and allocates nothing.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod demand;
mod ladder;
mod rise;
#[cfg(test)]
mod tests;
mod walk;

pub use demand::{Demand, LayerMask, PAUSE_AFTER, Watchers};
pub use ladder::nominal_bps;
pub use rise::{PROVEN_AFTER, RISE_AFTER_MAX, RISE_AFTER_MIN};

use std::time::Instant;

use crate::plan::SourceId;
use crate::sdp::{SlotKind, limits};
use crate::viewer::layers::{LayerFacts, choose};
use ladder::Ladder;
use rise::Gate;
use walk::{Row, walk};

/// Slots of the largest rack.
pub const SLOTS_MAX: usize = limits::ANSWER_MEDIA_MAX;
/// Layers of one source.
pub const LAYERS_MAX: usize = limits::LAYERS_MAX;
/// A step up is taken when the estimate covers it and so much more, percent.
pub const RISE_MARGIN_PERCENT: u64 = 15;

/// Who is served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// Sound: always sent, and paid before any picture.
    Audio,
    /// A shared screen, or the only picture of a WHEP viewer. Its lowest layer is never paused.
    Screen,
    /// The main speaker's camera. Its lowest layer is never paused.
    Main,
    /// All other pictures.
    #[default]
    Rest,
}

impl Priority {
    /// Of the `ordinal`-th slot of a kind, counted from 0.
    #[must_use]
    pub fn of(kind: SlotKind, ordinal: usize) -> Self {
        match kind {
            SlotKind::Voice | SlotKind::ScreenAudio => Self::Audio,
            SlotKind::Screen | SlotKind::Program => Self::Screen,
            SlotKind::Camera if ordinal == 0 => Self::Main,
            SlotKind::Camera => Self::Rest,
        }
    }
}

/// One layer of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LayerRate {
    /// Height and flow.
    pub facts: LayerFacts,
    /// What a viewer of this layer receives, bits per second, as measured last; 0 where it never was.
    pub bitrate_bps: u64,
}

/// What is asked for one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SlotRequest {
    /// What the plan puts there; another source than before starts without history.
    pub source: Option<SourceId>,
    /// When its turn is.
    pub priority: Priority,
    /// Height at which it is shown, pixels; none: send nothing.
    pub want: Option<u16>,
    /// The source's layers, lowest first.
    pub layers: [LayerRate; LAYERS_MAX],
    /// How many of `layers` there are.
    pub layer_count: u8,
}

/// What the viewer's path carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Estimated, for all slots together, bits per second.
    Estimate(u64),
    /// Estimated within the first seconds, bits per second: every step up is news, and is taken at once.
    FirstEstimate(u64),
    /// The viewer sends no transport feedback: all that is wanted, or the lowest layers alone while losses are high
    /// (see [`crate::viewer::loss::LossGuard`]).
    Unknown {
        /// Losses are high.
        reduced: bool,
    },
}

/// Why a slot gets what it gets. The names are those of the metrics and stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The layer that fits the wanted size.
    Wanted,
    /// A smaller one, because the estimate does not cover more.
    Bandwidth,
    /// A smaller one, until the estimate has covered more for long enough.
    Rising,
    /// The lowest one: no estimate, and losses.
    Loss,
    /// Nothing: the estimate does not cover even the lowest layer.
    Paused,
    /// Another one or nothing: the publisher does not send the layer that fits.
    NotFlowing,
    /// Nothing: the client asked for nothing.
    NotWanted,
    /// Nothing: no source belongs here.
    Empty,
}

impl Reason {
    /// All reasons, in the order of [`Reason::index`].
    pub const ALL: [Self; 8] = [
        Self::Wanted,
        Self::Bandwidth,
        Self::Rising,
        Self::Loss,
        Self::Paused,
        Self::NotFlowing,
        Self::NotWanted,
        Self::Empty,
    ];

    /// Stable name for metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Bandwidth => "bandwidth",
            Self::Rising => "rising",
            Self::Loss => "loss",
            Self::Paused => "paused",
            Self::NotFlowing => "not_flowing",
            Self::NotWanted => "not_wanted",
            Self::Empty => "empty",
        }
    }

    /// Place in [`Reason::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// What one slot gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The layer to send; none: nothing.
    pub layer: Option<u8>,
    /// The layer that it would get if the publisher sent all of them and no wait were due; for [`Watchers`].
    pub wished: Option<u8>,
    /// Why.
    pub reason: Reason,
}

impl Decision {
    const EMPTY: Self = Self {
        layer: None,
        wished: None,
        reason: Reason::Empty,
    };
}

/// Decides for one viewer. It remembers what each slot got, and how often a step up failed.
///
/// Rules, in this order: sound is paid first. The lowest layers of screen and main speaker are sent whatever they cost.
/// Then layer by layer, screen before main speaker before the rest, and the rest one layer behind them. What does not fit
/// is passed over for what does. A step down comes at once; a step up when the estimate has covered it and
/// [`RISE_MARGIN_PERCENT`] more for [`RISE_AFTER_MIN`], and for twice as long after each time that it did not last.
#[derive(Debug, Default)]
pub struct Allocator {
    gates: [Gate; SLOTS_MAX],
}

impl Allocator {
    /// Decides for the slots of a rack, in its order. Slots beyond [`SLOTS_MAX`] are not looked at. Call it when a
    /// budget, a wish, a plan or the flow of a layer changed, and a few times a second while any slot is
    /// [`Reason::Rising`] or has less than it wants.
    pub fn allocate(&mut self, now: Instant, budget: Budget, slots: &[SlotRequest]) -> [Decision; SLOTS_MAX] {
        let mut out = [Decision::EMPTY; SLOTS_MAX];
        let (limit, reduced) = match budget {
            Budget::Estimate(bps) | Budget::FirstEstimate(bps) => (bps, false),
            Budget::Unknown { reduced } => (u64::MAX, reduced),
        };
        let rise_limit = match budget {
            Budget::Estimate(bps) | Budget::FirstEstimate(bps) => bps / (100 + RISE_MARGIN_PERCENT) * 100,
            Budget::Unknown { .. } => u64::MAX,
        };
        let waits = matches!(budget, Budget::Estimate(_));
        let mut flowing = [Row::default(); SLOTS_MAX];
        let mut all = [Row::default(); SLOTS_MAX];
        for (((row, whole), slot), gate) in flowing.iter_mut().zip(&mut all).zip(slots).zip(&mut self.gates) {
            gate.meet(slot);
            *row = Row::new(slot, Ladder::flowing(slot, reduced), gate.granted());
            *whole = Row::new(slot, Ladder::whole(slot, reduced), gate.granted());
        }
        walk(limit, rise_limit, &mut flowing);
        walk(limit, rise_limit, &mut all);
        let targets = flowing.map(|row| row.held);
        for (row, gate) in flowing.iter_mut().zip(&mut self.gates) {
            row.ceiling = gate.ceiling(now, row, waits);
        }
        walk(limit, rise_limit, &mut flowing);
        let rows = flowing.iter().zip(&all).zip(targets).zip(&mut self.gates);
        for ((decision, slot), (((row, whole), target), gate)) in out.iter_mut().zip(slots).zip(rows) {
            let layer = row.ladder.layer(row.held);
            gate.grant(now, layer, row, waits);
            *decision = Decision {
                layer,
                wished: whole.ladder.layer(whole.held),
                reason: reason(slot, row, target, reduced),
            };
        }
        out
    }
}

/// Why a slot holds what it holds; `target`: rungs that it would hold without waiting.
fn reason(slot: &SlotRequest, row: &Row, target: u8, reduced: bool) -> Reason {
    if slot.source.is_none() {
        return Reason::Empty;
    }
    let Some(want) = slot.want else {
        return Reason::NotWanted;
    };
    if row.ladder.len == 0 {
        return Reason::NotFlowing;
    }
    if row.held < row.ladder.len {
        return match (target > row.held, row.held) {
            (true, _) => Reason::Rising,
            (false, 0) => Reason::Paused,
            (false, _) => Reason::Bandwidth,
        };
    }
    let layers = || slot.layers.iter().take(usize::from(slot.layer_count));
    let got = row.ladder.layer(row.held);
    let best = choose(layers().map(|layer| layer.facts), want, false);
    if reduced && got < best {
        return Reason::Loss;
    }
    let as_if = layers().map(|layer| LayerFacts {
        flowing: true,
        ..layer.facts
    });
    if got == choose(as_if, want, reduced) {
        Reason::Wanted
    } else {
        Reason::NotFlowing
    }
}
