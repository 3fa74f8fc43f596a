// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Messages from a client. One WebSocket text frame holds one [`ClientMessage`].

use serde::{Deserialize, Serialize};

use crate::breakouts::BreakoutStep;
use crate::captions::CaptionLang;
use crate::fair::{PollPhase, QuestionStage, Reaction, RoomSettings};
use crate::ideas::IdeaStep;
use crate::ids::{
    AnnouncementId, AuthorSecret, CaptionId, CommandId, DisplayName, EntryId, EventId, LabelId, MessageId,
    ParticipantId, PollId, QuestionId, RoomId, SourceKind, StandId,
};
use crate::poll::{Answer, PollDraft};
use crate::programme::ProgrammeStep;
use crate::stage::StageStep;
use crate::stands::StandStep;
use crate::text::{
    AnnouncementText, AnswerText, CaptionText, FilterWord, LabelText, MessageText, NicknameText, NoteText,
    PollOptionText, PollQuestionText, QuestionText, TopicText,
};
use crate::thanks::ThanksStep;
use crate::view::{StreamId, StreamPosition};

/// Anything a client says. Unknown kinds and unknown fields are refused as `malformed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// First message on every socket.
    Hello {
        /// [`crate::PROTOCOL_VERSION`].
        version: u16,
        /// The event to join.
        event: EventId,
        /// Signed token; absent when the cookie of the event says who this is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        token: Option<String>,
        /// Sealed token of an earlier socket: same participant, same room, as they were.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        resume: Option<String>,
        /// Name to be shown; the token's or an alias is used without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        name: Option<DisplayName>,
    },
    /// Answer to `ping`.
    Pong {
        /// The number of that ping.
        n: u32,
    },
    /// Something that changes state; answered once by `accepted` or `refused`.
    Command {
        /// Chosen by the client, unique per participant.
        id: CommandId,
        /// What to do.
        command: Command,
    },
    /// Asks for a snapshot of a stream, after a gap.
    Resync {
        /// Which stream.
        stream: StreamId,
        /// The last update that was applied. Where the server still has all later ones it sends only those.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        have: Option<StreamPosition>,
    },
    /// Asks for a page of the roster of the room one is in.
    Roster {
        /// Continues after this participant; from the start without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        after: Option<ParticipantId>,
    },
    /// Asks which questions and messages of the event these secrets were given with; answered by `mine`.
    Mine {
        /// At most 100.
        secrets: Vec<AuthorSecret>,
    },
    /// Asks for the board of questions that are followed up; answered by `follow_ups`.
    FollowUps {},
    /// Asks for a draft as it was prepared, to change it (moderators and organisers); answered by `poll_draft`.
    PollDraft {
        /// Of the room one is in.
        poll: PollId,
    },
    /// Asks for all of a stand that one may read; answered by `stand`. It changes nothing, and nobody is told.
    Stand {
        /// Which.
        stand: StandId,
    },
    /// Asks for the messages of a stand that one keeps; answered by `stand_messages`.
    StandMessages {
        /// Which.
        stand: StandId,
        /// What it was opened with; needed where one is not known as a keeper (any more).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        secret: Option<AuthorSecret>,
    },
    /// Asks for the cards of a breakout room that are shown in the room one is in; answered by `cards`.
    Cards {
        /// The breakout room.
        room: RoomId,
    },
    /// Asks for a media rack of the room one is in; answered by `rack_offer`.
    Watch {
        /// Camera slots wanted, 1 to 12 (fewer on phones).
        video_slots: u8,
    },
    /// Answers `rack_offer`.
    RackAnswer {
        /// Number of the offer that this answers.
        rack: u32,
        /// Session description (RFC 8866), type `answer`.
        sdp: String,
    },
    /// How large a slot is shown, and so which layer serves it.
    Want {
        /// The slot.
        slot: u8,
        /// Height in device pixels; none: send nothing for this slot.
        height: Option<u16>,
    },
    /// Ends the rack.
    StopWatching {},
    /// Offers mic, camera, screen and screen audio as four transceivers; answered by `publish_answer`.
    PublishOffer {
        /// Number of this offer, repeated in `publish_answer`, so that a late answer to an earlier offer can be told apart.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        offer: Option<u32>,
        /// Session description (RFC 8866), type `offer`.
        sdp: String,
    },
    /// Ends publishing.
    StopPublishing {},
}

/// What a participant can do. Each needs a seat in the room it is about; `SPEC.md` has the table by role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Goes to a room; leaves the one before.
    Enter {
        /// The room.
        room: RoomId,
    },
    /// Leaves the room for the lobby of the event.
    Leave {},
    /// Changes the name others see.
    Rename {
        /// The new name.
        name: DisplayName,
    },
    /// Goes behind the stage of the room one is in; publishers there see and hear each other only.
    EnterBackstage {},
    /// Back from backstage to the audience; on air ends too. Without `participant`: oneself.
    LeaveBackstage {
        /// Somebody else who is backstage or on air (moderators and organisers).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        participant: Option<ParticipantId>,
    },
    /// From backstage to on air. Without `participant`: oneself.
    PutOnAir {
        /// Seconds of countdown that both sides see, at most 30; at once without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        countdown_s: Option<u8>,
        /// Somebody else who is backstage (moderators and organisers).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        participant: Option<ParticipantId>,
    },
    /// From on air to backstage, or out of the countdown. Without `participant`: oneself.
    TakeOffAir {
        /// Somebody else who is on air (moderators and organisers).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        participant: Option<ParticipantId>,
    },
    /// Switches a source on or off; the server forwards nothing of a source that is off.
    SetSource {
        /// Which of the participant's sources.
        source: SourceKind,
        /// On or off.
        live: bool,
        /// Somebody else's: moderators and organisers, and only to switch off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        participant: Option<ParticipantId>,
    },
    /// Moves the event along its life: draft, open, live, ended (organisers).
    SetEventPhase {
        /// The next phase.
        phase: crate::view::EventPhase,
    },
    /// Raises one's hand in the room one is in: a request to speak. Again: changes the topic and keeps the place in the queue.
    RaiseHand {
        /// What about; moderators see it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        topic: Option<TopicText>,
    },
    /// Takes a hand down. Without `participant`: one's own.
    LowerHand {
        /// Somebody else's (moderators and organisers).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        participant: Option<ParticipantId>,
    },
    /// Brings somebody with a raised hand backstage; they may publish there until they go back.
    AcceptHand {
        /// Whose hand.
        participant: ParticipantId,
    },
    /// Asks a question in the room one is in.
    Ask {
        /// The question.
        text: QuestionText,
        /// Whether it is shown without a name, to everybody.
        anonymous: bool,
        /// Drawn at random and kept by the client: with it one's own question can be withdrawn.
        secret: AuthorSecret,
    },
    /// Takes one's own question back for good; its text is erased.
    WithdrawQuestion {
        /// Which.
        question: QuestionId,
        /// What `ask` was sent with.
        secret: AuthorSecret,
    },
    /// Changes the words of a question: one's own with its secret, one that is pending as a moderator.
    EditQuestion {
        /// Which.
        question: QuestionId,
        /// The new words.
        text: QuestionText,
        /// What `ask` was sent with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        secret: Option<AuthorSecret>,
    },
    /// Supports a question, or no longer does. Repeating it changes nothing.
    Upvote {
        /// Which.
        question: QuestionId,
        /// On or off.
        up: bool,
    },
    /// Moves a question along (moderators and organisers). Refused as `wrong_state` unless it is still `from`.
    SetQuestion {
        /// Which.
        question: QuestionId,
        /// Where it was when the moderator decided.
        from: QuestionStage,
        /// Where it goes.
        to: QuestionStage,
        /// Why it is dismissed, or who follows it up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        note: Option<NoteText>,
    },
    /// Takes the last `set_question` of a question back (moderators and organisers).
    UndoQuestion {
        /// Which.
        question: QuestionId,
    },
    /// Makes one question of several; its supporters are those of any of them (moderators and organisers).
    MergeQuestions {
        /// The one that stays.
        into: QuestionId,
        /// The others, at most 100, each once.
        questions: Vec<QuestionId>,
    },
    /// Makes a label for questions of the room one is in (moderators and organisers).
    AddLabel {
        /// The word.
        text: LabelText,
    },
    /// Takes a label away, from all questions too (moderators and organisers).
    EraseLabel {
        /// Which.
        label: LabelId,
    },
    /// Says which labels a question has (moderators and organisers).
    LabelQuestion {
        /// Which.
        question: QuestionId,
        /// All of them, at most three, each once.
        labels: Vec<LabelId>,
    },
    /// Says who is to answer a question (moderators and organisers).
    AssignQuestion {
        /// Which.
        question: QuestionId,
        /// A speaker of the event or somebody on this stage; nobody without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        participant: Option<ParticipantId>,
    },
    /// Answers a question in writing (moderators, organisers, and the speaker it is assigned to).
    AnswerQuestion {
        /// Which.
        question: QuestionId,
        /// Where it was when they decided.
        from: QuestionStage,
        /// The answer.
        text: AnswerText,
    },
    /// Says until when, and by whom, a question is followed up (moderators and organisers).
    SetDue {
        /// Which.
        question: QuestionId,
        /// Days since 1970; no date without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        due_day: Option<u32>,
        /// Who follows it up from now on; as before without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        owner: Option<NoteText>,
    },
    /// Puts settled questions away, or back (moderators and organisers).
    ArchiveQuestions {
        /// Which, at most 100.
        questions: Vec<QuestionId>,
        /// Away or back.
        archived: bool,
    },
    /// Erases the text of a question for good (moderators and organisers).
    EraseQuestion {
        /// Which.
        question: QuestionId,
    },
    /// Says something in the chat of the room one is in, or of its backstage.
    Chat {
        /// What.
        text: MessageText,
        /// Only for those who see the backstage.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
        backstage: bool,
        /// A message of the same chat that this one answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        reply_to: Option<MessageId>,
        /// Drawn at random and kept by the client: with it one's own message can be deleted.
        secret: AuthorSecret,
    },
    /// Deletes a chat message for good: one's own with its secret, anybody's as a moderator.
    DeleteMessage {
        /// Which.
        message: MessageId,
        /// What `chat` was sent with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        secret: Option<AuthorSecret>,
    },
    /// Gives one's own chat message other words.
    EditMessage {
        /// Which.
        message: MessageId,
        /// The new words.
        text: MessageText,
        /// What `chat` was sent with.
        secret: AuthorSecret,
    },
    /// Pins a message of the chat of the room one is in, or no longer (moderators and organisers).
    PinMessage {
        /// Which.
        message: MessageId,
        /// On or off.
        pinned: bool,
    },
    /// Makes a published question of a chat message, without its author's name (moderators and organisers).
    QuestionFromMessage {
        /// Which.
        message: MessageId,
    },
    /// Says which words the event does not let through in chat and questions (organisers).
    SetWordFilter {
        /// All of them, at most 200, one word each.
        words: Vec<FilterWord>,
    },
    /// Takes the voice of a participant, or gives it back: no chat, questions, hands and reactions (moderators and organisers).
    Silence {
        /// Whom.
        participant: ParticipantId,
        /// On or off.
        on: bool,
    },
    /// Puts a participant out of the event, or lets them in again (moderators and organisers).
    Ban {
        /// Whom.
        participant: ParticipantId,
        /// On or off.
        on: bool,
    },
    /// Changes how the room one is in works (moderators and organisers).
    SetRoom {
        /// All of it.
        settings: RoomSettings,
    },
    /// Prepares a poll in the room one is in (moderators and organisers).
    DraftPoll {
        /// What it asks.
        question: PollQuestionText,
        /// 2 to 10 different answers to choose one from.
        options: Vec<PollOptionText>,
    },
    /// Prepares a poll of any form in the room one is in, after the others (moderators and organisers).
    PreparePoll {
        /// All of it.
        draft: PollDraft,
        /// The draft whose place and id it takes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        replaces: Option<PollId>,
    },
    /// Prepares a poll that asks the same as another one of the room, after the others (moderators and organisers).
    ClonePoll {
        /// Which.
        poll: PollId,
    },
    /// Puts a poll elsewhere among those of the room (moderators and organisers).
    PlacePoll {
        /// Which.
        poll: PollId,
        /// The one that it comes after; the first place without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        after: Option<PollId>,
    },
    /// Moves a poll along: draft, open, closed, revealed (moderators and organisers). One is open in a room at a time.
    SetPoll {
        /// Which.
        poll: PollId,
        /// The next phase.
        phase: PollPhase,
    },
    /// Throws a draft away, or takes a revealed or closed poll off the screen (moderators and organisers).
    DismissPoll {
        /// Which.
        poll: PollId,
    },
    /// Answers the open poll; may be changed until it closes.
    Vote {
        /// Which.
        poll: PollId,
        /// The answer, counted from 0.
        option: u8,
    },
    /// Answers the open poll where it is no single choice; may be changed until it closes.
    Answer {
        /// Which.
        poll: PollId,
        /// The answer.
        answer: Answer,
    },
    /// Plays in the open quiz, or changes one's nickname in it.
    JoinQuiz {
        /// Which poll.
        poll: PollId,
        /// How one is called on the leader board.
        nickname: NicknameText,
    },
    /// Asks the next question of the open quiz; its time begins (moderators and organisers).
    AskQuiz {
        /// Which poll.
        poll: PollId,
        /// The question, counted from 0: the one after the last.
        question: u8,
    },
    /// Shows or hides a word, text or nickname of a closed or revealed poll (moderators and organisers).
    ShowEntry {
        /// Which poll.
        poll: PollId,
        /// Which.
        entry: EntryId,
        /// Whether everybody sees it once the poll is revealed.
        shown: bool,
    },
    /// Erases a word, text or nickname of a poll for good (moderators and organisers).
    EraseEntry {
        /// Which poll.
        poll: PollId,
        /// Which.
        entry: EntryId,
    },
    /// Directs the stage of the room one is in, or answers who does.
    Stage {
        /// What.
        step: StageStep,
    },
    /// Writes down what is said in the room one is in (captioners and above).
    Caption {
        /// The language of the line.
        lang: CaptionLang,
        /// The line, whole, as far as it was said.
        text: CaptionText,
        /// Whether it stays like this; otherwise it comes again with the same `sequence`.
        #[serde(rename = "final")]
        is_final: bool,
        /// Grows with each line of this source in this language.
        sequence: u32,
    },
    /// Takes a line of captions back: one's own, or anybody's as a moderator.
    EraseCaption {
        /// Which.
        caption: CaptionId,
    },
    /// Reacts to what is on air. Counted at most once a second per participant.
    React {
        /// How.
        reaction: Reaction,
    },
    /// Tells everybody in the event something (organisers).
    Announce {
        /// What.
        text: AnnouncementText,
    },
    /// Takes an announcement back; its text is erased (organisers).
    EraseAnnouncement {
        /// Which.
        announcement: AnnouncementId,
    },
    /// Something about breakouts.
    Breakouts {
        /// What.
        step: BreakoutStep,
    },
    /// Does something at a stand.
    Stand {
        /// What.
        step: StandStep,
    },
    /// Something about the programme (organisers).
    Programme {
        /// What.
        step: ProgrammeStep,
    },
    /// Something about ideas for the programme.
    Ideas {
        /// What.
        step: IdeaStep,
    },
    /// Something about thanks.
    Thanks {
        /// What.
        step: ThanksStep,
    },
}
