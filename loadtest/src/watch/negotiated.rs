// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What a viewer may expect on the wire, out of the server's description.

use crate::wire::sdp::Remote;
use crate::wire::stamp::Medium;

/// What packets of a payload type carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Opus or VP8.
    Medium(Medium),
    /// Retransmissions (RFC 4588).
    Rtx,
    /// A codec that our publisher does not send.
    Other,
}

/// See the module's head.
#[derive(Debug, Clone)]
pub struct Negotiated {
    payload_types: Vec<(u8, Carries)>,
    sources: Vec<(u32, Option<u32>)>,
    /// Id of the transport-wide sequence number; 0 without.
    pub twcc_id: u8,
}

impl Negotiated {
    /// Reads a description.
    #[must_use]
    pub fn new(remote: &Remote) -> Self {
        let mut out = Self {
            payload_types: Vec::new(),
            sources: Vec::new(),
            twcc_id: 0,
        };
        for media in remote.media.iter().filter(|m| !m.rejected) {
            for pt in &media.payload_types {
                let carries = match media.codec(*pt).as_deref() {
                    Some("opus") => Carries::Medium(Medium::Audio),
                    Some("vp8") => Carries::Medium(Medium::Video),
                    Some("rtx") => Carries::Rtx,
                    _ => Carries::Other,
                };
                out.payload_types.push((*pt, carries));
            }
            let pairs = media.rtx_pairs();
            let rtx_of = |ssrc: u32| pairs.iter().find(|(p, _)| *p == ssrc).map(|(_, rtx)| *rtx);
            let is_rtx = |ssrc: &u32| pairs.iter().any(|(_, rtx)| rtx == ssrc);
            let primaries = media.ssrcs().into_iter().filter(|ssrc| !is_rtx(ssrc));
            out.sources.extend(primaries.map(|ssrc| (ssrc, rtx_of(ssrc))));
            // One transport, one numbering: the id is the same in all m-lines of a bundle.
            out.twcc_id = if out.twcc_id == 0 { media.twcc_id() } else { out.twcc_id };
        }
        out
    }

    /// What a payload type carries; none when it was not negotiated.
    #[must_use]
    pub fn carries(&self, payload_type: u8) -> Option<Carries> {
        self.payload_types
            .iter()
            .find(|(pt, _)| *pt == payload_type)
            .map(|(_, carries)| *carries)
    }

    /// A declared source with the source of its retransmissions.
    #[must_use]
    pub fn source(&self, ssrc: u32) -> Option<(u32, Option<u32>)> {
        self.sources.iter().find(|(s, _)| *s == ssrc).copied()
    }
}
