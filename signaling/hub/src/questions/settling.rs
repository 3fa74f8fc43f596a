// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Other words for a question, written answers, promises with a date, and putting away what is settled.

use fiera_protocol::codec::encode;
use fiera_protocol::fair::{QuestionStage, QuestionView, RoomQuestion};
use fiera_protocol::ids::{AuthorSecret, ParticipantId, QuestionId, Role, RoomId};
use fiera_protocol::limits::{
    ASK_WINDOW_MS, ASKS_PER_WINDOW_MAX, DUE_DAY_MAX, FOLLOW_UPS_SHOWN_MAX, QUESTIONS_AT_ONCE_MAX,
};
use fiera_protocol::server::ServerMessage;
use fiera_protocol::text::{AnswerText, NoteText, QuestionText};

use super::commands::not_merged;
use super::{Question, is_public};
use crate::access::{Deed, moderates};
use crate::fact::{Fact, KeptText, NoteId};
use crate::hub::Hub;
use crate::input::{ConnectionId, Now};
use crate::refusal::{self, Refusal};
use crate::view;

impl Question {
    /// What facts about this question alone say.
    pub(super) fn settle(&mut self, fact: &Fact) {
        match fact {
            Fact::QuestionEdited { marked, .. } => self.edited |= *marked,
            Fact::QuestionAnswered { answer, .. } => self.answer(*answer),
            Fact::QuestionDue { due_day, .. } => self.due_day = *due_day,
            Fact::QuestionLabelled { labels, .. } => self.labels.clone_from(labels),
            Fact::QuestionFromChat { message, .. } => self.from_chat = Some(*message),
            Fact::QuestionArchived { archived, .. } => self.archived = *archived,
            _ => {}
        }
    }
}

impl Hub {
    pub(super) fn edit_question(
        &mut self,
        now: Now,
        actor: ParticipantId,
        id: QuestionId,
        text: &QuestionText,
        secret: Option<AuthorSecret>,
    ) -> Result<(), Refusal> {
        let (room_id, seat) = self.seat_of_question(Deed::EditQuestion, actor, id)?;
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        let question = room.questions.get(id).ok_or(refusal::UNKNOWN_QUESTION)?;
        let pending = question.stage == QuestionStage::Pending;
        let own = secret.is_some_and(|secret| self.is_author(id.as_u128(), secret));
        if !(own || moderates(role) && pending) {
            return Err(refusal::EDIT_NOT_YOURS);
        }
        not_merged(question)?;
        if !pending && !matches!(question.stage, QuestionStage::Published | QuestionStage::Next) {
            return Err(refusal::EDIT_SETTLED);
        }
        let waits_again = !pending && room.settings.moderated && !moderates(role);
        self.has_voice(actor)?;
        self.lets_through(text.as_str())?;
        let pace = self.paces.of(actor, now.mono_ms);
        if !pace.asks.take(now.mono_ms, ASKS_PER_WINDOW_MAX, ASK_WINDOW_MS) {
            return Err(refusal::ASKS_TOO_FAST);
        }
        self.reword(id.as_u128(), text.as_str());
        self.keep_fact(&Fact::QuestionEdited {
            room: room_id.clone(),
            question: id,
            marked: !pending || !own,
        });
        if waits_again {
            // What was approved were other words.
            self.move_question(&seat, &room_id, id, QuestionStage::Pending, None, false);
        }
        Ok(())
    }

    pub(super) fn answer_question(
        &mut self,
        now: Now,
        actor: ParticipantId,
        id: QuestionId,
        from: QuestionStage,
        text: &AnswerText,
    ) -> Result<(), Refusal> {
        let (room, seat) = self.seat_of_question(Deed::AnswerQuestion, actor, id)?;
        debug_assert!(seat.fits(&room, &[Deed::AnswerQuestion]), "{seat:?}");
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        let question = self.question(&room, id)?;
        let theirs = question.assigned.as_ref().is_some_and(|of| of.participant == actor);
        if role == Role::Speaker && !theirs {
            return Err(refusal::NOT_YOURS_TO_ANSWER);
        }
        not_merged(question)?;
        if question.stage != from {
            return Err(refusal::QUESTION_MOVED_ON);
        }
        if !is_public(from) {
            return Err(refusal::ANSWER_EARLY);
        }
        let answer = NoteId(QuestionId::from_u128(self.chance.id()));
        let words = KeptText::plain(text.as_str().to_owned(), now.unix_min());
        self.keep_text(answer.0.as_u128(), Some(words));
        let fact = Fact::QuestionAnswered {
            room: room.clone(),
            question: id,
            answer,
        };
        self.keep_question_fact(&room, &fact);
        Ok(())
    }

    fn question(&self, room: &RoomId, id: QuestionId) -> Result<&Question, Refusal> {
        let questions = &self.rooms.get(room).ok_or(refusal::UNKNOWN_ROOM)?.questions;
        questions.get(id).ok_or(refusal::UNKNOWN_QUESTION)
    }

    pub(super) fn set_due(
        &mut self,
        actor: ParticipantId,
        id: QuestionId,
        due_day: Option<u32>,
        owner: Option<&NoteText>,
    ) -> Result<(), Refusal> {
        let (room, seat) = self.seat_of_question(Deed::SetDue, actor, id)?;
        debug_assert!(seat.fits(&room, &[Deed::SetDue]), "{seat:?}");
        let question = self.question(&room, id)?;
        if question.stage != QuestionStage::FollowUp {
            return Err(refusal::NOT_FOLLOWED_UP);
        }
        if due_day.is_some_and(|day| day > DUE_DAY_MAX) {
            return Err(refusal::DUE_TOO_LATE);
        }
        let note = question.note.map(|note| note.0.as_u128());
        let known = note.and_then(|note| self.texts.get(&note));
        let owner = owner.filter(|owner| known.is_some_and(|known| known.text != owner.as_str()));
        if question.due_day != due_day || owner.is_some() {
            if let (Some(note), Some(owner)) = (note, owner) {
                self.reword(note, owner.as_str());
            }
            let question = id;
            self.keep_fact(&Fact::QuestionDue {
                room,
                question,
                due_day,
            });
        }
        Ok(())
    }

    pub(super) fn archive_questions(
        &mut self,
        actor: ParticipantId,
        questions: &[QuestionId],
        archived: bool,
    ) -> Result<(), Refusal> {
        let (room, seat) = self.room_seat(Deed::RunQuestions, actor)?;
        debug_assert!(seat.fits(&room, &[Deed::RunQuestions]), "{seat:?}");
        if questions.len() > QUESTIONS_AT_ONCE_MAX {
            return Err(refusal::TOO_MANY_AT_ONCE);
        }
        let mut changed = Vec::new();
        for id in questions {
            let question = self.question(&room, *id)?;
            not_merged(question)?;
            if !matches!(question.stage, QuestionStage::Answered | QuestionStage::Dismissed) {
                return Err(refusal::ARCHIVE_OPEN);
            }
            if question.archived != archived && !changed.contains(id) {
                changed.push(*id);
            }
        }
        for question in changed {
            self.keep_fact(&Fact::QuestionArchived {
                room: room.clone(),
                question,
                archived,
            });
        }
        self.own_upvotes_change(&room);
        Ok(())
    }

    /// Tells one connection what is followed up in the event and what was.
    pub(crate) fn follow_ups(&mut self, conn: ConnectionId) {
        if !self.connections.contains_key(&conn) {
            return;
        }
        let mut promises: Vec<RoomQuestion> = Vec::new();
        let stands = self.stands.rooms_in_order().into_iter();
        let shown = stands.filter(|(stand, _)| !self.is_hidden_stand(*stand));
        for room_id in self.order.iter().chain(shown.map(|(_, room)| room)) {
            let Some(room) = self.rooms.get(room_id) else { continue };
            let promised = room.questions.iter().filter(|(_, question)| question.is_promise());
            let shown = promised.filter_map(|(id, question)| view::question(id, question, &self.texts));
            promises.extend(shown.map(|question| RoomQuestion {
                room: room_id.clone(),
                // Who is where is told in their own room alone.
                question: QuestionView {
                    assigned: None,
                    ..question
                },
            }));
        }
        promises.sort_by_key(|RoomQuestion { question, .. }| {
            let kept = question.stage == QuestionStage::Answered;
            (kept, question.due_day.unwrap_or(u32::MAX), question.order)
        });
        promises.truncate(FOLLOW_UPS_SHOWN_MAX);
        self.tell(conn, encode(&ServerMessage::FollowUps { questions: promises }));
    }
}
