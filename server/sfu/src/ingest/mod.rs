// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What one publisher sends, made into ordered shared packets, and the feedback that it gets for it.
//! Never sees sockets, keys, a clock, or who watches.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod arrivals;
mod counters;
mod demux;
mod feedback;
mod keyframes;
mod layer;
mod nack;
mod packet;
mod rate;
mod reception;
mod recover;
mod ring;
mod rtp_clock;
mod streams;
mod subsets;
mod view;
mod window;

#[cfg(test)]
mod tests;

pub use arrivals::{FEEDBACK_INTERVAL, FEEDBACK_STATUSES_MAX};
pub use counters::{IngestCounters, IngestRefusal};
pub use demux::{RETIRED_FOR, SSRCS_MAX};
pub use feedback::{COMPOUND_BYTES_MAX, REPORT_INTERVAL};
pub use keyframes::{KEYFRAME_APART, KEYFRAME_RETRY};
pub use nack::{NACK_AGE_MAX, NACK_RETRY_MIN, NACK_TRIES_MAX, REORDER_PACKETS, REORDER_WAIT};
pub use packet::{Consumed, Dependency, IngestEvent, Ingested, Layered, MediaPacket, Part};
pub use recover::Recovered;
pub use ring::{RING_AUDIO_PACKETS, RING_BYTES_MAX, RING_PACKETS_MAX, RING_VIDEO_PACKETS, Ring};
pub use streams::{IngestConfig, PublisherStreams, SILENT_AFTER};
pub use subsets::SUBSETS;
