// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What is left of an event for everybody to read: questions and what became of them, polls, announcements, attendance.
//! It is made of what is kept, so it is the same after a restart.

use fiera_protocol::fair::{Announcement, CurvePoint, Localised, PollPhase, PollView, QuestionStage, QuestionView};
use fiera_protocol::ids::{DisplayName, EventId, RoomId, StandId};
use fiera_protocol::thanks::ThanksView;
use fiera_protocol::view::{EventPhase, StreamState};
use serde::Serialize;

use crate::breakouts::BreakoutNotes;
use crate::captions::Transcript;
use crate::hub::Hub;
use crate::ideas::IdeaRow;
use crate::questions::{Question, is_public};
use crate::room::Room;
use crate::stands::StandRecap;
use crate::view;

mod ideas;
mod markdown;
mod polls;
mod stands;

pub use markdown::Language;
pub(crate) use markdown::clock;
pub use polls::formula_guard;
pub use stands::{stands_csv, stands_markdown};

/// The whole recap. No participant id; names only where their owners chose to show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recap {
    /// Short name of the event.
    pub event: EventId,
    /// Title in the event's first language.
    pub title: String,
    /// Title in each language that the organiser wrote.
    pub titles: Localised,
    /// Who runs it, as written by the organiser.
    pub organiser: Option<String>,
    /// Where in its life the event is: a recap of an event that is not over yet is preliminary.
    pub phase: EventPhase,
    /// Most participants at once; none: fewer than 10.
    pub peak: Option<u32>,
    /// Most participants at once in each minute; none: fewer than 10. Joins are not kept.
    pub curve: Vec<CurvePoint>,
    /// All announcements, oldest first.
    pub announcements: Vec<Announcement>,
    /// Ideas for the programme and what became of them, in the order in which they were proposed.
    pub ideas: Vec<IdeaRow>,
    /// Thanks that those who were thanked chose to show, in the order in which they did.
    pub thanks: Vec<PublicThanks>,
    /// Rooms, in the organiser's order; then stands where something was asked or voted, in the order in which they were
    /// opened. Hidden ones are left out.
    pub rooms: Vec<RoomRecap>,
    /// What breakout rooms wrote down, in the order of the rounds and their rooms; rooms without a card are left out.
    pub breakouts: Vec<BreakoutNotes>,
    /// Stands with their cards, in the order in which they were opened; hidden ones are left out.
    pub stands: Vec<StandRecap>,
}

/// A question on a page that anybody may see: without the id that its room knows it by, and without the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicQuestion {
    /// The question.
    pub text: String,
    /// Who asked, by the name they chose to show; none: anonymous.
    pub by: Option<DisplayName>,
    /// What became of it.
    pub stage: QuestionStage,
    /// Who follows it up.
    pub note: Option<String>,
    /// Until when it is followed up, days since 1970.
    pub due_day: Option<u32>,
    /// The written answer.
    pub answer: Option<String>,
    /// How many other questions were merged into it.
    pub merged: u32,
    /// Participants who support it.
    pub upvotes: u32,
}

impl From<QuestionView> for PublicQuestion {
    fn from(question: QuestionView) -> Self {
        let QuestionView {
            text,
            by,
            stage,
            note,
            due_day,
            answer,
            merged,
            upvotes,
            ..
        } = question;
        Self {
            text,
            by,
            stage,
            note,
            due_day,
            answer,
            merged,
            upvotes,
        }
    }
}

/// A thanks on a page that anybody may see: without the id that the event knows it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicThanks {
    /// Who was thanked.
    pub to: DisplayName,
    /// Who thanked.
    pub by: DisplayName,
    /// What for.
    pub text: Option<String>,
}

impl From<ThanksView> for PublicThanks {
    fn from(ThanksView { to, by, text, .. }: ThanksView) -> Self {
        Self { to, by, text }
    }
}

/// One room within [`Recap`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoomRecap {
    /// Short name.
    pub room: RoomId,
    /// Title in the event's first language; of a stand its name.
    pub title: String,
    /// Title in each language that the organiser wrote.
    pub titles: Localised,
    /// Published questions and what became of them, best supported first.
    pub questions: Vec<PublicQuestion>,
    /// Polls that were revealed.
    pub polls: Vec<PollView>,
    /// What was said, by language, where the event keeps captions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transcripts: Vec<Transcript>,
}

impl Hub {
    /// What is left of the event so far.
    #[must_use]
    pub fn recap(&self) -> Recap {
        let StreamState::Event(event) = self.stream.state() else {
            unreachable!("the event's stream holds the event");
        };
        let announcements = self.announcements.kept().iter();
        Recap {
            event: self.event.clone(),
            title: event.title.clone(),
            titles: event.titles.clone(),
            organiser: event.organiser.clone(),
            phase: self.phase,
            peak: self.attendance.kept_peak(),
            curve: self.attendance.kept_curve(),
            announcements: announcements
                .filter_map(|id| view::announcement(*id, &self.texts))
                .collect(),
            ideas: self.idea_rows(),
            thanks: self.public_thanks().into_iter().map(PublicThanks::from).collect(),
            rooms: self.room_recaps(),
            breakouts: self.breakout_notes(),
            stands: self.stand_rows(),
        }
    }

    fn room_recaps(&self) -> Vec<RoomRecap> {
        let listed = self.order.iter().filter_map(|id| self.rooms.get(id));
        let listed = listed.map(|room| self.room_recap(room));
        let shown = self.stands.rooms_in_order().into_iter();
        let of_stand = |(stand, room): (StandId, &RoomId)| {
            let title = self.stand_name(stand)?;
            let recap = self.room_recap(self.rooms.get(room)?);
            let empty = recap.questions.is_empty() && recap.polls.is_empty();
            (!empty).then_some(RoomRecap { title, ..recap })
        };
        let stands = shown
            .filter(|(stand, _)| !self.is_hidden_stand(*stand))
            .filter_map(of_stand);
        listed.chain(stands).collect()
    }

    fn room_recap(&self, room: &Room) -> RoomRecap {
        let told = |question: &Question| is_public(question.stage) && question.merged_into().is_none();
        let public = room.questions.iter().filter(|(_, question)| told(question));
        let mut questions: Vec<QuestionView> = public
            .filter_map(|(id, question)| view::question(id, question, &self.texts))
            .collect();
        questions.sort_by_key(|question| (std::cmp::Reverse(question.upvotes), question.order));
        let polls = room.polls.views();
        // Nobody says so any more once the event is over.
        let told = |question: QuestionView| {
            let was_last = self.phase == EventPhase::Ended && question.stage == QuestionStage::Now;
            let stage = if was_last {
                QuestionStage::Answered
            } else {
                question.stage
            };
            PublicQuestion::from(QuestionView { stage, ..question })
        };
        RoomRecap {
            room: room.config.room.clone(),
            title: room.config.title.clone(),
            titles: room.config.titles.clone(),
            questions: questions.into_iter().map(told).collect(),
            polls: polls.filter(|poll| poll.phase == PollPhase::Revealed).collect(),
            transcripts: self.transcripts(&room.captions),
        }
    }
}
