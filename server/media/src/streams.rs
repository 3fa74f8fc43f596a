// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Byte streams and relays that others hold for peers whom UDP does not reach (ICE-TCP, TURN): a table of where their
//! datagrams go. It never sees what frames them on the wire.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use fiera_sfu::egress::{StreamId, StreamKind};

/// Where the datagrams of one stream or relay go.
pub trait StreamSink: Send + Sync {
    /// Queues one datagram; never blocks; false: full or closed. What is refused is lost: the peer's pictures then wait
    /// for their next keyframe. Called on a media thread.
    fn send(&self, datagram: &[u8]) -> bool;
}

/// The open streams.
#[derive(Default)]
pub(crate) struct Streams {
    last: AtomicU64,
    sinks: RwLock<HashMap<StreamId, Arc<dyn StreamSink>>>,
}

impl Streams {
    pub(crate) fn open(&self, kind: StreamKind, sink: Arc<dyn StreamSink>) -> StreamId {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let id = StreamId { number, kind };
        self.sinks
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, sink);
        id
    }

    pub(crate) fn close(&self, id: StreamId) {
        self.sinks.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    pub(crate) fn get(&self, id: StreamId) -> Option<Arc<dyn StreamSink>> {
        self.sinks
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned()
    }
}
