// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Token buckets: so many at once, so many per second. `people` is per participant, `sign_ins` by address.
//! They never read a clock.

mod kinds;
mod people;
mod sign_ins;

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

pub(crate) use kinds::Limit;
pub(crate) use people::{People, Shared, Wait, strike, take};
pub(crate) use sign_ins::SignIns;

/// One bucket.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    burst: f64,
    per_s: f64,
    tokens: f64,
    filled_at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(burst: u32, per_s: u32, now: Instant) -> Self {
        let burst = f64::from(burst);
        Self {
            burst,
            per_s: f64::from(per_s),
            tokens: burst,
            filled_at: now,
        }
    }

    /// Takes one token; false when there is none.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        if !self.has(now) {
            return false;
        }
        self.tokens -= 1.0;
        true
    }

    /// Whether there is a token to take.
    fn has(&mut self, now: Instant) -> bool {
        let passed_s = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + passed_s * self.per_s).min(self.burst);
        self.filled_at = self.filled_at.max(now);
        self.tokens >= 1.0
    }

    /// How long until there is a token.
    fn wait(&mut self, now: Instant) -> Duration {
        if self.has(now) {
            return Duration::ZERO;
        }
        Duration::from_secs_f64((1.0 - self.tokens) / self.per_s)
    }

    fn is_full(&mut self, now: Instant) -> bool {
        self.has(now) && self.tokens >= self.burst
    }
}

/// One customer of the network: an IPv4 address, or the 64 bits of an IPv6 address that are given to one.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Buckets by key, at most so many: full ones say nothing and are forgotten, then all.
#[derive(Debug)]
pub(crate) struct Table<K> {
    buckets: HashMap<K, Bucket>,
    max: usize,
    burst: u32,
    per_s: u32,
}

impl<K: Eq + Hash> Table<K> {
    /// At most `max` buckets of `burst` tokens that fill at `per_s`.
    pub(crate) fn new(max: usize, burst: u32, per_s: u32) -> Self {
        Self {
            buckets: HashMap::new(),
            max,
            burst,
            per_s,
        }
    }

    /// The bucket of a key.
    pub(crate) fn of(&mut self, key: K, now: Instant) -> &mut Bucket {
        if self.buckets.len() >= self.max && !self.buckets.contains_key(&key) {
            self.forget(now);
            if self.buckets.len() >= self.max {
                self.buckets.clear();
            }
        }
        let (burst, per_s) = (self.burst, self.per_s);
        self.buckets
            .entry(key)
            .or_insert_with(|| Bucket::new(burst, per_s, now))
    }

    /// Forgets full buckets.
    pub(crate) fn forget(&mut self, now: Instant) {
        self.buckets.retain(|_, bucket| !bucket.is_full(now));
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.buckets.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Bucket;
    use std::time::{Duration, Instant};

    #[test]
    fn a_burst_then_the_sustained_rate_and_what_is_missing_has_a_time() {
        let start = Instant::now();
        let mut bucket = Bucket::new(3, 2, start);
        let taken = (0..5).filter(|_| bucket.take(start)).count();
        assert_eq!(taken, 3);
        assert_eq!(bucket.wait(start), Duration::from_millis(500));
        assert!(!bucket.take(start + Duration::from_millis(400)));
        assert!(bucket.take(start + Duration::from_millis(600)));
        let later = start + Duration::from_secs(60);
        assert_eq!(bucket.wait(later), Duration::ZERO);
        assert_eq!(
            (0..5).filter(|_| bucket.take(later)).count(),
            3,
            "never more than the burst"
        );
    }
}
