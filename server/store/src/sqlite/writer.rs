// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The thread that writes. It takes everything that waits, makes it durable with one fsync (group commit) and then
//! answers; what was erased leaves the journal before its answer.

use std::iter::once;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::job::{Job, Traces};
use super::{BUSY_WAIT_MAX, ERASE_WAIT_MAX, GROUP_MAX, SCRUB_WAIT_MAX};
use crate::StoreError;

/// Between two tries to empty a journal that another program still reads.
const SCRUB_RETRY: Duration = Duration::from_millis(20);

/// Writes until the queue is closed and empty.
pub(super) fn run(file: Connection, jobs: &Receiver<Box<dyn Job>>) {
    let mut writer = Writer {
        file,
        erasing: Vec::new(),
        scrub_at: None,
        erased_by: None,
    };
    loop {
        let first = match writer.scrub_at {
            None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => jobs.recv_timeout(at.saturating_duration_since(Instant::now())),
        };
        match first {
            Ok(first) => writer.commit(once(first).chain(jobs.try_iter()).take(GROUP_MAX).collect()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        writer.scrub_when_due();
    }
    writer.close();
}

/// Why a group did not become durable. Nothing of it did.
enum Failed {
    /// Another program writes for too long, or the file cannot be written at all.
    Unbegun(StoreError),
    /// A job or the disk ended the transaction.
    Broken(StoreError),
}

struct Writer {
    file: Connection,
    /// Durable, but what they erased may still be in the journal.
    erasing: Vec<Box<dyn Job>>,
    /// When the journal is to be emptied; none: nothing in it must go.
    scrub_at: Option<Instant>,
    /// When those who wait for an erasure are told that it takes too long.
    erased_by: Option<Instant>,
}

impl Writer {
    fn commit(&mut self, mut group: Vec<Box<dyn Job>>) {
        match self.transact(&mut group) {
            Ok(()) => self.answer(group),
            // One of them may be what the disk had no room for; the others shall not suffer for it.
            Err(Failed::Broken(_)) if group.len() > 1 => {
                for job in group {
                    self.commit(vec![job]);
                }
            }
            Err(Failed::Broken(error) | Failed::Unbegun(error)) => {
                for job in group {
                    job.answer(Err(error.clone()));
                }
            }
        }
    }

    /// All jobs in one transaction; a refused one undoes only itself.
    fn transact(&self, group: &mut [Box<dyn Job>]) -> Result<(), Failed> {
        let run = |sql: &str| self.file.prepare_cached(sql)?.execute([]).map(drop);
        run("BEGIN IMMEDIATE").map_err(|error| Failed::Unbegun(error.into()))?;
        let all = || -> Result<(), StoreError> {
            for job in group {
                run("SAVEPOINT job")?;
                if let Err(refused) = job.run(&self.file) {
                    if self.file.is_autocommit() {
                        // It ended the whole transaction, as a full disk does.
                        return Err(refused);
                    }
                    run("ROLLBACK TO job")?;
                }
                run("RELEASE job")?;
            }
            Ok(run("COMMIT")?)
        };
        all().map_err(|error| {
            if !self.file.is_autocommit() {
                // Where even this fails, the next BEGIN does as well, and says why.
                let _ = run("ROLLBACK");
            }
            Failed::Broken(error)
        })
    }

    /// The group is durable.
    fn answer(&mut self, group: Vec<Box<dyn Job>>) {
        let probed = if group.iter().any(|job| job.traces() == Traces::Probe) {
            super::rows::clear_probe(&self.file)
        } else {
            Ok(())
        };
        for job in group {
            match job.traces() {
                Traces::None => job.answer(Ok(())),
                Traces::Probe => job.answer(probed.clone()),
                Traces::Later => {
                    self.scrub_by(Instant::now() + SCRUB_WAIT_MAX);
                    job.answer(Ok(()));
                }
                Traces::Now => {
                    let now = Instant::now();
                    self.scrub_by(now);
                    self.erased_by.get_or_insert(now + ERASE_WAIT_MAX);
                    self.erasing.push(job);
                }
            }
        }
    }

    fn scrub_by(&mut self, at: Instant) {
        self.scrub_at = Some(self.scrub_at.map_or(at, |already| already.min(at)));
    }

    fn scrub_when_due(&mut self) {
        let now = Instant::now();
        if self.scrub_at.is_none_or(|at| at > now) {
            return;
        }
        match scrub(&self.file, SCRUB_RETRY) {
            Ok(()) => {
                self.scrub_at = None;
                self.end_erasing(&Ok(()));
            }
            Err(error) => {
                if self.erased_by.is_some_and(|by| by <= now) {
                    self.end_erasing(&Err(error));
                }
                let hurried = !self.erasing.is_empty();
                self.scrub_at = Some(Instant::now() + if hurried { SCRUB_RETRY } else { SCRUB_WAIT_MAX });
            }
        }
    }

    fn end_erasing(&mut self, result: &Result<(), StoreError>) {
        self.erased_by = None;
        for job in self.erasing.drain(..) {
            job.answer(result.clone());
        }
    }

    fn close(mut self) {
        if self.scrub_at.is_some() {
            let scrubbed = scrub(&self.file, BUSY_WAIT_MAX);
            self.end_erasing(&scrubbed);
        }
    }
}

/// Moves the journal into the file and empties it, so that no earlier version of a page is left anywhere.
pub(super) fn scrub(file: &Connection, wait_max: Duration) -> Result<(), StoreError> {
    file.busy_timeout(wait_max)?;
    let busy = file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    file.busy_timeout(BUSY_WAIT_MAX)?;
    let reason = match busy {
        Ok(0) => return Ok(()),
        Ok(_) => "another program reads the file; end it".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(StoreError::Unavailable(format!(
        "it is erased, but a copy remains in the journal until that can be emptied: {reason}"
    )))
}
