// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The media connections of one event: which socket or resource has which, and how intents of the hub reach them.
//! Owned by the event's task; it outlives a hub that is started anew.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use fiera_hub::{Input, MediaIntent, Side, Standing};
use fiera_media::MediaHandle;
use fiera_protocol::ids::{DisplayName, ParticipantId, RoomId};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::{MediaDirection, ServerMessage, Shown};
use fiera_sfu::api::{self, CloseReason, Command, Event, PeerId};

use super::links::{PublisherLink, ResourceId, ViewerLink};
use super::people::{Names, SOURCES, to_media, to_wire};
use super::reports::MediaReport;
use crate::event::{EventHandle, SocketId};
use crate::limits::WHEP_VIEWERS_PER_ROOM_MAX;
use crate::metrics::Metrics;
use crate::refusal::Refusal;

/// What follows from a report of the media plane.
#[derive(Debug)]
pub(crate) enum Reaction {
    /// For the hub.
    Hub(Input),
    /// For one socket.
    Tell(SocketId, ServerMessage),
}

/// Who holds a media connection.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Holder {
    Watch {
        socket: SocketId,
        participant: ParticipantId,
        rack: u32,
    },
    Publish {
        socket: SocketId,
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
struct Peer {
    holder: Holder,
    /// When the person asked to join; taken once it is connected.
    since: Option<Instant>,
}

/// All media connections of one event.
pub(crate) struct EventMedia {
    media: MediaHandle,
    handle: EventHandle,
    names: Names,
    // Ordered, so that commands to the media plane do not depend on a hash.
    peers: BTreeMap<PeerId, Peer>,
    resources: HashMap<ResourceId, PeerId>,
    whep_counts: HashMap<RoomId, usize>,
    on_air: std::collections::BTreeSet<ParticipantId>,
}

impl EventMedia {
    pub(crate) fn new(media: MediaHandle, handle: EventHandle) -> Self {
        Self {
            media,
            handle,
            names: Names::new(),
            peers: BTreeMap::new(),
            resources: HashMap::new(),
            whep_counts: HashMap::new(),
            on_air: std::collections::BTreeSet::new(),
        }
    }

    /// Whether anybody is on air.
    pub(crate) fn is_live(&self) -> bool {
        !self.on_air.is_empty()
    }

    /// Makes true what the hub wants.
    pub(crate) fn intend(&mut self, intent: MediaIntent) {
        match intent {
            MediaIntent::Place {
                participant,
                room,
                side,
                may_publish,
            } => {
                self.place(participant, room.as_ref(), side, may_publish);
            }
            MediaIntent::OnAir { participant, on_air } => {
                if on_air {
                    self.on_air.insert(participant);
                } else {
                    self.on_air.remove(&participant);
                }
                let participant = self.person_key(participant);
                self.media.command(Command::SetOnAir { participant, on_air });
            }
            MediaIntent::Live {
                participant,
                source,
                live,
            } => {
                let participant = self.person_key(participant);
                self.media.command(Command::SetLive {
                    participant,
                    source: to_media(source),
                    live,
                });
            }
            MediaIntent::Gone { participant } => {
                for peer in self.peers_of(participant) {
                    self.remove(peer);
                }
                self.on_air.remove(&participant);
                self.names.forget_person(participant);
            }
        }
    }

    fn place(&mut self, participant: ParticipantId, room: Option<&RoomId>, side: Side, may_publish: bool) {
        let room_key = room.map(|room| self.room_key(room));
        for id in self.peers_of(participant) {
            let Some(peer) = self.peers.get(&id) else { continue };
            match (&peer.holder, room_key) {
                (Holder::Watch { .. }, Some(room)) => {
                    self.media.command(Command::MoveViewer {
                        peer: id,
                        room,
                        side: to_side(side),
                    });
                }
                (Holder::Watch { .. } | Holder::Publish { .. }, None) => self.remove(id),
                (Holder::Publish { room: was, .. }, Some(_)) if !may_publish || Some(was) != room => self.remove(id),
                // The hub asks for a program's end by refusing it or by its own rules; DELETE and silence end it here.
                (Holder::Whip { room: was, .. }, _) if !may_publish || Some(was) != room => self.remove(id),
                _ => {}
            }
        }
    }

    /// A socket's rack was answered. An earlier one of the same socket ends.
    pub(crate) fn watch(
        &mut self,
        socket: SocketId,
        participant: ParticipantId,
        standing: Option<&Standing>,
        rack: u32,
        link: ViewerLink,
        since: Option<Instant>,
    ) -> Result<(), Refusal> {
        let Some((standing, room)) = standing.and_then(|s| s.room.as_ref().map(|room| (s, room))) else {
            return Err(Refusal::new(
                RefusalCode::NotInRoom,
                "You are in no room at present. Enter a room first.",
            ));
        };
        self.stop_watching(socket);
        let peer = self.insert(
            Holder::Watch {
                socket,
                participant,
                rack,
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
        Ok(())
    }

    /// A socket's offer to publish was answered.
    pub(crate) fn publish(
        &mut self,
        socket: SocketId,
        participant: ParticipantId,
        standing: Option<&Standing>,
        link: PublisherLink,
    ) -> Result<(), Refusal> {
        let standing = standing.filter(|standing| standing.may_publish);
        let Some((standing, room)) = standing.and_then(|s| s.room.clone().map(|room| (s, room))) else {
            return Err(Refusal::new(
                RefusalCode::NotAllowed,
                "You may not publish here. Go backstage first.",
            ));
        };
        self.add_publisher(
            Holder::Publish {
                socket,
                participant,
                room,
            },
            standing,
            link,
        );
        Ok(())
    }

    /// A program publishes; the hub has let it in.
    pub(crate) fn whip(
        &mut self,
        (participant, name, room): (ParticipantId, DisplayName, RoomId),
        standing: Option<&Standing>,
        link: PublisherLink,
        resource: ResourceId,
    ) -> Result<(), Refusal> {
        let Some(standing) = standing.filter(|standing| standing.may_publish) else {
            return Err(Refusal::unavailable());
        };
        let holder = Holder::Whip {
            participant,
            name,
            room,
            resource: resource.clone(),
        };
        let peer = self.add_publisher(holder, standing, link);
        self.resources.insert(resource, peer);
        Ok(())
    }

    fn add_publisher(&mut self, holder: Holder, standing: &Standing, link: PublisherLink) -> PeerId {
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
        // The media plane ends another tab's connection by itself and reports it; a new offer of the same tab, or of
        // a program whose place the hub has given anew already, is no news to anybody.
        for earlier in self.publishers_of(id) {
            let is_other_tab = |peer: &Peer| match (&peer.holder, &holder) {
                (Holder::Publish { socket: a, .. }, Holder::Publish { socket: b, .. }) => a != b,
                (was, _) => matches!(was, Holder::Publish { .. }),
            };
            if !self.peers.get(&earlier).is_some_and(is_other_tab) {
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
        peer
    }

    /// A program watches.
    pub(crate) fn whep(
        &mut self,
        room: RoomId,
        link: ViewerLink,
        resource: ResourceId,
        since: Instant,
    ) -> Result<(), Refusal> {
        let count = self.whep_counts.entry(room.clone()).or_default();
        if *count >= WHEP_VIEWERS_PER_ROOM_MAX {
            let sentence = "As many programs watch this room as may at once. Try again later.";
            return Err(Refusal::new(RefusalCode::RoomFull, sentence));
        }
        *count += 1;
        let room_key = self.room_key(&room);
        let peer = self.insert(
            Holder::Whep {
                room,
                resource: resource.clone(),
            },
            Some(since),
        );
        self.resources.insert(resource, peer);
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
        if let Some(peer) = self.watch_of(socket) {
            self.media.command(Command::Want { peer, slot, height });
        }
    }

    /// Ends a socket's rack.
    pub(crate) fn stop_watching(&mut self, socket: SocketId) {
        if let Some(peer) = self.watch_of(socket) {
            self.remove(peer);
        }
    }

    /// Ends what a socket publishes.
    pub(crate) fn stop_publishing(&mut self, socket: SocketId) {
        let publishes = |peer: &Peer| matches!(peer.holder, Holder::Publish { socket: of, .. } if of == socket);
        let found: Vec<PeerId> = self
            .peers
            .iter()
            .filter(|(_, p)| publishes(p))
            .map(|(id, _)| *id)
            .collect();
        found.into_iter().for_each(|peer| self.remove(peer));
    }

    /// The socket is gone, and so are its connections.
    pub(crate) fn socket_gone(&mut self, socket: SocketId) {
        self.stop_watching(socket);
        self.stop_publishing(socket);
    }

    /// Ends a WHIP or WHEP resource; the outer none: there is no such resource; the inner: nothing for the hub.
    pub(crate) fn release(&mut self, resource: &str) -> Option<Option<Input>> {
        let peer = self.resources.get(resource).copied()?;
        let holder = self.peers.get(&peer).map(|peer| peer.holder.clone())?;
        self.remove(peer);
        Some(program_down(&holder))
    }

    /// Ends everything that belongs to sockets; WHIP and WHEP go on. Returns what a new hub has to be told.
    pub(crate) fn restart(&mut self) -> Vec<Input> {
        let mut inputs = Vec::new();
        let ids: Vec<PeerId> = self.peers.keys().copied().collect();
        self.on_air.clear();
        for id in ids {
            match self.peers.get(&id).map(|peer| peer.holder.clone()) {
                Some(Holder::Whip {
                    participant,
                    name,
                    room,
                    ..
                }) => {
                    inputs.push(Input::ExternalPublisherUp {
                        participant,
                        name,
                        room,
                    });
                }
                Some(Holder::Whep { .. }) | None => {}
                Some(Holder::Watch { .. } | Holder::Publish { .. }) => self.remove(id),
            }
        }
        inputs
    }

    /// What a report of the media plane means for hub and sockets.
    pub(crate) fn report(&mut self, report: MediaReport, metrics: &Metrics) -> Option<Reaction> {
        match report.0 {
            Event::Connected { peer } => {
                let since = self.peers.get_mut(&peer)?.since.take()?;
                metrics.joined(since.elapsed());
                None
            }
            Event::Closed { peer, reason } => self.closed(peer, reason),
            Event::SourceFlow {
                participant,
                source,
                flowing,
            } => {
                let participant = self.names.person(participant)?;
                Some(Reaction::Hub(Input::SourceFlow {
                    participant,
                    source: to_wire(source),
                    flowing,
                }))
            }
            Event::SlotChanged {
                peer,
                slot,
                shows,
                rtp_time,
            } => {
                let (socket, rack) = self.rack_of(peer)?;
                let shows = shows.and_then(|(participant, source)| {
                    Some(Shown {
                        participant: self.names.person(participant)?,
                        source: to_wire(source),
                    })
                });
                Some(Reaction::Tell(
                    socket,
                    ServerMessage::SlotChanged {
                        rack,
                        slot,
                        shows,
                        rtp_time,
                    },
                ))
            }
            Event::CannotDecode { peer, slot, codec } => {
                let (socket, rack) = self.rack_of(peer)?;
                Some(Reaction::Tell(
                    socket,
                    ServerMessage::CannotDecode {
                        rack,
                        slot,
                        codec: codec.to_owned(),
                    },
                ))
            }
            Event::BFrames { participant, .. } => {
                metrics.refused("b_frames");
                tracing::warn!(event = %self.handle.id, "a publisher sends B-frames; nothing of that picture is sent on");
                let socket = self.socket_of_publisher(self.names.person(participant)?)?;
                let sentence =
                    "Your encoder sends B-frames, which browsers cannot show. Switch them off in its settings.";
                Some(Reaction::Tell(
                    socket,
                    Refusal::new(RefusalCode::Sdp, sentence).message(),
                ))
            }
            Event::Speaking { room, participants } => {
                let room = self.names.room(room)?;
                let participants = participants
                    .into_iter()
                    .filter_map(|key| self.names.person(key))
                    .collect();
                Some(Reaction::Hub(Input::Speaking { room, participants }))
            }
        }
    }

    fn closed(&mut self, peer: PeerId, reason: CloseReason) -> Option<Reaction> {
        // What was removed here is no longer known, so its own end is no news.
        let peer = self.forget(peer)?;
        let tell = |socket, direction| {
            let sentence = why(reason).to_owned();
            Some(Reaction::Tell(
                socket,
                ServerMessage::MediaClosed { direction, sentence },
            ))
        };
        match &peer.holder {
            Holder::Watch { socket, .. } => tell(*socket, MediaDirection::Down),
            Holder::Publish { socket, .. } => tell(*socket, MediaDirection::Up),
            holder @ (Holder::Whip { .. } | Holder::Whep { .. }) => program_down(holder).map(Reaction::Hub),
        }
    }

    fn rack_of(&self, peer: PeerId) -> Option<(SocketId, u32)> {
        match self.peers.get(&peer)?.holder {
            Holder::Watch { socket, rack, .. } => Some((socket, rack)),
            _ => None,
        }
    }

    fn socket_of_publisher(&self, participant: ParticipantId) -> Option<SocketId> {
        let publishers = self.publishers_of(participant);
        publishers.iter().find_map(|id| match self.peers.get(id)?.holder {
            Holder::Publish { socket, .. } => Some(socket),
            _ => None,
        })
    }

    fn watch_of(&self, socket: SocketId) -> Option<PeerId> {
        let watches = |peer: &Peer| matches!(peer.holder, Holder::Watch { socket: of, .. } if of == socket);
        self.peers.iter().find(|(_, peer)| watches(peer)).map(|(id, _)| *id)
    }

    fn peers_of(&self, participant: ParticipantId) -> Vec<PeerId> {
        let theirs = |peer: &Peer| match &peer.holder {
            Holder::Watch { participant: of, .. }
            | Holder::Publish { participant: of, .. }
            | Holder::Whip { participant: of, .. } => *of == participant,
            Holder::Whep { .. } => false,
        };
        self.peers
            .iter()
            .filter(|(_, peer)| theirs(peer))
            .map(|(id, _)| *id)
            .collect()
    }

    fn publishers_of(&self, participant: ParticipantId) -> Vec<PeerId> {
        let publishes = |id: &PeerId| {
            let holder = self.peers.get(id).map(|peer| &peer.holder);
            matches!(holder, Some(Holder::Publish { .. } | Holder::Whip { .. }))
        };
        self.peers_of(participant).into_iter().filter(publishes).collect()
    }

    fn insert(&mut self, holder: Holder, since: Option<Instant>) -> PeerId {
        let id = PeerId(self.handle.next_key());
        self.peers.insert(id, Peer { holder, since });
        id
    }

    fn remove(&mut self, peer: PeerId) {
        if self.forget(peer).is_some() {
            self.media.command(Command::RemovePeer { peer });
        }
    }

    fn forget(&mut self, peer: PeerId) -> Option<Peer> {
        let gone = self.peers.remove(&peer)?;
        if let Holder::Whip { resource, .. } | Holder::Whep { resource, .. } = &gone.holder {
            self.resources.remove(resource);
        }
        if let Holder::Whep { room, .. } = &gone.holder
            && let Some(count) = self.whep_counts.get_mut(room)
        {
            *count = count.saturating_sub(1);
        }
        Some(gone)
    }

    fn person_key(&mut self, participant: ParticipantId) -> api::ParticipantKey {
        self.names.person_key(participant, || self.handle.next_key())
    }

    fn room_key(&mut self, room: &RoomId) -> api::RoomKey {
        self.names.room_key(room, || self.handle.next_key())
    }
}

fn program_down(holder: &Holder) -> Option<Input> {
    match holder {
        Holder::Whip { participant, .. } => Some(Input::ExternalPublisherDown {
            participant: *participant,
        }),
        _ => None,
    }
}

fn to_side(side: Side) -> api::Side {
    match side {
        Side::Audience => api::Side::Audience,
        Side::Backstage => api::Side::Backstage,
    }
}

fn why(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Asked => "The server ended the media connection.",
        CloseReason::PeerClosed => "The media connection was closed at your side.",
        CloseReason::ConnectTimeout => "No media connection came about; a firewall may block UDP to this server.",
        CloseReason::ConsentExpired => "The media connection was silent for too long; the network may have changed.",
        CloseReason::DtlsFailed => "The media connection could not be secured; reload the page.",
        CloseReason::Replaced => "You publish from another tab or program now.",
    }
}
