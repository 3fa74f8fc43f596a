// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Hostile and oversized text is refused with a stable code; frames hold messages in order.

use std::sync::Arc;

use fiera_protocol::client::ClientMessage;
use fiera_protocol::codec::{encode, encode_client, frame, parse_client, parse_server_frame};
use fiera_protocol::ids::{DisplayName, RoomId};
use fiera_protocol::limits::{CLIENT_MESSAGE_BYTES_MAX, DISPLAY_NAME_CHARS_MAX, SDP_BYTES_MAX, SLUG_BYTES_MAX};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;

fn refusal(text: &str) -> RefusalCode {
    parse_client(text).expect_err("it is refused").code
}

#[test]
fn f1_a_message_over_the_limit_is_too_large() {
    let padding = CLIENT_MESSAGE_BYTES_MAX - r#"{"kind":"pong","n":1}"#.len();
    let fits = format!(r#"{}{{"kind":"pong","n":1}}"#, " ".repeat(padding));
    assert_eq!(parse_client(&fits), Ok(ClientMessage::Pong { n: 1 }));
    assert_eq!(refusal(&format!(" {fits}")), RefusalCode::TooLarge);
}

#[test]
fn f1_a_session_description_over_the_limit_is_refused_as_sdp() {
    let offer = |bytes| {
        encode_client(&ClientMessage::PublishOffer {
            offer: None,
            sdp: "x".repeat(bytes),
        })
    };
    assert!(parse_client(&offer(SDP_BYTES_MAX)).is_ok());
    assert_eq!(refusal(&offer(SDP_BYTES_MAX + 1)), RefusalCode::Sdp);
}

#[test]
fn f2_what_is_not_a_message_is_malformed() {
    let deep = "[".repeat(20_000);
    for text in [
        "",
        "null",
        "[]",
        "{}",
        "{\"kind\":1}",
        "{\"kind\":\"pong\"}",
        "{\"kind\":\"pong\",\"n\":-1}",
        "\u{0}",
        &deep,
    ] {
        assert_eq!(refusal(text), RefusalCode::Malformed, "{text:.20}");
    }
    let twice = r#"{"kind":"pong","n":1,"n":2}"#;
    assert_eq!(refusal(twice), RefusalCode::Malformed);
}

#[test]
fn f2_a_refusal_says_what_to_do_and_is_short() {
    let sentence = parse_client(&"x".repeat(1_000)).expect_err("no JSON").sentence;
    assert!(sentence.ends_with('.') && sentence.len() < 300, "{sentence}");
    let kind = format!(r#"{{"kind":"{}"}}"#, "x".repeat(10_000));
    assert!(parse_client(&kind).expect_err("no such kind").sentence.len() < 600);
}

#[test]
fn f4_a_frame_is_a_json_array_in_order() {
    assert_eq!(frame(&[]), "[]");
    let ping = |n| ServerMessage::Ping { n };
    let texts: Vec<Arc<str>> = (1..=3).map(|n| encode(&ping(n))).collect();
    let read = parse_server_frame(&frame(&texts)).expect("readable");
    assert_eq!(read, [ping(1), ping(2), ping(3)]);
}

#[test]
fn i1_ids_are_lower_case_words() {
    for good in ["a", "main-stage", "2026", &"x".repeat(SLUG_BYTES_MAX)] {
        assert!(good.parse::<RoomId>().is_ok(), "{good}");
    }
    for bad in ["", "A", "a b", "a/b", "è", "a_b", &"x".repeat(SLUG_BYTES_MAX + 1)] {
        assert!(bad.parse::<RoomId>().is_err(), "{bad}");
    }
}

#[test]
fn i2_names_are_trimmed_and_hold_nothing_invisible() {
    let name = |text: &str| DisplayName::try_from(text.to_owned());
    assert_eq!(name("  Ada  ").map(String::from), Ok("Ada".to_owned()));
    assert!(name(&"è".repeat(DISPLAY_NAME_CHARS_MAX)).is_ok());
    for bad in [
        "",
        "   ",
        "a\u{202E}b",
        "a\nb",
        "\u{200B}",
        &"x".repeat(DISPLAY_NAME_CHARS_MAX + 1),
    ] {
        assert!(name(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn t3_a_command_with_an_impossible_text_is_refused_as_text_with_its_id() {
    let id = "0d9a4c1e-77aa-4c0b-8a43-9f1d2e3c4b55";
    let secret = "5d0c8b7a-3e2f-4916-8a7b-9c1d2e3f4a88";
    let ask = |text: &str| {
        let command = serde_json::json!({"kind": "ask", "text": text, "anonymous": true, "secret": secret});
        parse_client(&serde_json::json!({"kind": "command", "id": id, "command": command}).to_string())
    };
    assert!(ask("Why?").is_ok());
    for text in [
        "",
        "a\u{202E}b",
        &"x".repeat(301),
        &format!("a{}", "\u{0301}".repeat(99)),
    ] {
        let refused = ask(text).expect_err(text);
        assert_eq!(refused.code, RefusalCode::Text, "{text:.20}");
        assert_eq!(refused.id.map(|id| id.to_string()).as_deref(), Some(id));
        assert!(
            refused.sentence.ends_with("Change it and send it again."),
            "{}",
            refused.sentence
        );
    }
}
