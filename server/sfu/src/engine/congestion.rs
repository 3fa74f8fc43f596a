// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Ways out that are full: what a socket or stream had to refuse is not repaired packet by packet, the picture waits
//! for its next keyframe. Sound is small and goes on.

use std::time::{Duration, Instant};

use super::tables::Entry;
use super::{Sfu, Waiting};
use crate::egress::Path;

/// Ways out that are full make a publisher send keyframes of a layer, which everybody gets, no more often than this,
/// however many they are; in between their pictures wait for a keyframe that others asked for.
pub const CONGESTED_KEYFRAMES_APART: Duration = Duration::from_secs(3);

impl Sfu {
    /// Tells that datagrams to this end were refused because its queue is full. The viewer's pictures stop until their
    /// next keyframes, of which one is asked for; unknown ends and publishers are ignored.
    pub fn handle_congestion(&mut self, now: Instant, path: Path) {
        let Some(Entry::Viewer(index)) = self.tables.of_path(&path) else {
            return;
        };
        let Some(viewer) = self.tables.viewers.get_mut(index) else {
            return;
        };
        // What went to an address that is left already says nothing about the one in use.
        if viewer.transport.media_path().map(|path| path.end()) != Some(path.end()) {
            return;
        }
        self.starve(now, index, None);
    }

    /// Pictures of a viewer, or that of one slot alone, go on at their next keyframes, of which one is asked for.
    pub(super) fn starve(&mut self, now: Instant, index: usize, only: Option<usize>) {
        let Some(viewer) = self.tables.viewers.get_mut(index) else {
            return;
        };
        let Some(room) = self.rooms.get_mut(&viewer.room) else {
            return;
        };
        let (key, mut stopped, mut aims) = (viewer.room, false, Vec::new());
        for (place, slot) in viewer.slots.iter_mut().enumerate() {
            if only.is_some_and(|only| only != place) || !slot.wait_for_keyframe() {
                continue;
            }
            stopped = true;
            let since = slot.target.map_or(now, |feed| room.next_relief(now, feed));
            let at = (index, place);
            self.replaying.retain(|replaying| *replaying != at);
            self.waiting.retain(|w| (w.viewer, w.slot) != at);
            self.waiting.push(Waiting {
                viewer: index,
                slot: place,
                since,
            });
            if since <= now {
                aims.extend(slot.assigned.zip(slot.target));
            }
        }
        self.counters.congested += u64::from(stopped);
        for (source, target) in aims.into_iter().filter(|(source, target)| source.id == target.source) {
            self.request_keyframe(now, key, source, target.layer);
        }
    }
}
