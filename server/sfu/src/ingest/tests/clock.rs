// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Capture times: layers and lip sync with and without sender reports.

use super::*;
use crate::rtcp::{SenderInfo, write_sr};

/// Publisher time is this far from server time.
const CLOCK_OFFSET_S: u64 = 5_000;

fn voice(timestamp: u32, seq: u16) -> Bytes {
    Rtp {
        pt: OPUS,
        ssrc: 1,
        mid: "0",
        seq,
        timestamp,
        payload: &[0x78, 1, 2, 3],
        ..Default::default()
    }
    .bytes()
}

fn picture(timestamp: u32, seq: u16) -> Bytes {
    Rtp {
        ssrc: 2,
        mid: "2",
        seq,
        timestamp,
        ..Default::default()
    }
    .bytes()
}

fn sr(ssrc: u32, at: Duration, rtp: u32) -> Vec<u8> {
    let at = at + Duration::from_secs(CLOCK_OFFSET_S);
    let ntp = (at.as_secs() << 32) | ((u64::from(at.subsec_micros()) << 32) / 1_000_000);
    let mut out = Vec::new();
    write_sr(
        &mut out,
        &SenderInfo {
            ssrc,
            ntp,
            rtp,
            packets: 0,
            octets: 0,
        },
        &[],
    );
    out
}

/// Sound takes 20 to 30 ms, the picture 60 to 90 ms; both count from their own random start.
fn publish(streams: &mut PublisherStreams, start: Instant, reports: bool) {
    for step in 0..200u64 {
        let capture = ms(step * 20);
        let sound_timestamp = 4_000_000_000u32.wrapping_add((step * 960) as u32);
        let picture_timestamp = 77u32.wrapping_add((step * 1_800) as u32);
        media(streams.handle_rtp(
            start + capture + ms(20 + step % 11),
            voice(sound_timestamp, step as u16),
        ));
        media(streams.handle_rtp(
            start + capture + ms(60 + step % 31),
            picture(picture_timestamp, step as u16),
        ));
        if reports && step % 50 == 10 {
            streams
                .handle_rtcp(start + capture + ms(30), &sr(1, capture, sound_timestamp))
                .unwrap();
            streams
                .handle_rtcp(start + capture + ms(70), &sr(2, capture, picture_timestamp))
                .unwrap();
        }
    }
}

fn last_times(streams: &PublisherStreams) -> (i64, i64) {
    let sound = streams
        .server_time_of(SourceKind::Mic, 0, 4_000_000_000u32.wrapping_add(199 * 960))
        .unwrap();
    let picture = streams.server_time_of(SourceKind::Screen, 0, 77 + 199 * 1_800).unwrap();
    (sound, picture)
}

#[test]
fn with_sender_reports_sound_and_picture_captured_together_have_one_time() {
    let start = Instant::now();
    let mut streams = streams(&browser(), start);
    publish(&mut streams, start, true);
    let (sound, picture) = last_times(&streams);
    assert!((sound - picture).abs() <= 100, "{sound} {picture}");
    let expected = 199 * 20_000 + 20_000;
    assert!(
        (sound - expected).abs() < 1_000,
        "capture time plus the fastest transit: {sound}"
    );
}

#[test]
fn before_sender_reports_the_fastest_transit_of_each_counts() {
    let start = Instant::now();
    let mut streams = streams(&browser(), start);
    assert_eq!(streams.server_time_of(SourceKind::Mic, 0, 0), None);
    publish(&mut streams, start, false);
    let (sound, picture) = last_times(&streams);
    assert!((sound - (199 * 20_000 + 20_000)).abs() < 1_000, "{sound}");
    assert!((picture - (199 * 20_000 + 60_000)).abs() < 1_000, "{picture}");
}

#[test]
fn a_layer_with_a_foreign_clock_does_not_move_the_others() {
    let start = Instant::now();
    let mut streams = streams(&browser(), start);
    publish(&mut streams, start, true);
    let before = last_times(&streams).0;
    let foreign = sr(2, ms(4_000) + Duration::from_secs(1_000_000), 77 + 199 * 1_800);
    streams.handle_rtcp(start + ms(4_000), &foreign).unwrap();
    media(streams.handle_rtp(start + ms(4_060), picture(77 + 200 * 1_800, 200)));
    let (sound, picture) = last_times(&streams);
    assert_eq!(sound, before);
    assert!(
        (picture - sound).abs() < 200_000,
        "its own arrivals count: {picture} {sound}"
    );
}
