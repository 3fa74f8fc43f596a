// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How everybody answers: one ballot per participant and poll, changed until the poll closes.

use std::collections::BTreeSet;

use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{ParticipantId, PollId};
use fiera_protocol::limits::OPEN_ANSWERS_MAX;
use fiera_protocol::poll::{Answer, PollForm};
use fiera_protocol::text::NicknameText;

use super::{Ballot, Poll};
use crate::access::Deed;
use crate::hub::Hub;
use crate::input::Now;
use crate::keeping::hex;
use crate::refusal::{self, Refusal};

impl Poll {
    /// Whether an answer is one to this poll.
    fn accepts(&self, answer: &Answer) -> Result<(), Refusal> {
        let offered = |option: &u8| usize::from(*option) < self.options.len();
        let each_once = |options: &[u8]| options.iter().collect::<BTreeSet<_>>().len() == options.len();
        match (answer, self.form) {
            (Answer::Options { options }, PollForm::Multiple { min, max }) => {
                if !options.iter().all(offered) {
                    return Err(refusal::UNKNOWN_OPTION);
                }
                let enough = (usize::from(min)..=usize::from(max)).contains(&options.len());
                if enough && each_once(options) {
                    Ok(())
                } else {
                    Err(refusal::CHOOSE_AS_ASKED)
                }
            }
            (Answer::Rating { rating }, PollForm::Rating { from, to }) => {
                if (from..=to).contains(rating) {
                    Ok(())
                } else {
                    Err(refusal::UNKNOWN_OPTION)
                }
            }
            (Answer::Ranking { order }, PollForm::Ranking {}) => {
                if !order.iter().all(offered) {
                    return Err(refusal::UNKNOWN_OPTION);
                }
                if order.len() == self.options.len() && each_once(order) {
                    Ok(())
                } else {
                    Err(refusal::RANK_ALL)
                }
            }
            (Answer::Words { words }, PollForm::Words { max }) => {
                if (1..=usize::from(max)).contains(&words.len()) {
                    Ok(())
                } else {
                    Err(refusal::CHOOSE_AS_ASKED)
                }
            }
            (Answer::Text { .. }, PollForm::Text {}) => Ok(()),
            _ => Err(refusal::ANOTHER_FORM),
        }
    }
}

impl Hub {
    pub(super) fn vote(&mut self, actor: ParticipantId, id: PollId, option: u8) -> Result<(), Refusal> {
        self.cast(actor, id, |poll| {
            if poll.form != (PollForm::Single {}) {
                return Err(refusal::ANOTHER_FORM);
            }
            if usize::from(option) >= poll.options.len() {
                return Err(refusal::UNKNOWN_OPTION);
            }
            Ok(Ballot::Option(option))
        })
    }

    pub(super) fn answer(&mut self, now: Now, actor: ParticipantId, id: PollId, answer: Answer) -> Result<(), Refusal> {
        if matches!(answer, Answer::Words { .. } | Answer::Text { .. }) {
            self.has_voice(actor)?;
        }
        self.cast(actor, id, |poll| {
            if let (Answer::Quiz { question, option }, PollForm::Quiz {}) = (&answer, poll.form) {
                return poll.played(now, actor, *question, *option);
            }
            poll.accepts(&answer)?;
            let is_new = poll.ballot(actor).is_none();
            if is_new && poll.form == (PollForm::Text {}) && poll.ballots.len() >= OPEN_ANSWERS_MAX {
                return Err(refusal::TOO_MANY_TEXTS);
            }
            Ok(Ballot::Answer(answer))
        })
    }

    pub(super) fn join_quiz(
        &mut self,
        actor: ParticipantId,
        id: PollId,
        nickname: NicknameText,
    ) -> Result<(), Refusal> {
        self.has_voice(actor)?;
        self.cast(actor, id, |poll| poll.joined(actor, nickname))
    }

    /// Files a ballot in an open poll of the room where its voter is.
    fn cast(
        &mut self,
        actor: ParticipantId,
        id: PollId,
        ballot: impl FnOnce(&Poll) -> Result<Ballot, Refusal>,
    ) -> Result<(), Refusal> {
        let room = self.poll_room(Deed::Vote, actor)?;
        let polls = &self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.polls;
        let poll = polls.get(id).ok_or(refusal::UNKNOWN_POLL)?;
        match poll.phase {
            // A draft is nobody's business yet.
            PollPhase::Draft => return Err(refusal::UNKNOWN_POLL),
            PollPhase::Open => {}
            PollPhase::Closed | PollPhase::Revealed => return Err(refusal::POLL_CLOSED),
        }
        let ballot = ballot(poll)?;
        let name = hex(id.as_u128());
        if poll.key.is_none() {
            let key = self.chance.key();
            self.keep_row(format!("pollkey/{name}"), Some(key));
        }
        let poll = self.rooms.get(&room).and_then(|room| room.polls.get(id));
        let poll = poll.ok_or(refusal::UNKNOWN_POLL)?;
        let voter = poll.voter(actor).ok_or(refusal::UNKNOWN_POLL)?;
        if poll.ballots.get(&voter) != Some(&ballot) {
            self.keep_row(format!("ballot/{name}/{}", hex(voter)), Some(ballot));
            self.dirty.people.insert(actor);
        }
        Ok(())
    }
}
