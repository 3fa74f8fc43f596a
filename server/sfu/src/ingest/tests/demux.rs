// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Whose packet is it: mids, rids, declared SSRCs, payload types, retransmissions, replaced SSRCs.

use super::*;

#[test]
fn mid_and_rid_are_learned_and_then_not_needed() {
    let now = Instant::now();
    let mut streams = streams(&browser(), now);
    for (layer, rid) in ["q", "h", "f"].into_iter().enumerate() {
        let first = Rtp {
            ssrc: 10 + layer as u32,
            mid: "1",
            rid,
            ..Default::default()
        };
        let (source, found, packet) = media(streams.handle_rtp(now, first.bytes()));
        assert_eq!((source, usize::from(found), packet.seq), (SourceKind::Camera, layer, 1));
        let later = Rtp {
            ssrc: 10 + layer as u32,
            seq: 2,
            ..Default::default()
        };
        assert_eq!(usize::from(media(streams.handle_rtp(now, later.bytes())).1), layer);
    }
    assert_eq!(
        events(&mut streams),
        [IngestEvent::Flow {
            source: SourceKind::Camera,
            flowing: true
        }]
    );
}

#[test]
fn a_payload_type_of_one_m_line_only_is_enough() {
    let now = Instant::now();
    let mut streams = streams(&browser(), now);
    let voice = Rtp {
        pt: OPUS,
        payload: &[0x78, 1, 2, 3],
        ..Default::default()
    };
    assert_eq!(media(streams.handle_rtp(now, voice.bytes())).0, SourceKind::Mic);
    let video = Rtp {
        ssrc: 2,
        ..Default::default()
    };
    assert_eq!(
        streams.handle_rtp(now, video.bytes()),
        Err(IngestRefusal::UnknownMedia),
        "two m-lines have VP8"
    );
    assert_eq!(streams.counters().refused_for(IngestRefusal::UnknownMedia), 1);
}

#[test]
fn declared_ssrcs_and_pairs_work_without_extensions() {
    let mut offer = browser();
    offer.media[2].ssrcs = vec![7];
    offer.media[2].rtx_ssrcs = vec![(7, 8)];
    let now = Instant::now();
    let mut streams = streams(&offer, now);
    let first = Rtp {
        ssrc: 7,
        seq: 10,
        ..Default::default()
    };
    assert_eq!(media(streams.handle_rtp(now, first.bytes())).0, SourceKind::Screen);
    let third = Rtp {
        ssrc: 7,
        seq: 12,
        ..Default::default()
    };
    media(streams.handle_rtp(now, third.bytes()));
    let second = Rtp {
        ssrc: 7,
        seq: 11,
        ..Default::default()
    };
    let (source, layer, packet) = media(streams.handle_rtp(now, second.rtx(8, 900)));
    assert_eq!(
        (source, layer, packet.seq, &packet.payload[..]),
        (SourceKind::Screen, 0, 11, INTER)
    );
}

#[test]
fn pairs_of_simulcast_layers_follow_the_primary_ssrc() {
    let mut offer = browser();
    offer.media[1].ssrcs = vec![21, 22, 23];
    offer.media[1].rtx_ssrcs = vec![(21, 31), (22, 32), (23, 33)];
    let now = Instant::now();
    let mut streams = streams(&offer, now);
    let missing = Rtp {
        ssrc: 22,
        mid: "1",
        seq: 5,
        ..Default::default()
    };
    assert_eq!(
        streams.handle_rtp(now, missing.rtx(32, 1)),
        Err(IngestRefusal::UnknownLayer)
    );
    media(
        streams.handle_rtp(
            now,
            Rtp {
                rid: "h",
                seq: 6,
                ..missing.clone()
            }
            .bytes(),
        ),
    );
    assert_eq!(media(streams.handle_rtp(now, missing.rtx(32, 2))).1, 1);
}

#[test]
fn retransmissions_known_by_rrid_only_are_unwrapped() {
    let now = Instant::now();
    let mut streams = streams(&browser(), now);
    let at = |seq| Rtp {
        ssrc: 11,
        mid: "1",
        rid: "h",
        seq,
        timestamp: 77,
        ..Default::default()
    };
    media(streams.handle_rtp(now, at(65_535).bytes()));
    media(streams.handle_rtp(now, at(1).bytes()));
    let (source, layer, packet) = media(streams.handle_rtp(now, at(0).rtx(99, 4_000)));
    assert_eq!(
        (source, layer, packet.seq, packet.timestamp),
        (SourceKind::Camera, 1, 0, 77)
    );
    assert_eq!(packet.codec, Codec::Vp8);
    assert_eq!(
        streams.handle_rtp(now, at(0).rtx(99, 4_001)),
        Ok(Ingested::Consumed(Consumed::Duplicate))
    );
    assert_eq!(
        streams.handle_rtp(now, at(0).bytes()),
        Ok(Ingested::Consumed(Consumed::Duplicate))
    );
    let ring: Vec<u16> = streams
        .ring(SourceKind::Camera, 1)
        .unwrap()
        .iter_from(0)
        .map(|packet| packet.seq)
        .collect();
    assert_eq!(ring, [65_535, 0, 1]);
    assert_eq!((streams.counters().repaired, streams.counters().duplicates), (1, 2));
}

#[test]
fn probes_are_consumed() {
    let now = Instant::now();
    let mut streams = streams(&browser(), now);
    let first = Rtp {
        ssrc: 11,
        mid: "1",
        rid: "h",
        ..Default::default()
    };
    media(streams.handle_rtp(now, first.bytes()));
    let probe = Rtp {
        pt: VP8_RTX,
        ssrc: 12,
        mid: "1",
        rrid: "h",
        payload: &[],
        ..Default::default()
    };
    assert_eq!(
        streams.handle_rtp(now, probe.bytes()),
        Ok(Ingested::Consumed(Consumed::Probe))
    );
    let padding = Rtp {
        seq: 2,
        payload: &[],
        ..first
    };
    let Ok(Ingested::Consumed(Consumed::Padding { layer: 1, ext_seq, .. })) = streams.handle_rtp(now, padding.bytes())
    else {
        panic!()
    };
    assert_eq!(ext_seq as u16, 2);
}

#[test]
fn a_new_ssrc_takes_the_layer_over_and_its_line_goes_on() {
    let now = Instant::now();
    let mut streams = streams(&browser(), now);
    let old = Rtp {
        ssrc: 1,
        mid: "2",
        seq: 60_000,
        payload: INTRA,
        ..Default::default()
    };
    let before = media(streams.handle_rtp(now, old.bytes())).2;
    let new = Rtp {
        ssrc: 2,
        seq: 5,
        payload: INTER,
        ..old.clone()
    };
    let after = media(streams.handle_rtp(now, new.bytes())).2;
    assert!(
        after.ext_seq > before.ext_seq + 512,
        "a jump, so that nobody NACKs the gap"
    );
    assert_eq!((after.ext_seq as u16, before.epoch + 1), (5, after.epoch));
    assert!(events(&mut streams).contains(&IngestEvent::Restarted {
        source: SourceKind::Screen,
        layer: 0
    }));
    assert_eq!(streams.ring(SourceKind::Screen, 0).unwrap().last_keyframe_start(), None);
    let late = Rtp {
        seq: 60_001,
        ..old.clone()
    };
    assert_eq!(streams.handle_rtp(now, late.bytes()), Err(IngestRefusal::RetiredSsrc));
    assert_eq!(
        streams.handle_rtp(now + RETIRED_FOR, late.bytes()).map(|_| ()),
        Ok(()),
        "much later it may return"
    );
}

#[test]
fn ssrcs_are_bounded() {
    let now = Instant::now();
    let mut streams = streams(&browser(), now);
    let from = |ssrc| {
        Rtp {
            ssrc,
            mid: "2",
            ..Default::default()
        }
        .bytes()
    };
    for ssrc in 0..SSRCS_MAX as u32 {
        media(streams.handle_rtp(now, from(ssrc)));
    }
    assert_eq!(streams.handle_rtp(now, from(1_000)), Err(IngestRefusal::TooManySsrcs));
    media(streams.handle_rtp(now + RETIRED_FOR, from(1_000)));
}

#[test]
fn other_payload_types_are_refused() {
    let now = Instant::now();
    let mut streams = streams(&browser(), now);
    let other = Rtp {
        pt: 64,
        mid: "0",
        ..Default::default()
    };
    assert_eq!(
        streams.handle_rtp(now, other.bytes()),
        Err(IngestRefusal::UnknownPayloadType)
    );
    let unknown_mid = Rtp {
        mid: "9",
        ..Default::default()
    };
    assert_eq!(
        streams.handle_rtp(now, unknown_mid.bytes()),
        Err(IngestRefusal::UnknownMedia)
    );
    let no_rid = Rtp {
        mid: "1",
        ..Default::default()
    };
    assert_eq!(
        streams.handle_rtp(now, no_rid.bytes()),
        Err(IngestRefusal::UnknownLayer)
    );
}

#[test]
fn b_pictures_are_refused_and_said_once() {
    let now = Instant::now();
    let mut streams = streams(&browser(), now);
    let b_slice = |seq| Rtp {
        pt: H264,
        mid: "2",
        seq,
        payload: &[0x01, 0b1010_0000, 0],
        ..Default::default()
    };
    for seq in 1..4 {
        assert_eq!(
            streams.handle_rtp(now, b_slice(seq).bytes()),
            Err(IngestRefusal::BSlice)
        );
    }
    let said = events(&mut streams)
        .iter()
        .filter(|event| matches!(event, IngestEvent::BFrames { .. }))
        .count();
    assert_eq!(said, 1);
}
