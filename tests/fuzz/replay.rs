// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Replays every corpus, then looks for more by mutation: a short while with a fixed seed in `make test`, longer with
//! `FUZZ_SECONDS=600 cargo test -p fiera-tests --test fuzz --release`. `FUZZ_SEED` starts elsewhere. A finding is
//! written to `tests/fuzz/found/`; put it into the corpus with its repair.

mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use targets::{TARGETS, Target};

const SEARCH_MS_DEFAULT: u64 = 1_500;
const INPUT_BYTES_MAX: usize = 40_000;

fn folder() -> PathBuf {
    fiera_tests::tree::here().join("fuzz")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder can be read").path())
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found
}

/// The inputs of a target: its own corpus, and what other tests of the repository already keep.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let mut paths = files(&folder().join("corpus").join(name));
    if name == "sdp" {
        paths.extend(files(&fiera_tests::tree::root().join("server/sfu/src/sdp/fixtures")));
    }
    let mut inputs: Vec<Vec<u8>> = paths
        .iter()
        .map(|path| std::fs::read(path).expect("a corpus file"))
        .collect();
    if name == "message" {
        inputs.extend(golden_messages());
    }
    assert!(!inputs.is_empty(), "no corpus for {name}");
    inputs
}

/// The golden examples of client messages, each on its own.
fn golden_messages() -> Vec<Vec<u8>> {
    let path = fiera_tests::tree::root().join("signaling/protocol/golden/client_message.json");
    let golden: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path).expect("golden messages")).expect("golden messages are JSON");
    let all: Vec<&serde_json::Value> = match &golden {
        serde_json::Value::Array(list) => list.iter().collect(),
        serde_json::Value::Object(map) => map.values().collect(),
        other => vec![other],
    };
    all.iter().map(|message| message.to_string().into_bytes()).collect()
}

/// xorshift64*: one seed is one run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(value).expect("31 bits") % end.max(1)
    }
}

/// One input, a little broken: bytes flipped, cut, doubled, numbers pushed to their ends, or two inputs joined.
fn mutated(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    const EDGES: [u8; 6] = [0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF];
    let mut input = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(input.len());
        match random.below(7) {
            0 if !input.is_empty() => input[at] ^= 1 << random.below(8),
            1 if !input.is_empty() => input[at] = EDGES[random.below(EDGES.len())],
            2 => input.truncate(at),
            3 => {
                let end = (at + 1 + random.below(64)).min(input.len());
                let piece = input[at.min(end)..end].to_vec();
                input.splice(at.min(end)..at.min(end), piece);
            }
            4 => {
                let end = (at + 1 + random.below(16)).min(input.len());
                input.drain(at.min(end)..end);
            }
            5 => {
                let other = &corpus[random.below(corpus.len())];
                input.truncate(at);
                input.extend_from_slice(&other[random.below(other.len())..]);
            }
            _ => input.insert(at, EDGES[random.below(EDGES.len())]),
        }
    }
    input.truncate(INPUT_BYTES_MAX);
    input
}

fn try_input((name, run): &Target, input: &[u8], from: &str) {
    if catch_unwind(AssertUnwindSafe(|| run(input))).is_err() {
        let found = folder().join("found");
        std::fs::create_dir_all(&found).expect("a folder for findings");
        let path = found.join(format!("{name}-{}.bin", input.len()));
        std::fs::write(&path, input).expect("a finding is written");
        panic!("{name} panicked on {from}; the input is in {}", path.display());
    }
}

fn search(target: &Target) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let time = number("FUZZ_SECONDS").map_or(Duration::from_millis(SEARCH_MS_DEFAULT), Duration::from_secs);
    let seed = number("FUZZ_SEED").unwrap_or(1).max(1);
    let corpus = corpus(target.0);
    for (at, input) in corpus.iter().enumerate() {
        try_input(target, input, &format!("corpus input {at}"));
    }
    let mut random = Random(seed);
    let end = Instant::now() + time;
    let mut tried = 0_u64;
    while Instant::now() < end {
        let input = mutated(&mut random, &corpus);
        try_input(target, &input, &format!("mutation {tried} of seed {seed}"));
        tried += 1;
    }
    println!(
        "{}: {} inputs of the corpus, {tried} mutations of seed {seed}",
        target.0,
        corpus.len()
    );
}

macro_rules! targets {
    ($($name:ident),+) => {
        $(#[test]
        fn $name() {
            let target = TARGETS.iter().find(|(name, _)| *name == stringify!($name)).expect("a target");
            search(target);
        })+

        #[test]
        fn every_target_is_replayed() {
            let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($name)),+]);
        }
    };
}

targets!(message, sdp, stun, rtp, red, rtcp, dependency, datagrams, streams);
