// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Events that are taken in and given out, and what is public of them: door, board, recap, what is stored.

use std::os::unix::fs::PermissionsExt;

use fiera_app::setups;
use fiera_protocol::client::Command;
use fiera_protocol::fair::{PollPhase, QuestionStage};
use fiera_protocol::ids::{AuthorSecret, Role};
use fiera_protocol::poll::Answer;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Change, EventPhase};
use fiera_store::memory::MemoryStore;

use crate::site::{Client, Site, new_folder};

async fn done(client: &mut Client, command: Command) {
    let answer = client.command(command.clone()).await;
    assert!(
        matches!(answer, ServerMessage::Accepted { .. }),
        "{command:?}: {answer:?}"
    );
}

#[tokio::test]
async fn an_event_comes_out_as_it_was_taken_in_and_is_run() {
    let store = std::sync::Arc::new(MemoryStore::default());
    let text = include_str!("../../fair.example.toml");
    let event = setups::import(store.as_ref(), text).await.unwrap();
    assert_eq!(setups::export(store.as_ref(), &event).await.unwrap(), text);
    assert!(setups::import(store.as_ref(), "id = \"x\"").await.is_err());
    assert!(setups::export(store.as_ref(), &"none".parse().unwrap()).await.is_err());
    let site = Site::start_on(new_folder(), store).await;
    let door = site.get("/api/v1/events/spring").await.json();
    assert_eq!(door["titles"]["it"], "Fiera di primavera");
    assert_eq!(door["agenda"][0]["title"]["en"], "Welcome");
    assert!(door["starts_unix_ms"].as_u64() < door["ends_unix_ms"].as_u64());
    let home = site.get("/").await;
    assert!(
        home.body.contains("Spring fair") && home.body.contains("Fiera di primavera"),
        "{}",
        home.body
    );
    assert!(home.body.contains("/e/demo"), "the demo beside it");
}

#[tokio::test]
async fn the_board_is_public_and_names_nobody_by_id() {
    let site = Site::start().await;
    let (mut moderator, mut attendee) = (site.join(Role::Moderator).await, site.join(Role::Attendee).await);
    for client in [&mut moderator, &mut attendee] {
        let room = "main".parse().unwrap();
        done(client, Command::Enter { room }).await;
    }
    let ask = Command::Ask {
        text: "What is next?".parse().unwrap(),
        anonymous: false,
        secret: AuthorSecret(uuid::Uuid::new_v4()),
    };
    done(&mut attendee, ask).await;
    let asked = |message: &ServerMessage| {
        matches!(
            message,
            ServerMessage::Update {
                change: Change::Question { .. },
                ..
            }
        )
    };
    let ServerMessage::Update {
        change: Change::Question { question },
        ..
    } = moderator.until(asked).await
    else {
        unreachable!()
    };
    let now = Command::SetQuestion {
        question: question.question,
        from: QuestionStage::Published,
        to: QuestionStage::Now,
        note: None,
    };
    done(&mut moderator, now).await;
    let board = site.get("/api/v1/events/demo/board").await;
    assert_eq!(board.json()["now"]["text"], "What is next?", "{}", board.body);
    assert_eq!(board.json()["room"], "main");
    assert!(!board.body.contains("participant"), "{}", board.body);
    let cached = site.get("/api/v1/events/demo/board?room=main").await;
    assert_eq!(cached.body, board.body);
    for (path, code) in [
        ("/api/v1/events/demo/board?room=none", "unknown_room"),
        ("/api/v1/events/none/board", "unknown_event"),
    ] {
        assert_eq!(site.get(path).await.refusal(), (404, code.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn the_recap_is_for_who_ran_the_event_until_it_is_over_then_for_all_and_in_the_folder() {
    let site = Site::start().await;
    let bearer = |role| format!("Bearer {}", site.token(role));
    let (organiser, attendee) = (bearer(Role::Organiser), bearer(Role::Attendee));
    let path = "/api/v1/events/demo/recap";
    let ask = async |who: &str| site.ask("GET", path, &[("authorization", who)], "").await;
    assert_eq!(site.get(path).await.refusal(), (401, "token".into()));
    assert_eq!(ask(&attendee).await.refusal(), (403, "not_allowed".into()));
    let mut client = site.join(Role::Organiser).await;
    let text = "Lunch at one".parse().unwrap();
    done(&mut client, Command::Announce { text }).await;
    assert_eq!(ask(&organiser).await.json()["announcements"][0]["text"], "Lunch at one");
    let phase = EventPhase::Ended;
    done(&mut client, Command::SetEventPhase { phase }).await;
    assert_eq!(ask(&attendee).await.json()["phase"], "ended");
    let words = site
        .ask(
            "GET",
            &format!("{path}.md?lang=it"),
            &[("authorization", &attendee)],
            "",
        )
        .await;
    assert!(words.body.contains("Lunch at one") && words.header("content-type").starts_with("text/markdown"));
    let folder = site.data().join("recaps");
    let site = site.restart().await;
    assert!(folder.join("demo.json").is_file() && folder.join("demo.md").is_file());
    assert_eq!(site.get("/api/v1/events/demo").await.json()["phase"], "ended");
}

#[tokio::test]
async fn results_of_polls_come_out_as_a_table_without_formulas() {
    let site = Site::start().await;
    let mut organiser = site.join(Role::Organiser).await;
    let room = "main".parse().unwrap();
    done(&mut organiser, Command::Enter { room }).await;
    let draft = serde_json::from_value(serde_json::json!({
        "question": "=1+1?", "form": {"kind": "rating", "from": 1, "to": 5}, "answers_min": 1,
    }))
    .unwrap();
    done(&mut organiser, Command::PreparePoll { draft, replaces: None }).await;
    let prepared = |message: &ServerMessage| match message {
        ServerMessage::Update {
            change: Change::RoomPoll { poll },
            ..
        } if poll.question == "=1+1?" => Some(poll.poll),
        _ => None,
    };
    let message = organiser.until(|message| prepared(message).is_some()).await;
    let poll = prepared(&message).unwrap();
    let set = |phase| Command::SetPoll { poll, phase };
    done(&mut organiser, set(PollPhase::Open)).await;
    let answer = Answer::Rating { rating: 4 };
    done(&mut organiser, Command::Answer { poll, answer }).await;
    done(&mut organiser, set(PollPhase::Closed)).await;
    done(&mut organiser, set(PollPhase::Revealed)).await;
    let bearer = |role| format!("Bearer {}", site.token(role));
    let path = "/api/v1/events/demo/polls.csv";
    let ask = async |who: &str| site.ask("GET", path, &[("authorization", who)], "").await;
    assert_eq!(
        ask(&bearer(Role::Attendee)).await.refusal(),
        (403, "not_allowed".into())
    );
    let table = ask(&bearer(Role::Organiser)).await;
    assert!(table.header("content-type").starts_with("text/csv"));
    let line = format!("\"main\",{poll},rating,\"'=1+1?\",1,rating,4,1\r\n");
    assert!(table.body.contains(&line), "{}", table.body);
}

#[tokio::test]
async fn what_is_erased_after_the_end_is_in_no_recap_file_when_it_is_answered() {
    let site = Site::start().await;
    let mut moderator = site.join(Role::Organiser).await;
    let room = "main".parse().unwrap();
    done(&mut moderator, Command::Enter { room }).await;
    let ask = Command::Ask {
        text: "Whose secret is it?".parse().unwrap(),
        anonymous: false,
        secret: AuthorSecret(uuid::Uuid::new_v4()),
    };
    done(&mut moderator, ask).await;
    let asked = |message: &ServerMessage| {
        matches!(
            message,
            ServerMessage::Update {
                change: Change::Question { .. },
                ..
            }
        )
    };
    let ServerMessage::Update {
        change: Change::Question { question },
        ..
    } = moderator.until(asked).await
    else {
        unreachable!()
    };
    let phase = EventPhase::Ended;
    done(&mut moderator, Command::SetEventPhase { phase }).await;
    let folder = site.data().join("recaps");
    let files = ["demo.json", "demo.md"].map(|name| folder.join(name));
    let told = || {
        files
            .each_ref()
            .map(|file| std::fs::read_to_string(file).unwrap().contains("secret"))
    };
    assert_eq!(told(), [true; 2]);
    let modes = [&folder, &files[0], &files[1]].map(|path| path.metadata().unwrap().permissions().mode() & 0o777);
    assert_eq!(modes, [0o700, 0o600, 0o600]);
    let question = question.question;
    done(&mut moderator, Command::EraseQuestion { question }).await;
    assert_eq!(told(), [false; 2]);
    std::fs::remove_dir_all(&folder).unwrap();
    let site = site.restart().await;
    assert_eq!(site.get("/api/v1/events/demo/board").await.status, 200);
    for file in &files {
        assert!(file.is_file(), "written at the start of an event that has ended");
    }
}

#[tokio::test]
async fn what_is_stored_is_said_by_the_server_and_who_asks_sees_what_is_known_of_them() {
    let site = Site::start().await;
    let path = "/api/v1/events/demo/stored";
    let nobody = site.get(path).await.json();
    assert!(nobody["you"].is_null());
    let grace = nobody["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["what"] == "presence")
        .unwrap()
        .clone();
    assert_eq!(grace["until_ms"], fiera_protocol::limits::PLACE_GRACE_MS);
    let of = |what: &str| {
        let items = nobody["items"].as_array().unwrap();
        items.iter().find(|item| item["what"] == what).unwrap().clone()
    };
    let limits = (
        u64::from(fiera_app::limits::SIGN_IN_FAILURES_BURST / fiera_app::limits::SIGN_IN_FAILURES_PER_S) * 1_000,
        fiera_app::limits::RATES_FORGET_EVERY.as_millis() as u64,
    );
    assert_eq!(of("failed_sign_in")["until_ms"], limits.0 + limits.1);
    assert_eq!(of("chat")["leads_to"], "participant");
    assert_eq!(
        (&of("recap")["where"], &of("recap")["until"]),
        (&"disk".into(), &"kept".into())
    );
    let json = [("content-type", "application/json")];
    let session = site
        .ask("POST", "/api/v1/events/demo/session", &json, r#"{"name":"Ada"}"#)
        .await;
    let cookie = session.header("set-cookie").split(';').next().unwrap().to_owned();
    let mine = site.ask("GET", path, &[("cookie", &cookie)], "").await.json();
    assert_eq!(
        (&mine["you"]["name"], &mine["you"]["connections"]),
        (&"Ada".into(), &0.into())
    );
    assert_eq!(mine["you"]["banned"], false);
}

#[tokio::test]
async fn guessing_tokens_is_slowed_down() {
    let site = Site::start().await;
    let burst = fiera_app::limits::SIGN_IN_FAILURES_BURST;
    let mut wrong = 0;
    // One is forgiven each second, so that a slow machine gets a few more.
    let slowed = loop {
        let mut client = site.socket(&[]).await;
        client.hello(Some("a.b.c"), None).await;
        match client.refusal().await.as_str() {
            "token" if wrong < 10 * burst => wrong += 1,
            code => break code.to_owned(),
        }
    };
    assert_eq!(slowed, "too_fast", "after {wrong}");
    assert!(wrong >= burst, "{wrong} mistakes are free");
    let mut colleague = site.join(Role::Attendee).await;
    let room = "main".parse().unwrap();
    done(&mut colleague, Command::Enter { room }).await;
    let token = format!("Bearer {}", site.token(Role::Organiser));
    let path = "/api/v1/events/demo/recap";
    let recap = site.ask("GET", path, &[("authorization", &token)], "").await;
    assert_eq!(recap.status, 200, "who has a token comes in from the same network");
}

#[tokio::test]
async fn pr5_the_programme_is_a_calendar_for_everybody_and_follows_what_organisers_change() {
    let site = Site::start().await;
    let all = site.get("/api/v1/events/demo/agenda.ics").await;
    assert_eq!(all.status, 200);
    assert!(
        all.body.starts_with("BEGIN:VCALENDAR\r\n") && all.body.contains("SUMMARY:Welcome: how the fair works\r\n")
    );
    let mut organiser = site.join(Role::Organiser).await;
    let door = site.get("/api/v1/events/demo").await.json();
    let slot = door["agenda"][0]["slot"].as_str().unwrap().to_owned();
    let one = site.get(&format!("/api/v1/events/demo/agenda.ics?slot={slot}")).await;
    assert_eq!(one.body.matches("BEGIN:VEVENT").count(), 1);
    assert!(one.body.contains(&format!("UID:{slot}@")) && one.body.contains("SEQUENCE:0\r\n"));
    let step = serde_json::from_value(serde_json::json!({
        "kind": "cancel", "slot": slot, "revision": 0, "cancelled": true
    }));
    done(&mut organiser, Command::Programme { step: step.unwrap() }).await;
    let one = site.get(&format!("/api/v1/events/demo/agenda.ics?slot={slot}")).await;
    assert!(
        one.body.contains("STATUS:CANCELLED\r\n") && one.body.contains("SEQUENCE:1\r\n"),
        "{}",
        one.body
    );
    let none = site
        .get("/api/v1/events/demo/agenda.ics?slot=00000000-0000-4000-8000-000000000000")
        .await;
    assert_eq!(none.status, 404);
    assert_eq!(
        site.get("/api/v1/events/demo/agenda.ics?slot=nonsense").await.status,
        400
    );
}

#[tokio::test]
async fn pr15_the_board_of_ideas_is_public_and_its_table_has_no_formulas() {
    let site = Site::start().await;
    let mut attendee = site.join(Role::Attendee).await;
    let step = serde_json::from_value(serde_json::json!({
        "kind": "propose", "title": "=1+1", "presents": true, "anonymous": true, "secret": uuid::Uuid::new_v4()
    }));
    done(&mut attendee, Command::Ideas { step: step.unwrap() }).await;
    let board = site.get("/api/v1/events/demo/ideas").await.json();
    let idea = board["ideas"]
        .as_array()
        .and_then(|ideas| ideas.last())
        .expect("one at least");
    assert_eq!(
        (idea["title"].as_str(), idea["by"].as_str(), idea["stage"].as_str()),
        (Some("=1+1"), None, Some("proposed"))
    );
    assert!(idea.get("idea").is_none(), "no ids");
    let table = site.get("/api/v1/events/demo/ideas.csv").await;
    assert!(table.body.contains(",\"'=1+1\",,,yes,proposed,"), "{}", table.body);
}
