// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Live captions: the lines of each room as everybody there sees them, how far each source is, and which of them the
//! event keeps as texts.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::captions::CaptionLang;
use fiera_protocol::client::Command;
use fiera_protocol::ids::{CaptionId, ParticipantId, RoomId, RoomKind};
use fiera_protocol::limits::{
    CAPTION_LANG_IDLE_MS, CAPTION_LANGS_MAX, CAPTION_SOURCE_IDLE_MS, CAPTION_SOURCES_MAX, CAPTIONS_SHOWN_MAX,
};

use super::{Drawn, Model, Room, Verdict};
use crate::words::numbers_in;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) id: CaptionId,
    pub(crate) lang: CaptionLang,
    pub(crate) text: String,
}

/// What is said in one room, as far as a crash ends it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Captions {
    /// In the order in which they became final.
    pub(crate) finals: Vec<Line>,
    /// Those still being said, in the order in which they began.
    pub(crate) open: Vec<Line>,
    pub(crate) authors: BTreeMap<CaptionId, ParticipantId>,
    pub(crate) sources: BTreeMap<(ParticipantId, CaptionLang), Source>,
    /// When something was said last in each language that is shown.
    said_ms: BTreeMap<CaptionLang, u64>,
    /// All words that lines have had, with the line: who missed something may be sent how it was said.
    pub(crate) words: BTreeMap<u32, CaptionId>,
}

/// How far somebody is in one language.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) caption: CaptionId,
    pub(crate) sequence: u32,
    pub(crate) done: bool,
    said_at_ms: u64,
}

impl Source {
    fn is_idle(&self, now_ms: u64) -> bool {
        self.said_at_ms + CAPTION_SOURCE_IDLE_MS <= now_ms
    }
}

impl Captions {
    pub(crate) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.finals.iter().chain(&self.open)
    }

    pub(crate) fn line(&self, id: CaptionId) -> Option<&Line> {
        self.lines().find(|line| line.id == id)
    }

    /// Z4: whether another language would be one too many.
    fn is_full_for(&self, lang: &CaptionLang) -> bool {
        let languages: BTreeSet<&CaptionLang> = self.lines().map(|line| &line.lang).collect();
        !languages.contains(lang) && languages.len() >= CAPTION_LANGS_MAX
    }

    /// Z4: the language whose last final line is the oldest.
    fn oldest(&self) -> Option<CaptionLang> {
        let last = |lang: &CaptionLang| self.finals.iter().rposition(|line| line.lang == *lang);
        let languages: BTreeSet<&CaptionLang> = self.finals.iter().map(|line| &line.lang).collect();
        languages.into_iter().min_by_key(|lang| last(lang)).cloned()
    }

    fn takes_off(&mut self, goes: impl Fn(&Line) -> bool) {
        self.finals.retain(|line| !goes(line));
        self.open.retain(|line| !goes(line));
        self.forget_unseen();
    }

    fn forget_unseen(&mut self) {
        let shown: BTreeSet<CaptionId> = self.lines().map(|line| line.id).collect();
        let languages: BTreeSet<CaptionLang> = self.lines().map(|line| line.lang.clone()).collect();
        self.authors.retain(|id, _| shown.contains(id));
        self.said_ms.retain(|lang, _| languages.contains(lang));
    }

    /// Z3.
    fn shows(&mut self, line: Line, is_final: bool) {
        self.words
            .extend(numbers_in(&line.text).into_iter().map(|number| (number, line.id)));
        if !is_final {
            match self.open.iter_mut().find(|known| known.id == line.id) {
                Some(known) => *known = line,
                None => self.open.push(line),
            }
            return;
        }
        self.open.retain(|known| known.id != line.id);
        let lang = line.lang.clone();
        self.finals.push(line);
        let same = |line: &Line| line.lang == lang;
        if self.finals.iter().filter(|line| same(line)).count() > CAPTIONS_SHOWN_MAX {
            let first = self.finals.iter().position(same).expect("many");
            self.finals.remove(first);
        }
        self.forget_unseen();
    }

    /// Z5: nothing of a line is left, and its source goes on with another one.
    pub(super) fn erases(&mut self, id: CaptionId) {
        self.takes_off(|line| line.id == id);
        self.words.retain(|_, of| *of != id);
        let of = self.sources.values_mut().filter(|source| source.caption == id);
        of.for_each(|source| source.done = true);
    }

    /// Z6: what a crash leaves of those that are kept, in their order.
    pub(super) fn of_kept(kept: &[(CaptionId, CaptionLang, Option<String>)]) -> Self {
        let mut captions = Self::default();
        for (id, lang, text) in kept {
            if captions.is_full_for(lang) {
                let oldest = captions.oldest();
                captions.takes_off(|line| Some(&line.lang) == oldest.as_ref());
            }
            if let Some(text) = text.clone() {
                let (id, lang) = (*id, lang.clone());
                captions.shows(Line { id, lang, text }, true);
            }
        }
        captions
    }
}

impl Room {
    fn holds_caption(&self, id: CaptionId) -> bool {
        self.captions
            .iter()
            .any(|(known, _, text)| *known == id && text.is_some())
    }
}

impl Model {
    fn keeps_captions_of(&self, room: &RoomId) -> bool {
        let kind = self.room(room).kind;
        self.keeps_captions && !matches!(kind, RoomKind::Breakout | RoomKind::Stand)
    }

    /// Whether what becomes of a command about captions is kept.
    pub(super) fn keeps_caption(&self, actor: ParticipantId, command: &Command) -> bool {
        match command {
            Command::Caption { .. } => self.room_of(actor).is_some_and(|room| self.keeps_captions_of(&room)),
            Command::EraseCaption { caption } => self.holds_caption(*caption),
            _ => false,
        }
    }

    pub(crate) fn holds_caption(&self, id: CaptionId) -> bool {
        self.kept.rooms.values().any(|room| room.holds_caption(id))
    }

    fn room_of_caption(&self, id: CaptionId) -> Option<RoomId> {
        let shown = |room: &RoomId| self.here.captions.get(room).is_some_and(|of| of.line(id).is_some());
        let mut rooms = self.kept.rooms.iter();
        let found = rooms.find(|(room, of)| shown(room) || of.holds_caption(id));
        found.map(|(room, _)| room.clone())
    }

    /// Z4: the language that has to give way, if another one may be begun at all.
    fn gives_way(&self, captions: &Captions, lang: &CaptionLang) -> Result<Option<CaptionLang>, ()> {
        if !captions.is_full_for(lang) {
            return Ok(None);
        }
        let said_ms = |lang: &CaptionLang| captions.said_ms.get(lang).copied().unwrap_or(self.started_ms);
        let oldest = captions
            .oldest()
            .filter(|lang| said_ms(lang) + CAPTION_LANG_IDLE_MS <= self.now_ms);
        oldest.map(Some).ok_or(())
    }

    pub(super) fn judge_caption(&self, actor: ParticipantId, command: &Command) -> Option<Verdict> {
        let fits = match command {
            Command::Caption {
                lang, text, sequence, ..
            } => {
                let Some(room) = self.room_of(actor).filter(|_| self.has_voice(actor)) else {
                    return Some(Verdict::Refuse);
                };
                let none = Captions::default();
                let captions = self.here.captions.get(&room).unwrap_or(&none);
                let key = (actor, lang.clone());
                let alive = captions
                    .sources
                    .iter()
                    .filter(|(of, source)| **of != key && !source.is_idle(self.now_ms));
                let known = captions.sources.get(&key).filter(|of| !of.is_idle(self.now_ms));
                match known {
                    Some(known) if known.sequence == *sequence && known.done => captions
                        .line(known.caption)
                        .is_some_and(|line| line.text == text.as_str()),
                    Some(known) if known.sequence > *sequence => false,
                    _ => self.gives_way(captions, lang).is_ok() && alive.count() < CAPTION_SOURCES_MAX,
                }
            }
            Command::EraseCaption { caption } => self.room_of_caption(*caption).is_some_and(|room| {
                let captions = self.here.captions.get(&room);
                let own = captions.is_some_and(|of| of.authors.get(caption) == Some(&actor));
                own || self.moderates(actor)
            }),
            _ => return None,
        };
        Some(fits.into())
    }

    pub(super) fn do_caption(&mut self, actor: ParticipantId, command: &Command, drawn: &Drawn<'_>) {
        match command {
            Command::Caption {
                lang,
                text,
                is_final,
                sequence,
            } => {
                let room = self.room_of(actor).expect("judged");
                let key = (actor, lang.clone());
                let captions = self.here.captions.entry(room.clone()).or_default();
                let now_ms = drawn.now_ms;
                let known = captions.sources.get(&key).filter(|of| !of.is_idle(now_ms)).cloned();
                if known.as_ref().is_some_and(|of| of.sequence == *sequence && of.done) {
                    return;
                }
                let captions = captions.clone();
                let gives_way = self.gives_way(&captions, lang).expect("judged");
                // Z2: lines that nobody goes on with stay as they stand.
                for (of, source) in &captions.sources {
                    let over = source.is_idle(now_ms) || *of == key && source.sequence != *sequence;
                    if over {
                        self.here.captions.get_mut(&room).expect("here").sources.remove(of);
                        let open = captions.open.iter().find(|line| line.id == source.caption);
                        open.cloned()
                            .into_iter()
                            .for_each(|line| self.settles(&room, line, true));
                    }
                }
                let captions = self.here.captions.get_mut(&room).expect("here");
                if gives_way.is_some() {
                    captions.takes_off(|line| Some(&line.lang) == gives_way.as_ref());
                }
                let id = drawn.captioned.expect("Z1: a line that was accepted is shown");
                if let Some(known) = known.filter(|known| known.sequence == *sequence) {
                    assert_eq!(known.caption, id, "Z2: a line replaces itself");
                }
                let source = Source {
                    caption: id,
                    sequence: *sequence,
                    done: *is_final,
                    said_at_ms: now_ms,
                };
                captions.sources.insert(key, source);
                let line = Line {
                    id,
                    lang: lang.clone(),
                    text: text.as_str().to_owned(),
                };
                self.settles(&room, line, *is_final);
                let captions = self.here.captions.get_mut(&room).expect("here");
                captions.authors.insert(id, actor);
                captions.said_ms.insert(lang.clone(), now_ms);
            }
            Command::EraseCaption { caption } => {
                let room = self.room_of_caption(*caption).expect("judged");
                if self.room(&room).holds_caption(*caption) {
                    let kept = &mut self.room_mut(&room).captions;
                    let known = kept.iter_mut().find(|(id, ..)| id == caption);
                    known.expect("held").2 = None;
                }
                self.here.captions.entry(room).or_default().erases(*caption);
            }
            _ => {}
        }
    }

    fn settles(&mut self, room: &RoomId, line: Line, is_final: bool) {
        if is_final && self.keeps_captions_of(room) {
            let text = Some(line.text.clone());
            self.room_mut(room).captions.push((line.id, line.lang.clone(), text));
        }
        self.here
            .captions
            .get_mut(room)
            .expect("somebody speaks there")
            .shows(line, is_final);
    }

    /// Nothing that was said in a room is left.
    pub(super) fn forget_said(&mut self, room: &RoomId) {
        let Some(captions) = self.here.captions.get_mut(room) else {
            return;
        };
        let shown: Vec<CaptionId> = captions.lines().map(|line| line.id).collect();
        shown.into_iter().for_each(|id| captions.erases(id));
        captions.words.clear();
    }

    /// Z6: the event is over, and who said what is forgotten.
    pub(super) fn end_captions(&mut self) {
        let Self { kept, here, .. } = self;
        for (room, captions) in &mut here.captions {
            let kept = kept.rooms.get(room);
            let stays = |id: CaptionId| kept.is_some_and(|room| room.holds_caption(id));
            captions.takes_off(|line| !stays(line.id));
            captions.sources.clear();
            captions.authors.clear();
            captions.said_ms.clear();
            captions.words.clear();
        }
    }

    /// What a crash leaves of what is shown.
    pub(super) fn captions_go_on(&mut self) {
        let said = self.kept.rooms.iter().filter(|(_, room)| !room.captions.is_empty());
        let said = said.map(|(id, room)| (id.clone(), Captions::of_kept(&room.captions)));
        self.here.captions = said.collect();
    }
}
