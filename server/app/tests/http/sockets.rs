// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! WebSockets: hello and who one is, limits, the way back, the end.

use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::ids::Role;
use fiera_protocol::limits::{
    CLIENT_FLOOD_STRIKES_MAX, CLIENT_MESSAGE_BYTES_MAX, CLIENT_MESSAGES_BURST, FLOOD_AWAY_MS, HANDS_BURST, HANDS_PER_S,
};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Place, StreamState};
use futures_util::FutureExt;

use crate::site::Site;

fn enter(room: &str) -> Command {
    Command::Enter {
        room: room.parse().unwrap(),
    }
}

#[tokio::test]
async fn a_socket_that_does_not_say_a_good_hello_is_refused_and_closed() {
    let site = Site::start().await;
    let hello = |more: &str| format!(r#"{{"kind":"hello","version":1,"event":"demo"{more}}}"#);
    let expired = site.token_for("demo", Role::Attendee, -10);
    let other = site.token_for("other", Role::Attendee, 600);
    let cases = [
        (r#"{"kind":"pong","n":1}"#.to_owned(), "hello_expected"),
        ("hello".to_owned(), "malformed"),
        (r#"{"kind":"hello","version":9,"event":"demo"}"#.to_owned(), "version"),
        (
            r#"{"kind":"hello","version":1,"event":"none"}"#.to_owned(),
            "unknown_event",
        ),
        (hello(""), "token"),
        (hello(r#","token":"x""#), "token"),
        (hello(&format!(r#","token":"{other}""#)), "token"),
        (hello(&format!(r#","token":"{expired}""#)), "expired"),
        (hello(r#","resume":"AAAA""#), "token"),
        (hello(r#","extra":1"#), "malformed"),
    ];
    for (text, code) in cases {
        let mut client = site.socket(&[]).await;
        client.text(text.clone()).await;
        assert_eq!(client.refusal().await, code, "{text}");
        assert_eq!(client.closed().await, Some(1_008), "{text}");
    }
}

#[tokio::test]
async fn a_cookie_counts_for_pages_of_this_server_alone() {
    let site = Site::start().await;
    let json = [("content-type", "application/json")];
    let session = site
        .ask("POST", "/api/v1/events/demo/session", &json, r#"{"name":"Ada"}"#)
        .await;
    let cookie = session.header("set-cookie").split(';').next().unwrap().to_owned();
    let origin = site.origin();
    let mut client = site.socket(&[("cookie", &cookie), ("origin", &origin)]).await;
    client.hello(None, None).await;
    let you = client
        .until(|message| {
            matches!(
                message,
                ServerMessage::Snapshot {
                    state: StreamState::You(_),
                    ..
                }
            )
        })
        .await;
    let ServerMessage::Snapshot {
        state: StreamState::You(you),
        ..
    } = you
    else {
        unreachable!()
    };
    assert_eq!(you.name.as_str(), "Ada");
    assert_eq!(
        serde_json::to_value(you.participant).unwrap(),
        session.json()["participant"]
    );
    for foreign in [
        vec![("cookie", cookie.as_str())],
        vec![("cookie", &cookie), ("origin", "https://evil.example")],
    ] {
        let mut client = site.socket(&foreign).await;
        client.hello(None, None).await;
        assert_eq!(client.refusal().await, "token", "{foreign:?}");
    }
}

#[tokio::test]
async fn what_one_does_the_others_see() {
    let site = Site::start().await;
    let mut speaker = site.join(Role::Speaker).await;
    let mut attendee = site.join(Role::Attendee).await;
    for client in [&mut speaker, &mut attendee] {
        assert!(matches!(
            client.command(enter("main")).await,
            ServerMessage::Accepted { .. }
        ));
    }
    assert!(matches!(
        speaker.command(Command::EnterBackstage {}).await,
        ServerMessage::Accepted { .. }
    ));
    speaker
        .command(Command::PutOnAir {
            participant: None,
            countdown_s: None,
        })
        .await;
    let on_air = attendee.until(|message| match message {
        ServerMessage::Update {
            change: fiera_protocol::view::Change::OnAir { on_air },
            ..
        } => on_air.len() == 1,
        _ => false,
    });
    on_air.await;
    assert!(matches!(
        attendee.command(Command::EnterBackstage {}).await,
        ServerMessage::Refused { .. }
    ));
}

#[tokio::test]
async fn racks_and_offers_are_negotiated_and_bad_ones_refused() {
    let site = Site::start().await;
    let mut client = site.join(Role::Attendee).await;
    client.say(&ClientMessage::Watch { video_slots: 2 }).await;
    let offer = client
        .until(|message| matches!(message, ServerMessage::RackOffer { .. }))
        .await;
    let ServerMessage::RackOffer { rack, sdp, slots, .. } = offer else {
        unreachable!()
    };
    assert!(
        sdp.starts_with("v=0") && slots.len() == 7,
        "three voices, two cameras, screen and its sound"
    );
    client
        .say(&ClientMessage::RackAnswer {
            rack: rack + 1,
            sdp: sdp.clone(),
        })
        .await;
    assert_eq!(client.refusal().await, "wrong_state");
    client
        .say(&ClientMessage::RackAnswer {
            rack,
            sdp: "x".to_owned(),
        })
        .await;
    assert_eq!(client.refusal().await, "sdp");
    client
        .say(&ClientMessage::PublishOffer {
            offer: None,
            sdp: "x".to_owned(),
        })
        .await;
    assert_eq!(client.refusal().await, "sdp");
}

#[tokio::test]
async fn l1_l3_too_fast_is_refused_and_a_flood_is_closed_and_kept_away_for_a_named_time() {
    let site = Site::start().await;
    let mut client = site.join(Role::Attendee).await;
    let resume = client
        .until(|message| matches!(message, ServerMessage::Resume { .. }))
        .await;
    let ServerMessage::Resume { token } = resume else {
        unreachable!()
    };
    let mut neighbour = site.join(Role::Attendee).await;
    let (mut refused, mut closed) = (Vec::new(), None);
    // Twice as fast as allowed is fast enough, so that a slow machine comes to the same end.
    for n in 0..CLIENT_MESSAGES_BURST + 8 * CLIENT_FLOOD_STRIKES_MAX {
        let sent = client.try_say(&ClientMessage::Pong { n }).await;
        tokio::task::yield_now().await;
        while let Some(said) = client.next().now_or_never() {
            match said {
                Ok(ServerMessage::Refused { code, .. }) => refused.push(code),
                Ok(_) => {}
                Err(code) => closed = Some(code),
            }
            if closed.is_some() {
                break;
            }
        }
        if closed.is_some() || sent.is_err() {
            break;
        }
    }
    let closed = match closed {
        Some(code) => code,
        None => client.closed().await,
    };
    assert_eq!(closed, Some(1_008));
    assert!(refused.iter().all(|code| *code == RefusalCode::TooFast), "{refused:?}");
    assert!(
        matches!(neighbour.command(enter("main")).await, ServerMessage::Accepted { .. }),
        "nobody else is disturbed"
    );
    let mut back = site.socket(&[]).await;
    back.hello(None, Some(&token)).await;
    let kept_away = back
        .until(|message| matches!(message, ServerMessage::Refused { .. }))
        .await;
    let ServerMessage::Refused { code, after_ms, .. } = kept_away else {
        unreachable!()
    };
    assert_eq!(code, RefusalCode::TooFast);
    let after_ms = u64::from(after_ms.expect("it says when"));
    assert!((1..=FLOOD_AWAY_MS).contains(&after_ms), "{after_ms}");
    assert_eq!(back.closed().await, Some(1_008));
    let numbers = site.get("/metrics").await.body;
    for line in ["fiera_floods_total 1\n", "fiera_limited_total{limit=\"hellos\"} 1\n"] {
        assert!(numbers.contains(line), "{numbers}");
    }
}

#[tokio::test]
async fn l2_each_kind_has_its_own_limit_and_a_command_is_refused_by_its_id() {
    let site = Site::start().await;
    let mut client = site.join(Role::Attendee).await;
    let up = Command::RaiseHand { topic: None };
    let mut refused = None;
    // One comes back each second, so that a slow machine gets a few more.
    for _ in 0..20 * HANDS_BURST {
        if let ServerMessage::Refused {
            code: RefusalCode::TooFast,
            sentence,
            after_ms,
            ..
        } = client.command(up.clone()).await
        {
            refused = Some((sentence, after_ms));
            break;
        }
    }
    let (sentence, after_ms) = refused.expect("a hand that goes up too often");
    assert!(sentence.contains("hand") && sentence.contains("again in"), "{sentence}");
    assert!(
        after_ms.is_some_and(|after_ms| after_ms <= 1_000 / HANDS_PER_S),
        "{after_ms:?}"
    );
    assert!(
        matches!(client.command(enter("main")).await, ServerMessage::Accepted { .. }),
        "another kind goes on"
    );
}

#[tokio::test]
async fn too_large_is_refused_and_far_too_large_is_not_even_read() {
    let site = Site::start().await;
    let mut client = site.join(Role::Attendee).await;
    client.text(" ".repeat(CLIENT_MESSAGE_BYTES_MAX + 1)).await;
    assert_eq!(client.refusal().await, "too_large");
    assert!(
        matches!(client.command(enter("main")).await, ServerMessage::Accepted { .. }),
        "the socket lives on"
    );
    client.text(" ".repeat(3 * CLIENT_MESSAGE_BYTES_MAX)).await;
    // Words and code 1009 go out, but what was sent and not read may reset the connection before they arrive.
    let code = client.closed().await;
    assert!(matches!(code, None | Some(1_009)), "{code:?}");
    let numbers = site.get("/metrics").await.body;
    assert!(
        numbers.contains("fiera_refused_total{reason=\"too_large\"} 2\n"),
        "{numbers}"
    );
}

#[tokio::test]
async fn a_resume_token_alone_brings_back_the_same_person_to_the_same_place() {
    let site = Site::start().await;
    let mut client = site.join(Role::Speaker).await;
    client.command(enter("main")).await;
    client.command(Command::EnterBackstage {}).await;
    let resume = client
        .until(|message| matches!(message, ServerMessage::Resume { .. }))
        .await;
    let ServerMessage::Resume { token } = resume else {
        unreachable!()
    };
    drop(client);
    let mut back = site.socket(&[]).await;
    back.hello(None, Some(&token)).await;
    let welcome = back
        .until(|message| matches!(message, ServerMessage::Welcome { .. }))
        .await;
    assert!(
        matches!(welcome, ServerMessage::Welcome { resumed: true, .. }),
        "{welcome:?}"
    );
    let you = back
        .until(|message| {
            matches!(
                message,
                ServerMessage::Snapshot {
                    state: StreamState::You(_),
                    ..
                }
            )
        })
        .await;
    let ServerMessage::Snapshot {
        state: StreamState::You(you),
        ..
    } = you
    else {
        unreachable!()
    };
    assert_eq!((you.role, you.place), (Role::Speaker, Place::Backstage));
    assert_eq!(you.room.map(|room| room.to_string()).as_deref(), Some("main"));
}

#[tokio::test]
async fn a_server_that_goes_away_says_when_to_come_back() {
    let mut site = Site::start().await;
    let mut client = site.join(Role::Attendee).await;
    assert_eq!(site.get("/readyz").await.status, 200);
    site.begin_stop();
    client
        .until(|message| matches!(message, ServerMessage::Drain { reconnect_within_ms } if *reconnect_within_ms >= 500))
        .await;
    assert_eq!(site.get("/readyz").await.status, 503);
    assert_eq!(site.get("/livez").await.status, 200);
    assert_eq!(client.closed().await, Some(1_001));
    site.stopped().await;
}
