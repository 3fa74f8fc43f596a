// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How an event is set up, as its organiser writes it down in TOML: texts in two languages, rooms, programme.
//! Every mistake is a sentence with its line. It knows nothing of where such a text is kept; `fair.example.toml` has
//! the format.

mod line;
mod when;

use std::collections::BTreeSet;

use fiera_hub::{EventConfig, PreparedIdea, PreparedPoll, PreparedSlot, PreparedStand, RoomConfig, StandsConfig};
use fiera_protocol::fair::{Localised, RoomSettings};
use fiera_protocol::ids::{EventId, RoomId, RoomKind};
use fiera_protocol::limits::{
    EVENT_PEOPLE_MAX, IDEAS_PER_EVENT_MAX, POLLS_PER_ROOM_MAX, SLOT_END_UNIX_MS_MAX, SLOT_MINUTES_MAX, SLOW_MODE_S_MAX,
    STANDS_MAX, TRACK_CHARS_MAX,
};
use fiera_protocol::poll::{PollDraft, PollForm, QuizQuestion};
use fiera_protocol::programme::SlotNotesIn;
use fiera_protocol::stands::{StandContent, StandsOpenTo};
use fiera_protocol::text::{IdeaNotes, IdeaTitle, PollOptionText, PollQuestionText, SlotNotes, SpeakerName, TrackName};
use fiera_protocol::view::EventPhase;
use serde::Deserialize;
use toml::Spanned;

pub use self::line::{Language, Line, Words};
pub use self::when::When;

/// Longest text of one event, bytes.
pub const FAIR_BYTES_MAX: usize = 256 * 1024;
/// Rooms of one event.
pub const ROOMS_MAX: usize = 64;
/// Polls that one room brings along: half of those that it may have, so that some can be made in it.
pub const POLLS_PREPARED_MAX: usize = POLLS_PER_ROOM_MAX / 2;
/// Slots of the programme of one event.
pub const AGENDA_SLOTS_MAX: usize = 200;
/// Ideas that one event brings along: half of those that it may have.
pub const IDEAS_PREPARED_MAX: usize = IDEAS_PER_EVENT_MAX / 2;
/// Speakers of one slot.
pub const SPEAKERS_PER_SLOT_MAX: usize = 20;

/// An event as its organiser set it up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fair {
    /// Short name, as in the address.
    pub id: EventId,
    /// Where it starts in its life; later moves are made in the event itself.
    #[serde(default = "draft")]
    pub phase: EventPhase,
    /// The language of texts that are written in one alone.
    #[serde(default)]
    pub default_language: Language,
    /// Title.
    pub title: Words,
    /// Who runs it.
    #[serde(default)]
    pub organiser: Option<Line>,
    /// When it begins.
    #[serde(default)]
    pub starts: Option<When>,
    /// When it ends.
    #[serde(default)]
    pub ends: Option<Spanned<When>>,
    /// Captions are kept and stand in the report; otherwise they are in memory only, and gone at the end.
    #[serde(default)]
    pub keeps_captions: bool,
    /// Its rooms.
    #[serde(default, rename = "room")]
    pub rooms: Vec<Room>,
    /// The time zone in which it takes place (IANA name), for pages that are read elsewhere.
    #[serde(default)]
    pub time_zone: Option<Spanned<String>>,
    /// Anybody may propose and support ideas for the programme.
    #[serde(default = "yes")]
    pub ideas_open: bool,
    /// Ideas that were gathered before.
    #[serde(default, rename = "idea")]
    pub ideas: Vec<Idea>,
    /// Its programme.
    #[serde(default)]
    pub agenda: Vec<Slot>,
    /// Who may open stands, and how many.
    #[serde(default)]
    pub stands: Stands,
    /// Stands that are there from the start.
    #[serde(default, rename = "stand")]
    pub prepared_stands: Vec<Stand>,
}

/// What an event says of stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stands {
    /// Who may open one: `anyone`, `invited` or `nobody`.
    #[serde(default)]
    pub open_to: StandsOpenTo,
    /// Most stands at a time.
    #[serde(default)]
    pub max: Option<Spanned<usize>>,
}

/// A stand that is there from the start. What it shows is written as on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stand {
    /// Short name, unique within the event.
    pub id: Spanned<RoomId>,
    /// What it shows.
    pub shows: StandContent,
}

fn draft() -> EventPhase {
    EventPhase::Draft
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Room {
    /// Short name, unique within the event.
    pub id: Spanned<RoomId>,
    /// Lobby, stage, stand or breakout.
    pub kind: RoomKind,
    /// Title.
    pub title: Words,
    /// Participants after whom attendees are refused.
    #[serde(default)]
    pub capacity: Option<Spanned<u32>>,
    /// A publisher by WHIP is on air at once.
    #[serde(default)]
    pub whip_on_air_at_once: bool,
    /// Questions wait for a moderator before others see them.
    #[serde(default)]
    pub moderated: bool,
    /// Attendees may chat.
    #[serde(default = "yes")]
    pub chat_open: bool,
    /// Seconds between two messages of the same attendee.
    #[serde(default)]
    pub slow_mode_s: Option<Spanned<u16>>,
    /// Polls that are prepared before anybody comes, in order.
    #[serde(default, rename = "poll")]
    pub polls: Vec<Poll>,
}

/// A poll of a room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Poll {
    /// Short name, unique within the room.
    pub id: Spanned<RoomId>,
    /// What it asks.
    pub question: PollQuestionText,
    /// How it is answered.
    #[serde(default)]
    pub form: PollForm,
    /// Answers to choose from or to rank.
    #[serde(default)]
    pub options: Vec<PollOptionText>,
    /// Questions of a quiz.
    #[serde(default)]
    pub quiz: Vec<QuizQuestion>,
    /// Participants below whom nothing of the answers is kept or shown.
    #[serde(default)]
    pub answers_min: Option<u8>,
}

impl Poll {
    fn prepared(&self) -> PreparedPoll {
        PreparedPoll {
            name: self.id.get_ref().to_string(),
            draft: PollDraft {
                question: self.question.clone(),
                form: self.form,
                options: self.options.clone(),
                quiz: self.quiz.clone(),
                answers_min: self.answers_min,
            },
        }
    }
}

fn yes() -> bool {
    true
}

/// A slot of the programme.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Slot {
    /// Short name, unique within the event: the slot stays the same as long as this does. Made from room and title without it.
    #[serde(default)]
    pub id: Option<Spanned<RoomId>>,
    /// Where.
    pub room: Spanned<RoomId>,
    /// What about.
    pub title: Words,
    /// Who speaks.
    #[serde(default)]
    pub speakers: Vec<SpeakerName>,
    /// Start.
    pub starts: When,
    /// End.
    pub ends: Spanned<When>,
    /// The track it belongs to.
    #[serde(default)]
    pub track: Option<Words>,
    /// What it is about.
    #[serde(default)]
    pub notes: Option<Notes>,
    /// A poll of its room that moderators are offered when it ends.
    #[serde(default)]
    pub poll: Option<Spanned<RoomId>>,
    /// That poll opens by itself.
    #[serde(default)]
    pub poll_opens: bool,
}

/// An idea for the programme that was gathered before.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Idea {
    /// Short name, unique within the event.
    pub id: Spanned<RoomId>,
    /// In a line.
    pub title: IdeaTitle,
    /// In some sentences.
    #[serde(default)]
    pub notes: Option<IdeaNotes>,
    /// Who proposed it.
    #[serde(default)]
    pub by: Option<SpeakerName>,
    /// Who proposed it would present it.
    #[serde(default)]
    pub presents: bool,
}

/// What a slot is about: in one text, or by language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Notes {
    /// In the first language of the event.
    One(SlotNotes),
    /// By language.
    Each(SlotNotesIn),
}

impl Notes {
    fn localised(&self, first: Language) -> Localised {
        match (self, first) {
            (Self::One(text), Language::It) => Localised {
                it: Some(text.to_string()),
                en: None,
            },
            (Self::One(text), Language::En) => Localised {
                it: None,
                en: Some(text.to_string()),
            },
            (Self::Each(each), _) => Localised {
                it: each.it.as_ref().map(ToString::to_string),
                en: each.en.as_ref().map(ToString::to_string),
            },
        }
    }
}

/// Participants of a room after whom attendees are refused, unless it says otherwise.
const CAPACITY: u32 = 5_000;

/// Why a text is no event, with its line where that can be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{sentence}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct Mistake {
    line: Option<usize>,
    sentence: String,
}

impl Mistake {
    fn at(text: &str, span: &std::ops::Range<usize>, sentence: impl Into<String>) -> Self {
        let line = Some(line_of(text, span.start));
        Self {
            line,
            sentence: sentence.into(),
        }
    }
}

/// The line of a byte of a text, from 1.
pub(crate) fn line_of(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count()
}

impl Fair {
    /// Reads an event.
    ///
    /// # Errors
    /// The first [`Mistake`].
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        if text.len() > FAIR_BYTES_MAX {
            let sentence = format!("an event is written in at most {FAIR_BYTES_MAX} bytes; shorten it");
            return Err(Mistake { line: None, sentence });
        }
        let fair: Self = toml::from_str(text).map_err(|error| Mistake {
            line: error.span().map(|span| line_of(text, span.start)),
            sentence: error.message().trim().replace('\n', "; "),
        })?;
        fair.check(text)?;
        Ok(fair)
    }

    /// Whether all of it fits together; `text` is what it was read from.
    ///
    /// # Errors
    /// The first [`Mistake`].
    pub(crate) fn check(&self, text: &str) -> Result<(), Mistake> {
        let too_many = |what: &str, max: usize| Mistake {
            line: None,
            sentence: format!("event {} has too many {what}; at most {max} are possible", self.id),
        };
        if self.rooms.len() > ROOMS_MAX {
            return Err(too_many("rooms", ROOMS_MAX));
        }
        if self.agenda.len() > AGENDA_SLOTS_MAX {
            return Err(too_many("slots in its agenda", AGENDA_SLOTS_MAX));
        }
        let mut rooms = BTreeSet::new();
        for room in &self.rooms {
            let (id, span) = (room.id.get_ref(), room.id.span());
            if !rooms.insert(id) {
                let sentence = format!("room {id} is there twice; give each room its own id");
                return Err(Mistake::at(text, &span, sentence));
            }
            room.check(text)?;
        }
        self.check_stands(text)?;
        let end = |starts: When, ends: &Spanned<When>| {
            if starts.is_before(*ends.get_ref()) {
                return Ok(());
            }
            let sentence = "this ends before it starts; both are times with a zone, or both count from the start";
            Err(Mistake::at(text, &ends.span(), sentence))
        };
        if let (Some(starts), Some(ends)) = (self.starts, &self.ends) {
            end(starts, ends)?;
        }
        let mut names = BTreeSet::new();
        for slot in &self.agenda {
            let (id, span) = (slot.room.get_ref(), slot.room.span());
            if !rooms.contains(id) {
                let sentence = format!("there is no room {id}; a slot is in one of the rooms of [[room]]");
                return Err(Mistake::at(text, &span, sentence));
            }
            if slot.speakers.len() > SPEAKERS_PER_SLOT_MAX {
                let sentence = format!("a slot has at most {SPEAKERS_PER_SLOT_MAX} speakers");
                return Err(Mistake::at(text, &span, sentence));
            }
            end(slot.starts, &slot.ends)?;
            // Both are dates, or both count from the same start, whenever that is.
            let at = |when: When| when.unix_ms(SLOT_END_UNIX_MS_MAX);
            let lasts_ms = at(*slot.ends.get_ref()).saturating_sub(at(slot.starts));
            if lasts_ms > SLOT_MINUTES_MAX * 60_000 {
                let sentence = "a slot lasts at most a day";
                return Err(Mistake::at(text, &slot.ends.span(), sentence));
            }
            let track = slot.track.as_ref().map(|track| track.localised(self.default_language));
            let tracks = track.iter().flat_map(|track| [&track.it, &track.en]).flatten();
            if let Some(long) = tracks
                .into_iter()
                .find(|name| TrackName::try_from((*name).clone()).is_err())
            {
                let sentence =
                    format!("a track has a name of at most {TRACK_CHARS_MAX} characters, and {long:?} has more");
                return Err(Mistake::at(text, &span, sentence));
            }
            if let Some(poll) = &slot.poll {
                let room = self.rooms.iter().find(|room| room.id.get_ref() == id);
                let there = room.is_some_and(|room| room.polls.iter().any(|of| of.id.get_ref() == poll.get_ref()));
                if !there {
                    let sentence = format!(
                        "room {id} has no poll {}; a slot offers one of its own room",
                        poll.get_ref()
                    );
                    return Err(Mistake::at(text, &poll.span(), sentence));
                }
            }
            if let Some(named) = &slot.id
                && !names.insert(named.get_ref())
            {
                let sentence = format!("slot {} is there twice; give each slot its own id", named.get_ref());
                return Err(Mistake::at(text, &named.span(), sentence));
            }
        }
        if self.ideas.len() > IDEAS_PREPARED_MAX {
            return Err(too_many("ideas", IDEAS_PREPARED_MAX));
        }
        let mut ideas = BTreeSet::new();
        if let Some(twice) = self.ideas.iter().find(|idea| !ideas.insert(idea.id.get_ref())) {
            let sentence = format!("idea {} is there twice; give each idea its own id", twice.id.get_ref());
            return Err(Mistake::at(text, &twice.id.span(), sentence));
        }
        if let Some(zone) = &self.time_zone
            && !is_zone(zone.get_ref())
        {
            let sentence = "a time zone has a name such as \"Europe/Rome\"";
            return Err(Mistake::at(text, &zone.span(), sentence));
        }
        Ok(())
    }

    fn check_stands(&self, text: &str) -> Result<(), Mistake> {
        if let Some(max) = &self.stands.max
            && *max.get_ref() > STANDS_MAX
        {
            let sentence = format!("an event has at most {STANDS_MAX} stands at a time");
            return Err(Mistake::at(text, &max.span(), sentence));
        }
        let mut names = BTreeSet::new();
        for stand in &self.prepared_stands {
            let (name, span) = (stand.id.get_ref(), stand.id.span());
            if !names.insert(name) {
                let sentence = format!("stand {name} is there twice; give each its own id");
                return Err(Mistake::at(text, &span, sentence));
            }
            if names.len() > self.stands.most() {
                let sentence = format!("the event has at most {} stands", self.stands.most());
                return Err(Mistake::at(text, &span, sentence));
            }
            if let Err(fault) = stand.shows.check() {
                return Err(Mistake::at(text, &span, fault.sentence()));
            }
        }
        Ok(())
    }

    /// What the hub is given; times that count from the start count from `started_unix_ms`.
    #[must_use]
    pub fn config(&self, started_unix_ms: u64) -> EventConfig {
        let language = self.default_language;
        let room = |room: &Room| RoomConfig {
            room: room.id.get_ref().clone(),
            kind: room.kind,
            title: room.title.first(language),
            titles: room.title.localised(language),
            polls: room.polls.iter().map(Poll::prepared).collect(),
            settings: RoomSettings {
                moderated: room.moderated,
                chat_open: room.chat_open,
                slow_mode_s: room.slow_mode_s.as_ref().map_or(0, |seconds| *seconds.get_ref()),
                questions_closed: false,
                links_off: false,
            },
            capacity: room.capacity.as_ref().map_or(CAPACITY, |capacity| *capacity.get_ref()),
            whip_on_air_at_once: room.whip_on_air_at_once,
        };
        let mut names = BTreeSet::new();
        let slot = |slot: &Slot| PreparedSlot {
            name: slot.name(language, &mut names),
            room: slot.room.get_ref().clone(),
            title: slot.title.localised(language),
            speakers: slot.speakers.iter().map(ToString::to_string).collect(),
            starts_unix_ms: slot.starts.unix_ms(started_unix_ms),
            ends_unix_ms: slot.ends.get_ref().unix_ms(started_unix_ms),
            track: slot.track.as_ref().map(|track| track.localised(language)),
            notes: slot.notes.as_ref().map(|notes| notes.localised(language)),
            poll: slot.poll.as_ref().map(|poll| poll.get_ref().to_string()),
            poll_opens: slot.poll_opens,
        };
        let agenda = self.agenda.iter().map(slot).collect();
        EventConfig {
            event: self.id.clone(),
            title: self.title.first(language),
            titles: self.title.localised(language),
            organiser: self.organiser.as_ref().map(Line::to_string),
            phase: self.phase,
            time_zone: self.time_zone.as_ref().map(|zone| zone.get_ref().clone()),
            ideas_closed: !self.ideas_open,
            ideas: self.ideas.iter().map(Idea::prepared).collect(),
            agenda,
            keeps_captions: self.keeps_captions,
            rooms: self.rooms.iter().map(room).collect(),
            stands: StandsConfig {
                open_to: self.stands.open_to,
                max: self.stands.most(),
                prepared: self.prepared_stands.iter().map(Stand::prepared).collect(),
            },
        }
    }

    /// When it begins, milliseconds since 1970.
    #[must_use]
    pub fn starts_unix_ms(&self, started_unix_ms: u64) -> Option<u64> {
        self.starts.map(|starts| starts.unix_ms(started_unix_ms))
    }

    /// When it ends, milliseconds since 1970.
    #[must_use]
    pub fn ends_unix_ms(&self, started_unix_ms: u64) -> Option<u64> {
        self.ends.as_ref().map(|ends| ends.get_ref().unix_ms(started_unix_ms))
    }
}

impl Stands {
    fn most(&self) -> usize {
        self.max.as_ref().map_or(STANDS_MAX, |max| *max.get_ref())
    }
}

impl Stand {
    fn prepared(&self) -> PreparedStand {
        PreparedStand {
            name: self.id.get_ref().to_string(),
            content: self.shows.clone(),
        }
    }
}

impl Idea {
    fn prepared(&self) -> PreparedIdea {
        PreparedIdea {
            name: self.id.get_ref().to_string(),
            title: self.title.to_string(),
            notes: self.notes.as_ref().map(ToString::to_string),
            by: self.by.as_ref().map(ToString::to_string),
            presents: self.presents,
        }
    }
}

/// Whether a text looks like the name of a time zone (IANA tz database); browsers know which there are.
fn is_zone(name: &str) -> bool {
    const BYTES_MAX: usize = 64;
    let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'/' | b'_' | b'-' | b'+');
    !name.is_empty() && name.len() <= BYTES_MAX && name.bytes().all(fits)
}

impl Slot {
    /// What tells the slot from the others of the event; each name is given once.
    fn name(&self, language: Language, given: &mut BTreeSet<String>) -> String {
        let own = self.id.as_ref().map(|id| id.get_ref().to_string());
        let name = own.unwrap_or_else(|| format!("{}/{}", self.room.get_ref(), self.title.first(language)));
        let nth = (1..).map(|nth| {
            if nth == 1 {
                name.clone()
            } else {
                format!("{name}/{nth}")
            }
        });
        let name = nth.into_iter().find(|name| !given.contains(name)).unwrap_or(name);
        given.insert(name.clone());
        name
    }
}

impl Room {
    fn check(&self, text: &str) -> Result<(), Mistake> {
        let people_max = u32::try_from(EVENT_PEOPLE_MAX).unwrap_or(u32::MAX);
        if let Some(capacity) = &self.capacity
            && !(1..=people_max).contains(capacity.get_ref())
        {
            let sentence = format!("a room has a capacity of 1 to {people_max}");
            return Err(Mistake::at(text, &capacity.span(), sentence));
        }
        if let Some(seconds) = &self.slow_mode_s
            && *seconds.get_ref() > SLOW_MODE_S_MAX
        {
            let sentence = format!("slow mode asks for a pause of at most {SLOW_MODE_S_MAX} seconds");
            return Err(Mistake::at(text, &seconds.span(), sentence));
        }
        let mut names = BTreeSet::new();
        for poll in &self.polls {
            let (name, span) = (poll.id.get_ref(), poll.id.span());
            if names.len() >= POLLS_PREPARED_MAX {
                let sentence = format!("a room brings at most {POLLS_PREPARED_MAX} polls along");
                return Err(Mistake::at(text, &span, sentence));
            }
            if !names.insert(name) {
                let sentence = format!("poll {name} is there twice in its room; give each its own id");
                return Err(Mistake::at(text, &span, sentence));
            }
            if let Err(fault) = poll.prepared().draft.check() {
                return Err(Mistake::at(text, &span, fault.sentence()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
