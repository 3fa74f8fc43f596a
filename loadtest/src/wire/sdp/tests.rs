// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Our descriptions read back by our own parser, and refusals of broken ones.

use super::*;

const FINGERPRINT: &str =
    "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:FF";

fn local() -> Local<'static> {
    Local {
        ufrag: "abcd",
        pwd: "abcdefghijklmnopqrstuvwx",
        fingerprint: FINGERPRINT,
        address: "127.0.0.1:4000".parse().unwrap(),
    }
}

fn sending() -> Sending {
    Sending {
        audio_ssrc: 11,
        video_ssrc: 22,
        rtx_ssrc: 33,
        cname: "c".into(),
        rids: Vec::new(),
    }
}

#[test]
fn whip_offer_says_what_we_send() {
    let offer = parse(&whip_offer(&local(), &sending())).unwrap();
    assert_eq!((offer.ufrag.as_str(), offer.setup.as_str()), ("abcd", "actpass"));
    assert_eq!((offer.fingerprint[1], offer.fingerprint[31]), (1, 255));
    assert_eq!(offer.candidates, [local().address]);
    let video = offer.first("video").unwrap();
    assert_eq!(
        (video.mid.as_str(), video.payload_type("vp8"), video.payload_type("rtx")),
        ("1", Some(96), Some(97))
    );
    assert_eq!((video.apt(97), video.apt(96)), (Some(96), None));
    assert_eq!((video.rtx_pairs(), video.ssrcs()), (vec![(22, 33)], vec![22, 33]));
    assert_eq!((video.mid_id(), video.twcc_id(), video.audio_level_id()), (4, 3, 0));
    assert_eq!(offer.first("audio").unwrap().audio_level_id(), 1);
}

#[test]
fn simulcast_offer_names_layers_instead_of_ssrcs() {
    let sending = Sending {
        rids: vec!["q", "h", "f"],
        ..sending()
    };
    let text = whip_offer(&local(), &sending);
    let video = parse(&text).unwrap().first("video").unwrap().clone();
    assert_eq!((video.rid_id(), video.rrid_id(), video.ssrcs()), (10, 11, Vec::new()));
    assert!(text.ends_with("a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n"));
}

#[test]
fn whep_offer_lists_what_a_browser_decodes() {
    let offer = parse(&whep_offer(&local())).unwrap();
    let video = offer.first("video").unwrap();
    assert_eq!(
        (video.payload_type("vp8"), video.payload_type("h264"), video.apt(103)),
        (Some(96), Some(102), Some(102))
    );
    assert!(video.attributes.iter().any(|a| a == "recvonly"));
}

#[test]
fn rack_answer_keeps_the_offer_s_lines() {
    let mut text = whip_offer(&local(), &sending());
    text = text.replace("m=audio 9", "m=audio 0");
    let offer = parse(&text).unwrap();
    let answer = parse(&rack_answer(&offer, &local()).unwrap()).unwrap();
    assert_eq!(answer.setup, "active");
    assert!(answer.media[0].rejected);
    assert_eq!(answer.media[1].payload_types, [96, 97]);
    assert_eq!(answer.media[1].twcc_id(), 3);
    assert!(answer.media[1].ssrcs().is_empty());
}

#[test]
fn broken_descriptions_are_refused() {
    let good = whep_offer(&local());
    for line in [
        "a=ice-ufrag:abcd\r\n",
        "a=ice-pwd:abcdefghijklmnopqrstuvwx\r\n",
        "a=setup:actpass\r\n",
    ] {
        assert!(parse(&good.replace(line, "")).is_err(), "{line}");
    }
    assert!(parse(&good.replace(":FF", ":XX")).is_err());
    assert!(parse("<html>").is_err());
    assert!(parse(&good.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP")).is_err());
}
