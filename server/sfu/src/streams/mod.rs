// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Ways to the media plane for those whom UDP does not reach, without IO: frames in byte streams (ICE-TCP, TURN over
//! TCP) and a TURN server that relays to nothing but this media plane. It never sees a socket or a person.

pub mod framing;
pub mod turn;
