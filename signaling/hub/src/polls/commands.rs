// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What moderators do with polls along their life, and where each command about polls goes.

use fiera_protocol::client::Command;
use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{EntryId, ParticipantId, PollId, RoomId};

use super::prepare::minute;
use crate::access::{Deed, Seat};
use crate::fact::{Fact, KeptText};
use crate::hub::Hub;
use crate::input::Now;
use crate::keeping::hex;
use crate::refusal::{self, Refusal};

impl Hub {
    pub(crate) fn poll_command(&mut self, now: Now, actor: ParticipantId, command: Command) -> Result<(), Refusal> {
        match command {
            Command::DraftPoll { question, options } => self.draft_poll(now, actor, question, options),
            Command::PreparePoll { draft, replaces } => self.prepare_poll(now, actor, &draft, replaces),
            Command::ClonePoll { poll } => self.clone_poll(now, actor, poll),
            Command::PlacePoll { poll, after } => self.place_poll(actor, poll, after),
            Command::SetPoll { poll, phase } => self.set_poll(now, actor, poll, phase),
            Command::DismissPoll { poll } => self.dismiss_poll(actor, poll),
            Command::Vote { poll, option } => self.vote(actor, poll, option),
            Command::Answer { poll, answer } => self.answer(now, actor, poll, answer),
            Command::JoinQuiz { poll, nickname } => self.join_quiz(actor, poll, nickname),
            Command::AskQuiz { poll, question } => self.ask_quiz(now, actor, poll, question),
            Command::ShowEntry { poll, entry, shown } => self.show_entry(actor, poll, entry, shown),
            Command::EraseEntry { poll, entry } => self.erase_entry(actor, poll, entry),
            _ => {
                debug_assert!(false, "not about polls: {command:?}");
                Err(refusal::NOT_ALLOWED)
            }
        }
    }

    /// The room of somebody who may do `deed` with its polls.
    pub(super) fn poll_room(&self, deed: Deed, actor: ParticipantId) -> Result<RoomId, Refusal> {
        let (role, room_id) = self.in_room(actor)?;
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        let seat = Seat::take(deed, role, (&room_id, room.config.kind), self.phase, actor)?;
        debug_assert!(seat.fits(&room_id, &[Deed::RunPolls, Deed::Vote]), "{seat:?}");
        Ok(room_id)
    }

    fn set_poll(&mut self, now: Now, actor: ParticipantId, poll: PollId, phase: PollPhase) -> Result<(), Refusal> {
        let room = self.poll_room(Deed::RunPolls, actor)?;
        let polls = &self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.polls;
        let from = polls.get(poll).ok_or(refusal::UNKNOWN_POLL)?.phase;
        match (from, phase) {
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
            (PollPhase::Open, PollPhase::Closed) => self.close_poll(now, &room, poll),
            _ => return Err(refusal::POLL_ORDER),
        }
        Ok(())
    }

    /// Counts the votes, then destroys the ballots and their key.
    fn close_poll(&mut self, now: Now, room: &RoomId, id: PollId) {
        self.stop_clock(room, id);
        let Some(poll) = self.rooms.get(room).and_then(|room| room.polls.get(id)) else {
            return;
        };
        debug_assert_eq!(poll.phase, PollPhase::Open);
        let counted = poll.counted_now(&mut self.chance);
        for (entry, text) in counted.texts {
            let text = KeptText::plain(text, minute(now));
            self.keep_text(entry.as_u128(), Some(text));
        }
        self.destroy_ballots(room, id);
        self.keep_fact(&Fact::PollCounted {
            room: room.clone(),
            poll: id,
            answers: counted.answers,
            count: counted.count,
        });
        self.keep_fact(&Fact::PollMoved {
            room: room.clone(),
            poll: id,
            phase: PollPhase::Closed,
            tally: None,
        });
    }

    fn destroy_ballots(&mut self, room: &RoomId, id: PollId) {
        let Some(poll) = self.rooms.get(room).and_then(|room| room.polls.get(id)) else {
            return;
        };
        let ballots: Vec<u128> = poll.ballots.keys().copied().collect();
        let has_key = poll.key.is_some();
        let name = hex(id.as_u128());
        for voter in ballots {
            self.keep_row(format!("ballot/{name}/{}", hex(voter)), None::<u8>);
        }
        if has_key {
            self.keep_row(format!("pollkey/{name}"), None::<crate::chance::Key>);
        }
    }

    /// Erases all words of a poll and of its answers for good, and destroys its ballots. That it is gone is for the
    /// caller to keep, with the room of it.
    pub(crate) fn erase_poll(&mut self, room: &RoomId, id: PollId) {
        self.stop_clock(room, id);
        self.destroy_ballots(room, id);
        let poll = self.rooms.get(room).and_then(|room| room.polls.get(id));
        let entries: Vec<EntryId> = poll
            .into_iter()
            .flat_map(|poll| poll.entries.iter().map(|one| one.id))
            .collect();
        for entry in entries {
            self.keep_text(entry.as_u128(), None);
        }
        self.keep_text(id.as_u128(), None);
    }

    /// The event ends: votes are counted while there are any.
    pub(crate) fn close_polls(&mut self, now: Now) {
        let open = |(id, room): (&RoomId, &crate::room::Room)| Some((id.clone(), room.polls.open()?.id));
        let open: Vec<(RoomId, PollId)> = self.rooms.iter().filter_map(open).collect();
        for (room, poll) in open {
            self.close_poll(now, &room, poll);
        }
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
}
