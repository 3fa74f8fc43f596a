// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The server from outside: HTTP by its router, WebSockets over a real port. One module per area.
#![allow(unreachable_pub)]

#[path = "http/admin.rs"]
mod admin;
#[path = "http/api.rs"]
mod api;
#[path = "http/captions.rs"]
mod captions;
#[path = "http/durable.rs"]
mod durable;
#[path = "http/fair.rs"]
mod fair;
#[path = "http/interop/mod.rs"]
mod interop;
#[path = "http/media.rs"]
mod media;
#[path = "http/metrics.rs"]
mod metrics;
#[path = "http/questions.rs"]
mod questions;
#[path = "http/site.rs"]
mod site;
#[path = "http/sockets.rs"]
mod sockets;
#[path = "http/streams.rs"]
mod streams;
