// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What one record says, read without the hub's own types.

use fiera_hub::Record;
use serde_json::Value;

pub(super) fn fact(record: &Record) -> Option<Value> {
    match record {
        Record::Fact { body, .. } => Some(serde_json::from_slice(body).expect("a fact is JSON")),
        _ => None,
    }
}

pub(super) fn row(record: &Record) -> Option<(String, Option<Value>)> {
    match record {
        Record::Working { key, value } => {
            let value = value
                .as_ref()
                .map(|value| serde_json::from_slice(value).expect("a row is JSON"));
            Some((key.clone(), value))
        }
        _ => None,
    }
}

pub(super) fn text(record: &Record) -> Option<(u128, String)> {
    match record {
        Record::Text { id, body: Some(body) } => {
            let value: Value = serde_json::from_slice(body).expect("a text is JSON");
            Some((*id, value["text"].as_str().expect("words").to_owned()))
        }
        _ => None,
    }
}
