// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A shell without sockets: carries out the hub's outputs as SPEC.md asks, and plays every client strictly by the page.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

pub mod fair;

use std::collections::{BTreeMap, BTreeSet};

use fiera_hub::{
    ConnectionId, EventConfig, Hub, Input, MediaIntent, Now, Output, Record, Recovered, RoomConfig, Side, Standing,
    StreamKey,
};
use fiera_protocol::apply::apply;
use fiera_protocol::breakouts::{BreakoutStep, BreakoutsView};
use fiera_protocol::client::Command;
use fiera_protocol::codec::parse_server_frame;
use fiera_protocol::fair::{Localised, RoomSettings};
use fiera_protocol::ids::{CommandId, DisplayName, ParticipantId, Role, RoomId, RoomKind};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::resume::ResumePlace;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{
    BackstageView, EventPhase, EventView, ModeratorsView, OrganisersView, Place, RoomView, StreamId, StreamState,
    YouView,
};

/// The two rooms of every test: same kind, same title, same settings.
pub const HALLS: [&str; 2] = ["hall-a", "hall-b"];

/// How every room works at first: nothing waits for a moderator, everybody may chat.
pub const SETTINGS: RoomSettings = RoomSettings {
    moderated: false,
    chat_open: true,
    slow_mode_s: 0,
    questions_closed: false,
    links_off: false,
};

pub fn room(id: &str) -> RoomId {
    id.parse().expect("a room id")
}

pub fn person(n: u128) -> ParticipantId {
    ParticipantId::from_u128(n)
}

pub fn name(text: &str) -> DisplayName {
    DisplayName::try_from(text.to_owned()).expect("a name")
}

pub fn config() -> EventConfig {
    let room_config = |id: &str, kind, capacity| RoomConfig {
        room: room(id),
        kind,
        title: "Hall".to_owned(),
        titles: Localised::default(),
        settings: SETTINGS,
        polls: Vec::new(),
        capacity,
        whip_on_air_at_once: true,
    };
    let mut rooms: Vec<RoomConfig> = HALLS.iter().map(|id| room_config(id, RoomKind::Stage, 3)).collect();
    rooms.push(room_config("lobby", RoomKind::Lobby, 1_000));
    rooms.push(room_config("corner", RoomKind::Breakout, 1_000));
    let phase = EventPhase::Live;
    EventConfig {
        event: "fair".parse().expect("an id"),
        title: "Fair".to_owned(),
        titles: Localised::default(),
        organiser: None,
        time_zone: None,
        agenda: Vec::new(),
        keeps_captions: false,
        ideas_closed: false,
        ideas: Vec::new(),
        phase,
        rooms,
        stands: fiera_hub::StandsConfig::default(),
    }
}

/// What one client has received and made of it.
#[derive(Debug, Default)]
pub struct Client {
    /// Everything, in order.
    pub received: Vec<ServerMessage>,
    /// State and number per stream, by snapshots and updates alone.
    pub streams: BTreeMap<StreamId, (u64, StreamState)>,
    /// The last resume token, unsealed.
    pub resume: Option<ResumePlace>,
    follows: BTreeSet<StreamKey>,
}

/// The hub with a clock that only tests move.
pub struct Shell {
    pub hub: Hub,
    pub mono_ms: u64,
    pub clients: BTreeMap<ConnectionId, Client>,
    /// What the media plane was told, participant by participant.
    pub media: BTreeMap<ParticipantId, Standing>,
    pub intents: Vec<MediaIntent>,
    pub external_refusals: Vec<RefusalCode>,
    /// All outputs so far, for comparing runs.
    pub log: Vec<Output>,
    /// What a store would hold.
    pub kept: Recovered,
    /// Added to the wall clock of every input.
    pub unix_ms: u64,
    config: EventConfig,
    epoch: u32,
    connections: u64,
    commands: u128,
}

/// Does with a record what a store does.
pub fn keep(kept: &mut Recovered, record: Record) {
    match record {
        Record::Fact { version, body } => kept.facts.push((version, body)),
        Record::Text { id, body } => {
            match body {
                Some(body) => kept.texts.insert(id, body),
                None => kept.texts.remove(&id),
            };
        }
        Record::Working { key, value } => {
            match value {
                Some(value) => kept.working.insert(key, value),
                None => kept.working.remove(&key),
            };
        }
        Record::WipeWorking => kept.working.clear(),
    }
}

impl Shell {
    pub fn new() -> Self {
        Self::with(config(), 7)
    }

    pub fn with(config: EventConfig, epoch: u32) -> Self {
        Self {
            hub: Hub::new(config.clone(), epoch, [7; 32]).expect("a good configuration"),
            mono_ms: 1_000,
            clients: BTreeMap::new(),
            media: BTreeMap::new(),
            intents: Vec::new(),
            external_refusals: Vec::new(),
            log: Vec::new(),
            kept: Recovered::default(),
            unix_ms: 1_790_000_000_000,
            config,
            epoch,
            connections: 0,
            commands: 0,
        }
    }

    pub fn input(&mut self, input: Input) {
        let now = Now {
            mono_ms: self.mono_ms,
            unix_ms: self.unix_ms + self.mono_ms,
        };
        self.hub.handle(now, input);
        let mut told = false;
        while let Some(output) = self.hub.poll_output() {
            let keeps = matches!(output, Output::Keep(_));
            assert!(!keeps || !told, "B1: somebody was told before it was kept");
            told |= !keeps;
            self.log.push(output.clone());
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Keep(record) => keep(&mut self.kept, record),
            Output::ToConnection { conn, text } => self.deliver(conn, &text),
            Output::Follow { conn, stream } => {
                assert!(self.client_mut(conn).follows.insert(stream), "follows twice");
            }
            Output::Unfollow { conn, stream } => {
                let client = self.client_mut(conn);
                assert!(client.follows.remove(&stream), "unfollows what it did not follow");
                client.streams.remove(&stream.id());
            }
            Output::ToStream { stream, text } => {
                let followers: Vec<ConnectionId> = self
                    .clients
                    .iter()
                    .filter(|(_, c)| c.follows.contains(&stream))
                    .map(|(id, _)| *id)
                    .collect();
                followers.into_iter().for_each(|conn| self.deliver(conn, &text));
            }
            Output::Resume { conn, place } => self.client_mut(conn).resume = Some(place),
            Output::Media(intent) => self.mediate(intent),
            Output::Disconnect { conn } => self.client_mut(conn).follows.clear(),
            Output::ExternalRefused { code, .. } => self.external_refusals.push(code),
            Output::Captioned { .. } => {}
        }
    }

    fn client_mut(&mut self, conn: ConnectionId) -> &mut Client {
        self.clients.entry(conn).or_default()
    }

    fn deliver(&mut self, conn: ConnectionId, text: &str) {
        let [message] = parse_server_frame(&format!("[{text}]"))
            .expect("readable")
            .try_into()
            .expect("one");
        let client = self.client_mut(conn);
        match &message {
            ServerMessage::Snapshot { stream, n, state, .. } => {
                client.streams.insert(stream.clone(), (*n, state.clone()));
            }
            ServerMessage::Update { stream, n, change, .. } => {
                let (at, state) = client.streams.get_mut(stream).expect("an update follows a snapshot");
                if *n > *at {
                    assert_eq!(*n, *at + 1, "a gap in {stream:?}");
                    assert!(apply(state, change), "{change:?} does not belong to {stream:?}");
                    *at = *n;
                }
            }
            _ => {}
        }
        client.received.push(message);
    }

    fn mediate(&mut self, intent: MediaIntent) {
        self.intents.push(intent.clone());
        let nowhere = || Standing {
            room: None,
            side: Side::Audience,
            may_publish: false,
            on_air: false,
            live: BTreeSet::new(),
        };
        match intent {
            MediaIntent::Place {
                participant,
                room,
                side,
                may_publish,
            } => {
                let standing = self.media.entry(participant).or_insert_with(nowhere);
                (standing.room, standing.side, standing.may_publish) = (room, side, may_publish);
            }
            MediaIntent::OnAir { participant, on_air } => {
                let standing = self.media.entry(participant).or_insert_with(nowhere);
                assert_ne!(standing.on_air, on_air, "told twice");
                standing.on_air = on_air;
            }
            MediaIntent::Live {
                participant,
                source,
                live,
            } => {
                let standing = self.media.entry(participant).or_insert_with(nowhere);
                let changed = if live {
                    standing.live.insert(source)
                } else {
                    standing.live.remove(&source)
                };
                assert!(changed, "told twice");
            }
            MediaIntent::Gone { participant } => {
                self.media.remove(&participant);
            }
        }
    }

    /// Lets time pass, with a tick at every deadline on the way.
    pub fn pass(&mut self, ms: u64) {
        let end = self.mono_ms + ms;
        while let Some(at) = self.hub.next_deadline().filter(|at| *at <= end) {
            self.mono_ms = at.max(self.mono_ms);
            self.input(Input::Tick);
            assert!(self.hub.next_deadline() != Some(at), "a deadline that does not move");
        }
        self.mono_ms = end;
    }

    pub fn open_with(&mut self, who: u128, role: Role, resume: Option<ResumePlace>) -> ConnectionId {
        self.connections += 1;
        let conn = ConnectionId(self.connections);
        let participant = person(who);
        self.input(Input::ConnectionOpened {
            conn,
            participant,
            name: name("Ada"),
            role,
            resume,
        });
        conn
    }

    pub fn open(&mut self, who: u128, role: Role) -> ConnectionId {
        self.open_with(who, role, None)
    }

    /// Opens and enters a room.
    pub fn join(&mut self, who: u128, role: Role, place: &str) -> ConnectionId {
        let conn = self.open(who, role);
        self.ok(conn, Command::Enter { room: room(place) });
        conn
    }

    pub fn close(&mut self, conn: ConnectionId) {
        self.input(Input::ConnectionClosed { conn, left: false });
        self.clients.remove(&conn);
    }

    /// The server is killed and started again: everybody's connection is gone, what was kept comes back.
    pub fn restart(&mut self) {
        let kept = self.kept.clone();
        self.epoch += 1;
        let epoch = self.epoch;
        let seed = [u8::try_from(epoch).expect("few restarts"); 32];
        self.hub = Hub::restore(self.config.clone(), epoch, seed, kept).expect("what was kept can be read");
        assert_eq!(self.hub.poll_output(), None, "nobody is there to be told");
        self.clients.clear();
        self.media.clear();
    }

    /// What the server is started with from the next restart on.
    pub fn reconfigure(&mut self, config: EventConfig) {
        self.config = config;
    }

    pub fn next_command_id(&mut self) -> CommandId {
        self.commands += 1;
        CommandId::from_u128(u128::MAX - self.commands)
    }

    /// Runs a command and returns its answer.
    pub fn command(&mut self, conn: ConnectionId, command: Command) -> Result<(), RefusalCode> {
        let id = self.next_command_id();
        self.command_as(conn, id, command)
    }

    pub fn command_as(&mut self, conn: ConnectionId, id: CommandId, command: Command) -> Result<(), RefusalCode> {
        let before = self.clients[&conn].received.len();
        self.input(Input::ClientCommand { conn, id, command });
        let answers = self.clients[&conn].received[before..]
            .iter()
            .filter_map(|message| match message {
                ServerMessage::Accepted { id: of } if *of == id => Some(Ok(())),
                ServerMessage::Refused { id: Some(of), code, .. } if *of == id => Some(Err(*code)),
                _ => None,
            });
        let [answer] = answers.collect::<Vec<_>>().try_into().expect("one answer");
        answer
    }

    pub fn ok(&mut self, conn: ConnectionId, command: Command) {
        assert_eq!(self.command(conn, command.clone()), Ok(()), "{command:?}");
    }

    pub fn backstage(&mut self, conn: ConnectionId) {
        self.ok(conn, Command::EnterBackstage {});
    }

    pub fn on_air(&mut self, conn: ConnectionId) {
        self.ok(
            conn,
            Command::PutOnAir {
                countdown_s: None,
                participant: None,
            },
        );
    }

    /// What arrived since the last call.
    pub fn take(&mut self, conn: ConnectionId) -> Vec<ServerMessage> {
        std::mem::take(&mut self.client_mut(conn).received)
    }

    fn state(&self, conn: ConnectionId, stream: &StreamId) -> Option<&StreamState> {
        self.clients[&conn].streams.get(stream).map(|(_, state)| state)
    }

    pub fn event_view(&self, conn: ConnectionId) -> &EventView {
        match self.state(conn, &StreamId::Event {}) {
            Some(StreamState::Event(view)) => view,
            other => panic!("no event view: {other:?}"),
        }
    }

    pub fn room_view(&self, conn: ConnectionId, id: &str) -> Option<&RoomView> {
        match self.state(conn, &StreamId::Room { room: room(id) })? {
            StreamState::Room(view) => Some(view),
            other => panic!("not a room view: {other:?}"),
        }
    }

    pub fn backstage_view(&self, conn: ConnectionId, id: &str) -> Option<&BackstageView> {
        match self.state(conn, &StreamId::Backstage { room: room(id) })? {
            StreamState::Backstage(view) => Some(view),
            other => panic!("not a backstage view: {other:?}"),
        }
    }

    pub fn moderators_view(&self, conn: ConnectionId, id: &str) -> Option<&ModeratorsView> {
        match self.state(conn, &StreamId::Moderators { room: room(id) })? {
            StreamState::Moderators(view) => Some(view),
            other => panic!("not a moderators view: {other:?}"),
        }
    }

    pub fn organisers_view(&self, conn: ConnectionId) -> Option<&OrganisersView> {
        match self.state(conn, &StreamId::Organisers {})? {
            StreamState::Organisers(view) => Some(view),
            other => panic!("not an organisers view: {other:?}"),
        }
    }

    pub fn breakouts_view(&self, conn: ConnectionId) -> Option<&BreakoutsView> {
        match self.state(conn, &StreamId::Breakouts {})? {
            StreamState::Breakouts(view) => Some(view),
            other => panic!("not a breakouts view: {other:?}"),
        }
    }

    /// Does something about breakouts.
    pub fn step(&mut self, conn: ConnectionId, step: BreakoutStep) -> Result<(), RefusalCode> {
        self.command(conn, Command::Breakouts { step })
    }

    pub fn you(&self, conn: ConnectionId) -> &YouView {
        match self.state(conn, &StreamId::You {}) {
            Some(StreamState::You(view)) => view,
            other => panic!("no you view: {other:?}"),
        }
    }

    /// Room and place of a participant, as they themselves see it.
    pub fn place(&self, conn: ConnectionId) -> (Option<&str>, Place) {
        let you = self.you(conn);
        (you.room.as_ref().map(RoomId::as_str), you.place)
    }

    /// Ids of those on air, as somebody in the room sees it.
    pub fn on_air_seen(&self, conn: ConnectionId, id: &str) -> Vec<ParticipantId> {
        self.room_view(conn, id)
            .expect("follows the room")
            .on_air
            .iter()
            .map(|p| p.participant)
            .collect()
    }
}
