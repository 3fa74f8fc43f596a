// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Polls of every form: secret ballots while one is open, numbers alone after it, and those hidden until they are
//! revealed. A ballot is filed under a key that is destroyed with all ballots when the poll closes.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::fair::{PollPhase, PollView, YourVote};
use fiera_protocol::ids::{EntryId, ParticipantId, PollId};
use fiera_protocol::poll::{Answer, PollEntries, PollForm, YourAnswer};
use fiera_protocol::text::NicknameText;
use serde::{Deserialize, Serialize};

use crate::chance::{Key, keyed};
use crate::fact::{KeptText, PollCount, PollShape};

mod apply;
mod commands;
mod count;
mod entries;
mod prepare;
mod quiz;
mod vote;
mod words;

pub use prepare::PreparedPoll;

/// What somebody answered, as its row holds it: a number for a single choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Ballot {
    /// Of a single choice.
    Option(u8),
    /// Of a quiz.
    Player(Player),
    /// Of any other form.
    Answer(Answer),
}

/// Somebody who plays a quiz.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Player {
    nickname: NicknameText,
    given: Vec<Given>,
}

/// What a player answered to one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    question: u8,
    option: u8,
    points: u32,
}

/// One question of a quiz.
#[derive(Debug, Clone)]
struct QuizItem {
    question: String,
    options: Vec<String>,
    right: u8,
    seconds: u8,
}

/// The question of a quiz that was asked last.
#[derive(Debug, Clone, Copy)]
struct Asked {
    number: u8,
    over: bool,
    /// While its time runs in this process.
    run: Option<Run>,
}

/// When the time of a question is over.
#[derive(Debug, Clone, Copy)]
struct Run {
    ends_ms: u64,
    ends_unix_ms: u64,
}

/// A word, text or nickname that came out of a poll.
#[derive(Debug, Clone)]
struct Entry {
    id: EntryId,
    text: String,
    /// Participants who wrote a word, or points of a player.
    count: u32,
    shown: bool,
}

/// One poll.
#[derive(Debug)]
pub(crate) struct Poll {
    pub(crate) id: PollId,
    question: String,
    options: Vec<String>,
    form: PollForm,
    answers_min: u8,
    quiz: Vec<QuizItem>,
    asked: Option<Asked>,
    pub(crate) phase: PollPhase,
    /// Drawn with the first vote.
    key: Option<Key>,
    /// The answer of each voter, by a name that only the key can make.
    ballots: BTreeMap<u128, Ballot>,
    /// Participants who answered, once closed.
    answers: u32,
    /// What they answered, once closed; none: fewer than the poll asks for.
    count: Option<PollCount>,
    entries: Vec<Entry>,
    /// Grows with each poll that is opened in the room; the last one is shown.
    opened: u32,
    pub(crate) dismissed: bool,
}

impl Poll {
    /// A draft; texts that were erased are empty.
    fn new(id: PollId, text: Option<&KeptText>, shape: &PollShape) -> Self {
        let mut texts = text.map(|text| text.options.clone()).unwrap_or_default().into_iter();
        let item = |of: &crate::fact::QuizShape| QuizItem {
            question: texts.next().unwrap_or_default(),
            options: (0..of.options).map(|_| texts.next().unwrap_or_default()).collect(),
            right: of.right,
            seconds: of.seconds,
        };
        let quiz = shape.quiz.iter().map(item).collect();
        Self {
            id,
            question: text.map(|text| text.text.clone()).unwrap_or_default(),
            options: texts.collect(),
            form: shape.form,
            answers_min: shape.answers_min,
            quiz,
            asked: None,
            phase: PollPhase::Draft,
            key: None,
            ballots: BTreeMap::new(),
            answers: 0,
            count: None,
            entries: Vec::new(),
            opened: 0,
            dismissed: false,
        }
    }

    /// The name of a participant's ballot; none before the key is drawn.
    fn voter(&self, participant: ParticipantId) -> Option<u128> {
        let participant = participant.as_u128().to_be_bytes();
        self.key.map(|key| keyed(&key, &[&participant]))
    }

    fn ballot(&self, participant: ParticipantId) -> Option<&Ballot> {
        self.ballots.get(&self.voter(participant)?)
    }

    fn forget_ballots(&mut self) {
        self.key = None;
        self.ballots.clear();
    }

    fn has_entries(&self) -> bool {
        matches!(self.phase, PollPhase::Closed | PollPhase::Revealed) && !self.entries.is_empty()
    }
}

/// The polls of one room, in the order of its moderators.
#[derive(Debug, Default)]
pub(crate) struct Polls {
    polls: Vec<Poll>,
    /// All that were ever prepared, so that one from the event's setup is not prepared twice.
    prepared: BTreeSet<PollId>,
}

impl Polls {
    pub(crate) fn get(&self, id: PollId) -> Option<&Poll> {
        self.polls.iter().find(|poll| poll.id == id)
    }

    fn get_mut(&mut self, id: PollId) -> Option<&mut Poll> {
        self.polls.iter_mut().find(|poll| poll.id == id)
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Poll> {
        self.polls.iter_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.polls.len()
    }

    /// The ids, in order.
    pub(crate) fn order(&self) -> impl Iterator<Item = PollId> + '_ {
        self.polls.iter().map(|poll| poll.id)
    }

    /// The one that takes votes.
    pub(crate) fn open(&self) -> Option<&Poll> {
        self.polls.iter().find(|poll| poll.phase == PollPhase::Open)
    }

    fn shown_poll(&self) -> Option<&Poll> {
        let past_or_open = self.polls.iter().filter(|poll| poll.phase != PollPhase::Draft);
        past_or_open
            .max_by_key(|poll| poll.opened)
            .filter(|last| !last.dismissed)
    }

    /// The one that everybody sees.
    pub(crate) fn shown(&self) -> Option<PollView> {
        self.shown_poll().map(Poll::view)
    }

    /// What participants wrote in the one that everybody sees, once it is closed.
    pub(crate) fn entries(&self) -> Option<PollEntries> {
        self.shown_poll().filter(|poll| poll.has_entries()).map(Poll::entries)
    }

    /// All, as moderators see them.
    pub(crate) fn views(&self) -> impl Iterator<Item = PollView> + '_ {
        self.polls.iter().map(Poll::view)
    }

    /// Somebody's answer to the open poll, where it is a single choice.
    pub(crate) fn vote_of(&self, participant: ParticipantId) -> Option<YourVote> {
        let poll = self.open()?;
        match poll.ballot(participant)? {
            Ballot::Option(option) => Some(YourVote {
                poll: poll.id,
                option: *option,
            }),
            _ => None,
        }
    }

    /// Somebody's answer to the open poll of another form.
    pub(crate) fn answer_of(&self, participant: ParticipantId) -> Option<YourAnswer> {
        let poll = self.open()?;
        match poll.ballot(participant)? {
            Ballot::Answer(answer) => Some(YourAnswer {
                poll: poll.id,
                answer: answer.clone(),
            }),
            _ => None,
        }
    }

    /// Whether somebody's ballot lies in the open poll.
    pub(crate) fn has_ballot_of(&self, participant: ParticipantId) -> bool {
        self.open().is_some_and(|poll| poll.ballot(participant).is_some())
    }

    /// Questions of quizzes whose time runs.
    pub(crate) fn running(&self) -> usize {
        let runs = |poll: &&Poll| poll.asked.is_some_and(|asked| asked.run.is_some());
        self.polls.iter().filter(runs).count()
    }

    /// Whether ballots are there in an open poll alone; for the invariants.
    pub(crate) fn is_sound(&self) -> bool {
        let secret = |poll: &Poll| poll.phase == PollPhase::Open || (poll.ballots.is_empty() && poll.key.is_none());
        let open = self.polls.iter().filter(|poll| poll.phase == PollPhase::Open).count();
        open <= 1 && self.polls.iter().all(secret)
    }
}
