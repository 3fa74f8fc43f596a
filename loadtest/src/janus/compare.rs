// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! From the runs of several systems to one table: median, least and most of every figure over the rounds, and what one
//! system costs as a share of another in the same round. It reads lines of JSON and measures nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The system whose cost is divided by that of the others.
const OURS: &str = "fiera";
/// Systems that it is divided by begin so.
const THEIRS: &str = "janus";
/// What is divided.
const COST: &str = "/server_cpu_us_per_packet";

/// Figures of a run: name, place in its JSON, factor, digits. A run that lacks one has a gap there.
const FIGURES: [(&str, &str, f64, usize); 22] = [
    ("server CPU per delivered packet, us", COST, 1.0, 2),
    (
        "floor of this packet mix and its batches, us",
        "/floor_us_per_packet",
        1.0,
        2,
    ),
    ("packets per batch, as they arrive", "/batch_mean", 1.0, 1),
    ("ratio to that floor", "/floor_ratio", 1.0, 2),
    ("server, cores", "/server_cores", 1.0, 2),
    ("viewers served", "/viewers_served", 1.0, 0),
    ("delivered, %", "/delivered_ratio", 100.0, 3),
    ("delivered to the worst viewer, %", "/delivered_ratio_worst", 100.0, 3),
    ("latency p50, ms", "/latency_ms/p50", 1.0, 2),
    ("latency p99, ms", "/latency_ms/p99", 1.0, 2),
    (
        "latency without keyframes p50, ms",
        "/latency_without_keyframes_ms/p50",
        1.0,
        2,
    ),
    (
        "latency without keyframes p99, ms",
        "/latency_without_keyframes_ms/p99",
        1.0,
        2,
    ),
    ("join to first packet p50, ms", "/join_first_packet_ms/p50", 1.0, 0),
    ("join to whole keyframe p50, ms", "/join_first_keyframe_ms/p50", 1.0, 0),
    ("join to whole keyframe p95, ms", "/join_first_keyframe_ms/p95", 1.0, 0),
    ("memory per viewer, kB", "/server_rss_per_viewer_kb", 1.0, 0),
    (
        "context switches per s, own will",
        "/server_switches_voluntary_per_s",
        1.0,
        0,
    ),
    (
        "context switches per s, forced",
        "/server_switches_forced_per_s",
        1.0,
        0,
    ),
    ("datagrams dropped at the generator", "/own_socket_drops", 1.0, 0),
    ("generator, cores", "/generator_cores", 1.0, 2),
    ("generator's own lag p99, ms", "/generator_lag_ms/p99", 1.0, 1),
    ("other programs, cores", "/other_cores", 1.0, 2),
];

/// One line of the input.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Line {
    Machine { machine: BTreeMap<String, Value> },
    Run(Run),
}

/// One run of one system.
#[derive(Debug, Deserialize)]
struct Run {
    system: String,
    round: u32,
    viewers: u32,
    outcome: Option<Value>,
    error: Option<String>,
}

impl Run {
    /// A run in which nobody got anything has no figures: its costs would be per packet of nothing.
    fn checked(mut self) -> Self {
        let served = self
            .outcome
            .as_ref()
            .and_then(|o| o.pointer("/viewers_served")?.as_u64());
        if served == Some(0) {
            let errors = self.outcome.take().map(|o| o["errors"].to_string());
            self.error = Some(format!("no viewer was served: {}", errors.unwrap_or_default()));
        }
        self
    }
}

/// Median, least and most of a figure over the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Median; the lower of the two middle ones when their number is even.
    pub median: f64,
    /// Least.
    pub min: f64,
    /// Most.
    pub max: f64,
    /// Rounds that gave the figure.
    pub rounds: usize,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        Some(Self {
            median: *values.get((values.len().max(1) - 1) / 2)?,
            min: *values.first()?,
            max: *values.last()?,
            rounds: values.len(),
        })
    }

    fn show(&self, digits: usize) -> String {
        let Self { median, min, max, .. } = self;
        if self.rounds == 1 {
            return format!("{median:.digits$}");
        }
        format!("{median:.digits$} ({min:.digits$} to {max:.digits$})")
    }
}

/// What all rounds of one system with so many viewers gave.
#[derive(Debug, Default, Serialize)]
pub struct Row {
    /// By name of the figure.
    pub figures: BTreeMap<&'static str, Spread>,
    /// Our CPU per packet as a share of this system's in the same round.
    pub ours_to_theirs: Option<Spread>,
    /// Runs that gave no figures, with the reason.
    pub failed: Vec<String>,
}

/// Everything.
#[derive(Debug, Default, Serialize)]
pub struct Comparison {
    /// What the runs had in common.
    pub machine: BTreeMap<String, Value>,
    /// Systems in the order of their first run.
    pub systems: Vec<String>,
    /// By number of viewers, then by system.
    pub viewers: BTreeMap<u32, BTreeMap<String, Row>>,
}

fn number(outcome: &Value, pointer: &str, factor: f64) -> Option<f64> {
    Some(outcome.pointer(pointer)?.as_f64()? * factor)
}

impl Comparison {
    /// Reads the lines.
    ///
    /// # Errors
    /// When one is neither a machine nor a run.
    pub fn read(text: &str) -> Result<Self> {
        let mut out = Self::default();
        let mut runs: Vec<Run> = Vec::new();
        for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let line = serde_json::from_str(line).with_context(|| format!("line {} of the runs", n + 1))?;
            match line {
                Line::Machine { machine } => out.machine.extend(machine),
                Line::Run(run) => runs.push(run.checked()),
            }
        }
        for run in &runs {
            if !out.systems.contains(&run.system) {
                out.systems.push(run.system.clone());
            }
            let row = out.viewers.entry(run.viewers).or_default();
            let row = row.entry(run.system.clone()).or_default();
            if run.outcome.is_none() {
                row.failed.push(run.error.clone().unwrap_or_default());
            }
        }
        for (viewers, rows) in &mut out.viewers {
            for (system, row) in rows {
                let own = |run: &&Run| run.system == *system && run.viewers == *viewers;
                let outcomes: Vec<&Value> = runs.iter().filter(own).filter_map(|r| r.outcome.as_ref()).collect();
                for (name, pointer, factor, _) in FIGURES {
                    let values = outcomes.iter().filter_map(|o| number(o, pointer, factor)).collect();
                    if let Some(spread) = Spread::of(values) {
                        row.figures.insert(name, spread);
                    }
                }
                if system.starts_with(THEIRS) {
                    let shares = runs
                        .iter()
                        .filter(own)
                        .filter_map(|theirs| share(&runs, theirs))
                        .collect();
                    row.ours_to_theirs = Spread::of(shares);
                }
            }
        }
        Ok(out)
    }

    /// The table for people.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        for (name, value) in &self.machine {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let _ = writeln!(out, "- {name}: {value}");
        }
        for (viewers, rows) in &self.viewers {
            let systems: Vec<(&String, &Row)> = self
                .systems
                .iter()
                .filter_map(|s| rows.get(s).map(|row| (s, row)))
                .collect();
            let rounds = systems
                .iter()
                .flat_map(|(_, row)| row.figures.values().map(|s| s.rounds))
                .max();
            let rounds = rounds.unwrap_or(0);
            let _ = writeln!(
                out,
                "\n## {viewers} viewers, {rounds} round{}\n",
                if rounds == 1 { "" } else { "s" }
            );
            let names: Vec<&str> = systems.iter().map(|(name, _)| name.as_str()).collect();
            let _ = writeln!(out, "| median (least to most) | {} |", names.join(" | "));
            let _ = writeln!(out, "|---|{}", "---|".repeat(names.len()));
            let mut line = |name: &str, cell: &dyn Fn(&Row) -> Option<String>| {
                let cells: Vec<Option<String>> = systems.iter().map(|(_, row)| cell(row)).collect();
                if cells.iter().any(Option::is_some) {
                    let cells: Vec<String> = cells.into_iter().map(|c| c.unwrap_or_else(|| "-".into())).collect();
                    let _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
                }
            };
            for (name, _, _, digits) in FIGURES {
                line(name, &|row| row.figures.get(name).map(|spread| spread.show(digits)));
            }
            line("Fiera's CPU per packet as a share of it", &|row| {
                row.ours_to_theirs.map(|spread| spread.show(3))
            });
            line("runs without figures", &|row| {
                (!row.failed.is_empty()).then(|| row.failed.len().to_string())
            });
            for (system, row) in &systems {
                for reason in &row.failed {
                    let _ = writeln!(out, "\n{system}: {}", reason.replace('\n', " "));
                }
            }
        }
        out
    }
}

/// Our cost in the round of `theirs`, by theirs.
fn share(runs: &[Run], theirs: &Run) -> Option<f64> {
    let same = |run: &&Run| run.system == OURS && run.round == theirs.round && run.viewers == theirs.viewers;
    let ours = number(runs.iter().find(same)?.outcome.as_ref()?, COST, 1.0)?;
    let cost = number(theirs.outcome.as_ref()?, COST, 1.0)?;
    (cost > 0.0).then(|| ours / cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(system: &str, round: u32, cpu: f64) -> String {
        format!(
            r#"{{"system":"{system}","round":{round},"viewers":100,"outcome":{{"server_cpu_us_per_packet":{cpu},"latency_ms":{{"p99":7.5}},"delivered_ratio":1.0}}}}"#
        )
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let lines = [
            r#"{"machine":{"cores":2,"link":"loopback"}}"#.to_owned(),
            run(OURS, 1, 4.0),
            run("janus", 1, 40.0),
            run(OURS, 2, 8.0),
            run("janus", 2, 32.0),
            run(OURS, 3, 6.0),
            r#"{"system":"janus","round":3,"viewers":100,"error":"the server no longer answers"}"#.to_owned(),
            r#"{"system":"janus","round":4,"viewers":100,"outcome":{"viewers_served":0,"errors":["x"]}}"#.to_owned(),
        ];
        let comparison = Comparison::read(&lines.join("\n")).unwrap();
        let rows = &comparison.viewers[&100];
        let ours = rows[OURS].figures[FIGURES[0].0];
        assert_eq!((ours.median, ours.min, ours.max, ours.rounds), (6.0, 4.0, 8.0, 3));
        let share = rows["janus"].ours_to_theirs.unwrap();
        assert_eq!((share.min, share.max, share.rounds), (0.1, 0.25, 2));
        assert!(rows[OURS].ours_to_theirs.is_none());
        let reasons = ["the server no longer answers", "no viewer was served: [\"x\"]"];
        assert_eq!(rows["janus"].failed, reasons);
        let text = comparison.markdown();
        for wanted in [
            "- link: loopback\n",
            "## 100 viewers, 3 rounds\n\n| median (least to most) | fiera | janus |\n|---|---|---|\n",
            "| server CPU per delivered packet, us | 6.00 (4.00 to 8.00) | 32.00 (32.00 to 40.00) |\n",
            "| delivered, % | 100.000 (100.000 to 100.000) | 100.000 (100.000 to 100.000) |\n",
            "| Fiera's CPU per packet as a share of it | - | 0.100 (0.100 to 0.250) |\n",
            "| runs without figures | - | 2 |\n",
        ] {
            assert!(text.contains(wanted), "{wanted}\n{text}");
        }
        assert!(!text.contains("memory"), "a figure that no run has gets no row");
    }

    #[test]
    fn broken_lines_are_named() {
        let error = Comparison::read("{\"machine\":{}}\n\n{\"system\":3}").unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error:#}");
        assert!(Comparison::read("").unwrap().markdown().is_empty());
    }
}
