// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What of one event is in the store: read whole at the start, then written one commit per round.
//! It knows the order of the log and who holds the lease, and nothing of what the records mean.

use std::sync::Arc;
use std::time::Instant;

use fiera_hub::{Record, Recovered};
use fiera_store::{Batch, Fact, Store, StoreError};

use crate::limits::LEASE_TTL;
use crate::metrics::Metrics;
use crate::token::unix_ms;

/// The records of one event.
pub(crate) struct Keeper {
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    event: String,
    holder: String,
    /// Number of the last fact that is in the store.
    seq: u64,
}

impl Keeper {
    pub(crate) fn new(store: Arc<dyn Store>, metrics: Arc<Metrics>, event: String, holder: String) -> Self {
        let seq = 0;
        Self {
            store,
            metrics,
            event,
            holder,
            seq,
        }
    }

    /// Reads everything; from here on commits go on where it ends.
    pub(crate) async fn load(&mut self) -> Result<Recovered, StoreError> {
        let kept = self.store.load(&self.event).await?;
        self.seq = kept.facts.last().map_or(0, |stored| stored.seq);
        let facts = kept.facts.into_iter();
        Ok(Recovered {
            facts: facts.map(|stored| (stored.fact.version, stored.fact.body)).collect(),
            texts: kept.texts,
            working: kept.working,
        })
    }

    /// Makes the records of a round durable: all or none.
    pub(crate) async fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        let (facts, started) = (batch.facts.len(), Instant::now());
        match self.store.commit(&self.event, self.seq, batch).await {
            Ok(seq) => {
                self.seq = seq;
                self.metrics.committed(facts, started.elapsed());
                Ok(())
            }
            Err(error) => {
                self.metrics.commit_failed();
                Err(error)
            }
        }
    }

    /// Whether a write would succeed now.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        self.store.probe().await
    }

    /// Takes or renews the right to run the event.
    pub(crate) async fn lease(&self) -> Result<(), StoreError> {
        let ttl_ms = u64::try_from(LEASE_TTL.as_millis()).unwrap_or(u64::MAX);
        let lease = self.store.lease(&self.event, &self.holder, unix_ms(), ttl_ms);
        lease.await.map(|_| ())
    }
}

/// Adds a record to what is committed together.
pub(super) fn keep(batch: &mut Batch, record: Record) {
    match record {
        Record::Fact { version, body } => batch.facts.push(Fact { version, body }),
        Record::Text { id, body } => batch.texts.push((id, body)),
        Record::Working { key, value } => batch.working.push((key, value)),
        Record::WipeWorking => {
            // The store wipes first, so that what came before the wipe must not be written after it.
            batch.working.clear();
            batch.wipe_working = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::keep;
    use fiera_hub::Record;
    use fiera_store::Batch;

    #[test]
    fn what_came_before_a_wipe_is_not_written_after_it() {
        let row = |key: &str| Record::Working {
            key: key.to_owned(),
            value: Some(vec![1]),
        };
        let mut batch = Batch::default();
        for record in [row("a"), Record::WipeWorking, row("b")] {
            keep(&mut batch, record);
        }
        assert!(batch.wipe_working);
        assert_eq!(batch.working, [("b".to_owned(), Some(vec![1]))]);
    }
}
