// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How polls come to be: one by one, as copies, and those of the event's setup, which are prepared once each.

use fiera_protocol::ids::{ParticipantId, PollId, RoomId};
use fiera_protocol::limits::POLLS_PER_ROOM_MAX;
use fiera_protocol::poll::{DraftFault, PollDraft, PollForm};
use fiera_protocol::text::{PollOptionText, PollQuestionText};
use fiera_protocol::view::EventPhase;

use super::Poll;
use crate::access::Deed;
use crate::chance::named_id;
use crate::fact::{Fact, KeptText, PollShape, QuizShape};
use crate::hub::Hub;
use crate::input::Now;
use crate::refusal::{self, Refusal};

/// A poll that the event's setup brings along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedPoll {
    /// Short name, unique within its room: under the same name it is prepared once, however often the event starts.
    pub name: String,
    /// The poll.
    pub draft: PollDraft,
}

/// A minute since 1970.
pub(super) fn minute(now: Now) -> u32 {
    u32::try_from(now.unix_ms / 60_000).unwrap_or(u32::MAX)
}

/// Texts and shape of a poll, as they are kept.
fn kept(draft: &PollDraft, unix_min: u32) -> (KeptText, PollShape) {
    let of_quiz = draft.quiz.iter().flat_map(|one| {
        let options = one.options.iter().map(|option| option.as_str().to_owned());
        std::iter::once(one.question.as_str().to_owned()).chain(options)
    });
    let options = draft.options.iter().map(|option| option.as_str().to_owned());
    let text = KeptText {
        text: draft.question.as_str().to_owned(),
        by: None,
        owner: None,
        options: of_quiz.chain(options).collect(),
        unix_min,
    };
    let question = |one: &fiera_protocol::poll::QuizQuestion| QuizShape {
        options: u8::try_from(one.options.len()).unwrap_or(u8::MAX),
        right: one.right,
        seconds: one.seconds,
    };
    let shape = PollShape {
        form: draft.form,
        answers_min: draft.answers_min(),
        quiz: draft.quiz.iter().map(question).collect(),
    };
    (text, shape)
}

impl Poll {
    /// What it was prepared from.
    fn copied(&self, unix_min: u32) -> (KeptText, PollShape) {
        let of_quiz = self.quiz.iter().flat_map(|item| {
            let options = item.options.iter().cloned();
            std::iter::once(item.question.clone()).chain(options)
        });
        let text = KeptText {
            text: self.question.clone(),
            by: None,
            owner: None,
            options: of_quiz.chain(self.options.iter().cloned()).collect(),
            unix_min,
        };
        let question = |item: &super::QuizItem| QuizShape {
            options: u8::try_from(item.options.len()).unwrap_or(u8::MAX),
            right: item.right,
            seconds: item.seconds,
        };
        let shape = PollShape {
            form: self.form,
            answers_min: self.answers_min,
            quiz: self.quiz.iter().map(question).collect(),
        };
        (text, shape)
    }
}

impl From<DraftFault> for Refusal {
    fn from(fault: DraftFault) -> Self {
        refusal::of_draft(fault)
    }
}

impl Hub {
    /// A single choice without a minimum.
    pub(super) fn draft_poll(
        &mut self,
        now: Now,
        actor: ParticipantId,
        question: PollQuestionText,
        options: Vec<PollOptionText>,
    ) -> Result<(), Refusal> {
        let draft = PollDraft {
            question,
            form: PollForm::Single {},
            options,
            quiz: Vec::new(),
            answers_min: Some(0),
        };
        self.prepare_poll(now, actor, &draft)
    }

    pub(super) fn prepare_poll(&mut self, now: Now, actor: ParticipantId, draft: &PollDraft) -> Result<(), Refusal> {
        let room = self.poll_room(Deed::RunPolls, actor)?;
        self.space_for_poll(&room)?;
        draft.check()?;
        let (text, shape) = kept(draft, minute(now));
        let id = PollId::from_u128(self.chance.id());
        self.keep_poll(room, id, text, shape);
        Ok(())
    }

    pub(super) fn clone_poll(&mut self, now: Now, actor: ParticipantId, poll: PollId) -> Result<(), Refusal> {
        let room = self.poll_room(Deed::RunPolls, actor)?;
        let polls = &self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.polls;
        let (text, shape) = polls.get(poll).ok_or(refusal::UNKNOWN_POLL)?.copied(minute(now));
        self.space_for_poll(&room)?;
        let id = PollId::from_u128(self.chance.id());
        self.keep_poll(room, id, text, shape);
        Ok(())
    }

    pub(super) fn place_poll(
        &mut self,
        actor: ParticipantId,
        poll: PollId,
        after: Option<PollId>,
    ) -> Result<(), Refusal> {
        let room = self.poll_room(Deed::RunPolls, actor)?;
        let polls = &self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.polls;
        for one in std::iter::once(poll).chain(after) {
            polls.get(one).ok_or(refusal::UNKNOWN_POLL)?;
        }
        let order: Vec<PollId> = polls.order().collect();
        let before = order
            .iter()
            .position(|one| *one == poll)
            .and_then(|at| at.checked_sub(1));
        let is_after = before.and_then(|at| order.get(at).copied());
        if after != Some(poll) && after != is_after {
            self.keep_fact(&Fact::PollPlaced { room, poll, after });
        }
        Ok(())
    }

    fn space_for_poll(&self, room: &RoomId) -> Result<(), Refusal> {
        let polls = self.rooms.get(room).map_or(0, |room| room.polls.len());
        if polls >= POLLS_PER_ROOM_MAX {
            return Err(refusal::TOO_MANY_POLLS);
        }
        Ok(())
    }

    fn keep_poll(&mut self, room: RoomId, poll: PollId, text: KeptText, shape: PollShape) {
        self.keep_text(poll.as_u128(), Some(text));
        self.keep_fact(&Fact::PollPrepared { room, poll, shape });
    }

    /// Prepares the polls of the setup that were never prepared; those that were are left as they are.
    pub(crate) fn prepare_setup(&mut self, now: Now) {
        if self.setup_prepared || self.read_only {
            return;
        }
        self.setup_prepared = true;
        if self.phase == EventPhase::Ended {
            return;
        }
        self.see_setup(now);
        self.bring_ideas(now);
        let mut missing = Vec::new();
        for (id, room) in &self.rooms {
            for prepared in &room.config.polls {
                let parts = [self.event.as_str(), id.as_str(), prepared.name.as_str()];
                let poll = PollId::from_u128(named_id("poll", &parts));
                if !room.polls.prepared.contains(&poll) && prepared.draft.check().is_ok() {
                    missing.push((id.clone(), poll, kept(&prepared.draft, minute(now))));
                }
            }
        }
        for (room, poll, (text, shape)) in missing {
            if self.space_for_poll(&room).is_ok() {
                self.keep_poll(room, poll, text, shape);
            }
        }
        self.prepare_stands(now);
    }
}
