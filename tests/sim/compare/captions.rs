// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Live captions: what a room sees of them, and what of them stands in the recap.

use std::collections::BTreeMap;

use fiera_protocol::captions::{CaptionLine, CaptionsView};
use serde_json::{Value, json};

use crate::model::captions::Line;
use crate::model::{Model, Room};

/// Z2, Z3: the lines of a room, in their order.
pub(super) fn same_lines(model: &Model, view: &CaptionsView) {
    let line = |is_final| {
        move |line: &Line| CaptionLine {
            caption: line.id,
            lang: line.lang.clone(),
            text: line.text.clone(),
            is_final,
        }
    };
    let known: Vec<CaptionLine> = model.here.captions.get(&view.room).map_or_else(Vec::new, |of| {
        let finals = of.finals.iter().map(line(true));
        finals.chain(of.open.iter().map(line(false))).collect()
    });
    assert_eq!(view.lines, known, "Z3: captions of {}", view.room);
}

/// Z6: what was said, by language, where the event keeps it.
pub(crate) fn same_transcripts(model: &Model, recap: &Value) {
    for shown in recap["rooms"].as_array().expect("rooms") {
        let id = serde_json::from_value(shown["room"].clone()).expect("an id");
        let of = |room: &Room| {
            let mut said: BTreeMap<_, Vec<String>> = BTreeMap::new();
            let lines = room.captions.iter();
            let lines = lines.filter_map(|(_, lang, text)| Some((lang.clone(), text.clone()?)));
            lines.for_each(|(lang, text)| said.entry(lang).or_default().push(text));
            let transcript = |(lang, lines)| json!({ "lang": lang, "lines": lines });
            said.into_iter().map(transcript).collect::<Vec<_>>()
        };
        let known = Value::from(of(model.room(&id)));
        let none = Value::from(Vec::<Value>::new());
        let shown = shown.get("transcripts").unwrap_or(&none);
        assert_eq!(*shown, known, "Z6: what was said in {id}");
    }
}
