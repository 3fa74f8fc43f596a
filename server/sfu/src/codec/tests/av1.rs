// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! AV1 packets, written bit by bit, and arbitrary bytes.

use proptest::prelude::*;

use crate::codec::Dimensions;
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

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = inspect(&bytes);
    }
}
