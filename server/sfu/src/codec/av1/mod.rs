// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! AV1 in RTP (RTP Payload Format For AV1, version 1.0): the aggregation header with its OBU elements, where coded video
//! sequences start, and the dependency descriptor of the same document's appendix A.

pub mod dependency;
mod sequence;

use super::Dimensions;
use crate::rtp::wire::u8_at;

/// OBU types (AV1 bitstream specification section 6.2.2).
pub mod obu_type {
    /// Sequence header.
    pub const SEQUENCE_HEADER: u8 = 1;
    /// Temporal delimiter; should not be sent in RTP.
    pub const TEMPORAL_DELIMITER: u8 = 2;
    /// Tile list; must not be sent in RTP.
    pub const TILE_LIST: u8 = 8;
}

/// OBU elements of one packet; a temporal unit of a browser has fewer than ten.
const ELEMENTS_MAX: usize = 64;
/// Octets of a leb128 length (AV1 bitstream specification section 4.10.5).
const LEB128_BYTES_MAX: usize = 8;

/// What one payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Av1Facts {
    /// N with a sequence header: a coded video sequence, and so a key frame, starts here.
    pub keyframe_start: bool,
    /// Z: the first element goes on from the packet before.
    pub continues: bool,
    /// Y: the last element goes on in the next packet.
    pub continued: bool,
    /// `temporal_id` of the first OBU that starts here with an extension header.
    pub temporal_id: Option<u8>,
    /// `spatial_id` of the same.
    pub spatial_id: Option<u8>,
    /// The picture's size, from the sequence header.
    pub dimensions: Option<Dimensions>,
}

/// Reads the aggregation header and the headers of all OBUs that start in the payload. None where lengths do not fit or an
/// OBU is not allowed.
#[must_use]
pub fn inspect(payload: &[u8]) -> Option<Av1Facts> {
    let (&head, mut rest) = payload.split_first()?;
    let (continues, new_sequence) = (head & 0x80 != 0, head & 0x08 != 0);
    let mut facts = Av1Facts {
        continues,
        continued: head & 0x40 != 0,
        ..Av1Facts::default()
    };
    // A fragment cannot be the start of anything (section 4.4).
    if rest.is_empty() || (continues && new_sequence) {
        return None;
    }
    let count = usize::from(head >> 4 & 0x03);
    let mut index = 0;
    while !rest.is_empty() {
        index += 1;
        if index > ELEMENTS_MAX || (count != 0 && index > count) {
            return None;
        }
        let (element, after) = if index == count {
            (rest, &[][..])
        } else {
            let (length, body) = leb128(rest)?;
            body.split_at_checked(length)?
        };
        rest = after;
        if continues && index == 1 {
            continue;
        }
        let is_whole = !(facts.continued && rest.is_empty());
        note(&mut facts, element, new_sequence, is_whole)?;
    }
    (count == 0 || index == count).then_some(facts)
}

/// Looks at an OBU that starts in the packet.
fn note(facts: &mut Av1Facts, element: &[u8], new_sequence: bool, is_whole: bool) -> Option<()> {
    let head = u8_at(element, 0)?;
    let kind = head >> 3 & 0x0F;
    if head & 0x80 != 0 || kind == obu_type::TILE_LIST {
        return None;
    }
    let mut at = 1;
    if head & 0x04 != 0 {
        let extension = u8_at(element, at)?;
        facts.temporal_id.get_or_insert(extension >> 5);
        facts.spatial_id.get_or_insert(extension >> 3 & 0x03);
        at += 1;
    }
    if kind != obu_type::SEQUENCE_HEADER {
        return Some(());
    }
    facts.keyframe_start |= new_sequence;
    let mut body = element.get(at..)?;
    if head & 0x02 != 0 {
        let (length, after) = leb128(body)?;
        // Where it goes on in the next packet, less than its length is here.
        body = if is_whole { after.get(..length)? } else { after };
    }
    facts.dimensions = facts.dimensions.or_else(|| sequence::dimensions(body));
    Some(())
}

/// A little-endian base 128 number and what follows it.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for (place, octet) in bytes.iter().enumerate().take(LEB128_BYTES_MAX) {
        value |= u64::from(octet & 0x7F) << (place * 7);
        if octet & 0x80 == 0 {
            let value = usize::try_from(value).ok()?;
            return Some((value, bytes.get(place + 1..)?));
        }
    }
    None
}
