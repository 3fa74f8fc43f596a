// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The programme on the wire: slots with tracks, rooms and times, and what organisers do to them while the fair runs.

use serde::{Deserialize, Serialize};

use crate::fair::Localised;
use crate::ids::{IdeaId, PollId, RoomId, SlotId};
use crate::limits::{SLOT_END_UNIX_MS_MAX, SLOT_MINUTES_MAX, SPEAKERS_PER_SLOT_MAX};
use crate::text::{SlotNotes, SlotTitle, SpeakerName, TrackName};

/// One item of the programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct AgendaSlot {
    /// Its id, the same for as long as the slot exists, whatever is changed in it.
    pub slot: SlotId,
    /// Where.
    pub room: RoomId,
    /// What about.
    pub title: Localised,
    /// Who speaks, as the organiser wrote it.
    pub speakers: Vec<String>,
    /// Start, milliseconds since 1970.
    pub starts_unix_ms: u64,
    /// End, milliseconds since 1970.
    pub ends_unix_ms: u64,
    /// The track it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub track: Option<Localised>,
    /// What it is about, in some sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub notes: Option<Localised>,
    /// Grows by one with each change (RFC 5545, SEQUENCE).
    #[serde(default)]
    pub revision: u32,
    /// When it was changed last, rounded down to the minute, milliseconds since 1970; none: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub changed_unix_ms: Option<u64>,
    /// It does not take place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub cancelled: bool,
    /// The idea that it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub idea: Option<IdeaId>,
    /// The poll of its room that is offered to moderators when it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub poll: Option<PollId>,
}

/// A title in the languages of the event; at least one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SlotTitles {
    /// Italian.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub it: Option<SlotTitle>,
    /// English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub en: Option<SlotTitle>,
}

/// What a slot is about, in the languages of the event; either may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SlotNotesIn {
    /// Italian.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub it: Option<SlotNotes>,
    /// English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub en: Option<SlotNotes>,
}

/// The name of a track in the languages of the event; either may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct TrackNames {
    /// Italian.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub it: Option<TrackName>,
    /// English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub en: Option<TrackName>,
}

/// A slot as an organiser writes it, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SlotDraft {
    /// Where: a room of the event.
    pub room: RoomId,
    /// What about.
    pub title: SlotTitles,
    /// Who speaks, at most 20.
    #[serde(default)]
    pub speakers: Vec<SpeakerName>,
    /// Start, milliseconds since 1970.
    pub starts_unix_ms: u64,
    /// End, milliseconds since 1970: after the start, and at most a day after it.
    pub ends_unix_ms: u64,
    /// The track it belongs to.
    #[serde(default)]
    pub track: TrackNames,
    /// What it is about.
    #[serde(default)]
    pub notes: SlotNotesIn,
    /// A poll of its room that is offered to moderators when it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub poll: Option<PollId>,
}

/// Why a slot cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotFault {
    /// It has no title in any language.
    NoTitle,
    /// It ends before it starts, lasts longer than a day, or is after the year 2099.
    Times,
    /// It has too many speakers.
    TooManySpeakers,
}

impl SlotDraft {
    /// Whether its parts fit together.
    ///
    /// # Errors
    /// The first [`SlotFault`].
    pub fn check(&self) -> Result<(), SlotFault> {
        if self.title.it.is_none() && self.title.en.is_none() {
            return Err(SlotFault::NoTitle);
        }
        let lasts_ms = self.ends_unix_ms.saturating_sub(self.starts_unix_ms);
        let fits = lasts_ms > 0 && lasts_ms <= SLOT_MINUTES_MAX * 60_000 && self.ends_unix_ms <= SLOT_END_UNIX_MS_MAX;
        if !fits {
            return Err(SlotFault::Times);
        }
        if self.speakers.len() > SPEAKERS_PER_SLOT_MAX {
            return Err(SlotFault::TooManySpeakers);
        }
        Ok(())
    }
}

/// What organisers do to the programme. `revision` is that of the slot when they decided: where somebody has changed it
/// since, the step is refused as `wrong_state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProgrammeStep {
    /// Puts a slot into the programme.
    Add {
        /// All of it.
        draft: Box<SlotDraft>,
        /// The idea that it is made of, which is planned from then on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        idea: Option<IdeaId>,
    },
    /// Changes or moves a slot.
    Set {
        /// Which.
        slot: SlotId,
        /// The revision that was changed.
        revision: u32,
        /// All of it.
        draft: Box<SlotDraft>,
    },
    /// Says that a slot does not take place, or that it does after all.
    Cancel {
        /// Which.
        slot: SlotId,
        /// The revision that was seen.
        revision: u32,
        /// It does not take place.
        cancelled: bool,
    },
    /// Takes a slot out of the programme; its texts are erased.
    Erase {
        /// Which.
        slot: SlotId,
        /// The revision that was seen.
        revision: u32,
    },
}
