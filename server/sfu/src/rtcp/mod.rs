// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! RTCP compound packets (RFC 3550 section 6, RFC 4585, RFC 5104, transport-wide feedback) read in place and written.
//! Never allocates when reading; hostile lengths become errors.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
