// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A full disk: writes are refused with the reason, nothing is half done, reading goes on, and writing as well as soon
//! as there is room again. Once with a limit that SQLite keeps, once on a real file system of 1 MiB.

mod support;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use fiera_store::sqlite::{Access, SqliteStore};
use fiera_store::{Batch, Kept, Store, StoreError};
use support::{Folder, fact, wait};

/// Set for the run of this program inside its own mounts.
const INSIDE: &str = "FIERA_TEST_SMALL_DISK";

fn filling(number: u64) -> Batch {
    Batch {
        facts: vec![fact("first half"), fact("second half")],
        texts: vec![(u128::from(number), Some(vec![7; 8_000]))],
        working: vec![("last".to_owned(), Some(number.to_string().into_bytes()))],
        wipe_working: false,
    }
}

/// Commits until the disk is full; answers the number of commits that were acknowledged.
fn fill(store: &SqliteStore, from: u64) -> (u64, StoreError) {
    for number in from..10_000 {
        if let Err(error) = wait(store.commit("a", number * 2, filling(number))) {
            return (number, error);
        }
    }
    panic!("the disk is never full");
}

fn is_whole(kept: &Kept, commits: u64) {
    assert_eq!(kept.facts.len() as u64, commits * 2);
    assert_eq!(kept.texts.len() as u64, commits);
    assert_eq!(kept.working["last"], (commits - 1).to_string().into_bytes());
}

fn says_full(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(reason) if reason.contains("full"))
}

#[test]
fn a_file_at_its_limit_refuses_writes_and_takes_them_again() {
    let folder = Folder::new("limit");
    let store = SqliteStore::with_room_for(folder.path(), Access::Serve, 500_000).unwrap();
    wait(store.probe()).unwrap();
    let (commits, error) = fill(&store, 0);
    assert!(commits > 10 && says_full(&error), "{commits} {error}");
    is_whole(&wait(store.load("a")).unwrap(), commits);
    assert!(says_full(&wait(store.probe()).unwrap_err()));
    is_whole(&wait(store.load("a")).unwrap(), commits);

    let erase = Batch {
        texts: (0..u128::from(commits)).map(|id| (id, None)).collect(),
        ..Batch::default()
    };
    wait(store.commit("a", commits * 2, erase)).unwrap();
    wait(store.probe()).unwrap();
    assert_eq!(
        wait(store.commit("a", commits * 2, filling(commits))),
        Ok(commits * 2 + 2)
    );
    drop(store);
    assert_eq!(
        wait(folder.serve().load("a")).unwrap().facts.len() as u64,
        commits * 2 + 2
    );
}

#[test]
fn one_commit_that_is_too_large_does_not_take_others_with_it() {
    let folder = Folder::new("too-large");
    let store = SqliteStore::with_room_for(folder.path(), Access::Serve, 500_000).unwrap();
    let large = Batch {
        texts: vec![(1, Some(vec![1; 1_000_000]))],
        ..Batch::default()
    };
    let answers: Vec<_> = (0..10)
        .map(|number| {
            let large = store.commit("b", 0, large.clone());
            (large, store.commit("a", number * 2, filling(number)))
        })
        .collect();
    for (number, (refused, done)) in (1..).zip(answers) {
        let refused = wait(refused).unwrap_err();
        assert!(says_full(&refused), "{refused}");
        assert_eq!(wait(done), Ok(number * 2));
    }
}

/// What runs inside the mounts, with 1 MiB of room.
fn on_a_small_disk(disk: &Path) {
    let folder = disk.join("data");
    let other = disk.join("other");
    fs::write(&other, vec![0; 400_000]).unwrap();
    let store = SqliteStore::open(&folder, Access::Serve).unwrap();
    let (commits, error) = fill(&store, 0);
    assert!(commits > 3 && says_full(&error), "{commits} {error}");
    is_whole(&wait(store.load("a")).unwrap(), commits);

    // Something else takes every last block.
    let mut growing = OpenOptions::new().append(true).open(&other).unwrap();
    while growing.write(&[0; 512]).is_ok_and(|written| written > 0) {}
    assert!(says_full(&wait(store.probe()).unwrap_err()));
    is_whole(&wait(store.load("a")).unwrap(), commits);

    // Started anew on the full disk it serves what is there, or says why not.
    drop(store);
    match SqliteStore::open(&folder, Access::Serve) {
        Ok(store) => is_whole(&wait(store.load("a")).unwrap(), commits),
        Err(refused) => assert!(refused.to_string().contains("disk is full"), "{refused}"),
    }
    drop(growing);
    fs::remove_file(other).unwrap();
    let store = SqliteStore::open(&folder, Access::Serve).unwrap();
    is_whole(&wait(store.load("a")).unwrap(), commits);
    wait(store.probe()).unwrap();
    let (more, _) = fill(&store, commits);
    assert!(more > commits, "there is room again");
    is_whole(&wait(store.load("a")).unwrap(), more);
}

#[test]
fn a_full_file_system_refuses_writes_and_takes_them_again() {
    if let Some(disk) = std::env::var_os(INSIDE) {
        return on_a_small_disk(Path::new(&disk));
    }
    let disk = Folder::new("small-disk");
    let mount = "mount -t tmpfs -o size=1m tmpfs \"$1\"";
    let mounts = |then: &str| {
        let mut command = Command::new("unshare");
        command.args([
            "--mount",
            "--map-root-user",
            "sh",
            "-c",
            &format!("{mount} && {then}"),
            "sh",
        ]);
        command.arg(disk.path()).arg(std::env::current_exe().unwrap());
        command
    };
    if !mounts("true").status().is_ok_and(|status| status.success()) {
        println!("skipped: this user may not mount a file system of its own (unshare --mount)");
        return;
    }
    let run = "exec \"$2\" --exact a_full_file_system_refuses_writes_and_takes_them_again --nocapture";
    let status = mounts(run).env(INSIDE, disk.path()).status().unwrap();
    assert!(
        status.success(),
        "the run on a file system of 1 MiB failed; its reason stands above"
    );
}
