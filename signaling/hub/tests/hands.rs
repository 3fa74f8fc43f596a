// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Raised hands, the way to the stage and back, countdowns.

mod support;

use fiera_hub::{ConnectionId, EventConfig, Input, Output};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{HandStage, YourHand};
use fiera_protocol::ids::{ParticipantId, Role, RoomKind, SourceKind};
use fiera_protocol::limits::{
    COUNTDOWN_S_MAX, HANDS_PER_ROOM_MAX, ON_AIR_MAX, PLACE_GRACE_MS, RESUME_TOKEN_TTL_MS, TALLY_INTERVAL_MS,
};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Change, Place};
use support::{HALLS, Shell, config, name, person, room};

fn roomy() -> EventConfig {
    let mut config = config();
    config.rooms.iter_mut().for_each(|room| room.capacity = 1_000);
    config
}

fn raise(topic: Option<&str>) -> Command {
    Command::RaiseHand {
        topic: topic.map(|text| text.parse().expect("a topic")),
    }
}

fn accept(who: u128) -> Command {
    Command::AcceptHand {
        participant: person(who),
    }
}

fn lower(who: Option<u128>) -> Command {
    Command::LowerHand {
        participant: who.map(person),
    }
}

fn send_back(who: u128) -> Command {
    Command::LeaveBackstage {
        participant: Some(person(who)),
    }
}

fn countdown(s: u8, who: Option<u128>) -> Command {
    Command::PutOnAir {
        countdown_s: Some(s),
        participant: who.map(person),
    }
}

const OFF_AIR: Command = Command::TakeOffAir { participant: None };

fn away(shell: &Shell, moderator: ConnectionId) -> Vec<bool> {
    let view = shell.moderators_view(moderator, "hall-a").expect("moderates");
    view.hands.iter().map(|hand| hand.away).collect()
}

fn queue(shell: &Shell, moderator: ConnectionId, hall: &str) -> Vec<(ParticipantId, HandStage)> {
    let view = shell.moderators_view(moderator, hall).expect("moderates");
    view.hands.iter().map(|hand| (hand.participant, hand.stage)).collect()
}

/// A moderator in hall a and three attendees with their hands up.
fn three_hands() -> (Shell, ConnectionId, [ConnectionId; 3]) {
    let mut shell = Shell::with(roomy(), 7);
    let moderator = shell.join(100, Role::Moderator, "hall-a");
    let hands = [1, 2, 3].map(|who| shell.join(who, Role::Attendee, "hall-a"));
    hands.iter().for_each(|conn| shell.ok(*conn, raise(Some("Costs"))));
    (shell, moderator, hands)
}

#[test]
fn w1_hands_stand_in_the_order_in_which_they_were_raised() {
    let (mut shell, moderator, hands) = three_hands();
    let raised = |who| (person(who), HandStage::Raised);
    assert_eq!(queue(&shell, moderator, "hall-a"), [1, 2, 3].map(raised));
    shell.ok(hands[0], raise(Some("Other")));
    assert_eq!(
        queue(&shell, moderator, "hall-a"),
        [1, 2, 3].map(raised),
        "a new topic keeps the place"
    );
    let topic = &shell.moderators_view(moderator, "hall-a").expect("follows").hands[0].topic;
    assert_eq!(topic.as_deref(), Some("Other"));
    let position = |shell: &Shell, conn| shell.you(conn).hand.as_ref().map(|hand| hand.position);
    assert_eq!(hands.map(|conn| position(&shell, conn)), [Some(1), Some(2), Some(3)]);
    shell.ok(hands[1], lower(None));
    assert_eq!(
        hands.map(|conn| position(&shell, conn)),
        [Some(1), None, Some(2)],
        "who was behind moves up"
    );
    shell.ok(hands[1], raise(None));
    assert_eq!(
        queue(&shell, moderator, "hall-a"),
        [1, 3, 2].map(raised),
        "raised anew: at the end"
    );
    shell.ok(hands[0], Command::Rename { name: name("Zoe") });
    let view = shell.moderators_view(moderator, "hall-a").expect("follows");
    assert_eq!(view.hands[0].name, name("Zoe"));
}

#[test]
fn w1_the_number_of_hands_is_told_at_intervals() {
    let mut shell = Shell::with(roomy(), 7);
    let people: Vec<ConnectionId> = (1..=5).map(|who| shell.join(who, Role::Attendee, "hall-a")).collect();
    shell.pass(10_000);
    let viewer = shell.join(9, Role::Attendee, "hall-a");
    shell.take(viewer);
    people.iter().for_each(|conn| shell.ok(*conn, raise(None)));
    shell.pass(TALLY_INTERVAL_MS);
    let hands = |message: &ServerMessage| match message {
        ServerMessage::Update {
            change: Change::Hands { hands },
            ..
        } => Some(*hands),
        _ => None,
    };
    let told: Vec<u32> = shell.take(viewer).iter().filter_map(hands).collect();
    assert_eq!(told, [1, 5]);
}

#[test]
fn w2_a_hand_belongs_to_the_audience_and_is_lowered_by_its_owner_or_a_moderator() {
    let (mut shell, moderator, hands) = three_hands();
    let attendee = shell.join(9, Role::Attendee, "hall-a");
    assert_eq!(shell.command(attendee, lower(Some(1))), Err(RefusalCode::NotAllowed));
    assert_eq!(shell.command(attendee, lower(None)), Err(RefusalCode::UnknownItem));
    shell.ok(moderator, lower(Some(1)));
    assert_eq!(shell.you(hands[0]).hand, None);
    assert_eq!(shell.command(moderator, lower(Some(1))), Err(RefusalCode::UnknownItem));
    let lobby = shell.open(10, Role::Attendee);
    assert_eq!(shell.command(lobby, raise(None)), Err(RefusalCode::NotInRoom));
    let speaker = shell.join(11, Role::Speaker, "hall-a");
    shell.ok(speaker, raise(None));
    shell.backstage(speaker);
    assert_eq!(
        shell.you(speaker).hand,
        None,
        "who goes backstage by themselves asks no more"
    );
    assert_eq!(shell.command(speaker, raise(None)), Err(RefusalCode::WrongState));
}

#[test]
fn w3_a_room_takes_so_many_hands() {
    let mut shell = Shell::with(roomy(), 7);
    for who in 0..HANDS_PER_ROOM_MAX as u128 {
        let conn = shell.join(who, Role::Attendee, "hall-a");
        shell.ok(conn, raise(None));
    }
    let late = shell.join(1_000, Role::Attendee, "hall-a");
    assert_eq!(shell.command(late, raise(None)), Err(RefusalCode::TooMany));
    shell.ok(late, Command::Enter { room: room("hall-b") });
    shell.ok(late, raise(None));
}

#[test]
fn w4_an_accepted_attendee_goes_backstage_on_air_and_back() {
    let (mut shell, moderator, hands) = three_hands();
    let guest = hands[1];
    assert_eq!(
        shell.command(guest, Command::EnterBackstage {}),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(shell.command(hands[0], accept(2)), Err(RefusalCode::NotAllowed));
    shell.ok(moderator, accept(2));
    assert_eq!(shell.place(guest), (Some("hall-a"), Place::Backstage));
    assert!(shell.hub.may_publish(person(2)).is_ok());
    assert!(shell.media[&person(2)].may_publish);
    let yours = YourHand {
        topic: Some("Costs".to_owned()),
        stage: HandStage::Accepted,
        position: 0,
    };
    assert_eq!(shell.you(guest).hand, Some(yours));
    assert_eq!(
        shell.you(hands[2]).hand.as_ref().map(|hand| hand.position),
        Some(2),
        "the queue closes up"
    );
    assert_eq!(shell.command(guest, raise(None)), Err(RefusalCode::WrongState));
    assert_eq!(shell.command(guest, lower(None)), Err(RefusalCode::WrongState));
    shell.ok(
        guest,
        Command::SetSource {
            source: SourceKind::Mic,
            live: true,
            participant: None,
        },
    );
    shell.on_air(guest);
    assert_eq!(shell.on_air_seen(hands[0], "hall-a"), [person(2)]);
    shell.ok(guest, OFF_AIR);
    assert_eq!(
        shell.you(guest).hand.as_ref().map(|hand| hand.stage),
        Some(HandStage::Accepted)
    );
    shell.on_air(guest);
    shell.ok(moderator, send_back(2));
    assert_eq!(shell.place(guest), (Some("hall-a"), Place::Audience));
    assert_eq!(shell.you(guest).hand, None);
    assert_eq!(
        shell.command(guest, Command::EnterBackstage {}),
        Err(RefusalCode::NotAllowed),
        "the right is used up"
    );
    assert_eq!(
        shell.command(moderator, send_back(2)),
        Err(RefusalCode::UnknownParticipant)
    );
    assert_eq!(shell.command(hands[0], send_back(2)), Err(RefusalCode::NotAllowed));
}

#[test]
fn w4_a_hand_that_is_gone_or_taken_cannot_be_accepted() {
    let (mut shell, moderator, hands) = three_hands();
    let other = shell.join(101, Role::Moderator, "hall-a");
    shell.ok(moderator, accept(1));
    assert_eq!(
        shell.command(other, accept(1)),
        Err(RefusalCode::WrongState),
        "two moderators at once"
    );
    shell.ok(hands[1], lower(None));
    assert_eq!(shell.command(other, accept(2)), Err(RefusalCode::UnknownItem));
    shell.ok(hands[2], Command::Enter { room: room("hall-b") });
    assert_eq!(shell.command(other, accept(3)), Err(RefusalCode::UnknownItem));
    assert_eq!(shell.command(other, accept(77)), Err(RefusalCode::UnknownItem));
}

#[test]
fn r4_a_guest_who_was_away_for_too_long_is_told_so_and_is_in_the_audience() {
    let (mut shell, moderator, hands) = three_hands();
    shell.ok(moderator, accept(2));
    let token = shell.clients[&hands[1]].resume.clone();
    shell.close(hands[1]);
    shell.pass(PLACE_GRACE_MS);
    let back = shell.open_with(2, Role::Attendee, token);
    assert_eq!(shell.place(back), (Some("hall-a"), Place::Audience));
    let said = shell.take(back).into_iter().find_map(|message| match message {
        ServerMessage::Refused {
            id: None,
            code,
            sentence,
            ..
        } => Some((code, sentence)),
        _ => None,
    });
    let (code, sentence) = said.expect("a refusal without id");
    assert_eq!(code, RefusalCode::WrongState);
    assert!(sentence.contains("away for too long"), "{sentence}");
}

#[test]
fn w5_leaving_the_room_and_being_gone_end_the_hand_a_short_cut_does_not() {
    let (mut shell, moderator, hands) = three_hands();
    shell.close(hands[0]);
    shell.pass(PLACE_GRACE_MS - 1);
    assert_eq!(queue(&shell, moderator, "hall-a").len(), 3);
    shell.pass(1);
    assert_eq!(queue(&shell, moderator, "hall-a").len(), 2);
    shell.input(Input::ConnectionClosed {
        conn: hands[1],
        left: true,
    });
    assert_eq!(queue(&shell, moderator, "hall-a").len(), 1);
    shell.ok(
        moderator,
        Command::Ban {
            participant: person(3),
            on: true,
        },
    );
    assert_eq!(queue(&shell, moderator, "hall-a"), []);
    assert!(!shell.kept.working.keys().any(|key| key.starts_with("hand/")));
}

#[test]
fn w6_hands_survive_a_restart_and_wait_for_their_owners() {
    let (mut shell, moderator, hands) = three_hands();
    shell.ok(moderator, accept(2));
    shell.on_air(hands[1]);
    let tokens = hands.map(|conn| shell.clients[&conn].resume.clone());
    assert_eq!(away(&shell, moderator), [false; 3]);
    shell.restart();
    let moderator = shell.join(100, Role::Moderator, "hall-a");
    assert_eq!(away(&shell, moderator), [true; 3], "nobody is back yet");
    let before = [
        (person(1), HandStage::Raised),
        (person(2), HandStage::Accepted),
        (person(3), HandStage::Raised),
    ];
    assert_eq!(queue(&shell, moderator, "hall-a"), before);
    assert_eq!(
        shell.command(moderator, accept(1)),
        Err(RefusalCode::UnknownParticipant),
        "not back yet"
    );
    let first = shell.open_with(1, Role::Attendee, tokens[0].clone());
    assert_eq!(shell.you(first).hand.as_ref().map(|hand| hand.position), Some(1));
    assert_eq!(away(&shell, moderator), [false, true, true]);
    let second = shell.open_with(2, Role::Attendee, tokens[1].clone());
    assert_eq!(shell.place(second), (Some("hall-a"), Place::OnAir), "R4: on air again");
    assert_eq!(away(&shell, moderator), [false, false, true]);
    shell.pass(RESUME_TOKEN_TTL_MS);
    let after = [(person(1), HandStage::Raised), (person(2), HandStage::Accepted)];
    assert_eq!(
        queue(&shell, moderator, "hall-a"),
        after,
        "who did not come back has no hand up"
    );
    assert_eq!(
        shell.kept.working.keys().filter(|key| key.starts_with("hand/")).count(),
        2
    );
}

#[test]
fn w6_an_owner_who_goes_elsewhere_after_a_restart_has_no_hand_up() {
    let (mut shell, _, _) = three_hands();
    shell.restart();
    let moderator = shell.join(100, Role::Moderator, "hall-a");
    let first = shell.open(1, Role::Attendee);
    assert_eq!(
        queue(&shell, moderator, "hall-a").len(),
        3,
        "without a room they may still come back"
    );
    shell.ok(first, Command::Enter { room: room("hall-b") });
    assert_eq!(queue(&shell, moderator, "hall-a").len(), 2);
    shell.ok(
        moderator,
        Command::Ban {
            participant: person(1),
            on: true,
        },
    );
}

#[test]
fn w7_a_countdown_is_seen_by_both_sides_and_ends_on_air() {
    let mut shell = Shell::with(roomy(), 7);
    let moderator = shell.join(100, Role::Moderator, "hall-a");
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    assert_eq!(
        shell.command(speaker, countdown(10, None)),
        Err(RefusalCode::WrongState),
        "backstage first"
    );
    shell.backstage(speaker);
    assert_eq!(
        shell.command(speaker, countdown(COUNTDOWN_S_MAX + 1, None)),
        Err(RefusalCode::Malformed)
    );
    shell.ok(moderator, countdown(10, Some(1)));
    let at_unix_ms = shell.unix_ms + shell.mono_ms + 10_000;
    assert_eq!(shell.you(speaker).on_air_at_unix_ms, Some(at_unix_ms));
    let seen = &shell.backstage_view(moderator, "hall-a").expect("follows").countdowns;
    assert_eq!(
        seen.iter()
            .map(|one| (one.participant, one.at_unix_ms))
            .collect::<Vec<_>>(),
        [(person(1), at_unix_ms)]
    );
    // Somebody sets the wall clock: it is only what is shown.
    shell.unix_ms += 3_600_000;
    shell.pass(9_999);
    assert_eq!(shell.place(speaker).1, Place::Backstage);
    shell.pass(1);
    assert_eq!(shell.place(speaker).1, Place::OnAir);
    assert_eq!(shell.you(speaker).on_air_at_unix_ms, None);
    assert!(
        shell
            .backstage_view(moderator, "hall-a")
            .expect("follows")
            .countdowns
            .is_empty()
    );
}

#[test]
fn w7_a_countdown_is_cancelled_started_anew_or_cut_short() {
    let mut shell = Shell::with(roomy(), 7);
    let moderator = shell.join(100, Role::Moderator, "hall-a");
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    shell.backstage(speaker);
    shell.ok(speaker, countdown(5, None));
    shell.ok(
        moderator,
        Command::TakeOffAir {
            participant: Some(person(1)),
        },
    );
    shell.ok(speaker, countdown(5, None));
    shell.ok(speaker, OFF_AIR);
    shell.pass(60_000);
    assert_eq!(shell.place(speaker).1, Place::Backstage, "cancelled by both");
    shell.ok(speaker, countdown(5, None));
    shell.pass(4_000);
    shell.ok(speaker, countdown(5, None));
    shell.pass(4_000);
    assert_eq!(shell.place(speaker).1, Place::Backstage, "begun anew");
    shell.on_air(speaker);
    shell.ok(speaker, OFF_AIR);
    shell.pass(60_000);
    assert_eq!(
        shell.place(speaker).1,
        Place::Backstage,
        "at once ends the countdown too"
    );
    shell.ok(speaker, countdown(5, None));
    shell.ok(speaker, Command::Enter { room: room("hall-b") });
    shell.backstage(speaker);
    shell.pass(60_000);
    assert_eq!(
        shell.place(speaker),
        (Some("hall-b"), Place::Backstage),
        "leaving ends it"
    );
}

#[test]
fn w7_a_full_stage_at_the_end_of_a_countdown_is_said() {
    let mut shell = Shell::with(roomy(), 7);
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    shell.backstage(speaker);
    shell.ok(speaker, countdown(5, None));
    for who in 0..ON_AIR_MAX as u128 {
        let other = shell.join(10 + who, Role::Speaker, "hall-a");
        shell.backstage(other);
        shell.on_air(other);
    }
    shell.take(speaker);
    shell.pass(5_000);
    let told = shell.take(speaker);
    let full = |message: &ServerMessage| {
        matches!(
            message,
            ServerMessage::Refused {
                id: None,
                code: RefusalCode::RoomFull,
                ..
            }
        )
    };
    assert!(told.iter().any(full), "{told:?}");
    assert_eq!(shell.place(speaker).1, Place::Backstage);
    assert_eq!(shell.you(speaker).on_air_at_unix_ms, None);
}

#[test]
fn s5_hands_and_countdowns_of_one_hall_are_nothing_to_the_other() {
    let mut shell = Shell::with(roomy(), 7);
    let moderators = HALLS.map(|hall| shell.join(if hall == HALLS[0] { 100 } else { 101 }, Role::Moderator, hall));
    let first = shell.join(1, Role::Speaker, HALLS[0]);
    shell.join(2, Role::Speaker, HALLS[1]);
    shell.pass(10_000);
    shell.take(moderators[1]);
    shell.ok(first, raise(Some("Costs")));
    assert_eq!(shell.command(moderators[1], accept(1)), Err(RefusalCode::UnknownItem));
    shell.ok(moderators[0], accept(1));
    shell.ok(first, countdown(5, None));
    shell.pass(10_000);
    let told = shell.take(moderators[1]);
    assert!(
        told.iter().all(|message| !format!("{message:?}").contains("Costs")),
        "{told:?}"
    );
    assert_eq!(shell.on_air_seen(moderators[1], HALLS[1]), []);
}

#[test]
fn w4_a_guest_publishes_in_every_kind_of_room_and_programs_are_sent_back() {
    let mut shell = Shell::with(roomy(), 7);
    for place in ["lobby", "corner"] {
        let moderator = shell.join(100, Role::Moderator, place);
        let guest = shell.join(1, Role::Attendee, place);
        shell.ok(guest, raise(None));
        shell.ok(moderator, accept(1));
        shell.on_air(guest);
        assert!(shell.hub.may_publish(person(1)).is_ok(), "{place}");
    }
    assert!(config().rooms.iter().any(|room| room.kind == RoomKind::Lobby));
    let moderator = shell.join(100, Role::Moderator, "hall-a");
    shell.program(50, "hall-a");
    shell.ok(moderator, send_back(50));
    assert!(
        shell.hub.standing(person(50)).is_none(),
        "a program has no place in the audience"
    );
    assert!(
        shell
            .log
            .iter()
            .any(|output| matches!(output, Output::Media(fiera_hub::MediaIntent::Gone { .. })))
    );
}

#[test]
fn x2_sources_that_were_known_before_their_program_are_shown() {
    let mut shell = Shell::with(roomy(), 7);
    let viewer = shell.join(1, Role::Attendee, "hall-a");
    let flow = |flowing| Input::SourceFlow {
        participant: person(50),
        source: SourceKind::Camera,
        flowing,
    };
    shell.input(flow(true));
    shell.program(50, "hall-a");
    let sources = |shell: &Shell| {
        shell.room_view(viewer, "hall-a").expect("follows").on_air[0]
            .sources
            .clone()
    };
    assert_eq!(sources(&shell), [SourceKind::Camera]);
    shell.input(flow(false));
    assert_eq!(sources(&shell), []);
}
