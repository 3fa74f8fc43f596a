// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Silence, bans, and how a room works. Whom it concerns is a row without a time, removed when the event ends.

use std::collections::BTreeMap;

use fiera_protocol::client::Command;
use fiera_protocol::fair::{Restricted, RoomSettings};
use fiera_protocol::ids::{DisplayName, ParticipantId};
use fiera_protocol::limits::SLOW_MODE_S_MAX;
use fiera_protocol::view::{Change, StreamState};
use serde::{Deserialize, Serialize};

use crate::access::{Deed, Seat};
use crate::fact::Fact;
use crate::hub::Hub;
use crate::keeping::{from_hex, hex, row};
use crate::output::{Output, StreamKey};
use crate::refusal::{self, Refusal};
use crate::timers::Timer;
use crate::view;

/// Participants who are silenced or banned at a time.
pub(crate) const RESTRICTED_MAX: usize = 1_000;

/// What somebody may not do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Restriction {
    /// The name they had then.
    name: DisplayName,
    silenced: bool,
    banned: bool,
}

/// Everybody who may not do something.
pub(crate) type Restrictions = BTreeMap<ParticipantId, Restriction>;

#[derive(Clone, Copy)]
enum Measure {
    Silence(bool),
    Ban(bool),
}

impl Hub {
    pub(crate) fn moderation_command(&mut self, actor: ParticipantId, command: Command) -> Result<(), Refusal> {
        match command {
            Command::Silence { participant, on } => {
                let seat = self.seat_over(Deed::Silence, actor, participant)?;
                self.restrict(&seat, Measure::Silence(on))
            }
            Command::Ban { participant, on } => {
                let seat = self.seat_over(Deed::Ban, actor, participant)?;
                self.restrict(&seat, Measure::Ban(on))
            }
            Command::SetRoom { settings } => self.set_room(actor, settings),
            _ => Err(refusal::NOT_ALLOWED),
        }
    }

    /// A seat to act on somebody of a lower role; also on somebody who is restricted already and not here.
    fn seat_over(&self, deed: Deed, actor: ParticipantId, target: ParticipantId) -> Result<Seat, Refusal> {
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        let seat = Seat::in_event(deed, role, self.phase, target)?;
        match self.people.get(&target) {
            Some(person) if person.role >= role => Err(refusal::NOT_OVER_EQUALS),
            None if !self.restrictions.contains_key(&target) => Err(refusal::NOT_IN_EVENT),
            _ => Ok(seat),
        }
    }

    fn restrict(&mut self, seat: &Seat, measure: Measure) -> Result<(), Refusal> {
        debug_assert!(seat.fits_event(&[Deed::Silence, Deed::Ban]), "{seat:?}");
        let target = seat.target();
        let name = self.people.get(&target).map(|person| person.name.clone());
        let known = self.restrictions.get(&target).cloned();
        let unrestricted = |name| Restriction {
            name,
            silenced: false,
            banned: false,
        };
        let before = known.or_else(|| name.map(unrestricted)).ok_or(refusal::NOT_IN_EVENT)?;
        let mut after = before.clone();
        match measure {
            Measure::Silence(on) => after.silenced = on,
            Measure::Ban(on) => after.banned = on,
        }
        if after == before {
            return Ok(());
        }
        let restricted = after.silenced || after.banned;
        if restricted && !self.restrictions.contains_key(&target) && self.restrictions.len() >= RESTRICTED_MAX {
            return Err(refusal::TOO_MANY_RESTRICTED);
        }
        let banned = after.banned;
        self.keep_row(
            format!("restricted/{}", hex(target.as_u128())),
            restricted.then_some(after),
        );
        if banned {
            self.end_hands(target);
            self.put_out(target);
        }
        Ok(())
    }

    /// Ends everything of a participant in this event, now.
    fn put_out(&mut self, participant: ParticipantId) {
        let Some(person) = self.people.get_mut(&participant) else {
            return;
        };
        if let Some(at_ms) = person.grace_until_ms.take() {
            self.timers.clear(at_ms, Timer::Grace(participant));
        }
        for conn in std::mem::take(&mut person.connections) {
            if let Some(connection) = self.connections.remove(&conn) {
                self.timers.clear(connection.renew_at_ms, Timer::Renew(conn));
            }
            self.tell(conn, view::refused(None, refusal::BANNED));
            self.outputs.push_back(Output::Disconnect { conn });
        }
        if let Some(person) = self.people.get_mut(&participant) {
            person.program = false;
        }
        self.forget(participant);
    }

    fn set_room(&mut self, actor: ParticipantId, settings: RoomSettings) -> Result<(), Refusal> {
        let (room, seat) = self.room_seat(Deed::SetRoom, actor)?;
        debug_assert!(seat.fits(&room, &[Deed::SetRoom]), "{seat:?}");
        if settings.slow_mode_s > SLOW_MODE_S_MAX {
            return Err(refusal::PAUSE_TOO_LONG);
        }
        if self.rooms.get(&room).is_some_and(|known| known.settings != settings) {
            self.keep_fact(&Fact::RoomSet { room, settings });
        }
        Ok(())
    }

    /// Whether somebody may speak up: chat, ask, raise a hand, react.
    pub(crate) fn has_voice(&self, participant: ParticipantId) -> Result<(), Refusal> {
        if self.is_silenced(participant) {
            return Err(refusal::SILENCED);
        }
        Ok(())
    }

    pub(crate) fn is_silenced(&self, participant: ParticipantId) -> bool {
        self.restrictions.get(&participant).is_some_and(|of| of.silenced)
    }

    /// Whether somebody may come in at all.
    pub(crate) fn not_banned(&self, participant: ParticipantId) -> Result<(), Refusal> {
        if self.restrictions.get(&participant).is_some_and(|of| of.banned) {
            return Err(refusal::BANNED);
        }
        Ok(())
    }

    pub(crate) fn apply_moderation_fact(&mut self, fact: &Fact) {
        if let Fact::RoomSet { room, settings } = fact
            && let Some(place) = self.rooms.get_mut(room)
        {
            place.settings = *settings;
            self.dirty.rooms.insert(room.clone());
        }
    }

    pub(crate) fn apply_restricted_row(&mut self, name: &[&str], value: Option<&[u8]>) {
        let [participant] = name else { return };
        let Some(participant) = from_hex(participant).map(ParticipantId::from_u128) else {
            return;
        };
        match value.and_then(row) {
            Some(restriction) => self.restrictions.insert(participant, restriction),
            None => self.restrictions.remove(&participant),
        };
        self.dirty.restricted = true;
        if self.people.contains_key(&participant) {
            self.dirty.people.insert(participant);
        }
    }

    pub(crate) fn wipe_restrictions(&mut self) {
        self.restrictions.clear();
        self.dirty.restricted = true;
        self.dirty.people.extend(self.people.keys());
    }

    /// Tells the moderators of every room who is restricted.
    pub(crate) fn settle_restricted(&mut self) {
        let entry = |(participant, of): (&ParticipantId, &Restriction)| Restricted {
            participant: *participant,
            name: of.name.clone(),
            silenced: of.silenced,
            banned: of.banned,
        };
        let restricted: Vec<Restricted> = self.restrictions.iter().map(entry).collect();
        let knows =
            |state: &StreamState| matches!(state, StreamState::Moderators(known) if known.restricted == restricted);
        let untold: Vec<StreamKey> = self
            .rooms
            .iter()
            .filter(|(_, room)| !knows(room.moderators.state()))
            .map(|(id, _)| StreamKey::Moderators(id.clone()))
            .collect();
        for stream in untold {
            let restricted = restricted.clone();
            self.publish(stream, Change::RestrictedPeople { restricted });
        }
    }
}
