// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! When video leaves: as libwebrtc's `PacingController` lets it (modules/pacing). Packets leave at once while the debt is
//! less than 40 ms of the pacing rate (2.5 times the target), then nothing until the debt is gone: a keyframe leaves in
//! bursts 40 ms apart.

use std::time::{Duration, Instant};

/// Longest burst, in time at the pacing rate (libwebrtc: `send_burst_interval`).
pub const BURST: Duration = Duration::from_millis(40);
/// Pacing rate over target rate (libwebrtc: `kDefaultPaceMultiplier`).
const PACE_FACTOR: f64 = 2.5;

/// See the module's head.
#[derive(Debug, Clone)]
pub struct Pacer {
    bytes_per_s: f64,
    debt_bytes: f64,
    settled: Instant,
    resumes: Option<Instant>,
}

impl Pacer {
    /// Paces for a target rate.
    #[must_use]
    pub fn new(target_kbps: u32, now: Instant) -> Self {
        Self {
            bytes_per_s: f64::from(target_kbps.max(1)) * 1_000.0 / 8.0 * PACE_FACTOR,
            debt_bytes: 0.0,
            settled: now,
            resumes: None,
        }
    }

    /// Whether a packet may leave now.
    pub fn may_send(&mut self, now: Instant) -> bool {
        let passed_s = now.saturating_duration_since(self.settled).as_secs_f64();
        self.settled = self.settled.max(now);
        self.debt_bytes = (self.debt_bytes - passed_s * self.bytes_per_s).max(0.0);
        if self.resumes.is_some_and(|at| now < at) {
            return false;
        }
        let drain = Duration::from_secs_f64(self.debt_bytes / self.bytes_per_s);
        self.resumes = (drain >= BURST).then(|| now + drain);
        self.resumes.is_none()
    }

    /// A packet of this size left.
    pub fn sent(&mut self, bytes: usize) {
        self.debt_bytes += bytes as f64;
    }

    /// When to ask again; none: now.
    #[must_use]
    pub fn resumes(&self) -> Option<Instant> {
        self.resumes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyframe_leaves_in_bursts_40_ms_apart_and_small_frames_at_once() {
        let start = Instant::now();
        let mut pacer = Pacer::new(1_500, start);
        let mut bursts: Vec<(u128, usize)> = Vec::new();
        let (mut left, mut now) = (35, start);
        while left > 0 {
            let mut sent = 0;
            while left > 0 && pacer.may_send(now) {
                pacer.sent(1_190);
                (sent, left) = (sent + 1, left - 1);
            }
            if sent > 0 {
                bursts.push(((now - start).as_millis(), sent));
            }
            now = pacer.resumes().unwrap_or(now);
        }
        // 2.5 x 1.5 Mbit/s is 18,750 bytes in 40 ms: 16 packets; a burst is over once they are owed.
        assert_eq!(bursts, [(0, 16), (40, 16), (81, 3)]);
        now += Duration::from_millis(33);
        for _ in 0..4 {
            assert!(pacer.may_send(now));
            pacer.sent(1_190);
        }
    }
}
