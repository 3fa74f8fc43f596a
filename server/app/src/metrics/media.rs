// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The media plane's counters as metrics: per thread, and in sum. Read when somebody asks for the numbers.

use std::collections::BTreeMap;

use fiera_media::{
    CountersSnapshot, ESTIMATE_BUCKETS_BPS, LATENCY_BUCKETS_S, MediaHandle, RUN_LENGTHS, ThreadSnapshot,
};
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType, Summary};

use super::Reasons;

/// What one answer is made of.
struct Reading {
    sum: CountersSnapshot,
    threads: Vec<ThreadSnapshot>,
    /// Of both planes: they refuse under the same reasons, and each reason is one line.
    refused: BTreeMap<String, u64>,
}

struct Family {
    name: &'static str,
    /// With its unit.
    help: &'static str,
    labels: &'static [&'static str],
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

const FAMILIES: [Family; 34] = [
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
    of(
        "fiera_subscribers_on_streams",
        "Viewing connections that are up over TCP or TURN",
        Values::Gauge(|sum| sum.subscribers_on_streams),
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

/// Reads the media plane's counters when somebody asks for the numbers.
pub(super) struct MediaCollector {
    media: MediaHandle,
    reasons: Reasons,
    descs: Vec<Desc>,
}

impl MediaCollector {
    /// # Errors
    /// Names or labels that the format does not allow.
    pub(super) fn new(media: MediaHandle, reasons: Reasons) -> Result<Self, prometheus::Error> {
        let desc = |family: &Family| {
            let labels = family.labels.iter().map(|label| (*label).to_owned()).collect();
            let none = std::collections::HashMap::new();
            Desc::new(family.name.to_owned(), family.help.to_owned(), labels, none)
        };
        let descs = FAMILIES.iter().map(desc).collect::<Result<_, _>>()?;
        Ok(Self { media, reasons, descs })
    }

    fn read(&self) -> Reading {
        let sum = self.media.counters();
        let mut refused: BTreeMap<String, u64> = sum
            .refused
            .iter()
            .map(|(reason, n)| ((*reason).to_owned(), *n))
            .collect();
        let reasons = self.reasons.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (reason, n) in reasons.iter() {
            *refused.entry(reason.clone()).or_default() += n;
        }
        Reading {
            sum,
            threads: self.media.thread_counters(),
            refused,
        }
    }
}

impl Collector for MediaCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let now = self.read();
        FAMILIES.iter().map(|family| family.collect(&now)).collect()
    }
}

impl Family {
    fn collect(&self, now: &Reading) -> MetricFamily {
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

#[expect(
    clippy::cast_precision_loss,
    reason = "the format knows only floats; 2^53 packets take decades"
)]
fn float(value: u64) -> f64 {
    value as f64
}

fn per_thread(now: &Reading, read: impl Fn(&ThreadSnapshot) -> Metric) -> Vec<Metric> {
    let threads = now.threads.iter();
    threads
        .map(|thread| with("thread", &thread.thread.to_string(), read(thread)))
        .collect()
}

fn with(label: &str, value: &str, mut metric: Metric) -> Metric {
    let mut pair = LabelPair::default();
    pair.set_name(label.to_owned());
    pair.set_value(value.to_owned());
    metric.set_label(vec![pair]);
    metric
}

fn counter(value: f64) -> Metric {
    let mut counter = Counter::default();
    counter.set_value(value);
    let mut metric = Metric::default();
    metric.set_counter(counter);
    metric
}

fn gauge(value: f64) -> Metric {
    let mut gauge = Gauge::default();
    gauge.set_value(value);
    let mut metric = Metric::default();
    metric.set_gauge(gauge);
    metric
}

fn summary(count: u64, sum: f64) -> Metric {
    let mut summary = Summary::default();
    summary.set_sample_count(count);
    summary.set_sample_sum(sum);
    let mut metric = Metric::default();
    metric.set_summary(summary);
    metric
}

/// `counts` per bucket (not cumulative), then those above where there are any.
fn histogram(bounds: &[f64], counts: &[u64], sum: f64) -> Metric {
    let mut below = 0;
    let buckets = bounds.iter().zip(counts).map(|(bound, count)| {
        below += count;
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(below);
        bucket
    });
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(counts.iter().sum());
    histogram.set_sample_sum(sum);
    let mut metric = Metric::default();
    metric.set_histogram(histogram);
    metric
}

fn runs(thread: &ThreadSnapshot) -> Metric {
    let bounds = RUN_LENGTHS.map(f64::from);
    histogram(&bounds, &thread.runs, float(thread.sent_datagrams))
}
