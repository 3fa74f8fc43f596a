// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The questions of a room: where each is in its life and who supports it, made of facts and rows alone.
//! It knows no participant and no text; those who support are known by hashes under a key that ends with the event.

mod commands;
mod labels;
mod listed;
mod settling;
mod told;
mod union;

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::fair::{Assigned, QuestionStage};
use fiera_protocol::ids::{LabelId, MessageId, ParticipantId, QuestionId, RoomId};

use crate::chance::{Key, keyed};
use crate::fact::{Fact, NoteId};
use crate::hub::Hub;
use crate::keeping::{from_hex, row};
pub(crate) use commands::UPVOTES_PER_ROOM_MAX;
pub use listed::{OpenQuestion, QuestionRow};
pub(crate) use told::Upvotes;

/// All questions of one room.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Questions {
    known: BTreeMap<QuestionId, Question>,
    /// Questions asked so far, erased ones included.
    asked: u32,
    /// Hides who supports what; none before the first upvote and after the end.
    key: Option<Key>,
    supported: BTreeMap<u128, BTreeSet<QuestionId>>,
    /// Upvotes of all questions.
    upvotes: usize,
    /// Labels that questions may have, in the order in which they were made.
    labels: Vec<LabelId>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) order: u32,
    pub(crate) stage: QuestionStage,
    pub(crate) note: Option<NoteId>,
    pub(crate) answer: Option<NoteId>,
    pub(crate) due_day: Option<u32>,
    pub(crate) edited: bool,
    pub(crate) archived: bool,
    pub(crate) labels: Vec<LabelId>,
    /// The chat message that it was made of.
    pub(crate) from_chat: Option<MessageId>,
    /// Who is to answer it: a row that ends with the event.
    pub(crate) assigned: Option<Assigned>,
    /// The question that it became part of and is no longer shown beside.
    merged_into: Option<QuestionId>,
    /// Questions that became part of this one, without what had become part of them.
    merged: BTreeSet<QuestionId>,
    /// How many became part of it, with those.
    pub(crate) parts: u32,
    before: Option<Before>,
    /// Who support this one or one of those merged into it.
    upvotes: u32,
    /// The number for good, once nobody can tell any more whose they were.
    counted: Option<u32>,
}

/// Where a question was before its last move, so that the move can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Before {
    stage: QuestionStage,
    note: Option<NoteId>,
    answer: Option<NoteId>,
    due_day: Option<u32>,
    /// The move was a merge of these.
    merged: Vec<QuestionId>,
    /// The question that gave way as the one being answered.
    displaced: Option<QuestionId>,
}

impl Question {
    pub(crate) fn upvotes(&self) -> u32 {
        self.counted.unwrap_or(self.upvotes)
    }

    /// The question that it was merged into.
    pub(crate) fn merged_into(&self) -> Option<QuestionId> {
        self.merged_into
    }

    /// Whether everybody in the room sees it.
    pub(crate) fn is_public(&self) -> bool {
        is_public(self.stage) && !self.archived && self.merged_into.is_none()
    }

    /// Whether it is followed up, or was and got its answer.
    pub(crate) fn is_promise(&self) -> bool {
        let kept = self.stage == QuestionStage::Answered && self.note.is_some();
        self.is_public() && (kept || self.stage == QuestionStage::FollowUp)
    }

    fn now(&self, displaced: Option<QuestionId>, merged: Vec<QuestionId>) -> Before {
        Before {
            stage: self.stage,
            note: self.note,
            answer: self.answer,
            due_day: self.due_day,
            merged,
            displaced,
        }
    }

    fn move_to(&mut self, stage: QuestionStage, note: Option<NoteId>, displaced: Option<QuestionId>, undo: bool) {
        let now = self.now(displaced, Vec::new());
        let before = self.before.replace(now).filter(|_| undo);
        (self.answer, self.due_day) = before.map_or((None, None), |before| (before.answer, before.due_day));
        self.before.take_if(|_| undo);
        (self.stage, self.note, self.archived) = (stage, note, false);
    }

    /// Whether it gave way to the question that is answered now, and nothing happened to it since.
    fn gave_way(&self) -> bool {
        let before = self.before.as_ref().map(|before| before.stage);
        self.stage == QuestionStage::Answered && before == Some(QuestionStage::Now)
    }

    fn answer(&mut self, answer: NoteId) {
        self.before = Some(self.now(None, Vec::new()));
        if !(self.stage == QuestionStage::FollowUp || self.is_promise()) {
            (self.note, self.due_day) = (None, None);
        }
        (self.stage, self.answer) = (QuestionStage::Answered, Some(answer));
        self.archived = false;
    }

    fn notes(&self) -> impl Iterator<Item = NoteId> {
        let before = self.before.iter().flat_map(|before| [before.note, before.answer]);
        [self.note, self.answer].into_iter().chain(before).flatten()
    }
}

/// Whether everybody in the room sees questions of a stage.
pub(crate) fn is_public(stage: QuestionStage) -> bool {
    !matches!(stage, QuestionStage::Pending | QuestionStage::Dismissed)
}

/// Whether a question may be supported.
pub(crate) fn takes_upvotes(stage: QuestionStage) -> bool {
    matches!(
        stage,
        QuestionStage::Published | QuestionStage::Next | QuestionStage::Now
    )
}

/// Where a moderator may move a question; the table of `SPEC.md`.
pub(crate) fn may_move(from: QuestionStage, to: QuestionStage) -> bool {
    use QuestionStage::{Answered, Dismissed, FollowUp, Next, Now, Pending, Published};
    match from {
        Pending => matches!(to, Published | Next | Now | FollowUp | Dismissed),
        Published => matches!(to, Next | Now | Answered | FollowUp | Dismissed),
        Next => matches!(to, Published | Now | Answered | FollowUp | Dismissed),
        Now => matches!(to, Published | Next | Answered | FollowUp | Dismissed),
        Answered => matches!(to, Published | Next | Now | FollowUp),
        FollowUp => matches!(to, Published | Next | Now | Answered),
        Dismissed => matches!(to, Pending | Published),
    }
}

impl Questions {
    pub(crate) fn get(&self, id: QuestionId) -> Option<&Question> {
        self.known.get(&id)
    }

    /// All of them, in no order that means anything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (QuestionId, &Question)> {
        self.known.iter().map(|(id, question)| (*id, question))
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Questions that wait for a moderator or an answer.
    pub(crate) fn open(&self) -> u32 {
        let open = |question: &&Question| {
            let waits = question.stage == QuestionStage::Pending;
            question.merged_into.is_none() && (waits || takes_upvotes(question.stage))
        };
        u32::try_from(self.known.values().filter(open).count()).unwrap_or(u32::MAX)
    }

    /// Whether a participant supports any question.
    pub(crate) fn is_supporter(&self, participant: ParticipantId) -> bool {
        let voter = self.key.map(|key| keyed(&key, &[&participant.as_u128().to_be_bytes()]));
        voter.is_some_and(|voter| self.supported.contains_key(&voter))
    }

    /// Upvotes of all questions together.
    pub(crate) fn upvotes(&self) -> usize {
        self.upvotes
    }

    /// The texts of notes that are shown or would be shown again by an undo.
    pub(crate) fn notes(&self) -> BTreeSet<NoteId> {
        self.known.values().flat_map(Question::notes).collect()
    }

    fn being_answered(&self) -> Option<QuestionId> {
        let now = |(_, question): &(&QuestionId, &Question)| question.stage == QuestionStage::Now;
        self.known.iter().find(now).map(|(id, _)| *id)
    }

    pub(crate) fn labels(&self) -> &[LabelId] {
        &self.labels
    }

    /// Questions that somebody is to answer.
    pub(crate) fn assigned_to(&self, participant: ParticipantId) -> usize {
        let theirs = |question: &&Question| {
            question
                .assigned
                .as_ref()
                .is_some_and(|of| of.participant == participant)
        };
        self.known.values().filter(theirs).count()
    }

    fn asked(&mut self, id: QuestionId, stage: QuestionStage) {
        let question = Question {
            order: self.asked,
            stage,
            note: None,
            answer: None,
            due_day: None,
            edited: false,
            archived: false,
            labels: Vec::new(),
            from_chat: None,
            assigned: None,
            merged_into: None,
            merged: BTreeSet::new(),
            parts: 0,
            before: None,
            upvotes: 0,
            counted: None,
        };
        self.asked += 1;
        self.known.insert(id, question);
    }

    /// Moves a question; one that was being answered gives way and counts as answered. It is returned.
    fn moved(&mut self, id: QuestionId, stage: QuestionStage, note: Option<NoteId>, undo: bool) -> Option<QuestionId> {
        let displaced = self
            .being_answered()
            .filter(|now| *now != id && stage == QuestionStage::Now && self.known.contains_key(&id));
        if let Some(displaced) = displaced.and_then(|displaced| self.known.get_mut(&displaced)) {
            displaced.move_to(QuestionStage::Answered, None, None, false);
        }
        if let Some(question) = self.known.get_mut(&id) {
            question.move_to(stage, note, displaced, undo);
        }
        displaced
    }

    /// A question is gone. The questions that had become part of it are the caller's to split off before.
    fn erased(&mut self, id: QuestionId) {
        let whole = self.known.remove(&id).and_then(|question| question.merged_into);
        for supported in self.supported.values_mut() {
            self.upvotes -= usize::from(supported.remove(&id));
        }
        self.supported.retain(|_, supported| !supported.is_empty());
        if let Some(whole) = whole {
            if let Some(question) = self.known.get_mut(&whole) {
                question.merged.remove(&id);
            }
            self.recount(whole);
        }
    }

    fn supported(&mut self, id: QuestionId, voter: u128, up: bool) {
        if !self.known.contains_key(&id) {
            return;
        }
        let supported = self.supported.entry(voter).or_default();
        let changed = if up {
            supported.insert(id)
        } else {
            supported.remove(&id)
        };
        if supported.is_empty() {
            self.supported.remove(&voter);
        }
        if !changed {
            return;
        }
        self.upvotes = if up { self.upvotes + 1 } else { self.upvotes - 1 };
        self.count_voter(id, voter, up);
    }

    /// Whether one question at most is being answered, and the numbers are what the supporters are.
    pub(crate) fn is_sound(&self) -> bool {
        let now = self.known.values().filter(|q| q.stage == QuestionStage::Now).count();
        let supported: usize = self.supported.values().map(BTreeSet::len).sum();
        now <= 1 && supported == self.upvotes && self.unions_are_sound()
    }

    fn forget_supporters(&mut self) {
        (self.key, self.upvotes) = (None, 0);
        self.supported.clear();
        for question in self.known.values_mut() {
            (question.upvotes, question.assigned) = (0, None);
        }
    }
}

impl Hub {
    pub(crate) fn apply_question_fact(&mut self, fact: &Fact) {
        let (Fact::QuestionAsked { room, question, .. }
        | Fact::QuestionMoved { room, question, .. }
        | Fact::QuestionErased { room, question }
        | Fact::QuestionEdited { room, question, .. }
        | Fact::QuestionAnswered { room, question, .. }
        | Fact::QuestionDue { room, question, .. }
        | Fact::QuestionLabelled { room, question, .. }
        | Fact::QuestionArchived { room, question, .. }
        | Fact::QuestionFromChat { room, question, .. }
        | Fact::UpvotesCounted { room, question, .. }) = fact
        else {
            self.apply_union_fact(fact);
            self.apply_label_fact(fact);
            return;
        };
        let Some(place) = self.rooms.get_mut(room) else { return };
        let told = place.questions.wholes(*question).into_iter();
        self.dirty.questions.extend(told.map(|id| (room.clone(), id)));
        match fact {
            Fact::QuestionAsked { stage, .. } => place.questions.asked(*question, *stage),
            Fact::QuestionMoved { stage, note, undo, .. } => {
                let displaced = place.questions.moved(*question, *stage, *note, *undo);
                self.dirty.questions.extend(displaced.map(|id| (room.clone(), id)));
            }
            Fact::QuestionErased { .. } => place.questions.erased(*question),
            Fact::UpvotesCounted { upvotes, .. } => {
                if let Some(question) = place.questions.known.get_mut(question) {
                    question.counted = Some(*upvotes);
                }
            }
            _ => {
                if let Some(question) = place.questions.known.get_mut(question) {
                    question.settle(fact);
                }
            }
        }
    }

    pub(crate) fn apply_question_row(&mut self, kind: &str, name: &[&str], value: Option<&[u8]>) {
        let Some((room, name)) = name.split_first() else { return };
        let Some(room_id) = room.parse::<RoomId>().ok() else {
            return;
        };
        let Some(room) = self.rooms.get_mut(&room_id) else {
            return;
        };
        match (kind, name) {
            ("assigned", [question]) => {
                let Some(id) = from_hex(question).map(QuestionId::from_u128) else {
                    return;
                };
                if let Some(question) = room.questions.known.get_mut(&id) {
                    question.assigned = value.and_then(row);
                    self.dirty.questions.insert((room_id, id));
                }
            }
            ("upvotekey", []) => room.questions.key = value.and_then(row),
            ("upvote", [question, voter]) => {
                let (Some(question), Some(voter)) = (from_hex(question), from_hex(voter)) else {
                    return;
                };
                let question = QuestionId::from_u128(question);
                room.questions.supported(question, voter, value.is_some());
                for whole in room.questions.wholes(question) {
                    self.upvotes_told.changed(&room_id, whole);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn wipe_questions(&mut self) {
        for (id, room) in &mut self.rooms {
            let assigned = room
                .questions
                .iter()
                .filter(|(_, question)| question.assigned.is_some());
            self.dirty
                .questions
                .extend(assigned.map(|(question, _)| (id.clone(), question)));
            room.questions.forget_supporters();
        }
        // Nobody's own upvotes are known any more.
        self.dirty.people.extend(self.people.keys());
    }
}

#[cfg(test)]
mod tests;
