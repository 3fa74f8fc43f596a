// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What this emulator found once.

use std::net::SocketAddr;

use fiera_sfu::api::SourceKind;
use fiera_sfu::sdp::Codec;

use super::check::{all_of, unbroken};
use crate::fair::{CAMERA, Fair, SCREEN, VOICE, seeds};
use crate::peer::payload::Stamp;
use crate::peer::publisher::header;
use crate::peer::track::Track;

fn elsewhere() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], 50_000))
}

#[test]
fn a_viewer_that_moves_misses_no_picture() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        let viewer = fair.watch();
        fair.run_ms(3_000);
        fair.move_viewer(viewer, elsewhere());
        fair.run_ms(2_000);
        let video = |s: &Stamp| s.kind == 1;
        let stamps = fair.viewers[viewer].stamps(CAMERA);
        all_of(
            fair.publishers[speaker].stamps(1_000_000, 4_500_000).filter(video),
            &stamps,
        );
    }
}

#[test]
fn a_check_replayed_from_elsewhere_interrupts_nothing() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        let viewer = fair.watch();
        fair.run_ms(3_000);
        let recorded = fair.viewers[viewer].endpoint.last_check.clone();
        fair.inject(elsewhere(), recorded);
        fair.run_ms(8_000);
        [VOICE, CAMERA]
            .iter()
            .for_each(|slot| unbroken(&fair.viewers[viewer].slot(*slot)));
        let last = fair.viewers[viewer].slot(CAMERA).last().expect("a picture").at_us;
        assert!(last > fair.now_us - 60_000, "the picture stopped at {last}");
    }
}

#[test]
fn forged_streams_do_not_lock_out_a_source_that_begins_later() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let screen = Track::video(1, SourceKind::Screen, Codec::Vp8, fair.random.fork());
        let tracks = vec![fair.mic(1, 30), fair.camera(1), screen];
        let speaker = fair.publish(1, true, tracks);
        fair.publishers[speaker].track(SourceKind::Screen).on = false;
        let viewer = fair.watch();
        fair.run_ms(2_000);
        let from = fair.publishers[speaker].endpoint.address;
        for ssrc in 0..200 {
            let mut forged = header(0xDEAD_0000 + ssrc, 1, 0, 96, &[]);
            forged.extend([0; 60]);
            fair.inject(from, forged);
        }
        fair.run_ms(100);
        fair.publishers[speaker].track(SourceKind::Screen).on = true;
        fair.run_ms(2_000);
        assert!(fair.viewers[viewer].slot(SCREEN).len() > 50);
    }
}
