// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Addresses that change, checks that are replayed, peers that are gone.

use std::net::SocketAddr;

use fiera_sfu::api::{CloseReason, Event};
use fiera_sfu::rtcp::write_rr;

use super::check::unbroken;
use crate::fair::{CAMERA, Fair, VOICE, seeds};
use crate::net::wire_log::Kind;

fn elsewhere() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], 50_000))
}

#[test]
fn media_goes_to_a_changed_address_only_after_it_proved_itself() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        let (viewer, other) = (fair.watch(), fair.watch());
        fair.run_ms(3_000);
        let moved_us = fair.now_us;
        fair.move_viewer(viewer, elsewhere());
        fair.run_ms(2_000);
        // 10 ms until the server knows, 20 ms for its own check.
        let (asked_us, proved_us) = (moved_us + 10_000, moved_us + 30_000);
        assert_eq!(
            fair.wire.count(elsewhere(), Kind::Rtp, 0, proved_us),
            0,
            "media before the proof"
        );
        assert!(
            fair.wire.count(elsewhere(), Kind::Stun, asked_us, proved_us) >= 2,
            "an answer and a check"
        );
        assert!(
            fair.wire.count(elsewhere(), Kind::Rtp, proved_us, proved_us + 200_000) > 15,
            "media after it"
        );
        let old = fair.astray.iter().filter(|(at, _, _)| *at > proved_us + 1_000).count();
        assert_eq!(old, 0, "nothing goes to the old address any more");
        unbroken(&fair.viewers[other].slot(CAMERA));
    }
}

#[test]
fn a_check_replayed_from_elsewhere_gets_no_media() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        let viewer = fair.watch();
        fair.run_ms(3_000);
        let recorded = fair.viewers[viewer].endpoint.last_check.clone();
        for _ in 0..20 {
            fair.inject(elsewhere(), recorded.clone());
            fair.run_ms(200);
        }
        for kind in [Kind::Rtp, Kind::Rtcp, Kind::Dtls] {
            assert_eq!(
                fair.wire.count(elsewhere(), kind, 0, u64::MAX),
                0,
                "{kind:?} to a stranger"
            );
        }
    }
}

#[test]
fn a_participant_under_a_stranger_s_address_turns_no_media_on_it() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        let viewer = fair.watch();
        fair.run_ms(3_000);
        let home = fair.viewers[viewer].endpoint.address;
        // Keys and passwords are its own; only what is sent to the stranger it never sees.
        for _ in 0..20 {
            let endpoint = &mut fair.viewers[viewer].endpoint;
            let check = endpoint.check();
            let mut report = Vec::new();
            write_rr(&mut report, 1, &[]);
            let report = endpoint.sealed_rtcp(&report);
            fair.inject(elsewhere(), check);
            fair.inject(elsewhere(), report);
            fair.run_ms(100);
        }
        for kind in [Kind::Rtp, Kind::Rtcp, Kind::Dtls] {
            let sent = fair.wire.count(elsewhere(), kind, 0, u64::MAX);
            assert_eq!(sent, 0, "{kind:?} to a stranger");
        }
        let late_us = fair.now_us - 500_000;
        assert!(
            fair.wire.count(home, Kind::Rtp, late_us, u64::MAX) > 50,
            "media goes on"
        );
    }
}

#[test]
fn who_sends_no_check_for_thirty_seconds_is_gone() {
    for seed in seeds().into_iter().take(1) {
        let mut fair = Fair::new(seed);
        let silent_speaker = fair.speaker(1, true);
        fair.speaker(2, true);
        let (silent, alive) = (fair.watch(), fair.watch());
        fair.run_ms(2_000);
        fair.viewers[silent].endpoint.alive = false;
        let address = fair.viewers[silent].endpoint.address;
        fair.run_ms(20_000);
        fair.publishers[silent_speaker].endpoint.alive = false;
        fair.run_ms(40_000);
        let closed = |peer| {
            let of_peer = fair.events.iter().filter_map(move |(at, event)| match *event {
                Event::Closed { peer: closed, reason } if closed == peer => Some((*at, reason)),
                _ => None,
            });
            of_peer.collect::<Vec<_>>()
        };
        let [(at_us, CloseReason::ConsentExpired)] = closed(fair.viewers[silent].peer)[..] else {
            panic!("the silent viewer was not closed once");
        };
        // The last check was at most 5 s before it fell silent; viewers are visited once a second.
        assert!((27_000_000..34_000_000).contains(&at_us), "closed at {at_us}");
        assert_eq!(fair.wire.count(address, Kind::Rtp, at_us + 1_000, u64::MAX), 0);
        let [(at_us, CloseReason::ConsentExpired)] = closed(fair.publishers[silent_speaker].peer)[..] else {
            panic!("the silent publisher was not closed once");
        };
        assert!((47_000_000..54_000_000).contains(&at_us), "closed at {at_us}");
        assert_eq!(closed(fair.viewers[alive].peer), []);
        let last = fair.viewers[alive].slot(VOICE).last().expect("sound").at_us;
        assert!(last > fair.now_us - 100_000, "the others go on");
        assert_eq!(fair.counters().viewers, 1);
        assert_eq!(fair.counters().publishers, 1);
    }
}

#[test]
fn a_peer_that_never_completes_dtls_is_given_up() {
    for seed in seeds().into_iter().take(1) {
        let mut fair = Fair::new(seed);
        let viewer = fair.watch();
        fair.viewers[viewer].endpoint.begins_dtls = false;
        fair.run_ms(21_000);
        let peer = fair.viewers[viewer].peer;
        let closed = Event::Closed {
            peer,
            reason: CloseReason::ConnectTimeout,
        };
        assert_eq!(
            fair.events.iter().map(|(_, event)| event.clone()).collect::<Vec<_>>(),
            [closed]
        );
    }
}
