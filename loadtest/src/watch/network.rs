// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A bad network between a viewer and its socket, from a seed: burst loss (Gilbert-Elliott), a bottleneck with a queue that
//! drops at its end, delay and jitter. Datagrams are held back and given on with the time at which they would have arrived.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::Deserialize;

use crate::client::dice::Dice;
use crate::sys::Meta;

/// Datagrams that a network holds at most; what comes above it is lost.
const HELD_MAX: usize = 4_096;

/// What a network does.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Profile {
    /// Percent of datagrams lost, both ways.
    pub loss_percent: f64,
    /// Mean length of a loss, datagrams; 1 is random loss.
    pub burst: f64,
    /// Bottleneck towards the viewer, kbit/s; 0: none.
    pub rate_kbps: u32,
    /// Longest wait in the bottleneck's queue, ms.
    pub queue_ms: u32,
    /// Added delay towards the viewer, ms.
    pub delay_ms: u32,
    /// Further delay, evenly between 0 and this, without reordering, ms.
    pub jitter_ms: u32,
    /// Share of the viewers behind such a network, percent.
    pub share_percent: f64,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            loss_percent: 0.0,
            burst: 1.0,
            rate_kbps: 0,
            queue_ms: 200,
            delay_ms: 0,
            jitter_ms: 0,
            share_percent: 100.0,
        }
    }
}

/// What becomes of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Gone.
    Lost,
    /// At this time, nanoseconds since 1970.
    At(u64),
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    at_ns: u64,
    order: u64,
    bytes: Vec<u8>,
}

/// One viewer's network.
#[derive(Debug)]
pub struct Network {
    profile: Profile,
    dice: Dice,
    /// Whether a loss burst goes on, towards the viewer and away from it.
    bursting: [bool; 2],
    bottleneck_free_ns: u64,
    last_at_ns: u64,
    order: u64,
    held: BinaryHeap<Reverse<Held>>,
    /// Datagrams lost towards the viewer.
    pub lost: u64,
}

impl Network {
    /// A network; the same seed and number lose the same datagrams.
    #[must_use]
    pub fn new(profile: Profile, seed: u64, number: usize) -> Self {
        Self {
            profile,
            dice: Dice::new(seed, number as u64),
            bursting: [false; 2],
            bottleneck_free_ns: 0,
            last_at_ns: 0,
            order: 0,
            held: BinaryHeap::new(),
            lost: 0,
        }
    }

    fn loses(&mut self, direction: usize) -> bool {
        let loss = (self.profile.loss_percent / 100.0).clamp(0.0, 1.0);
        let leave = 1.0 / self.profile.burst.max(1.0);
        let chance = if self.profile.burst <= 1.0 {
            loss
        } else if self.bursting[direction] {
            1.0 - leave
        } else {
            // The losing state's stationary share is `loss`: enter = leave x loss / (1 - loss).
            leave * loss / (1.0 - loss).max(1e-9)
        };
        self.bursting[direction] = loss > 0.0 && self.dice.chance(chance.min(1.0));
        self.bursting[direction]
    }

    /// Whether a datagram from the viewer to the server is lost.
    pub fn loses_outgoing(&mut self) -> bool {
        self.loses(1)
    }

    /// What becomes of a datagram of `len` bytes that reached the near end at `now_ns`.
    pub fn fate(&mut self, now_ns: u64, len: usize) -> Fate {
        if self.loses(0) || self.held.len() >= HELD_MAX {
            self.lost += 1;
            return Fate::Lost;
        }
        let mut at = now_ns;
        if self.profile.rate_kbps > 0 {
            let begins = self.bottleneck_free_ns.max(now_ns);
            if begins - now_ns > u64::from(self.profile.queue_ms) * 1_000_000 {
                self.lost += 1;
                return Fate::Lost;
            }
            // IP and UDP headers take room on the line too.
            at = begins + (len as u64 + 28) * 8 * 1_000_000 / u64::from(self.profile.rate_kbps);
            self.bottleneck_free_ns = at;
        }
        at += u64::from(self.profile.delay_ms) * 1_000_000;
        at += self.dice.between(0, u64::from(self.profile.jitter_ms) * 1_000_000 + 1);
        // A queue keeps its order.
        self.last_at_ns = self.last_at_ns.max(at);
        Fate::At(self.last_at_ns)
    }

    /// Takes a datagram in.
    pub fn take(&mut self, bytes: &[u8], meta: Meta) {
        if let Fate::At(at_ns) = self.fate(meta.arrived_ns, bytes.len()) {
            self.order += 1;
            self.held.push(Reverse(Held {
                at_ns,
                order: self.order,
                bytes: bytes.to_vec(),
            }));
        }
    }

    /// The next datagram that has arrived by now.
    pub fn due(&mut self, now_ns: u64) -> Option<(Vec<u8>, Meta)> {
        if self.held.peek().is_none_or(|Reverse(held)| held.at_ns > now_ns) {
            return None;
        }
        let Reverse(held) = self.held.pop()?;
        let meta = Meta {
            len: held.bytes.len(),
            arrived_ns: held.at_ns,
            ..Meta::default()
        };
        Some((held.bytes, meta))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn fates(profile: Profile, seed: u64) -> Vec<Fate> {
        let mut network = Network::new(profile, seed, 3);
        (0..100_000).map(|n| network.fate(n * MS, 1_172)).collect()
    }

    #[test]
    fn losses_have_their_share_and_their_length() {
        for burst in [1.0, 5.0] {
            let profile = Profile {
                loss_percent: 10.0,
                burst,
                ..Profile::default()
            };
            let fates = fates(profile, 1);
            let lost = fates.iter().filter(|f| **f == Fate::Lost).count();
            assert!((8_500..11_500).contains(&lost), "{lost} at bursts of {burst}");
            let starts = fates.windows(2).filter(|w| w[0] != Fate::Lost && w[1] == Fate::Lost);
            let mean = lost as f64 / starts.count() as f64;
            assert!((burst * 0.9..burst * 1.3).contains(&mean), "{mean} for {burst}");
            assert_eq!(fates, self::fates(profile, 1));
            assert_ne!(fates, self::fates(profile, 2));
        }
    }

    #[test]
    fn bottleneck_delays_then_drops_and_keeps_order() {
        // 1,200 bytes with headers each ms are 9.6 Mbit/s; half of them fit.
        let profile = Profile {
            rate_kbps: 4_800,
            queue_ms: 100,
            jitter_ms: 5,
            delay_ms: 20,
            ..Profile::default()
        };
        let fates = fates(profile, 1);
        let arrivals: Vec<(u64, u64)> = (0..)
            .zip(&fates)
            .filter_map(|(n, fate)| match fate {
                Fate::At(at) => Some((n * MS, *at)),
                Fate::Lost => None,
            })
            .collect();
        assert!((49_000..51_500).contains(&arrivals.len()), "{}", arrivals.len());
        assert!(arrivals.windows(2).all(|w| w[0].1 <= w[1].1));
        let longest = arrivals.iter().map(|(sent, at)| at - sent).max().unwrap();
        assert!((120 * MS..=130 * MS).contains(&longest), "{longest}");
    }

    #[test]
    fn held_datagrams_come_when_they_are_due() {
        let profile = Profile {
            delay_ms: 50,
            ..Profile::default()
        };
        let mut network = Network::new(profile, 1, 1);
        let meta = Meta {
            arrived_ns: 7 * MS,
            ..Meta::default()
        };
        network.take(b"one", meta);
        network.take(b"two", meta);
        assert!(network.due(56 * MS).is_none());
        let (bytes, meta) = network.due(57 * MS).unwrap();
        assert_eq!((bytes.as_slice(), meta.arrived_ns, meta.len), (&b"one"[..], 57 * MS, 3));
        assert_eq!(network.due(60 * MS).unwrap().0, b"two");
    }
}
