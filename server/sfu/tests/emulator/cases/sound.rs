// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Sound over paths that lose: repeated by later packets (RFC 2198), asked for again, rebuilt on the way in; and never
//! what somebody else said.

use std::collections::BTreeMap;

use fiera_sfu::api::{Command, ParticipantKey, Side, SourceKind};
use fiera_sfu::counters::Drop as Dropped;
use fiera_sfu::sdp::ViewerMedia;

use super::check::{once_each, unbroken};
use super::measure::{bottleneck, heard_share, layered_speaker, one_seed, sound_share, undisturbed};
use crate::fair::{Fair, SCREEN_AUDIO, VOICE, seeds};
use crate::net::link::LinkSpec;
use crate::peer::media::{RED, full_rack, plain_rack};
use crate::peer::payload::Stamp;
use crate::peer::publisher::header;

const S: u64 = 1_000_000;
const RESEND_PACKETS_MAX: u64 = fiera_sfu::viewer::RESEND_PACKETS_MAX as u64;

fn losing(loss: f64) -> LinkSpec {
    LinkSpec {
        loss,
        ..LinkSpec::CLEAN
    }
}

/// A rack whose sound is asked for again, and not repeated.
fn asking_rack(fair: &mut Fair) -> ViewerMedia {
    let mut media = full_rack(&mut fair.random);
    let all = media.slots.iter_mut().flat_map(|slot| &mut slot.payload_types);
    all.for_each(|pt| pt.red_pt = None);
    media
}

/// How many packets of a slot brought earlier ones along within a time, and how many came.
fn copying(fair: &Fair, viewer: usize, slot: u8, from_us: u64, until_us: u64) -> (usize, usize) {
    let of = |h: &&crate::peer::viewer::Heard| h.slot == slot && (from_us..until_us).contains(&h.at_us);
    let heard = || fair.viewers[viewer].heard.iter().filter(of);
    let copies = heard().filter(|h| h.copied_by.is_some()).count();
    (copies, heard().filter(|h| h.copied_by.is_none()).count())
}

/// Asserts that all that was repeated to a viewer on a clean path is what it had got there, at the same time of the slot.
#[track_caller]
fn nothing_but_what_was_shown(fair: &Fair, viewer: usize) {
    let mut shown: BTreeMap<(u8, u32), Stamp> = BTreeMap::new();
    for heard in &fair.viewers[viewer].heard {
        let at = (heard.slot, heard.timestamp);
        match heard.copied_by {
            None => assert_eq!(shown.insert(at, heard.stamp), None, "a time of a slot twice"),
            Some(_) => assert_eq!(
                shown.get(&at),
                Some(&heard.stamp),
                "repeated, and never shown: {heard:?}"
            ),
        }
    }
}

#[test]
fn sound_survives_what_a_path_loses() {
    for (place, loss) in [0.05, 0.2].into_iter().enumerate() {
        let mut fair = Fair::new(one_seed(place));
        let speaker = layered_speaker(&mut fair, 1, true);
        let clean = fair.watch();
        let (both, copied) = (fair.watch(), fair.watch());
        fair.viewers[copied].nacks = false;
        let media = asking_rack(&mut fair);
        let asked = fair.watch_with(None, Side::Audience, media);
        let media = plain_rack(&mut fair.random);
        let plain = fair.watch_with(None, Side::Audience, media);
        let lossy = [both, copied, asked, plain];
        for viewer in lossy {
            fair.viewer_links(viewer, LinkSpec::CLEAN, losing(loss));
        }
        fair.run_ms(40_000);
        let shares = lossy.map(|viewer| heard_share(&fair, speaker, viewer, 4 * S, 39 * S));
        println!("sound heard at {loss} loss, with copies and requests, copies, requests, neither: {shares:?}");
        let [both, copied, asked, plain] = shares;
        assert!(both >= 0.998, "{both}");
        assert!(copied >= 0.985, "{copied}");
        assert!(asked >= 0.99, "{asked}");
        assert!((plain - (1.0 - loss)).abs() < 0.02, "the path loses that: {plain}");
        for viewer in lossy {
            once_each(&fair.viewers[viewer].stamps(VOICE));
        }
        undisturbed(&fair, speaker, clean, 2 * S);
        nothing_but_what_was_shown(&fair, clean);
    }
}

#[test]
fn two_copies_are_for_those_who_lose_much() {
    let mut fair = Fair::new(one_seed(0));
    layered_speaker(&mut fair, 1, true);
    let (clean, lossy) = (fair.watch(), fair.watch());
    fair.viewer_links(lossy, LinkSpec::CLEAN, losing(0.2));
    fair.run_ms(20_000);
    let (copies, packets) = copying(&fair, clean, VOICE, 4 * S, 20 * S);
    assert_eq!(copies, packets, "one each");
    let (copies, packets) = copying(&fair, lossy, VOICE, 5 * S, 20 * S);
    assert!(copies * 10 >= packets * 18, "{copies} copies in {packets} packets");
}

#[test]
fn what_a_publisher_lost_on_the_way_is_rebuilt_for_all() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let mut mic = fair.mic(1, 30);
        mic.copies = 1;
        let copying = fair.publish(1, true, vec![mic]);
        let mic = fair.mic(2, 30);
        let single = fair.publish(2, true, vec![mic]);
        let media = plain_rack(&mut fair.random);
        let viewer = fair.watch_with(None, Side::Audience, media);
        fair.run_ms(1_000);
        for publisher in [copying, single] {
            fair.publishers[publisher].loses = |stamp| stamp.frame % 4 == 0 || stamp.frame % 100 == 1;
        }
        fair.run_ms(10_000);
        let share = |publisher: usize| {
            let came: std::collections::BTreeSet<Stamp> =
                fair.viewers[viewer].received.iter().filter_map(|r| r.stamp).collect();
            let made: Vec<Stamp> = fair.publishers[publisher].stamps(S, 10 * S).collect();
            made.iter().filter(|stamp| came.contains(stamp)).count() as f64 / made.len() as f64
        };
        // Of two in a row the first stays lost.
        assert!((share(copying) - 0.99).abs() < 0.005, "{}", share(copying));
        assert!((share(single) - 0.74).abs() < 0.02, "{}", share(single));
        let recovered = fair.counters().recovered_packets;
        assert!((110..=125).contains(&recovered), "{recovered} rebuilt");
        for slot in [VOICE, VOICE + 1] {
            let sound = fair.viewers[viewer].slot(slot);
            sound
                .windows(2)
                .for_each(|pair| super::check::counters_go_on(&pair[0], &pair[1]));
        }
    }
}

#[test]
fn a_voice_that_takes_over_a_slot_repeats_nothing_of_the_one_before_nor_of_its_own_past() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        for who in 1..=6 {
            let mut mic = fair.mic(who, 127);
            mic.copies = 2;
            fair.publish(who, true, vec![mic]);
        }
        let viewer = fair.watch();
        fair.run_ms(4_000);
        for loud in [[4, 5, 6], [1, 2, 3], [1, 4, 6]] {
            for publisher in &mut fair.publishers {
                let speaks = loud.contains(&(publisher.participant.0 as u8));
                publisher.track(SourceKind::Mic).minus_dbov = if speaks { 25 } else { 127 };
            }
            fair.run_ms(2_000);
            // What is said while muted is not had afterwards either.
            for live in [false, true] {
                fair.command(Command::SetLive {
                    participant: ParticipantKey(u64::from(loud[0])),
                    source: SourceKind::Mic,
                    live,
                });
                fair.run_ms(1_000);
            }
        }
        nothing_but_what_was_shown(&fair, viewer);
        for slot in VOICE..VOICE + 3 {
            let received = fair.viewers[viewer].slot(slot);
            unbroken(&received);
            let speakers = received.chunk_by(|a, b| a.stamp.map(|s| s.who) == b.stamp.map(|s| s.who));
            let voices = speakers.count();
            let (copies, packets) = copying(&fair, viewer, slot, 4 * S, fair.now_us);
            // The first packet of a stretch repeats nothing.
            assert!(copies < packets && copies + 12 >= packets, "{copies} of {packets}");
            assert!(slot == VOICE || voices >= 2, "slot {slot} had {voices} voices");
        }
    }
}

#[test]
fn a_narrow_path_gets_each_sound_once() {
    let mut fair = Fair::new(one_seed(2));
    let speaker = layered_speaker(&mut fair, 1, true);
    let (narrow, other) = (fair.watch(), fair.watch());
    for (bps, ms) in [(5_000_000, 6_000), (400_000, 14_000), (5_000_000, 20_000)] {
        fair.viewer_links(narrow, LinkSpec::CLEAN, bottleneck(bps, 300));
        fair.run_ms(ms);
    }
    let (copies, _) = copying(&fair, narrow, VOICE, 0, 2 * S);
    assert_eq!(copies, 0, "before the path is known");
    let (copies, packets) = copying(&fair, narrow, VOICE, 4 * S, 6 * S);
    assert_eq!(copies, packets, "on the wide path one each");
    let (copies, packets) = copying(&fair, narrow, VOICE, 10 * S, 20 * S);
    assert!(
        copies * 20 <= packets,
        "{copies} copies in {packets} packets of the narrow path"
    );
    let (copies, packets) = copying(&fair, narrow, VOICE, 35 * S, 40 * S);
    assert!(copies >= packets, "and on the wide one again: {copies} in {packets}");
    let share = sound_share(&fair, speaker, narrow, 12 * S, 39 * S);
    assert!(share >= 0.99, "sound: {share}");
    undisturbed(&fair, speaker, other, 2 * S);
}

#[test]
fn who_asks_for_sound_without_end_gets_little_and_disturbs_nobody() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = fair.speaker(1, true);
        let (greedy, other) = (fair.watch(), fair.watch());
        fair.run_ms(1_000);
        // The first request only says that this viewer asks.
        let newest = |fair: &Fair| fair.viewers[greedy].slot(VOICE).last().expect("sound").index as u16;
        let seq = newest(&fair);
        fair.viewers[greedy].ask_again(VOICE, [seq]);
        fair.viewers[greedy].ask_again(SCREEN_AUDIO, [seq]);
        fair.run_ms(500);
        assert_eq!(fair.counters().retransmitted_packets, 0);
        for _ in 0..50 {
            let seq = newest(&fair);
            fair.viewers[greedy].ask_again(VOICE, (0..100).map(|back| seq.wrapping_sub(back)));
            fair.run_ms(20);
        }
        // Four times each of those kept and of those that came meanwhile; a receiver knows the bytes and drops them.
        let again = fair.counters().retransmitted_packets;
        let kept = RESEND_PACKETS_MAX + newest(&fair).wrapping_sub(seq) as u64;
        assert!((200..=4 * kept).contains(&again), "{again} of {kept} packets");
        fair.run_ms(100);
        assert_eq!(fair.viewers[greedy].endpoint.unopened, again);
        undisturbed(&fair, speaker, other, S);
    }
}

#[test]
fn a_publisher_of_broken_redundancy_is_counted_and_disturbs_nobody() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let good = fair.speaker(1, true);
        let mic = fair.mic(2, 127);
        let bad = fair.publish(2, true, vec![mic]);
        let viewer = fair.watch();
        fair.run_ms(1_500);
        let Some(media) = fair.publishers[bad].media.media.first() else {
            panic!("a microphone")
        };
        let mid = vec![(media.extensions.mid, media.mid.as_bytes().to_vec())];
        let broken: [&[u8]; 7] = [
            &[0x80 | 111],
            &[0x80 | 111, 0x0F, 0x00, 0x10],
            &[111],
            &[0x80 | 111, 0x0F, 0x00, 0x03, 111, 1, 2, 3],
            &[0x80 | 111, 0x0F, 0x03, 0xFF, 111, 1, 2, 3],
            &[0x80 | 63, 0x0F, 0x00, 0x02, 111, 1, 2, 3],
            &[0x80 | 111; 900],
        ];
        let before = fair.dropped(Dropped::UnknownStream);
        let ssrc = 77_000;
        for round in 0..100_u64 {
            for (number, payload) in (0..).zip(broken) {
                let seq = 1_000 + round * 10 + number;
                let mut packet = header(ssrc, seq as u16, round as u32 * 960, RED, &mid);
                let len = packet.len();
                packet.extend(payload);
                fair.publishers[bad].endpoint.send_rtp(&packet, len, ssrc, seq);
            }
            fair.run_ms(20);
        }
        assert!(fair.dropped(Dropped::UnknownStream) - before >= 700, "counted");
        let own = fair.publishers[bad].track(SourceKind::Mic).layers[0]
            .history
            .values()
            .next();
        let own = own.expect("sound was sent").payload.clone();
        // Copies that claim any time: only what fills a hole is taken.
        let before = fair.counters().recovered_packets;
        for round in 0..100_u64 {
            let offset = fair.random.below(1 << 14) as u32;
            let word = 1 << 31 | 111 << 24 | offset << 10 | 3_u32;
            let mut packet = header(ssrc, (3_000 + round) as u16, 96_000 + round as u32 * 960, RED, &mid);
            let len = packet.len();
            packet.extend(word.to_be_bytes());
            packet.extend([111, 1, 2, 3]);
            packet.extend(&own);
            fair.publishers[bad]
                .endpoint
                .send_rtp(&packet, len, ssrc, 3_000 + round);
            fair.run_ms(20);
        }
        assert!(fair.counters().recovered_packets - before <= 1, "there were no holes");
        undisturbed(&fair, good, viewer, 1_500_000);
    }
}
