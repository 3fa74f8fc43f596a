// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Joining when it is hard: a path that loses whole flights, a crowd at the door, a thread that comes late.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fiera_sfu::api::{Event, SourceKind};
use fiera_sfu::transport::dtls::{Dtls, Progress};

use super::check::unbroken;
use crate::fair::{CAMERA, Fair, VOICE, seeds};
use crate::net::link::LinkSpec;
use crate::net::random::Random;
use crate::peer::endpoint::{CLIENT_IDENTITY, Endpoint, SERVER_IDENTITY};

#[test]
fn a_handshake_outlives_seconds_without_a_path() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        fair.run_ms(500);
        let viewer = fair.watch();
        // Checks are answered, the hello arrives, and then nothing gets through for six seconds.
        fair.run_ms(45);
        let cut = LinkSpec {
            cut: true,
            ..LinkSpec::CLEAN
        };
        fair.viewer_links(viewer, cut, cut);
        fair.run_ms(6_000);
        assert!(fair.viewers[viewer].endpoint.connected_at.is_none());
        fair.viewer_links(viewer, LinkSpec::CLEAN, LinkSpec::CLEAN);
        fair.run_ms(6_000);
        assert!(fair.viewers[viewer].endpoint.connected_at.is_some());
        let closed = |(_, event): &(u64, Event)| matches!(event, Event::Closed { .. });
        assert!(!fair.events.iter().any(closed));
        assert!(!fair.viewers[viewer].slot(CAMERA).is_empty());
    }
}

#[test]
fn a_crowd_at_the_door_comes_in_turns_and_costs_nobody_inside_a_packet() {
    for seed in seeds() {
        let mut fair = Fair::on_threads(seed, 1);
        fair.speaker(1, true);
        let inside = fair.watch();
        fair.run_ms(1_000);
        let before_us = fair.now_us;
        let crowd: Vec<usize> = (0..60).map(|_| fair.watch()).collect();
        fair.run_ms(3_000);
        let mut connected: Vec<u64> = crowd
            .iter()
            .map(|viewer| {
                let at = fair.viewers[*viewer].endpoint.connected_at.expect("comes in");
                fair.now_us - (fair.now() - at).as_micros() as u64 - before_us
            })
            .collect();
        connected.sort_unstable();
        // 60 at once are more than a tick's worth of handshakes: they come in a few at a time ...
        for first in 0..60 - 8 {
            assert!(connected[first + 8] > connected[first], "{connected:?}");
        }
        // ... and soon.
        assert!(connected[59] < 500_000, "{connected:?}");
        for viewer in crowd.into_iter().chain([inside]) {
            [VOICE, CAMERA]
                .iter()
                .for_each(|slot| unbroken(&fair.viewers[viewer].slot(*slot)));
        }
    }
}

#[test]
fn a_thread_that_comes_late_still_brings_newcomers_up_to_date() {
    for seed in seeds() {
        let mut fair = Fair::on_threads(seed, 1);
        let speaker = fair.speaker(1, true);
        fair.publishers[speaker].track(SourceKind::Camera).gop = 250;
        fair.run_ms(500);
        let viewer = fair.watch();
        // As on a busy core: a tick comes every 150 ms only, the steps between lie beside its beat.
        for _ in 0..40 {
            fair.run_ms(1);
            fair.now_us += 500;
            fair.run_ms(148);
            fair.now_us += 500;
        }
        let stamps = fair.viewers[viewer].stamps(CAMERA);
        unbroken(&fair.viewers[viewer].slot(CAMERA));
        let newest = stamps.last().expect("a picture");
        let made = fair.publishers[speaker].produced.iter().find(|p| p.stamp == *newest);
        let made_us = made.expect("made").at_us;
        assert!(made_us + 1_500_000 > fair.now_us, "{} behind", fair.now_us - made_us);
    }
}

/// What a handshake costs the server. Prints; asserts nothing:
/// `cargo test --release -p fiera-sfu --test emulator -- --ignored --nocapture cost_of_a_handshake`.
#[test]
#[ignore = "prints what it measures"]
#[allow(clippy::disallowed_methods)]
fn cost_of_a_handshake() {
    const ROUNDS: u32 = 500;
    let epoch = Instant::now();
    let (mut spent, mut datagrams, mut worst) = (Duration::ZERO, 0_u32, Duration::ZERO);
    for round in 0..ROUNDS {
        let address = ([10, 0, 0, 1], 40_000).into();
        let of_client = Endpoint::new(address, Random::new(u64::from(round)), true);
        let mut remote = of_client.as_remote();
        remote.we_are_dtls_client = false;
        let mut server = Dtls::new(&SERVER_IDENTITY, &remote);
        remote.we_are_dtls_client = true;
        remote.fingerprint.bytes = SERVER_IDENTITY
            .fingerprint_sha256()
            .split(':')
            .map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal"))
            .collect();
        let mut client = Dtls::new(&Arc::clone(&CLIENT_IDENTITY), &remote);
        client.start(epoch);
        let mut done = false;
        while !done {
            while let Some(datagram) = client.poll_transmit() {
                let begun = Instant::now();
                done |= matches!(server.handle(epoch, &datagram), Ok(Progress::Complete(_)));
                let took = begun.elapsed();
                (spent, datagrams, worst) = (spent + took, datagrams + 1, worst.max(took));
            }
            while let Some(datagram) = server.poll_transmit() {
                client.handle(epoch, &datagram).expect("the handshake goes on");
            }
        }
    }
    println!(
        "a handshake: {:?} in {:.1} datagrams, the dearest {worst:?}",
        spent / ROUNDS,
        f64::from(datagrams) / f64::from(ROUNDS)
    );
}
