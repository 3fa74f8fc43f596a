// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What clients are shown: the state of each stream as a whole, and its changes.

use serde::{Deserialize, Serialize};

use crate::ids::{DisplayName, EventId, ParticipantId, Role, RoomId, RoomKind, SourceKind};

/// A sequence of numbered updates that a client follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum StreamId {
    /// The event as a whole: phase, rooms, counts.
    Event {},
    /// One room as its audience sees it.
    Room {
        /// The room.
        room: RoomId,
    },
    /// One room's backstage: who waits there.
    Backstage {
        /// The room.
        room: RoomId,
    },
    /// What concerns this participant alone: seat, name, sources.
    You {},
}

/// How far a client has followed a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StreamPosition {
    /// Epoch of the numbering.
    pub epoch: u32,
    /// The last update that was applied.
    pub n: u64,
}

/// Life of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum EventPhase {
    /// Only organisers see it.
    Draft,
    /// People may come in.
    Open,
    /// The programme runs.
    Live,
    /// Over; nothing can be changed.
    Ended,
}

/// The whole of a stream's state, as in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum StreamState {
    /// State of [`StreamId::Event`].
    Event(EventView),
    /// State of [`StreamId::Room`].
    Room(RoomView),
    /// State of [`StreamId::Backstage`].
    Backstage(BackstageView),
    /// State of [`StreamId::You`].
    You(YouView),
}

/// The event as everybody in it sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct EventView {
    /// Short name.
    pub event: EventId,
    /// Title as written by the organiser.
    pub title: String,
    /// Where in its life it is.
    pub phase: EventPhase,
    /// Participants connected now.
    pub people: u32,
    /// All rooms, in the organiser's order.
    pub rooms: Vec<RoomSummary>,
}

/// A room in the list of places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RoomSummary {
    /// Short name.
    pub room: RoomId,
    /// Lobby, stage, stand or breakout.
    pub room_kind: RoomKind,
    /// Title as written by the organiser.
    pub title: String,
    /// Participants in it now.
    pub people: u32,
    /// Whether anyone is on air there.
    pub live: bool,
}

/// A room as its audience sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RoomView {
    /// Short name.
    pub room: RoomId,
    /// Participants in it now.
    pub people: u32,
    /// Who is on air, in the order they went.
    pub on_air: Vec<Publisher>,
    /// Who speaks now, loudest first.
    #[serde(default)]
    pub speaking: Vec<ParticipantId>,
}

/// Those who wait behind the stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BackstageView {
    /// The room.
    pub room: RoomId,
    /// Backstage and not on air, in the order they came.
    pub waiting: Vec<Publisher>,
}

/// Somebody who publishes, as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Publisher {
    /// Who.
    pub participant: ParticipantId,
    /// Their name.
    pub name: DisplayName,
    /// Sources switched on, in the order mic, camera, screen, screen audio.
    pub sources: Vec<SourceKind>,
}

/// What concerns one participant alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct YouView {
    /// Who.
    pub participant: ParticipantId,
    /// The name others see.
    pub name: DisplayName,
    /// The role in this event.
    pub role: Role,
    /// The room one is in; none: the event's lobby page.
    pub room: Option<RoomId>,
    /// Where one stands in that room.
    pub place: Place,
    /// Own sources that are switched on.
    pub sources: Vec<SourceKind>,
}

/// Where a participant stands in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Watches.
    Audience,
    /// Publishes to backstage only.
    Backstage,
    /// Publishes to everyone in the room.
    OnAir,
}

/// A change of a stream. Applying it to the state before gives the state after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Event stream: the phase moved.
    Phase {
        /// The new phase.
        phase: EventPhase,
    },
    /// Event stream: counts, coalesced.
    Counts {
        /// Participants connected.
        people: u32,
        /// Per room, in the order of [`EventView::rooms`].
        rooms: Vec<RoomCount>,
    },
    /// Room stream: people in it, coalesced.
    People {
        /// Participants in the room.
        people: u32,
    },
    /// Room stream: who is on air, whole list.
    OnAir {
        /// In the order they went.
        on_air: Vec<Publisher>,
    },
    /// Room stream: who speaks now, loudest first; sent a few times a second while it changes.
    Speaking {
        /// Who.
        participants: Vec<ParticipantId>,
    },
    /// Backstage stream: who waits, whole list.
    Waiting {
        /// In the order they came.
        waiting: Vec<Publisher>,
    },
    /// You stream: whole state.
    You {
        /// The new state.
        you: YouView,
    },
}

/// One room's numbers within [`Change::Counts`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RoomCount {
    /// The room.
    pub room: RoomId,
    /// Participants in it.
    pub people: u32,
    /// Whether anyone is on air there.
    pub live: bool,
}
