// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Opus (RFC 7587, RFC 6716): only whether a packet carries sound.

/// Longest packet that carries none: a table-of-contents octet, with one more from some encoders.
const DTX_BYTES_MAX: usize = 2;

/// Whether a packet only says that silence goes on (RFC 6716 section 2.1.9).
#[must_use]
pub fn is_dtx(payload: &[u8]) -> bool {
    payload.len() <= DTX_BYTES_MAX
}
