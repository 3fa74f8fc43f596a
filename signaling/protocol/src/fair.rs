// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What people do around a stage, as others see it: questions, chat, hands, polls, reactions, announcements, attendance.

use serde::{Deserialize, Serialize};

use crate::ids::{
    AnnouncementId, AuthorSecret, DisplayName, LabelId, MessageId, ParticipantId, PollId, QuestionId, RoomId,
};
use crate::poll::{Outcome, PollForm, QuizView};

/// A text in the languages of the event; either may be missing, then the other is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Localised {
    /// Italian.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub it: Option<String>,
    /// English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub en: Option<String>,
}

/// What everybody was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Announcement {
    /// Its id.
    pub announcement: AnnouncementId,
    /// The words.
    pub text: String,
    /// When, rounded down to the minute, milliseconds since 1970.
    pub at_unix_ms: u64,
}

/// How a room works; set by its moderators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct RoomSettings {
    /// Questions wait for a moderator before others see them.
    pub moderated: bool,
    /// Attendees may chat.
    pub chat_open: bool,
    /// Seconds between two messages of the same attendee; 0: slow mode is off.
    pub slow_mode_s: u16,
    /// Attendees may not ask for now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub questions_closed: bool,
    /// Attendees may put no links into the chat.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub links_off: bool,
}

/// Where a question is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum QuestionStage {
    /// Waits for a moderator; only they see it.
    Pending,
    /// Everybody sees it and may support it.
    Published,
    /// Comes up soon.
    Next,
    /// Is being answered; one per room at a time.
    Now,
    /// Was answered.
    Answered,
    /// Will be answered later, by whom the note names.
    FollowUp,
    /// Is not taken up, for the reason in the note; only moderators see it.
    Dismissed,
}

/// A question as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct QuestionView {
    /// Its id.
    pub question: QuestionId,
    /// The question.
    pub text: String,
    /// Who asked; none: anonymous.
    pub by: Option<DisplayName>,
    /// Where it is in its life.
    pub stage: QuestionStage,
    /// Why it was dismissed, or who follows it up.
    pub note: Option<String>,
    /// Until when it is followed up, days since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub due_day: Option<u32>,
    /// The written answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub answer: Option<String>,
    /// Its labels, at most three of those of the room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<LabelId>>"))]
    pub labels: Vec<LabelId>,
    /// Who is to answer it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub assigned: Option<Assigned>,
    /// How many other questions were merged into it.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<u32>"))]
    pub merged: u32,
    /// Its words were changed after others had seen them, or by a moderator.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub edited: bool,
    /// Put away: only moderators see it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub archived: bool,
    /// A moderator made it of a chat message.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub from_chat: bool,
    /// Participants who support it.
    pub upvotes: u32,
    /// When, rounded down to the minute, milliseconds since 1970.
    pub at_unix_ms: u64,
    /// Grows by one with each question of the room: the order in which they were asked.
    pub order: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A label of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Label {
    /// Its id.
    pub label: LabelId,
    /// The word.
    pub text: String,
}

/// Who is to answer a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Assigned {
    /// Who.
    pub participant: ParticipantId,
    /// The name they had then.
    pub name: DisplayName,
}

/// A question and the room it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RoomQuestion {
    /// Its room.
    pub room: RoomId,
    /// The question.
    pub question: QuestionView,
}

/// A question of one's own, found by the secret it was asked with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OwnQuestion {
    /// The secret that was asked for.
    pub secret: AuthorSecret,
    /// The room of the question.
    pub room: RoomId,
    /// The question.
    pub question: QuestionView,
    /// The question that it was merged into and is shown as.
    pub merged_into: Option<QuestionId>,
}

/// A chat message of one's own, found by the secret it was sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OwnMessage {
    /// The secret that was asked for.
    pub secret: AuthorSecret,
    /// The message.
    pub message: MessageId,
}

/// The supporters of one question within [`crate::view::Change::Upvotes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct UpvoteCount {
    /// Which.
    pub question: QuestionId,
    /// Participants who support it.
    pub upvotes: u32,
}

/// A chat message as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ChatMessage {
    /// Its id.
    pub message: MessageId,
    /// The name of who wrote it, as it was then.
    pub by: DisplayName,
    /// Who wrote it, while the server knows: it is nowhere stored.
    pub participant: Option<ParticipantId>,
    /// The words.
    pub text: String,
    /// The message it replies to, which may be gone by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub reply_to: Option<MessageId>,
    /// Its words were changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub edited: bool,
    /// When, rounded down to the minute, milliseconds since 1970.
    pub at_unix_ms: u64,
}

/// Where a raised hand is in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum HandStage {
    /// Waits.
    Raised,
    /// Was accepted: the participant is backstage or on air.
    Accepted,
}

/// A raised hand as moderators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct HandView {
    /// Whose.
    pub participant: ParticipantId,
    /// Their name.
    pub name: DisplayName,
    /// What about.
    pub topic: Option<String>,
    /// Waiting or accepted.
    pub stage: HandStage,
    /// Its owner is not back yet after a restart of the server: the hand keeps its place and cannot be accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub away: bool,
}

/// Life of a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PollPhase {
    /// Only moderators see it.
    Draft,
    /// Votes are taken and may be changed.
    Open,
    /// No more votes; who voted what is forgotten, the numbers are still hidden.
    Closed,
    /// Everybody sees the numbers.
    Revealed,
}

/// A poll as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PollView {
    /// Its id.
    pub poll: PollId,
    /// What it asks.
    pub question: String,
    /// The answers to choose from.
    pub options: Vec<String>,
    /// Where it is in its life.
    pub phase: PollPhase,
    /// Participants who answered; players of a quiz.
    pub answers: u32,
    /// Votes per answer of a choice, or per number of a rating, once revealed.
    pub tally: Option<Vec<u32>>,
    /// How it is answered.
    #[serde(default)]
    pub form: PollForm,
    /// Participants below whom nothing of the answers is kept or shown.
    #[serde(default)]
    pub answers_min: u8,
    /// What else there is to see, once revealed.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// How far it is, where it is a quiz.
    #[serde(default)]
    pub quiz: Option<QuizView>,
}

/// How one can react to what is on air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// Clapping hands.
    Applause,
    /// A heart.
    Heart,
    /// Laughter.
    Laugh,
    /// Surprise.
    Wow,
    /// Agreement.
    Thumb,
}

/// How often a reaction came since the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ReactionCount {
    /// Which.
    pub reaction: Reaction,
    /// How often.
    pub count: u32,
}

/// Somebody whom moderators have silenced or banned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Restricted {
    /// Who.
    pub participant: ParticipantId,
    /// The name they had then.
    pub name: DisplayName,
    /// May not chat, ask, raise a hand or react.
    pub silenced: bool,
    /// May not come in.
    pub banned: bool,
}

/// One's own raised hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct YourHand {
    /// What about.
    pub topic: Option<String>,
    /// Waiting or accepted.
    pub stage: HandStage,
    /// 1 is next; 0 once accepted.
    pub position: u32,
}

/// One's own answer to the open poll; forgotten when it closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct YourVote {
    /// Which poll.
    pub poll: PollId,
    /// The answer, counted from 0.
    pub option: u8,
}

/// Somebody whose countdown runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Countdown {
    /// Who.
    pub participant: ParticipantId,
    /// When they go on air by the server's clock, milliseconds since 1970.
    pub at_unix_ms: u64,
}

/// Attendance of one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CurvePoint {
    /// Minutes since 1970.
    pub unix_min: u32,
    /// Most participants at once in this minute; none: fewer than 10, and from before a restart.
    pub people: Option<u32>,
    /// Participants who came in this minute; none: not known any more.
    pub joins: Option<u32>,
}

/// The numbers of the organiser's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LiveNumbers {
    /// Participants now.
    pub people: u32,
    /// Most participants at once so far.
    pub peak: u32,
    /// In which minute that was, milliseconds since 1970; none: nobody came yet.
    pub peak_unix_ms: Option<u64>,
    /// Participants who came in the last five minutes.
    pub joined_5_min: u32,
    /// Participants who came back after a lost connection in the last five minutes.
    pub reconnects_5_min: u32,
    /// Per room, in the organiser's order.
    pub rooms: Vec<RoomNumbers>,
}

/// One room within [`LiveNumbers`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RoomNumbers {
    /// The room.
    pub room: RoomId,
    /// Participants in it.
    pub people: u32,
    /// Publishers on air.
    pub on_air: u32,
    /// Hands that wait.
    pub hands: u32,
    /// Questions that wait for a moderator or an answer.
    pub open_questions: u32,
    /// How those who watch there are served; none: fewer than 10 do, or nobody is on air.
    pub quality: Option<Quality>,
}

/// How well pictures and sound reach those who watch in a room, all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Nearly everybody gets what they want.
    Good,
    /// Some get a smaller picture than they want, or losses show.
    Fair,
    /// Many do, or losses are heavy.
    Poor,
}
