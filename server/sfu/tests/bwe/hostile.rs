// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Viewers who lie, and paths that break: the effect is bounded, and counted.

// Any moment will do as the beginning of a test.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use fiera_sfu::bwe::{
    Config, Estimator, FEEDBACKS_PER_S_MAX, LimitedBy, PADDING_BURST_BYTES_MAX, PADDING_BYTES_PER_S_MAX,
    SENT_PACKETS_MAX, SentKind, WIRE_OVERHEAD_BYTES,
};
use fiera_sfu::rtcp::{Compound, Packet, TwccFeedback, write_twcc};
use proptest::prelude::*;

const PACKET: usize = 1_150;

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A viewer whose reports a test writes itself.
struct Liar {
    now: Instant,
    start: Instant,
    estimator: Estimator,
    seq: u16,
    count: u8,
    padding: usize,
}

impl Liar {
    fn new() -> Self {
        let start = Instant::now();
        Self {
            now: start,
            start,
            estimator: Estimator::new(start, Config::default()),
            seq: 65_000,
            count: 0,
            padding: 0,
        }
    }

    fn elapsed_ms(&self) -> u64 {
        self.now.duration_since(self.start).as_millis() as u64
    }

    /// Sends packets, and padding as asked for.
    fn send(&mut self, packets: u16) {
        for _ in 0..packets {
            self.one(SentKind::Media);
        }
        self.estimator.tick(self.now);
        let due = self.estimator.padding_due(self.now);
        for _ in 0..due.div_ceil(PACKET + WIRE_OVERHEAD_BYTES) {
            self.padding += PACKET + WIRE_OVERHEAD_BYTES;
            self.one(SentKind::Padding);
        }
    }

    fn one(&mut self, kind: SentKind) {
        self.estimator.on_sent(self.now, self.seq, PACKET, kind);
        self.seq = self.seq.wrapping_add(1);
    }

    fn report(&mut self, base_seq: u16, reference_time: i32, statuses: &[Option<i16>]) {
        let mut out = Vec::new();
        let feedback = TwccFeedback {
            sender_ssrc: 1,
            media_ssrc: 2,
            base_seq,
            reference_time,
            feedback_count: self.count,
        };
        self.count = self.count.wrapping_add(1);
        write_twcc(&mut out, &feedback, statuses);
        for packet in Compound::parse(&out).expect("well-formed").packets() {
            if let Packet::Twcc(twcc) = packet {
                self.estimator.on_feedback(self.now, &twcc);
            }
        }
    }

    /// 100 ms of media and one honest report: everything arrived with the delay that `lost` leaves.
    fn honest(&mut self, packets: u16, lost: impl Fn(u16) -> bool) {
        let base = self.seq;
        let reference = (self.elapsed_ms() / 64) as i32;
        let offset = (self.elapsed_ms() % 64 * 4) as i16;
        let mut statuses = Vec::new();
        let mut step = offset;
        for place in 0..20_u16 {
            self.now += ms(5);
            let before = self.seq;
            self.send(packets * (place + 1) / 20 - packets * place / 20);
            step += 20;
            for number in 0..self.seq.wrapping_sub(before) {
                statuses.push((!lost(statuses.len() as u16 + number)).then(|| std::mem::take(&mut step)));
            }
        }
        self.report(base, reference, &statuses);
    }

    fn target(&self) -> u64 {
        self.estimator.estimate().target_bps
    }

    fn check(&self) {
        let estimate = self.estimator.estimate();
        let Config { min_bps, max_bps, .. } = Config::default();
        assert!((min_bps..=max_bps).contains(&estimate.target_bps), "{estimate:?}");
        assert!((0.0..=1.0).contains(&estimate.loss), "{estimate:?}");
        assert!((0.0..=1.0).contains(&estimate.inherent_loss), "{estimate:?}");
    }
}

#[test]
fn reports_on_packets_never_sent_or_told_before_change_nothing() {
    let mut liar = Liar::new();
    for _ in 0..20 {
        liar.honest(20, |_| false);
    }
    let (before, counters) = (liar.estimator.estimate(), liar.estimator.counters());
    let seq = liar.seq;
    liar.report(seq, 500, &[Some(1); 300]);
    liar.report(seq.wrapping_sub(200), 501, &[Some(1); 200]);
    assert_eq!(liar.estimator.estimate(), before);
    let after = liar.estimator.counters();
    assert_eq!(after.never_sent - counters.never_sent, 300);
    assert_eq!(after.repeated - counters.repeated, 200);
}

#[test]
fn packets_too_long_ago_are_forgotten() {
    let mut liar = Liar::new();
    let first = liar.seq;
    liar.now += ms(5);
    liar.send(SENT_PACKETS_MAX as u16 + 10);
    liar.report(first, 0, &[Some(1); 20]);
    assert!(liar.estimator.counters().forgotten >= 10);
}

#[test]
fn a_flood_of_reports_is_not_read() {
    let mut liar = Liar::new();
    liar.now += ms(5);
    liar.send(10);
    for _ in 0..1_000 {
        let seq = liar.seq;
        liar.report(seq, 0, &[None; 8_000]);
    }
    let counters = liar.estimator.counters();
    assert!(counters.reports <= u64::from(FEEDBACKS_PER_S_MAX), "{counters:?}");
    assert_eq!(counters.reports + counters.flooded, 1_000);
}

#[test]
fn a_clock_that_jumps_costs_no_rate() {
    let mut liar = Liar::new();
    for _ in 0..30 {
        liar.honest(40, |_| false);
    }
    let before = liar.target();
    // An hour ahead from now on, and then back again.
    for hour in [3_600_000 / 64, 0] {
        liar.now += ms(5);
        let base = liar.seq;
        liar.send(2);
        let reference = (liar.elapsed_ms() / 64) as i32 + hour;
        let sent = liar.seq.wrapping_sub(base);
        liar.report(base, reference, &vec![Some(0); usize::from(sent)]);
    }
    assert!(liar.estimator.counters().clock_jumps >= 2);
    assert!(liar.target() >= before, "{} {before}", liar.target());
}

#[test]
fn who_claims_to_lose_everything_gets_little_and_recovers_when_honest_again() {
    let mut liar = Liar::new();
    for _ in 0..20 {
        liar.honest(40, |_| false);
    }
    let before = liar.target();
    for _ in 0..100 {
        liar.honest(20, |_| true);
        liar.check();
    }
    assert!(liar.target() < before / 2, "{} {before}", liar.target());
    for _ in 0..100 {
        liar.honest(40, |_| false);
    }
    assert!(liar.target() >= before / 2, "{} {before}", liar.target());
}

#[test]
fn who_claims_to_receive_everything_gets_no_more_padding_than_the_budget() {
    let mut liar = Liar::new();
    liar.estimator.set_wanted(liar.now, u64::MAX);
    let seconds = 60;
    for _ in 0..seconds * 10 {
        liar.honest(5, |_| false);
        liar.check();
    }
    let most = PADDING_BURST_BYTES_MAX + PADDING_BYTES_PER_S_MAX * seconds;
    assert!(
        liar.padding as u64 <= most + 10 * PACKET as u64,
        "{} {most}",
        liar.padding
    );
}

#[test]
fn a_viewer_who_falls_silent_is_sent_less_and_is_probed_on_return() {
    let mut liar = Liar::new();
    for _ in 0..20 {
        liar.honest(40, |_| false);
    }
    let before = liar.target();
    for _ in 0..1_600 {
        liar.now += ms(5);
        liar.send(1);
    }
    assert_eq!(liar.estimator.estimate().limited_by, LimitedBy::Silence);
    assert!(liar.target() < before / 3, "{} {before}", liar.target());
    let probes = liar.estimator.estimate().probes;
    for _ in 0..20 {
        liar.honest(10, |_| false);
    }
    assert!(liar.estimator.estimate().probes > probes);
    assert!(liar.target() > before / 2, "{} {before}", liar.target());
}

#[test]
fn without_transport_wide_reports_receiver_reports_decide() {
    let mut liar = Liar::new();
    let second = |liar: &mut Liar, loss: u8| {
        for _ in 0..200 {
            liar.now += ms(5);
            liar.send(1);
        }
        liar.estimator.on_loss_report(liar.now, loss);
    };
    for _ in 0..5 {
        second(&mut liar, 0);
    }
    let clean = liar.target();
    assert_eq!(liar.estimator.estimate().limited_by, LimitedBy::Reports);
    assert!(clean >= 1_500_000, "{clean}");
    for _ in 0..5 {
        second(&mut liar, 13);
    }
    assert_eq!(liar.target(), clean, "5 % holds");
    for _ in 0..5 {
        second(&mut liar, 64);
    }
    assert!(liar.target() < clean * 9 / 10, "25 % lowers: {}", liar.target());
    liar.check();
}

#[test]
fn who_has_everything_that_is_wanted_costs_no_padding() {
    let mut liar = Liar::new();
    liar.estimator.set_wanted(liar.now, 200_000);
    for _ in 0..100 {
        liar.honest(2, |_| false);
    }
    assert_eq!(liar.padding, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is reported: bounds hold, nothing panics, and what is asked for stays within the budget.
    #[test]
    fn any_report_is_survived(
        seed in any::<u64>(),
        reports in prop::collection::vec((any::<i16>(), any::<i32>(), prop::collection::vec(any::<Option<i16>>(), 0..60), 0_u64..400), 1..80)
    ) {
        let mut liar = Liar::new();
        liar.estimator.set_wanted(liar.now, seed);
        for (back, reference, statuses, later) in reports {
            liar.now += ms(later);
            liar.send((back as u16 % 40) + 1);
            let base = liar.seq.wrapping_add_signed(back % 100);
            liar.report(base, reference >> 8, &statuses);
            liar.estimator.on_loss_report(liar.now, back as u8);
            liar.check();
        }
        let seconds = liar.elapsed_ms() / 1_000 + 1;
        let most = PADDING_BURST_BYTES_MAX + PADDING_BYTES_PER_S_MAX * seconds;
        // A call asks at most for what is left; the last packet of each may be rounded up.
        prop_assert!(liar.padding as u64 <= most + 80 * PACKET as u64);
    }
}
