// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Key frame requests for one layer: many wishes become few PLIs (RFC 4585 section 6.3.1). Sends nothing itself.

use std::time::{Duration, Instant};

/// After a key frame, the next is asked for no sooner.
pub const KEYFRAME_APART: Duration = Duration::from_millis(500);
/// An unanswered request is repeated after this time.
pub const KEYFRAME_RETRY: Duration = Duration::from_millis(300);
/// To a publisher that ignores requests they are repeated at this pace only.
const IGNORED_RETRY: Duration = Duration::from_secs(3);
/// Unanswered requests after which a publisher counts as ignoring them.
const UNANSWERED_MAX: u8 = 8;
/// Key frames within [`KEYFRAME_RETRY`] of a request after which it no longer counts so.
const ANSWERED_MIN: u8 = 2;

/// The state of one layer's requests.
#[derive(Debug, Default)]
pub(super) struct KeyframeRequests {
    /// When to send, while a key frame is wanted.
    due: Option<Instant>,
    last_sent: Option<Instant>,
    last_keyframe: Option<Instant>,
    unanswered: u8,
    answered: u8,
    ignores: bool,
}

impl KeyframeRequests {
    /// A key frame is wanted; merged with wishes that wait already.
    pub(super) fn request(&mut self, now: Instant) {
        if self.due.is_none() {
            let earliest = self.last_keyframe.map_or(now, |last| last + KEYFRAME_APART);
            self.due = Some(earliest.max(now));
        }
    }

    /// Whether a request has to be sent now; counts it as sent.
    pub(super) fn take_due(&mut self, now: Instant) -> bool {
        if self.due.is_none_or(|due| due > now) {
            return false;
        }
        self.unanswered = self.unanswered.saturating_add(1);
        if self.unanswered >= UNANSWERED_MAX {
            (self.ignores, self.answered) = (true, 0);
        }
        self.last_sent = Some(now);
        self.due = Some(now + if self.ignores { IGNORED_RETRY } else { KEYFRAME_RETRY });
        true
    }

    /// A key frame started.
    pub(super) fn on_keyframe(&mut self, now: Instant) {
        let prompt = |sent: Instant| now.saturating_duration_since(sent) <= KEYFRAME_RETRY;
        if self.due.is_some() && self.last_sent.is_some_and(prompt) {
            self.answered = self.answered.saturating_add(1);
            if self.answered >= ANSWERED_MIN {
                self.ignores = false;
            }
        }
        self.unanswered = 0;
        self.last_keyframe = Some(now);
        // A wish whose request was not sent yet is fulfilled too.
        self.due = None;
    }

    /// When the next request is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Whether the publisher has left [`UNANSWERED_MAX`] requests in a row unanswered.
    pub(super) fn ignores_pli(&self) -> bool {
        self.ignores
    }
}
