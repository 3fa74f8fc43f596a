// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! H.264 in RTP (RFC 6184, packetization-mode 1): NAL units, key frame starts, slice types, parameter sets.

mod bits;
mod nal;
mod parameter_sets;
mod sps;

pub use nal::{Nal, Nals, nals};
pub use parameter_sets::{PARAMETER_SET_BYTES_MAX, ParameterSets, write_stap_a};
pub use sps::dimensions;

use super::Dimensions;
use bits::Bits;

/// NAL unit types (ITU-T H.264 table 7-1, RFC 6184 table 1).
pub mod nal_type {
    /// Slice of a picture that is not IDR.
    pub const SLICE: u8 = 1;
    /// Data partition A of a slice.
    pub const PARTITION_A: u8 = 2;
    /// Slice of an IDR picture.
    pub const IDR: u8 = 5;
    /// Sequence parameter set.
    pub const SPS: u8 = 7;
    /// Picture parameter set.
    pub const PPS: u8 = 8;
    /// Single-time aggregation packet.
    pub const STAP_A: u8 = 24;
    /// Fragmentation unit.
    pub const FU_A: u8 = 28;
}

/// What one payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct H264Facts {
    /// An IDR slice or an SPS starts here.
    pub keyframe_start: bool,
    /// Holds a sequence parameter set.
    pub sps: bool,
    /// Holds a picture parameter set.
    pub pps: bool,
    /// An IDR slice starts here.
    pub idr: bool,
    /// A B slice starts here: its pictures are not in display order, which WebRTC cannot carry.
    pub b_slice: bool,
    /// The picture's size, from an SPS.
    pub dimensions: Option<Dimensions>,
}

/// Looks at all NAL units of a payload. None for packet types outside packetization-mode 1 and broken aggregates.
#[must_use]
pub fn inspect(payload: &[u8]) -> Option<H264Facts> {
    let mut facts = H264Facts::default();
    let mut units = nals(payload)?;
    for nal in units.by_ref() {
        match nal.nal_type {
            nal_type::IDR if nal.starts => facts.idr = true,
            nal_type::SPS if nal.starts => {
                facts.sps = true;
                facts.dimensions = facts.dimensions.or_else(|| nal.whole.and_then(dimensions));
            }
            nal_type::PPS if nal.starts => facts.pps = true,
            nal_type::SLICE | nal_type::PARTITION_A if nal.starts => facts.b_slice |= is_b_slice(nal.body),
            _ => {}
        }
    }
    if units.is_broken() {
        return None;
    }
    facts.keyframe_start = facts.idr || facts.sps;
    Some(facts)
}

/// Whether a slice header (ITU-T H.264 section 7.3.3) says B; `body` starts after the NAL header.
fn is_b_slice(body: &[u8]) -> bool {
    const B: u32 = 1;
    let mut bits = Bits::new(body);
    let _first_mb_in_slice = bits.ue();
    bits.ue().is_some_and(|slice_type| slice_type % 5 == B)
}
