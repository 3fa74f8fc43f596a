// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Directing a stage: layout, sound off, timer, messages to speakers, lower thirds, and the pause when media breaks off.
//! Pauses have a module.

mod pause;
#[path = "../support/mod.rs"]
mod support;

use fiera_hub::{ConnectionId, Input};
use fiera_protocol::client::Command;
use fiera_protocol::ids::{DirectionId, ParticipantId, Role, SourceKind};
use fiera_protocol::limits::{DIRECTIONS_MAX, TIMER_S_MAX, TITLES_MAX};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::stage::{SpeakerTimer, StageLayout, StageShow, StageStep};
use fiera_protocol::view::EventPhase;
use support::fair::say;
use support::{Shell, name, person, room};

const HALL: &str = "hall-a";

fn stage(step: StageStep) -> Command {
    Command::Stage { step }
}

fn direct(text: &str, participant: Option<u128>) -> Command {
    stage(StageStep::Direct {
        text: text.parse().expect("a message"),
        participant: participant.map(person),
    })
}

fn title(text: &str, participant: Option<u128>) -> Command {
    stage(StageStep::SetTitle {
        title: Some(text.parse().expect("a line")),
        participant: participant.map(person),
    })
}

fn timer(seconds: u16, amber_s: u16, red_s: u16) -> Command {
    stage(StageStep::Timer {
        seconds,
        amber_s,
        red_s,
    })
}

fn extend(seconds: u16, ends_unix_ms: u64) -> Command {
    stage(StageStep::ExtendTimer { seconds, ends_unix_ms })
}

fn sound_off(off: bool) -> Command {
    stage(StageStep::SoundOff { off })
}

fn show(shell: &Shell, conn: ConnectionId) -> StageShow {
    shell.room_view(conn, HALL).expect("follows the room").show
}

fn shown_timer(shell: &Shell, conn: ConnectionId) -> Option<SpeakerTimer> {
    shell.backstage_view(conn, HALL).expect("follows the backstage").timer
}

/// What somebody was told and has not acknowledged.
fn told(shell: &Shell, conn: ConnectionId) -> Vec<String> {
    let directions = &shell.you(conn).directions;
    directions.iter().map(|one| one.text.clone()).collect()
}

/// Of each message to speakers, who was told and whether they acknowledged it.
fn read(shell: &Shell, moderator: ConnectionId) -> Vec<Vec<(ParticipantId, bool)>> {
    let directions = &shell.moderators_view(moderator, HALL).expect("follows").directions;
    let of = |one: &fiera_protocol::stage::DirectionView| {
        let to = one.to.iter();
        to.map(|to| (to.participant, to.acknowledged)).collect()
    };
    directions.iter().map(of).collect()
}

fn source(kind: SourceKind, live: bool) -> Command {
    Command::SetSource {
        source: kind,
        live,
        participant: None,
    }
}

fn flows(shell: &mut Shell, who: u128, flowing: bool) {
    shell.input(Input::SourceFlow {
        participant: person(who),
        source: SourceKind::Mic,
        flowing,
    });
}

/// A speaker on air whose microphone is heard.
fn speaks(shell: &mut Shell, who: u128) -> ConnectionId {
    let conn = shell.join(who, Role::Speaker, HALL);
    shell.backstage(conn);
    shell.ok(conn, source(SourceKind::Mic, true));
    shell.on_air(conn);
    flows(shell, who, true);
    conn
}

/// What the media plane may forward of somebody.
fn live(shell: &Shell, who: u128) -> Vec<SourceKind> {
    shell.media[&person(who)].live.iter().copied().collect()
}

#[test]
fn st1_moderators_set_the_layout_for_everybody_in_their_room_alone() {
    let mut shell = Shell::new();
    let moderator = shell.join(1, Role::Moderator, HALL);
    let attendee = shell.join(2, Role::Attendee, HALL);
    let other = shell.join(3, Role::Speaker, "hall-b");
    let layout = StageLayout::Slides;
    let step = stage(StageStep::Layout { layout });
    for conn in [attendee, other] {
        assert_eq!(shell.command(conn, step.clone()), Err(RefusalCode::NotAllowed));
    }
    shell.ok(moderator, step);
    assert_eq!(show(&shell, attendee).layout, layout);
    let there = shell.room_view(other, "hall-b").expect("follows").show;
    assert_eq!(there, StageShow::default());
}

#[test]
fn st2_sound_off_silences_all_now_and_later_and_gives_back_what_was_on() {
    let mut shell = Shell::new();
    let moderator = shell.join(9, Role::Moderator, HALL);
    let ada = speaks(&mut shell, 1);
    shell.ok(ada, source(SourceKind::Camera, true));
    assert_eq!(shell.command(ada, sound_off(true)), Err(RefusalCode::NotAllowed));
    shell.ok(moderator, sound_off(true));
    assert!(show(&shell, ada).sound_off, "who is on air is told");
    assert_eq!(live(&shell, 1), [SourceKind::Camera]);
    let seen = &shell.room_view(ada, HALL).expect("follows").on_air[0].sources;
    assert_eq!(*seen, [SourceKind::Mic, SourceKind::Camera], "what they switched on");
    speaks(&mut shell, 2);
    assert_eq!(live(&shell, 2), [], "who comes later is silenced too");
    let silenced = Command::SetSource {
        source: SourceKind::Mic,
        live: false,
        participant: Some(person(2)),
    };
    shell.ok(moderator, silenced);
    shell.ok(moderator, sound_off(false));
    assert_eq!(live(&shell, 1), [SourceKind::Mic, SourceKind::Camera]);
    assert_eq!(live(&shell, 2), [], "switched off meanwhile");
}

#[test]
fn st2_sound_off_silences_programs_and_those_backstage_too() {
    let mut shell = Shell::new();
    let moderator = shell.join(9, Role::Moderator, HALL);
    let waits = shell.join(1, Role::Speaker, HALL);
    shell.backstage(waits);
    shell.ok(waits, source(SourceKind::Mic, true));
    shell.ok(moderator, sound_off(true));
    shell.input(Input::ExternalPublisherUp {
        participant: person(5),
        name: name("OBS"),
        room: room(HALL),
    });
    flows(&mut shell, 5, true);
    assert_eq!(live(&shell, 1), []);
    assert_eq!(live(&shell, 5), [SourceKind::Camera, SourceKind::Screen]);
    shell.ok(moderator, sound_off(false));
    assert_eq!(live(&shell, 1), [SourceKind::Mic]);
    assert!(live(&shell, 5).contains(&SourceKind::Mic));
}

#[test]
fn st3_the_timer_is_seen_behind_the_stage_and_extended_from_now_where_it_is_over() {
    let mut shell = Shell::new();
    let moderator = shell.join(9, Role::Moderator, HALL);
    let attendee = shell.join(3, Role::Attendee, HALL);
    let ada = speaks(&mut shell, 1);
    for (seconds, amber_s, red_s) in [(9, 0, 0), (60, 61, 5), (60, 10, 11), (14_401, 10, 5), (u16::MAX, 0, 0)] {
        let refused = shell.command(moderator, timer(seconds, amber_s, red_s));
        assert_eq!(refused, Err(RefusalCode::Malformed), "{seconds} {amber_s} {red_s}");
    }
    assert_eq!(
        shell.command(moderator, extend(60, 0)),
        Err(RefusalCode::WrongState),
        "none runs"
    );
    assert_eq!(shell.command(ada, timer(60, 20, 5)), Err(RefusalCode::NotAllowed));
    shell.ok(moderator, timer(60, 20, 5));
    let first = shown_timer(&shell, ada).expect("it runs");
    assert_eq!(first.ends_unix_ms, shell.unix_ms + shell.mono_ms + 60_000);
    assert_eq!((first.amber_s, first.red_s), (20, 5));
    assert!(shell.backstage_view(attendee, HALL).is_none(), "not for the audience");
    shell.pass(90_000);
    assert_eq!(shown_timer(&shell, ada), Some(first), "its end ends nothing");
    for seconds in [0, TIMER_S_MAX + 1, u16::MAX] {
        let refused = shell.command(moderator, extend(seconds, first.ends_unix_ms));
        assert_eq!(refused, Err(RefusalCode::Malformed), "{seconds}");
    }
    shell.ok(moderator, extend(60, first.ends_unix_ms));
    let ends = |shell: &Shell| shown_timer(shell, moderator).map(|timer| timer.ends_unix_ms);
    assert_eq!(ends(&shell), Some(first.ends_unix_ms + 30_000 + 60_000));
    shell.ok(moderator, stage(StageStep::StopTimer {}));
    assert_eq!(ends(&shell), None);
}

#[test]
fn st4_a_speaker_acknowledges_and_moderators_see_who_did() {
    let mut shell = Shell::new();
    let moderator = shell.join(9, Role::Moderator, HALL);
    assert_eq!(
        shell.command(moderator, direct("Hello", None)),
        Err(RefusalCode::UnknownParticipant),
        "nobody is there"
    );
    let ada = speaks(&mut shell, 1);
    let bo = speaks(&mut shell, 2);
    assert_eq!(
        shell.command(ada, direct("Stop", Some(2))),
        Err(RefusalCode::NotAllowed)
    );
    shell.ok(moderator, direct("Two minutes", None));
    shell.ok(moderator, direct("Closer to the microphone", Some(2)));
    assert_eq!(told(&shell, ada), ["Two minutes"]);
    assert_eq!(told(&shell, bo), ["Two minutes", "Closer to the microphone"]);
    let ids: Vec<DirectionId> = shell.you(bo).directions.iter().map(|one| one.direction).collect();
    let acknowledge = |direction| stage(StageStep::Acknowledge { direction });
    assert_eq!(
        shell.command(ada, acknowledge(ids[1])),
        Err(RefusalCode::UnknownItem),
        "not for her"
    );
    shell.ok(bo, acknowledge(ids[0]));
    assert_eq!(told(&shell, bo), ["Closer to the microphone"]);
    let (one, two) = (person(1), person(2));
    assert_eq!(
        read(&shell, moderator),
        [vec![(one, false), (two, true)], vec![(two, false)]]
    );
    shell.ok(moderator, stage(StageStep::EndDirection { direction: ids[1] }));
    assert_eq!(told(&shell, bo), [""; 0]);
    assert_eq!(read(&shell, moderator).len(), 1);
}

#[test]
fn st4_of_many_messages_those_that_were_read_go_first() {
    let mut shell = Shell::new();
    let moderator = shell.join(9, Role::Moderator, HALL);
    let ada = speaks(&mut shell, 1);
    for n in 0..DIRECTIONS_MAX {
        shell.ok(moderator, direct(&n.to_string(), None));
    }
    let third = shell.you(ada).directions[2].direction;
    shell.ok(ada, stage(StageStep::Acknowledge { direction: third }));
    shell.ok(moderator, direct("after the third", None));
    assert_eq!(
        told(&shell, ada)[..3],
        ["0", "1", "3"],
        "the third went, and nothing unread"
    );
    assert_eq!(read(&shell, moderator).len(), DIRECTIONS_MAX);
    shell.ok(moderator, direct("after the first", None));
    assert_eq!(told(&shell, ada)[..2], ["1", "3"], "all are unread");
    assert_eq!(told(&shell, ada).len(), DIRECTIONS_MAX);
}

#[test]
fn st4_who_left_is_told_nothing_and_who_goes_elsewhere_takes_nothing_along() {
    let mut shell = Shell::new();
    let moderator = shell.join(9, Role::Moderator, HALL);
    let ada = speaks(&mut shell, 1);
    let bo = speaks(&mut shell, 2);
    shell.ok(moderator, direct("Two minutes", None));
    shell.input(Input::ConnectionClosed { conn: bo, left: true });
    assert_eq!(
        shell.command(moderator, direct("Hello?", Some(2))),
        Err(RefusalCode::UnknownParticipant)
    );
    assert_eq!(read(&shell, moderator)[0].len(), 2, "it was for them");
    shell.ok(ada, Command::Enter { room: room("hall-b") });
    assert_eq!(told(&shell, ada), [""; 0]);
    let ada_again = speaks(&mut shell, 1);
    assert_eq!(told(&shell, ada_again), ["Two minutes"], "still unread");
    shell.input(Input::ExternalPublisherUp {
        participant: person(5),
        name: name("OBS"),
        room: room(HALL),
    });
    assert_eq!(
        shell.command(moderator, direct("Hello?", Some(5))),
        Err(RefusalCode::UnknownParticipant),
        "a program reads nothing"
    );
}

#[test]
fn st5_a_line_stands_under_the_name_on_the_stage_alone() {
    let mut shell = Shell::new();
    let moderator = shell.join(9, Role::Moderator, HALL);
    let attendee = shell.join(3, Role::Attendee, HALL);
    assert_eq!(shell.command(attendee, title("x", None)), Err(RefusalCode::WrongState));
    let ada = speaks(&mut shell, 1);
    shell.ok(ada, title("Regione Puglia", None));
    let shown = |shell: &Shell| {
        let room = shell.room_view(attendee, HALL).expect("follows");
        room.on_air[0].title.clone().map(String::from)
    };
    assert_eq!(shown(&shell).as_deref(), Some("Regione Puglia"));
    assert_eq!(shell.command(ada, title("x", Some(9))), Err(RefusalCode::NotAllowed));
    assert_eq!(
        shell.command(moderator, title("x", Some(3))),
        Err(RefusalCode::UnknownParticipant),
        "in the audience"
    );
    shell.ok(moderator, title("Servizi digitali", Some(1)));
    assert_eq!(shown(&shell).as_deref(), Some("Servizi digitali"));
    shell.ok(moderator, stage(StageStep::Titles { on: false }));
    assert!(!show(&shell, attendee).titles);
    let step = StageStep::SetTitle {
        title: None,
        participant: None,
    };
    shell.ok(ada, stage(step));
    assert_eq!(shown(&shell), None);
}

#[test]
fn st5_lines_are_filtered_and_refused_from_who_is_silenced() {
    let mut shell = Shell::new();
    let organiser = shell.join(9, Role::Organiser, HALL);
    let ada = speaks(&mut shell, 1);
    let words = vec!["spam".parse().expect("a word")];
    shell.ok(organiser, Command::SetWordFilter { words });
    assert_eq!(shell.command(ada, title("Best spam", None)), Err(RefusalCode::Filtered));
    let (participant, on) = (person(1), true);
    shell.ok(organiser, Command::Silence { participant, on });
    assert_eq!(shell.command(ada, title("Me", None)), Err(RefusalCode::Silenced));
}

#[test]
fn st5_an_event_has_a_bounded_number_of_lines() {
    let mut shell = Shell::new();
    for n in 0..TITLES_MAX {
        let who = 100 + n as u128;
        shell
            .kept
            .working
            .insert(format!("title/{who:032x}"), br#""Speaker""#.to_vec());
    }
    shell.restart();
    let late = speaks(&mut shell, 1);
    assert_eq!(shell.command(late, title("One more", None)), Err(RefusalCode::TooMany));
    let first = speaks(&mut shell, 100);
    shell.ok(first, title("Who has one changes it", None));
}

#[test]
fn st5_the_projector_shows_lines_and_names_nobody_without_one() {
    let mut shell = Shell::new();
    let moderator = shell.join(9, Role::Moderator, HALL);
    let ada = speaks(&mut shell, 1);
    let _bruno = speaks(&mut shell, 2);
    shell.ok(ada, title("Regione Puglia", None));
    let lines = |shell: &Shell| {
        let board = shell.hub.board(&room(HALL)).expect("a room");
        board
            .lines
            .into_iter()
            .map(|one| String::from(one.title))
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&shell), ["Regione Puglia"]);
    shell.ok(moderator, stage(StageStep::Titles { on: false }));
    assert!(lines(&shell).is_empty());
}

#[test]
fn st5_a_line_is_taken_away_wherever_its_owner_is() {
    let mut shell = Shell::new();
    let moderator = shell.join(9, Role::Moderator, HALL);
    for who in [1, 2] {
        let conn = speaks(&mut shell, who);
        shell.ok(conn, title("City of Lecce", None));
        shell.ok(conn, Command::LeaveBackstage { participant: None });
        assert!(shell.hub.stored_about(person(who)).has_title);
        let step = StageStep::SetTitle {
            title: None,
            participant: Some(person(who)).filter(|_| who == 2),
        };
        shell.ok(if who == 2 { moderator } else { conn }, stage(step));
        assert!(!shell.hub.stored_about(person(who)).has_title);
    }
}

#[test]
fn st7_what_everybody_was_shown_survives_a_crash_and_ends_with_the_event() {
    let mut shell = Shell::new();
    let organiser = shell.join(9, Role::Organiser, HALL);
    let ada = speaks(&mut shell, 1);
    shell.ok(ada, title("Regione Puglia", None));
    let layout = StageLayout::Grid;
    shell.ok(organiser, stage(StageStep::Layout { layout }));
    shell.ok(organiser, stage(StageStep::Titles { on: false }));
    shell.ok(organiser, sound_off(true));
    shell.ok(organiser, timer(600, 120, 30));
    shell.ok(organiser, direct("Two minutes", None));
    let (before, runs) = (show(&shell, organiser), shown_timer(&shell, organiser));
    shell.restart();
    let organiser = shell.join(9, Role::Organiser, HALL);
    let ada = speaks(&mut shell, 1);
    assert_eq!(
        (show(&shell, organiser), shown_timer(&shell, organiser)),
        (before, runs)
    );
    let shown = shell.room_view(organiser, HALL).expect("follows").on_air[0]
        .title
        .clone();
    assert_eq!(shown.map(String::from).as_deref(), Some("Regione Puglia"));
    assert_eq!(live(&shell, 1), [], "silent still");
    assert_eq!(told(&shell, ada), [""; 0], "in memory only");
    shell.ok(organiser, direct("Two minutes", None));
    let phase = EventPhase::Ended;
    shell.ok(organiser, Command::SetEventPhase { phase });
    assert_eq!(shell.kept.working.len(), 0);
    assert_eq!(show(&shell, organiser), StageShow::default());
    assert_eq!(told(&shell, ada), [""; 0]);
}

#[test]
fn st7_an_emergency_waits_for_no_disk() {
    let mut shell = Shell::new();
    let moderator = shell.join(9, Role::Moderator, HALL);
    let ada = speaks(&mut shell, 1);
    shell.input(Input::Storage { writable: false });
    assert_eq!(shell.command(moderator, say("Hello")), Err(RefusalCode::ReadOnly));
    let kept = shell.kept.clone();
    shell.ok(moderator, sound_off(true));
    shell.ok(ada, title("Regione Puglia", None));
    shell.ok(moderator, direct("Say nothing", None));
    assert_eq!(live(&shell, 1), []);
    assert_eq!(shell.kept, kept);
    shell.input(Input::Storage { writable: true });
    shell.restart();
    let moderator = shell.join(9, Role::Moderator, HALL);
    assert!(show(&shell, moderator).sound_off, "kept once it could be");
}

#[test]
fn st8_of_two_moderators_at_once_nothing_is_done_twice() {
    let mut shell = Shell::new();
    let first = shell.join(8, Role::Moderator, HALL);
    let second = shell.join(9, Role::Moderator, HALL);
    let ada = speaks(&mut shell, 1);
    shell.ok(first, timer(600, 120, 30));
    let seen = shown_timer(&shell, second).expect("runs").ends_unix_ms;
    shell.ok(first, extend(60, seen));
    assert_eq!(shell.command(second, extend(60, seen)), Err(RefusalCode::WrongState));
    let ends = shown_timer(&shell, ada).expect("runs").ends_unix_ms;
    assert_eq!(ends, seen + 60_000);
    shell.ok(first, direct("Two minutes", None));
    let direction = shell.you(ada).directions[0].direction;
    shell.ok(first, stage(StageStep::EndDirection { direction }));
    let again = shell.command(second, stage(StageStep::EndDirection { direction }));
    assert_eq!(again, Err(RefusalCode::UnknownItem));
    let acknowledge = stage(StageStep::Acknowledge { direction });
    assert_eq!(
        shell.command(ada, acknowledge),
        Err(RefusalCode::UnknownItem),
        "taken back"
    );
    for (conn, layout) in [(first, StageLayout::Grid), (second, StageLayout::Slides)] {
        shell.ok(conn, stage(StageStep::Layout { layout }));
    }
    assert_eq!(show(&shell, first).layout, StageLayout::Slides);
    assert_eq!(show(&shell, first), show(&shell, second));
}
