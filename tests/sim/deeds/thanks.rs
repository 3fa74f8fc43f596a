// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Thanking each other, and showing it or not.

use fiera_protocol::client::Command;
use fiera_protocol::thanks::ThanksStep;

use super::Deed;
use crate::model::thanks::Thanks;

pub(super) fn draw(deed: &mut Deed<'_>) -> Option<Command> {
    let anyone = deed.random.permille(150);
    let what = deed.random.below(24);
    let (me, moderates) = (deed.me, deed.model.moderates(deed.me));
    let ended = deed.model.kept.phase == fiera_protocol::view::EventPhase::Ended;
    let near = |one: &&Thanks| anyone || ended || one.to == Some(me) || moderates && one.shown.is_some();
    let all: Vec<Thanks> = deed.model.kept.thanks.iter().filter(near).cloned().collect();
    let known = deed.random.pick(&all).cloned();
    let step = match what {
        0..9 => ThanksStep::Give {
            participant: deed.somebody(),
            text: deed.random.permille(700).then(|| deed.text()),
            secret: deed.secret(),
        },
        9..17 => ThanksStep::Show {
            thanks: known?.id,
            secret: deed.secret(),
        },
        17..20 => {
            let known = known?;
            let with = known.shown.map(|(_, secret)| secret).filter(|_| deed.random.coin());
            let secret = with.map(|secret| deed.secret_of(secret));
            ThanksStep::Hide {
                thanks: known.id,
                secret,
            }
        }
        _ => {
            let given: Vec<&Thanks> = deed.model.kept.thanks.iter().collect();
            let taken_back = deed.random.permille(300);
            let known = if taken_back {
                (*deed.random.pick(&given)?).clone()
            } else {
                known?
            };
            let shown = known.shown.map(|(_, secret)| secret);
            let with = if taken_back { Some(known.secret) } else { shown };
            let with = with.filter(|_| taken_back || deed.random.coin());
            let secret = with.map(|secret| deed.secret_of(secret));
            ThanksStep::Erase {
                thanks: known.id,
                secret,
            }
        }
    };
    Some(Command::Thanks { step })
}
