// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Negotiations with captured and with made-up descriptions; one file per negotiation, one for hostile text.

mod hostile;
mod publish;
mod rack;
mod simulcast;
mod transport;
mod whep;

use super::limits::ANSWER_MEDIA_MAX;
use super::parse::{Description, MediaKind};
use super::{ServerTransport, TransportCredentials};

pub(super) const FINGERPRINT: &str =
    "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F";

macro_rules! fixtures {
    ($($name:ident),* $(,)?) => {
        $(pub(super) const $name: &str = include_str!(concat!("fixtures/", stringify!($name), ".sdp"));)*
        /// All of them.
        pub(super) const FIXTURES: &[&str] = &[$($name),*];
    };
}

/// The captured descriptions, under the names of their files.
#[allow(non_upper_case_globals)]
pub(super) mod fixture {
    fixtures! {
        aiortc_publish, aiortc_rack_answer, aiortc_whep, chromium_publish_four, chromium_publish_simulcast,
        chromium_rack_answer, chromium_whep, chromium_whep_extra, chromium_whep_video_first, ffmpeg_whip,
        ffmpeg_whip_active, firefox_publish_four, firefox_publish_screen_layers, firefox_publish_simulcast,
        firefox_rack_answer, firefox_whep, firefox_whep_extra, firefox_whep_video_first,
    }
}

pub(super) fn local() -> TransportCredentials {
    TransportCredentials {
        ice_ufrag: "abcd1234".to_owned(),
        ice_pwd: "abcdefghijklmnopqrstuvwx".to_owned(),
    }
}

pub(super) fn server() -> ServerTransport {
    ServerTransport {
        candidates: vec!["192.0.2.7:3478".parse().unwrap(), "[2001:db8::7]:3478".parse().unwrap()],
        tcp: false,
        fingerprint_sha256: FINGERPRINT.to_owned(),
    }
}

/// A fixed sequence in place of a CSPRNG.
pub(super) fn random() -> impl FnMut() -> u32 {
    let mut state = 1_u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state
    }
}

/// An offer with the given m-lines, all bundled, with a transport at the session level.
pub(super) fn offer(media: &[&str]) -> String {
    let mids: Vec<String> = (0..media.len()).map(|mid| mid.to_string()).collect();
    let mut text = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\na=ice-ufrag:Pabc\r\n\
         a=ice-pwd:abcdefghijklmnopqrstuv\r\na=fingerprint:sha-256 {FINGERPRINT}\r\na=setup:actpass\r\n",
        mids.join(" ")
    );
    for (mid, section) in mids.iter().zip(media) {
        let mut lines = section.lines();
        text += &format!(
            "{}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na=rtcp-mux\r\n",
            lines.next().unwrap()
        );
        for line in lines {
            text += &format!("{}\r\n", line.trim());
        }
    }
    text
}

pub(super) const OPUS: &str = "m=audio 9 UDP/TLS/RTP/SAVPF 111\na=rtpmap:111 opus/48000/2";
pub(super) const VP8: &str = "m=video 9 UDP/TLS/RTP/SAVPF 96\na=rtpmap:96 VP8/90000";

/// The lines of the n-th m-line of a description.
pub(super) fn section(text: &str, n: usize) -> Vec<&str> {
    let starts: Vec<usize> = text
        .match_indices("m=")
        .filter(|(at, _)| text[..*at].ends_with('\n'))
        .map(|m| m.0)
        .collect();
    let end = starts.get(n + 1).copied().unwrap_or(text.len());
    text[starts[n]..end].lines().collect()
}

/// Asserts that an m-line of a description has a line.
#[track_caller]
pub(super) fn assert_line(text: &str, n: usize, line: &str) {
    assert!(section(text, n).contains(&line), "no `{line}` in m-line {n} of\n{text}");
}

/// What holds for every answer: same m-lines and mids as the offer, its payload types, a bundle of what is accepted.
pub(super) fn assert_answers(offer: &str, answer: &str) {
    let offer = Description::parse(offer, ANSWER_MEDIA_MAX).unwrap();
    let answer = Description::parse(answer, ANSWER_MEDIA_MAX).unwrap();
    assert!(answer.attributes.has("ice-lite"));
    assert_eq!(offer.media.len(), answer.media.len());
    let mut accepted = Vec::new();
    for (ours, theirs) in answer.media.iter().zip(&offer.media) {
        assert_eq!(
            (&ours.media, &ours.proto, ours.mid()),
            (&theirs.media, &theirs.proto, theirs.mid())
        );
        assert!(ours.formats.iter().all(|format| theirs.formats.contains(format)) || ours.is_rejected());
        if ours.is_rejected() {
            continue;
        }
        assert_ne!(ours.kind, MediaKind::Other);
        assert!(ours.attributes.has("rtcp-mux"));
        assert!(!ours.direction.sends() || theirs.direction.receives());
        assert!(!ours.direction.receives() || theirs.direction.sends());
        accepted.extend(ours.mid());
        for extmap in ours.attributes.values("extmap") {
            let (id, uri) = extmap.split_once(' ').unwrap();
            let id = id.split('/').next().unwrap();
            assert!((1..=14).contains(&id.parse::<u8>().unwrap()));
            let same =
                |theirs: &str| theirs.split(' ').next().unwrap().split('/').next() == Some(id) && theirs.contains(uri);
            assert!(theirs.attributes.values("extmap").any(same), "{extmap}");
        }
    }
    assert_eq!(answer.bundle().unwrap_or_else(|| accepted.clone()), accepted);
}
