// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Polls: phases, ballots, how they are counted, quizzes and their clocks.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::client::Command;
use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{EntryId, ParticipantId, PollId, RoomId};
use fiera_protocol::limits::{OPEN_ANSWERS_SHOWN_MAX, POLLS_PER_ROOM_MAX};
use fiera_protocol::poll::{Answer, PollDraft, PollForm};

use super::{Drawn, Model, Room, Verdict};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Poll {
    pub(crate) id: PollId,
    pub(crate) draft: PollDraft,
    pub(crate) phase: PollPhase,
    pub(crate) opened: u32,
    pub(crate) dismissed: bool,
    pub(crate) ballots: BTreeMap<ParticipantId, Ballot>,
    /// The question of a quiz that was asked last, and whether its time is over.
    pub(crate) asked: Option<(u8, bool)>,
    /// How many answered, once closed.
    pub(crate) answers: usize,
    /// What they answered, once closed; none: too few to be kept.
    pub(crate) count: Option<Count>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ballot {
    Option(u8),
    Answer(Answer),
    /// Nickname, and per question the option with its points.
    Player(String, BTreeMap<u8, (u8, u32)>),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Count {
    pub(crate) tallies: Vec<Vec<u32>>,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) id: EntryId,
    pub(crate) text: String,
    pub(crate) count: u32,
    pub(crate) shown: bool,
}

impl Poll {
    pub(crate) fn new(id: PollId, draft: PollDraft) -> Self {
        Self {
            id,
            draft,
            phase: PollPhase::Draft,
            opened: 0,
            dismissed: false,
            ballots: BTreeMap::new(),
            asked: None,
            answers: 0,
            count: None,
        }
    }

    /// Whether an answer is one to this poll (V8).
    fn takes(&self, answer: &Answer) -> bool {
        let offers = self.draft.options.len();
        let once = |options: &[u8]| {
            let different: BTreeSet<&u8> = options.iter().collect();
            different.len() == options.len() && options.iter().all(|option| usize::from(*option) < offers)
        };
        match (answer, self.draft.form) {
            (Answer::Options { options }, PollForm::Multiple { min, max }) => {
                once(options) && options.len() >= usize::from(min) && options.len() <= usize::from(max)
            }
            (Answer::Rating { rating }, PollForm::Rating { from, to }) => (from..=to).contains(rating),
            (Answer::Ranking { order }, PollForm::Ranking {}) => once(order) && order.len() == offers,
            (Answer::Words { words }, PollForm::Words { max }) => !words.is_empty() && words.len() <= usize::from(max),
            (Answer::Text { .. }, PollForm::Text {}) => true,
            _ => false,
        }
    }

    /// Votes per answer, or Borda points; one list per question of a quiz.
    fn tallies(&self) -> Vec<Vec<u32>> {
        let ballots = self.ballots.values();
        let votes = |chosen: &dyn Fn(&Ballot, u8) -> u32, among: std::ops::Range<u8>| -> Vec<u32> {
            among
                .map(|option| ballots.clone().map(|ballot| chosen(ballot, option)).sum())
                .collect()
        };
        let options = u8::try_from(self.draft.options.len()).expect("few");
        match self.draft.form {
            PollForm::Single {} => {
                let chosen = |ballot: &Ballot, option| u32::from(*ballot == Ballot::Option(option));
                vec![votes(&chosen, 0..options)]
            }
            PollForm::Multiple { .. } => {
                let chosen = |ballot: &Ballot, option| match ballot {
                    Ballot::Answer(Answer::Options { options }) => u32::from(options.contains(&option)),
                    _ => 0,
                };
                vec![votes(&chosen, 0..options)]
            }
            PollForm::Rating { from, to } => {
                let chosen = |ballot: &Ballot, rating| u32::from(*ballot == Ballot::Answer(Answer::Rating { rating }));
                vec![votes(&chosen, from..to + 1)]
            }
            PollForm::Ranking {} => {
                let points = |ballot: &Ballot, option| match ballot {
                    Ballot::Answer(Answer::Ranking { order }) => {
                        let place = order.iter().position(|one| *one == option).expect("ranked");
                        u32::try_from(order.len() - 1 - place).expect("few")
                    }
                    _ => 0,
                };
                vec![votes(&points, 0..options)]
            }
            PollForm::Words { .. } | PollForm::Text {} => Vec::new(),
            PollForm::Quiz {} => {
                let of = |(number, item): (u8, &fiera_protocol::poll::QuizQuestion)| {
                    let chosen = |ballot: &Ballot, option| match ballot {
                        Ballot::Player(_, given) => u32::from(given.get(&number).is_some_and(|of| of.0 == option)),
                        _ => 0,
                    };
                    votes(&chosen, 0..u8::try_from(item.options.len()).expect("few"))
                };
                (0..).zip(&self.draft.quiz).map(of).collect()
            }
        }
    }

    /// What people wrote, with how many did or the points they have; sorted.
    fn written(&self) -> Vec<(String, u32)> {
        let mut written: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
        let mut single = Vec::new();
        for ballot in self.ballots.values() {
            match ballot {
                Ballot::Answer(Answer::Words { words }) => {
                    let mut own = BTreeSet::new();
                    for word in words.iter().map(|word| word.as_str()) {
                        if own.insert(word.to_lowercase()) {
                            let spellings = written.entry(word.to_lowercase()).or_default();
                            *spellings.entry(word.to_owned()).or_default() += 1;
                        }
                    }
                }
                Ballot::Answer(Answer::Text { text }) => single.push((text.as_str().to_owned(), 1)),
                Ballot::Player(nickname, given) => {
                    single.push((nickname.clone(), given.values().map(|(_, points)| points).sum()));
                }
                _ => {}
            }
        }
        for spellings in written.into_values() {
            let all = spellings.values().sum();
            let most = *spellings.values().max().expect("some");
            let first = spellings.into_iter().find(|(_, count)| *count == most);
            single.push((first.expect("some").0, all));
        }
        single.sort();
        single
    }
}

impl Room {
    pub(crate) fn poll(&self, id: PollId) -> Option<&Poll> {
        self.polls.iter().find(|poll| poll.id == id)
    }

    fn poll_mut(&mut self, id: PollId) -> &mut Poll {
        self.polls.iter_mut().find(|poll| poll.id == id).expect("known")
    }

    pub(crate) fn open_poll(&self) -> Option<&Poll> {
        self.polls.iter().find(|poll| poll.phase == PollPhase::Open)
    }

    /// The poll that everybody sees (V1).
    pub(crate) fn shown_poll(&self) -> Option<&Poll> {
        let past = self.polls.iter().filter(|poll| poll.phase != PollPhase::Draft);
        past.max_by_key(|poll| poll.opened).filter(|poll| !poll.dismissed)
    }

    /// Counts the open poll and forgets who answered what (V5, V9).
    pub(crate) fn close_open_poll(&mut self, drawn: &Drawn<'_>) {
        let Some(poll) = self.polls.iter_mut().find(|poll| poll.phase == PollPhase::Open) else {
            return;
        };
        let single = poll.draft.form == PollForm::Single {};
        let least = usize::from(poll.draft.answers_min()).max(usize::from(!single));
        poll.answers = poll.ballots.len();
        poll.phase = PollPhase::Closed;
        if poll.answers >= least {
            let counted =
                |fact: &&serde_json::Value| fact["kind"] == "poll_counted" && fact["poll"] == poll.id.to_string();
            let fact = drawn.facts.iter().find(counted).expect("V5: closed and not counted");
            let named = fact["count"]["entries"].as_array().cloned().unwrap_or_default();
            let shown = poll.draft.form != PollForm::Text {};
            let entry = |of: &serde_json::Value| {
                let id: EntryId = serde_json::from_value(of[0].clone()).expect("an id");
                let text = drawn.texts[&id.as_u128()].clone();
                let count = of[1]
                    .as_u64()
                    .and_then(|count| u32::try_from(count).ok())
                    .expect("a number");
                Entry { id, text, count, shown }
            };
            let entries: Vec<Entry> = named.iter().map(entry).collect();
            let mut said: Vec<(String, u32)> = entries.iter().map(|of| (of.text.clone(), of.count)).collect();
            said.sort();
            let mut written = poll.written();
            if poll.draft.form == (PollForm::Quiz {}) {
                written.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
                written.truncate(fiera_protocol::limits::QUIZ_BOARD_MAX);
                written.sort();
            }
            assert_eq!(said, written, "V11, V13: what people wrote");
            let tallies = poll.tallies();
            poll.count = Some(Count { tallies, entries });
        }
        poll.ballots.clear();
        poll.asked = None;
    }
}

impl Model {
    pub(super) fn judge_poll(&self, now_ms: u64, actor: ParticipantId, command: &Command) -> Option<Verdict> {
        let here = self.room_of(actor).map(|room| self.room(&room));
        let poll = |id: &PollId| here.and_then(|room| room.poll(*id));
        let open = |id: &PollId| poll(id).filter(|poll| poll.phase == PollPhase::Open);
        let space = here.is_some_and(|room| room.polls.len() < POLLS_PER_ROOM_MAX);
        Some(match command {
            Command::DraftPoll { .. } | Command::PreparePoll { .. } => {
                (space && draft_of(command).check().is_ok()).into()
            }
            Command::ClonePoll { poll: id } => (space && poll(id).is_some()).into(),
            Command::PlacePoll { poll: id, after } => {
                (poll(id).is_some() && after.as_ref().is_none_or(|after| poll(after).is_some())).into()
            }
            Command::SetPoll { poll: id, phase } => {
                let none_open = here.is_some_and(|room| room.open_poll().is_none());
                let step = |poll: &Poll| match (poll.phase, phase) {
                    (PollPhase::Draft, PollPhase::Open) => none_open,
                    (PollPhase::Open, PollPhase::Closed) | (PollPhase::Closed, PollPhase::Revealed) => true,
                    _ => false,
                };
                poll(id).is_some_and(step).into()
            }
            Command::DismissPoll { poll: id } => poll(id)
                .is_some_and(|poll| poll.phase != PollPhase::Open && !poll.dismissed)
                .into(),
            Command::Vote { poll: id, option } => {
                let fits = |poll: &Poll| {
                    poll.draft.form == PollForm::Single {} && usize::from(*option) < poll.draft.options.len()
                };
                open(id).is_some_and(fits).into()
            }
            Command::Answer { poll: id, answer } => {
                let Some(poll) = open(id) else {
                    return Some(Verdict::Refuse);
                };
                let writes = matches!(answer, Answer::Words { .. } | Answer::Text { .. });
                let in_quiz = |question: u8, option: u8| {
                    let room = self.room_of(actor).expect("in a room");
                    let runs = self.here.clocks.get(&room).is_some_and(|ends| *ends > now_ms);
                    let plays = matches!(poll.ballots.get(&actor), Some(Ballot::Player(..)));
                    let item = poll.draft.quiz.get(usize::from(question));
                    let offered = item.is_some_and(|item| usize::from(option) < item.options.len());
                    runs && plays && poll.asked == Some((question, false)) && offered
                };
                match answer {
                    _ if writes && !self.has_voice(actor) => Verdict::Refuse,
                    Answer::Quiz { question, option } => in_quiz(*question, *option).into(),
                    _ => poll.takes(answer).into(),
                }
            }
            Command::JoinQuiz { poll: id, nickname } => {
                let taken = |(who, ballot): (&ParticipantId, &Ballot)| match ballot {
                    Ballot::Player(of, _) => *who != actor && of.to_lowercase() == nickname.as_str().to_lowercase(),
                    _ => false,
                };
                let fits = |poll: &Poll| poll.draft.form == PollForm::Quiz {} && !poll.ballots.iter().any(taken);
                (self.has_voice(actor) && open(id).is_some_and(fits)).into()
            }
            Command::AskQuiz { poll: id, question } => {
                let next = |poll: &Poll| poll.asked.map_or(0, |(number, _)| number + 1);
                let fits = |poll: &Poll| {
                    let exists = usize::from(*question) < poll.draft.quiz.len();
                    poll.draft.form == PollForm::Quiz {} && *question == next(poll) && exists
                };
                open(id).is_some_and(fits).into()
            }
            Command::ShowEntry { poll: id, entry, shown } => {
                let entries = |poll: &'_ Poll| poll.count.as_ref().map(|count| count.entries.clone());
                let all = poll(id).and_then(entries).unwrap_or_default();
                let texts = poll(id).is_some_and(|poll| poll.draft.form == PollForm::Text {});
                let full = texts && all.iter().filter(|one| one.shown).count() >= OPEN_ANSWERS_SHOWN_MAX;
                let known = all.iter().find(|one| one.id == *entry);
                known
                    .is_some_and(|known| known.shown == *shown || !shown || !full)
                    .into()
            }
            Command::EraseEntry { poll: id, entry } => {
                let mut polls = self.kept.rooms.values().flat_map(|room| &room.polls);
                let count = polls.find(|poll| poll.id == *id).and_then(|poll| poll.count.as_ref());
                count
                    .is_some_and(|count| count.entries.iter().any(|one| one.id == *entry))
                    .into()
            }
            _ => return None,
        })
    }

    pub(super) fn do_poll(&mut self, actor: ParticipantId, command: &Command, drawn: &Drawn<'_>) {
        if let Command::EraseEntry { poll, entry } = command {
            let mut rooms = self.kept.rooms.values_mut();
            let room = rooms.find(|room| room.poll(*poll).is_some()).expect("known");
            let count = room.poll_mut(*poll).count.as_mut();
            count.expect("counted").entries.retain(|one| one.id != *entry);
            return;
        }
        let Some(id) = self.room_of(actor) else { return };
        let clock = self.here.clocks.get(&id).copied();
        let room = self.room_mut(&id);
        match command {
            Command::DraftPoll { .. } | Command::PreparePoll { .. } => {
                let poll = drawn.of("poll_prepared", "poll");
                room.polls.push(Poll::new(poll, draft_of(command)));
            }
            Command::ClonePoll { poll } => {
                let draft = room.poll(*poll).expect("known").draft.clone();
                room.polls.push(Poll::new(drawn.of("poll_prepared", "poll"), draft));
            }
            Command::PlacePoll { poll, after } if *after != Some(*poll) => {
                let at = room.polls.iter().position(|one| one.id == *poll).expect("known");
                let moved = room.polls.remove(at);
                let to = after.map_or(0, |after| {
                    room.polls.iter().position(|one| one.id == after).expect("known") + 1
                });
                room.polls.insert(to, moved);
            }
            Command::SetPoll { poll, phase } => match phase {
                PollPhase::Closed => {
                    room.close_open_poll(drawn);
                    self.here.clocks.remove(&id);
                }
                PollPhase::Open => {
                    room.opened += 1;
                    let opened = room.opened;
                    let poll = room.poll_mut(*poll);
                    (poll.phase, poll.opened) = (PollPhase::Open, opened);
                }
                _ => {
                    let poll = room.poll_mut(*poll);
                    (poll.phase, poll.dismissed) = (PollPhase::Revealed, false);
                }
            },
            Command::DismissPoll { poll } => {
                room.polls
                    .retain(|one| one.id != *poll || one.phase != PollPhase::Draft);
                room.polls
                    .iter_mut()
                    .filter(|one| one.id == *poll)
                    .for_each(|one| one.dismissed = true);
            }
            Command::Vote { poll, option } => {
                room.poll_mut(*poll).ballots.insert(actor, Ballot::Option(*option));
            }
            Command::Answer { poll, answer } => {
                let poll = room.poll_mut(*poll);
                let Answer::Quiz { question, option } = answer else {
                    poll.ballots.insert(actor, Ballot::Answer(answer.clone()));
                    return;
                };
                let item = &poll.draft.quiz[usize::from(*question)];
                let of_ms = u64::from(item.seconds) * 1_000;
                let left_ms = clock.expect("runs") - drawn.now_ms;
                let points = 500 + u32::try_from(500 * left_ms / of_ms).expect("few");
                let points = if item.right == *option { points } else { 0 };
                let Some(Ballot::Player(_, given)) = poll.ballots.get_mut(&actor) else {
                    unreachable!("judged before");
                };
                if given.get(question).is_none_or(|of| of.0 != *option) {
                    given.insert(*question, (*option, points));
                }
            }
            Command::JoinQuiz { poll, nickname } => {
                let poll = room.poll_mut(*poll);
                let given = match poll.ballots.remove(&actor) {
                    Some(Ballot::Player(_, given)) => given,
                    _ => BTreeMap::new(),
                };
                poll.ballots
                    .insert(actor, Ballot::Player(nickname.as_str().to_owned(), given));
            }
            Command::AskQuiz { poll, question } => {
                let poll = room.poll_mut(*poll);
                poll.asked = Some((*question, false));
                let ms = u64::from(poll.draft.quiz[usize::from(*question)].seconds) * 1_000;
                self.here.clocks.insert(id, drawn.now_ms + ms);
            }
            Command::ShowEntry { poll, entry, shown } => {
                let count = room.poll_mut(*poll).count.as_mut().expect("counted");
                let known = count.entries.iter_mut().find(|one| one.id == *entry);
                known.expect("known").shown = *shown;
            }
            _ => {}
        }
    }

    /// A crash gives the question that is asked its whole time again.
    pub(super) fn quizzes_go_on(&mut self, now_ms: u64) {
        for (id, room) in &self.kept.rooms {
            let Some(poll) = room.open_poll() else { continue };
            if let Some((number, false)) = poll.asked {
                let ms = u64::from(poll.draft.quiz[usize::from(number)].seconds) * 1_000;
                self.here.clocks.insert(id.clone(), now_ms + ms);
            }
        }
    }

    pub(super) fn quizzes_end(&mut self, now_ms: u64) {
        let over: Vec<RoomId> = self
            .here
            .clocks
            .iter()
            .filter(|(_, at)| **at <= now_ms)
            .map(|(id, _)| id.clone())
            .collect();
        for id in over {
            self.here.clocks.remove(&id);
            let mut polls = self.room_mut(&id).polls.iter_mut();
            if let Some(poll) = polls.find(|poll| poll.phase == PollPhase::Open) {
                poll.asked = poll.asked.map(|(number, _)| (number, true));
            }
        }
    }
}

/// The poll that a command prepares.
fn draft_of(command: &Command) -> PollDraft {
    match command {
        Command::PreparePoll { draft, .. } => draft.clone(),
        Command::DraftPoll { question, options } => PollDraft {
            question: question.clone(),
            form: PollForm::Single {},
            options: options.clone(),
            quiz: Vec::new(),
            answers_min: Some(0),
        },
        _ => unreachable!("asked for polls alone"),
    }
}
