// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The steady load: what is due at each tick, dealt out over the sockets, and how late the tick itself was.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::ids::{AuthorSecret, CommandId, PollId, QuestionId};
use hdrhistogram::Histogram;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use super::hall::Hall;
use super::light::words_of;
use super::score::Kind;
use crate::crowd::tally::latencies;

const TICK: Duration = Duration::from_millis(5);
/// After a pause between two polls votes catch up at this many times their rate, not all at once.
const CATCH_UP: f64 = 2.0;

/// Commands per second.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Votes.
    pub votes: f64,
    /// Chat messages.
    pub chat: f64,
    /// Upvotes.
    pub upvotes: f64,
}

/// The poll that takes votes now.
pub struct Round {
    /// Its number.
    pub number: usize,
    /// The poll.
    pub poll: PollId,
    /// Its answers.
    pub options: usize,
    /// Sockets that have voted.
    pub voted: usize,
}

/// What drives the sockets.
pub struct Load {
    hall: Rc<Hall>,
    orders: Vec<mpsc::Sender<ClientMessage>>,
    rates: Rates,
    questions: Vec<QuestionId>,
    /// The poll that is open.
    pub round: RefCell<Option<Round>>,
    /// Ends the load.
    pub over: Cell<bool>,
    /// How late ticks were, microseconds: the generator's own lag.
    pub lag_us: RefCell<Histogram<u64>>,
    /// Orders that found a socket's queue full.
    pub dropped: Cell<u64>,
}

impl Load {
    /// A load that has not begun.
    #[must_use]
    pub fn new(
        hall: Rc<Hall>,
        orders: Vec<mpsc::Sender<ClientMessage>>,
        rates: Rates,
        questions: Vec<QuestionId>,
    ) -> Self {
        Self {
            hall,
            orders,
            rates,
            questions,
            round: RefCell::new(None),
            over: Cell::new(false),
            lag_us: RefCell::new(latencies()),
            dropped: Cell::new(0),
        }
    }

    /// Sends until it is over.
    pub async fn run(&self) {
        let start = Instant::now();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (mut votes, mut chats, mut upvotes) = (0.0, 0_usize, 0_usize);
        let mut last = start;
        while !self.over.get() {
            let planned = tick.tick().await;
            let late_us = planned.elapsed().as_micros() as u64;
            self.lag_us.borrow_mut().saturating_record(late_us);
            let (passed, step) = (start.elapsed().as_secs_f64(), last.elapsed().as_secs_f64());
            last = Instant::now();
            while (chats as f64) < passed * self.rates.chat {
                self.chat(chats);
                chats += 1;
            }
            while (upvotes as f64) < passed * self.rates.upvotes && self.upvote(upvotes) {
                upvotes += 1;
            }
            let owed = (passed * self.rates.votes - votes).min(step * self.rates.votes * CATCH_UP);
            for _ in 0..owed.ceil().max(0.0) as usize {
                if !self.vote() {
                    break;
                }
                votes += 1.0;
            }
        }
    }

    /// Sends one command on a socket.
    pub fn order(&self, socket: usize, kind: Kind, what: (usize, usize), command: Command) -> bool {
        let Some(orders) = self.orders.get(socket % self.orders.len().max(1)) else {
            return false;
        };
        let id = CommandId(uuid::Uuid::new_v4());
        let now_us = self.hall.now_us();
        if orders.try_send(ClientMessage::Command { id, command }).is_err() {
            self.dropped.set(self.dropped.get() + 1);
            return false;
        }
        self.hall.score.borrow_mut().sent(id, kind, what, now_us);
        true
    }

    fn chat(&self, turn: usize) {
        let number = self.hall.score.borrow().next_chat();
        let Ok(text) = words_of(number).parse() else { return };
        let secret = AuthorSecret(uuid::Uuid::new_v4());
        let command = Command::Chat {
            text,
            backstage: false,
            reply_to: None,
            secret,
        };
        // Another socket each time, far from the one before.
        self.order(turn * 13 + 5, Kind::Chat, (number, 0), command);
    }

    /// The next pair of socket and question; false when all pairs are used up.
    fn upvote(&self, turn: usize) -> bool {
        let (sockets, questions) = (self.orders.len(), self.questions.len());
        if sockets == 0 || questions == 0 || turn / sockets >= questions {
            return false;
        }
        let at = (turn + turn / sockets) % questions;
        let Some(question) = self.questions.get(at).copied() else {
            return false;
        };
        self.order(turn, Kind::Upvote, (at, 0), Command::Upvote { question, up: true });
        true
    }

    /// One more vote on the open poll; false where there is none, or all have voted.
    fn vote(&self) -> bool {
        let mut round = self.round.borrow_mut();
        let Some(round) = round.as_mut().filter(|round| round.voted < self.orders.len()) else {
            return false;
        };
        // The first answer is the favourite.
        let option = (round.voted % 7) % round.options;
        let socket = round.voted;
        round.voted += 1;
        let command = Command::Vote {
            poll: round.poll,
            option: u8::try_from(option).unwrap_or_default(),
        };
        self.order(socket, Kind::Vote, (round.number, option), command);
        true
    }
}
