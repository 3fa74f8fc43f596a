// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How much one layer sends: octets of the last two seconds in steps of a fifth of one. A key frame is averaged away.

use std::time::{Duration, Instant};

/// One step.
const STEP: Duration = Duration::from_millis(200);
/// Steps behind the one that fills.
const STEPS: usize = 10;

/// The window. One addition per packet.
#[derive(Debug, Clone, Default)]
pub(super) struct Rate {
    /// Octets of full steps, in a circle.
    steps: [u32; STEPS],
    at: usize,
    /// Full steps that count, up to [`STEPS`].
    full: u32,
    filling: u32,
    /// When the step that fills began; none before the first packet.
    since: Option<Instant>,
}

impl Rate {
    /// Notes a packet of `bytes` octets.
    pub(super) fn on_packet(&mut self, now: Instant, bytes: usize) {
        let passed = self.passed(now);
        let Some(since) = self.since.filter(|_| passed < 2 * STEPS as u32) else {
            // After a silence it begins anew: the pause says nothing about the rate.
            *self = Self {
                since: Some(now),
                ..Self::default()
            };
            self.filling = u32::try_from(bytes).unwrap_or(u32::MAX);
            return;
        };
        for _ in 0..passed {
            if let Some(step) = self.steps.get_mut(self.at) {
                *step = std::mem::take(&mut self.filling);
            }
            self.at = (self.at + 1) % STEPS;
            self.full = (self.full + 1).min(STEPS as u32);
        }
        self.since = Some(since + STEP * passed);
        self.filling = self.filling.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    /// Bits per second; 0 before the first step is full. A layer that fell silent keeps the rate that it had.
    pub(super) fn bps(&self) -> u64 {
        let octets: u64 = self.steps.iter().map(|step| u64::from(*step)).sum();
        let window_ms = u64::from(self.full) * STEP.as_millis() as u64;
        (octets * 8 * 1_000).checked_div(window_ms).unwrap_or(0)
    }

    fn passed(&self, now: Instant) -> u32 {
        let age = self
            .since
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        u32::try_from(age.as_millis() / STEP.as_millis()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
// Any moment will do as the beginning of a test.
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    /// Packets of 1,250 octets every 10 ms (1 Mbit/s).
    fn run(rate: &mut Rate, from: Instant, packets: u32) -> Instant {
        let at = |n: u32| from + Duration::from_millis(10) * n;
        (0..packets).for_each(|n| rate.on_packet(at(n), 1_250));
        at(packets)
    }

    #[test]
    fn a_steady_layer_has_its_rate_and_a_silent_one_keeps_it() {
        let (mut rate, start) = (Rate::default(), Instant::now());
        assert_eq!(rate.bps(), 0);
        let end = run(&mut rate, start, 300);
        assert_eq!(rate.bps(), 1_000_000);
        let later = end + Duration::from_secs(30);
        assert_eq!(rate.bps(), 1_000_000);
        run(&mut rate, later, 41);
        assert_eq!(rate.bps(), 1_000_000, "the silence is not averaged in");
    }

    #[test]
    fn a_key_frame_of_a_tenth_of_a_second_is_averaged_over_two() {
        let (mut rate, start) = (Rate::default(), Instant::now());
        let end = run(&mut rate, start, 300);
        rate.on_packet(end, 50_000);
        let end = run(&mut rate, end, 20);
        rate.on_packet(end, 0);
        assert_eq!(rate.bps(), 1_200_000);
    }
}
