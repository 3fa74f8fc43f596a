// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A thread that owns some of the viewers: one poll, one receive batch, one tick every few milliseconds.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token, Waker};

use super::account::ViewerReport;
use super::viewer::{Newcomer, Viewer};
use crate::clock::unix_ns;
use crate::publish::sender::Ledger;
use crate::sys::{Meta, RecvBatch};

const TICK: Duration = Duration::from_millis(10);
const EVENTS: usize = 256;
const WAKER: Token = Token(usize::MAX);
/// Newcomers that may wait for a pool.
pub const INBOX_MAX: usize = 4_096;
/// The viewer whose batches are taken as a pattern for the floor.
const PATTERN_VIEWER: usize = 0;
const PATTERN_PACKETS_MAX: usize = 20_000;

/// Where the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// People come.
    Ramp = 0,
    /// Measured.
    Steady = 1,
    /// The publisher has stopped; the last packets come in.
    Drain = 2,
}

/// What all viewers share.
#[derive(Debug)]
pub struct Settings {
    phase: AtomicU8,
    /// Ends the pools.
    pub stop: AtomicBool,
    /// Between TWCC feedbacks of a viewer.
    pub twcc_every: Duration,
    /// Media packets that each viewer's network loses, of 10,000.
    pub lose_of_10k: u32,
}

impl Settings {
    /// Settings at the beginning of a run.
    #[must_use]
    pub fn new(twcc_every: Duration, lose_of_10k: u32) -> Self {
        Self {
            phase: AtomicU8::new(Phase::Ramp as u8),
            stop: AtomicBool::new(false),
            twcc_every,
            lose_of_10k,
        }
    }

    /// Moves the run on.
    pub fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Whether the run is over for viewers: who is closed now was not lost.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.phase.load(Ordering::Relaxed) == Phase::Drain as u8
    }

    fn is_steady(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == Phase::Steady as u8
    }
}

/// Measurements of a whole pool.
pub struct PoolCounters {
    /// Different media packets delivered in the steady window.
    pub steady_packets: u64,
    /// Latency of all packets in it, microseconds.
    pub latency_us: Histogram<u64>,
    /// Latency without keyframe packets, microseconds.
    pub latency_plain_us: Histogram<u64>,
    /// Sizes of the datagrams that came together, for one viewer; those of one GSO batch share an arrival time.
    pub pattern: Vec<Vec<u16>>,
    pattern_packets: usize,
    pattern_at: u64,
    dice: u64,
}

impl PoolCounters {
    fn new() -> Result<Self> {
        let histogram = || Histogram::<u64>::new_with_bounds(1, 60_000_000, 3).context("histogram");
        Ok(Self {
            steady_packets: 0,
            latency_us: histogram()?,
            latency_plain_us: histogram()?,
            pattern: Vec::new(),
            pattern_packets: 0,
            pattern_at: 0,
            dice: 0x9E37_79B9_7F4A_7C15,
        })
    }

    /// Whether the viewer's network loses the next packet: the same dice in every run (xorshift64).
    pub fn lose(&mut self, settings: &Settings) -> bool {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 32) % 10_000 < u64::from(settings.lose_of_10k)
    }

    /// Enters a delivered media packet.
    pub fn count(&mut self, settings: &Settings, latency_ns: Option<u64>, of_keyframe: bool) {
        if !settings.is_steady() {
            return;
        }
        self.steady_packets += 1;
        if let Some(ns) = latency_ns {
            self.latency_us.saturating_record(ns / 1_000);
            if !of_keyframe {
                self.latency_plain_us.saturating_record(ns / 1_000);
            }
        }
    }

    /// Enters a datagram into the pattern of batches, if it is the pattern viewer's.
    pub fn batch(&mut self, viewer: usize, settings: &Settings, meta: Meta) {
        if viewer != PATTERN_VIEWER || !settings.is_steady() || self.pattern_packets >= PATTERN_PACKETS_MAX {
            return;
        }
        self.pattern_packets += 1;
        match self.pattern.last_mut() {
            Some(batch) if self.pattern_at == meta.arrived_ns => batch.push(meta.len as u16),
            _ => self.pattern.push(vec![meta.len as u16]),
        }
        self.pattern_at = meta.arrived_ns;
    }
}

/// What a pool gives at its end.
pub struct PoolReport {
    /// Its measurements.
    pub counters: PoolCounters,
    /// Its viewers.
    pub viewers: Vec<ViewerReport>,
}

/// Makes the poll and waker of a pool, so that others can wake it before it runs.
///
/// # Errors
/// When the system has no descriptor left.
pub fn prepare() -> Result<(Poll, Arc<Waker>)> {
    let poll = Poll::new().context("poll")?;
    let waker = Waker::new(poll.registry(), WAKER).context("waker")?;
    Ok((poll, Arc::new(waker)))
}

/// Runs until `settings.stop`.
///
/// # Errors
/// When the poll fails.
pub fn run(mut poll: Poll, inbox: &Receiver<Newcomer>, settings: &Settings, ledger: &Ledger) -> Result<PoolReport> {
    let mut counters = PoolCounters::new()?;
    let mut viewers: Vec<Viewer> = Vec::new();
    let mut events = Events::with_capacity(EVENTS);
    let mut batch = RecvBatch::default();
    let mut next_tick = Instant::now();
    while !settings.stop.load(Ordering::Acquire) {
        let timeout = next_tick.saturating_duration_since(Instant::now());
        match poll.poll(&mut events, Some(timeout)) {
            Err(e) if e.kind() != io::ErrorKind::Interrupted => return Err(e).context("poll"),
            _ => {}
        }
        while let Ok(newcomer) = inbox.try_recv() {
            let mut viewer = Viewer::new(newcomer, Instant::now());
            poll.registry()
                .register(viewer.socket(), Token(viewers.len()), Interest::READABLE)
                .context("poll")?;
            viewers.push(viewer);
        }
        for event in &events {
            if let Some(viewer) = viewers.get_mut(event.token().0) {
                viewer.readable(&mut batch, &mut counters, settings);
            }
        }
        let now = Instant::now();
        if now >= next_tick {
            next_tick = now + TICK;
            let now_ns = unix_ns();
            viewers.iter_mut().for_each(|v| v.tick(now, now_ns, settings));
        }
    }
    let viewers = viewers.into_iter().map(|v| v.finish(ledger, settings)).collect();
    Ok(PoolReport { counters, viewers })
}
