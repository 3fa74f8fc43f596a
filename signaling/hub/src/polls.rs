// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Single-choice polls: secret ballots while one is open, numbers alone after it, and those hidden until they are
//! revealed. A ballot is filed under a key that is destroyed with all ballots when the poll closes.

use std::collections::BTreeMap;

use fiera_protocol::fair::{PollPhase, PollView, YourVote};
use fiera_protocol::ids::{ParticipantId, PollId, RoomId};

use crate::chance::{Key, keyed};
use crate::fact::{Fact, KeptText};
use crate::hub::Hub;
use crate::keeping::{from_hex, row};

mod commands;

/// One poll.
#[derive(Debug)]
pub(crate) struct Poll {
    pub(crate) id: PollId,
    pub(crate) question: String,
    pub(crate) options: Vec<String>,
    pub(crate) phase: PollPhase,
    /// Drawn with the first vote.
    pub(crate) key: Option<Key>,
    /// The answer of each voter, by a name that only the key can make.
    pub(crate) ballots: BTreeMap<u128, u8>,
    /// Votes per answer, once closed.
    pub(crate) tally: Vec<u32>,
    /// Grows with each poll that is opened in the room; the last one is shown.
    opened: u32,
    dismissed: bool,
}

impl Poll {
    fn new(id: PollId, text: Option<&KeptText>) -> Self {
        Self {
            id,
            question: text.map(|text| text.text.clone()).unwrap_or_default(),
            options: text.map(|text| text.options.clone()).unwrap_or_default(),
            phase: PollPhase::Draft,
            key: None,
            ballots: BTreeMap::new(),
            tally: Vec::new(),
            opened: 0,
            dismissed: false,
        }
    }

    /// How the votes are spread now.
    pub(crate) fn count(&self) -> Vec<u32> {
        let mut tally = vec![0; self.options.len()];
        for option in self.ballots.values() {
            if let Some(votes) = tally.get_mut(usize::from(*option)) {
                *votes += 1;
            }
        }
        tally
    }

    /// What anybody is shown of it: the numbers per answer only once they are revealed.
    pub(crate) fn view(&self) -> PollView {
        let answers = match self.phase {
            PollPhase::Draft | PollPhase::Open => u32::try_from(self.ballots.len()).unwrap_or(u32::MAX),
            PollPhase::Closed | PollPhase::Revealed => self.tally.iter().sum(),
        };
        PollView {
            poll: self.id,
            question: self.question.clone(),
            options: self.options.clone(),
            phase: self.phase,
            answers,
            tally: (self.phase == PollPhase::Revealed).then(|| self.tally.clone()),
        }
    }

    /// The name of a participant's ballot; none before the key is drawn.
    pub(crate) fn voter(&self, participant: ParticipantId) -> Option<u128> {
        let participant = participant.as_u128().to_be_bytes();
        self.key.map(|key| keyed(&key, &[&participant]))
    }

    fn forget_ballots(&mut self) {
        self.key = None;
        self.ballots.clear();
    }
}

/// The polls of one room, in the order in which they were drafted.
#[derive(Debug, Default)]
pub(crate) struct Polls {
    polls: Vec<Poll>,
}

impl Polls {
    pub(crate) fn get(&self, id: PollId) -> Option<&Poll> {
        self.polls.iter().find(|poll| poll.id == id)
    }

    fn get_mut(&mut self, id: PollId) -> Option<&mut Poll> {
        self.polls.iter_mut().find(|poll| poll.id == id)
    }

    pub(crate) fn len(&self) -> usize {
        self.polls.len()
    }

    /// The one that takes votes.
    pub(crate) fn open(&self) -> Option<&Poll> {
        self.polls.iter().find(|poll| poll.phase == PollPhase::Open)
    }

    /// The one that everybody sees.
    pub(crate) fn shown(&self) -> Option<PollView> {
        let past_or_open = self.polls.iter().filter(|poll| poll.phase != PollPhase::Draft);
        let last = past_or_open.max_by_key(|poll| poll.opened)?;
        (!last.dismissed).then(|| last.view())
    }

    /// All, as moderators see them.
    pub(crate) fn views(&self) -> impl Iterator<Item = PollView> + '_ {
        self.polls.iter().map(Poll::view)
    }

    /// Somebody's answer to the open poll.
    pub(crate) fn vote_of(&self, participant: ParticipantId) -> Option<YourVote> {
        let poll = self.open()?;
        let option = *poll.ballots.get(&poll.voter(participant)?)?;
        Some(YourVote { poll: poll.id, option })
    }

    /// Whether votes were taken and the numbers are the sum of them; for the invariants.
    pub(crate) fn is_sound(&self) -> bool {
        let secret = |poll: &Poll| poll.phase == PollPhase::Open || (poll.ballots.is_empty() && poll.key.is_none());
        let open = self.polls.iter().filter(|poll| poll.phase == PollPhase::Open).count();
        open <= 1 && self.polls.iter().all(secret)
    }

    fn moved(&mut self, id: PollId, phase: PollPhase, tally: Option<Vec<u32>>) {
        let opened = self.polls.iter().map(|poll| poll.opened).max().unwrap_or(0);
        let Some(poll) = self.get_mut(id) else { return };
        poll.phase = phase;
        match phase {
            PollPhase::Draft => {}
            PollPhase::Open => poll.opened = opened.saturating_add(1),
            PollPhase::Closed => poll.forget_ballots(),
            // Who reveals a poll wants it to be seen.
            PollPhase::Revealed => poll.dismissed = false,
        }
        if let Some(tally) = tally {
            poll.tally = tally;
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

impl Hub {
    pub(crate) fn apply_poll_fact(&mut self, fact: &Fact) {
        let (Fact::PollDrafted { room, .. } | Fact::PollMoved { room, .. } | Fact::PollDismissed { room, .. }) = fact
        else {
            return;
        };
        let Some(place) = self.rooms.get_mut(room) else { return };
        let polls = &mut place.polls;
        match fact {
            Fact::PollDrafted { poll, .. } => {
                let text = self.texts.get(&poll.as_u128());
                polls.polls.push(Poll::new(*poll, text));
            }
            Fact::PollMoved { poll, phase, tally, .. } => {
                polls.moved(*poll, *phase, tally.clone());
                // Votes appear and disappear with the open poll.
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
                match value.and_then(row::<u8>) {
                    Some(option) => poll.ballots.insert(voter, option),
                    None => poll.ballots.remove(&voter),
                };
                self.dirty.tallies = true;
            }
            _ => {}
        }
    }

    pub(crate) fn wipe_polls(&mut self) {
        for room in self.rooms.values_mut() {
            room.polls.polls.iter_mut().for_each(Poll::forget_ballots);
        }
    }

    /// The event ends: votes are counted while there are any.
    pub(crate) fn close_polls(&mut self) {
        let open = |(id, room): (&RoomId, &crate::room::Room)| Some((id.clone(), room.polls.open()?.id));
        let open: Vec<(RoomId, PollId)> = self.rooms.iter().filter_map(open).collect();
        for (room, poll) in open {
            self.close_poll(&room, poll);
        }
    }
}
