// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The `webrtc` crate, another implementation with its own ICE agent, packetizers and SRTP, as publisher and as viewer
//! of a running server over loopback UDP. Nothing of Fiera's media code is used on the peers' side.

mod frames;
mod peer;
mod publisher;
mod rack;
mod seen;
mod session;
mod viewer;
mod whep;
