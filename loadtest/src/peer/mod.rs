// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One side of a WebRTC transport without sockets: ICE checks, DTLS, SRTP. Publisher and viewers are built on it.

pub mod identity;
pub mod srtp;
pub mod transport;
