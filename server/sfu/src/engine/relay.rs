// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What media threads tell each other. All publishers of a room are on one thread, its home, which makes the plans; the
//! threads that have viewers of the room follow it and keep a mirror. Values only: the shell carries them in order.

use std::sync::Arc;

use super::stage::Stage;
use crate::allocate::LayerMask;
use crate::api::RoomKey;
use crate::ingest::MediaPacket;
use crate::plan::SourceId;
use crate::viewer::line::Feed;

/// A media thread, numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ThreadId(pub u16);

/// A message from one media thread to another. Only [`Relay::is_droppable`] ones may be lost on the way, and none may
/// overtake another of the same sender.
#[derive(Debug, Clone)]
pub enum Relay {
    /// From home: the room as it is from now on.
    Stage(RoomKey, Arc<Stage>),
    /// From home: a packet of the room.
    Packet {
        /// The room.
        room: RoomKey,
        /// Source and layer.
        feed: Feed,
        /// The packet.
        packet: Arc<MediaPacket>,
        /// Whether the encoder ignores keyframe requests, so that its whole group of pictures must be kept.
        keep_gop: bool,
        /// Whether it is from before the follower began to watch: for its history only.
        past: bool,
    },
    /// To home: viewers of the room are here. Answered by the stage and the current groups of pictures.
    Watch(RoomKey),
    /// To home: so many viewers of the room are here now.
    Viewers(RoomKey, usize),
    /// To home: no viewer of the room is here any more.
    Unwatch(RoomKey),
    /// To home: somebody here cannot go on without a keyframe.
    Keyframe {
        /// The room.
        room: RoomKey,
        /// Whose.
        source: SourceId,
        /// The layer.
        layer: u8,
    },
    /// To home: the layers of a source that viewers here get or would like to get, when that changes.
    Wanted {
        /// The room.
        room: RoomKey,
        /// Of which source.
        source: SourceId,
        /// The layers.
        layers: LayerMask,
    },
}

impl Relay {
    /// Whether it may be dropped where the queue is full: a media packet, which a receiver can do without.
    #[must_use]
    pub fn is_droppable(&self) -> bool {
        matches!(self, Relay::Packet { .. })
    }
}
