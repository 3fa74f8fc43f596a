// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The rate for viewers who send receiver reports alone (draft-ietf-rmcat-gcc-02 section 6: loss between 2 and 10 %
//! holds, more lowers, less raises). It knows no delay and never probes.

/// Target for somebody of whom nothing is known but that no transport-wide report ever came, bits per second.
const START_BPS: f64 = 1_500_000.0;
/// Loss above this lowers the rate.
const LOSS_HIGH: f64 = 0.10;
/// Loss below this raises it.
const LOSS_LOW: f64 = 0.02;
/// Growth per second, as a share.
const GROWTH_PER_S: f64 = 0.08;
/// Reports closer together are not counted apart, microseconds.
const REPORT_US: u64 = 500_000;
/// What is sent must be at least this share of the target for it to grow.
const TRIED_SHARE: f64 = 0.5;

/// Rate from receiver reports.
#[derive(Debug)]
pub(super) struct Fallback {
    pub(super) bps: f64,
    updated_us: u64,
    /// Highest since then.
    worst: f64,
}

impl Fallback {
    pub(super) fn new(now_us: u64) -> Self {
        Self {
            bps: START_BPS,
            updated_us: now_us,
            worst: 0.0,
        }
    }

    /// One report; `loss` 0 to 1.
    pub(super) fn on_report(&mut self, now_us: u64, loss: f64, sent_bps: f64) {
        self.worst = self.worst.max(loss);
        let passed_us = now_us.saturating_sub(self.updated_us);
        if passed_us < REPORT_US {
            return;
        }
        if self.worst > LOSS_HIGH {
            // Less than what is being sent, or nothing would change.
            self.bps = self.bps.min(sent_bps.max(1.0)) * (1.0 - 0.5 * self.worst);
        } else if self.worst < LOSS_LOW && sent_bps >= self.bps * TRIED_SHARE {
            self.bps *= 1.0 + GROWTH_PER_S * (passed_us as f64 / 1e6).min(5.0);
        }
        self.updated_us = now_us;
        self.worst = 0.0;
    }
}
