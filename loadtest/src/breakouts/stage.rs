// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What all people of a run share, on one thread: which mark belongs to which room, who is to speak, who hears what.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fiera_protocol::ids::{EventId, ParticipantId, RoomId};

use crate::http::Target;
use crate::peer::identity::Identity;

/// What went wrong, in words, that is kept.
const TOLD_MAX: usize = 8;

/// Where somebody is, and since when they hear it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The room, as the server told.
    pub room: RoomId,
    /// When the first packet of that room's sound came, nanoseconds since 1970.
    pub heard_ns: u64,
}

/// See the module's head.
pub struct Stage {
    /// Where.
    pub target: Target,
    /// Event.
    pub event: EventId,
    /// The plenary room.
    pub plenary: RoomId,
    /// Token of an attendee.
    pub token: String,
    /// Our certificate.
    pub identity: Arc<Identity>,
    /// What the sound of a room says in each packet.
    pub marks: RefCell<BTreeMap<RoomId, u16>>,
    /// Who speaks in their breakout room.
    pub speakers: RefCell<BTreeSet<ParticipantId>>,
    /// Where everybody is and hears that they are.
    pub placed: RefCell<Vec<Option<Placed>>>,
    /// Where everybody was told to be.
    pub here: RefCell<Vec<Option<RoomId>>>,
    /// Packets of a room in which the hearer was not.
    pub astray: Cell<u64>,
    /// Longest that the room before was heard after the move, ms between what was sent and what was told.
    pub overlap_ms: Cell<u64>,
    /// Media connections that people watch by; one each, as long as none is replaced.
    pub racks: Cell<u64>,
    /// Publishing connections that did not come about and were offered anew.
    pub voices_again: Cell<u64>,
    /// What went wrong, the first few.
    pub told: RefCell<Vec<String>>,
}

impl Stage {
    /// Keeps a sentence about what went wrong.
    pub fn tell(&self, said: impl FnOnce() -> String) {
        let mut told = self.told.borrow_mut();
        if told.len() < TOLD_MAX {
            told.push(said());
        }
    }

    /// The mark of a room.
    #[must_use]
    pub fn mark(&self, room: &RoomId) -> Option<u16> {
        self.marks.borrow().get(room).copied()
    }

    /// How many were told to be in a room that is wanted.
    #[must_use]
    pub fn told_to_be(&self, wanted: impl Fn(&RoomId) -> bool) -> usize {
        self.here.borrow().iter().flatten().filter(|room| wanted(room)).count()
    }

    /// How many hear the sound of a room that is wanted, which is where they are.
    #[must_use]
    pub fn settled(&self, wanted: impl Fn(&RoomId) -> bool) -> usize {
        let placed = self.placed.borrow();
        placed.iter().flatten().filter(|placed| wanted(&placed.room)).count()
    }
}
