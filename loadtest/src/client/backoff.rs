// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! When to try again (SPEC R5): from 250 ms with full jitter, at most 2 s apart for 30 s, then slower.

use super::dice::Dice;

const FIRST_MS: u64 = 250;
const CAP_MS: u64 = 2_000;
const CAP_HOLDS_MS: u64 = 30_000;
const CAP_LATER_MS: u64 = 15_000;

/// The tries since a connection was lost.
#[derive(Debug, Default)]
pub struct Backoff {
    tries: u32,
    waited_ms: u64,
}

impl Backoff {
    /// How long to wait before the next try, milliseconds.
    pub fn next_ms(&mut self, dice: &mut Dice) -> u64 {
        let cap = if self.waited_ms < CAP_HOLDS_MS {
            CAP_MS
        } else {
            CAP_LATER_MS
        };
        let ceiling = FIRST_MS.saturating_mul(1 << self.tries.min(10)).min(cap);
        self.tries += 1;
        let wait = dice.between(0, ceiling + 1);
        self.waited_ms += wait;
        wait
    }

    /// A connection holds again.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r5_from_250_ms_to_2_s_and_slower_after_30_s() {
        let mut dice = Dice::new(1, 1);
        let mut backoff = Backoff::default();
        assert!(backoff.next_ms(&mut dice) <= 250);
        assert!(backoff.next_ms(&mut dice) <= 500);
        let mut longest_soon = 0;
        while backoff.waited_ms < CAP_HOLDS_MS {
            longest_soon = backoff.next_ms(&mut dice).max(longest_soon);
        }
        assert!((1_500..=2_000).contains(&longest_soon), "{longest_soon}");
        let later = (0..50).map(|_| backoff.next_ms(&mut dice)).max().unwrap();
        assert!((5_000..=15_000).contains(&later), "{later}");
        backoff.reset();
        assert!(backoff.next_ms(&mut dice) <= 250);
    }
}
