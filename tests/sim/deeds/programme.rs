// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Organisers at the programme, two of them at once.

use fiera_protocol::client::Command;
use fiera_protocol::ids::{PollId, RoomId};
use fiera_protocol::limits::SLOT_END_UNIX_MS_MAX;
use fiera_protocol::programme::{AgendaSlot, ProgrammeStep, SlotDraft, SlotNotesIn, SlotTitles, TrackNames};

use super::Deed;
use crate::model::ideas::Idea;

const HOUR_MS: u64 = 3_600_000;

fn draft(deed: &mut Deed<'_>) -> SlotDraft {
    let room: RoomId = if deed.random.permille(30) {
        "nowhere".parse().expect("an id")
    } else {
        deed.a_room()
    };
    let known = deed.model.kept.rooms.get(&room);
    let mut polls: Vec<PollId> = known
        .into_iter()
        .flat_map(|room| &room.polls)
        .map(|poll| poll.id)
        .collect();
    if deed.random.permille(50) {
        let everywhere = deed.model.kept.rooms.values().flat_map(|room| &room.polls);
        polls = everywhere.map(|poll| poll.id).collect();
    }
    let starts_unix_ms = 1_790_000_000_000 + deed.random.below(8) * HOUR_MS;
    let lasts_ms = *deed.random.weighted(&[
        (30, HOUR_MS),
        (10, 2 * HOUR_MS),
        (2, 24 * HOUR_MS),
        (1, 24 * HOUR_MS + 1),
        (1, 0),
    ]);
    let far = deed.random.permille(20);
    let ends_unix_ms = if far {
        SLOT_END_UNIX_MS_MAX + 1
    } else {
        starts_unix_ms + lasts_ms
    };
    let languages = deed.random.small(40);
    SlotDraft {
        room,
        title: SlotTitles {
            it: (languages % 3 != 1 && languages != 0).then(|| deed.text()),
            en: (languages % 3 != 2 && languages != 0).then(|| deed.text()),
        },
        speakers: (0..deed.random.index(4)).map(|_| deed.text()).collect(),
        starts_unix_ms: if far {
            SLOT_END_UNIX_MS_MAX - HOUR_MS
        } else {
            starts_unix_ms
        },
        ends_unix_ms,
        track: TrackNames {
            it: deed.random.permille(300).then(|| deed.text()),
            en: None,
        },
        notes: SlotNotesIn {
            it: None,
            en: deed.random.permille(400).then(|| deed.text()),
        },
        poll: deed.random.pick(&polls).copied().filter(|_| deed.random.coin()),
    }
}

pub(super) fn draw(deed: &mut Deed<'_>) -> Option<Command> {
    let slots: Vec<&AgendaSlot> = deed.model.kept.slots.iter().collect();
    let known = deed.random.pick(&slots).map(|slot| (slot.slot, slot.revision));
    // Somebody saw it before it was changed.
    let behind = u32::from(deed.random.permille(80));
    let known = known.map(|(slot, revision)| (slot, revision.saturating_sub(behind)));
    let step = match deed.random.below(20) {
        0..7 => ProgrammeStep::Add {
            draft: Box::new(draft(deed)),
            idea: deed
                .random
                .permille(600)
                .then(|| deed.idea(Idea::is_open))
                .flatten()
                .map(|idea| idea.id),
        },
        7..13 => {
            let (slot, revision) = known?;
            let draft = Box::new(draft(deed));
            ProgrammeStep::Set { slot, revision, draft }
        }
        13..17 => {
            let ((slot, revision), cancelled) = (known?, deed.random.permille(600));
            ProgrammeStep::Cancel {
                slot,
                revision,
                cancelled,
            }
        }
        _ => {
            let (slot, revision) = known?;
            ProgrammeStep::Erase { slot, revision }
        }
    };
    Some(Command::Programme { step })
}
