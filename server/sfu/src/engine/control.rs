// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What the control plane asks for.

use std::time::Instant;

use super::Sfu;
use super::publisher::{Publisher, Source};
use super::tables::Entry;
use crate::api::{CloseReason, Command, ParticipantKey, PeerId, RoomKey, Side, SourceKind};
use crate::counters::Drop;
use crate::egress::Egress;
use crate::ingest::{IngestConfig, PublisherStreams};
use crate::plan::{SourceId, SourceRef};
use crate::sdp::{PublisherMedia, RemoteTransport, TransportCredentials};
use crate::transport::Transport;
use crate::viewer::Viewer;

/// CNAME of our reports to publishers (RFC 7022).
const CNAME: &str = "fiera";

/// An SSRC for our reports to a publisher, as random as our credentials for it and never 0.
fn ssrc_of(local: &TransportCredentials) -> u32 {
    local.ice_ufrag.bytes().fold(1, |ssrc: u32, byte| {
        ssrc.wrapping_mul(251).wrapping_add(u32::from(byte))
    }) | 1
}

impl Sfu {
    /// Carries out a command.
    pub fn handle_command(&mut self, now: Instant, command: Command, egress: &mut Egress) {
        match command {
            Command::AddPublisher {
                peer,
                room,
                participant,
                on_air,
                local,
                remote,
                media,
            } => {
                self.add_publisher(now, (peer, room, participant, on_air), (local, remote), media, egress);
            }
            Command::AddViewer {
                peer,
                room,
                participant,
                side,
                local,
                remote,
                media,
            } => {
                self.close_peer(now, peer, CloseReason::Replaced, egress);
                let transport = Transport::new(&self.identity, local, remote, now);
                let viewer = Viewer::new(peer, participant, room, side, transport, media);
                let index = self.tables.add_viewer(viewer);
                self.rooms.entry(room).or_default().viewers.push(index);
                self.watch(Entry::Viewer(index));
                self.follow(now, room);
            }
            Command::RemovePeer { peer } => {
                if !self.close_peer(now, peer, CloseReason::Asked, egress) {
                    self.counters.dropped(Drop::StaleCommand);
                }
            }
            Command::SetOnAir { participant, on_air } => self.set_on_air(now, participant, on_air),
            Command::SetLive {
                participant,
                source,
                live,
            } => self.set_live(now, participant, source, live),
            Command::MoveViewer { peer, room, side } => self.move_viewer(now, peer, room, side),
            Command::MovePublisher { peer, room } => match self.release_publisher(now, peer) {
                Some(moving) => self.adopt_publisher(now, moving, room, egress),
                None => self.counters.dropped(Drop::StaleCommand),
            },
            Command::Want { peer, slot, height } => self.want(now, peer, slot, height),
        }
    }

    fn close_peer(&mut self, now: Instant, peer: PeerId, reason: CloseReason, egress: &mut Egress) -> bool {
        let entry = self.tables.of_peer(peer);
        if let Some(entry) = entry {
            self.remove(now, entry, reason, egress);
        }
        entry.is_some()
    }

    fn add_publisher(
        &mut self,
        now: Instant,
        (peer, room, participant, on_air): (PeerId, RoomKey, ParticipantKey, bool),
        (local, remote): (TransportCredentials, RemoteTransport),
        media: PublisherMedia,
        egress: &mut Egress,
    ) {
        if let Some(index) = self.tables.publisher_of(participant) {
            self.remove(now, Entry::Publisher(index), CloseReason::Replaced, egress);
        }
        let mut sources: Vec<Source> = Vec::new();
        for published in &media.media {
            let id = self.next_source_id();
            sources.push(Source {
                source: SourceRef {
                    id,
                    participant,
                    kind: published.source,
                },
                live: true,
                flowing: false,
                visible_since: now,
                layers: Vec::new(),
                demand: None,
            });
        }
        let config = IngestConfig {
            our_ssrc: ssrc_of(&local),
            cname: CNAME.to_owned(),
            origin: self.clock.start(),
        };
        let streams = PublisherStreams::new(&media, config);
        let transport = Transport::new(&self.identity, local, remote, now);
        let publisher = Publisher {
            peer,
            participant,
            room,
            on_air,
            transport,
            streams,
            sources,
        };
        let index = self.tables.add_publisher(publisher);
        self.rooms.entry(room).or_default().publishers.push(index);
        self.watch(Entry::Publisher(index));
    }

    /// A number that no source of any thread had before.
    pub(super) fn next_source_id(&mut self) -> SourceId {
        let id = SourceId(self.next_source);
        self.next_source += 1;
        id
    }

    fn set_on_air(&mut self, now: Instant, participant: ParticipantKey, on_air: bool) {
        let index = self.tables.publisher_of(participant);
        let Some(publisher) = index.and_then(|index| self.tables.publishers.get_mut(index)) else {
            self.counters.dropped(Drop::StaleCommand);
            return;
        };
        if publisher.on_air == on_air {
            return;
        }
        publisher.on_air = on_air;
        for source in &mut publisher.sources {
            source.visible_since = now;
            // What was said before is in no gap that is filled now.
            publisher.streams.forget(source.source.kind);
        }
        let key = publisher.room;
        if let (Some(room), Some(index)) = (self.rooms.get_mut(&key), index) {
            room.publishers.retain(|p| *p != index);
            room.publishers.push(index);
        }
        self.replan(now, key);
    }

    fn set_live(&mut self, now: Instant, participant: ParticipantKey, kind: SourceKind, live: bool) {
        let index = self.tables.publisher_of(participant);
        let Some(publisher) = index.and_then(|index| self.tables.publishers.get_mut(index)) else {
            self.counters.dropped(Drop::StaleCommand);
            return;
        };
        let room = publisher.room;
        let Some(source) = publisher.source(kind) else { return };
        if source.live != live {
            source.live = live;
            source.visible_since = now;
            publisher.streams.forget(kind);
            self.replan(now, room);
        }
    }

    fn move_viewer(&mut self, now: Instant, peer: PeerId, room: RoomKey, side: Side) {
        let Some(Entry::Viewer(index)) = self.tables.of_peer(peer) else {
            self.counters.dropped(Drop::StaleCommand);
            return;
        };
        let Some(viewer) = self.tables.viewers.get_mut(index) else {
            return;
        };
        let before = std::mem::replace(&mut viewer.room, room);
        viewer.side = side;
        if before != room {
            if let Some(left) = self.rooms.get_mut(&before) {
                left.viewers.retain(|v| *v != index);
            }
            self.rooms.entry(room).or_default().viewers.push(index);
            self.follow(now, before);
            self.sweep(before);
            self.follow(now, room);
        }
        self.replug(now, index);
    }

    fn want(&mut self, now: Instant, peer: PeerId, slot: u8, height: Option<u16>) {
        let Some(Entry::Viewer(index)) = self.tables.of_peer(peer) else {
            self.counters.dropped(Drop::StaleCommand);
            return;
        };
        let slot = self
            .tables
            .viewers
            .get_mut(index)
            .and_then(|viewer| viewer.slot_numbered(slot));
        if let Some(slot) = slot.filter(|slot| slot.want != height) {
            slot.want = height;
            self.replug(now, index);
            self.reallocate(now, index);
        }
    }

    /// Forgets a room that nobody uses.
    pub(super) fn sweep(&mut self, key: RoomKey) {
        if self.rooms.get(&key).is_some_and(super::Room::is_empty) {
            self.rooms.remove(&key);
        }
    }

    /// Looks after a connection's transport on every tick until it has nothing urgent to do.
    pub(super) fn watch(&mut self, entry: Entry) {
        if !self.attention.contains(&entry) {
            self.attention.push(entry);
        }
    }
}
