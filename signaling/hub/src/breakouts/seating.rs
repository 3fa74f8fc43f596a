// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who has a seat where: drawn by lot, given by an organiser, taken by choosing, given to those who come late.

use fiera_protocol::breakouts::{Latecomers, RoundMode, RoundPhase};
use fiera_protocol::ids::{ParticipantId, Role, RoomId, RoundId};
use fiera_protocol::limits::{ROUND_NOTICE_MS, ROUND_SEATS_MAX};
use fiera_protocol::view::Place;

use super::{Placement, Round};
use crate::access;
use crate::hub::Hub;
use crate::input::Now;
use crate::participant::Participant;
use crate::refusal::{self, Refusal};

impl Hub {
    /// Draws anew who goes where in a draft.
    pub(super) fn deal(&mut self, id: RoundId) -> Result<(), Refusal> {
        let round = self.draft(id)?;
        if round.mode != RoundMode::Random {
            return Err(refusal::NOT_BY_LOT);
        }
        self.seat_by_lot(id, true)
    }

    /// Whether somebody is sent from the plenary room without being named: of its audience, and not one who runs it.
    fn is_sent(&self, person: &Participant, from: &RoomId) -> bool {
        let here = person.room.as_ref() == Some(from) && person.is_person() && !person.program;
        here && !access::moderates(person.role) && self.place(person) == Place::Audience
    }

    /// Gives the audience of the plenary room seats, the sizes of the rooms differing by one at most where seats given by
    /// name allow it. Who has one keeps it; `anew` those keep theirs who would get none by lot, and facilitators. Seats of
    /// those who are gone are given up.
    pub(super) fn seat_by_lot(&mut self, id: RoundId, anew: bool) -> Result<(), Refusal> {
        let round = self.breakouts.get(id).ok_or(refusal::UNKNOWN_ROUND)?;
        let sent = |who: &ParticipantId| {
            self.people
                .get(who)
                .is_some_and(|person| self.is_sent(person, &round.from))
        };
        let here = |who: &ParticipantId| {
            let person = self.people.get(who);
            person.is_some_and(|person| person.room.as_ref() == Some(&round.from) && person.is_person())
        };
        let (kept, given_up): (Vec<_>, Vec<_>) = round
            .placements
            .iter()
            .partition(|(who, placement)| placement.facilitator || here(who) && !(anew && sent(who)));
        let kept: Vec<(ParticipantId, u16)> = kept.into_iter().map(|(who, of)| (*who, of.nth)).collect();
        let given_up: Vec<String> = given_up.into_iter().map(|(who, _)| round.key(*who)).collect();
        let mut taken = vec![0_u16; round.rooms.len()];
        for (_, nth) in &kept {
            if let Some(count) = taken.get_mut(usize::from(*nth)) {
                *count += 1;
            }
        }
        let seated = |who: &ParticipantId| kept.iter().any(|(of, _)| of == who);
        let unseated: Vec<ParticipantId> = self
            .people
            .keys()
            .copied()
            .filter(|who| sent(who) && !seated(who))
            .collect();
        let (capacity, rooms) = (round.capacity, round.rooms.len());
        let seats = usize::from(capacity) * rooms;
        let people = kept.len() + unseated.len();
        if people > seats || people > ROUND_SEATS_MAX {
            return Err(refusal::TOO_FEW_SEATS);
        }
        let rows = self.draw(&mut taken, capacity, unseated)?;
        for key in given_up {
            self.keep_row(key, None::<Placement>);
        }
        for (who, nth) in rows {
            self.place_in(id, who, nth, false);
        }
        Ok(())
    }

    /// Draws a room for each of these, always one of the emptiest.
    pub(super) fn draw(
        &mut self,
        taken: &mut [u16],
        capacity: u16,
        people: Vec<ParticipantId>,
    ) -> Result<Vec<(ParticipantId, u16)>, Refusal> {
        let mut lots: Vec<_> = people.into_iter().map(|who| (self.chance.key(), who)).collect();
        lots.sort_unstable();
        let mut rows = Vec::with_capacity(lots.len());
        for (_, who) in lots {
            let nth = Round::emptiest(taken, capacity).ok_or(refusal::TOO_FEW_SEATS)?;
            if let Some(count) = taken.get_mut(usize::from(nth)) {
                *count += 1;
            }
            rows.push((who, nth));
        }
        Ok(rows)
    }

    /// Keeps a seat; what was known of the way back stays known.
    pub(super) fn place_in(&mut self, id: RoundId, who: ParticipantId, nth: u16, facilitator: bool) {
        let Some(round) = self.breakouts.get(id) else { return };
        let back = round.placements.get(&who).and_then(|placement| placement.back.clone());
        let placement = Placement {
            facilitator,
            back,
            ..Placement::at(nth)
        };
        if round.placements.get(&who) != Some(&placement) {
            self.keep_row(round.key(who), Some(placement));
        }
    }

    /// Seats one person, as an organiser says.
    pub(super) fn seat(
        &mut self,
        now: Now,
        id: RoundId,
        who: ParticipantId,
        room: Option<RoomId>,
        facilitator: bool,
    ) -> Result<(), Refusal> {
        if self.is_rehearsed(id) {
            return self.seat_bot(who, room, facilitator);
        }
        let round = self.breakouts.get(id).ok_or(refusal::UNKNOWN_ROUND)?;
        let before = round.placements.get(&who);
        let Some(room) = room else {
            if !matches!(round.phase, RoundPhase::Draft | RoundPhase::Announced) {
                return Err(refusal::ROUND_OPEN);
            }
            if before.is_some() {
                self.keep_row(round.key(who), None::<Placement>);
            }
            return Ok(());
        };
        let nth = round.nth_of(&room).ok_or(refusal::UNKNOWN_ROOM)?;
        let person = self.people.get(&who).filter(|person| person.is_person());
        let person = person.ok_or(refusal::NOT_IN_EVENT)?;
        if person.program {
            return Err(refusal::THEIR_PROGRAM_PUBLISHES);
        }
        let moves = before.is_none_or(|before| before.nth != nth);
        if moves && !round.has_space(nth) {
            return Err(refusal::BREAKOUT_FULL);
        }
        if before.is_none() && round.placements.len() >= ROUND_SEATS_MAX {
            return Err(refusal::TOO_FEW_SEATS);
        }
        match round.phase {
            RoundPhase::Draft | RoundPhase::Announced => {
                self.place_in(id, who, nth, facilitator);
                Ok(())
            }
            RoundPhase::Open => {
                self.place_in(id, who, nth, facilitator);
                self.move_to_seat(now, who)
            }
            RoundPhase::Closing | RoundPhase::Ended => Err(refusal::ROUND_CLOSING),
        }
    }

    /// Whether somebody may walk into a breakout room by themselves.
    pub(crate) fn may_enter_breakout(&self, who: ParticipantId, role: Role, room: &RoomId) -> Result<(), Refusal> {
        let Some(round) = self.breakouts.of_room(room) else {
            return Ok(());
        };
        let Some(nth) = round.nth_of(room) else { return Ok(()) };
        match round.phase {
            RoundPhase::Open | RoundPhase::Closing => {}
            RoundPhase::Draft if self.bots_are_in(room) && access::moderates(role) => {}
            RoundPhase::Draft => return Err(refusal::UNKNOWN_ROOM),
            RoundPhase::Announced => return Err(refusal::BREAKOUT_NOT_OPEN),
            RoundPhase::Ended => return Err(refusal::BREAKOUT_OVER),
        }
        if access::moderates(role) {
            return Ok(());
        }
        let seat = round.placements.get(&who);
        if seat.is_some_and(|seat| seat.nth == nth) {
            return Ok(());
        }
        if round.phase == RoundPhase::Closing {
            return Err(refusal::BREAKOUT_OVER);
        }
        let chooses = round.mode == RoundMode::SelfSelect || seat.is_none() && round.latecomers == Latecomers::Choose;
        if !chooses {
            return Err(refusal::OTHER_BREAKOUT);
        }
        if !round.has_space(nth) || seat.is_none() && round.placements.len() >= ROUND_SEATS_MAX {
            return Err(refusal::BREAKOUT_FULL);
        }
        Ok(())
    }

    /// Somebody is in another room now: they take the seat there, or are late for the one they should have.
    pub(crate) fn came_into(&mut self, who: ParticipantId, room_id: &RoomId, before: Option<RoomId>) {
        let Some(role) = self.people.get(&who).map(|person| person.role) else {
            return;
        };
        let Some(round) = self.breakouts.live() else { return };
        let id = round.id;
        let Some(nth) = round.nth_of(room_id) else {
            if round.from == *room_id {
                self.comes_late(who, role);
            }
            return;
        };
        let seat = round.placements.get(&who).cloned();
        let elsewhere = before.filter(|before| *before != round.from && round.nth_of(before).is_none());
        // Whoever runs the event looks in and takes no seat: one that they have stays where it is.
        let looks_in = access::moderates(role);
        if seat.is_some() || !looks_in {
            let placement = Placement {
                nth: seat.as_ref().filter(|_| looks_in).map_or(nth, |seat| seat.nth),
                facilitator: seat.as_ref().is_some_and(|seat| seat.facilitator),
                stays: false,
                chosen: seat.as_ref().is_none_or(|seat| seat.chosen),
                back: elsewhere.or_else(|| seat.as_ref().and_then(|seat| seat.back.clone())),
            };
            if seat.as_ref() != Some(&placement) {
                let key = round.key(who);
                self.keep_row(key, Some(placement));
            }
        }
        if let Some(round) = self.breakouts.get_mut(id) {
            round.going.remove(&who);
        }
        self.arm_breakouts();
        self.onto_the_floor(who, role, room_id);
    }

    /// Whoever comes into the plenary room while others are in their rooms goes after them.
    fn comes_late(&mut self, who: ParticipantId, role: Role) {
        let now = self.now;
        let Some(round) = self.breakouts.live() else { return };
        let (id, phase) = (round.id, round.phase);
        let may_go = self
            .people
            .get(&who)
            .is_some_and(|person| person.is_person() && !person.program);
        if phase == RoundPhase::Closing || !may_go {
            return;
        }
        match round.placements.get(&who) {
            Some(seat) if seat.stays => return,
            Some(_) => {}
            None => {
                let placed = round.mode != RoundMode::SelfSelect && round.latecomers == Latecomers::Placed;
                let space = round.placements.len() < ROUND_SEATS_MAX;
                if !placed || access::moderates(role) || !space {
                    return;
                }
                let Some(nth) = Round::emptiest(&round.taken(), round.capacity) else {
                    return;
                };
                self.place_in(id, who, nth, false);
            }
        }
        if phase == RoundPhase::Open {
            let at = (
                now.mono_ms + ROUND_NOTICE_MS,
                now.unix_ms.saturating_add(ROUND_NOTICE_MS),
            );
            if let Some(round) = self.breakouts.get_mut(id) {
                round.going.insert(who, at);
            }
            self.arm_breakouts();
        }
    }

    /// Somebody left a breakout room by themselves: nobody fetches them again, and a seat that they chose is free.
    pub(crate) fn walked_out(&mut self, who: ParticipantId, left: Option<&RoomId>) {
        let Some(round) = self.breakouts.live() else { return };
        if left.and_then(|left| round.nth_of(left)).is_none() {
            return;
        }
        let here = self.people.get(&who).and_then(|person| person.room.as_ref());
        let still_inside = here.is_some_and(|room| round.nth_of(room).is_some());
        let Some(seat) = round.placements.get(&who).filter(|_| !still_inside) else {
            return;
        };
        let key = round.key(who);
        let kept = Placement {
            stays: true,
            ..seat.clone()
        };
        let chosen = seat.chosen || round.mode == RoundMode::SelfSelect;
        let kept = (seat.facilitator || !chosen).then_some(kept);
        let id = round.id;
        self.keep_row(key, kept);
        if let Some(round) = self.breakouts.get_mut(id) {
            round.going.remove(&who);
        }
        self.arm_breakouts();
    }
}
