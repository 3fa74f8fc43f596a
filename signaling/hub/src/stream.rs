// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A numbered sequence of changes and the state they lead to, each encoded once for everybody who follows.

use std::collections::VecDeque;
use std::sync::Arc;

use fiera_protocol::apply::apply;
use fiera_protocol::codec::encode;
use fiera_protocol::limits::{STREAM_RING_BYTES_MAX, STREAM_RING_MAX};
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Change, StreamId, StreamPosition, StreamState};

/// One stream: what its followers know.
#[derive(Debug)]
pub(crate) struct Stream {
    id: StreamId,
    epoch: u32,
    n: u64,
    state: StreamState,
    /// The last updates, ending with number `n`.
    ring: VecDeque<Arc<str>>,
    ring_bytes: usize,
    /// How many updates the ring keeps.
    keep: usize,
    /// The snapshot at `n`, once somebody needed it.
    snapshot: Option<Arc<str>>,
}

impl Stream {
    pub(crate) fn new(id: StreamId, epoch: u32, state: StreamState) -> Self {
        // A snapshot of `you` is as small as one update of it, and there is one such stream per person.
        let keep = if id == (StreamId::You {}) { 0 } else { STREAM_RING_MAX };
        Self {
            id,
            epoch,
            n: 0,
            state,
            ring: VecDeque::new(),
            ring_bytes: 0,
            keep,
            snapshot: None,
        }
    }

    /// What followers know.
    pub(crate) fn state(&self) -> &StreamState {
        &self.state
    }

    /// Makes the change part of the state and returns the encoded update.
    pub(crate) fn publish(&mut self, change: Change) -> Arc<str> {
        let fits = apply(&mut self.state, &change);
        debug_assert!(fits, "{change:?} on {:?}", self.id);
        self.n += 1;
        self.snapshot = None;
        let update = ServerMessage::Update {
            stream: self.id.clone(),
            epoch: self.epoch,
            n: self.n,
            change,
        };
        let text = encode(&update);
        self.ring_bytes += text.len();
        self.ring.push_back(text.clone());
        while self.ring.len() > self.keep || self.ring_bytes > STREAM_RING_BYTES_MAX {
            let Some(oldest) = self.ring.pop_front() else { break };
            self.ring_bytes -= oldest.len();
        }
        text
    }

    /// Makes the change part of what newcomers are told, without an update: words in the state were erased. The caller owes
    /// the followers an update that says all of it.
    pub(crate) fn amend(&mut self, change: &Change) {
        let fits = apply(&mut self.state, change);
        debug_assert!(fits, "{change:?} on {:?}", self.id);
        self.snapshot = None;
    }

    /// Forgets the updates so far: words in them were erased for good. Who asks for them gets a snapshot.
    pub(crate) fn forget_updates(&mut self) {
        self.ring.clear();
        self.ring_bytes = 0;
    }

    /// The whole state, encoded; shared by all who need it at this `n`.
    pub(crate) fn snapshot(&mut self) -> Arc<str> {
        let Self {
            id,
            epoch,
            n,
            state,
            snapshot,
            ..
        } = self;
        let build = || {
            let state = state.clone();
            encode(&ServerMessage::Snapshot {
                stream: id.clone(),
                epoch: *epoch,
                n: *n,
                state,
            })
        };
        snapshot.get_or_insert_with(build).clone()
    }

    /// The updates after a position, where all of them are still kept.
    pub(crate) fn since(&self, have: StreamPosition) -> Option<Vec<Arc<str>>> {
        if have.epoch != self.epoch {
            return None;
        }
        let missing = usize::try_from(self.n.checked_sub(have.n)?).ok()?;
        let skip = self.ring.len().checked_sub(missing)?;
        Some(self.ring.iter().skip(skip).cloned().collect())
    }

    /// Updates kept.
    pub(crate) fn kept(&self) -> usize {
        self.ring.len()
    }
}
