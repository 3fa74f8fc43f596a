// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! NACK, PLI, FIR and BYE (RFC 4585, RFC 5104, RFC 3550 section 6.6) as views.
//! Which retransmissions or key frames follow, others decide.

use crate::rtp::wire::{u8_at, u16_at, u32_at};

/// Generic NACK (RFC 4585 section 6.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nack<'a> {
    /// Who asks.
    pub sender_ssrc: u32,
    /// The stream asked for.
    pub media_ssrc: u32,
    pairs: &'a [u8],
}

impl<'a> Nack<'a> {
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        Some(Self {
            sender_ssrc: u32_at(body, 0)?,
            media_ssrc: u32_at(body, 4)?,
            pairs: body.get(8..)?,
        })
    }

    /// The sequence numbers asked for: at most 17 for each 4 octets.
    #[must_use]
    pub fn seqs(&self) -> NackSeqs<'a> {
        NackSeqs {
            pairs: self.pairs,
            first: 0,
            mask: 0,
        }
    }
}

/// Iterator over the sequence numbers of a [`Nack`].
#[derive(Debug, Clone)]
pub struct NackSeqs<'a> {
    pairs: &'a [u8],
    first: u16,
    mask: u16,
}

impl Iterator for NackSeqs<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if self.mask != 0 {
            let bit = self.mask.trailing_zeros() as u16;
            self.mask &= self.mask - 1;
            return Some(self.first.wrapping_add(bit + 1));
        }
        let (pair, rest) = self.pairs.split_at_checked(4)?;
        self.pairs = rest;
        self.first = u16_at(pair, 0)?;
        self.mask = u16_at(pair, 2)?;
        Some(self.first)
    }
}

/// Picture loss indication (RFC 4585 section 6.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pli {
    /// Who asks.
    pub sender_ssrc: u32,
    /// The stream asked for a key frame.
    pub media_ssrc: u32,
}

impl Pli {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        Some(Self {
            sender_ssrc: u32_at(body, 0)?,
            media_ssrc: u32_at(body, 4)?,
        })
    }
}

/// Full intra request (RFC 5104 section 4.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fir<'a> {
    /// Who asks.
    pub sender_ssrc: u32,
    entries: &'a [u8],
}

impl<'a> Fir<'a> {
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        // The common media ssrc field is unused (RFC 5104 section 4.3.1.2).
        Some(Self {
            sender_ssrc: u32_at(body, 0)?,
            entries: body.get(8..)?,
        })
    }

    /// The streams asked for, as `(ssrc, command sequence number)`.
    #[must_use]
    pub fn entries(&self) -> FirEntries<'a> {
        FirEntries { rest: self.entries }
    }
}

/// Iterator over the entries of a [`Fir`].
#[derive(Debug, Clone)]
pub struct FirEntries<'a> {
    rest: &'a [u8],
}

impl Iterator for FirEntries<'_> {
    type Item = (u32, u8);

    fn next(&mut self) -> Option<(u32, u8)> {
        let (entry, rest) = self.rest.split_at_checked(8)?;
        self.rest = rest;
        Some((u32_at(entry, 0)?, u8_at(entry, 4)?))
    }
}

/// The sources of a BYE (RFC 3550 section 6.6), as an iterator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ssrcs<'a> {
    rest: &'a [u8],
}

impl<'a> Ssrcs<'a> {
    pub(super) fn read(body: &'a [u8], count: u8) -> Option<Self> {
        Some(Self {
            rest: body.get(..usize::from(count) * 4)?,
        })
    }
}

impl Iterator for Ssrcs<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (ssrc, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        u32_at(ssrc, 0)
    }
}
