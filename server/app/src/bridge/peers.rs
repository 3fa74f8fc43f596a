// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The table of one event's media connections: who holds each, and the way to them by socket, person and resource.
//! It sends nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use fiera_hub::Side;
use fiera_protocol::ids::{DisplayName, ParticipantId, RoomId};
use fiera_sfu::api::PeerId;

use super::links::ResourceId;
use crate::event::SocketId;

/// Who holds a media connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holder {
    Watch {
        /// None: the socket broke; its person may come back, is told of it on every socket, and may end or replace it.
        socket: Option<SocketId>,
        participant: ParticipantId,
        rack: u32,
        room: RoomId,
        side: Side,
    },
    Publish {
        /// None: the socket broke; its person may come back, is told of it on every socket, and may end or replace it.
        socket: Option<SocketId>,
        participant: ParticipantId,
        room: RoomId,
    },
    Whip {
        participant: ParticipantId,
        name: DisplayName,
        room: RoomId,
        resource: ResourceId,
    },
    Whep {
        room: RoomId,
        resource: ResourceId,
    },
}

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) holder: Holder,
    /// When the person asked to join; taken once it is connected.
    pub(super) since: Option<Instant>,
}

impl Holder {
    /// The participant, where it is one's.
    pub(super) fn participant(&self) -> Option<ParticipantId> {
        match self {
            Self::Watch { participant, .. } | Self::Publish { participant, .. } | Self::Whip { participant, .. } => {
                Some(*participant)
            }
            Self::Whep { .. } => None,
        }
    }

    fn socket(&self) -> Option<SocketId> {
        match self {
            Self::Watch { socket, .. } | Self::Publish { socket, .. } => *socket,
            Self::Whip { .. } | Self::Whep { .. } => None,
        }
    }

    fn resource(&self) -> Option<&ResourceId> {
        match self {
            Self::Whip { resource, .. } | Self::Whep { resource, .. } => Some(resource),
            Self::Watch { .. } | Self::Publish { .. } => None,
        }
    }

    /// Whether it publishes.
    pub(super) fn publishes(&self) -> bool {
        matches!(self, Self::Publish { .. } | Self::Whip { .. })
    }
}

/// All media connections of one event.
#[derive(Debug, Default)]
pub(super) struct Peers {
    // Ordered, so that commands to the media plane do not depend on a hash.
    by_id: BTreeMap<PeerId, Peer>,
    by_socket: HashMap<SocketId, BTreeSet<PeerId>>,
    by_person: HashMap<ParticipantId, BTreeSet<PeerId>>,
    by_resource: HashMap<ResourceId, PeerId>,
    whep_counts: HashMap<RoomId, usize>,
}

impl Peers {
    pub(super) fn insert(&mut self, id: PeerId, holder: Holder, since: Option<Instant>) {
        if let Some(socket) = holder.socket() {
            self.by_socket.entry(socket).or_default().insert(id);
        }
        if let Some(person) = holder.participant() {
            self.by_person.entry(person).or_default().insert(id);
        }
        if let Some(resource) = holder.resource() {
            self.by_resource.insert(resource.clone(), id);
        }
        if let Holder::Whep { room, .. } = &holder {
            *self.whep_counts.entry(room.clone()).or_default() += 1;
        }
        self.by_id.insert(id, Peer { holder, since });
    }

    pub(super) fn remove(&mut self, id: PeerId) -> Option<Peer> {
        let gone = self.by_id.remove(&id)?;
        if let Some(socket) = gone.holder.socket() {
            take_out(&mut self.by_socket, socket, id);
        }
        if let Some(person) = gone.holder.participant() {
            take_out(&mut self.by_person, person, id);
        }
        if let Some(resource) = gone.holder.resource() {
            self.by_resource.remove(resource);
        }
        if let Holder::Whep { room, .. } = &gone.holder
            && let Some(count) = self.whep_counts.get_mut(room)
        {
            *count = count.saturating_sub(1);
        }
        Some(gone)
    }

    pub(super) fn get(&self, id: PeerId) -> Option<&Holder> {
        self.by_id.get(&id).map(|peer| &peer.holder)
    }

    /// Notes that a browser's publishing connection goes to this room. False: it is there already, or is no such one.
    pub(super) fn move_publisher(&mut self, id: PeerId, to: Option<&RoomId>) -> bool {
        match (self.by_id.get_mut(&id).map(|peer| &mut peer.holder), to) {
            (Some(Holder::Publish { room, .. }), Some(to)) if room != to => {
                room.clone_from(to);
                true
            }
            _ => false,
        }
    }

    /// Notes where a rack looks from now on. False: it looks there already, or is no such one.
    pub(super) fn turn_rack(&mut self, id: PeerId, to: (&RoomId, Side)) -> bool {
        match self.by_id.get_mut(&id).map(|peer| &mut peer.holder) {
            Some(Holder::Watch { room, side, .. }) if (&*room, *side) != to => {
                (*room, *side) = (to.0.clone(), to.1);
                true
            }
            _ => false,
        }
    }

    /// When its person asked to join; answered once.
    pub(super) fn take_since(&mut self, id: PeerId) -> Option<Instant> {
        self.by_id.get_mut(&id)?.since.take()
    }

    pub(super) fn all(&self) -> Vec<PeerId> {
        self.by_id.keys().copied().collect()
    }

    pub(super) fn of_resource(&self, resource: &str) -> Option<PeerId> {
        self.by_resource.get(resource).copied()
    }

    pub(super) fn of_socket(&self, socket: SocketId) -> Vec<PeerId> {
        self.by_socket.get(&socket).into_iter().flatten().copied().collect()
    }

    /// The socket's rack.
    pub(super) fn watch_of(&self, socket: SocketId) -> Option<PeerId> {
        let watches = |id: &PeerId| matches!(self.get(*id), Some(Holder::Watch { .. }));
        self.by_socket.get(&socket)?.iter().copied().find(watches)
    }

    /// The socket broke: what it held lives on without it, until its person leaves or replaces it.
    pub(super) fn orphan(&mut self, socket: SocketId) {
        for id in self.by_socket.remove(&socket).unwrap_or_default() {
            if let Some(Holder::Watch { socket, .. } | Holder::Publish { socket, .. }) =
                self.by_id.get_mut(&id).map(|peer| &mut peer.holder)
            {
                *socket = None;
            }
        }
    }

    /// Racks of this person that no socket holds.
    pub(super) fn orphaned_racks(&self, person: ParticipantId) -> Vec<PeerId> {
        let orphaned = |id: &PeerId| matches!(self.get(*id), Some(Holder::Watch { socket: None, .. }));
        self.of_person(person).into_iter().filter(orphaned).collect()
    }

    /// Publishing connections of this person that no socket holds.
    pub(super) fn orphaned_publishers(&self, person: ParticipantId) -> Vec<PeerId> {
        let orphaned = |id: &PeerId| matches!(self.get(*id), Some(Holder::Publish { socket: None, .. }));
        self.of_person(person).into_iter().filter(orphaned).collect()
    }

    /// Whether the socket holds a publishing connection.
    pub(super) fn publishes_from(&self, socket: SocketId) -> bool {
        let publishes = |id: &PeerId| self.get(*id).is_some_and(Holder::publishes);
        self.by_socket.get(&socket).is_some_and(|of| of.iter().any(publishes))
    }

    pub(super) fn of_person(&self, person: ParticipantId) -> Vec<PeerId> {
        self.by_person.get(&person).into_iter().flatten().copied().collect()
    }

    pub(super) fn publishers_of(&self, person: ParticipantId) -> Vec<PeerId> {
        let publishes = |id: &PeerId| self.get(*id).is_some_and(Holder::publishes);
        self.of_person(person).into_iter().filter(publishes).collect()
    }

    /// WHEP viewers of a room.
    pub(super) fn whep_count(&self, room: &RoomId) -> usize {
        self.whep_counts.get(room).copied().unwrap_or(0)
    }
}

fn take_out<K: std::hash::Hash + Eq>(index: &mut HashMap<K, BTreeSet<PeerId>>, key: K, id: PeerId) {
    if let Some(ids) = index.get_mut(&key) {
        ids.remove(&id);
        if ids.is_empty() {
            index.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Holder, Peers};
    use fiera_hub::Side;
    use fiera_protocol::ids::{ParticipantId, RoomId};
    use fiera_sfu::api::PeerId;

    fn watch(socket: u64, participant: ParticipantId) -> Holder {
        let socket = Some(socket);
        Holder::Watch {
            socket,
            participant,
            rack: 1,
            room: "main".parse().unwrap(),
            side: Side::Audience,
        }
    }

    #[test]
    fn what_a_broken_socket_held_is_found_by_its_person() {
        let person = ParticipantId(uuid::Uuid::new_v4());
        let mut peers = Peers::default();
        peers.insert(PeerId(1), watch(7, person), None);
        peers.insert(PeerId(2), watch(8, person), None);
        assert!(peers.orphaned_racks(person).is_empty());
        peers.orphan(7);
        assert_eq!(peers.watch_of(7), None);
        assert_eq!(peers.watch_of(8), Some(PeerId(2)));
        assert_eq!(peers.orphaned_racks(person), [PeerId(1)]);
        assert!(peers.remove(PeerId(1)).is_some());
        assert_eq!(peers.of_person(person), [PeerId(2)]);
        assert!(peers.remove(PeerId(1)).is_none());
    }

    #[test]
    fn sessions_are_found_by_their_address_and_counted_per_room() {
        let room: RoomId = "main".parse().unwrap();
        let mut peers = Peers::default();
        for n in 1..=3 {
            let (room, resource) = (room.clone(), n.to_string());
            peers.insert(PeerId(n), Holder::Whep { room, resource }, None);
        }
        assert_eq!((peers.whep_count(&room), peers.of_resource("2")), (3, Some(PeerId(2))));
        peers.remove(PeerId(2));
        assert_eq!((peers.whep_count(&room), peers.of_resource("2")), (2, None));
    }
}
