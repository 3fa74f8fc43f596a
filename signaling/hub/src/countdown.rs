// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The seconds before somebody goes on air, which both sides of the stage see. Measured by the monotonic clock; the
//! wall clock is only what is shown.

use fiera_protocol::fair::Countdown;
use fiera_protocol::ids::{ParticipantId, RoomId};
use fiera_protocol::limits::COUNTDOWN_S_MAX;
use fiera_protocol::view::Place;

use crate::access::{Deed, Seat};
use crate::hub::Hub;
use crate::input::{ConnectionId, Now};
use crate::refusal::{self, Refusal};
use crate::timers::Timer;
use crate::view;

/// The countdowns of one room, in the order in which they end.
#[derive(Debug, Default)]
pub(crate) struct Countdowns {
    running: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    /// Monotonic milliseconds.
    at_ms: u64,
    shown: Countdown,
}

impl Countdowns {
    /// When somebody goes on air, milliseconds since 1970.
    pub(crate) fn at_unix_ms(&self, participant: ParticipantId) -> Option<u64> {
        let of = |one: &&Running| one.shown.participant == participant;
        self.running.iter().find(of).map(|one| one.shown.at_unix_ms)
    }

    /// All of them, as the backstage sees them.
    pub(crate) fn shown(&self) -> Vec<Countdown> {
        self.running.iter().map(|one| one.shown).collect()
    }

    fn take(&mut self, participant: ParticipantId) -> Option<Running> {
        let at = self
            .running
            .iter()
            .position(|one| one.shown.participant == participant)?;
        Some(self.running.remove(at))
    }
}

impl Hub {
    /// Starts the countdown of somebody backstage; one that runs already starts anew.
    pub(crate) fn start_countdown(&mut self, now: Now, room_id: &RoomId, seat: &Seat, s: u8) -> Result<(), Refusal> {
        debug_assert!(
            seat.fits(room_id, &[Deed::PutSelfOnAir, Deed::PutOtherOnAir]),
            "{seat:?}"
        );
        let participant = seat.target();
        if s > COUNTDOWN_S_MAX {
            return Err(refusal::COUNTDOWN_TOO_LONG);
        }
        let room = self.rooms.get_mut(room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        match room.place(participant) {
            Place::Audience => return Err(refusal::BACKSTAGE_FIRST),
            Place::OnAir => return Err(refusal::ON_AIR_ALREADY),
            Place::Backstage => {}
        }
        if let Some(before) = room.countdowns.take(participant) {
            self.timers.clear(before.at_ms, Timer::Countdown(participant));
        }
        let wait_ms = u64::from(s) * 1_000;
        let at_ms = now.mono_ms + wait_ms;
        let shown = Countdown {
            participant,
            at_unix_ms: now.unix_ms.saturating_add(wait_ms),
        };
        let running = &mut room.countdowns.running;
        let at = running.partition_point(|one| one.at_ms <= at_ms);
        running.insert(at, Running { at_ms, shown });
        self.timers.set(at_ms, Timer::Countdown(participant));
        self.countdown_changed(room_id, participant);
        Ok(())
    }

    /// Stops somebody's countdown. True where one ran.
    pub(crate) fn cancel_countdown(&mut self, room_id: &RoomId, participant: ParticipantId) -> bool {
        let Some(room) = self.rooms.get_mut(room_id) else {
            return false;
        };
        let Some(running) = room.countdowns.take(participant) else {
            return false;
        };
        self.timers.clear(running.at_ms, Timer::Countdown(participant));
        self.countdown_changed(room_id, participant);
        true
    }

    /// Stops the countdown of somebody who is no longer backstage there.
    pub(crate) fn fit_countdown(&mut self, participant: ParticipantId) {
        let here = self.people.get(&participant).and_then(|person| person.room.clone());
        let unfit = |(id, room): (&RoomId, &crate::room::Room)| {
            let fits = here.as_ref() == Some(id) && room.place(participant) == Place::Backstage;
            (!fits && room.countdowns.at_unix_ms(participant).is_some()).then(|| id.clone())
        };
        let unfit: Vec<RoomId> = self.rooms.iter().filter_map(unfit).collect();
        for room in unfit {
            self.cancel_countdown(&room, participant);
        }
    }

    /// A countdown has come to its end.
    pub(crate) fn countdown_over(&mut self, participant: ParticipantId) {
        let Some(person) = self.people.get(&participant) else {
            return;
        };
        let Some(room_id) = person.room.clone() else { return };
        let role = person.role;
        self.cancel_countdown(&room_id, participant);
        if let Err(refusal) = self.step_on_air(participant, role, &room_id) {
            let person = self.people.get(&participant);
            let conns: Vec<ConnectionId> = person.into_iter().flat_map(|p| p.connections.iter().copied()).collect();
            conns
                .into_iter()
                .for_each(|conn| self.tell(conn, view::refused(None, refusal)));
        }
    }

    fn step_on_air(
        &mut self,
        participant: ParticipantId,
        role: fiera_protocol::ids::Role,
        room_id: &RoomId,
    ) -> Result<(), Refusal> {
        let room = self.rooms.get_mut(room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        let rights = room.rights(participant, role);
        let place = (room_id, room.config.kind);
        let seat = Seat::take(Deed::PutSelfOnAir, rights, place, self.phase, participant)?;
        room.put_on_air(&seat)?;
        self.moved(participant);
        Ok(())
    }

    fn countdown_changed(&mut self, room: &RoomId, participant: ParticipantId) {
        self.dirty.rooms.insert(room.clone());
        self.dirty.people.insert(participant);
    }
}
