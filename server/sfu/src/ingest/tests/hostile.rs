// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A publisher that sends anything: no panic, bounded state, and honest sources go on.

use proptest::prelude::*;

use super::*;

fn arbitrary_rtp() -> impl Strategy<Value = Vec<u8>> {
    let mids = prop_oneof![Just(""), Just("0"), Just("1"), Just("2"), Just("x")];
    let rids = prop_oneof![Just(""), Just("q"), Just("h"), Just("z")];
    let pts = prop_oneof![
        Just(OPUS),
        Just(VP8),
        Just(VP8_RTX),
        Just(H264),
        Just(H264 + 1),
        any::<u8>()
    ];
    let payload = proptest::collection::vec(any::<u8>(), 0..40);
    (
        pts,
        any::<u16>(),
        any::<u32>(),
        0u32..90,
        mids,
        rids.clone(),
        rids,
        any::<Option<u16>>(),
        payload,
    )
        .prop_map(|(pt, seq, timestamp, ssrc, mid, rid, rrid, twcc, payload)| {
            Rtp {
                pt,
                seq,
                timestamp,
                ssrc,
                mid,
                rid,
                rrid,
                twcc,
                payload: &payload,
            }
            .bytes()
            .to_vec()
        })
}

fn arbitrary_rtcp() -> impl Strategy<Value = Vec<u8>> {
    (
        0u8..32,
        199u8..208,
        0u32..90,
        proptest::collection::vec(any::<u8>(), 0..60),
    )
        .prop_map(|(count, kind, ssrc, body)| {
            let length = (body.len() / 4 * 4 + 4) / 4;
            let mut out = vec![0x80 | count, kind, 0, length as u8];
            out.extend_from_slice(&ssrc.to_be_bytes());
            out.extend_from_slice(&body[..length * 4 - 4]);
            out
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn anything_is_taken_or_refused(
        input in proptest::collection::vec((any::<bool>(), arbitrary_rtp(), arbitrary_rtcp(), 0u64..400), 1..300)
    ) {
        let start = Instant::now();
        let mut streams = streams(&browser(), start);
        let mut now = start;
        for (rtp, packet, report, wait) in input {
            now += ms(wait / 10);
            if rtp {
                let _ = streams.handle_rtp(now, packet.into());
            } else {
                let _ = streams.handle_rtcp(now, &report);
            }
            streams.request_keyframe(now, SourceKind::Camera, (wait % 4) as u8);
            streams.handle_timeout(now);
            let compounds = feedback(&mut streams, now);
            prop_assert!(compounds.len() < 20);
            prop_assert!(compounds.iter().all(|compound| compound.len() <= COMPOUND_BYTES_MAX));
            prop_assert!(streams.next_deadline().is_none_or(|due| due > now));
            let _ = streams.server_time_of(SourceKind::Camera, 0, wait as u32);
            prop_assert!(events(&mut streams).len() <= 64);
        }
    }

    #[test]
    fn raw_bytes_never_panic(input in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 1..20)) {
        let now = Instant::now();
        let mut streams = streams(&browser(), now);
        for bytes in input {
            let _ = streams.handle_rtcp(now, &bytes);
            let _ = streams.handle_rtp(now, bytes.into());
        }
    }
}
