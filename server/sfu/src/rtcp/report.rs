// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Sender and receiver reports (RFC 3550 section 6.4) as views.
//! Extensions after the report blocks are not read.

use crate::rtp::wire::{u8_at, u24_at, u32_at};

/// Octets of one report block.
pub(super) const BLOCK_BYTES: usize = 24;

/// What a receiver says about one source (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportBlock {
    /// The source reported on.
    pub ssrc: u32,
    /// Share lost since the previous report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the start; negative when duplicates outnumber losses; 24 bits on the wire.
    pub cumulative_lost: i32,
    /// Highest sequence number received, with its 16-bit count of wraps above.
    pub highest_seq: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
    /// Middle 32 bits of the last sender report's NTP time; 0 before one.
    pub last_sr: u32,
    /// Delay since that report in 1/65,536 s; 0 before one.
    pub delay_since_last_sr: u32,
}

impl ReportBlock {
    fn read(bytes: &[u8]) -> Option<Self> {
        let lost = u24_at(bytes, 5)?;
        Some(Self {
            ssrc: u32_at(bytes, 0)?,
            fraction_lost: u8_at(bytes, 4)?,
            cumulative_lost: ((lost << 8) as i32) >> 8,
            highest_seq: u32_at(bytes, 8)?,
            jitter: u32_at(bytes, 12)?,
            last_sr: u32_at(bytes, 16)?,
            delay_since_last_sr: u32_at(bytes, 20)?,
        })
    }
}

/// Iterator over report blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportBlocks<'a> {
    rest: &'a [u8],
}

impl<'a> ReportBlocks<'a> {
    fn read(bytes: &'a [u8], at: usize, count: u8) -> Option<Self> {
        let end = at + usize::from(count) * BLOCK_BYTES;
        Some(Self {
            rest: bytes.get(at..end)?,
        })
    }
}

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.rest.split_at_checked(BLOCK_BYTES)?;
        self.rest = rest;
        ReportBlock::read(block)
    }
}

/// Sender report (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderReport<'a> {
    /// The sender.
    pub ssrc: u32,
    /// NTP time, 32.32 fixed point seconds.
    pub ntp: u64,
    /// The same moment in the sender's RTP timestamps.
    pub rtp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload octets sent.
    pub octets: u32,
    /// What the sender receives.
    pub blocks: ReportBlocks<'a>,
}

impl<'a> SenderReport<'a> {
    pub(super) fn read(body: &'a [u8], blocks: u8) -> Option<Self> {
        Some(Self {
            ssrc: u32_at(body, 0)?,
            ntp: u64::from(u32_at(body, 4)?) << 32 | u64::from(u32_at(body, 8)?),
            rtp: u32_at(body, 12)?,
            packets: u32_at(body, 16)?,
            octets: u32_at(body, 20)?,
            blocks: ReportBlocks::read(body, 24, blocks)?,
        })
    }
}

/// Receiver report (RFC 3550 section 6.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiverReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// What it receives.
    pub blocks: ReportBlocks<'a>,
}

impl<'a> ReceiverReport<'a> {
    pub(super) fn read(body: &'a [u8], blocks: u8) -> Option<Self> {
        Some(Self {
            ssrc: u32_at(body, 0)?,
            blocks: ReportBlocks::read(body, 4, blocks)?,
        })
    }
}
