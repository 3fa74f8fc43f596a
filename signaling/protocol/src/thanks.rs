// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Thanks between participants on the wire. Who is thanked sees it alone, and shows it to everybody only if they want to.

use serde::{Deserialize, Serialize};

use crate::ids::{AuthorSecret, DisplayName, ParticipantId, ThanksId};
use crate::text::ThanksText;

/// A thanks that everybody sees, because who was thanked wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ThanksView {
    /// Its id.
    pub thanks: ThanksId,
    /// Who was thanked, by the name that they had when they showed it.
    pub to: DisplayName,
    /// Who thanked, by the name that they had then.
    pub by: DisplayName,
    /// What for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub text: Option<String>,
}

/// A thanks for oneself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct YourThanks {
    /// Its id.
    pub thanks: ThanksId,
    /// Who thanks, by the name that they had then.
    pub by: DisplayName,
    /// What for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub text: Option<String>,
    /// Everybody sees it.
    pub shown: bool,
}

/// A thanks of one's own, given or shown, found by the secret that was given with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OwnThanks {
    /// The secret that was asked for.
    pub secret: AuthorSecret,
    /// The thanks.
    pub thanks: ThanksId,
}

/// What can be done about thanks; `SPEC.md` says who may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ThanksStep {
    /// Thanks somebody who is in the event.
    Give {
        /// Whom.
        participant: ParticipantId,
        /// What for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        text: Option<ThanksText>,
        /// Drawn at random and kept by the client: with it the thanks can be taken back.
        secret: AuthorSecret,
    },
    /// Shows a thanks for oneself to everybody.
    Show {
        /// Which.
        thanks: ThanksId,
        /// Drawn at random and kept by the client: with it the thanks can be hidden after the event too.
        secret: AuthorSecret,
    },
    /// Hides a thanks for oneself again.
    Hide {
        /// Which.
        thanks: ThanksId,
        /// What it was shown with, where it is not known any more whom it was for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        secret: Option<AuthorSecret>,
    },
    /// Erases a thanks for good: who gave it or was thanked, and moderators where everybody sees it.
    Erase {
        /// Which.
        thanks: ThanksId,
        /// What it was given or shown with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        secret: Option<AuthorSecret>,
    },
}
