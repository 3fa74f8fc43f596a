// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A thread that owns some of the viewers. Those at one shared socket are served by large `recvmmsg` at short intervals, so
//! that the server is not charged with waking us per packet; those with sockets of their own by a poll.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mio::{Events, Interest, Poll, Token, Waker};

use super::account::ViewerReport;
use super::counters::PoolCounters;
use super::network::Network;
use super::place::{BLOCK_ADDRESSES, Place};
use super::settings::Settings;
use super::viewer::{Newcomer, Viewer};
use crate::clock::unix_ns;
use crate::publish::sender::Ledger;
use crate::sys::{self, Meta, Outgoing, RecvBatch};

const TICK: Duration = Duration::from_millis(5);
/// Between looks at the shared socket while nothing comes.
const PAUSE: Duration = Duration::from_micros(500);
/// Batches taken from the shared socket before timers are looked at.
const BATCHES_PER_TURN: usize = 64;
const EVENTS: usize = 256;
const WAKER: Token = Token(usize::MAX);
/// Newcomers that may wait for a pool.
pub const INBOX_MAX: usize = 4_096;
/// Viewers of one pool, which addresses of a block can tell apart.
const NOBODY: u32 = u32::MAX;

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

struct Outbox {
    waiting: Vec<(u32, SocketAddr, Vec<u8>)>,
}

struct Pool<'a> {
    poll: Poll,
    shared: Option<UdpSocket>,
    /// Viewer by the lower half of its address in the block.
    by_address: Vec<u32>,
    viewers: Vec<Viewer>,
    networks: Vec<Option<Box<Network>>>,
    networked: Vec<usize>,
    due: Vec<Instant>,
    outbox: Outbox,
    counters: PoolCounters,
    settings: &'a Settings,
}

/// Runs until `settings.stop`. `shared` is the socket of viewers without their own.
///
/// # Errors
/// When the poll fails.
pub fn run(
    poll: Poll,
    shared: Option<UdpSocket>,
    inbox: &Receiver<Newcomer>,
    settings: &Settings,
    ledger: &Ledger,
) -> Result<PoolReport> {
    let mut batch = RecvBatch::new(false);
    if let Some(socket) = &shared
        && sys::is_joined(socket.as_fd())
    {
        batch = RecvBatch::new(true);
    }
    let mut pool = Pool {
        poll,
        shared,
        by_address: vec![NOBODY; BLOCK_ADDRESSES as usize],
        viewers: Vec::new(),
        networks: Vec::new(),
        networked: Vec::new(),
        due: Vec::new(),
        outbox: Outbox { waiting: Vec::new() },
        counters: PoolCounters::new()?,
        settings,
    };
    let mut events = Events::with_capacity(EVENTS);
    let mut next_tick = Instant::now();
    let mut steady_from: Option<(u64, u64)> = None;
    let mut datagrams = 0;
    while !settings.stop.load(Ordering::Acquire) {
        pool.counters.set_second(settings.began.elapsed().as_secs() as usize);
        let timeout = next_tick.saturating_duration_since(Instant::now());
        let taken = if pool.shared.is_some() {
            let taken = pool.read_shared(&mut batch);
            if taken == 0 {
                std::thread::sleep(PAUSE.min(timeout));
            }
            taken
        } else {
            pool.read_own(&mut events, &mut batch, timeout)?
        };
        datagrams += taken;
        while let Ok(newcomer) = inbox.try_recv() {
            pool.welcome(newcomer)?;
        }
        let now = Instant::now();
        if now >= next_tick {
            next_tick = now + TICK;
            pool.tick(now);
        }
        pool.flush();
        match (settings.is_steady(), steady_from) {
            (true, None) => steady_from = Some((sys::thread_cpu_ns(), datagrams)),
            (false, Some((cpu_from, datagrams_from))) => {
                pool.counters.steady_cpu_ns = sys::thread_cpu_ns() - cpu_from;
                pool.counters.steady_datagrams = datagrams - datagrams_from;
                steady_from = None;
            }
            _ => {}
        }
    }
    for at in 0..pool.viewers.len() {
        pool.viewers[at].goodbye();
        pool.collect(at);
        pool.flush();
    }
    let reports = pool.viewers.into_iter().zip(pool.networks).map(|(viewer, network)| {
        let mut report = viewer.finish(ledger, settings);
        report.network_lost = network.map_or(0, |network| network.lost);
        report
    });
    Ok(PoolReport {
        viewers: reports.collect(),
        counters: pool.counters,
    })
}

impl Pool<'_> {
    fn welcome(&mut self, newcomer: Newcomer) -> Result<()> {
        let (at, now) = (self.viewers.len(), Instant::now());
        let network = self.settings.network(newcomer.number).map(Box::new);
        if network.is_some() {
            self.networked.push(at);
        }
        let mut viewer = Viewer::new(newcomer, now, self.settings);
        match viewer.place().0 {
            Place::Shared(address) => self.by_address[(*address % BLOCK_ADDRESSES) as usize] = at as u32,
            Place::Own(socket) => {
                let registry = self.poll.registry();
                registry
                    .register(socket, Token(at), Interest::READABLE)
                    .context("poll")?;
            }
        }
        self.viewers.push(viewer);
        self.networks.push(network);
        self.due.push(now);
        self.collect(at);
        Ok(())
    }

    /// Takes what waits at the shared socket; returns how many datagrams.
    fn read_shared(&mut self, batch: &mut RecvBatch) -> u64 {
        let mut taken = 0;
        for _ in 0..BATCHES_PER_TURN {
            let Some(socket) = &self.shared else { break };
            let Ok(n) = batch.receive(socket.as_fd()) else { break };
            let (now, now_ns) = (Instant::now(), unix_ns());
            for i in 0..n {
                let (bytes, meta) = batch.get(i);
                if i == 0 {
                    let lag_ns = now_ns.saturating_sub(meta.arrived_ns);
                    self.counters.lag_us.saturating_record(lag_ns / 1_000);
                }
                if let Some(dropped) = meta.dropped {
                    self.counters.socket_drops = u64::from(dropped);
                }
                let at = self.by_address[(meta.to % BLOCK_ADDRESSES) as usize];
                let segment = if meta.segment == 0 {
                    bytes.len().max(1)
                } else {
                    meta.segment
                };
                for datagram in bytes.chunks_mut(segment) {
                    taken += 1;
                    if at != NOBODY {
                        let meta = Meta {
                            len: datagram.len(),
                            ..meta
                        };
                        self.arrived(at as usize, now, datagram, meta);
                    }
                }
            }
            if n < batch.capacity() {
                break;
            }
        }
        taken
    }

    /// Waits for sockets of single viewers and takes what came; returns how many datagrams.
    fn read_own(&mut self, events: &mut Events, batch: &mut RecvBatch, timeout: Duration) -> Result<u64> {
        match self.poll.poll(events, Some(timeout)) {
            Err(e) if e.kind() != io::ErrorKind::Interrupted => return Err(e).context("poll"),
            _ => {}
        }
        let mut taken = 0;
        for event in events.iter() {
            let at = event.token().0;
            while at < self.viewers.len() {
                let Place::Own(socket) = self.viewers[at].place().0 else {
                    break;
                };
                let n = match batch.receive(socket.as_fd()) {
                    Ok(n) => n,
                    Err(e) if matches!(e.kind(), io::ErrorKind::Interrupted | io::ErrorKind::ConnectionRefused) => {
                        continue;
                    }
                    Err(_) => break,
                };
                let (now, now_ns) = (Instant::now(), unix_ns());
                for i in 0..n {
                    let (bytes, meta) = batch.get(i);
                    if i == 0 {
                        let lag_ns = now_ns.saturating_sub(meta.arrived_ns);
                        self.counters.lag_us.saturating_record(lag_ns / 1_000);
                    }
                    self.viewers[at].socket_dropped(meta);
                    self.arrived(at, now, bytes, meta);
                }
                taken += n as u64;
                if n < batch.capacity() {
                    break;
                }
            }
        }
        Ok(taken)
    }

    fn arrived(&mut self, at: usize, now: Instant, datagram: &mut [u8], meta: Meta) {
        if let Some(network) = &mut self.networks[at] {
            return network.take(datagram, meta);
        }
        let viewer = &mut self.viewers[at];
        viewer.datagram(now, datagram, meta, &mut self.counters, self.settings);
        if viewer.has_out() {
            self.collect(at);
        }
    }

    fn tick(&mut self, now: Instant) {
        let now_ns = unix_ns();
        for i in 0..self.networked.len() {
            let at = self.networked[i];
            while let Some((mut bytes, meta)) = self.networks[at].as_mut().and_then(|network| network.due(now_ns)) {
                self.viewers[at].datagram(now, &mut bytes, meta, &mut self.counters, self.settings);
            }
            self.collect(at);
        }
        for at in 0..self.viewers.len() {
            if self.due[at] <= now {
                self.due[at] = self.viewers[at].tick(now, now_ns, self.settings);
                self.collect(at);
            }
        }
    }

    /// Moves what a viewer wants to send to the outbox, or to its own socket.
    fn collect(&mut self, at: usize) {
        let viewer = &mut self.viewers[at];
        while let Some(bytes) = viewer.poll_out() {
            if self.networks[at]
                .as_mut()
                .is_some_and(|network| network.loses_outgoing())
            {
                continue;
            }
            match viewer.place() {
                (Place::Shared(from), to) => self.outbox.waiting.push((*from, to, bytes)),
                (Place::Own(socket), _) => {
                    let _ = socket.send(&bytes);
                }
            }
        }
    }

    fn flush(&mut self) {
        let Some(socket) = &self.shared else { return };
        if self.outbox.waiting.is_empty() {
            return;
        }
        let out = self.outbox.waiting.iter().map(|(from, to, bytes)| Outgoing {
            from: *from,
            to: *to,
            bytes,
            segment: bytes.len(),
        });
        self.counters.send_refused += sys::send_each(socket.as_fd(), out) as u64;
        self.outbox.waiting.clear();
    }
}
