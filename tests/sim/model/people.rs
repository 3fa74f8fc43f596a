// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who is where: connections, the grace after the last one, rooms, names, restrictions, announcements, the event's life.

use std::collections::BTreeSet;

use fiera_protocol::client::Command;
use fiera_protocol::ids::{DisplayName, ParticipantId, Role, RoomId};
use fiera_protocol::limits::{
    ANNOUNCEMENTS_SHOWN_MAX, CONNECTIONS_PER_PARTICIPANT_MAX, PLACE_GRACE_MS, RESUME_TOKEN_TTL_MS, SLOW_MODE_S_MAX,
};
use fiera_protocol::resume::ResumePlace;
use fiera_protocol::view::{EventPhase, Place};

use super::{Drawn, Model, Person, Verdict};

impl Model {
    pub(crate) fn may_connect(&self, who: ParticipantId, role: Role) -> bool {
        let role = self.here.people.get(&who).map_or(role, |person| person.role.max(role));
        let banned = self.kept.restricted.get(&who).is_some_and(|(_, _, banned)| *banned);
        !banned && (self.kept.phase != EventPhase::Draft || role == Role::Organiser)
    }

    pub(crate) fn people_in(&self, room: &RoomId) -> BTreeSet<ParticipantId> {
        let inside = |(id, person): (&ParticipantId, &Person)| (person.room.as_ref() == Some(room)).then_some(*id);
        self.here.people.iter().filter_map(inside).collect()
    }

    /// A socket of somebody opened. True where a resume token brought them back.
    pub(crate) fn connected(
        &mut self,
        conn: u64,
        (who, name, role): (ParticipantId, DisplayName, Role),
        resume: Option<&ResumePlace>,
        epoch: u32,
    ) -> bool {
        let was_here = self.here.people.contains_key(&who);
        let person = self.here.people.entry(who).or_insert_with(|| Person {
            role,
            name,
            connections: BTreeSet::new(),
            grace_until_ms: None,
            room: None,
            sources: BTreeSet::new(),
            answers: std::collections::BTreeMap::new(),
        });
        person.role = person.role.max(role);
        person.grace_until_ms = None;
        if person.connections.len() >= CONNECTIONS_PER_PARTICIPANT_MAX {
            person.connections.pop_first();
        }
        person.connections.insert(conn);
        let Some(resume) = resume else { return false };
        was_here || self.comes_back(who, resume, epoch)
    }

    /// R4, of somebody whom the server no longer knew.
    fn comes_back(&mut self, who: ParticipantId, resume: &ResumePlace, epoch: u32) -> bool {
        let Some(room) = &resume.room else { return true };
        if self.kept.phase == EventPhase::Ended || !self.fits(who, room) {
            return false;
        }
        self.go_to(who, Some(room.clone()));
        if resume.place == Place::Audience {
            return true;
        }
        if self.place(who) == Place::Audience && (!self.publishes(who) || !self.step_backstage(who)) {
            return false;
        }
        if resume.place == Place::OnAir && resume.epoch != epoch {
            return self.step_on_air(who);
        }
        true
    }

    /// A socket of somebody closed.
    pub(crate) fn disconnected(&mut self, now_ms: u64, conn: u64, left: bool) {
        let of = |(id, person): (&ParticipantId, &Person)| person.connections.contains(&conn).then_some(*id);
        let Some(who) = self.here.people.iter().find_map(of) else {
            return;
        };
        let person = self.here.people.get_mut(&who).expect("found");
        person.connections.remove(&conn);
        if person.connections.is_empty() {
            if left {
                self.gone(who);
            } else {
                person.grace_until_ms = Some(now_ms + PLACE_GRACE_MS);
            }
        }
    }

    pub(crate) fn gone(&mut self, who: ParticipantId) {
        self.go_to(who, None);
        self.here.people.remove(&who);
    }

    /// What time alone does.
    pub(crate) fn time_passes(&mut self, now_ms: u64) {
        if std::mem::take(&mut self.here.fresh) {
            if self.kept.rooms.values().any(|room| !room.hands.is_empty()) {
                self.here.awaited_until_ms = Some(now_ms + RESUME_TOKEN_TTL_MS);
            }
            self.quizzes_go_on(now_ms);
        }
        let late =
            |(who, person): (&ParticipantId, &Person)| person.grace_until_ms.filter(|at| *at <= now_ms).map(|_| *who);
        let late: Vec<ParticipantId> = self.here.people.iter().filter_map(late).collect();
        // In the order in which their time was over.
        let mut due: Vec<(u64, ParticipantId, bool)> = Vec::new();
        due.extend(
            late.iter()
                .map(|who| (self.here.people[who].grace_until_ms.expect("late"), *who, true)),
        );
        let counted = self.here.countdowns.iter().filter(|(_, at)| **at <= now_ms);
        due.extend(counted.map(|(who, at)| (*at, *who, false)));
        due.sort_unstable();
        for (_, who, is_grace) in due {
            if is_grace {
                self.gone(who);
            } else if self.here.countdowns.remove(&who).is_some() && self.publishes(who) {
                self.step_on_air(who);
            }
        }
        if self.here.awaited_until_ms.is_some_and(|at| at <= now_ms) {
            self.here.awaited_until_ms = None;
            for id in self.kept.rooms.keys().cloned().collect::<Vec<_>>() {
                let inside = self.people_in(&id);
                self.room_mut(&id)
                    .hands
                    .retain(|hand| inside.contains(&hand.participant));
            }
        }
        self.quizzes_end(now_ms);
    }

    fn fits(&self, who: ParticipantId, room: &RoomId) -> bool {
        let inside = self.people_in(room);
        inside.contains(&who) || self.role(who) >= Role::Speaker || inside.len() < self.capacity[room]
    }

    /// Leaves where one is and goes to a room, or to the lobby page.
    pub(crate) fn go_to(&mut self, who: ParticipantId, room: Option<RoomId>) {
        let before = self.room_of(who);
        if before == room {
            return;
        }
        self.step_down(who);
        let person = self.here.people.get_mut(&who).expect("here");
        person.room.clone_from(&room);
        for id in self.kept.rooms.keys().cloned().collect::<Vec<_>>() {
            // A hand that waits for its owner ends when they go elsewhere.
            let elsewhere = Some(&id) != room.as_ref() && (Some(&id) == before.as_ref() || room.is_some());
            if elsewhere && self.hand(&id, who).is_some() {
                self.end_hand(&id, who);
            }
        }
        let invited = |room: &RoomId| self.hand(room, who).is_some_and(super::Hand::is_accepted);
        if let Some(room) = room.filter(invited)
            && !self.step_backstage(who)
        {
            self.end_hand(&room, who);
        }
    }

    pub(super) fn judge_place(&self, actor: ParticipantId, command: &Command) -> Option<Verdict> {
        Some(match command {
            Command::Enter { room } => (self.kept.rooms.contains_key(room) && self.fits(actor, room)).into(),
            Command::Leave {} => self.room_of(actor).is_some().into(),
            Command::Rename { .. } => Verdict::Accept,
            Command::React { .. } => (self.room_of(actor).is_some() && self.has_voice(actor)).into(),
            Command::SetEventPhase { phase } => matches!(
                (self.kept.phase, phase),
                (EventPhase::Draft, EventPhase::Open)
                    | (EventPhase::Open, EventPhase::Live)
                    | (EventPhase::Live, EventPhase::Ended)
            )
            .into(),
            Command::Silence { participant, .. } | Command::Ban { participant, .. } => {
                match self.here.people.get(participant) {
                    Some(person) => (person.role < self.role(actor)).into(),
                    None => self.kept.restricted.contains_key(participant).into(),
                }
            }
            Command::SetRoom { settings } => {
                (self.room_of(actor).is_some() && settings.slow_mode_s <= SLOW_MODE_S_MAX).into()
            }
            Command::SetWordFilter { .. } | Command::Announce { .. } => Verdict::Accept,
            Command::EraseAnnouncement { announcement } => {
                self.kept.announcements.iter().any(|(id, _)| id == announcement).into()
            }
            _ => return None,
        })
    }

    pub(super) fn do_place(&mut self, actor: ParticipantId, command: &Command, drawn: &Drawn<'_>) {
        match command {
            Command::Enter { room } => self.go_to(actor, Some(room.clone())),
            Command::Leave {} => self.go_to(actor, None),
            Command::Rename { name } => {
                self.here.people.get_mut(&actor).expect("here").name = name.clone();
                if let Some(room) = self.room_of(actor) {
                    let hands = &mut self.room_mut(&room).hands;
                    let own = hands.iter_mut().filter(|hand| hand.participant == actor);
                    own.for_each(|hand| hand.name = name.clone());
                }
            }
            Command::SetEventPhase { phase } => {
                self.kept.phase = *phase;
                if *phase == EventPhase::Ended {
                    self.ended(drawn);
                }
            }
            Command::Silence { participant, on } => self.restrict(*participant, |of| of.1 = *on),
            Command::Ban { participant, on } => {
                self.restrict(*participant, |of| of.2 = *on);
                if self.kept.restricted.get(participant).is_some_and(|of| of.2) {
                    let rooms: Vec<RoomId> = self.kept.rooms.keys().cloned().collect();
                    rooms.iter().for_each(|room| self.end_hand(room, *participant));
                    if self.here.people.contains_key(participant) {
                        self.gone(*participant);
                    }
                }
            }
            Command::SetRoom { settings } => {
                let room = self.room_of(actor).expect("in a room");
                self.room_mut(&room).settings = *settings;
            }
            Command::SetWordFilter { words } => {
                self.kept.filter = words.iter().map(|word| word.as_str().to_owned()).collect();
            }
            Command::Announce { text } => {
                let id = drawn.of("announced", "announcement");
                self.kept.announcements.push((id, text.as_str().to_owned()));
                self.kept.announced.push_back(id);
                if self.kept.announced.len() > ANNOUNCEMENTS_SHOWN_MAX {
                    self.kept.announced.pop_front();
                }
            }
            Command::EraseAnnouncement { announcement } => {
                self.kept.announcements.retain(|(id, _)| id != announcement);
                self.kept.announced.retain(|id| id != announcement);
            }
            _ => {}
        }
    }

    fn restrict(&mut self, who: ParticipantId, change: impl FnOnce(&mut (DisplayName, bool, bool))) {
        let name = self.here.people.get(&who).map(|person| person.name.clone());
        let known = self.kept.restricted.get(&who).cloned();
        let mut of = known.or(name.map(|name| (name, false, false))).expect("known");
        change(&mut of);
        if of.1 || of.2 {
            self.kept.restricted.insert(who, of);
        } else {
            self.kept.restricted.remove(&who);
        }
    }

    /// P5, B4: everybody is in the audience, polls are counted, and nothing says anything of single persons.
    fn ended(&mut self, drawn: &Drawn<'_>) {
        let here: Vec<ParticipantId> = self.here.people.keys().copied().collect();
        here.iter().for_each(|who| self.step_down(*who));
        for id in self.kept.rooms.keys().cloned().collect::<Vec<_>>() {
            let room = self.kept.rooms.get_mut(&id).expect("a room");
            room.close_open_poll(drawn);
            room.count_voters();
            room.hands.clear();
        }
        self.here.clocks.clear();
        self.kept.count_idea_voters();
        self.kept.forget_thanked();
        self.kept.restricted.clear();
        self.kept.done.clear();
    }
}
