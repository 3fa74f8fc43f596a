// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! AV1 packets and dependency descriptors, written bit by bit, and arbitrary bytes.

use proptest::prelude::*;

use crate::codec::Dimensions;
use crate::codec::av1::dependency::{Indication, Reader};
use crate::codec::av1::inspect;

/// Writes what a reader is to read.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, value: u32, count: u8) -> &mut Self {
        self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let octet = |bits: &[bool]| {
            let set = bits.iter().enumerate().filter(|(_, bit)| **bit);
            set.fold(0_u8, |octet, (place, _)| octet | 0x80 >> place)
        };
        self.0.chunks(8).map(octet).collect()
    }
}

/// Main profile, one operating point, level 3.1, 1280 x 720.
fn sequence_header() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0, 3).put(0, 2); // seq_profile, still_picture, reduced
    bits.put(0, 1).put(0, 1); // timing_info, initial_display_delay
    bits.put(0, 5).put(0, 12).put(5, 5); // one operating point, level
    bits.put(10, 4).put(9, 4).put(1_279, 11).put(719, 10);
    [vec![0x08], bits.bytes()].concat()
}

/// An element with its length.
fn sized(element: &[u8]) -> Vec<u8> {
    [&[element.len() as u8], element].concat()
}

const FRAME: [u8; 4] = [0x30, 1, 2, 3];
const FRAME_S1_T2: [u8; 4] = [0x34, 0x48, 2, 3];

#[test]
fn a_new_coded_video_sequence_is_a_start_and_has_a_size() {
    for head in [0x08, 0x28] {
        let last = if head == 0x28 { FRAME.to_vec() } else { sized(&FRAME) };
        let payload = [vec![head], sized(&sequence_header()), last].concat();
        let facts = inspect(&payload).unwrap();
        assert!(facts.keyframe_start && !facts.continued);
        let size = Dimensions {
            width: 1_280,
            height: 720,
        };
        assert_eq!(facts.dimensions, Some(size));
        let without = [&[head & !0x08], &payload[1..]].concat();
        assert!(!inspect(&without).unwrap().keyframe_start, "N is what decoders look at");
    }
    let no_header = [&[0x18], &FRAME[..]].concat();
    assert!(!inspect(&no_header).unwrap().keyframe_start);
}

#[test]
fn fragments_and_layers_are_told() {
    let first = inspect(&[&[0x50], &FRAME_S1_T2[..]].concat()).unwrap();
    assert_eq!((first.continues, first.continued), (false, true));
    assert_eq!((first.temporal_id, first.spatial_id), (Some(2), Some(1)));
    let second = inspect(&[0x90, 0xFF, 0xFF]).unwrap();
    assert_eq!((second.continues, second.temporal_id), (true, None), "no header in it");
}

#[test]
fn what_does_not_add_up_is_refused() {
    let refused = [
        &[][..],
        &[0x10],
        &[0x98, 0x30],             // a fragment cannot start a sequence
        &[0x20, 0x02, 0x30],       // the first of two elements is cut off
        &[0x30, 0x01, 0x30],       // the second and third are missing
        &[0x10, 0xB0],             // the forbidden bit
        &[0x10, 0x40],             // a tile list
        &[0x00, 0x00],             // an element of nothing
        &[0x00, 0x80, 0x80, 0x80], // a length without end
    ];
    for payload in refused {
        assert_eq!(inspect(payload), None, "{payload:02X?}");
    }
}

/// The start of a descriptor: frame limits, template, number.
fn descriptor(template: u32, number: u32) -> Bits {
    let mut bits = Bits::default();
    bits.put(0b11, 2).put(template, 6).put(number, 16);
    bits
}

/// Two spatial layers, two decode targets, two chains, templates 60 to 62: S0 key, S1 key, S0 delta.
fn with_structure(template: u32) -> Bits {
    let mut bits = descriptor(template, 7);
    bits.put(0b10000, 5).put(60, 6).put(1, 5);
    bits.put(0, 2).put(2, 2).put(3, 2); // S0, S0, S1
    // Indications: the first frame switches to both, the second is a reference of both, the third belongs to the larger.
    bits.put(2, 2).put(2, 2).put(3, 2).put(3, 2).put(0, 2).put(2, 2);
    bits.put(0, 1); // no references
    bits.put(1, 1).put(0, 4).put(0, 1); // one
    bits.put(1, 1).put(1, 4).put(1, 1).put(2, 4).put(0, 1); // two
    bits.put(0b11, 2); // ns(3): 2 chains
    bits.put(0, 1).put(1, 1); // protected by
    bits.put(0, 24); // chain differences of 3 templates
    bits.put(1, 1).put(319, 16).put(179, 16).put(639, 16).put(359, 16);
    bits
}

#[test]
fn a_structure_gives_templates_their_layers_sizes_and_indications() {
    let mut reader = Reader::default();
    assert_eq!(reader.read(&descriptor(60, 1).bytes()), None, "before any structure");
    let key = reader.read(&with_structure(60).bytes()).unwrap();
    assert!(key.frame_start && key.frame_end && key.has_structure);
    assert_eq!(
        (key.frame_number, key.spatial_id, key.active_targets),
        (7, 0, Some(0b11))
    );
    let structure = reader.structure().unwrap();
    assert_eq!(
        (structure.decode_targets(), structure.spatial_layers(), reader.chains()),
        (2, 2, 2)
    );
    let heights: Vec<_> = (0..3)
        .map(|layer| structure.size(layer).map(|size| size.height))
        .collect();
    assert_eq!(heights, [Some(180), Some(360), None]);
    assert_eq!((structure.layers_of(0), structure.layers_of(1)), ((0, 0), (1, 0)));
    let upper = reader.read(&descriptor(62, 8).bytes()).unwrap();
    assert_eq!(
        (upper.frame_number, upper.spatial_id, upper.has_structure),
        (8, 1, false)
    );
    assert_eq!(upper.indications.of(0), Indication::NotPresent);
    assert_eq!(upper.indications.of(1), Indication::Switch);
    assert_eq!(upper.indications.of(40), Indication::NotPresent);
    assert_eq!(reader.read(&descriptor(63, 9).bytes()), None, "no such template");
}

#[test]
fn indications_and_active_targets_of_one_frame_come_first() {
    let mut reader = Reader::default();
    reader.read(&with_structure(60).bytes()).unwrap();
    let mut bits = descriptor(61, 8);
    bits.put(0b01100, 5).put(0b01, 2).put(1, 2).put(0, 2);
    let frame = reader.read(&bits.bytes()).unwrap();
    assert_eq!(frame.active_targets, Some(0b01));
    assert_eq!(frame.indications.of(0), Indication::Discardable);
    assert_eq!(
        reader.read(&descriptor(61, 9).bytes()).unwrap().indications.of(0),
        Indication::Required
    );
}

#[test]
fn a_structure_that_is_cut_off_changes_nothing() {
    let whole = with_structure(60).bytes();
    let mut reader = Reader::default();
    for length in 0..whole.len() {
        assert_eq!(reader.read(&whole[..length]), None, "{length}");
        assert!(reader.structure().is_none());
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = inspect(&bytes);
    }

    #[test]
    fn arbitrary_descriptors_stay_within_the_limits(values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 1..6)) {
        let mut reader = Reader::default();
        for (step, mut value) in values.into_iter().enumerate() {
            if let (0, Some(flags)) = (step % 2, value.get_mut(3)) { *flags |= 0x80; }
            let Some(read) = reader.read(&value) else { continue };
            let structure = reader.structure().unwrap();
            prop_assert!(read.spatial_id < structure.spatial_layers() && structure.spatial_layers() <= 4);
            prop_assert!((1..=32).contains(&structure.decode_targets()));
        }
    }
}
