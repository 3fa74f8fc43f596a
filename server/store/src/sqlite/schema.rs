// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The tables, and the steps from any earlier format to today's. A step that was released is never changed; a later
//! version appends one.

use rusqlite::Connection;

/// `application_id` of our files: "Fira" in ASCII.
pub(super) const APPLICATION_ID: i32 = 0x4669_7261;
/// Small pages: a commit touches a handful, and each goes through the journal.
pub(super) const PAGE_BYTES: u32 = 1_024;
/// The most of a row that SQLite keeps in a tree page of a table without rowid (its file format, 1.6).
///
/// A tree page may keep stale copies of the rows that were moved when it was split (`secure_delete` clears a freed cell
/// and a freed page, not the gap of a rebuilt page). So what must be erasable stands behind this many zeroes: then all
/// of it lies in overflow pages, which are never moved, and which are cleared when they are freed.
pub(super) const SHIELD_BYTES: u32 = (PAGE_BYTES - 12) * 64 / 255 - 23;

/// Format number of the files that this version writes (`user_version`).
#[allow(clippy::cast_possible_truncation, reason = "a handful of steps")]
pub const FORMAT: u32 = STEPS.len() as u32;

/// From format n to n + 1.
pub(super) const STEPS: &[&str] = &["
    CREATE TABLE events (
        event INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        setup BLOB
    ) STRICT;

    CREATE TABLE facts (
        event INTEGER NOT NULL REFERENCES events,
        seq INTEGER NOT NULL CHECK (seq > 0),
        version INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (event, seq)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE texts (
        event INTEGER NOT NULL REFERENCES events,
        id BLOB NOT NULL CHECK (length(id) = 16),
        shield BLOB NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (event, id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE working (
        event INTEGER NOT NULL REFERENCES events,
        name TEXT NOT NULL,
        shield BLOB NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (event, name)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE snapshots (
        event INTEGER PRIMARY KEY REFERENCES events,
        seq INTEGER NOT NULL,
        version INTEGER NOT NULL,
        shield BLOB NOT NULL,
        body BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE leases (
        event INTEGER PRIMARY KEY REFERENCES events,
        holder TEXT NOT NULL,
        fence INTEGER NOT NULL,
        until_unix_ms INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE probe (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        body BLOB NOT NULL
    ) STRICT;
"];

/// Brings a file of an earlier format to today's, each step whole or not at all.
pub(super) fn migrate(file: &mut Connection, steps: &[&str]) -> Result<(), rusqlite::Error> {
    loop {
        let step = file.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let format = format_of(&step)?;
        let Some(sql) = usize::try_from(format).ok().and_then(|format| steps.get(format)) else {
            return Ok(());
        };
        step.execute_batch(sql)?;
        step.pragma_update(None, "user_version", format + 1)?;
        step.commit()?;
    }
}

/// The format number in the file.
pub(super) fn format_of(file: &Connection) -> Result<i64, rusqlite::Error> {
    file.pragma_query_value(None, "user_version", |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{format_of, migrate};

    #[test]
    fn steps_are_taken_once_and_in_order() {
        let mut file = Connection::open_in_memory().unwrap();
        let steps = [
            "CREATE TABLE a (x)",
            "ALTER TABLE a ADD COLUMN y",
            "INSERT INTO a VALUES (1, 2)",
        ];
        migrate(&mut file, &steps[..1]).unwrap();
        assert_eq!(format_of(&file), Ok(1));
        migrate(&mut file, &steps).unwrap();
        migrate(&mut file, &steps).unwrap();
        assert_eq!(format_of(&file), Ok(3));
        let rows: i64 = file.query_row("SELECT count(*) FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn a_step_that_fails_leaves_the_format_before_it() {
        let mut file = Connection::open_in_memory().unwrap();
        let steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"];
        assert!(migrate(&mut file, &steps).is_err());
        assert_eq!(format_of(&file), Ok(1));
        assert!(file.prepare("SELECT * FROM b").is_err(), "nothing of the step is there");
    }
}
