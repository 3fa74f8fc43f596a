// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The media plane's metrics as a table: name, help, labels and how each is read.

use fiera_media::{CountersSnapshot, ESTIMATE_BUCKETS_BPS, LATENCY_BUCKETS_S, ThreadSnapshot};
use prometheus::proto::{Metric, MetricFamily, MetricType};

use super::{Reading, counter, float, gauge, histogram, per_thread, runs, summary, with};

/// One line of the table below, and what it becomes.
pub(super) struct Family {
    pub(super) name: &'static str,
    /// With its unit.
    pub(super) help: &'static str,
    pub(super) labels: &'static [&'static str],
    values: Values,
}

enum Values {
    Counter(fn(&CountersSnapshot) -> u64),
    Gauge(fn(&CountersSnapshot) -> u64),
    /// A counter and a gauge for each thread.
    ThreadCounter(fn(&ThreadSnapshot) -> f64),
    ThreadGauge(fn(&ThreadSnapshot) -> f64),
    /// Anything else.
    Other(MetricType, fn(&Reading) -> Vec<Metric>),
}

const fn of(name: &'static str, help: &'static str, values: Values) -> Family {
    let labels: &[&str] = match values {
        Values::ThreadCounter(_) | Values::ThreadGauge(_) => &["thread"],
        _ => &[],
    };
    Family {
        name,
        help,
        labels,
        values,
    }
}

const fn labelled(name: &'static str, help: &'static str, labels: &'static [&'static str], values: Values) -> Family {
    Family {
        labels,
        ..of(name, help, values)
    }
}

/// All of them.
pub(super) const FAMILIES: [Family; 34] = [
    of(
        "fiera_rtp_forwarded_packets_total",
        "RTP packets sent to viewers",
        Values::Counter(|sum| sum.forwarded_packets),
    ),
    of(
        "fiera_rtp_forwarded_bytes_total",
        "Bytes of those, UDP payload",
        Values::Counter(|sum| sum.forwarded_bytes),
    ),
    of(
        "fiera_rtp_received_packets_total",
        "RTP packets taken from publishers",
        Values::Counter(|sum| sum.received_packets),
    ),
    of(
        "fiera_rtp_retransmitted_packets_total",
        "RTP packets sent to viewers once more; they are among those forwarded",
        Values::Counter(|sum| sum.retransmitted_packets),
    ),
    of(
        "fiera_rtp_recovered_packets_total",
        "Lost sound packets of publishers that later ones brought along (RED)",
        Values::Counter(|sum| sum.recovered_packets),
    ),
    of(
        "fiera_rtp_padding_bytes_total",
        "Bytes of padding sent to viewers to measure their paths, UDP payload",
        Values::Counter(|sum| sum.padding_bytes),
    ),
    of(
        "fiera_keyframe_requests_total",
        "Keyframe requests sent to publishers",
        Values::Counter(|sum| sum.keyframe_requests),
    ),
    of(
        "fiera_congestion_stops_total",
        "Times that a viewer's pictures stopped until a keyframe, because its socket or stream was full",
        Values::Counter(|sum| sum.congested),
    ),
    labelled(
        "fiera_rtp_dropped_packets_total",
        "RTP packets not sent on",
        &["reason"],
        Values::Other(MetricType::COUNTER, |now| {
            let dropped = now.sum.dropped_packets.iter();
            dropped
                .map(|(reason, n)| with("reason", reason, counter(float(*n))))
                .collect()
        }),
    ),
    of(
        "fiera_forward_latency_seconds",
        "Seconds from a packet's arrival to its being sent",
        Values::Other(MetricType::HISTOGRAM, |now| {
            let counts = &now.sum.latency_counts;
            vec![histogram(&LATENCY_BUCKETS_S, counts, now.sum.latency_sum_s)]
        }),
    ),
    of(
        "fiera_publishers",
        "Publishing connections that are up",
        Values::Gauge(|sum| sum.publishers),
    ),
    of(
        "fiera_subscribers",
        "Viewing connections that are up",
        Values::Gauge(|sum| sum.subscribers),
    ),
    labelled(
        "fiera_subscribers_by_path",
        "Viewing connections that are up, by what carries them; those not on udp could not be reached by it",
        &["path"],
        Values::Other(MetricType::GAUGE, |now| {
            let carriers = now.sum.subscribers_by_carrier.iter();
            carriers
                .map(|(carrier, n)| with("path", carrier, gauge(float(*n))))
                .collect()
        }),
    ),
    labelled(
        "fiera_layers_served",
        "Slots of all viewers now, by why they get the layer that they get; wanted: all that was asked for",
        &["reason"],
        Values::Other(MetricType::GAUGE, |now| {
            let slots = now.sum.slots_by_reason.iter();
            slots
                .map(|(reason, n)| with("reason", reason, gauge(float(*n))))
                .collect()
        }),
    ),
    labelled(
        "fiera_subscribers_by_estimate",
        "Viewing connections now whose path is estimated to carry up to so many bits per second, and more than the bound below",
        &["up_to_bps"],
        Values::Other(MetricType::GAUGE, |now| {
            let bounds = ESTIMATE_BUCKETS_BPS.iter().map(u64::to_string);
            let bounds = bounds.chain(["+Inf".to_owned()]);
            bounds
                .zip(now.sum.estimates)
                .map(|(bound, n)| with("up_to_bps", &bound, gauge(float(n))))
                .collect()
        }),
    ),
    labelled(
        "fiera_refused_total",
        "Messages, requests and datagrams refused",
        &["reason"],
        Values::Other(MetricType::COUNTER, |now| {
            let refused = now.refused.iter();
            refused
                .map(|(reason, n)| with("reason", reason, counter(float(*n))))
                .collect()
        }),
    ),
    of(
        "fiera_media_busy_seconds_total",
        "Seconds in which a media thread did not wait; the rate is its busy share, 1 is all of a core",
        Values::ThreadCounter(|thread| thread.busy_s),
    ),
    of(
        "fiera_media_queue_depth",
        "Messages that wait for a media thread",
        Values::ThreadGauge(|thread| float(thread.queue_depth as u64)),
    ),
    of(
        "fiera_media_queue_drops_total",
        "Packets and datagrams that a media thread's full queue refused",
        Values::ThreadCounter(|thread| float(thread.queue_drops)),
    ),
    of(
        "fiera_media_handed_on_datagrams_total",
        "Datagrams that a media thread received for connections of other threads",
        Values::ThreadCounter(|thread| float(thread.forwarded_datagrams)),
    ),
    of(
        "fiera_media_receive_calls_total",
        "System calls by which a media thread received datagrams",
        Values::ThreadCounter(|thread| float(thread.receive_calls)),
    ),
    of(
        "fiera_media_received_datagrams_total",
        "Datagrams that a media thread received; divided by the calls: datagrams per call",
        Values::ThreadCounter(|thread| float(thread.received_datagrams)),
    ),
    of(
        "fiera_media_send_calls_total",
        "System calls by which a media thread sent datagrams",
        Values::ThreadCounter(|thread| float(thread.send_calls)),
    ),
    of(
        "fiera_media_sent_datagrams_total",
        "Datagrams that a media thread sent; divided by the calls: datagrams per call",
        Values::ThreadCounter(|thread| float(thread.sent_datagrams)),
    ),
    labelled(
        "fiera_media_run_datagrams",
        "Datagrams to one peer that left together in one run (GSO)",
        &["thread"],
        Values::Other(MetricType::HISTOGRAM, |now| per_thread(now, runs)),
    ),
    labelled(
        "fiera_media_skew_seconds",
        "Seconds by which packets came later to a media thread than to the home thread of their room",
        &["thread"],
        Values::Other(MetricType::SUMMARY, |now| {
            per_thread(now, |thread| summary(thread.relayed_packets, thread.skew_sum_s))
        }),
    ),
    of(
        "fiera_media_skew_max_seconds",
        "The longest of these times since the start, seconds",
        Values::ThreadGauge(|thread| thread.skew_max_s),
    ),
    of(
        "fiera_media_ticks_total",
        "Ticks that a media thread made",
        Values::ThreadCounter(|thread| float(thread.ticks)),
    ),
    of(
        "fiera_media_late_ticks_total",
        "Ticks that came when the next one was due already",
        Values::ThreadCounter(|thread| float(thread.ticks_late)),
    ),
    of(
        "fiera_media_publishers",
        "Publishing connections that are up on a media thread",
        Values::ThreadGauge(|thread| float(thread.publishers)),
    ),
    of(
        "fiera_media_subscribers",
        "Viewing connections that are up on a media thread",
        Values::ThreadGauge(|thread| float(thread.subscribers)),
    ),
    of(
        "fiera_media_restarts_total",
        "Times that a media thread began anew after a fault, ending its connections",
        Values::ThreadCounter(|thread| float(thread.restarts)),
    ),
    of(
        "fiera_media_threads",
        "Media threads",
        Values::Other(MetricType::GAUGE, |now| vec![gauge(float(now.threads.len() as u64))]),
    ),
    of(
        "fiera_media_uptime_seconds",
        "Seconds since a media thread started",
        Values::ThreadGauge(|thread| thread.elapsed_s),
    ),
];

impl Family {
    /// What it says now.
    pub(super) fn collect(&self, now: &Reading) -> MetricFamily {
        let (kind, metrics) = match &self.values {
            Values::Counter(read) => (MetricType::COUNTER, vec![counter(float(read(&now.sum)))]),
            Values::Gauge(read) => (MetricType::GAUGE, vec![gauge(float(read(&now.sum)))]),
            Values::ThreadCounter(read) => (MetricType::COUNTER, per_thread(now, |thread| counter(read(thread)))),
            Values::ThreadGauge(read) => (MetricType::GAUGE, per_thread(now, |thread| gauge(read(thread)))),
            Values::Other(kind, read) => (*kind, read(now)),
        };
        let mut family = MetricFamily::default();
        family.set_name(self.name.to_owned());
        family.set_help(self.help.to_owned());
        family.set_field_type(kind);
        family.set_metric(metrics);
        family
    }
}
