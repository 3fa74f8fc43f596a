// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Reads the server's process once a second during a run, for the plots of CPU by thread and of memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::process;

const EVERY: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(50);
/// Readings kept.
const READINGS_MAX: usize = 7_200;

/// The server in one second.
#[derive(Debug, Clone, Default)]
pub struct Second {
    /// Since the run began, seconds.
    pub at_s: f64,
    /// Cores used by thread name.
    pub threads: BTreeMap<String, f64>,
    /// Resident memory, kB.
    pub rss_kb: u64,
}

/// A running reader.
pub struct Watchman {
    stop: Arc<AtomicBool>,
    seconds: Arc<Mutex<Vec<Second>>>,
    thread: Option<JoinHandle<()>>,
}

impl Watchman {
    /// Starts reading a process; times count from `began`.
    #[must_use]
    pub fn start(pid: Option<u32>, began: Instant) -> Self {
        let (stop, seconds) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let thread = pid.map(|pid| {
            let (stop, seconds) = (stop.clone(), seconds.clone());
            std::thread::spawn(move || watch(pid, began, &stop, &seconds))
        });
        Self { stop, seconds, thread }
    }

    /// Ends it and gives what it read.
    #[must_use]
    pub fn finish(mut self) -> Vec<Second> {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        std::mem::take(&mut self.seconds.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn watch(pid: u32, began: Instant, stop: &AtomicBool, seconds: &Mutex<Vec<Second>>) {
    let Ok(mut before) = process::read(pid) else { return };
    let mut before_at = Instant::now();
    while !stop.load(Ordering::Acquire) {
        std::thread::sleep(STEP);
        if before_at.elapsed() < EVERY {
            continue;
        }
        let Ok(reading) = process::read(pid) else { return };
        let (now, past_us) = (Instant::now(), before_at.elapsed().as_micros() as f64);
        let used = |(name, us): (&String, &u64)| {
            let since = us.saturating_sub(before.threads_us.get(name).copied().unwrap_or(0));
            (name.clone(), since as f64 / past_us.max(1.0))
        };
        let second = Second {
            at_s: now.saturating_duration_since(began).as_secs_f64(),
            threads: reading.threads_us.iter().map(used).collect(),
            rss_kb: reading.rss_kb,
        };
        let mut seconds = seconds.lock().unwrap_or_else(PoisonError::into_inner);
        if seconds.len() < READINGS_MAX {
            seconds.push(second);
        }
        (before, before_at) = (reading, now);
    }
}
