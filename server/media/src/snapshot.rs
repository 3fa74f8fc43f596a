// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The counters as other threads see them.

use fiera_sfu::counters::{Counters, Drop, LATENCY_BUCKETS_US};

/// Upper bounds of the forward-latency histogram, seconds.
pub const LATENCY_BUCKETS_S: [f64; 12] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0,
];

/// Counters since the start, all threads added up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CountersSnapshot {
    /// RTP packets sent to viewers.
    pub forwarded_packets: u64,
    /// Bytes of those, UDP payload.
    pub forwarded_bytes: u64,
    /// RTP packets dropped, by stable reason.
    pub dropped_packets: Vec<(&'static str, u64)>,
    /// Datagrams and commands refused, by stable reason.
    pub refused: Vec<(&'static str, u64)>,
    /// Counts per bucket of [`LATENCY_BUCKETS_S`] (not cumulative), then those above.
    pub latency_counts: [u64; 13],
    /// Sum of all latencies, seconds.
    pub latency_sum_s: f64,
    /// Publishing connections that are up.
    pub publishers: u64,
    /// Viewing connections that are up.
    pub subscribers: u64,
}

/// What the socket dropped.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SocketCounters {
    /// Datagrams that the kernel would not take in time.
    pub(crate) blocked: u64,
    /// Datagrams that a stream would not take.
    pub(crate) streams_full: u64,
    /// Datagrams that the kernel refused.
    pub(crate) failed: u64,
    /// Runs that were resent without segmentation offload.
    pub(crate) gso_fallbacks: u64,
}

impl CountersSnapshot {
    pub(crate) fn of(counters: &Counters, socket: SocketCounters, mail_refused: u64) -> Self {
        debug_assert_eq!(LATENCY_BUCKETS_US.len(), LATENCY_BUCKETS_S.len());
        let is_packet = |reason: Drop| {
            use Drop::{ArenaFull, Muted, NoCodec, Old, Retransmission, UnknownStream};
            matches!(
                reason,
                ArenaFull | Muted | NoCodec | Old | Retransmission | UnknownStream
            )
        };
        let mut dropped_packets = vec![
            ("socket_full", socket.blocked),
            ("socket_refused", socket.failed),
            ("stream_full", socket.streams_full),
        ];
        let mut refused = vec![
            ("gso_fallback", socket.gso_fallbacks),
            ("mailbox_full", mail_refused),
            ("congested_viewer", counters.congested),
        ];
        for (reason, count) in Drop::ALL.into_iter().zip(counters.drops) {
            let list = if is_packet(reason) {
                &mut dropped_packets
            } else {
                &mut refused
            };
            list.push((reason.name(), count));
        }
        Self {
            forwarded_packets: counters.forwarded_packets,
            forwarded_bytes: counters.forwarded_bytes,
            dropped_packets,
            refused,
            latency_counts: counters.latency,
            latency_sum_s: counters.latency_sum_us as f64 / 1e6,
            publishers: counters.publishers,
            subscribers: counters.viewers,
        }
    }
}
