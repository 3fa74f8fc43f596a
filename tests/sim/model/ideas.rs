// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Ideas for the programme: what became of them, what they are part of, and who supports them.

use std::collections::BTreeSet;

use fiera_protocol::client::Command;
use fiera_protocol::ideas::{IdeaStage, IdeaStep};
use fiera_protocol::ids::{AuthorSecret, DisplayName, IdeaId, ParticipantId, SlotId};
use fiera_protocol::limits::{IDEAS_PER_EVENT_MAX, IDEAS_PER_WINDOW_MAX, IDEAS_WINDOW_MS};

use super::{Drawn, Kept, Model, Verdict};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Idea {
    pub(crate) id: IdeaId,
    pub(crate) order: u32,
    pub(crate) title: String,
    pub(crate) notes: Option<String>,
    pub(crate) by: Option<DisplayName>,
    pub(crate) presents: bool,
    pub(crate) stage: IdeaStage,
    pub(crate) note: Option<String>,
    pub(crate) slot: Option<SlotId>,
    pub(crate) merged_into: Option<IdeaId>,
    pub(crate) edited: bool,
    pub(crate) secret: AuthorSecret,
    pub(crate) voters: BTreeSet<ParticipantId>,
    /// How many supported it, once nobody can tell any more who they were.
    pub(crate) counted: Option<usize>,
}

/// The table of PR10, but for what the programme does.
pub(crate) fn settles(from: IdeaStage) -> &'static [IdeaStage] {
    use IdeaStage::{Done, Planned, Proposed, Refused};
    match from {
        Proposed => &[Refused, Done],
        Planned => &[Proposed, Done],
        Refused | Done => &[Proposed],
    }
}

impl Idea {
    /// Whether it may be voted for, edited, planned, and made part of another one.
    pub(crate) fn is_open(&self) -> bool {
        self.stage == IdeaStage::Proposed && self.merged_into.is_none()
    }
}

impl Kept {
    pub(crate) fn idea(&self, id: IdeaId) -> Option<&Idea> {
        self.ideas.iter().find(|idea| idea.id == id)
    }

    pub(super) fn idea_mut(&mut self, id: IdeaId) -> &mut Idea {
        let found = self.ideas.iter_mut().find(|idea| idea.id == id);
        found.expect("known")
    }

    /// An idea and all that became part of it.
    fn idea_parts(&self, id: IdeaId) -> Vec<IdeaId> {
        let direct = self.ideas.iter().filter(|part| part.merged_into == Some(id));
        let deep = direct.flat_map(|part| self.idea_parts(part.id));
        [id].into_iter().chain(deep).collect()
    }

    /// Everybody who supports an idea or any part of it (PR13).
    pub(crate) fn idea_voters(&self, id: IdeaId) -> BTreeSet<ParticipantId> {
        let parts = self.idea_parts(id).into_iter();
        let voters = parts.filter_map(|part| self.idea(part)).flat_map(|part| &part.voters);
        voters.copied().collect()
    }

    pub(crate) fn idea_votes(&self, idea: &Idea) -> usize {
        idea.counted.unwrap_or_else(|| self.idea_voters(idea.id).len())
    }

    /// PR11: only numbers are left of those who voted.
    pub(crate) fn count_idea_voters(&mut self) {
        let counts: Vec<usize> = self.ideas.iter().map(|idea| self.idea_votes(idea)).collect();
        for (idea, count) in self.ideas.iter_mut().zip(counts) {
            idea.counted = Some(count);
            idea.voters.clear();
        }
    }
}

impl Model {
    fn may_propose<'a>(&self, now_ms: u64, who: ParticipantId, words: impl Iterator<Item = &'a str>) -> bool {
        let recent = |at: &&u64| **at + IDEAS_WINDOW_MS > now_ms;
        let lately = self
            .here
            .proposals
            .get(&who)
            .map_or(0, |at| at.iter().filter(recent).count());
        let mut words = words;
        !self.kept.ideas_closed
            && self.has_voice(who)
            && words.all(|text| self.lets_through(text))
            && lately < IDEAS_PER_WINDOW_MAX as usize
    }

    pub(super) fn judge_idea(&self, now_ms: u64, actor: ParticipantId, command: &Command) -> Option<Verdict> {
        let Command::Ideas { step } = command else { return None };
        let found = |id: &IdeaId| self.kept.idea(*id);
        let fits = match step {
            IdeaStep::Propose { title, notes, .. } => {
                let words = [title.as_str()]
                    .into_iter()
                    .chain(notes.iter().map(|notes| notes.as_str()));
                self.kept.ideas.len() < IDEAS_PER_EVENT_MAX && self.may_propose(now_ms, actor, words)
            }
            IdeaStep::Edit {
                idea,
                title,
                notes,
                secret,
                ..
            } => {
                let words = [title.as_str()]
                    .into_iter()
                    .chain(notes.iter().map(|notes| notes.as_str()));
                let own = |known: &Idea| known.secret == *secret && known.is_open();
                found(idea).is_some_and(own) && self.may_propose(now_ms, actor, words)
            }
            IdeaStep::Vote { idea, .. } => !self.kept.ideas_closed && found(idea).is_some_and(Idea::is_open),
            IdeaStep::Erase { idea, secret } => {
                found(idea).is_some_and(|known| *secret == Some(known.secret) || self.moderates(actor))
            }
            IdeaStep::Settle { idea, from, to, note } => {
                let needs_note = *to == IdeaStage::Refused;
                let stands = found(idea).is_some_and(|known| known.stage == *from && known.merged_into.is_none());
                stands && settles(*from).contains(to) && needs_note == note.is_some()
            }
            IdeaStep::Merge { idea, into: Some(into) } => {
                let stands = found(into).is_some_and(|whole| whole.merged_into.is_none());
                found(idea).is_some_and(Idea::is_open) && stands && idea != into
            }
            IdeaStep::Merge { idea, into: None } => found(idea).is_some(),
            IdeaStep::Open { .. } => true,
        };
        Some(fits.into())
    }

    pub(super) fn do_idea(&mut self, actor: ParticipantId, command: &Command, drawn: &Drawn<'_>) {
        let Command::Ideas { step } = command else { return };
        match step {
            IdeaStep::Propose {
                title,
                notes,
                presents,
                anonymous,
                secret,
            } => {
                let (by, order) = ((!anonymous).then(|| self.name(actor)), self.kept.proposed);
                self.here.proposals.entry(actor).or_default().push(drawn.now_ms);
                self.kept.ideas.push(Idea {
                    id: drawn.of("idea_proposed", "idea"),
                    order,
                    title: title.as_str().to_owned(),
                    notes: notes.as_ref().map(|notes| notes.as_str().to_owned()),
                    by,
                    presents: *presents,
                    stage: IdeaStage::Proposed,
                    note: None,
                    slot: None,
                    merged_into: None,
                    edited: false,
                    secret: *secret,
                    voters: BTreeSet::new(),
                    counted: None,
                });
                self.kept.proposed += 1;
            }
            IdeaStep::Edit {
                idea,
                title,
                notes,
                presents,
                ..
            } => {
                self.here.proposals.entry(actor).or_default().push(drawn.now_ms);
                let known = self.kept.idea_mut(*idea);
                known.title = title.as_str().to_owned();
                known.notes = notes.as_ref().map(|notes| notes.as_str().to_owned());
                (known.presents, known.edited) = (*presents, true);
            }
            IdeaStep::Vote { idea, up: true } => {
                if !self.kept.idea_voters(*idea).contains(&actor) {
                    self.kept.idea_mut(*idea).voters.insert(actor);
                }
            }
            IdeaStep::Vote { idea, up: false } => {
                for part in self.kept.idea_parts(*idea) {
                    self.kept.idea_mut(part).voters.remove(&actor);
                }
            }
            IdeaStep::Erase { idea, .. } => {
                let parts = self
                    .kept
                    .ideas
                    .iter_mut()
                    .filter(|part| part.merged_into == Some(*idea));
                parts.for_each(|part| part.merged_into = None);
                self.kept.ideas.retain(|known| known.id != *idea);
            }
            IdeaStep::Settle { idea, to, note, .. } => {
                let known = self.kept.idea_mut(*idea);
                known.stage = *to;
                known.note = note.as_ref().map(|note| note.as_str().to_owned());
                if *to != IdeaStage::Done {
                    known.slot = None;
                }
            }
            IdeaStep::Merge { idea, into } => self.kept.idea_mut(*idea).merged_into = *into,
            IdeaStep::Open { open } => self.kept.ideas_closed = !open,
        }
    }
}
