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

/// What the commit of a number writes: two facts, a text, a row, and the end of the text before.
fn batch(number: u64) -> Batch {
    let text = |number: u64| u128::from(number) << 64;
    let mut texts = vec![(text(number), Some(format!("<text {number}>").repeat(40).into_bytes()))];
    if number > 0 {
        texts.push((text(number - 1), None));
    }
    Batch {
        facts: vec![fact(&format!("{number} first")), fact(&format!("{number} second"))],
        // Erasing empties the journal each time; most commits do not.
        texts: if number.is_multiple_of(8) { texts } else { Vec::new() },
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
                    wait(store.commit(&event, number * 2, batch(number))).unwrap();
                    let line = format!("acknowledged {committer} {number}\n");
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

/// Every commit of the event up to the last is there once and whole; answers how many.
fn whole_commits(kept: &Kept) -> u64 {
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
    if numbers > 0 {
        assert_eq!(kept.working["last"], (numbers - 1).to_string().into_bytes());
        // A text is written by every eighth commit and erased by nobody but the commit after.
        let written = (0..numbers).filter(|number| number.is_multiple_of(8)).count();
        assert_eq!(kept.texts.len(), written);
    }
    numbers
}

/// Runs the program until it said as many acknowledgements as the seed tells, kills it, and reads what else it said.
fn run_and_kill(folder: &Path, seed: &mut Seeded) -> BTreeMap<u64, u64> {
    let mut program = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "every_acknowledged_commit_survives_a_kill_once_and_whole", "--nocapture"])
        .env(INSIDE, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines().map(Result::unwrap);
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
    let mut seen = BTreeMap::new();
    for number in 1..=SEEDS {
        println!("seed {number}");
        for (committer, last) in run_and_kill(folder.path(), &mut Seeded(number)) {
            seen.insert(committer, last);
        }
        let store = folder.serve();
        for committer in 0..COMMITTERS {
            let commits = whole_commits(&wait(store.load(&event(committer))).unwrap());
            let acknowledged = seen.get(&committer).map_or(0, |last| last + 1);
            // One more may have become durable and not have been said.
            assert!(
                (acknowledged..=acknowledged + 1 + number).contains(&commits),
                "seed {number}, committer {committer}: {acknowledged} acknowledged, {commits} there"
            );
        }
    }
    assert_eq!(seen.len() as u64, COMMITTERS, "everybody committed");
}
