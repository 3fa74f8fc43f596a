// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! RTP packets (RFC 3550 section 5, RFC 8285) read in place, and 16-bit counters unrolled to 64.
//! Never allocates, never sees SRTP: packets come decrypted.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod extensions;
mod packet;
mod unwrap;
pub(crate) mod wire;

#[cfg(test)]
mod tests;

pub use extensions::{AudioLevel, ExtensionBlock, KnownExtensions};
pub use packet::{HEADER_BYTES_MIN, ParsedRtp, RtpError, RtpHeader, parse};
pub use unwrap::SeqUnwrap;
