// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Probe clusters: for some milliseconds the path gets more than the estimate, filled up with padding, and the
//! arrivals tell what it carries (libwebrtc's `ProbeController` and `ProbeBitrateEstimator`). It never sends.

/// The first cluster after the start, microseconds; later ones are shorter.
const FIRST_CLUSTER_US: u64 = 80_000;
const CLUSTER_US: u64 = 40_000;
/// Where media uses the path up already, a cluster covers several frames: between two of them any path looks free.
const BUSY_CLUSTER_US: u64 = 100_000;
/// A cluster has at least so many bytes: enough packets to measure.
const CLUSTER_BYTES_MIN: u64 = 6_000;
/// Packets of a cluster that must have arrived.
const ARRIVED_PACKETS_MIN: u32 = 4;
/// Share of a cluster's bytes that must have arrived.
const ARRIVED_SHARE_MIN: f64 = 0.5;
/// What falls due ahead of the time passed: one tick of the shell, microseconds.
const AHEAD_US: u64 = 5_000;
/// A result is waited for so long, microseconds.
const RESULT_US: u64 = 1_000_000;
/// Arriving slower than this share of sending: the path was full.
const FULL_SHARE: f64 = 0.9;
/// Share of a full path's rate that is used (libwebrtc's target utilisation).
const FULL_USE: f64 = 0.95;
/// Arriving faster than sending by more: queues released what they held, nothing was measured.
const FASTER_SHARE_MAX: f64 = 2.0;
/// Padding that a viewer may be sent at once, bytes, and per second after that.
pub const PADDING_BURST_BYTES_MAX: u64 = 256_000;
/// Padding that a viewer may be sent per second, sustained, bytes (160 kbit/s).
pub const PADDING_BYTES_PER_S_MAX: u64 = 20_000;

/// One cluster.
#[derive(Debug, Clone, Copy)]
struct Cluster {
    id: u8,
    bps: f64,
    bytes: u64,
    started_us: u64,
    last_sent_us: u64,
    sent_bytes: u64,
    packets: u32,
    /// Sending times of what arrived.
    received_first_us: u64,
    received_last_us: u64,
    /// Of what was sent at the last moment and arrived; it belongs to the interval after the last one.
    received_last_bytes: u64,
    first_arrival_us: i64,
    last_arrival_us: i64,
    first_arrival_bytes: u64,
    arrived_bytes: u64,
    arrived: u32,
}

impl Cluster {
    fn due(&self, now_us: u64) -> u64 {
        let passed = now_us.saturating_sub(self.started_us) + AHEAD_US;
        let due = (self.bps * passed as f64 / 8e6) as u64;
        due.min(self.bytes).saturating_sub(self.sent_bytes)
    }

    fn result(&self, inherent_loss: f64) -> Option<ProbeResult> {
        if self.arrived < ARRIVED_PACKETS_MIN
            || (self.arrived_bytes as f64) < self.sent_bytes as f64 * ARRIVED_SHARE_MIN
        {
            return None;
        }
        let send_us = self.received_last_us.saturating_sub(self.received_first_us);
        let arrive_us = self.last_arrival_us - self.first_arrival_us;
        if send_us == 0 || arrive_us <= 0 {
            return None;
        }
        // Both rates are of what arrived: loss must not pass for a path that is full.
        let kept = 1.0 - inherent_loss.min(0.5);
        let rate = |bytes: u64, us: f64| bytes as f64 * 8e6 / us / kept;
        let send_bps = rate(self.arrived_bytes - self.received_last_bytes, send_us as f64);
        let arrive_bps = rate(self.arrived_bytes - self.first_arrival_bytes, arrive_us as f64);
        if arrive_bps > send_bps * FASTER_SHARE_MAX {
            return None;
        }
        let full = arrive_bps < send_bps * FULL_SHARE;
        Some(ProbeResult {
            bps: if full {
                arrive_bps * FULL_USE
            } else {
                send_bps.min(arrive_bps)
            },
            capacity_bps: full.then_some(arrive_bps),
            loss: 1.0 - f64::from(self.arrived.min(self.packets)) / f64::from(self.packets),
        })
    }
}

/// What a cluster showed.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProbeResult {
    /// Bits per second that the path carries, at least.
    pub(super) bps: f64,
    /// What it carries at most; none when the probe arrived unhindered.
    pub(super) capacity_bps: Option<f64>,
    /// Share of the cluster that did not arrive.
    pub(super) loss: f64,
}

/// How long a cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    First,
    Short,
    Busy,
}

/// Sends and measures one cluster at a time.
#[derive(Debug)]
pub(super) struct Prober {
    sending: Option<Cluster>,
    waiting: Option<Cluster>,
    last_id: u8,
    clusters: u32,
    tokens: u64,
    refilled_us: u64,
}

impl Prober {
    pub(super) fn new(now_us: u64) -> Self {
        Self {
            sending: None,
            waiting: None,
            last_id: 0,
            clusters: 0,
            tokens: PADDING_BURST_BYTES_MAX,
            refilled_us: now_us,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.sending.is_none() && self.waiting.is_none()
    }

    pub(super) fn is_sending(&self) -> bool {
        self.sending.is_some()
    }

    /// Clusters begun so far.
    pub(super) fn clusters(&self) -> u32 {
        self.clusters
    }

    /// Begins a cluster; false while another one is on its way or the padding of this viewer is used up.
    pub(super) fn begin(&mut self, now_us: u64, bps: f64, length: Length) -> bool {
        let passed = now_us.saturating_sub(self.refilled_us);
        let refill = passed * PADDING_BYTES_PER_S_MAX / 1_000_000;
        if refill > 0 {
            self.tokens = (self.tokens + refill).min(PADDING_BURST_BYTES_MAX);
            self.refilled_us = now_us;
        }
        let us = match length {
            Length::First => FIRST_CLUSTER_US,
            Length::Short => CLUSTER_US,
            Length::Busy => BUSY_CLUSTER_US,
        };
        let bytes = ((bps * us as f64 / 8e6) as u64).max(CLUSTER_BYTES_MIN);
        if !self.is_idle() || self.tokens < bytes {
            return false;
        }
        self.last_id = self.last_id % 255 + 1;
        self.clusters += 1;
        self.sending = Some(Cluster {
            id: self.last_id,
            bps,
            bytes,
            started_us: now_us,
            last_sent_us: now_us,
            sent_bytes: 0,
            packets: 0,
            received_first_us: u64::MAX,
            received_last_us: 0,
            received_last_bytes: 0,
            first_arrival_us: i64::MAX,
            last_arrival_us: i64::MIN,
            first_arrival_bytes: 0,
            arrived_bytes: 0,
            arrived: 0,
        });
        true
    }

    /// Padding to send now so that the cluster keeps its rate, bytes.
    pub(super) fn due(&self, now_us: u64) -> u64 {
        self.sending.map_or(0, |cluster| cluster.due(now_us)).min(self.tokens)
    }

    /// A packet leaves; returns the number of the cluster it belongs to, 0 for none.
    pub(super) fn on_sent(&mut self, now_us: u64, bytes: u16, padding: bool) -> u8 {
        if padding {
            self.tokens = self.tokens.saturating_sub(u64::from(bytes));
        }
        let Some(cluster) = &mut self.sending else { return 0 };
        if cluster.packets == 0 {
            cluster.started_us = now_us;
        }
        cluster.last_sent_us = now_us;
        cluster.packets += 1;
        cluster.sent_bytes += u64::from(bytes);
        let id = cluster.id;
        if cluster.sent_bytes >= cluster.bytes {
            self.waiting = self.sending.take();
        }
        id
    }

    /// A packet of a cluster arrived.
    pub(super) fn on_received(&mut self, id: u8, sent_us: u64, arrival_us: i64, bytes: u16) {
        let both = [self.sending.as_mut(), self.waiting.as_mut()];
        let Some(cluster) = both.into_iter().flatten().find(|cluster| cluster.id == id) else {
            return;
        };
        cluster.received_first_us = cluster.received_first_us.min(sent_us);
        if sent_us > cluster.received_last_us {
            cluster.received_last_us = sent_us;
            cluster.received_last_bytes = 0;
        }
        if sent_us == cluster.received_last_us {
            cluster.received_last_bytes += u64::from(bytes);
        }
        if arrival_us < cluster.first_arrival_us {
            cluster.first_arrival_us = arrival_us;
            cluster.first_arrival_bytes = u64::from(bytes);
        }
        cluster.last_arrival_us = cluster.last_arrival_us.max(arrival_us);
        cluster.arrived_bytes += u64::from(bytes);
        cluster.arrived += 1;
    }

    /// Ends what has its result or took too long. `reported_us`: sending time of the newest packet reported on.
    /// Outer none: nothing ended; inner none: it showed nothing.
    pub(super) fn poll(&mut self, now_us: u64, reported_us: u64, inherent_loss: f64) -> Option<Option<ProbeResult>> {
        if let Some(cluster) = self.sending {
            // The shell had nothing to fill it with.
            if now_us.saturating_sub(cluster.started_us)
                > FIRST_CLUSTER_US + CLUSTER_BYTES_MIN * 8_000_000 / cluster.bps.max(1.0) as u64
            {
                self.sending = None;
                self.waiting = Some(cluster);
            }
        }
        let cluster = self.waiting?;
        let late = now_us.saturating_sub(cluster.last_sent_us) > RESULT_US;
        if reported_us < cluster.last_sent_us && !late {
            return None;
        }
        if !late && cluster.arrived < cluster.packets && reported_us == cluster.last_sent_us {
            let all = cluster.arrived_bytes as f64 >= cluster.sent_bytes as f64 * 0.9;
            if !all && now_us.saturating_sub(cluster.last_sent_us) < RESULT_US / 4 {
                return None;
            }
        }
        self.waiting = None;
        Some(cluster.result(inherent_loss))
    }
}
