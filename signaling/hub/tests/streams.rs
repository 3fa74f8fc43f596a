// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Streams, counts, the roster, answers: who is told what, how often, and never twice.

mod support;

use fiera_hub::{Input, Output, StreamKey};
use fiera_protocol::client::Command;
use fiera_protocol::ids::{ParticipantId, Role};
use fiera_protocol::limits::{
    ANSWERS_REMEMBERED_MAX, COUNTS_INTERVAL_MS, HANDS_PER_ROOM_MAX, ROSTER_PAGE_MAX, STREAM_RING_MAX, TOPIC_CHARS_MAX,
};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Change, StreamId, StreamPosition};
use support::fair::SECRET;
use support::{Shell, config, name, person, room};

fn rename(text: &str) -> Command {
    Command::Rename { name: name(text) }
}

fn room_stream(id: &str) -> StreamId {
    StreamId::Room { room: room(id) }
}

#[test]
fn s3_a_gap_is_filled_by_exactly_the_missing_updates() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    let viewer = shell.join(2, Role::Attendee, "hall-a");
    shell.backstage(speaker);
    shell.on_air(speaker);
    let stream = room_stream("hall-a");
    let at = shell.clients[&viewer].streams[&stream].0;
    for text in ["Bo", "Cy", "Di"] {
        shell.ok(speaker, rename(text));
    }
    shell.take(viewer);
    let have = Some(StreamPosition { epoch: 7, n: at + 1 });
    shell.input(Input::Resync {
        conn: viewer,
        stream: stream.clone(),
        have,
    });
    let numbers: Vec<u64> = shell
        .take(viewer)
        .iter()
        .map(|message| match message {
            ServerMessage::Update {
                n,
                change: Change::OnAir { .. },
                ..
            } => *n,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(numbers, [at + 2, at + 3]);

    for have in [
        None,
        Some(StreamPosition { epoch: 6, n: at }),
        Some(StreamPosition { epoch: 7, n: at + 99 }),
    ] {
        shell.input(Input::Resync {
            conn: viewer,
            stream: stream.clone(),
            have,
        });
        let answer = shell.take(viewer);
        assert!(
            matches!(answer[..], [ServerMessage::Snapshot { n, .. }] if n == at + 3),
            "{have:?} {answer:?}"
        );
    }
}

#[test]
fn s3_erased_words_are_not_told_again_to_who_asks_for_what_they_missed() {
    let mut shell = Shell::new();
    let author = shell.join(1, Role::Attendee, "hall-a");
    let message = shell.say(author, "A secret");
    let secret = Some(SECRET);
    shell.ok(author, Command::DeleteMessage { message, secret });
    let late = shell.join(2, Role::Attendee, "hall-a");
    shell.take(late);
    shell.input(Input::Resync {
        conn: late,
        stream: room_stream("hall-a"),
        have: Some(StreamPosition { epoch: 7, n: 0 }),
    });
    let answer = shell.take(late);
    assert!(matches!(answer[..], [ServerMessage::Snapshot { .. }]), "{answer:?}");
    assert!(!format!("{answer:?}").contains("A secret"));
}

#[test]
fn s3_the_topic_of_a_hand_that_went_down_is_not_told_again() {
    let mut shell = Shell::new();
    let (owner, moderator) = (
        shell.join(1, Role::Attendee, "hall-a"),
        shell.join(2, Role::Moderator, "hall-a"),
    );
    let topic = Some("A secret".parse().expect("a topic"));
    shell.ok(owner, Command::RaiseHand { topic });
    assert!(format!("{:?}", shell.take(moderator)).contains("A secret"));
    shell.ok(owner, Command::LowerHand { participant: None });
    shell.take(moderator);
    shell.input(Input::Resync {
        conn: moderator,
        stream: StreamId::Moderators { room: room("hall-a") },
        have: Some(StreamPosition { epoch: 7, n: 0 }),
    });
    let answer = shell.take(moderator);
    assert!(matches!(answer[..], [ServerMessage::Snapshot { .. }]), "{answer:?}");
    assert!(!format!("{answer:?}").contains("A secret"));
}

#[test]
fn s3_updates_are_kept_up_to_a_number_of_bytes() {
    let mut shell = Shell::new();
    let moderator = shell.join(1, Role::Moderator, "lobby");
    // Each update holds the whole queue: a hundred topics as long as may be.
    for who in 10..10 + HANDS_PER_ROOM_MAX as u128 {
        let conn = shell.join(who, Role::Attendee, "lobby");
        let topic = "è".repeat(TOPIC_CHARS_MAX).parse().ok();
        shell.ok(conn, Command::RaiseHand { topic });
    }
    let stream = StreamId::Moderators { room: room("lobby") };
    let n = shell.clients[&moderator].streams[&stream].0;
    let mut resync = |behind: u64| {
        shell.take(moderator);
        let have = Some(StreamPosition {
            epoch: 7,
            n: n - behind,
        });
        let stream = stream.clone();
        shell.input(Input::Resync {
            conn: moderator,
            stream,
            have,
        });
        shell.take(moderator)
    };
    assert!(n > 50, "{n} updates");
    assert!(matches!(
        resync(2)[..],
        [ServerMessage::Update { .. }, ServerMessage::Update { .. }]
    ));
    assert!(matches!(resync(50)[..], [ServerMessage::Snapshot { .. }]));
}

#[test]
fn s3_what_is_no_longer_kept_is_answered_by_a_snapshot() {
    let mut shell = Shell::new();
    let conn = shell.join(1, Role::Speaker, "hall-a");
    shell.backstage(conn);
    shell.on_air(conn);
    for n in 0..=STREAM_RING_MAX {
        shell.ok(conn, rename(&format!("Ada {n}")));
    }
    let mut resync = |stream: &StreamId, behind: usize| {
        let n = shell.clients[&conn].streams[stream].0 - behind as u64;
        shell.take(conn);
        let have = Some(StreamPosition { epoch: 7, n });
        shell.input(Input::Resync {
            conn,
            stream: stream.clone(),
            have,
        });
        shell.take(conn)
    };
    let hall = room_stream("hall-a");
    assert_eq!(resync(&hall, STREAM_RING_MAX).len(), STREAM_RING_MAX);
    assert!(matches!(
        resync(&hall, STREAM_RING_MAX + 1)[..],
        [ServerMessage::Snapshot { .. }]
    ));
    assert_eq!(resync(&hall, 0), []);
    assert!(
        matches!(resync(&StreamId::You {}, 1)[..], [ServerMessage::Snapshot { .. }]),
        "none of you is kept"
    );
    assert_eq!(resync(&StreamId::You {}, 0), []);
}

#[test]
fn s4_a_stream_of_elsewhere_cannot_be_asked_for() {
    let mut shell = Shell::new();
    let conn = shell.join(1, Role::Attendee, "hall-a");
    let backstage = StreamId::Backstage { room: room("hall-a") };
    for stream in [room_stream("hall-b"), room_stream("nowhere"), backstage] {
        shell.take(conn);
        shell.input(Input::Resync {
            conn,
            stream,
            have: None,
        });
        let answer = shell.take(conn);
        assert!(
            matches!(
                answer[..],
                [ServerMessage::Refused {
                    code: RefusalCode::NotInRoom,
                    ..
                }]
            ),
            "{answer:?}"
        );
    }
}

#[test]
fn s4_moderators_see_who_waits_without_being_backstage() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let elsewhere = shell.join(3, Role::Moderator, "hall-b");
    shell.backstage(speaker);
    assert_eq!(
        shell.backstage_view(moderator, "hall-a").map(|view| view.waiting.len()),
        Some(1)
    );
    assert!(shell.backstage_view(elsewhere, "hall-a").is_none());
    assert_eq!(
        shell.backstage_view(elsewhere, "hall-b").map(|view| view.waiting.len()),
        Some(0)
    );
}

#[test]
fn s5_one_change_is_one_text_however_many_follow() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-b");
    for who in 2..50 {
        shell.join(who, Role::Attendee, "corner");
    }
    shell.pass(COUNTS_INTERVAL_MS);
    shell.ok(speaker, Command::Enter { room: room("corner") });
    shell.backstage(speaker);
    shell.log.clear();
    shell.on_air(speaker);
    let of_room = |output: &&Output| {
        matches!(
            output,
            Output::ToStream {
                stream: StreamKey::Room(_),
                ..
            }
        )
    };
    assert_eq!(shell.log.iter().filter(of_room).count(), 1);
}

#[test]
fn s6_a_burst_of_joins_costs_one_count_per_interval() {
    let mut shell = Shell::new();
    let first = shell.join(1, Role::Attendee, "lobby");
    shell.pass(COUNTS_INTERVAL_MS);
    shell.take(first);
    for who in 2..=200 {
        shell.join(who, Role::Attendee, "lobby");
        shell.pass(5);
    }
    shell.pass(COUNTS_INTERVAL_MS);
    let counts = shell.take(first);
    let of_event = counts.iter().filter(|m| {
        matches!(
            m,
            ServerMessage::Update {
                change: Change::Counts { .. },
                ..
            }
        )
    });
    assert!((2..=4).contains(&of_event.count()), "{counts:?}");
    assert!(counts.len() <= 8, "nobody is told of each newcomer: {counts:?}");
    assert_eq!((shell.event_view(first).people, shell.hub.people()), (200, 200));
    shell.pass(60_000);
    assert_eq!(shell.take(first), [], "nothing changed, nothing is said");
}

#[test]
fn s8_the_roster_comes_in_pages_and_holds_the_own_room_only() {
    let mut shell = Shell::new();
    let people = ROSTER_PAGE_MAX as u128 * 2 + 1;
    let conn = shell.join(1, Role::Attendee, "lobby");
    for who in 2..=people {
        shell.join(who, Role::Attendee, "lobby");
    }
    shell.join(1_000, Role::Attendee, "hall-a");
    let (mut seen, mut after): (Vec<ParticipantId>, _) = (Vec::new(), None);
    loop {
        shell.take(conn);
        shell.input(Input::Roster { conn, after });
        let answer = shell.take(conn);
        let [ServerMessage::RosterPage { people, more }] = &answer[..] else {
            panic!("{answer:?}")
        };
        assert!(people.len() <= ROSTER_PAGE_MAX);
        seen.extend(people.iter().map(|p| p.participant));
        after = seen.last().copied();
        if !more {
            break;
        }
    }
    assert_eq!(seen, (1..=people).map(person).collect::<Vec<_>>());
    let nowhere = shell.open(2_000, Role::Attendee);
    shell.take(nowhere);
    shell.input(Input::Roster {
        conn: nowhere,
        after: None,
    });
    assert!(matches!(
        shell.take(nowhere)[..],
        [ServerMessage::Refused {
            code: RefusalCode::NotInRoom,
            ..
        }]
    ));
}

#[test]
fn c2_a_repeated_command_runs_once_and_gets_the_same_answer() {
    let mut shell = Shell::new();
    let first = shell.join(1, Role::Speaker, "hall-a");
    let second = shell.open(1, Role::Speaker);
    let id = shell.next_command_id();
    assert_eq!(shell.command_as(first, id, Command::EnterBackstage {}), Ok(()));
    shell.log.clear();
    assert_eq!(
        shell.command_as(second, id, Command::EnterBackstage {}),
        Ok(()),
        "any connection of the participant"
    );
    assert!(
        matches!(shell.log[..], [Output::ToConnection { .. }]),
        "{:?}",
        shell.log
    );
    let refused = shell.next_command_id();
    assert_eq!(
        shell.command_as(first, refused, Command::EnterBackstage {}),
        Err(RefusalCode::WrongState)
    );
    shell.ok(first, Command::LeaveBackstage { participant: None });
    assert_eq!(
        shell.command_as(first, refused, Command::EnterBackstage {}),
        Err(RefusalCode::WrongState)
    );

    let other = shell.join(2, Role::Speaker, "hall-a");
    assert_eq!(
        shell.command_as(other, id, Command::Leave {}),
        Ok(()),
        "ids are per participant"
    );
    assert_eq!(shell.place(other).0, None);
    for _ in 0..ANSWERS_REMEMBERED_MAX {
        shell.ok(first, rename("Ada"));
    }
    assert_eq!(
        shell.command_as(first, id, Command::EnterBackstage {}),
        Ok(()),
        "forgotten, so it runs"
    );
    assert_eq!(
        shell.command(first, Command::EnterBackstage {}),
        Err(RefusalCode::WrongState)
    );
}

#[test]
fn c4_the_answer_comes_before_what_the_command_caused() {
    let mut shell = Shell::new();
    let conn = shell.open(1, Role::Attendee);
    shell.take(conn);
    shell.ok(conn, Command::Enter { room: room("hall-a") });
    let received = shell.take(conn);
    assert!(matches!(received[0], ServerMessage::Accepted { .. }), "{received:?}");
    assert!(received.iter().any(|m| matches!(
        m,
        ServerMessage::Snapshot {
            stream: StreamId::Room { .. },
            ..
        }
    )));
}

#[test]
fn c3_every_refusal_is_a_sentence() {
    let mut shell = Shell::new();
    let conn = shell.open(1, Role::Attendee);
    for command in [
        Command::Leave {},
        Command::EnterBackstage {},
        Command::Enter { room: room("nowhere") },
    ] {
        shell.take(conn);
        shell.command(conn, command).expect_err("refused");
        let [ServerMessage::Refused { sentence, .. }] = &shell.take(conn)[..] else {
            panic!("one refusal")
        };
        assert!(
            sentence.ends_with('.') && sentence.contains(". "),
            "what happened, and what to do: {sentence}"
        );
    }
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let mut twice = config();
    twice.rooms.push(twice.rooms[0].clone());
    assert!(fiera_hub::Hub::new(twice, 1, [0; 32]).is_err());
    let mut empty = config();
    empty.rooms[0].capacity = 0;
    assert!(fiera_hub::Hub::new(empty, 1, [0; 32]).is_err());
}
