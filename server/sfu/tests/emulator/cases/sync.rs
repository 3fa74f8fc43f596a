// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Lip sync: what happened together at the publisher is said to have happened together.

use fiera_sfu::api::SourceKind;

use crate::fair::{CAMERA, Fair, VOICE, seeds};
use crate::net::link::LinkSpec;

/// NTP time of a received packet's timestamp by the last report of its slot, microseconds.
fn ntp_us(fair: &Fair, viewer: usize, slot: u8, timestamp: u32, clock_hz: i64) -> i64 {
    let report = fair.viewers[viewer]
        .reports
        .iter()
        .rev()
        .find(|report| report.slot == slot)
        .expect("a report");
    let ntp_us = ((u128::from(report.ntp) * 1_000_000) >> 32) as i64;
    ntp_us + i64::from(timestamp.wrapping_sub(report.rtp) as i32) * 1_000_000 / clock_hz
}

/// How much later than its sound a viewer shows a picture, microseconds, at the end of a run.
fn picture_behind_sound_us(fair: &Fair, speaker: usize, viewer: usize, latency_us: u64) -> i64 {
    let last = |slot| *fair.viewers[viewer].slot(slot).last().expect("media");
    let (flash, beep) = (last(CAMERA), last(VOICE));
    let made_us = |r: crate::peer::viewer::Received| {
        let produced = &fair.publishers[speaker].produced;
        produced.iter().find(|p| Some(p.stamp) == r.stamp).expect("made").at_us as i64
    };
    let captured_apart = (made_us(flash) - latency_us as i64) - made_us(beep);
    let said_apart =
        ntp_us(fair, viewer, CAMERA, flash.timestamp, 90_000) - ntp_us(fair, viewer, VOICE, beep.timestamp, 48_000);
    said_apart - captured_apart
}

fn speaker(fair: &mut Fair, latency_us: u64) -> usize {
    let speaker = fair.speaker(1, true);
    fair.publishers[speaker].track(SourceKind::Camera).latency_us = latency_us;
    // Pictures queue behind each other, sound slips through: transit differs.
    let narrow = LinkSpec {
        rate_bps: Some(1_500_000),
        jitter_us: 8_000,
        ..LinkSpec::CLEAN
    };
    fair.publisher_links(speaker, narrow, LinkSpec::CLEAN);
    speaker
}

#[test]
fn a_flash_and_a_beep_stay_within_twenty_milliseconds() {
    for seed in seeds() {
        for latency_us in [0, 120_000] {
            let mut fair = Fair::new(seed);
            let speaker = speaker(&mut fair, latency_us);
            let early = fair.watch();
            fair.run_ms(4_000);
            let late = fair.watch();
            fair.run_ms(4_000);
            for viewer in [early, late] {
                let apart_us = picture_behind_sound_us(&fair, speaker, viewer, latency_us);
                assert!(
                    apart_us.abs() <= 20_000,
                    "{apart_us} us apart with {latency_us} us of encoder latency"
                );
            }
        }
    }
}

#[test]
fn sync_survives_a_change_of_speaker() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let first = speaker(&mut fair, 80_000);
        let second = fair.speaker(2, false);
        fair.publishers[second].wall_us += 123_456_789;
        let viewer = fair.watch();
        fair.run_ms(4_000);
        assert!(picture_behind_sound_us(&fair, first, viewer, 80_000).abs() <= 20_000);
        fair.set_on_air(1, false);
        fair.set_on_air(2, true);
        fair.run_ms(4_000);
        let apart_us = picture_behind_sound_us(&fair, second, viewer, 0);
        assert!(apart_us.abs() <= 20_000, "{apart_us} us apart");
    }
}
