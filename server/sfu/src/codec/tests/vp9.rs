// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! VP9 descriptors of both modes, written field by field, and arbitrary bytes.

use proptest::prelude::*;

use crate::codec::vp9::{Vp9Descriptor, inspect};
use crate::codec::{Dimensions, Facts, LayerPlace, Structure};
use crate::codec::{inspect as inspect_as, vp8::PictureId, vp8::Tl0PicIdx};
use crate::sdp::Codec;

/// Profile 0, shown key frame, sync code, BT.601, 640 x 360.
const KEY_FRAME: [u8; 10] = [0x82, 0x49, 0x83, 0x42, 0x20, 0x27, 0xF0, 0x16, 0x70, 0x00];
const INTER_FRAME: [u8; 3] = [0x86, 0x00, 0x40];

fn payload(descriptor: &[u8], frame: &[u8]) -> Vec<u8> {
    [descriptor, frame].concat()
}

#[test]
fn non_flexible_mode_with_layers_and_a_structure() {
    // I, L, B, E, V; picture 0x1234; T0 S0; TL0PICIDX 7; three layers with sizes and a group of one picture.
    let structure = [
        0x58, 0x00, 0xA0, 0x00, 0x5A, 0x01, 0x40, 0x00, 0xB4, 0x02, 0x80, 0x01, 0x68, 0x01, 0x04, 0x01,
    ];
    let descriptor = [&[0xAE, 0x92, 0x34, 0x00, 0x07], &structure[..]].concat();
    let facts = inspect(&payload(&descriptor, &KEY_FRAME)).unwrap();
    let read = facts.descriptor;
    let expected = PictureId {
        at: 1,
        value: 0x1234,
        long: true,
    };
    assert_eq!(read.picture_id, Some(expected));
    assert_eq!(read.tl0, Some(Tl0PicIdx { at: 4, value: 7 }));
    let size = Dimensions {
        width: 640,
        height: 360,
    };
    assert_eq!(read.size, Some(size));
    let structure = Structure {
        spatial_layers: 3,
        heights: [Some(90), Some(180), Some(360)],
        is_temporal: false,
    };
    assert_eq!(facts.structure(), Some(structure));
    assert_eq!(
        (read.frame_start, read.frame_end, usize::from(read.bytes)),
        (true, true, 21)
    );
    assert!(facts.keyframe_start);
    assert_eq!(facts.dimensions, Some(size));
}

#[test]
fn flexible_mode_with_references_and_a_short_picture_id() {
    // I, P, L, F, E, Z; picture 5; T2 U S1 D; references 1 and 2 pictures back.
    let facts = inspect(&payload(&[0xF5, 0x05, 0x53, 0x03, 0x04], &INTER_FRAME)).unwrap();
    let read = facts.descriptor;
    assert_eq!(
        (read.temporal_id, read.switching_up, read.spatial_id, read.inter_layer),
        (2, true, 1, true)
    );
    assert_eq!(
        (read.flexible, read.not_for_higher, read.tl0, read.bytes),
        (true, true, None, 5)
    );
    assert!(!facts.keyframe_start);
    let place = LayerPlace {
        spatial: 1,
        temporal: 2,
        picture: Some((5, 0x7F)),
        starts_picture: false,
        ends_frame: true,
    };
    assert_eq!(facts.place(), place);
    assert_eq!(
        Vp9Descriptor::read(&[0x50, 0x03, 0x03, 0x03, 0x02]),
        None,
        "four references"
    );
}

#[test]
fn only_the_lowest_layer_of_a_key_picture_is_a_start() {
    let starts = |descriptor: &[u8], frame: &[u8]| inspect(&payload(descriptor, frame)).unwrap().keyframe_start;
    assert!(starts(&[0x08], &KEY_FRAME));
    assert!(!starts(&[0x00], &KEY_FRAME), "not its first packet");
    assert!(!starts(&[0x48], &KEY_FRAME), "needs other pictures");
    assert!(!starts(&[0x38, 0x03], &KEY_FRAME), "a higher spatial layer");
    assert!(
        !starts(&[0x08], &INTER_FRAME),
        "an intra-only picture is no key picture"
    );
}

#[test]
fn a_structure_without_sizes_leaves_the_lowest_to_the_picture_and_tells_of_temporal_layers() {
    // I, L, B, V; picture 1; T0 S0; TL0PICIDX 0; two layers without sizes; a group of two pictures, the second in T1.
    let descriptor = [0xAA, 0x01, 0x00, 0x00, 0x28, 0x02, 0x14, 0x01, 0x34, 0x01];
    let facts = inspect(&payload(&descriptor, &KEY_FRAME)).unwrap();
    let structure = Structure {
        spatial_layers: 2,
        heights: [Some(360), None, None],
        is_temporal: true,
    };
    assert_eq!(facts.structure(), Some(structure));
    assert!(facts.place().starts_picture);
}

#[test]
fn counters_are_patched_in_their_width_and_nothing_else() {
    let original = payload(&[0xA8, 0x92, 0x34, 0x00, 0x07], &KEY_FRAME);
    let facts = inspect_as(Codec::Vp9, &original).unwrap();
    assert_eq!(facts.counters(), (Some(0x1234), Some(7)));
    let mut patched = original.clone();
    facts.patch(&mut patched, 0x7FFF, 255);
    assert_eq!(patched[..5], [0xA8, 0xFF, 0xFF, 0x00, 0xFF]);
    assert_eq!(patched[5..], original[5..]);
    let again = inspect_as(Codec::Vp9, &patched).unwrap();
    assert_eq!(again.counters(), (Some(0x7FFF), Some(255)));
    assert!(matches!(again, Facts::Vp9(facts) if facts.keyframe_start));
}

#[test]
fn every_prefix_of_a_descriptor_is_refused() {
    let whole = [
        0xF7, 0x92, 0x34, 0x53, 0x03, 0x04, 0x38, 0, 1, 0, 2, 0, 3, 0, 4, 0x01, 0x08, 1, 2,
    ];
    assert!(Vp9Descriptor::read(&whole).is_some());
    for length in 0..whole.len() {
        assert_eq!(Vp9Descriptor::read(&whole[..length]), None, "{length}");
    }
    assert!(inspect(&whole).is_none(), "nothing after it");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_patches_stay_inside(bytes in proptest::collection::vec(any::<u8>(), 0..64), id in any::<u16>(), tl0 in any::<u8>()) {
        let Some(facts) = inspect(&bytes) else { return Ok(()) };
        prop_assert!(usize::from(facts.descriptor.bytes) < bytes.len());
        let mut patched = bytes.clone();
        facts.descriptor.patch(&mut patched, id, tl0);
        prop_assert_eq!(&patched[usize::from(facts.descriptor.bytes)..], &bytes[usize::from(facts.descriptor.bytes)..]);
        let again = Vp9Descriptor::read(&patched).unwrap();
        prop_assert_eq!(again.bytes, facts.descriptor.bytes);
        prop_assert!(again.tl0.is_none_or(|field| field.value == tl0));
    }
}
