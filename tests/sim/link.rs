// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A network between tabs and the server: each connection keeps its order, loses nothing while it lasts, may be slow,
//! may stall, and may go silent without either side being told.

use std::collections::VecDeque;
use std::sync::Arc;

use fiera_protocol::client::Command;
use fiera_protocol::ids::{AuthorSecret, CommandId, ParticipantId, RoomId, StandId};
use fiera_protocol::resume::ResumePlace;
use fiera_protocol::view::{StreamId, StreamPosition};

/// A sealed resume token: nobody but the server looks into it.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) place: ResumePlace,
    pub(crate) until_unix_ms: u64,
}

#[derive(Debug, Clone)]
pub(crate) enum Up {
    Hello {
        token: Option<Token>,
    },
    Command {
        id: CommandId,
        command: Command,
    },
    Resync {
        stream: StreamId,
        have: Option<StreamPosition>,
    },
    Roster,
    Mine {
        secrets: Vec<AuthorSecret>,
    },
    FollowUps,
    Stand {
        stand: StandId,
    },
    StandMessages {
        stand: StandId,
        secret: Option<AuthorSecret>,
    },
    Cards {
        room: RoomId,
    },
    Pong,
    Close {
        left: bool,
    },
}

#[derive(Debug, Clone)]
pub(crate) enum Down {
    Text(Arc<str>),
    Resume(Token),
    Ping,
    Closed,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) tab: usize,
    pub(crate) who: ParticipantId,
    pub(crate) latency_ms: u64,
    /// Nothing arrives on either side any more, and nobody is told.
    pub(crate) silent: bool,
    /// The reader does not read before this.
    pub(crate) stalled_until_ms: u64,
    pub(crate) up: VecDeque<(u64, Up)>,
    pub(crate) down: VecDeque<(u64, Down)>,
}

impl Link {
    pub(crate) fn new(tab: usize, who: ParticipantId, latency_ms: u64) -> Self {
        Self {
            tab,
            who,
            latency_ms,
            silent: false,
            stalled_until_ms: 0,
            up: VecDeque::new(),
            down: VecDeque::new(),
        }
    }

    pub(crate) fn send_up(&mut self, now_ms: u64, message: Up) {
        if !self.silent {
            let at = self.up.back().map_or(0, |(at, _)| *at).max(now_ms + self.latency_ms);
            self.up.push_back((at, message));
        }
    }

    /// `wait_ms`: how long the server gathers before it sends.
    pub(crate) fn send_down(&mut self, now_ms: u64, wait_ms: u64, message: Down) {
        if !self.silent {
            let at = self
                .down
                .back()
                .map_or(0, |(at, _)| *at)
                .max(now_ms + wait_ms + self.latency_ms);
            self.down.push_back((at, message));
        }
    }

    pub(crate) fn go_silent(&mut self) {
        self.silent = true;
        self.up.clear();
        self.down.clear();
    }

    /// When something arrives next.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        let up = self.up.front().map(|(at, _)| *at);
        let down = self.down.front().map(|(at, _)| (*at).max(self.stalled_until_ms));
        up.into_iter().chain(down).min()
    }

    pub(crate) fn take_up(&mut self, now_ms: u64) -> Option<Up> {
        self.up
            .pop_front_if(|(at, _)| *at <= now_ms)
            .map(|(_, message)| message)
    }

    pub(crate) fn take_down(&mut self, now_ms: u64) -> Option<Down> {
        let stalled = self.stalled_until_ms > now_ms;
        self.down
            .pop_front_if(|(at, _)| !stalled && *at <= now_ms)
            .map(|(_, message)| message)
    }
}
