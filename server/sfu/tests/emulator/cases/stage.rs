// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who is seen: on air, backstage, muted, one's own picture, another codec.

use fiera_sfu::api::{Command, ParticipantKey, Side, SourceKind};
use fiera_sfu::counters::Drop as Dropped;
use fiera_sfu::sdp::Codec;

use super::check::{switches, unbroken};
use crate::fair::{CAMERA, Fair, SCREEN, SCREEN_AUDIO, VOICE, seeds};
use crate::net::link::LinkSpec;
use crate::peer::media::full_rack;
use crate::peer::track::Track;
use crate::peer::viewer::Received;

/// In a slot's line: nothing of the one before from a change's timestamp on, nothing of the next one before it.
#[track_caller]
fn changes_where_it_says(fair: &Fair, viewer: usize, slot: u8) {
    let changes = fair.slot_changes(viewer, slot);
    let received = fair.viewers[viewer].slot(slot);
    for (place, (at_us, shows, rtp_time)) in changes.iter().enumerate() {
        let Some((who, _)) = shows else { continue };
        let next = changes[place + 1..]
            .iter()
            .find(|change| change.1.is_some())
            .map(|change| change.2);
        let since = |r: &&Received| (r.timestamp.wrapping_sub(*rtp_time) as i32) >= 0;
        let until = |r: &&Received| next.is_none_or(|next| (r.timestamp.wrapping_sub(next) as i32) < 0);
        let mut shown = received.iter().filter(since).filter(until).peekable();
        let first = shown.peek().expect("what is announced comes");
        assert_eq!(first.timestamp, *rtp_time);
        assert_eq!(
            first.at_us,
            at_us + 10_000,
            "announced when it is sent, 10 ms before it comes"
        );
        assert!(
            shown.all(|r| r.stamp.is_none_or(|s| s.who == *who)),
            "another picture under the name of {who}"
        );
    }
}

#[test]
fn a_new_speaker_is_shown_from_the_announced_timestamp_on_and_never_earlier() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        fair.speaker(2, false);
        let viewer = fair.watch();
        fair.run_ms(2_000);
        for (first, then) in [((1, false), (2, true)), ((1, true), (2, false))] {
            fair.set_on_air(first.0, first.1);
            fair.run_ms(10);
            fair.set_on_air(then.0, then.1);
            fair.run_ms(2_000);
        }
        for (slot, kind) in [(CAMERA, SourceKind::Camera), (VOICE, SourceKind::Mic)] {
            let shown: Vec<_> = fair
                .slot_changes(viewer, slot)
                .iter()
                .filter_map(|change| change.1)
                .collect();
            assert_eq!(shown, [(1, kind), (2, kind), (1, kind)]);
            changes_where_it_says(&fair, viewer, slot);
            unbroken(&fair.viewers[viewer].slot(slot));
        }
        for (_, after) in switches(&fair.viewers[viewer].slot(CAMERA)) {
            assert!(after.stamp.is_some_and(|s| s.key && s.part == 0), "a decoder can go on");
        }
        changes_where_it_says(&fair, viewer, CAMERA + 1);
    }
}

#[test]
fn who_is_off_air_is_seen_backstage_and_never_by_the_audience() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        let waiting = fair.speaker(2, false);
        // A young keyframe is always at hand, and must not be replayed from before.
        fair.publishers[waiting].track(SourceKind::Camera).gop = 15;
        let audience = fair.watch();
        let backstage = fair.watch_as(Some(3), Side::Backstage);
        fair.run_ms(3_000);
        let people = |fair: &Fair, viewer: usize| {
            let mut who: Vec<u8> = fair.viewers[viewer]
                .received
                .iter()
                .filter_map(|r| r.stamp)
                .map(|s| s.who)
                .collect();
            who.sort_unstable();
            who.dedup();
            who
        };
        assert_eq!(people(&fair, audience), [1]);
        assert_eq!(people(&fair, backstage), [1, 2]);
        let on_air_us = fair.now_us;
        fair.set_on_air(2, true);
        fair.run_ms(2_000);
        assert_eq!(people(&fair, audience), [1, 2]);
        let stamps = fair.viewers[audience]
            .received
            .iter()
            .filter_map(|r| r.stamp)
            .filter(|s| s.who == 2);
        let produced = &fair.publishers[waiting].produced;
        for stamp in stamps {
            let made_us = produced.iter().find(|p| p.stamp == stamp).expect("made").at_us;
            assert!(made_us + 11_000 >= on_air_us, "{stamp:?} was said backstage");
        }
        let off_air_us = fair.now_us;
        fair.set_on_air(2, false);
        fair.run_ms(1_000);
        let last = fair.viewers[audience]
            .received
            .iter()
            .filter(|r| r.stamp.is_some_and(|s| s.who == 2));
        assert!(
            last.map(|r| r.at_us).max().expect("seen before") <= off_air_us + 11_000,
            "off air at once"
        );
    }
}

#[test]
fn nobody_gets_their_own_sources_back() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        fair.speaker(2, true);
        let viewers = [(1, Side::Backstage), (2, Side::Audience)].map(|(who, side)| fair.watch_as(Some(who), side));
        fair.run_ms(4_000);
        for (own, viewer) in [(1, viewers[0]), (2, viewers[1])] {
            let stamps = || fair.viewers[viewer].received.iter().filter_map(|r| r.stamp);
            assert!(stamps().all(|s| s.who != own), "an echo to {own}");
            assert!(
                stamps().any(|s| s.kind == 0) && stamps().any(|s| s.kind == 1),
                "the other is heard and seen"
            );
        }
    }
}

#[test]
fn a_muted_source_stops_at_once_and_cannot_be_had_by_nack() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        fair.publishers[speaker].track(SourceKind::Camera).gop = 15;
        let viewer = fair.watch();
        fair.run_ms(2_000);
        let of_camera = |fair: &Fair| fair.viewers[viewer].slot(CAMERA);
        let last_before = of_camera(&fair).last().expect("a picture").index;
        // The newest ones are lost, so that there is something to ask for.
        let down = LinkSpec {
            cut: true,
            ..LinkSpec::CLEAN
        };
        fair.viewer_links(viewer, LinkSpec::CLEAN, down);
        fair.viewers[viewer].nacks = false;
        fair.run_ms(300);
        fair.viewer_links(viewer, LinkSpec::CLEAN, LinkSpec::CLEAN);
        let muted_us = fair.now_us;
        let set = |live| Command::SetLive {
            participant: ParticipantKey(1),
            source: SourceKind::Camera,
            live,
        };
        fair.command(set(false));
        let asked = (last_before + 1..last_before + 40).map(|index| index as u16);
        fair.viewers[viewer].ask_again(CAMERA, asked.clone());
        fair.run_ms(1_000);
        let newest = of_camera(&fair).last().expect("a picture").at_us;
        assert!(newest < muted_us, "muted at {muted_us}, got something at {newest}");
        assert!(
            fair.viewers[viewer].slot(VOICE).last().expect("sound").at_us > muted_us + 900_000,
            "only that source"
        );
        assert!(fair.dropped(Dropped::Muted) > 50);

        fair.command(set(true));
        let live_us = fair.now_us;
        fair.run_ms(1_000);
        fair.viewers[viewer].ask_again(CAMERA, asked);
        fair.run_ms(500);
        let produced = &fair.publishers[speaker].produced;
        let after: Vec<_> = of_camera(&fair)
            .iter()
            .filter(|r| r.at_us > muted_us)
            .filter_map(|r| r.stamp)
            .collect();
        assert!(after.len() > 60, "live again");
        for stamp in after {
            let made_us = produced.iter().find(|p| p.stamp == stamp).expect("made").at_us;
            assert!(made_us + 11_000 >= live_us, "{stamp:?} was made while muted or before");
        }
    }
}

#[test]
fn another_codec_of_the_same_source_begins_at_its_keyframe() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let camera = Track::video(1, SourceKind::Camera, Codec::H264, fair.random.fork());
        let speaker = fair.publish(1, true, vec![camera]);
        let viewer = fair.watch();
        fair.run_ms(2_000);
        let codecs = [Codec::Vp9, Codec::Av1, Codec::H264, Codec::Vp8];
        for codec in codecs {
            fair.publishers[speaker].track(SourceKind::Camera).change_codec(codec);
            fair.run_ms(1_500);
        }
        let received = fair.viewers[viewer].slot(CAMERA);
        unbroken(&received);
        let switches = switches(&received);
        assert_eq!(switches.iter().map(|s| s.1.codec).collect::<Vec<_>>(), codecs);
        assert!(switches.iter().all(|s| s.1.stamp.is_some_and(|s| s.key && s.part == 0)));
        assert_eq!(fair.slot_changes(viewer, CAMERA).len(), 1, "the same source");
    }
}

#[test]
fn a_viewer_without_the_codec_is_told_once_and_hears_on() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let camera = Track::video(1, SourceKind::Camera, Codec::H264, fair.random.fork());
        let tracks = vec![fair.mic(1, 30), camera];
        fair.publish(1, true, tracks);
        let mut media = full_rack(&mut fair.random);
        media
            .slots
            .iter_mut()
            .for_each(|slot| slot.payload_types.retain(|pt| pt.codec != Codec::H264));
        let viewer = fair.watch_with(None, Side::Audience, media);
        fair.run_ms(4_000);
        assert!(fair.viewers[viewer].slot(CAMERA).is_empty());
        assert!(fair.viewers[viewer].slot(VOICE).len() > 100);
        let told = fair.events.iter().filter(|(_, event)| {
            matches!(
                event,
                fiera_sfu::api::Event::CannotDecode {
                    slot: CAMERA,
                    codec: "H264",
                    ..
                }
            )
        });
        assert_eq!(told.count(), 1);
    }
}

#[test]
fn a_shared_screen_and_its_sound_have_slots_of_their_own() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        fair.speaker(1, true);
        let screen = Track::video(2, SourceKind::Screen, Codec::Vp8, fair.random.fork());
        let sound = Track::audio(2, SourceKind::ScreenAudio, fair.random.fork());
        let tracks = vec![fair.mic(2, 30), screen, sound];
        let sharer = fair.publish(2, true, tracks);
        let viewer = fair.watch();
        fair.run_ms(3_000);
        for (slot, who, kind) in [(CAMERA, 1, 1), (SCREEN, 2, 2), (SCREEN_AUDIO, 2, 3)] {
            let stamps = fair.viewers[viewer].stamps(slot);
            assert!(stamps.len() > 100, "slot {slot}");
            assert!(stamps.iter().all(|s| (s.who, s.kind) == (who, kind)));
            unbroken(&fair.viewers[viewer].slot(slot));
        }
        for kind in [SourceKind::Screen, SourceKind::ScreenAudio] {
            fair.publishers[sharer].track(kind).on = false;
        }
        fair.run_ms(3_000);
        for slot in [SCREEN, SCREEN_AUDIO] {
            assert_eq!(
                fair.slot_changes(viewer, slot).last().expect("told").1,
                None,
                "the share ended"
            );
        }
    }
}
