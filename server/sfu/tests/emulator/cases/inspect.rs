// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What operators and organisers are told of connections and rooms is what the viewers see.

use std::collections::BTreeMap;

use fiera_sfu::allocate::Reason;
use fiera_sfu::api::{PeerId, RoomKey, Side, SourceKind};
use fiera_sfu::engine::{Carrier, ConnectionView, RoomQuality, Traffic};

use crate::fair::{CAMERA, Fair, ROOM, seeds};
use crate::net::link::LinkSpec;
use crate::peer::track::Track;

fn connections(fair: &Fair) -> BTreeMap<PeerId, ConnectionView> {
    let views = fair.threads.iter().flat_map(|sfu| sfu.inspect());
    views.map(|view| (view.peer, view)).collect()
}

fn quality(fair: &Fair) -> BTreeMap<RoomKey, RoomQuality> {
    let mut rooms = BTreeMap::<RoomKey, RoomQuality>::new();
    for (room, quality) in fair.threads.iter().flat_map(|sfu| sfu.room_quality()) {
        rooms.entry(room).or_default().add(&quality);
    }
    rooms
}

#[test]
fn a_narrow_path_shows_in_its_connection_and_in_its_room() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let track = Track::simulcast(1, SourceKind::Camera, fair.random.fork());
        let speaker = fair.publish(1, true, vec![track]);
        let [narrow, wide, lossy, program] =
            [Some(2), Some(3), Some(4), None].map(|who| fair.watch_as(who, Side::Audience));
        let thin = LinkSpec {
            rate_bps: Some(300_000),
            queue_bytes: 20_000,
            ..LinkSpec::CLEAN
        };
        let bad = LinkSpec {
            loss: 0.15,
            ..LinkSpec::CLEAN
        };
        fair.viewer_links(narrow, LinkSpec::CLEAN, thin);
        fair.viewer_links(lossy, LinkSpec::CLEAN, bad);
        fair.run_ms(12_000);

        let views = connections(&fair);
        assert_eq!(views.len(), 5);
        let camera = |viewer: usize| {
            let Traffic::Down { estimate, slots } = &views[&fair.viewers[viewer].peer].traffic else {
                panic!("a viewer watches");
            };
            let slot = slots.iter().find(|slot| slot.slot == CAMERA).expect("a camera slot");
            (estimate.expect("media flows"), slot.clone())
        };
        let (estimate, slot) = camera(narrow);
        assert_eq!(
            (slot.reason, slot.layer.is_some_and(|layer| layer < 2)),
            (Reason::Bandwidth, true)
        );
        assert!(estimate.target_bps < 450_000, "{estimate:?}");
        let (estimate, slot) = camera(wide);
        assert_eq!(
            (slot.reason, slot.layer, slot.retransmitted),
            (Reason::Wanted, Some(2), 0)
        );
        assert!(estimate.target_bps > 450_000 && estimate.rtt.is_some(), "{estimate:?}");
        let (estimate, slot) = camera(lossy);
        assert!(slot.retransmitted > 0 && slot.packets > slot.retransmitted, "{slot:?}");
        assert!(estimate.loss > 0.05, "{estimate:?}");
        let up = &views[&fair.publishers[speaker].peer];
        assert_eq!(up.carrier, Carrier::Udp);
        let Traffic::Up { sources, counters } = &up.traffic else {
            panic!("a speaker publishes");
        };
        assert_eq!(sources[0].layers.len(), 3);
        assert!(sources[0].layers.iter().all(|layer| layer.bps > 0 && layer.flowing));
        assert!(counters.media > 1_000);

        let rooms = quality(&fair);
        assert_eq!(rooms.len(), 1);
        let room = rooms[&ROOM];
        assert_eq!(room.viewers, 3, "a program is nobody");
        assert!((1..=2).contains(&room.limited), "{room:?}");
        assert_eq!(room.losses.iter().sum::<u32>(), 3);
        assert!(room.losses[3..].iter().sum::<u32>() >= 1, "{room:?}");
        let (_, slot) = camera(program);
        assert_eq!(slot.reason, Reason::Wanted);
    }
}

#[test]
fn a_room_where_nobody_is_on_air_has_no_quality() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let viewer = fair.watch();
        fair.run_ms(1_000);
        assert_eq!(quality(&fair), BTreeMap::new());
        let views = connections(&fair);
        let view = &views[&fair.viewers[viewer].peer];
        assert_eq!(view.carrier, Carrier::Udp);
        let Traffic::Down { slots, .. } = &view.traffic else {
            panic!("a viewer watches");
        };
        assert!(
            slots
                .iter()
                .all(|slot| slot.reason == Reason::Empty && slot.layer.is_none())
        );
    }
}
