// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Files and folders that are refused: with a sentence that says what to do, and left as they are.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use fiera_store::sqlite::{Access, FILE, OpenError, SqliteStore};
use fiera_store::{Batch, Store, StoreError};
use rusqlite::Connection;
use support::{Folder, Seeded, one_fact, wait};

/// A folder with a file of a few hundred pages.
fn used(name: &str) -> (Folder, PathBuf) {
    let folder = Folder::new(name);
    let store = folder.serve();
    let mut seed = Seeded(3);
    for number in 0..100 {
        let batch = Batch {
            texts: vec![(seed.id(), Some(vec![1; 2_000]))],
            ..one_fact("a fact")
        };
        wait(store.commit("a", number, batch)).unwrap();
    }
    drop(store);
    let file = folder.join(FILE);
    (folder, file)
}

fn refused(folder: &Folder) -> OpenError {
    let file = folder.join(FILE);
    let before = fs::read(&file).ok();
    let refused = SqliteStore::open(folder.path(), Access::Serve).unwrap_err();
    assert_eq!(fs::read(&file).ok(), before, "the file is left as it is");
    let again = SqliteStore::open(folder.path(), Access::Beside).unwrap_err();
    assert_eq!(again.to_string(), refused.to_string(), "every time");
    refused
}

#[test]
fn a_file_of_a_later_version_is_refused() {
    let (folder, file) = used("newer");
    let later = Connection::open(file).unwrap();
    later
        .execute_batch("CREATE TABLE later (x); PRAGMA user_version = 99")
        .unwrap();
    later.close().unwrap();
    let sentence = refused(&folder).to_string();
    assert!(
        sentence.contains("format 99") && sentence.contains("start that version"),
        "{sentence}"
    );
}

#[test]
fn something_else_under_our_name_is_refused() {
    let folder = Folder::new("foreign");
    let other = Connection::open(folder.join(FILE)).unwrap();
    other.execute_batch("CREATE TABLE other (x)").unwrap();
    other.close().unwrap();
    assert!(matches!(refused(&folder), OpenError::Foreign { .. }));
}

#[test]
fn a_damaged_file_is_refused() {
    type Damage = fn(&mut Vec<u8>);
    let ways: [(&str, Damage); 6] = [
        ("no bytes at all", Vec::clear),
        ("a text", |bytes| *bytes = b"this is no database".repeat(100)),
        ("the header", |bytes| bytes[..100].fill(0xff)),
        ("pages in the middle", |bytes| {
            let middle = bytes.len() / 2 / 1_024 * 1_024;
            bytes[middle..middle + 8 * 1_024].fill(0xa5);
        }),
        ("the second half is missing", |bytes| bytes.truncate(bytes.len() / 2)),
        ("the end of a page is missing", |bytes| {
            bytes.truncate(bytes.len() - 700)
        }),
    ];
    for (what, damage) in ways {
        let (folder, file) = used("damaged");
        let mut bytes = fs::read(&file).unwrap();
        damage(&mut bytes);
        fs::write(&file, bytes).unwrap();
        let refused = refused(&folder);
        assert!(matches!(refused, OpenError::Damaged { .. }), "{what}: {refused}");
        assert!(refused.to_string().contains("restore a backup"), "{what}: {refused}");
    }
}

#[test]
fn a_missing_file_is_not_made_anew_over_its_journal() {
    let (folder, file) = used("lost");
    let store = folder.serve();
    wait(store.commit("a", 100, one_fact("in the journal"))).unwrap();
    // As after a crash: the journal was not moved into the file.
    let journal = fs::read(folder.join("fiera.sqlite-wal")).unwrap();
    drop(store);
    fs::remove_file(&file).unwrap();
    fs::write(folder.join("fiera.sqlite-wal"), journal).unwrap();
    assert!(matches!(refused(&folder), OpenError::Damaged { .. }));
    assert!(!file.exists());
}

#[test]
fn a_second_server_is_refused_and_a_command_is_not() {
    let folder = Folder::new("twice");
    let server = folder.serve();
    let second = SqliteStore::open(folder.path(), Access::Serve).unwrap_err();
    assert!(matches!(second, OpenError::Served { .. }));
    assert!(second.to_string().contains("stop it"), "{second}");

    let command = SqliteStore::open(folder.path(), Access::Beside).unwrap();
    wait(command.save_setup("fair", b"imported".to_vec())).unwrap();
    wait(server.commit("a", 0, one_fact("served"))).unwrap();
    assert_eq!(
        wait(server.setups()).unwrap().len(),
        1,
        "the server sees what was imported"
    );
    assert_eq!(wait(command.load("a")).unwrap().facts.len(), 1);
    let stale = wait(command.commit("a", 0, one_fact("too late")));
    assert_eq!(stale, Err(StoreError::Conflict { expected: 0, actual: 1 }));

    drop(server);
    drop(folder.serve());
    drop(command);
}

#[test]
fn a_command_does_not_take_a_wrong_folder_for_an_empty_one() {
    let folder = Folder::new("wrong");
    let wrong = folder.join("no-such-folder");
    let refused = SqliteStore::open(&wrong, Access::Beside).unwrap_err();
    assert!(matches!(refused, OpenError::Missing { .. }));
    assert!(refused.to_string().contains("--data"), "{refused}");
    assert!(!wrong.exists(), "nothing is made");
    let import = SqliteStore::open(&wrong, Access::BesideOrNew).unwrap();
    wait(import.save_setup("fair", b"imported".to_vec())).unwrap();
    let export = SqliteStore::open(&wrong, Access::Beside).unwrap();
    assert_eq!(wait(export.setups()).unwrap().len(), 1);
}

#[test]
fn leases_of_a_server_that_is_gone_are_over_and_fences_grow() {
    let folder = Folder::new("leases");
    let server = folder.serve();
    let first = wait(server.lease("a", "first", 1_000, 60_000)).unwrap();
    let command = SqliteStore::open(folder.path(), Access::Beside).unwrap();
    let refused = wait(command.lease("a", "import", 1_000, 60_000));
    assert_eq!(refused, Err(StoreError::Leased { until_unix_ms: 61_000 }));
    drop((server, command));
    let next = wait(folder.serve().lease("a", "second", 1_001, 60_000)).unwrap();
    assert!(next.fence > first.fence);
    let same = wait(folder.serve().lease("a", "second", 1_002, 60_000)).unwrap();
    assert!(same.fence > next.fence, "a name that comes back is another server");
}

#[test]
fn only_the_user_of_the_server_reads_the_files() {
    let (folder, file) = used("mode");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let store = folder.serve();
    wait(store.commit("a", 100, one_fact("1"))).unwrap();
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
}

#[test]
fn a_draft_of_an_interrupted_start_is_no_obstacle() {
    let folder = Folder::new("draft");
    fs::write(folder.join("fiera.sqlite.draft"), b"half").unwrap();
    wait(folder.serve().commit("a", 0, one_fact("1"))).unwrap();
}
