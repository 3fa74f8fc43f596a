// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The store of a demo or a test: everything is gone when the process ends.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Answer, Batch, Fact, Kept, Lease, Snapshot, Store, StoreError, StoredFact};

/// Facts in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    events: Mutex<HashMap<String, Log>>,
}

#[derive(Debug, Default)]
struct Log {
    facts: Vec<Fact>,
    texts: BTreeMap<u128, Vec<u8>>,
    working: BTreeMap<String, Vec<u8>>,
    setup: Option<Vec<u8>>,
    snapshot: Option<Snapshot>,
    holder: Option<String>,
    lease: Option<Lease>,
}

fn put<K: Ord>(rows: &mut BTreeMap<K, Vec<u8>>, changes: Vec<(K, Option<Vec<u8>>)>) {
    for (key, value) in changes {
        match value {
            Some(value) => rows.insert(key, value),
            None => rows.remove(&key),
        };
    }
}

impl Log {
    fn last_seq(&self) -> u64 {
        self.facts.len() as u64
    }
}

impl MemoryStore {
    fn events(&self) -> MutexGuard<'_, HashMap<String, Log>> {
        // Every change below is a single step, so a poisoned map is still whole.
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, event: &str, work: impl FnOnce(&mut Log) -> T) -> T {
        work(self.events().entry(event.to_owned()).or_default())
    }
}

fn answer<'a, T: Send + 'a>(result: Result<T, StoreError>) -> Answer<'a, T> {
    Box::pin(std::future::ready(result))
}

impl Store for MemoryStore {
    fn commit<'a>(&'a self, event: &'a str, expected_seq: u64, batch: Batch) -> Answer<'a, u64> {
        answer(self.with(event, |log| {
            let actual = log.last_seq();
            if actual != expected_seq {
                return Err(StoreError::Conflict {
                    expected: expected_seq,
                    actual,
                });
            }
            if batch.wipe_working || batch.texts.iter().any(|(_, body)| body.is_none()) {
                log.snapshot = None;
            }
            log.facts.extend(batch.facts);
            put(&mut log.texts, batch.texts);
            if batch.wipe_working {
                log.working.clear();
            }
            put(&mut log.working, batch.working);
            Ok(log.last_seq())
        }))
    }

    fn load<'a>(&'a self, event: &'a str) -> Answer<'a, Kept> {
        answer(Ok(self.with(event, |log| {
            let number = |(seq, fact): (u64, &Fact)| StoredFact {
                seq,
                fact: fact.clone(),
            };
            Kept {
                facts: (1..).zip(&log.facts).map(number).collect(),
                texts: log.texts.clone(),
                working: log.working.clone(),
            }
        })))
    }

    fn setups(&self) -> Answer<'_, BTreeMap<String, Vec<u8>>> {
        let of = |(event, log): (&String, &Log)| Some((event.clone(), log.setup.clone()?));
        answer(Ok(self.events().iter().filter_map(of).collect()))
    }

    fn save_setup<'a>(&'a self, event: &'a str, setup: Vec<u8>) -> Answer<'a, ()> {
        self.with(event, |log| log.setup = Some(setup));
        answer(Ok(()))
    }

    fn probe(&self) -> Answer<'_, ()> {
        answer(Ok(()))
    }

    fn save_snapshot<'a>(&'a self, event: &'a str, snapshot: Snapshot) -> Answer<'a, ()> {
        self.with(event, |log| {
            if log.snapshot.as_ref().is_none_or(|kept| kept.seq <= snapshot.seq) {
                log.snapshot = Some(snapshot);
            }
        });
        answer(Ok(()))
    }

    fn snapshot<'a>(&'a self, event: &'a str) -> Answer<'a, Option<Snapshot>> {
        answer(Ok(self.with(event, |log| log.snapshot.clone())))
    }

    fn lease<'a>(&'a self, event: &'a str, holder: &'a str, now_unix_ms: u64, ttl_ms: u64) -> Answer<'a, Lease> {
        answer(self.with(event, |log| {
            let ours = log.holder.as_deref() == Some(holder);
            let fence = match log.lease {
                Some(lease) if !ours && lease.until_unix_ms > now_unix_ms => {
                    return Err(StoreError::Leased {
                        until_unix_ms: lease.until_unix_ms,
                    });
                }
                Some(lease) if ours => lease.fence,
                Some(lease) => lease.fence + 1,
                None => 1,
            };
            let lease = Lease {
                fence,
                until_unix_ms: now_unix_ms.saturating_add(ttl_ms),
            };
            log.holder = Some(holder.to_owned());
            log.lease = Some(lease);
            Ok(lease)
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::MemoryStore;

    #[test]
    fn memory_keeps_the_contract() {
        let mut run = pin!(crate::contract::holds(&MemoryStore::default));
        match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => assert_eq!(result, Ok(())),
            Poll::Pending => panic!("memory never waits"),
        }
    }
}
