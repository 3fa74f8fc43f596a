// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What facts and rows make of polls, when they are kept and when they are replayed.

use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{EntryId, PollId, RoomId};
use fiera_protocol::poll::PollForm;

use super::{Asked, Ballot, Entry, Poll, Polls};
use crate::fact::{Fact, PollCount, PollShape};
use crate::hub::Hub;
use crate::keeping::{from_hex, row};

impl Polls {
    fn add(&mut self, poll: Poll) {
        self.prepared.insert(poll.id);
        self.polls.push(poll);
    }

    fn place(&mut self, id: PollId, after: Option<PollId>) {
        let Some(at) = self.polls.iter().position(|poll| poll.id == id) else {
            return;
        };
        let poll = self.polls.remove(at);
        let before = |id| self.polls.iter().position(|poll| poll.id == id);
        let to = after.map_or(Some(0), |after| before(after).map(|at| at + 1));
        let to = to.unwrap_or(at).min(self.polls.len());
        self.polls.insert(to, poll);
    }

    fn moved(&mut self, id: PollId, phase: PollPhase, tally: Option<Vec<u32>>) {
        let opened = self.polls.iter().map(|poll| poll.opened).max().unwrap_or(0);
        let Some(poll) = self.get_mut(id) else { return };
        poll.phase = phase;
        match phase {
            PollPhase::Draft => {}
            PollPhase::Open => poll.opened = opened.saturating_add(1),
            PollPhase::Closed => {
                poll.forget_ballots();
                poll.asked = None;
            }
            // Who reveals a poll wants it to be seen.
            PollPhase::Revealed => poll.dismissed = false,
        }
        // Of a log from before there were other forms than single choices.
        if let Some(tally) = tally {
            poll.answers = tally.iter().sum();
            poll.count = Some(PollCount {
                tallies: vec![tally],
                entries: Vec::new(),
                others: 0,
            });
        }
    }

    fn dismissed(&mut self, id: PollId) {
        self.polls
            .retain(|poll| poll.id != id || poll.phase != PollPhase::Draft);
        if let Some(poll) = self.get_mut(id) {
            poll.dismissed = true;
        }
    }
}

impl Poll {
    /// The votes were counted; `text` gives the words of an entry that were not erased.
    fn counted(&mut self, answers: u32, count: Option<&PollCount>, text: impl Fn(EntryId) -> Option<String>) {
        self.answers = answers;
        self.count = count.cloned();
        let shown = !matches!(self.form, PollForm::Text {});
        let entry = |(id, count): &(EntryId, u32)| {
            Some(Entry {
                id: *id,
                text: text(*id)?,
                count: *count,
                shown,
            })
        };
        let entries = count.map(|count| count.entries.as_slice()).unwrap_or_default();
        self.entries = entries.iter().filter_map(entry).collect();
    }

    fn entry_mut(&mut self, id: EntryId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }
}

impl Hub {
    pub(crate) fn apply_poll_fact(&mut self, fact: &Fact) {
        let Some(room) = room_of(fact) else { return };
        let Some(place) = self.rooms.get_mut(room) else { return };
        let polls = &mut place.polls;
        match fact {
            Fact::PollDrafted { poll, .. } => {
                let text = self.texts.get(&poll.as_u128());
                polls.add(Poll::new(*poll, text, &PollShape::default()));
            }
            Fact::PollPrepared { poll, shape, .. } => {
                let text = self.texts.get(&poll.as_u128());
                polls.add(Poll::new(*poll, text, shape));
            }
            Fact::PollPlaced { poll, after, .. } => polls.place(*poll, *after),
            Fact::PollMoved { poll, phase, tally, .. } => {
                polls.moved(*poll, *phase, tally.clone());
                // Votes appear and disappear with the open poll.
                self.dirty.people.extend(place.people().iter().copied());
            }
            Fact::PollCounted {
                poll, answers, count, ..
            } => {
                let text = |id: EntryId| Some(self.texts.get(&id.as_u128())?.text.clone());
                if let Some(poll) = polls.get_mut(*poll) {
                    poll.counted(*answers, count.as_ref(), text);
                }
            }
            Fact::PollEntryShown { poll, entry, shown, .. } => {
                if let Some(entry) = polls.get_mut(*poll).and_then(|poll| poll.entry_mut(*entry)) {
                    entry.shown = *shown;
                }
            }
            Fact::PollEntryErased { poll, entry, .. } => {
                if let Some(poll) = polls.get_mut(*poll) {
                    poll.entries.retain(|known| known.id != *entry);
                }
            }
            Fact::QuizAsked { poll, question, .. } => {
                if let Some(poll) = polls.get_mut(*poll) {
                    poll.asked = Some(Asked {
                        number: *question,
                        over: false,
                        run: None,
                    });
                }
                self.dirty.people.extend(place.people().iter().copied());
            }
            Fact::QuizStopped { poll, question, .. } => {
                let asked = polls.get_mut(*poll).and_then(|poll| poll.asked.as_mut());
                if let Some(asked) = asked.filter(|asked| asked.number == *question) {
                    asked.over = true;
                    asked.run = None;
                }
                self.dirty.people.extend(place.people().iter().copied());
            }
            Fact::PollDismissed { poll, .. } => polls.dismissed(*poll),
            _ => {}
        }
        self.dirty.rooms.insert(room.clone());
        self.dirty.tallies = true;
    }

    pub(crate) fn apply_poll_row(&mut self, kind: &str, name: &[&str], value: Option<&[u8]>) {
        let Some(id) = name.first().and_then(|id| from_hex(id)).map(PollId::from_u128) else {
            return;
        };
        let with_poll = |room: &&mut crate::room::Room| room.polls.get(id).is_some();
        let Some(room) = self.rooms.values_mut().find(with_poll) else {
            return;
        };
        let Some(poll) = room.polls.get_mut(id).filter(|poll| poll.phase == PollPhase::Open) else {
            return;
        };
        match (kind, name) {
            ("pollkey", [_]) => poll.key = value.and_then(row),
            ("ballot", [_, voter]) => {
                let Some(voter) = from_hex(voter) else { return };
                match value.and_then(row::<Ballot>) {
                    Some(ballot) => poll.ballots.insert(voter, ballot),
                    None => poll.ballots.remove(&voter),
                };
                self.dirty.tallies = true;
            }
            _ => {}
        }
    }

    pub(crate) fn wipe_polls(&mut self) {
        for room in self.rooms.values_mut() {
            room.polls.iter_mut().for_each(Poll::forget_ballots);
        }
    }
}

/// The room that a fact about polls is about.
fn room_of(fact: &Fact) -> Option<&RoomId> {
    match fact {
        Fact::PollDrafted { room, .. }
        | Fact::PollPrepared { room, .. }
        | Fact::PollPlaced { room, .. }
        | Fact::PollMoved { room, .. }
        | Fact::PollCounted { room, .. }
        | Fact::PollEntryShown { room, .. }
        | Fact::PollEntryErased { room, .. }
        | Fact::QuizAsked { room, .. }
        | Fact::QuizStopped { room, .. }
        | Fact::PollDismissed { room, .. } => Some(room),
        _ => None,
    }
}
