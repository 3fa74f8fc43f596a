// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What was sent, when, and which screen showed it when. Pure: times come in as microseconds since the start.

use std::collections::{BTreeMap, HashMap};

use fiera_protocol::ids::{CommandId, QuestionId};
use hdrhistogram::Histogram;

use crate::crowd::tally::latencies;

/// A kind of command that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An answer to the open poll.
    Vote,
    /// A chat message.
    Chat,
    /// Support of a question.
    Upvote,
    /// Anything else: entering, asking.
    Other,
}

struct Sent {
    kind: Kind,
    at_us: u64,
    /// Of a vote: round and option. Of an upvote: index of the question.
    what: (usize, usize),
}

/// A number that grows by one with each command, shown to all at intervals: each screen shows the k-th command when it
/// shows a number of k or more.
#[derive(Default)]
struct Growing {
    sent_us: Vec<u64>,
    seen: Vec<u32>,
}

impl Growing {
    fn shows(&mut self, socket: usize, count: u32, now_us: u64, into: &mut Histogram<u64>) {
        if self.seen.len() <= socket {
            self.seen.resize(socket + 1, 0);
        }
        let Some(seen) = self.seen.get_mut(socket) else { return };
        let from = *seen as usize;
        let to = (count as usize).min(self.sent_us.len());
        for sent_us in self.sent_us.get(from..to).unwrap_or_default() {
            into.saturating_record(now_us.saturating_sub(*sent_us));
        }
        *seen = count.max(*seen);
    }
}

/// All figures of a run.
pub struct Score {
    sockets: usize,
    waiting: HashMap<CommandId, Sent>,
    /// Command sent to `accepted` received, by kind.
    pub accepted_us: BTreeMap<Kind, Histogram<u64>>,
    /// Chat sent to received, over all sockets.
    pub chat_shown_us: Histogram<u64>,
    /// Chat sent to received by the last socket.
    pub chat_last_us: Histogram<u64>,
    /// Vote sent to a number of answers that includes it, over all sockets.
    pub vote_shown_us: Histogram<u64>,
    /// Upvote sent to a number that includes it, over all sockets.
    pub upvote_shown_us: Histogram<u64>,
    /// Commands sent.
    pub sent: u64,
    /// Refusals by code.
    pub refused: BTreeMap<String, u64>,
    /// Updates that did not follow on the one before.
    pub gaps: u64,
    /// Frames that could not be read.
    pub unreadable: u64,
    /// Messages that a socket got twice.
    pub doubled: u64,
    chats: Vec<Chat>,
    /// The number of answers of each round's poll.
    rounds: Vec<Growing>,
    polls: HashMap<String, usize>,
    questions: BTreeMap<QuestionId, Growing>,
    question_ids: Vec<QuestionId>,
    /// Accepted votes per round and option.
    pub votes: Vec<Vec<u32>>,
    /// Accepted upvotes per question.
    pub upvotes: Vec<u32>,
}

struct Chat {
    sent_us: u64,
    accepted: bool,
    seen_by: Vec<u64>,
    seen: usize,
}

impl Chat {
    /// Marks it as seen by a socket; false where it was already.
    fn see(&mut self, socket: usize) -> bool {
        let (word, bit) = (socket / 64, 1_u64 << (socket % 64));
        if self.seen_by.len() <= word {
            self.seen_by.resize(word + 1, 0);
        }
        let Some(word) = self.seen_by.get_mut(word) else {
            return false;
        };
        let fresh = *word & bit == 0;
        *word |= bit;
        self.seen += usize::from(fresh);
        fresh
    }
}

impl Score {
    /// Of a run with so many sockets.
    #[must_use]
    pub fn new(sockets: usize) -> Self {
        Self {
            sockets,
            waiting: HashMap::new(),
            accepted_us: BTreeMap::new(),
            chat_shown_us: latencies(),
            chat_last_us: latencies(),
            vote_shown_us: latencies(),
            upvote_shown_us: latencies(),
            sent: 0,
            refused: BTreeMap::new(),
            gaps: 0,
            unreadable: 0,
            doubled: 0,
            chats: Vec::new(),
            rounds: Vec::new(),
            polls: HashMap::new(),
            questions: BTreeMap::new(),
            question_ids: Vec::new(),
            votes: Vec::new(),
            upvotes: Vec::new(),
        }
    }

    /// Questions that upvotes go to, by index.
    pub fn know_questions(&mut self, ids: &[QuestionId]) {
        self.question_ids = ids.to_vec();
        self.upvotes = vec![0; ids.len()];
        self.questions = ids.iter().map(|id| (*id, Growing::default())).collect();
    }

    /// A new round of votes on this poll; returns its number.
    pub fn open_round(&mut self, poll: String, options: usize) -> usize {
        self.rounds.push(Growing::default());
        self.votes.push(vec![0; options]);
        self.polls.insert(poll, self.rounds.len() - 1);
        self.rounds.len() - 1
    }

    /// The number that the next chat message gets.
    #[must_use]
    pub fn next_chat(&self) -> usize {
        self.chats.len()
    }

    /// A command was sent.
    pub fn sent(&mut self, id: CommandId, kind: Kind, what: (usize, usize), at_us: u64) {
        self.sent += 1;
        match kind {
            Kind::Chat => self.chats.push(Chat {
                sent_us: at_us,
                accepted: false,
                seen_by: Vec::with_capacity(self.sockets.div_ceil(64)),
                seen: 0,
            }),
            Kind::Vote => {
                if let Some(round) = self.rounds.get_mut(what.0) {
                    round.sent_us.push(at_us);
                }
            }
            Kind::Upvote => {
                let question = self.question_ids.get(what.0).copied();
                if let Some(growing) = question.and_then(|id| self.questions.get_mut(&id)) {
                    growing.sent_us.push(at_us);
                }
            }
            Kind::Other => {}
        }
        self.waiting.insert(id, Sent { kind, at_us, what });
    }

    /// A command was answered.
    pub fn answered(&mut self, id: CommandId, refused: Option<&str>, now_us: u64) {
        let Some(sent) = self.waiting.remove(&id) else { return };
        if let Some(code) = refused {
            *self.refused.entry(code.to_owned()).or_default() += 1;
            return;
        }
        self.accepted_us
            .entry(sent.kind)
            .or_insert_with(latencies)
            .saturating_record(now_us.saturating_sub(sent.at_us));
        let (first, second) = sent.what;
        match sent.kind {
            Kind::Vote => {
                if let Some(count) = self.votes.get_mut(first).and_then(|round| round.get_mut(second)) {
                    *count += 1;
                }
            }
            Kind::Upvote => {
                if let Some(count) = self.upvotes.get_mut(first) {
                    *count += 1;
                }
            }
            Kind::Chat => {
                if let Some(chat) = self.chats.get_mut(first) {
                    chat.accepted = true;
                }
            }
            Kind::Other => {}
        }
    }

    /// Commands of a kind that wait for their answer.
    #[must_use]
    pub fn waiting(&self, kind: Kind) -> usize {
        self.waiting.values().filter(|sent| sent.kind == kind).count()
    }

    /// A socket got a chat message, live or within a snapshot.
    pub fn saw_chat(&mut self, socket: usize, number: usize, live: bool, now_us: u64) {
        let Some(chat) = self.chats.get_mut(number) else { return };
        if !chat.see(socket) {
            self.doubled += u64::from(live);
            return;
        }
        let after_us = now_us.saturating_sub(chat.sent_us);
        if live {
            self.chat_shown_us.saturating_record(after_us);
        }
        if chat.seen == self.sockets {
            self.chat_last_us.saturating_record(after_us);
        }
    }

    /// A socket got the number of answers of a poll.
    pub fn saw_answers(&mut self, socket: usize, poll: &str, answers: u32, now_us: u64) {
        let round = self.polls.get(poll).and_then(|round| self.rounds.get_mut(*round));
        if let Some(round) = round {
            round.shows(socket, answers, now_us, &mut self.vote_shown_us);
        }
    }

    /// A socket got the number of supporters of a question.
    pub fn saw_upvotes(&mut self, socket: usize, question: QuestionId, upvotes: u32, now_us: u64) {
        if let Some(growing) = self.questions.get_mut(&question) {
            growing.shows(socket, upvotes, now_us, &mut self.upvote_shown_us);
        }
    }

    /// Pairs of accepted message and socket that never met.
    #[must_use]
    pub fn chat_lost(&self) -> u64 {
        let missing = |chat: &Chat| self.sockets.saturating_sub(chat.seen) as u64;
        self.chats.iter().filter(|chat| chat.accepted).map(missing).sum()
    }

    /// Accepted messages among the last so many.
    #[must_use]
    pub fn accepted_chats(&self) -> Vec<usize> {
        let accepted = |(number, chat): (usize, &Chat)| chat.accepted.then_some(number);
        self.chats.iter().enumerate().filter_map(accepted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> CommandId {
        CommandId::from_u128(n)
    }

    #[test]
    fn a_message_is_shown_when_the_last_socket_has_it_and_doubles_and_losses_are_counted() {
        let mut score = Score::new(3);
        score.sent(id(1), Kind::Chat, (0, 0), 1_000);
        score.answered(id(1), None, 3_000);
        score.saw_chat(0, 0, true, 4_000);
        score.saw_chat(2, 0, true, 5_000);
        assert_eq!((score.chat_lost(), score.chat_last_us.len()), (1, 0));
        score.saw_chat(2, 0, true, 6_000);
        assert_eq!(score.doubled, 1);
        score.saw_chat(1, 0, true, 9_000);
        assert_eq!(score.chat_lost(), 0);
        assert_eq!(score.chat_last_us.max(), 8_000_u64.max(score.chat_last_us.max()));
        assert_eq!(score.chat_shown_us.len(), 3);
        assert_eq!(score.accepted_us[&Kind::Chat].len(), 1);
    }

    #[test]
    fn a_vote_is_shown_with_the_first_number_that_includes_it() {
        let mut score = Score::new(1);
        let round = score.open_round("p".into(), 2);
        for n in 0..3 {
            score.sent(id(n), Kind::Vote, (round, 1), 1_000 * n as u64);
            score.answered(id(n), None, 10_000);
        }
        score.saw_answers(0, "p", 2, 10_000);
        assert_eq!((score.vote_shown_us.len(), score.votes[0][1]), (2, 3));
        score.saw_answers(0, "p", 2, 20_000);
        assert_eq!(score.vote_shown_us.len(), 2, "shown once");
        score.saw_answers(0, "p", 3, 30_000);
        assert!((27_900..=28_100).contains(&score.vote_shown_us.max()));
    }

    #[test]
    fn what_is_refused_is_neither_accepted_nor_waiting() {
        let mut score = Score::new(1);
        score.sent(id(1), Kind::Upvote, (0, 0), 0);
        score.answered(id(1), Some("too_fast"), 5);
        assert_eq!((score.waiting(Kind::Upvote), score.refused["too_fast"]), (0, 1));
        assert!(score.accepted_us.is_empty());
    }
}
