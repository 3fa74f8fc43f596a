// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! WHIP (RFC 9725) and WHEP over HTTP: what is taken, what is refused and how.

use fiera_protocol::ids::Role;

use crate::site::{Answer, Site};

/// The offer of a program: Opus and VP8 in one bundle.
pub fn offer(direction: &str) -> String {
    let fingerprint = ["AB"; 32].join(":");
    let media = |kind: &str, mid: u8, pt: u8, codec: &str| {
        format!(
            "m={kind} 9 UDP/TLS/RTP/SAVPF {pt}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\n\
             a=rtpmap:{pt} {codec}\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n\
             a=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\n"
        )
    };
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n{}{}",
        media("audio", 0, 111, "opus/48000/2"),
        media("video", 1, 96, "VP8/90000")
    )
}

pub async fn post(site: &Site, path: &str, token: &str, kind: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    site.ask(
        "POST",
        path,
        &[("authorization", &bearer), ("content-type", kind)],
        body,
    )
    .await
}

pub const SDP: &str = "application/sdp";

#[tokio::test]
async fn a_session_is_created_and_ended_at_its_address() {
    let site = Site::start().await;
    for (path, role, direction) in [
        ("/whip/demo/main", Role::Speaker, "sendonly"),
        ("/whep/demo/main", Role::Attendee, "recvonly"),
    ] {
        let made = post(&site, path, &site.token(role), SDP, &offer(direction)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(made.header("content-type"), SDP);
        assert!(
            made.body.starts_with("v=0\r\n") && made.body.contains("a=ice-lite"),
            "{}",
            made.body
        );
        assert!(made.header("etag").starts_with('"'));
        assert!(made.header("access-control-expose-headers").contains("Location"));
        let session = made.header("location").to_owned();
        assert!(session.starts_with(&format!("{path}/")));
        let wrong = [("authorization", "Bearer x")];
        assert_eq!(site.ask("DELETE", &session, &wrong, "").await.status, 401);
        assert_eq!(site.ask("PATCH", &session, &[], "").await.status, 405);
        assert_eq!(site.ask("DELETE", &session, &[], "").await.status, 200);
        assert_eq!(site.ask("DELETE", &session, &[], "").await.status, 404);
    }
}

#[tokio::test]
async fn a_whip_source_is_on_air_at_once_and_off_when_it_ends() {
    let site = Site::start().await;
    let token = site.token(Role::Speaker);
    let made = post(&site, "/whip/demo/main", &token, SDP, &offer("sendonly")).await;
    assert_eq!(site.get("/api/v1/events/demo").await.json()["live"], true);
    let again = post(&site, "/whip/demo/main", &token, SDP, &offer("sendonly")).await;
    assert_eq!(again.status, 201, "an encoder that comes back takes its own place");
    let old = site.ask("DELETE", made.header("location"), &[], "").await;
    assert_eq!(old.status, 404, "its earlier session is over");
    assert_eq!(site.ask("DELETE", again.header("location"), &[], "").await.status, 200);
    let event = site.get("/api/v1/events/demo").await.json();
    assert_eq!(
        (&event["live"], &event["people"]),
        (&false.into(), &0.into()),
        "programs are nobody"
    );
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_with_its_own_status() {
    let site = Site::start().await;
    let speaker = site.token(Role::Speaker);
    let attendee = site.token(Role::Attendee);
    let expired = site.token_for("demo", Role::Speaker, -10);
    let other = site.token_for("other", Role::Speaker, 600);
    let good = offer("sendonly");
    let long = format!("{good}{}", "a=x\r\n".repeat(10_000));
    let nothing = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
    let cases = [
        (
            "/whip/demo/main",
            attendee.as_str(),
            SDP,
            good.as_str(),
            (403, "not_allowed"),
        ),
        ("/whip/demo/main", &expired, SDP, &good, (401, "expired")),
        ("/whip/demo/main", &other, SDP, &good, (401, "token")),
        ("/whep/demo/main", "", SDP, &good, (401, "token")),
        ("/whip/demo/none", &speaker, SDP, &good, (404, "unknown_room")),
        ("/whep/none/main", &speaker, SDP, &good, (404, "unknown_event")),
        ("/whip/demo/main", &speaker, "text/plain", &good, (415, "malformed")),
        ("/whip/demo/main", &speaker, SDP, &long, (413, "too_large")),
        ("/whip/demo/main", &speaker, SDP, "hello", (400, "sdp")),
        ("/whep/demo/main", &attendee, SDP, "\u{0}", (400, "sdp")),
        ("/whip/demo/main", &speaker, SDP, nothing, (422, "sdp")),
        ("/whep/demo/main", &attendee, SDP, &offer("sendonly"), (422, "sdp")),
    ];
    for (path, token, kind, body, (status, code)) in cases {
        let answer = post(&site, path, token, kind, body).await;
        assert_eq!(
            answer.refusal(),
            (status, code.to_owned()),
            "{path} {kind} {}",
            &body[..body.len().min(40)]
        );
        assert_eq!(
            answer.status == 401,
            answer.headers.contains_key("www-authenticate"),
            "{path}"
        );
    }
    assert_eq!(
        site.ask("POST", "/whip/demo/main", &[("content-type", SDP)], &good)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn other_methods_are_refused_and_other_sites_are_told_what_they_may() {
    let site = Site::start().await;
    for path in ["/whip/demo/main", "/whep/demo/main"] {
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE"] {
            let answer = site.ask(method, path, &[], "").await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("allow")),
                (405, "POST, OPTIONS"),
                "{method} {path}"
            );
        }
        let options = site
            .ask("OPTIONS", path, &[("origin", "https://elsewhere.example")], "")
            .await;
        assert!(options.status.is_success());
        assert_eq!(options.header("access-control-allow-origin"), "*");
        assert!(options.header("access-control-allow-headers").contains("Authorization"));
        assert_eq!(options.header("accept-post"), SDP);
    }
}
