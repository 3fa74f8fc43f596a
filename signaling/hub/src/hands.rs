// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Requests to speak: the queue, acceptance to backstage, the way back. A raised hand belongs to somebody in the
//! audience, an accepted one to somebody behind or on the stage; whatever ends that ends the hand.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::client::Command;
use fiera_protocol::fair::{HandStage, HandView, YourHand};
use fiera_protocol::ids::{DisplayName, ParticipantId, RoomId};
use fiera_protocol::limits::{HANDS_PER_ROOM_MAX, RESUME_TOKEN_TTL_MS};
use fiera_protocol::text::TopicText;
use fiera_protocol::view::Place;
use serde::{Deserialize, Serialize};

use crate::access::{Deed, Seat};
use crate::hub::Hub;
use crate::input::Now;
use crate::keeping::{from_hex, hex, row};
use crate::refusal::{self, Refusal};
use crate::timers::Timer;

/// One hand, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hand {
    /// Grows with each hand of the room: the order of the queue.
    order: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic: Option<TopicText>,
    name: DisplayName,
    stage: HandStage,
}

/// The hands of one room.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    hands: BTreeMap<ParticipantId, Hand>,
}

impl Hands {
    /// Whether somebody is there because their hand was accepted.
    pub(crate) fn accepted(&self, participant: ParticipantId) -> bool {
        self.hands
            .get(&participant)
            .is_some_and(|hand| hand.stage == HandStage::Accepted)
    }

    /// Hands that wait.
    pub(crate) fn waiting(&self) -> u32 {
        let raised = self.hands.values().filter(|hand| hand.stage == HandStage::Raised);
        u32::try_from(raised.count()).unwrap_or(u32::MAX)
    }

    /// All who have a hand up.
    pub(crate) fn owners(&self) -> impl Iterator<Item = ParticipantId> + '_ {
        self.hands.keys().copied()
    }

    /// The queue as moderators see it; `here` are the people in the room.
    pub(crate) fn queue(&self, here: &BTreeSet<ParticipantId>) -> Vec<HandView> {
        let mut queue: Vec<_> = self.hands.iter().collect();
        queue.sort_by_key(|(_, hand)| hand.order);
        let view = |(participant, hand): (&ParticipantId, &Hand)| HandView {
            participant: *participant,
            name: hand.name.clone(),
            topic: hand.topic.clone().map(String::from),
            stage: hand.stage,
            away: !here.contains(participant),
        };
        queue.into_iter().map(view).collect()
    }

    /// Somebody's own hand.
    pub(crate) fn yours(&self, participant: ParticipantId) -> Option<YourHand> {
        let hand = self.hands.get(&participant)?;
        let earlier = |other: &&Hand| other.stage == HandStage::Raised && other.order <= hand.order;
        let position = match hand.stage {
            HandStage::Raised => u32::try_from(self.hands.values().filter(earlier).count()).unwrap_or(u32::MAX),
            HandStage::Accepted => 0,
        };
        Some(YourHand {
            topic: hand.topic.clone().map(String::from),
            stage: hand.stage,
            position,
        })
    }

    fn next_order(&self) -> u32 {
        let last = self.hands.values().map(|hand| hand.order).max();
        last.map_or(0, |order| order.saturating_add(1))
    }
}

/// The row of a hand.
fn key(room: &RoomId, participant: ParticipantId) -> String {
    format!("hand/{room}/{}", hex(participant.as_u128()))
}

impl Hub {
    pub(crate) fn hand_command(&mut self, actor: ParticipantId, command: Command) -> Result<(), Refusal> {
        match command {
            Command::RaiseHand { topic } => self.raise_hand(actor, topic),
            Command::LowerHand { participant } => self.lower_hand(actor, participant.unwrap_or(actor)),
            Command::AcceptHand { participant } => self.accept_hand(actor, participant),
            _ => {
                debug_assert!(false, "not about hands: {command:?}");
                Err(refusal::NOT_ALLOWED)
            }
        }
    }

    fn raise_hand(&mut self, actor: ParticipantId, topic: Option<TopicText>) -> Result<(), Refusal> {
        let (role, room_id) = self.in_room(actor)?;
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        let seat = Seat::take(Deed::RaiseHand, role, (&room_id, room.config.kind), self.phase, actor)?;
        debug_assert!(seat.fits(&room_id, &[Deed::RaiseHand]), "{seat:?}");
        self.has_voice(actor)?;
        if room.place(actor) != Place::Audience {
            return Err(refusal::ON_STAGE_ALREADY);
        }
        let hand = match room.hands.hands.get(&actor) {
            Some(hand) if hand.topic == topic => return Ok(()),
            Some(hand) => Hand { topic, ..hand.clone() },
            None if room.hands.hands.len() >= HANDS_PER_ROOM_MAX => return Err(refusal::TOO_MANY_HANDS),
            None => Hand {
                order: room.hands.next_order(),
                topic,
                name: self
                    .people
                    .get(&actor)
                    .ok_or(refusal::UNKNOWN_PARTICIPANT)?
                    .name
                    .clone(),
                stage: HandStage::Raised,
            },
        };
        self.keep_row(key(&room_id, actor), Some(hand));
        Ok(())
    }

    fn lower_hand(&mut self, actor: ParticipantId, target: ParticipantId) -> Result<(), Refusal> {
        let (role, room_id) = self.in_room(actor)?;
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        if actor != target {
            let seat = Seat::take(
                Deed::LowerOtherHand,
                role,
                (&room_id, room.config.kind),
                self.phase,
                target,
            )?;
            debug_assert!(seat.fits(&room_id, &[Deed::LowerOtherHand]), "{seat:?}");
        }
        match room.hands.hands.get(&target).map(|hand| hand.stage) {
            None => Err(refusal::NO_HAND),
            Some(HandStage::Accepted) => Err(refusal::HAND_ACCEPTED),
            Some(HandStage::Raised) => {
                self.end_hand(&room_id, target);
                Ok(())
            }
        }
    }

    fn accept_hand(&mut self, actor: ParticipantId, target: ParticipantId) -> Result<(), Refusal> {
        let (role, room_id) = self.in_room(actor)?;
        let room = self.rooms.get_mut(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        let seat = Seat::take(Deed::AcceptHand, role, (&room_id, room.config.kind), self.phase, target)?;
        let hand = room.hands.hands.get(&target).ok_or(refusal::NO_HAND)?.clone();
        if hand.stage == HandStage::Accepted {
            return Err(refusal::HAND_ACCEPTED);
        }
        if !room.people().contains(&target) {
            return Err(refusal::HAND_AWAY);
        }
        room.enter_backstage(&seat)?;
        let stage = HandStage::Accepted;
        self.keep_row(key(&room_id, target), Some(Hand { stage, ..hand }));
        self.moved(target);
        Ok(())
    }

    /// Takes somebody's hand in a room down.
    pub(crate) fn end_hand(&mut self, room: &RoomId, participant: ParticipantId) {
        let up = self
            .rooms
            .get(room)
            .is_some_and(|room| room.hands.hands.contains_key(&participant));
        if up {
            self.keep_row(key(room, participant), None::<Hand>);
        }
    }

    /// Takes somebody's hands down wherever they are, also while they are away.
    pub(crate) fn end_hands(&mut self, participant: ParticipantId) {
        let rooms: Vec<RoomId> = self.rooms.keys().cloned().collect();
        rooms.iter().for_each(|room| self.end_hand(room, participant));
    }

    /// Ends the hand of somebody whose room or place no longer fits it.
    pub(crate) fn fit_hands(&mut self, participant: ParticipantId) {
        let Some(here) = self.people.get(&participant).and_then(|person| person.room.as_ref()) else {
            return;
        };
        let fits = |id: &RoomId, stage| {
            let place = self.rooms.get(id).map(|room| room.place(participant));
            id == here && (stage == HandStage::Accepted) == (place != Some(Place::Audience))
        };
        let unfit = |(id, room): (&RoomId, &crate::room::Room)| {
            let hand = room.hands.hands.get(&participant)?;
            (!fits(id, hand.stage)).then(|| id.clone())
        };
        let unfit: Vec<RoomId> = self.rooms.iter().filter_map(unfit).collect();
        unfit.iter().for_each(|room| self.end_hand(room, participant));
    }

    /// The name beside a raised hand follows that of its owner.
    pub(crate) fn rename_hand(&mut self, participant: ParticipantId) {
        let Some(person) = self.people.get(&participant) else {
            return;
        };
        let Some(room) = person.room.clone() else { return };
        let hand = self
            .rooms
            .get(&room)
            .and_then(|room| room.hands.hands.get(&participant));
        if let Some(hand) = hand.filter(|hand| hand.name != person.name).cloned() {
            let name = person.name.clone();
            self.keep_row(key(&room, participant), Some(Hand { name, ..hand }));
        }
    }

    /// Gives the owners of restored hands the time to come back.
    pub(crate) fn await_hands(&mut self, now: Now) {
        if std::mem::take(&mut self.hands_restored) {
            self.timers.set(now.mono_ms + RESUME_TOKEN_TTL_MS, Timer::AwaitedHands);
        }
    }

    /// Who is not back by now has gone: their hands end.
    pub(crate) fn awaited_hands_over(&mut self) {
        let away = |(id, room): (&RoomId, &crate::room::Room)| {
            let owners = room.hands.owners().filter(|owner| !room.people().contains(owner));
            owners.map(|owner| (id.clone(), owner)).collect::<Vec<_>>()
        };
        let away: Vec<_> = self.rooms.iter().flat_map(away).collect();
        away.iter().for_each(|(room, owner)| self.end_hand(room, *owner));
    }

    pub(crate) fn apply_hand_row(&mut self, name: &[&str], value: Option<&[u8]>) {
        let [room_id, participant] = name else { return };
        let (Ok(room_id), Some(participant)) = (room_id.parse::<RoomId>(), from_hex(participant)) else {
            return;
        };
        let participant = ParticipantId::from_u128(participant);
        let Some(room) = self.rooms.get_mut(&room_id) else {
            return;
        };
        let now: Option<Hand> = value.and_then(row);
        let topic = now.as_ref().and_then(|hand| hand.topic.clone());
        let before = match now {
            Some(hand) => room.hands.hands.insert(participant, hand),
            None => room.hands.hands.remove(&participant),
        };
        // What somebody meant to speak about is not told again once they took it back.
        if before.is_some_and(|hand| hand.topic.is_some() && hand.topic != topic) {
            room.moderators.forget_updates();
        }
        // Everybody behind them has another place in the queue.
        self.dirty.people.extend(room.hands.owners());
        self.dirty.people.insert(participant);
        self.dirty.rooms.insert(room_id);
        self.dirty.tallies = true;
    }

    pub(crate) fn wipe_hands(&mut self) {
        for (id, room) in &mut self.rooms {
            let hands = std::mem::take(&mut room.hands);
            self.dirty.people.extend(hands.owners());
            self.dirty.rooms.insert(id.clone());
        }
        self.dirty.tallies = true;
    }
}
