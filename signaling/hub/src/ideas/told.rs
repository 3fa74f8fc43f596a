// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What everybody is told of ideas: each as it stands, votes as numbers and not too often; and the board for those outside.

use std::collections::BTreeSet;

use fiera_protocol::ideas::{IdeaStage, IdeaView, IdeaVotes};
use fiera_protocol::ids::IdeaId;
use fiera_protocol::limits::TALLY_INTERVAL_MS;
use fiera_protocol::view::{Change, StreamState};
use serde::Serialize;

use crate::cadence::Cadence;
use crate::hub::Hub;
use crate::input::Now;
use crate::output::StreamKey;
use crate::timers::Timer;
use crate::view;

/// Votes that followers do not know of yet.
#[derive(Debug, Default)]
pub(crate) struct IdeaVotesTold {
    changed: BTreeSet<IdeaId>,
    cadence: Cadence,
}

impl IdeaVotesTold {
    pub(crate) fn changed(&mut self, ideas: Vec<IdeaId>) {
        self.changed.extend(ideas);
    }

    pub(crate) fn due(&mut self) {
        self.cadence.came();
    }
}

/// An idea on a page that anybody may see, and in exports: without ids and without the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdeaRow {
    /// In which order it was proposed, from 1.
    pub number: u32,
    /// In a line.
    pub title: String,
    /// In some sentences.
    pub notes: Option<String>,
    /// Who proposed it, by the name they chose to show; none: anonymous.
    pub by: Option<String>,
    /// Who proposed it would present it.
    pub presents: bool,
    /// What became of it.
    pub stage: IdeaStage,
    /// Why it is not taken up.
    pub note: Option<String>,
    /// Its slot: start, milliseconds since 1970; none: it has none that takes place.
    pub starts_unix_ms: Option<u64>,
    /// The number of the idea that it became part of.
    pub merged_into: Option<u32>,
    /// Different participants who support it.
    pub votes: u32,
}

impl Hub {
    /// All ideas in the order in which they were proposed.
    #[must_use]
    pub fn idea_rows(&self) -> Vec<IdeaRow> {
        let slots = self.slots();
        let row = |view: IdeaView| {
            let slot = slots
                .iter()
                .find(|slot| Some(slot.slot) == view.slot && !slot.cancelled);
            let into = view.merged_into.and_then(|into| self.ideas.get(into));
            IdeaRow {
                number: view.order + 1,
                title: view.title,
                notes: view.notes,
                by: view.by.map(String::from),
                presents: view.presents,
                stage: view.stage,
                note: view.note,
                starts_unix_ms: slot.map(|slot| slot.starts_unix_ms),
                merged_into: into.map(|into| into.order + 1),
                votes: view.votes,
            }
        };
        self.idea_views().into_iter().map(row).collect()
    }

    fn idea_views(&self) -> Vec<IdeaView> {
        let all = self.ideas.in_order();
        all.into_iter().filter_map(|(id, _)| self.idea_view(id)).collect()
    }

    fn idea_view(&self, id: IdeaId) -> Option<IdeaView> {
        let idea = self.ideas.get(id)?;
        let view = view::idea(id, idea, &self.texts)?;
        let votes = self.ideas.votes_of(id);
        Some(IdeaView { votes, ..view })
    }

    /// Shows an idea to everybody, or takes it away.
    pub(crate) fn settle_idea(&mut self, id: IdeaId) {
        let StreamState::Event(event) = self.stream.state() else {
            return;
        };
        let known = event.ideas.iter().find(|known| known.idea == id);
        let change = match (known, self.idea_view(id)) {
            (known, Some(idea)) if known != Some(&idea) => Change::Idea { idea },
            (Some(_), None) => Change::IdeaGone { idea: id },
            _ => return,
        };
        self.publish(StreamKey::Event, change);
    }

    pub(crate) fn settle_ideas_closed(&mut self) {
        let closed = self.ideas.closed;
        let known = matches!(self.stream.state(), StreamState::Event(event) if event.ideas_closed == closed);
        if !known {
            self.publish(StreamKey::Event, Change::IdeasClosed { closed });
        }
    }

    /// Tells new numbers of supporters at once, or when the interval since the last time is over.
    pub(crate) fn settle_idea_votes(&mut self, now: Now) {
        if self.idea_votes_told.changed.is_empty() {
            return;
        }
        let (told, timers) = (&mut self.idea_votes_told, &mut self.timers);
        if !told
            .cadence
            .ready(now.mono_ms, TALLY_INTERVAL_MS, timers, Timer::IdeaVotes)
        {
            return;
        }
        let changed = std::mem::take(&mut told.changed);
        let StreamState::Event(event) = self.stream.state() else {
            return;
        };
        let count = |idea: IdeaId| IdeaVotes {
            idea,
            votes: self.ideas.votes_of(idea),
        };
        let differs = |now: &IdeaVotes| {
            event
                .ideas
                .iter()
                .any(|known| known.idea == now.idea && known.votes != now.votes)
        };
        let votes: Vec<IdeaVotes> = changed.into_iter().map(count).filter(differs).collect();
        if !votes.is_empty() {
            self.publish(StreamKey::Event, Change::IdeaVotes { votes });
        }
    }

    /// Whether followers know all ideas as they are, apart from votes still to be told.
    pub(crate) fn ideas_are_told(&self) -> bool {
        let StreamState::Event(event) = self.stream.state() else {
            return false;
        };
        let now = self.idea_views();
        let same = |(known, now): (&IdeaView, &IdeaView)| {
            let late = self.idea_votes_told.cadence.is_due() && self.idea_votes_told.changed.contains(&now.idea);
            let votes = if late { known.votes } else { now.votes };
            *known == IdeaView { votes, ..now.clone() }
        };
        event.ideas_closed == self.ideas.closed
            && event.ideas.len() == now.len()
            && event.ideas.iter().zip(&now).all(same)
    }
}
