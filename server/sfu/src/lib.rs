// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The media plane without IO: publishers in, viewers out, for one media thread.
//! It never sees a socket, a clock, tokio, the hub or the signalling protocol; keys are opaque numbers.
#![forbid(unsafe_code)]

pub mod allocate;
pub mod api;
pub mod bwe;
pub mod clock;
pub mod codec;
pub mod counters;
pub mod egress;
pub mod engine;
pub mod ingest;
pub mod plan;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
pub mod speakers;
pub mod streams;
pub mod transport;
pub mod viewer;
