// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Coming, going and coming back: tabs, the grace, resume tokens.

mod support;

use fiera_hub::{Input, MediaIntent, Output};
use fiera_protocol::client::Command;
use fiera_protocol::ids::Role;
use fiera_protocol::limits::{
    CONNECTIONS_PER_PARTICIPANT_MAX, COUNTS_INTERVAL_MS, PLACE_GRACE_MS, RESUME_TOKEN_RENEW_MS,
};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{EventPhase, Place, StreamId};
use support::{Shell, config, name, person, room};

fn resumed(messages: &[ServerMessage]) -> bool {
    match messages.first() {
        Some(ServerMessage::Welcome { resumed, .. }) => *resumed,
        other => panic!("welcome comes first, not {other:?}"),
    }
}

#[test]
fn h5_welcome_then_snapshots_then_a_resume_token() {
    let mut shell = Shell::new();
    let conn = shell.open(1, Role::Attendee);
    let received = shell.take(conn);
    assert!(!resumed(&received));
    let streams: Vec<&StreamId> = received[1..]
        .iter()
        .map(|message| match message {
            ServerMessage::Snapshot { stream, .. } | ServerMessage::Update { stream, .. } => stream,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(streams, [&StreamId::Event {}, &StreamId::You {}]);
    let token = shell.clients[&conn].resume.as_ref().expect("a token");
    assert_eq!(
        (token.participant, &token.room, token.place),
        (person(1), &None, Place::Audience)
    );
}

#[test]
fn h4_a_second_tab_joins_the_first_and_counts_once() {
    let mut shell = Shell::new();
    let first = shell.join(1, Role::Attendee, "hall-a");
    let second = shell.open(1, Role::Attendee);
    shell.pass(COUNTS_INTERVAL_MS);
    assert_eq!(shell.place(second), (Some("hall-a"), Place::Audience));
    assert_eq!(shell.event_view(first).people, 1);
    assert_eq!(shell.room_view(second, "hall-a").map(|view| view.people), Some(1));
    shell.ok(second, Command::Enter { room: room("hall-b") });
    assert_eq!(shell.place(first), (Some("hall-b"), Place::Audience), "both tabs move");
    shell.close(first);
    shell.pass(PLACE_GRACE_MS * 2);
    assert_eq!(shell.event_view(second).people, 1, "one tab is enough to stay");
}

#[test]
fn h4_the_highest_role_of_all_tabs_counts() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    shell.backstage(speaker);
    let link = shell.open(1, Role::Attendee);
    assert_eq!(shell.you(link).role, Role::Speaker);
    assert_eq!(shell.place(link), (Some("hall-a"), Place::Backstage));
}

#[test]
fn h4_with_too_many_tabs_the_oldest_is_closed_and_the_newest_gets_in() {
    let mut shell = Shell::new();
    let first = shell.join(1, Role::Attendee, "hall-a");
    let second = shell.open(1, Role::Attendee);
    for _ in 2..CONNECTIONS_PER_PARTICIPANT_MAX {
        shell.open(1, Role::Attendee);
    }
    shell.take(first);
    let one_more = shell.open(1, Role::Attendee);
    let told = shell.take(first);
    assert!(
        matches!(
            told[..],
            [ServerMessage::Refused {
                id: None,
                code: RefusalCode::TooManyConnections,
                ..
            }]
        ),
        "{told:?}"
    );
    assert!(shell.log.contains(&Output::Disconnect { conn: first }));
    assert_eq!(shell.hub.connections(), CONNECTIONS_PER_PARTICIPANT_MAX);
    assert_eq!(shell.place(one_more), (Some("hall-a"), Place::Audience));
    shell.ok(second, Command::Enter { room: room("hall-b") });
    shell.close(first);
    assert_eq!(shell.hub.people(), 1, "the closed one closes once");
}

#[test]
fn r3_who_leaves_on_purpose_is_gone_at_once() {
    let mut shell = Shell::new();
    let leaver = shell.join(1, Role::Speaker, "hall-a");
    let tab = shell.open(1, Role::Speaker);
    let viewer = shell.join(2, Role::Attendee, "hall-a");
    shell.backstage(leaver);
    shell.on_air(leaver);
    let leave = |shell: &mut Shell, conn| shell.input(Input::ConnectionClosed { conn, left: true });
    leave(&mut shell, leaver);
    assert_eq!(shell.on_air_seen(viewer, "hall-a"), [person(1)], "another tab is open");
    leave(&mut shell, tab);
    assert_eq!(shell.on_air_seen(viewer, "hall-a"), []);
    assert_eq!(shell.hub.people(), 1);
    assert!(shell.intents.contains(&MediaIntent::Gone { participant: person(1) }));
}

#[test]
fn a2_in_draft_only_organisers_get_in() {
    let draft = fiera_hub::EventConfig {
        phase: EventPhase::Draft,
        ..config()
    };
    let mut shell = Shell::with(draft, 7);
    let conn = shell.open(1, Role::Speaker);
    let answer = shell.take(conn);
    assert!(
        matches!(
            answer[..],
            [ServerMessage::Refused {
                code: RefusalCode::EventClosed,
                ..
            }]
        ),
        "{answer:?}"
    );
    assert_eq!(shell.hub.connections(), 0);
    shell.join(2, Role::Organiser, "hall-a");
}

#[test]
fn r2_a_network_cut_keeps_place_sources_and_on_air() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    let viewer = shell.join(2, Role::Attendee, "hall-a");
    shell.backstage(speaker);
    shell.on_air(speaker);
    shell.ok(
        speaker,
        Command::SetSource {
            source: fiera_protocol::ids::SourceKind::Mic,
            live: true,
            participant: None,
        },
    );
    let token = shell.clients[&speaker].resume.clone();
    shell.pass(COUNTS_INTERVAL_MS);
    shell.take(viewer);
    shell.intents.clear();

    shell.close(speaker);
    shell.pass(PLACE_GRACE_MS - 1);
    assert_eq!(shell.take(viewer), [], "nobody sees a change");
    let back = shell.open_with(1, Role::Speaker, token);
    assert!(resumed(&shell.take(back)));
    assert_eq!(shell.place(back), (Some("hall-a"), Place::OnAir));
    assert_eq!(shell.you(back).sources.len(), 1);
    shell.pass(PLACE_GRACE_MS * 2);
    assert_eq!(
        shell.on_air_seen(viewer, "hall-a"),
        [person(1)],
        "the grace is over and forgotten"
    );
    assert_eq!(shell.intents, [], "media was never told anything");
}

#[test]
fn r3_after_the_grace_the_participant_has_left() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    let viewer = shell.join(2, Role::Attendee, "hall-a");
    shell.backstage(speaker);
    shell.on_air(speaker);
    shell.close(speaker);
    shell.pass(PLACE_GRACE_MS + COUNTS_INTERVAL_MS);
    assert_eq!(shell.on_air_seen(viewer, "hall-a"), []);
    assert_eq!(shell.event_view(viewer).people, 1);
    assert!(shell.intents.contains(&MediaIntent::Gone { participant: person(1) }));
    assert!(shell.hub.standing(person(1)).is_none());
}

#[test]
fn r4_a_token_brings_a_forgotten_speaker_back_to_backstage_not_on_air() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    shell.backstage(speaker);
    shell.on_air(speaker);
    let token = shell.clients[&speaker].resume.clone();
    shell.close(speaker);
    shell.pass(PLACE_GRACE_MS);
    let back = shell.open_with(1, Role::Speaker, token);
    assert_eq!(shell.place(back), (Some("hall-a"), Place::Backstage));
}

#[test]
fn r4_after_a_restart_of_the_server_a_speaker_is_on_air_again() {
    let mut before = Shell::with(config(), 7);
    let speaker = before.join(1, Role::Speaker, "hall-a");
    before.backstage(speaker);
    before.on_air(speaker);
    let token = before.clients[&speaker].resume.clone();
    let mut after = Shell::with(config(), 8);
    let back = after.open_with(1, Role::Speaker, token.clone());
    assert_eq!(after.place(back), (Some("hall-a"), Place::OnAir));

    let mut demoted = Shell::with(config(), 9);
    let back = demoted.open_with(1, Role::Attendee, token);
    assert_eq!(
        demoted.place(back),
        (Some("hall-a"), Place::Audience),
        "the role decides, not the token"
    );
}

#[test]
fn r4_a_full_room_is_said_and_one_is_on_the_lobby_page() {
    let mut shell = Shell::new();
    let first = shell.join(1, Role::Attendee, "hall-a");
    let token = shell.clients[&first].resume.clone();
    shell.close(first);
    shell.pass(PLACE_GRACE_MS);
    for who in 2..5 {
        shell.join(who, Role::Attendee, "hall-a");
    }
    let back = shell.open_with(1, Role::Attendee, token);
    let received = shell.take(back);
    assert!(!resumed(&received));
    assert!(matches!(
        received[1],
        ServerMessage::Refused {
            id: None,
            code: RefusalCode::RoomFull,
            ..
        }
    ));
    assert_eq!(shell.place(back), (None, Place::Audience));
}

#[test]
fn r1_a_token_of_somebody_else_or_another_event_is_ignored() {
    let mut shell = Shell::new();
    let conn = shell.join(1, Role::Attendee, "hall-a");
    let token = shell.clients[&conn].resume.clone().expect("a token");
    let thief = shell.open_with(2, Role::Attendee, Some(token.clone()));
    assert_eq!(shell.place(thief), (None, Place::Audience));
    let elsewhere = fiera_protocol::resume::ResumePlace {
        event: "other".parse().expect("an id"),
        participant: person(3),
        ..token
    };
    let stranger = shell.open_with(3, Role::Attendee, Some(elsewhere));
    assert!(!resumed(&shell.take(stranger)));
}

#[test]
fn r1_tokens_are_renewed_and_follow_each_move() {
    let mut shell = Shell::new();
    let conn = shell.open(1, Role::Attendee);
    let tokens = |shell: &Shell| {
        shell
            .log
            .iter()
            .filter(|output| matches!(output, fiera_hub::Output::Resume { .. }))
            .count()
    };
    assert_eq!(tokens(&shell), 1);
    shell.ok(conn, Command::Enter { room: room("hall-a") });
    assert_eq!(tokens(&shell), 2);
    assert_eq!(
        shell.clients[&conn]
            .resume
            .as_ref()
            .and_then(|place| place.room.clone()),
        Some(room("hall-a"))
    );
    shell.pass(RESUME_TOKEN_RENEW_MS * 3);
    assert_eq!(tokens(&shell), 5);
    shell.close(conn);
    // The last arrival is counted for five minutes.
    shell.pass(RESUME_TOKEN_RENEW_MS * 3 + 6 * 60_000);
    assert_eq!(tokens(&shell), 5);
    assert_eq!(shell.hub.next_deadline(), None, "nobody is here, nothing to wait for");
}

#[test]
fn inputs_about_unknown_connections_are_ignored() {
    let mut shell = Shell::new();
    let conn = fiera_hub::ConnectionId(99);
    shell.input(Input::ConnectionClosed { conn, left: false });
    shell.input(Input::Roster { conn, after: None });
    shell.input(Input::Resync {
        conn,
        stream: StreamId::Event {},
        have: None,
    });
    let id = shell.next_command_id();
    shell.input(Input::ClientCommand {
        conn,
        id,
        command: Command::Rename { name: name("Bo") },
    });
    shell.input(Input::ExternalPublisherDown {
        participant: person(9),
        left: false,
    });
    assert_eq!(shell.log, []);
}
