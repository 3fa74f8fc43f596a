// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! VP8's payload descriptor (RFC 7741 section 4.2), its counters' places, and the key frame header (RFC 6386 section 9.1).

use super::Dimensions;
use crate::rtp::wire::u8_at;

/// Start code of a key frame (RFC 6386 section 9.1).
const START_CODE: [u8; 3] = [0x9D, 0x01, 0x2A];

/// A picture id and where it stands (RFC 7741 section 4.2, RFC 9628 section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureId {
    /// Offset of its first octet in the payload.
    pub at: u8,
    /// Its value.
    pub value: u16,
    /// 15 bits in two octets, else 7 bits in one.
    pub long: bool,
}

/// A temporal level 0 index and where it stands (RFC 7741 section 4.2, RFC 9628 section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tl0PicIdx {
    /// Offset in the payload.
    pub at: u8,
    /// Its value.
    pub value: u8,
}

impl PictureId {
    /// Writes another picture id in the same width.
    pub(super) fn patch(self, payload: &mut [u8], picture_id: u16) {
        let at = usize::from(self.at);
        if self.long {
            if let Some(field) = payload.get_mut(at..at + 2) {
                field.copy_from_slice(&(picture_id | 0x8000).to_be_bytes());
            }
        } else if let Some(field) = payload.get_mut(at) {
            *field = (picture_id & 0x7F) as u8;
        }
    }
}

impl Tl0PicIdx {
    /// Writes another index.
    pub(super) fn patch(self, payload: &mut [u8], tl0: u8) {
        if let Some(field) = payload.get_mut(usize::from(self.at)) {
            *field = tl0;
        }
    }
}

/// The payload descriptor (RFC 7741 section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Vp8Descriptor {
    /// N: no other frame refers to this one.
    pub non_reference: bool,
    /// S: a VP8 partition starts here.
    pub partition_start: bool,
    /// PID.
    pub partition: u8,
    /// PictureID.
    pub picture_id: Option<PictureId>,
    /// TL0PICIDX.
    pub tl0: Option<Tl0PicIdx>,
    /// TID, the temporal layer.
    pub temporal_id: Option<u8>,
    /// Y: depends on the base layer only, so that a switch up may happen here.
    pub layer_sync: bool,
    /// Octets of the descriptor.
    pub bytes: u8,
}

impl Vp8Descriptor {
    /// Reads the descriptor at the start of a payload.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        let first = u8_at(payload, 0)?;
        let mut descriptor = Vp8Descriptor {
            non_reference: first & 0x20 != 0,
            partition_start: first & 0x10 != 0,
            partition: first & 0x07,
            bytes: 1,
            ..Default::default()
        };
        if first & 0x80 == 0 {
            return Some(descriptor);
        }
        let flags = u8_at(payload, 1)?;
        let mut at = 2u8;
        if flags & 0x80 != 0 {
            let high = u8_at(payload, usize::from(at))?;
            let long = high & 0x80 != 0;
            let mut value = u16::from(high & 0x7F);
            if long {
                value = value << 8 | u16::from(u8_at(payload, usize::from(at) + 1)?);
            }
            descriptor.picture_id = Some(PictureId { at, value, long });
            at += if long { 2 } else { 1 };
        }
        if flags & 0x40 != 0 {
            descriptor.tl0 = Some(Tl0PicIdx {
                at,
                value: u8_at(payload, usize::from(at))?,
            });
            at += 1;
        }
        if flags & 0x30 != 0 {
            let octet = u8_at(payload, usize::from(at))?;
            if flags & 0x20 != 0 {
                descriptor.temporal_id = Some(octet >> 6);
                descriptor.layer_sync = octet & 0x20 != 0;
            }
            at += 1;
        }
        descriptor.bytes = at;
        Some(descriptor)
    }

    /// Writes other counters over those of a copied payload, in the width that they have there.
    /// Counters that the descriptor lacks are not written.
    pub fn patch(&self, payload: &mut [u8], picture_id: u16, tl0: u8) {
        if let Some(place) = self.picture_id {
            place.patch(payload, picture_id);
        }
        if let Some(place) = self.tl0 {
            place.patch(payload, tl0);
        }
    }
}

/// What one payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vp8Facts {
    /// Its descriptor.
    pub descriptor: Vp8Descriptor,
    /// The picture's size, when a key frame starts here.
    pub keyframe: Option<Dimensions>,
}

/// Reads the descriptor and, in the first packet of a frame, whether the frame is a key frame.
#[must_use]
pub fn inspect(payload: &[u8]) -> Option<Vp8Facts> {
    let descriptor = Vp8Descriptor::read(payload)?;
    let frame = payload
        .get(usize::from(descriptor.bytes)..)
        .filter(|frame| !frame.is_empty())?;
    let first = descriptor.partition_start && descriptor.partition == 0;
    Some(Vp8Facts {
        descriptor,
        keyframe: if first { keyframe(frame) } else { None },
    })
}

/// Size of a key frame, when that is what starts here (RFC 6386 section 9.1).
fn keyframe(frame: &[u8]) -> Option<Dimensions> {
    let inter_frame = u8_at(frame, 0)? & 1 != 0;
    if inter_frame || frame.get(3..6)? != START_CODE {
        return None;
    }
    let side = |at| Some(u16::from(u8_at(frame, at)?) | u16::from(u8_at(frame, at + 1)? & 0x3F) << 8);
    Some(Dimensions {
        width: side(6)?,
        height: side(8)?,
    })
}
