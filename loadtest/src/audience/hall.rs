// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What the sockets of one audience share, on one thread.

use std::cell::{Cell, RefCell};

use fiera_protocol::ids::{EventId, RoomId};
use hdrhistogram::Histogram;
use tokio::time::Instant;

use super::score::Score;
use crate::http::Target;

/// How the audience comes back after the server was gone.
#[derive(Debug, Default, Clone, Copy)]
pub struct Return {
    /// Sockets lost.
    pub lost: usize,
    /// The first loss, microseconds since the start.
    pub lost_us: u64,
    /// The first welcome after it.
    pub first_us: u64,
    /// The last socket back in place.
    pub last_us: u64,
    /// Back by the resume token, in the same room.
    pub resumed: usize,
    /// Back, but as somebody new or in no room.
    pub anew: usize,
}

/// The audience.
pub struct Hall {
    /// Where.
    pub target: Target,
    /// Event.
    pub event: EventId,
    /// Room.
    pub room: RoomId,
    /// Token of an attendee.
    pub token: String,
    /// Time 0.
    pub start: Instant,
    /// The figures.
    pub score: RefCell<Score>,
    /// Sockets in the room.
    pub seated: Cell<usize>,
    /// Why sockets were lost or not let in, the first few.
    pub told: RefCell<Vec<String>>,
    /// Sockets lost while nothing was restarted.
    pub lost: Cell<usize>,
    /// The restart, once it is expected.
    pub back: RefCell<Option<Return>>,
    /// From loss to back in place, each socket.
    pub back_us: RefCell<Histogram<u64>>,
}

const TOLD_MAX: usize = 8;

impl Hall {
    /// Microseconds since the start.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }

    /// Says what went wrong, while there is room.
    pub fn tell(&self, what: String) {
        let mut told = self.told.borrow_mut();
        if told.len() < TOLD_MAX {
            told.push(what);
        }
    }
}
