// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What clients are shown: the state of each stream as a whole, and its changes.

mod change;

use serde::{Deserialize, Serialize};

pub use self::change::{Change, RoomCount};
use crate::breakouts::{BreakoutView, BreakoutsView, CardView, CardsShown, HelpStage, YourBreakout};
use crate::captions::CaptionsView;
use crate::fair::{
    Announcement, ChatMessage, Countdown, CurvePoint, HandView, Label, LiveNumbers, Localised, PollView, QuestionView,
    Restricted, RoomSettings, YourHand, YourVote,
};
use crate::ideas::IdeaView;
use crate::ids::{
    CardId, DisplayName, EventId, IdeaId, ParticipantId, QuestionId, Role, RoomId, RoomKind, SourceKind, StandId,
};
use crate::poll::{PollEntries, YourAnswer, YourQuiz};
use crate::programme::AgendaSlot;
use crate::stage::{DirectionView, SpeakerTimer, StageShow, YourDirection};
use crate::stands::{StandSummary, StandsOpenTo, YourStand};
use crate::text::TitleText;
use crate::thanks::{ThanksView, YourThanks};

/// A sequence of numbered updates that a client follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum StreamId {
    /// The event as a whole: phase, rooms, counts.
    Event {},
    /// One room as its audience sees it.
    Room {
        /// The room.
        room: RoomId,
    },
    /// One room's backstage: who waits there.
    Backstage {
        /// The room.
        room: RoomId,
    },
    /// What is said in one room, as captions.
    Captions {
        /// The room.
        room: RoomId,
    },
    /// What only moderators of a room see: questions that wait, hands in order, drafts of polls.
    Moderators {
        /// The room.
        room: RoomId,
    },
    /// What only organisers see: attendance in numbers.
    Organisers {},
    /// What only moderators and organisers see of breakouts: who goes where, and how the rooms fare.
    Breakouts {},
    /// What concerns this participant alone: seat, name, sources, hand, votes.
    You {},
}

/// How far a client has followed a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StreamPosition {
    /// Epoch of the numbering.
    pub epoch: u32,
    /// The last update that was applied.
    pub n: u64,
}

/// Life of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum EventPhase {
    /// Only organisers see it.
    Draft,
    /// People may come in.
    Open,
    /// The programme runs.
    Live,
    /// Over; nothing can be changed.
    Ended,
}

/// The whole of a stream's state, as in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum StreamState {
    /// State of [`StreamId::Event`].
    Event(EventView),
    /// State of [`StreamId::Room`].
    Room(RoomView),
    /// State of [`StreamId::Backstage`].
    Backstage(BackstageView),
    /// State of [`StreamId::Captions`].
    Captions(CaptionsView),
    /// State of [`StreamId::Moderators`].
    Moderators(ModeratorsView),
    /// State of [`StreamId::Organisers`].
    Organisers(OrganisersView),
    /// State of [`StreamId::Breakouts`].
    Breakouts(BreakoutsView),
    /// State of [`StreamId::You`].
    You(YouView),
}

/// The event as everybody in it sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct EventView {
    /// Short name.
    pub event: EventId,
    /// Title in the event's first language.
    pub title: String,
    /// Title in each language that the organiser wrote.
    #[serde(default)]
    pub titles: Localised,
    /// Who runs it, as written by the organiser.
    #[serde(default)]
    pub organiser: Option<String>,
    /// Where in its life it is.
    pub phase: EventPhase,
    /// Participants connected now.
    pub people: u32,
    /// All rooms, in the organiser's order.
    pub rooms: Vec<RoomSummary>,
    /// The programme, in order of time.
    #[serde(default)]
    pub agenda: Vec<AgendaSlot>,
    /// The time zone in which the event takes place (IANA name), as written by the organiser.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Ideas for the programme, in the order in which they were proposed.
    #[serde(default)]
    pub ideas: Vec<IdeaView>,
    /// New ideas and votes for them are not taken.
    #[serde(default)]
    pub ideas_closed: bool,
    /// The last thanks that those who were thanked show to everybody, oldest first.
    #[serde(default)]
    pub thanks: Vec<ThanksView>,
    /// The last announcements, oldest first.
    #[serde(default)]
    pub announcements: Vec<Announcement>,
    /// The server cannot store anything at present: reading and watching go on, commands are refused.
    #[serde(default)]
    pub read_only: bool,
    /// The round of breakouts that runs.
    #[serde(default)]
    pub breakout: Option<BreakoutView>,
    /// All stands, in the order in which they were opened.
    #[serde(default)]
    pub stands: Vec<StandSummary>,
    /// Who may open one.
    #[serde(default)]
    pub stands_open_to: StandsOpenTo,
}

/// A room in the list of places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RoomSummary {
    /// Short name.
    pub room: RoomId,
    /// Lobby, stage, stand or breakout.
    pub room_kind: RoomKind,
    /// Title in the event's first language.
    pub title: String,
    /// Title in each language that the organiser wrote.
    #[serde(default)]
    pub titles: Localised,
    /// Participants in it now.
    pub people: u32,
    /// Whether anyone is on air there.
    pub live: bool,
}

/// A room as its audience sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RoomView {
    /// Short name.
    pub room: RoomId,
    /// Participants in it now.
    pub people: u32,
    /// Who is on air, in the order they went.
    pub on_air: Vec<Publisher>,
    /// Who speaks now, loudest first.
    #[serde(default)]
    pub speaking: Vec<ParticipantId>,
    /// How the room works.
    pub settings: RoomSettings,
    /// Published questions and what became of them, in the order in which they were asked.
    pub questions: Vec<QuestionView>,
    /// Labels that questions of the room may have, in the order in which they were made.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// The last chat messages, oldest first.
    pub chat: Vec<ChatMessage>,
    /// Messages that moderators pinned, in the order in which they did, also those that are older than the last.
    #[serde(default)]
    pub pinned: Vec<ChatMessage>,
    /// The poll that is open, or was last.
    pub poll: Option<PollView>,
    /// Hands that wait.
    pub hands: u32,
    /// How the stage is directed.
    #[serde(default)]
    pub show: StageShow,
    /// In a breakout room: whether it has called for help.
    #[serde(default)]
    pub help: Option<HelpStage>,
    /// In a breakout room: the cards on its board, in the order in which they were put up.
    #[serde(default)]
    pub cards: Vec<CardView>,
    /// In a plenary room: cards of breakout rooms that are read out.
    #[serde(default)]
    pub cards_shown: Option<CardsShown>,
}

/// What moderators and organisers in a room see beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ModeratorsView {
    /// The room.
    pub room: RoomId,
    /// Questions that nobody else sees: pending and dismissed, in the order in which they were asked.
    pub questions: Vec<QuestionView>,
    /// Hands in the order in which they were raised.
    pub hands: Vec<HandView>,
    /// All polls of the room, in the order in which they were drafted.
    pub polls: Vec<PollView>,
    /// Who is silenced or banned in the event.
    pub restricted: Vec<Restricted>,
    /// Messages to speakers and who has acknowledged them, oldest first.
    #[serde(default)]
    pub directions: Vec<DirectionView>,
    /// What participants wrote in the poll that everybody sees, once it is closed.
    #[serde(default)]
    pub entries: Option<PollEntries>,
}

/// What organisers see of the whole event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OrganisersView {
    /// The numbers now.
    pub numbers: LiveNumbers,
    /// One point a minute, oldest first.
    pub curve: Vec<CurvePoint>,
    /// Words that the event does not let through.
    #[serde(default)]
    pub filter: Vec<String>,
}

/// Those who wait behind the stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BackstageView {
    /// The room.
    pub room: RoomId,
    /// Backstage and not on air, in the order they came.
    pub waiting: Vec<Publisher>,
    /// Whose countdown runs.
    #[serde(default)]
    pub countdowns: Vec<Countdown>,
    /// How long who speaks may still take.
    #[serde(default)]
    pub timer: Option<SpeakerTimer>,
    /// The last messages of the private chat, oldest first.
    #[serde(default)]
    pub chat: Vec<ChatMessage>,
}

/// Somebody who publishes, as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Publisher {
    /// Who.
    pub participant: ParticipantId,
    /// Their name.
    pub name: DisplayName,
    /// Sources switched on, in the order mic, camera, screen, screen audio.
    pub sources: Vec<SourceKind>,
    /// What stands under the name; of those backstage and on air only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub title: Option<TitleText>,
}

/// What concerns one participant alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct YouView {
    /// Who.
    pub participant: ParticipantId,
    /// The name others see.
    pub name: DisplayName,
    /// The role in this event.
    pub role: Role,
    /// The room one is in; none: the event's lobby page.
    pub room: Option<RoomId>,
    /// Where one stands in that room.
    pub place: Place,
    /// Own sources that are switched on.
    pub sources: Vec<SourceKind>,
    /// Own raised hand in this room.
    #[serde(default)]
    pub hand: Option<YourHand>,
    /// Questions of this room that one supports.
    #[serde(default)]
    pub upvoted: Vec<QuestionId>,
    /// Own answer to the open poll of this room.
    #[serde(default)]
    pub vote: Option<YourVote>,
    /// Own answer to the open poll of this room where it is no single choice.
    #[serde(default)]
    pub answer: Option<YourAnswer>,
    /// How one does in the open quiz of this room.
    #[serde(default)]
    pub player: Option<YourQuiz>,
    /// A moderator has silenced one: no chat, questions, hands and reactions.
    #[serde(default)]
    pub silenced: bool,
    /// Ideas that one supports.
    #[serde(default)]
    pub idea_votes: Vec<IdeaId>,
    /// Thanks for oneself, which nobody else sees unless they are shown, in the order of their ids.
    #[serde(default)]
    pub thanks: Vec<YourThanks>,
    /// What moderators told one as a speaker, until one acknowledges it.
    #[serde(default)]
    pub directions: Vec<YourDirection>,
    /// When one goes on air, while the countdown runs: server clock, milliseconds since 1970.
    #[serde(default)]
    pub on_air_at_unix_ms: Option<u64>,
    /// What the round of breakouts that runs means for one.
    #[serde(default)]
    pub breakout: Option<YourBreakout>,
    /// Cards of this room that one supports.
    #[serde(default)]
    pub card_votes: Vec<CardId>,
    /// Stands that one keeps.
    #[serde(default)]
    pub keeps: Vec<YourStand>,
    /// Stands that one would reuse.
    #[serde(default)]
    pub reuses: Vec<StandId>,
}

/// Where a participant stands in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Watches.
    Audience,
    /// Publishes to backstage only.
    Backstage,
    /// Publishes to everyone in the room.
    OnAir,
}
