// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Numbers of subsets: gapless without loss, each once, in the stream's order, and every place filled once all has come.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Packets of a stream with three spatial and two temporal layers, `parts` packets per spatial layer.
fn stream(pictures: u32, parts: &[u8]) -> Vec<(u64, u32, LayerPlace, bool)> {
    let mut packets = Vec::new();
    for picture in 0..pictures {
        for (spatial, parts) in (0_u8..).zip(parts) {
            for part in 0..*parts {
                let place = LayerPlace {
                    spatial,
                    temporal: (picture % 2) as u8,
                    picture: Some(((picture & 0x7FFF) as u16, 0x7FFF)),
                    starts_picture: spatial == 0 && part == 0,
                    ends_frame: part + 1 == *parts,
                };
                let ends = spatial == 2 && part + 1 == *parts;
                packets.push((70_000 + packets.len() as u64, picture * 3_000, place, ends));
            }
        }
    }
    packets
}

#[test]
fn without_loss_each_subset_is_gapless_and_ends_its_pictures() {
    let mut subsets = Subsets::default();
    let mut next = [70_000; SUBSETS];
    let mut ends = [0; SUBSETS];
    for (ext_seq, timestamp, place, marker) in stream(20, &[1, 2, 3]) {
        let numbers = subsets.number(ext_seq, timestamp, Some(place));
        for subset in 0..SUBSETS {
            let is_of = match subset {
                0 => place.spatial == 0 && place.temporal == 0,
                subset => usize::from(place.spatial) < subset,
            };
            assert_eq!(numbers.own[subset], is_of.then_some(next[subset]));
            next[subset] += u64::from(is_of);
            ends[subset] += u32::from(is_of && ends_picture(&place, subset, marker));
        }
        assert_eq!((numbers.next, numbers.void), (Some(next), [None; SUBSETS]));
    }
    assert_eq!(ends, [10, 20, 20, 20]);
}

#[test]
fn padding_takes_no_number_and_what_it_was_thought_to_be_is_told() {
    let mut subsets = Subsets::default();
    let base = LayerPlace::default();
    assert_eq!(subsets.number(100, 0, Some(base)).own, [Some(100); SUBSETS]);
    assert_eq!(subsets.number(101, 0, None).own, [None; SUBSETS]);
    assert_eq!(subsets.number(103, 9, Some(base)).own, [Some(102); SUBSETS]);
    let late = subsets.number(102, 0, None);
    assert_eq!((late.own, late.void), ([None; SUBSETS], [Some(101); SUBSETS]));
}

#[test]
fn within_a_picture_lower_layers_keep_no_place_for_higher_ones() {
    let mut subsets = Subsets::default();
    let packets = stream(2, &[1, 2, 3]);
    let mut number = |index: usize| {
        let (ext_seq, timestamp, place, _) = packets[index];
        subsets.number(ext_seq, timestamp, Some(place))
    };
    number(0);
    number(1);
    // What is missing is of the second spatial layer or the third, then of the third alone.
    assert_eq!(number(4).own[WHOLE], Some(70_004));
    assert_eq!(number(6).own, [None, Some(70_001), Some(70_004), Some(70_006)]);
    assert_eq!(number(2).own, [None, None, Some(70_002), Some(70_002)]);
    assert_eq!(number(3).void, [None, None, Some(70_003), None]);
}

#[test]
fn a_long_hole_is_a_jump_of_every_line() {
    let mut subsets = Subsets::default();
    let top = LayerPlace {
        spatial: 2,
        ..LayerPlace::default()
    };
    subsets.number(100, 0, Some(LayerPlace::default()));
    subsets.number(101, 0, Some(top));
    let numbers = subsets.number(102 + HOLE_MAX + 1, 9, Some(LayerPlace::default()));
    assert_eq!(numbers.own[WHOLE], Some(102 + HOLE_MAX + 1));
    assert_eq!(numbers.own[0], Some(101 + HOLE_MAX + 1));
    assert_eq!(subsets.number(110, 5, Some(top)), Numbers::default(), "too late");
    assert!(subsets.missing.is_empty());
}

fn any_place() -> impl Strategy<Value = Option<LayerPlace>> {
    let place =
        (0_u8..8, 0_u8..8, any::<u16>(), any::<[bool; 2]>()).prop_map(|(spatial, temporal, id, bits)| LayerPlace {
            spatial,
            temporal,
            picture: Some((id, 0x7FFF)),
            starts_picture: bits[0],
            ends_frame: bits[1],
        });
    proptest::option::of(place)
}

proptest! {
    /// Whatever is lost, late or repaired: what came is in its subsets in the stream's order, and once all has come, the
    /// numbers of a subset have no hole.
    #[test]
    fn all_places_are_filled_in_order(parts in proptest::collection::vec(1_u8..4, 3), lost in proptest::collection::vec(any::<u8>(), 200)) {
        let packets = stream(12, &parts);
        let (first, rest) = packets.split_first().unwrap();
        let is_lost = |index: usize| lost[index % lost.len()] < 60;
        let on_time = rest.iter().enumerate().filter(|(index, _)| !is_lost(*index)).map(|(_, packet)| packet);
        let late = rest.iter().enumerate().filter(|(index, _)| is_lost(*index)).map(|(_, packet)| packet);
        // The newest comes before what is late.
        let newest = packets.last().unwrap();
        let order = [first].into_iter().chain(on_time.filter(|p| p.0 != newest.0)).chain([newest]).chain(late.filter(|p| p.0 != newest.0));
        let mut subsets = Subsets::default();
        let mut taken: [BTreeMap<u64, (u64, bool)>; SUBSETS] = Default::default();
        for (ext_seq, timestamp, place, _) in order {
            let numbers = subsets.number(*ext_seq, *timestamp, Some(*place));
            for (subset, taken) in taken.iter_mut().enumerate() {
                prop_assert_eq!(numbers.own[subset].is_some(), members(*place) & 1 << subset != 0, "in its subsets");
                for (number, is_void) in [(numbers.own[subset], false), (numbers.void[subset], true)] {
                    let Some(number) = number else { continue };
                    prop_assert_eq!(taken.insert(number, (*ext_seq, is_void)), None, "each number once");
                }
            }
        }
        for taken in &taken {
            let numbers: Vec<u64> = taken.keys().copied().collect();
            prop_assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "no hole");
            let order: Vec<u64> = taken.values().map(|(ext_seq, _)| *ext_seq).collect();
            prop_assert!(order.is_sorted(), "in the stream's order");
        }
    }

    /// Layers that make no sense: still each number once, and memory is bounded.
    #[test]
    fn hostile_layers_take_each_number_once(packets in proptest::collection::vec((0_u64..3_000, any::<u32>(), any_place()), 1..300)) {
        let mut subsets = Subsets::default();
        let mut seen = std::collections::BTreeSet::new();
        let mut taken: [std::collections::BTreeSet<u64>; SUBSETS] = Default::default();
        for (ext_seq, timestamp, place) in packets {
            if !seen.insert(ext_seq) {
                continue;
            }
            let numbers = subsets.number(70_000 + ext_seq, timestamp % 4, place);
            for (subset, taken) in taken.iter_mut().enumerate() {
                for number in [numbers.own[subset], numbers.void[subset]].into_iter().flatten() {
                    prop_assert!(taken.insert(number));
                }
            }
            prop_assert!(subsets.missing.len() as u64 <= WINDOW_PACKETS + HOLE_MAX);
        }
    }
}
