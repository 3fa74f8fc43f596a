// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What people do with questions: decided here, kept, and made true by what was kept.

use fiera_protocol::client::Command;
use fiera_protocol::fair::QuestionStage;
use fiera_protocol::ids::{AuthorSecret, ParticipantId, QuestionId, Role, RoomId};
use fiera_protocol::limits::{ASK_WINDOW_MS, ASKS_PER_WINDOW_MAX, QUESTIONS_PER_ROOM_MAX};
use fiera_protocol::text::{NoteText, QuestionText};

use super::{Question, may_move, takes_upvotes};
use crate::access::{Deed, Seat};
use crate::chance::{Key, hashed, keyed};
use crate::fact::{Fact, KeptText, NoteId};
use crate::hub::Hub;
use crate::input::Now;
use crate::keeping::hex;
use crate::refusal::{self, Refusal};

/// Upvotes of one room that are kept while the event runs.
pub(crate) const UPVOTES_PER_ROOM_MAX: usize = 100_000;

impl Hub {
    pub(crate) fn question_command(&mut self, now: Now, actor: ParticipantId, command: Command) -> Result<(), Refusal> {
        match command {
            Command::Ask {
                text,
                anonymous,
                secret,
            } => self.ask(now, actor, &text, anonymous, secret),
            Command::WithdrawQuestion { question, secret } => self.withdraw_question(actor, question, secret),
            Command::Upvote { question, up } => self.upvote(actor, question, up),
            Command::SetQuestion {
                question,
                from,
                to,
                note,
            } => self.set_question(now, actor, question, (from, to), note),
            Command::UndoQuestion { question } => self.undo_question(actor, question),
            Command::EraseQuestion { question } => self.moderator_erases(actor, question),
            Command::EditQuestion { question, text, secret } => self.edit_question(now, actor, question, &text, secret),
            Command::MergeQuestions { into, questions } => self.merge_questions(actor, into, &questions),
            Command::AddLabel { text } => self.add_label(now, actor, &text),
            Command::EraseLabel { label } => self.erase_label(actor, label),
            Command::LabelQuestion { question, labels } => self.label_question(actor, question, labels),
            Command::AssignQuestion { question, participant } => self.assign_question(actor, question, participant),
            Command::AnswerQuestion { question, from, text } => self.answer_question(now, actor, question, from, &text),
            Command::SetDue {
                question,
                due_day,
                owner,
            } => self.set_due(actor, question, due_day, owner.as_ref()),
            Command::ArchiveQuestions { questions, archived } => self.archive_questions(actor, &questions, archived),
            _ => Err(refusal::NOT_ALLOWED),
        }
    }

    fn ask(
        &mut self,
        now: Now,
        actor: ParticipantId,
        text: &QuestionText,
        anonymous: bool,
        secret: AuthorSecret,
    ) -> Result<(), Refusal> {
        let (room_id, seat) = self.room_seat(Deed::Ask, actor)?;
        self.has_voice(actor)?;
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        debug_assert!(seat.fits(&room_id, &[Deed::Ask]), "{seat:?}");
        if room.settings.questions_closed && role == Role::Attendee {
            return Err(refusal::QUESTIONS_CLOSED);
        }
        if room.questions.len() >= QUESTIONS_PER_ROOM_MAX {
            return Err(refusal::TOO_MANY_QUESTIONS);
        }
        self.lets_through(text.as_str())?;
        let stage = if room.settings.moderated {
            QuestionStage::Pending
        } else {
            QuestionStage::Published
        };
        let pace = self.paces.of(actor, now.mono_ms);
        if !pace.asks.take(now.mono_ms, ASKS_PER_WINDOW_MAX, ASK_WINDOW_MS) {
            return Err(refusal::ASKS_TOO_FAST);
        }
        let name = self.people.get(&actor).map(|person| person.name.as_str().to_owned());
        let question = QuestionId::from_u128(self.chance.id());
        let (text, by) = (text.as_str().to_owned(), name.filter(|_| !anonymous));
        let kept = KeptText::signed(text, by, secret, now.unix_min());
        self.keep_text(question.as_u128(), Some(kept));
        self.keep_fact(&Fact::QuestionAsked {
            room: room_id,
            question,
            stage,
        });
        Ok(())
    }

    /// The room in which a question is, wherever that is.
    fn room_of_question(&self, question: QuestionId) -> Result<RoomId, Refusal> {
        let holds = |(id, room): (&RoomId, &crate::room::Room)| room.questions.get(question).map(|_| id.clone());
        self.rooms.iter().find_map(holds).ok_or(refusal::UNKNOWN_QUESTION)
    }

    fn withdraw_question(
        &mut self,
        actor: ParticipantId,
        question: QuestionId,
        secret: AuthorSecret,
    ) -> Result<(), Refusal> {
        let (room_id, seat) = self.seat_of_question(Deed::WithdrawQuestion, actor, question)?;
        if !self.is_author(question.as_u128(), secret) {
            return Err(refusal::NOT_THE_AUTHOR);
        }
        self.erase_question(&room_id, question, &seat);
        Ok(())
    }

    fn moderator_erases(&mut self, actor: ParticipantId, question: QuestionId) -> Result<(), Refusal> {
        let (room_id, seat) = self.seat_of_question(Deed::EraseQuestion, actor, question)?;
        self.erase_question(&room_id, question, &seat);
        Ok(())
    }

    /// Erases a question with all the rest of its room; who may do that was asked before.
    pub(crate) fn erase_question_of(&mut self, room: &RoomId, question: QuestionId) {
        self.erase_question_there(room, question);
    }

    /// A seat in the room of a question. Erasing works from anywhere in the event, and after it.
    pub(super) fn seat_of_question(
        &self,
        deed: Deed,
        actor: ParticipantId,
        question: QuestionId,
    ) -> Result<(RoomId, Seat), Refusal> {
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        // The right first: who has none learns nothing of what exists.
        Seat::in_event(deed, role, self.phase, actor)?;
        let room_id = self.room_of_question(question)?;
        let kind = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?.config.kind;
        let seat = Seat::take(deed, role, (&room_id, kind), self.phase, actor)?;
        Ok((room_id, seat))
    }

    /// Whether somebody knows the secret with which a text was written.
    pub(crate) fn is_author(&self, text: u128, secret: AuthorSecret) -> bool {
        let owner = self.texts.get(&text).and_then(|text| text.owner.as_ref());
        owner.is_some_and(|owner| *owner == hex(hashed(secret.as_u128())))
    }

    fn erase_question(&mut self, room: &RoomId, question: QuestionId, seat: &Seat) {
        debug_assert!(
            seat.fits(room, &[Deed::WithdrawQuestion, Deed::EraseQuestion]),
            "{seat:?}"
        );
        self.erase_question_there(room, question);
    }

    /// Nobody supports anything in a room any more, and nobody can be told from the key.
    pub(crate) fn forget_upvote_key(&mut self, room: &RoomId) {
        let drawn = self.rooms.get(room).is_some_and(|room| room.questions.key.is_some());
        if drawn {
            self.keep_row(upvote_key_row(room), None::<Key>);
        }
    }

    fn erase_question_there(&mut self, room: &RoomId, question: QuestionId) {
        // What had become part of it stands for itself again.
        self.split_question(room, question);
        let Some(questions) = self.rooms.get(room).map(|room| &room.questions) else {
            return;
        };
        let assigned = questions
            .get(question)
            .is_some_and(|question| question.assigned.is_some());
        let supporters: Vec<u128> = questions
            .supported
            .iter()
            .filter(|(_, supported)| supported.contains(&question))
            .map(|(voter, _)| *voter)
            .collect();
        let notes: Vec<NoteId> = questions.get(question).into_iter().flat_map(Question::notes).collect();
        for voter in supporters {
            self.keep_row(upvote_row(room, question, voter), None::<bool>);
        }
        if assigned {
            self.keep_row(assigned_row(room, question), None::<bool>);
        }
        self.keep_text(question.as_u128(), None);
        for note in notes {
            self.keep_text(note.0.as_u128(), None);
        }
        self.keep_fact(&Fact::QuestionErased {
            room: room.clone(),
            question,
        });
        // Whoever supported it is told that they no longer do.
        self.own_upvotes_change(room);
    }

    fn upvote(&mut self, actor: ParticipantId, question: QuestionId, up: bool) -> Result<(), Refusal> {
        let (room_id, seat) = self.room_seat(Deed::Upvote, actor)?;
        debug_assert!(seat.fits(&room_id, &[Deed::Upvote]), "{seat:?}");
        let questions = &self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?.questions;
        let found = questions.get(question).filter(|found| found.is_public());
        if !takes_upvotes(found.ok_or(refusal::UNKNOWN_QUESTION)?.stage) {
            return Err(refusal::QUESTION_SETTLED);
        }
        let voter = |key| keyed(&key, &[&actor.as_u128().to_be_bytes()]);
        let theirs = questions.key.map(|key| questions.supported_of(question, voter(key)));
        let theirs = theirs.unwrap_or_default();
        if theirs.is_empty() != up {
            return Ok(());
        }
        if up && questions.upvotes() >= UPVOTES_PER_ROOM_MAX {
            return Err(refusal::TOO_MANY_UPVOTES);
        }
        let key = match questions.key {
            Some(key) => key,
            None => {
                let key = self.chance.key();
                self.keep_row(upvote_key_row(&room_id), Some(key));
                key
            }
        };
        // Of a merged question one may support several parts: to take the vote back is to take all of it back.
        let of = if up { vec![question] } else { theirs };
        for question in of {
            self.keep_row(upvote_row(&room_id, question, voter(key)), up.then_some(true));
        }
        self.dirty.people.insert(actor);
        Ok(())
    }

    fn set_question(
        &mut self,
        now: Now,
        actor: ParticipantId,
        question: QuestionId,
        (from, to): (QuestionStage, QuestionStage),
        note: Option<NoteText>,
    ) -> Result<(), Refusal> {
        let (room_id, seat) = self.room_seat(Deed::RunQuestions, actor)?;
        let questions = &self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?.questions;
        let found = questions.get(question).ok_or(refusal::UNKNOWN_QUESTION)?;
        not_merged(found)?;
        if found.stage != from {
            return Err(refusal::QUESTION_MOVED_ON);
        }
        if !may_move(from, to) {
            return Err(refusal::QUESTION_ORDER);
        }
        let needs_note = matches!(to, QuestionStage::Dismissed | QuestionStage::FollowUp);
        if needs_note != note.is_some() {
            return Err(if needs_note {
                refusal::NOTE_MISSING
            } else {
                refusal::NOTE_NOT_HERE
            });
        }
        let note = note.map(|note| (NoteId(QuestionId::from_u128(self.chance.id())), note));
        if let Some((id, note)) = &note {
            let text = KeptText::plain(note.as_str().to_owned(), now.unix_min());
            self.keep_text(id.0.as_u128(), Some(text));
        }
        self.move_question(&seat, &room_id, question, to, note.map(|(id, _)| id), false);
        Ok(())
    }

    fn undo_question(&mut self, actor: ParticipantId, question: QuestionId) -> Result<(), Refusal> {
        let (room_id, seat) = self.room_seat(Deed::RunQuestions, actor)?;
        let questions = &self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?.questions;
        let found = questions.get(question).ok_or(refusal::UNKNOWN_QUESTION)?;
        not_merged(found)?;
        let before = found.before.clone().ok_or(refusal::NOTHING_TO_UNDO)?;
        if !before.merged.is_empty() {
            self.split(&room_id, question, before.merged);
            return Ok(());
        }
        self.move_question(&seat, &room_id, question, before.stage, before.note, true);
        // Who gave way comes back, unless something else happened to it or to the stage meanwhile.
        let questions = &self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?.questions;
        let back = before.displaced.filter(|displaced| {
            let displaced = questions.get(*displaced);
            displaced.is_some_and(Question::gave_way) && questions.being_answered().is_none()
        });
        if let Some(back) = back {
            self.move_question(&seat, &room_id, back, QuestionStage::Now, None, true);
        }
        Ok(())
    }

    pub(super) fn move_question(
        &mut self,
        seat: &Seat,
        room: &RoomId,
        question: QuestionId,
        stage: QuestionStage,
        note: Option<NoteId>,
        undo: bool,
    ) {
        debug_assert!(seat.fits(room, &[Deed::RunQuestions, Deed::EditQuestion]), "{seat:?}");
        let fact = Fact::QuestionMoved {
            room: room.clone(),
            question,
            stage,
            note,
            undo,
        };
        self.keep_question_fact(room, &fact);
        // Own upvotes are shown of public questions only.
        self.own_upvotes_change(room);
    }

    /// Keeps a fact, and erases notes that nobody can see again by it.
    pub(super) fn keep_question_fact(&mut self, room: &RoomId, fact: &Fact) {
        let notes = |hub: &Self| {
            hub.rooms
                .get(room)
                .map(|room| room.questions.notes())
                .unwrap_or_default()
        };
        let before = notes(self);
        self.keep_fact(fact);
        for note in before.difference(&notes(self)) {
            self.keep_text(note.0.as_u128(), None);
        }
    }

    /// What people in a room support, as they see it, may have changed.
    pub(super) fn own_upvotes_change(&mut self, room: &RoomId) {
        let inside = self.rooms.get(room).into_iter().flat_map(|room| room.people());
        self.dirty.people.extend(inside);
    }

    /// Writes the numbers of supporters, before the keys that hide them are destroyed.
    pub(crate) fn count_upvotes_for_good(&mut self) {
        let count = |(room, question): (&RoomId, (QuestionId, &Question))| Fact::UpvotesCounted {
            room: room.clone(),
            question: question.0,
            upvotes: question.1.upvotes(),
        };
        let all = self
            .rooms
            .iter()
            .flat_map(|(id, room)| room.questions.iter().map(move |question| (id, question)));
        let counted: Vec<Fact> = all.filter(|(_, (_, q))| q.upvotes() > 0).map(count).collect();
        counted.iter().for_each(|fact| self.keep_fact(fact));
    }
}

/// A question that is part of another one is left alone.
pub(super) fn not_merged(question: &Question) -> Result<(), Refusal> {
    match question.merged_into() {
        Some(_) => Err(refusal::QUESTION_MERGED),
        None => Ok(()),
    }
}

pub(super) fn assigned_row(room: &RoomId, question: QuestionId) -> String {
    format!("assigned/{room}/{}", hex(question.as_u128()))
}

fn upvote_key_row(room: &RoomId) -> String {
    format!("upvotekey/{room}")
}

fn upvote_row(room: &RoomId, question: QuestionId, voter: u128) -> String {
    format!("upvote/{room}/{}/{}", hex(question.as_u128()), hex(voter))
}
