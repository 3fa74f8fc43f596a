// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The history: order, late packets, limits, key frames, growth.

use proptest::prelude::*;

use super::*;
use crate::codec::Facts;

fn packet(ext_seq: u64, timestamp: u32, keyframe_start: bool, bytes: usize) -> Arc<MediaPacket> {
    Arc::new(MediaPacket {
        arrival: Instant::now(),
        ext_seq,
        seq: ext_seq as u16,
        timestamp,
        server_us: 0,
        marker: false,
        codec: Codec::Opus,
        epoch: 0,
        payload: Bytes::from(vec![0; bytes]),
        audio_level: None,
        keyframe_start,
        facts: Facts::Opus { dtx: false },
        parameter_sets: None,
        dependency: None,
        layered: None,
        size: bytes,
    })
}

fn numbers(ring: &Ring, from: u64) -> Vec<u64> {
    ring.iter_from(from).map(|packet| packet.ext_seq).collect()
}

#[test]
fn late_packets_take_their_place_and_old_ones_fall_out() {
    let mut ring = Ring::new(8);
    for number in [100, 101, 104, 102, 99] {
        assert!(ring.push(packet(number, 0, false, 10)));
    }
    assert!(!ring.push(packet(104, 0, false, 10)), "taken");
    assert_eq!(numbers(&ring, 0), [99, 100, 101, 102, 104]);
    assert!(ring.push(packet(108, 0, false, 10)));
    assert_eq!(numbers(&ring, 0), [101, 102, 104, 108]);
    assert!(
        ring.get(100).is_none() && !ring.push(packet(100, 0, false, 10)),
        "too old"
    );
    assert_eq!((ring.bytes(), ring.newest()), (40, Some(108)));
    assert!(ring.push(packet(1_000, 0, false, 10)));
    assert_eq!(numbers(&ring, 0), [1_000]);
}

#[test]
fn the_last_key_frame_starts_at_its_first_packet() {
    let mut ring = Ring::new(64);
    ring.push(packet(10, 1, true, 1));
    ring.push(packet(21, 2, true, 1));
    ring.push(packet(22, 2, true, 1));
    assert_eq!(ring.last_keyframe_start(), Some(21));
    ring.push(packet(20, 2, true, 1));
    assert_eq!(ring.last_keyframe_start(), Some(20), "its first packet came late");
    ring.push(packet(12, 1, true, 1));
    assert_eq!(ring.last_keyframe_start(), Some(20));
    assert_eq!(numbers(&ring, 20), [20, 21, 22]);
    ring.push(packet(84, 3, false, 1));
    assert_eq!(ring.last_keyframe_start(), None, "fell out");
}

#[test]
fn a_whole_gop_is_kept_within_the_limits() {
    let mut ring = Ring::new(16);
    ring.set_keep_gop(true);
    ring.push(packet(1, 0, true, 1));
    (2..2_000).for_each(|number| assert!(ring.push(packet(number, 1, false, 1))));
    assert_eq!(ring.last_keyframe_start(), Some(1));
    assert_eq!(numbers(&ring, 1).len(), 1_999);
    (2_000..20_000).for_each(|number| assert!(ring.push(packet(number, 1, false, 1))));
    assert_eq!(ring.last_keyframe_start(), None);
    assert_eq!(numbers(&ring, 0).len(), RING_PACKETS_MAX);
}

#[test]
fn octets_are_bounded() {
    let mut ring = Ring::new(RING_PACKETS_MAX);
    for number in 0..2_000 {
        ring.push(packet(number, 0, false, 60_000));
    }
    assert!(ring.bytes() <= RING_BYTES_MAX);
    assert_eq!(numbers(&ring, 0).last(), Some(&1_999));
}

proptest! {
    #[test]
    fn a_ring_is_a_bounded_map(pushes in proptest::collection::vec((0u64..400, any::<bool>()), 1..300), gop in any::<bool>()) {
        let mut ring = Ring::new(32);
        ring.set_keep_gop(gop);
        for (number, keyframe) in pushes {
            let before: Vec<u64> = numbers(&ring, 0);
            let fresh = ring.push(packet(number + 1_000, number as u32, keyframe, 3));
            prop_assert!(!fresh || !before.contains(&(number + 1_000)));
            let now = numbers(&ring, 0);
            prop_assert!(!fresh || now.contains(&(number + 1_000)));
            prop_assert!(now.is_sorted());
            prop_assert_eq!(ring.bytes(), now.len() * 3);
            prop_assert_eq!(now.last().copied(), ring.newest());
            if let Some(start) = ring.last_keyframe_start() {
                prop_assert!(ring.get(start).unwrap().keyframe_start);
            }
            prop_assert!(gop || now.last().unwrap() - now.first().unwrap() < 32);
        }
    }
}
