// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One room over several media threads: the home of its publishers and threads that follow.

use fiera_sfu::api::{CloseReason, Command, Event, ParticipantKey, Side, SourceKind};
use fiera_sfu::engine::Relay;

use super::check::{all_of, once_each, unbroken};
use crate::fair::{CAMERA, Fair, ROOM, SCREEN, VOICE, seeds};
use crate::peer::payload::Stamp;

/// A run on three threads, whose first room is at home on the second of them.
fn three(seed: u64) -> Fair {
    let mut fair = Fair::on_threads(seed, 3);
    fair.set_home(ROOM, Some(1));
    fair
}

fn camera(stamp: &Stamp) -> bool {
    stamp.kind == 1
}

#[test]
fn every_thread_delivers_every_packet_once_and_in_order() {
    for seed in seeds() {
        let mut fair = three(seed);
        let speaker = fair.speaker(1, true);
        let viewers: Vec<usize> = (0..6).map(|_| fair.watch()).collect();
        fair.run_ms(4_000);
        for (viewer, slot) in viewers.iter().flat_map(|viewer| [(viewer, VOICE), (viewer, CAMERA)]) {
            let watching = &fair.viewers[*viewer];
            unbroken(&watching.slot(slot));
            let stamps = watching.stamps(slot);
            once_each(&stamps);
            let of_slot = |s: &Stamp| camera(s) == (slot == CAMERA);
            all_of(
                fair.publishers[speaker].stamps(1_000_000, 3_900_000).filter(of_slot),
                &stamps,
            );
        }
        let served: Vec<u64> = fair
            .threads
            .iter()
            .map(|sfu| sfu.counters().forwarded_packets)
            .collect();
        assert!(
            served.iter().all(|packets| *packets > 500),
            "all threads serve: {served:?}"
        );
        let relayed: Vec<bool> = fair
            .threads
            .iter()
            .map(|sfu| sfu.counters().relayed_packets > 0)
            .collect();
        assert_eq!(relayed, [true, false, true], "home needs nobody's packets");
    }
}

/// How many cameras a viewer is said to see.
fn cameras(fair: &Fair, viewer: usize) -> usize {
    let shows = |slot: &u8| fair.slot_changes(viewer, *slot).last().is_some_and(|c| c.1.is_some());
    (CAMERA..SCREEN).filter(shows).count()
}

#[test]
fn the_audience_sees_fewer_cameras_while_one_thread_has_many_viewers_and_backstage_sees_all() {
    for seed in seeds() {
        let mut fair = three(seed);
        (1..=3).for_each(|who| {
            fair.speaker(who, true);
        });
        let viewers: Vec<usize> = (0..6).map(|_| fair.watch()).collect();
        let panel = fair.watch_as(Some(1), Side::Backstage);
        fair.run_ms(3_000);
        assert!(viewers.iter().all(|viewer| cameras(&fair, *viewer) == 3));
        fair.tell(2, 1, Relay::Viewers(ROOM, 1_000));
        fair.run_ms(2_000);
        assert!(viewers.iter().all(|viewer| cameras(&fair, *viewer) == 1));
        assert_eq!(cameras(&fair, panel), 2, "the others on the panel");
        // One more on each thread, which says how many it really has.
        (0..3).for_each(|_| {
            fair.watch();
        });
        fair.run_ms(3_000);
        assert!(viewers.iter().all(|viewer| cameras(&fair, *viewer) == 3));
    }
}

#[test]
fn a_thread_that_begins_to_watch_replays_the_current_group_of_pictures() {
    for seed in seeds() {
        let mut fair = three(seed);
        let speaker = fair.speaker(1, true);
        fair.publishers[speaker].track(SourceKind::Camera).gop = 25;
        fair.run_ms(3_300);
        let before = fair.publishers[speaker].asked.plis;
        let came_us = fair.now_us;
        let viewers: Vec<usize> = (0..3).map(|_| fair.watch()).collect();
        fair.run_ms(2_000);
        assert_eq!(fair.publishers[speaker].asked.plis, before, "nobody else pays for it");
        for viewer in viewers {
            let stamps = fair.viewers[viewer].stamps(CAMERA);
            let first = *stamps.first().expect("a picture");
            let made = fair.publishers[speaker].produced.iter().find(|p| p.stamp == first);
            assert!(made.expect("made").at_us < came_us, "from before it came");
            unbroken(&fair.viewers[viewer].slot(CAMERA));
            let expected = |s: &Stamp| camera(s) && s.frame >= first.frame;
            all_of(
                fair.publishers[speaker]
                    .stamps(0, fair.now_us - 100_000)
                    .filter(expected),
                &stamps,
            );
        }
    }
}

#[test]
fn a_clogged_thread_hurts_its_own_viewers_alone_and_they_recover() {
    for seed in seeds() {
        let mut fair = three(seed);
        let speaker = fair.speaker(1, true);
        fair.publishers[speaker].track(SourceKind::Camera).gop = 100_000;
        let viewers: Vec<usize> = (0..3).map(|_| fair.watch()).collect();
        fair.run_ms(2_000);
        let place = |fair: &Fair, viewer: usize| fair.viewers[viewer].peer.0 as usize % 3;
        fair.clogged = Some(2);
        fair.run_ms(500);
        fair.clogged = None;
        assert!(fair.relays_dropped > 50, "counted: {}", fair.relays_dropped);
        // What was lost cannot be had again here, so viewers ask for a new beginning, as browsers do.
        let hurt: Vec<usize> = viewers.iter().copied().filter(|v| place(&fair, *v) == 2).collect();
        for viewer in hurt {
            fair.viewers[viewer].ask_for_keyframe(CAMERA);
        }
        fair.run_ms(2_000);
        for viewer in viewers {
            let stamps = fair.viewers[viewer].stamps(CAMERA);
            once_each(&stamps);
            let last = fair.viewers[viewer].slot(CAMERA).last().expect("a picture").at_us;
            assert!(last > fair.now_us - 60_000, "the picture goes on");
            if place(&fair, viewer) != 2 {
                unbroken(&fair.viewers[viewer].slot(CAMERA));
                all_of(
                    fair.publishers[speaker].stamps(1_000_000, 4_400_000).filter(camera),
                    &stamps,
                );
            }
        }
    }
}

#[test]
fn a_room_that_ends_on_one_thread_begins_anew_on_another() {
    for seed in seeds() {
        let mut fair = three(seed);
        let first = fair.speaker(1, true);
        let viewers: Vec<usize> = (0..3).map(|_| fair.watch()).collect();
        fair.run_ms(2_000);
        let peer = fair.publishers[first].peer;
        fair.command(Command::RemovePeer { peer });
        fair.run_ms(100);
        let reason = CloseReason::Asked;
        assert!(
            fair.events
                .iter()
                .any(|(_, event)| *event == Event::Closed { peer, reason })
        );
        for viewer in &viewers {
            assert_eq!(fair.slot_changes(*viewer, CAMERA).last().expect("told").1, None, "dark");
        }
        fair.set_home(ROOM, None);
        fair.set_home(ROOM, Some(2));
        let from_us = fair.now_us;
        let second = fair.speaker(2, true);
        fair.run_ms(3_000);
        for viewer in viewers {
            let shown = fair.slot_changes(viewer, CAMERA).last().copied().expect("told");
            assert_eq!(shown.1, Some((2, SourceKind::Camera)));
            let stamps = fair.viewers[viewer].stamps(CAMERA);
            once_each(&stamps);
            let of_second: Vec<Stamp> = stamps.into_iter().filter(|s| s.who == 2).collect();
            all_of(
                fair.publishers[second]
                    .stamps(from_us + 1_000_000, fair.now_us - 100_000)
                    .filter(camera),
                &of_second,
            );
        }
    }
}

#[test]
fn what_is_muted_or_off_air_at_home_is_so_everywhere_at_once() {
    for seed in seeds() {
        let mut fair = three(seed);
        fair.speaker(1, true);
        let viewers: Vec<usize> = (0..3).map(|_| fair.watch()).collect();
        let backstage: Vec<usize> = (0..3).map(|_| fair.watch_as(None, Side::Backstage)).collect();
        fair.run_ms(2_000);
        fair.set_on_air(1, false);
        fair.run_ms(100);
        let off_us = fair.now_us;
        fair.run_ms(1_000);
        let after = |fair: &Fair, viewer: usize, slot: u8, from_us: u64| {
            fair.viewers[viewer]
                .slot(slot)
                .iter()
                .filter(|r| r.at_us > from_us)
                .count()
        };
        for (off, on) in viewers.iter().zip(&backstage) {
            assert_eq!(after(&fair, *off, CAMERA, off_us), 0);
            assert!(after(&fair, *on, CAMERA, off_us) > 20);
        }
        fair.command(Command::SetLive {
            participant: ParticipantKey(1),
            source: SourceKind::Camera,
            live: false,
        });
        fair.run_ms(100);
        let muted_us = fair.now_us;
        fair.run_ms(1_000);
        for viewer in backstage {
            assert_eq!(after(&fair, viewer, CAMERA, muted_us), 0);
            assert!(after(&fair, viewer, VOICE, muted_us) > 20);
        }
    }
}
