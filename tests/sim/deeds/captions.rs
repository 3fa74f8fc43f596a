// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Writing down what is said: lines that grow and become final, in some languages, and lines that are taken back.

use fiera_protocol::captions::CaptionLang;
use fiera_protocol::client::Command;
use fiera_protocol::ids::CaptionId;

use super::{Deed, text};
use crate::model::captions::Captions;

/// One more than a room has at a time, most of them seldom.
const LANGUAGES: [(u64, &str); 7] = [
    (30, "it"),
    (14, "en"),
    (3, "de"),
    (3, "fr"),
    (3, "es"),
    (2, "sl"),
    (2, "pt-BR"),
];

pub(super) fn draw(deed: &mut Deed<'_>) -> Option<Command> {
    let room = deed.room_id()?;
    let model = deed.model;
    let none = Captions::default();
    let captions = model.here.captions.get(&room).unwrap_or(&none);
    if deed.random.permille(400) {
        return Some(Command::EraseCaption {
            caption: erased(deed, captions)?,
        });
    }
    let mine: Vec<&CaptionLang> = captions
        .sources
        .keys()
        .filter(|of| of.0 == deed.me)
        .map(|of| &of.1)
        .collect();
    let again = deed.random.pick(&mine).filter(|_| deed.random.permille(700));
    let lang: CaptionLang = match again {
        Some(lang) => (*lang).clone(),
        None => deed.random.weighted(&LANGUAGES).parse().expect("a tag"),
    };
    let known = captions.sources.get(&(deed.me, lang.clone()));
    let line = known.and_then(|known| captions.line(known.caption));
    let what = deed.random.below(20);
    let (sequence, same) = match known {
        Some(known) if what == 0 => (known.sequence.saturating_sub(1), false),
        Some(known) if !known.done && what < 14 => (known.sequence, what < 2),
        Some(known) if what < 3 => (known.sequence, what < 2),
        Some(known) => (known.sequence + 1, false),
        None => (deed.random.below(3).try_into().expect("small"), false),
    };
    let said = line.filter(|_| same).map(|line| text(line.text.clone()));
    Some(Command::Caption {
        lang,
        text: said.unwrap_or_else(|| deed.text()),
        is_final: same || deed.random.coin(),
        sequence,
    })
}

/// A line of this room, one's own above all; now and then one of any room that is kept.
fn erased(deed: &mut Deed<'_>, captions: &Captions) -> Option<CaptionId> {
    let me = deed.me;
    let own = deed.random.permille(600);
    let shown = captions.lines().map(|line| line.id);
    let mut all: Vec<CaptionId> = shown
        .filter(|id| !own || captions.authors.get(id) == Some(&me))
        .collect();
    if all.is_empty() || deed.random.permille(200) {
        let kept = deed.model.kept.rooms.values().flat_map(|room| &room.captions);
        all.extend(kept.map(|(id, ..)| *id));
    }
    deed.random.pick(&all).copied()
}
