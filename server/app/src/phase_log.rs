// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The facts of an event in the store: so far the moves along its life. Replaying them gives the phase.

use std::sync::Arc;

use fiera_protocol::view::EventPhase;
use fiera_store::{Batch, Fact, Store, StoreError};
use serde::{Deserialize, Serialize};

const VERSION: u16 = 1;

/// What happened; encoded as JSON. No participant and no name; a time because a transition may have one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum EventFact {
    PhaseMoved { phase: EventPhase, at_unix_ms: u64 },
}

/// The log of one event, and how far it was read or written.
pub(crate) struct PhaseLog {
    store: Arc<dyn Store>,
    event: String,
    seq: u64,
}

impl PhaseLog {
    /// Opens the log and replays it; the phase is none where it never moved.
    pub(crate) async fn open(store: Arc<dyn Store>, event: &str) -> Result<(Self, Option<EventPhase>), StoreError> {
        let mut log = Self {
            store,
            event: event.to_owned(),
            seq: 0,
        };
        let phase = log.replay().await?;
        Ok((log, phase))
    }

    /// Reads all facts again.
    pub(crate) async fn replay(&mut self) -> Result<Option<EventPhase>, StoreError> {
        let mut phase = None;
        for stored in self.store.load(&self.event).await?.facts {
            self.seq = stored.seq;
            let unreadable =
                || StoreError::Unavailable(format!("fact {} of {} is not readable", stored.seq, self.event));
            if stored.fact.version != VERSION {
                return Err(unreadable());
            }
            let EventFact::PhaseMoved { phase: moved, .. } =
                serde_json::from_slice(&stored.fact.body).map_err(|_| unreadable())?;
            phase = Some(moved);
        }
        Ok(phase)
    }

    /// Writes a move; nobody is told of it before this has answered.
    pub(crate) async fn moved(&mut self, phase: EventPhase, at_unix_ms: u64) -> Result<(), StoreError> {
        let body = serde_json::to_vec(&EventFact::PhaseMoved { phase, at_unix_ms })
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        self.seq = self
            .store
            .commit(
                &self.event,
                self.seq,
                Batch {
                    facts: vec![Fact { version: VERSION, body }],
                    ..Batch::default()
                },
            )
            .await?;
        Ok(())
    }
}
