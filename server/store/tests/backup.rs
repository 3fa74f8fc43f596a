// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A backup is one moment of the store, can be served, and never holds working state.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use fiera_store::sqlite::{Access, FILE, SqliteStore};
use fiera_store::{Batch, Store};
use support::{Folder, one_fact, wait};

#[test]
fn a_backup_holds_setups_facts_and_texts_but_no_working_state() {
    let (folder, other) = (Folder::new("backup"), Folder::new("backup-restored"));
    let server = folder.serve();
    let batch = Batch {
        texts: vec![(9, Some(b"a text".to_vec()))],
        working: vec![("voter key".to_owned(), Some(b"<the secret>".to_vec()))],
        ..one_fact("1")
    };
    wait(server.commit("a", 0, batch)).unwrap();
    wait(server.save_setup("a", b"setup".to_vec())).unwrap();
    wait(server.lease("a", "server", 0, 1_000)).unwrap();

    let command = SqliteStore::open(folder.path(), Access::Beside).unwrap();
    command.backup_to(&other.join(FILE)).unwrap();
    assert!(!other.holds(b"<the secret>") && !other.holds(b"voter key"));
    let files: Vec<_> = fs::read_dir(other.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "nothing else is left behind");
    let mode = fs::metadata(other.join(FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let restored = other.serve();
    let (kept, of_server) = (wait(restored.load("a")).unwrap(), wait(server.load("a")).unwrap());
    assert_eq!((&kept.facts, &kept.texts), (&of_server.facts, &of_server.texts));
    assert!(kept.working.is_empty() && !of_server.working.is_empty());
    assert_eq!(wait(restored.setups()), wait(server.setups()));
    assert_eq!(wait(restored.commit("a", 1, one_fact("2"))), Ok(2));
}

#[test]
fn a_backup_is_of_one_moment_while_commits_go_on() {
    let (folder, other) = (Folder::new("backup-moment"), Folder::new("backup-moment-restored"));
    let server = folder.serve();
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for number in 0..300 {
                let batch = Batch {
                    texts: vec![(u128::from(number), Some(b"its text".to_vec()))],
                    ..one_fact("with a text")
                };
                wait(server.commit("a", number, batch)).unwrap();
            }
        });
        for number in 0..5 {
            let copy = other.join(&number.to_string());
            fs::create_dir(&copy).unwrap();
            server.backup_to(&copy.join(FILE)).unwrap();
            let restored = SqliteStore::open(&copy, Access::Serve).unwrap();
            let kept = wait(restored.load("a")).unwrap();
            assert_eq!(kept.facts.len(), kept.texts.len());
        }
        writing.join().unwrap();
    });
}

#[test]
fn a_backup_replaces_nothing() {
    let folder = Folder::new("backup-taken");
    let server = folder.serve();
    fs::write(folder.join("taken"), b"precious").unwrap();
    let refused = server.backup_to(&folder.join("taken")).unwrap_err();
    assert!(refused.to_string().contains("take another name"), "{refused}");
    assert_eq!(fs::read(folder.join("taken")).unwrap(), b"precious");
    let refused = server.backup_to(&folder.join("no/such/file")).unwrap_err().to_string();
    assert!(
        refused.contains("there is no folder") && refused.contains("no/such; make it"),
        "{refused}"
    );
}
