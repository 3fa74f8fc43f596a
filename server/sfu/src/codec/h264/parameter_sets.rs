// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The latest SPS and PPS of a stream, kept for viewers who join between two key frames' parameter sets.

use bytes::{BufMut, Bytes, BytesMut};

use super::nal::nals;
use super::nal_type;

/// Larger parameter sets are not kept: together they must fit one packet.
pub const PARAMETER_SET_BYTES_MAX: usize = 500;

/// The latest parameter sets of one stream. Allocates only when they change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParameterSets {
    sps: Option<Bytes>,
    pps: Option<Bytes>,
    stap_a: Option<Bytes>,
}

impl ParameterSets {
    /// Takes over those in a payload; true when something changed.
    pub fn update(&mut self, payload: &[u8]) -> bool {
        let mut changed = false;
        for nal in nals(payload).into_iter().flatten() {
            let kept = match nal.nal_type {
                nal_type::SPS => &mut self.sps,
                nal_type::PPS => &mut self.pps,
                _ => continue,
            };
            let Some(unit) = nal.whole.filter(|unit| unit.len() <= PARAMETER_SET_BYTES_MAX) else {
                continue;
            };
            if kept.as_deref() != Some(unit) {
                *kept = Some(Bytes::copy_from_slice(unit));
                changed = true;
            }
        }
        if changed && let (Some(sps), Some(pps)) = (&self.sps, &self.pps) {
            let mut payload = BytesMut::with_capacity(5 + sps.len() + pps.len());
            write_stap_a(&mut payload, sps, pps);
            self.stap_a = Some(payload.freeze());
        }
        changed
    }

    /// The sequence parameter set with its NAL header.
    #[must_use]
    pub fn sps(&self) -> Option<&Bytes> {
        self.sps.as_ref()
    }

    /// The picture parameter set with its NAL header.
    #[must_use]
    pub fn pps(&self) -> Option<&Bytes> {
        self.pps.as_ref()
    }

    /// Both as one RTP payload, to be sent before an IDR picture that comes without them.
    #[must_use]
    pub fn stap_a(&self) -> Option<&Bytes> {
        self.stap_a.as_ref()
    }
}

/// Appends an aggregation packet (RFC 6184 section 5.7.1) of two NAL units of at most 65,535 octets.
pub fn write_stap_a(out: &mut impl BufMut, sps: &[u8], pps: &[u8]) {
    const REF_IDC: u8 = 0x60;
    let importance = [sps, pps]
        .iter()
        .filter_map(|unit| unit.first())
        .map(|header| header & REF_IDC)
        .max();
    out.put_u8(importance.unwrap_or(REF_IDC) | nal_type::STAP_A);
    for unit in [sps, pps] {
        out.put_u16(unit.len() as u16);
        out.put_slice(unit);
    }
}
