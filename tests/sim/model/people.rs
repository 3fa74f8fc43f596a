// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who is where: connections, the grace after the last one, rooms, names, restrictions, announcements, the event's life.

use std::collections::BTreeSet;

use fiera_protocol::breakouts::RoundPhase;
use fiera_protocol::client::Command;
use fiera_protocol::ids::{DisplayName, ParticipantId, Role, RoomId};
use fiera_protocol::limits::{
    ANNOUNCEMENTS_SHOWN_MAX, CONNECTIONS_PER_PARTICIPANT_MAX, PLACE_GRACE_MS, RESUME_TOKEN_TTL_MS, SLOW_MODE_S_MAX,
};
use fiera_protocol::resume::ResumePlace;
use fiera_protocol::view::{EventPhase, Place};

use super::{Drawn, Model, Person, Verdict};

/// What time alone brings about; of two at once the first here comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// Somebody without a connection leaves.
    Grace(ParticipantId),
    /// Somebody goes on air.
    Countdown(ParticipantId),
    /// Whoever raised a hand before a crash and is not back has gone.
    Hands,
    /// Media of a stage broke off long enough ago.
    Pause,
    /// Something of the round of breakouts.
    Round,
}

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
        // O9: a room that is over leads to where everybody else was brought back to.
        let round = self.kept.round_of(room).filter(|round| match round.phase {
            RoundPhase::Draft => !self.bots_are_in(room),
            phase => phase == RoundPhase::Ended,
        });
        let from = round.map(|round| round.from.clone());
        let over = from.is_some();
        let room = from.unwrap_or_else(|| room.clone());
        if self.kept.phase == EventPhase::Ended || !self.may_walk(who, &room) || !self.fits(who, &room) {
            return false;
        }
        self.go_to(who, Some(room));
        if over || resume.place == Place::Audience {
            return true;
        }
        if self.place(who) == Place::Audience && (!self.publishes(who) || !self.step_backstage(who)) {
            return false;
        }
        // In a breakout room they are on air by coming in.
        if resume.place == Place::OnAir && resume.epoch != epoch && self.place(who) != Place::OnAir {
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
    pub(crate) fn time_passes(&mut self, now_ms: u64, unix_ms: u64) {
        (self.now_ms, self.unix_ms) = (now_ms, unix_ms);
        if std::mem::take(&mut self.here.fresh) {
            if self.kept.rooms.values().any(|room| !room.hands.is_empty()) {
                self.here.awaited_until_ms = Some(now_ms + RESUME_TOKEN_TTL_MS);
            }
            self.sees_setup();
            self.quizzes_go_on(now_ms);
            self.round_goes_on();
        }
        // In the order in which their time was over.
        while let Some(due) = self.next_due() {
            match due {
                Due::Grace(who) => {
                    self.lost_on_air(who);
                    self.gone(who);
                }
                Due::Countdown(who) => {
                    self.here.countdowns.remove(&who);
                    if self.publishes(who) {
                        self.step_on_air(who);
                    }
                }
                Due::Hands => self.awaited_hands_over(),
                Due::Pause => self.pause_due(),
                Due::Round => self.round_due(),
            }
        }
        self.quizzes_end(now_ms);
    }

    /// What was due first of what is due by now.
    fn next_due(&self) -> Option<Due> {
        let here = &self.here;
        let graces = here
            .people
            .iter()
            .filter_map(|(who, person)| Some((person.grace_until_ms?, Due::Grace(*who))));
        let countdowns = here
            .countdowns
            .iter()
            .map(|(who, at_ms)| (*at_ms, Due::Countdown(*who)));
        let hands = here.awaited_until_ms.map(|at_ms| (at_ms, Due::Hands));
        let round = self.round_due_ms().map(|at_ms| (at_ms, Due::Round));
        let pause = self.pause_due_ms().map(|at_ms| (at_ms, Due::Pause));
        let all = graces.chain(countdowns).chain(hands).chain(pause).chain(round);
        let first = all.filter(|(at_ms, _)| *at_ms <= self.now_ms).min();
        first.map(|(_, due)| due)
    }

    fn awaited_hands_over(&mut self) {
        self.here.awaited_until_ms = None;
        for id in self.kept.rooms.keys().cloned().collect::<Vec<_>>() {
            let inside = self.people_in(&id);
            self.room_mut(&id)
                .hands
                .retain(|hand| inside.contains(&hand.participant));
        }
    }

    /// Whether a room takes one more; breakout rooms count their seats instead, and stands have space for all of the cast.
    fn fits(&self, who: ParticipantId, room: &RoomId) -> bool {
        let Some(capacity) = self.capacity.get(room) else {
            return true;
        };
        let inside = self.people_in(room);
        inside.contains(&who) || self.role(who) >= Role::Captioner || inside.len() < *capacity
    }

    /// Leaves where one is and goes to a room, or to the lobby page.
    pub(crate) fn go_to(&mut self, who: ParticipantId, room: Option<RoomId>) {
        let before = self.room_of(who);
        if before == room {
            return;
        }
        self.step_down(who);
        if let Some(words) = before.as_ref().and_then(|before| self.here.words.get_mut(before)) {
            words.remove(&who);
        }
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
        if let Some(room) = room.clone().filter(invited)
            && !self.step_backstage(who)
        {
            self.end_hand(&room, who);
        }
        if let Some(room) = room {
            self.came_into(who, &room, before);
        }
    }

    pub(super) fn judge_place(&self, actor: ParticipantId, command: &Command) -> Option<Verdict> {
        Some(match command {
            Command::Enter { room } => {
                let known = self.kept.rooms.contains_key(room);
                (known && self.may_walk(actor, room) && self.fits(actor, room)).into()
            }
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
            Command::Enter { .. } | Command::Leave {} => {
                let before = self.room_of(actor);
                let room = match command {
                    Command::Enter { room } => Some(room.clone()),
                    _ => None,
                };
                self.go_to(actor, room);
                self.walked_out(actor, before);
            }
            Command::Rename { name } => {
                self.here.people.get_mut(&actor).expect("here").name = name.clone();
                if let Some(room) = self.room_of(actor) {
                    let hands = &mut self.room_mut(&room).hands;
                    let own = hands.iter_mut().filter(|hand| hand.participant == actor);
                    own.for_each(|hand| hand.name = name.clone());
                }
            }
            Command::SetEventPhase { phase } => {
                if *phase == EventPhase::Ended {
                    self.ended(drawn);
                }
                self.kept.phase = *phase;
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
        self.end_rehearsal();
        self.end_round();
        for round in self.kept.rounds.iter_mut() {
            round.seats.clear();
            round.shows = None;
        }
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
        self.kept.forget_keepers();
        self.forget_shows();
        self.end_captions();
        self.kept.restricted.clear();
        self.kept.done.clear();
    }
}
