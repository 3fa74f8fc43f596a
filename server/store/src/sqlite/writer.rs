// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The thread that writes. It takes everything that waits, makes it durable with one fsync (group commit) and then
//! answers. Afterwards what was erased leaves the journal, as soon as no other program reads it there.

use std::iter::once;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::erasing::Erasing;
use super::job::{Job, Traces};
use super::{BUSY_WAIT_MAX, GROUP_MAX, SCRUB_RETRY, SCRUB_WAIT_MAX};
use crate::StoreError;

/// How long one try to empty the journal holds up those who write.
const SCRUB_TRY: Duration = Duration::from_millis(20);

/// Writes until the queue is closed and empty.
pub(super) fn run(file: Connection, jobs: &Receiver<Box<dyn Job>>, erasing: &Erasing) {
    let mut writer = Writer {
        file,
        // What an earlier process erased may still be in the journal.
        scrub_at: erasing.since().map(|_| Instant::now()),
        erasing,
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

struct Writer<'a> {
    file: Connection,
    /// When the journal is to be emptied; none: nothing in it must go.
    scrub_at: Option<Instant>,
    /// Since when something that was erased for good may still be in it.
    erasing: &'a Erasing,
}

impl Writer<'_> {
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
                    // While another program reads, the next try is due anyway.
                    self.scrub_by(if self.erasing.since().is_some() {
                        now + SCRUB_RETRY
                    } else {
                        now
                    });
                    self.erasing.begins(now);
                    job.answer(Ok(()));
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
        match scrub(&self.file, SCRUB_TRY) {
            Ok(()) => {
                self.scrub_at = None;
                self.erasing.ends();
            }
            Err(error) => {
                self.erasing.goes_on(now, &error);
                self.scrub_at = Some(Instant::now() + SCRUB_RETRY);
            }
        }
    }

    fn close(self) {
        // What cannot be cleared now is cleared at the next start.
        if self.scrub_at.is_some() && scrub(&self.file, BUSY_WAIT_MAX).is_ok() {
            self.erasing.ends();
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
