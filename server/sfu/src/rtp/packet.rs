// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One RTP packet (RFC 3550 section 5.1) as a view on its bytes.
//! Checks lengths and version only: whose packet it is, others decide.

use std::ops::Range;

use super::extensions::{ExtensionBlock, KnownExtensions};
use super::wire::{u8_at, u16_at, u32_at};
use crate::sdp::ExtensionIds;

/// Octets of the fixed header.
pub const HEADER_BYTES_MIN: usize = 12;

/// The fixed header's fields (RFC 3550 section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RtpHeader {
    /// Marker bit: last packet of a frame (video), first after silence (audio).
    pub marker: bool,
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Sequence number.
    pub seq: u16,
    /// Timestamp in units of the codec's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

/// Why bytes are not an RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum RtpError {
    /// Shorter than its own fields say.
    #[error("RTP packet shorter than its header")]
    TooShort,
    /// Not version 2.
    #[error("RTP version is not 2")]
    Version,
    /// Padding of zero octets, or of more than there are.
    #[error("RTP padding length is wrong")]
    Padding,
}

/// A parsed packet; borrows its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedRtp<'a> {
    /// The fixed header.
    pub header: RtpHeader,
    /// Where the payload lies in the packet, padding stripped.
    pub payload_range: Range<usize>,
    /// The payload, padding stripped; empty in padding-only packets.
    pub payload: &'a [u8],
    /// Octets of padding at the end.
    pub padding_bytes: u8,
    /// Header extensions.
    pub extensions: ExtensionBlock<'a>,
}

impl<'a> ParsedRtp<'a> {
    /// Whether the packet carries nothing but padding (bandwidth probes, keep-alives).
    #[must_use]
    pub fn is_padding_only(&self) -> bool {
        self.payload.is_empty()
    }

    /// The extensions that Fiera reads.
    #[must_use]
    pub fn known(&self, ids: &ExtensionIds) -> KnownExtensions<'a> {
        self.extensions.known(ids)
    }
}

/// Reads a decrypted packet.
///
/// # Errors
/// [`RtpError`] when lengths, version or padding are wrong.
pub fn parse(packet: &[u8]) -> Result<ParsedRtp<'_>, RtpError> {
    let short = RtpError::TooShort;
    let first = u8_at(packet, 0).ok_or(short)?;
    if first >> 6 != 2 {
        return Err(RtpError::Version);
    }
    let second = u8_at(packet, 1).ok_or(short)?;
    let header = RtpHeader {
        marker: second & 0x80 != 0,
        payload_type: second & 0x7F,
        seq: u16_at(packet, 2).ok_or(short)?,
        timestamp: u32_at(packet, 4).ok_or(short)?,
        ssrc: u32_at(packet, 8).ok_or(short)?,
    };
    let mut start = HEADER_BYTES_MIN + usize::from(first & 0x0F) * 4;
    let mut extensions = ExtensionBlock::default();
    if first & 0x10 != 0 {
        let profile = u16_at(packet, start).ok_or(short)?;
        let length = usize::from(u16_at(packet, start + 2).ok_or(short)?) * 4;
        let bytes = packet.get(start + 4..start + 4 + length).ok_or(short)?;
        extensions = ExtensionBlock::new(profile, bytes);
        start += 4 + length;
    }
    let with_padding = packet.get(start..).ok_or(short)?;
    let mut padding_bytes = 0;
    if first & 0x20 != 0 {
        padding_bytes = with_padding.last().copied().ok_or(RtpError::Padding)?;
        if padding_bytes == 0 {
            return Err(RtpError::Padding);
        }
    }
    let length = with_padding
        .len()
        .checked_sub(usize::from(padding_bytes))
        .ok_or(RtpError::Padding)?;
    let payload = with_padding.get(..length).ok_or(RtpError::Padding)?;
    Ok(ParsedRtp {
        header,
        payload_range: start..start + length,
        payload,
        padding_bytes,
        extensions,
    })
}
