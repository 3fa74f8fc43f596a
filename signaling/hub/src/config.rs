// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What an event is made of before anybody comes in. It knows nothing of how that was written down.

use fiera_protocol::fair::{Localised, RoomSettings};
use fiera_protocol::ids::{EventId, RoomId, RoomKind};
use fiera_protocol::view::EventPhase;

use crate::polls::PreparedPoll;
use crate::programme::PreparedSlot;
use crate::stands::StandsConfig;

/// An event as its organiser set it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventConfig {
    /// Short name.
    pub event: EventId,
    /// Title in the event's first language.
    pub title: String,
    /// Title in each language that the organiser wrote.
    pub titles: Localised,
    /// Who runs it, as written by the organiser.
    pub organiser: Option<String>,
    /// Where in its life the event starts, before any fact.
    pub phase: EventPhase,
    /// The time zone in which it takes place (IANA name), as written by the organiser.
    pub time_zone: Option<String>,
    /// The programme.
    pub agenda: Vec<PreparedSlot>,
    /// Ideas for the programme are not taken, before an organiser changes it.
    pub ideas_closed: bool,
    /// Ideas that were gathered before.
    pub ideas: Vec<PreparedIdea>,
    /// Captions are kept as texts of the event; otherwise they are in memory only, and gone at its end.
    pub keeps_captions: bool,
    /// All rooms, in the organiser's order.
    pub rooms: Vec<RoomConfig>,
    /// Who may open stands, and those that are there from the start.
    pub stands: StandsConfig,
}

/// An idea for the programme that was gathered before the event was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedIdea {
    /// Its name, unique within the event: it is brought in once, and not again after it was erased.
    pub name: String,
    /// In a line.
    pub title: String,
    /// In some sentences.
    pub notes: Option<String>,
    /// Who proposed it, as written by the organiser.
    pub by: Option<String>,
    /// Who proposed it would present it.
    pub presents: bool,
}

/// A room as its organiser set it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomConfig {
    /// Short name, unique within the event.
    pub room: RoomId,
    /// Lobby, stage, stand or breakout.
    pub kind: RoomKind,
    /// Title in the event's first language.
    pub title: String,
    /// Title in each language that the organiser wrote.
    pub titles: Localised,
    /// How the room works, before a moderator changes it.
    pub settings: RoomSettings,
    /// Polls that are prepared before anybody comes, in order.
    pub polls: Vec<PreparedPoll>,
    /// Participants after whom attendees are refused; speakers, moderators and organisers always get in.
    pub capacity: u32,
    /// A publisher by WHIP is on air at once; otherwise it waits backstage.
    pub whip_on_air_at_once: bool,
}

/// Why an event cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Two rooms have the same short name.
    #[error("room {0} is listed twice; give each room of an event its own short name")]
    RoomTwice(RoomId),
    /// Nobody could enter this room.
    #[error("room {0} has capacity 0; give it at least 1")]
    NoCapacity(RoomId),
}
