// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What is asked for again, and what comes.

use fiera_sfu::api::SourceKind;
use fiera_sfu::sdp::Codec;

use super::check::{all_of, counters_go_on, once_each, unbroken};
use crate::fair::{CAMERA, Fair, VOICE, seeds};
use crate::peer::payload::Stamp;
use crate::peer::track::Track;

#[test]
fn what_only_a_retransmission_brought_takes_its_place() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        fair.publishers[speaker].loses = |stamp| stamp.kind == 1 && stamp.part == 1;
        let viewer = fair.watch();
        fair.run_ms(4_000);
        let stamps = fair.viewers[viewer].stamps(CAMERA);
        once_each(&stamps);
        let video = |s: &Stamp| s.kind == 1;
        all_of(
            fair.publishers[speaker].stamps(1_000_000, 3_800_000).filter(video),
            &stamps,
        );
        let received = fair.viewers[viewer].slot(CAMERA);
        let until = received.partition_point(|r| r.stamp.is_none_or(|s| s.frame + 5 < stamps[stamps.len() - 1].frame));
        unbroken(&received[..until]);
        assert!(fair.publishers[speaker].asked.nacked > 80);
    }
}

#[test]
fn a_retransmission_is_the_packet_that_was_asked_for_across_switches() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let camera = Track::simulcast(1, SourceKind::Camera, fair.random.fork());
        fair.publish(1, true, vec![camera]);
        let viewer = fair.watch();
        for height in [720, 180, 360, 100, 720] {
            fair.want(viewer, CAMERA, Some(height));
            fair.run_ms(700);
        }
        let received = fair.viewers[viewer].slot(CAMERA);
        let recent = &received[received.len() - 200..];
        // No faster than a path is filled by repairs.
        for asked in recent.chunks(50) {
            fair.viewers[viewer].ask_again(CAMERA, asked.iter().map(|r| r.index as u16));
            fair.run_ms(200);
        }
        let again = &fair.viewers[viewer].again;
        assert_eq!(again.len(), 200);
        for (slot, index, stamp) in again {
            let first = recent.iter().find(|r| r.index == *index).expect("asked for");
            assert_eq!((*slot, *stamp), (CAMERA, first.stamp));
        }
    }
}

#[test]
fn sound_without_retransmission_goes_on_after_a_loss() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        let viewer = fair.watch();
        fair.run_ms(1_000);
        fair.publishers[speaker].loses = |stamp| stamp.kind == 0 && stamp.frame % 10 == 0;
        fair.run_ms(3_000);
        let sound = fair.viewers[viewer].slot(VOICE);
        assert!(sound.len() > 160);
        sound.windows(2).for_each(|pair| counters_go_on(&pair[0], &pair[1]));
        // The hole stays a hole: the receiver conceals it.
        let holes = sound
            .windows(2)
            .filter(|pair| pair[1].index == pair[0].index + 2)
            .count();
        assert!((13..=16).contains(&holes), "{holes} holes");
    }
}

#[test]
fn parameter_sets_are_repeated_before_the_first_keyframe_of_a_newcomer_and_of_a_switch() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        for who in 1..=2 {
            let mut camera = Track::video(who, SourceKind::Camera, Codec::H264, fair.random.fork());
            camera.sets_once = true;
            fair.publish(who, who == 1, vec![camera]);
        }
        fair.run_ms(1_500);
        let viewer = fair.watch();
        fair.run_ms(2_000);
        fair.set_on_air(1, false);
        fair.set_on_air(2, true);
        fair.run_ms(2_000);
        let received = fair.viewers[viewer].slot(CAMERA);
        unbroken(&received);
        assert!(received[0].stamp.is_none(), "parameter sets first");
        assert_eq!(received.iter().filter(|r| r.stamp.is_none()).count(), 2);
        for pair in received.windows(2).filter(|pair| pair[0].stamp.is_none()) {
            assert!(pair[1].stamp.is_some_and(|s| s.key && s.part == 0));
            assert_eq!(pair[0].timestamp, pair[1].timestamp, "one access unit");
        }
    }
}
