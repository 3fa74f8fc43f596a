// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Time-limited credentials (draft-uberti-behave-turn-rest-00: `expiry:id`, HMAC-SHA1) and nonces that need no memory.

use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{NONCE_LIFE_S, Turn, USERNAME_BYTES_MAX};

/// The realm of all our credentials.
pub(super) const REALM: &str = "fiera";
const NONCE_TAG_BYTES: usize = 8;
const NONCE_TIME_CHARS: usize = 8;

/// What a client needs to use the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Seconds since 1970 at which it expires, a colon, an id that says nothing.
    pub username: String,
    /// Base64 of the HMAC-SHA1 of the user name.
    pub password: String,
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

impl Turn {
    /// Credentials until a time. `id` is opaque: the same one shares the quota of one user.
    #[must_use]
    pub fn mint(&self, id: &str, expires_unix_s: u64) -> Credentials {
        let username = format!("{expires_unix_s}:{id}");
        let password = self.password(&username);
        Credentials { username, password }
    }

    pub(super) fn password(&self, username: &str) -> String {
        STANDARD.encode(ring::hmac::sign(&self.secret, username.as_bytes()))
    }

    /// Whether a user name is of our shape and has not expired.
    pub(super) fn is_current(username: &str, unix_s: u64) -> bool {
        username.len() <= USERNAME_BYTES_MAX
            && username
                .split_once(':')
                .and_then(|(expiry, _)| expiry.parse::<u64>().ok())
                .is_some_and(|expiry| expiry >= unix_s)
    }

    /// A nonce that proves by itself when we made it and for whom: overheard, it is of no use from elsewhere
    /// (RFC 8489 section 9.2.4 leaves to the server what it is made of).
    pub(super) fn nonce(&self, unix_s: u64, from: SocketAddr) -> String {
        let time = format!("{:08x}", unix_s & 0xFFFF_FFFF);
        let mut made_of = ring::hmac::Context::with_key(&self.nonces);
        made_of.update(time.as_bytes());
        match from.ip() {
            IpAddr::V4(ip) => made_of.update(&ip.octets()),
            IpAddr::V6(ip) => made_of.update(&ip.octets()),
        }
        made_of.update(&from.port().to_be_bytes());
        let tag = made_of.sign();
        let tag = tag.as_ref().get(..NONCE_TAG_BYTES).unwrap_or_default();
        format!("{time}{}", hex(tag))
    }

    pub(super) fn is_fresh(&self, nonce: &str, unix_s: u64, from: SocketAddr) -> bool {
        let Some(time) = nonce
            .get(..NONCE_TIME_CHARS)
            .and_then(|time| u64::from_str_radix(time, 16).ok())
        else {
            return false;
        };
        // Forging a nonce gains nothing but the use of an old one; the HMAC of the message is what protects.
        self.nonce(time, from) == nonce && (unix_s & 0xFFFF_FFFF).saturating_sub(time) <= NONCE_LIFE_S
    }
}
