// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Breakouts on the wire: a round of small rooms that open together and come back together, who goes where, calls for
//! help, and the cards that a room leaves behind.

use serde::{Deserialize, Serialize};

use crate::fair::Announcement;
use crate::ids::{AuthorSecret, CardId, DisplayName, ParticipantId, RoomId, RoundId};
use crate::text::{AnnouncementText, CardText, RoomTitle, TopicText};

/// How people come into the rooms of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RoundMode {
    /// Everybody chooses a room that has space.
    SelfSelect,
    /// The server draws; the sizes of two rooms differ by one at most.
    Random,
    /// The organiser says who goes where.
    Assigned,
}

/// What becomes of those who come to the plenary room while the rooms are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Latecomers {
    /// They go to the room with the fewest people.
    Placed,
    /// They choose a room that has space, or stay.
    Choose,
}

/// Life of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RoundPhase {
    /// Being prepared; only moderators and organisers know of it.
    Draft,
    /// Everybody is told where they go, and may stay.
    Announced,
    /// The rooms are open.
    Open,
    /// The rooms are about to end; everybody goes back at the end of this.
    Closing,
    /// Everybody is back.
    Ended,
}

/// Whether a room has called for help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum HelpStage {
    /// Somebody there asks for help.
    Called,
    /// Somebody has seen it and is coming.
    Coming,
}

/// One room of a round that is prepared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PlannedRoom {
    /// What it is called.
    pub title: RoomTitle,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub topic: Option<TopicText>,
}

/// A round as it is prepared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct RoundPlan {
    /// The plenary room: whose people go, and where they come back to.
    pub from: RoomId,
    /// 1 to 60 rooms.
    pub rooms: Vec<PlannedRoom>,
    /// How people come into the rooms.
    pub mode: RoundMode,
    /// People per room, 1 to 100.
    pub capacity: u16,
    /// How long the rooms are open, 1 to 240.
    pub minutes: u16,
    /// What becomes of those who come later.
    pub latecomers: Latecomers,
}

/// What can be done about breakouts; `SPEC.md` says who may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum BreakoutStep {
    /// Prepares a round (moderators and organisers).
    Prepare {
        /// A draft that this one replaces.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        replaces: Option<RoundId>,
        /// All of it.
        plan: RoundPlan,
    },
    /// Draws anew who goes where in a draft of mode `random` (moderators and organisers).
    Deal {
        /// The draft.
        round: RoundId,
    },
    /// Seats one person: in a draft or an announced round for later, in an open one by moving them at once (moderators
    /// and organisers).
    Seat {
        /// The round.
        round: RoundId,
        /// Whom.
        participant: ParticipantId,
        /// One of its rooms; none: takes the seat away, before the rooms are open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        room: Option<RoomId>,
        /// They run the talk in that room.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
        facilitator: bool,
    },
    /// Throws a draft away (moderators and organisers).
    Discard {
        /// The draft.
        round: RoundId,
    },
    /// Tells everybody where they go, and opens the rooms 5 s later (moderators and organisers).
    Send {
        /// The draft.
        round: RoundId,
    },
    /// Sends bots instead of people into the rooms of a draft (moderators and organisers). Until it is over, `seat`,
    /// `extend`, `bring_back`, `tell` and `acknowledge` are about the bots.
    Rehearse {
        /// The draft.
        round: RoundId,
        /// How many bots, 1 to 1,000; whoever has a seat in the draft is played in any case.
        bots: u16,
    },
    /// Ends the dry run at once: the draft is as it was (moderators and organisers).
    EndRehearsal {},
    /// Keeps the rooms open for longer (moderators and organisers).
    Extend {
        /// By how many minutes, 1 to 60.
        minutes: u16,
    },
    /// Brings everybody back after 30 s (moderators and organisers).
    BringBack {},
    /// Tells all rooms something (moderators and organisers).
    Tell {
        /// What.
        text: AnnouncementText,
    },
    /// Says that somebody is coming to a room that called for help (moderators and organisers).
    Acknowledge {
        /// Which room.
        room: RoomId,
    },
    /// Shows the cards of a room to everybody in the plenary room, once the round is over, or those of none any more
    /// (moderators and organisers).
    ShowCards {
        /// The round.
        round: RoundId,
        /// One of its rooms; none: nothing is shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        room: Option<RoomId>,
    },
    /// Stays in the plenary room while others go.
    Stay {},
    /// Calls for help from the room one is in, or takes the call back.
    CallHelp {
        /// On or off.
        on: bool,
    },
    /// Puts a card on the board of the room one is in.
    AddCard {
        /// What it says.
        text: CardText,
        /// Drawn at random and kept by the client: with it one's own card can be changed.
        secret: AuthorSecret,
    },
    /// Changes the words of one's own card.
    EditCard {
        /// Which.
        card: CardId,
        /// What it says now.
        text: CardText,
        /// What `add_card` was sent with.
        secret: AuthorSecret,
    },
    /// Erases a card for good: one's own with its secret, anybody's as a moderator.
    EraseCard {
        /// Which.
        card: CardId,
        /// What `add_card` was sent with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        secret: Option<AuthorSecret>,
    },
    /// Supports a card of the room one is in, or no longer does. Repeating it changes nothing.
    VoteCard {
        /// Which.
        card: CardId,
        /// On or off.
        up: bool,
    },
}

/// One room of a round as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BreakoutRoom {
    /// Its short name.
    pub room: RoomId,
    /// What it is called.
    pub title: String,
    /// What it is about.
    pub topic: Option<String>,
}

/// The round that runs, as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BreakoutView {
    /// Which.
    pub round: RoundId,
    /// The plenary room.
    pub from: RoomId,
    /// Announced, open or closing.
    pub phase: RoundPhase,
    /// How people come into the rooms.
    pub mode: RoundMode,
    /// What becomes of those who come later.
    pub latecomers: Latecomers,
    /// People per room.
    pub capacity: u16,
    /// The rooms, in their order.
    pub rooms: Vec<BreakoutRoom>,
    /// Places that are left in each of [`BreakoutView::rooms`], in the same order; empty while nobody chooses a room.
    #[serde(default)]
    pub free: Vec<u16>,
    /// When this phase ends by the server's clock, milliseconds since 1970.
    pub until_unix_ms: u64,
    /// What all rooms were told last.
    pub told: Option<Announcement>,
}

/// Somebody on a list of seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Seated {
    /// Who.
    pub participant: ParticipantId,
    /// Their name.
    pub name: DisplayName,
    /// They run the talk in that room.
    pub facilitator: bool,
    /// They are in the room that they belong to at present: the plenary room before, their own while it is open.
    pub here: bool,
}

/// One room of a round as moderators and organisers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RoundRoom {
    /// Its short name.
    pub room: RoomId,
    /// What it is called.
    pub title: String,
    /// What it is about.
    pub topic: Option<String>,
    /// Who has a seat there, by name.
    pub seated: Vec<Seated>,
    /// People in it now.
    pub people: u32,
    /// People who speak now.
    pub talking: u32,
    /// Hands that wait.
    pub hands: u32,
    /// Whether it has called for help.
    pub help: Option<HelpStage>,
    /// Cards on its board.
    pub cards: u32,
}

/// A round as moderators and organisers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RoundView {
    /// Which.
    pub round: RoundId,
    /// The plenary room.
    pub from: RoomId,
    /// Where it is in its life.
    pub phase: RoundPhase,
    /// How people come into the rooms.
    pub mode: RoundMode,
    /// What becomes of those who come later.
    pub latecomers: Latecomers,
    /// People per room.
    pub capacity: u16,
    /// How long the rooms are open.
    pub minutes: u16,
    /// When this phase ends by the server's clock, milliseconds since 1970; none: draft or ended.
    pub until_unix_ms: Option<u64>,
    /// The rooms, in their order.
    pub rooms: Vec<RoundRoom>,
    /// Whose cards are shown in the plenary room.
    #[serde(default)]
    pub cards_shown: Option<RoomId>,
    /// Who is in the plenary room without a seat, by name; moderators and organisers too, as facilitators to be.
    pub unseated: Vec<Seated>,
}

/// What moderators and organisers see of breakouts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BreakoutsView {
    /// Drafts, the round that runs, and past ones, in the order in which they were prepared.
    pub rounds: Vec<RoundView>,
    /// The dry run that is on.
    #[serde(default)]
    pub rehearsal: Option<RehearsalView>,
}

/// A dry run of a draft: bots in place of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RehearsalView {
    /// The draft as if it had been sent. Everybody on its lists and in its counts is a bot.
    pub round: RoundView,
    /// What all rooms were told last; no person is told.
    pub told: Option<Announcement>,
}

/// What a round means for one participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct YourBreakout {
    /// The room one has a seat in.
    pub room: RoomId,
    /// When one is moved there by the server's clock, milliseconds since 1970; none: not by itself.
    pub goes_at_unix_ms: Option<u64>,
    /// One runs the talk there.
    pub facilitator: bool,
}

/// A card on the board of a breakout room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CardView {
    /// Its id.
    pub card: CardId,
    /// What it says.
    pub text: String,
    /// The name of who wrote it, as it was then.
    pub by: DisplayName,
    /// Participants who support it.
    pub votes: u32,
    /// Grows by one with each card of the room: the order in which they were put up.
    pub order: u32,
}

/// A room on the list of those whose cards are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CardsOfRoom {
    /// Its short name.
    pub room: RoomId,
    /// What it is called.
    pub title: String,
    /// Cards on its board.
    pub cards: u32,
}

/// The cards of a round that is over, as they are shown in the plenary room: those of one room; `cards` asks for others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CardsShown {
    /// Which round.
    pub round: RoundId,
    /// Rooms with cards, and the one that is shown, in the order of the round.
    pub rooms: Vec<CardsOfRoom>,
    /// Whose cards are shown to everybody now.
    pub room: RoomId,
    /// What that room was about.
    pub topic: Option<String>,
    /// Its cards, best supported first.
    pub cards: Vec<CardView>,
}
