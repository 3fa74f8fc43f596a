// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Publishers who send what was not negotiated, or too much: another speaker of the same room is seen and heard whole
//! and in time.

use fiera_sfu::api::SourceKind;
use fiera_sfu::counters::Drop as Dropped;

use super::measure::{longest_gap_us, received_of, undisturbed};
use crate::fair::{Fair, seeds};
use crate::peer::publisher::header;
use crate::peer::track::Track;

/// A speaker whom all listen to, one who misbehaves without saying a word, a viewer.
fn with_two(seed: u64, camera: impl FnOnce(&mut Fair) -> Track) -> (Fair, usize, usize, usize) {
    let mut fair = Fair::new(seed);
    let good = fair.speaker(1, true);
    fair.run_ms(500);
    let camera = camera(&mut fair);
    let bad = fair.publish(2, true, vec![camera]);
    let viewer = fair.watch();
    (fair, bad, good, viewer)
}

fn plain(fair: &mut Fair) -> Track {
    fair.camera(2)
}

#[test]
fn a_publisher_with_wrong_extensions_disturbs_nobody() {
    for seed in seeds() {
        let (mut fair, bad, good, viewer) = with_two(seed, plain);
        fair.run_ms(1_500);
        // Ids that were not negotiated, known ones with lengths that they cannot have.
        fair.publishers[bad].dress = |elements| {
            elements.clear();
            elements.extend([7_u8, 9, 14].map(|id| (id, vec![0xA5; 16])));
            elements.extend([(5, vec![1]), (4, vec![1; 9]), (2, vec![0xFF; 16]), (5, vec![2; 7])]);
        };
        fair.run_ms(2_000);
        // An m-line and a layer that do not exist, on streams of their own.
        let before = fair.dropped(Dropped::UnknownStream);
        for number in 0..200_u16 {
            let elements = [(1, b"nowhere".to_vec()), (2, b"none".to_vec())];
            let mut packet = header(77_000 + u32::from(number % 5), number, 0, 96, &elements);
            let len = packet.len();
            packet.extend([0x90; 300]);
            fair.publishers[bad]
                .endpoint
                .send_rtp(&packet, len, 77_000 + u32::from(number % 5), u64::from(number));
            fair.run_ms(5);
        }
        fair.run_ms(20);
        assert_eq!(fair.dropped(Dropped::UnknownStream) - before, 200, "counted");
        undisturbed(&fair, good, viewer, 1_500_000);
    }
}

#[test]
fn a_publisher_that_changes_its_ssrcs_disturbs_nobody() {
    for seed in seeds() {
        let (mut fair, bad, good, viewer) = with_two(seed, plain);
        fair.run_ms(1_500);
        for round in 0..120_u32 {
            let layer = &mut fair.publishers[bad].track(SourceKind::Camera).layers[0];
            (layer.ssrc, layer.rtx_ssrc) = (500_000 + round * 2, 500_001 + round * 2);
            (layer.next_index, layer.sent) = (u64::from(round * 7), 0);
            // More streams of the same camera than a table holds.
            let mid = fair.publishers[bad].media.media[0].mid.as_bytes().to_vec();
            for other in 0..4 {
                let ssrc = 900_000 + round * 4 + other;
                let mut packet = header(ssrc, 1, 0, 96, &[(1, mid.clone())]);
                let len = packet.len();
                packet.extend([0x90; 300]);
                fair.publishers[bad].endpoint.send_rtp(&packet, len, ssrc, 1);
            }
            fair.run_ms(33);
        }
        let refused = fair.dropped(Dropped::UnknownStream) + fair.dropped(Dropped::NotAuthentic);
        assert!(refused > 300, "counted: {:?}", fair.counters().drops);
        undisturbed(&fair, good, viewer, 1_500_000);
    }
}

#[test]
fn a_publisher_without_keyframes_is_asked_rarely_and_disturbs_nobody() {
    for seed in seeds() {
        let (mut fair, bad, good, viewer) = with_two(seed, |fair| {
            let mut camera = fair.camera(2);
            (camera.ignores_pli, camera.gop) = (true, 100_000);
            camera
        });
        fair.publishers[bad].loses = |stamp| stamp.key;
        fair.run_ms(20_000);
        let asked = fair.publishers[bad].asked.plis;
        assert!((3..=16).contains(&asked), "{asked} requests in 20 s");
        assert_eq!(
            received_of(&fair, viewer, 2, 1).len(),
            0,
            "nothing that cannot be decoded"
        );
        undisturbed(&fair, good, viewer, 1_500_000);
    }
}

#[test]
fn a_publisher_of_thirty_megabits_disturbs_nobody() {
    for seed in seeds() {
        let (mut fair, bad, good, viewer) = with_two(seed, |fair| {
            let mut camera = Track::simulcast(2, SourceKind::Camera, fair.random.fork());
            camera.layers.iter_mut().for_each(|layer| layer.parts = 48);
            camera
        });
        fair.run_ms(5_000);
        let made = fair.publishers[bad].stamps(1_000_000, 5_000_000).count();
        assert!(made * 875 * 8 / 4 > 28_000_000, "{made} packets in 4 s");
        undisturbed(&fair, good, viewer, 2_000_000);
    }
}

#[test]
fn a_publisher_of_absurd_timestamps_and_jumping_numbers_disturbs_nobody() {
    for seed in seeds() {
        let (mut fair, bad, good, viewer) = with_two(seed, plain);
        fair.run_ms(1_500);
        for _ in 0..60 {
            let (base, jump) = (fair.random.next_u32(), fair.random.below(30_000));
            let camera = fair.publishers[bad].track(SourceKind::Camera);
            camera.timestamp_base = base;
            camera.layers[0].next_index += jump;
            camera.layers[0].key_wanted = true;
            fair.run_ms(66);
        }
        let slot = received_of(&fair, viewer, 2, 1).last().expect("a picture").slot;
        undisturbed(&fair, good, viewer, 1_500_000);
        let from_us = fair.now_us;
        fair.run_ms(3_000);
        let gap = longest_gap_us(&fair, viewer, slot, from_us + 2_000_000, fair.now_us);
        assert!(gap < 200_000, "its own picture goes on once it behaves: {gap} us");
    }
}
