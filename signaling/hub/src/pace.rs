// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How fast one participant asks and chats, by the clock that never goes back. In memory only; leaving and coming
//! back does not start it anew.

use std::collections::{BTreeMap, VecDeque};

use fiera_protocol::ids::{ParticipantId, RoomId};
use fiera_protocol::limits::{EVENT_PEOPLE_MAX, SLOW_MODE_S_MAX};

/// After this long without a word a participant's pace is of no interest, milliseconds.
const FORGET_AFTER_MS: u64 = SLOW_MODE_S_MAX as u64 * 1_000;

/// Times within a window that slides along.
#[derive(Debug, Default)]
pub(crate) struct Window {
    at_ms: VecDeque<u64>,
}

impl Window {
    /// Takes one of `max` places in the last `window_ms`; false where none is free.
    pub(crate) fn take(&mut self, now_ms: u64, max: u32, window_ms: u64) -> bool {
        while self.at_ms.front().is_some_and(|at| at + window_ms <= now_ms) {
            self.at_ms.pop_front();
        }
        let free = self.at_ms.len() < max as usize;
        if free {
            self.at_ms.push_back(now_ms);
        }
        free
    }
}

/// How fast one participant is.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    pub(crate) asks: Window,
    pub(crate) messages: Window,
    pub(crate) cards: Window,
    pub(crate) captions: Window,
    pub(crate) stands: Window,
    pub(crate) ideas: Window,
    pub(crate) thanks: Window,
    /// When they last wrote in the chat of a room.
    pub(crate) wrote_at_ms: BTreeMap<RoomId, u64>,
    seen_at_ms: u64,
}

/// Of everybody who said something lately.
#[derive(Debug, Default)]
pub(crate) struct Paces {
    of: BTreeMap<ParticipantId, Pace>,
}

impl Paces {
    /// One participant's pace.
    pub(crate) fn of(&mut self, participant: ParticipantId, now_ms: u64) -> &mut Pace {
        if self.of.len() >= EVENT_PEOPLE_MAX {
            self.of.retain(|_, pace| pace.seen_at_ms + FORGET_AFTER_MS > now_ms);
        }
        let pace = self.of.entry(participant).or_default();
        pace.seen_at_ms = now_ms;
        pace
    }
}
