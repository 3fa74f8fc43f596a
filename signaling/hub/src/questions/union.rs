// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Questions that were merged: a forest in which each knows the one it became part of. A root is shown and counts
//! everybody who supports it or any of its parts, once. Who supported what stays as it was, so that a split gives it back.

use std::collections::BTreeSet;

use fiera_protocol::fair::QuestionStage;
use fiera_protocol::ids::{ParticipantId, QuestionId, RoomId};
use fiera_protocol::limits::QUESTIONS_AT_ONCE_MAX;

use super::commands::not_merged;
use super::{Question, Questions};
use crate::access::Deed;
use crate::fact::Fact;
use crate::hub::Hub;
use crate::refusal::{self, Refusal};

/// Whether a question may become part of another one.
fn may_become_part(stage: QuestionStage) -> bool {
    matches!(
        stage,
        QuestionStage::Pending | QuestionStage::Published | QuestionStage::Next
    )
}

impl Questions {
    /// A question and everything that it became part of, up to the root.
    pub(crate) fn wholes(&self, id: QuestionId) -> Vec<QuestionId> {
        let mut wholes = vec![id];
        let mut at = id;
        while let Some(whole) = self.known.get(&at).and_then(|question| question.merged_into) {
            debug_assert!(!wholes.contains(&whole), "a cycle of merged questions");
            wholes.push(whole);
            at = whole;
        }
        wholes
    }

    /// A question and everything that became part of it.
    fn parts(&self, id: QuestionId) -> Vec<QuestionId> {
        let mut parts = vec![id];
        let mut next = 0;
        while let Some(at) = parts.get(next).copied() {
            parts.extend(self.known.get(&at).into_iter().flat_map(|question| &question.merged));
            next += 1;
        }
        parts
    }

    /// Which parts of a question a voter supports.
    pub(super) fn supported_of(&self, id: QuestionId, voter: u128) -> Vec<QuestionId> {
        let Some(supported) = self.supported.get(&voter) else {
            return Vec::new();
        };
        self.parts(id)
            .into_iter()
            .filter(|part| supported.contains(part))
            .collect()
    }

    /// Counts a voter who began or ceased to support a part, wherever that part counts and no other does it already.
    pub(super) fn count_voter(&mut self, id: QuestionId, voter: u128, up: bool) {
        for whole in self.wholes(id) {
            let others = self.supported_of(whole, voter).into_iter().any(|part| part != id);
            if let Some(question) = self.known.get_mut(&whole).filter(|_| !others) {
                question.upvotes = if up { question.upvotes + 1 } else { question.upvotes - 1 };
            }
        }
    }

    fn voters(&self, id: QuestionId) -> u32 {
        let parts: BTreeSet<QuestionId> = self.parts(id).into_iter().collect();
        let any = |supported: &&BTreeSet<QuestionId>| !supported.is_disjoint(&parts);
        u32::try_from(self.supported.values().filter(any).count()).unwrap_or(u32::MAX)
    }

    /// Counts the supporters and parts of a question, and of all that it is part of, anew.
    pub(super) fn recount(&mut self, id: QuestionId) {
        for whole in self.wholes(id) {
            let (voters, parts) = (self.voters(whole), self.parts(whole).len() - 1);
            if let Some(question) = self.known.get_mut(&whole) {
                question.upvotes = voters;
                question.parts = u32::try_from(parts).unwrap_or(u32::MAX);
            }
        }
    }

    fn merge(&mut self, into: QuestionId, parts: &[QuestionId]) {
        let Some(before) = self.known.get(&into).map(|root| root.now(None, parts.to_vec())) else {
            return;
        };
        for part in parts {
            if let Some(question) = self.known.get_mut(part) {
                question.merged_into = Some(into);
            }
        }
        let known: Vec<QuestionId> = parts
            .iter()
            .copied()
            .filter(|part| self.known.contains_key(part))
            .collect();
        if let Some(root) = self.known.get_mut(&into) {
            root.merged.extend(known);
            root.before = Some(before);
        }
        self.recount(into);
    }

    fn split(&mut self, from: QuestionId, parts: &[QuestionId]) {
        for part in parts {
            let is_part = |question: &&mut Question| question.merged_into == Some(from);
            if let Some(question) = self.known.get_mut(part).filter(is_part) {
                question.merged_into = None;
            }
        }
        if let Some(root) = self.known.get_mut(&from) {
            root.merged.retain(|part| !parts.contains(part));
            root.before = None;
        }
        self.recount(from);
    }

    /// Whether parts and wholes know each other, no question is part of itself, and the numbers are right.
    pub(super) fn unions_are_sound(&self) -> bool {
        let know_each_other = |(id, question): (&QuestionId, &Question)| {
            let part_of = |part: &QuestionId| self.known.get(part).is_some_and(|part| part.merged_into == Some(*id));
            let whole = question
                .merged_into
                .is_none_or(|whole| self.known.get(&whole).is_some_and(|whole| whole.merged.contains(id)));
            whole && question.merged.iter().all(part_of) && question.upvotes == self.voters(*id)
        };
        // Each number is counted over all voters: for small events only.
        self.known.len() * self.supported.len() > 10_000 || self.known.iter().all(know_each_other)
    }
}

impl Hub {
    pub(super) fn merge_questions(
        &mut self,
        actor: ParticipantId,
        into: QuestionId,
        questions: &[QuestionId],
    ) -> Result<(), Refusal> {
        let (room, seat) = self.room_seat(Deed::RunQuestions, actor)?;
        debug_assert!(seat.fits(&room, &[Deed::RunQuestions]), "{seat:?}");
        if questions.len() > QUESTIONS_AT_ONCE_MAX {
            return Err(refusal::TOO_MANY_AT_ONCE);
        }
        let different: BTreeSet<&QuestionId> = questions.iter().chain([&into]).collect();
        if questions.is_empty() || different.len() != questions.len() + 1 {
            return Err(refusal::MERGE_TWICE);
        }
        let known = &self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.questions;
        for id in different {
            let question = known.get(*id).ok_or(refusal::UNKNOWN_QUESTION)?;
            // Only roots are merged, into roots: no cycle can come about.
            not_merged(question)?;
            let stays = *id == into && question.stage == QuestionStage::Now;
            if !stays && !may_become_part(question.stage) {
                return Err(refusal::MERGE_SETTLED);
            }
        }
        let fact = Fact::QuestionsMerged {
            room: room.clone(),
            into,
            questions: questions.to_vec(),
        };
        self.keep_question_fact(&room, &fact);
        self.own_upvotes_change(&room);
        Ok(())
    }

    /// Questions that were merged stand for themselves again.
    pub(super) fn split(&mut self, room: &RoomId, into: QuestionId, questions: Vec<QuestionId>) {
        let room = room.clone();
        self.keep_question_fact(&room.clone(), &Fact::QuestionsSplit { room, into, questions });
    }

    /// Everything that became part of a question stands for itself again.
    pub(super) fn split_question(&mut self, room: &RoomId, question: QuestionId) {
        let known = self.rooms.get(room).and_then(|room| room.questions.get(question));
        let parts: Vec<QuestionId> = known.into_iter().flat_map(|known| &known.merged).copied().collect();
        if !parts.is_empty() {
            self.split(room, question, parts);
        }
    }

    pub(super) fn apply_union_fact(&mut self, fact: &Fact) {
        let (Fact::QuestionsMerged { room, into, questions } | Fact::QuestionsSplit { room, into, questions }) = fact
        else {
            return;
        };
        let Some(place) = self.rooms.get_mut(room) else { return };
        if matches!(fact, Fact::QuestionsMerged { .. }) {
            place.questions.merge(*into, questions);
        } else {
            place.questions.split(*into, questions);
        }
        let told = questions.iter().chain([into]).map(|id| (room.clone(), *id));
        self.dirty.questions.extend(told);
        let inside = place.people();
        self.dirty.people.extend(inside);
    }
}
