// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What was erased is gone for readers when the answer comes and soon in no file of the folder, whatever else is
//! written or read meanwhile.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use fiera_store::sqlite::{Access, SqliteStore};
use fiera_store::{Batch, Snapshot, Store};
use rusqlite::Connection;
use support::{Folder, Seeded, cleared, one_fact, wait};

const GONE: &[u8] = b"<erase me>";
const KEPT: &[u8] = b"[keep me!]";

fn text(id: u128, body: Option<Vec<u8>>) -> Batch {
    Batch {
        texts: vec![(id, body)],
        ..Batch::default()
    }
}

fn working(name: &str, value: Option<Vec<u8>>) -> Batch {
    Batch {
        working: vec![(name.to_owned(), value)],
        ..Batch::default()
    }
}

/// Texts of many lengths whose every part shows, so that a rest of any of them is found.
fn write_texts(store: &SqliteStore, seed: &mut Seeded, many: usize) -> Vec<u128> {
    let mut gone = Vec::new();
    let mut batch = Batch::default();
    for number in 0..many {
        let id = seed.id();
        let times = 1 + seed.below(if number % 20 == 0 { 500 } else { 30 });
        let part = if number % 2 == 0 { GONE } else { KEPT };
        batch
            .texts
            .push((id, Some(part.repeat(usize::try_from(times).unwrap()))));
        if number % 2 == 0 {
            gone.push(id);
        }
        if batch.texts.len() == 7 {
            wait(store.commit("a", 0, std::mem::take(&mut batch))).unwrap();
        }
    }
    wait(store.commit("a", 0, batch)).unwrap();
    gone
}

#[test]
fn an_erased_text_is_in_no_file_in_the_middle_of_other_traffic() {
    let folder = Folder::new("erase");
    let store = folder.serve();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _end = scope.spawn(|| {
            let mut seq = 0;
            while !over.load(Ordering::Relaxed) {
                let batch = Batch {
                    texts: vec![(u128::from(seq), Some(KEPT.to_vec()))],
                    ..one_fact("other traffic")
                };
                seq = wait(store.commit("b", seq, batch)).unwrap();
                assert_eq!(wait(store.load("b")).unwrap().facts.len() as u64, seq);
            }
        });
        let mut seed = Seeded(1);
        let mut gone = write_texts(&store, &mut seed, 600);
        let single = gone.pop().unwrap();
        let alone = b"the last to go".to_vec();
        wait(store.commit("a", 0, text(single, Some(alone.clone())))).unwrap();
        let erased: Vec<_> = gone.iter().map(|id| store.commit("a", 0, text(*id, None))).collect();
        erased.into_iter().for_each(|answer| {
            wait(answer).unwrap();
        });
        cleared(&store);
        let left = (folder.holds(GONE), folder.holds(&alone));
        wait(store.commit("a", 0, text(single, None))).unwrap();
        cleared(&store);
        let last = folder.holds(&alone);
        over.store(true, Ordering::Relaxed);
        assert_eq!(
            left,
            (false, true),
            "erased texts are gone, and the one that was not erased is found"
        );
        assert!(!last, "the last text is gone as well");
    });
    assert!(folder.holds(KEPT), "what was not erased is there");
    let kept = wait(store.load("a")).unwrap();
    assert_eq!(kept.texts.len(), 300);
    assert!(kept.texts.values().all(|body| body.starts_with(KEPT)));
}

#[test]
fn an_erased_text_is_not_left_in_a_snapshot() {
    let folder = Folder::new("erase-snapshot");
    let store = folder.serve();
    wait(store.commit("a", 0, text(1, Some(GONE.to_vec())))).unwrap();
    let snapshot = Snapshot {
        seq: 1,
        version: 1,
        body: GONE.repeat(300),
    };
    wait(store.save_snapshot("a", snapshot)).unwrap();
    wait(store.commit("a", 0, text(1, None))).unwrap();
    cleared(&store);
    assert!(!folder.holds(GONE));
}

#[test]
fn wiped_working_state_is_in_no_file() {
    let folder = Folder::new("wipe");
    let store = folder.serve();
    let mut seed = Seeded(2);
    for event in ["a", "b"] {
        let part = if event == "a" { GONE } else { KEPT };
        for _ in 0..200 {
            let name = format!("ballot {:032x}", seed.id());
            let times = usize::try_from(1 + seed.below(20)).unwrap();
            drop(store.commit(event, 0, working(&name, Some(part.repeat(times)))));
        }
    }
    // Overwritten in place, and removed: neither the earlier nor the last value stays.
    wait(store.commit("a", 0, working("key", Some(GONE.to_vec())))).unwrap();
    wait(store.commit("a", 0, working("key", Some(b"other".to_vec())))).unwrap();
    let wipe = Batch {
        wipe_working: true,
        ..Batch::default()
    };
    wait(store.commit("a", 0, wipe)).unwrap();
    cleared(&store);
    assert!(!folder.holds(GONE));
    assert!(folder.holds(KEPT));
    assert_eq!(wait(store.load("b")).unwrap().working.len(), 200);
}

#[test]
fn an_erasure_is_answered_while_another_program_reads_and_cleared_after_it() {
    let folder = Folder::new("erase-reader");
    let store = folder.serve();
    wait(store.commit("a", 0, text(1, Some(GONE.to_vec())))).unwrap();
    let other = Connection::open(folder.join("fiera.sqlite")).unwrap();
    other.execute_batch("BEGIN; SELECT count(*) FROM texts").unwrap();
    wait(store.commit("a", 0, text(1, None))).unwrap();
    assert!(
        wait(store.load("a")).unwrap().texts.is_empty(),
        "gone for every later reader"
    );
    wait(store.commit("b", 0, one_fact("meanwhile"))).unwrap();
    assert!(
        store.erased_waits().is_some() && folder.holds(GONE),
        "it is said that it waits"
    );
    other.execute_batch("COMMIT").unwrap();
    cleared(&store);
    assert!(!folder.holds(GONE));
}

#[test]
fn a_start_beside_a_program_that_reads_clears_after_it() {
    let folder = Folder::new("erase-start");
    let store = folder.serve();
    wait(store.commit("a", 0, text(1, Some(GONE.to_vec())))).unwrap();
    drop(store);
    let killed = Connection::open(folder.join("fiera.sqlite")).unwrap();
    killed
        .execute_batch("PRAGMA secure_delete = ON; UPDATE texts SET body = x'00'")
        .unwrap();
    let other = Connection::open(folder.join("fiera.sqlite")).unwrap();
    other.execute_batch("BEGIN; SELECT count(*) FROM texts").unwrap();
    killed.execute_batch("DELETE FROM texts").unwrap();
    let store = folder.serve();
    assert!(store.erased_waits().is_some());
    other.execute_batch("COMMIT").unwrap();
    cleared(&store);
    assert!(!folder.holds(GONE));
    drop((store, killed, other));
}

#[test]
fn what_a_killed_server_could_not_clear_is_gone_after_the_next_start() {
    let folder = Folder::new("erase-killed");
    let store = folder.serve();
    wait(store.commit("a", 0, text(1, Some(GONE.to_vec())))).unwrap();
    drop(store);
    // As after a kill between the commit and the clearing: the row is gone, its bytes are in the journal.
    let killed = Connection::open(folder.join("fiera.sqlite")).unwrap();
    killed
        .execute_batch("PRAGMA secure_delete = ON; UPDATE texts SET body = x'00'")
        .unwrap();
    killed.execute_batch("INSERT INTO texts SELECT event, x'00000000000000000000000000000002', shield, CAST('<erase me>' AS BLOB) FROM texts; DELETE FROM texts").unwrap();
    assert!(folder.holds(GONE), "the journal holds it");
    let store = SqliteStore::open(folder.path(), Access::Serve).unwrap();
    assert!(!folder.holds(GONE));
    drop((store, killed));
}
