// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Three simulcast layers over a path that loses and reorders; retransmissions come with an rrid only.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::rtcp::{Compound, Packet};

/// xorshift64*.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }
}

const RIDS: [&str; 3] = ["q", "h", "f"];
const FRAMES: u64 = 300;
/// Half of it each way.
const ROUND_TRIP: Duration = Duration::from_millis(40);

struct Outcome {
    delivered: BTreeMap<(u8, u64), u32>,
    sent: [u64; 3],
    tries: BTreeMap<(u32, u16), u32>,
    nacked: u64,
    given_up: u64,
}

fn run(seed: u64, loss_percent: u64, answer: bool) -> Outcome {
    let start = Instant::now();
    let mut dice = Dice(seed | 1);
    let mut streams = streams(&browser(), start);
    let mut path: BTreeMap<(Instant, u64), Bytes> = BTreeMap::new();
    let mut on_path = 0u64;
    let mut sent_packets: BTreeMap<(u32, u16), (usize, u32)> = BTreeMap::new();
    let mut outcome = Outcome {
        delivered: BTreeMap::new(),
        sent: [0; 3],
        tries: BTreeMap::new(),
        nacked: 0,
        given_up: 0,
    };
    let (mut twcc, mut rtx_seq) = (0u16, [0u16; 3]);
    let mut lines = [65_400u16, 65_500, 7];
    for frame in 0..FRAMES + 180 {
        let now = start + ms(frame * 10);
        if frame < FRAMES {
            for layer in 0..3 {
                for _ in 0..=layer {
                    let seq = lines[layer];
                    lines[layer] = seq.wrapping_add(1);
                    let ssrc = 100 + layer as u32;
                    let timestamp = (frame * 900) as u32;
                    sent_packets.insert((ssrc, seq), (layer, timestamp));
                    outcome.sent[layer] += 1;
                    twcc = twcc.wrapping_add(1);
                    // The mid goes away after a while, as browsers do it; the ends of the lines arrive.
                    let mid = if frame < 20 { "1" } else { "" };
                    let rid = if frame < 20 { RIDS[layer] } else { "" };
                    let packet = Rtp {
                        ssrc,
                        seq,
                        timestamp,
                        mid,
                        rid,
                        twcc: Some(twcc),
                        ..Default::default()
                    };
                    let lost = dice.below(100) < loss_percent && (5..FRAMES - 5).contains(&frame);
                    if !lost {
                        on_path += 1;
                        path.insert((now + ROUND_TRIP / 2 + ms(dice.below(12)), on_path), packet.bytes());
                    }
                }
            }
        }
        for step in 0..10 {
            let now = now + ms(step);
            while let Some(entry) = path.first_entry().filter(|entry| entry.key().0 <= now) {
                let packet = entry.remove();
                if let Ok(Ingested::Media {
                    source: SourceKind::Camera,
                    layer,
                    packet,
                }) = streams.handle_rtp(now, packet)
                {
                    *outcome.delivered.entry((layer, packet.ext_seq)).or_default() += 1;
                    assert_eq!(packet.ext_seq as u16, packet.seq);
                }
            }
            streams.handle_timeout(now);
            for compound in feedback(&mut streams, now) {
                for part in Compound::parse(&compound).unwrap() {
                    let Packet::Nack(nack) = part else { continue };
                    for seq in nack.seqs() {
                        *outcome.tries.entry((nack.media_ssrc, seq)).or_default() += 1;
                        let (layer, timestamp) = sent_packets[&(nack.media_ssrc, seq)];
                        if !answer || dice.below(100) < loss_percent {
                            continue;
                        }
                        rtx_seq[layer] += 1;
                        twcc = twcc.wrapping_add(1);
                        let original = Rtp {
                            seq,
                            timestamp,
                            rid: RIDS[layer],
                            mid: "1",
                            twcc: Some(twcc),
                            ..Default::default()
                        };
                        on_path += 1;
                        let at = now + ROUND_TRIP + ms(dice.below(12));
                        path.insert((at, on_path), original.rtx(200 + layer as u32, rtx_seq[layer]));
                    }
                }
            }
        }
    }
    outcome.nacked = streams.counters().nacked;
    outcome.given_up = streams.counters().given_up;
    outcome
}

fn delivered(outcome: &Outcome, layer: u8) -> BTreeSet<u64> {
    outcome
        .delivered
        .keys()
        .filter(|key| key.0 == layer)
        .map(|key| key.1)
        .collect()
}

#[test]
fn five_percent_loss_is_repaired_completely_and_nothing_comes_twice() {
    for seed in 1..=8 {
        let outcome = run(seed, 5, true);
        for layer in 0..3u8 {
            let numbers = delivered(&outcome, layer);
            assert_eq!(
                numbers.len() as u64,
                outcome.sent[usize::from(layer)],
                "seed {seed}, layer {layer}"
            );
            assert_eq!(
                numbers.last().unwrap() - numbers.first().unwrap() + 1,
                numbers.len() as u64,
                "seed {seed}"
            );
        }
        assert!(
            outcome.delivered.values().all(|times| *times == 1),
            "seed {seed}: a packet came twice"
        );
        assert!(
            outcome.tries.values().all(|tries| *tries <= u32::from(NACK_TRIES_MAX)),
            "seed {seed}"
        );
        assert_eq!(outcome.given_up, 0, "seed {seed}");
        let total: u64 = outcome.sent.iter().sum();
        assert!(
            outcome.nacked < total / 4,
            "seed {seed}: {} NACKs for {total} packets",
            outcome.nacked
        );
    }
}

#[test]
fn without_an_answer_every_packet_is_asked_for_ten_times_and_given_up() {
    let outcome = run(3, 5, false);
    assert!(!outcome.tries.is_empty());
    // What was only late was asked for once or twice.
    let (given_up, late): (Vec<u32>, Vec<u32>) = outcome.tries.values().partition(|tries| **tries > 2);
    assert!(given_up.iter().all(|tries| *tries == u32::from(NACK_TRIES_MAX)) && !late.is_empty());
    assert_eq!(outcome.given_up, given_up.len() as u64);
    assert_eq!(
        outcome.delivered.len() as u64 + outcome.given_up,
        outcome.sent.iter().sum::<u64>()
    );
}

#[test]
fn without_loss_reordering_asks_for_little() {
    let outcome = run(4, 0, true);
    assert!(outcome.tries.values().all(|tries| *tries <= 2));
    assert_eq!(outcome.delivered.len() as u64, outcome.sent.iter().sum::<u64>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn heavy_loss_never_delivers_twice_and_stays_bounded(seed in any::<u64>(), loss in 10u64..60) {
        let outcome = run(seed, loss, true);
        prop_assert!(outcome.delivered.values().all(|times| *times == 1));
        prop_assert!(outcome.tries.values().all(|tries| *tries <= u32::from(NACK_TRIES_MAX)));
    }
}
