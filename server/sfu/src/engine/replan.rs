// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who is in which slot: plans for rooms, plugs for viewers, layers for slots, keyframes for those who wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::publisher::Publisher;
use super::stage::Stage;
use super::{Sfu, Waiting};
use crate::api::{Event, ParticipantKey, PeerId, RoomKey, Side, SourceKind};
use crate::plan::{CAMERAS_MAX, Scene, SourceId, SourceRef, cameras_for};
use crate::sdp::SlotKind;
use crate::viewer::line::Feed;
use crate::viewer::slot::{Replay, Slot};

/// A keyframe older than this is not replayed to a newcomer: catching up would take too long.
const REPLAY_AGE_MAX: Duration = Duration::from_secs(1);
/// ... nor one followed by more packets than this.
const REPLAY_PACKETS_MAX: u64 = 200;
/// Even for a publisher that ignores requests: packets of its whole group of pictures.
const REPLAY_GOP_PACKETS_MAX: u64 = 4_000;
/// ... however old.
const REPLAY_GOP_AGE_MAX: Duration = Duration::from_secs(3_600);

pub(super) fn slot_is_empty(peer: PeerId, slot: &Slot) -> Event {
    Event::SlotChanged {
        peer,
        slot: slot.media.slot,
        shows: None,
        rtp_time: 0,
    }
}

impl Sfu {
    /// Plans a room whose publishers are here anew; viewers and followers learn what changed.
    pub(super) fn replan(&mut self, now: Instant, key: RoomKey) {
        let Some(room) = self.rooms.get_mut(&key) else { return };
        room.is_stale = false;
        if room.following.is_some() {
            return;
        }
        let publishers = room
            .publishers
            .iter()
            .filter_map(|index| self.tables.publishers.get(*index));
        let mut next = Stage {
            sources: publishers.flat_map(Publisher::on_stage).collect(),
            ..Stage::default()
        };
        let watching = room.followers.iter().map(|follower| follower.viewers);
        let most = watching.fold(room.viewers.len(), usize::max);
        let shares = next
            .visible(Side::Audience)
            .any(|source| source.kind == SourceKind::Screen);
        room.cameras = cameras_for(most, shares, room.cameras);
        for side in [Side::Audience, Side::Backstage] {
            let visible: Vec<SourceRef> = next.visible(side).collect();
            let mut candidates: Vec<ParticipantKey> = Vec::new();
            for source in &visible {
                if !candidates.contains(&source.participant) {
                    candidates.push(source.participant);
                }
            }
            let loudest = room.speakers.rank(now);
            let (spoke, lately) = room.speakers.spoke(now);
            let plan = room.stage.plan(side).next(&Scene {
                visible: &visible,
                main: room.speakers.main(now, &candidates),
                loudest: &loudest,
                spoke: &spoke,
                lately,
                // Those backstage are few, and have to see each other.
                cameras: match side {
                    Side::Audience => room.cameras,
                    Side::Backstage => CAMERAS_MAX,
                },
            });
            match side {
                Side::Audience => next.audience = plan,
                Side::Backstage => next.backstage = plan,
            }
        }
        self.set_stage(now, key, Arc::new(next));
    }

    /// Plugs a viewer's slots as its room's plan says.
    pub(super) fn replug(&mut self, now: Instant, index: usize) {
        let Some(viewer) = self.tables.viewers.get(index) else {
            return;
        };
        if !viewer.transport.is_connected() {
            return;
        }
        let Some(room) = self.rooms.get(&viewer.room) else {
            return;
        };
        let (peer, side, own) = (viewer.peer, viewer.side, viewer.participant);
        let stage = Arc::clone(&room.stage);
        let Some(viewer) = self.tables.viewers.get_mut(index) else {
            return;
        };
        let is_program = viewer.takes(SlotKind::Program);
        let cameras = viewer.slots.iter().filter(|s| s.media.kind == SlotKind::Camera).count();
        let mut changed = false;
        for slot in &mut viewer.slots {
            let plan = stage.plan(side);
            let planned = match slot.media.kind {
                SlotKind::Voice if is_program => plan.program_voice(),
                kind => plan.at(kind, slot.ordinal, cameras),
            };
            let wanted = planned.filter(|source| Some(source.participant) != own && slot.want.is_some());
            let is_seen = |id: SourceId| stage.visible(side).any(|s| s.id == id);
            let shown = [slot.live.map(|feed| feed.source), slot.shown];
            let still_seen = shown.into_iter().flatten().all(is_seen);
            let astray = |feed: Feed| Some(feed.source) != wanted.map(|source| source.id);
            let waits_astray = slot.target.is_some_and(astray) || slot.replay.is_some_and(|replay| astray(replay.feed));
            if slot.assigned == wanted && still_seen && !waits_astray {
                continue;
            }
            changed = true;
            slot.assigned = wanted;
            let word = slot.refused_codec.take().is_some() | slot.paused.take().is_some();
            // Nothing of another source may begin any more, even where no layer of the new one flows yet.
            slot.target = slot.target.filter(|target| !astray(*target));
            slot.replay = slot.replay.filter(|replay| !astray(replay.feed));
            // The picture before stays until the next one begins, unless it may not be seen any more.
            let gone = wanted.is_none() || !still_seen;
            if gone {
                slot.unplug();
            }
            if (gone && slot.shown.take().is_some()) || word {
                self.events.push_back(slot_is_empty(peer, slot));
            }
        }
        if changed {
            viewer.note_plugged();
            self.reallocate(now, index);
        }
    }

    /// A client that comes back may still show what its slots held before.
    pub(super) fn say_what_is_empty(&mut self, index: usize) {
        let Some(viewer) = self.tables.viewers.get(index) else {
            return;
        };
        let empty = viewer.slots.iter().filter(|slot| slot.assigned.is_none());
        self.events.extend(empty.map(|slot| slot_is_empty(viewer.peer, slot)));
    }

    /// Chooses layers anew for those who watch a source whose layers came or went.
    pub(super) fn relayer(&mut self, now: Instant, key: RoomKey, source: SourceId) {
        let Some(room) = self.rooms.get(&key) else { return };
        for index in room.viewers.clone() {
            let Some(viewer) = self.tables.viewers.get(index) else {
                continue;
            };
            let watches = |s: &Slot| s.assigned.is_some_and(|assigned| assigned.id == source);
            if viewer.slots.iter().any(watches) {
                self.reallocate(now, index);
            }
        }
    }

    /// Aims one slot at a layer of its source, by replay where the past is fresh, else by a keyframe request.
    pub(super) fn aim(&mut self, now: Instant, index: usize, place: usize, layer: u8) {
        let Some(viewer) = self.tables.viewers.get_mut(index) else {
            return;
        };
        let room_key = viewer.room;
        let Some(slot) = viewer.slots.get_mut(place) else {
            return;
        };
        let (Some(source), Some(room)) = (slot.assigned, self.rooms.get_mut(&room_key)) else {
            return;
        };
        let feed = Feed {
            source: source.id,
            layer,
        };
        if slot.live == Some(feed) {
            slot.target = None;
            return;
        }
        if slot.target == Some(feed) {
            return;
        }
        slot.target = Some(feed);
        room.note_watched(feed);
        if !slot.is_video() || slot.live.is_some_and(|live| room.is_part_of(feed, live)) {
            return;
        }
        if slot.live.is_none() && self.replay(now, index, place, REPLAY_AGE_MAX, REPLAY_PACKETS_MAX) {
            return;
        }
        self.waiting.retain(|w| (w.viewer, w.slot) != (index, place));
        self.waiting.push(Waiting {
            viewer: index,
            slot: place,
            since: now,
        });
        self.request_keyframe(now, room_key, source, layer);
    }

    /// Begins to replay a slot's target from its last keyframe, when that is young and near enough.
    fn replay(&mut self, now: Instant, index: usize, place: usize, age_max: Duration, packets_max: u64) -> bool {
        let Some(viewer) = self.tables.viewers.get_mut(index) else {
            return false;
        };
        let Some(slot) = viewer.slots.get_mut(place) else {
            return false;
        };
        let (Some(source), Some(feed)) = (slot.assigned, slot.target) else {
            return false;
        };
        let Some(room) = self.rooms.get(&viewer.room) else {
            return false;
        };
        let (Some(state), Some(ring)) = (room.stage.source(source.id), room.ring(feed)) else {
            return false;
        };
        let Some(start) = ring.last_keyframe_start() else {
            return false;
        };
        let Some(keyframe) = ring.get(start) else { return false };
        let age = now.saturating_duration_since(keyframe.arrival);
        let near = ring.newest().unwrap_or(start).saturating_sub(start) <= packets_max;
        if age > age_max
            || !near
            || keyframe.arrival < state.visible_since
            || slot.would_run_back(keyframe.server_us, keyframe.codec)
        {
            return false;
        }
        slot.replay = Some(Replay {
            feed,
            next: start,
            held: false,
        });
        slot.live = None;
        if packets_max > REPLAY_PACKETS_MAX {
            self.hurry(now, index);
        }
        if !self.replaying.contains(&(index, place)) {
            self.replaying.push((index, place));
        }
        true
    }

    /// For a slot that has waited long: the publisher does not answer requests, so its whole group of pictures will do.
    pub(super) fn replay_anyway(&mut self, now: Instant, index: usize, place: usize) -> bool {
        self.replay(now, index, place, REPLAY_GOP_AGE_MAX, REPLAY_GOP_PACKETS_MAX)
    }
}
