// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The embedded store keeps the contract of every store, and what it answered is there after it was opened anew.

mod support;

use std::sync::Mutex;

use fiera_store::sqlite::SqliteStore;
use fiera_store::{Batch, Snapshot, Store, StoreError};
use support::{Folder, fact, one_fact, wait};

#[test]
fn sqlite_keeps_the_contract() {
    let folders = Mutex::new(Vec::new());
    let make = || -> SqliteStore {
        let folder = Folder::new("contract");
        let store = folder.serve();
        folders.lock().unwrap().push(folder);
        store
    };
    assert_eq!(wait(fiera_store::contract::holds(&make)), Ok(()));
}

#[test]
fn everything_is_there_after_it_was_opened_anew() {
    let folder = Folder::new("anew");
    let store = folder.serve();
    let batch = Batch {
        facts: vec![fact("1"), fact("2")],
        texts: vec![(7, Some(b"text".to_vec()))],
        working: vec![("hand".to_owned(), Some(b"up".to_vec()))],
        wipe_working: false,
    };
    let snapshot = Snapshot {
        seq: 2,
        version: 3,
        body: b"state".to_vec(),
    };
    wait(store.commit("a", 0, batch)).unwrap();
    wait(store.save_setup("a", b"setup".to_vec())).unwrap();
    wait(store.save_snapshot("a", snapshot.clone())).unwrap();
    let before = wait(store.load("a")).unwrap();
    drop(store);

    let store = folder.serve();
    assert_eq!(wait(store.load("a")).unwrap(), before);
    assert_eq!(before.facts.len() + before.texts.len() + before.working.len(), 4);
    assert_eq!(wait(store.setups()).unwrap().get("a"), Some(&b"setup".to_vec()));
    assert_eq!(wait(store.snapshot("a")).unwrap(), Some(snapshot));
    assert_eq!(wait(store.commit("a", 2, one_fact("3"))), Ok(3));
}

#[test]
fn commits_happen_in_the_order_of_the_calls_and_without_anybody_waiting() {
    let folder = Folder::new("order");
    let store = folder.serve();
    for number in 0..100 {
        drop(store.commit("a", number, one_fact("unawaited")));
    }
    assert_eq!(wait(store.commit("a", 100, one_fact("awaited"))), Ok(101));
}

#[test]
fn a_conflict_undoes_itself_alone_within_a_group() {
    let folder = Folder::new("group");
    let store = folder.serve();
    // The first occupies the disk; the others wait together and share a transaction.
    let answers: Vec<_> = (0..50)
        .flat_map(|number| {
            [
                store.commit("a", number, one_fact("good")),
                store.commit("a", number, one_fact("stale")),
            ]
        })
        .collect();
    for (number, answer) in answers.into_iter().enumerate() {
        let good = number as u64 / 2 + 1;
        let expected = match number % 2 {
            0 => Ok(good),
            _ => Err(StoreError::Conflict {
                expected: good - 1,
                actual: good,
            }),
        };
        assert_eq!(wait(answer), expected);
    }
    let kept = wait(store.load("a")).unwrap();
    assert_eq!(kept.facts.len(), 50);
    assert!(kept.facts.iter().all(|stored| stored.fact == fact("good")));
}

#[test]
fn what_was_asked_before_the_end_is_done() {
    let folder = Folder::new("drain");
    let store = folder.serve();
    let answers: Vec<_> = (0..200)
        .map(|number| store.commit("a", number, one_fact("last")))
        .collect();
    drop(answers);
    drop(store);
    assert_eq!(wait(folder.serve().load("a")).unwrap().facts.len(), 200);
}
