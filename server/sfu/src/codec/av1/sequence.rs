// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The sequence header OBU (AV1 bitstream specification section 5.5) up to the size of the picture.

use crate::codec::Dimensions;
use crate::codec::bits::BitReader;

/// Levels above this have a tier bit.
const SEQ_LEVEL_WITHOUT_TIER_MAX: u32 = 7;

/// Largest width and height of the sequence; none when the header is cut off before them.
pub(super) fn dimensions(body: &[u8]) -> Option<Dimensions> {
    let mut bits = BitReader::new(body);
    let _seq_profile = bits.bits(3)?;
    let _still_picture = bits.bit()?;
    let is_reduced = bits.bit()?;
    if is_reduced {
        let _seq_level_idx = bits.bits(5)?;
    } else {
        skip_operating_points(&mut bits)?;
    }
    let width_bits = bits.bits(4)? as u8 + 1;
    let height_bits = bits.bits(4)? as u8 + 1;
    let mut side = |count| u16::try_from(bits.bits(count)? + 1).ok();
    Some(Dimensions {
        width: side(width_bits)?,
        height: side(height_bits)?,
    })
}

fn skip_operating_points(bits: &mut BitReader<'_>) -> Option<()> {
    let mut delay_bits = None;
    if bits.bit()? {
        let _num_units_in_display_tick = bits.bits(32)?;
        let _time_scale = bits.bits(32)?;
        if bits.bit()? {
            let _num_ticks_per_picture = bits.uvlc()?;
        }
        if bits.bit()? {
            delay_bits = Some(bits.bits(5)? as u8 + 1);
            let _num_units_in_decoding_tick = bits.bits(32)?;
            let _removal_and_presentation_bits = bits.bits(10)?;
        }
    }
    let has_display_delay = bits.bit()?;
    for _ in 0..=bits.bits(5)? {
        let _operating_point_idc = bits.bits(12)?;
        if bits.bits(5)? > SEQ_LEVEL_WITHOUT_TIER_MAX {
            let _seq_tier = bits.bit()?;
        }
        if let Some(count) = delay_bits
            && bits.bit()?
        {
            let _decoder_buffer_delay = bits.bits(count)?;
            let _encoder_buffer_delay = bits.bits(count)?;
            let _low_delay_mode = bits.bit()?;
        }
        if has_display_delay && bits.bit()? {
            let _initial_display_delay = bits.bits(4)?;
        }
    }
    Some(())
}
