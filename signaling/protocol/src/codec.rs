// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Text to messages and back: the only place that parses what a client sent.
//! It allocates no more than the message that it reads, and never panics on hostile input.

use std::fmt;
use std::sync::Arc;

use crate::client::ClientMessage;
use crate::ids::CommandId;
use crate::limits::{CLIENT_MESSAGE_BYTES_MAX, SDP_BYTES_MAX};
use crate::refusal::RefusalCode;
use crate::server::ServerMessage;
use crate::stands::INVALID_LINKS;
use crate::text::{INVALID_NAMES, INVALID_TEXTS};

/// Why a text is not a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The stable code of the refusal to send.
    pub code: RefusalCode,
    /// For people: what happened and what to do.
    pub sentence: String,
    /// The command that the message would have been, where that can be told.
    pub id: Option<CommandId>,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Malformed {}

/// Reads one client message: the content of one WebSocket text frame.
///
/// # Errors
/// `too_large` above [`CLIENT_MESSAGE_BYTES_MAX`], `sdp` where a session description is longer than
/// [`SDP_BYTES_MAX`], `text` or `name` where one is not possible, `malformed` otherwise: not JSON, an unknown kind, an unknown, missing or wrong field.
pub fn parse_client(text: &str) -> Result<ClientMessage, Malformed> {
    if text.len() > CLIENT_MESSAGE_BYTES_MAX {
        return Err(Malformed {
            code: RefusalCode::TooLarge,
            sentence: format!("The message is longer than {CLIENT_MESSAGE_BYTES_MAX} bytes; send less at once."),
            id: None,
        });
    }
    let message = serde_json::from_str::<ClientMessage>(text).map_err(|error| unreadable(text, &error))?;
    match &message {
        ClientMessage::RackAnswer { sdp, .. } | ClientMessage::PublishOffer { sdp, .. }
            if sdp.len() > SDP_BYTES_MAX =>
        {
            Err(Malformed {
                code: RefusalCode::Sdp,
                sentence: format!("The session description is longer than {SDP_BYTES_MAX} bytes; offer fewer codecs."),
                id: None,
            })
        }
        _ => Ok(message),
    }
}

/// A text that cannot be written is told apart from a message that cannot be read, and both from which command they were.
fn unreadable(text: &str, error: &serde_json::Error) -> Malformed {
    let id = serde_json::from_str::<Command>(text)
        .ok()
        .and_then(|command| command.id);
    let said = short(error);
    let code_of = |sentences: &[&str], code| sentences.iter().any(|of| said.starts_with(of)).then_some(code);
    let texts = code_of(&INVALID_TEXTS, RefusalCode::Text).or(code_of(&INVALID_LINKS, RefusalCode::Text));
    let code = texts.or(code_of(&INVALID_NAMES, RefusalCode::Name));
    match code {
        Some(code) => {
            let what = said.split(" at line ").next().unwrap_or_default();
            Malformed {
                code,
                sentence: format!("It was not sent: {what}. Change it and send it again."),
                id,
            }
        }
        None => Malformed {
            code: RefusalCode::Malformed,
            sentence: format!("The message cannot be read ({said}). Reload the page to get the current client."),
            id,
        },
    }
}

/// As much of a message as is needed to answer it although it cannot be read.
#[derive(serde::Deserialize)]
struct Command {
    id: Option<CommandId>,
}

/// What serde says, without the pages that it quotes from a hostile message.
fn short(error: &serde_json::Error) -> String {
    const CHARS_MAX: usize = 160;
    error
        .to_string()
        .chars()
        .filter(|c| !c.is_control())
        .take(CHARS_MAX)
        .collect()
}

/// Writes one server message once, to be shared by everybody who gets it.
#[must_use]
pub fn encode(message: &ServerMessage) -> Arc<str> {
    // The message types hold nothing that JSON cannot write: every map key is a field name, no number is a float.
    let text = serde_json::to_string(message);
    debug_assert!(text.is_ok(), "{message:?}");
    Arc::from(text.unwrap_or_default())
}

/// Writes a client message; for clients in Rust.
#[must_use]
pub fn encode_client(message: &ClientMessage) -> String {
    let text = serde_json::to_string(message);
    debug_assert!(text.is_ok(), "{message:?}");
    text.unwrap_or_default()
}

/// Joins encoded messages into the JSON array of one WebSocket text frame, in order.
#[must_use]
pub fn frame(messages: &[Arc<str>]) -> String {
    let bytes = messages.iter().map(|m| m.len() + 1).sum::<usize>() + 2;
    let mut out = String::with_capacity(bytes);
    out.push('[');
    for message in messages.iter().filter(|m| !m.is_empty()) {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(message);
    }
    out.push(']');
    out
}

/// Reads a frame from the server; for clients in Rust. Messages of unknown kinds are left out, as clients must do.
///
/// # Errors
/// Where the frame is no JSON array, or a message of a known kind has a wrong field.
pub fn parse_server_frame(text: &str) -> Result<Vec<ServerMessage>, serde_json::Error> {
    let values: Vec<serde_json::Value> = serde_json::from_str(text)?;
    let mut messages = Vec::with_capacity(values.len());
    for value in values {
        let kind = value
            .get("kind")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default();
        if SERVER_KINDS.contains(&kind) {
            messages.push(serde_json::from_value(value)?);
        }
    }
    Ok(messages)
}

/// Every `kind` of [`ServerMessage`] in this version.
pub const SERVER_KINDS: [&str; 22] = [
    "welcome",
    "accepted",
    "refused",
    "snapshot",
    "update",
    "resume",
    "ping",
    "drain",
    "roster_page",
    "mine",
    "follow_ups",
    "poll_draft",
    "stand",
    "stand_messages",
    "cards",
    "rack_offer",
    "publish_answer",
    "slot_changed",
    "slot_paused",
    "cannot_decode",
    "layers_wanted",
    "media_closed",
];
