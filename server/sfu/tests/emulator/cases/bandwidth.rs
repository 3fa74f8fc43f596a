// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Paths that carry little or lose much: sound first, the picture that fits, and nobody else pays.

use fiera_sfu::api::{Side, SourceKind};

use super::check::once_each;
use super::measure::{
    bottleneck, delays_us, layered_speaker, layers, longest_freeze_us, longest_gap_us, one_seed, percentile,
    received_of, sound_share, undisturbed,
};
use crate::fair::{CAMERA, Fair, SCREEN, VOICE, seeds};
use crate::net::link::LinkSpec;
use crate::net::wire_log::Kind;
use crate::peer::media::full_rack;
use crate::peer::track::Track;

const S: u64 = 1_000_000;

/// Asserts that the sound of a viewer waited little, in microseconds: 95 of 100 packets, and each since a time.
#[track_caller]
fn sound_is_prompt(fair: &Fair, speaker: usize, viewer: usize, from_us: u64, most_us: u64, all_us: u64) {
    let delays = delays_us(fair, speaker, viewer, VOICE, from_us);
    let (most, all) = (percentile(&delays, 95), percentile(&delays, 100));
    assert!(
        most <= most_us && all <= all_us,
        "sound took {most} us, at most {all} us"
    );
}

#[test]
fn a_path_gets_the_layer_that_fits_and_keeps_it() {
    let mut fair = Fair::new(one_seed(0));
    let speaker = layered_speaker(&mut fair, 1, true);
    let other = fair.watch();
    let narrow = [(400_000, 0, 4), (1_000_000, 1, 12), (5_000_000, 2, 1)].map(|(bps, layer, after_s)| {
        let viewer = fair.watch();
        fair.viewer_links(viewer, LinkSpec::CLEAN, bottleneck(bps, 300));
        (viewer, layer, after_s * S)
    });
    fair.run_ms(34_000);
    for (viewer, layer, after_us) in narrow {
        let seen = layers(&fair, viewer, CAMERA, after_us, fair.now_us);
        assert_eq!(seen, [layer], "no other one after {after_us} us");
        let share = sound_share(&fair, speaker, viewer, 4 * S, fair.now_us - S);
        assert!(share >= 1.0, "sound: {share}");
        let share = sound_share(&fair, speaker, viewer, S, 4 * S);
        assert!(share >= 0.85, "sound of the first seconds: {share}");
        sound_is_prompt(&fair, speaker, viewer, 4 * S, 80_000, 350_000);
    }
    undisturbed(&fair, speaker, other, 2 * S);
}

#[test]
fn a_path_that_shrinks_gets_a_smaller_picture_and_the_full_one_again() {
    let mut fair = Fair::new(one_seed(1));
    let speaker = layered_speaker(&mut fair, 1, true);
    let (narrow, other) = (fair.watch(), fair.watch());
    for (bps, ms) in [(5_000_000, 10_000), (500_000, 15_000), (5_000_000, 20_000)] {
        fair.viewer_links(narrow, LinkSpec::CLEAN, bottleneck(bps, 300));
        fair.run_ms(ms);
    }
    let seen = |from, until| layers(&fair, narrow, CAMERA, from * S, until * S);
    assert_eq!(seen(2, 10), [2]);
    assert_eq!(seen(15, 25), [0]);
    assert_eq!(seen(37, 45), [2]);
    let whole = [(1, 10), (15, 44)].map(|(from, until)| sound_share(&fair, speaker, narrow, from * S, until * S));
    assert_eq!(whole, [1.0, 1.0]);
    let lost = 1.0 - sound_share(&fair, speaker, narrow, 10 * S, 15 * S);
    assert!(lost < 0.3, "lost while the path shrank: {lost}");
    sound_is_prompt(&fair, speaker, narrow, 15 * S, 80_000, 250_000);
    undisturbed(&fair, speaker, other, 2 * S);
}

#[test]
fn a_path_that_becomes_narrow_at_once_is_not_filled_by_repairs_and_moves_again_soon() {
    for seed in seeds() {
        for (parts, bps) in [(7, 450_000), (3, 450_000), (7, 800_000)] {
            let mut fair = Fair::new(seed);
            let mut camera = Track::simulcast(1, SourceKind::Camera, fair.random.fork());
            camera.layers[2].parts = parts;
            let tracks = vec![fair.mic(1, 30), camera];
            let speaker = fair.publish(1, true, tracks);
            let (narrow, other) = (fair.watch(), fair.watch());
            fair.viewer_links(narrow, LinkSpec::CLEAN, bottleneck(20_000_000, 300));
            fair.run_ms(10_000);
            fair.viewer_links(narrow, LinkSpec::CLEAN, bottleneck(bps, 300));
            fair.run_ms(10_000);
            let freeze_us = longest_freeze_us(&fair, narrow, CAMERA, 10 * S, 20 * S);
            assert!(freeze_us <= S, "{parts} parts, {bps} bit/s: still for {freeze_us} us");
            let repaired = fair.counters().retransmitted_packets;
            assert!(repaired <= 60, "{parts} parts, {bps} bit/s: {repaired} packets again");
            let lost = 1.0 - sound_share(&fair, speaker, narrow, 10 * S, 12 * S);
            assert!(lost <= 0.2, "{parts} parts, {bps} bit/s: {lost} of the sound lost");
            assert_eq!(sound_share(&fair, speaker, narrow, 12 * S, 19 * S), 1.0);
            undisturbed(&fair, speaker, other, 2 * S);
        }
    }
}

#[test]
fn one_layer_over_a_path_that_is_too_slow_leaves_sound_whole_and_goes_on_at_keyframes() {
    let mut fair = Fair::new(one_seed(2));
    let speaker = fair.speaker(1, true);
    let (narrow, other) = (fair.watch(), fair.watch());
    fair.viewer_links(narrow, LinkSpec::CLEAN, bottleneck(400_000, 300));
    fair.run_ms(30_000);
    let share = sound_share(&fair, speaker, narrow, 4 * S, 29 * S);
    assert!(share >= 0.995, "sound: {share}");
    sound_is_prompt(&fair, speaker, narrow, 4 * S, 180_000, 300_000);
    let gap = longest_gap_us(&fair, narrow, CAMERA, 3 * S, 30 * S);
    assert!(gap <= 4 * S, "no picture for {gap} us");
    let asked = fair.publishers[speaker].asked.plis;
    assert!((2..=15).contains(&asked), "{asked} requests in 30 s");
    undisturbed(&fair, speaker, other, 2 * S);
}

#[test]
fn a_fifth_lost_leaves_sound_as_the_path_does_and_a_whole_picture() {
    let mut fair = Fair::new(one_seed(0));
    let speaker = layered_speaker(&mut fair, 1, true);
    let (lossy, other) = (fair.watch(), fair.watch());
    let losing = LinkSpec {
        loss: 0.2,
        ..bottleneck(5_000_000, 300)
    };
    fair.viewer_links(lossy, LinkSpec::CLEAN, losing);
    fair.run_ms(20_000);
    let share = sound_share(&fair, speaker, lossy, S, 19 * S);
    assert!(share >= 0.75, "sound: {share}");
    assert_eq!(
        layers(&fair, lossy, CAMERA, 15 * S, 20 * S),
        [2],
        "loss alone takes no layer"
    );
    let gap = longest_gap_us(&fair, lossy, CAMERA, S, 20 * S);
    assert!(gap < S / 2, "no picture for {gap} us");
    let repaired: Vec<u64> = fair.viewers[lossy].slot(CAMERA).iter().map(|r| r.index).collect();
    let due = repaired[repaired.len() - 1] + 1 - repaired[0];
    assert!(
        repaired.len() as u64 * 1_000 >= due * 995,
        "{} of {due}",
        repaired.len()
    );
    once_each(&fair.viewers[lossy].stamps(CAMERA));
    undisturbed(&fair, speaker, other, 2 * S);
}

#[test]
fn a_path_that_loses_much_is_repaired_also_where_it_is_long_or_becomes_longer() {
    for (loss, bps, delay_us, longer_us) in [
        (0.2, 5_000_000, 100_000, 0),
        (0.2, 2_500_000, 10_000, 70_000),
        (0.3, 5_000_000, 10_000, 70_000),
    ] {
        for seed in seeds() {
            let mut fair = Fair::new(seed);
            let [camera, mut screen] =
                [SourceKind::Camera, SourceKind::Screen].map(|kind| Track::simulcast(1, kind, fair.random.fork()));
            screen.layers[0].parts = 2;
            let tracks = vec![fair.mic(1, 30), camera, screen];
            let speaker = fair.publish(1, true, tracks);
            let (lossy, other) = (fair.watch(), fair.watch());
            // As browsers ask that know no round trip.
            fair.viewers[lossy].nack_again_us = 100_000;
            for (delay_us, ms) in [(delay_us, 8_000), (delay_us + longer_us, 10_000)] {
                let losing = LinkSpec {
                    loss,
                    delay_us,
                    ..bottleneck(bps, 300)
                };
                fair.viewer_links(lossy, LinkSpec::CLEAN, losing);
                fair.run_ms(ms);
            }
            let freeze_us = longest_freeze_us(&fair, lossy, CAMERA, 9 * S, 17 * S);
            assert!(
                freeze_us <= S,
                "{loss} lost of {bps} bit/s, {delay_us} and {longer_us} us: still for {freeze_us} us"
            );
            undisturbed(&fair, speaker, other, 2 * S);
        }
    }
}

#[test]
fn one_layer_over_a_path_that_loses_much_and_carries_enough_is_repaired() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        // A program: one layer of about 1.6 Mbit/s.
        let mut camera = fair.camera(1);
        camera.layers[0].parts = 7;
        let tracks = vec![fair.mic(1, 30), camera];
        let speaker = fair.publish(1, true, tracks);
        let (lossy, other) = (fair.watch(), fair.watch());
        fair.viewers[lossy].nack_again_us = 100_000;
        fair.run_ms(3_000);
        let losing = LinkSpec {
            loss: 0.3,
            ..bottleneck(3_000_000, 300)
        };
        fair.viewer_links(lossy, LinkSpec::CLEAN, losing);
        fair.run_ms(30_000);
        let freeze_us = longest_freeze_us(&fair, lossy, CAMERA, 4 * S, 32 * S);
        assert!(freeze_us <= S, "still for {freeze_us} us");
        undisturbed(&fair, speaker, other, 2 * S);
    }
}

#[test]
fn a_large_keyframe_is_paced_over_a_narrow_path_and_delays_nobody_else() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let mut camera = fair.camera(1);
        camera.layers[0].parts = 1;
        camera.key_weight = 40;
        let tracks = vec![fair.mic(1, 30), camera];
        let speaker = fair.publish(1, true, tracks);
        // Browsers pace what they send.
        fair.publisher_links(speaker, bottleneck(8_000_000, 500), LinkSpec::CLEAN);
        let (narrow, other) = (fair.watch(), fair.watch());
        fair.viewer_links(narrow, LinkSpec::CLEAN, bottleneck(600_000, 800));
        fair.run_ms(6_000);
        let from_us = fair.now_us;
        fair.publishers[speaker].track(SourceKind::Camera).layers[0].key_wanted = true;
        fair.run_ms(3_000);
        let most_at_once = |viewer: usize| {
            let to = fair.viewers[viewer].endpoint.address;
            let of = |s: &&crate::net::wire_log::Sent| s.to == to && s.at_us >= from_us && s.kind == Kind::Rtp;
            let sent: Vec<u64> = fair.wire.sent.iter().filter(of).map(|s| s.at_us).collect();
            let within = |at: &u64| sent.iter().filter(|o| (*at..*at + 100_000).contains(*o)).count();
            sent.iter().map(within).max().unwrap_or(0)
        };
        let (paced, whole) = (most_at_once(narrow), most_at_once(other));
        assert!(whole >= 45 && paced <= 35, "{paced} and {whole} packets in 100 ms");
        sound_is_prompt(&fair, speaker, narrow, from_us, 150_000, 250_000);
        sound_is_prompt(&fair, speaker, other, from_us, 40_000, 70_000);
        let picture = delays_us(&fair, speaker, narrow, CAMERA, from_us);
        assert!(percentile(&picture, 100) <= 1_700_000, "held back for too long");
        let picture = delays_us(&fair, speaker, other, CAMERA, from_us);
        assert!(percentile(&picture, 100) <= 80_000, "somebody else's path delayed it");
        let asked = fair.publishers[speaker].asked.plis;
        assert!(asked <= 4, "{asked} requests");
    }
}

#[test]
fn who_has_everything_gets_no_padding() {
    let mut fair = Fair::new(one_seed(1));
    let speaker = layered_speaker(&mut fair, 1, true);
    let (narrow, wide) = (fair.watch(), fair.watch());
    fair.viewer_links(narrow, LinkSpec::CLEAN, bottleneck(5_000_000, 300));
    fair.run_ms(5_000);
    let before = fair.counters().padding_bytes;
    fair.run_ms(15_000);
    assert_eq!(fair.counters().padding_bytes, before);
    for viewer in [narrow, wide] {
        assert_eq!(layers(&fair, viewer, CAMERA, S, 20 * S), [2]);
    }
    undisturbed(&fair, speaker, wide, 2 * S);
}

#[test]
fn a_viewer_without_transport_feedback_or_numbers_gets_what_its_loss_reports_allow() {
    let mut fair = Fair::new(one_seed(2));
    let speaker = layered_speaker(&mut fair, 1, true);
    let (mute, other) = (fair.watch(), fair.watch());
    fair.viewers[mute].transport_reports = false;
    let mut media = full_rack(&mut fair.random);
    media.twcc_feedback = false;
    for slot in media
        .slots
        .iter_mut()
        .filter(|slot| (CAMERA..=SCREEN).contains(&slot.slot))
    {
        slot.extensions.twcc = 0;
    }
    let unnumbered = fair.watch_with(None, Side::Audience, media);
    for viewer in [mute, unnumbered] {
        fair.viewer_links(viewer, LinkSpec::CLEAN, bottleneck(1_000_000, 300));
    }
    fair.run_ms(30_000);
    for viewer in [mute, unnumbered] {
        // Every trial of more is followed by a longer wait.
        for (from, until) in [(6, 13), (20, 29)] {
            assert_eq!(layers(&fair, viewer, CAMERA, from * S, until * S), [0]);
            assert_eq!(sound_share(&fair, speaker, viewer, from * S, until * S), 1.0);
        }
        let share = sound_share(&fair, speaker, viewer, S, 29 * S);
        assert!(share > 0.8, "sound: {share}");
        assert!(longest_gap_us(&fair, viewer, CAMERA, S, 30 * S) < S);
    }
    undisturbed(&fair, speaker, other, 2 * S);
}

#[test]
fn several_cameras_over_a_narrow_path_the_main_speaker_first_and_all_again() {
    let mut fair = Fair::new(one_seed(0));
    for who in 1..=4 {
        let camera = Track::simulcast(who, SourceKind::Camera, fair.random.fork());
        let tracks = vec![fair.mic(who, if who == 2 { 20 } else { 127 }), camera];
        fair.publish(who, true, tracks);
    }
    let (narrow, other) = (fair.watch(), fair.watch());
    for (bps, ms) in [(20_000_000, 8_000), (1_000_000, 12_000), (20_000_000, 20_000)] {
        fair.viewer_links(narrow, LinkSpec::CLEAN, bottleneck(bps, 300));
        fair.run_ms(ms);
    }
    let main = layers(&fair, narrow, CAMERA, 14 * S, 20 * S);
    assert!(main == [1] || main == [0, 1], "the main speaker's: {main:?}");
    for who in 1..=4 {
        let got = received_of(&fair, narrow, who, 1);
        let within = |from: u64, until: u64| got.iter().filter(move |r| (from * S..until * S).contains(&r.at_us));
        let best = |from, until| within(from, until).filter_map(|r| r.stamp).map(|s| s.layer).max();
        assert_eq!(best(5, 8), Some(2), "camera {who} before");
        assert_eq!(best(37, 40), Some(2), "camera {who} after");
        if who != 2 {
            assert!(
                best(14, 20).is_none_or(|layer| layer == 0),
                "camera {who} on the narrow path"
            );
        }
        assert_eq!(
            got.last().map(|r| r.slot == CAMERA),
            Some(who == 2),
            "the main slot is the loudest's"
        );
    }
    let mut paused = 0;
    for slot in CAMERA..SCREEN {
        let last = *fair.slot_changes(narrow, slot).last().expect("shown");
        let pauses = fair.slot_pauses(narrow, slot);
        assert!(pauses.iter().all(|(at_us, _)| *at_us < last.0), "slot {slot} is back");
        assert!(pauses.iter().all(|(_, of)| of.1 == SourceKind::Camera && of.0 != 2));
        paused += pauses.len();
        let others: Vec<_> = fair.slot_changes(other, slot);
        assert!(
            others.iter().all(|change| change.1.is_some()),
            "nothing is taken from the other viewer"
        );
        assert_eq!(layers(&fair, other, slot, 5 * S, 40 * S), [2]);
    }
    assert!(
        (2..=12).contains(&paused),
        "who pauses is told so, once each time: {paused}"
    );
    assert_eq!(fair.slot_pauses(other, CAMERA + 1), []);
}
