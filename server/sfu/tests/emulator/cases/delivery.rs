// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! From a publisher to its viewers, over good links and bad ones.

use fiera_sfu::api::{Event, Side};

use super::check::{all_of, once_each, unbroken};
use crate::fair::{CAMERA, Fair, VOICE, seeds};
use crate::net::link::LinkSpec;
use crate::net::wire_log::Kind;
use crate::peer::media::full_rack;

#[test]
fn a_clean_path_delivers_every_packet_once_and_in_order_to_all() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        let viewers = [fair.watch(), fair.watch(), fair.watch()];
        fair.run_ms(6_000);
        for viewer in viewers {
            let watching = &fair.viewers[viewer];
            assert!(watching.endpoint.is_gcm(), "AES-128-GCM where it is offered");
            for slot in [VOICE, CAMERA] {
                let received = watching.slot(slot);
                unbroken(&received);
                assert!(received.iter().all(|r| !r.repaired), "nothing had to be repaired");
                let in_order = watching.received.iter().filter(|r| r.slot == slot).map(|r| r.index);
                assert!(in_order.is_sorted(), "in order of arrival too");
                let stamps = watching.stamps(slot);
                once_each(&stamps);
                let of_slot = |s: &crate::peer::payload::Stamp| s.kind == u8::from(slot == CAMERA);
                all_of(
                    fair.publishers[speaker].stamps(1_000_000, 5_900_000).filter(of_slot),
                    &stamps,
                );
            }
            assert_eq!(watching.duplicates, 0);
            assert_eq!(watching.endpoint.unopened, 0);
            let numbers = &watching.transport_seqs;
            assert!(
                numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)),
                "TWCC counts every packet"
            );
            assert!(
                watching.received.iter().all(|r| [VOICE, CAMERA].contains(&r.slot)),
                "other slots stay dark"
            );
        }
        assert_eq!(fair.publishers[speaker].asked.nacked, 0);
        assert!(fair.publishers[speaker].asked.transport_feedback > 20);
        assert_eq!(fair.counters().gcm_viewers, 3);
    }
}

#[test]
fn nothing_but_stun_and_dtls_is_sent_to_a_viewer_before_dtls_is_complete() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        let slow = fair.watch();
        fair.viewers[slow].endpoint.begins_dtls = false;
        fair.run_ms(3_000);
        let address = fair.viewers[slow].endpoint.address;
        assert!(fair.wire.count(address, Kind::Stun, 0, u64::MAX) > 10, "ICE works");
        fair.viewers[slow].endpoint.begins_dtls = true;
        fair.run_ms(3_000);
        let peer = fair.viewers[slow].peer;
        let connected = |(_, event): &&(u64, Event)| *event == Event::Connected { peer };
        let connected_us = fair.events.iter().find(connected).expect("connected in the end").0;
        for kind in [Kind::Rtp, Kind::Rtcp] {
            assert_eq!(
                fair.wire.count(address, kind, 0, connected_us),
                0,
                "{kind:?} before DTLS was complete"
            );
        }
        assert!(fair.wire.count(address, Kind::Rtp, connected_us, u64::MAX) > 100);
    }
}

#[test]
fn loss_and_reordering_on_both_sides_are_repaired_without_a_duplicate() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        let viewers = [fair.watch(), fair.watch(), fair.watch()];
        fair.run_ms(1_500);
        fair.publisher_links(speaker, LinkSpec::ROUGH, LinkSpec::ROUGH);
        viewers
            .iter()
            .for_each(|viewer| fair.viewer_links(*viewer, LinkSpec::ROUGH, LinkSpec::ROUGH));
        fair.run_ms(8_500);
        assert!(fair.publishers[speaker].asked.nacked > 10, "NACK upwards");
        for viewer in viewers {
            let watching = &fair.viewers[viewer];
            let stamps = watching.stamps(CAMERA);
            once_each(&stamps);
            let video = |s: &crate::peer::payload::Stamp| s.kind == 1;
            all_of(
                fair.publishers[speaker].stamps(1_000_000, 9_000_000).filter(video),
                &stamps,
            );
            assert!(
                watching.received.iter().filter(|r| r.repaired).count() > 10,
                "NACK downwards"
            );
            once_each(&watching.stamps(VOICE));
        }
    }
}

#[test]
fn a_program_that_waits_for_our_client_hello_is_served() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        let media = full_rack(&mut fair.random);
        let passive = fair.endpoint(false);
        let remote = passive.1.as_remote();
        let viewer = fair.add_viewer(None, Side::Audience, passive, (remote, media));
        fair.run_ms(3_000);
        let watching = &fair.viewers[viewer];
        assert!(watching.endpoint.is_gcm());
        assert!(watching.slot(CAMERA).len() > 100);
        unbroken(&watching.slot(CAMERA));
    }
}
