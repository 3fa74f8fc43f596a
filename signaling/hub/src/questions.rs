// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The questions of a room: where each is in its life and who supports it, made of facts and rows alone.
//! It knows no participant and no text; those who support are known by hashes under a key that ends with the event.

mod commands;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::fair::QuestionStage;
use fiera_protocol::ids::{ParticipantId, QuestionId};

use crate::chance::{Key, keyed};
use crate::fact::{Fact, NoteId};
use crate::hub::Hub;
use crate::keeping::{from_hex, row};
pub(crate) use commands::UPVOTES_PER_ROOM_MAX;
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
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) order: u32,
    pub(crate) stage: QuestionStage,
    pub(crate) note: Option<NoteId>,
    before: Option<Before>,
    upvotes: u32,
    /// The number for good, once nobody can tell any more whose they were.
    counted: Option<u32>,
}

/// Where a question was before its last move, so that the move can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Before {
    stage: QuestionStage,
    note: Option<NoteId>,
    /// The question that gave way as the one being answered.
    displaced: Option<QuestionId>,
}

impl Question {
    pub(crate) fn upvotes(&self) -> u32 {
        self.counted.unwrap_or(self.upvotes)
    }

    fn move_to(&mut self, stage: QuestionStage, note: Option<NoteId>, displaced: Option<QuestionId>, undo: bool) {
        let before = Before {
            stage: self.stage,
            note: self.note,
            displaced,
        };
        self.before = (!undo).then_some(before);
        (self.stage, self.note) = (stage, note);
    }

    fn notes(&self) -> impl Iterator<Item = NoteId> {
        self.note.into_iter().chain(self.before.and_then(|before| before.note))
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
        let open = |question: &&Question| takes_upvotes(question.stage) || question.stage == QuestionStage::Pending;
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

    fn asked(&mut self, id: QuestionId, stage: QuestionStage) {
        let question = Question {
            order: self.asked,
            stage,
            note: None,
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

    fn erased(&mut self, id: QuestionId) {
        self.known.remove(&id);
        for supported in self.supported.values_mut() {
            self.upvotes -= usize::from(supported.remove(&id));
        }
        self.supported.retain(|_, supported| !supported.is_empty());
    }

    fn supported(&mut self, id: QuestionId, voter: u128, up: bool) {
        let Some(question) = self.known.get_mut(&id) else {
            return;
        };
        let supported = self.supported.entry(voter).or_default();
        if up && supported.insert(id) {
            question.upvotes += 1;
            self.upvotes += 1;
        } else if !up && supported.remove(&id) {
            question.upvotes -= 1;
            self.upvotes -= 1;
        }
        if supported.is_empty() {
            self.supported.remove(&voter);
        }
    }

    /// Whether one question at most is being answered, and the numbers are what the supporters are.
    pub(crate) fn is_sound(&self) -> bool {
        let now = self.known.values().filter(|q| q.stage == QuestionStage::Now).count();
        let supported: usize = self.supported.values().map(BTreeSet::len).sum();
        let upvotes: usize = self.known.values().map(|q| q.upvotes as usize).sum();
        now <= 1 && supported == self.upvotes && upvotes == self.upvotes
    }

    fn forget_supporters(&mut self) {
        (self.key, self.upvotes) = (None, 0);
        self.supported.clear();
        self.known.values_mut().for_each(|question| question.upvotes = 0);
    }
}

impl Hub {
    pub(crate) fn apply_question_fact(&mut self, fact: &Fact) {
        let (Fact::QuestionAsked { room, question, .. }
        | Fact::QuestionMoved { room, question, .. }
        | Fact::QuestionErased { room, question }
        | Fact::UpvotesCounted { room, question, .. }) = fact
        else {
            return;
        };
        let Some(place) = self.rooms.get_mut(room) else { return };
        self.dirty.questions.insert((room.clone(), *question));
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
            _ => {}
        }
    }

    pub(crate) fn apply_question_row(&mut self, kind: &str, name: &[&str], value: Option<&[u8]>) {
        let Some((room, name)) = name.split_first() else { return };
        let Some(room) = room.parse().ok().and_then(|room| self.rooms.get_mut(&room)) else {
            return;
        };
        match (kind, name) {
            ("upvotekey", []) => room.questions.key = value.and_then(row),
            ("upvote", [question, voter]) => {
                let (Some(question), Some(voter)) = (from_hex(question), from_hex(voter)) else {
                    return;
                };
                let question = QuestionId::from_u128(question);
                room.questions.supported(question, voter, value.is_some());
                self.upvotes_told.changed(&room.config.room, question);
            }
            _ => {}
        }
    }

    pub(crate) fn wipe_questions(&mut self) {
        for room in self.rooms.values_mut() {
            room.questions.forget_supporters();
        }
        // Nobody's own upvotes are known any more.
        self.dirty.people.extend(self.people.keys());
    }
}

#[cfg(test)]
mod tests;
