// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Plots as inline SVG: lines or dots over two axes. Colours come from the page's CSS variables, so that dark and light work.

use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 52.0;
/// Colours of the page, in order of the lines.
const COLOURS: usize = 6;
/// Points drawn of one line.
const POINTS_MAX: usize = 5_000;

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Joined points.
    Line,
    /// Single points.
    Dots,
}

/// One line of a plot.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// How it is drawn.
    pub mark: Mark,
    /// x and y.
    pub points: Vec<(f64, f64)>,
}

impl Line {
    /// A joined line.
    #[must_use]
    pub fn new(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self {
            name: name.into(),
            mark: Mark::Line,
            points,
        }
    }
}

/// A plot.
#[derive(Debug, Clone)]
pub struct Plot {
    /// Heading, which is the accessible name too.
    pub title: String,
    /// What x is, with its unit.
    pub x: String,
    /// What y is, with its unit.
    pub y: String,
    /// Logarithmic y.
    pub log_y: bool,
    /// Labels instead of numbers at given places of x.
    pub ticks_x: Option<Vec<(f64, String)>>,
    /// Lines.
    pub lines: Vec<Line>,
}

/// Text as it may stand in HTML and SVG.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A number with as many digits as it needs.
#[must_use]
pub fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude >= 10_000.0 {
        format!("{:.0}k", value / 1_000.0)
    } else if magnitude >= 100.0 || magnitude.fract() == 0.0 {
        format!("{value:.0}")
    } else if magnitude >= 1.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// A round step that gives about five ticks.
fn step(span: f64) -> f64 {
    let raw = (span / 5.0).max(1e-9);
    let power = 10_f64.powf(raw.log10().floor());
    let part = raw / power;
    power
        * if part <= 1.0 {
            1.0
        } else if part <= 2.0 {
            2.0
        } else if part <= 5.0 {
            5.0
        } else {
            10.0
        }
}

fn linear_ticks(least: f64, most: f64) -> Vec<f64> {
    let step = step(most - least);
    let first = (least / step).ceil();
    let count = ((most / step).floor() - first).clamp(0.0, 20.0) as usize;
    (0..=count).map(|i| (first + i as f64) * step).collect()
}

struct Scale {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
    log: bool,
}

impl Scale {
    fn at(&self, value: f64) -> f64 {
        let (value, least, most) = if self.log {
            (value.max(1e-6).log10(), self.least.log10(), self.most.log10())
        } else {
            (value, self.least, self.most)
        };
        let share = ((value - least) / (most - least).max(1e-12)).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }

    fn ticks(&self) -> Vec<f64> {
        if !self.log {
            return linear_ticks(self.least, self.most);
        }
        let (from, to) = (self.least.log10().round() as i32, self.most.log10().round() as i32);
        (from..=to).map(|power| 10_f64.powi(power)).collect()
    }
}

impl Plot {
    fn scales(&self) -> Option<(Scale, Scale)> {
        let all = || self.lines.iter().flat_map(|line| &line.points);
        let bounds = |pick: fn(&(f64, f64)) -> f64| {
            all()
                .map(pick)
                .filter(|v| v.is_finite())
                .fold(None, |seen: Option<(f64, f64)>, v| {
                    Some(seen.map_or((v, v), |(least, most)| (least.min(v), most.max(v))))
                })
        };
        let ((x_least, x_most), (y_least, y_most)) = (bounds(|p| p.0)?, bounds(|p| p.1)?);
        let x = Scale {
            least: if self.ticks_x.is_some() {
                x_least
            } else {
                x_least.min(0.0)
            },
            most: if x_most > x_least { x_most } else { x_least + 1.0 },
            from: LEFT,
            to: WIDTH - RIGHT,
            log: false,
        };
        let (least, most) = if self.log_y {
            let power = |v: f64| v.max(0.01).log10();
            let (least, most) = (power(y_least).floor(), power(y_most).ceil());
            (10_f64.powf(least), 10_f64.powf(most.max(least + 1.0)))
        } else {
            let most = if y_most > 0.0 { y_most } else { 1.0 };
            (y_least.min(0.0), (most / step(most)).ceil() * step(most))
        };
        let y = Scale {
            least,
            most,
            from: HEIGHT - BOTTOM,
            to: TOP,
            log: self.log_y,
        };
        Some((x, y))
    }

    /// The plot as a figure with legend; a sentence where there is nothing to draw.
    #[must_use]
    pub fn render(&self) -> String {
        let title = escape(&self.title);
        let Some((x, y)) = self.scales() else {
            return format!("<figure><figcaption>{title}</figcaption><p class=none>Nothing to draw.</p></figure>\n");
        };
        let mut out = format!(
            "<figure><figcaption>{title}</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=img aria-label=\"{title}\">\n"
        );
        for tick in y.ticks() {
            let at = y.at(tick);
            let _ = writeln!(
                out,
                "<path class=grid d=\"M{LEFT} {at:.1}H{:.1}\"/><text x={:.1} y={:.1} class=y>{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                at + 4.0,
                number(tick)
            );
        }
        let numbers = || {
            linear_ticks(x.least, x.most)
                .into_iter()
                .map(|tick| (tick, number(tick)))
        };
        for (tick, label) in self.ticks_x.clone().unwrap_or_else(|| numbers().collect()) {
            let _ = writeln!(
                out,
                "<text x={:.1} y={:.1} class=x>{}</text>",
                x.at(tick),
                HEIGHT - BOTTOM + 20.0,
                escape(&label)
            );
        }
        let _ = writeln!(
            out,
            "<text x={:.1} y={:.1} class=x>{}</text><text transform=\"translate(14 {:.1}) rotate(-90)\" class=x>{}</text>",
            (LEFT + WIDTH - RIGHT) / 2.0,
            HEIGHT - 8.0,
            escape(&self.x),
            (TOP + HEIGHT - BOTTOM) / 2.0,
            escape(&self.y)
        );
        for (i, line) in self.lines.iter().enumerate() {
            let _ = writeln!(out, "{}", draw(line, i % COLOURS, &x, &y));
        }
        out += "</svg>\n<ul class=legend>";
        for (i, line) in self.lines.iter().enumerate() {
            let _ = write!(out, "<li class=c{}>{}</li>", i % COLOURS, escape(&line.name));
        }
        out += "</ul></figure>\n";
        out
    }
}

fn draw(line: &Line, colour: usize, x: &Scale, y: &Scale) -> String {
    let every = line.points.len().div_ceil(POINTS_MAX).max(1);
    let points = line
        .points
        .iter()
        .step_by(every)
        .filter(|(px, py)| px.is_finite() && py.is_finite())
        .map(|(px, py)| (x.at(*px), y.at(*py)));
    let mut path = String::new();
    for (i, (px, py)) in points.enumerate() {
        match line.mark {
            Mark::Line => {
                let _ = write!(path, "{}{px:.1} {py:.1}", if i == 0 { 'M' } else { 'L' });
            }
            // A stroke of no length with round ends is a dot.
            Mark::Dots => {
                let _ = write!(path, "M{px:.1} {py:.1}h0");
            }
        }
    }
    let class = if line.mark == Mark::Dots { "dots" } else { "line" };
    format!("<path class=\"{class} c{colour}\" d=\"{path}\"/>")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: Vec<(f64, f64)>, log_y: bool) -> Plot {
        Plot {
            title: "a < b".into(),
            x: "x".into(),
            y: "y".into(),
            log_y,
            ticks_x: None,
            lines: vec![Line::new("l & m", points)],
        }
    }

    #[test]
    fn points_lie_within_the_frame_whatever_they_are() {
        for points in [
            vec![(0.0, 0.0)],
            vec![(1.0, 5.0), (2.0, 5.0)],
            vec![(0.0, f64::NAN), (3.0, 1e9), (4.0, f64::INFINITY)],
            vec![(-5.0, -3.0), (5.0, 3.0)],
        ] {
            for log in [false, true] {
                let text = plot(points.clone(), log).render();
                assert!(!text.contains("NaN") && !text.contains("inf"), "{points:?}: {text}");
                let path = text.split("d=\"").last().unwrap().split('"').next().unwrap();
                for pair in path.split(['M', 'L']).filter(|part| !part.is_empty()) {
                    let (px, py) = pair.split_once(' ').unwrap();
                    let (px, py): (f64, f64) = (px.parse().unwrap(), py.parse().unwrap());
                    assert!(
                        (LEFT..=WIDTH).contains(&px) && (0.0..=HEIGHT - BOTTOM + 0.1).contains(&py),
                        "{pair}"
                    );
                }
            }
        }
    }

    #[test]
    fn texts_are_escaped_and_nothing_is_said_plainly() {
        let text = plot(vec![(0.0, 1.0), (1.0, 2.0)], false).render();
        assert!(text.contains("a &lt; b") && text.contains("l &amp; m") && !text.contains("a < b"));
        assert!(plot(Vec::new(), false).render().contains("Nothing to draw"));
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(linear_ticks(0.0, 10.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(linear_ticks(0.0, 1_000.0).len(), 6);
        assert_eq!(
            [number(12_345.0), number(250.0), number(2.5), number(0.251)],
            ["12k", "250", "2.5", "0.25"]
        );
    }
}
