// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One direction of one path: loss, delay, jitter, reordering, duplication, a bottleneck with a queue, a cut.

use super::random::Random;

/// What a link does to datagrams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinkSpec {
    /// Propagation time, microseconds.
    pub(crate) delay_us: u64,
    /// Added at random, 0 to this, order kept, microseconds.
    pub(crate) jitter_us: u64,
    /// Share lost.
    pub(crate) loss: f64,
    /// Share that arrives twice.
    pub(crate) duplicate: f64,
    /// Share that is overtaken by others.
    pub(crate) reorder: f64,
    /// By how much at most, microseconds.
    pub(crate) reorder_us: u64,
    /// Bottleneck, bits per second; none: infinitely fast.
    pub(crate) rate_bps: Option<u64>,
    /// What may wait before it, bytes; the rest is dropped.
    pub(crate) queue_bytes: u64,
    /// Nothing gets through.
    pub(crate) cut: bool,
}

impl LinkSpec {
    /// A clean link with 10 ms one way.
    pub(crate) const CLEAN: LinkSpec = LinkSpec {
        delay_us: 10_000,
        jitter_us: 0,
        loss: 0.0,
        duplicate: 0.0,
        reorder: 0.0,
        reorder_us: 0,
        rate_bps: None,
        queue_bytes: 64_000,
        cut: false,
    };

    /// Loses 5 %, reorders 2 % by up to 4 ms, doubles 1 %.
    pub(crate) const ROUGH: LinkSpec = LinkSpec {
        jitter_us: 3_000,
        loss: 0.05,
        duplicate: 0.01,
        reorder: 0.02,
        reorder_us: 4_000,
        ..LinkSpec::CLEAN
    };
}

/// One direction.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) spec: LinkSpec,
    random: Random,
    /// When the bottleneck is free again.
    free_at_us: u64,
    last_arrival_us: u64,
}

impl Link {
    pub(crate) fn new(spec: LinkSpec, random: Random) -> Self {
        Self {
            spec,
            random,
            free_at_us: 0,
            last_arrival_us: 0,
        }
    }

    /// Arrival times of a datagram given to the link now: none when it is lost, two when it is doubled.
    pub(crate) fn offer(&mut self, now_us: u64, bytes: usize) -> [Option<u64>; 2] {
        let LinkSpec {
            delay_us,
            jitter_us,
            loss,
            duplicate,
            reorder,
            reorder_us,
            rate_bps,
            queue_bytes,
            cut,
        } = self.spec;
        if cut || self.random.chance(loss) {
            return [None, None];
        }
        let mut leaves_us = now_us;
        if let Some(rate) = rate_bps {
            // IPv4 and UDP headers take room on the wire too.
            let wire_us = (bytes as u64 + 28) * 8 * 1_000_000 / rate;
            let waiting_bytes = self.free_at_us.saturating_sub(now_us) * rate / 8_000_000;
            if waiting_bytes > queue_bytes {
                return [None, None];
            }
            leaves_us = self.free_at_us.max(now_us) + wire_us;
            self.free_at_us = leaves_us;
        }
        let mut arrives_us = leaves_us + delay_us + self.random.below(jitter_us + 1);
        if self.random.chance(reorder) {
            arrives_us += 1 + self.random.below(reorder_us + 1);
        } else {
            arrives_us = arrives_us.max(self.last_arrival_us);
            self.last_arrival_us = arrives_us;
        }
        let again = self
            .random
            .chance(duplicate)
            .then(|| arrives_us + self.random.below(2_000));
        [Some(arrives_us), again]
    }
}

#[test]
fn a_bottleneck_delays_and_then_drops() {
    let spec = LinkSpec {
        rate_bps: Some(1_000_000),
        queue_bytes: 10_000,
        ..LinkSpec::CLEAN
    };
    let mut link = Link::new(spec, Random::new(1));
    let arrivals: Vec<_> = (0..20).map(|_| link.offer(0, 972)[0]).collect();
    assert_eq!(arrivals[..3], [Some(18_000), Some(26_000), Some(34_000)]);
    assert_eq!(arrivals.iter().flatten().count(), 11, "1,000 bytes each, 10,000 wait");
}
