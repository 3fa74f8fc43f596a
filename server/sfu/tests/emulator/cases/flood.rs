// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Too much of something from one peer: that peer alone pays.

use fiera_sfu::api::{CloseReason, Event, PeerId};

use super::check::unbroken;
use crate::fair::{CAMERA, Fair, VOICE, seeds};

/// A DTLS 1.2 record with one fragment of a ClientHello that is never completed (RFC 6347 section 4.2.2).
fn fragment(number: u16) -> Vec<u8> {
    let [n0, n1] = number.to_be_bytes();
    let body = [0xAB; 40];
    let mut handshake = vec![1, 0, 0x20, 0, 0, 0, 0, n0, n1, 0, 0, body.len() as u8];
    handshake.extend(body);
    let mut record = vec![22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, n0, n1];
    record.extend((handshake.len() as u16).to_be_bytes());
    record.extend(handshake);
    record
}

fn closed(fair: &Fair) -> Vec<(PeerId, CloseReason)> {
    let closed = fair.events.iter().filter_map(|(_, event)| match *event {
        Event::Closed { peer, reason } => Some((peer, reason)),
        _ => None,
    });
    closed.collect()
}

#[test]
fn a_flood_of_dtls_fragments_closes_that_peer_alone() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        let (viewer, flooder) = (fair.watch(), fair.watch());
        fair.viewers[flooder].endpoint.begins_dtls = false;
        fair.run_ms(1_000);
        for number in 0..400 {
            fair.viewers[flooder].endpoint.send_raw(fragment(number));
            fair.run_ms(2);
        }
        fair.run_ms(1_000);
        assert_eq!(closed(&fair), [(fair.viewers[flooder].peer, CloseReason::DtlsFailed)]);
        [VOICE, CAMERA]
            .iter()
            .for_each(|slot| unbroken(&fair.viewers[viewer].slot(*slot)));
        assert!(fair.viewers[viewer].slot(CAMERA).len() > 200);
    }
}

#[test]
fn fragments_after_the_handshake_end_nothing() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        let viewer = fair.watch();
        fair.run_ms(1_000);
        for number in 0..400 {
            fair.viewers[viewer].endpoint.send_raw(fragment(number));
            fair.run_ms(2);
        }
        fair.run_ms(1_000);
        assert_eq!(closed(&fair), []);
        [VOICE, CAMERA]
            .iter()
            .for_each(|slot| unbroken(&fair.viewers[viewer].slot(*slot)));
    }
}

#[test]
fn a_flood_of_nacks_is_answered_within_a_budget() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        let (greedy, other) = (fair.watch(), fair.watch());
        fair.run_ms(3_000);
        let before = fair.counters().retransmitted_packets;
        for _ in 0..500 {
            let newest = fair.viewers[greedy].slot(CAMERA).last().expect("a picture").index as u16;
            fair.viewers[greedy].ask_again(CAMERA, (0..200).rev().map(|back| newest.wrapping_sub(back)));
            fair.run_ms(10);
        }
        let sent = fair.counters().retransmitted_packets - before;
        // A burst of 400, then 300 a second for 5 s.
        assert!(
            (400..=2_000).contains(&sent),
            "{sent} retransmissions for 100,000 requests"
        );
        unbroken(&fair.viewers[other].slot(CAMERA));
        assert_eq!(fair.viewers[other].duplicates, 0);
        assert!(fair.viewers[greedy].duplicates <= sent);
    }
}

#[test]
fn a_flood_of_keyframe_requests_reaches_the_publisher_as_few() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        let viewers: Vec<usize> = (0..5).map(|_| fair.watch()).collect();
        fair.run_ms(2_000);
        let before = fair.publishers[speaker].asked.plis;
        for _ in 0..300 {
            viewers
                .iter()
                .for_each(|viewer| fair.viewers[*viewer].ask_for_keyframe(CAMERA));
            fair.run_ms(10);
        }
        let asked = fair.publishers[speaker].asked.plis - before;
        assert!((3..=8).contains(&asked), "{asked} requests in 3 s");
    }
}
