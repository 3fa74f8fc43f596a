// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Order in the rooms and the event: silence, bans, settings, the word filter, announcements, reactions, phases.

use fiera_protocol::client::Command;
use fiera_protocol::fair::{Reaction, RoomSettings};
use fiera_protocol::view::EventPhase;

use super::{Deed, text};

pub(super) fn draw(deed: &mut Deed<'_>) -> Option<Command> {
    let restricted: Vec<_> = deed.model.kept.restricted.keys().copied().collect();
    let back = deed.random.pick(&restricted).copied();
    let announced: Vec<_> = deed.model.kept.announcements.iter().map(|(id, _)| *id).collect();
    let somebody = deed.somebody();
    Some(match deed.random.below(24) {
        0 => Command::Silence {
            participant: somebody,
            on: true,
        },
        1 => Command::Ban {
            participant: somebody,
            on: true,
        },
        2..4 => Command::Silence {
            participant: back?,
            on: false,
        },
        4..7 => Command::Ban {
            participant: back?,
            on: false,
        },
        7..12 => Command::SetRoom {
            settings: RoomSettings {
                moderated: deed.random.permille(400),
                chat_open: deed.random.permille(850),
                slow_mode_s: *deed.random.weighted(&[(8, 0), (1, 20), (1, 601)]),
                questions_closed: deed.random.permille(100),
                links_off: deed.random.coin(),
            },
        },
        12 => Command::SetWordFilter {
            words: if deed.random.coin() {
                vec![text("forbidden".to_owned())]
            } else {
                Vec::new()
            },
        },
        13..16 => Command::Announce { text: deed.text() },
        16 => Command::EraseAnnouncement {
            announcement: *deed.random.pick(&announced)?,
        },
        17..23 => Command::React {
            reaction: *deed.random.pick(&[Reaction::Heart, Reaction::Applause])?,
        },
        _ => Command::SetEventPhase {
            phase: match deed.model.kept.phase {
                EventPhase::Draft => EventPhase::Open,
                _ => EventPhase::Live,
            },
        },
    })
}
