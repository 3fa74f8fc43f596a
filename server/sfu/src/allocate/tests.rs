// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Racks with budgets that fit, do not fit and tremble; publishers whose viewers come and go.
// Any moment will do as the beginning of a test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods
)]

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const CAMERA: [(u16, u64); 3] = [(180, 150_000), (360, 500_000), (720, 1_700_000)];
const SECOND: Duration = Duration::from_secs(1);

fn request(source: u64, priority: Priority, want: u16, layers: &[(u16, u64)]) -> SlotRequest {
    let mut request = SlotRequest {
        source: Some(SourceId(source)),
        priority,
        want: Some(want),
        layer_count: layers.len() as u8,
        ..SlotRequest::default()
    };
    for (layer, (height, bitrate_bps)) in request.layers.iter_mut().zip(layers) {
        let facts = LayerFacts {
            height: Some(*height),
            flowing: true,
        };
        *layer = LayerRate {
            facts,
            bitrate_bps: *bitrate_bps,
        };
    }
    request
}

/// A voice, the main speaker, two more cameras and a screen.
fn stage() -> Vec<SlotRequest> {
    vec![
        request(1, Priority::Audio, 0, &[(0, 40_000)]),
        request(2, Priority::Main, 720, &CAMERA),
        request(3, Priority::Rest, 360, &CAMERA),
        request(4, Priority::Rest, 180, &CAMERA),
        request(5, Priority::Screen, 1_080, &[(1_080, 600_000)]),
    ]
}

fn layers(decisions: &[Decision; SLOTS_MAX]) -> [Option<u8>; 5] {
    std::array::from_fn(|slot| decisions[slot].layer)
}

fn cost(slots: &[SlotRequest], decisions: &[Decision; SLOTS_MAX]) -> u64 {
    let each = slots.iter().zip(decisions);
    each.filter_map(|(slot, d)| d.layer.map(|layer| slot.layers[usize::from(layer)].bitrate_bps))
        .sum()
}

fn fresh(budget: u64, slots: &[SlotRequest]) -> [Decision; SLOTS_MAX] {
    Allocator::default().allocate(Instant::now(), Budget::Estimate(budget), slots)
}

#[test]
fn everybody_gets_what_fits_the_tile_when_there_is_enough() {
    let got = fresh(10_000_000, &stage());
    assert_eq!(layers(&got), [Some(0), Some(2), Some(1), Some(0), Some(0)]);
    assert!(got[..5].iter().all(|d| d.reason == Reason::Wanted));
    assert_eq!(got[5].reason, Reason::Empty);
}

#[test]
fn what_is_short_is_taken_from_the_rest_then_from_the_main_speaker_and_never_from_sound() {
    let at = |budget: u64| layers(&fresh(budget * 115 / 100 + 115, &stage()));
    assert_eq!(at(0), [Some(0), Some(0), None, None, Some(0)], "protected");
    assert_eq!(at(1_140_000), [Some(0), Some(1), None, None, Some(0)]);
    assert_eq!(at(1_290_000), [Some(0), Some(1), Some(0), None, Some(0)]);
    assert_eq!(at(1_440_000), [Some(0), Some(1), Some(0), Some(0), Some(0)]);
    assert_eq!(
        at(1_790_000),
        [Some(0), Some(1), Some(1), Some(0), Some(0)],
        "720 does not fit"
    );
    assert_eq!(at(2_640_000), [Some(0), Some(2), Some(0), Some(0), Some(0)]);
    let reasons = fresh(1_400_000, &stage());
    assert_eq!(
        (reasons[1].reason, reasons[2].reason),
        (Reason::Bandwidth, Reason::Paused)
    );
}

#[test]
fn a_step_up_waits_and_a_step_down_does_not() {
    let (mut allocator, now) = (Allocator::default(), Instant::now());
    let slots = stage();
    let mut at = |ms: u64, budget: u64| {
        let got = allocator.allocate(now + Duration::from_millis(ms), Budget::Estimate(budget), &slots);
        (got[1].layer, got[1].reason)
    };
    assert_eq!(at(0, 1_700_000), (Some(1), Reason::Bandwidth));
    assert_eq!(at(100, 5_000_000), (Some(1), Reason::Rising));
    assert_eq!(at(1_500, 5_000_000), (Some(1), Reason::Rising));
    assert_eq!(at(1_600, 5_000_000), (Some(2), Reason::Wanted));
    assert_eq!(at(1_700, 1_700_000), (Some(1), Reason::Bandwidth), "at once");
    assert_eq!(at(1_800, 5_000_000), (Some(1), Reason::Rising));
    assert_eq!(at(4_700, 5_000_000), (Some(1), Reason::Rising), "twice as long");
    assert_eq!(at(4_800, 5_000_000), (Some(2), Reason::Wanted));
    assert_eq!(at(15_000, 5_000_000), (Some(2), Reason::Wanted), "it lasted");
    assert_eq!(at(15_100, 1_700_000), (Some(1), Reason::Bandwidth));
    at(15_200, 5_000_000);
    assert_eq!(at(16_700, 5_000_000), (Some(2), Reason::Wanted), "as at first");
}

#[test]
fn another_source_or_a_larger_tile_waits_for_nothing() {
    let (mut allocator, now) = (Allocator::default(), Instant::now());
    let mut slots = vec![request(1, Priority::Main, 180, &CAMERA)];
    let budget = Budget::Estimate(5_000_000);
    assert_eq!(allocator.allocate(now, budget, &slots)[0].layer, Some(0));
    slots[0].want = Some(720);
    assert_eq!(allocator.allocate(now, budget, &slots)[0].layer, Some(2));
    allocator.allocate(now, Budget::Estimate(0), &slots);
    slots[0].source = Some(SourceId(9));
    assert_eq!(allocator.allocate(now, budget, &slots)[0].layer, Some(2));
}

#[test]
fn a_layer_that_is_not_sent_is_wished_and_the_next_best_is_served() {
    let mut slots = stage();
    slots[1].layers[2].facts.flowing = false;
    slots[1].layers[2].bitrate_bps = 0;
    let got = fresh(10_000_000, &slots);
    assert_eq!(
        (got[1].layer, got[1].wished, got[1].reason),
        (Some(1), Some(2), Reason::NotFlowing)
    );
    assert_eq!(fresh(1_700_000, &slots)[1].wished, Some(1), "too dear to be wished");
}

#[test]
fn without_an_estimate_losses_decide() {
    let (mut allocator, now) = (Allocator::default(), Instant::now());
    let mut at = |reduced| allocator.allocate(now, Budget::Unknown { reduced }, &stage());
    assert_eq!(layers(&at(false)), [Some(0), Some(2), Some(1), Some(0), Some(0)]);
    let reduced = at(true);
    assert_eq!(layers(&reduced), [Some(0), Some(0), Some(0), Some(0), Some(0)]);
    assert_eq!((reduced[1].reason, reduced[3].reason), (Reason::Loss, Reason::Wanted));
    assert_eq!(at(false)[1].layer, Some(2), "the guard waited already");
}

#[test]
fn names_are_in_their_order() {
    for (index, reason) in Reason::ALL.iter().enumerate() {
        assert_eq!(reason.index(), index);
    }
}

#[test]
fn a_room_of_thumbnails_keeps_the_lowest_layer_and_a_large_tile_brings_back_its_own_at_once() {
    let (mut demand, start) = (Demand::new(3), Instant::now());
    let watching = |layer: u8, wished: u8| {
        let mut watchers = Watchers::default();
        watchers.note(&Decision {
            layer: Some(layer),
            wished: Some(wished),
            reason: Reason::Wanted,
        });
        watchers
    };
    let thumbnails = watching(0, 0);
    assert_eq!(demand.update(start, &thumbnails), None);
    assert_eq!(demand.next_deadline(), Some(start + PAUSE_AFTER));
    assert_eq!(demand.update(start + PAUSE_AFTER - SECOND, &thumbnails), None);
    assert_eq!(demand.update(start + PAUSE_AFTER, &thumbnails), Some(LayerMask(0b001)));
    assert_eq!(demand.next_deadline(), None);
    let later = start + PAUSE_AFTER + SECOND;
    assert_eq!(demand.update(later, &watching(0, 2)), Some(LayerMask(0b101)));
    assert_eq!(demand.update(later, &Watchers::default()), None, "kept for a while");
    assert_eq!(
        demand.update(later + PAUSE_AFTER, &Watchers::default()),
        Some(LayerMask(0b001))
    );
    assert_eq!(LayerMask(0b101).numbers().collect::<Vec<_>>(), [0, 2]);
}

fn any_priority() -> impl Strategy<Value = Priority> {
    prop_oneof![
        Just(Priority::Audio),
        Just(Priority::Screen),
        Just(Priority::Main),
        Just(Priority::Rest)
    ]
}

fn any_slot(source: u64) -> impl Strategy<Value = SlotRequest> {
    let layer = (10_000_u64..3_000_000, any::<bool>());
    (
        any_priority(),
        0_u16..1_200,
        proptest::collection::vec(layer, 0..=LAYERS_MAX),
    )
        .prop_map(move |(priority, want, mut rates)| {
            rates.sort_unstable();
            if priority == Priority::Audio {
                rates.truncate(1);
            }
            let of: Vec<(u16, u64)> = (1..).map(|n: u16| 180 * n).zip(rates.iter().map(|r| r.0)).collect();
            let mut slot = request(source, priority, want, &of);
            for (layer, (_, flowing)) in slot.layers.iter_mut().zip(&rates) {
                layer.facts.flowing = *flowing;
            }
            slot
        })
}

fn any_rack() -> impl Strategy<Value = Vec<SlotRequest>> {
    (0..SLOTS_MAX as u64)
        .map(any_slot)
        .collect::<Vec<_>>()
        .prop_map(|slots| slots)
}

/// What is sent whatever it costs.
fn protected(slots: &[SlotRequest]) -> u64 {
    let lowest = |slot: &SlotRequest| {
        slot.layers
            .iter()
            .find(|l| l.facts.flowing)
            .map_or(0, |l| l.bitrate_bps)
    };
    let each = slots.iter().filter(|slot| slot.priority != Priority::Rest);
    each.map(lowest).sum()
}

/// Rungs held, in the order in which steps are handed out.
fn in_order(slots: &[SlotRequest], got: &[Decision; SLOTS_MAX]) -> Vec<bool> {
    let mut steps = Vec::new();
    for round in 0..=LAYERS_MAX {
        for priority in [Priority::Screen, Priority::Main, Priority::Rest] {
            let rung = if priority == Priority::Rest {
                round.checked_sub(1)
            } else {
                Some(round)
            };
            let Some(rung) = rung else { continue };
            for (slot, decision) in slots.iter().zip(got).filter(|(slot, _)| slot.priority == priority) {
                let flowing = slot.layers.iter().enumerate().filter(|(_, l)| l.facts.flowing);
                let held = flowing.filter(|(n, _)| decision.layer.is_some_and(|layer| *n <= usize::from(layer)));
                steps.push(held.count() > rung);
            }
        }
    }
    steps
}

proptest! {
    /// Through any history of budgets: what is granted flows, is not larger than wanted makes sense, and costs no more
    /// than the budget or what is protected.
    #[test]
    fn never_above_the_budget(slots in any_rack(), budgets in proptest::collection::vec(0_u64..8_000_000, 1..30)) {
        let (mut allocator, mut now) = (Allocator::default(), Instant::now());
        for budget in budgets {
            let got = allocator.allocate(now, Budget::Estimate(budget), &slots);
            prop_assert!(cost(&slots, &got) <= budget.max(protected(&slots)));
            for (slot, decision) in slots.iter().zip(&got) {
                let flows = |layer: u8| slot.layers[usize::from(layer)].facts.flowing;
                prop_assert!(decision.layer.is_none_or(flows));
                let any = slot.layers.iter().any(|l| l.facts.flowing);
                prop_assert_eq!(slot.priority != Priority::Rest && any && decision.layer.is_none(), false);
            }
            now += Duration::from_millis(700);
        }
    }

    /// A viewer with more gets no less, in the order of priorities.
    #[test]
    fn more_budget_never_gives_less(slots in any_rack(), a in 0_u64..8_000_000, more in 0_u64..4_000_000) {
        let (less, more) = (fresh(a, &slots), fresh(a + more, &slots));
        prop_assert!(in_order(&slots, &more) >= in_order(&slots, &less));
    }

    /// An estimate that trembles by 5 % moves each slot at most once after it settled.
    #[test]
    fn noise_does_not_flap(slots in any_rack(), level in 100_000_u64..8_000_000, noise in proptest::collection::vec(950_u64..=1_050, 200)) {
        let (mut allocator, mut now) = (Allocator::default(), Instant::now());
        let mut moves = [0; SLOTS_MAX];
        let mut before = None;
        for (step, share) in noise.iter().enumerate() {
            // The ends of the noise are met first, and are stood long enough to take every step.
            let share = match step { 0..20 => 1_050, 20..40 => 950, _ => *share };
            let got = allocator.allocate(now, Budget::Estimate(level * share / 1_000), &slots).map(|d| d.layer);
            if step > 40 {
                for ((count, was), is) in moves.iter_mut().zip(before.unwrap_or(got)).zip(got) {
                    *count += u32::from(was != is);
                }
            }
            before = Some(got);
            now += Duration::from_millis(500);
        }
        prop_assert!(moves.iter().all(|count| *count <= 1), "{moves:?}");
    }
}
