// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Live captions of a room, from people who type and from programs that listen. They go to everybody there, and each
//! browser chooses: nobody learns who needs them. In memory only, unless the event keeps them as texts.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::captions::{CaptionLang, CaptionLine, put_caption};
use fiera_protocol::client::Command;
use fiera_protocol::ids::{CaptionId, ParticipantId, Role, RoomId, RoomKind};
use fiera_protocol::limits::{
    CAPTION_LANG_IDLE_MS, CAPTION_LANGS_MAX, CAPTION_SOURCE_IDLE_MS, CAPTION_SOURCES_MAX, CAPTION_WINDOW_MS,
    CAPTIONS_PER_WINDOW_MAX, CAPTIONS_SHOWN_MAX,
};
use fiera_protocol::text::CaptionText;
use fiera_protocol::view::{Change, StreamState};

use serde::Serialize;

use crate::access::{self, Deed, Seat};
use crate::fact::{Fact, KeptText};
use crate::hub::Hub;
use crate::input::Now;
use crate::output::{Output, StreamKey};
use crate::refusal::{self, Refusal};

/// Lines of captions of one room that are kept where the event keeps them: a day of talk.
pub(crate) const CAPTIONS_KEPT_MAX: usize = 20_000;

/// A line as its source sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidLine {
    /// Its language.
    pub lang: CaptionLang,
    /// The words, as far as they were said.
    pub text: CaptionText,
    /// They stay like this.
    pub is_final: bool,
    /// Grows with each line of this source in this language.
    pub sequence: u32,
}

/// What was said in one language, from captions that were kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transcript {
    /// The language.
    pub lang: CaptionLang,
    /// Line by line, in the order in which they were said.
    pub lines: Vec<String>,
}

/// The captions of one room.
#[derive(Debug, Default)]
pub(crate) struct Captions {
    /// What followers see.
    lines: Vec<CaptionLine>,
    /// Whose line it is, of those that are shown.
    authors: BTreeMap<CaptionId, ParticipantId>,
    sources: BTreeMap<(ParticipantId, CaptionLang), Source>,
    /// When something was said last in each language that is shown, monotonic milliseconds; not known of restored ones.
    said: BTreeMap<CaptionLang, u64>,
    /// Those that are texts, in the order in which they became final.
    kept: Vec<(CaptionId, CaptionLang)>,
}

/// How far a source is in one language.
#[derive(Debug)]
struct Source {
    caption: CaptionId,
    sequence: u32,
    said_at_ms: u64,
    /// The line of that number is final.
    done: bool,
}

impl Captions {
    /// Whether followers know these lines and all is within its bounds.
    pub(crate) fn is_sound(&self, known: &StreamState) -> bool {
        let lines_max = CAPTION_LANGS_MAX * CAPTIONS_SHOWN_MAX + CAPTION_SOURCES_MAX;
        let known = matches!(known, StreamState::Captions(known) if known.lines == self.lines);
        known
            && self.lines.len() <= lines_max
            && self.sources.len() <= CAPTION_SOURCES_MAX
            && self.authors.keys().all(|caption| self.get(*caption).is_some())
            && self.kept.len() <= CAPTIONS_KEPT_MAX
    }

    fn get(&self, caption: CaptionId) -> Option<&CaptionLine> {
        self.lines.iter().find(|line| line.caption == caption)
    }

    fn put(&mut self, line: &CaptionLine) {
        put_caption(&mut self.lines, line);
        self.forget_unseen();
    }

    /// Nothing is known any more of lines and languages that are not shown.
    fn forget_unseen(&mut self) {
        let Self {
            lines, authors, said, ..
        } = self;
        authors.retain(|caption, _| lines.iter().any(|line| line.caption == *caption));
        said.retain(|lang, _| lines.iter().any(|line| line.lang == *lang));
    }

    /// The language that gives way first: whose last final line is the oldest. A replay finds the same one.
    fn oldest_language(&self) -> Option<CaptionLang> {
        let mut last: BTreeMap<&CaptionLang, usize> = BTreeMap::new();
        for (at, line) in self.lines.iter().enumerate().filter(|(_, line)| line.is_final) {
            last.insert(&line.lang, at);
        }
        last.into_iter().min_by_key(|(_, at)| *at).map(|(lang, _)| lang.clone())
    }

    /// Takes all lines of a language off the screen; those that are texts stay so.
    fn hide_language(&mut self, lang: &CaptionLang) -> Vec<CaptionId> {
        let gone = self.lines.extract_if(.., |line| line.lang == *lang);
        let gone = gone.map(|line| line.caption).collect();
        self.forget_unseen();
        gone
    }

    /// Whether another language would be one too many.
    fn is_full_for(&self, lang: &CaptionLang) -> bool {
        let languages = self.languages();
        !languages.contains(lang) && languages.len() >= CAPTION_LANGS_MAX
    }

    /// The lines that followers see.
    pub(crate) fn shown(&self) -> Vec<CaptionId> {
        self.lines.iter().map(|line| line.caption).collect()
    }

    fn languages(&self) -> BTreeSet<&CaptionLang> {
        self.lines.iter().map(|line| &line.lang).collect()
    }
}

impl Hub {
    pub(crate) fn caption_command(&mut self, now: Now, actor: ParticipantId, command: Command) -> Result<(), Refusal> {
        match command {
            Command::Caption {
                lang,
                text,
                is_final,
                sequence,
            } => {
                let (room, seat) = self.room_seat(Deed::Caption, actor)?;
                self.has_voice(actor)?;
                let line = SaidLine {
                    lang,
                    text,
                    is_final,
                    sequence,
                };
                self.write_down(now, &seat, &room, line)
            }
            Command::EraseCaption { caption } => self.erase_caption(actor, caption),
            _ => Err(refusal::NOT_ALLOWED),
        }
    }

    /// What is said in a breakout room or at a stand is never kept: the room itself goes, or belongs to those who run it.
    fn keeps_captions_of(&self, room: &RoomId) -> bool {
        let kind = self.rooms.get(room).map(|room| room.config.kind);
        self.keeps_captions && kind.is_some_and(|kind| kind != RoomKind::Breakout) && !self.stands.holds(room)
    }

    /// Lines of a program: up to the first that is refused.
    pub(crate) fn captioned(
        &mut self,
        now: Now,
        (source, role): (ParticipantId, Role),
        room_id: &RoomId,
        lines: Vec<SaidLine>,
    ) {
        let take = |hub: &mut Self, line: SaidLine| {
            let room = hub.rooms.get(room_id).ok_or(refusal::UNKNOWN_ROOM)?;
            let place = (room_id, room.config.kind);
            let seat = Seat::take(Deed::Caption, role, place, hub.phase, source)?;
            hub.write_down(now, &seat, room_id, line)
        };
        let refused = lines.into_iter().find_map(|line| take(self, line).err());
        self.outputs.push_back(Output::Captioned { refused });
    }

    fn write_down(&mut self, now: Now, seat: &Seat, room_id: &RoomId, line: SaidLine) -> Result<(), Refusal> {
        debug_assert!(seat.fits(room_id, &[Deed::Caption]), "{seat:?}");
        let (author, keeps) = (seat.target(), self.keeps_captions_of(room_id));
        if keeps && self.read_only {
            return Err(refusal::READ_ONLY);
        }
        let SaidLine {
            lang,
            text,
            is_final,
            sequence,
        } = line;
        let key = (author, lang.clone());
        let room = self.rooms.get(room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        let captions = &room.captions;
        let is_idle = |source: &Source| source.said_at_ms + CAPTION_SOURCE_IDLE_MS <= now.mono_ms;
        let known = captions.sources.get(&key).filter(|source| !is_idle(source));
        match known {
            // Said again after a broken network: it stands already.
            Some(known) if known.sequence == sequence && known.done => {
                let same = captions
                    .get(known.caption)
                    .is_some_and(|line| line.text == text.as_str());
                return if same { Ok(()) } else { Err(refusal::CAPTION_PAST) };
            }
            Some(known) if known.sequence > sequence => return Err(refusal::CAPTION_PAST),
            _ => {}
        }
        let gives_way = if captions.is_full_for(&lang) {
            let said_ms = |lang: &CaptionLang| captions.said.get(lang).copied().unwrap_or(0);
            let idle = |lang: &CaptionLang| said_ms(lang) + CAPTION_LANG_IDLE_MS <= now.mono_ms;
            let oldest = captions.oldest_language().filter(idle);
            Some(oldest.ok_or(refusal::TOO_MANY_CAPTION_LANGS)?)
        } else {
            None
        };
        let alive = captions
            .sources
            .iter()
            .filter(|(other, source)| **other != key && !is_idle(source));
        if alive.count() >= CAPTION_SOURCES_MAX {
            return Err(refusal::TOO_MANY_CAPTION_SOURCES);
        }
        if keeps && captions.kept.len() >= CAPTIONS_KEPT_MAX {
            return Err(refusal::TOO_MANY_CAPTIONS);
        }
        let pace = self.paces.of(author, now.mono_ms);
        if !pace
            .captions
            .take(now.mono_ms, CAPTIONS_PER_WINDOW_MAX, CAPTION_WINDOW_MS)
        {
            return Err(refusal::CAPTIONS_TOO_FAST);
        }
        self.finish_abandoned(now, room_id, &key, sequence);
        if let Some(other) = gives_way {
            self.hide_captions(room_id, &other);
        }
        let going_on = self.rooms.get(room_id).and_then(|room| room.captions.sources.get(&key));
        let caption = match going_on.filter(|source| source.sequence == sequence) {
            Some(source) => source.caption,
            None => CaptionId::from_u128(self.chance.id()),
        };
        let source = Source {
            caption,
            sequence,
            said_at_ms: now.mono_ms,
            done: is_final,
        };
        let captions = &mut self.room_mut(room_id)?.captions;
        captions.sources.insert(key, source);
        let said = lang.clone();
        let line = CaptionLine {
            caption,
            lang,
            text: text.into(),
            is_final,
        };
        self.settle_line(now, room_id, &line);
        if let Some(room) = self.rooms.get_mut(room_id) {
            room.captions.authors.insert(caption, author);
            room.captions.said.insert(said, now.mono_ms);
        }
        Ok(())
    }

    fn hide_captions(&mut self, room_id: &RoomId, lang: &CaptionLang) {
        let Some(room) = self.rooms.get_mut(room_id) else {
            return;
        };
        let gone = room.captions.hide_language(lang);
        self.dirty
            .captions
            .extend(gone.into_iter().map(|caption| (room_id.clone(), caption)));
    }

    /// Lines that nobody goes on with stay as they stand: those of silent sources, and the one before of this source.
    fn finish_abandoned(&mut self, now: Now, room_id: &RoomId, key: &(ParticipantId, CaptionLang), sequence: u32) {
        let Some(room) = self.rooms.get_mut(room_id) else {
            return;
        };
        let captions = &mut room.captions;
        let past = |of: &(ParticipantId, CaptionLang), source: &Source| {
            source.said_at_ms + CAPTION_SOURCE_IDLE_MS <= now.mono_ms || (of == key && source.sequence != sequence)
        };
        let over: Vec<Source> = captions
            .sources
            .extract_if(.., |of, source| past(of, source))
            .map(|(_, source)| source)
            .collect();
        let open = over.iter().filter(|source| !source.done);
        let open: Vec<CaptionLine> = open
            .filter_map(|source| captions.get(source.caption).cloned())
            .collect();
        for line in open {
            let line = CaptionLine { is_final: true, ..line };
            self.settle_line(now, room_id, &line);
        }
    }

    /// Shows a line, and keeps it where it is final and the event keeps captions.
    fn settle_line(&mut self, now: Now, room_id: &RoomId, line: &CaptionLine) {
        let keeps = self.keeps_captions_of(room_id);
        let Some(room) = self.rooms.get_mut(room_id) else {
            return;
        };
        if line.is_final && keeps {
            let text = KeptText::plain(line.text.clone(), now.unix_min());
            self.keep_text(line.caption.as_u128(), Some(text));
            self.keep_fact(&Fact::Captioned {
                room: room_id.clone(),
                caption: line.caption,
                lang: line.lang.clone(),
            });
            return;
        }
        room.captions.put(line);
        self.dirty.captions.push((room_id.clone(), line.caption));
    }

    fn erase_caption(&mut self, actor: ParticipantId, caption: CaptionId) -> Result<(), Refusal> {
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        // The right first: who has none learns nothing of what exists.
        Seat::in_event(Deed::EraseOwnCaption, role, self.phase, actor)?;
        let holds = |captions: &Captions| {
            captions.get(caption).is_some() || captions.kept.iter().any(|(kept, _)| *kept == caption)
        };
        let (room_id, room) = self
            .rooms
            .iter()
            .find(|(_, room)| holds(&room.captions))
            .ok_or(refusal::UNKNOWN_CAPTION)?;
        let own = room.captions.authors.get(&caption) == Some(&actor);
        let deed = if own && !access::moderates(role) {
            Deed::EraseOwnCaption
        } else {
            Deed::EraseOtherCaption
        };
        let room_id = room_id.clone();
        let seat = Seat::take(deed, role, (&room_id, room.config.kind), self.phase, actor)?;
        debug_assert!(seat.fits(&room_id, &[deed]), "{seat:?}");
        if room.captions.kept.iter().any(|(kept, _)| *kept == caption) {
            if self.read_only {
                return Err(refusal::READ_ONLY);
            }
            self.keep_text(caption.as_u128(), None);
            self.keep_fact(&Fact::CaptionErased { room: room_id, caption });
        } else {
            self.forget_caption(&room_id, caption);
        }
        Ok(())
    }

    pub(crate) fn forget_caption(&mut self, room_id: &RoomId, caption: CaptionId) {
        let Some(room) = self.rooms.get_mut(room_id) else {
            return;
        };
        let Captions {
            lines,
            authors,
            sources,
            kept,
            said,
        } = &mut room.captions;
        lines.retain(|line| line.caption != caption);
        said.retain(|lang, _| lines.iter().any(|line| line.lang == *lang));
        kept.retain(|(known, _)| *known != caption);
        authors.remove(&caption);
        // Its source goes on with the next number: what comes under this one is not said again.
        sources
            .values_mut()
            .filter(|source| source.caption == caption)
            .for_each(|source| source.done = true);
        room.captions_stream.forget_updates();
        self.dirty.captions.push((room_id.clone(), caption));
    }

    pub(crate) fn apply_caption_fact(&mut self, fact: &Fact) {
        match fact {
            Fact::Captioned { room, caption, lang } => {
                let Some(place) = self.rooms.get(room) else { return };
                let oldest = place
                    .captions
                    .is_full_for(lang)
                    .then(|| place.captions.oldest_language());
                if let Some(oldest) = oldest.flatten() {
                    self.hide_captions(room, &oldest);
                }
                let Some(place) = self.rooms.get_mut(room) else { return };
                place.captions.kept.push((*caption, lang.clone()));
                if let Some(text) = self.texts.get(&caption.as_u128()) {
                    place.captions.put(&CaptionLine {
                        caption: *caption,
                        lang: lang.clone(),
                        text: text.text.clone(),
                        is_final: true,
                    });
                }
                self.dirty.captions.push((room.clone(), *caption));
            }
            Fact::CaptionErased { room, caption } => self.forget_caption(room, *caption),
            _ => {}
        }
    }

    /// The event is over: what is not kept is gone, and so is who said what.
    pub(crate) fn end_captions(&mut self) {
        for (id, room) in &mut self.rooms {
            let captions = &mut room.captions;
            captions.sources.clear();
            captions.authors.clear();
            captions.said.clear();
            let kept: BTreeSet<CaptionId> = captions.kept.iter().map(|(caption, _)| *caption).collect();
            let gone = captions.lines.extract_if(.., |line| !kept.contains(&line.caption));
            self.dirty.captions.extend(gone.map(|line| (id.clone(), line.caption)));
            room.captions_stream.forget_updates();
        }
    }

    /// Tells rooms of lines that changed, each once and where it changed last: that is the order in which they stand.
    pub(crate) fn settle_captions(&mut self, changed: &[(RoomId, CaptionId)]) {
        for (nth, (room, caption)) in changed.iter().enumerate() {
            let is_last = !changed.iter().skip(nth + 1).any(|later| later.1 == *caption);
            if is_last {
                self.settle_caption(room, *caption);
            }
        }
    }

    /// Shows a line to the room, or takes it away.
    fn settle_caption(&mut self, room_id: &RoomId, caption: CaptionId) {
        let Some(room) = self.rooms.get(room_id) else { return };
        let StreamState::Captions(known) = room.captions_stream.state() else {
            return;
        };
        let known = known.lines.iter().find(|line| line.caption == caption);
        let change = match (known, room.captions.get(caption)) {
            (Some(known), Some(line)) if known == line => return,
            (_, Some(line)) => Change::Caption { line: line.clone() },
            (Some(_), None) => Change::CaptionGone { caption },
            (None, None) => return,
        };
        self.publish(StreamKey::Captions(room_id.clone()), change);
    }

    /// What was said, by language, of a room whose captions are kept.
    pub(crate) fn transcripts(&self, captions: &Captions) -> Vec<Transcript> {
        let mut said: BTreeMap<&CaptionLang, Vec<String>> = BTreeMap::new();
        for (caption, lang) in &captions.kept {
            if let Some(text) = self.texts.get(&caption.as_u128()) {
                said.entry(lang).or_default().push(text.text.clone());
            }
        }
        let transcript = |(lang, lines): (&CaptionLang, Vec<String>)| Transcript {
            lang: lang.clone(),
            lines,
        };
        said.into_iter().map(transcript).collect()
    }
}
