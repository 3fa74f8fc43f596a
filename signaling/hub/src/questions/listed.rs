// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Questions as lists for the shell: all of them for organisers, the open ones of a room to compare others with.

use fiera_protocol::ids::{LabelId, QuestionId, RoomId};
use serde::Serialize;

use super::{Question, takes_upvotes};
use crate::hub::Hub;
use crate::recap::clock;
use crate::view;

/// A question in the list for organisers. No ids; times to the minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuestionRow {
    /// Short name of its room.
    pub room: RoomId,
    /// The room's title in the event's first language; of a stand its name.
    pub room_title: String,
    /// Counts from 1 in each room, in the order in which they were asked.
    pub number: u32,
    /// The question.
    pub text: String,
    /// Who asked, by the name they chose to show; none: anonymous.
    pub by: Option<String>,
    /// What became of it, as on the wire.
    pub stage: String,
    /// Participants who support it.
    pub upvotes: u32,
    /// The number of the question that it was merged into.
    pub merged_into: Option<u32>,
    /// Its labels.
    pub labels: Vec<String>,
    /// The name of who is to answer it.
    pub assigned: Option<String>,
    /// Why it was dismissed, or who follows it up.
    pub note: Option<String>,
    /// Until when it is followed up, year, month and day.
    pub due: Option<String>,
    /// The written answer.
    pub answer: Option<String>,
    /// Its words were changed after others had seen them, or by a moderator.
    pub edited: bool,
    /// It was put away.
    pub archived: bool,
    /// A moderator made it of a chat message.
    pub from_chat: bool,
    /// When it was asked, to the minute, UTC.
    pub at_utc: String,
}

/// An open question that others may be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenQuestion {
    /// Its id.
    pub question: QuestionId,
    /// The question.
    pub text: String,
    /// Participants who support it.
    pub upvotes: u32,
}

impl Hub {
    /// All questions that were not erased, room by room, those at stands behind the others, in the order in which they
    /// were asked.
    #[must_use]
    pub fn question_rows(&self) -> Vec<QuestionRow> {
        let mut rows = Vec::new();
        let stands = self.stands.rooms_in_order();
        for room_id in self.order.iter().chain(stands.into_iter().map(|(_, room)| room)) {
            let Some(room) = self.rooms.get(room_id) else { continue };
            let mut of_room: Vec<QuestionRow> = room
                .questions
                .iter()
                .filter_map(|(id, question)| self.question_row(room_id, id, question))
                .collect();
            of_room.sort_by_key(|row| row.number);
            rows.extend(of_room);
        }
        rows
    }

    fn question_row(&self, room: &RoomId, id: QuestionId, question: &Question) -> Option<QuestionRow> {
        let questions = &self.rooms.get(room)?.questions;
        let shown = view::question(id, question, &self.texts)?;
        let word = |label: &LabelId| Some(self.texts.get(&label.as_u128())?.text.clone());
        let whole = question.merged_into().and_then(|whole| questions.get(whole));
        Some(QuestionRow {
            room: room.clone(),
            room_title: self.title_of_room(room),
            number: shown.order + 1,
            text: shown.text,
            by: shown.by.map(String::from),
            stage: serde_json::to_value(shown.stage).ok()?.as_str()?.to_owned(),
            upvotes: shown.upvotes,
            merged_into: whole.map(|whole| whole.order + 1),
            labels: shown.labels.iter().filter_map(word).collect(),
            assigned: shown.assigned.map(|of| of.name.into()),
            note: shown.note,
            due: shown.due_day.map(|day| {
                clock(u64::from(day) * 1_440)
                    .split(' ')
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            }),
            answer: shown.answer,
            edited: shown.edited,
            archived: shown.archived,
            from_chat: shown.from_chat,
            at_utc: clock(shown.at_unix_ms / 60_000),
        })
    }

    fn title_of_room(&self, room: &RoomId) -> String {
        let stand = self.stands.of_room(room).and_then(|stand| self.stand_name(stand));
        let title = || self.rooms.get(room).map(|room| room.config.title.clone());
        stand.or_else(title).unwrap_or_default()
    }

    /// The questions of a room that everybody there sees and may support.
    #[must_use]
    pub fn open_questions(&self, room: &RoomId) -> Vec<OpenQuestion> {
        let questions = self.rooms.get(room).into_iter().flat_map(|room| room.questions.iter());
        let open = questions.filter(|(_, question)| question.is_public() && takes_upvotes(question.stage));
        let told = open.filter_map(|(id, question)| {
            Some(OpenQuestion {
                question: id,
                text: self.texts.get(&id.as_u128())?.text.clone(),
                upvotes: question.upvotes(),
            })
        });
        told.collect()
    }
}
