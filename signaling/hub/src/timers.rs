// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Everything the hub waits for, ordered by time. It knows when, the hub knows what to do then.

use std::collections::BTreeSet;

use fiera_protocol::ids::{ParticipantId, PollId};

use crate::input::ConnectionId;

/// Something to do later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// Broadcast the counters.
    Counts,
    /// Broadcast new numbers of supporters.
    Upvotes,
    /// A slot whose poll opens by itself may have ended.
    SlotEnd,
    /// Broadcast new numbers of supporters of ideas.
    IdeaVotes,
    /// A participant without connections leaves.
    Grace(ParticipantId),
    /// Somebody goes on air.
    Countdown(ParticipantId),
    /// The time of a question of a quiz is over.
    Quiz(PollId),
    /// Whose hand was restored and who is not back has gone.
    AwaitedHands,
    /// Broadcast what is counted: hands, answers to polls.
    Tallies,
    /// Tell rooms how they reacted.
    Reactions,
    /// Tell organisers the numbers.
    Numbers,
    /// Media of some stage broke off long enough ago to say so.
    Pause,
    /// A minute of the attendance curve is over.
    Minute,
    /// Something of a round of breakouts is due.
    Breakouts,
    /// Tell moderators how breakout rooms fare.
    BreakoutGrid,
    /// A connection gets a new resume token.
    Renew(ConnectionId),
}

/// The pending timers.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    pending: BTreeSet<(u64, Timer)>,
}

impl Timers {
    /// Asks for `timer` at a monotonic time, milliseconds.
    pub(crate) fn set(&mut self, at_ms: u64, timer: Timer) {
        self.pending.insert((at_ms, timer));
    }

    /// Takes back what [`Timers::set`] asked for.
    pub(crate) fn clear(&mut self, at_ms: u64, timer: Timer) {
        self.pending.remove(&(at_ms, timer));
    }

    /// The next timer that is due, oldest first.
    pub(crate) fn pop_due(&mut self, now_ms: u64) -> Option<Timer> {
        let (at_ms, timer) = *self.pending.first()?;
        if at_ms > now_ms {
            return None;
        }
        self.pending.remove(&(at_ms, timer));
        Some(timer)
    }

    /// When the first one is due, monotonic milliseconds.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        self.pending.first().map(|(at_ms, _)| *at_ms)
    }

    /// How many are pending.
    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }
}
