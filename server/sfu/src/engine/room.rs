// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One room on this thread: who watches, who publishes (at home), its stage and the last packets of its sources. A thread
//! that follows another one's room has the same, but for the publishers.

use std::sync::Arc;
use std::time::Instant;

use super::congestion::CONGESTED_KEYFRAMES_APART;
use super::relay::ThreadId;
use super::stage::Stage;
use crate::allocate::{LAYERS_MAX, LayerMask};
use crate::api::{ParticipantKey, RoomKey, SourceKind};
use crate::ingest::{MediaPacket, RING_AUDIO_PACKETS, RING_VIDEO_PACKETS, Ring};
use crate::plan::{SourceId, SourceRef};
use crate::sdp::Codec;
use crate::speakers::Speakers;
use crate::viewer::line::Feed;
use crate::viewer::sound::Earlier;

/// The last packets of a source, by layer.
#[derive(Debug)]
pub(crate) struct History {
    id: SourceId,
    places: usize,
    layers: Vec<Ring>,
}

impl History {
    fn new(source: &SourceRef) -> Self {
        let is_video = matches!(source.kind, SourceKind::Camera | SourceKind::Screen);
        Self {
            id: source.id,
            places: if is_video {
                RING_VIDEO_PACKETS
            } else {
                RING_AUDIO_PACKETS
            },
            layers: Vec::new(),
        }
    }
}

/// A thread that watches a room whose home is here.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(crate) thread: ThreadId,
    /// How many viewers it has of the room.
    pub(crate) viewers: usize,
    /// Layers that its viewers want; all of a source that is not named.
    pub(crate) wanted: Vec<(SourceId, LayerMask)>,
}

/// A room.
#[derive(Debug, Default)]
pub(crate) struct Room {
    /// Indices of viewers.
    pub(crate) viewers: Vec<usize>,
    /// Indices of publishers, in order of going on air.
    pub(crate) publishers: Vec<usize>,
    pub(crate) speakers: Speakers,
    /// Last reported as speaking.
    pub(crate) speaking: Vec<ParticipantKey>,
    pub(crate) stage: Arc<Stage>,
    /// How many cameras it shows; 0 before the first plan.
    pub(crate) cameras: usize,
    /// Layers changed since the stage was made: it is to be made anew at the next look.
    pub(crate) is_stale: bool,
    /// Threads that watch.
    pub(crate) followers: Vec<Follower>,
    /// The home that we watch; none: it is here, or unknown, or nobody here watches.
    pub(crate) following: Option<ThreadId>,
    /// What home was told that viewers here want, by source.
    pub(crate) told: Vec<(SourceId, LayerMask)>,
    /// How many viewers home was told of.
    pub(crate) told_viewers: usize,
    /// Keyframes asked for at home, and when.
    pub(crate) asked: Vec<(Feed, Instant)>,
    /// Keyframes that were asked for, or will be, for those whose ways out were full, and when.
    relieved: Vec<(Feed, Instant)>,
    /// What some slot of a viewer here is sent or waits for, and perhaps a little more.
    pub(crate) watched: Vec<Feed>,
    /// Packets of this wake-up, not fanned out yet.
    pub(crate) pending: Vec<Pending>,
    histories: Vec<History>,
}

impl Room {
    pub(crate) fn is_empty(&self) -> bool {
        self.viewers.is_empty() && self.publishers.is_empty() && self.followers.is_empty()
    }

    /// The last packets of a layer.
    pub(crate) fn ring(&self, feed: Feed) -> Option<&Ring> {
        let history = self.histories.iter().find(|h| h.id == feed.source)?;
        history.layers.get(usize::from(feed.layer))
    }

    /// Whether who is sent one feed can go on with another at the end of any picture: a smaller part of the same stream.
    pub(crate) fn is_part_of(&self, smaller: Feed, larger: Feed) -> bool {
        let newest = || self.ring(smaller).and_then(|ring| ring.get(ring.newest()?));
        smaller.source == larger.source
            && smaller.layer < larger.layer
            && newest().is_some_and(|packet| packet.layered.is_some())
    }

    /// All layers with their last packets.
    pub(crate) fn rings(&self) -> impl Iterator<Item = (Feed, &Ring)> {
        self.histories.iter().flat_map(|history| {
            let source = history.id;
            (0_u8..)
                .zip(&history.layers)
                .map(move |(layer, ring)| (Feed { source, layer }, ring))
        })
    }

    /// Histories for the sources of the stage and for no others; what is muted has none.
    pub(crate) fn tend_histories(&mut self) {
        let stage = &self.stage;
        self.histories.retain(|h| stage.source(h.id).is_some_and(|s| s.live));
        for source in stage.sources.iter().filter(|s| s.live) {
            if !self.histories.iter().any(|h| h.id == source.source.id) {
                self.histories.push(History::new(&source.source));
            }
        }
        self.watched.retain(|feed| stage.source(feed.source).is_some());
        self.asked.retain(|(feed, _)| stage.source(feed.source).is_some());
        self.relieved.retain(|(feed, _)| stage.source(feed.source).is_some());
        self.told.retain(|(source, _)| stage.source(*source).is_some());
    }

    /// Keeps a packet. False when its source is not on the stage.
    pub(crate) fn keep(&mut self, feed: Feed, packet: &Arc<MediaPacket>, keep_gop: bool) -> bool {
        let Some(history) = self.histories.iter_mut().find(|h| h.id == feed.source) else {
            return false;
        };
        let layer = usize::from(feed.layer);
        while history.layers.len() <= layer.min(LAYERS_MAX) {
            history.layers.push(Ring::new(history.places));
        }
        let Some(ring) = history.layers.get_mut(layer) else {
            return false;
        };
        ring.set_keep_gop(keep_gop);
        ring.push(Arc::clone(packet));
        true
    }

    /// The packets right before one of sound, as far as they are kept; none of pictures.
    pub(crate) fn earlier(&self, feed: Feed, packet: &MediaPacket) -> Earlier {
        let mut earlier = Earlier::default();
        if packet.codec != Codec::Opus {
            return earlier;
        }
        let Some(ring) = self.ring(feed) else { return earlier };
        for (place, back) in earlier.iter_mut().zip(1..) {
            *place = packet.ext_seq.checked_sub(back).and_then(|seq| ring.get(seq)).cloned();
        }
        earlier
    }

    /// Notes that a slot waits for a feed.
    pub(crate) fn note_watched(&mut self, feed: Feed) {
        if !self.watched.contains(&feed) {
            self.watched.push(feed);
        }
    }

    /// When a keyframe may be asked for by who cannot take what a feed costs: at once, or [`CONGESTED_KEYFRAMES_APART`]
    /// after the last one. Keyframes that others asked for count, those of other threads too.
    pub(crate) fn next_relief(&mut self, now: Instant, feed: Feed) -> Instant {
        let Some(place) = self.relieved.iter().position(|(of, _)| *of == feed) else {
            self.relieved.push((feed, now));
            return now;
        };
        let ring = self.ring(feed);
        let keyframe = ring.and_then(|ring| Some(ring.get(ring.last_keyframe_start()?)?.arrival));
        let Some((_, last)) = self.relieved.get_mut(place) else {
            return now;
        };
        let apart = CONGESTED_KEYFRAMES_APART;
        // Long ago: whose path is full now and then need not wait.
        if now > *last + 2 * apart {
            *last = now;
        } else {
            // One that came meanwhile served whoever waited: the next is due as long after it.
            let due = if *last < now { now.max(*last + apart) } else { *last };
            *last = due.max(keyframe.map_or(due, |at| at + apart));
        }
        *last
    }

    /// Layers of a source that viewers on other threads want.
    pub(crate) fn wanted_elsewhere(&self, source: SourceId) -> LayerMask {
        self.followers.iter().fold(LayerMask::default(), |all, follower| {
            let named = follower.wanted.iter().find(|(id, _)| *id == source);
            LayerMask(all.0 | named.map_or(LayerMask::all(LAYERS_MAX), |(_, layers)| *layers).0)
        })
    }
}

/// A publisher's packet on its way to the viewers of a room.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) feed: Feed,
    pub(crate) packet: Arc<MediaPacket>,
    /// Padding that makes it as long as its neighbours, so that they share a GSO run.
    pub(crate) padding: u8,
    /// Of sound: what redundancy can repeat.
    pub(crate) earlier: Earlier,
    /// Place in the order of arrival.
    order: usize,
}

impl Pending {
    /// The `order`-th packet of a wake-up.
    pub(crate) fn new(feed: Feed, packet: Arc<MediaPacket>, earlier: Earlier, order: usize) -> Self {
        Self {
            feed,
            packet,
            padding: 0,
            earlier,
            order,
        }
    }
}

/// Packets of one feed that follow each other in [`Work::pending`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) feed: Feed,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Bytes of padding that one packet may get (RFC 3550: one octet counts them).
const PADDING_BYTES_MAX: usize = 255;
/// Padding stays below one part in this many of the packet.
const PADDING_SHARE: usize = 20;

/// Audio first, then feed by feed in order of arrival, with equal lengths: a shorter video packet that is not the last of
/// its stretch gets padding where that costs at most 5 %.
pub(crate) fn arrange(pending: &mut [Pending], stretches: &mut Vec<Stretch>) {
    // Unstable, as the stable sort allocates; the order of arrival is part of the key.
    pending.sort_unstable_by_key(|p| {
        // Who goes down from a part of a stream to a smaller one does so at the end of a picture: what is left of the
        // wake-up then comes from the smaller part.
        let layer = if p.packet.layered.is_some() {
            !p.feed.layer
        } else {
            p.feed.layer
        };
        (p.packet.codec != Codec::Opus, p.feed.source, layer, p.order)
    });
    let mut start = 0;
    for stretch in pending.chunk_by_mut(|a, b| a.feed == b.feed) {
        let end = start + stretch.len();
        if let Some(first) = stretch.first() {
            stretches.push(Stretch {
                feed: first.feed,
                start,
                end,
            });
        }
        start = end;
        let Some((_, body)) = stretch.split_last_mut() else {
            continue;
        };
        let longest = body.iter().map(|p| p.packet.payload.len()).max().unwrap_or(0);
        for one in body.iter_mut().filter(|p| p.packet.codec != Codec::Opus) {
            let missing = longest - one.packet.payload.len();
            if missing <= PADDING_BYTES_MAX && missing * PADDING_SHARE <= longest {
                one.padding = missing as u8;
            }
        }
    }
}

/// Fan-out of one wake-up's packets to the viewers of a room, chunk by chunk.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// The room.
    pub(crate) room: Option<RoomKey>,
    pub(crate) pending: Vec<Pending>,
    pub(crate) stretches: Vec<Stretch>,
    /// Indices of the room's viewers as they were at the start, rotated so that nobody is always last; who left since is
    /// passed over.
    pub(crate) viewers: Vec<usize>,
    /// Viewers served.
    pub(crate) done: usize,
    /// Whether pictures were left out, so that all pictures of these viewers wait for their next keyframes.
    pub(crate) lacks_pictures: bool,
}
