// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What forwarding needs to know of codecs: where key frames start and which counters to patch.
//! Never decodes a picture.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod av1;
mod bits;
pub mod h264;
pub mod opus;
pub mod red;
pub mod vp8;
pub mod vp9;

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

/// Spatial layers that are told apart; those above count as the highest of them. Browsers send three at most.
pub const SPATIAL_LAYERS_MAX: usize = 3;

/// Where a packet of a stream with layers belongs (scalable video coding).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LayerPlace {
    /// Spatial layer, lowest is 0.
    pub spatial: u8,
    /// Temporal layer, lowest is 0.
    pub temporal: u8,
    /// Number of the picture, all its spatial layers together, and the mask that it wraps at.
    pub picture: Option<(u16, u16)>,
    /// The first packet of a picture's lowest spatial layer.
    pub starts_picture: bool,
    /// The last packet of one spatial layer of a picture.
    pub ends_frame: bool,
}

/// What a stream announces of its layers, with a key frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Structure {
    /// Spatial layers.
    pub spatial_layers: u8,
    /// Heights of the lowest of them, pixels, where stated.
    pub heights: [Option<u16>; SPATIAL_LAYERS_MAX],
    /// Whether there are temporal layers.
    pub is_temporal: bool,
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
    /// A VP9 packet.
    Vp9(vp9::Vp9Facts),
    /// An AV1 packet.
    Av1(av1::Av1Facts),
}

impl Facts {
    /// Whether a decoder can start with this packet.
    #[must_use]
    pub fn is_keyframe_start(&self) -> bool {
        match self {
            Facts::Opus { .. } => false,
            Facts::Vp8(facts) => facts.keyframe.is_some(),
            Facts::H264(facts) => facts.keyframe_start,
            Facts::Vp9(facts) => facts.keyframe_start,
            Facts::Av1(facts) => facts.keyframe_start,
        }
    }

    /// Size of the picture, where the packet states it.
    #[must_use]
    pub fn dimensions(&self) -> Option<Dimensions> {
        match self {
            Facts::Opus { .. } => None,
            Facts::Vp8(facts) => facts.keyframe,
            Facts::H264(facts) => facts.dimensions,
            Facts::Vp9(facts) => facts.dimensions,
            Facts::Av1(facts) => facts.dimensions,
        }
    }

    /// Which layers of its stream the packet is of; none where the codec's payload does not say.
    #[must_use]
    pub fn place(&self) -> Option<LayerPlace> {
        match self {
            Facts::Vp9(facts) => Some(facts.place()),
            Facts::Opus { .. } | Facts::Vp8(_) | Facts::H264(_) | Facts::Av1(_) => None,
        }
    }

    /// What the packet announces of its stream's layers.
    #[must_use]
    pub fn structure(&self) -> Option<Structure> {
        match self {
            Facts::Vp9(facts) => facts.structure(),
            Facts::Opus { .. } | Facts::Vp8(_) | Facts::H264(_) | Facts::Av1(_) => None,
        }
    }

    /// `PictureID` and `TL0PICIDX`, as far as the payload has them: they must run on where a slot changes its source.
    #[must_use]
    pub fn counters(&self) -> (Option<u16>, Option<u8>) {
        let (picture_id, tl0) = match self {
            Facts::Vp8(facts) => (facts.descriptor.picture_id, facts.descriptor.tl0),
            Facts::Vp9(facts) => (facts.descriptor.picture_id, facts.descriptor.tl0),
            Facts::Opus { .. } | Facts::H264(_) | Facts::Av1(_) => (None, None),
        };
        (picture_id.map(|id| id.value), tl0.map(|tl0| tl0.value))
    }

    /// Writes other counters into a copy of the payload; see [`Facts::counters`].
    pub fn patch(&self, payload: &mut [u8], picture_id: u16, tl0: u8) {
        match self {
            Facts::Vp8(facts) => facts.descriptor.patch(payload, picture_id, tl0),
            Facts::Vp9(facts) => facts.descriptor.patch(payload, picture_id, tl0),
            Facts::Opus { .. } | Facts::H264(_) | Facts::Av1(_) => {}
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
        Codec::Vp9 => vp9::inspect(payload).map(Facts::Vp9).ok_or(CodecError::Malformed),
        Codec::Av1 => av1::inspect(payload).map(Facts::Av1).ok_or(CodecError::Malformed),
    }
}
