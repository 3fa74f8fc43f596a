// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What people did in a search, so that one which does nothing of some kind does not pass: every kind of command is
//! carried out and refused, and what only few of them lead to happens in each event.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::breakouts::BreakoutStep;
use fiera_protocol::client::Command;
use fiera_protocol::ids::ParticipantId;
use serde_json::Value;

use crate::model::{Model, Verdict};
use crate::world::Counted;

/// Examples of all commands and their steps: what is not among them is not of the wire.
const COMMANDS: &str = include_str!("../../signaling/protocol/golden/command.json");
const STEPS: [(&str, &str); 6] = [
    (
        "breakouts",
        include_str!("../../signaling/protocol/golden/breakout_step.json"),
    ),
    ("ideas", include_str!("../../signaling/protocol/golden/idea_step.json")),
    (
        "programme",
        include_str!("../../signaling/protocol/golden/programme_step.json"),
    ),
    ("stage", include_str!("../../signaling/protocol/golden/stage_step.json")),
    ("stand", include_str!("../../signaling/protocol/golden/stand_step.json")),
    (
        "thanks",
        include_str!("../../signaling/protocol/golden/thanks_step.json"),
    ),
];

/// What takes a while to come to, and has to happen in each event of a whole life.
const IN_EACH_EVENT: [&str; 4] = [
    "breakouts: add_card",
    "breakouts: show_cards, of a room",
    "breakouts: erase_card, read out",
    "erase_caption",
];
/// Of what is done the least one of these seems done less than it was, by so many times.
const MORE_OFTEN: [(&str, u32); 9] = [
    ("ask_quiz", 3),
    ("set_question, \"follow_up\"", 3),
    ("answer, \"text\"", 3),
    ("answer, \"words\"", 3),
    ("breakouts: add_card", 4),
    ("breakouts: erase_card, read out", 4),
    ("erase_caption", 4),
    ("erase_caption, kept", 4),
    ("breakouts: show_cards, of a room", 2),
];

/// Kinds that a search of the usual length need not refuse: they take a state that is seldom come to, or the end of the
/// event.
const NOT_REFUSED_MAX: usize = 6;

/// Where a command says which of a few things it is about.
const DETAILS: [&str; 12] = [
    "/phase",
    "/to",
    "/on",
    "/up",
    "/shown",
    "/answer/kind",
    "/draft/form/kind",
    "/step/to",
    "/step/on",
    "/step/up",
    "/step/state",
    "/step/plan/mode",
];

/// What a command is counted as: its kind, and for some what it is about.
pub(crate) fn deed_of(model: &Model, command: &Command) -> String {
    let value = serde_json::to_value(command).expect("a command is JSON");
    let kind = value["kind"].as_str().expect("it has a kind");
    let step = value["step"]["kind"].as_str();
    let kind = step.map_or_else(|| kind.to_owned(), |step| format!("{kind}: {step}"));
    let detail = match command {
        Command::Breakouts {
            step: BreakoutStep::EraseCard { card, .. },
        } if model.is_read_out(*card) => Some("read out".to_owned()),
        Command::Breakouts {
            step: BreakoutStep::ShowCards { room, .. },
        } => Some(if room.is_some() { "of a room" } else { "no longer" }.to_owned()),
        Command::EraseCaption { caption } if model.holds_caption(*caption) => Some("kept".to_owned()),
        _ => DETAILS.iter().find_map(|at| value.pointer(at)).map(Value::to_string),
    };
    detail.map_or_else(|| kind.clone(), |detail| format!("{kind}, {detail}"))
}

/// The kind of what was counted.
fn kind_of(deed: &str) -> &str {
    deed.split_once(", ").map_or(deed, |(kind, _)| kind)
}

impl Counted {
    /// How often such a command ended so far as this one will, as far as can be told now.
    pub(crate) fn times(&self, model: &Model, now_ms: u64, actor: ParticipantId, command: &Command) -> u32 {
        let deed = deed_of(model, command);
        let of = |counted: &BTreeMap<String, u32>| counted.get(&deed).copied().unwrap_or(0);
        let judged = model.here.people.contains_key(&actor);
        match judged.then(|| model.judge(now_ms, actor, command)) {
            Some(Verdict::Accept) => {
                let less = MORE_OFTEN.iter().find(|(more, _)| *more == deed);
                of(&self.accepted) / less.map_or(1, |(_, less)| *less)
            }
            // There are many ways to be wrong, and each says little.
            Some(Verdict::Refuse) => 1 + 3 * of(&self.refused),
            Some(Verdict::Either) | None => of(&self.accepted) + of(&self.refused),
        }
    }
}

fn names(examples: &str) -> Vec<String> {
    let examples: BTreeMap<String, Value> = serde_json::from_str(examples).expect("examples by name");
    let kind = |example: &Value| example["kind"].as_str().expect("it has a kind").to_owned();
    examples.values().map(kind).collect()
}

/// All kinds that there are.
fn all_kinds() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for command in names(COMMANDS) {
        match STEPS.iter().find(|(of, _)| *of == command) {
            Some((_, steps)) => all.extend(names(steps).iter().map(|step| format!("{command}: {step}"))),
            None => drop(all.insert(command)),
        }
    }
    all
}

/// How often a kind was done, by what is counted.
fn times_of(counted: &BTreeMap<String, u32>, kind: &str) -> u32 {
    let of = counted
        .iter()
        .filter(|(deed, _)| *deed == kind || kind_of(deed) == kind);
    of.map(|(_, times)| times).sum()
}

/// A search of the usual length did everything, and each event of a whole life what few things lead to.
pub(crate) fn was_wide(all: &[Counted]) {
    let never = |counted: fn(&Counted) -> &BTreeMap<String, u32>| -> Vec<String> {
        let done = |kind: &String| all.iter().any(|event| times_of(counted(event), kind) > 0);
        all_kinds().into_iter().filter(|kind| !done(kind)).collect()
    };
    let (accepted, refused) = (never(|event| &event.accepted), never(|event| &event.refused));
    let mut lacking = Vec::new();
    for (nth, event) in all.iter().enumerate() {
        let lacks = IN_EACH_EVENT.iter().filter(|deed| times_of(&event.accepted, deed) == 0);
        lacking.extend(lacks.map(|deed| (nth, *deed)));
    }
    assert!(all.iter().any(|event| event.crashes > 0), "the server never crashed");
    assert!(
        accepted.is_empty() && refused.len() <= NOT_REFUSED_MAX && lacking.is_empty(),
        "the deeds need other weights: never accepted {accepted:?}, never refused {refused:?}, not in an event {lacking:?}"
    );
}
