// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The server as a library: configuration, HTTP, WebSocket, WHIP and WHEP, tokens, metrics, drain.
//! It joins the planes and holds no rule of the event itself; only `bridge` knows both hub and SFU.
#![forbid(unsafe_code)]

pub(crate) mod admin;
pub mod app;
pub(crate) mod bridge;
mod calendar;
pub mod cli;
pub mod config;
pub(crate) mod connection;
pub(crate) mod console;
pub(crate) mod event;
pub(crate) mod event_task;
pub(crate) mod events;
pub mod fair;
pub(crate) mod http;
pub(crate) mod identity;
pub mod keys;
pub mod limits;
pub(crate) mod metrics;
pub(crate) mod outbox;
pub(crate) mod rate;
pub(crate) mod recap_files;
pub(crate) mod refusal;
pub(crate) mod resume;
pub mod setups;
mod similar;
pub(crate) mod state;
pub(crate) mod streams;
pub(crate) mod tls;
pub mod token;
