// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What organisers do to the programme while the fair runs. Each change names the revision that it was made from, so that
//! of two organisers at once the second one is told instead of undoing the first.

use fiera_protocol::fair::Localised;
use fiera_protocol::ideas::IdeaStage;
use fiera_protocol::ids::{IdeaId, ParticipantId, QuestionId, RoomId, SlotId};
use fiera_protocol::limits::SLOTS_PER_EVENT_MAX;
use fiera_protocol::programme::{AgendaSlot, ProgrammeStep, SlotDraft};

use super::{KeptSlot, Words};
use crate::access::Deed;
use crate::fact::{Fact, NoteId};
use crate::hub::Hub;
use crate::input::Now;
use crate::refusal::{self, Refusal};

fn localised<T: Into<String>>(it: Option<T>, en: Option<T>) -> Option<Localised> {
    let (it, en) = (it.map(Into::into), en.map(Into::into));
    (it.is_some() || en.is_some()).then_some(Localised { it, en })
}

impl Hub {
    pub(crate) fn programme_command(
        &mut self,
        now: Now,
        actor: ParticipantId,
        step: ProgrammeStep,
    ) -> Result<(), Refusal> {
        let seat = self.event_seat(Deed::RunProgramme, actor)?;
        debug_assert!(seat.fits_event(&[Deed::RunProgramme]), "{seat:?}");
        match step {
            ProgrammeStep::Add { draft, idea } => self.add_slot(now, *draft, idea),
            ProgrammeStep::Set { slot, revision, draft } => {
                let before = self.slot_at(slot, revision)?;
                self.check_slot(&draft)?;
                let room = draft.room.clone();
                let (starts_unix_ms, ends_unix_ms) = (draft.starts_unix_ms, draft.ends_unix_ms);
                let (poll, words) = (draft.poll, words_of(*draft));
                self.keep_slot(
                    now,
                    AgendaSlot {
                        room,
                        starts_unix_ms,
                        ends_unix_ms,
                        poll,
                        ..before
                    },
                    &words,
                );
                Ok(())
            }
            ProgrammeStep::Cancel {
                slot,
                revision,
                cancelled,
            } => {
                let before = self.slot_at(slot, revision)?;
                if before.cancelled == cancelled {
                    return Ok(());
                }
                let words = Words {
                    title: before.title.clone(),
                    speakers: before.speakers.clone(),
                    track: before.track.clone(),
                    notes: before.notes.clone(),
                };
                self.keep_slot(now, AgendaSlot { cancelled, ..before }, &words);
                Ok(())
            }
            ProgrammeStep::Erase { slot, revision } => {
                let before = self.slot_at(slot, revision)?;
                if let Some(kept) = self.programme.changed.get(&slot) {
                    let words = kept.words.0.as_u128();
                    self.keep_text(words, None);
                }
                self.keep_fact(&Fact::SlotErased { slot });
                if let Some(idea) = before.idea {
                    self.unplan(idea, slot);
                }
                Ok(())
            }
        }
    }

    fn add_slot(&mut self, now: Now, draft: SlotDraft, idea: Option<IdeaId>) -> Result<(), Refusal> {
        self.check_slot(&draft)?;
        if self.programme.len() >= SLOTS_PER_EVENT_MAX {
            return Err(refusal::TOO_MANY_SLOTS);
        }
        if let Some(idea) = idea {
            self.may_plan(idea)?;
        }
        let slot = SlotId::from_u128(self.chance.id());
        let (room, poll) = (draft.room.clone(), draft.poll);
        let kept = KeptSlot {
            room,
            starts_unix_ms: draft.starts_unix_ms,
            ends_unix_ms: draft.ends_unix_ms,
            words: self.note_id(),
            revision: 0,
            cancelled: false,
            idea,
            poll,
        };
        let text = words_of(draft).kept(now.unix_min());
        self.keep_text(kept.words.0.as_u128(), Some(text));
        self.keep_fact(&Fact::SlotSet { slot, kept });
        if let Some(idea) = idea {
            self.settle_idea_fact(idea, IdeaStage::Planned, None, Some(slot));
        }
        Ok(())
    }

    /// A new version of a slot. The words before are erased for good.
    fn keep_slot(&mut self, now: Now, slot: AgendaSlot, words: &Words) {
        let before = self.programme.changed.get(&slot.slot).map(|kept| kept.words);
        let kept = KeptSlot {
            room: slot.room,
            starts_unix_ms: slot.starts_unix_ms,
            ends_unix_ms: slot.ends_unix_ms,
            words: self.note_id(),
            revision: slot.revision.saturating_add(1),
            cancelled: slot.cancelled,
            idea: slot.idea,
            poll: slot.poll,
        };
        self.keep_text(kept.words.0.as_u128(), Some(words.kept(now.unix_min())));
        self.keep_fact(&Fact::SlotSet { slot: slot.slot, kept });
        if let Some(before) = before {
            self.keep_text(before.0.as_u128(), None);
        }
    }

    fn note_id(&mut self) -> NoteId {
        NoteId(QuestionId::from_u128(self.chance.id()))
    }

    /// A slot as the organiser saw it.
    fn slot_at(&self, id: SlotId, revision: u32) -> Result<AgendaSlot, Refusal> {
        let slot = self.slots().into_iter().find(|slot| slot.slot == id);
        let slot = slot.ok_or(refusal::UNKNOWN_SLOT)?;
        if slot.revision == revision {
            Ok(slot)
        } else {
            Err(refusal::SLOT_CHANGED)
        }
    }

    fn check_slot(&self, draft: &SlotDraft) -> Result<(), Refusal> {
        draft.check().map_err(refusal::of_slot)?;
        self.listed(&draft.room)?;
        let room = self.rooms.get(&draft.room).ok_or(refusal::UNKNOWN_ROOM)?;
        match draft.poll {
            Some(poll) if room.polls.get(poll).is_none() => Err(refusal::UNKNOWN_POLL),
            _ => Ok(()),
        }
    }

    /// A slot is in a room that everybody sees.
    fn listed(&self, room: &RoomId) -> Result<(), Refusal> {
        let listed = self.order.contains(room);
        listed.then_some(()).ok_or(refusal::UNKNOWN_ROOM)
    }
}

fn words_of(draft: SlotDraft) -> Words {
    let title = localised(draft.title.it, draft.title.en).unwrap_or_default();
    Words {
        title,
        speakers: draft.speakers.into_iter().map(String::from).collect(),
        track: localised(draft.track.it, draft.track.en),
        notes: localised(draft.notes.it, draft.notes.en),
    }
}
