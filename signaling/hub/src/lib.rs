// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One event as a pure state machine: who is here, in which room, behind or on the stage, and what each is told.
//! It never sees a socket, a clock, a random number, tokio or a media packet; see [`Hub`] for the calling contract.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod access;
mod announcements;
mod answers;
mod attendance;
mod board;
mod breakouts;
mod cadence;
mod captions;
mod chance;
mod chat;
mod commands;
mod config;
mod countdown;
mod external;
mod fact;
mod filter;
mod flush;
mod hands;
mod hub;
mod ideas;
mod input;
mod invariants;
mod keeping;
mod moderation;
mod output;
mod own;
mod pace;
mod participant;
mod pause;
mod polls;
mod presence;
mod programme;
mod quality;
mod questions;
mod reactions;
mod recap;
mod record;
mod refusal;
mod restore;
mod room;
mod show;
mod stands;
mod stream;
mod thanks;
mod timers;
mod view;

pub use board::{Board, BoardRoom, BoardSlot, StoredAbout};
pub use breakouts::{BreakoutNotes, Note};
pub use captions::{SaidLine, Transcript};
pub use config::{ConfigError, EventConfig, PreparedIdea, RoomConfig};
pub use hub::Hub;
pub use ideas::IdeaRow;
pub use input::{ConnectionId, Input, Now};
pub use output::{MediaIntent, Output, Side, Standing, StreamKey};
pub use polls::PreparedPoll;
pub use programme::PreparedSlot;
pub use quality::Service;
pub use questions::{OpenQuestion, QuestionRow};
pub use recap::{Language, PublicQuestion, PublicThanks, Recap, RoomRecap, formula_guard, stands_csv, stands_markdown};
pub use record::{Record, Recovered, RestoreError};
pub use refusal::Refusal;
pub use stands::{PreparedStand, StandRecap, StandsConfig};
