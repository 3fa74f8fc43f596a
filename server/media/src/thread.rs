// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The media thread: one loop over socket, mailbox and clock around the sans-IO core.
//! A panic in the core ends the connections of this thread, never the server.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fiera_sfu::api::{CloseReason, Command, Event, PeerId};
use fiera_sfu::clock::ServerClock;
use fiera_sfu::egress::Egress;
use fiera_sfu::engine::{Sfu, TICK};
use fiera_sfu::transport::dtls::DtlsIdentity;

use crate::snapshot::CountersSnapshot;
use crate::udp::UdpSocket;
use crate::{Letter, Shared, is_passing};

/// Without connections the thread wakes up this rarely.
const IDLE_WAIT: Duration = Duration::from_millis(250);
/// The counters are published this often.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(250);
/// Commands carried out before the socket is looked at again.
const LETTERS_PER_TURN: usize = 256;
/// Batches read from the socket before what came in is sent on.
const BATCHES_PER_TURN: usize = 4;

pub(crate) struct Worker {
    socket: UdpSocket,
    identity: Arc<DtlsIdentity>,
    shared: Arc<Shared>,
    letters: Receiver<Letter>,
    events: Box<dyn Fn(Event) + Send>,
    /// Peers that the control plane believes in.
    peers: BTreeSet<PeerId>,
    egress: Egress,
    sfu: Sfu,
    next_tick: Instant,
    next_publish: Instant,
}

fn fresh(identity: &Arc<DtlsIdentity>) -> Sfu {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let clock = ServerClock::new(Instant::now(), u64::try_from(unix.as_micros()).unwrap_or(0));
    Sfu::new(Arc::clone(identity), clock)
}

impl Worker {
    pub(crate) fn new(
        socket: UdpSocket,
        identity: Arc<DtlsIdentity>,
        shared: Arc<Shared>,
        letters: Receiver<Letter>,
        events: Box<dyn Fn(Event) + Send>,
    ) -> Self {
        let (now, sfu) = (Instant::now(), fresh(&identity));
        Self {
            socket,
            identity,
            shared,
            letters,
            events,
            peers: BTreeSet::new(),
            egress: Egress::new(),
            sfu,
            next_tick: now,
            next_publish: now,
        }
    }

    pub(crate) fn run(mut self) {
        loop {
            match catch_unwind(AssertUnwindSafe(|| self.turn())) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => self.start_over(),
            }
        }
        self.shared.alive.store(false, Ordering::Release);
        self.end_all();
    }

    /// After a panic nothing in the core can be trusted: everybody has to connect again.
    fn start_over(&mut self) {
        tracing::error!(
            connections = self.peers.len(),
            "the media core panicked; its connections are ended"
        );
        self.sfu = fresh(&self.identity);
        self.egress.clear();
        self.end_all();
    }

    /// Tells the control plane that nobody is connected any more.
    fn end_all(&mut self) {
        for peer in std::mem::take(&mut self.peers) {
            (self.events)(Event::Closed {
                peer,
                reason: CloseReason::Asked,
            });
        }
    }

    /// One turn of the loop. Returns false when it is time to end.
    fn turn(&mut self) -> bool {
        let now = Instant::now();
        let wait = if self.peers.is_empty() {
            IDLE_WAIT
        } else {
            self.next_tick.saturating_duration_since(now)
        };
        match self.socket.wait(&self.shared.waker, wait) {
            Ok(true) => self.shared.waker.silence(),
            Ok(false) => {}
            Err(error) if is_passing(&error) => {}
            Err(error) => {
                tracing::error!(%error, "the media socket cannot be waited for");
                return false;
            }
        }
        if !self.read_letters() {
            return false;
        }
        for _ in 0..BATCHES_PER_TURN {
            if !self.read_socket() {
                break;
            }
        }
        let now = Instant::now();
        if now >= self.next_tick {
            self.sfu.handle_tick(now, &mut self.egress);
            // A late tick is not made up for by several.
            self.next_tick = (self.next_tick + TICK).max(now);
        }
        loop {
            let more = self.sfu.transmit(Instant::now(), &mut self.egress);
            self.send();
            if !more {
                break;
            }
            // A datagram lost on the way in is lost for everybody: look at the socket between chunks.
            self.read_socket();
        }
        self.report();
        true
    }

    /// Sends what waits, and tells the core who could not be reached.
    fn send(&mut self) {
        self.socket.send(&mut self.egress, &self.shared.streams);
        let now = Instant::now();
        for path in self.socket.full.drain(..) {
            self.sfu.handle_congestion(now, path);
        }
    }

    /// Returns whether there may be more.
    fn read_socket(&mut self) -> bool {
        let (sfu, egress) = (&mut self.sfu, &mut self.egress);
        let now = Instant::now();
        match self
            .socket
            .receive(|path, datagram| sfu.handle_datagram(now, path, datagram, egress))
        {
            Ok(count) => count > 0,
            // ICMP errors of single viewers show up here too; the next call goes on.
            Err(error) => !is_passing(&error),
        }
    }

    fn read_letters(&mut self) -> bool {
        for _ in 0..LETTERS_PER_TURN {
            let Ok(letter) = self.letters.try_recv() else { break };
            let now = Instant::now();
            match letter {
                Letter::Command(command) => {
                    if let Command::AddPublisher { peer, .. } | Command::AddViewer { peer, .. } = &*command {
                        self.peers.insert(*peer);
                    }
                    self.sfu.handle_command(now, *command, &mut self.egress);
                }
                Letter::Datagram(path, datagram) => self.sfu.handle_datagram(now, path, &datagram, &mut self.egress),
                Letter::Stop => {
                    for peer in std::mem::take(&mut self.peers) {
                        self.sfu
                            .handle_command(now, Command::RemovePeer { peer }, &mut self.egress);
                        self.send();
                    }
                    return false;
                }
            }
        }
        true
    }

    fn report(&mut self) {
        while let Some(event) = self.sfu.poll_event() {
            if let Event::Closed { peer, .. } = &event {
                self.peers.remove(peer);
            }
            (self.events)(event);
        }
        let now = Instant::now();
        if now >= self.next_publish {
            self.next_publish = now + PUBLISH_INTERVAL;
            let snapshot = CountersSnapshot::of(
                self.sfu.counters(),
                self.socket.counters,
                self.shared.mail_refused.load(Ordering::Relaxed),
            );
            *self.shared.counters.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
        }
    }
}
