// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Pages, sessions, health, numbers.

use fiera_protocol::ids::Role;

use crate::site::Site;

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn every_address_of_an_event_is_the_web_client_and_home_leads_there() {
    let site = Site::start().await;
    assert_eq!(site.get("/").await.header("location"), "/e/demo");
    for page in [
        "/e/demo",
        "/e/demo/dashboard",
        "/e/demo/projector",
        "/e/demo/report",
        "/e/demo/agenda",
        "/e/demo/ideas",
    ] {
        let answer = site.get(page).await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(answer.body.contains("<!doctype html>"), "{page}");
        assert!(
            answer
                .header("content-security-policy")
                .contains("media-src 'self' blob:")
        );
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "",
            "no other site may read pages"
        );
    }
    let mistyped = site.get("/e/demo/other").await;
    assert_eq!(mistyped.refusal(), (404, "malformed".into()), "data for programs");
    let read = site
        .ask("GET", "/e/demo/other", &[("accept", "text/html,*/*;q=0.8")], "")
        .await;
    assert_eq!(read.status, 404);
    assert!(
        read.body.contains("There is nothing at this address"),
        "a page for people: {}",
        read.body
    );
    let event = site.get("/api/v1/events/demo").await.json();
    assert_eq!((&event["phase"], &event["people"]), (&"live".into(), &0.into()));
    assert_eq!(
        site.get("/api/v1/events/none").await.refusal(),
        (404, "unknown_event".into())
    );
    let routes = site.get("/api/v1/openapi.json").await.json()["paths"]
        .as_object()
        .unwrap()
        .len();
    assert_eq!(routes, 21, "every route of the API is described");
}

#[tokio::test]
async fn a_session_is_a_private_cookie_and_a_token_says_the_role() {
    let site = Site::start().await;
    let path = "/api/v1/events/demo/session";
    let guest = site.ask("POST", path, &[JSON], r#"{"name":"AdaOfLovelace"}"#).await;
    assert_eq!(guest.json()["role"], "attendee");
    let cookie = guest.header("set-cookie").to_owned();
    assert!(cookie.starts_with("fiera_demo=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    // Longer than chance writes into a sealed text.
    assert!(!cookie.contains("AdaOfLovelace"), "the cookie is sealed");
    let cookie = cookie.split(';').next().unwrap();
    let body = format!(r#"{{"token":"{}"}}"#, site.token(Role::Moderator));
    let again = site.ask("POST", path, &[JSON, ("cookie", cookie)], &body).await;
    assert_eq!(again.json()["role"], "moderator");
    assert_eq!(
        again.json()["participant"],
        guest.json()["participant"],
        "the same person with another role"
    );
}

#[tokio::test]
async fn a_session_is_refused_in_words() {
    let site = Site::start().await;
    let expired = format!(r#"{{"token":"{}"}}"#, site.token_for("demo", Role::Speaker, -10));
    let other = format!(r#"{{"token":"{}"}}"#, site.token_for("other", Role::Speaker, 600));
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(10_000));
    let cases: [(&str, &str, (u16, &str)); 8] = [
        ("demo", &expired, (401, "expired")),
        ("demo", &other, (401, "token")),
        ("demo", r#"{"token":"x.y.z"}"#, (401, "token")),
        ("demo", r#"{"name":"  "}"#, (400, "name")),
        ("demo", r#"{"names":"x"}"#, (400, "malformed")),
        ("demo", "{", (400, "malformed")),
        ("demo", &long, (413, "too_large")),
        ("None", "{}", (404, "unknown_event")),
    ];
    for (event, body, (status, code)) in cases {
        let answer = site
            .ask("POST", &format!("/api/v1/events/{event}/session"), &[JSON], body)
            .await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{body}");
        assert!(
            answer.json()["sentence"].as_str().unwrap().ends_with(['.', ';']),
            "{}",
            answer.body
        );
    }
    let form = ("content-type", "text/plain");
    assert_eq!(
        site.ask("POST", "/api/v1/events/demo/session", &[form], "{}")
            .await
            .status,
        415
    );
}

#[tokio::test]
async fn numbers_have_the_names_that_dashboards_use() {
    let site = Site::start().await;
    site.get("/api/v1/events/none").await;
    let mut client = site.join(Role::Attendee).await;
    client.command(fiera_protocol::client::Command::Leave {}).await;
    let text = site.get("/metrics").await.body;
    let names = [
        "fiera_rtp_forwarded_packets_total ",
        "fiera_rtp_forwarded_bytes_total ",
        "fiera_forward_latency_seconds_bucket{le=\"0.001\"} ",
        "fiera_participants 1",
        "fiera_publishers ",
        "fiera_subscribers ",
        "fiera_hub_commands_total{kind=\"leave\",outcome=\"",
        "fiera_ws_sessions 1",
        "fiera_join_seconds_count ",
        "fiera_refused_total{reason=\"unknown_event\"} 1",
        "process_cpu_seconds_total ",
    ];
    for name in names {
        assert!(text.contains(&format!("\n{name}")), "{name} is missing in:\n{text}");
    }
}
