// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The stage: who is backstage and on air, sources, countdowns, raised hands.

use fiera_protocol::client::Command;
use fiera_protocol::fair::HandStage;
use fiera_protocol::ids::{ParticipantId, RoomId};
use fiera_protocol::limits::{BACKSTAGE_MAX, COUNTDOWN_S_MAX, ON_AIR_MAX};
use fiera_protocol::view::Place;

use super::{Drawn, Hand, Model, Verdict};

impl Hand {
    pub(crate) fn is_accepted(&self) -> bool {
        self.stage == HandStage::Accepted
    }
}

impl Model {
    pub(crate) fn hand(&self, room: &RoomId, who: ParticipantId) -> Option<&Hand> {
        self.room(room).hands.iter().find(|hand| hand.participant == who)
    }

    pub(crate) fn end_hand(&mut self, room: &RoomId, who: ParticipantId) {
        self.room_mut(room).hands.retain(|hand| hand.participant != who);
    }

    pub(crate) fn place(&self, who: ParticipantId) -> Place {
        let Some(room) = self.room_of(who) else {
            return Place::Audience;
        };
        if self.here.on_air[&room].contains(&who) {
            Place::OnAir
        } else if self.here.waiting[&room].contains(&who) {
            Place::Backstage
        } else {
            Place::Audience
        }
    }

    /// From the audience to backstage; false where it is full.
    pub(super) fn step_backstage(&mut self, who: ParticipantId) -> bool {
        let room = self.room_of(who).expect("in a room");
        let full = self.here.on_air[&room].len() + self.here.waiting[&room].len() >= BACKSTAGE_MAX;
        if !full {
            self.here.waiting.get_mut(&room).expect("a room").push(who);
            if !self.hand(&room, who).is_some_and(Hand::is_accepted) {
                self.end_hand(&room, who);
            }
        }
        !full
    }

    /// From backstage to on air; false where it is full or they are not backstage.
    pub(super) fn step_on_air(&mut self, who: ParticipantId) -> bool {
        let Some(room) = self.room_of(who) else { return false };
        let fits = self.here.on_air[&room].len() < ON_AIR_MAX && self.place(who) == Place::Backstage;
        if fits {
            self.here.countdowns.remove(&who);
            self.here
                .waiting
                .get_mut(&room)
                .expect("a room")
                .retain(|one| *one != who);
            self.here.on_air.get_mut(&room).expect("a room").push(who);
        }
        fits
    }

    /// Back to the audience, from wherever; sources end, and so does an accepted hand.
    pub(super) fn step_down(&mut self, who: ParticipantId) {
        let place = self.place(who);
        if let Some(room) = self.room_of(who).filter(|_| place != Place::Audience) {
            self.here
                .waiting
                .get_mut(&room)
                .expect("a room")
                .retain(|one| *one != who);
            self.here
                .on_air
                .get_mut(&room)
                .expect("a room")
                .retain(|one| *one != who);
            self.end_hand(&room, who);
        }
        self.here.countdowns.remove(&who);
        if let Some(person) = self.here.people.get_mut(&who) {
            person.sources.clear();
        }
    }

    /// Whether one can act on another: both are in one room, and the other is behind or on the stage there (A4).
    fn reaches(&self, actor: ParticipantId, target: ParticipantId) -> bool {
        let together = self.room_of(actor).is_some() && self.room_of(actor) == self.room_of(target);
        actor == target || together && self.place(target) != Place::Audience
    }

    pub(super) fn judge_stage(&self, actor: ParticipantId, command: &Command) -> Option<Verdict> {
        let room = self.room_of(actor);
        let Some(room) = room else {
            let about_the_stage = matches!(
                command,
                Command::EnterBackstage {}
                    | Command::LeaveBackstage { .. }
                    | Command::PutOnAir { .. }
                    | Command::TakeOffAir { .. }
                    | Command::SetSource { .. }
                    | Command::RaiseHand { .. }
                    | Command::LowerHand { .. }
                    | Command::AcceptHand { .. }
            );
            return about_the_stage.then_some(Verdict::Refuse);
        };
        let (place, busy) = (
            self.place(actor),
            self.here.on_air[&room].len() + self.here.waiting[&room].len(),
        );
        Some(match command {
            Command::EnterBackstage {} => {
                (self.publishes(actor) && place == Place::Audience && busy < BACKSTAGE_MAX).into()
            }
            Command::LeaveBackstage { participant } => {
                let target = participant.unwrap_or(actor);
                (self.reaches(actor, target) && self.place(target) != Place::Audience).into()
            }
            Command::PutOnAir {
                countdown_s,
                participant,
            } => {
                let target = participant.unwrap_or(actor);
                let counts = countdown_s.is_some_and(|s| s > 0);
                let allowed = actor != target || self.publishes(actor);
                let space = counts || self.here.on_air[&room].len() < ON_AIR_MAX;
                let short = countdown_s.is_none_or(|s| s <= COUNTDOWN_S_MAX);
                let ready = self.reaches(actor, target) && self.place(target) == Place::Backstage;
                (allowed && ready && space && short).into()
            }
            Command::TakeOffAir { participant } => {
                let target = participant.unwrap_or(actor);
                let on = self.place(target) == Place::OnAir || self.here.countdowns.contains_key(&target);
                (self.reaches(actor, target) && on).into()
            }
            Command::SetSource { live, participant, .. } => {
                let target = participant.unwrap_or(actor);
                let allowed = if actor == target { self.publishes(actor) } else { !live };
                (allowed && self.reaches(actor, target) && self.place(target) != Place::Audience).into()
            }
            Command::RaiseHand { .. } => (self.has_voice(actor) && place == Place::Audience).into(),
            Command::LowerHand { participant } => {
                let hand = self.hand(&room, participant.unwrap_or(actor));
                hand.is_some_and(|hand| !hand.is_accepted()).into()
            }
            Command::AcceptHand { participant } => {
                let hand = self.hand(&room, *participant);
                let waits = hand.is_some_and(|hand| !hand.is_accepted());
                (waits && self.people_in(&room).contains(participant) && busy < BACKSTAGE_MAX).into()
            }
            _ => return None,
        })
    }

    pub(super) fn do_stage(&mut self, actor: ParticipantId, command: &Command, drawn: &Drawn<'_>) {
        let Some(room) = self.room_of(actor) else { return };
        match command {
            Command::EnterBackstage {} => {
                self.step_backstage(actor);
            }
            Command::LeaveBackstage { participant } => self.step_down(participant.unwrap_or(actor)),
            Command::PutOnAir {
                countdown_s,
                participant,
            } => {
                let target = participant.unwrap_or(actor);
                match countdown_s.filter(|s| *s > 0) {
                    Some(s) => {
                        self.here.countdowns.insert(target, drawn.now_ms + u64::from(s) * 1_000);
                    }
                    None => {
                        self.step_on_air(target);
                    }
                }
            }
            Command::TakeOffAir { participant } => {
                let target = participant.unwrap_or(actor);
                if self.here.countdowns.remove(&target).is_none() {
                    self.here
                        .on_air
                        .get_mut(&room)
                        .expect("a room")
                        .retain(|one| *one != target);
                    self.here.waiting.get_mut(&room).expect("a room").push(target);
                }
            }
            Command::SetSource {
                source,
                live,
                participant,
            } => {
                let person = self.here.people.get_mut(&participant.unwrap_or(actor)).expect("here");
                if *live {
                    person.sources.insert(*source);
                } else {
                    person.sources.remove(source);
                }
            }
            Command::RaiseHand { topic } => {
                let topic = topic.as_ref().map(|topic| topic.as_str().to_owned());
                let name = self.name(actor);
                let hands = &mut self.room_mut(&room).hands;
                match hands.iter_mut().find(|hand| hand.participant == actor) {
                    Some(hand) => hand.topic = topic,
                    None => hands.push(Hand {
                        participant: actor,
                        name,
                        topic,
                        stage: HandStage::Raised,
                    }),
                }
            }
            Command::LowerHand { participant } => self.end_hand(&room, participant.unwrap_or(actor)),
            Command::AcceptHand { participant } => {
                let hands = &mut self.room_mut(&room).hands;
                let hand = hands.iter_mut().find(|hand| hand.participant == *participant);
                hand.expect("a hand").stage = HandStage::Accepted;
                self.step_backstage(*participant);
            }
            _ => {}
        }
    }
}
