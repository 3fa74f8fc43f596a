// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who may open the file, and which files are opened at all. A file is looked at without a right to write first; what
//! cannot be used is refused with what to do, and never replaced.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema::{APPLICATION_ID, FORMAT, PAGE_BYTES, STEPS, format_of, migrate};
use super::{BUSY_WAIT_MAX, FILE, LOCK_FILE, SCRUB_RETRY, rows, writer};

/// Pages in the journal after which it is moved into the file.
const CHECKPOINT_PAGES: u32 = 4_000;
const MODE: u32 = 0o600;

/// What the file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To run events on it: one process at a time.
    Serve,
    /// For a command (export, backup) that may run beside a server, on a file that is there.
    Beside,
    /// As [`Access::Beside`], for a command that brings something in: the file is made where there is none.
    BesideOrNew,
}

/// Why the file was not opened. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A server has it.
    #[error("another Fiera server runs on the data folder {}; stop it, or give this one a folder of its own", folder.display())]
    Served {
        /// The data folder.
        folder: PathBuf,
    },
    /// A later version wrote it.
    #[error(
        "{} was written by a later version of Fiera (format {found}, this version knows {FORMAT}) and is left as it is; \
         start that version, or move the file away and restore a backup of this version",
        file.display()
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        found: i64,
    },
    /// There is none, and the command brings nothing in.
    #[error(
        "there is no file {}; name the data folder of the server with --data (a folder without the file is new: start \
         the server on it, or bring an event in with `fiera event import`)",
        file.display()
    )]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// Something else has its name.
    #[error("{} is not a file of Fiera and is left as it is; move it away, or set another data folder", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// It cannot be read as a whole.
    #[error(
        "{} is damaged ({reason}) and is left as it is; move it away together with the -wal file beside it, then \
         restore a backup under its name or start empty",
        file.display()
    )]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What SQLite found.
        reason: String,
    },
    /// The folder cannot be used.
    #[error(
        "the data folder {} cannot be used: {source}; see that this user may read and write it, or name another folder",
        folder.display()
    )]
    Folder {
        /// The data folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It cannot be opened or written now.
    #[error("{} cannot be opened: {reason}; see whether the disk is full or another program holds the file", file.display())]
    Unavailable {
        /// The file.
        file: PathBuf,
        /// What SQLite says.
        reason: String,
    },
}

/// A file that passed.
pub(super) struct Opened {
    pub(super) write: Connection,
    pub(super) read: Connection,
    /// The lock of a server.
    pub(super) serving: Option<File>,
    /// Nothing that an earlier process erased is left in the journal.
    pub(super) clear: bool,
}

/// See [`super::SqliteStore::open`].
pub(super) fn open(folder: &Path, access: Access, bytes_max: u64) -> Result<Opened, OpenError> {
    let used = |source| OpenError::Folder {
        folder: folder.to_owned(),
        source,
    };
    let path = folder.join(FILE);
    let journal = || fs::metadata(beside(&path, "-wal")).is_ok_and(|wal| wal.len() > 0);
    let missing = || matches!(fs::metadata(&path), Err(error) if error.kind() == io::ErrorKind::NotFound);
    if access == Access::Beside && missing() && !journal() {
        return Err(OpenError::Missing { file: path });
    }
    fs::create_dir_all(folder).map_err(used)?;
    let serving = match access {
        Access::Serve => Some(serve_alone(folder)?),
        Access::Beside | Access::BesideOrNew => None,
    };
    // Two programs that start at once: one makes the file, the other finds it whole.
    let turn = File::open(folder).map_err(used)?;
    turn.lock().map_err(used)?;

    let of_sqlite = |error: rusqlite::Error| refusal(&path, &error);
    let journal = journal();
    match fs::metadata(&path) {
        Ok(found) if found.len() == 0 => return Err(damaged(&path, "it is empty")),
        // With a journal it may be one: then the missing part is in there.
        Ok(found) if found.len() % u64::from(PAGE_BYTES) != 0 && !journal => {
            return Err(damaged(&path, "its end is missing"));
        }
        Ok(_) => restrict(&path).map_err(used)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound && journal => {
            return Err(damaged(&path, "it is gone, but its -wal file is there"));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(folder, &path).map_err(|failure| match failure {
                Failure::Io(source) => used(source),
                Failure::Sqlite(error) => of_sqlite(error),
            })?;
        }
        Err(error) => return Err(used(error)),
    }
    let format = inspect(&path)?;
    let mut write = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(of_sqlite)?;
    prepare_writing(&write, bytes_max).map_err(of_sqlite)?;
    if format < i64::from(FORMAT) {
        let _alone = match access {
            Access::Serve => None,
            Access::Beside | Access::BesideOrNew => Some(serve_alone(folder)?),
        };
        migrate(&mut write, STEPS).map_err(of_sqlite)?;
    }
    let mut clear = true;
    if access == Access::Serve {
        rows::end_leases(&write).map_err(of_sqlite)?;
        // What an earlier process erased and could not clear. Where a command reads just now, the writer tries on.
        clear = writer::scrub(&write, SCRUB_RETRY).is_ok();
    }
    let read = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(of_sqlite)?;
    read.busy_timeout(BUSY_WAIT_MAX).map_err(of_sqlite)?;
    Ok(Opened {
        write,
        read,
        serving,
        clear,
    })
}

/// The lock of the one server on a folder. The system gives it back when the process ends, however it ends.
fn serve_alone(folder: &Path) -> Result<File, OpenError> {
    let used = |source| OpenError::Folder {
        folder: folder.to_owned(),
        source,
    };
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(MODE)
        .open(folder.join(LOCK_FILE))
        .map_err(used)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::Served {
            folder: folder.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(used(source)),
    }
}

/// Only the server's user reads it; SQLite gives the files beside it the same mode.
fn restrict(path: &Path) -> io::Result<()> {
    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        match fs::set_permissions(file, Permissions::from_mode(MODE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

pub(super) enum Failure {
    Io(io::Error),
    Sqlite(rusqlite::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Makes a whole file under another name first, so that an empty one under ours is always a damaged one.
fn create(folder: &Path, path: &Path) -> Result<(), Failure> {
    let draft = beside(path, ".draft");
    for left in [draft.clone(), beside(&draft, "-journal")] {
        match fs::remove_file(left) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    drop(new_file(&draft)?);
    fs::rename(&draft, path)?;
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// A new file with empty tables, in today's format, in one transaction with its rollback journal.
pub(super) fn new_file(path: &Path) -> Result<Connection, Failure> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path)?
        .sync_all()?;
    let mut file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    file.pragma_update(None, "page_size", PAGE_BYTES)?;
    file.pragma_update(None, "synchronous", "FULL")?;
    file.pragma_update(None, "secure_delete", "ON")?;
    file.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate(&mut file, STEPS)?;
    Ok(file)
}

/// Looks at a file without changing it; answers its format.
fn inspect(path: &Path) -> Result<i64, OpenError> {
    let look = || -> Result<(i32, i64, u32), rusqlite::Error> {
        let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        file.busy_timeout(BUSY_WAIT_MAX)?;
        let application = file.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let page_bytes = file.pragma_query_value(None, "page_size", |row| row.get(0))?;
        Ok((application, format_of(&file)?, page_bytes))
    };
    let (application, format, page_bytes) = look().map_err(|error| refusal(path, &error))?;
    if application != APPLICATION_ID || format < 1 {
        return Err(OpenError::Foreign { file: path.to_owned() });
    }
    if format > i64::from(FORMAT) {
        return Err(OpenError::Newer {
            file: path.to_owned(),
            found: format,
        });
    }
    if page_bytes != PAGE_BYTES {
        // Erasing relies on it.
        return Err(damaged(path, "another program changed the size of its pages"));
    }
    check(path)?;
    Ok(format)
}

/// Reads the whole file for damage.
fn check(path: &Path) -> Result<(), OpenError> {
    let found = || -> Result<String, rusqlite::Error> {
        let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        file.busy_timeout(BUSY_WAIT_MAX)?;
        file.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
    };
    match found() {
        Ok(verdict) if verdict == "ok" => Ok(()),
        Ok(verdict) => Err(damaged(path, verdict.lines().last().unwrap_or_default())),
        Err(error) => Err(refusal(path, &error)),
    }
}

fn prepare_writing(file: &Connection, bytes_max: u64) -> Result<(), rusqlite::Error> {
    file.busy_timeout(BUSY_WAIT_MAX)?;
    file.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
    file.pragma_update(None, "synchronous", "FULL")?;
    file.pragma_update(None, "foreign_keys", "ON")?;
    file.pragma_update(None, "secure_delete", "ON")?;
    file.pragma_update(None, "cell_size_check", "ON")?;
    file.pragma_update(None, "trusted_schema", "OFF")?;
    // Nothing goes into temporary files.
    file.pragma_update(None, "temp_store", "MEMORY")?;
    file.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    let pages_max = u32::try_from(bytes_max / u64::from(PAGE_BYTES)).unwrap_or(u32::MAX - 1);
    file.pragma_update_and_check(None, "max_page_count", pages_max, |_| Ok(()))
}

fn damaged(path: &Path, reason: &str) -> OpenError {
    OpenError::Damaged {
        file: path.to_owned(),
        reason: reason.to_owned(),
    }
}

fn refusal(path: &Path, error: &rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(path, &error.to_string()),
        _ => OpenError::Unavailable {
            file: path.to_owned(),
            reason: error.to_string(),
        },
    }
}
