// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Moderators direct the stage of their room; those on it read what they are told and name themselves.

use fiera_protocol::client::Command;
use fiera_protocol::ids::{DirectionId, ParticipantId};
use fiera_protocol::stage::{StageLayout, StageStep};

use super::Deed;

pub(super) fn draw(deed: &mut Deed<'_>) -> Option<Command> {
    let room = deed.room_id()?;
    let step = if deed.runs() && deed.random.permille(750) {
        directs(deed)?
    } else {
        let (me, model) = (deed.me, deed.model);
        let told = model.directions(&room).iter();
        let told = told.filter(|one| one.to.iter().any(|to| to.participant == me));
        let told: Vec<DirectionId> = told.map(|one| one.id).collect();
        if deed.random.permille(600) {
            let direction = a_direction(deed, &told)?;
            StageStep::Acknowledge { direction }
        } else {
            StageStep::SetTitle {
                title: deed.random.permille(800).then(|| deed.text()),
                participant: None,
            }
        }
    };
    Some(Command::Stage { step })
}

/// One of those that are known, seldom one that is not.
fn a_direction(deed: &mut Deed<'_>, told: &[DirectionId]) -> Option<DirectionId> {
    if deed.random.permille(40) {
        return Some(DirectionId::from_u128(deed.random.id()));
    }
    deed.random.pick(told).copied()
}

fn directs(deed: &mut Deed<'_>) -> Option<StageStep> {
    let room = deed.room_id()?;
    let here = &deed.model.here;
    let stage: Vec<ParticipantId> = [&here.on_air[&room], &here.waiting[&room]]
        .into_iter()
        .flatten()
        .copied()
        .collect();
    let told: Vec<DirectionId> = deed.model.directions(&room).iter().map(|one| one.id).collect();
    let timer = deed.model.room(&room).show.timer;
    let layouts = [
        StageLayout::Auto,
        StageLayout::Speaker,
        StageLayout::SideBySide,
        StageLayout::Grid,
        StageLayout::Slides,
    ];
    Some(match deed.random.below(24) {
        0..2 => StageStep::Layout {
            layout: *deed.random.pick(&layouts)?,
        },
        2 => StageStep::Titles { on: deed.random.coin() },
        3..6 => StageStep::SoundOff {
            off: deed.random.coin(),
        },
        6..8 => StageStep::Timer {
            seconds: *deed.random.weighted(&[(8, 60), (2, 14_400), (1, 9), (1, 14_401)]),
            amber_s: *deed.random.weighted(&[(8, 20), (1, 61)]),
            red_s: *deed.random.weighted(&[(8, 5), (1, 21)]),
        },
        8..11 => {
            let behind = u64::from(deed.random.permille(100));
            StageStep::ExtendTimer {
                seconds: *deed.random.weighted(&[(8, 30), (1, 0), (1, 14_400)]),
                ends_unix_ms: timer?.ends_unix_ms - behind,
            }
        }
        11 => StageStep::StopTimer {},
        12..18 => StageStep::Direct {
            text: deed.text(),
            participant: match deed.random.below(4) {
                0 => Some(deed.somebody()),
                1..3 => Some(*deed.random.pick(&stage)?),
                _ => None,
            },
        },
        18..20 => StageStep::EndDirection {
            direction: a_direction(deed, &told)?,
        },
        20..23 => StageStep::SetTitle {
            title: deed.random.permille(650).then(|| deed.text()),
            participant: Some(*deed.random.pick(&stage).unwrap_or(&deed.me)),
        },
        _ => StageStep::EndPause {},
    })
}
