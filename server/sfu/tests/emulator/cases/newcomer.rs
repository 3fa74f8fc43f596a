// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who comes late: the last keyframe and all after it at once, else one keyframe request for all.

use fiera_sfu::api::SourceKind;

use super::check::{all_of, once_each, unbroken};
use crate::fair::{CAMERA, Fair, seeds};
use crate::peer::payload::Stamp;

/// When a viewer was connected, and when its first picture was complete.
fn first_picture_us(fair: &Fair, viewer: usize) -> (u64, Option<u64>) {
    let watching = &fair.viewers[viewer];
    let connected = watching.endpoint.connected_at.expect("connected");
    let connected_us = fair.now_us - (fair.now() - connected).as_micros() as u64;
    let received = watching.slot(CAMERA);
    let Some(first) = received.first().and_then(|r| r.stamp) else {
        return (connected_us, None);
    };
    assert!(first.key && first.part == 0, "begins with {first:?}");
    let of_first = received
        .iter()
        .filter(|r| r.stamp.is_some_and(|s| s.frame == first.frame));
    assert_eq!(of_first.clone().count(), usize::from(first.parts));
    (connected_us, of_first.map(|r| r.at_us).max())
}

/// All from the first keyframe that a viewer got to the end of a time.
fn sees_all_since_its_keyframe(fair: &Fair, speaker: usize, viewer: usize) {
    let stamps = fair.viewers[viewer].stamps(CAMERA);
    once_each(&stamps);
    unbroken(&fair.viewers[viewer].slot(CAMERA));
    let first = stamps.first().expect("a picture").frame;
    let expected = |s: &Stamp| s.kind == 1 && s.frame >= first;
    all_of(
        fair.publishers[speaker]
            .stamps(0, fair.now_us - 100_000)
            .filter(expected),
        &stamps,
    );
}

#[test]
fn the_last_keyframe_and_all_later_frames_are_replayed_at_once() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        fair.publishers[speaker].track(SourceKind::Camera).gop = 25;
        fair.run_ms(2_000 + seed % 700);
        let before = fair.publishers[speaker].asked.plis;
        let viewer = fair.watch();
        fair.run_ms(3_000);
        let (connected_us, first_us) = first_picture_us(&fair, viewer);
        assert!(
            first_us.expect("a picture") < connected_us + 100_000,
            "a picture at once"
        );
        let first = fair.viewers[viewer].stamps(CAMERA)[0];
        let made_us = fair.publishers[speaker]
            .produced
            .iter()
            .find(|p| p.stamp == first)
            .expect("made")
            .at_us;
        assert!(made_us < connected_us, "from before it came");
        sees_all_since_its_keyframe(&fair, speaker, viewer);
        assert_eq!(fair.publishers[speaker].asked.plis, before, "nobody else pays for it");
    }
}

#[test]
fn without_a_young_keyframe_all_who_come_share_few_requests() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        fair.run_ms(3_000);
        let before = fair.publishers[speaker].asked.plis;
        let viewers: Vec<usize> = (0..10).map(|_| fair.watch()).collect();
        fair.run_ms(2_000);
        for viewer in viewers {
            let (connected_us, first_us) = first_picture_us(&fair, viewer);
            assert!(
                first_us.expect("a picture") < connected_us + 200_000,
                "a picture within 200 ms"
            );
            sees_all_since_its_keyframe(&fair, speaker, viewer);
        }
        let asked = fair.publishers[speaker].asked.plis - before;
        assert!((1..=2).contains(&asked), "asked {asked} times for ten viewers");
    }
}

#[test]
fn a_publisher_that_ignores_requests_still_gives_newcomers_a_picture() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        let track = fair.publishers[speaker].track(SourceKind::Camera);
        (track.ignores_pli, track.gop) = (true, 150);
        fair.run_ms(3_500);
        let viewer = fair.watch();
        fair.run_ms(3_000);
        let (connected_us, first_us) = first_picture_us(&fair, viewer);
        assert!(first_us.expect("a picture") < connected_us + 1_000_000);
        sees_all_since_its_keyframe(&fair, speaker, viewer);
    }
}

#[test]
fn a_long_group_of_pictures_of_such_a_publisher_is_kept_whole() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        let track = fair.publishers[speaker].track(SourceKind::Camera);
        (track.ignores_pli, track.gop) = (true, 900);
        fair.run_ms(500);
        // The first to come learn that it ignores requests.
        let early = fair.watch();
        fair.run_ms(200);
        for _ in 0..20 {
            fair.viewers[early].ask_for_keyframe(CAMERA);
            fair.run_ms(400);
        }
        fair.run_ms(12_000);
        let late = fair.watch();
        fair.run_ms(5_000);
        let (connected_us, first_us) = first_picture_us(&fair, late);
        assert!(first_us.expect("a picture") < connected_us + 1_000_000);
        sees_all_since_its_keyframe(&fair, speaker, late);
    }
}
