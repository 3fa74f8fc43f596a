// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The wire between a client and the server: ids, roles, limits, messages both ways, refusals.
//! It knows how things are written, never what they do: no state, no clock, no socket.
//! `SPEC.md` beside this crate says the same in prose; `golden/` holds one JSON example per variant.
#![forbid(unsafe_code)]

pub mod apply;
pub mod breakouts;
pub mod captions;
pub mod client;
pub mod codec;
pub mod fair;
pub mod ideas;
pub mod ids;
pub mod limits;
pub mod poll;
pub mod programme;
pub mod refusal;
pub mod resume;
pub mod server;
pub mod stage;
pub mod stands;
pub mod text;
pub mod thanks;
#[cfg(feature = "typescript")]
pub mod typescript;
pub mod view;

/// Version of this protocol, carried by [`client::ClientMessage::Hello`]; a server refuses any other.
pub const PROTOCOL_VERSION: u16 = 1;
