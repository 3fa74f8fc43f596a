// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One media packet of a publisher, decrypted and looked at once, shared by all who forward it.
//! Immutable: headers for viewers are written elsewhere.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::subsets::SUBSETS;
use crate::api::SourceKind;
use crate::codec::Facts;
use crate::rtp::AudioLevel;
use crate::sdp::Codec;

/// A media packet in the order of its layer, retransmission undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaPacket {
    /// When it arrived.
    pub arrival: Instant,
    /// Place in the layer's line. Late packets have lower numbers. Its low 16 bits are [`MediaPacket::seq`], but in parts of
    /// a stream with layers, which have lines of their own.
    pub ext_seq: u64,
    /// Sequence number on the wire (that of the original for a retransmission).
    pub seq: u16,
    /// RTP timestamp of the publisher.
    pub timestamp: u32,
    /// When that timestamp was captured: server time in microseconds, so that every thread places it alike.
    pub server_us: i64,
    /// Marker bit.
    pub marker: bool,
    /// Codec by payload type.
    pub codec: Codec,
    /// Which life of the layer: another one means a new SSRC, whose timestamps and counters started anew.
    pub epoch: u32,
    /// Payload without padding and without the original sequence number of a retransmission. Empty where a number was kept
    /// free in a part of a stream for what turned out to be of another: receivers take it for padding.
    pub payload: Bytes,
    /// Voice level (RFC 6464).
    pub audio_level: Option<AudioLevel>,
    /// Whether a decoder can start here.
    pub keyframe_start: bool,
    /// What else the payload says.
    pub facts: Facts,
    /// H.264 parameter sets (a STAP-A) that a decoder needs before this packet and will not find in it.
    pub parameter_sets: Option<Bytes>,
    /// Dependency descriptor of an AV1 packet.
    pub dependency: Option<Dependency>,
    /// In parts of a stream with layers: how they hang together.
    pub layered: Option<Layered>,
    /// Octets of the RTP packet as it came.
    pub size: usize,
}

impl MediaPacket {
    /// What fills a number of a part that this packet was thought to need.
    pub(super) fn nothing_at(&self, ext_seq: u64) -> Self {
        Self {
            ext_seq,
            marker: false,
            payload: Bytes::new(),
            keyframe_start: false,
            dependency: None,
            layered: Some(Layered { goes_on: None }),
            ..self.clone()
        }
    }
}

/// A dependency descriptor as the publisher sent it (RTP Payload Format For AV1, appendix A).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The value of the header extension.
    pub bytes: Bytes,
    /// Number of the frame, modulo 2^16.
    pub frame_number: u16,
}

/// What a packet knows of the other parts of its stream with layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layered {
    /// After the last packet of a picture: where each part goes on. A viewer may go on with a smaller part there, which needs
    /// nothing of a larger one.
    pub goes_on: Option<[u64; SUBSETS]>,
}

/// One packet as part of one subset of a stream with layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The packet, under its number in the subset.
    pub packet: Arc<MediaPacket>,
    /// Height of the subset's pictures, pixels, where the stream stated it.
    pub height: Option<u16>,
    /// Whether no smaller subset has it: it shows that this one is worth being sent.
    pub is_own: bool,
}

/// Where a packet went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ingested {
    /// Media to forward; it is in the layer's ring already.
    Media {
        /// Which source.
        source: SourceKind,
        /// Which layer, lowest is 0.
        layer: u8,
        /// The packet.
        packet: Arc<MediaPacket>,
    },
    /// Media of a stream with layers: the packet as it is in each subset, the smallest first.
    Layered {
        /// Which source.
        source: SourceKind,
        /// By subset; none where the packet is not of it.
        parts: [Option<Part>; SUBSETS],
    },
    /// Nothing to forward.
    Consumed(Consumed),
}

/// Why there is nothing to forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Consumed {
    /// A probe on a retransmission stream.
    Probe,
    /// A padding-only packet that took a place in a layer's line.
    Padding {
        /// Which source.
        source: SourceKind,
        /// Which layer.
        layer: u8,
        /// The place that stays empty.
        ext_seq: u64,
    },
    /// Seen before.
    Duplicate,
}

/// What happened to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IngestEvent {
    /// Packets come in again, or none for [`super::SILENT_AFTER`], or it said BYE.
    Flow {
        /// Which source.
        source: SourceKind,
        /// Packets are coming in.
        flowing: bool,
    },
    /// Packets were lost that will not be repaired; who watches the layer needs a key frame.
    LostForGood {
        /// Which source.
        source: SourceKind,
        /// Which layer.
        layer: u8,
    },
    /// A layer came back with a new SSRC.
    Restarted {
        /// Which source.
        source: SourceKind,
        /// Which layer.
        layer: u8,
    },
    /// The encoder sends B pictures, which cannot be forwarded; said once for a source.
    BFrames {
        /// Which source.
        source: SourceKind,
    },
}
