// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Layers told apart by rid alone: which one a viewer gets, and what a switch looks like.

use fiera_sfu::api::SourceKind;
use fiera_sfu::sdp::Codec;

use super::check::{all_of, counters_go_on, once_each, switches, unbroken};
use crate::fair::{CAMERA, Fair, seeds};
use crate::net::link::LinkSpec;
use crate::peer::payload::Stamp;
use crate::peer::track::Track;

fn with_simulcast(seed: u64) -> (Fair, usize) {
    let mut fair = Fair::new(seed);
    let track = Track::simulcast(1, SourceKind::Camera, fair.random.fork());
    let speaker = fair.publish(1, true, vec![track]);
    (fair, speaker)
}

/// Layers that a viewer saw within a time.
fn layers(fair: &Fair, viewer: usize, from_us: u64, until_us: u64) -> Vec<u8> {
    let received = fair.viewers[viewer].slot(CAMERA);
    let within = received.iter().filter(|r| (from_us..until_us).contains(&r.at_us));
    let mut layers: Vec<u8> = within.filter_map(|r| r.stamp).map(|s| s.layer).collect();
    layers.dedup();
    layers
}

#[test]
fn the_wanted_height_chooses_the_layer_and_switches_are_seamless() {
    for (seed, codec) in seeds()
        .into_iter()
        .flat_map(|seed| [(seed, Codec::Vp8), (seed, Codec::Vp9)])
    {
        let (mut fair, speaker) = with_simulcast(seed);
        fair.publishers[speaker].track(SourceKind::Camera).codec = codec;
        let viewer = fair.watch();
        let mut heights = vec![(None, 2)];
        heights.extend([
            (Some(180), 0),
            (Some(300), 1),
            (Some(720), 2),
            (Some(100), 0),
            (Some(4_000), 2),
        ]);
        for (height, layer) in heights {
            if height.is_some() {
                fair.want(viewer, CAMERA, height);
            }
            fair.run_ms(2_000);
            let now_us = fair.now_us;
            assert_eq!(
                layers(&fair, viewer, now_us - 1_000_000, now_us),
                [layer],
                "wanted {height:?}"
            );
        }
        let received = fair.viewers[viewer].slot(CAMERA);
        unbroken(&received);
        let switches = switches(&received);
        assert_eq!(switches.len(), 5);
        for (before, after) in switches {
            let first = after.stamp.expect("media");
            assert!(first.key && first.part == 0, "a switch at {first:?}");
            let last = before.stamp.expect("media");
            assert_eq!(last.part + 1, last.parts, "a frame was cut at {last:?}");
        }
        assert_eq!(
            fair.slot_changes(viewer, CAMERA).len(),
            1,
            "the same picture, so nothing to tell"
        );
    }
}

#[test]
fn nothing_is_sent_for_a_slot_that_is_not_wanted() {
    for seed in seeds() {
        let (mut fair, _) = with_simulcast(seed);
        let viewer = fair.watch();
        fair.run_ms(2_000);
        fair.want(viewer, CAMERA, None);
        fair.run_ms(100);
        let seen = fair.viewers[viewer].received.len();
        fair.run_ms(2_000);
        assert_eq!(fair.viewers[viewer].received.len(), seen);
        fair.want(viewer, CAMERA, Some(720));
        fair.run_ms(1_000);
        assert!(fair.viewers[viewer].received.len() > seen + 100);
        unbroken(&fair.viewers[viewer].slot(CAMERA));
        let shown: Vec<bool> = fair
            .slot_changes(viewer, CAMERA)
            .iter()
            .map(|change| change.1.is_some())
            .collect();
        assert_eq!(shown, [true, false, true]);
    }
}

#[test]
fn loss_on_the_way_in_is_repaired_in_every_layer_by_repaired_rid() {
    for seed in seeds() {
        let (mut fair, speaker) = with_simulcast(seed);
        fair.publisher_links(speaker, LinkSpec::ROUGH, LinkSpec::CLEAN);
        let viewers = [fair.watch(), fair.watch(), fair.watch()];
        for (viewer, height) in viewers.iter().zip([180, 360, 720]) {
            fair.want(*viewer, CAMERA, Some(height));
        }
        fair.run_ms(8_000);
        for (layer, viewer) in (0_u8..).zip(viewers) {
            let stamps = fair.viewers[viewer].stamps(CAMERA);
            once_each(&stamps);
            let expected = |s: &Stamp| s.layer == layer;
            all_of(
                fair.publishers[speaker].stamps(3_000_000, 7_000_000).filter(expected),
                &stamps,
            );
            fair.viewers[viewer]
                .slot(CAMERA)
                .windows(2)
                .for_each(|pair| counters_go_on(&pair[0], &pair[1]));
        }
    }
}

#[test]
fn sustained_loss_brings_the_lowest_layer_and_its_end_the_wanted_one_back() {
    for seed in seeds() {
        let (mut fair, _) = with_simulcast(seed);
        let (viewer, other) = (fair.watch(), fair.watch());
        // With transport-wide feedback an estimate decides instead.
        fair.viewers[viewer].transport_reports = false;
        fair.run_ms(5_000);
        assert_eq!(layers(&fair, viewer, 4_500_000, 5_000_000), [2]);
        fair.viewer_links(
            viewer,
            LinkSpec::CLEAN,
            LinkSpec {
                loss: 0.2,
                ..LinkSpec::CLEAN
            },
        );
        fair.run_ms(8_000);
        assert_eq!(layers(&fair, viewer, 12_000_000, 13_000_000), [0]);
        fair.viewer_links(viewer, LinkSpec::CLEAN, LinkSpec::CLEAN);
        fair.run_ms(14_000);
        assert_eq!(layers(&fair, viewer, 26_000_000, 27_000_000), [2]);
        assert_eq!(
            layers(&fair, other, 2_000_000, 27_000_000),
            [2],
            "nobody else is reduced"
        );
    }
}

#[test]
fn a_layer_that_the_publisher_stops_is_replaced_by_another() {
    for seed in seeds() {
        let (mut fair, speaker) = with_simulcast(seed);
        let viewer = fair.watch();
        fair.run_ms(2_000);
        fair.publishers[speaker].track(SourceKind::Camera).layers[2].on = false;
        fair.run_ms(4_000);
        assert_eq!(layers(&fair, viewer, 5_000_000, 6_000_000), [1]);
        fair.publishers[speaker].track(SourceKind::Camera).layers[2].on = true;
        // A step up waits until it has been affordable for a while.
        fair.run_ms(4_000);
        assert_eq!(layers(&fair, viewer, 9_000_000, 10_000_000), [2]);
        unbroken(&fair.viewers[viewer].slot(CAMERA));
    }
}
