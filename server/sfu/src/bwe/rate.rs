// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The rate that the delays allow: additive or multiplicative increase, multiplicative decrease
//! (draft-ietf-rmcat-gcc-02 section 5.5; libwebrtc's `AimdRateControl`), with a drain of what stands in the queue.

use super::delay::Usage;

/// Share of what arrives that is sent after overuse ...
const BACKOFF: f64 = 0.85;
/// ... and while a longer queue drains: up to 100 ms, up to 250 ms, above.
const BACKOFF_QUEUE: f64 = 0.7;
const BACKOFF_LONG_QUEUE: f64 = 0.5;
const QUEUE_US: u64 = 100_000;
const LONG_QUEUE_US: u64 = 250_000;
/// A queue below this is drained, microseconds.
const DRAINED_US: u64 = 20_000;
/// Above this queue nothing grows, and above the next the rate eases off, microseconds and share per second.
const HOLD_US: u64 = 25_000;
const EASE_US: u64 = 40_000;
const EASE_PER_S: f64 = 0.05;
/// Share of the known capacity that is sent once the queue is drained.
const AFTER_DRAIN: f64 = 0.93;
/// Growth per second far from the known capacity, as a share.
const GROWTH_PER_S: f64 = 0.08;
/// No estimate above this share of what arrives comes from growth alone.
const ARRIVING_SHARE_MAX: f64 = 1.5;
/// Time that a decrease needs to show, beside the round trip, microseconds.
const RESPONSE_US: u64 = 100_000;
/// Growth near the known capacity: a packet of this size per response time, bits.
const ADDITIVE_BITS: f64 = 9_600.0;
/// ... but per second no more than this share, and no less than so many bits per second.
const ADDITIVE_SHARE_MAX: f64 = 0.04;
const ADDITIVE_MIN_BPS: f64 = 4_000.0;
/// Weight of a new measurement of the capacity.
const CAPACITY_WEIGHT: f64 = 0.05;
/// Bounds of the variance of the capacity, relative, as in libwebrtc.
const VARIANCE_MIN: f64 = 0.4;
const VARIANCE_MAX: f64 = 2.5;

/// Known capacity of the path: mean and relative variance, kbit/s.
#[derive(Debug, Clone, Copy)]
struct Capacity {
    kbps: f64,
    variance: f64,
}

impl Capacity {
    fn spread_kbps(&self) -> f64 {
        3.0 * (self.variance * self.kbps).sqrt()
    }
}

/// What the path looked like when a report was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) usage: Usage,
    pub(super) acked_bps: Option<f64>,
    /// What arrived within the last moments.
    pub(super) lately_bps: Option<f64>,
    pub(super) rtt_us: u64,
    pub(super) queue_us: u64,
    pub(super) application_limited: bool,
}

/// Rate allowed by delay.
#[derive(Debug)]
pub(super) struct Rate {
    bps: f64,
    min_bps: f64,
    max_bps: f64,
    capacity: Option<Capacity>,
    decreased_us: Option<u64>,
    updated_us: u64,
    draining: bool,
}

impl Rate {
    pub(super) fn new(start_bps: f64, min_bps: f64, max_bps: f64) -> Self {
        Self {
            bps: start_bps,
            min_bps,
            max_bps,
            capacity: None,
            decreased_us: None,
            updated_us: 0,
            draining: false,
        }
    }

    pub(super) fn bps(&self) -> f64 {
        self.bps
    }

    pub(super) fn set(&mut self, bps: f64) {
        self.bps = bps.clamp(self.min_bps, self.max_bps);
    }

    /// A probe filled the path: this is what it carries.
    pub(super) fn set_capacity(&mut self, bps: f64) {
        self.capacity = Some(Capacity {
            kbps: bps / 1_000.0,
            variance: VARIANCE_MIN,
        });
    }

    /// Whether a decrease is younger than `us`.
    pub(super) fn decreased_within(&self, now_us: u64, us: u64) -> bool {
        self.decreased_us.is_some_and(|at| now_us.saturating_sub(at) < us)
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining
    }

    /// Takes one report. True when more arrives than the path was known to carry.
    pub(super) fn update(&mut self, now_us: u64, seen: &Seen) -> bool {
        let step_s = (now_us.saturating_sub(self.updated_us) as f64 / 1e6).min(1.0);
        self.updated_us = now_us;
        let wider = self.forget_capacity(seen);
        match seen.usage {
            Usage::Over => self.decrease(now_us, seen),
            Usage::Under => self.finish_drain(seen),
            Usage::Normal => {
                self.finish_drain(seen);
                if !self.draining {
                    self.increase(step_s, seen);
                }
            }
        }
        wider
    }

    fn forget_capacity(&mut self, seen: &Seen) -> bool {
        let wider = seen.queue_us < HOLD_US
            && self
                .capacity
                .zip(seen.acked_bps)
                .is_some_and(|(capacity, acked)| acked / 1_000.0 > capacity.kbps + capacity.spread_kbps());
        if wider {
            self.capacity = None;
        }
        wider
    }

    fn decrease(&mut self, now_us: u64, seen: &Seen) {
        let pause_us = seen.rtt_us.clamp(50_000, 500_000);
        let Some(acked) = seen.acked_bps else {
            if !self.decreased_within(now_us, seen.rtt_us + 2 * RESPONSE_US) {
                self.decreased_us = Some(now_us);
                self.set(self.bps / 2.0);
            }
            return;
        };
        if self.decreased_within(now_us, pause_us) && (self.draining || acked > self.bps / 2.0) {
            return;
        }
        // A path that became narrow at once: the mean is still of what it was. Where a long queue stands, all that it
        // carries arrives.
        let acked = match seen.lately_bps {
            Some(lately) if seen.queue_us >= QUEUE_US => acked.min(lately),
            _ => acked,
        };
        let share = match seen.queue_us {
            ..QUEUE_US => BACKOFF,
            QUEUE_US..LONG_QUEUE_US => BACKOFF_QUEUE,
            _ => BACKOFF_LONG_QUEUE,
        };
        let mut wanted = acked * share;
        if wanted > self.bps
            && let Some(capacity) = self.capacity
        {
            wanted = capacity.kbps * 1_000.0 * BACKOFF;
        }
        // A long queue keeps the bottleneck busy: what arrives is what it carries. Else, while draining, it is what we sent.
        if !self.draining || seen.queue_us >= QUEUE_US {
            self.learn(acked / 1_000.0);
        }
        self.draining = true;
        self.decreased_us = Some(now_us);
        if wanted < self.bps {
            self.set(wanted);
        }
    }

    fn finish_drain(&mut self, seen: &Seen) {
        if self.draining && seen.queue_us < DRAINED_US {
            self.draining = false;
            if let Some(capacity) = self.capacity {
                self.set(self.bps.max(capacity.kbps * 1_000.0 * AFTER_DRAIN));
            }
        }
    }

    fn increase(&mut self, step_s: f64, seen: &Seen) {
        let Some(acked) = seen.acked_bps else { return };
        if seen.application_limited {
            return;
        }
        // The queue is not growing, but it need not be there either.
        if seen.queue_us > EASE_US {
            self.set(self.bps * (1.0 - EASE_PER_S * step_s));
            return;
        }
        if seen.queue_us > HOLD_US {
            return;
        }
        let grown = match self.capacity {
            Some(_) => {
                let response_s = (seen.rtt_us + RESPONSE_US) as f64 / 1e6;
                let step = (ADDITIVE_BITS / response_s).min(self.bps * ADDITIVE_SHARE_MAX);
                self.bps + step.max(ADDITIVE_MIN_BPS) * step_s
            }
            None => self.bps * (1.0 + GROWTH_PER_S * step_s) + 1_000.0 * step_s,
        };
        let limit = acked * ARRIVING_SHARE_MAX + 10_000.0;
        self.set(grown.min(limit.max(self.bps)));
    }

    fn learn(&mut self, kbps: f64) {
        let Some(capacity) = &mut self.capacity else {
            self.capacity = Some(Capacity {
                kbps,
                variance: VARIANCE_MIN,
            });
            return;
        };
        if kbps < capacity.kbps - capacity.spread_kbps() {
            // Far below: the path has changed, a mean of both would be true of neither.
            capacity.kbps = kbps;
            return;
        }
        let off = capacity.kbps - kbps;
        capacity.kbps -= CAPACITY_WEIGHT * off;
        let norm = capacity.kbps.max(1.0);
        capacity.variance = ((1.0 - CAPACITY_WEIGHT) * capacity.variance + CAPACITY_WEIGHT * off * off / norm)
            .clamp(VARIANCE_MIN, VARIANCE_MAX);
    }
}
