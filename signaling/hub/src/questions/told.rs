// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What followers are told of questions: each question where its stage says, upvotes as numbers and not too often.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::fair::{QuestionView, UpvoteCount};
use fiera_protocol::ids::{QuestionId, RoomId};
use fiera_protocol::limits::TALLY_INTERVAL_MS;
use fiera_protocol::view::{Change, StreamState};

use super::Question;
use crate::chance::keyed;
use crate::hub::Hub;
use crate::input::Now;
use crate::output::StreamKey;
use crate::participant::Participant;
use crate::room::Room;
use crate::timers::Timer;
use crate::view;

/// Upvotes that followers do not know of yet.
#[derive(Debug, Default)]
pub(crate) struct Upvotes {
    changed: BTreeSet<(RoomId, QuestionId)>,
    told_at_ms: Option<u64>,
    due_ms: Option<u64>,
}

impl Upvotes {
    /// Notes that the number of a question changed.
    pub(crate) fn changed(&mut self, room: &RoomId, question: QuestionId) {
        self.changed.insert((room.clone(), question));
    }

    /// Whether a question's number is going to be told.
    pub(crate) fn will_tell(&self, room: &RoomId, question: QuestionId) -> bool {
        self.due_ms.is_some() && self.changed.contains(&(room.clone(), question))
    }

    pub(crate) fn due(&mut self) {
        self.due_ms = None;
    }
}

/// What followers of a stream know of a question.
pub(crate) fn known(state: &StreamState, id: QuestionId) -> Option<&QuestionView> {
    let questions = match state {
        StreamState::Room(room) => &room.questions,
        StreamState::Moderators(moderators) => &moderators.questions,
        _ => return None,
    };
    questions.iter().find(|known| known.question == id)
}

fn is_public(question: &QuestionView) -> bool {
    super::is_public(question.stage) && !question.archived
}

impl Hub {
    /// Shows a question to whom its stage says, and takes it away from the others.
    pub(crate) fn settle_question(&mut self, room_id: &RoomId, id: QuestionId) {
        let Some(room) = self.rooms.get(room_id) else { return };
        let now = room
            .questions
            .get(id)
            .filter(|question| question.merged_into().is_none());
        let public = now.is_some_and(Question::is_public);
        let now = now.and_then(|question| view::question(id, question, &self.texts));
        let mut gone = Vec::new();
        let mut shown = Vec::new();
        for (stream, here, key) in [
            (&room.stream, public, StreamKey::Room(room_id.clone())),
            (&room.moderators, !public, StreamKey::Moderators(room_id.clone())),
        ] {
            match (known(stream.state(), id), now.clone().filter(|_| here)) {
                (Some(_), None) => gone.push((key, Change::QuestionGone { question: id })),
                (before, Some(question)) if before != Some(&question) => {
                    shown.push((key, Change::Question { question }))
                }
                _ => {}
            }
        }
        for (key, change) in gone.into_iter().chain(shown) {
            self.publish(key, change);
        }
    }

    /// Tells new numbers of supporters at once, or when the interval since the last time is over.
    pub(crate) fn settle_upvotes(&mut self, now: Now) {
        if self.upvotes_told.changed.is_empty() {
            return;
        }
        let told = self.upvotes_told.told_at_ms;
        if let Some(at_ms) = told.map(|at| at + TALLY_INTERVAL_MS).filter(|at| *at > now.mono_ms) {
            if self.upvotes_told.due_ms.is_none() {
                self.upvotes_told.due_ms = Some(at_ms);
                self.timers.set(at_ms, Timer::Upvotes);
            }
            return;
        }
        if let Some(at_ms) = self.upvotes_told.due_ms.take() {
            self.timers.clear(at_ms, Timer::Upvotes);
        }
        let mut changes: BTreeMap<StreamKey, Vec<UpvoteCount>> = BTreeMap::new();
        for (room_id, question) in std::mem::take(&mut self.upvotes_told.changed) {
            let Some(room) = self.rooms.get(&room_id) else { continue };
            let Some(upvotes) = room.questions.get(question).map(Question::upvotes) else {
                continue;
            };
            for (stream, key) in [
                (&room.stream, StreamKey::Room(room_id.clone())),
                (&room.moderators, StreamKey::Moderators(room_id.clone())),
            ] {
                if known(stream.state(), question).is_some_and(|known| known.upvotes != upvotes) {
                    changes.entry(key).or_default().push(UpvoteCount { question, upvotes });
                }
            }
        }
        if !changes.is_empty() {
            self.upvotes_told.told_at_ms = Some(now.mono_ms);
        }
        for (key, upvotes) in changes {
            self.publish(key, Change::Upvotes { upvotes });
        }
    }

    /// Whether followers of a room and its moderators know all questions as they are, apart from upvotes still to be told.
    pub(crate) fn questions_are_told(&self, room: &Room) -> bool {
        let mut now: Vec<QuestionView> = room
            .questions
            .iter()
            .filter(|(_, question)| question.merged_into().is_none())
            .filter_map(|(id, question)| view::question(id, question, &self.texts))
            .collect();
        now.sort_by_key(|question| question.order);
        let (public, hidden): (Vec<_>, Vec<_>) = now.into_iter().partition(is_public);
        let told = |known: &[QuestionView], now: &[QuestionView]| {
            let same = |(known, now): (&QuestionView, &QuestionView)| {
                let will_tell = self.upvotes_told.will_tell(&room.config.room, now.question);
                let upvotes = if will_tell { known.upvotes } else { now.upvotes };
                *known == QuestionView { upvotes, ..now.clone() }
            };
            known.len() == now.len() && known.iter().zip(now).all(same)
        };
        match (room.stream.state(), room.moderators.state()) {
            (StreamState::Room(front), StreamState::Moderators(back)) => {
                told(&front.questions, &public) && told(&back.questions, &hidden)
            }
            _ => false,
        }
    }

    /// The questions that somebody supports in the room where they are.
    pub(crate) fn upvoted(&self, person: &Participant) -> Vec<QuestionId> {
        let room = person.room.as_ref().and_then(|room| self.rooms.get(room));
        let Some((questions, key)) = room.and_then(|room| Some((&room.questions, room.questions.key?))) else {
            return Vec::new();
        };
        let voter = keyed(&key, &[&person.id.as_u128().to_be_bytes()]);
        let supported = questions.supported.get(&voter).into_iter().flatten();
        let shown = |id: &QuestionId| questions.get(*id).is_some_and(Question::is_public);
        let wholes: BTreeSet<QuestionId> = supported.flat_map(|id| questions.wholes(*id)).filter(shown).collect();
        wholes.into_iter().collect()
    }
}
