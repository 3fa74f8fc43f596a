// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use super::super::whep::answer;
use super::super::{Codec, RemoteTransport, SdpRefusal, SlotKind, ViewerMedia};
use super::{OPUS, VP8, assert_answers, assert_line, fixture, local, offer, random, section, server};

fn accept(offer: &str) -> (String, RemoteTransport, ViewerMedia) {
    let result = answer(offer, &local(), &server(), &mut random()).unwrap();
    assert_answers(offer, &result.0);
    result
}

fn shape(media: &ViewerMedia) -> Vec<(u8, SlotKind, &str)> {
    media
        .slots
        .iter()
        .map(|slot| (slot.slot, slot.kind, slot.mid.as_str()))
        .collect()
}

#[test]
fn the_offers_of_browsers_and_of_aiortc() {
    for fixture in [fixture::chromium_whep, fixture::firefox_whep, fixture::aiortc_whep] {
        let (text, remote, media) = accept(fixture);
        assert_eq!(shape(&media), [(0, SlotKind::Voice, "0"), (1, SlotKind::Program, "1")]);
        assert!(!remote.we_are_dtls_client);
        let picture = &media.slots[1];
        assert_eq!(picture.payload_types[0].codec, Codec::Vp8);
        let rtx = picture.rtx_ssrc.unwrap();
        let red = fixture.contains("red/48000").then_some(63);
        assert_eq!(media.slots[0].payload_types[0].red_pt, red);
        assert_line(&text, 1, "a=sendonly");
        assert_line(&text, 1, "a=msid:main slot-1");
        assert_line(&text, 0, "a=msid:main slot-0");
        assert_line(&text, 1, &format!("a=ssrc-group:FID {} {rtx}", picture.ssrc));
        assert_line(&text, 1, &format!("a=ssrc:{rtx} cname:{}", media.cname));
    }
}

#[test]
fn the_order_and_direction_of_the_m_lines_are_the_clients() {
    for fixture in [fixture::chromium_whep_video_first, fixture::firefox_whep_video_first] {
        let (_, _, media) = accept(fixture);
        assert_eq!(shape(&media), [(1, SlotKind::Program, "0"), (0, SlotKind::Voice, "1")]);
    }
}

#[test]
fn further_m_lines_are_rejected() {
    for fixture in [fixture::chromium_whep_extra, fixture::firefox_whep_extra] {
        let (text, _, media) = accept(fixture);
        assert_eq!(media.slots.len(), 2);
        assert!(section(&text, 2)[0].starts_with("m=video 0 "));
    }
}

#[test]
fn ids_are_the_clients_and_twcc_needs_feedback() {
    let (_, _, media) = accept(fixture::chromium_whep);
    let picture = &media.slots[1];
    assert!(media.twcc_feedback && picture.extensions.mid != 0 && picture.extensions.twcc != 0);
    assert_eq!(picture.extensions.rid, 0);
    // H.264 once, constrained baseline.
    let h264: Vec<u8> = picture
        .payload_types
        .iter()
        .filter(|p| p.codec == Codec::H264)
        .map(|p| p.pt)
        .collect();
    assert_eq!(h264.len(), 1);
    assert!(fixture::chromium_whep.contains(&format!(
        "a=fmtp:{} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        h264[0]
    )));
    // aiortc knows no TWCC.
    let (text, _, media) = accept(fixture::aiortc_whep);
    assert!(!media.twcc_feedback && !text.contains("transport-wide-cc"));
    // The extension without the feedback is of no use.
    let twcc = "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    let (_, _, media) = accept(&offer(&[&format!("{VP8}\n{twcc}")]));
    assert_eq!(media.slots[0].extensions.twcc, 0);
    let (_, _, media) = accept(&offer(&[&format!("{VP8}\n{twcc}\na=rtcp-fb:* transport-cc")]));
    assert_eq!(media.slots[0].extensions.twcc, 3);
}

#[test]
fn audio_or_video_alone() {
    let (_, _, media) = accept(&offer(&[VP8]));
    assert_eq!(shape(&media), [(1, SlotKind::Program, "0")]);
    assert_eq!(media.slots[0].rtx_ssrc, None);
    let (_, _, media) = accept(&offer(&[OPUS]));
    assert_eq!(shape(&media), [(0, SlotKind::Voice, "0")]);
}

#[test]
fn the_first_m_line_that_receives_is_taken() {
    let sending = format!("{VP8}\na=sendonly");
    let (text, _, media) = accept(&offer(&[&sending, VP8]));
    assert_eq!(shape(&media), [(1, SlotKind::Program, "1")]);
    assert!(section(&text, 0)[0].starts_with("m=video 0 "));
    let refusal = answer(&offer(&[&sending]), &local(), &server(), &mut random()).unwrap_err();
    assert!(matches!(refusal, SdpRefusal::Missing(_)));
}

#[test]
fn two_viewers_get_different_names() {
    let mut random = random();
    let mut one = || {
        answer(fixture::chromium_whep, &local(), &server(), &mut random)
            .unwrap()
            .2
    };
    let (a, b) = (one(), one());
    assert_ne!(a.cname, b.cname);
    assert_ne!(a.slots[0].ssrc, b.slots[0].ssrc);
}
