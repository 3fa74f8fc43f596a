// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How a slot goes on with a smaller part of a stream with layers, at the end of a picture and without a key picture.
//! It never chooses the part.

use super::Slot;
use crate::ingest::MediaPacket;
use crate::viewer::line::Feed;

impl Slot {
    /// Whether the picture that is being sent comes to its end first.
    pub(super) fn will_step_down(&self, feed: Feed, packet: &MediaPacket) -> bool {
        let is_larger = |live: Feed| live.source == feed.source && live.layer > feed.layer;
        packet.layered.is_some() && self.live.is_some_and(is_larger) && self.replay.is_none()
    }

    /// After the last packet of a picture: goes on with the smaller part of the stream that it is to get.
    pub(super) fn step_down(&mut self, index: u64, packet: &MediaPacket) {
        let Some(goes_on) = packet.layered.and_then(|layered| layered.goes_on) else {
            return;
        };
        let (Some(live), Some(target)) = (self.live, self.target) else {
            return;
        };
        if live.source != target.source || target.layer >= live.layer {
            return;
        }
        let Some(next) = goes_on.get(usize::from(target.layer)).copied() else {
            return;
        };
        if !self.line.step_down(index, target, next) {
            return;
        }
        (self.live, self.target) = (Some(target), None);
        if let Some(replay) = &mut self.replay {
            (replay.feed, replay.next) = (target, next);
        }
    }
}
