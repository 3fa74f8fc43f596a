// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A whole fair from one seed: the real hub and a real store, tabs that play by the page, a network and a disk that
//! fail, crashes at any point, and a small model that says what must come of it, checked after every step.
//!
//! `FIERA_SIM_SEED=7 FIERA_SIM_STEPS=100000 cargo test -p fiera-tests --test sim` searches elsewhere and for longer. A
//! failure prints the line that runs it again, with as few steps as it was found to need; a seed that found something
//! goes into `seeds.txt` with the repair.

mod compare;
mod coverage;
mod deeds;
mod link;
mod model;
mod random;
mod server;
mod shared;
mod shelf;
mod tab;
mod watch;
mod words;
mod world;

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use fiera_store::Store;
use fiera_store::memory::MemoryStore;
use fiera_store::sqlite::{Access, SqliteStore};
use world::{Counted, World};

/// Steps of one event, from its start to its end.
const LIFE_STEPS: u64 = 1_000;
/// What `make test` searches: the seed of the first event, and steps.
const SEED_DEFAULT: u64 = 1;
const STEPS_DEFAULT: u64 = 10_000;
/// How long a failure is looked into for fewer steps that lead to it, seconds.
const SHRINK_S_DEFAULT: u64 = 60;

struct Failure {
    step: u64,
    what: String,
    trace: Vec<String>,
}

fn number(name: &str, default: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number"))
    })
}

fn sentence(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

/// One event of `of` steps, of which only some are taken.
fn live(seed: u64, of: u64, steps: &[u64], store: Box<dyn Store>, traced: bool) -> Result<Counted, Failure> {
    let mut world = World::new(seed, store, traced);
    let mut at = 0;
    let run = catch_unwind(AssertUnwindSafe(|| {
        world.begins();
        for step in steps {
            at = *step;
            world.step(seed, *step, of);
        }
        at = of;
        world.come_to_rest();
    }));
    let Err(panic) = run else { return Ok(world.counted) };
    Err(Failure {
        step: at,
        what: sentence(panic.as_ref()),
        trace: world.trace.unwrap_or_default().into(),
    })
}

fn in_memory() -> Box<dyn Store> {
    Box::new(MemoryStore::default())
}

/// Leaves out what a failure does not need, in ever smaller pieces.
fn shrunk(seed: u64, of: u64, mut steps: Vec<u64>) -> Vec<u64> {
    let until = Instant::now() + Duration::from_secs(number("FIERA_SIM_SHRINK_S", SHRINK_S_DEFAULT));
    let mut piece = steps.len() / 2;
    while piece > 0 && Instant::now() < until {
        let mut from = 0;
        while from < steps.len() && Instant::now() < until {
            let mut fewer = steps.clone();
            fewer.drain(from..(from + piece).min(steps.len()));
            match live(seed, of, &fewer, in_memory(), false) {
                Err(failure) => {
                    fewer.retain(|step| *step <= failure.step);
                    steps = fewer;
                }
                Ok(_) => from += piece,
            }
        }
        piece /= 2;
    }
    steps
}

/// Runs one event; says how to run it again where it fails.
fn must_live(seed: u64, of: u64) -> Counted {
    let only = std::env::var("FIERA_SIM_ONLY").ok();
    let parse = |text: String| text.split(',').map(|step| step.parse().expect("a step")).collect();
    let steps: Vec<u64> = only.map_or_else(|| (1..=of).collect(), parse);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = live(seed, of, &steps, in_memory(), false).map_err(|failure| {
        let taken = steps.iter().copied().filter(|step| *step <= failure.step).collect();
        let fewer = shrunk(seed, of, taken);
        let again = live(seed, of, &fewer, in_memory(), true)
            .err()
            .unwrap_or(failure.clone_of());
        (failure, fewer, again)
    });
    std::panic::set_hook(hook);
    outcome.unwrap_or_else(|(failure, fewer, again)| {
        let list: Vec<String> = fewer.iter().map(u64::to_string).collect();
        panic!(
            "seed {seed}, step {} of {of}: {}\n\nwith {} steps: {}\n{}\n\nagain: FIERA_SIM_SEED={seed} FIERA_SIM_STEPS={of}\nshorter: FIERA_SIM_SEED={seed} FIERA_SIM_STEPS={of} FIERA_SIM_ONLY={}",
            failure.step,
            failure.what,
            fewer.len(),
            again.what,
            again.trace.join("\n"),
            list.join(","),
        )
    })
}

impl Failure {
    fn clone_of(&self) -> Self {
        Self {
            step: self.step,
            what: self.what.clone(),
            trace: self.trace.clone(),
        }
    }
}

/// Tells what happened.
fn tell(all: &[Counted]) {
    let mut accepted: BTreeMap<&str, u32> = BTreeMap::new();
    for (kind, times) in all.iter().flat_map(|counted| &counted.accepted) {
        *accepted.entry(kind).or_default() += times;
    }
    let sum = |of: fn(&Counted) -> u32| all.iter().map(of).sum::<u32>();
    let refused: u32 = all.iter().flat_map(|counted| counted.refused.values()).sum();
    eprintln!(
        "{} commands accepted, {refused} refused, {} repeated; {} crashes, {} restarts, {} readers cut off, {} times at rest\n{accepted:?}",
        accepted.values().sum::<u32>(),
        sum(|counted| counted.repeated),
        sum(|counted| counted.crashes),
        sum(|counted| counted.restarts),
        sum(|counted| counted.cut_off),
        sum(|counted| counted.quiet),
    );
}

#[test]
fn one_seed_runs_a_whole_fair() {
    let (seed, steps) = (
        number("FIERA_SIM_SEED", SEED_DEFAULT),
        number("FIERA_SIM_STEPS", STEPS_DEFAULT),
    );
    let mut all = Vec::new();
    let mut left = steps;
    for nth in 0.. {
        let of = left.min(LIFE_STEPS);
        if of == 0 {
            break;
        }
        all.push(must_live(seed + nth, of));
        left -= of;
    }
    tell(&all);
    // Another search may be lucky elsewhere.
    if (seed, steps) == (SEED_DEFAULT, STEPS_DEFAULT) {
        coverage::was_wide(&all);
    }
}

#[test]
fn found_seeds_stay_repaired() {
    for line in include_str!("seeds.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let numbers: Vec<u64> = line
            .split_whitespace()
            .take(2)
            .map(|text| text.parse().expect("a number"))
            .collect();
        let [seed, of] = numbers[..] else {
            panic!("seeds.txt: {line}")
        };
        must_live(seed, of);
    }
}

#[test]
fn the_embedded_store_tells_the_same_story() {
    let folder = std::env::temp_dir().join(format!("fiera-sim-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let store = SqliteStore::open(&folder, Access::Serve).expect("a store");
    let steps: Vec<u64> = (1..=200).collect();
    let outcome = live(4, 200, &steps, Box::new(store), true);
    std::fs::remove_dir_all(&folder).expect("the folder goes again");
    if let Err(failure) = outcome {
        panic!("step {}: {}\n{}", failure.step, failure.what, failure.trace.join("\n"));
    }
}

/// Where the web client's tests find what tabs were told, and what they must make of it.
const RECORDED: &str = "web-client/src/session/recorded.json";

/// `FIERA_GENERATE=1` records it anew: that is worth doing once streams say something that they did not say before.
#[test]
fn what_tabs_were_told_leads_to_what_they_knew() {
    let path = fiera_tests::tree::root().join(RECORDED);
    if std::env::var_os("FIERA_GENERATE").is_some() {
        let tabs = serde_json::to_string(&recorded(number("FIERA_SIM_SEED", 35), number("FIERA_SIM_STEPS", 400)))
            .expect("JSON");
        std::fs::write(&path, tabs + "\n").expect("the folder is there");
    }
    let text = std::fs::read_to_string(&path).expect("FIERA_GENERATE=1 writes it");
    let tabs: Vec<Vec<Event>> = serde_json::from_str(&text).expect("a record");
    for events in tabs {
        let mut tab = tab::Tab::default();
        for event in events {
            match event {
                Event::Lost => tab.lost(0),
                Event::Said(said) => {
                    tab.hears(0, link::Down::Text(said.to_string().into()));
                }
                Event::Knows(states) => {
                    let known: Vec<_> = tab.streams.values().map(|known| known.state.clone()).collect();
                    assert_eq!(known, states);
                }
            }
        }
    }
}

/// What happens to a tab, as far as it learns of it.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Lost,
    Said(serde_json::Value),
    Knows(Vec<fiera_protocol::view::StreamState>),
}

/// A small fair as the tabs of an organiser, a speaker and an attendee see it.
fn recorded(seed: u64, steps: u64) -> Vec<Vec<serde_json::Value>> {
    let mut world = World::new(seed, in_memory(), false);
    world.recorded = [0, 3, 5].map(|tab| (tab, Vec::new())).into();
    for step in 1..=steps {
        world.step(seed, step, steps + 1);
    }
    world.recorded.into_values().collect()
}
