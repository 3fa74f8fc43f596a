// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Spreads keyframes and replays to viewers whose path is slow. Whole batches pass or wait; nothing is split, and
//! sound never waits. It has no queue and no timer: the shell asks, and comes back at the deadline.

use std::time::{Duration, Instant};

/// Sent at most at this share of the target, percent: libwebrtc's pacing factor, so that a frame is not kept longer than
/// needed.
pub const PACING_PERCENT: u64 = 250;
/// What may leave at once, as time at the pacing rate.
const BURST: Duration = Duration::from_millis(15);
/// What may leave at once, bytes: an ordinary frame ...
const BURST_BYTES_MIN: f64 = 12_000.0;
/// ... unless the path would take longer than this for it.
const BURST_ON_PATH: Duration = Duration::from_millis(100);
/// Above this target nothing waits, bits per second.
pub const UNPACED_BPS: u64 = 20_000_000;

/// Budget of bytes for one viewer.
///
/// Contract: [`Pacer::set_target`] with each new estimate; before a batch of pictures [`Pacer::may_send_now`], and if it
/// may not, again at [`Pacer::deadline`]; [`Pacer::on_sent`] with everything that was sent, sound and padding too.
/// A batch may overdraw the budget, so that no batch is ever too large to leave.
#[derive(Debug, Clone, Copy)]
pub struct Pacer {
    bytes_per_s: f64,
    burst: f64,
    budget: f64,
    refilled: Instant,
    unpaced: bool,
}

impl Pacer {
    /// A full budget.
    #[must_use]
    pub fn new(now: Instant, target_bps: u64) -> Self {
        let mut pacer = Self {
            bytes_per_s: 1.0,
            burst: BURST_BYTES_MIN,
            budget: f64::MAX,
            refilled: now,
            unpaced: false,
        };
        pacer.set_target(now, target_bps);
        pacer
    }

    /// The estimate changed.
    pub fn set_target(&mut self, now: Instant, target_bps: u64) {
        self.refill(now);
        self.unpaced = target_bps >= UNPACED_BPS;
        self.bytes_per_s = (target_bps as f64 * PACING_PERCENT as f64 / 800.0).max(1.0);
        let frame = (target_bps as f64 / 8.0 * BURST_ON_PATH.as_secs_f64()).min(BURST_BYTES_MIN);
        self.burst = (self.bytes_per_s * BURST.as_secs_f64()).max(frame);
        self.budget = self.budget.min(self.burst);
    }

    /// Whether a batch of pictures may leave now.
    pub fn may_send_now(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.unpaced || self.budget > 0.0
    }

    /// Bytes left, of any kind.
    pub fn on_sent(&mut self, bytes: usize) {
        // What sound and retransmissions overdraw is bounded: pictures never wait longer than for one burst.
        self.budget = (self.budget - bytes as f64).max(-4.0 * self.burst);
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_unpaced(&self) -> bool {
        self.unpaced
    }

    /// When a batch may leave that must wait now.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        if self.unpaced || self.budget > 0.0 {
            return self.refilled;
        }
        self.refilled + Duration::from_secs_f64((1.0 - self.budget) / self.bytes_per_s)
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.refilled).as_secs_f64();
        if passed > 0.0 {
            self.budget = (self.budget + passed * self.bytes_per_s).min(self.burst);
            self.refilled = now;
        }
    }
}
