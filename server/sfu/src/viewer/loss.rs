// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The lowest layer for a viewer who keeps losing packets, until real bandwidth estimation comes.
//! It sees only the loss fractions of receiver reports.

use std::time::{Duration, Instant};

/// Loss above this, of 256, counts against the viewer (10 %).
const LOSS_HIGH: u8 = 26;
/// Loss below this, of 256, counts for the viewer (2 %).
const LOSS_LOW: u8 = 6;
/// High loss for this long brings the lowest layer.
const FALL_AFTER: Duration = Duration::from_secs(3);
/// Low loss for this long brings the wanted layer back, the first time.
const RISE_AFTER_MIN: Duration = Duration::from_secs(8);
/// Each relapse doubles the wait, up to this.
const RISE_AFTER_MAX: Duration = Duration::from_secs(64);

/// Decides between the wanted and the lowest layer.
#[derive(Debug)]
pub struct LossGuard {
    high_since: Option<Instant>,
    low_since: Option<Instant>,
    reduced: bool,
    rise_after: Duration,
}

impl Default for LossGuard {
    fn default() -> Self {
        Self {
            high_since: None,
            low_since: None,
            reduced: false,
            rise_after: RISE_AFTER_MIN,
        }
    }
}

impl LossGuard {
    /// Whether only the lowest layer should be sent.
    #[must_use]
    pub fn is_reduced(&self) -> bool {
        self.reduced
    }

    /// One report's highest `fraction lost` among video slots. Returns whether the decision changed.
    pub fn report(&mut self, now: Instant, fraction_lost: u8) -> bool {
        if fraction_lost >= LOSS_HIGH {
            self.low_since = None;
            let since = *self.high_since.get_or_insert(now);
            if !self.reduced && now.saturating_duration_since(since) >= FALL_AFTER {
                self.reduced = true;
                return true;
            }
            return false;
        }
        self.high_since = None;
        if fraction_lost > LOSS_LOW {
            self.low_since = None;
            return false;
        }
        let since = *self.low_since.get_or_insert(now);
        if self.reduced && now.saturating_duration_since(since) >= self.rise_after {
            self.reduced = false;
            self.rise_after = (self.rise_after * 2).min(RISE_AFTER_MAX);
            return true;
        }
        false
    }
}

#[cfg(test)]
// Any moment will do as the beginning of a test.
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    /// One report a second; returns whether reduced after each.
    fn run(guard: &mut LossGuard, from: Instant, reports: &[u8]) -> Vec<bool> {
        let each = reports.iter().enumerate();
        each.map(|(second, loss)| {
            guard.report(from + Duration::from_secs(second as u64), *loss);
            guard.is_reduced()
        })
        .collect()
    }

    #[test]
    fn one_bad_second_changes_nothing_and_sustained_loss_brings_the_lowest_layer() {
        let mut guard = LossGuard::default();
        let now = Instant::now();
        assert_eq!(
            run(&mut guard, now, &[60, 0, 60, 60, 60, 60]),
            [false, false, false, false, false, true]
        );
    }

    #[test]
    fn recovery_takes_longer_after_each_relapse() {
        let mut guard = LossGuard::default();
        let mut at = Instant::now();
        let mut recovery_s = Vec::new();
        for _ in 0..2 {
            run(&mut guard, at, &[60; 4]);
            at += Duration::from_secs(4);
            let mut seconds = 0;
            while guard.is_reduced() {
                guard.report(at, 0);
                at += Duration::from_secs(1);
                seconds += 1;
            }
            recovery_s.push(seconds);
        }
        assert!(recovery_s[1] > recovery_s[0], "{recovery_s:?}");
    }
}
