// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Ideas for the programme: what became of each and who supports it, made of facts and rows alone. It knows no participant
//! and no text; those who support are known by hashes under a key that ends with the event.

mod commands;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::ideas::IdeaStage;
use fiera_protocol::ids::{IdeaId, ParticipantId, SlotId};
use fiera_protocol::limits::IDEAS_PER_EVENT_MAX;

use crate::chance::{Key, keyed, named_id};
use crate::config::{EventConfig, PreparedIdea};
use crate::fact::{Fact, KeptText, NoteId};
use crate::hub::Hub;
use crate::input::Now;
use crate::keeping::{from_hex, row};
pub use told::IdeaRow;
pub(crate) use told::IdeaVotesTold;

/// All ideas of one event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Ideas {
    known: BTreeMap<IdeaId, Idea>,
    /// Ideas proposed so far, erased ones included.
    proposed: u32,
    /// New ones and votes are not taken.
    pub(crate) closed: bool,
    /// Hides who supports what; none before the first vote and after the end.
    key: Option<Key>,
    /// Votes of all ideas together.
    votes: usize,
    /// Those that the setup brings.
    setup: Vec<PreparedIdea>,
    /// Those of them that were brought in, erased ones included.
    brought: BTreeSet<IdeaId>,
}

/// One idea.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Idea {
    pub(crate) order: u32,
    pub(crate) presents: bool,
    pub(crate) stage: IdeaStage,
    pub(crate) note: Option<NoteId>,
    pub(crate) slot: Option<SlotId>,
    pub(crate) merged_into: Option<IdeaId>,
    pub(crate) edited: bool,
    supporters: BTreeSet<u128>,
    /// The number for good, once nobody can tell any more whose the votes were.
    counted: Option<u32>,
}

impl Ideas {
    pub(crate) fn new(config: &EventConfig) -> Self {
        Self {
            closed: config.ideas_closed,
            setup: config.ideas.clone(),
            ..Self::default()
        }
    }

    pub(crate) fn get(&self, id: IdeaId) -> Option<&Idea> {
        self.known.get(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Votes of all ideas together.
    pub(crate) fn votes(&self) -> usize {
        self.votes
    }

    /// All of them, in the order in which they were proposed.
    pub(crate) fn in_order(&self) -> Vec<(IdeaId, &Idea)> {
        let mut all: Vec<(IdeaId, &Idea)> = self.known.iter().map(|(id, idea)| (*id, idea)).collect();
        all.sort_by_key(|(_, idea)| idea.order);
        all
    }

    /// An idea, the one that it became part of, and so on up to the one that they are voted with. Merging never makes a cycle.
    fn way(&self, id: IdeaId) -> Vec<IdeaId> {
        let mut way = vec![id];
        while let Some(into) = way.last().and_then(|last| self.known.get(last)?.merged_into) {
            if way.len() > self.known.len() {
                debug_assert!(false, "a cycle");
                break;
            }
            way.push(into);
        }
        way
    }

    /// The one that an idea is voted with: itself, unless it became part of another one.
    fn whole(&self, id: IdeaId) -> IdeaId {
        self.way(id).last().copied().unwrap_or(id)
    }

    /// An idea and all that became part of it.
    fn parts(&self, id: IdeaId) -> Vec<IdeaId> {
        let has_parts = self.known.values().any(|idea| idea.merged_into == Some(id));
        if !has_parts {
            return vec![id];
        }
        self.known
            .keys()
            .copied()
            .filter(|part| self.way(*part).contains(&id))
            .collect()
    }

    /// Different participants who support an idea or one of its parts.
    pub(crate) fn votes_of(&self, id: IdeaId) -> u32 {
        let Some(idea) = self.known.get(&id) else { return 0 };
        if let Some(counted) = idea.counted {
            return counted;
        }
        let parts = self.parts(id);
        let count = match parts.as_slice() {
            [_] => idea.supporters.len(),
            parts => {
                let of = |part: &IdeaId| self.known.get(part).map(|part| &part.supporters);
                let union: BTreeSet<&u128> = parts.iter().filter_map(of).flatten().collect();
                union.len()
            }
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Who supports an idea, one of its parts, or the one that it is voted with and its parts.
    fn supporters_around(&self, id: IdeaId) -> BTreeSet<u128> {
        let of = |part: IdeaId| self.known.get(&part).map(|part| part.supporters.iter().copied());
        self.parts(self.whole(id))
            .into_iter()
            .filter_map(of)
            .flatten()
            .collect()
    }

    fn voter(&self, participant: ParticipantId) -> Option<u128> {
        self.key.map(|key| keyed(&key, &[&participant.as_u128().to_be_bytes()]))
    }

    /// The ideas that a participant supports, as they are voted for.
    pub(crate) fn voted_by(&self, participant: ParticipantId) -> Vec<IdeaId> {
        let Some(voter) = self.voter(participant) else {
            return Vec::new();
        };
        let theirs = self.known.iter().filter(|(_, idea)| idea.supporters.contains(&voter));
        let wholes: BTreeSet<IdeaId> = theirs.map(|(id, _)| self.whole(*id)).collect();
        wholes.into_iter().collect()
    }

    fn supported(&mut self, id: IdeaId, voter: u128, up: bool) {
        let Some(idea) = self.known.get_mut(&id) else { return };
        if up && idea.supporters.insert(voter) {
            self.votes += 1;
        } else if !up && idea.supporters.remove(&voter) {
            self.votes -= 1;
        }
    }

    /// Whether the sums are right and every idea leads to one that stands for itself.
    pub(crate) fn is_sound(&self) -> bool {
        let votes: usize = self.known.values().map(|idea| idea.supporters.len()).sum();
        let stands = |id: &IdeaId| {
            self.known
                .get(&self.whole(*id))
                .is_some_and(|idea| idea.merged_into.is_none())
        };
        votes == self.votes && self.known.keys().all(stands)
    }
}

impl Hub {
    /// Brings in the ideas of the setup that were never brought in.
    pub(crate) fn bring_ideas(&mut self, now: Now) {
        let id = |event: &str, idea: &PreparedIdea| IdeaId::from_u128(named_id("idea", &[event, &idea.name]));
        let event = self.event.clone();
        let named = self
            .ideas
            .setup
            .iter()
            .map(|one| (id(event.as_str(), one), one.clone()));
        let fresh: Vec<_> = named.filter(|(id, _)| !self.ideas.brought.contains(id)).collect();
        for (
            idea,
            PreparedIdea {
                title,
                notes,
                by,
                presents,
                ..
            },
        ) in fresh
        {
            if self.ideas.len() >= IDEAS_PER_EVENT_MAX {
                return;
            }
            let options = notes.into_iter().collect();
            let text = KeptText {
                by,
                options,
                ..KeptText::plain(title, now.unix_min())
            };
            self.keep_text(idea.as_u128(), Some(text));
            self.keep_fact(&Fact::IdeaProposed { idea, presents });
        }
    }

    pub(crate) fn apply_idea_fact(&mut self, fact: &Fact) {
        let ideas = &mut self.ideas;
        let id = match fact {
            Fact::IdeaProposed { idea, .. }
            | Fact::IdeaEdited { idea, .. }
            | Fact::IdeaErased { idea }
            | Fact::IdeaSettled { idea, .. }
            | Fact::IdeaMerged { idea, .. }
            | Fact::IdeaVotesCounted { idea, .. } => *idea,
            Fact::IdeasClosed { closed } => {
                ideas.closed = *closed;
                self.dirty.ideas_closed = true;
                return;
            }
            _ => return,
        };
        // Those that lose a part, and those that get it.
        self.dirty.ideas.extend(ideas.way(id));
        match fact {
            Fact::IdeaProposed { presents, .. } => {
                let idea = Idea {
                    order: ideas.proposed,
                    presents: *presents,
                    stage: IdeaStage::Proposed,
                    note: None,
                    slot: None,
                    merged_into: None,
                    edited: false,
                    supporters: BTreeSet::new(),
                    counted: None,
                };
                ideas.proposed += 1;
                ideas.known.insert(id, idea);
                if id.as_u128() >> 76 & 0xf == 8 {
                    // Made from a name (RFC 9562, version 8), and not drawn: of the setup.
                    ideas.brought.insert(id);
                }
            }
            Fact::IdeaErased { .. } => {
                if let Some(erased) = ideas.known.remove(&id) {
                    ideas.votes -= erased.supporters.len();
                }
                // What had become part of it stands for itself again.
                for (part, idea) in &mut ideas.known {
                    if idea.merged_into == Some(id) {
                        idea.merged_into = None;
                        self.dirty.ideas.insert(*part);
                    }
                }
            }
            _ => {
                if let Some(idea) = ideas.known.get_mut(&id) {
                    idea.apply(fact);
                }
            }
        }
        self.dirty.ideas.extend(self.ideas.way(id));
    }

    pub(crate) fn apply_idea_row(&mut self, kind: &str, name: &[&str], value: Option<&[u8]>) {
        match (kind, name) {
            ("ideakey", []) => self.ideas.key = value.and_then(row),
            ("ideavote", [idea, voter]) => {
                let (Some(idea), Some(voter)) = (from_hex(idea), from_hex(voter)) else {
                    return;
                };
                let idea = IdeaId::from_u128(idea);
                self.ideas.supported(idea, voter, value.is_some());
                self.idea_votes_told.changed(self.ideas.way(idea));
            }
            _ => {}
        }
    }

    /// Nobody can tell any more who supports what.
    pub(crate) fn wipe_ideas(&mut self) {
        (self.ideas.key, self.ideas.votes) = (None, 0);
        for idea in self.ideas.known.values_mut() {
            idea.supporters.clear();
        }
        self.dirty.people.extend(self.people.keys());
    }
}

impl Idea {
    fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::IdeaEdited { presents, .. } => (self.presents, self.edited) = (*presents, true),
            Fact::IdeaSettled { stage, note, slot, .. } => {
                (self.stage, self.note, self.slot) = (*stage, *note, *slot);
            }
            Fact::IdeaMerged { into, .. } => self.merged_into = *into,
            Fact::IdeaVotesCounted { votes, .. } => self.counted = Some(*votes),
            _ => {}
        }
    }
}
