// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The parts by themselves; what they do together is in `tests/bwe`.

// Any moment will do as the beginning of a test.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::time::Instant;

use super::delay::{Delay, Usage};
use super::loss::{Loss, Verdict};
use super::probe::{Length, Prober};
use super::sent::{Found, Sent, SentRing};
use super::*;

#[test]
fn an_estimator_is_small() {
    assert!(size_of::<Estimator>() < 2_048, "{}", size_of::<Estimator>());
    assert_eq!(size_of::<Sent>() * SENT_PACKETS_MAX, 16_384);
}

#[test]
fn the_ring_finds_what_it_holds_across_the_wrap_and_nothing_else() {
    let mut ring = SentRing::new();
    assert!(matches!(ring.find(5), Found::NeverSent));
    for place in 0..SENT_PACKETS_MAX as u16 + 100 {
        assert!(ring.push(64_000_u16.wrapping_add(place), u64::from(place), place, 0));
    }
    let newest = 64_000_u16.wrapping_add(SENT_PACKETS_MAX as u16 + 99);
    let Found::Sent(sent) = ring.find(newest) else {
        panic!("held")
    };
    assert_eq!(sent.bytes, SENT_PACKETS_MAX as u16 + 99);
    assert!(matches!(ring.find(64_100), Found::Sent(_)));
    assert!(matches!(ring.find(64_099), Found::Forgotten));
    assert!(matches!(ring.find(newest.wrapping_add(1)), Found::NeverSent));
    assert!(!ring.push(newest.wrapping_add(7), 0, 0, 0), "a jump");
    assert!(!matches!(ring.find(newest), Found::Sent(_)));
}

#[test]
fn a_sending_time_survives_the_wrap_of_its_32_bits() {
    let mut ring = SentRing::new();
    let at_us = u64::from(u32::MAX) * 3 - 5;
    ring.push(1, at_us, 100, 0);
    let Found::Sent(sent) = ring.find(1) else {
        panic!("held")
    };
    assert_eq!(sent.at_us(at_us + 60_000_000), at_us);
}

/// Groups every 25 ms, with a delay that a function of the time in milliseconds gives.
fn delays(until_ms: u64, delay_ms: impl Fn(u64) -> u64) -> Delay {
    let mut delay = Delay::new();
    for at_ms in (0..until_ms).step_by(25) {
        // A frame at once: its later packets wait for its first one.
        for packet in 0..5 {
            delay.on_received(
                at_ms * 1_000,
                (delay_ms(at_ms) * 1_000 + packet * 4_000) as i64 - 77_000_000,
                false,
            );
        }
    }
    delay
}

#[test]
fn a_growing_queue_is_overuse_and_the_length_of_a_frame_is_not() {
    assert_eq!(delays(2_000, |_| 30).usage(), Usage::Normal);
    assert_eq!(delays(2_000, |_| 30).queue_us(), 0);
    let grown = delays(2_000, |at| if at < 1_000 { 30 } else { 30 + (at - 1_000) / 10 });
    assert_eq!(grown.usage(), Usage::Over);
    assert!((70_000..100_000).contains(&grown.queue_us()), "{}", grown.queue_us());
}

#[test]
fn a_queue_that_stands_is_overuse_until_it_is_taken_for_the_path() {
    let mut delay = delays(3_000, |at| if at < 1_000 { 30 } else { 230 });
    assert_eq!(delay.usage(), Usage::Over);
    delay.rebase();
    for at_ms in (3_000..4_000).step_by(25) {
        delay.on_received(at_ms * 1_000, 230_000 - 77_000_000, false);
    }
    assert_eq!((delay.usage(), delay.queue_us()), (Usage::Normal, 0));
}

/// Feeds seconds of 200 packets; `lost` says which share the path takes at a rate. Returns the rate in the end.
fn losing(loss: &mut Loss, seconds: u64, mut bps: f64, lost: impl Fn(f64) -> f64) -> f64 {
    let (most, mut debt, mut at_us) = (bps, 0.0, 0);
    for _ in 0..seconds * 200 {
        at_us += 5_000;
        debt += lost(bps);
        let received = debt < 1.0;
        debt -= if received { 0.0 } else { 1.0 };
        loss.on_fate(at_us, (bps / 8.0 / 200.0) as u16, received);
        match loss.judge(0, bps) {
            Verdict::Limit(limit) => bps = limit,
            Verdict::Restore(before) => bps = before,
            Verdict::Fine => bps = (bps * 1.05).min(most),
            Verdict::Keep => {}
        }
    }
    bps
}

#[test]
fn loss_that_stays_whatever_is_sent_is_the_paths_own() {
    let mut loss = Loss::new();
    let bps = losing(&mut loss, 20, 2e6, |_| 0.2);
    assert!(bps > 1.9e6, "{bps}");
    assert!((0.15..0.25).contains(&loss.inherent()), "{}", loss.inherent());
}

#[test]
fn loss_that_goes_away_with_the_rate_limits_it() {
    let mut loss = Loss::new();
    // Somebody on the way lets 1 Mbit/s through and drops the rest without any delay.
    let bps = losing(&mut loss, 20, 2e6, |bps| (1.0 - 1e6 / bps).max(0.0));
    assert!((0.8e6..1.3e6).contains(&bps), "{bps}");
    assert!(loss.inherent() < 0.1, "{}", loss.inherent());
}

/// Sends a cluster in ticks of 5 ms through a bottleneck that loses every `lose`-th packet.
fn probe(bps: f64, capacity_bps: f64, lose: usize) -> Option<super::probe::ProbeResult> {
    let mut prober = Prober::new(0);
    assert!(prober.begin(0, bps, Length::First));
    let (mut now_us, mut free_us, mut count) = (0_u64, 0.0_f64, 0);
    while prober.is_sending() {
        while prober.due(now_us) > 0 {
            let id = prober.on_sent(now_us, 1_000, true);
            free_us = free_us.max(now_us as f64) + 8e9 / capacity_bps;
            count += 1;
            if count % lose != 0 {
                prober.on_received(id, now_us, free_us as i64, 1_000);
            }
        }
        now_us += 5_000;
    }
    prober.poll(now_us + 500_000, now_us, 0.0).expect("ended")
}

#[test]
fn a_probe_finds_the_capacity_and_loss_does_not_look_like_one() {
    let full = probe(3e6, 1e6, usize::MAX).expect("measured");
    let capacity = full.capacity_bps.expect("full");
    assert!((0.95e6..1.05e6).contains(&capacity), "{capacity}");
    let free = probe(3e6, 30e6, usize::MAX).expect("measured");
    assert!(
        free.capacity_bps.is_none() && (2.7e6..3.3e6).contains(&free.bps),
        "{free:?}"
    );
    let lossy = probe(3e6, 30e6, 5).expect("measured");
    assert!(lossy.capacity_bps.is_none(), "{lossy:?}");
    assert!((0.15..0.25).contains(&lossy.loss), "{lossy:?}");
}

#[test]
fn a_keyframe_leaves_in_chunks_at_the_pacing_rate_and_a_frame_at_once() {
    let mut now = Instant::now();
    let begun = now;
    let mut pacer = Pacer::new(now, 800_000);
    assert!(pacer.may_send_now(now));
    let mut left = 60_000_usize;
    while left > 0 {
        if pacer.may_send_now(now) {
            let chunk = left.min(9_000);
            pacer.on_sent(chunk);
            left -= chunk;
        } else {
            assert!(pacer.deadline() > now);
            now = pacer.deadline();
        }
    }
    // 60 kB less the burst of 12 kB and one chunk on credit, at 250 kB/s.
    let took = now.duration_since(begun).as_millis();
    assert!((140..=200).contains(&took), "{took} ms");
    assert!(Pacer::new(now, UNPACED_BPS).may_send_now(now));
}
