// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A store as an event's task uses it, with a disk that fails on request: before a write, or after it and before
//! anybody learns that it succeeded.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use fiera_hub::{Record, Recovered};
use fiera_store::{Batch, Fact, Store};

const EVENT: &str = "fair";

/// What the disk does with the next write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    Works,
    /// Nothing is written.
    Fails,
    /// All is written, and the answer is lost.
    FailsLate,
}

pub(crate) struct Shelf {
    store: Box<dyn Store>,
    seq: u64,
    pub(crate) disk: Disk,
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for what a store answers; the store in memory answers at once.
fn wait<T>(answer: impl Future<Output = T>) -> T {
    let mut answer = pin!(answer);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match answer.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

impl Shelf {
    pub(crate) fn new(store: Box<dyn Store>) -> Self {
        let disk = Disk::Works;
        Self { store, seq: 0, disk }
    }

    /// Writes what one round kept. False where the caller has to take it as lost; the second says whether it is.
    pub(crate) fn commit(&mut self, records: Vec<Record>) -> (bool, bool) {
        if self.disk == Disk::Fails {
            return (false, true);
        }
        let batch = batch_of(records);
        let answer = wait(self.store.commit(EVENT, self.seq, batch));
        self.seq = answer.expect("a store that works takes what continues its log");
        (self.disk == Disk::Works, false)
    }

    /// Everything that was written.
    pub(crate) fn load(&mut self) -> Recovered {
        let kept = wait(self.store.load(EVENT)).expect("a store that works can be read");
        self.seq = kept.facts.last().map_or(0, |stored| stored.seq);
        let facts = kept.facts.into_iter();
        Recovered {
            facts: facts.map(|stored| (stored.fact.version, stored.fact.body)).collect(),
            texts: kept.texts,
            working: kept.working,
        }
    }
}

/// As the event's task gathers records; a later record of the same name wins.
fn batch_of(records: Vec<Record>) -> Batch {
    let mut batch = Batch::default();
    for record in records {
        match record {
            Record::Fact { version, body } => batch.facts.push(Fact { version, body }),
            Record::Text { id, body } => batch.texts.push((id, body)),
            Record::Working { key, value } => batch.working.push((key, value)),
            Record::WipeWorking => {
                batch.working.clear();
                batch.wipe_working = true;
            }
        }
    }
    batch
}
