// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Frames read as cheaply as measuring allows: only the fields that are looked at, borrowed where they can be.

use std::borrow::Cow;

use fiera_protocol::fair::UpvoteCount;
use serde::Deserialize;

/// A server message, as much of it as is looked at.
#[derive(Debug, Deserialize)]
pub struct Light<'a> {
    /// Which message.
    pub kind: &'a str,
    /// Command that is answered.
    #[serde(default)]
    pub id: Option<&'a str>,
    /// Number of an update, a snapshot or a ping.
    #[serde(default)]
    pub n: Option<u64>,
    /// Epoch of an update or a snapshot.
    #[serde(default)]
    pub epoch: Option<u32>,
    /// Stream of an update or a snapshot.
    #[serde(default, borrow)]
    pub stream: Option<Stream<'a>>,
    /// The change of an update.
    #[serde(default, borrow)]
    pub change: Option<Change<'a>>,
    /// The state of a snapshot.
    #[serde(default, borrow)]
    pub state: Option<State<'a>>,
    /// Code of a refusal.
    #[serde(default)]
    pub code: Option<&'a str>,
    /// Resume token.
    #[serde(default)]
    pub token: Option<&'a str>,
    /// Of `welcome`.
    #[serde(default)]
    pub resumed: Option<bool>,
    /// Of `drain`.
    #[serde(default)]
    pub reconnect_within_ms: Option<u64>,
}

/// Which stream.
#[derive(Debug, Deserialize)]
pub struct Stream<'a> {
    /// Its kind.
    pub of: &'a str,
}

/// A change.
#[derive(Debug, Deserialize)]
pub struct Change<'a> {
    /// Which.
    pub kind: &'a str,
    /// A chat message.
    #[serde(default, borrow)]
    pub message: Option<Said<'a>>,
    /// The poll that is shown.
    #[serde(default, borrow)]
    pub poll: Option<Poll<'a>>,
    /// Supporters of questions.
    #[serde(default)]
    pub upvotes: Option<Vec<UpvoteCount>>,
}

/// A chat message.
#[derive(Debug, Deserialize)]
pub struct Said<'a> {
    /// The words.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
}

/// A poll.
#[derive(Debug, Deserialize)]
pub struct Poll<'a> {
    /// Its id.
    pub poll: &'a str,
    /// Participants who answered.
    pub answers: u32,
}

/// A state.
#[derive(Debug, Deserialize)]
pub struct State<'a> {
    /// Of which stream.
    pub of: &'a str,
    /// The room one is in, or that this is the state of.
    #[serde(default)]
    pub room: Option<&'a str>,
    /// The last chat messages.
    #[serde(default, borrow)]
    pub chat: Option<Vec<Said<'a>>>,
}

/// Reads a frame.
///
/// # Errors
/// Where it is no array of messages.
pub fn read(text: &str) -> Result<Vec<Light<'_>>, serde_json::Error> {
    serde_json::from_str(text)
}

/// The number of a message of this load, from its words.
#[must_use]
pub fn number_of(text: &str) -> Option<usize> {
    text.strip_prefix('[')?.split_once(']')?.0.parse().ok()
}

/// The words of the message of this number.
#[must_use]
pub fn words_of(number: usize) -> String {
    format!("[{number}] Grazie, molto chiaro. Il collegamento al repository sarà nel resoconto?")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every golden example of a server message is readable, so that a change of the wire is noticed here.
    #[test]
    fn golden_messages_are_readable() {
        let golden = include_str!("../../../signaling/protocol/golden/server_message.json");
        let values: serde_json::Value = serde_json::from_str(golden).unwrap();
        let all: Vec<&serde_json::Value> = match &values {
            serde_json::Value::Array(all) => all.iter().collect(),
            serde_json::Value::Object(all) => all.values().collect(),
            _ => vec![],
        };
        assert!(all.len() > 10);
        for value in all {
            let frame = format!("[{value}]");
            let messages = read(&frame).unwrap_or_else(|error| panic!("{error}: {frame}"));
            assert_eq!(value["kind"], messages[0].kind);
        }
    }

    #[test]
    fn a_message_is_found_by_its_number() {
        assert_eq!(number_of(&words_of(17)), Some(17));
        assert_eq!(number_of("Grazie"), None);
        let frame = r#"[{"kind":"update","stream":{"of":"room","room":"main"},"epoch":1,"n":4,"change":{"kind":"message",
            "message":{"message":"m","by":"A","participant":null,"text":"[3] \"x\"","at_unix_ms":0}}}]"#;
        let messages = read(frame).unwrap();
        let said = messages[0].change.as_ref().unwrap().message.as_ref().unwrap();
        assert_eq!(number_of(&said.text), Some(3));
    }
}
