// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The result in words, for a terminal.

use std::fmt::Write as _;

use super::percentiles::Percentiles;
use super::result::Outcome;

/// Above this the machine was not ours, and the summary says so.
const OTHER_CORES_FAIR: f64 = 0.3;

fn percentiles(name: &str, v: &Percentiles) -> String {
    format!(
        "  {name:<28} p50 {:>8.2}  p95 {:>8.2}  p99 {:>8.2}  max {:>8.2} ms\n",
        v.p50, v.p95, v.p99, v.max
    )
}

impl Outcome {
    /// What spoils the figures, in sentences; empty for a clean run.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.own_socket_drops > 0 {
            notes.push(format!(
                "THE GENERATOR LAGGED: {} datagrams were lost at this program's own sockets; this machine is too slow for \
                 the load, delivery is not judged",
                self.own_socket_drops
            ));
        } else if self.generator_lagged {
            notes.push(format!(
                "THE GENERATOR LAGGED: packets waited {:.1} ms (p99) at our socket; feedback was late",
                self.generator_lag_ms.p99
            ));
        }
        if self.other_cores > OTHER_CORES_FAIR {
            notes.push(format!(
                "other programs used {:.2} cores meanwhile; latency and delivery are theirs too",
                self.other_cores
            ));
        }
        if self.unstamped_packets > 0 {
            notes.push(format!(
                "{} packets of another publisher; delivery is only judged right in a room of our own",
                self.unstamped_packets
            ));
        }
        if !self.faults.is_empty() {
            notes.push(format!("broken rules: {:?}", self.faults));
        }
        notes.extend(self.errors.iter().map(|error| format!("error: {error}")));
        notes
    }

    /// The summary.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut out = format!(
            "{} ({}, {}): {} of {} viewers served ({}), {} checked in full, {:.1} s\n",
            self.scenario,
            self.venue,
            self.link,
            self.viewers_served,
            self.viewers,
            self.mode,
            self.viewers_checked,
            self.seconds
        );
        let _ = writeln!(
            out,
            "  delivered {:.4} % of {} packets (worst viewer {:.4} %, there before {:.4} %), {} by RTX",
            self.delivered_ratio * 100.0,
            self.delivered_packets,
            self.delivered_ratio_worst * 100.0,
            self.delivered_ratio_running * 100.0,
            self.repaired_by_rtx,
        );
        out += &percentiles("forward latency", &self.latency_ms);
        out += &percentiles("  without keyframes", &self.latency_without_keyframes_ms);
        out += &percentiles("join to first packet", &self.join_first_packet_ms);
        out += &percentiles("join to whole keyframe", &self.join_first_keyframe_ms);
        if self.switches_seen > 0 {
            out += &percentiles("change of speaker", &self.switch_ms);
        }
        if let Some(server) = &self.server {
            let _ = writeln!(
                out,
                "  server CPU {:.2} us per packet = {:.2} x floor ({:.2} us at {:.1} packets a batch), {:.2} cores; {:.0} kB \
                 per viewer; {:.0} + {:.0} context switches/s",
                server.server_cpu_us_per_packet,
                server.floor_ratio,
                self.floor_us_per_packet,
                self.batch_mean,
                server.server_cores,
                server.server_rss_per_viewer_kb,
                server.server_switches_voluntary_per_s,
                server.server_switches_forced_per_s,
            );
        } else {
            let _ = writeln!(
                out,
                "  floor {:.2} us per packet (give --server-pid to compare the server with it)",
                self.floor_us_per_packet
            );
        }
        let _ = writeln!(
            out,
            "  generator {:.2} us per packet, {:.2} cores, late by p50 {:.2} p99 {:.2} max {:.2} ms",
            self.generator_us_per_packet,
            self.generator_cores,
            self.generator_lag_ms.p50,
            self.generator_lag_ms.p99,
            self.generator_lag_ms.max
        );
        let _ = writeln!(
            out,
            "  lip sync off by {:.1} ms at worst; {} wrong tags, {} duplicates, {} reorders; {} without a picture",
            self.av_skew_worst_ms, self.auth_failures, self.duplicates, self.reorders, self.without_picture
        );
        for note in self.notes() {
            let _ = writeln!(out, "  NOTE: {note}");
        }
        out
    }
}
