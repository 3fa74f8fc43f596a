// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Handing out a budget step by step, in one fixed order. More budget never gives less in that order: up to the first
//! step that only the larger one can pay, both have spent the same.

use super::ladder::Ladder;
use super::rise::Gate;
use super::{LAYERS_MAX, OVERDRAW_AGAIN_PERCENT_MAX, OVERDRAW_PERCENT_MAX, Priority, SLOTS_MAX, SlotRequest};

/// One slot on its way up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    priority: Priority,
    pub(super) ladder: Ladder,
    /// Rungs that it had before: these need the budget alone, others the margin too.
    pub(super) kept: u8,
    /// Rungs that it may hold at most.
    pub(super) ceiling: u8,
    /// It was taken away for want of bandwidth.
    pub(super) is_paused: bool,
    /// Its lowest layer is sent whatever it costs, for now.
    pub(super) is_tolerated: bool,
    /// Rungs that it holds.
    pub(super) held: u8,
}

impl Row {
    pub(super) fn new(slot: &SlotRequest, ladder: Ladder, gate: &Gate) -> Self {
        Self {
            priority: slot.priority,
            ladder,
            kept: ladder.up_to(gate.granted()),
            is_paused: gate.is_paused(),
            is_tolerated: false,
            ceiling: ladder.len,
            held: 0,
        }
    }

    /// Whether its lowest layer may take more than there is.
    pub(super) fn is_protected(&self) -> bool {
        self.priority != Priority::Rest
    }

    /// How much may be spent when its next rung is bought, of a budget and what is sure of it.
    fn bound(&self, rung: u8, limit: u64, rise_limit: u64) -> u64 {
        if self.is_tolerated && rung == 0 {
            return u64::MAX;
        }
        let percent = |bps: u64, percent: u64| bps.saturating_mul(percent) / 100;
        match (rung < self.kept, rung == 0 && self.is_protected()) {
            (true, false) => limit,
            (true, true) => percent(limit, OVERDRAW_PERCENT_MAX),
            (false, false) => rise_limit,
            (false, true) if self.is_paused => percent(limit, OVERDRAW_AGAIN_PERCENT_MAX),
            (false, true) => percent(limit, OVERDRAW_PERCENT_MAX),
        }
    }
}

/// Hands out `limit` bits per second; steps that a slot did not have before must fit into `rise_limit`.
pub(super) fn walk(limit: u64, rise_limit: u64, rows: &mut [Row; SLOTS_MAX]) {
    let mut spent = 0_u64;
    for row in rows.iter_mut() {
        row.held = 0;
        if row.priority == Priority::Audio {
            row.held = row.ladder.len;
            spent = spent.saturating_add(row.ladder.cost(row.held));
        }
    }
    for round in 0..=LAYERS_MAX as u8 {
        for priority in [Priority::Screen, Priority::Main, Priority::Rest] {
            let rung = match priority {
                // One layer behind.
                Priority::Rest => round.checked_sub(1),
                _ => Some(round),
            };
            let Some(rung) = rung else { continue };
            for row in rows.iter_mut().filter(|row| row.priority == priority) {
                if row.held != rung || rung >= row.ladder.len || rung >= row.ceiling {
                    continue;
                }
                let others = spent.saturating_sub(row.ladder.cost(row.held));
                let total = others.saturating_add(row.ladder.cost(rung + 1));
                if total <= row.bound(rung, limit, rise_limit) {
                    row.held += 1;
                    spent = total;
                }
            }
        }
    }
}
