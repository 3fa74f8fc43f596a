// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Programs that publish by WHIP: they have a place on a stage, but no socket and no seat among the people.

use fiera_protocol::ids::{DisplayName, ParticipantId, Role, RoomId, SourceKind};
use fiera_protocol::limits::ON_AIR_MAX;
use fiera_protocol::view::Place;

use crate::access::Seat;
use crate::hub::Hub;
use crate::output::Output;
use crate::refusal::{self, Refusal};

impl Hub {
    pub(crate) fn external_up(&mut self, participant: ParticipantId, name: DisplayName, room: &RoomId) {
        if let Err(Refusal { code, sentence }) = self.program_enters(participant, name, room) {
            let sentence = sentence.to_owned();
            self.outputs.push_back(Output::ExternalRefused {
                participant,
                code,
                sentence,
            });
        }
    }

    fn program_enters(
        &mut self,
        participant: ParticipantId,
        name: DisplayName,
        room_id: &RoomId,
    ) -> Result<(), Refusal> {
        self.not_banned(participant)?;
        if self.is_breakout_of_a_round(room_id) || self.stands.holds(room_id) {
            return Err(refusal::UNKNOWN_ROOM);
        }
        let room = self.rooms.get(room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        let on_air = room.config.whip_on_air_at_once && room.on_air().len() < ON_AIR_MAX;
        let seat = Seat::of_program(on_air, (room_id, room.config.kind), self.phase, participant)?;
        let known = self.people.get(&participant).filter(|p| p.program);
        match known.map(|p| p.room.as_ref() == Some(room_id)) {
            // It came back before the first connection was missed: same place, and still muted if it was.
            Some(true) => return Ok(()),
            Some(false) => self.external_down(participant),
            None => {}
        }
        if let Some(person) = self.people.get(&participant) {
            let elsewhere = person.room.as_ref() != Some(room_id);
            if elsewhere && person.is_person() {
                self.enter(participant, room_id)?;
            }
        } else {
            let newcomer = self.newcomer((participant, name, Role::Speaker));
            self.people.insert(participant, newcomer);
        }
        let Some(room) = self.rooms.get_mut(room_id) else {
            return Err(refusal::UNKNOWN_ROOM);
        };
        if room.place(participant) == Place::Audience
            && let Err(refusal) = room.enter_backstage(&seat)
        {
            if self.people.get(&participant).is_some_and(|p| !p.is_person()) {
                self.people.remove(&participant);
            }
            return Err(refusal);
        }
        if on_air && room.place(participant) == Place::Backstage {
            let put = room.put_on_air(&seat);
            debug_assert!(put.is_ok(), "{put:?}");
        }
        if let Some(person) = self.people.get_mut(&participant) {
            person.room = Some(room_id.clone());
            person.program = true;
            person.switch_all_off();
            // What sends was perhaps known before: the media plane and this come by different ways.
            person.flowing = self.flows.get(&participant).cloned().unwrap_or_default();
        }
        self.moved(participant);
        Ok(())
    }

    pub(crate) fn external_down(&mut self, participant: ParticipantId) {
        let Some(person) = self.people.get_mut(&participant) else {
            return;
        };
        if !person.program {
            return;
        }
        person.program = false;
        person.flowing.clear();
        person.muted.clear();
        if !person.is_person() {
            self.forget(participant);
            return;
        }
        // The person stays, in the audience: nothing of theirs is on the stage any more.
        let room = person.room.as_ref().and_then(|room| self.rooms.get_mut(room));
        room.into_iter().for_each(|room| {
            room.leave_backstage(participant);
        });
        self.moved(participant);
    }

    pub(crate) fn source_flow(&mut self, participant: ParticipantId, source: SourceKind, flowing: bool) {
        let flows = self.flows.entry(participant).or_default();
        if flowing {
            flows.insert(source);
        } else {
            flows.remove(&source);
        }
        if flows.is_empty() {
            self.flows.remove(&participant);
        }
        let Some(person) = self.people.get_mut(&participant) else {
            return;
        };
        self.dirty.stages.extend(person.room.clone());
        if !person.program {
            // Of a person it counts what they switched on: a picture that stalls must not look like a choice.
            return;
        }
        let changed = if flowing {
            person.flowing.insert(source)
        } else {
            person.flowing.remove(&source)
        };
        if changed {
            self.dirty.rooms.extend(person.room.clone());
            self.dirty.people.insert(participant);
        }
    }
}
