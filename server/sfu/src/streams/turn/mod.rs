// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A TURN server (RFC 8656) for UDP allocations that lead to this media plane alone: a relayed address is a number
//! without a socket behind it, and any other peer is refused. Time-limited credentials, no state before they are proved.

mod client;
mod credentials;
mod message;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rtc_crypto::RTCCryptoProvider;

pub use client::Client;
pub use credentials::Credentials;
pub use message::{channel_data, data_indication};

/// How long an allocation lives without a refresh; what a client asks for is not looked at (RFC 8656 section 7.2).
pub const ALLOCATION_LIFETIME: Duration = Duration::from_secs(600);
/// How long a permission lives without a refresh (RFC 8656 section 9).
pub const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);
/// How long a channel stays bound without a refresh (RFC 8656 section 12).
pub const CHANNEL_LIFETIME: Duration = Duration::from_secs(600);
/// Longest life of a nonce, seconds; a client that used an older one tries again with the one it is told.
pub const NONCE_LIFE_S: u64 = 3_600;
/// Channels of one allocation: one for each of our addresses, and some that are bound anew.
pub const CHANNELS_MAX: usize = 16;
/// Longest user name, bytes: the time of expiry and an opaque id.
pub const USERNAME_BYTES_MAX: usize = 128;

/// What time it is, on both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Monotonic.
    pub now: Instant,
    /// Seconds since 1970, for credentials and nonces.
    pub unix_s: u64,
}

/// Why there is no relayed address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRelay {
    /// This user has as many as one may have (486).
    Quota,
    /// All are taken (508).
    Capacity,
}

/// Hands out relayed addresses.
pub trait Relays {
    /// A relayed address nobody else has, of the family of `like`.
    ///
    /// # Errors
    /// [`NoRelay`].
    fn take(&mut self, username: &str, like: IpAddr) -> Result<SocketAddr, NoRelay>;
}

/// What follows from a datagram of a client.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Nothing; what it was is not worth an answer.
    Nothing,
    /// Send this back.
    Reply(Vec<u8>),
    /// Send this back; the request was refused.
    Refused(Vec<u8>),
    /// Hand the data to the media plane, as sent from the relayed address to the peer of this index.
    Relay {
        /// Index in [`Turn::peers`].
        peer: usize,
        /// The datagram.
        data: &'a [u8],
    },
    /// Send this back; from now on data of that peer goes to the client in this channel.
    Bound {
        /// Index in [`Turn::peers`].
        peer: usize,
        /// The channel.
        channel: u16,
        /// The success response.
        reply: Vec<u8>,
    },
    /// Send this back; the allocation is over and its relayed address free.
    Ended(Vec<u8>),
}

/// There is no crypto provider.
#[derive(Debug, thiserror::Error)]
#[error("no crypto for TURN: {0}")]
pub struct NoCrypto(String);

/// What all clients share: the secret of the credentials, the peers that may be reached.
pub struct Turn {
    secret: ring::hmac::Key,
    nonces: ring::hmac::Key,
    peers: Vec<SocketAddr>,
    provider: Arc<dyn RTCCryptoProvider>,
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn")
            .field("peers", &self.peers)
            .finish_non_exhaustive()
    }
}

impl Turn {
    /// A server whose credentials are made with `secret` and whose only peers are our own media addresses.
    ///
    /// # Errors
    /// [`NoCrypto`] where there is no provider of MD5 and HMAC-SHA1.
    pub fn new(secret: &[u8], peers: Vec<SocketAddr>) -> Result<Self, NoCrypto> {
        let provider = rtc_crypto::default_provider().map_err(|error| NoCrypto(error.to_string()))?;
        let nonces = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret), b"nonce");
        Ok(Self {
            secret: ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret),
            nonces: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, nonces.as_ref()),
            peers,
            provider,
        })
    }

    /// The addresses of our media plane, as session descriptions name them.
    #[must_use]
    pub fn peers(&self) -> &[SocketAddr] {
        &self.peers
    }

    fn peer(&self, address: SocketAddr) -> Option<usize> {
        self.peers.iter().position(|peer| *peer == address)
    }
}
