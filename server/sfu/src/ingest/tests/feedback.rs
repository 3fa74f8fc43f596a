// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What the publisher is told: reports, transport feedback, key frame requests; and when.

use super::*;
use crate::rtcp::{Compound, Packet, SenderInfo, write_bye, write_sr};

fn parts(compound: &[u8]) -> Vec<Packet<'_>> {
    Compound::parse(compound).unwrap().packets().collect()
}

fn screen(seq: u16, payload: &'static [u8]) -> Rtp<'static> {
    Rtp {
        ssrc: 9,
        mid: "2",
        seq,
        timestamp: u32::from(seq) * 3_000,
        payload,
        ..Default::default()
    }
}

#[test]
fn reports_state_loss_and_answer_to_sender_reports() {
    let start = Instant::now();
    let mut streams = streams(&browser(), start);
    for seq in (1..=100).filter(|seq| seq % 10 != 5) {
        let _ = streams.handle_rtp(start, screen(seq, INTER).bytes());
    }
    let mut sr = Vec::new();
    write_sr(
        &mut sr,
        &SenderInfo {
            ssrc: 9,
            ntp: 0x1122_3344_5566_7788,
            rtp: 0,
            packets: 0,
            octets: 0,
        },
        &[],
    );
    streams.handle_rtcp(start + ms(500), &sr).unwrap();
    let due = start + REPORT_INTERVAL;
    let compounds = feedback(&mut streams, due);
    let report = compounds
        .iter()
        .flat_map(|compound| parts(compound))
        .find_map(|part| match part {
            Packet::ReceiverReport(report) => report.blocks.clone().next(),
            _ => None,
        });
    let block = report.unwrap();
    assert_eq!((block.ssrc, block.cumulative_lost, block.fraction_lost), (9, 10, 25));
    assert_eq!(
        (block.highest_seq as u16, block.last_sr, block.delay_since_last_sr),
        (100, 0x3344_5566, 32_768)
    );
    assert!(
        compounds
            .iter()
            .flat_map(|compound| parts(compound))
            .any(|part| part == Packet::Sdes)
    );
    assert!(
        compounds
            .iter()
            .all(|compound| matches!(parts(compound)[0], Packet::ReceiverReport(_)))
    );
}

#[test]
fn transport_feedback_reports_every_packet_with_its_time() {
    let start = Instant::now();
    let mut streams = streams(&browser(), start);
    let mut sent = Vec::new();
    for seq in 0..250u16 {
        let twcc = 65_500u16.wrapping_add(seq);
        let at = start + ms(1_000 + u64::from(seq) * 3);
        if seq % 7 == 3 {
            continue;
        }
        // Probes count, and so do packets that are refused.
        let packet = match seq % 3 {
            0 => Rtp {
                twcc: Some(twcc),
                ..screen(seq, INTER)
            },
            1 => Rtp {
                twcc: Some(twcc),
                pt: VP8_RTX,
                ssrc: 10,
                payload: &[],
                ..screen(seq, INTER)
            },
            _ => Rtp {
                twcc: Some(twcc),
                mid: "unknown",
                ssrc: 11,
                ..screen(seq, INTER)
            },
        };
        let _ = streams.handle_rtp(at, packet.bytes());
        sent.push((twcc, at));
    }
    let mut read = Vec::new();
    for compound in feedback(&mut streams, start + ms(2_000)) {
        for part in parts(&compound) {
            let Packet::Twcc(twcc) = part else { continue };
            let mut ticks = i64::from(twcc.reference_time) * 256;
            for (seq, delta) in twcc.statuses() {
                if let Some(delta) = delta {
                    ticks += i64::from(delta);
                    read.push((seq, start + Duration::from_micros(ticks as u64 * 250)));
                }
            }
        }
    }
    assert_eq!(read, sent);
    assert!(feedback(&mut streams, start + ms(2_000)).is_empty());
}

#[test]
fn a_late_packet_is_reported_after_all() {
    let start = Instant::now();
    let mut streams = streams(&browser(), start);
    let packet = |seq: u16| {
        Rtp {
            twcc: Some(seq),
            ..screen(seq, INTER)
        }
        .bytes()
    };
    for seq in [1, 2, 4] {
        let _ = streams.handle_rtp(start, packet(seq));
    }
    assert!(!feedback(&mut streams, start + FEEDBACK_INTERVAL).is_empty());
    let _ = streams.handle_rtp(start + ms(60), packet(3));
    let compounds = feedback(&mut streams, start + ms(60) + FEEDBACK_INTERVAL);
    let statuses: Vec<_> = compounds
        .iter()
        .flat_map(|compound| parts(compound))
        .filter_map(|part| {
            if let Packet::Twcc(twcc) = part {
                Some(twcc)
            } else {
                None
            }
        })
        .flat_map(|twcc| twcc.statuses())
        .collect();
    assert_eq!(
        statuses.first().map(|status| (status.0, status.1.is_some())),
        Some((3, true))
    );
}

fn plis(streams: &mut PublisherStreams, now: Instant) -> usize {
    let compounds = feedback(streams, now);
    compounds
        .iter()
        .flat_map(|compound| parts(compound))
        .filter(|part| matches!(part, Packet::Pli(_)))
        .count()
}

#[test]
fn key_frame_requests_are_merged_repeated_and_throttled() {
    let start = Instant::now();
    let mut streams = streams(&browser(), start);
    media(streams.handle_rtp(start, screen(1, INTER).bytes()));
    for _ in 0..50 {
        streams.request_keyframe(start, SourceKind::Screen, 0);
    }
    assert_eq!(plis(&mut streams, start), 1, "merged");
    assert_eq!(plis(&mut streams, start + ms(100)), 0);
    assert_eq!(plis(&mut streams, start + KEYFRAME_RETRY), 1, "repeated");
    let answered = start + KEYFRAME_RETRY + ms(50);
    media(streams.handle_rtp(answered, screen(2, INTRA).bytes()));
    assert_eq!(plis(&mut streams, answered + KEYFRAME_RETRY), 0, "answered");
    streams.request_keyframe(answered + ms(10), SourceKind::Screen, 0);
    assert_eq!(plis(&mut streams, answered + ms(400)), 0, "throttled");
    assert_eq!(plis(&mut streams, answered + KEYFRAME_APART), 1);
    assert!(!streams.ignores_pli(SourceKind::Screen, 0));
}

#[test]
fn a_publisher_that_ignores_requests_is_known_and_asked_seldom() {
    let start = Instant::now();
    let mut streams = streams(&browser(), start);
    streams.request_keyframe(start, SourceKind::Screen, 0);
    let mut sent = 0;
    for step in 0..1_000u16 {
        let now = start + ms(u64::from(step) * 10);
        let _ = streams.handle_rtp(now, screen(step, INTER).bytes());
        sent += plis(&mut streams, now);
    }
    assert!(streams.ignores_pli(SourceKind::Screen, 0));
    assert!((8..=11).contains(&sent), "{sent}");
}

#[test]
fn silence_and_goodbye_end_the_flow() {
    let start = Instant::now();
    let mut streams = streams(&browser(), start);
    let flow = |flowing| IngestEvent::Flow {
        source: SourceKind::Screen,
        flowing,
    };
    media(streams.handle_rtp(start, screen(1, INTER).bytes()));
    assert_eq!(events(&mut streams), [flow(true)]);
    streams.handle_timeout(start + SILENT_AFTER - ms(1));
    assert_eq!(events(&mut streams), []);
    streams.handle_timeout(start + SILENT_AFTER);
    assert_eq!(events(&mut streams), [flow(false)]);
    media(streams.handle_rtp(start + ms(3_000), screen(2, INTER).bytes()));
    assert_eq!(events(&mut streams), [flow(true)]);
    let mut bye = Vec::new();
    write_bye(&mut bye, &[9]);
    streams.handle_rtcp(start + ms(3_010), &bye).unwrap();
    assert_eq!(events(&mut streams), [flow(false)]);
}

#[test]
fn deadlines_pass_when_they_are_served() {
    let start = Instant::now();
    let mut streams = streams(&browser(), start);
    assert_eq!(streams.next_deadline(), None);
    for seq in (0..200u16).filter(|seq| seq % 9 != 4) {
        let packet = Rtp {
            twcc: Some(seq),
            ..screen(seq, INTER)
        };
        let _ = streams.handle_rtp(start + ms(u64::from(seq)), packet.bytes());
    }
    streams.request_keyframe(start + ms(200), SourceKind::Screen, 0);
    let mut now = start + ms(200);
    let mut wakes = 0;
    while let Some(due) = streams.next_deadline() {
        assert!(due > now || wakes == 0, "a deadline was served and is still due");
        now = due.max(now);
        streams.handle_timeout(now);
        feedback(&mut streams, now);
        events(&mut streams);
        wakes += 1;
        assert!(wakes < 200);
    }
    assert!(now <= start + ms(5_000), "nothing is due once all is silent");
}

#[test]
fn a_large_hole_asks_for_nothing_and_says_so() {
    let start = Instant::now();
    let mut streams = streams(&browser(), start);
    media(streams.handle_rtp(start, screen(1, INTRA).bytes()));
    media(streams.handle_rtp(start, screen(2_000, INTER).bytes()));
    let lost = IngestEvent::LostForGood {
        source: SourceKind::Screen,
        layer: 0,
    };
    assert!(events(&mut streams).contains(&lost));
    assert!(feedback(&mut streams, start + ms(10)).is_empty());
}
