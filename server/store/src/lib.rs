// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What of an event outlives the process: an ordered log of facts, texts that can be erased for good, working state
//! that is overwritten in place, and how the event was set up. It keeps bytes and never knows what they mean; presence
//! is never written. Every store passes [`contract::holds`].
#![forbid(unsafe_code)]

pub mod contract;
pub mod memory;
pub mod sqlite;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// What a store answers, once it is durable.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Something that happened, as bytes; a clock only on transitions and deadlines, never a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Version of the encoding in `body`, from 1.
    pub version: u16,
    /// The encoded fact.
    pub body: Vec<u8>,
}

/// A fact with its place in the log of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFact {
    /// 1 for the first fact of an event, then without gaps.
    pub seq: u64,
    /// The fact.
    pub fact: Fact,
}

/// What one commit changes, all or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Appended to the log, in this order.
    pub facts: Vec<Fact>,
    /// Texts by random id; none: erased for good. No reader sees it after the answer, and soon nothing of it is left in
    /// any file: see [`Store::erased_waits`].
    pub texts: Vec<(u128, Option<Vec<u8>>)>,
    /// Rows of working state, by name; none: removed. After `wipe_working`.
    pub working: Vec<(String, Option<Vec<u8>>)>,
    /// Removes all working state of the event first.
    pub wipe_working: bool,
}

impl Batch {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.texts.is_empty() && self.working.is_empty() && !self.wipe_working
    }
}

/// Everything that is kept of an event, apart from its setup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The log from its start.
    pub facts: Vec<StoredFact>,
    /// Texts that were not erased.
    pub texts: BTreeMap<u128, Vec<u8>>,
    /// Working state.
    pub working: BTreeMap<String, Vec<u8>>,
}

/// State as of a fact, so that a replay can start there. May be thrown away at any time, and is thrown away when a text
/// is erased or working state is wiped, for it may hold them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last fact contained.
    pub seq: u64,
    /// Version of the encoding in `body`.
    pub version: u16,
    /// The encoded state.
    pub body: Vec<u8>,
}

/// The right to run an event, for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Grows whenever the lease changes hands; a write with an older one is stale.
    pub fence: u64,
    /// Wall clock, milliseconds since 1970, at which it ends unless renewed.
    pub until_unix_ms: u64,
}

/// Why a store did not do something. Nothing changed by it; after [`StoreError::Unavailable`] alone that is not sure
/// (the disk may have failed at the last step), so the caller loads anew before it goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else appended first; read on and decide anew.
    #[error("the log of the event stands at {actual}, not at {expected}")]
    Conflict {
        /// What the caller believed.
        expected: u64,
        /// The last fact's number.
        actual: u64,
    },
    /// Another holder has the lease.
    #[error("another server runs the event until {until_unix_ms} ms since 1970")]
    Leased {
        /// When it ends.
        until_unix_ms: u64,
    },
    /// The store cannot be reached or written.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}

/// What outlives the process, per event. All methods are durable when they answer.
pub trait Store: Send + Sync {
    /// Makes all of a batch durable or nothing of it; answers the number of the last fact of the log.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] unless the log ends with `expected_seq` (0: is empty).
    fn commit<'a>(&'a self, event: &'a str, expected_seq: u64, batch: Batch) -> Answer<'a, u64>;

    /// Everything that is kept of an event; of an unknown one nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn load<'a>(&'a self, event: &'a str) -> Answer<'a, Kept>;

    /// How events were set up: short name and bytes, by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn setups(&self) -> Answer<'_, BTreeMap<String, Vec<u8>>>;

    /// Keeps how an event is set up, in place of what was there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn save_setup<'a>(&'a self, event: &'a str, setup: Vec<u8>) -> Answer<'a, ()>;

    /// Whether a write would succeed now, tried with one that leaves nothing behind.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with the reason.
    fn probe(&self) -> Answer<'_, ()>;

    /// Keeps a snapshot unless a later one is there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn save_snapshot<'a>(&'a self, event: &'a str, snapshot: Snapshot) -> Answer<'a, ()>;

    /// The last snapshot, if one is there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn snapshot<'a>(&'a self, event: &'a str) -> Answer<'a, Option<Snapshot>>;

    /// Takes or renews the lease of an event; `now_unix_ms` is the caller's wall clock.
    ///
    /// # Errors
    /// [`StoreError::Leased`] while another holder's lease lasts.
    fn lease<'a>(&'a self, event: &'a str, holder: &'a str, now_unix_ms: u64, ttl_ms: u64) -> Answer<'a, Lease>;

    /// How long something that was erased for good has been waiting to leave the files, as while a backup reads them.
    /// None: nothing waits, and nothing that was erased before the call is in any file.
    fn erased_waits(&self) -> Option<Duration> {
        None
    }
}
