// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Payloads as encoders make them, and arbitrary bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod av1;
mod vp9;

use proptest::prelude::*;

use super::h264::{self, ParameterSets, nal_type, nals, write_stap_a};
use super::vp8::{self, PictureId, Tl0PicIdx, Vp8Descriptor};
use super::*;

/// Frame tag, start code, 640 x 360 without scaling.
const VP8_KEYFRAME: [u8; 10] = [0x50, 0x10, 0x00, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01];
/// Constrained baseline, level 3.1, 1280 x 720, as x264 writes it.
const SPS_720: [u8; 12] = [0x67, 0x42, 0xC0, 0x1F, 0xD9, 0x00, 0x50, 0x05, 0xBB, 0x01, 0x6A, 0x02];
const PPS: [u8; 4] = [0x68, 0xCB, 0x83, 0xCB];

fn vp8_payload(descriptor: &[u8], frame: &[u8]) -> Vec<u8> {
    [descriptor, frame].concat()
}

#[test]
fn vp8_descriptor_with_all_fields() {
    let payload = vp8_payload(&[0x90, 0xF0, 0x81, 0x02, 0x21, 0x65], &VP8_KEYFRAME);
    let facts = vp8::inspect(&payload).unwrap();
    let descriptor = facts.descriptor;
    assert_eq!(
        descriptor.picture_id,
        Some(PictureId {
            at: 2,
            value: 0x0102,
            long: true
        })
    );
    assert_eq!(descriptor.tl0, Some(Tl0PicIdx { at: 4, value: 0x21 }));
    assert_eq!(
        (descriptor.temporal_id, descriptor.layer_sync, descriptor.bytes),
        (Some(1), true, 6)
    );
    assert_eq!(
        facts.keyframe,
        Some(Dimensions {
            width: 640,
            height: 360
        })
    );
}

#[test]
fn vp8_descriptor_of_one_octet_and_short_picture_id() {
    let facts = vp8::inspect(&vp8_payload(&[0x10], &VP8_KEYFRAME)).unwrap();
    assert_eq!((facts.descriptor.bytes, facts.descriptor.picture_id), (1, None));
    assert!(facts.keyframe.is_some());
    let descriptor = Vp8Descriptor::read(&[0x80, 0x80, 0x11, 0]).unwrap();
    assert_eq!(
        descriptor.picture_id,
        Some(PictureId {
            at: 2,
            value: 0x11,
            long: false
        })
    );
    assert_eq!((descriptor.bytes, descriptor.temporal_id), (3, None));
}

#[test]
fn vp8_keyframes_start_only_in_the_first_packet_of_an_intra_frame() {
    let starts = |descriptor: &[u8], frame: &[u8]| vp8::inspect(&vp8_payload(descriptor, frame)).unwrap().keyframe;
    assert_eq!(starts(&[0x00], &VP8_KEYFRAME), None, "continuation");
    assert_eq!(starts(&[0x11], &VP8_KEYFRAME), None, "second partition");
    let mut inter = VP8_KEYFRAME;
    inter[0] |= 1;
    assert_eq!(starts(&[0x10], &inter), None, "inter frame");
    let mut code = VP8_KEYFRAME;
    code[4] = 0;
    assert_eq!(starts(&[0x10], &code), None, "no start code");
    assert_eq!(vp8::inspect(&[0x10]), None, "nothing after the descriptor");
}

#[test]
fn vp8_patch_writes_counters_in_the_width_they_have() {
    for (descriptor, width) in [
        (&[0x90u8, 0xE0, 0x81, 0x02, 0x21, 0x40][..], 0x7FFF),
        (&[0x90, 0xE0, 0x01, 0x21, 0x40], 0x7F),
    ] {
        let mut payload = vp8_payload(descriptor, &VP8_KEYFRAME);
        let before = Vp8Descriptor::read(&payload).unwrap();
        before.patch(&mut payload, 0x7ABC & width, 0x99);
        let after = Vp8Descriptor::read(&payload).unwrap();
        assert_eq!(after.picture_id.unwrap().value, 0x7ABC & width);
        assert_eq!(after.tl0.unwrap().value, 0x99);
        assert_eq!((after.bytes, after.temporal_id), (before.bytes, before.temporal_id));
        assert_eq!(payload[usize::from(after.bytes)..], VP8_KEYFRAME);
    }
    let mut plain = vp8_payload(&[0x10], &VP8_KEYFRAME);
    Vp8Descriptor::read(&plain).unwrap().patch(&mut plain, 1, 1);
    assert_eq!(plain, vp8_payload(&[0x10], &VP8_KEYFRAME));
}

fn stap(units: &[&[u8]]) -> Vec<u8> {
    let mut payload = vec![0x78];
    for unit in units {
        payload.extend_from_slice(&(unit.len() as u16).to_be_bytes());
        payload.extend_from_slice(unit);
    }
    payload
}

#[test]
fn h264_keyframes_start_at_an_idr_slice_or_an_sps() {
    let idr = h264::inspect(&[0x65, 0x88, 0x84]).unwrap();
    assert!(idr.keyframe_start && idr.idr && !idr.sps);
    let aggregate = h264::inspect(&stap(&[&SPS_720, &PPS])).unwrap();
    assert!(aggregate.keyframe_start && aggregate.sps && aggregate.pps && !aggregate.idr);
    assert_eq!(
        aggregate.dimensions,
        Some(Dimensions {
            width: 1280,
            height: 720
        })
    );
    assert!(
        h264::inspect(&[0x7C, 0x85, 0x88]).unwrap().keyframe_start,
        "first fragment"
    );
    assert!(
        !h264::inspect(&[0x7C, 0x05, 0x88]).unwrap().keyframe_start,
        "later fragment"
    );
    assert!(!h264::inspect(&[0x41, 0x9A, 0x02]).unwrap().keyframe_start, "P slice");
    assert!(!h264::inspect(&[0x06, 0x05, 0x01]).unwrap().keyframe_start, "SEI");
}

#[test]
fn h264_b_slices_are_seen_whole_and_fragmented() {
    // first_mb 0 is `1`; slice types: 0 `1` P, 1 `010` B, 5 `00110` P, 6 `00111` B, 7 `0001000` I.
    let header = |bits: &str| u8::from_str_radix(&format!("{bits:0<8}"), 2).unwrap();
    for (bits, is_b) in [
        ("11", false),
        ("1010", true),
        ("100110", false),
        ("100111", true),
        ("10001000", false),
    ] {
        let octet = header(bits);
        assert_eq!(h264::inspect(&[0x41, octet, 0xFF]).unwrap().b_slice, is_b, "{bits}");
        assert_eq!(
            h264::inspect(&[0x5C, 0x81, octet, 0xFF]).unwrap().b_slice,
            is_b,
            "{bits}"
        );
        assert!(!h264::inspect(&[0x5C, 0x01, octet, 0xFF]).unwrap().b_slice, "{bits}");
        assert_eq!(
            h264::inspect(&stap(&[&[0x09, 0x10], &[0x41, octet]])).unwrap().b_slice,
            is_b,
            "{bits}"
        );
    }
}

#[test]
fn h264_outside_of_mode_1_and_broken_aggregates_are_refused() {
    for kind in [0u8, 25, 26, 27, 29, 30, 31] {
        assert_eq!(h264::inspect(&[0x60 | kind, 1, 2, 3, 4]), None, "{kind}");
    }
    let whole = stap(&[&SPS_720, &PPS]);
    assert_eq!(h264::inspect(&whole[..whole.len() - 1]), None);
    assert_eq!(h264::inspect(&[]), None);
    assert_eq!(h264::inspect(&[0x7C]), None);
}

#[test]
fn h264_parameter_sets_are_kept_and_come_back_as_one_payload() {
    let mut sets = ParameterSets::default();
    assert!(sets.update(&SPS_720));
    assert_eq!(sets.stap_a(), None);
    assert!(sets.update(&PPS));
    assert!(!sets.update(&stap(&[&SPS_720, &PPS])), "nothing new");
    let payload = sets.stap_a().unwrap().clone();
    let mut written = Vec::new();
    write_stap_a(&mut written, &SPS_720, &PPS);
    assert_eq!(payload, written);
    let kinds: Vec<_> = nals(&payload).unwrap().map(|nal| nal.nal_type).collect();
    assert_eq!(kinds, [nal_type::SPS, nal_type::PPS]);
    assert!(!sets.update(&[0x41, 0x9A]));
    let mut other = PPS;
    other[3] ^= 1;
    assert!(sets.update(&other));
    assert_ne!(sets.stap_a(), Some(&payload));
}

#[test]
fn opus_dtx_is_told_by_size() {
    assert_eq!(inspect(Codec::Opus, &[0x78, 0]), Ok(Facts::Opus { dtx: true }));
    assert_eq!(inspect(Codec::Opus, &[0x78, 1, 2, 3]), Ok(Facts::Opus { dtx: false }));
}

proptest! {
    #[test]
    fn arbitrary_payloads_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), kind in 0u8..32) {
        let mut bytes = bytes;
        for codec in [Codec::Opus, Codec::Vp8, Codec::H264] {
            let _ = inspect(codec, &bytes);
        }
        if let Some(descriptor) = Vp8Descriptor::read(&bytes) {
            descriptor.patch(&mut bytes, 0x1234, 0x56);
            descriptor.patch(&mut [], 0x1234, 0x56);
            let mut again = Vp8Descriptor::read(&bytes).unwrap();
            again.picture_id = descriptor.picture_id;
            again.tl0 = descriptor.tl0;
            prop_assert_eq!(again, descriptor);
        }
        if let Some(first) = bytes.first_mut() { *first = 0x60 | kind; }
        let _ = inspect(Codec::H264, &bytes);
        let _ = ParameterSets::default().update(&bytes);
        let _ = h264::dimensions(&bytes);
    }
}
