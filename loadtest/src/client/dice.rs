// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Chance for behaviour, from a seed: the same seed is the same crowd. Not for anything secret.

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice of one participant: each number gets a sequence of its own.
    #[must_use]
    pub fn new(seed: u64, number: u64) -> Self {
        let mut dice = Self(seed ^ number.wrapping_mul(0xA076_1D64_78BD_642F));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// From 0 to just below 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 to below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % (end as u64).max(1)) as usize
    }

    /// From `from` to below `to`.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % to.saturating_sub(from).max(1)
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A waiting time with this mean, as of independent events, never more than four times it.
    pub fn wait_ms(&mut self, mean_ms: u64) -> u64 {
        let waited = -(1.0 - self.unit()).ln();
        (waited.min(4.0) * mean_ms as f64) as u64
    }

    /// One of the weighted; none where no weight is above 0.
    pub fn weighted(&mut self, weights: &[f64]) -> Option<usize> {
        let total: f64 = weights.iter().sum();
        let mut left = self.unit() * total;
        if total <= 0.0 {
            return None;
        }
        for (i, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return Some(i);
            }
        }
        weights.iter().rposition(|weight| *weight > 0.0)
    }
}

/// How much everybody likes a thing, 0 to 1: the same for all bots, so that favourites emerge.
#[must_use]
pub fn appeal(thing: u128) -> f64 {
    let folded = (thing as u64) ^ ((thing >> 64) as u64);
    (mix(folded) >> 11) as f64 / (1_u64 << 53) as f64
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_one_crowd_and_numbers_differ() {
        let draw = |seed, number| {
            let mut dice = Dice::new(seed, number);
            [dice.between(0, 1_000_000), dice.between(0, 1_000_000)]
        };
        assert_eq!(draw(7, 3), draw(7, 3));
        assert_ne!(draw(7, 3), draw(7, 4));
        assert_ne!(draw(7, 3), draw(8, 3));
    }

    #[test]
    fn waiting_times_have_their_mean() {
        let mut dice = Dice::new(1, 1);
        let mean = (0..20_000).map(|_| dice.wait_ms(1_000)).sum::<u64>() / 20_000;
        assert!((900..1_050).contains(&mean), "{mean}");
    }

    #[test]
    fn weights_are_followed() {
        let mut dice = Dice::new(2, 1);
        let heavy = (0..1_000)
            .filter(|_| dice.weighted(&[1.0, 0.0, 9.0]) == Some(2))
            .count();
        assert!((860..940).contains(&heavy), "{heavy}");
        assert_eq!(dice.weighted(&[]), None);
        assert_eq!(dice.weighted(&[0.0]), None);
    }
}
