// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Stands that participants open: facts say that one is there, one text holds all that its keepers wrote, rows say who
//! keeps it and who would reuse it. Each has a room of its own. What people do and what they are told stands beside.

mod commands;
mod reuse;
mod setup;
mod told;
mod visits;

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::fair::{Localised, RoomSettings};
use fiera_protocol::ids::{AdopterId, MessageId, ParticipantId, RoomId, RoomKind, StandId};
use fiera_protocol::limits::{STAND_CAPACITY, STANDS_MAX};
use fiera_protocol::stands::{StandContent, StandState, StandsOpenTo};

pub use setup::PreparedStand;
pub use told::StandRecap;

use crate::chance::Key;
use crate::config::RoomConfig;
use crate::fact::Fact;
use crate::hub::Hub;
use crate::keeping::{from_hex, hex, row};
use crate::polls::Polls;

/// How the room of a stand works at first.
const SETTINGS: RoomSettings = RoomSettings {
    moderated: false,
    chat_open: true,
    slow_mode_s: 0,
    questions_closed: false,
    links_off: false,
};

/// What an event says about stands before anybody comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandsConfig {
    /// Who may open one.
    pub open_to: StandsOpenTo,
    /// Most stands at a time; at most [`STANDS_MAX`].
    pub max: usize,
    /// Stands that are opened once each, when the event first starts with them.
    pub prepared: Vec<PreparedStand>,
}

impl Default for StandsConfig {
    fn default() -> Self {
        Self {
            open_to: StandsOpenTo::default(),
            max: STANDS_MAX,
            prepared: Vec::new(),
        }
    }
}

/// All stands of the event.
#[derive(Debug, Default)]
pub(crate) struct Stands {
    pub(crate) config: StandsConfig,
    all: BTreeMap<StandId, Stand>,
    /// Rooms of all stands there ever were, with the stand.
    rooms: BTreeMap<RoomId, StandId>,
    /// How many stands each participant has opened, removed ones included.
    opened: BTreeMap<ParticipantId, u32>,
    /// Who keeps which stands.
    kept: BTreeMap<ParticipantId, BTreeSet<StandId>>,
    /// Under which those who would reuse something are known; for that alone.
    key: Option<Key>,
    /// Who would reuse what, with the name of the organisation that they gave.
    supporters: BTreeMap<u128, BTreeMap<StandId, Option<AdopterId>>>,
}

/// One stand.
#[derive(Debug)]
struct Stand {
    room: RoomId,
    state: StandState,
    revision: u32,
    order: u32,
    keepers: BTreeSet<ParticipantId>,
    /// Who opened it, or was the first to keep it; nobody after the event.
    opener: Option<ParticipantId>,
    reuse: u32,
    adopters: Vec<AdopterId>,
    messages: Vec<MessageId>,
}

impl Stands {
    pub(crate) fn new(config: StandsConfig) -> Self {
        let max = config.max.min(STANDS_MAX);
        Self {
            config: StandsConfig { max, ..config },
            ..Self::default()
        }
    }

    /// How many rooms belong to stands, those of removed ones included.
    pub(crate) fn rooms(&self) -> usize {
        self.rooms.len()
    }

    /// Whether a room belongs, or belonged, to a stand.
    pub(crate) fn holds(&self, room: &RoomId) -> bool {
        self.rooms.contains_key(room)
    }

    fn is_keeper(&self, stand: StandId, participant: ParticipantId) -> bool {
        let kept = self.kept.get(&participant);
        kept.is_some_and(|kept| kept.contains(&stand))
    }

    /// The stand that a room belongs, or belonged, to.
    pub(crate) fn of_room(&self, room: &RoomId) -> Option<StandId> {
        self.rooms.get(room).copied()
    }

    /// The rooms of stands, in the order in which these were opened.
    pub(crate) fn rooms_in_order(&self) -> Vec<(StandId, &RoomId)> {
        let mut all: Vec<_> = self.all.iter().collect();
        all.sort_by_key(|(_, stand)| stand.order);
        all.into_iter().map(|(id, stand)| (*id, &stand.room)).collect()
    }

    /// How many stands somebody has opened.
    fn opened_by(&self, participant: ParticipantId) -> u32 {
        self.opened.get(&participant).copied().unwrap_or(0)
    }

    /// Whether somebody would reuse anything, and whether they keep or opened a stand: for who asks what is known about them.
    pub(crate) fn known_about(&self, participant: ParticipantId) -> (bool, bool) {
        let voter = self.voter(participant);
        let reuses = voter.is_some_and(|voter| self.supporters.get(&voter).is_some_and(|of| !of.is_empty()));
        let keeps = self.kept.contains_key(&participant) || self.opened.contains_key(&participant);
        (reuses, keeps)
    }

    /// Whether what is indexed twice agrees.
    pub(crate) fn is_sound(&self, closed: bool) -> bool {
        let kept = self.all.iter().all(|(id, stand)| {
            let mut keepers = stand.keepers.iter();
            keepers.all(|keeper| self.is_keeper(*id, *keeper))
        });
        let counted = self.all.iter().all(|(id, stand)| {
            let supporters = self.supporters.values().filter(|of| of.contains_key(id)).count();
            closed || stand.reuse as usize == supporters
        });
        let bounded = self.all.len() <= STANDS_MAX && self.kept.values().all(|kept| !kept.is_empty());
        kept && counted && bounded
    }
}

fn opener_row(stand: StandId) -> String {
    format!("opener/{}", hex(stand.as_u128()))
}

fn keeper_row(stand: StandId, participant: ParticipantId) -> String {
    format!("keeper/{}/{}", hex(stand.as_u128()), hex(participant.as_u128()))
}

fn opened_row(participant: ParticipantId) -> String {
    format!("opened/{}", hex(participant.as_u128()))
}

fn reuse_row(stand: StandId, voter: u128) -> String {
    format!("reuse/{}/{}", hex(stand.as_u128()), hex(voter))
}

impl Hub {
    /// Whether there is such a stand.
    pub(crate) fn is_stand(&self, stand: StandId) -> bool {
        self.stands.all.contains_key(&stand)
    }

    /// What the keepers of a stand wrote; none where it was erased.
    fn stand_content(&self, stand: StandId) -> Option<StandContent> {
        let kept = self.texts.get(&stand.as_u128())?;
        serde_json::from_str(&kept.text).ok()
    }

    pub(crate) fn apply_stand_fact(&mut self, fact: &Fact) {
        let (Fact::StandOpened { stand: id, .. }
        | Fact::StandEdited { stand: id }
        | Fact::StandSet { stand: id, .. }
        | Fact::StandRemoved { stand: id }
        | Fact::StandAdopted { stand: id, .. }
        | Fact::StandAdopterErased { stand: id, .. }
        | Fact::StandMessageLeft { stand: id, .. }
        | Fact::StandMessageErased { stand: id, .. }
        | Fact::StandReuseCounted { stand: id, .. }) = fact
        else {
            return;
        };
        self.dirty.stands.insert(*id);
        match fact {
            Fact::StandOpened { stand, room } => self.make_stand(*stand, room),
            Fact::StandRemoved { stand } => self.unmake_stand(*stand),
            _ => {}
        }
        let Some(stand) = self.stands.all.get_mut(id) else {
            return;
        };
        match fact {
            Fact::StandEdited { .. } => stand.revision = stand.revision.saturating_add(1),
            Fact::StandSet { state, .. } => stand.state = *state,
            Fact::StandAdopted { adopter, .. } => stand.adopters.push(*adopter),
            Fact::StandAdopterErased { adopter, .. } => stand.adopters.retain(|known| known != adopter),
            Fact::StandMessageLeft { message, .. } => stand.messages.push(*message),
            Fact::StandMessageErased { message, .. } => stand.messages.retain(|known| known != message),
            Fact::StandReuseCounted { reuse, .. } => stand.reuse = *reuse,
            _ => {}
        }
        self.dirty
            .people
            .extend(stand.keepers.iter().filter(|keeper| self.people.contains_key(keeper)));
    }

    fn make_stand(&mut self, id: StandId, room: &RoomId) {
        let order = u32::try_from(self.stands.rooms.len()).unwrap_or(u32::MAX);
        let config = RoomConfig {
            room: room.clone(),
            kind: RoomKind::Stand,
            title: room.to_string(),
            titles: Localised::default(),
            settings: SETTINGS,
            polls: Vec::new(),
            capacity: STAND_CAPACITY,
            whip_on_air_at_once: false,
        };
        let made = Self::make_room(config, self.epoch);
        self.rooms.entry(room.clone()).or_insert(made);
        self.stands.rooms.insert(room.clone(), id);
        let stand = Stand {
            room: room.clone(),
            state: StandState::Open,
            revision: 0,
            order,
            keepers: BTreeSet::new(),
            opener: None,
            reuse: 0,
            adopters: Vec::new(),
            messages: Vec::new(),
        };
        self.stands.all.insert(id, stand);
        self.dirty.restricted = true;
    }

    /// Its room stays, for nobody to enter: what was kept of it names the room.
    fn unmake_stand(&mut self, id: StandId) {
        let Some(stand) = self.stands.all.remove(&id) else {
            return;
        };
        for keeper in &stand.keepers {
            self.forget_keeper(id, *keeper);
        }
        if let Some(room) = self.rooms.get_mut(&stand.room) {
            room.polls = Polls::default();
            room.questions.forget_labels();
            self.dirty.rooms.insert(stand.room.clone());
            self.dirty.tallies = true;
        }
        for of in self.stands.supporters.values_mut() {
            of.remove(&id);
        }
        self.stands.supporters.retain(|_, of| !of.is_empty());
        // Everybody who would reuse it is told that it is no more.
        self.dirty.people.extend(self.people.keys());
    }

    fn forget_keeper(&mut self, id: StandId, keeper: ParticipantId) {
        if let Some(kept) = self.stands.kept.get_mut(&keeper) {
            kept.remove(&id);
            if kept.is_empty() {
                self.stands.kept.remove(&keeper);
            }
        }
        if self.people.contains_key(&keeper) {
            self.dirty.people.insert(keeper);
        }
    }

    pub(crate) fn apply_stand_row(&mut self, kind: &str, name: &[&str], value: Option<&[u8]>) {
        let id = |text: &str| from_hex(text).map(StandId::from_u128);
        match (kind, name) {
            ("reusekey", []) => self.stands.key = value.and_then(row),
            ("opened", [participant]) => {
                let Some(participant) = from_hex(participant).map(ParticipantId::from_u128) else {
                    return;
                };
                match value.and_then(row) {
                    Some(opened) => self.stands.opened.insert(participant, opened),
                    None => self.stands.opened.remove(&participant),
                };
            }
            ("keeper", [stand, participant]) => {
                let (Some(stand), Some(participant)) = (id(stand), from_hex(participant)) else {
                    return;
                };
                self.apply_keeper(stand, ParticipantId::from_u128(participant), value.is_some());
            }
            ("opener", [stand]) => {
                let stand = id(stand).and_then(|stand| self.stands.all.get_mut(&stand));
                if let Some(stand) = stand {
                    stand.opener = value.and_then(row);
                }
            }
            ("reuse", [stand, voter]) => {
                let (Some(stand), Some(voter)) = (id(stand), from_hex(voter)) else {
                    return;
                };
                self.apply_reuse(stand, voter, value.and_then(row));
            }
            _ => {}
        }
    }

    fn apply_keeper(&mut self, id: StandId, participant: ParticipantId, keeps: bool) {
        let Some(stand) = self.stands.all.get_mut(&id) else {
            return;
        };
        let room = self.rooms.get_mut(&stand.room);
        if keeps {
            stand.keepers.insert(participant);
            self.stands.kept.entry(participant).or_default().insert(id);
            room.into_iter().for_each(|room| {
                room.keepers.insert(participant);
            });
        } else {
            stand.keepers.remove(&participant);
            room.into_iter().for_each(|room| {
                room.keepers.remove(&participant);
            });
            self.forget_keeper(id, participant);
        }
        if self.people.contains_key(&participant) {
            self.dirty.people.insert(participant);
        }
    }

    /// All rows about stands are gone, now or again.
    pub(crate) fn wipe_stands(&mut self) {
        self.stands.key = None;
        self.stands.supporters.clear();
        self.stands.kept.clear();
        self.stands.opened.clear();
        for stand in self.stands.all.values_mut() {
            stand.keepers.clear();
            stand.opener = None;
            if let Some(room) = self.rooms.get_mut(&stand.room) {
                room.keepers.clear();
            }
        }
        self.dirty.people.extend(self.people.keys());
    }
}
