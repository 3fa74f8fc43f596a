// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Coming and going: sockets that open and break, tabs that count once, the grace, the way back by resume token.

use std::collections::BTreeSet;

use fiera_protocol::ids::{DisplayName, ParticipantId, Role, RoomId, RoomKind};
use fiera_protocol::limits::{
    CONNECTIONS_PER_PARTICIPANT_MAX, EVENT_PEOPLE_MAX, PLACE_GRACE_MS, RESUME_TOKEN_RENEW_MS,
};
use fiera_protocol::resume::ResumePlace;
use fiera_protocol::view::{Place, StreamId, StreamPosition};

use crate::access::{self, Deed, Seat};
use crate::attendance::Arrival;
use crate::hub::Hub;
use crate::input::{ConnectionId, Now};
use crate::output::{MediaIntent, Output, StreamKey};
use crate::participant::Connection;
use crate::refusal::{self, Refusal};
use crate::timers::Timer;
use crate::view;

/// Who somebody is, by token or cookie.
pub(crate) type Who = (ParticipantId, DisplayName, Role);

impl Hub {
    pub(crate) fn connection_opened(&mut self, now: Now, conn: ConnectionId, who: Who, resume: Option<ResumePlace>) {
        let (participant, name, role) = who;
        if self.connections.contains_key(&conn) {
            debug_assert!(false, "{conn:?} opened twice");
            return;
        }
        if let Err(refusal) = self.may_connect(participant, role) {
            self.tell(conn, view::refused(None, refusal));
            self.outputs.push_back(Output::Disconnect { conn });
            return;
        }
        let mut person = self
            .people
            .remove(&participant)
            .unwrap_or_else(|| self.newcomer((participant, name, role)));
        let was_here = person.is_person();
        let cut = person.grace_until_ms.is_some();
        person.role = person.role.max(role);
        let oldest = person.connections.first().copied();
        let oldest = oldest.filter(|_| person.connections.len() >= CONNECTIONS_PER_PARTICIPANT_MAX);
        person.connections.insert(conn);
        if let Some(at_ms) = person.grace_until_ms.take() {
            self.timers.clear(at_ms, Timer::Grace(participant));
        }
        let room_of_program = person.room.clone().filter(|_| !was_here);
        self.people.insert(participant, person);
        if let Some(oldest) = oldest {
            self.drop_connection(oldest, refusal::TOO_MANY_CONNECTIONS);
        }
        let renew_at_ms = now.mono_ms + RESUME_TOKEN_RENEW_MS;
        self.timers.set(renew_at_ms, Timer::Renew(conn));
        let follows = BTreeSet::new();
        self.connections.insert(
            conn,
            Connection {
                participant,
                follows,
                renew_at_ms,
                token_generation: None,
            },
        );
        self.dirty.people.insert(participant);
        self.dirty.counts = true;
        let back = match resume {
            Some(resume) if resume.participant == participant && resume.event == self.event => {
                if was_here {
                    Ok(true)
                } else {
                    self.go_back(now, &resume)
                }
            }
            _ => Ok(false),
        };
        if !was_here || cut {
            let arrival = if cut || back == Ok(true) {
                Arrival::CameBack
            } else {
                Arrival::Joined
            };
            let on_curve = self.counts_attendance();
            self.attendance.arrived(now, arrival, on_curve);
        }
        if let Some(room) = room_of_program {
            // Their program is on a stage: they are where it is.
            let _ = self.enter(participant, &room);
        }
        self.tell(conn, view::welcome(now.unix_ms, back == Ok(true)));
        if let Err(refusal) = back {
            self.tell(conn, view::refused(None, refusal));
        }
    }

    fn may_connect(&self, participant: ParticipantId, role: Role) -> Result<(), Refusal> {
        let person = self.people.get(&participant);
        let role = person.map_or(role, |p| p.role.max(role));
        self.not_banned(participant)?;
        access::check(Deed::Connect, role, RoomKind::Lobby, self.phase)?;
        let newcomer = person.is_none_or(|person| !person.is_person());
        // Cheap first: of the people some may be programs, which are not counted.
        if newcomer && self.people.len() >= EVENT_PEOPLE_MAX {
            access::fits_event(role, view::people_count(&self.people))?;
        }
        Ok(())
    }

    /// Ends one connection of somebody who stays by another.
    fn drop_connection(&mut self, conn: ConnectionId, why: Refusal) {
        let Some(connection) = self.connections.remove(&conn) else {
            return;
        };
        self.timers.clear(connection.renew_at_ms, Timer::Renew(conn));
        if let Some(person) = self.people.get_mut(&connection.participant) {
            person.connections.remove(&conn);
        }
        self.tell(conn, view::refused(None, why));
        self.outputs.push_back(Output::Disconnect { conn });
    }

    /// Puts somebody whom this hub had forgotten back where their token says. True where they are in a room again.
    fn go_back(&mut self, now: Now, resume: &ResumePlace) -> Result<bool, Refusal> {
        let Some(room) = &resume.room else { return Ok(true) };
        if let Some(from) = self.after_breakout(room) {
            // Everybody else has been brought back meanwhile, from the audience's point of view as well.
            self.enter(resume.participant, &from)?;
            return Ok(true);
        }
        self.enter(resume.participant, room)?;
        let Some(person) = self.people.get(&resume.participant).filter(|person| !person.program) else {
            return Ok(true);
        };
        if resume.place == Place::Audience {
            return Ok(true);
        }
        if self.place(person) == Place::Audience {
            // Whoever was there by a raised hand has no right of their own to go back once the hand has ended.
            let back = self.enter_backstage(resume.participant);
            back.map_err(|why| {
                if why == refusal::NOT_ALLOWED {
                    refusal::AWAY_TOO_LONG
                } else {
                    why
                }
            })?;
        }
        // Within one epoch the hub knew them on air, waited for the grace and took them off: they stay backstage.
        // In another epoch it was the server that went away, so nobody took them off.
        // In a breakout room they are on air by coming in.
        let place = self.people.get(&resume.participant).map(|person| self.place(person));
        if resume.place == Place::OnAir && resume.epoch != self.epoch && place != Some(Place::OnAir) {
            self.put_on_air(now, resume.participant, resume.participant, None)?;
        }
        Ok(true)
    }

    pub(crate) fn connection_closed(&mut self, now: Now, conn: ConnectionId, left: bool) {
        let Some(connection) = self.connections.remove(&conn) else {
            return;
        };
        self.timers.clear(connection.renew_at_ms, Timer::Renew(conn));
        let Some(person) = self.people.get_mut(&connection.participant) else {
            return;
        };
        person.connections.remove(&conn);
        if !person.connections.is_empty() {
            return;
        }
        if left {
            self.grace_over(connection.participant);
        } else {
            let at_ms = now.mono_ms + PLACE_GRACE_MS;
            person.grace_until_ms = Some(at_ms);
            self.timers.set(at_ms, Timer::Grace(connection.participant));
        }
    }

    pub(crate) fn grace_over(&mut self, participant: ParticipantId) {
        let Some(person) = self.people.get_mut(&participant) else {
            return;
        };
        debug_assert!(person.connections.is_empty(), "grace of somebody who is connected");
        person.grace_until_ms = None;
        self.dirty.counts = true;
        if person.program {
            let room_id = person.room.clone();
            let room = room_id.as_ref().and_then(|room| self.rooms.get_mut(room));
            room.into_iter().for_each(|room| room.leave_as_person(participant));
            room_id.iter().for_each(|room| self.end_hand(room, participant));
            self.dirty.people.insert(participant);
        } else {
            self.forget(participant);
        }
    }

    /// The participant is gone: out of their room, out of the event.
    pub(crate) fn forget(&mut self, participant: ParticipantId) {
        self.leave_room(participant);
        self.people.remove(&participant);
        self.dirty.counts = true;
        self.dirty.people.remove(&participant);
        self.outputs.push_back(Output::Media(MediaIntent::Gone { participant }));
    }

    /// Enters a room and leaves the one before.
    pub(crate) fn enter(&mut self, participant: ParticipantId, room_id: &RoomId) -> Result<(), Refusal> {
        self.enter_with(participant, room_id, false)
    }

    /// Enters a room; `always_let_in`: also where it is full.
    pub(crate) fn enter_with(
        &mut self,
        participant: ParticipantId,
        room_id: &RoomId,
        always_let_in: bool,
    ) -> Result<(), Refusal> {
        let Some(person) = self.people.get(&participant) else {
            return Ok(());
        };
        let role = person.role;
        let before = person.room.clone();
        let moves = before.as_ref() != Some(room_id);
        let program = person.program;
        if moves {
            self.may_enter_breakout(participant, role, room_id)?;
            self.may_visit(participant, role, room_id)?;
        }
        // A breakout room has its own count of seats.
        let always_let_in = always_let_in || !moves || access::enters_full_rooms(role) || self.breakouts.holds(room_id);
        let room = self.rooms.get_mut(room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        if moves && program {
            return Err(refusal::PROGRAM_PUBLISHES);
        }
        let place = (room_id, room.config.kind);
        let seat = Seat::take(Deed::Enter, role, place, self.phase, participant)?;
        room.enter(&seat, always_let_in)?;
        self.dirty.counts = true;
        if moves {
            self.leave_room(participant);
            self.back_on_stage(participant, room_id);
            if let Some(person) = self.people.get_mut(&participant) {
                person.room = Some(room_id.clone());
            }
            self.came_into(participant, room_id, before);
            self.moved(participant);
        }
        Ok(())
    }

    /// Whose hand was accepted before the server was restarted belongs behind the stage.
    fn back_on_stage(&mut self, participant: ParticipantId, room_id: &RoomId) {
        let Some(person) = self.people.get(&participant) else {
            return;
        };
        let Some(room) = self
            .rooms
            .get_mut(room_id)
            .filter(|room| room.hands.accepted(participant))
        else {
            return;
        };
        let rights = room.rights(participant, person.role);
        let place = (room_id, room.config.kind);
        if let Ok(seat) = Seat::take(Deed::EnterBackstage, rights, place, self.phase, participant) {
            // Where it is full by now they stay in the audience and their hand ends.
            let _ = room.enter_backstage(&seat);
        }
    }

    /// Leaves the room for the lobby page of the event.
    pub(crate) fn leave_room(&mut self, participant: ParticipantId) {
        let Some(person) = self.people.get_mut(&participant) else {
            return;
        };
        person.switch_all_off();
        let Some(room_id) = person.room.take() else { return };
        if let Some(room) = self.rooms.get_mut(&room_id) {
            room.leave(participant);
        }
        self.end_hand(&room_id, participant);
        self.dirty.rooms.insert(room_id);
        self.dirty.counts = true;
        self.moved(participant);
    }

    /// Notes that a participant's room or place changed.
    pub(crate) fn moved(&mut self, participant: ParticipantId) {
        let Some(person) = self.people.get_mut(&participant) else {
            return;
        };
        person.generation = person.generation.wrapping_add(1);
        let room = person.room.clone();
        self.fit_hands(participant);
        self.fit_countdown(participant);
        self.dirty.rooms.extend(room);
        self.dirty.people.insert(participant);
        self.dirty.counts = true;
    }

    pub(crate) fn renew_due(&mut self, now: Now, conn: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&conn) else {
            return;
        };
        connection.renew_at_ms = now.mono_ms + RESUME_TOKEN_RENEW_MS;
        connection.token_generation = None;
        self.dirty.people.insert(connection.participant);
        self.timers.set(connection.renew_at_ms, Timer::Renew(conn));
    }

    pub(crate) fn resync(&mut self, conn: ConnectionId, stream: &StreamId, have: Option<StreamPosition>) {
        let Some(connection) = self.connections.get(&conn) else {
            return;
        };
        let key = StreamKey::of(stream, connection.participant);
        if !connection.follows.contains(&key) {
            self.tell(conn, view::refused(None, refusal::NOT_YOUR_ROOM));
            return;
        }
        let Some(stream) = self.stream_mut(&key) else { return };
        let missing = have.and_then(|have| stream.since(have));
        let texts = missing.unwrap_or_else(|| vec![stream.snapshot()]);
        for text in texts {
            self.tell(conn, text);
        }
    }

    pub(crate) fn roster(&mut self, conn: ConnectionId, after: Option<ParticipantId>) {
        let Some(connection) = self.connections.get(&conn) else {
            return;
        };
        let person = self.people.get(&connection.participant);
        let room = person
            .and_then(|p| p.room.as_ref())
            .and_then(|room| self.rooms.get(room));
        let text = match room {
            Some(room) => view::roster_page(room, &self.people, after),
            None => view::refused(None, refusal::NOT_IN_ROOM),
        };
        self.tell(conn, text);
    }
}
