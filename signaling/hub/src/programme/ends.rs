// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The end of a slot opens its poll by itself, where the setup says so and nothing else is open in the room. In all other
//! cases moderators are offered it, and nothing happens without them.

use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{PollId, RoomId};
use fiera_protocol::view::EventPhase;

use crate::fact::Fact;
use crate::hub::Hub;
use crate::input::Now;
use crate::timers::Timer;

/// A slot that ended longer ago, while the server was down, opens nothing any more, milliseconds.
const LATE_MS_MAX: u64 = 600_000;
/// The wall clock is looked at this often at least while a slot is awaited, milliseconds: it may have been set.
const LOOK_EVERY_MS: u64 = 600_000;

impl Hub {
    /// Waits for the next end of a slot whose poll opens by itself.
    pub(crate) fn await_slot_end(&mut self, now: Now) {
        let programme = &mut self.programme;
        // After the clock was set back, ends of before come again.
        programme.looked_unix_ms = programme.looked_unix_ms.min(now.unix_ms);
        let running = matches!(self.phase, EventPhase::Open | EventPhase::Live);
        if self.read_only || !running || !programme.any_opens() {
            return;
        }
        // Each input comes by here: the slots are looked at where something of them changed, or a timer rang.
        if programme.awaited_ms.is_some() && !self.dirty.programme {
            return;
        }
        let since = programme.looked_unix_ms.max(now.unix_ms.saturating_sub(LATE_MS_MAX));
        let ends = programme.opening().map(|(_, _, ends_unix_ms)| ends_unix_ms);
        let next = ends.filter(|ends| *ends > since).min();
        let wait_ms = next.map_or(LOOK_EVERY_MS, |next| {
            next.saturating_sub(now.unix_ms).min(LOOK_EVERY_MS)
        });
        let at_ms = now.mono_ms.saturating_add(wait_ms);
        // One that was brought forward is awaited sooner; the timer of before then looks in vain.
        if programme.awaited_ms.is_none_or(|awaited_ms| at_ms < awaited_ms) {
            programme.awaited_ms = Some(at_ms);
            self.timers.set(at_ms, Timer::SlotEnd);
        }
    }

    /// Perhaps a slot has ended.
    pub(crate) fn slot_end(&mut self, now: Now) {
        self.programme.awaited_ms = None;
        let running = matches!(self.phase, EventPhase::Open | EventPhase::Live);
        if self.read_only || !running {
            return;
        }
        let looked = std::mem::replace(&mut self.programme.looked_unix_ms, now.unix_ms);
        let over = |ends: u64| ends <= now.unix_ms && ends > looked && ends.saturating_add(LATE_MS_MAX) > now.unix_ms;
        let ended = self.programme.opening().filter(|(_, _, ends)| over(*ends));
        let polls: Vec<(RoomId, PollId)> = ended.map(|(room, poll, _)| (room, poll)).collect();
        for (room, poll) in polls {
            let Some(place) = self.rooms.get(&room) else { continue };
            let waits = place
                .polls
                .get(poll)
                .is_some_and(|poll| poll.phase == PollPhase::Draft && !poll.dismissed);
            if waits && place.polls.open().is_none() {
                self.keep_fact(&Fact::PollMoved {
                    room,
                    poll,
                    phase: PollPhase::Open,
                    tally: None,
                });
            }
        }
    }
}
