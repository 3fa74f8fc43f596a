// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! When a timestamp was captured, in server time, so that sound, picture and layers of one publisher agree.
//! RTP time to publisher time by sender reports; publisher time to server time by the fastest transit seen.

use std::time::Instant;

/// The fastest transit is looked for in the last one to two of these windows, so that it follows clock drift.
const WINDOW_US: i64 = 10_000_000;
/// A sender report that differs more from the line of the one before starts that layer's filter anew.
const SR_STEP_US: i64 = 1_000_000;
/// A layer whose fastest transit differs more from the others' does not share their clock.
const SHARED_CLOCK_US: i64 = 2_000_000;

/// Microseconds since an origin; negative before it.
pub(super) fn micros_since(origin: Instant, at: Instant) -> i64 {
    let after = at.saturating_duration_since(origin).as_micros() as i64;
    after - origin.saturating_duration_since(at).as_micros() as i64
}

/// Microseconds of an NTP time (32.32 fixed point).
fn ntp_micros(ntp: u64) -> i64 {
    ((u128::from(ntp) * 1_000_000) >> 32) as i64
}

/// The smallest of recent samples.
#[derive(Debug, Clone, Copy, Default)]
struct RecentMin {
    window: Option<i64>,
    current: Option<i64>,
    previous: Option<i64>,
}

impl RecentMin {
    fn push(&mut self, now_us: i64, sample: i64) {
        let start = *self.window.get_or_insert(now_us);
        if now_us - start >= WINDOW_US {
            self.window = Some(now_us);
            self.previous = self.current.take().filter(|_| now_us - start < 2 * WINDOW_US);
        }
        self.current = Some(self.current.map_or(sample, |min| min.min(sample)));
    }

    fn get(&self) -> Option<i64> {
        match (self.current, self.previous) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct SrPoint {
    ntp_us: i64,
    timestamp: u32,
}

/// One layer's clock.
#[derive(Debug, Clone)]
pub(super) struct LayerClock {
    rate_hz: u32,
    /// Last timestamp and how far it is from the first, in ticks.
    line: Option<(u32, i64)>,
    sr: Option<SrPoint>,
    /// Arrival minus capture time by sender report: clock offset plus transit.
    offset: RecentMin,
    /// Arrival minus time on the timestamps' own line.
    transit: RecentMin,
}

impl LayerClock {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz,
            line: None,
            sr: None,
            offset: RecentMin::default(),
            transit: RecentMin::default(),
        }
    }

    /// Ticks of the RTP clock that passed until a server time.
    pub(super) fn ticks(&self, at_us: i64) -> i64 {
        (i128::from(at_us) * i128::from(self.rate_hz) / 1_000_000) as i64
    }

    /// Notes a packet that was not retransmitted.
    pub(super) fn on_packet(&mut self, now_us: i64, timestamp: u32) {
        let (last, ticks) = self.line.unwrap_or((timestamp, 0));
        let ticks = ticks + difference(timestamp, last);
        self.line = Some((timestamp, ticks));
        self.transit.push(now_us, now_us - self.micros(ticks));
        if let Some(capture) = self.publisher_time(timestamp) {
            self.offset.push(now_us, now_us - capture);
        }
    }

    /// Notes a sender report (RFC 3550 section 6.4.1).
    pub(super) fn on_sr(&mut self, ntp: u64, timestamp: u32) {
        let ntp_us = ntp_micros(ntp);
        let stepped = self
            .publisher_time(timestamp)
            .is_none_or(|line| (line - ntp_us).abs() > SR_STEP_US);
        self.sr = Some(SrPoint { ntp_us, timestamp });
        if stepped {
            self.offset = RecentMin::default();
        }
    }

    /// The layer's own fastest transit plus clock offset.
    pub(super) fn offset(&self) -> Option<i64> {
        self.offset.get()
    }

    /// Server time of a timestamp; `shared`: the smallest offset of all layers of the publisher.
    pub(super) fn server_time(&self, timestamp: u32, shared: Option<i64>) -> Option<i64> {
        if let (Some(capture), Some(own)) = (self.publisher_time(timestamp), self.offset.get()) {
            let offset = shared
                .filter(|shared| (own - shared).abs() <= SHARED_CLOCK_US)
                .unwrap_or(own);
            return Some(capture + offset);
        }
        let (last, ticks) = self.line?;
        Some(self.micros(ticks + difference(timestamp, last)) + self.transit.get()?)
    }

    fn publisher_time(&self, timestamp: u32) -> Option<i64> {
        let sr = self.sr?;
        Some(sr.ntp_us + self.micros(difference(timestamp, sr.timestamp)))
    }

    fn micros(&self, ticks: i64) -> i64 {
        (i128::from(ticks) * 1_000_000 / i128::from(self.rate_hz.max(1))) as i64
    }
}

/// Signed distance of two timestamps.
fn difference(timestamp: u32, from: u32) -> i64 {
    i64::from(timestamp.wrapping_sub(from) as i32)
}
