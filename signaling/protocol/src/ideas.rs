// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Ideas for the programme on the wire: proposed and supported by anybody, answered by organisers in public.

use serde::{Deserialize, Serialize};

use crate::ids::{AuthorSecret, DisplayName, IdeaId, SlotId};
use crate::text::{IdeaNotes, IdeaTitle, NoteText};

/// What became of an idea.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum IdeaStage {
    /// Waits for an answer and takes votes.
    Proposed,
    /// Has a slot in the programme.
    Planned,
    /// Is not taken up, for the reason in the note.
    Refused,
    /// Took place.
    Done,
}

/// An idea as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct IdeaView {
    /// Its id.
    pub idea: IdeaId,
    /// In a line.
    pub title: String,
    /// In some sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub notes: Option<String>,
    /// Who proposed it; none: anonymous.
    pub by: Option<DisplayName>,
    /// Who proposed it would present it.
    pub presents: bool,
    /// What became of it.
    pub stage: IdeaStage,
    /// Why it is not taken up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub note: Option<String>,
    /// Its slot in the programme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub slot: Option<SlotId>,
    /// The idea that it became part of and is voted with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub merged_into: Option<IdeaId>,
    /// Its words were changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub edited: bool,
    /// Different participants who support it or an idea that became part of it.
    pub votes: u32,
    /// Grows by one with each idea of the event: the order in which they were proposed.
    pub order: u32,
}

/// The supporters of one idea within [`crate::view::Change::IdeaVotes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct IdeaVotes {
    /// Which.
    pub idea: IdeaId,
    /// Different participants.
    pub votes: u32,
}

/// An idea of one's own, found by the secret it was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OwnIdea {
    /// The secret that was asked for.
    pub secret: AuthorSecret,
    /// The idea.
    pub idea: IdeaId,
}

/// What can be done about ideas; `SPEC.md` says who may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum IdeaStep {
    /// Proposes something for the programme.
    Propose {
        /// In a line.
        title: IdeaTitle,
        /// In some sentences.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        notes: Option<IdeaNotes>,
        /// One would present it.
        presents: bool,
        /// Whether it is shown without a name, to everybody.
        anonymous: bool,
        /// Drawn at random and kept by the client: with it one's own idea can be edited or withdrawn.
        secret: AuthorSecret,
    },
    /// Gives one's own idea other words, while it is proposed.
    Edit {
        /// Which.
        idea: IdeaId,
        /// In a line.
        title: IdeaTitle,
        /// In some sentences.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        notes: Option<IdeaNotes>,
        /// One would present it.
        presents: bool,
        /// What it was proposed with.
        secret: AuthorSecret,
    },
    /// Supports an idea, or no longer does. Repeating it changes nothing.
    Vote {
        /// Which.
        idea: IdeaId,
        /// On or off.
        up: bool,
    },
    /// Erases an idea for good: one's own with its secret, anybody's as a moderator.
    Erase {
        /// Which.
        idea: IdeaId,
        /// What it was proposed with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        secret: Option<AuthorSecret>,
    },
    /// Answers an idea (organisers). Refused as `wrong_state` unless it is still `from`. `planned` comes by a slot alone.
    Settle {
        /// Which.
        idea: IdeaId,
        /// Where it was when the organiser decided.
        from: IdeaStage,
        /// Where it goes.
        to: IdeaStage,
        /// Why it is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        note: Option<NoteText>,
    },
    /// Makes an idea part of another one, which gets its supporters; without `into` it stands for itself again (organisers).
    Merge {
        /// Which.
        idea: IdeaId,
        /// The one that stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        into: Option<IdeaId>,
    },
    /// Takes new ideas and votes, or no longer (organisers).
    Open {
        /// On or off.
        open: bool,
    },
}
