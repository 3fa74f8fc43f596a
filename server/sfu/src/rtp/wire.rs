// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Big-endian fields of a byte slice, read with bounds checks and without panics.
//! Knows nothing of what the fields mean.

/// The octet at an offset.
pub(crate) fn u8_at(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

/// Sixteen bits at an offset.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let field: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(u16::from_be_bytes(field))
}

/// Twenty-four bits at an offset.
pub(crate) fn u24_at(bytes: &[u8], at: usize) -> Option<u32> {
    let field: [u8; 3] = bytes.get(at..at.checked_add(3)?)?.try_into().ok()?;
    let [a, b, c] = field;
    Some(u32::from_be_bytes([0, a, b, c]))
}

/// Thirty-two bits at an offset.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let field: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_be_bytes(field))
}
