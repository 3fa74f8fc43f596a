// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What strangers and forgers send: counted, answered by nothing, felt by nobody.

use std::net::SocketAddr;

use fiera_sfu::counters::Drop as Dropped;
use fiera_sfu::rtcp::write_pli;

use super::check::unbroken;
use crate::fair::{CAMERA, Fair, VOICE, seeds};
use crate::net::random::Random;
use crate::peer::endpoint::Endpoint;
use crate::peer::publisher::header;

fn stranger(number: u8) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, number], 1_000))
}

#[test]
fn hostile_datagrams_are_counted_and_disturb_nobody() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        let viewer = fair.watch();
        fair.run_ms(2_000);
        let mut random = fair.random.fork();
        let homes = [
            fair.publishers[speaker].endpoint.address,
            fair.viewers[viewer].endpoint.address,
        ];
        let genuine = fair.viewers[viewer].endpoint.last_check.clone();
        let mut lost = Endpoint::new(stranger(1), Random::new(seed), true);
        for round in 0..300_u64 {
            let from = match round % 3 {
                0 => stranger(random.below(250) as u8),
                known => homes[known as usize - 1],
            };
            let size = random.below(1_400) as usize;
            let mut noise = random.bytes(size);
            fair.inject(from, noise.clone());
            // The same, made to look like RTP, RTCP and DTLS.
            for start in [[0x90, 96], [0x80, 200], [0x81, 206], [22, 0xFE]] {
                noise.iter_mut().zip(start).for_each(|(byte, start)| *byte = start);
                fair.inject(from, noise.clone());
            }
            // A check for nobody, and a genuine one that is cut or changed.
            fair.inject(from, lost.check());
            let mut broken = genuine.clone();
            broken.truncate(random.below(genuine.len() as u64) as usize);
            fair.inject(from, broken);
            let mut changed = genuine.clone();
            changed[8 + random.below(genuine.len() as u64 - 8) as usize] ^= 1 << random.below(8);
            fair.inject(from, changed);
            // Forged media in the name of the publisher's camera.
            let mut forged = header(1_100, round as u16, 0, 96, &[]);
            forged.extend(random.bytes(500));
            fair.inject(from, forged);
            let mut forged = Vec::new();
            write_pli(&mut forged, 1, 1_100);
            forged.extend(random.bytes(20));
            fair.inject(from, forged);
            fair.run_ms(10);
        }
        for reason in [Dropped::UnknownAddress, Dropped::Stun, Dropped::NotAuthentic] {
            assert!(fair.dropped(reason) > 100, "{reason:?}: {}", fair.dropped(reason));
        }
        assert!(fair.astray.is_empty(), "a stranger got an answer");
        assert_eq!(fair.events.iter().filter(|(at, _)| *at > 2_000_000).count(), 0);
        [VOICE, CAMERA]
            .iter()
            .for_each(|slot| unbroken(&fair.viewers[viewer].slot(*slot)));
        let last = fair.viewers[viewer].slot(CAMERA).last().expect("a picture").at_us;
        assert!(last > fair.now_us - 60_000, "the picture goes on");
    }
}

#[test]
fn datagrams_of_no_protocol_are_counted() {
    let mut fair = Fair::new(1);
    for first in [4, 19, 64, 127, 192, 255] {
        fair.inject(stranger(1), vec![first; 40]);
    }
    fair.inject(stranger(1), Vec::new());
    fair.run_ms(10);
    assert_eq!(fair.dropped(Dropped::NotForUs), 7);
}

#[test]
fn media_recorded_and_sent_again_is_refused() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        let viewer = fair.watch();
        let doubling = crate::net::link::LinkSpec {
            duplicate: 1.0,
            ..crate::net::link::LinkSpec::CLEAN
        };
        fair.publisher_links(speaker, doubling, doubling);
        fair.viewer_links(viewer, doubling, doubling);
        fair.run_ms(4_000);
        assert!(fair.dropped(Dropped::NotAuthentic) > 200, "SRTP tells replays");
        [VOICE, CAMERA]
            .iter()
            .for_each(|slot| unbroken(&fair.viewers[viewer].slot(*slot)));
        assert_eq!(fair.viewers[viewer].duplicates, 0);
    }
}
