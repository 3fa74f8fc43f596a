// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use fiera_protocol::codec::{encode, frame};
use fiera_protocol::fair::Reaction;
use fiera_protocol::ids::RoomId;

use super::super::regia::Regia;
use super::*;

fn room() -> RoomId {
    "main".parse().unwrap()
}

fn said(messages: &[ServerMessage]) -> String {
    frame(&messages.iter().map(encode).collect::<Vec<_>>())
}

fn welcome() -> ServerMessage {
    ServerMessage::Welcome {
        version: PROTOCOL_VERSION,
        server_unix_ms: 0,
        resumed: false,
    }
}

fn connected() -> (Member, Regia) {
    let mut member = Member::new("demo".parse().unwrap(), Arc::default());
    let mut brain = Regia::new(room(), 1);
    let _ = member.hello("t", &brain);
    member.hear(0, &said(&[welcome()]), &mut brain);
    (member, brain)
}

fn react() -> Command {
    Command::React {
        reaction: Reaction::Heart,
    }
}

fn sent(member: &mut Member) -> Vec<CommandId> {
    let ids = member.take_out().into_iter().filter_map(|message| match message {
        ClientMessage::Command { id, .. } => Some(id),
        _ => None,
    });
    ids.collect()
}

#[test]
fn c2_unanswered_commands_go_out_again_under_the_same_id_after_a_lost_connection() {
    let (mut member, mut brain) = connected();
    let id = member.command(1, react()).unwrap();
    assert_eq!(sent(&mut member), [id]);
    let _ = member.hello("t", &brain);
    assert!(member.command(2, react()).is_none(), "nothing before welcome");
    member.hear(3, &said(&[welcome()]), &mut brain);
    assert_eq!(sent(&mut member), [id]);
    member.hear(4, &said(&[ServerMessage::Accepted { id }]), &mut brain);
    assert!(!member.waits_for("react"));
}

#[test]
fn l1_too_fast_is_sent_again_later_under_the_same_id() {
    let (mut member, mut brain) = connected();
    let id = member.command(0, react()).unwrap();
    assert_eq!(sent(&mut member), [id]);
    let refused = ServerMessage::Refused {
        id: Some(id),
        code: RefusalCode::TooFast,
        sentence: "Wait.".to_owned(),
        after_ms: Some(1_000),
    };
    member.hear(10, &said(&[refused]), &mut brain);
    assert_eq!(sent(&mut member), [], "not at once");
    member.look(10 + AGAIN_AFTER_MS);
    assert_eq!(sent(&mut member), [id]);
}

#[test]
fn r1_the_last_resume_token_is_presented() {
    let (mut member, mut brain) = connected();
    let token = |text: &str| ServerMessage::Resume { token: text.to_owned() };
    member.hear(1, &said(&[token("first"), token("last")]), &mut brain);
    let ClientMessage::Hello { resume, .. } = member.hello("t", &brain) else {
        panic!("no hello")
    };
    assert_eq!(resume.as_deref(), Some("last"));
}

#[test]
fn d1_pings_are_answered_and_drain_is_heeded() {
    let (mut member, mut brain) = connected();
    let drain = ServerMessage::Drain {
        reconnect_within_ms: 700,
    };
    member.hear(1, &said(&[ServerMessage::Ping { n: 9 }, drain]), &mut brain);
    assert_eq!(member.take_out(), [ClientMessage::Pong { n: 9 }]);
    assert_eq!(member.drain_ms(), Some(700));
}
