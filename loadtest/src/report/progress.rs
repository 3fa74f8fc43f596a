// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One line on standard error that tells how far a run is: redrawn on a terminal, now and then a new line elsewhere.

use std::io::{IsTerminal, Write as _};
use std::time::{Duration, Instant};

const REDRAW_EVERY: Duration = Duration::from_millis(100);
const LINE_EVERY: Duration = Duration::from_secs(10);
const BAR_CHARS: usize = 30;

/// See the module's head.
pub struct Progress {
    name: String,
    terminal: bool,
    next: Instant,
}

/// A bar of this share.
fn bar(done: f64) -> String {
    let full = ((done.clamp(0.0, 1.0)) * BAR_CHARS as f64).round() as usize;
    format!("[{}{}]", "#".repeat(full), ".".repeat(BAR_CHARS - full))
}

impl Progress {
    /// For a run of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            terminal: std::io::stderr().is_terminal(),
            next: Instant::now(),
        }
    }

    /// Says what begins now.
    pub fn say(&mut self, what: &str) {
        if self.terminal {
            eprint!("\r\x1b[K{}: {what}", self.name);
            let _ = std::io::stderr().flush();
        }
    }

    /// Shows how far something is, 0 to 1; costs nothing most of the times it is called.
    pub fn show(&mut self, done: f64, what: &str) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + if self.terminal { REDRAW_EVERY } else { LINE_EVERY };
        if self.terminal {
            eprint!("\r\x1b[K{}: {} {what}", self.name, bar(done));
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{}: {:3.0} % {what}", self.name, done * 100.0);
        }
    }

    /// Clears the line.
    pub fn finish(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_of_one_length() {
        for done in [-1.0, 0.0, 0.5, 1.0, 7.0, f64::NAN] {
            assert_eq!(bar(done).len(), BAR_CHARS + 2);
        }
        assert_eq!(bar(0.5).matches('#').count(), BAR_CHARS / 2);
    }
}
