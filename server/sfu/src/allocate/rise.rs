// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Patience of one slot before a step up. Steps down are not its business.

use std::time::{Duration, Instant};

use super::SlotRequest;
use super::walk::Row;
use crate::plan::SourceId;

/// A step up is taken when it has been affordable for this long.
pub const RISE_AFTER_MIN: Duration = Duration::from_millis(1_500);
/// ... and after steps that did not last, for up to this long.
pub const RISE_AFTER_MAX: Duration = Duration::from_secs(48);
/// A step up that lasted for this long was right.
pub const PROVEN_AFTER: Duration = Duration::from_secs(10);

/// What is remembered of a slot.
#[derive(Debug)]
pub(super) struct Gate {
    source: Option<SourceId>,
    want: Option<u16>,
    granted: Option<u8>,
    /// The lowest step that has been affordable since then.
    pending: Option<(u8, Instant)>,
    wait: Duration,
    rose: Option<Instant>,
    /// Nothing to be patient about: a new source, a larger tile, a layer that stopped.
    open: bool,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            source: None,
            want: None,
            granted: None,
            pending: None,
            wait: RISE_AFTER_MIN,
            rose: None,
            open: true,
        }
    }
}

impl Gate {
    pub(super) fn granted(&self) -> Option<u8> {
        self.granted
    }

    /// Looks at what is asked this time.
    pub(super) fn meet(&mut self, slot: &SlotRequest) {
        if self.source != slot.source {
            *self = Self {
                source: slot.source,
                want: slot.want,
                ..Self::default()
            };
            return;
        }
        let stopped = self.granted.is_some_and(|layer| {
            !slot
                .layers
                .get(usize::from(layer))
                .is_some_and(|layer| layer.facts.flowing)
        });
        // Who had to step down lately does not get around the wait by another size.
        let larger = slot.want > self.want && self.wait == RISE_AFTER_MIN;
        self.open = stopped || larger;
        self.want = slot.want;
    }

    /// Rungs that the slot may hold now; `row` holds what is affordable. `waits`: there is an estimate to be doubted.
    pub(super) fn ceiling(&mut self, now: Instant, row: &Row, waits: bool) -> u8 {
        let (target, kept) = (row.held, row.kept);
        let Some(layer) = row.ladder.layer(target).filter(|_| target > kept) else {
            self.pending = None;
            return kept;
        };
        if self.open || !waits {
            return target;
        }
        let (lowest, since) = self.pending.unwrap_or((layer, now));
        let lowest = lowest.min(layer);
        self.pending = Some((lowest, since));
        if now.saturating_duration_since(since) < self.wait {
            // What is never paused waits for nothing.
            return kept.max(u8::from(row.is_protected()));
        }
        row.ladder.up_to(Some(lowest)).max(kept)
    }

    /// Notes what the slot got. `waits`: as for [`Gate::ceiling`]; steps without patience prove nothing when they fail.
    pub(super) fn grant(&mut self, now: Instant, layer: Option<u8>, row: &Row, waits: bool) {
        let before = self.granted;
        self.granted = layer;
        let proven = |rose: Instant| now.saturating_duration_since(rose) >= PROVEN_AFTER;
        if self.rose.is_some_and(proven) {
            (self.rose, self.wait) = (None, RISE_AFTER_MIN);
        }
        if layer > before {
            self.pending = None;
            self.rose = (!self.open && waits).then_some(now).or(self.rose);
        } else if row.held < row.kept {
            // Fallen, though what it had was there and wanted.
            self.pending = None;
            if self.rose.take().is_some() {
                self.wait = (self.wait * 2).min(RISE_AFTER_MAX);
            }
        }
    }
}
