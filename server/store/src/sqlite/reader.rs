// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The thread that reads. It has a connection of its own that cannot write, so reading goes on when writing fails.

use std::sync::mpsc::Receiver;

use rusqlite::Connection;

use super::job::Job;

/// Answers reads until the queue is closed, each of one moment of the file.
pub(super) fn run(file: &Connection, jobs: &Receiver<Box<dyn Job>>) {
    for mut job in jobs {
        let read = file.unchecked_transaction().map(|moment| {
            // The job keeps its own refusal. The moment ends with a rollback: nothing was written.
            let _ = job.run(&moment);
        });
        job.answer(read.map_err(Into::into));
    }
}
