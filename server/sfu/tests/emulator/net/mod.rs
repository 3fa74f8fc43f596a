// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The network between peers and server. It knows times and sizes, never what a datagram holds.

pub(crate) mod link;
pub(crate) mod random;
pub(crate) mod wire_log;
