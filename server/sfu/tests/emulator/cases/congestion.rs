// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A viewer whose way out is full: its picture waits for the next keyframe, its sound goes on, others notice nothing.

use fiera_sfu::api::SourceKind;
use fiera_sfu::counters::Drop as Dropped;

use super::check::{all_of, once_each, unbroken};
use super::measure::{bottleneck, longest_gap_us, one_seed, undisturbed};
use crate::fair::{CAMERA, Fair, VOICE, seeds};
use crate::net::link::LinkSpec;
use crate::peer::payload::Stamp;

#[test]
fn a_full_way_out_stops_the_picture_until_one_keyframe_and_nothing_else() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        fair.publishers[speaker].track(SourceKind::Camera).gop = 100_000;
        let far = LinkSpec {
            delay_us: 60_000,
            ..LinkSpec::CLEAN
        };
        fair.publisher_links(speaker, far, far);
        let (narrow, other) = (fair.watch(), fair.watch());
        fair.run_ms(3_000);
        let before = fair.publishers[speaker].asked.plis;
        let from_us = fair.now_us;
        // As a socket does: every send is refused for a while, which ends before the keyframe comes.
        for _ in 0..10 {
            fair.congest(narrow);
            fair.run_ms(1);
        }
        fair.run_ms(2_000);
        let (asked, produced) = (fair.publishers[speaker].asked, &fair.publishers[speaker].produced);
        assert_eq!(asked.plis, before + 1, "one request for all refusals");
        let key = |s: &Stamp| s.kind == 1 && s.key && s.part == 0;
        let key = produced
            .iter()
            .find(|p| p.at_us > from_us && key(&p.stamp))
            .expect("a keyframe")
            .stamp;

        let late = fair.viewers[narrow].stamps(CAMERA);
        let resumed = |s: &&Stamp| s.frame >= key.frame;
        let expected = |s: &Stamp| s.kind == 1 && s.frame >= key.frame;
        once_each(&late);
        all_of(
            fair.publishers[speaker]
                .stamps(0, fair.now_us - 100_000)
                .filter(expected),
            &late.iter().filter(resumed).copied().collect::<Vec<_>>(),
        );
        let gap = fair.publishers[speaker]
            .stamps(from_us, fair.now_us)
            .filter(|s| s.kind == 1 && s.frame < key.frame);
        let gap: Vec<_> = gap.collect();
        assert!(
            !gap.is_empty() && gap.iter().all(|s| !late.contains(s)),
            "nothing between"
        );
        unbroken(&fair.viewers[narrow].slot(CAMERA));
        unbroken(&fair.viewers[narrow].slot(VOICE));
        let sound = |s: &Stamp| s.kind == 0;
        for viewer in [narrow, other] {
            all_of(
                fair.publishers[speaker]
                    .stamps(1_000_000, from_us + 1_900_000)
                    .filter(sound),
                &fair.viewers[viewer].stamps(VOICE),
            );
        }
        all_of(
            fair.publishers[speaker]
                .stamps(1_000_000, from_us + 1_900_000)
                .filter(|s| s.kind == 1),
            &fair.viewers[other].stamps(CAMERA),
        );
        assert_eq!(fair.slot_changes(narrow, CAMERA).len(), 1, "the tile never changed");
    }
}

#[test]
fn a_viewer_who_is_always_full_makes_few_keyframes() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        fair.publishers[speaker].track(SourceKind::Camera).gop = 100_000;
        let narrow = fair.watch();
        fair.watch();
        fair.run_ms(3_000);
        let before = fair.publishers[speaker].asked.plis;
        for _ in 0..1_000 {
            fair.congest(narrow);
            fair.run_ms(10);
        }
        let asked = fair.publishers[speaker].asked.plis - before;
        assert!((3..=5).contains(&asked), "{asked} requests in ten seconds");
    }
}

#[test]
fn many_whose_paths_are_too_slow_make_no_more_keyframes_than_one() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        fair.publishers[speaker].track(SourceKind::Camera).gop = 100_000;
        let other = fair.watch();
        let narrow: Vec<usize> = (0..10).map(|_| fair.watch()).collect();
        for (place, viewer) in narrow.iter().enumerate() {
            let path = bottleneck(300_000 + place as u64 * 15_000, 300);
            fair.viewer_links(*viewer, LinkSpec::CLEAN, path);
        }
        fair.run_ms(5_000);
        let from_us = fair.now_us;
        fair.run_ms(15_000);
        let keyframes = |s: &Stamp| s.kind == 1 && s.key && s.part == 0;
        let made = fair.publishers[speaker].stamps(from_us, fair.now_us).filter(keyframes);
        let made = made.count();
        assert!((1..=6).contains(&made), "{made} keyframes in 15 s");
        for viewer in narrow {
            let gap = longest_gap_us(&fair, viewer, CAMERA, from_us, fair.now_us);
            assert!(gap <= 5_000_000, "no picture for {gap} us");
        }
        undisturbed(&fair, speaker, other, 2_000_000);
    }
}

#[test]
fn a_thread_with_too_much_to_send_leaves_pictures_out_and_no_sound() {
    let mut fair = Fair::on_threads(one_seed(0), 1);
    let speaker = fair.speaker(1, true);
    // More than one chunk of them.
    let viewers: Vec<usize> = (0..100).map(|_| fair.watch()).collect();
    fair.run_ms(1_500);
    assert_eq!(fair.dropped(Dropped::Overload), 0);
    fair.chunk_every_us = Some(100_000);
    fair.run_ms(2_500);
    let left_out = fair.dropped(Dropped::Overload);
    assert!(left_out > 30, "{left_out} packets were left out");
    fair.chunk_every_us = None;
    fair.run_ms(1_500);
    assert_eq!(fair.dropped(Dropped::ArenaFull), 0);
    let sound = |s: &Stamp| s.kind == 0;
    for viewer in viewers {
        unbroken(&fair.viewers[viewer].slot(VOICE));
        all_of(
            fair.publishers[speaker].stamps(1_200_000, 5_400_000).filter(sound),
            &fair.viewers[viewer].stamps(VOICE),
        );
        once_each(&fair.viewers[viewer].stamps(CAMERA));
        let newest = fair.viewers[viewer].slot(CAMERA).last().expect("a picture").at_us;
        assert!(newest + 200_000 > fair.now_us, "pictures go on");
    }
}
