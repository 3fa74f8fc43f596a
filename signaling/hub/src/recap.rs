// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What is left of an event for everybody to read: questions and what became of them, polls, announcements, attendance.

use fiera_protocol::fair::{Announcement, CurvePoint, PollView, QuestionView};
use fiera_protocol::ids::{EventId, RoomId};
use fiera_protocol::view::EventPhase;
use serde::Serialize;

use crate::hub::Hub;

/// The whole recap. No participant id; names only where their owners chose to show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recap {
    /// Short name of the event.
    pub event: EventId,
    /// Title in the event's first language.
    pub title: String,
    /// Where in its life the event is: a recap of an event that is not over yet is preliminary.
    pub phase: EventPhase,
    /// Most participants at once; none: fewer than 10.
    pub peak: Option<u32>,
    /// Most participants at once in each minute.
    pub curve: Vec<CurvePoint>,
    /// All announcements, oldest first.
    pub announcements: Vec<Announcement>,
    /// Rooms, in the organiser's order.
    pub rooms: Vec<RoomRecap>,
}

/// One room within [`Recap`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoomRecap {
    /// Short name.
    pub room: RoomId,
    /// Title in the event's first language.
    pub title: String,
    /// Published questions and what became of them, best supported first.
    pub questions: Vec<QuestionView>,
    /// Polls that were revealed.
    pub polls: Vec<PollView>,
}

impl Hub {
    /// What is left of the event so far.
    #[must_use]
    pub fn recap(&self) -> Recap {
        Recap {
            event: self.event.clone(),
            title: String::new(),
            phase: self.phase,
            peak: None,
            curve: Vec::new(),
            announcements: Vec::new(),
            rooms: Vec::new(),
        }
    }
}
