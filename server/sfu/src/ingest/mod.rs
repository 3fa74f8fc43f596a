// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What one publisher sends, made into ordered shared packets, and the feedback that it gets for it.
//! Never sees sockets, keys, a clock, or who watches.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
