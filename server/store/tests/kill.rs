// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Twenty kills at seeded moments, in the middle of commits by many: what was acknowledged is there exactly once, what
//! was not is there whole or not at all, and what was erased is in no file.

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use fiera_store::sqlite::{Access, SqliteStore};
use fiera_store::{Batch, Kept, Store};
use support::{Folder, Seeded, fact, wait};

const SEEDS: u64 = 20;
const COMMITTERS: u64 = 8;
/// Set for the run of this program that is killed: its folder.
const INSIDE: &str = "FIERA_TEST_KILLED_STORE";

fn event(committer: u64) -> String {
    format!("event{committer}")
}

/// A text that no other has, and its id.
fn text(committer: u64, number: u64) -> (u128, Vec<u8>) {
    let body = format!("<text {number} of {committer}>").repeat(40);
    ((u128::from(number) << 64) | u128::from(committer), body.into_bytes())
}

/// What the commit of a number writes: two facts, a row, and in every eighth a text or the erasure of the one before.
fn batch(committer: u64, number: u64) -> Batch {
    let texts = match number % 16 {
        0 => {
            let (id, body) = text(committer, number);
            vec![(id, Some(body))]
        }
        8 => vec![(text(committer, number - 8).0, None)],
        _ => Vec::new(),
    };
    Batch {
        facts: vec![fact(&format!("{number} first")), fact(&format!("{number} second"))],
        texts,
        working: vec![("last".to_owned(), Some(number.to_string().into_bytes()))],
        wipe_working: false,
    }
}

/// The program that is killed: commits without an end, and says what was acknowledged.
fn commit_until_killed(folder: &Path) {
    let store = SqliteStore::open(folder, Access::Serve).unwrap();
    thread::scope(|scope| {
        for committer in 0..COMMITTERS {
            let store = &store;
            scope.spawn(move || {
                let event = event(committer);
                let from = wait(store.load(&event)).unwrap().facts.len() as u64 / 2;
                for number in from.. {
                    wait(store.commit(&event, number * 2, batch(committer, number))).unwrap();
                    let line = format!("acknowledged {committer} {number}\n");
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

/// Every commit of the event up to the last is there once and whole; answers how many.
fn whole_commits(committer: u64, kept: &Kept) -> u64 {
    let mut numbers = 0;
    for (number, halves) in (0..).zip(kept.facts.chunks(2)) {
        let found: Vec<_> = halves.iter().map(|stored| (stored.seq, stored.fact.clone())).collect();
        let expected = [
            (number * 2 + 1, fact(&format!("{number} first"))),
            (number * 2 + 2, fact(&format!("{number} second"))),
        ];
        assert_eq!(found, expected);
        numbers = number + 1;
    }
    let Some(last) = u64::checked_sub(numbers, 1) else {
        assert_eq!(kept, &Kept::default());
        return 0;
    };
    assert_eq!(kept.working["last"], last.to_string().into_bytes());
    // All but the last text were erased, and that one where the commit that erases it is there.
    let expected = (last % 16 < 8).then(|| text(committer, last / 16 * 16));
    assert_eq!(kept.texts, expected.into_iter().collect());
    numbers
}

/// Runs the program until it said as many acknowledgements as the seed tells, kills it, and reads what else it said.
fn run_and_kill(folder: &Path, seed: &mut Seeded) -> BTreeMap<u64, u64> {
    let mut program = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "every_acknowledged_commit_survives_a_kill_once_and_whole",
            "--nocapture",
        ])
        .env(INSIDE, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut acknowledged = BTreeMap::new();
    let mut note = |line: String| {
        let words: Vec<_> = line.split(' ').collect();
        let ["acknowledged", committer, number] = words[..] else {
            return false;
        };
        acknowledged.insert(committer.parse().unwrap(), number.parse().unwrap());
        true
    };
    let moment = seed.below(300);
    let mut said = 0;
    while said < moment {
        said += u64::from(note(lines.next().expect("it goes on until it is killed")));
    }
    for _ in 0..seed.below(100_000) {
        std::hint::spin_loop();
    }
    program.kill().unwrap();
    program.wait().unwrap();
    for line in lines {
        note(line);
    }
    acknowledged
}

#[test]
fn every_acknowledged_commit_survives_a_kill_once_and_whole() {
    if let Some(folder) = std::env::var_os(INSIDE) {
        return commit_until_killed(Path::new(&folder));
    }
    let folder = Folder::new("kill");
    let mut before = BTreeMap::new();
    for number in 1..=SEEDS {
        println!("seed {number}");
        let said = run_and_kill(folder.path(), &mut Seeded(number));
        let store = folder.serve();
        for committer in 0..COMMITTERS {
            let kept = wait(store.load(&event(committer))).unwrap();
            let commits = whole_commits(committer, &kept);
            let last = said.get(&committer).map(|last| last + 1);
            let acknowledged = last.or(before.get(&committer).copied()).unwrap_or(0);
            // One may have become durable before it was said.
            assert!(
                commits == acknowledged || commits == acknowledged + 1,
                "seed {number}, committer {committer}: {acknowledged} acknowledged, {commits} there"
            );
            if let Some(erased) = commits.checked_sub(9) {
                let (_, body) = text(committer, erased / 16 * 16);
                assert!(
                    !folder.holds(&body[..40]),
                    "seed {number}: an erased text is left in a file"
                );
            }
            before.insert(committer, commits);
        }
    }
    assert!(before.values().all(|commits| *commits > 0), "everybody committed");
}
