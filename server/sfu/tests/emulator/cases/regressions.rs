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
fn a_keyframe_whose_first_packet_comes_late_is_complete() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        fair.publishers[speaker].loses = |stamp| stamp.key && stamp.part == 0;
        fair.run_ms(2_500);
        let viewer = fair.watch();
        fair.run_ms(3_000);
        let received = fair.viewers[viewer].slot(CAMERA);
        assert!(received.len() > 100);
        let first = fair.viewers[viewer].stamps(CAMERA)[0];
        assert!(first.key && first.part == 0, "{first:?}");
        unbroken(&received);
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

fn h264_speakers(seed: u64) -> (Fair, usize) {
    let mut fair = Fair::new(seed);
    for who in 1..=2 {
        let mut camera = Track::video(who, SourceKind::Camera, Codec::H264, fair.random.fork());
        camera.sets_once = true;
        fair.publish(who, who == 1, vec![camera]);
    }
    fair.run_ms(1_500);
    let viewer = fair.watch();
    fair.run_ms(2_000);
    for (who, on_air) in [(1, false), (2, true)] {
        fair.set_on_air(who, on_air);
    }
    fair.run_ms(2_000);
    (fair, viewer)
}

#[test]
fn lost_parameter_sets_are_not_replaced_by_something_else() {
    for seed in seeds() {
        let (mut fair, viewer) = h264_speakers(seed);
        let sets = fair.viewers[viewer]
            .slot(CAMERA)
            .iter()
            .filter(|r| r.stamp.is_none())
            .nth(1)
            .copied();
        let index = sets.expect("parameter sets at the switch").index;
        let before = fair.counters().retransmitted_packets;
        fair.viewers[viewer].ask_again(CAMERA, [index as u16]);
        fair.run_ms(200);
        let again = fair.counters().retransmitted_packets - before;
        let found = fair.viewers[viewer]
            .again
            .iter()
            .map(|a| a.2)
            .all(|stamp| stamp.is_none())
            && again == 1;
        assert!(found, "{again} retransmissions: {:?}", fair.viewers[viewer].again);
    }
}

#[test]
fn parameter_sets_never_run_back_in_time() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        for who in 1..=2 {
            let mut camera = Track::video(who, SourceKind::Camera, Codec::H264, fair.random.fork());
            camera.sets_once = true;
            camera.latency_us = if who == 2 { 300_000 } else { 0 };
            let mic = fair.mic(who, 30);
            fair.publish(who, who == 1, vec![mic, camera]);
        }
        fair.run_ms(1_500);
        let viewer = fair.watch();
        fair.run_ms(2_000);
        fair.set_on_air(1, false);
        fair.set_on_air(2, true);
        fair.run_ms(2_000);
        let received = fair.viewers[viewer].slot(CAMERA);
        assert_eq!(received.iter().filter(|r| r.stamp.is_none()).count(), 2);
        unbroken(&received);
    }
}

#[test]
fn a_viewer_who_leaves_in_mid_fan_out_costs_the_others_nothing() {
    let mut fair = Fair::new(1);
    let mic = fair.mic(1, 30);
    let speaker = fair.publish(1, true, vec![mic]);
    let viewers: Vec<usize> = (0..150).map(|_| fair.watch()).collect();
    fair.run_ms(1_000);
    let (leave, stay) = viewers.split_at(10);
    fair.leaving = leave.iter().map(|viewer| fair.viewers[*viewer].peer).collect();
    fair.run_ms(1_000);
    assert!(fair.leaving.is_empty(), "no fan-out had two chunks");
    for viewer in stay {
        let stamps = fair.viewers[*viewer].stamps(VOICE);
        all_of(fair.publishers[speaker].stamps(800_000, 1_900_000), &stamps);
    }
}
