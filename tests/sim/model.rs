// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What an event is, said as simply as it can be: sets, lists and maps of people and what they did. It is told what the
//! hub was given and whether the hub took it, and knows by itself what must have become of it.

pub(crate) mod breakouts;
pub(crate) mod captions;
pub(crate) mod chat;
pub(crate) mod ideas;
pub(crate) mod people;
pub(crate) mod polls;
pub(crate) mod programme;
pub(crate) mod questions;
pub(crate) mod rules;
pub(crate) mod show;
pub(crate) mod stage;
pub(crate) mod stands;
pub(crate) mod thanks;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fiera_protocol::breakouts::HelpStage;
use fiera_protocol::captions::CaptionLang;
use fiera_protocol::client::Command;
use fiera_protocol::fair::{HandStage, RoomSettings};
use fiera_protocol::ids::{
    AnnouncementId, CaptionId, CardId, CommandId, DirectionId, DisplayName, LabelId, MessageId, ParticipantId, Role,
    RoomId, RoomKind, SlotId, SourceKind, ThanksId,
};
use fiera_protocol::programme::AgendaSlot;
use fiera_protocol::stands::StandsOpenTo;
use fiera_protocol::text::TitleText;
use fiera_protocol::view::EventPhase;
use serde_json::Value;

use breakouts::{Card, Rehearsal, Round};
use captions::Captions;
use chat::Message;
use ideas::Idea;
use polls::Poll;
use questions::Question;
use show::{Direction, Pause, Show};
use stands::Stand;
use thanks::Thanks;

use crate::shared::Shared;

/// What outlives a crash.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    pub(crate) phase: EventPhase,
    pub(crate) rooms: BTreeMap<RoomId, Shared<Room>>,
    /// Name they had then, silenced, banned.
    pub(crate) restricted: BTreeMap<ParticipantId, (DisplayName, bool, bool)>,
    pub(crate) filter: Vec<String>,
    pub(crate) announcements: Vec<(AnnouncementId, String)>,
    /// Those that are shown: at most 20, and what is taken back makes no room for older ones.
    pub(crate) announced: VecDeque<AnnouncementId>,
    /// In the order in which they were proposed.
    pub(crate) ideas: Vec<Idea>,
    pub(crate) proposed: u32,
    pub(crate) ideas_closed: bool,
    /// Those that are shown, in the order of their times.
    pub(crate) slots: Vec<AgendaSlot>,
    /// Those that were made, changed or erased in the event: the setup has no say in them.
    pub(crate) own_slots: BTreeSet<SlotId>,
    /// What slots of the setup looked like last, with their revision and when they changed.
    pub(crate) seen_slots: BTreeMap<SlotId, AgendaSlot>,
    pub(crate) thanks: Vec<Thanks>,
    /// In the order in which they were shown.
    pub(crate) shown_thanks: Vec<ThanksId>,
    /// Who has thanked whom.
    pub(crate) have_thanked: BTreeMap<(ParticipantId, ParticipantId), ThanksId>,
    /// In the order in which they were opened, and how many that ever were, by everybody and by each.
    pub(crate) stands: Shared<Vec<Stand>>,
    pub(crate) stands_ever: u32,
    pub(crate) opened: BTreeMap<ParticipantId, u32>,
    /// What stands under whose name.
    pub(crate) titles: BTreeMap<ParticipantId, TitleText>,
    /// In the order in which they were prepared.
    pub(crate) rounds: Shared<Vec<Round>>,
    /// Accepted commands that changed any of this: never to be run again.
    pub(crate) done: BTreeSet<(ParticipantId, CommandId)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Room {
    pub(crate) kind: RoomKind,
    pub(crate) settings: RoomSettings,
    /// In the order in which they were asked.
    pub(crate) questions: Vec<Question>,
    pub(crate) asked: u32,
    pub(crate) labels: Vec<(LabelId, String)>,
    /// Front and backstage.
    pub(crate) chats: [Vec<Message>; 2],
    pub(crate) shown: [VecDeque<MessageId>; 2],
    pub(crate) pinned: Vec<MessageId>,
    pub(crate) polls: Vec<Poll>,
    pub(crate) opened: u32,
    /// In the order in which they were raised.
    pub(crate) hands: Vec<Hand>,
    pub(crate) show: Show,
    /// Of a breakout room: its call for help, its cards in the order in which they were put up, and how many that were.
    pub(crate) help: Option<HelpStage>,
    pub(crate) cards: Vec<Card>,
    pub(crate) put_up: u32,
    /// Lines of captions that the event keeps, in the order in which they became final; without words once erased.
    pub(crate) captions: Vec<(CaptionId, CaptionLang, Option<String>)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hand {
    pub(crate) participant: ParticipantId,
    pub(crate) name: DisplayName,
    pub(crate) topic: Option<String>,
    pub(crate) stage: HandStage,
}

/// What a crash ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Presence {
    pub(crate) people: BTreeMap<ParticipantId, Person>,
    /// In the order in which they went on air, and in which they came backstage.
    pub(crate) on_air: BTreeMap<RoomId, Vec<ParticipantId>>,
    pub(crate) waiting: BTreeMap<RoomId, Vec<ParticipantId>>,
    pub(crate) countdowns: BTreeMap<ParticipantId, u64>,
    /// When the question of the quiz of a room is over.
    pub(crate) clocks: BTreeMap<RoomId, u64>,
    pub(crate) authors: BTreeMap<MessageId, ParticipantId>,
    /// Until when owners of hands from before a crash may come back.
    pub(crate) awaited_until_ms: Option<u64>,
    /// Nothing has happened since a crash.
    pub(crate) fresh: bool,
    pub(crate) read_only: bool,
    /// When each one asked and said something last, for limits.
    pub(crate) asks: BTreeMap<ParticipantId, Vec<u64>>,
    pub(crate) messages: BTreeMap<ParticipantId, Vec<u64>>,
    /// When each one proposed or edited an idea, and thanked somebody.
    pub(crate) proposals: BTreeMap<ParticipantId, Vec<u64>>,
    pub(crate) thanked: BTreeMap<ParticipantId, Vec<u64>>,
    /// When each one put up or changed a card.
    pub(crate) cards: BTreeMap<ParticipantId, Vec<u64>>,
    /// Cards that were erased while their round was read out: of which room, and when.
    pub(crate) erased_cards: BTreeMap<CardId, (RoomId, u64)>,
    /// When each one changed a stand.
    pub(crate) stand_changes: BTreeMap<ParticipantId, Vec<u64>>,
    /// Who may speak at a stand until they leave.
    pub(crate) words: BTreeMap<RoomId, BTreeSet<ParticipantId>>,
    /// Messages to speakers, oldest first.
    pub(crate) directions: BTreeMap<RoomId, Vec<Direction>>,
    /// What is said in each room, where anything is.
    pub(crate) captions: BTreeMap<RoomId, Captions>,
    pub(crate) pauses: BTreeMap<RoomId, Pause>,
    /// Whose sources arrive.
    pub(crate) flows: BTreeMap<ParticipantId, BTreeSet<SourceKind>>,
    /// When the phase of the round of breakouts ends.
    pub(crate) round_until_ms: Option<u64>,
    /// The dry run that is on, its bots as far as moderators were told, and all words that any was told.
    pub(crate) rehearsal: Option<Rehearsal>,
    pub(crate) bots: BTreeSet<ParticipantId>,
    pub(crate) rehearsed_words: BTreeSet<u32>,
    /// When a dry run was over last, or what it was told was replaced; moderators are told with the grid.
    pub(crate) rehearsed_until_ms: Option<u64>,
    /// Latecomers, with when they go and when they are told that they do.
    pub(crate) going: BTreeMap<ParticipantId, (u64, u64)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) role: Role,
    pub(crate) name: DisplayName,
    pub(crate) connections: BTreeSet<u64>,
    pub(crate) grace_until_ms: Option<u64>,
    pub(crate) room: Option<RoomId>,
    pub(crate) sources: BTreeSet<SourceKind>,
    pub(crate) answers: BTreeMap<CommandId, bool>,
}

#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) kept: Shared<Kept>,
    pub(crate) here: Presence,
    pub(crate) capacity: BTreeMap<RoomId, usize>,
    /// The programme of the setup, slots in rooms that it does not have included.
    pub(crate) setup: Vec<AgendaSlot>,
    pub(crate) stands_open_to: StandsOpenTo,
    pub(crate) stands_max: usize,
    pub(crate) keeps_captions: bool,
    /// When this process began.
    pub(crate) started_ms: u64,
    /// The clocks at the last input.
    pub(crate) now_ms: u64,
    pub(crate) unix_ms: u64,
}

/// What is known of a command before the hub answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accept,
    Refuse,
    /// It depends on how often somebody did that lately.
    Either,
}

impl From<bool> for Verdict {
    fn from(fits: bool) -> Self {
        if fits { Self::Accept } else { Self::Refuse }
    }
}

/// Names that the hub drew for what a command made, read from what it kept.
pub(crate) struct Drawn<'a> {
    pub(crate) facts: &'a [Value],
    pub(crate) texts: &'a BTreeMap<u128, String>,
    pub(crate) rows: &'a [(String, Option<Value>)],
    /// Thanks that who was thanked sees: whom they are for is in no fact.
    pub(crate) thanked: &'a [ThanksId],
    /// What people are told on the stage: that is in no fact either.
    pub(crate) directed: &'a BTreeSet<DirectionId>,
    /// The line that a room is shown.
    pub(crate) captioned: Option<CaptionId>,
    pub(crate) now_ms: u64,
    pub(crate) unix_ms: u64,
}

impl Drawn<'_> {
    /// A field of the first fact of a kind.
    pub(crate) fn of<T: serde::de::DeserializeOwned>(&self, kind: &str, field: &str) -> T {
        let fact = self.facts.iter().find(|fact| fact["kind"] == kind);
        let fact = fact.unwrap_or_else(|| panic!("B1: accepted, and no {kind} was kept: {:?}", self.facts));
        serde_json::from_value(fact[field].clone()).expect("an id")
    }

    /// The wall clock, to the minute.
    pub(crate) fn minute_unix_ms(&self) -> u64 {
        self.unix_ms / 60_000 * 60_000
    }
}

impl Kept {
    pub(crate) fn new(phase: EventPhase, rooms: BTreeMap<RoomId, Shared<Room>>) -> Self {
        Self {
            phase,
            rooms,
            restricted: BTreeMap::new(),
            filter: Vec::new(),
            announcements: Vec::new(),
            announced: VecDeque::new(),
            ideas: Vec::new(),
            proposed: 0,
            ideas_closed: false,
            slots: Vec::new(),
            own_slots: BTreeSet::new(),
            seen_slots: BTreeMap::new(),
            thanks: Vec::new(),
            shown_thanks: Vec::new(),
            have_thanked: BTreeMap::new(),
            stands: Shared::new(Vec::new()),
            stands_ever: 0,
            opened: BTreeMap::new(),
            titles: BTreeMap::new(),
            rounds: Shared::new(Vec::new()),
            done: BTreeSet::new(),
        }
    }
}

impl Room {
    pub(crate) fn new(kind: RoomKind, settings: RoomSettings) -> Self {
        Self {
            kind,
            settings,
            questions: Vec::new(),
            asked: 0,
            labels: Vec::new(),
            chats: [Vec::new(), Vec::new()],
            shown: [VecDeque::new(), VecDeque::new()],
            pinned: Vec::new(),
            polls: Vec::new(),
            opened: 0,
            hands: Vec::new(),
            show: Show::default(),
            help: None,
            cards: Vec::new(),
            put_up: 0,
            captions: Vec::new(),
        }
    }
}

impl Model {
    pub(crate) fn room(&self, id: &RoomId) -> &Room {
        &self.kept.rooms[id]
    }

    pub(crate) fn room_mut(&mut self, id: &RoomId) -> &mut Room {
        self.kept.rooms.get_mut(id).expect("rooms stay")
    }

    /// The room where somebody is.
    pub(crate) fn room_of(&self, who: ParticipantId) -> Option<RoomId> {
        self.here.people.get(&who)?.room.clone()
    }

    pub(crate) fn role(&self, who: ParticipantId) -> Role {
        self.here.people.get(&who).map_or(Role::Attendee, |person| person.role)
    }

    pub(crate) fn name(&self, who: ParticipantId) -> DisplayName {
        self.here.people[&who].name.clone()
    }

    /// A crash: what is here is gone, and the rest is as it was kept.
    pub(crate) fn crash(&mut self, kept: Shared<Kept>) {
        self.kept = kept;
        self.here = Presence {
            fresh: true,
            ..Presence::default()
        };
        let rooms = self.kept.rooms.keys();
        self.here.on_air = rooms.clone().map(|room| (room.clone(), Vec::new())).collect();
        self.here.waiting = rooms.map(|room| (room.clone(), Vec::new())).collect();
        self.captions_go_on();
        self.follows_setup();
        // A stage that paused waits for whoever was on air.
        let paused = self.kept.rooms.iter().filter(|(_, room)| room.show.shown.resuming);
        self.here.pauses = paused.map(|(id, _)| (id.clone(), Pause::of_somebody_lost())).collect();
    }

    /// What a command must lead to.
    pub(crate) fn judge(&self, now_ms: u64, actor: ParticipantId, command: &Command) -> Verdict {
        if self.here.read_only && self.is_kept(actor, command) {
            return Verdict::Refuse;
        }
        if !self.may(actor, command) || rules::stays_there(command) && self.looks_in(actor) {
            return Verdict::Refuse;
        }
        let found = None
            .or_else(|| self.judge_place(actor, command))
            .or_else(|| self.judge_stage(actor, command))
            .or_else(|| self.judge_caption(actor, command))
            .or_else(|| self.judge_question(now_ms, actor, command))
            .or_else(|| self.judge_chat(now_ms, actor, command))
            .or_else(|| self.judge_poll(now_ms, actor, command))
            .or_else(|| self.judge_idea(now_ms, actor, command))
            .or_else(|| self.judge_programme(command))
            .or_else(|| self.judge_thanks(now_ms, actor, command))
            .or_else(|| self.judge_breakouts(now_ms, actor, command))
            .or_else(|| self.judge_show(actor, command))
            .or_else(|| self.judge_stand(actor, command));
        found.unwrap_or_else(|| panic!("the model does not know {command:?}"))
    }

    /// Makes an accepted command true.
    pub(crate) fn accepted(&mut self, actor: ParticipantId, command: &Command, drawn: &Drawn<'_>) {
        // Only the area that judges a command touches anything, so that the rest stays one with what was before.
        let now_ms = drawn.now_ms;
        if self.judge_place(actor, command).is_some() {
            self.do_place(actor, command, drawn);
        } else if self.judge_stage(actor, command).is_some() {
            self.do_stage(actor, command, drawn);
        } else if self.judge_caption(actor, command).is_some() {
            self.do_caption(actor, command, drawn);
        } else if self.judge_question(now_ms, actor, command).is_some() {
            self.do_question(actor, command, drawn);
        } else if self.judge_chat(now_ms, actor, command).is_some() {
            self.do_chat(actor, command, drawn);
        } else if self.judge_poll(now_ms, actor, command).is_some() {
            self.do_poll(actor, command, drawn);
        } else {
            self.do_idea(actor, command, drawn);
            self.do_programme(command, drawn);
            self.do_thanks(actor, command, drawn);
            self.do_breakouts(actor, command, drawn);
            self.do_show(actor, command, drawn);
            self.do_stand(actor, command, drawn);
        }
    }
}
