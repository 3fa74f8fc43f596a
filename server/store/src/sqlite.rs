// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The embedded store: one SQLite file in the data folder, one thread that writes it (group commit) and one that reads
//! it. What is durable when, who may open it and what erasing means stands in `LIFECYCLE.md`.

mod backup;
mod erasing;
mod job;
mod open;
mod reader;
mod rows;
mod schema;
mod writer;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::backup::BackupError;
pub use self::open::{Access, OpenError};
pub use self::schema::FORMAT;

use self::erasing::Erasing;
use self::job::{Traces, Worker};
use crate::{Answer, Batch, Kept, Lease, Snapshot, Store, StoreError};

/// The file in the data folder; SQLite keeps `-wal` and `-shm` beside it.
pub const FILE: &str = "fiera.sqlite";
/// Held by the server that runs on the data folder, from start to end.
pub const LOCK_FILE: &str = "fiera.lock";

/// Writes that wait for the disk; one more is refused at once.
pub const WRITES_MAX: usize = 4_096;
/// Writes that share one transaction and one fsync.
pub const GROUP_MAX: usize = 1_024;
/// Reads that wait; one more is refused at once.
pub const READS_MAX: usize = 1_024;
/// How long another program's write or checkpoint is waited for.
pub const BUSY_WAIT_MAX: Duration = Duration::from_secs(5);
/// Between two tries to empty a journal that another program still reads.
pub const SCRUB_RETRY: Duration = Duration::from_millis(200);
/// What was erased and is in the journal for longer than this is logged.
pub const ERASE_LOG_AFTER: Duration = Duration::from_secs(60);
/// Overwritten and removed working state leaves the journal within this time.
pub const SCRUB_WAIT_MAX: Duration = Duration::from_secs(1);
/// What a probe writes: more than a small commit, so that a disk with a few free blocks does not pass.
pub const PROBE_BYTES: u32 = 64 * 1_024;

/// The store of a single server. Commits happen in the order of the calls, whether or not their answers are awaited;
/// a read sees every write that was answered before it. Dropping it finishes what was asked and closes the file.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    // Both end before the lock is given back: fields are dropped in this order.
    writer: Worker,
    reader: Worker,
    erasing: Arc<Erasing>,
    _serving: Option<File>,
}

impl SqliteStore {
    /// Opens the file in the data folder; makes it (mode 0600) where there is none.
    ///
    /// # Errors
    /// Another server runs on the folder, or the file is of a later version, damaged, not ours, or cannot be written.
    /// It is left as it is then.
    pub fn open(folder: &Path, access: Access) -> Result<Self, OpenError> {
        Self::with_room_for(folder, access, u64::MAX)
    }

    /// As [`SqliteStore::open`]; beyond `bytes_max` the file takes nothing more, as on a full disk.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn with_room_for(folder: &Path, access: Access, bytes_max: u64) -> Result<Self, OpenError> {
        let opened = open::open(folder, access, bytes_max)?;
        let (write, read) = (opened.write, opened.read);
        let start = |source| OpenError::Folder {
            folder: folder.to_owned(),
            source,
        };
        let erasing = Arc::new(Erasing::default());
        if !opened.clear {
            erasing.begins(Instant::now());
        }
        let of_writer = erasing.clone();
        let writing = move |jobs| writer::run(write, &jobs, &of_writer);
        Ok(Self {
            path: folder.join(FILE),
            erasing,
            writer: Worker::start("store-write", WRITES_MAX, writing).map_err(start)?,
            reader: Worker::start("store-read", READS_MAX, move |jobs| reader::run(&read, &jobs)).map_err(start)?,
            _serving: opened.serving,
        })
    }

    /// Writes setups, facts and texts as they are now into a new file at `path`, which can serve as [`FILE`] of another
    /// data folder. Working state, snapshots and leases are never in it. Blocks; commits go on meanwhile.
    ///
    /// # Errors
    /// [`BackupError`] where something is at `path` already, it cannot be written, or another program holds the file.
    pub fn backup_to(&self, path: &Path) -> Result<(), BackupError> {
        backup::write(&self.path, path)
    }
}

impl Store for SqliteStore {
    fn commit<'a>(&'a self, event: &'a str, expected_seq: u64, batch: Batch) -> Answer<'a, u64> {
        let event = event.to_owned();
        self.writer
            .ask(move |file| rows::commit(file, &event, expected_seq, &batch))
    }

    fn load<'a>(&'a self, event: &'a str) -> Answer<'a, Kept> {
        let event = event.to_owned();
        self.reader
            .ask(move |file| Ok((rows::load(file, &event)?, Traces::None)))
    }

    fn setups(&self) -> Answer<'_, BTreeMap<String, Vec<u8>>> {
        self.reader.ask(move |file| Ok((rows::setups(file)?, Traces::None)))
    }

    fn save_setup<'a>(&'a self, event: &'a str, setup: Vec<u8>) -> Answer<'a, ()> {
        let event = event.to_owned();
        self.writer
            .ask(move |file| Ok((rows::save_setup(file, &event, &setup)?, Traces::None)))
    }

    fn probe(&self) -> Answer<'_, ()> {
        self.writer
            .ask(move |file| Ok((rows::fill_probe(file)?, Traces::Probe)))
    }

    fn save_snapshot<'a>(&'a self, event: &'a str, snapshot: Snapshot) -> Answer<'a, ()> {
        let event = event.to_owned();
        self.writer
            .ask(move |file| Ok((rows::save_snapshot(file, &event, &snapshot)?, Traces::None)))
    }

    fn snapshot<'a>(&'a self, event: &'a str) -> Answer<'a, Option<Snapshot>> {
        let event = event.to_owned();
        self.reader
            .ask(move |file| Ok((rows::snapshot(file, &event)?, Traces::None)))
    }

    fn lease<'a>(&'a self, event: &'a str, holder: &'a str, now_unix_ms: u64, ttl_ms: u64) -> Answer<'a, Lease> {
        let (event, holder) = (event.to_owned(), holder.to_owned());
        self.writer.ask(move |file| {
            let lease = rows::lease(file, &event, &holder, now_unix_ms, ttl_ms)?;
            Ok((lease, Traces::None))
        })
    }

    fn erased_waits(&self) -> Option<Duration> {
        self.erasing.since().map(|since| since.elapsed())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}
