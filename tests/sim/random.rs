// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The only source of chance of a run: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), one stream per step, so that a
//! step draws the same whatever other steps are left out.

pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn of_step(seed: u64, step: u64) -> Self {
        let mut mixed = Self(seed);
        Self(mixed.next() ^ step.wrapping_mul(0xd6e8_feb8_6659_fd93))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`, which is not 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).expect("small")
    }

    pub(crate) fn small(&mut self, n: u8) -> u8 {
        u8::try_from(self.below(u64::from(n))).expect("small")
    }

    /// True so many times in a thousand.
    pub(crate) fn permille(&mut self, times: u64) -> bool {
        self.below(1_000) < times
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.permille(500)
    }

    /// One of several; none of none.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() {
            return None;
        }
        Some(&of[self.index(of.len())])
    }

    /// One by weight.
    pub(crate) fn weighted<'a, T>(&mut self, of: &'a [(u64, T)]) -> &'a T {
        let mut at = self.below(of.iter().map(|(weight, _)| weight).sum());
        for (weight, one) in of {
            if at < *weight {
                return one;
            }
            at -= weight;
        }
        &of[0].1
    }

    /// 128 bits, as of a version 4 UUID.
    pub(crate) fn id(&mut self) -> u128 {
        let bits = u128::from(self.next()) << 64 | u128::from(self.next());
        (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62)
    }
}
