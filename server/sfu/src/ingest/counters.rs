// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What is counted about one publisher's packets, and why some are refused. Holds no address and no id.

use crate::codec::CodecError;
use crate::rtcp::RtcpError;
use crate::rtp::RtpError;

/// Why a packet was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum IngestRefusal {
    /// Not RTP.
    #[error(transparent)]
    Rtp(#[from] RtpError),
    /// Not RTCP.
    #[error(transparent)]
    Rtcp(#[from] RtcpError),
    /// No m-line, or more than one, that it could belong to.
    #[error("the packet belongs to no negotiated m-line")]
    UnknownMedia,
    /// The m-line is known, the simulcast layer is not.
    #[error("the packet belongs to no negotiated simulcast layer")]
    UnknownLayer,
    /// A payload type that was not negotiated for the m-line.
    #[error("the payload type was not negotiated")]
    UnknownPayloadType,
    /// More than [`super::SSRCS_MAX`] streams.
    #[error("the publisher uses too many SSRCs")]
    TooManySsrcs,
    /// A late packet of an SSRC that was replaced.
    #[error("the SSRC was replaced by a newer one")]
    RetiredSsrc,
    /// A retransmission of a layer that sent nothing yet.
    #[error("a retransmission came before any media")]
    RtxBeforeMedia,
    /// Older than the window in which duplicates are told.
    #[error("the packet is too old")]
    TooOld,
    /// The payload does not follow its format.
    #[error(transparent)]
    Payload(#[from] CodecError),
    /// A B slice.
    #[error("B pictures cannot be forwarded")]
    BSlice,
}

impl IngestRefusal {
    /// How many reasons there are.
    pub const COUNT: usize = 11;

    /// Place of the reason in [`IngestCounters::refused`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            IngestRefusal::Rtp(_) => 0,
            IngestRefusal::Rtcp(_) => 1,
            IngestRefusal::UnknownMedia => 2,
            IngestRefusal::UnknownLayer => 3,
            IngestRefusal::UnknownPayloadType => 4,
            IngestRefusal::TooManySsrcs => 5,
            IngestRefusal::RetiredSsrc => 6,
            IngestRefusal::RtxBeforeMedia => 7,
            IngestRefusal::TooOld => 8,
            IngestRefusal::Payload(_) => 9,
            IngestRefusal::BSlice => 10,
        }
    }
}

/// Counts since the connection began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IngestCounters {
    /// Media packets taken, repaired ones included.
    pub media: u64,
    /// Padding and probes.
    pub padding: u64,
    /// Packets seen before.
    pub duplicates: u64,
    /// Packets on retransmission streams, probes included.
    pub rtx: u64,
    /// Media packets that a retransmission brought.
    pub repaired: u64,
    /// Lost media packets that the redundancy of a later one brought (RFC 2198).
    pub recovered: u64,
    /// Sequence numbers asked for again, each time counted.
    pub nacked: u64,
    /// Missing packets given up.
    pub given_up: u64,
    /// Key frame requests sent.
    pub plis: u64,
    /// Layers that came back with a new SSRC.
    pub restarts: u64,
    /// RTCP parts with a body that is wrong.
    pub rtcp_malformed: u64,
    /// RTCP parts of a type that is not read.
    pub rtcp_unknown: u64,
    /// Refusals by [`IngestRefusal::index`].
    pub refused: [u64; IngestRefusal::COUNT],
}

impl IngestCounters {
    /// Counts a refusal.
    pub(super) fn refuse(&mut self, refusal: IngestRefusal) {
        if let Some(count) = self.refused.get_mut(refusal.index()) {
            *count += 1;
        }
    }

    /// How often a reason was given.
    #[must_use]
    pub fn refused_for(&self, refusal: IngestRefusal) -> u64 {
        self.refused.get(refusal.index()).copied().unwrap_or(0)
    }
}
