// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Spatial and temporal layers of one stream: which part of them a viewer gets, and that it is a stream of its own.

use fiera_sfu::api::SourceKind;
use fiera_sfu::sdp::Codec;

use super::measure::{bottleneck, one_seed, undisturbed_sound};
use crate::fair::{CAMERA, Fair, seeds};
use crate::net::link::LinkSpec;
use crate::peer::media::IDS;
use crate::peer::payload::Stamp;
use crate::peer::publisher::header;
use crate::peer::track::Track;
use crate::peer::viewer::Received;

const S: u64 = 1_000_000;

/// What is tried with both codecs, and with spatial layers that need each other always or in key pictures alone.
fn kinds() -> impl Iterator<Item = (u64, Codec, bool)> {
    let each =
        |seed| [(Codec::Vp9, false), (Codec::Vp9, true), (Codec::Av1, true)].map(|(codec, keyed)| (seed, codec, keyed));
    seeds().into_iter().flat_map(each)
}

fn with_layers(seed: u64, codec: Codec, keyed: bool) -> (Fair, usize) {
    let mut fair = Fair::new(seed);
    let camera = Track::svc(1, SourceKind::Camera, codec, keyed, fair.random.fork());
    let mic = fair.mic(1, 30);
    let speaker = fair.publish(1, true, vec![mic, camera]);
    (fair, speaker)
}

/// One picture as a viewer got it.
#[derive(Debug, Clone, Copy)]
struct Shown {
    at_us: u64,
    frame: u32,
    /// Highest spatial layer.
    top: u8,
    temporal: u8,
    key: bool,
    id: u16,
    wrap: u16,
    each: u32,
    tl0: Option<u8>,
}

/// The pictures of one unbroken stream: whole spatial layers from the lowest on, the marker at the end of each alone,
/// counters that run on by the pictures that were left out.
#[track_caller]
fn pictures(received: &[Received]) -> Vec<Shown> {
    for pair in received.windows(2) {
        assert_eq!(pair[1].index, pair[0].index + 1, "a gap between {pair:?}");
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp) as i32;
        assert!(step >= 0, "time goes back between {pair:?}");
    }
    let mut shown: Vec<Shown> = Vec::new();
    let media: Vec<&Received> = received.iter().filter(|r| r.stamp.is_some()).collect();
    for picture in media.chunk_by(|a, b| a.timestamp == b.timestamp) {
        let stamps: Vec<Stamp> = picture.iter().filter_map(|r| r.stamp).collect();
        let (first, last) = (picture[0], picture[picture.len() - 1]);
        let (lowest, highest) = (stamps[0], stamps[stamps.len() - 1]);
        for (r, s) in picture.iter().zip(&stamps) {
            assert_eq!(r.marker, r.index == last.index, "the marker ends a picture: {r:?}");
            assert_eq!(
                (s.frame, r.picture_id, r.tl0),
                (lowest.frame, first.picture_id, first.tl0)
            );
            if r.codec == Codec::Av1 {
                let (frame, spatial, temporal) = r.described.expect("a descriptor that can be read");
                assert_eq!((spatial, temporal), (s.layer, s.temporal));
                assert_eq!(
                    frame,
                    first.described.map_or(0, |d| d.0.wrapping_add(u16::from(spatial)))
                );
            }
        }
        let whole: Vec<(u8, u8)> = stamps.iter().map(|s| (s.layer, s.part)).collect();
        let due = |layer: u8| {
            let parts = stamps.iter().find(|s| s.layer == layer).map_or(1, |s| s.parts);
            (0..parts).map(move |part| (layer, part))
        };
        let due: Vec<(u8, u8)> = (0..=highest.layer).flat_map(due).collect();
        assert_eq!(whole, due, "a picture in parts: {lowest:?}");
        shown.push(Shown {
            at_us: first.at_us,
            frame: lowest.frame,
            top: highest.layer,
            temporal: lowest.temporal,
            key: lowest.key,
            // Frames of AV1 are numbered, three in a picture.
            id: first
                .picture_id
                .or(first.described.map(|d| d.0))
                .expect("pictures have numbers"),
            wrap: if first.codec == Codec::Av1 { u16::MAX } else { 0x7FFF },
            each: if first.codec == Codec::Av1 { 3 } else { 1 },
            tl0: first.tl0,
        });
    }
    for pair in shown.windows(2) {
        let [a, b] = pair else { continue };
        let left_out = (b.frame - a.frame) * a.each;
        // At a key picture a receiver begins anew.
        let expected = if b.key { 1..=left_out } else { left_out..=left_out };
        let step = u32::from(b.id.wrapping_sub(a.id) & a.wrap);
        assert!(expected.contains(&step), "picture ids between {a:?} and {b:?}");
        let levels = b.tl0.zip(a.tl0).map_or(0, |(b, a)| b.wrapping_sub(a));
        assert!(levels <= 1, "levels between {a:?} and {b:?}");
    }
    shown
}

/// Highest spatial layers that a viewer saw within a time.
fn tops(shown: &[Shown], from_us: u64, until_us: u64) -> Vec<u8> {
    let within = shown.iter().filter(|p| (from_us..until_us).contains(&p.at_us));
    let mut tops: Vec<u8> = within.map(|p| p.top).collect();
    tops.dedup();
    tops
}

#[test]
fn the_wanted_height_chooses_the_spatial_layers_up_at_key_pictures_and_down_at_once() {
    for (seed, codec, keyed) in kinds() {
        let (mut fair, speaker) = with_layers(seed, codec, keyed);
        let (viewer, whole) = (fair.watch(), fair.watch());
        let heights = [(4_000, 2), (180, 0), (300, 1), (720, 2), (360, 1), (100, 0), (720, 2)];
        let mut highest = 0;
        for (height, top) in heights {
            let (asked, from_us) = (fair.publishers[speaker].asked.plis, fair.now_us);
            fair.want(viewer, CAMERA, Some(height));
            fair.run_ms(2_000);
            let now_us = fair.now_us;
            let shown = pictures(&fair.viewers[viewer].slot(CAMERA));
            assert_eq!(tops(&shown, now_us - S, now_us), [top], "wanted {height}");
            if top < highest {
                // A step down needs no key picture, and comes with the next picture or the one after.
                assert_eq!(
                    fair.publishers[speaker].asked.plis, asked,
                    "for a step down to {height}"
                );
                assert_eq!(tops(&shown, from_us + 130_000, now_us), [top]);
            }
            highest = top;
        }
        let shown = pictures(&fair.viewers[viewer].slot(CAMERA));
        let ups: Vec<_> = shown.windows(2).filter(|pair| pair[1].top > pair[0].top).collect();
        assert_eq!(ups.len(), 3);
        assert!(ups.iter().all(|pair| pair[1].key), "up without a key picture: {ups:?}");
        assert!(
            shown
                .windows(2)
                .all(|pair| pair[1].key || pair[1].frame == pair[0].frame + 1)
        );
        let shown = pictures(&fair.viewers[whole].slot(CAMERA));
        assert_eq!(tops(&shown, S, fair.now_us), [2], "nobody else is touched");
        let changes = fair.slot_changes(viewer, CAMERA);
        assert_eq!(changes.len(), 1, "the same picture, so nothing to tell");
    }
}

#[test]
fn a_narrow_path_gets_the_layers_that_fit_and_a_narrower_one_fewer_pictures() {
    let (mut fair, speaker) = with_layers(one_seed(0), Codec::Vp9, true);
    let other = fair.watch();
    // About 0.21, 0.65 and 1.5 Mbit/s with sound; the lowest temporal layer of the lowest takes a quarter of the first.
    let paths = [(1_000_000, 1), (420_000, 0), (170_000, 0)].map(|(bps, top)| {
        let viewer = fair.watch();
        fair.viewer_links(viewer, LinkSpec::CLEAN, bottleneck(bps, 300));
        (viewer, top)
    });
    fair.run_ms(24_000);
    for (viewer, top) in paths {
        let received = fair.viewers[viewer].slot(CAMERA);
        let steady: Vec<_> = received
            .into_iter()
            .filter(|r| r.at_us > 14 * S && r.at_us < 23 * S)
            .collect();
        let first = steady.iter().position(|r| r.marker).expect("pictures") + 1;
        let last = steady.iter().rposition(|r| r.marker).expect("pictures") + 1;
        let shown = pictures(&steady[first..last]);
        assert_eq!(tops(&shown, 14 * S, 23 * S), [top]);
        let temporal = shown.iter().map(|p| p.temporal).max();
        assert_eq!(
            temporal,
            Some(if viewer == paths[2].0 { 0 } else { 2 }),
            "viewer {viewer}"
        );
    }
    let shown = pictures(&fair.viewers[other].slot(CAMERA));
    assert_eq!(tops(&shown, S, fair.now_us), [2]);
    undisturbed_sound(&fair, speaker, other, 2 * S);
}

#[test]
fn a_retransmission_is_the_packet_that_was_asked_for_in_every_part() {
    for (seed, codec, keyed) in kinds() {
        let (mut fair, _) = with_layers(seed, codec, keyed);
        let viewer = fair.watch();
        for height in [720, 180, 360, 100, 720, 360] {
            fair.want(viewer, CAMERA, Some(height));
            fair.run_ms(700);
        }
        let received = fair.viewers[viewer].slot(CAMERA);
        let recent = &received[received.len() - 300..];
        for asked in recent.chunks(50) {
            fair.viewers[viewer].ask_again(CAMERA, asked.iter().map(|r| r.index as u16));
            fair.run_ms(200);
        }
        let again = &fair.viewers[viewer].again;
        assert_eq!(again.len(), 300);
        for (slot, index, stamp) in again {
            let first = recent.iter().find(|r| r.index == *index).expect("asked for");
            assert_eq!((*slot, *stamp), (CAMERA, first.stamp));
        }
    }
}

/// Packets of every layer, and every tenth picture's beginning: what is missing there may be of any layer.
fn some(stamp: &Stamp) -> bool {
    let Stamp { frame, layer, part, .. } = *stamp;
    let any = (frame * 7 + u32::from(layer) * 3 + u32::from(part)) % 10 == 0;
    stamp.kind == 1 && (any || (frame % 10 == 3 && layer < 2 && part == 0))
}

#[test]
fn what_the_publisher_sends_again_takes_its_place_in_every_part_and_leaves_none_empty() {
    for seed in seeds() {
        let (mut fair, speaker) = with_layers(seed, Codec::Vp9, true);
        fair.publishers[speaker].loses = some;
        let viewers = [180, 360, 720].map(|height| {
            let viewer = fair.watch();
            fair.want(viewer, CAMERA, Some(height));
            viewer
        });
        fair.run_ms(6_000);
        let mut kept_free = Vec::new();
        for (top, viewer) in (0..).zip(viewers) {
            let received = fair.viewers[viewer].slot(CAMERA);
            let from = received.iter().position(|r| r.at_us > 2 * S).expect("pictures");
            let until = received
                .iter()
                .rposition(|r| r.at_us < 5 * S && r.marker)
                .expect("pictures");
            let starts = |r: &Received| r.stamp.is_some_and(|s| s.layer == 0 && s.part == 0);
            let start = from + received[from..].iter().position(starts).expect("pictures");
            let steady = &received[start..=until];
            let shown = pictures(steady);
            assert_eq!(tops(&shown, 0, 6 * S), [top]);
            assert!(shown.windows(2).all(|pair| pair[1].frame == pair[0].frame + 1));
            assert!(shown.len() > 80, "{}", shown.len());
            kept_free.push(steady.iter().filter(|r| r.stamp.is_none()).count());
        }
        assert!(kept_free[0] > 5 && kept_free[2] == 0, "{kept_free:?}");
        assert!(fair.publishers[speaker].asked.nacked > 80);
    }
}

#[test]
fn layers_that_the_publisher_stops_are_done_without_and_come_back() {
    for seed in seeds() {
        let (mut fair, speaker) = with_layers(seed, Codec::Av1, true);
        let viewer = fair.watch();
        fair.run_ms(2_000);
        fair.publishers[speaker].track(SourceKind::Camera).spatial_layers = 1;
        fair.run_ms(4_000);
        fair.publishers[speaker].track(SourceKind::Camera).spatial_layers = 3;
        fair.run_ms(5_000);
        let shown = pictures(&fair.viewers[viewer].slot(CAMERA));
        assert_eq!(tops(&shown, S, 2 * S), [2]);
        assert_eq!(tops(&shown, 3 * S, 6 * S), [0]);
        assert_eq!(tops(&shown, 10 * S, 11 * S), [2]);
        assert!(
            shown
                .windows(2)
                .all(|pair| pair[1].key || pair[1].frame == pair[0].frame + 1)
        );
    }
}

#[test]
fn layers_that_make_no_sense_harm_nobody_else() {
    for seed in seeds() {
        let (mut fair, good) = with_layers(seed, Codec::Vp9, false);
        let camera = Track::video(2, SourceKind::Camera, Codec::Vp9, fair.random.fork());
        let bad = fair.publish(2, true, vec![camera]);
        let viewers = [fair.watch(), fair.watch()];
        fair.want(viewers[1], CAMERA + 1, Some(180));
        fair.run_ms(2_000);
        let track = fair.publishers[bad].track(SourceKind::Camera);
        track.on = false;
        let (ssrc, mut index) = (track.layers[0].ssrc, track.layers[0].next_index);
        let stages = fair.stages_told;
        for round in 0..3_000_u32 {
            let descriptor = nonsense(&mut fair);
            // A few numbers back, ahead or far ahead, and now and then a key picture to begin with.
            index += [1, 1, 1, 3, 40, 700][fair.random.below(6) as usize];
            let late = index - fair.random.below(30);
            let timestamp = fair.now_us as u32 / 40_000 * 3_600;
            let mut packet = header(ssrc, late as u16, timestamp, 98 | (round as u8 & 0x80), &[]);
            let header_len = packet.len();
            packet.extend(descriptor);
            fair.publishers[bad].endpoint.send_rtp(&packet, header_len, ssrc, late);
            if round % 3 == 2 {
                fair.run_ms(1);
            }
        }
        fair.run_ms(500);
        let told = fair.stages_told - stages;
        assert!(told <= 60, "{told} stages");
        for viewer in viewers {
            let received: Vec<Received> = fair.viewers[viewer].slot(CAMERA);
            assert!(received.iter().all(|r| r.stamp.is_none_or(|s| s.who == 1)));
            assert_eq!(tops(&pictures(&received), 1_500_000, fair.now_us), [2]);
            undisturbed_sound(&fair, good, viewer, 2 * S);
            assert_eq!(fair.viewers[viewer].duplicates, 0);
        }
        let index = |viewer: usize| fair.viewers[viewer].slot(CAMERA + 1).last().map_or(0, |r| r.index);
        assert!(
            viewers.into_iter().all(|viewer| index(viewer) > 0),
            "the nonsense was watched"
        );
    }
}

/// A VP9 payload with any layers, structures of any shape, and often the head of a key frame.
fn nonsense(fair: &mut Fair) -> Vec<u8> {
    let random = &mut fair.random;
    let bits = random.bytes(4);
    let (first, indices) = (bits[0] & !0x10, bits[1]);
    let mut payload = vec![first];
    if first & 0x80 != 0 {
        payload.extend([bits[2] | 0x80, bits[3]]);
    }
    if first & 0x20 != 0 {
        payload.extend([indices, bits[3]]);
    }
    if first & 0x02 != 0 {
        let layers = bits[2] >> 5;
        payload.push(layers << 5 | 0x10);
        payload.extend(random.bytes(4 * (usize::from(layers) + 1)));
    }
    payload.extend([0x82, 0x49, 0x83, 0x42, 0x20, 0x27, 0xF0, 0x16, 0x70, 0x00]);
    payload.extend(random.bytes(100));
    payload
}

/// Dependency descriptors cut off, of templates that are not there, of half a structure.
fn scramble(elements: &mut [(u8, Vec<u8>)]) {
    for (_, value) in elements.iter_mut().filter(|(id, _)| *id == IDS.dependency) {
        match value[2] % 5 {
            0 => value.truncate(2),
            1 => value[0] ^= 0x15,
            2 if value.len() > 10 => value.truncate(10),
            3 => value[1] ^= 0xA5,
            _ => {}
        }
    }
}

#[test]
fn descriptors_that_make_no_sense_harm_nobody_else() {
    for seed in seeds() {
        let (mut fair, good) = with_layers(seed, Codec::Av1, true);
        let camera = Track::svc(2, SourceKind::Camera, Codec::Av1, true, fair.random.fork());
        let bad = fair.publish(2, true, vec![camera]);
        fair.publishers[bad].dress = |elements| scramble(elements);
        let viewers = [fair.watch(), fair.watch()];
        fair.want(viewers[1], CAMERA + 1, Some(180));
        fair.run_ms(4_000);
        for viewer in viewers {
            let received = fair.viewers[viewer].slot(CAMERA);
            assert_eq!(tops(&pictures(&received), 1_500_000, fair.now_us), [2]);
            undisturbed_sound(&fair, good, viewer, 2 * S);
            assert_eq!(fair.viewers[viewer].duplicates, 0);
            let other = fair.viewers[viewer].slot(CAMERA + 1);
            assert!(!other.is_empty(), "the nonsense was watched");
            assert!(other.windows(2).all(|pair| pair[1].index == pair[0].index + 1));
        }
    }
}
