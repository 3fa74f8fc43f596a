// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What travels on the wire, as bytes: STUN, SDP, RTP, RTCP, VP8 and our stamps.
//! Written from the RFCs and not from `server/`, so that it can prove the server wrong. No sockets here.

pub mod rtcp;
pub mod rtp;
pub mod sdp;
pub mod stamp;
pub mod stun;
pub mod twcc;
pub mod vp8;
