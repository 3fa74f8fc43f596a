// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Whether we send less than we might: then the path is not being tried, and nothing learned of it
//! (libwebrtc's `AlrDetector`). Sums bytes over short windows.

/// Length of a window, microseconds.
const WINDOW_US: u64 = 250_000;
/// Below this share of the target the application limits the rate.
const LIMITED_SHARE: f64 = 0.65;
/// Above this share it no longer does.
const FREE_SHARE: f64 = 0.8;

/// Sent rate, compared with the target.
#[derive(Debug)]
pub(super) struct ApplicationLimit {
    window_start_us: u64,
    bytes: u64,
    /// Mean of this window and those before, bits per second.
    sent_bps: f64,
    limited: bool,
}

impl ApplicationLimit {
    pub(super) fn new(now_us: u64) -> Self {
        Self {
            window_start_us: now_us,
            bytes: 0,
            sent_bps: 0.0,
            limited: true,
        }
    }

    pub(super) fn on_sent(&mut self, bytes: u16) {
        self.bytes += u64::from(bytes);
    }

    pub(super) fn is_limited(&self) -> bool {
        self.limited
    }

    /// Bits per second, a mean over about half a second.
    pub(super) fn sent_bps(&self) -> f64 {
        self.sent_bps
    }

    /// Looks at a complete window.
    pub(super) fn update(&mut self, now_us: u64, target_bps: f64) {
        let passed = now_us.saturating_sub(self.window_start_us);
        if passed < WINDOW_US {
            return;
        }
        let bps = self.bytes as f64 * 8e6 / passed as f64;
        self.sent_bps += 0.5 * (bps - self.sent_bps);
        self.window_start_us = now_us;
        self.bytes = 0;
        let share = if self.limited { FREE_SHARE } else { LIMITED_SHARE };
        self.limited = self.sent_bps < target_bps * share;
    }
}
