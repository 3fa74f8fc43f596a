// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What changes in a stream from one update to the next.

use serde::{Deserialize, Serialize};

use super::{EventPhase, Publisher, YouView};
use crate::breakouts::{BreakoutView, CardView, CardsShown, HelpStage, RehearsalView, RoundView};
use crate::captions::CaptionLine;
use crate::fair::{
    Announcement, ChatMessage, Countdown, CurvePoint, HandView, Label, LiveNumbers, PollView, QuestionView,
    ReactionCount, Restricted, RoomSettings, UpvoteCount,
};
use crate::ideas::{IdeaView, IdeaVotes};
use crate::ids::{
    AnnouncementId, CaptionId, CardId, IdeaId, MessageId, ParticipantId, PollId, QuestionId, RoomId, RoundId, SlotId,
    StandId, ThanksId,
};
use crate::poll::{PollEntries, PollEntry};
use crate::programme::AgendaSlot;
use crate::stage::{DirectionView, SpeakerTimer, StageShow};
use crate::stands::{StandCount, StandSummary};
use crate::thanks::ThanksView;

/// A change of a stream. Applying it to the state before gives the state after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Event stream: the phase moved.
    Phase {
        /// The new phase.
        phase: EventPhase,
    },
    /// Event stream: counts, coalesced.
    Counts {
        /// Participants connected.
        people: u32,
        /// Per room, in the order of [`EventView::rooms`].
        rooms: Vec<RoomCount>,
    },
    /// Event stream: everybody is told something.
    Announced {
        /// What.
        announcement: Announcement,
    },
    /// Event stream: an announcement was taken back.
    AnnouncementGone {
        /// Which.
        announcement: AnnouncementId,
    },
    /// Event stream: a slot of the programme, whole; it replaces the one of the same id and is put where its time is.
    Slot {
        /// The slot.
        slot: AgendaSlot,
    },
    /// Event stream: a slot was taken out of the programme.
    SlotGone {
        /// Which.
        slot: SlotId,
    },
    /// Event stream: an idea, whole; it replaces the one of the same id.
    Idea {
        /// The idea.
        idea: IdeaView,
    },
    /// Event stream: an idea was erased.
    IdeaGone {
        /// Which.
        idea: IdeaId,
    },
    /// Event stream: new numbers of supporters of ideas, coalesced.
    IdeaVotes {
        /// Of the ideas whose number changed.
        votes: Vec<IdeaVotes>,
    },
    /// Event stream: whether ideas are taken.
    IdeasClosed {
        /// They are not.
        closed: bool,
    },
    /// Event stream: somebody shows a thanks; only the last 50 are shown.
    Thanks {
        /// The thanks.
        thanks: ThanksView,
    },
    /// Event stream: a thanks is no longer shown.
    ThanksGone {
        /// Which.
        thanks: ThanksId,
    },
    /// Event stream: the server can store nothing, or can again.
    ReadOnly {
        /// It cannot.
        read_only: bool,
    },
    /// Event stream: the round of breakouts that runs, whole; none: none.
    Breakout {
        /// The round.
        breakout: Option<BreakoutView>,
    },
    /// Event stream: places that are left in the rooms of the round that runs, coalesced.
    BreakoutPlaces {
        /// All of them, in the order of the round's rooms.
        free: Vec<u16>,
    },
    /// Event stream: a stand, whole; it replaces the one of the same id.
    Stand {
        /// The stand.
        stand: StandSummary,
    },
    /// Event stream: a stand is no more.
    StandGone {
        /// Which.
        stand: StandId,
    },
    /// Event stream: what is counted of stands, coalesced.
    StandCounts {
        /// Of those whose numbers changed.
        counts: Vec<StandCount>,
    },
    /// Room stream: people in it, coalesced.
    People {
        /// Participants in the room.
        people: u32,
    },
    /// Room stream: who is on air, whole list.
    OnAir {
        /// In the order they went.
        on_air: Vec<Publisher>,
    },
    /// Room stream: who speaks now, loudest first; sent a few times a second while it changes.
    Speaking {
        /// Who.
        participants: Vec<ParticipantId>,
    },
    /// Room stream: how the room works from now on.
    Settings {
        /// All of it.
        settings: RoomSettings,
    },
    /// Room or moderators stream: a question, whole; it replaces the one of the same id.
    Question {
        /// The question.
        question: QuestionView,
    },
    /// Room or moderators stream: a question is no longer shown here.
    QuestionGone {
        /// Which.
        question: QuestionId,
    },
    /// Room stream: labels that questions of the room may have, whole list.
    Labels {
        /// In the order in which they were made.
        labels: Vec<Label>,
    },
    /// Room or moderators stream: new numbers of supporters, coalesced.
    Upvotes {
        /// Of the questions whose number changed.
        upvotes: Vec<UpvoteCount>,
    },
    /// Room or backstage stream: a chat message; only the last 100 are shown.
    Message {
        /// The message.
        message: ChatMessage,
    },
    /// Room or backstage stream: a chat message was deleted.
    MessageGone {
        /// Which.
        message: MessageId,
    },
    /// Room or backstage stream: other words of a chat message; it replaces the one of the same id.
    MessageChanged {
        /// The message.
        message: ChatMessage,
    },
    /// Room stream: pinned messages, whole list.
    Pinned {
        /// In the order in which they were pinned.
        pinned: Vec<ChatMessage>,
    },
    /// Room stream: the poll that is shown, whole; none: none.
    Poll {
        /// The poll.
        poll: Option<PollView>,
    },
    /// Room stream: hands that wait, coalesced.
    Hands {
        /// How many.
        hands: u32,
    },
    /// Room stream: reactions since the last time; they pass and are not part of the state.
    Reactions {
        /// How often each came.
        reactions: Vec<ReactionCount>,
    },
    /// Room stream: whether it has called for help.
    Help {
        /// It has.
        help: Option<HelpStage>,
    },
    /// Room stream: a card, whole; it replaces the one of the same id.
    Card {
        /// The card.
        card: CardView,
    },
    /// Room stream: a card was erased.
    CardGone {
        /// Which.
        card: CardId,
    },
    /// Room stream: cards of breakout rooms that are read out, whole; none: none.
    CardsShown {
        /// All of it.
        cards_shown: Option<CardsShown>,
    },
    /// Room stream: how the stage is directed.
    Show {
        /// All of it.
        show: StageShow,
    },
    /// Backstage stream: how long who speaks may still take; none: no timer.
    Timer {
        /// The timer.
        timer: Option<SpeakerTimer>,
    },
    /// Moderators stream: messages to speakers, whole list.
    Directions {
        /// Oldest first.
        directions: Vec<DirectionView>,
    },
    /// Backstage stream: who waits, whole list.
    Waiting {
        /// In the order they came.
        waiting: Vec<Publisher>,
    },
    /// Backstage stream: whose countdown runs, whole list.
    Countdowns {
        /// In the order in which they end.
        countdowns: Vec<Countdown>,
    },
    /// Captions stream: a line; a final one goes behind the last final one, another where it stood or to the end.
    Caption {
        /// The line.
        line: CaptionLine,
    },
    /// Captions stream: a line was taken back.
    CaptionGone {
        /// Which.
        caption: CaptionId,
    },
    /// Moderators stream: the queue of hands, whole list.
    HandQueue {
        /// In the order in which they were raised.
        hands: Vec<HandView>,
    },
    /// Moderators stream: a poll, whole; it replaces the one of the same id.
    RoomPoll {
        /// The poll.
        poll: PollView,
    },
    /// Moderators stream: a draft was thrown away.
    RoomPollGone {
        /// Which.
        poll: PollId,
    },
    /// Moderators stream: all polls stand in this order from now on.
    RoomPollOrder {
        /// Which.
        polls: Vec<PollId>,
    },
    /// Moderators stream: what participants wrote in the poll that everybody sees, whole list; none: nothing.
    Entries {
        /// The list.
        entries: Option<PollEntries>,
    },
    /// Moderators stream: a word, text or nickname; it replaces the one of the same id.
    Entry {
        /// Which.
        entry: PollEntry,
    },
    /// Moderators stream: who is silenced or banned, whole list.
    RestrictedPeople {
        /// In the order of their ids.
        restricted: Vec<Restricted>,
    },
    /// Organisers stream: the numbers, at most twice a second.
    Numbers {
        /// All of them.
        numbers: LiveNumbers,
    },
    /// Organisers stream: a point of the curve; it replaces the one of the same minute.
    Curve {
        /// The point.
        point: CurvePoint,
    },
    /// Breakouts stream: a round, whole; it replaces the one of the same id.
    Round {
        /// The round.
        round: RoundView,
    },
    /// Breakouts stream: the dry run that is on, whole; none: none.
    Rehearsal {
        /// The dry run.
        rehearsal: Option<RehearsalView>,
    },
    /// Breakouts stream: a draft was thrown away.
    RoundGone {
        /// Which.
        round: RoundId,
    },
    /// Organisers stream: words that the event does not let through, whole list.
    WordFilter {
        /// All of them.
        words: Vec<String>,
    },
    /// You stream: whole state.
    You {
        /// The new state.
        you: YouView,
    },
}

/// One room's numbers within [`Change::Counts`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RoomCount {
    /// The room.
    pub room: RoomId,
    /// Participants in it.
    pub people: u32,
    /// Whether anyone is on air there.
    pub live: bool,
}
