// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The media plane's counters as metrics: per thread, and in sum. Read when somebody asks for the numbers.

mod families;

use std::collections::BTreeMap;

use fiera_media::{CountersSnapshot, MediaHandle, RUN_LENGTHS, ThreadSnapshot};
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, Summary};

use super::Reasons;
use families::{FAMILIES, Family};

/// What one answer is made of.
struct Reading {
    sum: CountersSnapshot,
    threads: Vec<ThreadSnapshot>,
    /// Of both planes: they refuse under the same reasons, and each reason is one line.
    refused: BTreeMap<String, u64>,
}

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
