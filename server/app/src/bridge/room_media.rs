// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The media side of one event: which socket or session has which connection, and how intents of the hub reach them.
//! Owned by the event's task; it outlives a hub that is started anew. What takes sound or pictures away comes here twice:
//! at once, and again in its place among what was kept; what gives waits for its place, and for nobody having taken it away
//! since. So no intent that was held up opens what a later one has closed.

use std::collections::BTreeSet;
use std::time::Instant;

use fiera_hub::{Hub, Input, MediaIntent, Side, Standing};
use fiera_media::MediaHandle;
use fiera_protocol::ids::{ParticipantId, RoomId, SourceKind};
use fiera_sfu::api::{self, Command, PeerId};

use super::peers::{Holder, Peers};
use super::people::{Names, SOURCES, to_media};
use crate::event::EventHandle;

/// All media of one event.
pub(crate) struct EventMedia {
    pub(super) media: MediaHandle,
    pub(super) handle: EventHandle,
    pub(super) names: Names,
    pub(super) peers: Peers,
    on_air: BTreeSet<ParticipantId>,
    /// What sends at present, so that another hub can be told.
    pub(super) flowing: BTreeSet<(ParticipantId, SourceKind)>,
    /// Publishers that went on under a hub that is no more: what the media plane does for them is not known to be
    /// what the new hub wants.
    unsettled: BTreeSet<ParticipantId>,
}

impl EventMedia {
    pub(crate) fn new(media: MediaHandle, handle: EventHandle) -> Self {
        let (names, peers, on_air) = (Names::new(), Peers::default(), BTreeSet::new());
        Self {
            media,
            handle,
            names,
            peers,
            on_air,
            flowing: BTreeSet::new(),
            unsettled: BTreeSet::new(),
        }
    }

    /// Whether anybody is on air.
    pub(crate) fn is_live(&self) -> bool {
        !self.on_air.is_empty()
    }

    /// Carries out what of an intent takes somebody's sound or picture away: it waits for no store.
    pub(crate) fn take_away(&mut self, intent: &MediaIntent) {
        match intent {
            MediaIntent::OnAir { on_air: false, .. }
            | MediaIntent::Live { live: false, .. }
            | MediaIntent::Gone { .. } => self.intend(intent.clone(), None, None),
            MediaIntent::Place {
                participant,
                room,
                side,
                may_publish,
            } => {
                for peer in self.peers.of_person(*participant) {
                    let publishes = self.peers.get(peer).is_some_and(Holder::publishes);
                    if room.is_none() || (publishes && !may_publish) {
                        self.remove(peer);
                    } else if *side == Side::Audience {
                        self.send_before_the_stage(peer);
                    }
                }
            }
            MediaIntent::OnAir { .. } | MediaIntent::Live { .. } => {}
        }
    }

    /// A rack that looks behind a stage looks at it as the audience does.
    fn send_before_the_stage(&mut self, rack: PeerId) {
        if let Some(Holder::Watch { room, .. }) = self.peers.get(rack) {
            let room = room.clone();
            self.turn(rack, &room, Side::Audience);
        }
    }

    /// A rack looks here from now on.
    fn turn(&mut self, rack: PeerId, room: &RoomId, side: Side) {
        if self.peers.turn_rack(rack, (room, side)) {
            let (peer, room, side) = (rack, self.room_key(room), to_side(side));
            self.media.command(Command::MoveViewer { peer, room, side });
        }
    }

    /// Makes true what the hub wanted when somebody stood as in `then`. It may be ahead: what is not so any more where
    /// they stand `now` is not opened, for the intent that closes it has been here already and comes once more.
    pub(crate) fn intend(&mut self, intent: MediaIntent, then: Option<&Standing>, now: Option<&Standing>) {
        match intent {
            MediaIntent::Place {
                participant,
                room,
                side,
                may_publish,
            } => {
                let side = side.left_in(room.as_ref(), now);
                self.place(participant, room.as_ref(), side, may_publish);
                if self.unsettled.remove(&participant) && self.publishes(participant) {
                    self.settle(participant, then.map(|then| then.left_in(now)).as_ref());
                }
            }
            MediaIntent::OnAir { participant, on_air } => {
                if on_air && now.is_none_or(|now| !now.on_air) {
                    return;
                }
                if on_air {
                    self.on_air.insert(participant);
                } else {
                    self.on_air.remove(&participant);
                }
                // Who does not publish yet gets the whole of it with the publishing connection.
                if self.publishes(participant) {
                    let participant = self.person_key(participant);
                    self.media.command(Command::SetOnAir { participant, on_air });
                }
            }
            MediaIntent::Live {
                participant,
                source,
                live,
            } => {
                let taken_since = live && now.is_none_or(|now| !now.live.contains(&source));
                if !taken_since && self.publishes(participant) {
                    let participant = self.person_key(participant);
                    let source = to_media(source);
                    self.media.command(Command::SetLive {
                        participant,
                        source,
                        live,
                    });
                }
            }
            MediaIntent::Gone { participant } => {
                for peer in self.peers.of_person(participant) {
                    self.remove(peer);
                }
                self.forget(participant);
            }
        }
    }

    pub(super) fn place(&mut self, participant: ParticipantId, room: Option<&RoomId>, side: Side, may_publish: bool) {
        let room_key = room.map(|room| self.room_key(room));
        for id in self.peers.of_person(participant) {
            // What of an unsettled one is live is not known: it is not let into another room.
            let may_move = may_publish && !self.unsettled.contains(&participant);
            let moves = self.peers.move_publisher(id, room.filter(|_| may_move));
            if let Some(room) = room_key.filter(|_| moves) {
                self.media.command(Command::MovePublisher { peer: id, room });
            }
            if let Some(room) = room {
                self.turn(id, room, side);
            }
            let Some(holder) = self.peers.get(id) else { continue };
            match (holder, room_key) {
                (Holder::Watch { .. } | Holder::Publish { .. }, None) => self.remove(id),
                (Holder::Publish { room: was, .. }, Some(_)) if !may_publish || Some(was) != room => self.remove(id),
                // The hub asks for a program's end by refusing it or by its own rules; DELETE and silence end it here.
                (Holder::Whip { room: was, .. }, _) if !may_publish || Some(was) != room => self.remove(id),
                _ => {}
            }
        }
    }

    /// Ends a WHIP or WHEP resource; the outer none: there is no such resource; the inner: nothing for the hub.
    pub(crate) fn release(&mut self, resource: &str) -> Option<Option<Input>> {
        let peer = self.peers.of_resource(resource)?;
        let holder = self.peers.get(peer)?.clone();
        self.remove(peer);
        Some(program_down(&holder, true))
    }

    /// Tells the media plane all of where a publisher stands.
    fn settle(&mut self, participant: ParticipantId, standing: Option<&Standing>) {
        let key = self.person_key(participant);
        for source in SOURCES {
            let live = standing.is_some_and(|standing| standing.live.contains(&source));
            self.media.command(Command::SetLive {
                participant: key,
                source: to_media(source),
                live,
            });
        }
        let on_air = standing.is_some_and(|standing| standing.on_air);
        self.media.command(Command::SetOnAir {
            participant: key,
            on_air,
        });
    }

    fn forget(&mut self, participant: ParticipantId) {
        self.on_air.remove(&participant);
        self.unsettled.remove(&participant);
        self.flowing.retain(|(of, _)| *of != participant);
        self.names.forget_person(participant);
    }

    /// What a hub that does not know them yet has to be told of somebody whose media went on.
    pub(crate) fn flows_of(&self, participant: ParticipantId) -> Vec<Input> {
        if !self.unsettled.contains(&participant) {
            return Vec::new();
        }
        let of = |&&(of, _): &&(ParticipantId, SourceKind)| of == participant;
        let input = |&(participant, source): &(ParticipantId, SourceKind)| Input::SourceFlow {
            participant,
            source,
            flowing: true,
        };
        self.flowing.iter().filter(of).map(input).collect()
    }

    /// Ends the media of people whom the hub does not know: they did not come back after a restart.
    pub(crate) fn reap(&mut self, hub: &Hub) {
        for id in self.peers.all() {
            let person = self.peers.get(id).and_then(Holder::participant);
            if let Some(person) = person.filter(|person| hub.standing(*person).is_none()) {
                self.remove(id);
                self.forget(person);
            }
        }
    }

    /// Ends everything that belongs to people; programs that watch go on.
    pub(crate) fn end_people(&mut self) {
        for id in self.peers.all() {
            if self.peers.get(id).and_then(Holder::participant).is_some() {
                self.remove(id);
            }
        }
        self.on_air.clear();
    }

    /// All sockets are gone; media goes on. Returns what a new hub has to be told.
    pub(crate) fn restart(&mut self) -> Vec<Input> {
        let mut inputs = Vec::new();
        self.on_air.clear();
        for id in self.peers.all() {
            match self.peers.get(id).cloned() {
                Some(Holder::Whip {
                    participant,
                    name,
                    room,
                    ..
                }) => {
                    self.unsettled.insert(participant);
                    inputs.push(Input::ExternalPublisherUp {
                        participant,
                        name,
                        room,
                    });
                    inputs.extend(self.flows_of(participant));
                }
                Some(Holder::Publish {
                    socket, participant, ..
                }) => {
                    self.unsettled.insert(participant);
                    socket.into_iter().for_each(|socket| self.peers.orphan(socket));
                }
                Some(Holder::Watch { socket, .. }) => {
                    socket.into_iter().for_each(|socket| self.peers.orphan(socket));
                }
                Some(Holder::Whep { .. }) | None => {}
            }
        }
        inputs
    }

    pub(super) fn insert(&mut self, holder: Holder, since: Option<Instant>) -> PeerId {
        let id = PeerId(self.handle.next_key());
        self.peers.insert(id, holder, since);
        id
    }

    pub(super) fn remove(&mut self, peer: PeerId) {
        if let Some(gone) = self.peers.remove(peer) {
            self.media.command(Command::RemovePeer { peer });
            self.silent(&gone.holder);
        }
    }

    /// Nothing flows any more of somebody who publishes nothing.
    pub(super) fn silent(&mut self, gone: &Holder) {
        if let Some(person) = gone
            .participant()
            .filter(|person| gone.publishes() && !self.publishes(*person))
        {
            self.flowing.retain(|(of, _)| *of != person);
        }
    }

    fn publishes(&self, participant: ParticipantId) -> bool {
        !self.peers.publishers_of(participant).is_empty()
    }

    pub(super) fn person_key(&mut self, participant: ParticipantId) -> api::ParticipantKey {
        self.names.person_key(participant, || self.handle.next_key())
    }

    pub(super) fn room_key(&mut self, room: &RoomId) -> api::RoomKey {
        self.names.room_key(room, || self.handle.next_key())
    }
}

/// What the hub is told when a holder is gone: by its own word, or lost.
pub(super) fn program_down(holder: &Holder, left: bool) -> Option<Input> {
    match holder {
        Holder::Whip { participant, .. } => Some(Input::ExternalPublisherDown {
            participant: *participant,
            left,
        }),
        _ => None,
    }
}

/// The media plane's word.
pub(super) fn to_side(side: Side) -> api::Side {
    match side {
        Side::Audience => api::Side::Audience,
        Side::Backstage => api::Side::Backstage,
    }
}
