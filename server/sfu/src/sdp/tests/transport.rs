// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use super::super::publish::answer;
use super::super::{RemoteTransport, SdpRefusal, ServerTransport};
use super::{FINGERPRINT, OPUS, VP8, fixture, local, offer, section, server};

fn remote(offer: &str) -> Result<RemoteTransport, SdpRefusal> {
    answer(offer, &local(), &server()).map(|(_, remote, _)| remote)
}

fn changed(from: &str, to: &str) -> Result<RemoteTransport, SdpRefusal> {
    let text = offer(&[OPUS, VP8]);
    assert!(text.contains(from));
    remote(&text.replace(from, to))
}

#[test]
fn the_dtls_role_follows_the_offer() {
    assert!(!changed("setup:actpass", "setup:actpass").unwrap().we_are_dtls_client);
    assert!(!changed("setup:actpass", "setup:active").unwrap().we_are_dtls_client);
    assert!(changed("setup:actpass", "setup:passive").unwrap().we_are_dtls_client);
    assert_eq!(
        changed("setup:actpass", "setup:holdconn"),
        Err(SdpRefusal::Unsupported("a=setup:holdconn"))
    );
    assert_eq!(changed("a=setup:actpass\r\n", ""), Err(SdpRefusal::Missing("a=setup")));
    assert!(matches!(
        changed("setup:actpass", "setup:other"),
        Err(SdpRefusal::Malformed(_))
    ));
}

#[test]
fn fingerprints() {
    let hash = |algorithm: &str, len: usize| format!("{algorithm} {}", vec!["ab"; len].join(":"));
    let ours = format!("sha-256 {FINGERPRINT}");
    for (algorithm, len) in [("sha-256", 32), ("SHA-384", 48), ("sha-512", 64)] {
        let remote = changed(&ours, &hash(algorithm, len)).unwrap();
        assert_eq!(remote.fingerprint.algorithm, algorithm.to_lowercase());
        assert_eq!(remote.fingerprint.bytes, vec![0xab; len]);
    }
    assert!(matches!(
        changed(&ours, &hash("sha-1", 20)),
        Err(SdpRefusal::Unsupported(_))
    ));
    let both = format!("{}\r\na=fingerprint:{ours}", hash("sha-1", 20));
    assert_eq!(changed(&ours, &both).unwrap().fingerprint.algorithm, "sha-256");
    for wrong in [
        hash("sha-256", 31),
        hash("sha-256", 33),
        "sha-256".to_owned(),
        hash("sha-256", 32).replace("ab", "+1"),
    ] {
        assert!(
            matches!(changed(&ours, &wrong), Err(SdpRefusal::Malformed(_))),
            "{wrong}"
        );
    }
    assert_eq!(
        changed(&format!("a=fingerprint:{ours}\r\n"), ""),
        Err(SdpRefusal::Missing("a=fingerprint"))
    );
}

#[test]
fn credentials_of_the_m_line_win_over_those_of_the_session() {
    let audio = format!("{OPUS}\na=ice-ufrag:Media\na=ice-pwd:0123456789012345678901");
    assert_eq!(remote(&offer(&[&audio, VP8])).unwrap().ice_ufrag, "Media");
    assert!(matches!(changed("a=ice-pwd", "a=other"), Err(SdpRefusal::Missing(_))));
    assert!(matches!(
        changed("ice-ufrag:Pabc", "ice-ufrag:Pab"),
        Err(SdpRefusal::Malformed(_))
    ));
    assert!(matches!(
        changed("ice-ufrag:Pabc", "ice-ufrag:Pab c"),
        Err(SdpRefusal::Malformed(_))
    ));
    assert!(matches!(
        changed("ice-ufrag:Pabc", &format!("ice-ufrag:{}", "a".repeat(257))),
        Err(SdpRefusal::Malformed(_))
    ));
}

#[test]
fn the_transport_may_stand_on_an_m_line_that_we_reject() {
    let text = fixture::chromium_publish_four;
    let audio = section(text, 0).join("\r\n");
    let without_transport = text[audio.len() + text.find("m=audio").unwrap()..]
        .lines()
        .filter(|line| {
            !line.starts_with("a=ice-") && !line.starts_with("a=fingerprint") && !line.starts_with("a=setup")
        })
        .collect::<Vec<_>>()
        .join("\r\n");
    let audio = audio.replace("opus/48000", "pcm/48000");
    let head = &text[..text.find("m=audio").unwrap()];
    let (answer, remote, media) =
        answer(&format!("{head}{audio}{without_transport}\r\n"), &local(), &server()).unwrap();
    assert!(section(&answer, 0)[0].starts_with("m=audio 0 "));
    assert_eq!(media.media[0].mid, "1");
    assert!(text.contains(&format!("a=ice-ufrag:{}\r\n", remote.ice_ufrag)));
    assert!(section(&answer, 1).iter().any(|line| line.starts_with("a=candidate")));
}

#[test]
fn one_transport_with_rtcp_on_it_is_required() {
    assert_eq!(
        changed("a=rtcp-mux\r\n", ""),
        Err(SdpRefusal::Missing("a=rtcp-mux on an m-line"))
    );
    assert!(matches!(
        changed("a=group:BUNDLE 0 1\r\n", ""),
        Err(SdpRefusal::Missing(_))
    ));
    assert!(matches!(
        changed("a=group:BUNDLE 0 1\r\n", "a=ice-lite\r\n"),
        Err(SdpRefusal::Missing(_))
    ));
    assert!(matches!(
        changed("a=group", "a=ice-lite\r\na=group"),
        Err(SdpRefusal::Unsupported(_))
    ));
    // What is outside the bundle is rejected alone.
    let text = offer(&[OPUS, VP8]).replace("BUNDLE 0 1", "BUNDLE 0");
    let (answer_text, _, media) = answer(&text, &local(), &server()).unwrap();
    assert_eq!(media.media.len(), 1);
    assert!(section(&answer_text, 1)[0].starts_with("m=video 0 "));
    // A lone m-line needs no group, and its answer has none.
    let text = offer(&[OPUS]).replace("a=group:BUNDLE 0\r\n", "");
    let (answer_text, _, _) = answer(&text, &local(), &server()).unwrap();
    assert!(!answer_text.contains("BUNDLE"));
}

#[test]
fn mids_are_short_tokens_and_differ() {
    for (from, to) in [
        ("a=mid:1\r\n", "a=mid:0\r\n"),
        ("a=mid:1\r\n", ""),
        ("a=mid:1\r\n", "a=mid:\r\n"),
        ("a=mid:1\r\n", "a=mid:a b\r\n"),
        ("a=mid:1\r\n", "a=mid:seventeen-letters\r\n"),
    ] {
        assert!(changed(from, to).is_err(), "{to}");
    }
}

#[test]
fn debug_output_of_our_credentials_is_empty() {
    assert!(!format!("{:?}", local()).contains("abcd"));
}

#[test]
fn tcp_candidates_stand_below_every_udp_one_and_wait_to_be_called() {
    let server = ServerTransport { tcp: true, ..server() };
    let (answer, ..) = answer(&offer(&[OPUS, VP8]), &local(), &server).unwrap();
    let candidates = answer.lines().filter_map(|line| line.strip_prefix("a=candidate:"));
    let words: Vec<Vec<&str>> = candidates.map(|line| line.split(' ').collect()).collect();
    let priority = |words: &Vec<&str>| words[3].parse::<u32>().unwrap();
    let (udp, tcp): (Vec<_>, Vec<_>) = words.iter().partition(|words| words[2] == "udp");
    assert_eq!((udp.len(), tcp.len()), (2, 2));
    assert!(udp.iter().map(|it| priority(it)).min() > tcp.iter().map(|it| priority(it)).max());
    assert!(
        tcp.iter()
            .all(|words| words.ends_with(&["typ", "host", "tcptype", "passive"]))
    );
    assert!(
        words.windows(2).all(|pair| pair[0][0] != pair[1][0]),
        "foundations differ"
    );
}
