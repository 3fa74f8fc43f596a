// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use super::super::publish::answer;
use super::super::{Codec, PublisherMedia, RemoteTransport, SdpRefusal};
use super::{OPUS, VP8, assert_answers, assert_line, fixture, local, offer, section, server};
use crate::api::SourceKind;

fn accept(offer: &str) -> (String, RemoteTransport, PublisherMedia) {
    let result = answer(offer, &local(), &server()).unwrap();
    assert_answers(offer, &result.0);
    result
}

fn sources(media: &PublisherMedia) -> Vec<(SourceKind, &str)> {
    media
        .media
        .iter()
        .map(|media| (media.source, media.mid.as_str()))
        .collect()
}

const FOUR: [(SourceKind, &str); 4] = [
    (SourceKind::Mic, "0"),
    (SourceKind::Camera, "1"),
    (SourceKind::Screen, "2"),
    (SourceKind::ScreenAudio, "3"),
];

#[test]
fn chromium_four_transceivers_with_simulcast() {
    let (text, remote, media) = accept(fixture::chromium_publish_simulcast);
    assert_eq!(sources(&media), FOUR);
    assert!(!remote.we_are_dtls_client);
    assert_eq!(remote.fingerprint.algorithm, "sha-256");
    let [mic, camera, screen, _] = media.media.as_slice() else {
        panic!()
    };
    assert_eq!(
        (mic.extensions.mid, mic.extensions.audio_level, mic.extensions.twcc),
        (4, 1, 3)
    );
    assert_eq!(
        (camera.extensions.rid, camera.extensions.rrid, camera.extensions.twcc),
        (10, 11, 3)
    );
    assert_eq!(camera.rids_low_to_high, ["q", "h", "f"]);
    assert!(camera.ssrcs.is_empty() && camera.twcc_feedback && mic.twcc_feedback);
    assert_eq!(
        (camera.payload_types[0].codec, camera.payload_types[0].pt),
        (Codec::Vp8, 96)
    );
    assert_eq!(
        (camera.payload_types[0].rtx_pt, camera.payload_types[0].nack),
        (Some(97), true)
    );
    // H.264 of mode 0 (104, 114) and VP9 and AV1 of other profiles (100, 39) stay out; what not everybody decodes is last.
    let pts: Vec<u8> = camera.payload_types.iter().map(|payload| payload.pt).collect();
    assert_eq!(pts, [96, 102, 108, 116, 45, 98]);
    assert_line(&text, 1, "a=rtpmap:45 AV1/90000");
    assert_line(&text, 1, "a=fmtp:98 profile-id=0");
    assert_eq!((screen.ssrcs.len(), screen.rtx_ssrcs.len()), (1, 1));
    assert_line(&text, 1, "a=rid:q recv");
    assert_line(&text, 1, "a=simulcast:recv q;h;f");
    assert_line(&text, 1, "a=rtcp-fb:96 nack pli");
    assert_line(&text, 1, "a=rtcp-fb:96 ccm fir");
    assert_line(&text, 1, "a=rtcp-fb:96 transport-cc");
    assert!(!text.contains("goog-remb"));
    // Redundant audio first: Chromium sends it only then.
    assert_eq!((mic.payload_types[0].pt, mic.payload_types[0].red_pt), (111, Some(63)));
    assert_eq!(section(&text, 0)[0], "m=audio 9 UDP/TLS/RTP/SAVPF 63 111");
    assert_line(&text, 0, "a=rtpmap:63 red/48000/2");
    assert_line(&text, 0, "a=fmtp:63 111/111");
    assert_line(&text, 0, "a=fmtp:111 minptime=10;useinbandfec=1");
}

#[test]
fn redundant_audio_is_taken_only_where_all_its_blocks_are_opus() {
    let with = |fmtp: &str| {
        let audio = format!("{}\na=rtpmap:63 RED/48000/2\n{fmtp}", OPUS.replace(" 111", " 111 63"));
        accept(&offer(&[&audio])).2.media[0].payload_types[0].red_pt
    };
    assert_eq!(with("a=fmtp:63 111/111"), Some(63));
    assert_eq!(with("a=fmtp:63 111/111/111"), Some(63));
    for other in [
        "a=fmtp:63 111",
        "a=fmtp:63 111/0",
        "a=fmtp:63 63/63",
        "a=fmtp:63 0/0",
        "a=fmtp:63 /",
        "a=x",
    ] {
        assert_eq!(with(other), None, "{other}");
    }
}

#[test]
fn firefox_with_bundle_only_m_lines() {
    assert!(fixture::firefox_publish_simulcast.contains("m=video 0 "));
    let (text, _, media) = accept(fixture::firefox_publish_simulcast);
    assert_eq!(sources(&media), FOUR);
    let camera = &media.media[1];
    assert_eq!(camera.rids_low_to_high, ["q", "h", "f"]);
    assert_eq!((camera.ssrcs.len(), camera.rtx_ssrcs.len()), (3, 3));
    // Its ids are one way (`9/sendonly`), so the answer turns them round.
    assert_line(
        &text,
        1,
        "a=extmap:9/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    );
    assert_line(&text, 0, "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid");
    let (_, _, media) = accept(fixture::firefox_publish_screen_layers);
    assert_eq!(media.media[2].rids_low_to_high, ["q", "f"]);
}

#[test]
fn data_channels_are_rejected_alone() {
    for fixture in [
        fixture::chromium_publish_four,
        fixture::firefox_publish_four,
        fixture::aiortc_publish,
    ] {
        let (text, _, media) = accept(fixture);
        let last = section(&text, media.media.len());
        assert!(last[0].starts_with("m=application 0 UDP/DTLS/SCTP "), "{}", last[0]);
        assert!(last.contains(&"a=inactive"));
    }
}

#[test]
fn ffmpeg_is_dtls_server_by_default() {
    let (text, remote, media) = accept(fixture::ffmpeg_whip);
    assert!(remote.we_are_dtls_client);
    assert_line(&text, 0, "a=setup:active");
    let video = &media.media[1];
    assert_eq!(
        (video.payload_types[0].codec, video.payload_types[0].pt),
        (Codec::H264, 106)
    );
    assert_eq!(video.payload_types[0].rtx_pt, Some(105));
    // Its RTX SSRC stands in the group only.
    assert_eq!(video.rtx_ssrcs, [(video.ssrcs[0], video.ssrcs[0] + 1)]);
    assert_line(
        &text,
        1,
        "a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42000d",
    );
    let (text, remote, _) = accept(fixture::ffmpeg_whip_active);
    assert!(!remote.we_are_dtls_client);
    assert_line(&text, 0, "a=setup:passive");
}

#[test]
fn aiortc_with_three_fingerprints() {
    let (_, remote, media) = accept(fixture::aiortc_publish);
    assert_eq!(
        (remote.fingerprint.algorithm.as_str(), remote.fingerprint.bytes.len()),
        ("sha-512", 64)
    );
    assert_eq!(sources(&media), FOUR[..2]);
    assert_eq!(media.media[1].rtx_ssrcs.len(), 1);
}

#[test]
fn candidates_stand_once_with_falling_priorities() {
    let (text, _, _) = accept(fixture::chromium_publish_simulcast);
    assert_line(&text, 0, "a=candidate:1 1 udp 2130706431 192.0.2.7 3478 typ host");
    assert_line(&text, 0, "a=candidate:2 1 udp 2130706175 2001:db8::7 3478 typ host");
    assert_line(&text, 0, "a=end-of-candidates");
    assert_eq!(text.matches("a=candidate").count(), 2);
}

#[test]
fn vp8_goes_first_in_the_answer() {
    let video = "m=video 9 UDP/TLS/RTP/SAVPF 102 103 96 97
        a=rtpmap:102 H264/90000
        a=fmtp:102 packetization-mode=1;profile-level-id=640c1f
        a=rtpmap:103 rtx/90000
        a=fmtp:103 apt=102
        a=rtpmap:96 VP8/90000
        a=rtpmap:97 rtx/90000
        a=fmtp:97 apt=96";
    let (text, _, media) = accept(&offer(&[video]));
    assert_eq!(section(&text, 0)[0], "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103");
    assert_eq!(media.media[0].payload_types[1].codec, Codec::H264);
    assert!(!media.media[0].payload_types[0].nack && !text.contains("rtcp-fb"));
}

#[test]
fn h264_needs_mode_1_and_a_common_profile() {
    let with = |fmtp: &str| {
        let video = format!("m=video 9 UDP/TLS/RTP/SAVPF 96\na=rtpmap:96 H264/90000\na=fmtp:96 {fmtp}");
        answer(&offer(&[&video]), &local(), &server()).map(|(_, _, media)| media.media.len())
    };
    for profile in ["42e01f", "42001f", "4d0032", "640C2A"] {
        assert_eq!(
            with(&format!("packetization-mode=1;profile-level-id={profile}")),
            Ok(1),
            "{profile}"
        );
    }
    assert_eq!(with("packetization-mode=1"), Ok(1));
    for fmtp in [
        "packetization-mode=0",
        "profile-level-id=42e01f",
        "packetization-mode=1;profile-level-id=f4001f",
    ] {
        assert!(matches!(with(fmtp), Err(SdpRefusal::Unsupported(_))), "{fmtp}");
    }
    assert!(with("packetization-mode=1;profile-level-id=4é01").is_err());
}

#[test]
fn opus_parameters_follow_the_offer() {
    let audio = format!("{OPUS}\na=fmtp:111 useinbandfec=1;usedtx=1;sprop-stereo=1");
    let (text, _, _) = accept(&offer(&[&audio]));
    assert_line(&text, 0, "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;stereo=1");
    // `stereo` in an offer is what the peer likes to hear, not what it sends.
    let (text, _, _) = accept(&offer(&[&format!("{OPUS}\na=fmtp:111 stereo=1")]));
    assert_line(&text, 0, "a=fmtp:111 minptime=10;useinbandfec=1");
}

#[test]
fn an_m_line_keeps_its_meaning_when_an_earlier_one_is_not_used() {
    let h265 = "m=video 9 UDP/TLS/RTP/SAVPF 98\na=rtpmap:98 H265/90000";
    let listening = format!("{OPUS}\na=recvonly");
    let (text, _, media) = accept(&offer(&[&listening, h265, VP8, OPUS, OPUS]));
    assert_eq!(
        sources(&media),
        [(SourceKind::Screen, "2"), (SourceKind::ScreenAudio, "3")]
    );
    assert_line(&text, 0, "a=inactive");
    assert!(section(&text, 0)[0].starts_with("m=audio 9 "));
    assert_eq!(section(&text, 1)[0], "m=video 0 UDP/TLS/RTP/SAVPF 98");
    // A third audio m-line has no meaning.
    assert!(section(&text, 4)[0].starts_with("m=audio 0 "));
    assert!(text.contains("a=group:BUNDLE 0 2 3\r\n"));
}

#[test]
fn a_program_with_av1_alone_publishes_it() {
    let av1 = "m=video 9 UDP/TLS/RTP/SAVPF 45\na=rtpmap:45 AV1/90000\na=fmtp:45 ";
    let codecs = |fmtp: &str| {
        let (text, _, media) = accept(&offer(&[OPUS, &format!("{av1}{fmtp}")]));
        (
            text,
            media
                .media
                .iter()
                .map(|media| media.payload_types[0].codec)
                .collect::<Vec<_>>(),
        )
    };
    let (text, taken) = codecs("level-idx=8;profile=0;tier=0");
    assert_eq!(taken, [Codec::Opus, Codec::Av1]);
    assert_line(&text, 1, "a=fmtp:45 level-idx=8;profile=0;tier=0");
    for other in ["profile=1", "tier=1", "level-idx=32", "level-idx=x"] {
        assert_eq!(codecs(other).1, [Codec::Opus], "{other}");
    }
}

#[test]
fn an_offer_without_anything_to_receive_is_refused() {
    let refused = |media: &[&str]| answer(&offer(media), &local(), &server()).unwrap_err();
    assert!(matches!(refused(&[]), SdpRefusal::Missing(_)));
    assert!(matches!(
        refused(&["m=application 9 UDP/DTLS/SCTP webrtc-datachannel"]),
        SdpRefusal::Missing(_)
    ));
    assert!(matches!(
        refused(&[&format!("{OPUS}\na=recvonly")]),
        SdpRefusal::Missing(_)
    ));
    assert!(matches!(
        refused(&["m=audio 9 UDP/TLS/RTP/SAVPF 0\na=rtpmap:0 PCMU/8000"]),
        SdpRefusal::Missing(_)
    ));
    assert!(matches!(
        refused(&[&OPUS.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP")]),
        SdpRefusal::Missing(_)
    ));
    assert!(matches!(refused(&[OPUS; 9]), SdpRefusal::TooMany("m-lines")));
}

#[test]
fn what_a_bundle_cannot_tell_apart_is_refused() {
    let h264 = "m=video 9 UDP/TLS/RTP/SAVPF 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1";
    let mid = "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid";
    let other_id = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid";
    let other_uri = "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
    let pairs = [
        (VP8.to_owned(), h264.to_owned()),
        (VP8.to_owned(), OPUS.replace("111", "96")),
        (format!("{VP8}\n{mid}"), format!("{VP8}\n{other_id}")),
        (format!("{OPUS}\n{mid}"), format!("{VP8}\n{other_uri}")),
        (format!("{VP8}\na=ssrc:7 cname:x"), format!("{VP8}\na=ssrc:7 cname:x")),
    ];
    for (one, other) in pairs {
        assert!(
            answer(&offer(&[&one, &other]), &local(), &server()).is_err(),
            "{one} {other}"
        );
    }
    accept(&offer(&[&format!("{OPUS}\n{mid}"), &format!("{VP8}\n{mid}")]));
}

#[test]
fn only_one_byte_extension_ids_are_accepted() {
    let ids = "a=extmap:15 urn:ietf:params:rtp-hdrext:sdes:mid
        a=extmap:0 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
        a=extmap:300 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id
        a=extmap:14/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
    let (text, _, media) = accept(&offer(&[&format!("{VP8}\n{ids}")]));
    assert_eq!(media.media[0].extensions, super::super::ExtensionIds::default());
    assert!(!text.contains("extmap"));
}

#[test]
fn payload_types_that_look_like_rtcp_are_not_accepted() {
    for pt in ["64", "72", "95", "128", "255"] {
        let video = VP8.replace("96", pt);
        assert!(answer(&offer(&[&video]), &local(), &server()).is_err(), "{pt}");
    }
    let (_, _, media) = accept(&offer(&[&VP8.replace("96", "35")]));
    assert_eq!(media.media[0].payload_types[0].pt, 35);
}

#[test]
fn twcc_feedback_needs_the_extension() {
    let feedback = "a=rtcp-fb:96 transport-cc";
    let (text, _, media) = accept(&offer(&[&format!("{VP8}\n{feedback}")]));
    assert!(!media.media[0].twcc_feedback && !text.contains("transport-cc"));
}

#[test]
fn ssrc_groups_are_told_apart() {
    let lines = "a=ssrc-group:FID 1 2
        a=ssrc-group:FEC-FR 1 3
        a=ssrc-group:SIM 1 4
        a=ssrc:1 cname:x
        a=ssrc:2 cname:x
        a=ssrc:3 cname:x
        a=ssrc:4 cname:x
        a=ssrc:1 msid:a b";
    let (_, _, media) = accept(&offer(&[&format!("{VP8}\n{lines}")]));
    assert_eq!(
        (media.media[0].ssrcs.as_slice(), media.media[0].rtx_ssrcs.as_slice()),
        (&[1, 4][..], &[(1, 2)][..])
    );
    for wrong in [
        "FID 1 1",
        "FID 1 2\na=ssrc-group:FID 3 2",
        "FID 1 2\na=ssrc-group:FID 2 3",
        "FID 0 2",
        "FID 1 x",
    ] {
        let wrong = format!("{VP8}\na=ssrc-group:{wrong}");
        assert!(
            matches!(
                answer(&offer(&[&wrong]), &local(), &server()),
                Err(SdpRefusal::Malformed(_))
            ),
            "{wrong}"
        );
    }
    let many: String = (1..=17).map(|ssrc| format!("\na=ssrc:{ssrc} cname:x")).collect();
    assert_eq!(
        answer(&offer(&[&format!("{VP8}{many}")]), &local(), &server()).unwrap_err(),
        SdpRefusal::TooMany("SSRCs")
    );
}

#[test]
fn descriptors_are_taken_from_who_sends_av1_and_may_mix_the_forms_of_extensions() {
    let uri = crate::codec::av1::dependency::URI;
    let dependency = |offer: &str| {
        let (text, _, media) = accept(offer);
        let camera = media.media.into_iter().find(|media| media.source == SourceKind::Camera);
        (text, camera.unwrap().extensions.dependency)
    };
    let all = fixture::chromium_publish_four;
    assert_eq!(dependency(all).1, 0, "VP8 comes first");
    // Without the other codecs' names.
    let av1 = ["VP8/90000", "H264/90000", "VP9/90000"]
        .iter()
        .fold(all.to_owned(), |offer, name| offer.replace(name, "x/90000"));
    let (text, id) = dependency(&av1);
    assert_eq!(id, 12);
    assert_line(&text, 1, &format!("a=extmap:12 {uri}"));
    assert_line(&text, 1, "a=extmap-allow-mixed");
    let unmixed = av1.replace("a=extmap-allow-mixed\r\n", "");
    let (text, id) = dependency(&unmixed);
    assert!(id == 0 && !text.contains(uri) && !text.contains("extmap-allow-mixed"));
}
