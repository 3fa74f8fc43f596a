// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What forwarding needs to know of codecs: where key frames start and which counters to patch.
//! Never decodes a picture.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod h264;
pub mod opus;
pub mod vp8;

#[cfg(test)]
mod tests;

use crate::sdp::Codec;

/// Size of a picture in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dimensions {
    /// Width.
    pub width: u16,
    /// Height.
    pub height: u16,
}

/// Why a payload cannot be forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CodecError {
    /// Shorter than its own fields say, or a type outside of what was negotiated.
    #[error("the payload does not follow its RTP payload format")]
    Malformed,
}

/// What one payload is, beyond its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facts {
    /// An Opus packet.
    Opus {
        /// Discontinuous transmission: silence goes on (RFC 6716 section 2.1.9).
        dtx: bool,
    },
    /// A VP8 packet.
    Vp8(vp8::Vp8Facts),
    /// An H.264 packet.
    H264(h264::H264Facts),
}

impl Facts {
    /// Whether a decoder can start with this packet.
    #[must_use]
    pub fn is_keyframe_start(&self) -> bool {
        match self {
            Facts::Opus { .. } => false,
            Facts::Vp8(facts) => facts.keyframe.is_some(),
            Facts::H264(facts) => facts.keyframe_start,
        }
    }

    /// Size of the picture, where the packet states it.
    #[must_use]
    pub fn dimensions(&self) -> Option<Dimensions> {
        match self {
            Facts::Opus { .. } => None,
            Facts::Vp8(facts) => facts.keyframe,
            Facts::H264(facts) => facts.dimensions,
        }
    }
}

/// Looks at a payload once, on arrival.
///
/// # Errors
/// [`CodecError`] when the payload does not follow the codec's payload format.
pub fn inspect(codec: Codec, payload: &[u8]) -> Result<Facts, CodecError> {
    match codec {
        Codec::Opus => Ok(Facts::Opus {
            dtx: opus::is_dtx(payload),
        }),
        Codec::Vp8 => vp8::inspect(payload).map(Facts::Vp8).ok_or(CodecError::Malformed),
        Codec::H264 => h264::inspect(payload).map(Facts::H264).ok_or(CodecError::Malformed),
    }
}
