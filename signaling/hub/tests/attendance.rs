// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Attendance in numbers, reactions, the board and the recap: numbers without persons.

mod support;

use fiera_hub::{ConnectionId, EventConfig, Input, Language, Output, Record, Service};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{PollPhase, Quality, Reaction};
use fiera_protocol::ids::{AuthorSecret, Role};
use fiera_protocol::limits::{COUNTS_INTERVAL_MS, PLACE_GRACE_MS, REACTIONS_INTERVAL_MS, SUPPRESSED_BELOW};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Change, EventPhase};
use support::{HALLS, Shell, config, person, room};

const MINUTE_MS: u64 = 60_000;

fn roomy() -> EventConfig {
    let mut config = config();
    config.rooms.iter_mut().for_each(|room| room.capacity = 1_000);
    config
}

/// An organiser in hall a and as many attendees as make `people`, at the start of a minute.
fn crowd(people: u32) -> (Shell, ConnectionId, Vec<ConnectionId>) {
    let mut shell = Shell::with(roomy(), 7);
    shell.unix_ms -= (shell.unix_ms + shell.mono_ms) % MINUTE_MS;
    let organiser = shell.join(1_000, Role::Organiser, "hall-a");
    let join = |who: u32| shell.join(u128::from(who), Role::Attendee, "hall-a");
    let others = (1..people).map(join).collect();
    (shell, organiser, others)
}

fn attended(shell: &Shell) -> Vec<String> {
    let fact = |(_, body): &(u16, Vec<u8>)| String::from_utf8(body.clone()).expect("JSON");
    let facts = shell.kept.facts.iter().map(fact);
    facts.filter(|fact| fact.contains("\"attended\"")).collect()
}

#[test]
fn n10_numbers_are_exact_and_come_twice_a_second_at_most() {
    let (mut shell, organiser, others) = crowd(12);
    shell.pass(COUNTS_INTERVAL_MS);
    let view = shell.organisers_view(organiser).expect("follows");
    assert_eq!(
        (view.numbers.people, view.numbers.peak, view.numbers.joined_5_min),
        (12, 12, 12)
    );
    assert!(view.numbers.peak_unix_ms.is_some_and(|at| at % MINUTE_MS == 0));
    assert_eq!(view.numbers.rooms[0].people, 12);
    assert_eq!(view.numbers.rooms[1].people, 0);
    assert!(shell.organisers_view(others[0]).is_none(), "for organisers alone");
    shell.ok(others[0], Command::RaiseHand { topic: None });
    shell.close(others[1]);
    shell.pass(1_000);
    shell.open(2, Role::Attendee);
    shell.close(others[2]);
    shell.pass(PLACE_GRACE_MS + COUNTS_INTERVAL_MS);
    let numbers = shell.organisers_view(organiser).expect("follows").numbers.clone();
    assert_eq!((numbers.people, numbers.peak, numbers.reconnects_5_min), (11, 12, 1));
    assert_eq!(numbers.rooms[0].hands, 1);
    shell.take(organiser);
    for who in 100..140 {
        shell.join(who, Role::Attendee, "hall-b");
    }
    let of_numbers = |message: &&ServerMessage| {
        matches!(
            message,
            ServerMessage::Update {
                change: Change::Numbers { .. },
                ..
            }
        )
    };
    assert!(shell.take(organiser).iter().filter(of_numbers).count() <= 1);
    shell.pass(6 * MINUTE_MS);
    let numbers = &shell.organisers_view(organiser).expect("follows").numbers;
    assert_eq!(
        (numbers.joined_5_min, numbers.reconnects_5_min, numbers.people),
        (0, 0, 51)
    );
}

#[test]
fn n15_quality_is_one_word_about_a_room_of_ten_and_more() {
    let (mut shell, organiser, others) = crowd(SUPPRESSED_BELOW + 1);
    let told = |shell: &mut Shell| {
        shell.pass(COUNTS_INTERVAL_MS);
        let view = shell.organisers_view(organiser).expect("follows");
        (view.numbers.rooms[0].quality, view.numbers.rooms[1].quality)
    };
    assert_eq!(told(&mut shell), (None, None));
    let service = |viewers: u32, limited: u32| Service {
        viewers,
        limited,
        median_loss_permille: 5,
    };
    let both = |viewers: u32, limited: u32| Input::Serviced {
        rooms: [("hall-a", service(viewers, limited)), ("hall-b", service(40, 40))]
            .map(|(name, service)| (room(name), service))
            .into(),
    };
    shell.input(both(11, 3));
    // Nobody is in hall b: its forty tabs may be one person's.
    assert_eq!(told(&mut shell), (Some(Quality::Fair), None));
    shell.input(both(SUPPRESSED_BELOW - 1, 9));
    assert_eq!(told(&mut shell), (None, None));
    shell.input(both(11, 1));
    assert_eq!(told(&mut shell), (Some(Quality::Good), None));
    for conn in others.into_iter().take(2) {
        shell.input(Input::ConnectionClosed { conn, left: true });
    }
    assert_eq!(told(&mut shell), (None, None), "two have left");
    shell.input(both(11, 6));
    shell.join(500, Role::Attendee, "hall-a");
    assert_eq!(told(&mut shell), (Some(Quality::Poor), None));
    shell.input(Input::Serviced { rooms: [].into() });
    assert_eq!(told(&mut shell), (None, None), "nobody is on air any more");
    assert!(
        shell
            .kept
            .facts
            .iter()
            .all(|(_, body)| !String::from_utf8_lossy(body).contains("quality"))
    );
}

#[test]
fn n11_the_curve_has_the_most_of_each_minute() {
    let (mut shell, organiser, others) = crowd(12);
    shell.input(Input::ConnectionClosed {
        conn: others[0],
        left: true,
    });
    shell.pass(2 * MINUTE_MS);
    let curve = shell.organisers_view(organiser).expect("follows").curve.clone();
    let points: Vec<_> = curve.iter().map(|point| (point.people, point.joins)).collect();
    assert_eq!(points, [(Some(12), Some(12)), (Some(11), Some(0)), (Some(11), Some(0))]);
    assert!(curve.windows(2).all(|pair| pair[0].unix_min + 1 == pair[1].unix_min));
    assert_eq!(attended(&shell).len(), 2, "one fact for each minute that is over");
}

#[test]
fn n12_small_numbers_are_not_kept_and_a_restart_forgets_joins() {
    let (mut shell, organiser, _) = crowd(SUPPRESSED_BELOW - 1);
    shell.pass(MINUTE_MS);
    assert_eq!(
        shell.organisers_view(organiser).expect("follows").curve[0].people,
        Some(9),
        "exact while it runs"
    );
    assert!(
        attended(&shell)[0].contains("\"people\":null"),
        "{:?}",
        attended(&shell)
    );
    shell.join(5_000, Role::Attendee, "hall-a");
    shell.pass(MINUTE_MS);
    assert!(attended(&shell)[1].contains("\"people\":10"), "{:?}", attended(&shell));
    shell.restart();
    let organiser = shell.join(1_000, Role::Organiser, "hall-a");
    let view = shell.organisers_view(organiser).expect("follows");
    let old: Vec<_> = view
        .curve
        .iter()
        .take(2)
        .map(|point| (point.people, point.joins))
        .collect();
    assert_eq!(old, [(None, None), (Some(10), None)]);
    assert_eq!(view.numbers.peak, 10);
}

#[test]
fn n11_nothing_is_counted_before_the_event_opens_after_it_ends_and_while_nobody_is_there() {
    let mut shell = Shell::with(
        EventConfig {
            phase: EventPhase::Draft,
            ..roomy()
        },
        7,
    );
    let organiser = shell.open(1, Role::Organiser);
    shell.pass(3 * MINUTE_MS);
    assert!(attended(&shell).is_empty());
    shell.ok(
        organiser,
        Command::SetEventPhase {
            phase: EventPhase::Open,
        },
    );
    shell.pass(MINUTE_MS);
    let counted = attended(&shell).len();
    assert!(counted >= 1);
    shell.input(Input::ConnectionClosed {
        conn: organiser,
        left: true,
    });
    shell.pass(10 * MINUTE_MS);
    assert!(attended(&shell).len() <= counted + 1, "the minute in which they left");
    assert_eq!(shell.hub.next_deadline(), None);
    let organiser = shell.open(1, Role::Organiser);
    shell.ok(
        organiser,
        Command::SetEventPhase {
            phase: EventPhase::Live,
        },
    );
    shell.ok(
        organiser,
        Command::SetEventPhase {
            phase: EventPhase::Ended,
        },
    );
    let counted = attended(&shell).len();
    shell.pass(10 * MINUTE_MS);
    assert_eq!(attended(&shell).len(), counted);
}

#[test]
fn n12_a_clock_that_is_set_back_keeps_the_larger_number() {
    let (mut shell, organiser, others) = crowd(14);
    shell.pass(MINUTE_MS);
    for conn in &others[..3] {
        shell.input(Input::ConnectionClosed {
            conn: *conn,
            left: true,
        });
    }
    shell.unix_ms -= MINUTE_MS;
    shell.pass(3 * MINUTE_MS);
    let curve = &shell.organisers_view(organiser).expect("follows").curve;
    assert_eq!(curve[0].people, Some(14));
    assert!(curve.windows(2).all(|pair| pair[0].unix_min < pair[1].unix_min));
    assert_eq!(shell.hub.recap().peak, Some(14));
}

#[test]
fn b2_no_fact_and_no_attendance_row_names_a_participant() {
    let (mut shell, _, _) = crowd(12);
    shell.pass(3 * MINUTE_MS);
    for output in &shell.log {
        if let Output::Keep(Record::Fact { body, .. }) = output {
            let body = String::from_utf8(body.clone()).expect("JSON");
            assert!((0..2_000).all(|who| !body.contains(&person(who).to_string())), "{body}");
        }
    }
    assert!(shell.kept.working.is_empty(), "being there is nowhere kept");
}

fn react(reaction: Reaction) -> Command {
    Command::React { reaction }
}

#[test]
fn y1_y2_reactions_are_counted_once_a_second_and_told_to_their_room_alone() {
    let mut shell = Shell::with(roomy(), 7);
    let people = [1, 2, 3].map(|who| shell.join(who, Role::Attendee, HALLS[0]));
    let other = shell.join(4, Role::Attendee, HALLS[1]);
    shell.pass(5_000);
    people.iter().chain([&other]).for_each(|conn| drop(shell.take(*conn)));
    for conn in people {
        (0..10).for_each(|_| shell.ok(conn, react(Reaction::Applause)));
    }
    shell.ok(people[0], react(Reaction::Heart));
    shell.pass(REACTIONS_INTERVAL_MS);
    let counts = |messages: Vec<ServerMessage>| {
        let of = |message| match message {
            ServerMessage::Update {
                change: Change::Reactions { reactions },
                ..
            } => Some(reactions),
            _ => None,
        };
        let all = messages.into_iter().filter_map(of);
        all.map(|all| all.iter().map(|one| (one.reaction, one.count)).collect())
            .collect::<Vec<Vec<_>>>()
    };
    assert_eq!(counts(shell.take(people[0])), [vec![(Reaction::Applause, 3)]]);
    assert_eq!(counts(shell.take(other)), Vec::<Vec<_>>::new());
    shell.ok(people[0], react(Reaction::Wow));
    shell.pass(REACTIONS_INTERVAL_MS);
    assert_eq!(counts(shell.take(people[0])), [vec![(Reaction::Wow, 1)]]);
    let lobby = shell.open(9, Role::Attendee);
    assert_eq!(shell.command(lobby, react(Reaction::Wow)), Err(RefusalCode::NotInRoom));
    assert!(
        shell.kept.working.is_empty() && shell.kept.facts.is_empty(),
        "never kept"
    );
}

/// A question, a revealed and a hidden poll in hall a.
fn programme(shell: &mut Shell, organiser: ConnectionId) {
    let text = "<b>Why</b> | *now*?".parse().expect("a question");
    let secret = AuthorSecret::from_u128(9);
    shell.ok(
        organiser,
        Command::Ask {
            text,
            anonymous: true,
            secret,
        },
    );
    shell.ok(
        organiser,
        Command::Announce {
            text: "Doors open".parse().expect("a text"),
        },
    );
    for _ in 0..2 {
        let options = ["Pasta", "Pizza"]
            .map(|option| option.parse().expect("an option"))
            .to_vec();
        shell.ok(
            organiser,
            Command::DraftPoll {
                question: "Lunch?".parse().expect("a question"),
                options,
            },
        );
    }
    let polls: Vec<_> = shell
        .moderators_view(organiser, "hall-a")
        .expect("follows")
        .polls
        .iter()
        .map(|p| p.poll)
        .collect();
    shell.ok(
        organiser,
        Command::SetPoll {
            poll: polls[0],
            phase: PollPhase::Open,
        },
    );
    shell.ok(
        organiser,
        Command::Vote {
            poll: polls[0],
            option: 1,
        },
    );
    for phase in [PollPhase::Closed, PollPhase::Revealed] {
        shell.ok(organiser, Command::SetPoll { poll: polls[0], phase });
    }
    shell.ok(
        organiser,
        Command::SetPoll {
            poll: polls[1],
            phase: PollPhase::Open,
        },
    );
}

#[test]
fn n13_the_recap_holds_what_is_kept_and_survives_a_restart() {
    let (mut shell, organiser, _) = crowd(12);
    programme(&mut shell, organiser);
    shell.pass(MINUTE_MS);
    shell.ok(
        organiser,
        Command::SetEventPhase {
            phase: EventPhase::Ended,
        },
    );
    let recap = shell.hub.recap();
    assert_eq!((recap.phase, recap.peak), (EventPhase::Ended, Some(12)));
    assert!(
        recap
            .curve
            .iter()
            .all(|point| point.joins.is_none() && point.people == Some(12)),
        "{:?}",
        recap.curve
    );
    assert_eq!(recap.announcements.len(), 1);
    let hall = &recap.rooms[0];
    assert_eq!(
        (hall.questions.len(), hall.polls.len()),
        (1, 1),
        "the second poll was never revealed"
    );
    assert_eq!(hall.polls[0].tally, Some(vec![0, 1]));
    assert!(
        recap.rooms[1].questions.is_empty() && recap.rooms[1].polls.is_empty(),
        "of one hall alone"
    );
    shell.restart();
    assert_eq!(shell.hub.recap(), recap);
    let page = recap.markdown(Language::En);
    assert!(page.contains("&lt;b&gt;Why&lt;/b&gt; \\| \\*now\\*?"), "{page}");
    assert!(
        page.contains("| Pizza | 1 |") && page.contains("Most at once: 12"),
        "{page}"
    );
    assert!(!page.contains("Preliminary"));
    assert!(recap.markdown(Language::It).contains("Massimo contemporaneo: 12"));
}

#[test]
fn n14_the_board_names_nobody_and_shows_no_tally_too_early() {
    let (mut shell, organiser, _) = crowd(12);
    programme(&mut shell, organiser);
    shell.pass(COUNTS_INTERVAL_MS);
    let board = shell.hub.board(&room("hall-a")).expect("a room");
    assert_eq!(board.people, 12);
    let poll = board.poll.as_ref().expect("open");
    assert_eq!((poll.phase, &poll.tally), (PollPhase::Open, &None));
    let text = format!("{board:?}");
    assert!((0..2_000).all(|who| !text.contains(&person(who).to_string())));
    assert!(shell.hub.board(&room("nowhere")).is_none());
    let draft = Shell::with(
        EventConfig {
            phase: EventPhase::Draft,
            ..roomy()
        },
        7,
    );
    assert!(draft.hub.board(&room("hall-a")).is_none(), "not public yet");
}

#[test]
fn n10_what_is_held_about_one_participant_is_theirs_alone() {
    let (mut shell, organiser, others) = crowd(3);
    shell.ok(
        others[0],
        Command::RaiseHand {
            topic: Some("Costs".parse().expect("a topic")),
        },
    );
    programme(&mut shell, organiser);
    let poll = shell
        .room_view(others[0], "hall-a")
        .and_then(|view| view.poll.clone())
        .expect("open")
        .poll;
    shell.ok(others[0], Command::Vote { poll, option: 0 });
    let about = shell.hub.stored_about(person(1));
    assert_eq!((about.room.clone(), about.connections), (Some(room("hall-a")), 1));
    assert_eq!(about.hands[0].1.topic.as_deref(), Some("Costs"));
    assert!(about.has_open_ballot && !about.has_upvotes && !about.silenced && !about.banned);
    let other = shell.hub.stored_about(person(2));
    assert!(other.hands.is_empty() && !other.has_open_ballot);
    shell.ok(
        organiser,
        Command::Ban {
            participant: person(1),
            on: true,
        },
    );
    let about = shell.hub.stored_about(person(1));
    assert!(about.banned && about.name.is_none() && about.hands.is_empty() && about.connections == 0);
}
