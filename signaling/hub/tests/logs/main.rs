// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Logs as each version wrote them, read by this one: `logs/v1/*.json` and so on, each with the state it has to give.
//! A log that is there is never written again; `FIERA_GENERATE=1` writes a missing one, and the expected states anew.
//! The fairs that are written down have a module each for what is around a stage and for the fair as a whole.

mod around_stages;
#[path = "../support/mod.rs"]
mod support;
mod whole_fair;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use around_stages::{breakouts, chat, ended, lively, polled, questions, show};
use fiera_hub::Recovered;
use fiera_protocol::client::Command;
use fiera_protocol::ids::Role;
use fiera_protocol::limits::TALLY_INTERVAL_MS;
use fiera_protocol::view::EventPhase;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use support::{HALLS, Shell, config, person, room};
use whole_fair::{programme, programme_ended, stands, stands_ended};

/// Every kind of fact of version 1.
const FACTS: [&str; 21] = [
    "announced",
    "announcement_erased",
    "attended",
    "message_erased",
    "message_sent",
    "phase_moved",
    "poll_counted",
    "poll_dismissed",
    "poll_drafted",
    "poll_entry_erased",
    "poll_entry_shown",
    "poll_moved",
    "poll_placed",
    "poll_prepared",
    "question_asked",
    "question_erased",
    "question_moved",
    "quiz_asked",
    "quiz_stopped",
    "room_set",
    "upvotes_counted",
];

/// Kinds of facts that came with version 2.
const FACTS_2: [&str; 41] = [
    "card_added",
    "card_erased",
    "card_votes_counted",
    "idea_edited",
    "idea_erased",
    "idea_merged",
    "idea_proposed",
    "idea_settled",
    "idea_votes_counted",
    "ideas_closed",
    "label_added",
    "label_erased",
    "message_edited",
    "message_pinned",
    "question_answered",
    "question_archived",
    "question_due",
    "question_edited",
    "question_from_chat",
    "question_labelled",
    "questions_merged",
    "questions_split",
    "round_discarded",
    "round_moved",
    "round_prepared",
    "round_told",
    "stand_adopted",
    "stand_adopter_erased",
    "stand_edited",
    "stand_message_erased",
    "stand_message_left",
    "stand_opened",
    "stand_removed",
    "stand_reuse_counted",
    "stand_set",
    "slot_erased",
    "slot_seen",
    "slot_set",
    "thanks_hidden",
    "thanks_shown",
    "words_filtered",
];

/// Kinds of rows of working state that came with version 2.
const ROWS_2: [&str; 15] = [
    "assigned",
    "cardkey",
    "cardvote",
    "help",
    "ideakey",
    "ideavote",
    "keeper",
    "placement",
    "reuse",
    "reusekey",
    "show",
    "thanked",
    "thanks",
    "thankskey",
    "title",
];

/// Every kind of row of working state of version 1.
const ROWS: [&str; 8] = [
    "answer",
    "answerkey",
    "ballot",
    "hand",
    "pollkey",
    "restricted",
    "upvote",
    "upvotekey",
];

/// A log as it is committed: readable, in the order of the facts.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Log {
    version: u16,
    facts: Vec<Value>,
    texts: BTreeMap<String, Value>,
    working: BTreeMap<String, Value>,
}

impl Log {
    fn of(kept: &Recovered) -> Self {
        let json = |bytes: &Vec<u8>| serde_json::from_slice(bytes).expect("JSON");
        Self {
            version: kept.facts.first().map_or(0, |(version, _)| *version),
            facts: kept.facts.iter().map(|(_, body)| json(body)).collect(),
            texts: kept
                .texts
                .iter()
                .map(|(id, body)| (format!("{id:032x}"), json(body)))
                .collect(),
            working: kept
                .working
                .iter()
                .map(|(key, value)| (key.clone(), json(value)))
                .collect(),
        }
    }

    fn kept(&self) -> Recovered {
        let bytes = |value: &Value| serde_json::to_vec(value).expect("JSON");
        Recovered {
            facts: self.facts.iter().map(|fact| (self.version, bytes(fact))).collect(),
            texts: self
                .texts
                .iter()
                .map(|(id, text)| (u128::from_str_radix(id, 16).expect("an id"), bytes(text)))
                .collect(),
            working: self
                .working
                .iter()
                .map(|(key, value)| (key.clone(), bytes(value)))
                .collect(),
        }
    }
}

/// The committed logs: version and name.
const LOGS: [(&str, &str); 11] = [
    ("v1", "lively"),
    ("v1", "ended"),
    ("v1", "polls"),
    ("v2", "questions"),
    ("v2", "chat"),
    ("v2", "breakouts"),
    ("v2", "show"),
    ("v2", "stands"),
    ("v2", "stands-ended"),
    ("v2", "programme"),
    ("v2", "programme-ended"),
];

/// What the log has to give: what an organiser sees in either room, and the recap.
fn state(log: &Log) -> Value {
    let mut shell = Shell::with(config(), 8);
    shell.kept = log.kept();
    shell.restart();
    let recap = serde_json::to_value(shell.hub.recap()).expect("JSON");
    let organiser = shell.open(0xa11ce, Role::Organiser);
    let mut rooms = BTreeMap::new();
    if shell.hub.phase() != EventPhase::Ended {
        for hall in HALLS {
            shell.ok(organiser, Command::Enter { room: room(hall) });
            shell.pass(TALLY_INTERVAL_MS);
            let (view, hidden) = (shell.room_view(organiser, hall), shell.moderators_view(organiser, hall));
            rooms.insert(hall, (view.expect("follows").clone(), hidden.expect("follows").clone()));
        }
    }
    // Ids that the log does not remember.
    (0..100).for_each(|_| _ = shell.next_command_id());
    let on_stage = (shell.hub.phase() != EventPhase::Ended).then(|| {
        shell.ok(organiser, Command::Enter { room: room(HALLS[0]) });
        shell.backstage(organiser);
        let backstage = shell.backstage_view(organiser, HALLS[0]).expect("follows");
        (backstage.timer, backstage.waiting.first().map(|one| one.title.clone()))
    });
    let event = shell.event_view(organiser);
    let rounds = shell.breakouts_view(organiser).expect("follows breakouts");
    serde_json::json!({
        "breakout": event.breakout,
        "rounds": rounds.rounds,
        "phase": event.phase,
        "announcements": event.announcements,
        "stands": event.stands,
        "keeps": shell.you(organiser).keeps,
        "reuses": shell.you(organiser).reuses,
        "agenda": event.agenda,
        "ideas": event.ideas,
        "ideas_closed": event.ideas_closed,
        "thanks": event.thanks,
        "rooms": rooms,
        "on_stage": on_stage,
        "recap": recap,
    })
}

fn file(name: &str) -> PathBuf {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"));
    here.join("tests/logs").join(name)
}

fn write(name: &str, value: &impl Serialize) {
    let text = serde_json::to_string_pretty(value).expect("JSON") + "\n";
    let path = file(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("written");
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(file(name)).expect("committed; FIERA_GENERATE=1 writes it");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn b1_logs_of_each_version_give_the_state_they_always_gave() {
    let generate = std::env::var_os("FIERA_GENERATE").is_some();
    for (version, name) in LOGS {
        let run = match name {
            "lively" => lively as fn() -> Shell,
            "ended" => ended,
            "polls" => polled,
            "questions" => questions,
            "chat" => chat,
            "show" => show,
            "stands" => stands,
            "stands-ended" => stands_ended,
            "breakouts" => breakouts,
            "programme" => programme,
            _ => programme_ended,
        };
        let (log_name, state_name) = (format!("{version}/{name}.json"), format!("{version}/{name}.state.json"));
        if generate {
            if !file(&log_name).exists() {
                write(&log_name, &Log::of(&run().kept));
            }
            write(&state_name, &state(&read(&log_name)));
        }
        let expected: Value = read(&state_name);
        assert_eq!(state(&read(&log_name)), expected, "{name}");
    }
}

#[test]
fn b1_the_committed_logs_hold_every_kind_of_fact_and_row() {
    let logs: Vec<(&str, Log)> = LOGS
        .map(|(version, name)| (version, read(&format!("{version}/{name}.json"))))
        .into();
    let of = |version: &'static str| logs.iter().filter(move |(of, _)| *of == version).map(|(_, log)| log);
    let facts = |version| {
        of(version)
            .flat_map(|log| &log.facts)
            .map(|fact| fact["kind"].as_str().expect("a kind"))
    };
    let rows = |version| {
        of(version)
            .flat_map(|log| log.working.keys())
            .map(|key| key.split('/').next().expect("a kind"))
    };
    assert_eq!(facts("v1").collect::<BTreeSet<_>>(), FACTS.into_iter().collect());
    assert_eq!(rows("v1").collect::<BTreeSet<_>>(), ROWS.into_iter().collect());
    let new = |kinds: BTreeSet<&'static str>, of: BTreeSet<&str>| kinds.iter().all(|kind| of.contains(kind));
    assert!(new(FACTS_2.into_iter().collect(), facts("v2").collect()));
    assert!(new(ROWS_2.into_iter().collect(), rows("v2").collect()));
}

/// Whether a value has a time in it: a field named like one, or a number as large as one.
fn has_time(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains("unix") || has_time(value)),
        Value::Array(items) => items.iter().any(has_time),
        Value::Number(number) => number.as_u64().is_some_and(|number| number > 10_000_000),
        _ => false,
    }
}

/// Names of all fields, at any depth.
fn fields(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                into.insert(name.clone());
                fields(value, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, into)),
        _ => {}
    }
}

#[test]
fn b2_nothing_that_is_kept_links_a_person_a_room_and_a_time() {
    let people = [0xa11ce_u128, 0xb0b, 0xca401].map(|who| (person(who).to_string(), format!("{who:032x}")));
    let names_somebody = |text: &str| people.iter().any(|(id, hex)| text.contains(id) || text.contains(hex));
    for run in [
        lively(),
        ended(),
        polled(),
        questions(),
        chat(),
        breakouts(),
        show(),
        stands(),
        stands_ended(),
        programme(),
    ] {
        let log = Log::of(&run.kept);
        for fact in &log.facts {
            let text = fact.to_string();
            assert!(
                !names_somebody(&text) && !text.contains("Ada"),
                "a fact about a person: {text}"
            );
            let timed = has_time(fact);
            assert!(
                !timed
                    || matches!(
                        fact["kind"].as_str(),
                        Some("phase_moved" | "attended" | "round_moved" | "slot_set" | "slot_seen")
                    ),
                "a clock where none belongs: {text}"
            );
            assert!(!timed || fact.get("room").is_none(), "a time in a room: {text}");
            let mut named = BTreeSet::new();
            fields(fact, &mut named);
            for personal in ["participant", "name", "by", "owner", "voter"] {
                assert!(!named.contains(personal), "{personal} in {text}");
            }
        }
        for text in log.texts.values() {
            assert!(!names_somebody(&text.to_string()), "a text with a participant: {text}");
            assert!(
                text.get("room").is_none() && text.get("participant").is_none(),
                "{text}"
            );
        }
        for (key, value) in &log.working {
            let is_timer = key.starts_with("show/") && !names_somebody(key) && !names_somebody(&value.to_string());
            assert!(is_timer || !has_time(value), "working state with a time: {key} {value}");
        }
    }
}
