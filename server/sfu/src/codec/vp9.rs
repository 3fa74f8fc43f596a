// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! VP9's payload descriptor in flexible and non-flexible mode (RFC 9628 section 4.2), its counters' places, and the head of
//! a key frame (VP9 bitstream specification, section 6.2).

use super::bits::BitReader;
use super::vp8::{PictureId, Tl0PicIdx};
use super::{Dimensions, LayerPlace, Structure};
use crate::rtp::wire::{u8_at, u16_at};

/// Reference pictures of one picture (RFC 9628 section 4.2: at most three `P_DIFF`).
const REFERENCES_MAX: usize = 3;
/// Starts a key frame's header after its first bits.
const SYNC_CODE: u32 = 0x49_83_42;
/// `color_space` of RGB, whose header goes on differently.
const COLOR_SPACE_RGB: u32 = 7;

/// The payload descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Vp9Descriptor {
    /// PictureID.
    pub picture_id: Option<PictureId>,
    /// P: other pictures are needed to decode this one.
    pub inter_picture: bool,
    /// F: each packet lists its references.
    pub flexible: bool,
    /// B: a frame (of one spatial layer) starts here.
    pub frame_start: bool,
    /// E: a frame (of one spatial layer) ends here.
    pub frame_end: bool,
    /// Z: no higher spatial layer of this picture needs this one.
    pub not_for_higher: bool,
    /// TID; 0 without layer indices.
    pub temporal_id: u8,
    /// U: one may go up to this temporal layer from here on.
    pub switching_up: bool,
    /// SID; 0 without layer indices.
    pub spatial_id: u8,
    /// D: the lower spatial layer of this picture is needed.
    pub inter_layer: bool,
    /// TL0PICIDX; in non-flexible mode.
    pub tl0: Option<Tl0PicIdx>,
    /// Whether it says which layers the packet is of.
    pub has_layers: bool,
    /// What the scalability structure announces.
    pub structure: Option<Structure>,
    /// Size of the highest spatial layer, where the scalability structure has sizes.
    pub size: Option<Dimensions>,
    /// Octets of the descriptor.
    pub bytes: u16,
}

impl Vp9Descriptor {
    /// Reads the descriptor at the start of a payload; none when it is cut off or has too many references.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        let first = u8_at(payload, 0)?;
        let has = |bit: u8| first & bit != 0;
        let mut descriptor = Self {
            inter_picture: has(0x40),
            flexible: has(0x10),
            frame_start: has(0x08),
            frame_end: has(0x04),
            not_for_higher: has(0x01),
            ..Self::default()
        };
        let mut at = 1_usize;
        if has(0x80) {
            let high = u8_at(payload, at)?;
            let long = high & 0x80 != 0;
            let value = if long {
                u16_at(payload, at)? & 0x7FFF
            } else {
                u16::from(high)
            };
            let place = at as u8;
            descriptor.picture_id = Some(PictureId { at: place, value, long });
            at += if long { 2 } else { 1 };
        }
        descriptor.has_layers = has(0x20);
        if descriptor.has_layers {
            let layers = u8_at(payload, at)?;
            descriptor.temporal_id = layers >> 5;
            descriptor.switching_up = layers & 0x10 != 0;
            descriptor.spatial_id = layers >> 1 & 0x07;
            descriptor.inter_layer = layers & 0x01 != 0;
            at += 1;
            if !descriptor.flexible {
                let value = u8_at(payload, at)?;
                descriptor.tl0 = Some(Tl0PicIdx { at: at as u8, value });
                at += 1;
            }
        }
        if descriptor.flexible && descriptor.inter_picture {
            let mut count = 0;
            loop {
                let reference = u8_at(payload, at)?;
                (at, count) = (at + 1, count + 1);
                if reference & 0x01 == 0 {
                    break;
                }
                if count == REFERENCES_MAX {
                    return None;
                }
            }
        }
        if has(0x02) {
            let (structure, size, length) = structure(payload.get(at..)?)?;
            (descriptor.structure, descriptor.size) = (Some(structure), size);
            at += length;
        }
        descriptor.bytes = u16::try_from(at).ok()?;
        Some(descriptor)
    }

    /// Writes other counters over those of a copied payload, in the width that they have there. Counters that the
    /// descriptor lacks are not written.
    pub fn patch(&self, payload: &mut [u8], picture_id: u16, tl0: u8) {
        if let Some(place) = self.picture_id {
            place.patch(payload, picture_id);
        }
        if let Some(place) = self.tl0 {
            place.patch(payload, tl0);
        }
    }
}

/// The scalability structure (RFC 9628 section 4.2.1), the size of the highest layer, octets.
fn structure(bytes: &[u8]) -> Option<(Structure, Option<Dimensions>, usize)> {
    let head = u8_at(bytes, 0)?;
    let mut structure = Structure {
        spatial_layers: (head >> 5) + 1,
        ..Structure::default()
    };
    let mut at = 1_usize;
    let mut size = None;
    if head & 0x10 != 0 {
        for layer in 0..usize::from(structure.spatial_layers) {
            let (width, height) = (u16_at(bytes, at)?, u16_at(bytes, at + 2)?);
            size = Some(Dimensions { width, height });
            if let Some(known) = structure.heights.get_mut(layer) {
                *known = Some(height);
            }
            at += 4;
        }
    }
    if head & 0x08 != 0 {
        let pictures = u8_at(bytes, at)?;
        at += 1;
        for _ in 0..pictures {
            let picture = u8_at(bytes, at)?;
            structure.is_temporal |= picture >> 5 != 0;
            at += 1 + usize::from(picture >> 2 & 0x03);
        }
    }
    // References of the last picture may run over the end.
    bytes.get(..at)?;
    Some((structure, size, at))
}

/// What one payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vp9Facts {
    /// Its descriptor.
    pub descriptor: Vp9Descriptor,
    /// Whether a decoder can start here: the lowest spatial layer of a key picture starts.
    pub keyframe_start: bool,
    /// Size of the picture with all its layers, where a key picture states it.
    pub dimensions: Option<Dimensions>,
    /// Size of the lowest spatial layer, from a key picture's own header.
    pub lowest: Option<Dimensions>,
}

/// Reads the descriptor and, in the first packet of a picture, whether it is a key picture.
#[must_use]
pub fn inspect(payload: &[u8]) -> Option<Vp9Facts> {
    let descriptor = Vp9Descriptor::read(payload)?;
    let frame = payload
        .get(usize::from(descriptor.bytes)..)
        .filter(|frame| !frame.is_empty())?;
    let first = descriptor.frame_start && descriptor.spatial_id == 0 && !descriptor.inter_picture;
    let key = if first { key_frame(frame) } else { None };
    Some(Vp9Facts {
        descriptor,
        keyframe_start: key.is_some(),
        dimensions: key.and_then(|own| descriptor.size.or(own)),
        lowest: key.flatten(),
    })
}

impl Vp9Facts {
    /// Which layers the packet is of; without layer indices those of a stream that has one.
    #[must_use]
    pub fn place(&self) -> LayerPlace {
        let of = &self.descriptor;
        LayerPlace {
            spatial: of.spatial_id,
            temporal: of.temporal_id,
            picture: of.picture_id.map(|id| (id.value, if id.long { 0x7FFF } else { 0x7F })),
            starts_picture: of.frame_start && of.spatial_id == 0,
            ends_frame: of.frame_end,
        }
    }

    /// What a key picture announces of its layers; the lowest has the size that its own header says.
    #[must_use]
    pub fn structure(&self) -> Option<Structure> {
        let mut structure = self.descriptor.structure?;
        let [lowest, ..] = &mut structure.heights;
        *lowest = lowest.or(self.lowest.map(|size| size.height));
        Some(structure)
    }
}

/// Whether an uncompressed header (VP9 bitstream specification section 6.2) is that of a key frame; its size where the
/// profile is one that browsers negotiate (0 and 2).
fn key_frame(frame: &[u8]) -> Option<Option<Dimensions>> {
    let mut bits = BitReader::new(frame);
    const FRAME_MARKER: u32 = 2;
    if bits.bits(2)? != FRAME_MARKER {
        return None;
    }
    let profile = u32::from(bits.bit()?) | u32::from(bits.bit()?) << 1;
    if profile == 3 && bits.bit()? {
        return None;
    }
    let (show_existing, inter_frame) = (bits.bit()?, bits.bit()?);
    if show_existing || inter_frame {
        return None;
    }
    let _show_and_resilience = bits.bits(2)?;
    if bits.bits(24)? != SYNC_CODE {
        return None;
    }
    Some(size(&mut bits, profile))
}

fn size(bits: &mut BitReader<'_>, profile: u32) -> Option<Dimensions> {
    if profile >= 2 {
        let _ten_or_twelve_bit = bits.bit()?;
    }
    if profile & 1 != 0 || bits.bits(3)? == COLOR_SPACE_RGB {
        return None;
    }
    let _color_range = bits.bit()?;
    let mut side = || u16::try_from(bits.bits(16)? + 1).ok();
    Some(Dimensions {
        width: side()?,
        height: side()?,
    })
}
