// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Names on the two sides: participants, rooms and sources of an event to keys of the media plane and back.

use std::collections::HashMap;
use std::hash::Hash;

use fiera_protocol::ids::{ParticipantId, RoomId, SourceKind};
use fiera_sfu::api;

/// A two-way table of names and keys.
#[derive(Debug)]
struct Table<N, K> {
    keys: HashMap<N, K>,
    names: HashMap<K, N>,
}

impl<N: Clone + Eq + Hash, K: Copy + Eq + Hash> Table<N, K> {
    fn new() -> Self {
        Self {
            keys: HashMap::new(),
            names: HashMap::new(),
        }
    }

    fn key(&mut self, name: &N, make: impl FnOnce() -> K) -> K {
        let names = &mut self.names;
        *self.keys.entry(name.clone()).or_insert_with(|| {
            let key = make();
            names.insert(key, name.clone());
            key
        })
    }

    fn forget(&mut self, name: &N) {
        if let Some(key) = self.keys.remove(name) {
            self.names.remove(&key);
        }
    }
}

/// All names of one event that the media plane has a key for.
#[derive(Debug)]
pub(super) struct Names {
    people: Table<ParticipantId, api::ParticipantKey>,
    rooms: Table<RoomId, api::RoomKey>,
}

impl Names {
    pub(super) fn new() -> Self {
        Self {
            people: Table::new(),
            rooms: Table::new(),
        }
    }

    /// The key of a participant, made with `next` at first.
    pub(super) fn person_key(&mut self, id: ParticipantId, next: impl FnOnce() -> u64) -> api::ParticipantKey {
        self.people.key(&id, || api::ParticipantKey(next()))
    }

    /// The key of a room, made with `next` at first.
    pub(super) fn room_key(&mut self, id: &RoomId, next: impl FnOnce() -> u64) -> api::RoomKey {
        self.rooms.key(id, || api::RoomKey(next()))
    }

    /// Whose key it is.
    pub(super) fn person(&self, key: api::ParticipantKey) -> Option<ParticipantId> {
        self.people.names.get(&key).copied()
    }

    /// Which room's key it is.
    pub(super) fn room(&self, key: api::RoomKey) -> Option<RoomId> {
        self.rooms.names.get(&key).cloned()
    }

    /// The participant left; a later return gets another key.
    pub(super) fn forget_person(&mut self, id: ParticipantId) {
        self.people.forget(&id);
    }
}

/// All kinds of source.
pub(super) const SOURCES: [SourceKind; 4] = [
    SourceKind::Mic,
    SourceKind::Camera,
    SourceKind::Screen,
    SourceKind::ScreenAudio,
];

/// The media plane's word.
pub(super) fn to_media(source: SourceKind) -> api::SourceKind {
    match source {
        SourceKind::Mic => api::SourceKind::Mic,
        SourceKind::Camera => api::SourceKind::Camera,
        SourceKind::Screen => api::SourceKind::Screen,
        SourceKind::ScreenAudio => api::SourceKind::ScreenAudio,
    }
}

/// The wire's word.
pub(super) fn to_wire(source: api::SourceKind) -> SourceKind {
    match source {
        api::SourceKind::Mic => SourceKind::Mic,
        api::SourceKind::Camera => SourceKind::Camera,
        api::SourceKind::Screen => SourceKind::Screen,
        api::SourceKind::ScreenAudio => SourceKind::ScreenAudio,
    }
}
