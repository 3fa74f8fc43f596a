// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A client of the Fiera protocol in Rust: the socket, the streams as followed, coming back. No media.

pub mod backoff;
pub mod dice;
pub mod link;
pub mod mirror;

use anyhow::Context as _;

/// The runtime of many light sockets: one thread, so that what they share needs no lock.
///
/// # Errors
/// When the system has no descriptor left.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("tokio")
}
