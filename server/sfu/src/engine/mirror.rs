// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Rooms across threads: who follows whom, and a mirror that is kept as home says. A newcomer is served from the mirror
//! as it would be at home.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Sfu;
use super::relay::{Relay, ThreadId};
use super::room::{Follower, Pending};
use super::stage::Stage;
use crate::api::{CloseReason, PeerId, RoomKey, Side};
use crate::egress::{Egress, Path};
use crate::ingest::MediaPacket;
use crate::plan::SourceRef;
use crate::viewer::line::Feed;

/// A follower asks home for the same keyframe no more often: home merges the wishes of all.
const KEYFRAMES_ASKED_APART: Duration = Duration::from_millis(50);
/// Packets that a thread which begins to watch a room gets of its past: a quarter of what may wait for a thread, so that
/// those of other rooms still get in.
const PAST_PACKETS_MAX: u64 = 2_048;

impl Sfu {
    /// Ends a connection because its participant has a newer one on another thread.
    pub fn handle_replaced(&mut self, now: Instant, peer: PeerId, egress: &mut Egress) {
        if let Some(entry) = self.tables.of_peer(peer) {
            self.remove(now, entry, CloseReason::Replaced, egress);
        }
    }

    /// Whether the connection with this `ice-ufrag` of ours is on this thread.
    #[must_use]
    pub fn knows_ufrag(&self, local_ufrag: &str) -> bool {
        self.tables.of_ufrag(local_ufrag).is_some()
    }

    /// Whether a connection of this thread has proved this address.
    #[must_use]
    pub fn knows(&self, path: &Path) -> bool {
        self.tables.of_path(path).is_some()
    }

    /// Tells which thread has, or is about to have, the publishers of a room; none: it has none any more.
    pub fn handle_home(&mut self, now: Instant, room: RoomKey, home: Option<ThreadId>) {
        match home {
            Some(home) => drop(self.homes.insert(room, home)),
            None => drop(self.homes.remove(&room)),
        }
        self.follow(now, room);
    }

    /// The next message for another thread.
    pub fn poll_relay(&mut self) -> Option<(ThreadId, Relay)> {
        self.relays.pop_front()
    }

    /// Takes a message of another thread.
    pub fn handle_relay(&mut self, now: Instant, from: ThreadId, relay: Relay) {
        match relay {
            Relay::Stage(key, stage) => {
                if self.is_following(key, from) {
                    self.set_stage(now, key, stage);
                }
            }
            Relay::Packet {
                room,
                feed,
                packet,
                keep_gop,
                past,
            } => {
                if self.is_following(room, from) {
                    self.counters
                        .relayed(now.saturating_duration_since(packet.arrival), past);
                    self.take(room, feed, packet, keep_gop, past);
                }
            }
            Relay::Watch(key) => self.watched_by(key, from),
            Relay::Viewers(key, viewers) => {
                let room = self.rooms.get_mut(&key);
                if let Some(follower) = room.and_then(|room| room.followers.iter_mut().find(|f| f.thread == from)) {
                    follower.viewers = viewers;
                }
            }
            Relay::Unwatch(key) => {
                if let Some(room) = self.rooms.get_mut(&key) {
                    room.followers.retain(|f| f.thread != from);
                }
                self.sweep(key);
            }
            Relay::Keyframe { room, source, layer } => {
                let stage = self.rooms.get(&room).map(|room| Arc::clone(&room.stage));
                if let Some(found) = stage.as_deref().and_then(|stage| stage.source(source)) {
                    self.request_keyframe(now, room, found.source, layer);
                }
            }
            Relay::Wanted { room, source, layers } => {
                let room = self.rooms.get_mut(&room);
                let follower = room.and_then(|room| room.followers.iter_mut().find(|f| f.thread == from));
                if let Some(follower) = follower {
                    follower.wanted.retain(|(id, _)| *id != source);
                    follower.wanted.push((source, layers));
                }
            }
        }
    }

    /// Whether a thread is the home that we watch for a room; one that is not learns that nobody watches here.
    fn is_following(&mut self, key: RoomKey, from: ThreadId) -> bool {
        let following = self.rooms.get(&key).and_then(|room| room.following) == Some(from);
        if !following {
            self.relays.push_back((from, Relay::Unwatch(key)));
        }
        following
    }

    /// A thread begins to watch: it gets the stage and what its newcomers may have to be shown, whole groups of pictures
    /// as far as there is room for them: which publisher ignores keyframe requests shows only when one was made.
    fn watched_by(&mut self, key: RoomKey, from: ThreadId) {
        let room = self.rooms.entry(key).or_default();
        room.followers.retain(|f| f.thread != from);
        room.followers.push(Follower {
            thread: from,
            viewers: 1,
            wanted: Vec::new(),
        });
        self.relays
            .push_back((from, Relay::Stage(key, Arc::clone(&room.stage))));
        let mut left = PAST_PACKETS_MAX;
        for (feed, ring) in room.rings() {
            let source = room.stage.source(feed.source).map(|source| source.source);
            let publisher = source.and_then(|source| self.tables.publisher_of(source.participant));
            let publisher = publisher.and_then(|index| self.tables.publishers.get(index));
            let keep_gop = publisher
                .zip(source)
                .is_some_and(|(publisher, source)| publisher.streams.ignores_pli(source.kind, feed.layer));
            let newest = ring.newest().unwrap_or(0);
            let is_affordable = |start: &u64| newest.saturating_sub(*start) <= left;
            let start = ring.last_keyframe_start().filter(is_affordable);
            left = left.saturating_sub(start.map_or(0, |start| newest.saturating_sub(start) + 1));
            for packet in start.into_iter().flat_map(|start| ring.iter_from(start)) {
                let relay = Relay::Packet {
                    room: key,
                    feed,
                    packet: Arc::clone(packet),
                    keep_gop,
                    past: true,
                };
                self.relays.push_back((from, relay));
            }
        }
    }

    /// Watches the home of a room while there are viewers of it here and it is elsewhere.
    pub(super) fn follow(&mut self, now: Instant, key: RoomKey) {
        let home = self.homes.get(&key).copied().filter(|home| *home != self.thread);
        let Some(room) = self.rooms.get_mut(&key) else { return };
        let wanted = home.filter(|_| !room.viewers.is_empty());
        if room.following == wanted {
            return;
        }
        let left = std::mem::replace(&mut room.following, wanted);
        room.told.clear();
        room.told_viewers = 0;
        if let Some(left) = left {
            self.relays.push_back((left, Relay::Unwatch(key)));
        }
        if let Some(home) = wanted {
            self.relays.push_back((home, Relay::Watch(key)));
        }
        if left.is_some() {
            self.set_stage(now, key, Arc::default());
        }
        self.replan(now, key);
    }

    /// The room is like this from now on: histories, viewers and followers are brought in line.
    pub(super) fn set_stage(&mut self, now: Instant, key: RoomKey, next: Arc<Stage>) {
        let Some(room) = self.rooms.get_mut(&key) else { return };
        if room.stage == next {
            return;
        }
        let before = std::mem::replace(&mut room.stage, Arc::clone(&next));
        room.tend_histories();
        for follower in &mut room.followers {
            follower.wanted.retain(|(id, _)| next.source(*id).is_some());
            self.relays
                .push_back((follower.thread, Relay::Stage(key, Arc::clone(&next))));
        }
        let alike = |side| before.is_alike(&next, side);
        if !alike(Side::Audience) || !alike(Side::Backstage) {
            for index in room.viewers.clone() {
                self.replug(now, index);
            }
        }
        for source in &next.sources {
            let facts = |stage: &Stage| {
                let source = stage.source(source.source.id)?;
                Some(source.layers.iter().map(|layer| layer.facts).collect::<Vec<_>>())
            };
            if facts(&before) != facts(&next) {
                self.relayer(now, key, source.source.id);
            }
        }
    }

    /// A packet of a room: kept, and put on the way to its viewers here.
    pub(super) fn take(&mut self, key: RoomKey, feed: Feed, packet: Arc<MediaPacket>, keep_gop: bool, past: bool) {
        let Some(room) = self.rooms.get_mut(&key) else { return };
        if !room.keep(feed, &packet, keep_gop) || past || !room.watched.contains(&feed) {
            return;
        }
        if room.pending.is_empty() {
            self.touched.push(key);
        }
        let order = room.pending.len();
        let earlier = room.earlier(feed, &packet);
        room.pending.push(Pending::new(feed, packet, earlier, order));
    }

    /// Asks the publisher of a source for a keyframe, or the thread that has it.
    pub(super) fn request_keyframe(&mut self, now: Instant, key: RoomKey, source: SourceRef, layer: u8) {
        let Some(room) = self.rooms.get_mut(&key) else { return };
        let Some(home) = room.following else {
            let publisher = self.tables.publisher_of(source.participant);
            let publisher = publisher.and_then(|index| self.tables.publishers.get_mut(index));
            if let Some(publisher) = publisher
                && publisher.sources.iter().any(|s| s.source.id == source.id)
            {
                publisher.streams.request_keyframe(now, source.kind, layer);
                self.counters.keyframe_requests += 1;
            }
            return;
        };
        let feed = Feed {
            source: source.id,
            layer,
        };
        let recent = |at: Instant| now.saturating_duration_since(at) < KEYFRAMES_ASKED_APART;
        if room.asked.iter().any(|(asked, at)| *asked == feed && recent(*at)) {
            return;
        }
        room.asked.retain(|(asked, _)| *asked != feed);
        room.asked.push((feed, now));
        let relay = Relay::Keyframe {
            room: key,
            source: source.id,
            layer,
        };
        self.relays.push_back((home, relay));
    }
}
