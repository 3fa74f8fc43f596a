// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The result of a run: a summary for people, and one JSON object that `make bench` reads.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::watch::account::{Faults, ViewerReport};
use crate::watch::join::Joined;
use crate::watch::pool::PoolReport;

/// Above this the machine was not ours, and the summary says so.
const OTHER_CORES_FAIR: f64 = 0.3;

/// Percentiles in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Percentiles {
    /// Median.
    pub p50: f64,
    /// 95th.
    pub p95: f64,
    /// 99th.
    pub p99: f64,
    /// Worst.
    pub max: f64,
}

impl Percentiles {
    fn of_us(histogram: &Histogram<u64>) -> Self {
        let at = |q| histogram.value_at_quantile(q) as f64 / 1_000.0;
        Self {
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: histogram.max() as f64 / 1_000.0,
        }
    }

    fn of_ms(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |q: f64| {
            let i = (values.len() as f64 * q).ceil() as usize;
            values.get(i.saturating_sub(1)).copied().unwrap_or(0.0)
        };
        Self {
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: at(1.0),
        }
    }
}

/// Readings of the server's process, where a pid was given.
#[derive(Debug, Clone, Copy, Default, Serialize)]
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
}

/// Everything a run found. The fields' order is the order in the JSON.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Outcome {
    /// Viewers asked for.
    pub viewers: usize,
    /// Viewers that got in and received media.
    pub viewers_served: usize,
    /// Viewers that were refused or never connected.
    pub refused_joins: usize,
    /// Length of the steady window.
    pub seconds: f64,
    /// `whep`, `ws` or `mixed`.
    pub mode: String,
    /// SRTP profiles in use and how often.
    pub srtp: std::collections::BTreeMap<&'static str, usize>,
    /// Different stamped packets received / sent since each viewer's first.
    pub delivered_ratio: f64,
    /// The same for audio alone, which has no retransmission.
    pub delivered_ratio_audio: f64,
    /// The same for video alone.
    pub delivered_ratio_video: f64,
    /// The worst viewer's ratio.
    pub delivered_ratio_worst: f64,
    /// Packets delivered in all.
    pub delivered_packets: u64,
    /// Packets delivered in the steady window.
    pub steady_packets: u64,
    /// Stamp to arrival at the viewer's socket, steady window, milliseconds.
    pub latency_ms: Percentiles,
    /// The same without keyframe packets.
    pub latency_without_keyframes_ms: Percentiles,
    /// Click to the first media packet, milliseconds.
    pub join_first_packet_ms: Percentiles,
    /// Click to the first whole keyframe, milliseconds.
    pub join_first_keyframe_ms: Percentiles,
    /// Lip-sync error by the server's sender reports, worst viewer, milliseconds.
    pub av_skew_worst_ms: f64,
    /// The server's process.
    #[serde(flatten)]
    pub server: Option<ServerCost>,
    /// Copy, seal and GSO send of the same packets, microseconds.
    pub floor_us_per_packet: f64,
    /// Cores that this program used in the steady window.
    pub generator_cores: f64,
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
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl Outcome {
    /// Adds up what the pools saw and who never got in.
    #[must_use]
    pub fn new(viewers: usize, pools: Vec<PoolReport>, joined: &Joined) -> Self {
        let mut out = Self {
            viewers,
            refused_joins: joined.refused.len(),
            delivered_ratio_worst: 1.0,
            ..Self::default()
        };
        let mut reports: Vec<ViewerReport> = Vec::new();
        let mut latency = None::<(Histogram<u64>, Histogram<u64>)>;
        for pool in pools {
            out.steady_packets += pool.counters.steady_packets;
            match &mut latency {
                Some((all, plain)) => {
                    let _ = all.add(&pool.counters.latency_us);
                    let _ = plain.add(&pool.counters.latency_plain_us);
                }
                None => latency = Some((pool.counters.latency_us, pool.counters.latency_plain_us)),
            }
            reports.extend(pool.viewers);
        }
        if let Some((all, plain)) = latency {
            out.latency_ms = Percentiles::of_us(&all);
            out.latency_without_keyframes_ms = Percentiles::of_us(&plain);
        }
        let (mut unique, mut expected) = ([0, 0], [0, 0]);
        for report in &reports {
            for i in 0..2 {
                unique[i] += report.unique[i];
                expected[i] += report.expected[i];
            }
            let own = ratio(report.unique.iter().sum(), report.expected.iter().sum());
            out.delivered_ratio_worst = out.delivered_ratio_worst.min(own);
            if report.first_packet_ms.is_some() {
                out.viewers_served += 1;
            } else {
                out.refused_joins += 1;
            }
            if let Some(name) = report.srtp {
                *out.srtp.entry(name).or_default() += 1;
            }
            out.av_skew_worst_ms = [out.av_skew_worst_ms, report.av_skew_ms.unwrap_or(0.0)]
                .into_iter()
                .max_by(|a, b| a.abs().total_cmp(&b.abs()))
                .unwrap_or(0.0);
            out.auth_failures += report.auth_failures;
            out.duplicates += report.duplicates;
            out.reorders += report.reorders;
            out.repaired_by_rtx += report.repaired;
            out.rtx_packets += report.rtx_packets;
            out.nacks_sent += report.nacks;
            out.plis_sent += report.plis;
            out.padding_packets += report.padding_packets;
            out.unstamped_packets += report.unstamped;
            out.own_socket_drops += report.socket_drops;
            for (name, n) in &report.faults {
                *out.faults.entry(name).or_default() += n;
            }
        }
        out.delivered_packets = unique.iter().sum();
        out.delivered_ratio = ratio(out.delivered_packets, expected.iter().sum());
        out.delivered_ratio_audio = ratio(unique[0], expected[0]);
        out.delivered_ratio_video = ratio(unique[1], expected[1]);
        out.join_first_packet_ms = Percentiles::of_ms(reports.iter().filter_map(|r| r.first_packet_ms).collect());
        out.join_first_keyframe_ms = Percentiles::of_ms(reports.iter().filter_map(|r| r.first_keyframe_ms).collect());
        let errors = joined
            .refused
            .iter()
            .chain(&joined.later)
            .chain(reports.iter().filter_map(|r| r.error.as_ref()));
        let different: std::collections::BTreeSet<&String> = errors.collect();
        out.errors = different.into_iter().take(5).cloned().collect();
        out
    }

    /// The summary for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let p = |name: &str, v: &Percentiles| {
            format!(
                "  {name:<28} p50 {:>8.2}  p95 {:>8.2}  p99 {:>8.2}  max {:>8.2} ms\n",
                v.p50, v.p95, v.p99, v.max
            )
        };
        let mut out = format!(
            "{} of {} viewers served ({}), {:.1} s\n  delivered {:.4} % of {} packets (worst viewer {:.4} %), {} by RTX\n",
            self.viewers_served,
            self.viewers,
            self.mode,
            self.seconds,
            self.delivered_ratio * 100.0,
            self.delivered_packets,
            self.delivered_ratio_worst * 100.0,
            self.repaired_by_rtx,
        );
        out += &p("forward latency", &self.latency_ms);
        out += &p("  without keyframes", &self.latency_without_keyframes_ms);
        out += &p("join to first packet", &self.join_first_packet_ms);
        out += &p("join to whole keyframe", &self.join_first_keyframe_ms);
        if let Some(server) = &self.server {
            out += &format!(
                "  server CPU {:.2} us per packet = {:.2} x floor ({:.2} us), {:.2} cores; {:.0} kB per viewer\n",
                server.server_cpu_us_per_packet,
                server.floor_ratio,
                self.floor_us_per_packet,
                server.server_cores,
                server.server_rss_per_viewer_kb
            );
        } else {
            out += &format!(
                "  floor {:.2} us per packet (give --server-pid to compare the server with it)\n",
                self.floor_us_per_packet
            );
        }
        out += &format!(
            "  lip sync off by {:.1} ms at worst; {} wrong tags, {} duplicates, {} reorders\n",
            self.av_skew_worst_ms, self.auth_failures, self.duplicates, self.reorders
        );
        if self.own_socket_drops > 0 {
            out += &format!(
                "  NOTE: {} datagrams were dropped at this program's own sockets; this machine is too slow for the load\n",
                self.own_socket_drops
            );
        }
        if self.other_cores > OTHER_CORES_FAIR {
            let cores = self.other_cores;
            out += &format!(
                "  NOTE: other programs used {cores:.2} cores meanwhile; latency and delivery are theirs too\n"
            );
        }
        if self.unstamped_packets > 0 {
            let n = self.unstamped_packets;
            out += &format!(
                "  NOTE: {n} packets of another publisher; delivery is only judged right in a room of our own\n"
            );
        }
        if !self.faults.is_empty() {
            out += &format!("  broken rules: {:?}\n", self.faults);
        }
        for error in &self.errors {
            out += &format!("  error: {error}\n");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_few_values() {
        let p = Percentiles::of_ms(vec![3.0, 1.0, 2.0, 4.0]);
        assert_eq!((p.p50, p.p95, p.p99, p.max), (2.0, 4.0, 4.0, 4.0));
        assert_eq!(Percentiles::of_ms(Vec::new()).max, 0.0);
    }

    #[test]
    fn json_is_one_line() {
        let outcome = Outcome {
            server: Some(ServerCost::default()),
            ..Outcome::default()
        };
        let json = serde_json::to_string(&outcome).unwrap();
        assert!(json.contains("\"server_cpu_us_per_packet\":0.0") && !json.contains('\n'));
    }
}
