// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What the hub gives the shell to keep, and what it gets back after a restart: bytes in three of the four classes of
//! data (facts, texts, working state; presence is never written). Only the hub knows what they mean.

use std::collections::BTreeMap;

/// Something to be made durable before any later output is carried out. All records of one input are kept or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Appended to the log of the event.
    Fact {
        /// Version of the encoding.
        version: u16,
        /// The encoded fact.
        body: Vec<u8>,
    },
    /// A text of somebody; without a body it is erased for good.
    Text {
        /// Its random id.
        id: u128,
        /// The encoded text.
        body: Option<Vec<u8>>,
    },
    /// A row of working state, overwritten in place; without a value it is removed.
    Working {
        /// Its name, unique within the event.
        key: String,
        /// The encoded value.
        value: Option<Vec<u8>>,
    },
    /// All working state is removed: the event is over.
    WipeWorking,
}

/// Everything that was kept of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The log from its start: version and body of each fact.
    pub facts: Vec<(u16, Vec<u8>)>,
    /// Texts that were not erased.
    pub texts: BTreeMap<u128, Vec<u8>>,
    /// Working state.
    pub working: BTreeMap<String, Vec<u8>>,
}

/// Why an event cannot be brought back. Nothing is changed: the file is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// A later version of this program wrote it.
    #[error("fact {0} was written by a later version of this program; start that version, or restore a backup")]
    Newer(usize),
    /// It is damaged.
    #[error("fact {0} cannot be read; restore a backup")]
    Damaged(usize),
    /// The event's settings cannot be run.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
}
