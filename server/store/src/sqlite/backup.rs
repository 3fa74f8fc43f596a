// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A copy of what may be kept: one moment of the file, into a new one. Working state is never read for it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::BUSY_WAIT_MAX;
use super::open::{Failure, new_file};
use crate::StoreError;

/// The tables of a backup, in the order in which they refer to each other.
pub(super) const TABLES: &[&str] = &["events", "facts", "texts"];

/// See [`super::SqliteStore::backup_to`].
pub(super) fn write(from: &Path, to: &Path) -> Result<(), StoreError> {
    let refused = |failure| {
        let reason = match failure {
            Failure::Io(error) => error.to_string(),
            Failure::Sqlite(error) => error.to_string(),
        };
        StoreError::Unavailable(format!("the backup {} was not written: {reason}", to.display()))
    };
    if fs::symlink_metadata(to).is_ok() {
        let taken = io::Error::new(
            io::ErrorKind::AlreadyExists,
            "something is there already; take another name",
        );
        return Err(refused(taken.into()));
    }
    let draft = PathBuf::from(format!("{}.{}.part", to.display(), std::process::id()));
    let written = copy(from, &draft).and_then(|()| {
        File::open(&draft)?.sync_all()?;
        // A link fails where somebody else took the name meanwhile.
        fs::hard_link(&draft, to)?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(())
    });
    let _ = fs::remove_file(&draft);
    written.map_err(refused)
}

fn copy(from: &Path, draft: &Path) -> Result<(), Failure> {
    let mut file = new_file(draft)?;
    file.busy_timeout(BUSY_WAIT_MAX)?;
    file.execute("ATTACH ?1 AS served", [from.to_string_lossy()])?;
    let copied = file.transaction()?;
    for table in TABLES {
        copied.execute(&format!("INSERT INTO main.{table} SELECT * FROM served.{table}"), [])?;
    }
    copied.commit()?;
    close(file)
}

fn close(file: Connection) -> Result<(), Failure> {
    file.close().map_err(|(_, error)| error.into())
}
