// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The result of a run: one JSON object of a stable face, and series for plots that stay out of it.

use std::collections::{BTreeMap, BTreeSet};

use hdrhistogram::Histogram;
use serde::Serialize;

use super::percentiles::{Percentiles, curve};
use super::process::Reading;
use super::watchman::Second;
use crate::watch::account::{Faults, ViewerReport};
use crate::watch::join::Joined;
use crate::watch::pool::PoolReport;

/// Our own lateness above which the figures are not the server's alone, p99, milliseconds.
pub const GENERATOR_LAG_FAIR_MS: f64 = 20.0;
/// Errors that are listed.
const ERRORS_MAX: usize = 5;

/// Readings of the server's process, where a pid was given.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ServerCost {
    /// CPU time of the steady window per packet delivered in it, microseconds.
    pub server_cpu_us_per_packet: f64,
    /// How many times the floor that is.
    pub floor_ratio: f64,
    /// Share of one core in the steady window.
    pub server_cores: f64,
    /// Resident memory before the viewers came, kB.
    pub server_rss_before_kb: u64,
    /// The same at the end of the steady window.
    pub server_rss_after_kb: u64,
    /// Growth per viewer, kB.
    pub server_rss_per_viewer_kb: f64,
    /// Context switches per second that the server gave up the core in.
    pub server_switches_voluntary_per_s: f64,
    /// Context switches per second in which the core was taken from it.
    pub server_switches_forced_per_s: f64,
    /// Cores used by thread name, steady window.
    pub server_threads: BTreeMap<String, f64>,
}

impl ServerCost {
    /// Out of readings before the viewers came, and at both ends of the steady window of `seconds`.
    #[must_use]
    pub fn new(before: &Reading, from: &Reading, to: &Reading, outcome: &Outcome) -> Self {
        let seconds = outcome.seconds.max(0.001);
        let cpu_us = to.cpu_us.saturating_sub(from.cpu_us) as f64;
        let per_packet = cpu_us / outcome.steady_packets.max(1) as f64;
        let per_s = |to: u64, from: u64| to.saturating_sub(from) as f64 / seconds;
        let cores = |(name, us): (&String, &u64)| {
            let from = from.threads_us.get(name).copied().unwrap_or(0);
            (name.clone(), us.saturating_sub(from) as f64 / 1e6 / seconds)
        };
        Self {
            server_cpu_us_per_packet: per_packet,
            floor_ratio: per_packet / outcome.floor_us_per_packet.max(0.001),
            server_cores: cpu_us / 1e6 / seconds,
            server_rss_before_kb: before.rss_kb,
            server_rss_after_kb: to.rss_kb,
            server_rss_per_viewer_kb: (to.rss_kb as f64 - before.rss_kb as f64) / outcome.viewers.max(1) as f64,
            server_switches_voluntary_per_s: per_s(to.switches_voluntary, from.switches_voluntary),
            server_switches_forced_per_s: per_s(to.switches_forced, from.switches_forced),
            server_threads: to
                .threads_us
                .iter()
                .map(cores)
                .filter(|(_, cores)| *cores > 0.0005)
                .collect(),
        }
    }
}

/// What plots are drawn from.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// Quantile and latency in milliseconds.
    pub latency: Vec<(f64, f64)>,
    /// The same without keyframe packets.
    pub latency_plain: Vec<(f64, f64)>,
    /// Media packets delivered in each second.
    pub delivered_per_second: Vec<u64>,
    /// Click (seconds since the run began) and milliseconds from it to the first whole keyframe.
    pub joins: Vec<(f64, f64)>,
    /// The server's process, second by second.
    pub server: Vec<Second>,
    /// Measured window, seconds since the run began.
    pub steady: (f64, f64),
}

/// Everything a run found. The fields' order is the order in the JSON.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Outcome {
    /// Scenario.
    pub scenario: String,
    /// The server that was measured.
    pub venue: String,
    /// What lies between, such as `lo` or `veth`, as the caller names it.
    pub link: String,
    /// Viewers asked for.
    pub viewers: usize,
    /// Viewers that got in and received media.
    pub viewers_served: usize,
    /// Viewers that were refused or never connected.
    pub refused_joins: usize,
    /// Viewers that opened and checked every packet; latency is theirs.
    pub viewers_checked: usize,
    /// Length of the steady window.
    pub seconds: f64,
    /// `whep`, `ws` or `mixed`.
    pub mode: String,
    /// SRTP profiles in use and how often.
    pub srtp: BTreeMap<&'static str, usize>,
    /// Different packets received / sent since each viewer's first; with several publishers or layers / sequence numbers.
    pub delivered_ratio: f64,
    /// The same for audio alone, which has no retransmission.
    pub delivered_ratio_audio: f64,
    /// The same for video alone.
    pub delivered_ratio_video: f64,
    /// The worst viewer's ratio.
    pub delivered_ratio_worst: f64,
    /// The ratio of those who were there before a burst; that of all without one.
    pub delivered_ratio_running: f64,
    /// Packets delivered in all.
    pub delivered_packets: u64,
    /// Packets delivered in the steady window.
    pub steady_packets: u64,
    /// Stamp to arrival at the viewer's socket, steady window, milliseconds.
    pub latency_ms: Percentiles,
    /// The same without keyframe packets.
    pub latency_without_keyframes_ms: Percentiles,
    /// Click to the first media packet, milliseconds; of the burst's viewers where there is one.
    pub join_first_packet_ms: Percentiles,
    /// Click to the first whole keyframe, milliseconds; of the burst's viewers where there is one.
    pub join_first_keyframe_ms: Percentiles,
    /// Viewers that never got a whole keyframe.
    pub without_picture: usize,
    /// From a change of speaker to the first whole keyframe of the new one, milliseconds.
    pub switch_ms: Percentiles,
    /// Changes seen, of all viewers.
    pub switches_seen: usize,
    /// Lip-sync error by the server's sender reports, worst viewer, milliseconds.
    pub av_skew_worst_ms: f64,
    /// The server's process.
    #[serde(flatten)]
    pub server: Option<ServerCost>,
    /// Copy, seal and send of the same packets in the same batches, microseconds.
    pub floor_us_per_packet: f64,
    /// Mean number of packets that came together to one viewer.
    pub batch_mean: f64,
    /// Cores that this program used in the steady window.
    pub generator_cores: f64,
    /// CPU time of the receiving threads per datagram taken, microseconds.
    pub generator_us_per_packet: f64,
    /// Between a datagram's arrival at our socket and our taking it, milliseconds.
    pub generator_lag_ms: Percentiles,
    /// The generator was too slow: the figures are not the server's alone.
    pub generator_lagged: bool,
    /// Cores that neither this program nor the measured server used: builds and the like, which spoil the figures.
    pub other_cores: f64,
    /// SRTP or SRTCP tags that did not fit.
    pub auth_failures: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets that came after newer ones.
    pub reorders: u64,
    /// New packets that came by RTX.
    pub repaired_by_rtx: u64,
    /// Retransmissions received.
    pub rtx_packets: u64,
    /// Sequence numbers asked for again.
    pub nacks_sent: u64,
    /// Keyframes asked for by viewers.
    pub plis_sent: u64,
    /// Probes received.
    pub padding_packets: u64,
    /// Media of other publishers in the room.
    pub unstamped_packets: u64,
    /// Datagrams that emulated networks lost.
    pub network_lost: u64,
    /// Datagrams that our own sockets dropped; delivery is not judged when this is not 0.
    pub own_socket_drops: u64,
    /// Keyframes that the server asked the publisher for.
    pub publisher_keyframe_requests: u64,
    /// Packets that the server asked the publisher for again.
    pub publisher_retransmitted: u64,
    /// Rules of the wire that the server broke.
    pub faults: Faults,
    /// Different errors, at most five.
    pub errors: Vec<String>,
    /// For the plots.
    #[serde(skip)]
    pub series: Series,
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn add<'a>(histograms: impl Iterator<Item = &'a Histogram<u64>>) -> Option<Histogram<u64>> {
    histograms.fold(None, |sum: Option<Histogram<u64>>, one| match sum {
        Some(mut sum) => {
            let _ = sum.add(one);
            Some(sum)
        }
        None => Some(one.clone()),
    })
}

impl Outcome {
    /// Adds up what the pools saw and who never got in. Viewers from number `burst_from` on came in a burst.
    #[must_use]
    pub fn new(viewers: usize, burst_from: usize, pools: Vec<PoolReport>, joined: &Joined) -> Self {
        let mut out = Self {
            viewers,
            refused_joins: joined.refused.len(),
            ..Self::default()
        };
        out.add_counters(&pools);
        let reports: Vec<ViewerReport> = pools.into_iter().flat_map(|pool| pool.viewers).collect();
        out.add_delivery(&reports, burst_from);
        out.add_joins(&reports, if burst_from < viewers { burst_from } else { 0 });
        for report in &reports {
            out.add_viewer(report);
        }
        let errors = joined
            .refused
            .iter()
            .chain(&joined.later)
            .chain(reports.iter().filter_map(|r| r.error.as_ref()));
        let different: BTreeSet<&String> = errors.collect();
        out.errors = different.into_iter().take(ERRORS_MAX).cloned().collect();
        out
    }

    fn add_counters(&mut self, pools: &[PoolReport]) {
        let counters = || pools.iter().map(|pool| &pool.counters);
        self.steady_packets = counters().map(|c| c.steady_packets).sum();
        self.own_socket_drops = counters().map(|c| c.socket_drops + c.send_refused).sum();
        let datagrams: u64 = counters().map(|c| c.steady_datagrams).sum();
        let cpu_ns: u64 = counters().map(|c| c.steady_cpu_ns).sum();
        self.generator_us_per_packet = cpu_ns as f64 / 1_000.0 / datagrams.max(1) as f64;
        if let Some(all) = add(counters().map(|c| &c.latency_us)) {
            self.latency_ms = Percentiles::of_us(&all);
            self.series.latency = curve(&all);
        }
        if let Some(plain) = add(counters().map(|c| &c.latency_plain_us)) {
            self.latency_without_keyframes_ms = Percentiles::of_us(&plain);
            self.series.latency_plain = curve(&plain);
        }
        if let Some(lag) = add(counters().map(|c| &c.lag_us)) {
            self.generator_lag_ms = Percentiles::of_us(&lag);
        }
        for counter in counters() {
            let total = &mut self.series.delivered_per_second;
            if total.len() < counter.per_second.len() {
                total.resize(counter.per_second.len(), 0);
            }
            total.iter_mut().zip(&counter.per_second).for_each(|(sum, n)| *sum += n);
        }
        if let Some(pattern) = counters().map(|c| &c.pattern).find(|p| !p.is_empty()) {
            let packets: usize = pattern.iter().map(Vec::len).sum();
            self.batch_mean = packets as f64 / pattern.len() as f64;
        }
    }

    fn add_delivery(&mut self, reports: &[ViewerReport], burst_from: usize) {
        let (mut unique, mut expected, mut running) = ([0, 0], [0, 0], (0, 0));
        self.delivered_ratio_worst = 1.0;
        for report in reports {
            let own: (u64, u64) = (report.unique.iter().sum(), report.expected.iter().sum());
            for i in 0..2 {
                unique[i] += report.unique[i];
                expected[i] += report.expected[i];
            }
            if report.number < burst_from {
                running = (running.0 + own.0, running.1 + own.1);
            }
            self.delivered_ratio_worst = self.delivered_ratio_worst.min(ratio(own.0, own.1));
        }
        self.delivered_packets = unique.iter().sum();
        self.delivered_ratio = ratio(self.delivered_packets, expected.iter().sum());
        self.delivered_ratio_audio = ratio(unique[0], expected[0]);
        self.delivered_ratio_video = ratio(unique[1], expected[1]);
        self.delivered_ratio_running = ratio(running.0, running.1);
    }

    fn add_joins(&mut self, reports: &[ViewerReport], from: usize) {
        let of = |pick: fn(&ViewerReport) -> Option<f64>| {
            let late = reports.iter().filter(|r| r.number >= from);
            Percentiles::of_ms(late.filter_map(pick).collect())
        };
        self.join_first_packet_ms = of(|r| r.first_packet_ms);
        self.join_first_keyframe_ms = of(|r| r.first_keyframe_ms);
        self.without_picture = reports.iter().filter(|r| r.first_keyframe_ms.is_none()).count();
        let joins = reports.iter().filter_map(|r| Some((r.clicked_s, r.first_keyframe_ms?)));
        self.series.joins = joins.collect();
        let switches: Vec<f64> = reports.iter().flat_map(|r| r.switches_ms.iter().copied()).collect();
        self.switches_seen = switches.len();
        self.switch_ms = Percentiles::of_ms(switches);
    }

    fn add_viewer(&mut self, report: &ViewerReport) {
        if report.first_packet_ms.is_some() {
            self.viewers_served += 1;
        } else {
            self.refused_joins += 1;
        }
        self.viewers_checked += usize::from(report.checked);
        if let Some(name) = report.srtp {
            *self.srtp.entry(name).or_default() += 1;
        }
        let skew = report.av_skew_ms.unwrap_or(0.0);
        if skew.abs() > self.av_skew_worst_ms.abs() {
            self.av_skew_worst_ms = skew;
        }
        self.auth_failures += report.auth_failures;
        self.duplicates += report.duplicates;
        self.reorders += report.reorders;
        self.repaired_by_rtx += report.repaired;
        self.rtx_packets += report.rtx_packets;
        self.nacks_sent += report.nacks;
        self.plis_sent += report.plis;
        self.padding_packets += report.padding_packets;
        self.unstamped_packets += report.unstamped;
        self.network_lost += report.network_lost;
        self.own_socket_drops += report.socket_drops;
        for (name, n) in &report.faults {
            *self.faults.entry(name).or_default() += n;
        }
    }

    /// Judges the generator itself, once everything else is known.
    pub fn judge_generator(&mut self) {
        self.generator_lagged = self.own_socket_drops > 0 || self.generator_lag_ms.p99 > GENERATOR_LAG_FAIR_MS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::counters::PoolCounters;

    fn viewer(number: usize, unique: u64, keyframe_ms: Option<f64>) -> ViewerReport {
        ViewerReport {
            number,
            unique: [0, unique],
            expected: [0, 100],
            first_packet_ms: keyframe_ms,
            first_keyframe_ms: keyframe_ms,
            ..ViewerReport::default()
        }
    }

    #[test]
    fn a_burst_is_told_from_those_who_were_there() {
        let pool = PoolReport {
            counters: PoolCounters::new().unwrap(),
            viewers: vec![
                viewer(0, 100, Some(10.0)),
                viewer(1, 90, Some(20.0)),
                viewer(2, 50, Some(300.0)),
                viewer(3, 0, None),
            ],
        };
        let joined = Joined {
            refused: vec!["full".into()],
            later: vec!["full".into()],
        };
        let mut outcome = Outcome::new(5, 2, vec![pool], &joined);
        assert_eq!((outcome.delivered_ratio_running, outcome.delivered_ratio), (0.95, 0.6));
        assert_eq!((outcome.delivered_ratio_worst, outcome.without_picture), (0.0, 1));
        assert_eq!(outcome.join_first_keyframe_ms.p50, 300.0);
        assert_eq!((outcome.viewers_served, outcome.refused_joins), (3, 2));
        assert_eq!(outcome.errors, ["full"]);
        outcome.judge_generator();
        assert!(!outcome.generator_lagged);
        outcome.own_socket_drops = 1;
        outcome.judge_generator();
        assert!(outcome.generator_lagged);
    }

    #[test]
    fn json_is_one_line() {
        let outcome = Outcome {
            server: Some(ServerCost::default()),
            ..Outcome::default()
        };
        let json = serde_json::to_string(&outcome).unwrap();
        assert!(json.contains("\"server_cpu_us_per_packet\":0.0") && !json.contains('\n'));
        assert!(!json.contains("series"));
    }
}
