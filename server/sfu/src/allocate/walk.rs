// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Handing out a budget step by step, in one fixed order. More budget never gives less in that order: up to the first
//! step that only the larger one can pay, both have spent the same.

use super::ladder::Ladder;
use super::{LAYERS_MAX, Priority, SLOTS_MAX, SlotRequest};

/// One slot on its way up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    priority: Priority,
    pub(super) ladder: Ladder,
    /// Rungs that it had before: these need the budget alone, others the margin too.
    pub(super) kept: u8,
    /// Rungs that it may hold at most.
    pub(super) ceiling: u8,
    /// Rungs that it holds.
    pub(super) held: u8,
}

impl Row {
    pub(super) fn new(slot: &SlotRequest, ladder: Ladder, granted: Option<u8>) -> Self {
        Self {
            priority: slot.priority,
            ladder,
            kept: ladder.up_to(granted),
            ceiling: ladder.len,
            held: 0,
        }
    }

    /// Whether its lowest layer is never paused.
    pub(super) fn is_protected(&self) -> bool {
        self.priority != Priority::Rest
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
                let bound = if rung < row.kept { limit } else { rise_limit };
                if total <= bound || (rung == 0 && row.is_protected()) {
                    row.held += 1;
                    spent = total;
                }
            }
        }
    }
}
