// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A client of the Fiera protocol in Rust: the socket, the streams as followed, coming back. No media.

pub mod backoff;
pub mod dice;
pub mod link;
pub mod mirror;
