// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The picture's size out of a sequence parameter set (ITU-T H.264 section 7.3.2.1.1). Reads no further than cropping.

use super::bits::Bits;
use crate::codec::Dimensions;

/// Profiles whose parameter sets state the chroma format (section 7.3.2.1.1).
const HIGH_PROFILES: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// Cropped size of the pictures that an SPS describes; `sps` starts with its NAL header.
/// None when it is broken or states something absurd.
#[must_use]
pub fn dimensions(sps: &[u8]) -> Option<Dimensions> {
    let mut bits = Bits::new(sps.get(1..)?);
    let profile = bits.bits(8)?;
    bits.bits(16)?;
    bits.ue()?;
    let mut chroma = 1;
    let mut separate_planes = false;
    if HIGH_PROFILES.contains(&profile) {
        chroma = bits.ue()?;
        if chroma == 3 {
            separate_planes = bits.bit()? == 1;
        }
        bits.ue()?;
        bits.ue()?;
        bits.bit()?;
        if bits.bit()? == 1 {
            skip_scaling_lists(&mut bits, if chroma == 3 { 12 } else { 8 })?;
        }
    }
    bits.ue()?;
    match bits.ue()? {
        0 => {
            bits.ue()?;
        }
        1 => {
            bits.bit()?;
            bits.se()?;
            bits.se()?;
            let cycle = bits.ue().filter(|cycle| *cycle <= 255)?;
            for _ in 0..cycle {
                bits.se()?;
            }
        }
        _ => {}
    }
    bits.ue()?;
    bits.bit()?;
    let width = bits.ue()?.checked_add(1)?.checked_mul(16)?;
    let map_units = bits.ue()?.checked_add(1)?;
    let frame_only = bits.bit()?;
    let field_factor = 2 - frame_only;
    let height = map_units.checked_mul(field_factor)?.checked_mul(16)?;
    if frame_only == 0 {
        bits.bit()?;
    }
    bits.bit()?;
    let (mut crop_x, mut crop_y) = (0u32, 0u32);
    if bits.bit()? == 1 {
        let unit_x = if !separate_planes && matches!(chroma, 1 | 2) {
            2
        } else {
            1
        };
        let unit_y = field_factor * if !separate_planes && chroma == 1 { 2 } else { 1 };
        crop_x = bits.ue()?.checked_add(bits.ue()?)?.checked_mul(unit_x)?;
        crop_y = bits.ue()?.checked_add(bits.ue()?)?.checked_mul(unit_y)?;
    }
    let side = |full: u32, crop| u16::try_from(full.checked_sub(crop)?).ok().filter(|side| *side > 0);
    Some(Dimensions {
        width: side(width, crop_x)?,
        height: side(height, crop_y)?,
    })
}

/// Section 7.3.2.1.1.1.
fn skip_scaling_lists(bits: &mut Bits<'_>, lists: u8) -> Option<()> {
    for list in 0..lists {
        if bits.bit()? == 0 {
            continue;
        }
        let (mut last, mut next) = (8i64, 8i64);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                next = (last + bits.se()?).rem_euclid(256);
            }
            last = if next == 0 { last } else { next };
        }
    }
    Some(())
}
