// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Server time: microseconds since the media plane started, and the same moment as NTP time. It reads no clock.

use std::time::Instant;

/// Seconds from 1900 (NTP, RFC 5905) to 1970 (Unix).
const NTP_UNIX_OFFSET_S: u64 = 2_208_988_800;

/// Maps the monotonic clock to server time and to NTP time for sender reports.
#[derive(Debug, Clone, Copy)]
pub struct ServerClock {
    start: Instant,
    start_unix_us: u64,
}

impl ServerClock {
    /// `start` was `start_unix_us` microseconds after 1970.
    #[must_use]
    pub fn new(start: Instant, start_unix_us: u64) -> Self {
        Self { start, start_unix_us }
    }

    /// Zero of server time.
    #[must_use]
    pub fn start(&self) -> Instant {
        self.start
    }

    /// Microseconds of server time; negative before the start.
    #[must_use]
    pub fn us(&self, at: Instant) -> i64 {
        match at.checked_duration_since(self.start) {
            Some(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            None => -i64::try_from(self.start.duration_since(at).as_micros()).unwrap_or(i64::MAX),
        }
    }

    /// NTP timestamp, 32.32 fixed point (RFC 3550 section 4).
    #[must_use]
    pub fn ntp(&self, at: Instant) -> u64 {
        let unix_us = self.start_unix_us.saturating_add_signed(self.us(at));
        let seconds = unix_us / 1_000_000 + NTP_UNIX_OFFSET_S;
        let fraction = ((unix_us % 1_000_000) << 32) / 1_000_000;
        (seconds << 32) | fraction
    }
}

#[cfg(test)]
// Any moment will do as the beginning of a test.
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn ntp_runs_with_the_monotonic_clock() {
        let start = Instant::now();
        let clock = ServerClock::new(start, 1_000_000);
        assert_eq!(clock.ntp(start) >> 32, NTP_UNIX_OFFSET_S + 1);
        let later = start + Duration::from_millis(1_500);
        assert_eq!(clock.us(later), 1_500_000);
        assert_eq!(clock.ntp(later) & 0xFFFF_FFFF, 1 << 31);
    }
}
