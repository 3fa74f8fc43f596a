// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One room on this thread: who watches, who publishes, and the plan for each side of the stage.

use std::sync::Arc;

use crate::api::{ParticipantKey, Side};
use crate::ingest::MediaPacket;
use crate::plan::Plan;
use crate::sdp::Codec;
use crate::speakers::Speakers;
use crate::viewer::line::Feed;

/// A room.
#[derive(Debug, Default)]
pub(crate) struct Room {
    /// Indices of viewers.
    pub(crate) viewers: Vec<usize>,
    /// Indices of publishers, in order of going on air.
    pub(crate) publishers: Vec<usize>,
    pub(crate) speakers: Speakers,
    pub(crate) audience: Plan,
    pub(crate) backstage: Plan,
    /// Last reported as speaking.
    pub(crate) speaking: Vec<ParticipantKey>,
    /// Packets of this wake-up, not fanned out yet.
    pub(crate) pending: Vec<Pending>,
}

impl Room {
    pub(crate) fn plan(&self, side: Side) -> &Plan {
        match side {
            Side::Audience => &self.audience,
            Side::Backstage => &self.backstage,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.viewers.is_empty() && self.publishers.is_empty()
    }
}

/// A publisher's packet on its way to the viewers of a room.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) feed: Feed,
    pub(crate) packet: Arc<MediaPacket>,
    /// Server time of its timestamp, microseconds.
    pub(crate) server_us: i64,
    /// Padding that makes it as long as its neighbours, so that they share a GSO run.
    pub(crate) padding: u8,
    /// Parameter sets that must go before it when a slot begins here.
    pub(crate) parameter_sets: Option<bytes::Bytes>,
}

/// Bytes of padding that one packet may get (RFC 3550: one octet counts them).
const PADDING_BYTES_MAX: usize = 255;
/// Padding stays below one part in this many of the packet.
const PADDING_SHARE: usize = 20;

/// Audio first, then equal lengths within stretches of one video feed: a shorter packet that is not the last of its
/// stretch gets padding where that costs at most 5 %.
pub(crate) fn arrange(pending: &mut [Pending]) {
    pending.sort_by_key(|p| p.packet.codec != Codec::Opus);
    for stretch in pending.chunk_by_mut(|a, b| a.feed == b.feed) {
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
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) pending: Vec<Pending>,
    /// Indices of the room's viewers as they were at the start, rotated so that nobody is always last; who left since is
    /// passed over.
    pub(crate) viewers: Vec<usize>,
    /// Viewers served.
    pub(crate) done: usize,
}
