// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Bits of a NAL unit: exp-Golomb codes (ITU-T H.264 section 9.1) across emulation prevention octets (section 7.4.1).

/// A reader over the octets after the NAL header.
#[derive(Debug, Clone)]
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    octet: u8,
    left: u8,
    zeros: u8,
}

impl<'a> Bits<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self {
            rest,
            octet: 0,
            left: 0,
            zeros: 0,
        }
    }

    pub(super) fn bit(&mut self) -> Option<u32> {
        if self.left == 0 {
            let (&octet, rest) = self.rest.split_first()?;
            (self.octet, self.rest) = (octet, rest);
            if self.zeros >= 2 && octet == 3 {
                let (&octet, rest) = self.rest.split_first()?;
                (self.octet, self.rest, self.zeros) = (octet, rest, 0);
            }
            self.zeros = if self.octet == 0 {
                self.zeros.saturating_add(1)
            } else {
                0
            };
            self.left = 8;
        }
        self.left -= 1;
        Some(u32::from(self.octet >> self.left & 1))
    }

    /// Up to 32 bits.
    pub(super) fn bits(&mut self, count: u8) -> Option<u32> {
        let mut value = 0u32;
        for _ in 0..count {
            value = value << 1 | self.bit()?;
        }
        Some(value)
    }

    /// ue(v), up to 32 bits.
    pub(super) fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0u8;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        let suffix = self.bits(zeros)?;
        Some((1u32 << zeros) - 1 + suffix)
    }

    /// se(v).
    pub(super) fn se(&mut self) -> Option<i64> {
        let code = i64::from(self.ue()?);
        Some(if code % 2 == 1 { (code + 1) / 2 } else { -(code / 2) })
    }
}
