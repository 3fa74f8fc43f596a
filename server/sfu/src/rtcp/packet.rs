// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A compound packet: its headers checked at once (RFC 3550 appendix A.2), its parts seen one by one.
//! A part whose body is wrong does not spoil the others.

use super::feedback::{Fir, Nack, Pli, Ssrcs};
use super::report::{ReceiverReport, SenderReport};
use super::twcc::Twcc;
use super::{format, kind};
use crate::rtp::wire::{u8_at, u16_at};

/// Octets of the common header.
const HEADER_BYTES: usize = 4;

/// Why bytes are not an RTCP compound packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum RtcpError {
    /// Nothing, or less than the headers say.
    #[error("RTCP packet shorter than its length field")]
    TooShort,
    /// Not version 2.
    #[error("RTCP version is not 2")]
    Version,
    /// Padding before the last part, or of a wrong length.
    #[error("RTCP padding is wrong")]
    Padding,
}

/// One part of a compound packet, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// Sender report (RFC 3550 section 6.4.1).
    SenderReport(SenderReport<'a>),
    /// Receiver report (RFC 3550 section 6.4.2).
    ReceiverReport(ReceiverReport<'a>),
    /// Source description (RFC 3550 section 6.5): nothing of it is used.
    Sdes,
    /// Goodbye (RFC 3550 section 6.6): sources that end.
    Bye(Ssrcs<'a>),
    /// Generic NACK (RFC 4585 section 6.2.1).
    Nack(Nack<'a>),
    /// Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
    Twcc(Twcc<'a>),
    /// Picture loss indication (RFC 4585 section 6.3.1).
    Pli(Pli),
    /// Full intra request (RFC 5104 section 4.3.1).
    Fir(Fir<'a>),
    /// Application layer feedback, in practice REMB: nothing of it is used.
    Remb,
    /// A type or format that we do not read.
    Unknown {
        /// Packet type.
        packet_type: u8,
        /// Format or count field.
        format: u8,
    },
    /// A known type whose body is shorter than its fields say, or over a limit.
    Malformed {
        /// Packet type.
        packet_type: u8,
    },
}

/// A compound packet whose headers are sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compound<'a> {
    bytes: &'a [u8],
}

impl<'a> Compound<'a> {
    /// Checks version, lengths and padding of all parts. Reduced-size packets (RFC 5506) are allowed.
    ///
    /// # Errors
    /// [`RtcpError`] when the headers do not add up to the packet.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RtcpError> {
        let mut rest = bytes;
        loop {
            let (part, after) = split(rest)?;
            if part.padded && !after.is_empty() {
                return Err(RtcpError::Padding);
            }
            part.body()?;
            if after.is_empty() {
                return Ok(Self { bytes });
            }
            rest = after;
        }
    }

    /// The parts, in order.
    #[must_use]
    pub fn packets(&self) -> Packets<'a> {
        Packets { rest: self.bytes }
    }
}

impl<'a> IntoIterator for Compound<'a> {
    type Item = Packet<'a>;
    type IntoIter = Packets<'a>;

    fn into_iter(self) -> Packets<'a> {
        self.packets()
    }
}

struct Part<'a> {
    count: u8,
    packet_type: u8,
    padded: bool,
    /// All after the common header, padding included.
    bytes: &'a [u8],
}

impl<'a> Part<'a> {
    fn body(&self) -> Result<&'a [u8], RtcpError> {
        if !self.padded {
            return Ok(self.bytes);
        }
        let padding = usize::from(self.bytes.last().copied().ok_or(RtcpError::Padding)?);
        let length = self
            .bytes
            .len()
            .checked_sub(padding)
            .filter(|_| padding != 0)
            .ok_or(RtcpError::Padding)?;
        self.bytes.get(..length).ok_or(RtcpError::Padding)
    }

    fn read(&self) -> Option<Packet<'a>> {
        let body = self.body().ok()?;
        Some(match (self.packet_type, self.count) {
            (kind::SR, blocks) => Packet::SenderReport(SenderReport::read(body, blocks)?),
            (kind::RR, blocks) => Packet::ReceiverReport(ReceiverReport::read(body, blocks)?),
            (kind::SDES, _) => Packet::Sdes,
            (kind::BYE, sources) => Packet::Bye(Ssrcs::read(body, sources)?),
            (kind::RTPFB, format::NACK) => Packet::Nack(Nack::read(body)?),
            (kind::RTPFB, format::TWCC) => Packet::Twcc(Twcc::read(body)?),
            (kind::PSFB, format::PLI) => Packet::Pli(Pli::read(body)?),
            (kind::PSFB, format::FIR) => Packet::Fir(Fir::read(body)?),
            (kind::PSFB, format::AFB) => Packet::Remb,
            (packet_type, format) => Packet::Unknown { packet_type, format },
        })
    }
}

fn split(bytes: &[u8]) -> Result<(Part<'_>, &[u8]), RtcpError> {
    let short = RtcpError::TooShort;
    let first = u8_at(bytes, 0).ok_or(short)?;
    if first >> 6 != 2 {
        return Err(RtcpError::Version);
    }
    let packet_type = u8_at(bytes, 1).ok_or(short)?;
    let words = usize::from(u16_at(bytes, 2).ok_or(short)?);
    let (part, after) = bytes.split_at_checked(HEADER_BYTES + words * 4).ok_or(short)?;
    let bytes = part.get(HEADER_BYTES..).ok_or(short)?;
    Ok((
        Part {
            count: first & 0x1F,
            packet_type,
            padded: first & 0x20 != 0,
            bytes,
        },
        after,
    ))
}

/// Iterator over the parts of a [`Compound`].
#[derive(Debug, Clone)]
pub struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Packets<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        let (part, after) = split(self.rest).ok()?;
        self.rest = after;
        Some(part.read().unwrap_or(Packet::Malformed {
            packet_type: part.packet_type,
        }))
    }
}
