// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What others leave for a media thread: bounded, in order, and with a bell that rings only where the thread may sleep.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use fiera_sfu::api::{Command, Event, PeerId, RoomKey};
use fiera_sfu::egress::{Path, Via};
use fiera_sfu::engine::{MovingPublisher, Relay, ThreadId};

use crate::inspect::Look;
use crate::udp::Waker;

/// Letters that may wait before media packets and datagrams are refused: a second of a large room.
pub(crate) const DROPPABLE_MAX: usize = 8_192;
/// Letters that may wait before who posts a command waits too. The thread empties its mailbox many times a second.
const COMMANDS_MAX: usize = 65_536;

/// A letter to a media thread.
pub(crate) enum Letter {
    /// Of the control plane, for a connection that is here or is to be.
    Command(Box<Command>),
    /// Ends a connection whose participant has a newer one on another thread.
    Replace(PeerId),
    /// Give this publisher to the thread that is the home of its next room.
    HandOver(PeerId),
    /// A publisher that another thread gave up, for a room whose home is here.
    Adopt(Box<MovingPublisher>, RoomKey),
    /// Whose these addresses are from now on.
    Moved(Vec<(Via, SocketAddr)>, ThreadId),
    /// Where the publishers of a room are.
    Home(RoomKey, Option<ThreadId>),
    /// To be reported to the control plane.
    Report(Event),
    /// A datagram that came on a stream, from a peer that may be on any thread.
    FromStream(Path, Box<[u8]>),
    /// A datagram that another thread received for a connection here.
    Forwarded(Path, Box<[u8]>),
    /// Of another thread's core.
    Relay(ThreadId, Relay),
    /// Show the core to somebody who asked.
    Look(Look),
    /// Say goodbye to all and end.
    Stop,
    /// Panic.
    #[cfg(test)]
    Panic,
}

impl Letter {
    fn is_droppable(&self) -> bool {
        match self {
            Letter::FromStream(..) | Letter::Forwarded(..) => true,
            Letter::Relay(_, relay) => relay.is_droppable(),
            _ => false,
        }
    }
}

/// One thread's mailbox.
pub(crate) struct Mailbox {
    letters: Mutex<VecDeque<Letter>>,
    emptied: Condvar,
    /// Letters that wait; written under the lock, read without it by those who need not be exact.
    depth: AtomicUsize,
    /// Whether the thread has ended: nobody will ever read a letter again. Written under the lock.
    closed: AtomicBool,
    /// Whether the thread sleeps or is about to.
    sleeps: AtomicBool,
    refused: AtomicU64,
    pub(crate) waker: Waker,
}

impl Mailbox {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {
            letters: Mutex::new(VecDeque::new()),
            emptied: Condvar::new(),
            depth: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            sleeps: AtomicBool::new(false),
            refused: AtomicU64::new(0),
            waker: Waker::new()?,
        })
    }

    fn letters(&self) -> MutexGuard<'_, VecDeque<Letter>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Leaves a letter, never blocking. Datagrams and packets are refused and counted where too many wait; after the end
    /// of the thread nothing is kept.
    pub(crate) fn post(&self, letter: Letter) {
        let mut letters = self.letters();
        if self.is_closed() {
            drop(letters);
            return;
        }
        if letters.len() >= DROPPABLE_MAX && letter.is_droppable() {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return;
        }
        letters.push_back(letter);
        self.depth.store(letters.len(), Ordering::Relaxed);
        drop(letters);
        if self.sleeps.swap(false, Ordering::SeqCst) {
            self.waker.wake();
        }
    }

    /// Waits until a command may be posted, or the thread has ended. Never called on a media thread.
    pub(crate) fn wait_for_room(&self) {
        if self.depth.load(Ordering::Relaxed) < COMMANDS_MAX {
            return;
        }
        let full = |letters: &mut VecDeque<Letter>| letters.len() >= COMMANDS_MAX && !self.is_closed();
        drop(self.emptied.wait_while(self.letters(), full));
    }

    /// Takes all letters in exchange for an empty queue.
    pub(crate) fn take(&self, inbox: &mut VecDeque<Letter>) {
        debug_assert!(inbox.is_empty());
        if self.depth.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut letters = self.letters();
        std::mem::swap(&mut *letters, inbox);
        // Under the lock: a letter posted right after the exchange must not be forgotten.
        self.depth.store(0, Ordering::Relaxed);
        drop(letters);
        if inbox.len() >= COMMANDS_MAX {
            self.emptied.notify_all();
        }
    }

    /// The thread has ended: what waits is dropped, and so is what comes; who waits for room goes on.
    pub(crate) fn close(&self) {
        let mut letters = self.letters();
        self.closed.store(true, Ordering::Release);
        let unread = std::mem::take(&mut *letters);
        self.depth.store(0, Ordering::Relaxed);
        drop(letters);
        self.emptied.notify_all();
        // Outside the lock: a letter may wake up somebody who posts another.
        drop(unread);
    }

    /// The thread is about to sleep: from now on a letter rings the bell. False where one is there already.
    pub(crate) fn falls_asleep(&self) -> bool {
        self.sleeps.store(true, Ordering::SeqCst);
        let empty = self.letters().is_empty();
        if !empty {
            self.sleeps.store(false, Ordering::SeqCst);
        }
        empty
    }

    /// The thread is awake.
    pub(crate) fn wakes_up(&self) {
        self.sleeps.store(false, Ordering::SeqCst);
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth.load(Ordering::Relaxed)
    }

    /// Datagrams and packets that were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram() -> Letter {
        let remote = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
        let path = Path {
            via: fiera_sfu::egress::Via::Udp,
            local: None,
            remote,
        };
        Letter::Forwarded(path, Box::new([0]))
    }

    #[test]
    fn a_full_mailbox_refuses_datagrams_and_takes_what_must_arrive() {
        let mailbox = Mailbox::new().expect("a mailbox");
        for _ in 0..DROPPABLE_MAX + 5 {
            mailbox.post(datagram());
        }
        mailbox.post(Letter::Home(RoomKey(1), None));
        assert_eq!((mailbox.refused(), mailbox.depth()), (5, DROPPABLE_MAX + 1));
        let mut inbox = VecDeque::new();
        mailbox.take(&mut inbox);
        assert!(matches!(inbox.back(), Some(Letter::Home(..))));
        assert_eq!(mailbox.depth(), 0);
    }

    #[test]
    fn the_bell_rings_once_and_only_for_who_may_sleep() {
        let mailbox = Mailbox::new().expect("a mailbox");
        mailbox.post(datagram());
        assert!(!mailbox.falls_asleep(), "something is there");
        let mut inbox = VecDeque::new();
        mailbox.take(&mut inbox);
        assert!(!mailbox.waker.silence(), "nobody slept");
        assert!(mailbox.falls_asleep());
        mailbox.post(datagram());
        assert!(mailbox.waker.silence());
        mailbox.post(datagram());
        assert!(!mailbox.waker.silence(), "it is awake");
    }

    #[test]
    fn every_letter_of_many_threads_is_taken_without_a_stall() {
        const POSTERS: u64 = 4;
        const EACH: u64 = 20_000;
        let mailbox = Mailbox::new().expect("a mailbox");
        std::thread::scope(|scope| {
            for _ in 0..POSTERS {
                scope.spawn(|| (0..EACH).for_each(|room| mailbox.post(Letter::Home(RoomKey(room), None))));
            }
            let (mut inbox, mut taken) = (VecDeque::new(), 0);
            while taken < POSTERS * EACH {
                mailbox.take(&mut inbox);
                taken += inbox.len() as u64;
                inbox.clear();
                // Nothing can be taken: then it may sleep, unless a letter came in between, which can be taken.
                if !mailbox.falls_asleep() {
                    mailbox.take(&mut inbox);
                    assert!(!inbox.is_empty(), "a letter waits and cannot be taken");
                    taken += inbox.len() as u64;
                    inbox.clear();
                }
                mailbox.wakes_up();
            }
        });
        assert!(mailbox.falls_asleep());
    }

    #[test]
    fn after_the_end_nobody_waits_and_nothing_is_kept() {
        let mailbox = Mailbox::new().expect("a mailbox");
        for room in 0..COMMANDS_MAX as u64 {
            mailbox.post(Letter::Home(RoomKey(room), None));
        }
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| mailbox.wait_for_room());
            mailbox.close();
            waits.join().expect("goes on");
        });
        mailbox.post(Letter::Home(RoomKey(1), None));
        assert_eq!(mailbox.depth(), 0);
        mailbox.wait_for_room();
    }
}
