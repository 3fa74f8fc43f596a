// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Labels of a room, the questions that have them, and who is to answer a question.

use std::collections::BTreeSet;

use fiera_protocol::fair::Assigned;
use fiera_protocol::ids::{LabelId, ParticipantId, QuestionId, Role};
use fiera_protocol::limits::{LABELS_PER_QUESTION_MAX, LABELS_PER_ROOM_MAX};
use fiera_protocol::text::LabelText;
use fiera_protocol::view::Place;

use super::Questions;
use super::commands::{assigned_row, not_merged};
use crate::access::Deed;
use crate::fact::{Fact, KeptText};
use crate::hub::Hub;
use crate::input::Now;
use crate::refusal::{self, Refusal};

impl Questions {
    /// Nobody can choose any label any more: their texts are gone, and all questions with them.
    pub(crate) fn forget_labels(&mut self) {
        self.labels.clear();
    }
}

impl Hub {
    pub(super) fn add_label(&mut self, now: Now, actor: ParticipantId, text: &LabelText) -> Result<(), Refusal> {
        let (room, seat) = self.room_seat(Deed::RunQuestions, actor)?;
        debug_assert!(seat.fits(&room, &[Deed::RunQuestions]), "{seat:?}");
        let labels = self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.questions.labels();
        let folded = text.as_str().to_lowercase();
        let same = |id: &LabelId| {
            self.texts
                .get(&id.as_u128())
                .is_some_and(|of| of.text.to_lowercase() == folded)
        };
        if labels.iter().any(same) {
            return Err(refusal::LABEL_KNOWN);
        }
        if labels.len() >= LABELS_PER_ROOM_MAX {
            return Err(refusal::TOO_MANY_LABELS);
        }
        let label = LabelId::from_u128(self.chance.id());
        let words = KeptText::plain(text.as_str().to_owned(), now.unix_min());
        self.keep_text(label.as_u128(), Some(words));
        self.keep_fact(&Fact::LabelAdded { room, label });
        Ok(())
    }

    pub(super) fn erase_label(&mut self, actor: ParticipantId, label: LabelId) -> Result<(), Refusal> {
        let (room, seat) = self.room_seat(Deed::RunQuestions, actor)?;
        debug_assert!(seat.fits(&room, &[Deed::RunQuestions]), "{seat:?}");
        let known = &self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.questions;
        if !known.labels().contains(&label) {
            return Err(refusal::UNKNOWN_LABEL);
        }
        self.keep_text(label.as_u128(), None);
        self.keep_fact(&Fact::LabelErased { room, label });
        Ok(())
    }

    pub(super) fn label_question(
        &mut self,
        actor: ParticipantId,
        question: QuestionId,
        labels: Vec<LabelId>,
    ) -> Result<(), Refusal> {
        let (room, seat) = self.room_seat(Deed::RunQuestions, actor)?;
        debug_assert!(seat.fits(&room, &[Deed::RunQuestions]), "{seat:?}");
        if labels.len() > LABELS_PER_QUESTION_MAX {
            return Err(refusal::TOO_MANY_LABELS);
        }
        if labels.iter().collect::<BTreeSet<_>>().len() != labels.len() {
            return Err(refusal::LABEL_TWICE);
        }
        let questions = &self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.questions;
        let known = questions.get(question).ok_or(refusal::UNKNOWN_QUESTION)?;
        not_merged(known)?;
        if !labels.iter().all(|label| questions.labels().contains(label)) {
            return Err(refusal::UNKNOWN_LABEL);
        }
        if known.labels != labels {
            self.keep_fact(&Fact::QuestionLabelled { room, question, labels });
        }
        Ok(())
    }

    pub(super) fn assign_question(
        &mut self,
        actor: ParticipantId,
        question: QuestionId,
        participant: Option<ParticipantId>,
    ) -> Result<(), Refusal> {
        let (room_id, seat) = self.room_seat(Deed::RunQuestions, actor)?;
        debug_assert!(seat.fits(&room_id, &[Deed::RunQuestions]), "{seat:?}");
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        let known = room.questions.get(question).ok_or(refusal::UNKNOWN_QUESTION)?;
        not_merged(known)?;
        let assigned = match participant {
            None => None,
            Some(participant) => {
                let person = self
                    .people
                    .get(&participant)
                    .filter(|person| person.room.as_ref() == Some(&room_id));
                let person = person.ok_or(refusal::NOT_A_SPEAKER)?;
                if person.role < Role::Speaker && room.place(participant) == Place::Audience {
                    return Err(refusal::NOT_A_SPEAKER);
                }
                let name = person.name.clone();
                Some(Assigned { participant, name })
            }
        };
        if known.assigned != assigned {
            self.keep_row(assigned_row(&room_id, question), assigned);
        }
        Ok(())
    }

    pub(super) fn apply_label_fact(&mut self, fact: &Fact) {
        let (Fact::LabelAdded { room, label } | Fact::LabelErased { room, label }) = fact else {
            return;
        };
        let Some(place) = self.rooms.get_mut(room) else { return };
        self.dirty.rooms.insert(room.clone());
        if matches!(fact, Fact::LabelAdded { .. }) {
            place.questions.labels.push(*label);
            return;
        }
        place.questions.labels.retain(|known| known != label);
        for (id, question) in &mut place.questions.known {
            if question.labels.contains(label) {
                question.labels.retain(|known| known != label);
                self.dirty.questions.insert((room.clone(), *id));
            }
        }
    }
}
