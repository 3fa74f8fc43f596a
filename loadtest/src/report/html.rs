// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The report: one HTML file with nothing from elsewhere in it, readable on a phone, light and dark.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::svg::{Line, Mark, Plot, escape, number};
use crate::measure::percentiles::{CURVE, Percentiles};
use crate::measure::result::Outcome;

/// Runs whose plots are drawn; tables show all.
const PLOTTED_MAX: usize = 12;

/// About the machine and the run as a whole.
#[derive(Debug, Clone, Default)]
pub struct Heading {
    /// What was run.
    pub title: String,
    /// A sentence on it.
    pub about: String,
    /// Machine, kernel, cores; a line each.
    pub machine: Vec<String>,
}

impl Heading {
    /// With what this machine says of itself.
    #[must_use]
    pub fn here(title: &str, about: &str) -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpu = read("/proc/cpuinfo");
        let model = cpu
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        // Of the machine, not of the cores that this program is held to.
        let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
        Self {
            title: title.to_owned(),
            about: about.to_owned(),
            machine: vec![
                format!("{cores} cores, {}", model.map_or("unknown CPU", |(_, model)| model)),
                format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()),
            ],
        }
    }
}

const STYLE: &str = "
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1b1f;--dim:#5c5f66;--line:#d9dbe0;--card:#f6f7f9;--warn:#8a3b00;--edge:#0005;
--c0:#0b62c4;--c1:#c2410c;--c2:#15803d;--c3:#7e22ce;--c4:#b91c5c;--c5:#0e7490}
@media(prefers-color-scheme:dark){:root{--bg:#16171b;--fg:#e9eaee;--dim:#a4a8b2;--line:#3a3d45;--card:#1f2127;--warn:#ffb27a;--edge:#fff6;
--c0:#6db0ff;--c1:#ff9d5c;--c2:#5fd38a;--c3:#c99bff;--c4:#ff8fb8;--c5:#5fd4e6}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
main{max-width:1360px;margin:0 auto;padding:16px}h1{margin:.2em 0;font-size:1.6rem}h2{margin:1.6em 0 .4em;font-size:1.2rem}
p{max-width:70ch;margin:.4em 0}.dim{color:var(--dim)}.warn{color:var(--warn);font-weight:600}
.scroll{overflow-x:auto;background:linear-gradient(to left,var(--bg) 30%,transparent) right/3em 100% no-repeat local,
linear-gradient(to left,var(--edge),transparent) right/1em 100% no-repeat scroll}
.scroll:focus-visible{outline:2px solid var(--c0)}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.3em .7em;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:var(--bg)}
thead th{color:var(--dim);font-weight:600;white-space:normal;vertical-align:bottom;min-width:5.5em}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:16px}
figure{margin:0;padding:12px;background:var(--card);border-radius:8px;min-width:0}figcaption{font-weight:600;margin-bottom:4px}
svg{display:block;width:100%;height:auto;font:15px system-ui,sans-serif;fill:var(--dim)}.x{text-anchor:middle}.y{text-anchor:end}
.grid{stroke:var(--line);fill:none}.line{fill:none;stroke-width:2}.dots{fill:none;stroke-width:4;stroke-linecap:round;opacity:.55}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2em 1em;margin:.4em 0 0;padding:0;font-size:.88rem}
.legend li::before{content:'';display:inline-block;width:.9em;height:.25em;margin-right:.4em;vertical-align:middle;background:currentColor}
.c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}.c5{stroke:var(--c5)}
li.c0{color:var(--c0)}li.c1{color:var(--c1)}li.c2{color:var(--c2)}li.c3{color:var(--c3)}li.c4{color:var(--c4)}li.c5{color:var(--c5)}
@media(max-width:480px){main{padding:10px}svg{font-size:20px}h1{font-size:1.3rem}}
";

/// The whole page.
#[must_use]
pub fn page(heading: &Heading, outcomes: &[Outcome]) -> String {
    let title = escape(&heading.title);
    let mut out = format!(
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{title}: load test</title><style>{STYLE}</style></head><body><main>\n<h1>{title}</h1>\n<p>{}</p>\n",
        escape(&heading.about)
    );
    let _ = writeln!(out, "<p class=dim>{}</p>", escape(&heading.machine.join(" · ")));
    for outcome in outcomes {
        for note in outcome.notes() {
            let _ = writeln!(out, "<p class=warn>{}: {}</p>", escape(&label(outcome)), escape(&note));
        }
    }
    out += &cost_table(outcomes);
    out += &time_table(outcomes);
    out += "<h2>Plots</h2>\n<div class=plots>\n";
    let plotted = &outcomes[..outcomes.len().min(PLOTTED_MAX)];
    for plot in plots(plotted) {
        out += &plot.render();
    }
    out += "</div>\n<p class=dim>Latency: from the stamp that the publisher writes just before it sends to the arrival at the viewer's \
            socket by the kernel's clock, of the viewers that open every packet. The floor: one thread that copies, seals and sends \
            the same packets in the same batches.</p>\n</main></body></html>\n";
    out
}

fn label(outcome: &Outcome) -> String {
    format!("{} {} {}", outcome.venue, outcome.link, outcome.viewers)
}

fn table(heading: &str, columns: &[&str], rows: impl Iterator<Item = (String, Vec<String>)>) -> String {
    // Reached and scrolled by keyboard too; a shadow at its edge says that there is more.
    let mut out = format!(
        "<h2>{heading}</h2>\n<div class=scroll tabindex=0 role=region aria-label=\"{heading}\"><table><thead><tr><th>server, link, viewers</th>"
    );
    for column in columns {
        let _ = write!(out, "<th>{}</th>", escape(column));
    }
    out += "</tr></thead><tbody>\n";
    for (name, cells) in rows {
        let _ = write!(out, "<tr><td>{}</td>", escape(&name));
        for cell in cells {
            let _ = write!(out, "<td>{}</td>", escape(&cell));
        }
        out += "</tr>\n";
    }
    out + "</tbody></table></div>\n"
}

fn cost_table(outcomes: &[Outcome]) -> String {
    let columns = [
        "served",
        "delivered %",
        "worst %",
        "CPU us/packet",
        "floor us",
        "x floor",
        "packets a batch",
        "server cores",
        "kB/viewer",
        "switches/s",
        "generator us/packet",
    ];
    let rows = outcomes.iter().map(|o| {
        let server = o.server.clone().unwrap_or_default();
        let switches = server.server_switches_voluntary_per_s + server.server_switches_forced_per_s;
        let cells = vec![
            o.viewers_served.to_string(),
            format!("{:.3}", o.delivered_ratio * 100.0),
            format!("{:.3}", o.delivered_ratio_worst * 100.0),
            format!("{:.2}", server.server_cpu_us_per_packet),
            format!("{:.2}", o.floor_us_per_packet),
            format!("{:.2}", server.floor_ratio),
            format!("{:.1}", o.batch_mean),
            format!("{:.2}", server.server_cores),
            format!("{:.0}", server.server_rss_per_viewer_kb),
            number(switches),
            format!("{:.2}", o.generator_us_per_packet),
        ];
        (label(o), cells)
    });
    table("Work and cost", &columns, rows)
}

fn time_table(outcomes: &[Outcome]) -> String {
    let columns = [
        "latency p50/p99/max ms",
        "without keyframes",
        "join to packet p50/p95 ms",
        "join to picture p50/p95/max",
        "no picture",
        "refused",
        "change of speaker p50/p95/max",
        "generator late p99 ms",
    ];
    let three = |p: &Percentiles| format!("{:.1} / {:.1} / {:.0}", p.p50, p.p99, p.max);
    let rows = outcomes.iter().map(|o| {
        let change = if o.switches_seen == 0 {
            "–".to_owned()
        } else {
            format!(
                "{:.0} / {:.0} / {:.0}",
                o.switch_ms.p50, o.switch_ms.p95, o.switch_ms.max
            )
        };
        let (first, picture) = (&o.join_first_packet_ms, &o.join_first_keyframe_ms);
        let cells = vec![
            three(&o.latency_ms),
            three(&o.latency_without_keyframes_ms),
            format!("{:.0} / {:.0}", first.p50, first.p95),
            format!("{:.0} / {:.0} / {:.0}", picture.p50, picture.p95, picture.max),
            o.without_picture.to_string(),
            o.refused_joins.to_string(),
            change,
            format!("{:.2}", o.generator_lag_ms.p99),
        ];
        (label(o), cells)
    });
    table("Times", &columns, rows)
}

fn plot(title: &str, x: &str, y: &str, lines: Vec<Line>) -> Plot {
    Plot {
        title: title.to_owned(),
        x: x.to_owned(),
        y: y.to_owned(),
        log_y: false,
        ticks_x: None,
        lines,
    }
}

/// Percentile as it is drawn: by the number of nines.
fn nines(q: f64) -> f64 {
    -(1.0 - q.min(0.999_99)).log10()
}

fn plots(outcomes: &[Outcome]) -> Vec<Plot> {
    let curve = |points: &[(f64, f64)]| points.iter().map(|(q, ms)| (nines(*q), *ms)).collect::<Vec<_>>();
    let (mut latency, mut joins, mut cumulated, mut delivered) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for o in outcomes {
        latency.push(Line::new(label(o), curve(&o.series.latency)));
        latency.push(Line::new(
            format!("{}, without keyframes", label(o)),
            curve(&o.series.latency_plain),
        ));
        joins.push(Line {
            mark: Mark::Dots,
            ..Line::new(label(o), o.series.joins.clone())
        });
        let mut at: Vec<f64> = o.series.joins.iter().map(|(s, ms)| s + ms / 1_000.0).collect();
        at.sort_by(f64::total_cmp);
        cumulated.push(Line::new(label(o), at.into_iter().zip((1..).map(f64::from)).collect()));
        let per_second = o.series.delivered_per_second.iter().map(|n| *n as f64);
        delivered.push(Line::new(label(o), (0..).map(f64::from).zip(per_second).collect()));
    }
    let percent = |q: f64| format!("{}", (q * 1e5).round() / 1e3);
    let shown = [0.5, 0.9, 0.99, 0.999, 0.999_9];
    let ticks = CURVE
        .into_iter()
        .filter(|q| shown.contains(q))
        .map(|q| (nines(q), percent(q)));
    let mut all = vec![
        Plot {
            log_y: true,
            ticks_x: Some(ticks.collect()),
            ..plot("Latency by percentile", "percentile", "ms", latency)
        },
        plot("Packets delivered per second", "s", "packets", delivered),
        plot("Viewers with a picture", "s", "viewers", cumulated),
        Plot {
            log_y: true,
            ..plot("From the click to the first picture", "click at s", "ms", joins)
        },
    ];
    all.extend(server_plots(outcomes));
    if outcomes.len() > 1 {
        all.extend(comparisons(outcomes));
    }
    all
}

fn server_plots(outcomes: &[Outcome]) -> Vec<Plot> {
    let mut memory = Vec::new();
    let mut all = Vec::new();
    for o in outcomes.iter().filter(|o| !o.series.server.is_empty()) {
        let seconds = &o.series.server;
        let names: BTreeSet<&String> = seconds.iter().flat_map(|s| s.threads.keys()).collect();
        let of = |name: &String| {
            let points = seconds
                .iter()
                .map(|s| (s.at_s, s.threads.get(name).copied().unwrap_or(0.0)));
            Line::new(name.clone(), points.collect())
        };
        let busy = |line: &Line| line.points.iter().any(|(_, cores)| *cores > 0.02);
        let lines: Vec<Line> = names.into_iter().map(of).filter(busy).collect();
        all.push(plot(
            &format!("Server CPU by thread: {}", label(o)),
            "s",
            "cores",
            lines,
        ));
        let points = seconds.iter().map(|s| (s.at_s, s.rss_kb as f64 / 1_024.0));
        memory.push(Line::new(label(o), points.collect()));
    }
    if !memory.is_empty() {
        all.push(plot("Server memory", "s", "MB", memory));
    }
    all
}

/// By number of viewers, one line per server and link.
fn comparisons(outcomes: &[Outcome]) -> Vec<Plot> {
    let names: BTreeSet<(&String, &String)> = outcomes.iter().map(|o| (&o.venue, &o.link)).collect();
    let by = |pick: &dyn Fn(&Outcome) -> f64| -> Vec<Line> {
        let line = |(venue, link): &(&String, &String)| {
            let of = outcomes.iter().filter(|o| &o.venue == *venue && &o.link == *link);
            let mut points: Vec<(f64, f64)> = of.map(|o| (o.viewers as f64, pick(o))).collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            Line::new(format!("{venue} {link}"), points)
        };
        names.iter().map(line).collect()
    };
    let cost = |o: &Outcome| o.server.as_ref().map_or(f64::NAN, |s| s.server_cpu_us_per_packet);
    let cores = |o: &Outcome| o.server.as_ref().map_or(f64::NAN, |s| s.server_cores);
    let mut per_packet = by(&cost);
    let floor = by(&|o| o.floor_us_per_packet).into_iter().map(|line| Line {
        name: format!("floor, {}", line.name),
        ..line
    });
    per_packet.extend(floor);
    vec![
        plot("Server CPU per delivered packet", "viewers", "us", per_packet),
        plot("Server CPU", "viewers", "cores", by(&cores)),
        plot("Delivered", "viewers", "%", by(&|o| o.delivered_ratio * 100.0)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::result::{Series, ServerCost};
    use crate::measure::watchman::Second;

    fn outcome(viewers: usize) -> Outcome {
        Outcome {
            venue: "fiera <1>".into(),
            link: "lo".into(),
            viewers,
            delivered_ratio: 0.999,
            server: Some(ServerCost {
                server_cpu_us_per_packet: 3.25,
                ..ServerCost::default()
            }),
            series: Series {
                latency: vec![(0.5, 1.0), (0.99, 20.0), (1.0, 90.0)],
                latency_plain: vec![(0.5, 1.0), (1.0, 9.0)],
                joins: vec![(0.1, 30.0), (0.2, 40.0)],
                delivered_per_second: vec![1, 2, 3],
                server: vec![Second {
                    at_s: 1.0,
                    threads: [("media".to_owned(), 0.5)].into(),
                    rss_kb: 20_000,
                }],
                ..Series::default()
            },
            own_socket_drops: 7,
            generator_lagged: true,
            ..Outcome::default()
        }
    }

    #[test]
    fn page_stands_alone_and_tells_what_spoils_it() {
        let heading = Heading::here("table", "a & b");
        let page = page(&heading, &[outcome(50), outcome(100)]);
        for elsewhere in ["http:", "https:", "<script", "src=", "url(", "@import", "<link"] {
            assert!(!page.contains(elsewhere), "{elsewhere}");
        }
        assert!(page.contains("fiera &lt;1&gt; lo 100") && !page.contains("fiera <1>"));
        assert!(page.contains("THE GENERATOR LAGGED: 7 datagrams"));
        assert!(page.contains("prefers-color-scheme:dark") && page.contains("width=device-width"));
        assert!(page.contains("<td>3.25</td>") && page.contains("a &amp; b"));
        assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
        // Latency, delivery, two of joins, CPU per run, memory, three comparisons.
        assert_eq!(page.matches("<svg").count(), 4 + 2 + 1 + 3);
        assert!(!page.contains("NaN"));
    }

    #[test]
    fn a_run_without_anything_still_is_a_page() {
        let page = page(&Heading::default(), &[Outcome::default()]);
        assert!(page.contains("Nothing to draw") && page.ends_with("</html>\n"));
    }
}
