// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Which thread has what: the publishers of a room live together on its home thread, a viewer lives on the thread that
//! its first handshake message reaches, and a publisher goes from thread to thread with its room. It holds no packet and no
//! socket; all of it changes a few times per join and move.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use fiera_sfu::api::{CloseReason, Command, Event, ParticipantKey, PeerId, RoomKey};
use fiera_sfu::engine::{MovingPublisher, ThreadId};
use fiera_sfu::sdp::TransportCredentials;
use fiera_sfu::transport::CONNECT_TIMEOUT;

use crate::mailbox::{Letter, Mailbox};

/// Commands kept for a viewer that no thread has adopted yet: sizes of slots, moves. Older ones are dropped.
const EARLY_COMMANDS_MAX: usize = 32;

/// Who answers for an `ice-ufrag` of ours.
pub(crate) enum Answer {
    /// The thread that has the connection, with its password.
    Owner(ThreadId, String),
    /// Nobody yet: whoever gets its first handshake message. Whether that message is ours to send.
    Unclaimed(String, bool),
}

/// What became of an attempt to adopt a viewer.
pub(crate) enum Claim {
    /// It is the caller's now; commands to carry out, the first of which adds it.
    Mine(Vec<Command>),
    /// Another thread was first.
    Owner(ThreadId),
    /// It is gone.
    Gone,
}

enum Place {
    Thread(ThreadId),
    Nowhere {
        since: Instant,
        commands: VecDeque<Command>,
    },
    /// A publisher that `from` is to give to `to`, for this room; what was asked for it since.
    Moving {
        from: ThreadId,
        to: ThreadId,
        room: RoomKey,
        commands: VecDeque<Command>,
    },
}

impl Place {
    /// The thread that counts it as one of its publishers.
    fn counted(&self) -> Option<ThreadId> {
        match self {
            Place::Thread(thread) | Place::Moving { to: thread, .. } => Some(*thread),
            Place::Nowhere { .. } => None,
        }
    }
}

struct Peer {
    place: Place,
    local: TransportCredentials,
    we_begin: bool,
    /// Of a publisher.
    publishes: Option<(RoomKey, ParticipantKey)>,
}

struct Home {
    thread: ThreadId,
    publishers: usize,
}

#[derive(Default)]
struct Registry {
    peers: HashMap<PeerId, Peer>,
    ufrags: HashMap<String, PeerId>,
    rooms: BTreeMap<RoomKey, Home>,
    participants: HashMap<ParticipantKey, PeerId>,
    /// Viewers that nobody has adopted, oldest first; who was adopted since is passed over.
    unclaimed: VecDeque<PeerId>,
    /// Rooms that may have lost their last publisher.
    emptied: Vec<RoomKey>,
    /// Publishers per thread.
    publishers: Vec<usize>,
}

/// The registry and the mailboxes of all threads.
pub(crate) struct Director {
    pub(crate) mailboxes: Vec<Mailbox>,
    registry: Mutex<Registry>,
}

impl Director {
    pub(crate) fn new(threads: usize) -> std::io::Result<Self> {
        Ok(Self {
            mailboxes: (0..threads).map(|_| Mailbox::new()).collect::<Result<_, _>>()?,
            registry: Mutex::new(Registry {
                publishers: vec![0; threads],
                ..Registry::default()
            }),
        })
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn mailbox(&self, thread: ThreadId) -> Option<&Mailbox> {
        self.mailboxes.get(usize::from(thread.0))
    }

    pub(crate) fn post(&self, thread: ThreadId, letter: Letter) {
        if let Some(mailbox) = self.mailbox(thread) {
            mailbox.post(letter);
        }
    }

    fn threads(&self) -> impl Iterator<Item = ThreadId> {
        (0..self.mailboxes.len() as u16).map(ThreadId)
    }

    fn announce(&self, room: RoomKey, home: Option<ThreadId>) {
        self.threads()
            .for_each(|thread| self.post(thread, Letter::Home(room, home)));
    }

    /// Waits for those mailboxes that a command goes to: a thread that is late holds up nobody else.
    fn wait_for_room(&self, command: &Command) {
        let registry = self.registry();
        let to = match command {
            // A new room is announced to all.
            Command::AddPublisher { room, .. } => match registry.rooms.get(room) {
                Some(home) => Some(home.thread),
                None => {
                    drop(registry);
                    self.mailboxes.iter().for_each(Mailbox::wait_for_room);
                    return;
                }
            },
            Command::AddViewer { .. } => (self.mailboxes.len() == 1).then_some(ThreadId(0)),
            Command::RemovePeer { peer }
            | Command::MoveViewer { peer, .. }
            | Command::MovePublisher { peer, .. }
            | Command::Want { peer, .. } => registry.thread_of(*peer),
            Command::SetOnAir { participant, .. } | Command::SetLive { participant, .. } => {
                let peer = registry.participants.get(participant);
                peer.and_then(|peer| registry.thread_of(*peer))
            }
        };
        drop(registry);
        if let Some(mailbox) = to.and_then(|thread| self.mailbox(thread)) {
            mailbox.wait_for_room();
        }
    }

    /// Gives a command to the thread that it concerns; those of one caller keep their order. `now`: for viewers that
    /// are never adopted.
    pub(crate) fn command(&self, now: Instant, command: Command) {
        self.wait_for_room(&command);
        self.dispatch(&mut self.registry(), now, command);
    }

    fn dispatch(&self, registry: &mut Registry, now: Instant, command: Command) {
        match &command {
            Command::AddPublisher {
                peer,
                room,
                participant,
                local,
                remote,
                ..
            } => {
                self.replace(registry, *peer);
                let place = self.home_for(registry, *room);
                if let Some(other) = registry.participants.insert(*participant, *peer) {
                    // On the same thread the core replaces it itself.
                    if registry.thread_of(other).is_some_and(|thread| thread != place) {
                        self.replace(registry, other);
                    } else {
                        registry.forget(other);
                    }
                }
                let begins = remote.we_are_dtls_client;
                let publishes = Some((*room, *participant));
                registry.add(*peer, Place::Thread(place), local.clone(), begins, publishes);
                self.release_empty(registry);
                self.post(place, Letter::Command(Box::new(command)));
            }
            Command::AddViewer {
                peer, local, remote, ..
            } => {
                self.replace(registry, *peer);
                let (peer, local, begins) = (*peer, local.clone(), remote.we_are_dtls_client);
                if self.mailboxes.len() == 1 {
                    registry.add(peer, Place::Thread(ThreadId(0)), local, begins, None);
                    self.post(ThreadId(0), Letter::Command(Box::new(command)));
                    return;
                }
                let place = Place::Nowhere {
                    since: now,
                    commands: VecDeque::from([command]),
                };
                registry.add(peer, place, local, begins, None);
                registry.unclaimed.push_back(peer);
            }
            Command::MovePublisher { peer, room } => self.move_publisher(registry, *peer, *room),
            Command::RemovePeer { peer } | Command::MoveViewer { peer, .. } | Command::Want { peer, .. } => {
                let peer = *peer;
                let ends = matches!(command, Command::RemovePeer { .. });
                match registry.peers.get_mut(&peer).map(|found| &mut found.place) {
                    Some(Place::Nowhere { .. }) if ends => {
                        registry.forget(peer);
                        let reason = CloseReason::Asked;
                        self.post(ThreadId(0), Letter::Report(Event::Closed { peer, reason }));
                    }
                    Some(Place::Nowhere { commands, .. }) => {
                        if commands.len() >= EARLY_COMMANDS_MAX {
                            // The first one adds the viewer.
                            commands.remove(1);
                        }
                        commands.push_back(command);
                    }
                    Some(Place::Thread(thread)) => {
                        let thread = *thread;
                        self.post(thread, Letter::Command(Box::new(command)));
                    }
                    Some(Place::Moving { commands, .. }) => supersede(commands, command),
                    // Counted there as stale.
                    None => self.post(ThreadId(0), Letter::Command(Box::new(command))),
                }
            }
            Command::SetOnAir { participant, .. } | Command::SetLive { participant, .. } => {
                let peer = registry.participants.get(participant).copied();
                if let Some(found) = peer.and_then(|peer| registry.peers.get_mut(&peer))
                    && let Place::Moving { commands, .. } = &mut found.place
                {
                    supersede(commands, command);
                    return;
                }
                let thread = peer.and_then(|peer| registry.thread_of(peer));
                self.post(thread.unwrap_or_default(), Letter::Command(Box::new(command)));
            }
        }
    }

    /// Sends a publisher to the home of another room: by a command where that is its own thread.
    fn move_publisher(&self, registry: &mut Registry, peer: PeerId, room: RoomKey) {
        let command = Command::MovePublisher { peer, room };
        if let Some(Place::Moving { commands, .. }) = registry.peers.get_mut(&peer).map(|found| &mut found.place) {
            // It moves on from there.
            supersede(commands, command);
            return;
        }
        let here = registry.thread_of(peer);
        let publishes = registry.peers.get(&peer).is_some_and(|found| found.publishes.is_some());
        let Some(from) = here.filter(|_| publishes) else {
            // Counted there as stale.
            self.post(here.unwrap_or_default(), Letter::Command(Box::new(command)));
            return;
        };
        let to = self.home_for(registry, room);
        registry.enrol(peer, room, to);
        if from == to {
            self.post(from, Letter::Command(Box::new(command)));
        } else {
            if let Some(found) = registry.peers.get_mut(&peer) {
                let commands = VecDeque::new();
                found.place = Place::Moving {
                    from,
                    to,
                    room,
                    commands,
                };
            }
            self.post(from, Letter::HandOver(peer));
        }
        self.release_empty(registry);
    }

    /// Gives a publisher to the thread that it is meant for, with what was asked for it meanwhile. `release` is called
    /// where that is still wanted, under the lock: it only takes the publisher out of the core. False: it was not, or there is nothing to give.
    pub(crate) fn hand_over(
        &self,
        peer: PeerId,
        from: ThreadId,
        now: Instant,
        release: impl FnOnce() -> Option<Box<MovingPublisher>>,
    ) -> bool {
        let registry = &mut *self.registry();
        let Some(found) = registry.peers.get_mut(&peer) else {
            return false;
        };
        let (to, room) = match &found.place {
            Place::Moving { from: of, to, room, .. } if *of == from => (*to, *room),
            _ => return false,
        };
        let Some(moving) = release() else { return false };
        // All threads, so that what others forward does not come here any more.
        for thread in self.threads().filter(|thread| *thread != to) {
            self.post(thread, Letter::Moved(moving.ends().to_vec(), to));
        }
        self.post(to, Letter::Adopt(moving, room));
        let before = std::mem::replace(&mut found.place, Place::Thread(to));
        if let Place::Moving { commands, .. } = before {
            for command in commands {
                self.dispatch(registry, now, command);
            }
        }
        true
    }

    /// Ends a connection in favour of a newer one.
    fn replace(&self, registry: &mut Registry, peer: PeerId) {
        if let Some(thread) = registry.thread_of(peer) {
            self.post(thread, Letter::Replace(peer));
        }
        registry.forget(peer);
    }

    /// Tells all threads that a thread which began anew is the home of its rooms, so that they watch them again.
    pub(crate) fn announce_again(&self, thread: ThreadId) {
        let registry = self.registry();
        for (room, _) in registry.rooms.iter().filter(|(_, home)| home.thread == thread) {
            self.announce(*room, None);
            self.announce(*room, Some(thread));
        }
    }

    /// Rooms without publishers have no home.
    fn release_empty(&self, registry: &mut Registry) {
        while let Some(room) = registry.emptied.pop() {
            if registry.rooms.get(&room).is_some_and(|home| home.publishers == 0) {
                registry.rooms.remove(&room);
                self.announce(room, None);
            }
        }
    }

    /// The home of a room, chosen among the threads with the fewest publishers for its first one.
    fn home_for(&self, registry: &mut Registry, room: RoomKey) -> ThreadId {
        if let Some(home) = registry.rooms.get(&room) {
            return home.thread;
        }
        let load = |thread: &ThreadId| registry.publishers.get(usize::from(thread.0)).copied().unwrap_or(0);
        let thread = self.threads().min_by_key(load).unwrap_or_default();
        registry.rooms.insert(room, Home { thread, publishers: 0 });
        self.announce(room, Some(thread));
        thread
    }

    /// A connection ended on a thread.
    pub(crate) fn closed(&self, peer: PeerId, on: ThreadId, reason: CloseReason) {
        let mut registry = self.registry();
        // What was replaced was forgotten then, and its number may belong to another one since.
        if reason != CloseReason::Replaced && registry.thread_of(peer) == Some(on) {
            registry.forget(peer);
            self.release_empty(&mut registry);
        }
    }

    /// Who answers for an `ice-ufrag`.
    pub(crate) fn answer_for(&self, ufrag: &str) -> Option<Answer> {
        let registry = self.registry();
        let peer = registry.peers.get(registry.ufrags.get(ufrag)?)?;
        let password = peer.local.ice_pwd.clone();
        Some(match peer.place {
            Place::Thread(thread) | Place::Moving { from: thread, .. } => Answer::Owner(thread, password),
            Place::Nowhere { .. } => Answer::Unclaimed(password, peer.we_begin),
        })
    }

    /// Makes a viewer the caller's, unless another thread was first.
    pub(crate) fn claim(&self, ufrag: &str, thread: ThreadId) -> Claim {
        let mut registry = self.registry();
        let registry = &mut *registry;
        let peer = registry.ufrags.get(ufrag).and_then(|peer| registry.peers.get_mut(peer));
        let Some(peer) = peer else { return Claim::Gone };
        match std::mem::replace(&mut peer.place, Place::Thread(thread)) {
            Place::Thread(owner) => {
                peer.place = Place::Thread(owner);
                Claim::Owner(owner)
            }
            moving @ Place::Moving { from, .. } => {
                peer.place = moving;
                Claim::Owner(from)
            }
            Place::Nowhere { commands, .. } => Claim::Mine(commands.into()),
        }
    }

    /// Forgets viewers that nobody connected as. Returns them.
    pub(crate) fn expire(&self, now: Instant) -> Vec<PeerId> {
        let mut registry = self.registry();
        let mut expired = Vec::new();
        while let Some(peer) = registry.unclaimed.front().copied() {
            match registry.peers.get(&peer).map(|peer| &peer.place) {
                Some(Place::Nowhere { since, .. }) if now < *since + CONNECT_TIMEOUT => break,
                Some(Place::Nowhere { .. }) => {
                    registry.forget(peer);
                    expired.push(peer);
                }
                Some(Place::Thread(_) | Place::Moving { .. }) | None => {}
            }
            registry.unclaimed.pop_front();
        }
        expired
    }

    /// All homes, for a thread that begins anew.
    pub(crate) fn homes(&self) -> Vec<(RoomKey, ThreadId)> {
        let registry = self.registry();
        registry.rooms.iter().map(|(room, home)| (*room, home.thread)).collect()
    }
}

/// Keeps a command for a publisher that changes threads, in place of an earlier one about the same: none is lost, and
/// there are never more than there are kinds.
fn supersede(commands: &mut VecDeque<Command>, command: Command) {
    let is_earlier = |kept: &Command| match (kept, &command) {
        (Command::SetLive { source: a, .. }, Command::SetLive { source: b, .. }) => a == b,
        (kept, command) => std::mem::discriminant(kept) == std::mem::discriminant(command),
    };
    commands.retain(|kept| !is_earlier(kept));
    commands.push_back(command);
}

impl Registry {
    fn thread_of(&self, peer: PeerId) -> Option<ThreadId> {
        match self.peers.get(&peer)?.place {
            Place::Thread(thread) | Place::Moving { from: thread, .. } => Some(thread),
            Place::Nowhere { .. } => None,
        }
    }

    fn add(
        &mut self,
        peer: PeerId,
        place: Place,
        local: TransportCredentials,
        we_begin: bool,
        publishes: Option<(RoomKey, ParticipantKey)>,
    ) {
        self.forget(peer);
        self.ufrags.insert(local.ice_ufrag.clone(), peer);
        if let (Some((room, _)), Place::Thread(thread)) = (publishes, &place) {
            if let Some(home) = self.rooms.get_mut(&room) {
                home.publishers += 1;
            }
            if let Some(count) = self.publishers.get_mut(usize::from(thread.0)) {
                *count += 1;
            }
        }
        let added = Peer {
            place,
            local,
            we_begin,
            publishes,
        };
        self.peers.insert(peer, added);
    }

    /// A publisher is, or will be, in this room on this thread.
    fn enrol(&mut self, peer: PeerId, room: RoomKey, thread: ThreadId) {
        let Some(found) = self.peers.get_mut(&peer) else { return };
        let Some((of, _)) = &mut found.publishes else { return };
        let (was, before) = (std::mem::replace(of, room), found.place.counted());
        self.discount(was, before);
        if let Some(home) = self.rooms.get_mut(&room) {
            home.publishers += 1;
        }
        if let Some(count) = self.publishers.get_mut(usize::from(thread.0)) {
            *count += 1;
        }
    }

    /// One publisher less in a room and on a thread.
    fn discount(&mut self, room: RoomKey, thread: Option<ThreadId>) {
        if let Some(home) = self.rooms.get_mut(&room) {
            home.publishers = home.publishers.saturating_sub(1);
            if home.publishers == 0 {
                self.emptied.push(room);
            }
        }
        if let Some(count) = thread.and_then(|thread| self.publishers.get_mut(usize::from(thread.0))) {
            *count = count.saturating_sub(1);
        }
    }

    fn forget(&mut self, peer: PeerId) {
        let Some(found) = self.peers.remove(&peer) else { return };
        if self.ufrags.get(&found.local.ice_ufrag) == Some(&peer) {
            self.ufrags.remove(&found.local.ice_ufrag);
        }
        let Some((room, participant)) = found.publishes else {
            return;
        };
        if self.participants.get(&participant) == Some(&peer) {
            self.participants.remove(&participant);
        }
        self.discount(room, found.place.counted());
    }
}
