// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Walks the tables: every column has a class here, and no table joins a person, a place and a time.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use fiera_store::sqlite::FILE;
use rusqlite::Connection;
use support::Folder;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// Says who: an id, key or name of a participant.
    Person,
    /// Says where, more closely than in which event.
    Place,
    /// Says when, of something that somebody did.
    Time,
    /// Which event, and how it is set up.
    Event,
    /// Encoded facts: the hub's own test looks into them.
    Facts,
    /// What somebody chose to publish, with time to the minute: the rule's only exception, erasable.
    Text,
    /// Numbers and names that say nothing about people: order, version, server, deadline of a server.
    Machine,
}

use Class::{Event, Facts, Machine, Person, Place, Text, Time};

const COLUMNS: &[(&str, &str, Class)] = &[
    ("events", "event", Event),
    ("events", "name", Event),
    ("events", "setup", Event),
    ("facts", "event", Event),
    ("facts", "seq", Machine),
    ("facts", "version", Machine),
    ("facts", "body", Facts),
    ("texts", "event", Event),
    ("texts", "id", Machine),
    ("texts", "shield", Machine),
    ("texts", "body", Text),
    // Hands, bans and ballots: whose and in which room, hence never when.
    ("working", "event", Event),
    ("working", "name", Place),
    ("working", "shield", Machine),
    ("working", "value", Person),
    ("snapshots", "event", Event),
    ("snapshots", "seq", Machine),
    ("snapshots", "version", Machine),
    ("snapshots", "shield", Machine),
    ("snapshots", "body", Facts),
    ("leases", "event", Event),
    ("leases", "holder", Machine),
    ("leases", "fence", Machine),
    ("leases", "until_unix_ms", Time),
    ("probe", "id", Machine),
    ("probe", "body", Machine),
];

fn columns_of(file: &Connection) -> Vec<(String, String)> {
    let sql =
        "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_xinfo(t.name) c WHERE t.type IN ('table', 'view')";
    let mut rows = file.prepare(sql).unwrap();
    let columns = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    columns.map(Result::unwrap).collect()
}

fn joins_person_place_and_time(classes: &BTreeSet<Class>) -> bool {
    [Person, Place, Time].iter().all(|class| classes.contains(class))
}

#[test]
fn no_row_joins_a_person_a_place_and_a_time() {
    let folder = Folder::new("schema");
    drop(folder.serve());
    let file = Connection::open(folder.join(FILE)).unwrap();
    let mut tables: BTreeMap<String, BTreeSet<Class>> = BTreeMap::new();
    for (table, column) in columns_of(&file) {
        let listed = COLUMNS.iter().find(|(t, c, _)| *t == table && *c == column);
        let Some((_, _, class)) = listed else {
            panic!(
                "{table}.{column} has no class. Add it to COLUMNS with what it says: who (Person), where (Place), when \
                 (Time), or none of these. Attendance is no surveillance: what says all three is not stored."
            );
        };
        tables.entry(table).or_default().insert(*class);
    }
    assert_eq!(tables.len(), 7, "all tables were walked");
    for (table, classes) in &tables {
        assert!(
            !joins_person_place_and_time(classes),
            "a row of {table} says who was where and when. Public employers may not keep that of their workers (art. 4 \
             law 300/1970; GDPR): drop the time, or keep the person in memory only."
        );
    }
    // What is overwritten in place has no clock and no order beside it: neither says when somebody did something.
    assert!(!tables["working"].contains(&Time));
}

#[test]
fn every_listed_column_is_there() {
    let folder = Folder::new("schema-listed");
    drop(folder.serve());
    let found: BTreeSet<_> = columns_of(&Connection::open(folder.join(FILE)).unwrap())
        .into_iter()
        .collect();
    for (table, column, _) in COLUMNS {
        assert!(
            found.contains(&((*table).to_owned(), (*column).to_owned())),
            "{table}.{column} is listed, but there is no such column"
        );
    }
}

#[test]
fn working_state_keeps_no_order_of_writing() {
    let folder = Folder::new("schema-order");
    drop(folder.serve());
    let file = Connection::open(folder.join(FILE)).unwrap();
    for table in ["texts", "working"] {
        let rowid = file.prepare(&format!("SELECT rowid FROM {table}"));
        assert!(
            rowid.is_err(),
            "{table} has a rowid, which says in which order its rows were written"
        );
    }
}

#[test]
fn a_table_that_joins_them_would_be_found() {
    assert!(joins_person_place_and_time(&[Person, Place, Time, Event].into()));
    assert!(!joins_person_place_and_time(&[Person, Place, Event].into()));
}
