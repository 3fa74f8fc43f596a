// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The programme: slots that organisers add, change, cancel and erase, each change made from what they saw.

use fiera_protocol::client::Command;
use fiera_protocol::fair::Localised;
use fiera_protocol::ideas::IdeaStage;
use fiera_protocol::ids::SlotId;
use fiera_protocol::limits::{SLOT_END_UNIX_MS_MAX, SLOTS_PER_EVENT_MAX, SPEAKERS_PER_SLOT_MAX};
use fiera_protocol::programme::{AgendaSlot, ProgrammeStep, SlotDraft};
use fiera_protocol::view::EventPhase;

use super::{Drawn, Kept, Model, Room, Verdict};
use crate::shared::Shared;

const DAY_MS: u64 = 86_400_000;

fn localised(it: Option<&str>, en: Option<&str>) -> Localised {
    Localised {
        it: it.map(str::to_owned),
        en: en.map(str::to_owned),
    }
}

/// What an organiser wrote, into a slot; a language that is missing is missing.
fn written(slot: &mut AgendaSlot, draft: &SlotDraft) {
    let some = |texts: Localised| Some(texts).filter(|texts| *texts != Localised::default());
    let (title, track, notes) = (&draft.title, &draft.track, &draft.notes);
    slot.room = draft.room.clone();
    slot.title = localised(
        title.it.as_ref().map(|text| text.as_str()),
        title.en.as_ref().map(|text| text.as_str()),
    );
    slot.track = some(localised(
        track.it.as_ref().map(|text| text.as_str()),
        track.en.as_ref().map(|text| text.as_str()),
    ));
    slot.notes = some(localised(
        notes.it.as_ref().map(|text| text.as_str()),
        notes.en.as_ref().map(|text| text.as_str()),
    ));
    slot.speakers = draft.speakers.iter().map(|name| name.as_str().to_owned()).collect();
    (slot.starts_unix_ms, slot.ends_unix_ms) = (draft.starts_unix_ms, draft.ends_unix_ms);
    slot.poll = draft.poll;
}

impl Kept {
    pub(crate) fn slot(&self, id: SlotId) -> Option<&AgendaSlot> {
        self.slots.iter().find(|slot| slot.slot == id)
    }

    /// Changes a slot: one revision more, of this minute (PR3).
    fn change_slot(&mut self, id: SlotId, drawn: &Drawn<'_>, change: impl FnOnce(&mut AgendaSlot)) {
        let slot = self.slots.iter_mut().find(|slot| slot.slot == id).expect("known");
        change(slot);
        self.own_slots.insert(id);
        slot.revision += 1;
        slot.changed_unix_ms = Some(drawn.minute_unix_ms());
        self.order_slots();
    }

    fn order_slots(&mut self) {
        self.slots
            .sort_by_key(|slot| (slot.starts_unix_ms, slot.ends_unix_ms, slot.slot));
    }
}

impl Model {
    /// PR1.
    fn can_be(&self, draft: &SlotDraft) -> bool {
        let titled = draft.title.it.is_some() || draft.title.en.is_some();
        let (from, to) = (draft.starts_unix_ms, draft.ends_unix_ms);
        let times = from < to && to - from <= DAY_MS && to <= SLOT_END_UNIX_MS_MAX;
        let listed = self.capacity.contains_key(&draft.room);
        let room = self.kept.rooms.get(&draft.room).filter(|_| listed);
        let poll = |room: &Shared<Room>| draft.poll.is_none_or(|id| room.polls.iter().any(|poll| poll.id == id));
        titled && times && draft.speakers.len() <= SPEAKERS_PER_SLOT_MAX && room.is_some_and(poll)
    }

    /// PR4: the slots of the setup as it is at this start, but for those that are the event's own.
    pub(super) fn follows_setup(&mut self) {
        let kept = &self.kept;
        let of_setup = self.setup.iter().filter(|slot| {
            let listed = self.capacity.contains_key(&slot.room);
            listed && !kept.own_slots.contains(&slot.slot)
        });
        let shown = of_setup.map(|slot| {
            let seen = kept.seen_slots.get(&slot.slot);
            AgendaSlot {
                revision: seen.map_or(0, |seen| seen.revision),
                changed_unix_ms: seen.and_then(|seen| seen.changed_unix_ms),
                ..slot.clone()
            }
        });
        let own = kept.slots.iter().filter(|slot| kept.own_slots.contains(&slot.slot));
        let slots: Vec<AgendaSlot> = own.cloned().chain(shown).collect();
        self.kept.slots = slots;
        self.kept.order_slots();
    }

    /// PR4: who looks into a calendar can tell what the setup changed since the last start.
    pub(super) fn sees_setup(&mut self) {
        if self.kept.phase == EventPhase::Ended {
            return;
        }
        let minute_unix_ms = self.unix_ms / 60_000 * 60_000;
        let mut changed = false;
        for slot in self.setup.clone() {
            let before = self.kept.seen_slots.get(&slot.slot);
            let revised = |before: &AgendaSlot| AgendaSlot {
                revision: before.revision,
                changed_unix_ms: before.changed_unix_ms,
                ..slot.clone()
            };
            if self.kept.own_slots.contains(&slot.slot) || before.is_some_and(|before| *before == revised(before)) {
                continue;
            }
            let seen = AgendaSlot {
                revision: before.map_or(0, |before| before.revision + 1),
                changed_unix_ms: before.map(|_| minute_unix_ms),
                ..slot.clone()
            };
            self.kept.seen_slots.insert(slot.slot, seen);
            changed = true;
        }
        if changed {
            self.follows_setup();
        }
    }

    pub(super) fn judge_programme(&self, command: &Command) -> Option<Verdict> {
        let Command::Programme { step } = command else {
            return None;
        };
        let seen = |id: &SlotId, revision: &u32| self.kept.slot(*id).is_some_and(|slot| slot.revision == *revision);
        let fits = match step {
            ProgrammeStep::Add { draft, idea } => {
                let open = |idea| self.kept.idea(idea).is_some_and(super::ideas::Idea::is_open);
                self.kept.slots.len() < SLOTS_PER_EVENT_MAX && self.can_be(draft) && idea.is_none_or(open)
            }
            ProgrammeStep::Set { slot, revision, draft } => seen(slot, revision) && self.can_be(draft),
            ProgrammeStep::Cancel { slot, revision, .. } | ProgrammeStep::Erase { slot, revision } => {
                seen(slot, revision)
            }
        };
        Some(fits.into())
    }

    pub(super) fn do_programme(&mut self, command: &Command, drawn: &Drawn<'_>) {
        let Command::Programme { step } = command else { return };
        match step {
            ProgrammeStep::Add { draft, idea } => {
                let id: SlotId = drawn.of("slot_set", "slot");
                assert!(self.kept.slot(id).is_none(), "PR2: {id} is taken");
                let mut slot = AgendaSlot {
                    slot: id,
                    room: draft.room.clone(),
                    title: Localised::default(),
                    speakers: Vec::new(),
                    starts_unix_ms: 0,
                    ends_unix_ms: 0,
                    track: None,
                    notes: None,
                    revision: 0,
                    changed_unix_ms: Some(drawn.minute_unix_ms()),
                    cancelled: false,
                    idea: *idea,
                    poll: None,
                };
                written(&mut slot, draft);
                self.kept.own_slots.insert(id);
                self.kept.slots.push(slot);
                self.kept.order_slots();
                if let Some(idea) = idea {
                    let idea = self.kept.idea_mut(*idea);
                    (idea.stage, idea.slot) = (IdeaStage::Planned, Some(id));
                }
            }
            ProgrammeStep::Set { slot, draft, .. } => self.kept.change_slot(*slot, drawn, |slot| written(slot, draft)),
            ProgrammeStep::Cancel { slot, cancelled, .. } => {
                if self.kept.slot(*slot).is_some_and(|slot| slot.cancelled != *cancelled) {
                    self.kept.change_slot(*slot, drawn, |slot| slot.cancelled = *cancelled);
                }
            }
            ProgrammeStep::Erase { slot, .. } => {
                self.kept.own_slots.insert(*slot);
                self.kept.slots.retain(|known| known.slot != *slot);
                let of = |idea: &&mut super::ideas::Idea| idea.slot == Some(*slot);
                for idea in self.kept.ideas.iter_mut().filter(of) {
                    idea.slot = None;
                    if idea.stage == IdeaStage::Planned {
                        idea.stage = IdeaStage::Proposed;
                    }
                }
            }
        }
    }
}
