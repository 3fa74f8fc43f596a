// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Every variant of the wire types has an example in `golden/`, and each means the same read and written (SPEC.md G1).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use fiera_protocol::breakouts::BreakoutStep;
use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::codec::{SERVER_KINDS, parse_client, parse_server_frame};
use fiera_protocol::ideas::IdeaStep;
use fiera_protocol::poll::{Answer, Outcome, PollForm};
use fiera_protocol::programme::ProgrammeStep;
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::stage::StageStep;
use fiera_protocol::stands::StandStep;
use fiera_protocol::thanks::ThanksStep;
use fiera_protocol::view::{Change, StreamId, StreamState};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn golden(name: &str) -> BTreeMap<String, Value> {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"));
    let path = here.join("golden").join(name).with_extension("json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The variants of a type, as serde lists them when it meets one that does not exist.
fn variants<T: DeserializeOwned>(stranger: Value) -> BTreeSet<String> {
    let error = serde_json::from_value::<T>(stranger)
        .err()
        .expect("no such variant")
        .to_string();
    let (_, list) = error.split_once("expected one of").expect("serde lists the variants");
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn every_variant_round_trips<T: DeserializeOwned + Serialize>(name: &str, stranger: Value) {
    let examples = golden(name);
    let covered: BTreeSet<String> = examples.keys().cloned().collect();
    assert_eq!(
        covered,
        variants::<T>(stranger),
        "golden/{name}.json and the variants differ"
    );
    for (variant, example) in examples {
        let parsed: T = serde_json::from_value(example.clone()).unwrap_or_else(|e| panic!("{name} {variant}: {e}"));
        let written = serde_json::to_value(&parsed).expect("it can be written");
        assert_eq!(written, example, "{name} {variant}");
        let tag = example.get("kind").or(example.get("of")).unwrap_or(&example);
        assert_eq!(
            tag,
            &json!(variant),
            "the example of {name} {variant} is of another variant"
        );
    }
}

#[test]
fn g1_every_variant_has_a_golden_example_that_round_trips() {
    every_variant_round_trips::<ClientMessage>("client_message", json!({"kind": "?"}));
    every_variant_round_trips::<Command>("command", json!({"kind": "?"}));
    every_variant_round_trips::<StageStep>("stage_step", json!({"kind": "?"}));
    every_variant_round_trips::<BreakoutStep>("breakout_step", json!({"kind": "?"}));
    every_variant_round_trips::<StandStep>("stand_step", json!({"kind": "?"}));
    every_variant_round_trips::<ServerMessage>("server_message", json!({"kind": "?"}));
    every_variant_round_trips::<Change>("change", json!({"kind": "?"}));
    every_variant_round_trips::<StreamState>("stream_state", json!({"of": "?"}));
    every_variant_round_trips::<StreamId>("stream_id", json!({"of": "?"}));
    every_variant_round_trips::<PollForm>("poll_form", json!({"kind": "?"}));
    every_variant_round_trips::<Answer>("answer", json!({"kind": "?"}));
    every_variant_round_trips::<ProgrammeStep>("programme_step", json!({"kind": "?"}));
    every_variant_round_trips::<IdeaStep>("idea_step", json!({"kind": "?"}));
    every_variant_round_trips::<ThanksStep>("thanks_step", json!({"kind": "?"}));
    every_variant_round_trips::<Outcome>("outcome", json!({"kind": "?"}));
    every_variant_round_trips::<RefusalCode>("refusal_code", json!("?"));
}

#[test]
fn g1_the_list_of_server_kinds_is_complete() {
    let listed: BTreeSet<String> = SERVER_KINDS.iter().map(|kind| (*kind).to_owned()).collect();
    assert_eq!(listed, variants::<ServerMessage>(json!({"kind": "?"})));
}

/// The client's messages, with each command in a message of its own.
fn inbound() -> Vec<Value> {
    let messages = golden("client_message").into_values();
    let wrap = |command| json!({"kind": "command", "id": "0d9a4c1e-77aa-4c0b-8a43-9f1d2e3c4b55", "command": command});
    let streams = golden("stream_id")
        .into_values()
        .map(|stream| json!({"kind": "resync", "stream": stream}));
    let steps = ["breakout", "stand", "programme", "idea", "thanks"]
        .into_iter()
        .flat_map(|of| {
            let command = match of {
                "breakout" | "idea" => format!("{of}s"),
                of => of.to_owned(),
            };
            let steps = golden(&format!("{of}_step")).into_values();
            steps.map(move |step| json!({"kind": command, "step": step}))
        });
    messages
        .chain(golden("command").into_values().chain(steps).map(wrap))
        .chain(streams)
        .collect()
}

/// JSON pointers to every object within a value, the value itself included.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    if let Value::Object(fields) = value {
        found.push(at.to_owned());
        for (name, field) in fields {
            objects(field, &format!("{at}/{name}"), found);
        }
    }
}

#[test]
fn f2_an_unknown_field_anywhere_in_a_client_message_is_refused() {
    for message in inbound() {
        parse_client(&message.to_string()).unwrap_or_else(|e| panic!("{message}: {e}"));
        let mut places = Vec::new();
        objects(&message, "", &mut places);
        for place in places {
            let mut hostile = message.clone();
            hostile.pointer_mut(&place).expect("it is there")["surprise"] = json!(1);
            let refused = parse_client(&hostile.to_string()).expect_err(&hostile.to_string());
            assert_eq!(refused.code, RefusalCode::Malformed, "{hostile}");
        }
    }
}

#[test]
fn f2_a_field_of_the_wrong_type_in_a_client_message_is_refused() {
    for message in inbound() {
        for field in message.as_object().expect("an object").keys() {
            let mut hostile = message.clone();
            hostile[field] = json!([["no"]]);
            assert!(parse_client(&hostile.to_string()).is_err(), "{hostile}");
        }
    }
}

#[test]
fn f3_a_client_ignores_kinds_and_fields_that_it_does_not_know() {
    let mut accepted = golden("server_message")["accepted"].clone();
    accepted["of_a_later_version"] = json!({"deep": [1]});
    let frame = json!([{"kind": "of_a_later_version", "n": 1}, accepted]).to_string();
    let messages = parse_server_frame(&frame).expect("readable");
    assert!(
        matches!(messages.as_slice(), [ServerMessage::Accepted { .. }]),
        "{messages:?}"
    );
}
