// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Media connections that come and go: racks and offers of sockets, sessions of WHIP and WHEP.
//! Whether somebody may was decided by the hub; see `Hub::may_watch` and `Hub::may_publish`.

use std::time::Instant;

use fiera_hub::Standing;
use fiera_protocol::ids::{DisplayName, ParticipantId, RoomId};
use fiera_protocol::refusal::RefusalCode;
use fiera_sfu::api::{self, Command};

use super::links::{PublisherLink, ResourceId, ViewerLink};
use super::peers::Holder;
use super::people::{SOURCES, to_media};
use super::room_media::{EventMedia, to_side};
use crate::event::SocketId;
use crate::limits::WHEP_VIEWERS_PER_ROOM_MAX;
use crate::refusal::Refusal;

impl EventMedia {
    /// A socket's rack was answered. An earlier one of the same socket ends.
    pub(crate) fn watch(
        &mut self,
        socket: SocketId,
        participant: ParticipantId,
        standing: &Standing,
        rack: u32,
        link: ViewerLink,
        since: Option<Instant>,
    ) {
        let Some(room) = &standing.room else { return };
        self.stop_watching(socket);
        for orphan in self.peers.orphaned_racks(participant) {
            self.remove(orphan);
        }
        let peer = self.insert(
            Holder::Watch {
                socket: Some(socket),
                participant,
                rack,
                room: room.clone(),
                side: standing.side,
            },
            since,
        );
        let (room, side) = (self.room_key(room), to_side(standing.side));
        let participant = Some(self.person_key(participant));
        let ViewerLink { local, remote, media } = link;
        self.media.command(Command::AddViewer {
            peer,
            room,
            participant,
            side,
            local,
            remote,
            media,
        });
    }

    /// A socket's offer to publish was answered.
    pub(crate) fn publish(
        &mut self,
        socket: SocketId,
        participant: ParticipantId,
        standing: &Standing,
        link: PublisherLink,
    ) {
        let Some(room) = standing.room.clone() else { return };
        self.add_publisher(
            Holder::Publish {
                socket: Some(socket),
                participant,
                room,
            },
            standing,
            link,
        );
    }

    /// A program publishes; the hub has let it in.
    pub(crate) fn whip(
        &mut self,
        (participant, name, room): (ParticipantId, DisplayName, RoomId),
        standing: &Standing,
        link: PublisherLink,
        resource: ResourceId,
    ) {
        let holder = Holder::Whip {
            participant,
            name,
            room,
            resource,
        };
        self.add_publisher(holder, standing, link);
    }

    fn add_publisher(&mut self, holder: Holder, standing: &Standing, link: PublisherLink) {
        let (Holder::Publish {
            participant: id, room, ..
        }
        | Holder::Whip {
            participant: id, room, ..
        }) = &holder
        else {
            unreachable!("only publishers are added here");
        };
        let (id, room) = (*id, room.clone());
        // The media plane ends another tab's connection by itself and reports it, and so that of a socket that broke:
        // it may have been another tab's. A new offer of the same tab, or of a program whose place the hub has given
        // anew already, is no news to anybody.
        for earlier in self.peers.publishers_of(id) {
            let is_other_tab = match (self.peers.get(earlier), &holder) {
                (Some(Holder::Publish { socket: Some(a), .. }), Holder::Publish { socket: Some(b), .. }) => a != b,
                (Some(Holder::Publish { .. }), _) => true,
                _ => false,
            };
            if !is_other_tab {
                self.remove(earlier);
            }
        }
        let peer = self.insert(holder, None);
        let (room, participant) = (self.room_key(&room), self.person_key(id));
        let PublisherLink { local, remote, media } = link;
        let on_air = standing.on_air;
        self.media.command(Command::AddPublisher {
            peer,
            room,
            participant,
            on_air,
            local,
            remote,
            media,
        });
        for source in SOURCES {
            let live = standing.live.contains(&source);
            self.media.command(Command::SetLive {
                participant,
                source: to_media(source),
                live,
            });
        }
    }

    /// A program watches.
    pub(crate) fn whep(
        &mut self,
        room: RoomId,
        link: ViewerLink,
        resource: ResourceId,
        since: Instant,
    ) -> Result<(), Refusal> {
        if self.peers.whep_count(&room) >= WHEP_VIEWERS_PER_ROOM_MAX {
            let sentence = "As many programs watch this room as may at once. Try again later.";
            return Err(Refusal::new(RefusalCode::RoomFull, sentence));
        }
        let room_key = self.room_key(&room);
        let peer = self.insert(Holder::Whep { room, resource }, Some(since));
        let ViewerLink { local, remote, media } = link;
        let (participant, side) = (None, api::Side::Audience);
        self.media.command(Command::AddViewer {
            peer,
            room: room_key,
            participant,
            side,
            local,
            remote,
            media,
        });
        Ok(())
    }

    /// Passes on how large a slot is shown.
    pub(crate) fn want(&self, socket: SocketId, slot: u8, height: Option<u16>) {
        if let Some(peer) = self.peers.watch_of(socket) {
            self.media.command(Command::Want { peer, slot, height });
        }
    }

    /// Ends a socket's rack.
    pub(crate) fn stop_watching(&mut self, socket: SocketId) {
        if let Some(peer) = self.peers.watch_of(socket) {
            self.remove(peer);
        }
    }

    /// Ends what a socket publishes, and what its person published from a socket that broke.
    pub(crate) fn stop_publishing(&mut self, socket: SocketId, participant: ParticipantId) {
        for peer in self.peers.of_socket(socket) {
            if self.peers.get(peer).is_some_and(Holder::publishes) {
                self.remove(peer);
            }
        }
        for peer in self.peers.orphaned_publishers(participant) {
            self.remove(peer);
        }
    }

    /// Whether a socket holds a publishing connection.
    pub(crate) fn publishes_from(&self, socket: SocketId) -> bool {
        self.peers.publishes_from(socket)
    }

    /// The socket is gone. Where it said goodbye its connections end as well; where it broke they may outlive it.
    pub(crate) fn socket_gone(&mut self, socket: SocketId, goodbye: bool) {
        if !goodbye {
            self.peers.orphan(socket);
        }
        for peer in self.peers.of_socket(socket) {
            self.remove(peer);
        }
    }
}
