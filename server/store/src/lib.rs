// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Where facts of an event outlive the process: an ordered log per event, a snapshot that is only a cache, a lease.
//! It stores bytes with a version and never knows what a fact means; every store passes [`contract::holds`].
#![forbid(unsafe_code)]

pub mod contract;
pub mod memory;

use std::future::Future;
use std::pin::Pin;

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

/// State as of a fact, so that a replay can start there. May be thrown away at any time.
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

/// Why a store did not do something. Nothing changed by it.
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

/// A log of facts per event. All methods are durable when they answer.
pub trait Store: Send + Sync {
    /// Appends all facts or none; answers the number of the last one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] unless the log ends with `expected_seq` (0: is empty).
    fn append<'a>(&'a self, event: &'a str, expected_seq: u64, facts: Vec<Fact>) -> Answer<'a, u64>;

    /// All facts numbered `from_seq` or later, in order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    fn read<'a>(&'a self, event: &'a str, from_seq: u64) -> Answer<'a, Vec<StoredFact>>;

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
}
