// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1) as a view.
//! Walked in place with two cursors, status chunks and deltas; bandwidth estimation is elsewhere.

use crate::rtp::wire::{u8_at, u16_at, u24_at, u32_at};

/// Statuses that one feedback packet may report: 60 Mbit/s for a second. Chunks of 2 octets can claim 8,191 losses.
pub const TWCC_STATUS_COUNT_MAX: u16 = 8_192;
/// Unit of the reference time.
pub const REFERENCE_TIME_MS: u32 = 64;
/// Deltas are in units of 250 us.
pub const DELTA_TICKS_PER_SECOND: u32 = 4_000;

/// Offset of the first status chunk in the body.
const CHUNKS_AT: usize = 16;

/// Symbol of a status: 0 not received, 1 small delta, 2 large delta, 3 reserved.
pub(super) type Symbol = u8;

/// One feedback packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twcc<'a> {
    /// Who reports.
    pub sender_ssrc: u32,
    /// A stream of the reported transport.
    pub media_ssrc: u32,
    /// Transport-wide sequence number of the first status.
    pub base_seq: u16,
    /// How many statuses follow, up to [`TWCC_STATUS_COUNT_MAX`].
    pub status_count: u16,
    /// Signed 24-bit time in units of 64 ms that the first delta counts from.
    pub reference_time: i32,
    /// Number of this feedback packet, wrapping.
    pub feedback_count: u8,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

impl<'a> Twcc<'a> {
    /// None when chunks or deltas are missing, a symbol is reserved or there are too many statuses.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let status_count = u16_at(body, 10)?;
        if status_count > TWCC_STATUS_COUNT_MAX {
            return None;
        }
        let mut at = CHUNKS_AT;
        let mut left = status_count;
        let mut delta_bytes = 0;
        while left > 0 {
            let chunk = Chunk::read(u16_at(body, at)?);
            at += 2;
            let count = chunk.count().min(left);
            delta_bytes += chunk.delta_bytes(count)?;
            left -= count;
        }
        let reference = u24_at(body, 12)?;
        Some(Self {
            sender_ssrc: u32_at(body, 0)?,
            media_ssrc: u32_at(body, 4)?,
            base_seq: u16_at(body, 8)?,
            status_count,
            reference_time: ((reference << 8) as i32) >> 8,
            feedback_count: u8_at(body, 15)?,
            chunks: body.get(CHUNKS_AT..at)?,
            deltas: body.get(at..at + delta_bytes)?,
        })
    }

    /// Every reported sequence number with the delta of its arrival to the previous arrival
    /// (the first: to the reference time) in units of 250 us; none: not received.
    #[must_use]
    pub fn statuses(&self) -> TwccStatuses<'a> {
        TwccStatuses {
            seq: self.base_seq,
            left: self.status_count,
            chunk: Chunk::Run { symbol: 0, count: 0 },
            in_chunk: 0,
            chunks: self.chunks,
            deltas: self.deltas,
        }
    }
}

/// A status chunk (draft section 3.1.3 and 3.1.4).
#[derive(Debug, Clone, Copy)]
enum Chunk {
    Run { symbol: Symbol, count: u16 },
    OneBit { bits: u16 },
    TwoBit { bits: u16 },
}

impl Chunk {
    fn read(word: u16) -> Self {
        match word >> 14 {
            0 | 1 => Chunk::Run {
                symbol: (word >> 13 & 3) as u8,
                count: word & 0x1FFF,
            },
            2 => Chunk::OneBit { bits: word & 0x3FFF },
            _ => Chunk::TwoBit { bits: word & 0x3FFF },
        }
    }

    fn count(self) -> u16 {
        match self {
            Chunk::Run { count, .. } => count,
            Chunk::OneBit { .. } => 14,
            Chunk::TwoBit { .. } => 7,
        }
    }

    fn symbol(self, index: u16) -> Symbol {
        match self {
            Chunk::Run { symbol, .. } => symbol,
            Chunk::OneBit { bits } => (bits >> 13u16.saturating_sub(index) & 1) as u8,
            Chunk::TwoBit { bits } => (bits >> 12u16.saturating_sub(index * 2) & 3) as u8,
        }
    }

    fn delta_bytes(self, count: u16) -> Option<usize> {
        if let Chunk::Run { symbol, .. } = self {
            return Some(delta_bytes(symbol)? * usize::from(count));
        }
        (0..count).map(|index| delta_bytes(self.symbol(index))).sum()
    }
}

fn delta_bytes(symbol: Symbol) -> Option<usize> {
    (symbol < 3).then_some(usize::from(symbol))
}

/// Iterator over the statuses of a [`Twcc`].
#[derive(Debug, Clone)]
pub struct TwccStatuses<'a> {
    seq: u16,
    left: u16,
    chunk: Chunk,
    in_chunk: u16,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

impl Iterator for TwccStatuses<'_> {
    type Item = (u16, Option<i16>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        while self.in_chunk >= self.chunk.count() {
            let (word, rest) = self.chunks.split_at_checked(2)?;
            self.chunks = rest;
            self.chunk = Chunk::read(u16_at(word, 0)?);
            self.in_chunk = 0;
        }
        let symbol = self.chunk.symbol(self.in_chunk);
        self.in_chunk += 1;
        let seq = self.seq;
        self.seq = seq.wrapping_add(1);
        let (delta, rest) = self.deltas.split_at_checked(delta_bytes(symbol)?)?;
        self.deltas = rest;
        let ticks = match symbol {
            0 => None,
            1 => Some(i16::from(u8_at(delta, 0)?)),
            _ => Some(u16_at(delta, 0)? as i16),
        };
        Some((seq, ticks))
    }
}
