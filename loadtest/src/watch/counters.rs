// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What a pool counts over all its viewers: packets, latencies, batches as they came, and how late the pool itself was.

use anyhow::{Context, Result};
use hdrhistogram::Histogram;

use super::settings::Settings;
use crate::sys::Meta;

/// The viewer whose batches are taken as a pattern for the floor.
const PATTERN_VIEWER: usize = 0;
const PATTERN_PACKETS_MAX: usize = 20_000;
/// Seconds of a run that are kept one by one.
pub const SECONDS_MAX: usize = 3_600;
const LATENCY_US_MAX: u64 = 60_000_000;

/// Measurements of a whole pool.
pub struct PoolCounters {
    /// Different media packets delivered in the steady window.
    pub steady_packets: u64,
    /// Latency of the checked packets in it, microseconds.
    pub latency_us: Histogram<u64>,
    /// Latency without keyframe packets, microseconds.
    pub latency_plain_us: Histogram<u64>,
    /// Between a datagram's arrival at our socket and our taking it, microseconds: our own lateness.
    pub lag_us: Histogram<u64>,
    /// Sizes of the datagrams that came together, for one viewer; those of one GSO batch share an arrival time.
    pub pattern: Vec<Vec<u16>>,
    /// Media packets delivered in each second of the run.
    pub per_second: Vec<u64>,
    /// Datagrams taken in the steady window.
    pub steady_datagrams: u64,
    /// CPU time of the pool's thread in the steady window, nanoseconds.
    pub steady_cpu_ns: u64,
    /// Datagrams that the pool's shared socket dropped.
    pub socket_drops: u64,
    /// Datagrams that our socket refused to send.
    pub send_refused: u64,
    second: usize,
    pattern_packets: usize,
    pattern_at: u64,
}

impl PoolCounters {
    /// Nothing counted yet.
    ///
    /// # Errors
    /// Never with these bounds.
    pub fn new() -> Result<Self> {
        let histogram = || Histogram::<u64>::new_with_bounds(1, LATENCY_US_MAX, 3).context("histogram");
        Ok(Self {
            steady_packets: 0,
            latency_us: histogram()?,
            latency_plain_us: histogram()?,
            lag_us: histogram()?,
            pattern: Vec::new(),
            per_second: Vec::new(),
            steady_datagrams: 0,
            steady_cpu_ns: 0,
            socket_drops: 0,
            send_refused: 0,
            second: 0,
            pattern_packets: 0,
            pattern_at: 0,
        })
    }

    /// Says which second of the run it is.
    pub fn set_second(&mut self, second: usize) {
        self.second = second.min(SECONDS_MAX - 1);
        if self.per_second.len() <= self.second {
            self.per_second.resize(self.second + 1, 0);
        }
    }

    /// Enters a delivered media packet.
    pub fn count(&mut self, settings: &Settings, latency_ns: Option<u64>, of_keyframe: bool) {
        if let Some(count) = self.per_second.get_mut(self.second) {
            *count += 1;
        }
        if !settings.is_steady() {
            return;
        }
        self.steady_packets += 1;
        if let Some(ns) = latency_ns {
            self.latency_us.saturating_record(ns / 1_000);
            if !of_keyframe {
                self.latency_plain_us.saturating_record(ns / 1_000);
            }
        }
    }

    /// Enters a datagram into the pattern of batches, if it is the pattern viewer's.
    pub fn batch(&mut self, viewer: usize, settings: &Settings, meta: Meta) {
        if viewer != PATTERN_VIEWER || !settings.is_steady() || self.pattern_packets >= PATTERN_PACKETS_MAX {
            return;
        }
        self.pattern_packets += 1;
        match self.pattern.last_mut() {
            Some(batch) if self.pattern_at == meta.arrived_ns => batch.push(meta.len as u16),
            _ => self.pattern.push(vec![meta.len as u16]),
        }
        self.pattern_at = meta.arrived_ns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::settings::Phase;
    use std::time::Duration;

    #[test]
    fn only_the_steady_window_counts_and_batches_are_told_by_their_arrival() {
        let settings = Settings::new(Duration::from_millis(50));
        let mut counters = PoolCounters::new().unwrap();
        counters.set_second(1);
        counters.count(&settings, Some(1_000_000), false);
        assert_eq!(
            (counters.steady_packets, counters.per_second.as_slice()),
            (0, &[0, 1][..])
        );
        settings.set_phase(Phase::Steady);
        counters.count(&settings, Some(2_000_000), true);
        counters.count(&settings, None, false);
        assert_eq!((counters.steady_packets, counters.latency_us.len()), (2, 1));
        assert_eq!(counters.latency_plain_us.len(), 0);
        let meta = |len, arrived_ns| Meta {
            len,
            arrived_ns,
            ..Meta::default()
        };
        for (len, at) in [(900, 1), (900, 1), (500, 1), (120, 2)] {
            counters.batch(0, &settings, meta(len, at));
            counters.batch(1, &settings, meta(len, at));
        }
        assert_eq!(counters.pattern, [vec![900, 900, 500], vec![120]]);
    }
}
