// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A copy of what may be kept: one moment of the file, into a new one. Working state is never read for it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};

use super::BUSY_WAIT_MAX;
use super::open::{Failure, new_file};

/// The tables of a backup, in the order in which they refer to each other.
pub(super) const TABLES: &[&str] = &["events", "facts", "texts"];

/// Why there is no backup. What stands at its name and the store are as they were.
#[derive(Debug, thiserror::Error)]
#[error("the backup {} was not written: {reason}", file.display())]
pub struct BackupError {
    file: PathBuf,
    reason: String,
}

/// What is wrong, and what to do.
fn reason(failure: &Failure, from: &Path, to: &Path) -> String {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).display();
    let full = || format!("the disk of {folder} is full; make room, or name a file on another one");
    match failure {
        Failure::Io(error) => match error.kind() {
            io::ErrorKind::NotFound => format!("there is no folder {folder}; make it, or name another file"),
            io::ErrorKind::PermissionDenied => {
                format!(
                    "no permission to write to {folder}; name a file in a folder of yours, or run this as its owner"
                )
            }
            io::ErrorKind::StorageFull => full(),
            _ => error.to_string(),
        },
        Failure::Sqlite(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => format!(
                "another program holds {} (a running server alone does not); end it, then try again",
                from.display()
            ),
            Some(ErrorCode::DiskFull) => full(),
            _ => error.to_string(),
        },
    }
}

/// See [`super::SqliteStore::backup_to`].
pub(super) fn write(from: &Path, to: &Path) -> Result<(), BackupError> {
    let refused = |failure| BackupError {
        file: to.to_owned(),
        reason: reason(&failure, from, to),
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

#[cfg(test)]
mod tests {
    use super::{Failure, reason};
    use rusqlite::ffi;
    use std::io;
    use std::path::Path;

    #[test]
    fn a_refusal_says_what_is_wrong_and_what_to_do() {
        let said = |failure| reason(&failure, Path::new("data/fiera.sqlite"), Path::new("copies/today"));
        let of_sqlite = |code| Failure::Sqlite(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        let busy = said(of_sqlite(ffi::SQLITE_BUSY));
        assert!(busy.contains("data/fiera.sqlite") && busy.contains("end it"), "{busy}");
        let denied = said(Failure::Io(io::ErrorKind::PermissionDenied.into()));
        assert!(denied.contains("permission to write to copies"), "{denied}");
        let full = said(of_sqlite(ffi::SQLITE_FULL));
        assert!(full.contains("disk of copies is full"), "{full}");
    }
}
