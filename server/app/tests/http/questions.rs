// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Questions over HTTP: the list of all of them, for organisers, and those that are like one that is being written.

use fiera_protocol::client::Command;
use fiera_protocol::fair::RoomSettings;
use fiera_protocol::ids::{AuthorSecret, Role};
use fiera_protocol::limits::LOOKS_BURST;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::stands::StandStep;
use fiera_protocol::view::Change;

use crate::site::{Client, Site};

const JSON: (&str, &str) = ("content-type", "application/json");
const SIMILAR: &str = "/api/v1/events/demo/similar";

async fn done(client: &mut Client, command: Command) {
    let answer = client.command(command.clone()).await;
    assert!(
        matches!(answer, ServerMessage::Accepted { .. }),
        "{command:?}: {answer:?}"
    );
}

async fn enter(client: &mut Client) {
    let room = "main".parse().unwrap();
    done(client, Command::Enter { room }).await;
}

async fn ask(client: &mut Client, text: &str) {
    let ask = Command::Ask {
        text: text.parse().unwrap(),
        anonymous: true,
        secret: AuthorSecret(uuid::Uuid::new_v4()),
    };
    done(client, ask).await;
}

/// The cookie of a new guest.
async fn guest(site: &Site) -> String {
    let path = "/api/v1/events/demo/session";
    let session = site.ask("POST", path, &[JSON], r#"{"name":"Ada"}"#).await;
    session.header("set-cookie").split(';').next().unwrap().to_owned()
}

/// A guest who is connected, and the cookie.
async fn connected(site: &Site) -> (Client, String) {
    let cookie = guest(site).await;
    let origin = site.origin();
    let mut client = site.socket(&[("cookie", &cookie), ("origin", &origin)]).await;
    client.hello(None, None).await;
    enter(&mut client).await;
    (client, cookie)
}

#[tokio::test]
async fn organisers_alone_have_the_list_of_all_questions_and_no_cell_is_a_formula() {
    let site = Site::start().await;
    let mut attendee = site.join(Role::Attendee).await;
    enter(&mut attendee).await;
    ask(&mut attendee, "=HYPERLINK(\"http://x\",\"Click\")").await;
    ask(&mut attendee, "Is it, \"free\"; or not?").await;
    let path = "/api/v1/events/demo/questions";
    for kind in ["csv", "json"] {
        let path = format!("{path}.{kind}");
        assert_eq!(site.get(&path).await.refusal(), (401, "token".into()));
        let cookie = guest(&site).await;
        let by_cookie = site.ask("GET", &path, &[("cookie", &cookie)], "").await;
        assert_eq!(by_cookie.refusal(), (403, "not_allowed".into()));
        for role in [Role::Attendee, Role::Speaker, Role::Moderator] {
            let bearer = format!("Bearer {}", site.token(role));
            let answer = site.ask("GET", &path, &[("authorization", &bearer)], "").await;
            assert_eq!(answer.refusal(), (403, "not_allowed".into()), "{role:?}");
        }
    }
    let bearer = format!("Bearer {}", site.token(Role::Organiser));
    let read = async |kind: &str| {
        let path = format!("{path}.{kind}");
        site.ask("GET", &path, &[("authorization", &bearer)], "").await
    };
    let table = read("csv").await;
    assert!(table.header("content-type").starts_with("text/csv"));
    assert!(table.header("content-disposition").contains("demo-questions.csv"));
    assert_eq!(table.header("cache-control"), "no-store");
    let lines: Vec<&str> = table.body.split("\r\n").collect();
    let starts = [
        "\u{FEFF}room,number,question,",
        "main,1,\"'=HYPERLINK(\"\"http://x\"\",\"\"Click\"\")\",,published,0,",
        "main,2,\"Is it, \"\"free\"\"; or not?\",,published,0,",
        "",
    ];
    assert_eq!(lines.len(), starts.len(), "{}", table.body);
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    let data = read("json").await.json();
    assert_eq!(
        data[0]["text"], "=HYPERLINK(\"http://x\",\"Click\")",
        "data is as written"
    );
    assert_eq!(
        (&data[1]["number"], &data[1]["by"]),
        (&2.into(), &serde_json::Value::Null)
    );
}

#[tokio::test]
async fn who_is_connected_is_told_of_published_questions_like_theirs() {
    let site = Site::start().await;
    let mut organiser = site.join(Role::Organiser).await;
    enter(&mut organiser).await;
    let (mut attendee, cookie) = connected(&site).await;
    ask(&mut attendee, "How much does the pipeline cost?").await;
    let settings = RoomSettings {
        moderated: true,
        chat_open: true,
        slow_mode_s: 0,
        questions_closed: false,
        links_off: false,
    };
    done(&mut organiser, Command::SetRoom { settings }).await;
    ask(&mut attendee, "How much does the pipeline cost us?").await;
    let similar = async |cookie: &str, body: &str| site.ask("POST", SIMILAR, &[JSON, ("cookie", cookie)], body).await;
    let draft = r#"{"room":"main","text":"What are the costs of this pipeline?"}"#;
    let found = similar(&cookie, draft).await.json();
    assert_eq!(found["questions"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found["questions"][0]["text"], "How much does the pipeline cost?");
    let other = r#"{"room":"main","text":"Where is lunch served?"}"#;
    assert_eq!(similar(&cookie, other).await.json()["questions"], serde_json::json!([]));
    let cases = [
        (r#"{"room":"none","text":"Why?"}"#, (404, "unknown_room")),
        (r#"{"room":"main","text":" "}"#, (400, "malformed")),
        (r#"{"room":"main","text":"Why?","more":1}"#, (400, "malformed")),
        ("{", (400, "malformed")),
    ];
    for (body, (status, code)) in cases {
        assert_eq!(
            similar(&cookie, body).await.refusal(),
            (status, code.to_owned()),
            "{body}"
        );
    }
    let long = format!(r#"{{"room":"main","text":"{}"}}"#, "x".repeat(10_000));
    assert_eq!(similar(&cookie, &long).await.refusal(), (413, "too_large".into()));
    assert_eq!(
        site.ask("POST", SIMILAR, &[JSON], draft).await.refusal(),
        (401, "token".into())
    );
    let away = guest(&site).await;
    assert_eq!(
        similar(&away, draft).await.refusal(),
        (403, "not_allowed".into()),
        "a cookie without a connection"
    );
}

#[tokio::test]
async fn asking_for_similar_questions_counts_with_the_messages_of_its_sender() {
    let site = Site::start().await;
    let (_attendee, cookie) = connected(&site).await;
    let (_other, others) = connected(&site).await;
    let similar = async |cookie: &str, body: &str| site.ask("POST", SIMILAR, &[JSON, ("cookie", cookie)], body).await;
    let mut codes = Vec::new();
    // The bucket fills while it is emptied: more are tried than are in it.
    for _ in 0..8 * LOOKS_BURST {
        codes.push(similar(&cookie, "{").await.refusal());
        if codes.last().is_some_and(|(status, _)| *status == 429) {
            break;
        }
    }
    assert_eq!(
        codes.last(),
        Some(&(429, "too_fast".to_owned())),
        "what is malformed counts too"
    );
    let before = codes.iter().filter(|(status, _)| *status == 400).count();
    assert!(before + 10 > LOOKS_BURST as usize, "only after the burst: {before}");
    let draft = r#"{"room":"main","text":"Why?"}"#;
    assert_eq!(
        similar(&others, draft).await.status,
        200,
        "it is that participant's own limit"
    );
}

#[tokio::test]
async fn questions_at_a_stand_are_compared_for_who_is_there_and_for_nobody_else() {
    let site = Site::start().await;
    let (mut keeper, _) = connected(&site).await;
    let content = r#"{"name":"Desk","line":"Bookings","language":"en"}"#;
    let step = StandStep::Open {
        content: serde_json::from_str(content).unwrap(),
        secret: AuthorSecret(uuid::Uuid::new_v4()),
    };
    done(&mut keeper, Command::Stand { step }).await;
    let opened = |message: &ServerMessage| match message {
        ServerMessage::Update {
            change: Change::Stand { stand },
            ..
        } => Some(stand.room.clone()),
        _ => None,
    };
    let room = opened(&keeper.until(|message| opened(message).is_some()).await).unwrap();
    let (mut visitor, there) = connected(&site).await;
    let (_elsewhere, away) = connected(&site).await;
    done(&mut visitor, Command::Enter { room: room.clone() }).await;
    ask(&mut visitor, "How much does the pipeline cost?").await;
    let similar = async |cookie: &str| {
        let draft = format!(r#"{{"room":"{room}","text":"What are the costs of this pipeline?"}}"#);
        site.ask("POST", SIMILAR, &[JSON, ("cookie", cookie)], &draft).await
    };
    assert_eq!(similar(&away).await.refusal(), (404, "unknown_room".into()));
    let found = similar(&there).await.json();
    assert_eq!(found["questions"].as_array().map(Vec::len), Some(1), "{found}");
}
