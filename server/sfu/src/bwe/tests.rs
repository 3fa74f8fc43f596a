// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Bounds of memory.

use super::*;

#[test]
fn an_estimator_is_small() {
    assert!(size_of::<Estimator>() < 2_048, "{}", size_of::<Estimator>());
    assert_eq!(size_of::<sent::Sent>() * SENT_PACKETS_MAX, 16_384);
}
