// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What a packet and a report cost, for 1,000 viewers on one thread. Prints; asserts nothing:
//! `cargo test --release -p fiera-sfu --test bwe -- --ignored --nocapture cost`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use fiera_sfu::bwe::{Config, Estimator, SentKind};
use fiera_sfu::rtcp::{Compound, Packet, TwccFeedback, write_twcc};

const VIEWERS: usize = 1_000;
/// 200 packets a second, a report every 100 ms.
const PACKETS_PER_REPORT: u16 = 20;
const REPORTS: u32 = 300;

#[test]
#[ignore = "prints what it measures"]
// This measures the real clock.
#[allow(clippy::disallowed_methods)]
fn cost_of_a_packet_and_of_a_report() {
    let epoch = Instant::now();
    let mut viewers: Vec<Estimator> = (0..VIEWERS).map(|_| Estimator::new(epoch, Config::default())).collect();
    let (mut sending, mut reporting, mut ticking) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut out = Vec::new();
    let mut seq = 0_u16;
    for round in 0..REPORTS {
        let base = seq;
        for place in 0..PACKETS_PER_REPORT {
            let now = epoch + Duration::from_millis(u64::from(round) * 100 + u64::from(place) * 5);
            // As in the engine: one packet to all viewers, and then the next one.
            let begun = Instant::now();
            for viewer in &mut viewers {
                viewer.on_sent(black_box(now), black_box(seq), black_box(1_150), SentKind::Media);
            }
            sending += begun.elapsed();
            seq = seq.wrapping_add(1);
        }
        let now = epoch + Duration::from_millis(u64::from(round) * 100 + 130);
        let feedback = TwccFeedback {
            sender_ssrc: 1,
            media_ssrc: 2,
            base_seq: base,
            reference_time: (round * 100 / 64) as i32,
            feedback_count: round as u8,
        };
        out.clear();
        let mut statuses = vec![Some(20); usize::from(PACKETS_PER_REPORT)];
        statuses[0] = Some((round * 100 % 64 * 4) as i16);
        write_twcc(&mut out, &feedback, &statuses);
        let begun = Instant::now();
        for viewer in &mut viewers {
            for packet in Compound::parse(black_box(&out)).expect("well-formed").packets() {
                if let Packet::Twcc(twcc) = packet {
                    viewer.on_feedback(now, &twcc);
                }
            }
        }
        reporting += begun.elapsed();
        let begun = Instant::now();
        for viewer in &mut viewers {
            black_box(viewer.tick(now));
            black_box(viewer.padding_due(now));
        }
        ticking += begun.elapsed();
    }
    let reports = VIEWERS as f64 * f64::from(REPORTS);
    let packets = reports * f64::from(PACKETS_PER_REPORT);
    println!(
        "{VIEWERS} viewers: {:.1} ns per packet sent, {:.0} ns per report of {PACKETS_PER_REPORT} packets ({:.1} ns per packet), \
         {:.0} ns per tick",
        sending.as_nanos() as f64 / packets,
        reporting.as_nanos() as f64 / reports,
        reporting.as_nanos() as f64 / packets,
        ticking.as_nanos() as f64 / reports,
    );
    assert!(viewers.iter().all(|viewer| viewer.counters().number_jumps == 0));
}
