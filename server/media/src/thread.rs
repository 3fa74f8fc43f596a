// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A media thread: one loop over socket, mailbox and clock around the sans-IO core.
//! A panic in the core ends the connections of this thread, never those of others or the server.

use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use fiera_sfu::api::{CloseReason, Command, Event, PeerId};
use fiera_sfu::counters::Counters;
use fiera_sfu::egress::{Egress, Path};
use fiera_sfu::engine::{Sfu, TICK, ThreadId};
use fiera_sfu::transport::dtls::DtlsIdentity;

use crate::mailbox::{Letter, Mailbox};
use crate::router::{Route, Router};
use crate::snapshot::{Report, ThreadSnapshot};
use crate::udp::UdpSocket;
use crate::{Shared, is_passing};

/// Without connections the thread wakes up this rarely.
const IDLE_WAIT: Duration = Duration::from_millis(250);
/// The counters are published this often.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(250);
/// Letters looked at before the socket is looked at again.
const LETTERS_PER_TURN: usize = 256;
/// Batches read from the socket before what came in is sent on.
const BATCHES_PER_TURN: usize = 4;

pub(crate) struct Worker {
    thread: ThreadId,
    socket: UdpSocket,
    identity: Arc<DtlsIdentity>,
    shared: Arc<Shared>,
    /// None where there is but one thread.
    router: Option<Router>,
    inbox: VecDeque<Letter>,
    /// Peers that the control plane believes in.
    peers: BTreeSet<PeerId>,
    egress: Egress,
    sfu: Sfu,
    /// What cores before this one counted.
    before: Counters,
    own: ThreadSnapshot,
    started: Instant,
    idle: Duration,
    /// Whether the core has more to send than fitted into the last turn.
    unfinished: bool,
    next_tick: Instant,
    next_publish: Instant,
}

fn fresh(identity: &Arc<DtlsIdentity>, shared: &Shared, thread: ThreadId, life: u64) -> Sfu {
    Sfu::on_thread(Arc::clone(identity), shared.clock, thread, life as u16)
}

impl Worker {
    pub(crate) fn new(thread: ThreadId, socket: UdpSocket, identity: Arc<DtlsIdentity>, shared: Arc<Shared>) -> Self {
        let (now, sfu) = (Instant::now(), fresh(&identity, &shared, thread, 0));
        let several = shared.director.mailboxes.len() > 1;
        let router = several.then(|| Router::new(thread, Arc::clone(&shared.director), Arc::clone(&identity)));
        Self {
            thread,
            socket,
            identity,
            shared,
            router,
            inbox: VecDeque::new(),
            peers: BTreeSet::new(),
            egress: Egress::new(),
            sfu,
            before: Counters::default(),
            own: ThreadSnapshot {
                thread: usize::from(thread.0),
                ..ThreadSnapshot::default()
            },
            started: now,
            idle: Duration::ZERO,
            unfinished: false,
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
        self.mailbox().close();
        self.end_all();
    }

    /// After a panic nothing in the core can be trusted: everybody here has to connect again.
    fn start_over(&mut self) {
        tracing::error!(
            thread = self.thread.0,
            connections = self.peers.len(),
            "the media core of a thread panicked; its connections are ended"
        );
        self.own.restarts += 1;
        let ended = std::mem::replace(
            &mut self.sfu,
            fresh(&self.identity, &self.shared, self.thread, self.own.restarts),
        );
        self.before.add(ended.counters());
        self.before.forget_connections();
        self.egress.clear();
        let now = Instant::now();
        self.unfinished = false;
        for (room, home) in self.shared.director.homes() {
            self.sfu.handle_home(now, room, Some(home));
        }
        self.end_all();
        // Who followed a room here was forgotten, also where the room has a publisher that is yet to be added.
        self.shared.director.announce_again(self.thread);
    }

    /// Tells the control plane that nobody is connected here any more.
    fn end_all(&mut self) {
        for peer in std::mem::take(&mut self.peers) {
            let reason = CloseReason::Asked;
            self.shared.director.closed(peer, self.thread, reason);
            self.shared.say(Event::Closed { peer, reason });
        }
    }

    fn mailbox(&self) -> &Mailbox {
        &self.shared.director.mailboxes[usize::from(self.thread.0)]
    }

    /// Waits for something to do. Returns false when there will never be anything again.
    fn wait(&mut self) -> bool {
        let asleep = Instant::now();
        let wait = if self.unfinished || !self.inbox.is_empty() || !self.mailbox().falls_asleep() {
            Duration::ZERO
        } else if self.peers.is_empty() {
            IDLE_WAIT
        } else {
            self.next_tick.saturating_duration_since(asleep)
        };
        let mailbox = &self.shared.director.mailboxes[usize::from(self.thread.0)];
        let waited = self.socket.wait(&mailbox.waker, wait);
        mailbox.wakes_up();
        self.idle += asleep.elapsed();
        match waited {
            Ok(rang) => {
                if rang {
                    self.mailbox().waker.silence();
                }
                true
            }
            Err(error) if is_passing(&error) => true,
            Err(error) => {
                tracing::error!(%error, "the media socket cannot be waited for");
                false
            }
        }
    }

    /// One turn of the loop. Returns false when it is time to end.
    fn turn(&mut self) -> bool {
        if !self.wait() || !self.read_letters() {
            return false;
        }
        for _ in 0..BATCHES_PER_TURN {
            if !self.read_socket() {
                break;
            }
        }
        let now = Instant::now();
        if now >= self.next_tick {
            self.own.ticks += 1;
            self.own.ticks_late += u64::from(!self.peers.is_empty() && now >= self.next_tick + TICK);
            self.sfu.handle_tick(now, &mut self.egress);
            // A late tick is not made up for by several.
            self.next_tick = (self.next_tick + TICK).max(now);
        }
        self.pass_on();
        // Under overload there is always more, but letters, ticks and reports have their turn all the same.
        let leave = Instant::now() + TICK;
        loop {
            let now = Instant::now();
            self.unfinished = self.sfu.transmit(now, &mut self.egress);
            self.send();
            if !self.unfinished || now >= leave {
                break;
            }
            // A datagram lost on the way in is lost for everybody: look at the socket between chunks.
            self.read_socket();
            self.pass_on();
        }
        self.report();
        self.pass_on();
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

    /// Messages for other threads.
    fn pass_on(&mut self) {
        while let Some((to, relay)) = self.sfu.poll_relay() {
            self.shared.director.post(to, Letter::Relay(self.thread, relay));
        }
    }

    /// Returns whether there may be more.
    fn read_socket(&mut self) -> bool {
        let now = Instant::now();
        let (sfu, egress, peers) = (&mut self.sfu, &mut self.egress, &mut self.peers);
        let (router, director, own) = (&mut self.router, &self.shared.director, &mut self.own);
        let ahead = |sfu: &mut Sfu, path: &Path, datagram: &[u8]| sfu.look_ahead(path, datagram);
        let received = self.socket.receive(sfu, ahead, |sfu, path, datagram| match router {
            None => sfu.handle_datagram(now, path, datagram, egress),
            Some(router) => {
                own.forwarded_datagrams += arrive(now, (path, datagram), (router, director), (sfu, peers), egress);
            }
        });
        // ICMP errors of single viewers show up here too; the next call goes on.
        received.unwrap_or_else(|error| !is_passing(&error))
    }

    fn read_letters(&mut self) -> bool {
        for _ in 0..LETTERS_PER_TURN {
            if self.inbox.is_empty() {
                let mailbox = &self.shared.director.mailboxes[usize::from(self.thread.0)];
                mailbox.take(&mut self.inbox);
            }
            let Some(letter) = self.inbox.pop_front() else { break };
            let now = Instant::now();
            match letter {
                Letter::Command(command) => {
                    if let Command::RemovePeer { peer } = &*command
                        && !self.peers.contains(peer)
                    {
                        // Lost with a core that panicked: the registry may still believe in it.
                        self.shared.director.closed(*peer, self.thread, CloseReason::Asked);
                    }
                    carry_out(now, *command, &mut self.sfu, &mut self.peers, &mut self.egress);
                }
                Letter::Replace(peer) => self.sfu.handle_replaced(now, peer, &mut self.egress),
                Letter::HandOver(peer) => {
                    let (sfu, mut left) = (&mut self.sfu, None);
                    let release = || {
                        let (moving, vacancy) = sfu.take_publisher(peer)?;
                        left = Some(vacancy);
                        Some(moving)
                    };
                    if self.shared.director.hand_over(peer, self.thread, now, release) {
                        self.peers.remove(&peer);
                    }
                    // Outside of the registry's lock: a room may have many viewers.
                    if let Some(vacancy) = left {
                        self.sfu.vacate(now, vacancy);
                    }
                }
                Letter::Adopt(moving, room) => {
                    self.peers.insert(moving.peer());
                    self.sfu.adopt_publisher(now, moving, room, &mut self.egress);
                }
                Letter::Moved(ends, owner) => {
                    let router = self.router.as_mut().filter(|_| owner != self.thread);
                    if let Some(router) = router {
                        ends.into_iter().for_each(|end| router.note(end, owner));
                    }
                }
                Letter::Home(room, home) => self.sfu.handle_home(now, room, home),
                Letter::Report(event) => self.shared.say(event),
                Letter::Relay(from, relay) => self.sfu.handle_relay(now, from, relay),
                Letter::Forwarded(path, datagram) => {
                    self.sfu.handle_datagram(now, path, &datagram, &mut self.egress);
                }
                Letter::FromStream(path, datagram) => match &mut self.router {
                    None => self.sfu.handle_datagram(now, path, &datagram, &mut self.egress),
                    Some(router) => {
                        self.own.forwarded_datagrams += arrive(
                            now,
                            (path, &datagram),
                            (router, &self.shared.director),
                            (&mut self.sfu, &mut self.peers),
                            &mut self.egress,
                        );
                    }
                },
                Letter::Look(look) => look(&self.sfu),
                #[cfg(test)]
                Letter::Panic => panic!("a test asked for it"),
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
            if let Event::Closed { peer, reason } = &event {
                self.peers.remove(peer);
                self.shared.director.closed(*peer, self.thread, *reason);
            }
            self.shared.say(event);
        }
        let now = Instant::now();
        if now < self.next_publish {
            return;
        }
        self.next_publish = now + PUBLISH_INTERVAL;
        if self.thread == ThreadId(0) {
            for peer in self.shared.director.expire(now) {
                let reason = CloseReason::ConnectTimeout;
                self.shared.say(Event::Closed { peer, reason });
            }
        }
        let (depth, drops) = (self.mailbox().depth(), self.mailbox().refused());
        (self.own.queue_depth, self.own.queue_drops) = (depth, drops);
        let elapsed = now.saturating_duration_since(self.started);
        self.own.elapsed_s = elapsed.as_secs_f64();
        self.own.busy_s = elapsed.saturating_sub(self.idle).as_secs_f64();
        let mut counters = self.before.clone();
        counters.add(self.sfu.counters());
        let report = Report {
            counters,
            socket: self.socket.counters,
            thread: self.own.clone(),
        };
        let published = &self.shared.reports[usize::from(self.thread.0)];
        *published.lock().unwrap_or_else(PoisonError::into_inner) = report;
    }
}

/// Carries out a command for a connection that is, or will be, on this thread.
fn carry_out(now: Instant, command: Command, sfu: &mut Sfu, peers: &mut BTreeSet<PeerId>, egress: &mut Egress) {
    if let Command::AddPublisher { peer, .. } | Command::AddViewer { peer, .. } = &command {
        peers.insert(*peer);
    }
    sfu.handle_command(now, command, egress);
}

/// Takes a datagram that came to this thread, wherever it belongs. Returns how many were handed on.
fn arrive(
    now: Instant,
    (path, datagram): (Path, &[u8]),
    (router, director): (&mut Router, &crate::director::Director),
    (sfu, peers): (&mut Sfu, &mut BTreeSet<PeerId>),
    egress: &mut Egress,
) -> u64 {
    match router.route(sfu, path, datagram, egress) {
        Route::Here => sfu.handle_datagram(now, path, datagram, egress),
        Route::Answered => {}
        Route::To(owner) => {
            director.post(owner, Letter::Forwarded(path, datagram.into()));
            return 1;
        }
        Route::Adopted(commands, from, check) => {
            for command in commands {
                carry_out(now, command, sfu, peers, egress);
            }
            sfu.handle_datagram(now, from, &check, egress);
            if *check != *datagram {
                sfu.handle_datagram(now, path, datagram, egress);
            }
        }
        Route::Lost(owner, from, check) => {
            let same = *check == *datagram;
            director.post(owner, Letter::Forwarded(from, check));
            if !same {
                director.post(owner, Letter::Forwarded(path, datagram.into()));
            }
            return 1 + u64::from(!same);
        }
    }
    0
}
