// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How a stage is directed: layout, lower thirds, sound off, the speaker's timer, messages to speakers.

use serde::{Deserialize, Serialize};

use crate::ids::{DirectionId, DisplayName, ParticipantId};
use crate::text::{DirectionText, TitleText};

/// How the pictures of a stage stand for everybody who has not put one in front for themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StageLayout {
    /// A shared screen is large and people beside it; without one all are of one size.
    #[default]
    Auto,
    /// Who speaks is large, everything else beside.
    Speaker,
    /// A shared screen and who speaks are of one size, and nothing else is shown; without a screen the first two people.
    SideBySide,
    /// Everything is of one size.
    Grid,
    /// A shared screen alone; without one as `auto`.
    Slides,
}

/// What everybody in a room is shown of how its stage is directed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StageShow {
    /// How pictures stand.
    pub layout: StageLayout,
    /// All sound of the room is off, whatever anybody switches on.
    pub sound_off: bool,
    /// Lower thirds are shown.
    pub titles: bool,
    /// Pictures and sound of everybody on air broke off: the talk resumes shortly.
    pub resuming: bool,
}

impl Default for StageShow {
    fn default() -> Self {
        Self {
            layout: StageLayout::Auto,
            sound_off: false,
            titles: true,
            resuming: false,
        }
    }
}

/// How long a talk may still take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SpeakerTimer {
    /// When its time is over: server clock, milliseconds since 1970.
    pub ends_unix_ms: u64,
    /// Amber from so many seconds before the end.
    pub amber_s: u16,
    /// Red from so many seconds before the end.
    pub red_s: u16,
}

/// What a moderator tells one speaker, as they see it until they have acknowledged it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct YourDirection {
    /// Which.
    pub direction: DirectionId,
    /// The words.
    pub text: String,
}

/// The same as moderators see it: who has acknowledged it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DirectionView {
    /// Which.
    pub direction: DirectionId,
    /// The words.
    pub text: String,
    /// To whom.
    pub to: Vec<Directed>,
}

/// One of those whom a [`DirectionView`] is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Directed {
    /// Who.
    pub participant: ParticipantId,
    /// Their name then.
    pub name: DisplayName,
    /// They have read it.
    pub acknowledged: bool,
}

/// One step in directing the stage of the room one is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum StageStep {
    /// How pictures stand (moderators and organisers).
    Layout {
        /// Which way.
        layout: StageLayout,
    },
    /// Whether lower thirds are shown (moderators and organisers).
    Titles {
        /// On or off.
        on: bool,
    },
    /// Silences everything in the room at once, or lets sound through again (moderators and organisers).
    SoundOff {
        /// Off or through.
        off: bool,
    },
    /// What stands under somebody's name; nothing without `title`. Without `participant`: one's own.
    SetTitle {
        /// The line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        title: Option<TitleText>,
        /// Somebody else who is backstage or on air (moderators and organisers).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        participant: Option<ParticipantId>,
    },
    /// Starts the speaker's timer (moderators and organisers); one that runs starts anew.
    Timer {
        /// Length, 10 s to 4 hours.
        seconds: u16,
        /// Amber from so many seconds before the end.
        amber_s: u16,
        /// Red from so many seconds before the end, at most `amber_s`.
        red_s: u16,
    },
    /// Gives the speaker more time (moderators and organisers).
    ExtendTimer {
        /// By so much, at least one second.
        seconds: u16,
        /// When the timer ends as one saw it: was it changed meanwhile, nothing happens.
        ends_unix_ms: u64,
    },
    /// Takes the timer away (moderators and organisers).
    StopTimer {},
    /// Tells one speaker something, or without `participant` all who are backstage and on air (moderators and organisers).
    Direct {
        /// What.
        text: DirectionText,
        /// Whom.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        participant: Option<ParticipantId>,
    },
    /// Takes a message to speakers away (moderators and organisers).
    EndDirection {
        /// Which.
        direction: DirectionId,
    },
    /// One has read what one was told.
    Acknowledge {
        /// Which.
        direction: DirectionId,
    },
    /// Takes "we resume shortly" away (moderators and organisers).
    EndPause {},
}
