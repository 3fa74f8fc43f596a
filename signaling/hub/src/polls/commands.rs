// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What moderators do with polls, and how everybody votes.

use fiera_protocol::client::Command;
use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{ParticipantId, PollId, RoomId};
use fiera_protocol::limits::{POLL_OPTIONS_MAX, POLL_OPTIONS_MIN, POLLS_PER_ROOM_MAX};
use fiera_protocol::text::{PollOptionText, PollQuestionText};

use crate::access::{Deed, Seat};
use crate::fact::{Fact, KeptText};
use crate::hub::Hub;
use crate::input::Now;
use crate::keeping::hex;
use crate::refusal::{self, Refusal};

impl Hub {
    pub(crate) fn poll_command(&mut self, now: Now, actor: ParticipantId, command: Command) -> Result<(), Refusal> {
        match command {
            Command::DraftPoll { question, options } => self.draft_poll(now, actor, &question, options),
            Command::SetPoll { poll, phase } => self.set_poll(actor, poll, phase),
            Command::DismissPoll { poll } => self.dismiss_poll(actor, poll),
            Command::Vote { poll, option } => self.vote(actor, poll, option),
            _ => {
                debug_assert!(false, "not about polls: {command:?}");
                Err(refusal::NOT_ALLOWED)
            }
        }
    }

    /// The room of somebody who may do `deed` with its polls.
    fn poll_room(&self, deed: Deed, actor: ParticipantId) -> Result<RoomId, Refusal> {
        let (role, room_id) = self.in_room(actor)?;
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        let seat = Seat::take(deed, role, (&room_id, room.config.kind), self.phase, actor)?;
        debug_assert!(seat.fits(&room_id, &[Deed::RunPolls, Deed::Vote]), "{seat:?}");
        Ok(room_id)
    }

    fn draft_poll(
        &mut self,
        now: Now,
        actor: ParticipantId,
        question: &PollQuestionText,
        options: Vec<PollOptionText>,
    ) -> Result<(), Refusal> {
        let room = self.poll_room(Deed::RunPolls, actor)?;
        if self
            .rooms
            .get(&room)
            .is_some_and(|room| room.polls.len() >= POLLS_PER_ROOM_MAX)
        {
            return Err(refusal::TOO_MANY_POLLS);
        }
        if options.len() > POLL_OPTIONS_MAX {
            return Err(refusal::TOO_MANY_OPTIONS);
        }
        let different: std::collections::BTreeSet<&str> = options.iter().map(PollOptionText::as_str).collect();
        if options.len() < POLL_OPTIONS_MIN || different.len() < options.len() {
            return Err(refusal::OPTIONS_NOT_DIFFERENT);
        }
        let id = self.chance.id();
        let text = KeptText {
            text: question.as_str().to_owned(),
            by: None,
            owner: None,
            options: options.into_iter().map(String::from).collect(),
            unix_min: u32::try_from(now.unix_ms / 60_000).unwrap_or(u32::MAX),
        };
        self.keep_text(id, Some(text));
        let poll = PollId::from_u128(id);
        self.keep_fact(&Fact::PollDrafted { room, poll });
        Ok(())
    }

    fn set_poll(&mut self, actor: ParticipantId, poll: PollId, phase: PollPhase) -> Result<(), Refusal> {
        let room = self.poll_room(Deed::RunPolls, actor)?;
        let polls = &self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.polls;
        let now = polls.get(poll).ok_or(refusal::UNKNOWN_POLL)?.phase;
        match (now, phase) {
            (PollPhase::Draft, PollPhase::Open) if polls.open().is_some() => return Err(refusal::POLL_OPEN_ALREADY),
            (PollPhase::Draft, PollPhase::Open) | (PollPhase::Closed, PollPhase::Revealed) => {
                let tally = None;
                self.keep_fact(&Fact::PollMoved {
                    room,
                    poll,
                    phase,
                    tally,
                });
            }
            (PollPhase::Open, PollPhase::Closed) => self.close_poll(&room, poll),
            _ => return Err(refusal::POLL_ORDER),
        }
        Ok(())
    }

    /// Counts the votes, then destroys the ballots and their key.
    pub(super) fn close_poll(&mut self, room: &RoomId, id: PollId) {
        let Some(poll) = self.rooms.get(room).and_then(|room| room.polls.get(id)) else {
            return;
        };
        debug_assert_eq!(poll.phase, PollPhase::Open);
        let tally = Some(poll.count());
        let ballots: Vec<u128> = poll.ballots.keys().copied().collect();
        let has_key = poll.key.is_some();
        let name = hex(id.as_u128());
        for voter in ballots {
            self.keep_row(format!("ballot/{name}/{}", hex(voter)), None::<u8>);
        }
        if has_key {
            self.keep_row(format!("pollkey/{name}"), None::<crate::chance::Key>);
        }
        let (room, poll, phase) = (room.clone(), id, PollPhase::Closed);
        self.keep_fact(&Fact::PollMoved {
            room,
            poll,
            phase,
            tally,
        });
    }

    fn dismiss_poll(&mut self, actor: ParticipantId, poll: PollId) -> Result<(), Refusal> {
        let room = self.poll_room(Deed::RunPolls, actor)?;
        let polls = &self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.polls;
        let known = polls.get(poll).ok_or(refusal::UNKNOWN_POLL)?;
        let phase = known.phase;
        if phase == PollPhase::Open {
            return Err(refusal::POLL_OPEN);
        }
        if known.dismissed {
            return Err(refusal::POLL_DISMISSED);
        }
        self.keep_fact(&Fact::PollDismissed { room, poll });
        if phase == PollPhase::Draft {
            self.keep_text(poll.as_u128(), None);
        }
        Ok(())
    }

    fn vote(&mut self, actor: ParticipantId, id: PollId, option: u8) -> Result<(), Refusal> {
        let room = self.poll_room(Deed::Vote, actor)?;
        let polls = &self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.polls;
        let poll = polls.get(id).ok_or(refusal::UNKNOWN_POLL)?;
        match poll.phase {
            // A draft is nobody's business yet.
            PollPhase::Draft => return Err(refusal::UNKNOWN_POLL),
            PollPhase::Open => {}
            PollPhase::Closed | PollPhase::Revealed => return Err(refusal::POLL_CLOSED),
        }
        if usize::from(option) >= poll.options.len() {
            return Err(refusal::UNKNOWN_OPTION);
        }
        let name = hex(id.as_u128());
        if poll.key.is_none() {
            let key = self.chance.key();
            self.keep_row(format!("pollkey/{name}"), Some(key));
        }
        let poll = self.rooms.get(&room).and_then(|room| room.polls.get(id));
        let poll = poll.ok_or(refusal::UNKNOWN_POLL)?;
        let voter = poll.voter(actor).ok_or(refusal::UNKNOWN_POLL)?;
        if poll.ballots.get(&voter) != Some(&option) {
            self.keep_row(format!("ballot/{name}/{}", hex(voter)), Some(option));
            self.dirty.people.insert(actor);
        }
        Ok(())
    }
}
