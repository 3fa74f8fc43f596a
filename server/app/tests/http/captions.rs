// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Captions over HTTP: who may send them, what is refused, and that they arrive (SPEC.md Z3).

use fiera_protocol::client::Command;
use fiera_protocol::ids::Role;
use fiera_protocol::limits::CAPTIONS_AT_ONCE_MAX;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::Change;

use crate::site::Site;

const PATH: &str = "/api/v1/events/demo/rooms/main/captions";

async fn post(site: &Site, role: Role, path: &str, body: &str) -> crate::site::Answer {
    let bearer = format!("Bearer {}", site.token(role));
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    site.ask("POST", path, &headers, body).await
}

fn line(text: &str, is_final: bool, sequence: u32) -> String {
    format!(r#"{{"lang":"it","text":"{text}","final":{is_final},"sequence":{sequence}}}"#)
}

fn lines(all: &[String]) -> String {
    format!(r#"{{"lines":[{}]}}"#, all.join(","))
}

#[tokio::test]
async fn z3_lines_of_a_program_arrive_in_the_room_and_a_final_one_may_be_sent_again() {
    let site = Site::start().await;
    let mut attendee = site.join(Role::Attendee).await;
    let room = "main".parse().unwrap();
    attendee.command(Command::Enter { room }).await;
    let bearer = format!("Bearer {}", site.token(Role::Captioner));
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let body = lines(&[line("Uno", false, 1), line("Uno!", true, 1)]);
    for _ in 0..2 {
        // The whole of it again is late: its first line was still being said.
        let answer = site.ask("POST", PATH, &headers, &lines(&[line("Uno!", true, 1)])).await;
        assert_eq!(answer.status, 204);
    }
    assert_eq!(
        site.ask("POST", PATH, &headers, &body).await.refusal(),
        (409, "wrong_state".into())
    );
    let told = attendee
        .until(|message| {
            matches!(
                message,
                ServerMessage::Update {
                    change: Change::Caption { .. },
                    ..
                }
            )
        })
        .await;
    let ServerMessage::Update {
        change: Change::Caption { line },
        ..
    } = told
    else {
        unreachable!("that is what was waited for")
    };
    assert_eq!(
        (line.text.as_str(), line.lang.as_str(), line.is_final),
        ("Uno!", "it", true)
    );
}

#[tokio::test]
async fn z3_what_is_no_caption_is_refused_and_nothing_of_it_is_taken() {
    let site = Site::start().await;
    let good = lines(&[line("Uno", true, 1)]);
    assert_eq!(
        site.ask("POST", PATH, &[("content-type", "application/json")], &good)
            .await
            .refusal(),
        (401, "token".into())
    );
    assert_eq!(
        post(&site, Role::Attendee, PATH, &good).await.refusal(),
        (403, "not_allowed".into())
    );
    let nowhere = "/api/v1/events/demo/rooms/nowhere/captions";
    assert_eq!(
        post(&site, Role::Captioner, nowhere, &good).await.refusal(),
        (404, "unknown_room".into())
    );
    let long = "x".repeat(201);
    let many: Vec<String> = (0..=CAPTIONS_AT_ONCE_MAX as u32).map(|n| line("x", true, n)).collect();
    for (bad, code) in [
        ("{}".to_owned(), "malformed"),
        (lines(&[]), "malformed"),
        (lines(&many), "malformed"),
        (good.replace("\"it\"", "\"italiano!\""), "malformed"),
        (good.replace("Uno", &long), "text"),
        (good.replace("\"final\"", "\"done\""), "malformed"),
    ] {
        assert_eq!(
            post(&site, Role::Captioner, PATH, &bad).await.refusal(),
            (400, code.into()),
            "{bad}"
        );
    }
    let huge = lines(&[line(&"x".repeat(40_000), true, 1)]);
    assert_eq!(
        post(&site, Role::Captioner, PATH, &huge).await.refusal(),
        (413, "too_large".into())
    );
    // Nothing was taken of any of them: the number is still free.
    assert_eq!(post(&site, Role::Captioner, PATH, &good).await.status, 204);
}
