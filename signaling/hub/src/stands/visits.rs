// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The room of a stand: who is let in, who may publish there, and how it is closed, hidden and removed.

use fiera_protocol::ids::{AuthorSecret, ParticipantId, Role, RoomId, StandId};
use fiera_protocol::stands::StandState;
use fiera_protocol::view::Place;

use super::{keeper_row, opener_row, reuse_row};
use crate::Now;
use crate::access::{self, Deed};
use crate::fact::Fact;
use crate::hub::Hub;
use crate::refusal::{self, Refusal};

impl Hub {
    /// Whether somebody is let into a room, as far as it is that of a stand.
    pub(crate) fn may_visit(&self, participant: ParticipantId, role: Role, room: &RoomId) -> Result<(), Refusal> {
        let Some(id) = self.stands.rooms.get(room) else {
            return Ok(());
        };
        let stand = self.stands.all.get(id).ok_or(refusal::UNKNOWN_ROOM)?;
        let inside = stand.keepers.contains(&participant) || access::moderates(role);
        match stand.state {
            StandState::Open => Ok(()),
            _ if inside => Ok(()),
            StandState::Closed => Err(refusal::STAND_CLOSED),
            StandState::Hidden => Err(refusal::UNKNOWN_ROOM),
        }
    }

    pub(super) fn set_stand(
        &mut self,
        now: Now,
        actor: ParticipantId,
        id: StandId,
        state: StandState,
    ) -> Result<(), Refusal> {
        let stand = self.run_stand(Deed::SetStand, actor, id)?;
        let (before, room) = (stand.state, stand.room.clone());
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        if (before == StandState::Hidden || state == StandState::Hidden) && !access::moderates(role) {
            return Err(refusal::NOT_ALLOWED);
        }
        if before == state {
            return Ok(());
        }
        self.stand_pace(now, actor)?;
        self.keep_fact(&Fact::StandSet { stand: id, state });
        if state != StandState::Open {
            self.see_out(&room);
        }
        Ok(())
    }

    /// Whoever is not let in any more goes to the lobby page.
    fn see_out(&mut self, room: &RoomId) {
        let Some(place) = self.rooms.get(room) else { return };
        let staff = |id: &ParticipantId| {
            self.people
                .get(id)
                .is_none_or(|one| self.may_visit(*id, one.role, room).is_ok())
        };
        let out: Vec<ParticipantId> = place.people().iter().filter(|id| !staff(id)).copied().collect();
        for participant in out {
            self.leave_room(participant);
        }
    }

    /// After the end nobody is known as a keeper any more: the secret proves it.
    pub(super) fn remove_stand(
        &mut self,
        actor: ParticipantId,
        id: StandId,
        secret: Option<AuthorSecret>,
    ) -> Result<(), Refusal> {
        let proves = secret.is_some_and(|secret| self.is_author(id.as_u128(), secret));
        let stand = if proves {
            let seat = self.event_seat(Deed::RemoveStand, actor)?;
            debug_assert!(seat.fits_event(&[Deed::RemoveStand]), "{seat:?}");
            self.stands.all.get(&id).ok_or(refusal::UNKNOWN_STAND)?
        } else {
            self.run_stand(Deed::RemoveStand, actor, id)?
        };
        let room = stand.room.clone();
        let texts: Vec<u128> = std::iter::once(id.as_u128())
            .chain(stand.adopters.iter().map(|adopter| adopter.as_u128()))
            .chain(stand.messages.iter().map(|message| message.as_u128()))
            .collect();
        let keepers = stand.keepers.iter().map(|keeper| keeper_row(id, *keeper));
        let supporters = self.stands.supporters.iter().filter(|(_, of)| of.contains_key(&id));
        let rows: Vec<String> = keepers
            .chain(supporters.map(|(voter, _)| reuse_row(id, *voter)))
            .chain(stand.opener.map(|_| opener_row(id)))
            .collect();
        self.erase_all_said(&room);
        self.end_show(&room);
        for text in texts {
            self.keep_text(text, None);
        }
        for row in rows {
            self.keep_row(row, None::<bool>);
        }
        self.keep_fact(&Fact::StandRemoved { stand: id });
        self.see_out_all(&room);
        Ok(())
    }

    fn see_out_all(&mut self, room: &RoomId) {
        let all: Vec<ParticipantId> = self
            .rooms
            .get(room)
            .into_iter()
            .flat_map(|room| room.people().iter().copied())
            .collect();
        for participant in all {
            self.leave_room(participant);
        }
    }

    /// All that people wrote and answered in a room is erased for good.
    fn erase_all_said(&mut self, id: &RoomId) {
        let Some(room) = self.rooms.get(id) else { return };
        let said: Vec<_> = [false, true]
            .into_iter()
            .flat_map(|side| room.chat(side).kept().iter().copied())
            .collect();
        let asked: Vec<_> = room.questions.iter().map(|(question, _)| question).collect();
        let labels: Vec<_> = room.questions.labels().to_vec();
        let hands: Vec<ParticipantId> = room.hands.owners().collect();
        let polls: Vec<_> = room.polls.order().collect();
        let captions = room.captions.shown();
        for message in said {
            self.keep_text(message.as_u128(), None);
            self.keep_fact(&Fact::MessageErased {
                room: id.clone(),
                message,
            });
        }
        for question in asked {
            self.erase_question_of(id, question);
        }
        for label in labels {
            self.keep_text(label.as_u128(), None);
        }
        for owner in hands {
            self.end_hand(id, owner);
        }
        for poll in polls {
            self.erase_poll(id, poll);
        }
        for caption in captions {
            self.forget_caption(id, caption);
        }
        self.forget_upvote_key(id);
    }

    pub(super) fn give_word(
        &mut self,
        actor: ParticipantId,
        id: StandId,
        participant: ParticipantId,
        on: bool,
    ) -> Result<(), Refusal> {
        let stand = self.run_stand(Deed::GiveWord, actor, id)?;
        let room_id = stand.room.clone();
        let room = self.rooms.get_mut(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        if !room.people().contains(&participant) {
            return Err(refusal::NOT_AT_STAND);
        }
        if on {
            room.word.insert(participant);
            self.dirty.people.insert(participant);
            return Ok(());
        }
        room.word.remove(&participant);
        let person = self.people.get_mut(&participant).ok_or(refusal::UNKNOWN_PARTICIPANT)?;
        let rights = room.rights(participant, person.role);
        let allowed = access::check(Deed::SetOwnSource, rights, room.config.kind, self.phase).is_ok();
        if !allowed && room.place(participant) != Place::Audience {
            room.leave_backstage(participant);
            person.switch_all_off();
            self.moved(participant);
        }
        self.dirty.people.insert(participant);
        Ok(())
    }
}
