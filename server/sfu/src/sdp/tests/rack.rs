// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use super::super::limits::ANSWER_MEDIA_MAX;
use super::super::parse::Description;
use super::super::rack::{RackOffer, RackShape, accept_answer, offer};
use super::super::{Codec, SdpRefusal, SlotKind};
use super::{assert_line, fixture, local, random, section, server};

const LARGEST: RackShape = RackShape {
    voice_slots: 3,
    camera_slots: 4,
    screen: true,
};

const RED: &str = "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111";

fn rack(shape: RackShape) -> RackOffer {
    offer(&shape, &local(), &server(), &mut random())
}

/// Chromium's answer after a change.
fn changed(from: &str, to: &str) -> Result<usize, SdpRefusal> {
    assert!(fixture::chromium_rack_answer.contains(from));
    let answer = fixture::chromium_rack_answer.replace(from, to);
    accept_answer(&rack(LARGEST), &answer).map(|(_, media)| media.slots.len())
}

#[test]
fn the_largest_rack() {
    let rack = rack(LARGEST);
    let kinds: Vec<SlotKind> = rack.slots.iter().map(|slot| slot.kind).collect();
    use SlotKind::{Camera, Screen, ScreenAudio, Voice};
    assert_eq!(
        kinds,
        [Voice, Voice, Voice, Camera, Camera, Camera, Camera, Screen, ScreenAudio]
    );
    let parsed = Description::parse(&rack.sdp, ANSWER_MEDIA_MAX).unwrap();
    assert!(parsed.attributes.has("ice-lite"));
    assert_eq!(parsed.bundle().unwrap(), ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
    for (n, slot) in rack.slots.iter().enumerate() {
        assert_eq!((usize::from(slot.slot), slot.mid.as_str()), (n, n.to_string().as_str()));
        for line in ["a=sendonly", "a=setup:actpass", "a=rtcp-mux", "a=ice-ufrag:abcd1234"] {
            assert_line(&rack.sdp, n, line);
        }
        assert_line(&rack.sdp, n, &format!("a=ssrc:{} cname:{}", slot.ssrc, rack.cname));
    }
    for (n, stream) in [
        (0, "main"),
        (1, "voice-1"),
        (3, "main"),
        (4, "camera-1"),
        (7, "screen"),
        (8, "screen-audio"),
    ] {
        assert_line(&rack.sdp, n, &format!("a=msid:{stream} slot-{n}"));
    }
    assert_line(&rack.sdp, 3, "a=rtpmap:96 VP8/90000");
    assert_line(&rack.sdp, 3, "a=fmtp:103 apt=102");
    assert_line(&rack.sdp, 0, "a=rtcp-fb:111 transport-cc");
    assert_eq!(
        section(&rack.sdp, 3)[0],
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 98 99 45 46"
    );
}

#[test]
fn ssrcs_are_unique_and_not_zero_whatever_the_source_of_randomness() {
    for constant in [0, 7, u32::MAX] {
        let rack = offer(&LARGEST, &local(), &server(), &mut || constant);
        let mut ssrcs: Vec<u32> = rack
            .slots
            .iter()
            .flat_map(|slot| std::iter::once(slot.ssrc).chain(slot.rtx_ssrc))
            .collect();
        assert!(!ssrcs.contains(&0));
        let count = ssrcs.len();
        ssrcs.sort_unstable();
        ssrcs.dedup();
        assert_eq!((ssrcs.len(), count), (14, 14));
    }
}

#[test]
fn shapes_are_brought_inside_the_limits() {
    assert_eq!(
        rack(RackShape {
            voice_slots: 0,
            camera_slots: 0,
            screen: false
        })
        .slots
        .len(),
        2
    );
    assert_eq!(
        rack(RackShape {
            voice_slots: 255,
            camera_slots: 255,
            screen: true
        })
        .slots
        .len(),
        17
    );
    assert_eq!(
        rack(RackShape {
            voice_slots: 3,
            camera_slots: 1,
            screen: true
        })
        .slots
        .len(),
        6
    );
}

#[test]
fn sound_is_offered_with_redundancy_and_requests_and_taken_with_less() {
    let rack = rack(LARGEST);
    for n in [0, 1, 2, 8] {
        assert_eq!(section(&rack.sdp, n)[0], "m=audio 9 UDP/TLS/RTP/SAVPF 111 63");
        assert_line(&rack.sdp, n, "a=rtpmap:63 red/48000/2");
        assert_line(&rack.sdp, n, "a=fmtp:63 111/111");
        assert_line(&rack.sdp, n, "a=rtcp-fb:111 nack");
    }
    let (_, media) = accept_answer(&rack, fixture::firefox_rack_answer).unwrap();
    assert_eq!(media.slots[0].payload_types[0].red_pt, None);
    // As Chromium answers: it asks for lost sound all the same.
    let chromium = fixture::chromium_rack_answer
        .replace("SAVPF 111", "SAVPF 111 63")
        .replace("a=rtpmap:111 opus", &format!("{RED}\r\na=rtpmap:111 opus"));
    let (_, media) = accept_answer(&rack, &chromium).unwrap();
    assert_eq!(media.slots[0].payload_types[0].red_pt, Some(63));
    let other = chromium.replace("SAVPF 111 63", "SAVPF 111 62").replace(":63 ", ":62 ");
    assert!(matches!(
        accept_answer(&rack, &other),
        Err(SdpRefusal::AnswerMismatch(_))
    ));
}

#[test]
fn chromium_takes_everything() {
    let rack = rack(LARGEST);
    let (vp9, av1) = (
        "a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0",
        "a=rtpmap:45 AV1/90000",
    );
    let feedback = |pt: u8| {
        format!(
            "a=rtcp-fb:{pt} nack\r\na=rtpmap:{0} rtx/90000\r\na=fmtp:{0} apt={pt}",
            pt + 1
        )
    };
    let described = format!(
        "a=extmap:3 {}\r\na=extmap-allow-mixed",
        crate::codec::av1::dependency::URI
    );
    let more = format!(
        "{described}\r\na=rtpmap:96 VP8/90000\r\n{vp9}\r\n{}\r\n{av1}\r\n{}",
        feedback(98),
        feedback(45)
    );
    let answer = fixture::chromium_rack_answer
        .replace("SAVPF 96 97 102 103", "SAVPF 96 97 102 103 98 99 45 46")
        .replace("a=rtpmap:96 VP8/90000", &more)
        .replace("SAVPF 111", "SAVPF 111 63")
        .replace(
            "a=rtpmap:111 opus",
            &format!("{RED}\r\na=rtcp-fb:111 nack\r\na=rtpmap:111 opus"),
        );
    let (remote, media) = accept_answer(&rack, &answer).unwrap();
    assert_eq!(media.slots, rack.slots);
    let unmixed = answer.replace("a=extmap-allow-mixed\r\n", "");
    let (_, unmixed) = accept_answer(&rack, &unmixed).unwrap();
    assert!(
        unmixed.slots.iter().all(|slot| slot.extensions.dependency == 0),
        "descriptors of key frames need the longer form"
    );
    assert_eq!(
        (media.cname.as_str(), media.twcc_feedback, remote.we_are_dtls_client),
        (rack.cname.as_str(), true, false)
    );
}

#[test]
fn a_browser_without_vp9_and_av1_takes_the_others() {
    let rack = rack(LARGEST);
    let (_, media) = accept_answer(&rack, fixture::chromium_rack_answer).unwrap();
    let codecs: Vec<Codec> = media.slots[3]
        .payload_types
        .iter()
        .map(|payload| payload.codec)
        .collect();
    assert_eq!(codecs, [Codec::Vp8, Codec::H264]);
}

#[test]
fn firefox_without_h264_takes_vp8() {
    let rack = rack(LARGEST);
    let (_, media) = accept_answer(&rack, fixture::firefox_rack_answer).unwrap();
    assert_eq!(media.slots.len(), 9);
    let camera = &media.slots[3];
    assert_eq!(camera.payload_types, rack.slots[3].payload_types[..1]);
    assert_eq!(
        (camera.payload_types[0].codec, camera.rtx_ssrc),
        (Codec::Vp8, rack.slots[3].rtx_ssrc)
    );
}

#[test]
fn aiortc_without_twcc() {
    let (_, media) = accept_answer(&rack(LARGEST), fixture::aiortc_rack_answer).unwrap();
    assert!(
        !media.twcc_feedback
            && media
                .slots
                .iter()
                .all(|slot| slot.extensions.twcc == 0 && slot.extensions.mid == 1)
    );
}

#[test]
fn rejected_and_inactive_slots_are_absent() {
    let answer = fixture::chromium_rack_answer
        .replacen("m=video 9", "m=video 0", 1)
        .replacen("a=recvonly", "a=inactive", 1);
    let (_, media) = accept_answer(&rack(LARGEST), &answer).unwrap();
    let numbers: Vec<u8> = media.slots.iter().map(|slot| slot.slot).collect();
    assert_eq!(numbers, [1, 2, 4, 5, 6, 7, 8]);
    assert!(changed("a=recvonly", "a=inactive").is_err());
}

#[test]
fn fewer_codecs_mean_fewer_payload_types() {
    let without_rtx = fixture::chromium_rack_answer.replace("SAVPF 96 97 102 103", "SAVPF 102");
    let (_, media) = accept_answer(&rack(LARGEST), &without_rtx).unwrap();
    let camera = &media.slots[3];
    assert_eq!(
        (
            camera.payload_types.len(),
            camera.payload_types[0].codec,
            camera.payload_types[0].rtx_pt
        ),
        (1, Codec::H264, None)
    );
    assert_eq!(camera.rtx_ssrc, None);
    let (_, media) = accept_answer(
        &rack(LARGEST),
        &fixture::chromium_rack_answer.replace(":96 nack\r\n", ":96 ack\r\n"),
    )
    .unwrap();
    assert!(!media.slots[3].payload_types[0].nack);
    let (_, media) = accept_answer(
        &rack(LARGEST),
        &fixture::chromium_rack_answer.replace("transport-cc\r\n", "x\r\n"),
    )
    .unwrap();
    assert!(!media.twcc_feedback);
}

#[test]
fn answers_that_do_not_fit_are_refused() {
    for (from, to) in [
        ("a=mid:3\r\n", "a=mid:33\r\n"),
        ("a=recvonly", "a=sendrecv"),
        ("a=recvonly", "a=sendonly"),
        ("a=setup:active", "a=setup:actpass"),
        ("BUNDLE 0 1", "BUNDLE 1"),
        ("m=audio 9", "m=video 9"),
        ("opus/48000/2", "PCMU/8000"),
        (
            "a=rtpmap:96 VP8/90000",
            "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1",
        ),
        ("apt=96", "apt=102"),
        ("a=extmap:1 ", "a=extmap:5 "),
    ] {
        assert!(
            matches!(changed(from, to), Err(SdpRefusal::AnswerMismatch(_))),
            "{to}: {:?}",
            changed(from, to)
        );
    }
    let other = rack(RackShape {
        voice_slots: 3,
        camera_slots: 1,
        screen: true,
    });
    assert!(matches!(
        accept_answer(&other, fixture::chromium_rack_answer),
        Err(SdpRefusal::AnswerMismatch(_))
    ));
    assert!(matches!(changed("a=rtcp-mux", "a=x"), Err(SdpRefusal::Missing(_))));
    assert!(matches!(
        changed("a=group", "a=ice-lite\r\na=group"),
        Err(SdpRefusal::Unsupported(_))
    ));
    assert_eq!(changed("a=setup:active", "a=setup:passive"), Ok(9));
}
