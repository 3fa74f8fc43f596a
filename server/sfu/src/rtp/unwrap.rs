// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Unrolls 16-bit sequence numbers into 64 bits, tolerant of reordering across the wrap.
//! Never decides what is lost or old.

/// Where the first sequence number is placed, so that what comes before it stays positive.
const FIRST_ROUND: u64 = 1 << 16;

/// Unrolls one line of 16-bit sequence numbers (RFC 3550 appendix A.1's extended sequence number).
///
/// Each number is taken as the one nearest to the highest seen so far (RFC 1982 distance);
/// the first one lands in the second round of 65,536.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeqUnwrap {
    highest: Option<u64>,
}

impl SeqUnwrap {
    /// A line that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { highest: None }
    }

    /// The highest extended number so far.
    #[must_use]
    pub const fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Extends a number and, when it is ahead, makes it the highest.
    pub fn extend(&mut self, seq: u16) -> u64 {
        let extended = self.peek(seq);
        self.highest = Some(self.highest.map_or(extended, |highest| highest.max(extended)));
        extended
    }

    /// Extends a number without moving the line.
    #[must_use]
    pub fn peek(&self, seq: u16) -> u64 {
        let Some(highest) = self.highest else {
            return FIRST_ROUND + u64::from(seq);
        };
        let low = (highest & 0xFFFF) as u16;
        let distance = seq.wrapping_sub(low) as i16;
        highest.saturating_add_signed(i64::from(distance))
    }
}
