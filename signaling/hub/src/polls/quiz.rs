// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Quizzes: players under nicknames, questions one after the other, each with a time by the server's clock.
//! A right answer is worth 500 points and up to 500 more for speed; who answers later has fewer of these.

use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{ParticipantId, PollId, RoomId};
use fiera_protocol::limits::{QUIZ_RIGHT_POINTS, QUIZ_SPEED_POINTS};
use fiera_protocol::poll::{PollForm, YourQuiz};
use fiera_protocol::text::NicknameText;

use super::{Ballot, Given, Player, Poll, Polls, Run, words};
use crate::access::Deed;
use crate::fact::Fact;
use crate::hub::Hub;
use crate::input::Now;
use crate::refusal::{self, Refusal};
use crate::timers::Timer;

impl Player {
    pub(super) fn given(&self, question: u8) -> Option<&Given> {
        self.given.iter().find(|given| given.question == question)
    }

    /// All points, or those of the questions before `until`.
    pub(super) fn points(&self, until: Option<u8>) -> u32 {
        let counts = |given: &&Given| until.is_none_or(|until| given.question < until);
        self.given.iter().filter(counts).map(|given| given.points).sum()
    }
}

/// Points of a right answer with so much of its time left.
fn points(left_ms: u64, of_ms: u64) -> u32 {
    let speed = (u64::from(QUIZ_SPEED_POINTS) * left_ms.min(of_ms))
        .checked_div(of_ms)
        .unwrap_or(0);
    QUIZ_RIGHT_POINTS + u32::try_from(speed).unwrap_or(QUIZ_SPEED_POINTS)
}

impl Polls {
    /// How somebody does in the open quiz.
    pub(crate) fn player_of(&self, participant: ParticipantId) -> Option<YourQuiz> {
        let poll = self.open()?;
        let Ballot::Player(player) = poll.ballot(participant)? else {
            return None;
        };
        let asked = poll.asked;
        // Points of a question whose time runs would tell whether the answer is right.
        let until = asked.map(|asked| asked.number + u8::from(asked.over)).unwrap_or(0);
        Some(YourQuiz {
            poll: poll.id,
            nickname: player.nickname.clone(),
            option: asked.and_then(|asked| Some(player.given(asked.number)?.option)),
            points: player.points(Some(until)),
        })
    }
}

impl Poll {
    /// The ballot of somebody who plays under a nickname from now on.
    pub(super) fn joined(&self, actor: ParticipantId, nickname: NicknameText) -> Result<Ballot, Refusal> {
        if self.form != (PollForm::Quiz {}) {
            return Err(refusal::ANOTHER_FORM);
        }
        let own = self.voter(actor);
        let key = words::key(nickname.as_str());
        let taken = |(voter, ballot): (&u128, &Ballot)| match ballot {
            Ballot::Player(player) => Some(*voter) != own && words::key(player.nickname.as_str()) == key,
            _ => false,
        };
        if self.ballots.iter().any(taken) {
            return Err(refusal::NICKNAME_TAKEN);
        }
        let given = match self.ballot(actor) {
            Some(Ballot::Player(player)) => player.given.clone(),
            _ => Vec::new(),
        };
        Ok(Ballot::Player(Player { nickname, given }))
    }

    /// The ballot of a player after an answer to the question that is asked now.
    pub(super) fn played(&self, now: Now, actor: ParticipantId, question: u8, option: u8) -> Result<Ballot, Refusal> {
        let Some(Ballot::Player(player)) = self.ballot(actor) else {
            return Err(refusal::JOIN_QUIZ_FIRST);
        };
        let asked = self.asked.filter(|asked| asked.number == question && !asked.over);
        let run = asked
            .and_then(|asked| asked.run)
            .filter(|run| run.ends_ms > now.mono_ms);
        let run = run.ok_or(refusal::QUIZ_TIME_OVER)?;
        let item = self.quiz.get(usize::from(question)).ok_or(refusal::QUIZ_TIME_OVER)?;
        if usize::from(option) >= item.options.len() {
            return Err(refusal::UNKNOWN_OPTION);
        }
        let mut player = player.clone();
        // The same answer again is no later answer.
        if player.given(question).is_none_or(|given| given.option != option) {
            player.given.retain(|given| given.question != question);
            let points = if option == item.right {
                points(run.ends_ms.saturating_sub(now.mono_ms), u64::from(item.seconds) * 1_000)
            } else {
                0
            };
            player.given.push(Given {
                question,
                option,
                points,
            });
        }
        Ok(Ballot::Player(player))
    }
}

impl Hub {
    pub(super) fn ask_quiz(&mut self, now: Now, actor: ParticipantId, id: PollId, question: u8) -> Result<(), Refusal> {
        let room = self.poll_room(Deed::RunPolls, actor)?;
        let polls = &self.rooms.get(&room).ok_or(refusal::UNKNOWN_ROOM)?.polls;
        let poll = polls.get(id).ok_or(refusal::UNKNOWN_POLL)?;
        if poll.form != (PollForm::Quiz {}) {
            return Err(refusal::ANOTHER_FORM);
        }
        if poll.phase != PollPhase::Open {
            return Err(refusal::QUIZ_NOT_OPEN);
        }
        let next = poll.asked.map_or(0, |asked| asked.number + 1);
        if question != next || usize::from(next) >= poll.quiz.len() {
            return Err(refusal::QUIZ_ORDER);
        }
        self.stop_clock(&room, id);
        let (place, poll) = (room.clone(), id);
        self.keep_fact(&Fact::QuizAsked { room, poll, question });
        self.start_clock(now, &place, id);
        Ok(())
    }

    fn start_clock(&mut self, now: Now, room: &RoomId, id: PollId) {
        let Some(place) = self.rooms.get_mut(room) else { return };
        let Some(poll) = place.polls.get_mut(id) else { return };
        let Some(asked) = poll.asked.as_mut() else { return };
        let seconds = poll.quiz.get(usize::from(asked.number)).map_or(0, |item| item.seconds);
        let ms = u64::from(seconds) * 1_000;
        let run = Run {
            ends_ms: now.mono_ms + ms,
            ends_unix_ms: now.unix_ms + ms,
        };
        asked.run = Some(run);
        self.timers.set(run.ends_ms, Timer::Quiz(id));
        self.dirty.rooms.insert(room.clone());
    }

    /// The time of a question no longer runs, however it ended.
    pub(super) fn stop_clock(&mut self, room: &RoomId, id: PollId) {
        let poll = self.rooms.get_mut(room).and_then(|room| room.polls.get_mut(id));
        let asked = poll.and_then(|poll| poll.asked.as_mut());
        if let Some(run) = asked.and_then(|asked| asked.run.take()) {
            self.timers.clear(run.ends_ms, Timer::Quiz(id));
        }
    }

    /// The time of a question is over.
    pub(crate) fn quiz_time_over(&mut self, id: PollId) {
        let holds =
            |(room, place): (&RoomId, &crate::room::Room)| Some((room.clone(), place.polls.get(id)?.asked?.number));
        let Some((room, question)) = self.rooms.iter().find_map(holds) else {
            return;
        };
        let poll = id;
        self.keep_fact(&Fact::QuizStopped { room, poll, question });
    }

    /// After a restart the question that was asked gets its whole time again, from the first input on.
    pub(crate) fn resume_quizzes(&mut self, now: Now) {
        if !std::mem::take(&mut self.quizzes_restored) {
            return;
        }
        let runs = |(room, place): (&RoomId, &crate::room::Room)| {
            let poll = place.polls.open()?;
            let waits = poll.asked.is_some_and(|asked| !asked.over && asked.run.is_none());
            waits.then(|| (room.clone(), poll.id))
        };
        let waiting: Vec<_> = self.rooms.iter().filter_map(runs).collect();
        for (room, poll) in waiting {
            self.start_clock(now, &room, poll);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::points;

    #[test]
    fn v13_speed_adds_up_to_as_much_again() {
        assert_eq!(points(20_000, 20_000), 1_000);
        assert_eq!(points(10_000, 20_000), 750);
        assert_eq!(points(0, 20_000), 500);
    }
}
