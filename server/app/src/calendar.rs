// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The programme as iCalendar (RFC 5545), for calendars that people have already. Times are UTC, so that no time zone has to
//! be described; folding and escaping are the crate's. It knows no event but what it is given.

use fiera_hub::Language;
use fiera_protocol::fair::Localised;
use fiera_protocol::ids::{EventId, RoomId};
use fiera_protocol::programme::AgendaSlot;
use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Property};
use time::OffsetDateTime;

/// What a calendar of an event is made of.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) event: &'a EventId,
    /// What tells this server's slots from those of another one with the same names.
    pub(crate) tag: String,
    pub(crate) title: &'a str,
    /// Rooms with their titles.
    pub(crate) rooms: &'a [(RoomId, Localised)],
    pub(crate) slots: &'a [AgendaSlot],
    /// Scheme and host that the event is reached by; none: not known.
    pub(crate) base: Option<String>,
    pub(crate) language: Language,
}

/// A time as iCalendar writes it: UTC, whole seconds (RFC 5545, 3.3.5, form 2).
fn utc(unix_ms: u64) -> String {
    let seconds = i64::try_from(unix_ms / 1_000).unwrap_or_default();
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let (hour, minute, second) = at.to_hms();
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// A property that the crate does not know to be text, and so would not escape unless it is said.
fn text(name: &str, value: &str) -> Property {
    Property::new(name, value).add_parameter("VALUE", "TEXT").done()
}

impl Source<'_> {
    fn words<'w>(&self, of: &'w Localised) -> &'w str {
        let (own, other) = match self.language {
            Language::It => (&of.it, &of.en),
            Language::En => (&of.en, &of.it),
        };
        own.as_deref().or(other.as_deref()).unwrap_or_default()
    }

    /// The calendar as text; `now_unix_ms` is when it is made.
    pub(crate) fn calendar(&self, now_unix_ms: u64) -> String {
        let mut calendar = Calendar::empty();
        calendar
            .append_property(Property::new("VERSION", "2.0"))
            .append_property(Property::new("PRODID", "-//Fiera//Fiera//EN"))
            .append_property(Property::new("CALSCALE", "GREGORIAN"))
            .append_property(text("NAME", self.title))
            .append_property(text("X-WR-CALNAME", self.title))
            // RFC 7986, 5.7: those who subscribe ask again this often.
            .append_property(
                Property::new("REFRESH-INTERVAL", "PT15M")
                    .add_parameter("VALUE", "DURATION")
                    .done(),
            );
        for slot in self.slots {
            calendar.push(self.event_of(slot, now_unix_ms));
        }
        calendar.to_string()
    }

    fn event_of(&self, slot: &AgendaSlot, now_unix_ms: u64) -> Event {
        let mut event = Event::with_uid(&format!("{}@{}", slot.slot, self.tag));
        event
            .append_property(Property::new("DTSTAMP", utc(now_unix_ms)))
            .append_property(Property::new("DTSTART", utc(slot.starts_unix_ms)))
            .append_property(Property::new("DTEND", utc(slot.ends_unix_ms)))
            .sequence(slot.revision)
            .summary(self.words(&slot.title))
            .status(if slot.cancelled {
                EventStatus::Cancelled
            } else {
                EventStatus::Confirmed
            });
        if let Some(changed) = slot.changed_unix_ms {
            event.append_property(Property::new("LAST-MODIFIED", utc(changed)));
        }
        if let Some((_, title)) = self.rooms.iter().find(|(room, _)| *room == slot.room) {
            event.location(self.words(title));
        }
        let notes = slot.notes.as_ref().map(|notes| self.words(notes).to_owned());
        let speakers = (!slot.speakers.is_empty()).then(|| slot.speakers.join(", "));
        let about: Vec<String> = speakers.into_iter().chain(notes).collect();
        if !about.is_empty() {
            event.description(&about.join("\n\n"));
        }
        if let Some(track) = &slot.track {
            event.categories([self.words(track)]);
        }
        if let Some(base) = &self.base {
            let url = format!("{base}/e/{}?room={}", self.event, slot.room);
            event.append_property(Property::new("URL", url));
        }
        event.done()
    }
}

#[cfg(test)]
mod tests;
