// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The counters as other threads see them.

use fiera_sfu::allocate::Reason;
use fiera_sfu::counters::{Counters, Drop, ESTIMATE_BUCKETS_BPS, LATENCY_BUCKETS_US};
use fiera_sfu::egress::Run;
use fiera_sfu::engine::Carrier;

/// Upper bounds of the forward-latency histogram, seconds.
pub const LATENCY_BUCKETS_S: [f64; 12] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0,
];

/// Upper bounds of the lengths of runs, datagrams that share one buffer of one send.
pub const RUN_LENGTHS: [u16; 7] = [1, 2, 4, 8, 16, 32, 64];

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
    /// Those of them by the stable name of what carries them.
    pub subscribers_by_carrier: Vec<(&'static str, u64)>,
    /// Retransmissions sent to viewers.
    pub retransmitted_packets: u64,
    /// Lost packets of publishers that the redundancy of later ones brought.
    pub recovered_packets: u64,
    /// Bytes of padding sent to measure paths, UDP payload.
    pub padding_bytes: u64,
    /// Times that a viewer's pictures stopped for a full socket or stream.
    pub congested: u64,
    /// Keyframe requests sent to publishers.
    pub keyframe_requests: u64,
    /// RTP packets taken from publishers.
    pub received_packets: u64,
    /// Slots of all viewers as they are now, by stable reason why they get what they get.
    pub slots_by_reason: Vec<(&'static str, u64)>,
    /// Viewers as they are now per bucket of [`crate::ESTIMATE_BUCKETS_BPS`] of what their paths carry (not cumulative),
    /// then those above.
    pub estimates: [u64; ESTIMATE_BUCKETS_BPS.len() + 1],
}

/// What the socket did and dropped.
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
    pub(crate) receive_calls: u64,
    pub(crate) received: u64,
    pub(crate) send_calls: u64,
    pub(crate) sent_datagrams: u64,
    /// By [`RUN_LENGTHS`].
    pub(crate) runs: [u64; RUN_LENGTHS.len()],
}

impl SocketCounters {
    /// Counts what one system call took.
    pub(crate) fn sent(&mut self, runs: &[Run]) {
        self.send_calls += 1;
        for run in runs {
            self.sent_datagrams += u64::from(run.segments);
            let bucket = RUN_LENGTHS.iter().position(|bound| run.segments <= *bound);
            if let Some(count) = bucket.and_then(|bucket| self.runs.get_mut(bucket)) {
                *count += 1;
            }
        }
    }

    pub(crate) fn add(&mut self, other: &SocketCounters) {
        self.blocked += other.blocked;
        self.streams_full += other.streams_full;
        self.failed += other.failed;
        self.gso_fallbacks += other.gso_fallbacks;
        self.receive_calls += other.receive_calls;
        self.received += other.received;
        self.send_calls += other.send_calls;
        self.sent_datagrams += other.sent_datagrams;
        for (sum, more) in self.runs.iter_mut().zip(other.runs) {
            *sum += more;
        }
    }
}

/// What one media thread did since the start, but for `queue_depth` and the connections, which are as they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ThreadSnapshot {
    /// Its number, from 0.
    pub thread: usize,
    /// Seconds that it did not wait for anything; the share is that of `elapsed_s`.
    pub busy_s: f64,
    /// Seconds since it started.
    pub elapsed_s: f64,
    /// Letters that wait in its mailbox.
    pub queue_depth: usize,
    /// Packets and datagrams for it that its full mailbox refused.
    pub queue_drops: u64,
    /// Datagrams that it received for connections of other threads.
    pub forwarded_datagrams: u64,
    /// `recvmmsg` calls.
    pub receive_calls: u64,
    /// Datagrams that they brought.
    pub received_datagrams: u64,
    /// `sendmmsg` calls that took something.
    pub send_calls: u64,
    /// Datagrams that they took (segments of runs).
    pub sent_datagrams: u64,
    /// Runs of datagrams to one peer, per upper bound of [`RUN_LENGTHS`] (not cumulative).
    pub runs: [u64; RUN_LENGTHS.len()],
    /// Packets taken over from the home threads of their rooms.
    pub relayed_packets: u64,
    /// Sum of the times from their arrival there to here (skew), seconds.
    pub skew_sum_s: f64,
    /// The longest of these times, seconds.
    pub skew_max_s: f64,
    /// Ticks made.
    pub ticks: u64,
    /// Ticks that came later than the next one was due.
    pub ticks_late: u64,
    /// Publishing connections that are up here.
    pub publishers: u64,
    /// Viewing connections that are up here.
    pub subscribers: u64,
    /// Times that it began anew after a panic.
    pub restarts: u64,
}

/// What a thread publishes of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    pub(crate) counters: Counters,
    pub(crate) socket: SocketCounters,
    pub(crate) thread: ThreadSnapshot,
}

impl Report {
    /// The thread's own figures, completed by what core and socket counted.
    pub(crate) fn snapshot(&self) -> ThreadSnapshot {
        let (counters, socket) = (&self.counters, &self.socket);
        ThreadSnapshot {
            receive_calls: socket.receive_calls,
            received_datagrams: socket.received,
            send_calls: socket.send_calls,
            sent_datagrams: socket.sent_datagrams,
            runs: socket.runs,
            relayed_packets: counters.relayed_packets,
            skew_sum_s: counters.relay_skew_sum_us as f64 / 1e6,
            skew_max_s: counters.relay_skew_max_us as f64 / 1e6,
            publishers: counters.publishers,
            subscribers: counters.viewers,
            ..self.thread.clone()
        }
    }
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
            subscribers_by_carrier: Carrier::ALL
                .into_iter()
                .map(Carrier::name)
                .zip(counters.viewers_by_carrier)
                .collect(),
            retransmitted_packets: counters.retransmitted_packets,
            recovered_packets: counters.recovered_packets,
            padding_bytes: counters.padding_bytes,
            congested: counters.congested,
            keyframe_requests: counters.keyframe_requests,
            received_packets: counters.received_packets,
            slots_by_reason: Reason::ALL
                .into_iter()
                .map(Reason::name)
                .zip(counters.slots_by_reason)
                .collect(),
            estimates: counters.estimates,
        }
    }
}
