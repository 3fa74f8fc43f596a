// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The course of a round by the clock: announced, open, closing, ended, and the moves that belong to it. Deadlines run by
//! the monotonic clock; the wall clock is what people are shown, and after a restart what is left is told by it.

use fiera_protocol::breakouts::RoundPhase;
use fiera_protocol::ids::{CardId, ParticipantId, Role, RoomId, RoundId};
use fiera_protocol::limits::{ROUND_GRACE_MS, ROUND_NOTICE_MS};

use super::{Placement, help_key};
use crate::access::{Deed, Seat};
use crate::fact::Fact;
use crate::hub::Hub;
use crate::input::Now;
use crate::refusal::{self, Refusal};
use crate::timers::Timer;

/// How long a phase lasts if nobody changes it, milliseconds.
pub(super) fn length_ms(phase: RoundPhase, minutes: u16) -> u64 {
    match phase {
        RoundPhase::Announced => ROUND_NOTICE_MS,
        RoundPhase::Open => u64::from(minutes) * 60_000,
        RoundPhase::Closing => ROUND_GRACE_MS,
        RoundPhase::Draft | RoundPhase::Ended => 0,
    }
}

impl Hub {
    /// Moves a round to a phase that lasts as long as it usually does.
    pub(super) fn move_round(&mut self, now: Now, id: RoundId, phase: RoundPhase) {
        let minutes = self.breakouts.get(id).map_or(0, |round| round.minutes);
        self.set_round(now, id, phase, length_ms(phase, minutes), None);
    }

    /// Moves a round to a phase that ends in so many milliseconds.
    pub(super) fn set_round(&mut self, now: Now, id: RoundId, phase: RoundPhase, ms: u64, minutes: Option<u16>) {
        let lasts = !matches!(phase, RoundPhase::Draft | RoundPhase::Ended);
        self.keep_fact(&Fact::RoundMoved {
            round: id,
            phase,
            until_unix_ms: lasts.then(|| now.unix_ms.saturating_add(ms)),
            minutes,
        });
        if let Some(round) = self.breakouts.get_mut(id) {
            round.until_ms = lasts.then_some(now.mono_ms + ms);
        }
        self.arm_breakouts();
    }

    /// Gives restored deadlines their place on the clock of this process. However the wall clock was set meanwhile, no
    /// phase lasts longer than it would have from its start, and one that is over still ends in order.
    pub(crate) fn await_rounds(&mut self, now: Now) {
        if !std::mem::take(&mut self.breakouts.restored) {
            return;
        }
        for round in &mut self.breakouts.rounds {
            let left_ms = round.until_unix_ms.map(|until| until.saturating_sub(now.unix_ms));
            round.until_ms = left_ms.map(|left| now.mono_ms + left.min(length_ms(round.phase, round.minutes)));
        }
        self.arm_breakouts();
    }

    pub(crate) fn breakouts_restored(&mut self) {
        self.breakouts.restored = self.breakouts.live().is_some();
    }

    /// Sets the timer to the next thing that happens in a round.
    pub(super) fn arm_breakouts(&mut self) {
        let live = self.breakouts.live();
        let next = live.and_then(|round| {
            let going = round.going.values().map(|(at_ms, _)| *at_ms);
            going.chain(round.until_ms).min()
        });
        let rehearsal = self.breakouts.rehearsal.as_ref();
        let next = next.or_else(|| rehearsal.and_then(|rehearsal| rehearsal.next_ms()));
        if next == self.breakouts.due_ms {
            return;
        }
        if let Some(at_ms) = self.breakouts.due_ms.take() {
            self.timers.clear(at_ms, Timer::Breakouts);
        }
        if let Some(at_ms) = next {
            self.timers.set(at_ms, Timer::Breakouts);
            self.breakouts.due_ms = Some(at_ms);
        }
        self.dirty.breakouts = true;
    }

    /// Something of a round is due.
    pub(crate) fn breakouts_due(&mut self, now: Now) {
        self.breakouts.due_ms = None;
        self.rehearsal_due(now);
        let Some(round) = self.breakouts.live() else { return };
        let (id, phase) = (round.id, round.phase);
        let over = round.until_ms.is_some_and(|at_ms| at_ms <= now.mono_ms);
        let due = |(who, (at_ms, _)): (&ParticipantId, &(u64, u64))| (*at_ms <= now.mono_ms).then_some(*who);
        let due: Vec<ParticipantId> = round.going.iter().filter_map(due).collect();
        for who in due {
            if let Some(round) = self.breakouts.get_mut(id) {
                round.going.remove(&who);
            }
            self.dirty.people.extend(self.people.get(&who).map(|person| person.id));
            if self.is_in_plenary(id, who) {
                // They may have begun to publish by a program meanwhile; then they stay where it is.
                let _ = self.move_to_seat(now, who);
            }
        }
        if over {
            match phase {
                RoundPhase::Announced => {
                    self.move_round(now, id, RoundPhase::Open);
                    self.send_seated(now, id);
                }
                RoundPhase::Open => self.move_round(now, id, RoundPhase::Closing),
                RoundPhase::Closing => self.end_round(now),
                RoundPhase::Draft | RoundPhase::Ended => {}
            }
        }
        self.arm_breakouts();
    }

    pub(super) fn is_in_plenary(&self, id: RoundId, who: ParticipantId) -> bool {
        let from = self.breakouts.get(id).map(|round| &round.from);
        let room = self.people.get(&who).and_then(|person| person.room.as_ref());
        room.is_some() && room == from
    }

    /// Moves everybody who has a seat, does not stay, and is still in the plenary room.
    pub(super) fn send_seated(&mut self, now: Now, id: RoundId) {
        let Some(round) = self.breakouts.get(id) else { return };
        let goes = |(who, seat): (&ParticipantId, &Placement)| (!seat.stays).then_some(*who);
        let go: Vec<ParticipantId> = round.placements.iter().filter_map(goes).collect();
        for who in go {
            if self.is_in_plenary(id, who) {
                let _ = self.move_to_seat(now, who);
            }
        }
    }

    /// Moves somebody to the room of their seat.
    pub(super) fn move_to_seat(&mut self, now: Now, who: ParticipantId) -> Result<(), Refusal> {
        debug_assert_eq!(now, self.now);
        let round = self.breakouts.live().ok_or(refusal::NO_ROUND)?;
        let room = round.room_of(who).cloned().ok_or(refusal::UNKNOWN_ROOM)?;
        self.enter(who, &room)
    }

    /// Puts somebody who came into a breakout room on air, with everything switched off: there everybody may speak.
    /// Where as many as possible are on air they are in the audience and raise a hand.
    pub(super) fn onto_the_floor(&mut self, who: ParticipantId, role: Role, room_id: &RoomId) {
        let phase = self.phase;
        let Some(room) = self.rooms.get_mut(room_id) else {
            return;
        };
        if room.on_air().len() >= fiera_protocol::limits::ON_AIR_MAX {
            return;
        }
        for deed in [Deed::EnterBackstage, Deed::PutSelfOnAir] {
            let Ok(seat) = Seat::take(deed, role, (room_id, room.config.kind), phase, who) else {
                return;
            };
            let moved = match deed {
                Deed::EnterBackstage => room.enter_backstage(&seat),
                _ => room.put_on_air(&seat),
            };
            if moved.is_err() {
                return;
            }
        }
    }

    /// Brings everybody back to where they were, and forgets who sat where.
    pub(crate) fn end_round(&mut self, now: Now) {
        let Some(round) = self.breakouts.live() else { return };
        let (id, from) = (round.id, round.from.clone());
        let rooms: Vec<RoomId> = round.rooms.iter().map(|kept| kept.room.clone()).collect();
        let rows: Vec<String> = round.placements.keys().map(|who| round.key(*who)).collect();
        let told = round.told;
        let mut way_back: Vec<(ParticipantId, RoomId)> = Vec::new();
        for room in rooms.iter().filter_map(|room| self.rooms.get(room)) {
            for who in room.people() {
                let back = round.placements.get(who).and_then(|seat| seat.back.clone());
                way_back.push((*who, back.unwrap_or_else(|| from.clone())));
            }
        }
        // First of all, so that whoever comes back into the plenary room is not late for a round.
        self.set_round(now, id, RoundPhase::Ended, 0, None);
        for (who, back) in way_back {
            if self.return_to(who, &back).is_err() {
                self.leave_room(who);
            }
        }
        for row in rows {
            self.keep_row(row, None::<Placement>);
        }
        for room in &rooms {
            if self.rooms.get(room).is_some_and(|room| room.help.is_some()) {
                self.keep_row(help_key(room), None::<()>);
            }
            self.count_card_votes(room);
        }
        if let Some(told) = told {
            self.keep_text(told.as_u128(), None);
        }
    }

    /// The way back is open however full the room is: they had been there.
    fn return_to(&mut self, who: ParticipantId, room: &RoomId) -> Result<(), Refusal> {
        self.enter_with(who, room, true)
    }

    /// The room where somebody belongs whose resume token names a breakout room that is over.
    pub(crate) fn after_breakout(&self, room: &RoomId) -> Option<RoomId> {
        let round = self.breakouts.of_room(room)?;
        let over = match round.phase {
            RoundPhase::Draft => !self.bots_are_in(room),
            phase => phase == RoundPhase::Ended,
        };
        over.then(|| round.from.clone())
    }

    /// What a room is called, and what it is about; none where the text was erased.
    pub(super) fn title_of(&self, text: CardId) -> Option<(String, Option<String>)> {
        let kept = self.texts.get(&text.as_u128())?;
        Some((kept.text.clone(), kept.options.first().cloned()))
    }
}
