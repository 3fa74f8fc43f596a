// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Bits of an octet string, most significant first. Past the end there is nothing.

/// A reader that remembers whether it ran over the end.
#[derive(Debug, Clone)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn bit(&mut self) -> Option<bool> {
        let octet = self.bytes.get(self.at / 8)?;
        let bit = octet >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// Up to 32 bits.
    pub(super) fn bits(&mut self, count: u8) -> Option<u32> {
        let mut value = 0_u32;
        for _ in 0..count {
            value = value << 1 | u32::from(self.bit()?);
        }
        Some(value)
    }

    /// An unsigned number below `n`, as short as it can be (AV1 section 4.10.7, `ns(n)`). None for `n` of 0.
    pub(super) fn non_symmetric(&mut self, n: u32) -> Option<u32> {
        let width = 32 - n.leading_zeros();
        let short = (1_u64 << width).checked_sub(u64::from(n))? as u32;
        let value = self.bits(u8::try_from(width.checked_sub(1)?).ok()?)?;
        if value < short {
            return Some(value);
        }
        Some((value << 1 | u32::from(self.bit()?)) - short)
    }

    /// A variable length number (AV1 section 4.10.3, `uvlc()`).
    pub(super) fn uvlc(&mut self) -> Option<u32> {
        let mut zeros = 0_u8;
        while !self.bit()? {
            zeros += 1;
            if zeros >= 32 {
                return Some(u32::MAX);
            }
        }
        Some(((1_u64 << zeros) - 1) as u32 + self.bits(zeros)?)
    }
}
