// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Opening stands, keeping and changing them, visiting, leaving messages, saying that one would reuse them.

use fiera_protocol::client::Command;
use fiera_protocol::ids::{AuthorSecret, Role};
use fiera_protocol::stands::{PracticeCard, StandContent, StandLanguage, StandState, StandStep};

use super::{Deed, text};
use crate::model::stands::Stand;

fn content(deed: &mut Deed<'_>) -> StandContent {
    let tags = (0..deed.random.index(3)).map(|_| {
        let words = deed.words();
        text(words.split(' ').next().unwrap_or_default().to_owned())
    });
    StandContent {
        tags: tags.collect(),
        name: deed.text(),
        line: deed.text(),
        language: StandLanguage::En,
        links: Vec::new(),
        hours: Vec::new(),
        card: PracticeCard {
            problem: deed.random.coin().then(|| deed.text()),
            tool: deed.random.permille(300).then(|| deed.text()),
            ..PracticeCard::default()
        },
    }
}

/// The link of a stand, now and then a wrong one.
fn link(deed: &mut Deed<'_>, stand: &Stand) -> AuthorSecret {
    let right = stand.secret.unwrap_or(AuthorSecret::from_u128(7));
    deed.secret_of(right)
}

pub(super) fn draw(deed: &mut Deed<'_>) -> Option<Command> {
    let all: Vec<&Stand> = deed.model.kept.stands.iter().collect();
    let me = deed.me;
    let own: Vec<&Stand> = all
        .iter()
        .copied()
        .filter(|stand| stand.keepers.contains(&me))
        .collect();
    let any = deed.random.pick(&all).copied();
    let mine = deed
        .random
        .pick(&own)
        .copied()
        .filter(|_| deed.random.permille(900))
        .or(any);
    let what = deed.random.below(60);
    if all.is_empty() && what > 20 || what < 5 {
        let (content, secret) = (Box::new(content(deed)), deed.secret());
        let step = StandStep::Open { content, secret };
        return Some(Command::Stand { step });
    }
    let runs = deed.model.role(me) >= Role::Moderator;
    let step = match what {
        5..15 => {
            let room = any?.room.clone();
            return Some(Command::Enter { room });
        }
        15..19 => {
            let secret = link(deed, any?);
            // Whoever keeps a stand has its link.
            deed.secrets.push(secret);
            let stand = any?.id;
            StandStep::Keep { stand, secret }
        }
        19..25 => {
            let behind = u32::from(deed.random.permille(80));
            StandStep::Edit {
                stand: mine?.id,
                revision: mine?.revision.saturating_sub(behind),
                content: Box::new(content(deed)),
            }
        }
        25..30 => {
            let states = [
                (6, StandState::Open),
                (3, StandState::Closed),
                (if runs { 3 } else { 1 }, StandState::Hidden),
            ];
            StandStep::Set {
                stand: mine?.id,
                state: *deed.random.weighted(&states),
            }
        }
        30..32 => {
            let (stand, proves) = (mine?.id, deed.random.permille(300));
            let secret = if proves { Some(link(deed, mine?)) } else { None };
            StandStep::Remove { stand, secret }
        }
        32..34 => {
            let secret = link(deed, mine?);
            let fresh = deed.secret();
            let stand = mine?.id;
            StandStep::Renew { stand, secret, fresh }
        }
        34..42 => StandStep::Reuse {
            stand: any?.id,
            on: deed.random.permille(750),
            organisation: deed.random.coin().then(|| deed.text()),
        },
        42..44 => {
            let adopters: Vec<_> = mine?.adopters.iter().map(|(id, _)| *id).collect();
            StandStep::EraseAdopter {
                stand: mine?.id,
                adopter: *deed.random.pick(&adopters)?,
            }
        }
        44..50 => StandStep::Leave {
            stand: any?.id,
            text: deed.text(),
            anonymous: deed.random.coin(),
            secret: deed.secret(),
        },
        50..54 => {
            let stand = any?;
            let left: Vec<_> = stand.messages.iter().map(|one| (one.id, one.secret)).collect();
            let (message, secret) = *deed.random.pick(&left)?;
            StandStep::EraseMessage {
                stand: stand.id,
                message: Some(message).filter(|_| deed.random.permille(700)),
                secret: deed.random.permille(700).then(|| deed.secret_of(secret)),
            }
        }
        _ => {
            let stand = mine?;
            let inside: Vec<_> = deed.model.people_in(&stand.room).into_iter().collect();
            StandStep::GiveWord {
                stand: stand.id,
                participant: deed.random.pick(&inside).copied().unwrap_or(me),
                on: deed.random.permille(600),
            }
        }
    };
    Some(Command::Stand { step })
}
