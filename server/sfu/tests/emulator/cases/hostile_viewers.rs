// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Viewers who break the rules or lie: it is counted, it costs themselves, and another viewer of the same speaker gets
//! everything once and in time.

use std::net::SocketAddr;

use fiera_sfu::api::{CloseReason, Event};
use fiera_sfu::bwe::{PADDING_BURST_BYTES_MAX, PADDING_BYTES_PER_S_MAX};
use fiera_sfu::counters::Drop as Dropped;

use super::measure::{bottleneck, layered_speaker, longest_gap_us, one_seed, undisturbed};
use crate::fair::{CAMERA, Fair, VOICE, seeds};
use crate::net::link::LinkSpec;

const S: u64 = 1_000_000;

/// A speaker in three layers, one who misbehaves, one who does not.
fn with_two(seed: u64) -> (Fair, usize, usize, usize) {
    let mut fair = Fair::new(seed);
    let speaker = layered_speaker(&mut fair, 1, true);
    let (bad, good) = (fair.watch(), fair.watch());
    (fair, speaker, bad, good)
}

#[test]
fn a_viewer_that_never_sends_rtcp_is_served_and_disturbs_nobody() {
    for seed in seeds() {
        let (mut fair, speaker, bad, good) = with_two(seed);
        fair.viewers[bad].rtcp = false;
        fair.run_ms(12_000);
        for slot in [VOICE, CAMERA] {
            let gap = longest_gap_us(&fair, bad, slot, S, 12 * S);
            assert!(gap < S, "slot {slot}: nothing for {gap} us");
        }
        undisturbed(&fair, speaker, good, S);
    }
}

#[test]
fn a_viewer_that_floods_nacks_is_repaired_within_its_budget_and_disturbs_nobody() {
    let (mut fair, speaker, bad, good) = with_two(one_seed(0));
    fair.run_ms(2_000);
    let (sent, refused) = (
        fair.counters().retransmitted_packets,
        fair.dropped(Dropped::Retransmission),
    );
    for _ in 0..400 {
        let newest = fair.viewers[bad].slot(CAMERA).last().expect("a picture").index as u16;
        fair.viewers[bad].ask_again(CAMERA, (0..200).map(|back| newest.wrapping_sub(back)));
        // What was never sent.
        fair.viewers[bad].ask_again(CAMERA, (1_000..1_200).map(|ahead| newest.wrapping_add(ahead)));
        fair.run_ms(10);
    }
    let sent = fair.counters().retransmitted_packets - sent;
    // A burst of 400, then 300 a second for 4 s.
    assert!(
        (400..=1_700).contains(&sent),
        "{sent} retransmissions for 80,000 requests"
    );
    assert!(
        fair.dropped(Dropped::Retransmission) - refused > 100_000,
        "the others are counted"
    );
    undisturbed(&fair, speaker, good, S);
}

#[test]
fn a_viewer_that_floods_keyframe_requests_of_both_kinds_makes_few_keyframes() {
    for seed in seeds() {
        let (mut fair, speaker, bad, good) = with_two(seed);
        fair.run_ms(2_000);
        let before = fair.publishers[speaker].asked.plis;
        for _ in 0..300 {
            fair.viewers[bad].ask_for_keyframe(CAMERA);
            fair.viewers[bad].demand_keyframes(CAMERA, 40);
            fair.run_ms(10);
        }
        let asked = fair.publishers[speaker].asked.plis - before;
        assert!((3..=8).contains(&asked), "{asked} requests in 3 s");
        undisturbed(&fair, speaker, good, S);
    }
}

/// A viewer's reports: the first number sent since the last one, how many, and the time in milliseconds.
type Lie = fn(u16, u16, u64) -> (u16, i32, Vec<Option<i16>>);

/// Runs ten seconds with one kind of report every 50 ms over a path of 1 Mbit/s.
fn lying(seed: u64, lie: Lie) -> (Fair, usize) {
    let (mut fair, speaker, bad, good) = with_two(seed);
    fair.viewers[bad].transport_reports = false;
    fair.viewer_links(bad, LinkSpec::CLEAN, bottleneck(1_000_000, 300));
    let mut told = 0;
    for _ in 0..200 {
        fair.run_ms(50);
        let at_ms = fair.now_us / 1_000;
        let seqs = &fair.viewers[bad].transport_seqs;
        let (Some(first), Some(last)) = (seqs.get(told), seqs.last()) else {
            continue;
        };
        let count = last.wrapping_sub(*first).saturating_add(1).min(300);
        let (base, reference, statuses) = lie(*first, count, at_ms);
        told = seqs.len();
        fair.viewers[bad].claim(base, reference, &statuses);
    }
    // Of two viewers; the honest one has everything within the first seconds.
    let padding = fair.counters().padding_bytes;
    let bound = 2 * PADDING_BURST_BYTES_MAX + 10 * PADDING_BYTES_PER_S_MAX;
    assert!(padding <= bound, "{padding} bytes of padding");
    assert!(
        longest_gap_us(&fair, bad, CAMERA, 2 * S, 10 * S) < 4 * S,
        "the liar still sees something"
    );
    undisturbed(&fair, speaker, good, S);
    (fair, bad)
}

#[test]
fn a_viewer_that_claims_to_lose_everything_gets_less_and_disturbs_nobody() {
    for seed in seeds() {
        let (fair, bad) = lying(seed, |base, count, at_ms| {
            (base, (at_ms / 64) as i32, vec![None; usize::from(count)])
        });
        let late = fair.viewers[bad].slot(CAMERA).into_iter().filter(|r| r.at_us > 8 * S);
        let layers: Vec<u8> = late.filter_map(|r| r.stamp).map(|s| s.layer).collect();
        assert!(layers.iter().all(|layer| *layer == 0), "the lowest layer");
    }
}

#[test]
fn a_viewer_that_claims_to_receive_everything_at_once_disturbs_nobody() {
    for seed in seeds() {
        lying(seed, |base, count, at_ms| {
            let reference = (at_ms / 64) as i32;
            (base, reference, vec![Some(0); usize::from(count)])
        });
    }
}

#[test]
fn a_viewer_that_reports_on_numbers_never_sent_disturbs_nobody() {
    for seed in seeds() {
        lying(seed, |base, _, at_ms| {
            (base.wrapping_add(20_000), (at_ms / 64) as i32, vec![Some(1); 400])
        });
    }
}

#[test]
fn a_viewer_whose_clock_runs_backwards_disturbs_nobody() {
    for seed in seeds() {
        lying(seed, |base, count, at_ms| {
            let reference = 4_000_000 - (at_ms * 7) as i32;
            let jumps = (0..count).map(|place| Some(if place % 2 == 0 { 30_000 } else { -30_000 }));
            (base, reference, jumps.collect())
        });
    }
}

#[test]
fn a_viewer_that_stops_reading_costs_few_keyframes_and_comes_back() {
    for seed in seeds() {
        let (mut fair, speaker, bad, good) = with_two(seed);
        fair.run_ms(3_000);
        let before = (fair.publishers[speaker].asked.plis, fair.counters().congested);
        let cut = LinkSpec {
            cut: true,
            ..LinkSpec::CLEAN
        };
        fair.viewer_links(bad, LinkSpec::CLEAN, cut);
        for _ in 0..1_000 {
            fair.congest(bad);
            fair.run_ms(5);
        }
        let asked = fair.publishers[speaker].asked.plis - before.0;
        assert!(asked <= 4, "{asked} requests in 5 s");
        assert!(fair.counters().congested > before.1, "counted");
        fair.viewer_links(bad, LinkSpec::CLEAN, LinkSpec::CLEAN);
        fair.run_ms(5_000);
        for slot in [VOICE, CAMERA] {
            assert!(
                longest_gap_us(&fair, bad, slot, 12 * S, 13 * S) < S / 5,
                "slot {slot} goes on"
            );
        }
        undisturbed(&fair, speaker, good, S);
    }
}

#[test]
fn a_viewer_that_roams_every_second_is_followed_and_disturbs_nobody() {
    for seed in seeds() {
        let (mut fair, speaker, bad, good) = with_two(seed);
        fair.run_ms(2_000);
        for place in 0..8_u8 {
            fair.move_viewer(bad, SocketAddr::from(([10, 1, place, 1], 50_000)));
            fair.run_ms(1_000);
        }
        for slot in [VOICE, CAMERA] {
            let gap = longest_gap_us(&fair, bad, slot, 2 * S, 10 * S);
            assert!(gap < S, "slot {slot}: nothing for {gap} us");
        }
        let closed = |event: &Event| matches!(event, Event::Closed { reason, .. } if *reason != CloseReason::Asked);
        assert!(!fair.events.iter().any(|(_, event)| closed(event)));
        undisturbed(&fair, speaker, good, S);
    }
}
