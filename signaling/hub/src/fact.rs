// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What happened and must survive a crash. `replay(facts) == state`, for every later version of this program as well:
//! a kind is never changed or removed, only added. No participant and no name; a clock only on moves of the event and
//! of a round of breakouts, in the programme, and in the attendance series, which counts people and knows nobody.

use fiera_protocol::breakouts::{Latecomers, RoundMode, RoundPhase};
use fiera_protocol::captions::CaptionLang;
use fiera_protocol::fair::{PollPhase, QuestionStage, RoomSettings};
use fiera_protocol::ideas::IdeaStage;
use fiera_protocol::ids::{
    AdopterId, AnnouncementId, AuthorSecret, CaptionId, CardId, EntryId, IdeaId, LabelId, MessageId, PollId,
    QuestionId, RoomId, RoundId, SlotId, StandId, ThanksId,
};
use fiera_protocol::poll::PollForm;
use fiera_protocol::stands::StandState;
use fiera_protocol::view::EventPhase;
use serde::{Deserialize, Serialize};

use crate::chance::hashed;
use crate::keeping::hex;
use crate::programme::KeptSlot;

/// Version of the encoding of [`Fact`]. Kinds may be added to a version until it is released: an older reader stops at the
/// first that it does not know, and reads nothing wrongly.
pub(crate) const VERSION: u16 = 2;

/// One fact of an event, as it stands in the log. What people wrote stands beside, by id, and may be erased there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Fact {
    /// The event moved along its life.
    PhaseMoved { phase: EventPhase, at_unix_ms: u64 },
    /// A question was asked; its text and name stand beside.
    QuestionAsked {
        room: RoomId,
        question: QuestionId,
        stage: QuestionStage,
    },
    /// A question moved; the note's text stands beside under its own id. One that was being answered gives way to one
    /// that is now, and counts as answered.
    QuestionMoved {
        room: RoomId,
        question: QuestionId,
        stage: QuestionStage,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<NoteId>,
        /// It went back to where it had been before its last move.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        undo: bool,
    },
    /// A question was withdrawn or erased, and its text with it.
    QuestionErased { room: RoomId, question: QuestionId },
    /// How many supported a question, written when the voter keys were destroyed.
    UpvotesCounted {
        room: RoomId,
        question: QuestionId,
        upvotes: u32,
    },
    /// The words of a question were changed; `marked` where others had seen them before, or a moderator did it.
    QuestionEdited {
        room: RoomId,
        question: QuestionId,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        marked: bool,
    },
    /// A question was answered in writing; the answer's text stands beside. Of one that was followed up the note stays.
    QuestionAnswered {
        room: RoomId,
        question: QuestionId,
        answer: NoteId,
    },
    /// Until when a question is followed up, days since 1970.
    QuestionDue {
        room: RoomId,
        question: QuestionId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_day: Option<u32>,
    },
    /// Questions became one; the others are no longer shown, and who supports them supports that one.
    QuestionsMerged {
        room: RoomId,
        into: QuestionId,
        questions: Vec<QuestionId>,
    },
    /// Questions stand for themselves again.
    QuestionsSplit {
        room: RoomId,
        into: QuestionId,
        questions: Vec<QuestionId>,
    },
    /// All labels of a question.
    QuestionLabelled {
        room: RoomId,
        question: QuestionId,
        labels: Vec<LabelId>,
    },
    /// A question was put away, or back.
    QuestionArchived {
        room: RoomId,
        question: QuestionId,
        archived: bool,
    },
    /// A label was made; its text stands beside.
    LabelAdded { room: RoomId, label: LabelId },
    /// A label was taken away, and its text with it.
    LabelErased { room: RoomId, label: LabelId },
    /// A chat message was sent; its text and name stand beside.
    MessageSent {
        room: RoomId,
        message: MessageId,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        backstage: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<MessageId>,
    },
    /// The words of a chat message were changed.
    MessageEdited { room: RoomId, message: MessageId },
    /// A chat message was pinned, or no longer.
    MessagePinned {
        room: RoomId,
        message: MessageId,
        pinned: bool,
    },
    /// A question was made of a chat message, right after it was asked.
    QuestionFromChat {
        room: RoomId,
        question: QuestionId,
        message: MessageId,
    },
    /// The event does not let these words through; they stand beside as options of a text. None: all are.
    WordsFiltered {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        words: Option<NoteId>,
    },
    /// A chat message was deleted, and its text with it.
    MessageErased { room: RoomId, message: MessageId },
    /// The room works differently from here on.
    RoomSet { room: RoomId, settings: RoomSettings },
    /// A poll was prepared; its texts stand beside.
    PollDrafted { room: RoomId, poll: PollId },
    /// A poll moved. Closing it writes the tally and destroys the ballots.
    PollMoved {
        room: RoomId,
        poll: PollId,
        phase: PollPhase,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tally: Option<Vec<u32>>,
    },
    /// A poll of any form was prepared; its texts stand beside.
    PollPrepared {
        room: RoomId,
        poll: PollId,
        shape: PollShape,
    },
    /// A poll stands elsewhere among those of the room: after another one, or first.
    PollPlaced {
        room: RoomId,
        poll: PollId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<PollId>,
    },
    /// The votes of a poll that closes were counted; none: fewer answered than it asks for.
    PollCounted {
        room: RoomId,
        poll: PollId,
        answers: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<PollCount>,
    },
    /// A word, text or nickname of a poll is shown from here on, or no longer.
    PollEntryShown {
        room: RoomId,
        poll: PollId,
        entry: EntryId,
        shown: bool,
    },
    /// A word, text or nickname of a poll was erased, and its text with it.
    PollEntryErased { room: RoomId, poll: PollId, entry: EntryId },
    /// A question of a quiz was asked: its time begins.
    QuizAsked { room: RoomId, poll: PollId, question: u8 },
    /// The time of a question of a quiz was over.
    QuizStopped { room: RoomId, poll: PollId, question: u8 },
    /// A draft was thrown away, or a past poll was taken off the screen.
    PollDismissed { room: RoomId, poll: PollId },
    /// A line of captions is final and kept; its text stands beside. Only where the event keeps captions.
    Captioned {
        room: RoomId,
        caption: CaptionId,
        lang: CaptionLang,
    },
    /// A line of captions was taken back, and its text with it.
    CaptionErased { room: RoomId, caption: CaptionId },
    /// Everybody was told something; the text stands beside.
    Announced { announcement: AnnouncementId },
    /// An announcement was taken back, and its text with it.
    AnnouncementErased { announcement: AnnouncementId },
    /// A stand was opened; what it shows stands beside as one text.
    StandOpened { stand: StandId, room: RoomId },
    /// The words of a stand were changed.
    StandEdited { stand: StandId },
    /// A stand was opened again, closed or hidden.
    StandSet { stand: StandId, state: StandState },
    /// A stand was removed, and all its texts with it.
    StandRemoved { stand: StandId },
    /// An organisation would reuse what a stand shows; its name stands beside.
    StandAdopted { stand: StandId, adopter: AdopterId },
    /// The name of an organisation was erased, and its text with it.
    StandAdopterErased { stand: StandId, adopter: AdopterId },
    /// A message was left for the keepers of a stand; its text and name stand beside.
    StandMessageLeft { stand: StandId, message: MessageId },
    /// A message to the keepers of a stand was erased, and its text with it.
    StandMessageErased { stand: StandId, message: MessageId },
    /// How many would reuse what a stand shows, written when the voter key was destroyed.
    StandReuseCounted { stand: StandId, reuse: u32 },
    /// A slot of the programme was made or changed; its words stand beside.
    SlotSet { slot: SlotId, kept: KeptSlot },
    /// A slot was taken out of the programme, and its words with it.
    SlotErased { slot: SlotId },
    /// What a slot of the setup looks like, as a hash, and since when: the setup was written differently before.
    SlotSeen {
        slot: SlotId,
        digest: String,
        revision: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changed_min: Option<u32>,
    },
    /// An idea was proposed; its words and name stand beside.
    IdeaProposed {
        idea: IdeaId,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        presents: bool,
    },
    /// The words of an idea were changed.
    IdeaEdited {
        idea: IdeaId,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        presents: bool,
    },
    /// An idea was erased, and its words with it.
    IdeaErased { idea: IdeaId },
    /// What became of an idea; the note's text stands beside.
    IdeaSettled {
        idea: IdeaId,
        stage: IdeaStage,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<NoteId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slot: Option<SlotId>,
    },
    /// An idea became part of another one, or stands for itself again.
    IdeaMerged {
        idea: IdeaId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        into: Option<IdeaId>,
    },
    /// How many supported an idea, written when the voter key was destroyed.
    IdeaVotesCounted { idea: IdeaId, votes: u32 },
    /// Whether ideas are taken.
    IdeasClosed { closed: bool },
    /// Somebody shows a thanks to everybody; their name stands beside.
    ThanksShown { thanks: ThanksId, under: NoteId },
    /// A thanks is no longer shown, and that name is erased.
    ThanksHidden { thanks: ThanksId },
    /// Most participants at once in one minute; none: fewer than [`fiera_protocol::limits::SUPPRESSED_BELOW`].
    Attended { unix_min: u32, people: Option<u32> },
    /// A round of breakouts was prepared; what its rooms are called stands beside.
    RoundPrepared {
        round: RoundId,
        from: RoomId,
        rooms: Vec<KeptRoom>,
        mode: RoundMode,
        latecomers: Latecomers,
        capacity: u16,
        minutes: u16,
    },
    /// A round moved. The deadline is the clock's only place here: after a restart it says how much time is left.
    RoundMoved {
        round: RoundId,
        phase: RoundPhase,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_unix_ms: Option<u64>,
        /// How long the rooms are open in all, where it was extended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<u16>,
    },
    /// A draft of a round was thrown away.
    RoundDiscarded { round: RoundId },
    /// All rooms of a round were told something; the text stands beside until the round ends.
    RoundTold {
        round: RoundId,
        announcement: AnnouncementId,
    },
    /// A card was put up; its text and name stand beside.
    CardAdded { room: RoomId, card: CardId },
    /// A card was erased, and its text with it.
    CardErased { room: RoomId, card: CardId },
    /// How many supported a card, written when the voter keys were destroyed.
    CardVotesCounted { room: RoomId, card: CardId, votes: u32 },
}

/// A room of a round, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptRoom {
    /// Its short name.
    pub(crate) room: RoomId,
    /// The id of the text that says what it is called and, as its first option, what it is about.
    pub(crate) text: CardId,
}

/// What a poll is, apart from its texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PollShape {
    /// How it is answered.
    pub(crate) form: PollForm,
    /// Participants below whom nothing of the answers is kept.
    pub(crate) answers_min: u8,
    /// Questions of a quiz; their texts and those of their answers come before all others of the poll's text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) quiz: Vec<QuizShape>,
}

/// One question of a quiz within [`PollShape`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuizShape {
    /// How many answers it offers.
    pub(crate) options: u8,
    /// The right one.
    pub(crate) right: u8,
    /// Time to answer.
    pub(crate) seconds: u8,
}

/// What is left of the ballots of a poll: numbers, and what participants wrote, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PollCount {
    /// Votes per answer or number, or points per answer of a ranking; one list, or one for each question of a quiz.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tallies: Vec<Vec<u32>>,
    /// Words with how many wrote them, texts, or nicknames with their points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) entries: Vec<(EntryId, u32)>,
    /// Words that were too rare to be kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) others: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// The id of a note's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct NoteId(pub(crate) QuestionId);

/// What somebody chose to publish, in the table of texts. Time is rounded to the minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptText {
    /// The words.
    pub(crate) text: String,
    /// The name that its author chose to show; none: anonymous, or of the event itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// Hash of the author's secret, hexadecimal: who knows the secret may erase the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<String>,
    /// Answers that a poll offers, words of the filter, the second part of an idea; of a breakout room what it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) options: Vec<String>,
    /// Minutes since 1970.
    pub(crate) unix_min: u32,
}

impl KeptText {
    /// Words of the event itself, that nobody can prove to be theirs.
    pub(crate) fn plain(text: String, unix_min: u32) -> Self {
        Self {
            text,
            by: None,
            owner: None,
            options: Vec::new(),
            unix_min,
        }
    }

    /// Words of somebody, with the name that they chose to show. Whoever has the secret proves that they wrote them.
    pub(crate) fn signed(text: String, by: Option<String>, secret: AuthorSecret, unix_min: u32) -> Self {
        Self {
            by,
            owner: Some(hex(hashed(secret.as_u128()))),
            ..Self::plain(text, unix_min)
        }
    }
}
