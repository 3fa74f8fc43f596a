// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How polls come to be: one by one, as copies, and those of the event's setup, which are prepared once each.

use fiera_protocol::codec::encode;
use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{ParticipantId, PollId, RoomId};
use fiera_protocol::limits::POLLS_PER_ROOM_MAX;
use fiera_protocol::poll::{DraftFault, PollDraft, PollForm, QuizQuestion};
use fiera_protocol::server::ServerMessage;
use fiera_protocol::text::{PollOptionText, PollQuestionText};
use fiera_protocol::view::EventPhase;

use super::Poll;
use crate::access::Deed;
use crate::chance::named_id;
use crate::fact::{Fact, KeptText, PollShape, QuizShape};
use crate::hub::Hub;
use crate::input::{ConnectionId, Now};
use crate::refusal::{self, Refusal};
use crate::view;

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
        options: of_quiz.chain(options).collect(),
        ..KeptText::plain(draft.question.as_str().to_owned(), unix_min)
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
    /// As whoever prepared it wrote it; none where a text is no longer one that could be written.
    fn drafted(&self) -> Option<PollDraft> {
        let options = |of: &[String]| {
            of.iter()
                .map(|one| one.parse().ok())
                .collect::<Option<Vec<PollOptionText>>>()
        };
        let question = |item: &super::QuizItem| {
            Some(QuizQuestion {
                question: item.question.parse().ok()?,
                options: options(&item.options)?,
                right: item.right,
                seconds: item.seconds,
            })
        };
        Some(PollDraft {
            question: self.question.parse().ok()?,
            form: self.form,
            options: options(&self.options)?,
            quiz: self.quiz.iter().map(question).collect::<Option<_>>()?,
            answers_min: Some(self.answers_min),
        })
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
        self.prepare_poll(now, actor, &draft, None)
    }

    pub(super) fn prepare_poll(
        &mut self,
        now: Now,
        actor: ParticipantId,
        draft: &PollDraft,
        replaces: Option<PollId>,
    ) -> Result<(), Refusal> {
        let room = self.poll_room(Deed::RunPolls, actor)?;
        let replaced = replaces
            .map(|poll| self.draft_in(&room, poll).map(|_| poll))
            .transpose()?;
        if replaced.is_none() {
            self.space_for_poll(&room)?;
        }
        draft.check()?;
        let (text, shape) = kept(draft, minute(now));
        if let Some(poll) = replaced {
            self.replace_draft(room, poll, text, shape);
            return Ok(());
        }
        let id = PollId::from_u128(self.chance.id());
        self.keep_poll(room, id, text, shape);
        Ok(())
    }

    fn draft_in(&self, room: &RoomId, poll: PollId) -> Result<&Poll, Refusal> {
        let polls = &self.rooms.get(room).ok_or(refusal::UNKNOWN_ROOM)?.polls;
        let known = polls.get(poll).ok_or(refusal::UNKNOWN_POLL)?;
        if known.phase != PollPhase::Draft {
            return Err(refusal::POLL_NOT_DRAFT);
        }
        Ok(known)
    }

    /// One draft instead of another, under the same id in the same place; in facts that say so in any version.
    fn replace_draft(&mut self, room: RoomId, poll: PollId, text: KeptText, shape: PollShape) {
        let order = self.rooms.get(&room).map(|room| room.polls.order().collect::<Vec<_>>());
        let order = order.unwrap_or_default();
        let at = order.iter().position(|one| *one == poll);
        let after = at
            .and_then(|at| at.checked_sub(1))
            .and_then(|at| order.get(at))
            .copied();
        let is_last = order.last() == Some(&poll);
        self.keep_fact(&Fact::PollDismissed {
            room: room.clone(),
            poll,
        });
        // The words before are erased as for good as any other.
        self.keep_text(poll.as_u128(), None);
        self.keep_poll(room.clone(), poll, text, shape);
        if !is_last {
            self.keep_fact(&Fact::PollPlaced { room, poll, after });
        }
    }

    /// Tells one connection what a draft was prepared from.
    pub(crate) fn tell_poll_draft(&mut self, conn: ConnectionId, poll: PollId) {
        let Some(participant) = self.connections.get(&conn).map(|connection| connection.participant) else {
            return;
        };
        let draft = self.poll_room(Deed::RunPolls, participant).and_then(|room| {
            let known = self.draft_in(&room, poll)?;
            known.drafted().ok_or(refusal::UNKNOWN_POLL)
        });
        let text = match draft {
            Ok(draft) => encode(&ServerMessage::PollDraft { poll, draft }),
            Err(refusal) => view::refused(None, refusal),
        };
        self.tell(conn, text);
    }

    pub(super) fn clone_poll(&mut self, now: Now, actor: ParticipantId, poll: PollId) -> Result<(), Refusal> {
        let room = self.poll_room(Deed::RunPolls, actor)?;
        let polls = &self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.polls;
        let copied = polls.get(poll).and_then(Poll::drafted).ok_or(refusal::UNKNOWN_POLL)?;
        let (text, shape) = kept(&copied, minute(now));
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
