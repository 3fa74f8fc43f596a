// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The programme: slots of the setup, and what organisers changed while the fair ran. A slot that was changed in the event
//! is theirs from then on, whatever the setup says of it later. It knows nobody but by the words of the organiser.

mod commands;
mod ends;

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::apply::slot_order;
use fiera_protocol::fair::Localised;
use fiera_protocol::ids::{IdeaId, PollId, RoomId, SlotId};
use fiera_protocol::programme::AgendaSlot;
use fiera_protocol::view::{Change, StreamState};
use serde::{Deserialize, Serialize};

use crate::chance::{keyed, named_id};
use crate::config::EventConfig;
use crate::fact::{Fact, KeptText, NoteId};
use crate::hub::Hub;
use crate::input::Now;
use crate::keeping::hex;
use crate::output::StreamKey;

/// A slot as the setup names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedSlot {
    /// Its name, unique within the event: the slot is the same as long as that stays.
    pub name: String,
    /// Where.
    pub room: RoomId,
    /// What about.
    pub title: Localised,
    /// Who speaks.
    pub speakers: Vec<String>,
    /// Start, milliseconds since 1970.
    pub starts_unix_ms: u64,
    /// End, milliseconds since 1970.
    pub ends_unix_ms: u64,
    /// The track it belongs to.
    pub track: Option<Localised>,
    /// What it is about, in some sentences.
    pub notes: Option<Localised>,
    /// The name of a prepared poll of its room that is offered when it ends.
    pub poll: Option<String>,
    /// That poll opens by itself when the slot ends.
    pub poll_opens: bool,
}

/// The whole programme of one event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Programme {
    /// As the setup has it.
    setup: Vec<AgendaSlot>,
    /// Slots of the setup whose poll opens by itself.
    opens: BTreeSet<SlotId>,
    /// Those of the setup that looked different before: which version this is.
    seen: BTreeMap<SlotId, Seen>,
    /// Those that were made or changed in the event.
    changed: BTreeMap<SlotId, KeptSlot>,
    /// Those of the setup that were taken out in the event.
    gone: BTreeSet<SlotId>,
    /// When the timer for the next end of a slot is due, by the clock that never goes back.
    awaited_ms: Option<u64>,
    /// Slots that ended until then, by the wall clock, were looked at.
    looked_unix_ms: u64,
    /// Grows with each change that followers are told.
    version: u64,
}

/// What a slot of the setup looked like last.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    digest: String,
    revision: u32,
    /// When it looked different before; none: it never did.
    changed_min: Option<u32>,
}

/// A slot as it stands in the log; its words stand beside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptSlot {
    pub(crate) room: RoomId,
    pub(crate) starts_unix_ms: u64,
    pub(crate) ends_unix_ms: u64,
    pub(crate) words: NoteId,
    pub(crate) revision: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cancelled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) idea: Option<IdeaId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) poll: Option<PollId>,
}

/// The words of a slot, as they stand in its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    title: Localised,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    speakers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    track: Option<Localised>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notes: Option<Localised>,
}

impl Words {
    fn kept(&self, unix_min: u32) -> KeptText {
        let text = serde_json::to_string(self);
        debug_assert!(text.is_ok(), "{text:?}");
        KeptText::plain(text.unwrap_or_default(), unix_min)
    }
}

/// Ids that were made from a name, and not drawn, are of the setup (RFC 9562, version 8).
fn is_of_setup(slot: SlotId) -> bool {
    slot.as_u128() >> 76 & 0xf == 8
}

/// A slot of the setup, unless it was changed in the event.
fn of_setup(config: &EventConfig, prepared: &PreparedSlot) -> AgendaSlot {
    let (event, room) = (config.event.as_str(), prepared.room.as_str());
    let poll = |name: &String| PollId::from_u128(named_id("poll", &[event, room, name]));
    AgendaSlot {
        slot: SlotId::from_u128(named_id("slot", &[event, &prepared.name])),
        room: prepared.room.clone(),
        title: prepared.title.clone(),
        speakers: prepared.speakers.clone(),
        starts_unix_ms: prepared.starts_unix_ms,
        ends_unix_ms: prepared.ends_unix_ms,
        track: prepared.track.clone(),
        notes: prepared.notes.clone(),
        revision: 0,
        changed_unix_ms: None,
        cancelled: false,
        idea: None,
        poll: prepared.poll.as_ref().map(poll),
    }
}

/// The same for whatever looks the same.
fn digest(slot: &AgendaSlot) -> String {
    let looks = serde_json::to_vec(slot).unwrap_or_default();
    hex(keyed(&[0; 32], &[&looks]))
}

impl Programme {
    pub(crate) fn new(config: &EventConfig) -> Self {
        let slots = || config.agenda.iter().map(|one| (one, of_setup(config, one)));
        Self {
            setup: slots().map(|(_, slot)| slot).collect(),
            opens: slots()
                .filter(|(one, _)| one.poll_opens)
                .map(|(_, slot)| slot.slot)
                .collect(),
            ..Self::default()
        }
    }

    /// How many slots there are.
    pub(crate) fn len(&self) -> usize {
        self.of_setup().count() + self.changed.len()
    }

    /// Polls that open by themselves when a slot ends, with the room and when that is. A slot that was changed in the event
    /// keeps this, unless it is cancelled or has another poll.
    fn opening(&self) -> impl Iterator<Item = (RoomId, PollId, u64)> {
        let first = self
            .setup
            .iter()
            .filter(|slot| self.opens.contains(&slot.slot) && !self.gone.contains(&slot.slot));
        first.filter_map(|slot| match self.changed.get(&slot.slot) {
            None => Some((slot.room.clone(), slot.poll?, slot.ends_unix_ms)),
            Some(kept) if kept.cancelled || kept.poll != slot.poll => None,
            Some(kept) => Some((kept.room.clone(), kept.poll?, kept.ends_unix_ms)),
        })
    }

    /// Whether any poll opens by itself.
    fn any_opens(&self) -> bool {
        !self.opens.is_empty()
    }

    fn of_setup(&self) -> impl Iterator<Item = &AgendaSlot> {
        let stands = |slot: &&AgendaSlot| !self.changed.contains_key(&slot.slot) && !self.gone.contains(&slot.slot);
        self.setup.iter().filter(stands)
    }

    /// All slots in the order of their times; one whose words were erased is left out.
    pub(crate) fn slots(&self, texts: &BTreeMap<u128, KeptText>, rooms: &[RoomId]) -> Vec<AgendaSlot> {
        let setup = self.of_setup().map(|slot| {
            let seen = self.seen.get(&slot.slot);
            AgendaSlot {
                revision: seen.map_or(0, |seen| seen.revision),
                changed_unix_ms: seen.and_then(|seen| Some(u64::from(seen.changed_min?) * 60_000)),
                ..slot.clone()
            }
        });
        let changed = self.changed.iter().filter_map(|(id, kept)| {
            let text = texts.get(&kept.words.0.as_u128())?;
            let words: Words = serde_json::from_str(&text.text).ok()?;
            Some(AgendaSlot {
                slot: *id,
                room: kept.room.clone(),
                title: words.title,
                speakers: words.speakers,
                starts_unix_ms: kept.starts_unix_ms,
                ends_unix_ms: kept.ends_unix_ms,
                track: words.track,
                notes: words.notes,
                revision: kept.revision,
                changed_unix_ms: Some(u64::from(text.unix_min) * 60_000),
                cancelled: kept.cancelled,
                idea: kept.idea,
                poll: kept.poll,
            })
        });
        let known = |slot: &AgendaSlot| rooms.contains(&slot.room);
        let mut slots: Vec<AgendaSlot> = setup.chain(changed).filter(known).collect();
        slots.sort_by_key(slot_order);
        slots
    }
}

impl Hub {
    /// All slots in the order of their times, as everybody sees them.
    pub(crate) fn slots(&self) -> Vec<AgendaSlot> {
        self.programme.slots(&self.texts, &self.order)
    }

    /// The programme as everybody is told it, in the order of its times.
    #[must_use]
    pub fn agenda(&self) -> &[AgendaSlot] {
        match self.stream.state() {
            StreamState::Event(event) => &event.agenda,
            _ => &[],
        }
    }

    /// Another number than before where [`Hub::agenda`] is another one.
    #[must_use]
    pub fn agenda_version(&self) -> u64 {
        self.programme.version
    }

    /// Notes what slots of the setup look like by now, so that calendars can tell a new version from an old one.
    pub(crate) fn see_setup(&mut self, now: Now) {
        let looks = |slot: &AgendaSlot| (slot.slot, digest(slot));
        let now_looks: Vec<(SlotId, String)> = self.programme.of_setup().map(looks).collect();
        for (slot, digest) in now_looks {
            let before = self.programme.seen.get(&slot);
            if before.is_some_and(|before| before.digest == digest) {
                continue;
            }
            let revision = before.map_or(0, |before| before.revision.saturating_add(1));
            let changed_min = before.map(|_| now.unix_min());
            self.keep_fact(&Fact::SlotSeen {
                slot,
                digest,
                revision,
                changed_min,
            });
        }
    }

    pub(crate) fn apply_programme_fact(&mut self, fact: &Fact) {
        let programme = &mut self.programme;
        match fact {
            Fact::SlotSeen {
                slot,
                digest,
                revision,
                changed_min,
            } => {
                let seen = Seen {
                    digest: digest.clone(),
                    revision: *revision,
                    changed_min: *changed_min,
                };
                programme.seen.insert(*slot, seen);
            }
            Fact::SlotSet { slot, kept } => {
                programme.changed.insert(*slot, kept.clone());
            }
            Fact::SlotErased { slot } => {
                programme.changed.remove(slot);
                if is_of_setup(*slot) {
                    programme.gone.insert(*slot);
                }
            }
            _ => return,
        }
        self.dirty.programme = true;
    }

    /// Tells everybody what changed in the programme.
    pub(crate) fn settle_programme(&mut self) {
        for change in self.programme_changes() {
            self.programme.version += 1;
            self.publish(StreamKey::Event, change);
        }
    }

    /// What followers do not know of the programme.
    pub(crate) fn programme_changes(&self) -> Vec<Change> {
        let StreamState::Event(event) = self.stream.state() else {
            return Vec::new();
        };
        let now: BTreeMap<SlotId, AgendaSlot> = self.slots().into_iter().map(|slot| (slot.slot, slot)).collect();
        let known: BTreeMap<SlotId, &AgendaSlot> = event.agenda.iter().map(|slot| (slot.slot, slot)).collect();
        let gone = known.keys().filter(|id| !now.contains_key(id));
        let gone = gone.map(|id| Change::SlotGone { slot: *id });
        let new = now.values().filter(|slot| known.get(&slot.slot) != Some(slot));
        gone.chain(new.map(|slot| Change::Slot { slot: slot.clone() }))
            .collect()
    }
}
