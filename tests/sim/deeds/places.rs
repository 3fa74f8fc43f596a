// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Going from room to room, onto the stage and back, raising hands.

use fiera_protocol::client::Command;
use fiera_protocol::ids::SourceKind;
use fiera_protocol::view::Place;

use super::{Deed, text};

pub(super) fn draw(deed: &mut Deed<'_>) -> Option<Command> {
    let lost = deed.room_id().is_none();
    Some(match deed.random.below(if lost { 12 } else { 60 }) {
        0..10 => {
            // Most come together in one hall.
            let room = if deed.random.permille(550) {
                "hall-a".parse().expect("an id")
            } else {
                deed.a_listed_room()
            };
            Command::Enter { room }
        }
        10 => Command::Leave {},
        11 => Command::Enter {
            room: "nowhere".parse().expect("an id"),
        },
        12..14 => Command::Rename {
            name: text(format!("Name {}", deed.random.below(1_000))),
        },
        _ => return None,
    })
}

pub(super) fn stage(deed: &mut Deed<'_>) -> Option<Command> {
    let room = deed.room_id()?;
    let here = &deed.model.here;
    let mut others = here.waiting[&room].clone();
    others.extend(&here.on_air[&room]);
    let other = deed.random.pick(&others).copied().filter(|_| deed.random.permille(400));
    let other = other.filter(|other| *other != deed.me && deed.model.moderates(deed.me));
    let place = deed.model.place(other.unwrap_or(deed.me));
    let likely = deed.random.permille(850);
    Some(match (place, deed.random.below(6)) {
        (Place::Audience, _) if likely => Command::EnterBackstage {},
        (Place::Backstage, 0) => Command::PutOnAir {
            countdown_s: Some(deed.random.small(32)),
            participant: other,
        },
        (Place::Backstage, 1..3) => Command::PutOnAir {
            countdown_s: None,
            participant: other,
        },
        (_, 3) => Command::LeaveBackstage { participant: other },
        (_, 4) => Command::TakeOffAir { participant: other },
        _ => Command::SetSource {
            source: *deed
                .random
                .pick(&[SourceKind::Mic, SourceKind::Camera, SourceKind::Screen])?,
            live: deed.random.permille(700),
            participant: other,
        },
    })
}

pub(super) fn hands(deed: &mut Deed<'_>) -> Option<Command> {
    let hands: Vec<_> = deed.room()?.hands.iter().map(|hand| hand.participant).collect();
    let whose = deed.random.pick(&hands).copied();
    Some(match deed.random.below(10) {
        0..5 => Command::RaiseHand {
            topic: deed.random.coin().then(|| deed.text()),
        },
        5 => Command::LowerHand { participant: None },
        6 => Command::LowerHand {
            participant: Some(whose?),
        },
        7 => Command::AcceptHand {
            participant: deed.somebody(),
        },
        _ => Command::AcceptHand { participant: whose? },
    })
}
