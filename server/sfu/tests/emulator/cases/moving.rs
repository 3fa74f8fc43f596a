// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A publisher that goes from room to room with one connection: heard and seen where it is, and nowhere else.

use fiera_sfu::api::{Command, Event, RoomKey, SourceKind};
use fiera_sfu::counters::Drop;

use super::check::{all_of, once_each};
use crate::fair::{CAMERA, Fair, ROOM, VOICE, seeds};
use crate::peer::payload::Stamp;

const ELSEWHERE: RoomKey = RoomKey(2);
/// How long after a move a camera may take to be seen: a keyframe is asked for, and comes over clean links.
const SEEN_US: u64 = 500_000;
/// How long what left the server before a move may still be under way.
const UNDER_WAY_US: u64 = 100_000;

fn stamps(fair: &Fair, viewer: usize, slot: u8, from_us: u64, until_us: u64) -> Vec<Stamp> {
    let received = fair.viewers[viewer].received.iter();
    let of = received.filter(|r| r.slot == slot && (from_us..until_us).contains(&r.at_us));
    of.filter_map(|r| r.stamp).collect()
}

fn is_camera(stamp: &Stamp) -> bool {
    stamp.kind == 1
}

#[test]
fn who_moves_is_seen_in_the_next_room_and_no_more_in_the_one_before() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        let (stays, waits, follows) = (fair.watch(), fair.watch(), fair.watch());
        fair.seat_viewer(waits, ELSEWHERE);
        fair.run_ms(2_000);
        assert!(fair.viewers[waits].stamps(CAMERA).is_empty(), "seen where they are not");

        // There and back again, several times: the rooms are at home on different threads.
        for turn in 0..4 {
            let moved_us = fair.now_us;
            let (left, entered) = if turn % 2 == 0 { (stays, waits) } else { (waits, stays) };
            let room = if turn % 2 == 0 { ELSEWHERE } else { ROOM };
            fair.move_publisher(speaker, room);
            fair.seat_viewer(follows, room);
            fair.run_ms(2_000);
            for slot in [VOICE, CAMERA] {
                let still = stamps(&fair, left, slot, moved_us + UNDER_WAY_US, fair.now_us);
                assert!(
                    still.is_empty(),
                    "seed {seed}, turn {turn}: {} packets too many",
                    still.len()
                );
                for viewer in [entered, follows] {
                    let got = stamps(&fair, viewer, slot, moved_us, fair.now_us);
                    once_each(&fair.viewers[viewer].stamps(slot));
                    let made = fair.publishers[speaker].stamps(moved_us + SEEN_US, fair.now_us - UNDER_WAY_US);
                    all_of(made.filter(|stamp| is_camera(stamp) == (slot == CAMERA)), &got);
                }
            }
        }
        let of_speaker = |event: &&Event| match event {
            Event::Connected { peer } | Event::Closed { peer, .. } => *peer == fair.publishers[speaker].peer,
            _ => false,
        };
        assert_eq!(
            fair.events.iter().map(|(_, event)| event).filter(of_speaker).count(),
            1,
            "connected once"
        );
        assert_eq!(fair.counters().publishers, 1);
    }
}

#[test]
fn nothing_from_before_a_move_and_nothing_that_is_muted_is_seen_after_it() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        let here = fair.watch();
        let there = fair.watch();
        fair.seat_viewer(there, ELSEWHERE);
        fair.run_ms(2_000);
        // As the control plane does it: what closes first, then the move, then what opens.
        fair.set_live(1, SourceKind::Mic, false);
        fair.set_live(1, SourceKind::Camera, false);
        fair.move_publisher(speaker, ELSEWHERE);
        fair.run_ms(1_000);
        assert!(fair.viewers[there].received.is_empty(), "all is off");
        let on_us = fair.now_us;
        fair.set_live(1, SourceKind::Camera, true);
        fair.run_ms(2_000);
        let seen = fair.viewers[there].stamps(CAMERA);
        assert!(!seen.is_empty(), "seed {seed}");
        let early: Vec<Stamp> = fair.publishers[speaker].stamps(0, on_us - UNDER_WAY_US).collect();
        assert!(
            !seen.iter().any(|stamp| early.contains(stamp)),
            "what was shown elsewhere"
        );
        assert!(fair.viewers[there].stamps(VOICE).is_empty(), "what is muted");
        assert!(stamps(&fair, here, CAMERA, on_us, fair.now_us).is_empty());
    }
}

#[test]
fn a_move_of_somebody_who_is_not_here_is_counted_and_changes_nothing() {
    let mut fair = Fair::new(1);
    let speaker = fair.speaker(1, true);
    let viewer = fair.watch();
    fair.run_ms(1_000);
    let peer = fair.viewers[viewer].peer;
    let stale = |fair: &Fair| fair.counters().drops[Drop::StaleCommand as usize];
    fair.command(Command::MovePublisher { peer, room: ELSEWHERE });
    let from_us = fair.now_us;
    fair.run_ms(1_000);
    assert_eq!(stale(&fair), 1, "a viewer publishes nothing");
    let made = fair.publishers[speaker]
        .stamps(from_us, fair.now_us - UNDER_WAY_US)
        .filter(is_camera);
    all_of(made, &fair.viewers[viewer].stamps(CAMERA));
}
