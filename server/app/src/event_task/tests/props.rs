// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A store that does what a test tells it to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fiera_store::memory::MemoryStore;
use fiera_store::{Answer, Batch, Fact, Kept, Lease, Snapshot, Store, StoreError, StoredFact};
use tokio::sync::Semaphore;

/// A store that can hang and fail, and whose records can turn out to be of a later version.
pub(super) struct Props {
    inner: MemoryStore,
    pub(super) unreadable: AtomicBool,
    pub(super) hangs: AtomicBool,
    /// Commits fail, once they hang no more.
    pub(super) fails: AtomicBool,
    /// A permit for each commit that hangs.
    hanging: Semaphore,
    /// A permit for each that may go on.
    go: Semaphore,
}

impl Props {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: MemoryStore::default(),
            unreadable: AtomicBool::new(false),
            hangs: AtomicBool::new(false),
            fails: AtomicBool::new(false),
            hanging: Semaphore::new(0),
            go: Semaphore::new(0),
        })
    }

    /// Waits until another commit hangs.
    pub(super) async fn commit_hangs(&self) {
        self.hanging.acquire().await.unwrap().forget();
    }

    /// Lets one commit that hangs go on.
    pub(super) fn let_one_go(&self) {
        self.go.add_permits(1);
    }
}

impl Store for Props {
    fn load<'a>(&'a self, event: &'a str) -> Answer<'a, Kept> {
        if !self.unreadable.load(Ordering::Relaxed) {
            return self.inner.load(event);
        }
        let fact = Fact {
            version: u16::MAX,
            body: Vec::new(),
        };
        let facts = vec![StoredFact { seq: 1, fact }];
        Box::pin(std::future::ready(Ok(Kept {
            facts,
            ..Kept::default()
        })))
    }

    fn commit<'a>(&'a self, event: &'a str, expected_seq: u64, batch: Batch) -> Answer<'a, u64> {
        Box::pin(async move {
            if self.hangs.load(Ordering::Relaxed) {
                self.hanging.add_permits(1);
                self.go.acquire().await.unwrap().forget();
            }
            if self.fails.load(Ordering::Relaxed) {
                return Err(StoreError::Unavailable("full".into()));
            }
            self.inner.commit(event, expected_seq, batch).await
        })
    }

    fn setups(&self) -> Answer<'_, BTreeMap<String, Vec<u8>>> {
        self.inner.setups()
    }

    fn save_setup<'a>(&'a self, event: &'a str, setup: Vec<u8>) -> Answer<'a, ()> {
        self.inner.save_setup(event, setup)
    }

    fn probe(&self) -> Answer<'_, ()> {
        self.inner.probe()
    }

    fn save_snapshot<'a>(&'a self, event: &'a str, snapshot: Snapshot) -> Answer<'a, ()> {
        self.inner.save_snapshot(event, snapshot)
    }

    fn snapshot<'a>(&'a self, event: &'a str) -> Answer<'a, Option<Snapshot>> {
        self.inner.snapshot(event)
    }

    fn lease<'a>(&'a self, event: &'a str, holder: &'a str, now_unix_ms: u64, ttl_ms: u64) -> Answer<'a, Lease> {
        self.inner.lease(event, holder, now_unix_ms, ttl_ms)
    }
}
