// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What every golden change makes of every golden state, once and twice over, committed as `golden/applied.json`: the web
//! client's tests read the same file, so that both sides apply changes alike (SPEC.md S2).
//! Written anew with `FIERA_GENERATE=1`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fiera_protocol::apply::apply;
use fiera_protocol::view::{Change, StreamState};
use serde_json::json;

fn path(name: &str) -> PathBuf {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"));
    here.join("golden").join(name)
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> BTreeMap<String, T> {
    let text = std::fs::read_to_string(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn s2_both_sides_apply_every_change_alike() {
    let states: BTreeMap<String, StreamState> = read("stream_state.json");
    let changes: BTreeMap<String, Change> = read("change.json");
    let mut steps: Vec<String> = Vec::new();
    for (name, state) in &states {
        for (kind, change) in &changes {
            let mut after = state.clone();
            if !apply(&mut after, change) {
                assert_eq!(
                    &after, state,
                    "{name}: {kind} is of another stream and must not touch it"
                );
                continue;
            }
            let once = after.clone();
            assert!(apply(&mut after, change), "{name}: {kind} applies again");
            steps.push(json!({"state": name, "change": kind, "once": once, "twice": after}).to_string());
        }
    }
    let written = format!("[\n{}\n]\n", steps.join(",\n"));
    if std::env::var_os("FIERA_GENERATE").is_some() {
        std::fs::write(path("applied.json"), &written).expect("golden/ can be written");
    }
    let committed = std::fs::read_to_string(path("applied.json")).expect("golden/applied.json is committed");
    assert!(
        committed == written,
        "golden/applied.json is old: run this test with FIERA_GENERATE=1"
    );
}
