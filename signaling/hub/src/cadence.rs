// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How often something is broadcast at most: at once where the last time is long ago, else when the interval is over.

use crate::timers::{Timer, Timers};

/// The rhythm of one broadcast.
#[derive(Debug, Default)]
pub(crate) struct Cadence {
    /// When it happened last, monotonic milliseconds.
    last_ms: Option<u64>,
    /// When it is to happen next.
    due_ms: Option<u64>,
}

impl Cadence {
    /// Whether it may happen now. If not, `timer` is set for when it may.
    pub(crate) fn ready(&mut self, now_ms: u64, interval_ms: u64, timers: &mut Timers, timer: Timer) -> bool {
        let at_ms = self.last_ms.map_or(now_ms, |last_ms| last_ms + interval_ms);
        if at_ms > now_ms {
            self.wake(at_ms, timers, timer);
            return false;
        }
        if let Some(due_ms) = self.due_ms.take() {
            timers.clear(due_ms, timer);
        }
        self.last_ms = Some(now_ms);
        true
    }

    /// Sets `timer`, unless it comes earlier anyway.
    pub(crate) fn wake(&mut self, at_ms: u64, timers: &mut Timers, timer: Timer) {
        if let Some(due_ms) = self.due_ms {
            if due_ms <= at_ms {
                return;
            }
            timers.clear(due_ms, timer);
        }
        self.due_ms = Some(at_ms);
        timers.set(at_ms, timer);
    }

    /// The timer came.
    pub(crate) fn came(&mut self) {
        self.due_ms = None;
    }

    /// Whether a broadcast is going to come.
    pub(crate) fn is_due(&self) -> bool {
        self.due_ms.is_some()
    }
}
