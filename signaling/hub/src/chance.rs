// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Randomness handed in from outside, stretched: ids and keys that nobody can guess, the same for the same seed.
//! HMAC-SHA-256 (RFC 2104, FIPS 180-4) of a counter under the seed.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// A key that is drawn for one purpose and destroyed with it.
pub(crate) type Key = [u8; 32];

/// The hub's only source of randomness.
pub(crate) struct Chance {
    seed: Key,
    drawn: u64,
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chance")
            .field("drawn", &self.drawn)
            .finish_non_exhaustive()
    }
}

impl Chance {
    /// From 32 random bytes that are used nowhere else.
    pub(crate) fn new(seed: Key) -> Self {
        Self { seed, drawn: 0 }
    }

    /// A fresh key.
    pub(crate) fn key(&mut self) -> Key {
        self.drawn += 1;
        mac(&self.seed, &[&self.drawn.to_be_bytes()])
    }

    /// The bits of a fresh random id (RFC 9562, version 4).
    pub(crate) fn id(&mut self) -> u128 {
        let bits = first_half(&self.key());
        (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62)
    }
}

/// A name under a key: without the key nobody can tell what it is the name of.
pub(crate) fn keyed(key: &Key, parts: &[&[u8]]) -> u128 {
    first_half(&mac(key, parts))
}

/// An id that follows from a name: the same for the same `kind` and parts, another for any others (RFC 9562, version 8).
pub(crate) fn named_id(kind: &str, parts: &[&str]) -> u128 {
    let parts: Vec<&[u8]> = std::iter::once(kind)
        .chain(parts.iter().copied())
        .map(str::as_bytes)
        .collect();
    let bits = keyed(&[0; 32], &parts);
    (bits & !(0xf << 76) & !(0x3 << 62)) | (0x8 << 76) | (0x2 << 62)
}

/// What is kept of a secret that only its owner knows (128 random bits, so no salt is needed).
pub(crate) fn hashed(secret: u128) -> u128 {
    first_half(&Sha256::digest(secret.to_be_bytes()).into())
}

fn first_half(bytes: &Key) -> u128 {
    bytes
        .iter()
        .take(16)
        .fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

/// Each part is preceded by its length, so that no two lists of parts look the same.
fn mac(key: &Key, parts: &[&[u8]]) -> Key {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length");
    };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::{Chance, keyed};

    #[test]
    fn the_same_seed_draws_the_same_and_never_twice() {
        let (mut a, mut b, mut other) = (Chance::new([1; 32]), Chance::new([1; 32]), Chance::new([2; 32]));
        let drawn: Vec<u128> = (0..100).map(|_| a.id()).collect();
        assert_eq!(drawn, (0..100).map(|_| b.id()).collect::<Vec<_>>());
        let all: std::collections::BTreeSet<u128> = drawn.iter().copied().chain((0..100).map(|_| other.id())).collect();
        assert_eq!(all.len(), 200);
        assert!(
            drawn.iter().all(|id| id >> 76 & 0xf == 4 && id >> 62 & 3 == 2),
            "version 4"
        );
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(keyed(&[0; 32], &[b"ab", b"c"]), keyed(&[0; 32], &[b"a", b"bc"]));
    }
}
