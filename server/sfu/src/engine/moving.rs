// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A publisher that goes to another room with its connection, which never notices: it is taken out of its room and put
//! into the next, on this thread or on the one that is the next room's home.

use std::net::SocketAddr;
use std::time::Instant;

use super::Sfu;
use super::publisher::Publisher;
use super::tables::Entry;
use crate::api::{CloseReason, ParticipantKey, PeerId, RoomKey};
use crate::egress::{Egress, Via};

/// A publishing connection between two rooms: in none of them, heard and seen by nobody.
#[derive(Debug)]
pub struct MovingPublisher {
    publisher: Publisher,
    /// Where its packets come from.
    ends: Vec<(Via, SocketAddr)>,
}

/// The place that a publisher left in a room.
#[derive(Debug)]
pub struct Vacancy {
    room: RoomKey,
    index: usize,
    participant: ParticipantKey,
}

impl Vacancy {
    pub(super) fn of(index: usize, publisher: &Publisher) -> Self {
        Self {
            room: publisher.room,
            index,
            participant: publisher.participant,
        }
    }
}

impl MovingPublisher {
    /// The connection.
    #[must_use]
    pub fn peer(&self) -> PeerId {
        self.publisher.peer
    }

    /// The addresses that the peer has proved to be its own.
    #[must_use]
    pub fn ends(&self) -> &[(Via, SocketAddr)] {
        &self.ends
    }
}

impl Sfu {
    /// Takes a publisher off this thread, so that nothing of it is taken in any more, at a cost that does not grow with
    /// the room. None: it is not here. Its room must be told with [`Sfu::vacate`] right afterwards.
    pub fn take_publisher(&mut self, peer: PeerId) -> Option<(Box<MovingPublisher>, Vacancy)> {
        let Some(Entry::Publisher(index)) = self.tables.of_peer(peer) else {
            return None;
        };
        let ends = self.tables.ends_of(peer);
        let publisher = self.tables.remove_publisher(index)?;
        self.attention.retain(|entry| *entry != Entry::Publisher(index));
        if publisher.transport.is_connected() {
            self.counters.publishers = self.counters.publishers.saturating_sub(1);
        }
        let vacancy = Vacancy::of(index, &publisher);
        Some((Box::new(MovingPublisher { publisher, ends }), vacancy))
    }

    /// Takes a publisher off this thread and out of its room. None: it is not here.
    pub fn release_publisher(&mut self, now: Instant, peer: PeerId) -> Option<Box<MovingPublisher>> {
        let (moving, vacancy) = self.take_publisher(peer)?;
        self.vacate(now, vacancy);
        Some(moving)
    }

    /// Puts a publisher into a room whose home is here. Nothing from before is seen there: its sources are new ones.
    pub fn adopt_publisher(&mut self, now: Instant, moving: Box<MovingPublisher>, room: RoomKey, egress: &mut Egress) {
        let MovingPublisher { mut publisher, ends } = *moving;
        if let Some(other) = self.tables.publisher_of(publisher.participant) {
            self.remove(now, Entry::Publisher(other), CloseReason::Replaced, egress);
        }
        publisher.room = room;
        for source in &mut publisher.sources {
            source.source.id = self.next_source_id();
            source.visible_since = now;
            publisher.streams.forget(source.source.kind);
        }
        if publisher.transport.is_connected() {
            self.counters.publishers += 1;
        }
        let index = self.tables.add_publisher(publisher);
        for end in ends {
            self.tables.remember_end(Entry::Publisher(index), end);
        }
        self.rooms.entry(room).or_default().publishers.push(index);
        self.watch(Entry::Publisher(index));
        self.replan(now, room);
    }

    /// The room that a publisher was in goes on without it: its viewers are told.
    pub fn vacate(&mut self, now: Instant, left: Vacancy) {
        let Vacancy {
            room: key,
            index,
            participant,
        } = left;
        if let Some(room) = self.rooms.get_mut(&key) {
            room.publishers.retain(|p| *p != index);
            room.speakers.remove(participant);
        }
        self.replan(now, key);
        self.sweep(key);
    }
}
