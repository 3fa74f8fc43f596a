// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What several behaviours have in common.

use std::collections::BTreeSet;

use fiera_sfu::sdp::Codec;

use crate::peer::payload::Stamp;
use crate::peer::viewer::Received;

/// One unbroken RTP stream: no gap in sequence, time never back, and for VP8 no gap in picture id and TL0PICIDX.
#[track_caller]
pub(crate) fn unbroken(received: &[Received]) {
    for r in received.iter().filter(|r| r.codec != Codec::Opus) {
        assert_eq!(
            r.marker,
            r.stamp.is_some_and(|s| s.part + 1 == s.parts),
            "the marker ends a frame: {r:?}"
        );
    }
    for pair in received.windows(2) {
        let [a, b] = pair else { continue };
        assert_eq!(b.index, a.index + 1, "a gap between {a:?} and {b:?}");
        counters_go_on(a, b);
    }
}

/// As [`unbroken`], but losses are allowed.
#[track_caller]
pub(crate) fn counters_go_on(a: &Received, b: &Received) {
    let step = b.timestamp.wrapping_sub(a.timestamp) as i32;
    assert!(step >= 0, "time goes back by {step} between {a:?} and {b:?}");
    let counts = |r: &Received| matches!(r.codec, Codec::Vp8 | Codec::Vp9);
    if a.codec != b.codec || !counts(a) || b.index != a.index + 1 {
        return;
    }
    let expected = u16::from(step > 0);
    let pictures = b.picture_id.zip(a.picture_id).map(|(b, a)| b.wrapping_sub(a) & 0x7FFF);
    let levels = b.tl0.zip(a.tl0).map(|(b, a)| u16::from(b.wrapping_sub(a)));
    assert_eq!(
        (pictures, levels),
        (Some(expected), Some(expected)),
        "counters between {a:?} and {b:?}"
    );
}

/// No media packet came twice under two numbers.
#[track_caller]
pub(crate) fn once_each(stamps: &[Stamp]) {
    let different: BTreeSet<_> = stamps.iter().collect();
    assert_eq!(different.len(), stamps.len(), "a media packet came twice");
}

/// Every stamp that should have come did.
#[track_caller]
pub(crate) fn all_of(expected: impl Iterator<Item = Stamp>, stamps: &[Stamp]) {
    let came: BTreeSet<_> = stamps.iter().collect();
    let missing: Vec<_> = expected.filter(|stamp| !came.contains(stamp)).collect();
    assert!(
        missing.is_empty(),
        "{} packets never came, first {:?}",
        missing.len(),
        missing.first()
    );
}

/// Places in a list of packets where the source or layer changes: the packets before and after.
pub(crate) fn switches(received: &[Received]) -> Vec<(Received, Received)> {
    let feed = |r: &Received| r.stamp.map(|s| (s.who, s.kind, s.layer, r.codec as u8));
    let with_stamp: Vec<_> = received.iter().filter(|r| r.stamp.is_some()).copied().collect();
    with_stamp
        .windows(2)
        .filter(|pair| feed(&pair[0]) != feed(&pair[1]))
        .map(|pair| (pair[0], pair[1]))
        .collect()
}
