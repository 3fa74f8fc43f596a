// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How most fairs begin: with a round of breakouts that is under way or over, since what comes after one would take a
//! good part of a life to come to by chance.

use fiera_protocol::breakouts::{BreakoutStep, Latecomers, PlannedRoom, RoundMode, RoundPlan};
use fiera_protocol::client::Command;
use fiera_protocol::ids::{AuthorSecret, RoomId};
use fiera_protocol::limits::ROUND_GRACE_MS;
use fiera_protocol::view::EventPhase;

use super::World;

/// Enough for a command and its answer on the slowest connection.
const SOON_MS: u64 = 300;
/// An organiser, and some of those who visit.
const RUNS: usize = 0;
const VISIT: std::ops::Range<usize> = 5..9;

impl World {
    pub(crate) fn begins(&mut self) {
        if self.config.phase == EventPhase::Draft || self.random.permille(100) {
            return;
        }
        let over = self.random.coin();
        self.pass(SOON_MS);
        let plenary = self.config.rooms[0].room.clone();
        for tab in VISIT.chain([RUNS]) {
            let room = plenary.clone();
            self.says(tab, Command::Enter { room });
        }
        let rooms = (0..2).map(|_| PlannedRoom {
            title: self.new_words().try_into().expect("a title"),
            topic: None,
        });
        let plan = RoundPlan {
            from: plenary,
            rooms: rooms.collect(),
            mode: RoundMode::SelfSelect,
            capacity: 6,
            minutes: 1,
            latecomers: Latecomers::Choose,
        };
        self.runs_round(BreakoutStep::Prepare { replaces: None, plan });
        let Some(round) = self.model.kept.rounds.first() else {
            return;
        };
        let (id, rooms): (_, Vec<RoomId>) = (round.id, round.rooms.iter().map(|room| room.id.clone()).collect());
        self.runs_round(BreakoutStep::Send { round: id });
        for (tab, room) in VISIT.zip(rooms.iter().cycle()) {
            self.says(tab, Command::Enter { room: room.clone() });
        }
        self.pass(SOON_MS);
        for tab in VISIT.chain(VISIT) {
            let text = self.new_words().try_into().expect("a card");
            let secret = AuthorSecret::from_u128(self.random.id());
            self.cast[self.tabs[tab].person].secrets.push(secret);
            let step = BreakoutStep::AddCard { text, secret };
            self.says(tab, Command::Breakouts { step });
        }
        self.pass(SOON_MS);
        if over {
            self.runs_round(BreakoutStep::BringBack {});
            self.pass(ROUND_GRACE_MS);
        }
    }

    fn new_words(&mut self) -> String {
        self.words += 1;
        format!("zk{}k", self.words)
    }

    fn runs_round(&mut self, step: BreakoutStep) {
        self.says(RUNS, Command::Breakouts { step });
        self.pass(SOON_MS);
    }
}
