// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What a run shows of quality: delays, layers, shares, and that somebody was not disturbed at all.

use std::collections::{BTreeMap, BTreeSet};

use fiera_sfu::api::SourceKind;

use super::check::{all_of, once_each, unbroken};
use crate::fair::{Fair, VOICE, seeds};
use crate::net::link::LinkSpec;
use crate::peer::payload::Stamp;
use crate::peer::track::Track;
use crate::peer::viewer::Received;

/// Of two clean links and a step of the emulator each way, microseconds.
const CLEAN_US: u64 = 22_000;
/// Disturbed is who waits this much longer than that, microseconds: the pacer may spread a keyframe for so long.
const DISTURBED_US: u64 = 30_000;

/// One seed for a long run, another one for each place in a file: each runs on another count of media threads.
pub(crate) fn one_seed(place: usize) -> u64 {
    let seeds = seeds();
    seeds[place % seeds.len()]
}

/// A speaker whose camera has layers of about 0.23, 0.47 and 1.6 Mbit/s on the wire.
pub(crate) fn layered_speaker(fair: &mut Fair, who: u8, on_air: bool) -> usize {
    let mut camera = Track::simulcast(who, SourceKind::Camera, fair.random.fork());
    camera.layers[2].parts = 7;
    let tracks = vec![fair.mic(who, 30), camera];
    fair.publish(who, on_air, tracks)
}

/// A path of so many bits per second, with a drop-tail queue of so many milliseconds.
pub(crate) fn bottleneck(bps: u64, queue_ms: u64) -> LinkSpec {
    LinkSpec {
        rate_bps: Some(bps),
        queue_bytes: bps * queue_ms / 8_000,
        ..LinkSpec::CLEAN
    }
}

/// What a viewer got of a participant's source, in any slot, in the order of arrival.
pub(crate) fn received_of(fair: &Fair, viewer: usize, who: u8, kind: u8) -> Vec<Received> {
    let of = |r: &&Received| r.stamp.is_some_and(|s| (s.who, s.kind) == (who, kind));
    fair.viewers[viewer].received.iter().filter(of).copied().collect()
}

/// How long packets of a slot that came within a time took, repaired ones left out, microseconds, shortest first.
pub(crate) fn delays_us(fair: &Fair, publisher: usize, viewer: usize, slot: u8, from_us: u64) -> Vec<u64> {
    let produced = &fair.publishers[publisher].produced;
    let made: BTreeMap<Stamp, u64> = produced.iter().map(|p| (p.stamp, p.at_us)).collect();
    let received = fair.viewers[viewer].received.iter();
    let timely = received.filter(|r| r.slot == slot && !r.repaired && r.at_us >= from_us);
    let mut delays: Vec<u64> = timely.filter_map(|r| Some(r.at_us - made.get(&r.stamp?)?)).collect();
    delays.sort_unstable();
    delays
}

/// The value below which so many percent of a sorted list are.
pub(crate) fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let place = (sorted.len() * percent / 100).min(sorted.len() - 1);
    sorted[place]
}

/// Layers of a slot within a time, in order, each as long as it lasts once.
pub(crate) fn layers(fair: &Fair, viewer: usize, slot: u8, from_us: u64, until_us: u64) -> Vec<u8> {
    let received = fair.viewers[viewer].slot(slot);
    let within = received.iter().filter(|r| (from_us..until_us).contains(&r.at_us));
    let mut layers: Vec<u8> = within.filter_map(|r| r.stamp).map(|s| s.layer).collect();
    layers.dedup();
    layers
}

/// Share of a publisher's sound made within a time that reached a viewer.
pub(crate) fn sound_share(fair: &Fair, publisher: usize, viewer: usize, from_us: u64, until_us: u64) -> f64 {
    let came: BTreeSet<Stamp> = fair.viewers[viewer].stamps(VOICE).into_iter().collect();
    let made = fair.publishers[publisher].stamps(from_us, until_us);
    let (mut all, mut there) = (0_u32, 0_u32);
    for stamp in made.filter(|s| s.kind == 0) {
        all += 1;
        there += u32::from(came.contains(&stamp));
    }
    f64::from(there) / f64::from(all)
}

/// Sound waits for its turn in a browser at least this long, microseconds: what comes later is concealed.
const PLAYOUT_US: u64 = 200_000;

/// Share of a publisher's sound made within a time that a viewer's decoder got in time, by whatever way.
pub(crate) fn heard_share(fair: &Fair, publisher: usize, viewer: usize, from_us: u64, until_us: u64) -> f64 {
    let mut first: BTreeMap<Stamp, u64> = BTreeMap::new();
    for heard in fair.viewers[viewer].heard.iter().filter(|h| h.slot == VOICE) {
        first.entry(heard.stamp).or_insert(heard.at_us);
    }
    let produced = fair.publishers[publisher].produced.iter();
    let made = produced.filter(|p| p.stamp.kind == 0 && (from_us..until_us).contains(&p.at_us));
    let (mut all, mut there) = (0_u32, 0_u32);
    for made in made {
        all += 1;
        let came = first.get(&made.stamp);
        there += u32::from(came.is_some_and(|at| *at <= made.at_us + PLAYOUT_US));
    }
    f64::from(there) / f64::from(all)
}

/// The longest time without a packet of a slot, within a time, microseconds.
pub(crate) fn longest_gap_us(fair: &Fair, viewer: usize, slot: u8, from_us: u64, until_us: u64) -> u64 {
    let received = fair.viewers[viewer].received.iter().filter(|r| r.slot == slot);
    let within = received.map(|r| r.at_us).filter(|at| (from_us..until_us).contains(at));
    let times: Vec<u64> = [from_us].into_iter().chain(within).chain([until_us]).collect();
    times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
}

/// When the pictures of a slot could be shown, with their layers: each when it was whole and so was all that it builds on;
/// what was lost for good is bridged by the next keyframe alone.
fn shown(fair: &Fair, viewer: usize, slot: u8) -> Vec<(u64, u8)> {
    let line: BTreeMap<u64, Received> = fair.viewers[viewer]
        .slot(slot)
        .into_iter()
        .map(|r| (r.index, r))
        .collect();
    let (mut shown, mut ready_us, mut next, mut whole) = (Vec::new(), 0, None, false);
    for (index, packet) in line {
        let Some(stamp) = packet.stamp else { continue };
        whole = (whole && next == Some(index)) || (stamp.key && stamp.part == 0);
        next = Some(index + 1);
        ready_us = packet.at_us.max(ready_us);
        if whole && stamp.part + 1 == stamp.parts {
            shown.push((ready_us, stamp.layer));
        }
    }
    shown
}

/// The longest time for which the picture of a slot stood still, within a time, microseconds.
pub(crate) fn longest_freeze_us(fair: &Fair, viewer: usize, slot: u8, from_us: u64, until_us: u64) -> u64 {
    let shown = shown(fair, viewer, slot).into_iter().map(|(at_us, _)| at_us);
    let within = shown.filter(|at| (from_us..until_us).contains(at));
    let times: Vec<u64> = [from_us].into_iter().chain(within).chain([until_us]).collect();
    times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
}

/// Asserts that a viewer on clean links got all sound that a speaker made since a time.
#[track_caller]
pub(crate) fn undisturbed_sound(fair: &Fair, publisher: usize, viewer: usize, from_us: u64) {
    let share = sound_share(fair, publisher, viewer, from_us, fair.now_us - 200_000);
    assert!(share >= 1.0, "sound: {share}");
    unbroken(&fair.viewers[viewer].slot(VOICE));
}

/// Asserts that a viewer on clean links got everything that a speaker made since a time: sound and the best layer of the
/// picture, each packet once, in time, in one unbroken line.
#[track_caller]
pub(crate) fn undisturbed(fair: &Fair, publisher: usize, viewer: usize, from_us: u64) {
    let until_us = fair.now_us - 200_000;
    let speaker = &fair.publishers[publisher];
    let made: BTreeMap<Stamp, u64> = speaker.produced.iter().map(|p| (p.stamp, p.at_us)).collect();
    for track in &speaker.tracks {
        let kind = u8::from(track.kind != SourceKind::Mic);
        let got = received_of(fair, viewer, speaker.participant.0 as u8, kind);
        let stamps: Vec<Stamp> = got.iter().filter_map(|r| r.stamp).collect();
        once_each(&stamps);
        let best = track.layers.len() as u8 - 1;
        let due = |s: &Stamp| s.kind == kind && s.layer == best;
        all_of(speaker.stamps(from_us, until_us).filter(due), &stamps);
        let latest = got.iter().filter(|r| r.at_us >= from_us);
        let late = latest.filter_map(|r| Some(r.at_us - made.get(&r.stamp?)?)).max();
        let late = late.expect("something came");
        assert!(
            late <= CLEAN_US + DISTURBED_US,
            "a packet of kind {kind} took {late} us"
        );
        let slot = got.last().expect("something came").slot;
        unbroken(&fair.viewers[viewer].slot(slot));
    }
    assert_eq!(fair.viewers[viewer].duplicates, 0);
}
