// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Layers that nobody watches: their publisher is told, stops them, and resumes them as soon as somebody wants one.

use fiera_sfu::allocate::{LayerMask, PAUSE_AFTER};
use fiera_sfu::api::{Event, SourceKind};

use super::measure::{layered_speaker, layers};
use crate::fair::{CAMERA, Fair, seeds};

/// When a publisher was told which layers are wanted.
fn told(fair: &Fair, publisher: usize) -> Vec<(u64, LayerMask)> {
    let of = fair.publishers[publisher].peer;
    let told = fair.events.iter().filter_map(|(at, event)| match *event {
        Event::LayersWanted {
            peer,
            source: SourceKind::Camera,
            layers,
            ..
        } if peer == of => Some((*at, layers)),
        _ => None,
    });
    told.collect()
}

/// Runs while the publisher does as it is told, 50 ms later.
fn run_obedient(fair: &mut Fair, publisher: usize, ms: u64) {
    for _ in 0..ms / 50 {
        fair.run_ms(50);
        let Some((_, wanted)) = told(fair, publisher).last().copied() else {
            continue;
        };
        let camera = fair.publishers[publisher].track(SourceKind::Camera);
        for (number, layer) in (0_u8..).zip(&mut camera.layers) {
            // An encoder that resumes a layer begins it with a keyframe.
            layer.key_wanted |= wanted.has(number) && !layer.on;
            layer.on = wanted.has(number);
        }
    }
}

#[test]
fn layers_that_nobody_watches_stop_and_come_back_when_one_viewer_wants_more() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = layered_speaker(&mut fair, 1, true);
        // On all threads, those that follow too.
        let viewers: Vec<usize> = (0..3).map(|_| fair.watch()).collect();
        run_obedient(&mut fair, speaker, 5_000);
        assert_eq!(told(&fair, speaker), [], "all are sent at the beginning");
        run_obedient(&mut fair, speaker, 3_000);
        let masks: Vec<LayerMask> = told(&fair, speaker).iter().map(|(_, wanted)| *wanted).collect();
        assert_eq!(masks, [LayerMask(0b101)], "nobody ever watched the one between");
        viewers.iter().for_each(|viewer| fair.want(*viewer, CAMERA, Some(180)));
        let small_us = fair.now_us;
        run_obedient(&mut fair, speaker, 8_000);
        let [_, (at_us, wanted)] = told(&fair, speaker)[..] else {
            panic!("told once more: {:?}", told(&fair, speaker));
        };
        assert_eq!(wanted, LayerMask(0b001), "the lowest never stops");
        let after_us = at_us - small_us;
        let pause_us = PAUSE_AFTER.as_micros() as u64;
        assert!(
            (pause_us..pause_us + 1_500_000).contains(&after_us),
            "stopped after {after_us} us"
        );
        for viewer in &viewers {
            assert_eq!(layers(&fair, *viewer, CAMERA, at_us, fair.now_us), [0]);
        }
        for (place, viewer) in viewers.iter().enumerate() {
            let known = told(&fair, speaker).len();
            fair.want(*viewer, CAMERA, Some(720));
            let large_us = fair.now_us;
            run_obedient(&mut fair, speaker, 4_000);
            let news = told(&fair, speaker);
            assert_eq!(news.len(), known + 1, "viewer {place}: {news:?}");
            let (at_us, wanted) = news[known];
            assert!(wanted.has(0) && wanted.has(2), "viewer {place}: {wanted:?}");
            assert!(
                at_us - large_us <= 600_000,
                "viewer {place}: after {} us",
                at_us - large_us
            );
            let seen = layers(&fair, *viewer, CAMERA, large_us, fair.now_us);
            assert_eq!(seen.last(), Some(&2), "viewer {place}: {seen:?}");
            fair.want(*viewer, CAMERA, Some(180));
            run_obedient(&mut fair, speaker, 8_000);
            assert_eq!(
                told(&fair, speaker).last().map(|(_, wanted)| *wanted),
                Some(LayerMask(0b001))
            );
        }
    }
}

#[test]
fn a_source_that_nobody_wants_at_all_keeps_its_lowest_layer() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = layered_speaker(&mut fair, 1, true);
        let viewer = fair.watch();
        fair.run_ms(1_000);
        fair.want(viewer, CAMERA, None);
        run_obedient(&mut fair, speaker, 9_000);
        assert_eq!(
            told(&fair, speaker).last().map(|(_, wanted)| *wanted),
            Some(LayerMask(0b001))
        );
        let back_us = fair.now_us;
        fair.want(viewer, CAMERA, Some(180));
        run_obedient(&mut fair, speaker, 1_000);
        let received = fair.viewers[viewer].slot(CAMERA);
        let first = received.iter().find(|r| r.at_us > back_us).expect("a picture").at_us;
        assert!(first - back_us < 400_000, "a picture after {} us", first - back_us);
    }
}
