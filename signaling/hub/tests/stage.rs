// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Places on and behind a stage, sources, rights, phases.

mod support;

use fiera_hub::{Input, MediaIntent, Side};
use fiera_protocol::client::Command;
use fiera_protocol::ids::{Role, SourceKind};
use fiera_protocol::limits::{BACKSTAGE_MAX, COUNTS_INTERVAL_MS, ON_AIR_MAX};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{EventPhase, Place};
use support::{Shell, name, person, room};

const MIC_ON: Command = Command::SetSource {
    source: SourceKind::Mic,
    live: true,
    participant: None,
};

#[test]
fn p1_a_speaker_goes_backstage_on_air_and_back() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    let viewer = shell.join(2, Role::Attendee, "hall-a");
    assert_eq!(
        shell.command(
            speaker,
            Command::PutOnAir {
                participant: None,
                countdown_s: None
            }
        ),
        Err(RefusalCode::WrongState)
    );
    shell.backstage(speaker);
    assert_eq!(shell.place(speaker), (Some("hall-a"), Place::Backstage));
    assert_eq!(
        shell.backstage_view(speaker, "hall-a").map(|view| view.waiting.len()),
        Some(1)
    );
    assert!(
        shell.backstage_view(viewer, "hall-a").is_none(),
        "S4: the audience does not follow backstage"
    );
    assert_eq!(
        shell.command(speaker, Command::EnterBackstage {}),
        Err(RefusalCode::WrongState)
    );
    shell.on_air(speaker);
    assert_eq!(shell.on_air_seen(viewer, "hall-a"), [person(1)]);
    assert_eq!(
        shell.backstage_view(speaker, "hall-a").map(|view| view.waiting.len()),
        Some(0)
    );
    assert_eq!(
        shell.command(
            speaker,
            Command::PutOnAir {
                participant: None,
                countdown_s: None
            }
        ),
        Err(RefusalCode::WrongState)
    );
    shell.ok(speaker, Command::TakeOffAir { participant: None });
    assert_eq!(
        shell.command(speaker, Command::TakeOffAir { participant: None }),
        Err(RefusalCode::WrongState)
    );
    assert_eq!(shell.on_air_seen(viewer, "hall-a"), []);
    shell.ok(speaker, Command::LeaveBackstage { participant: None });
    assert_eq!(
        shell.command(speaker, Command::LeaveBackstage { participant: None }),
        Err(RefusalCode::WrongState)
    );
    assert!(shell.backstage_view(speaker, "hall-a").is_none());
}

#[test]
fn p1_media_is_told_in_the_order_that_never_shows_too_much() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    let participant = person(1);
    let at = |side, may_publish| MediaIntent::Place {
        participant,
        room: Some(room("hall-a")),
        side,
        may_publish,
    };
    assert_eq!(std::mem::take(&mut shell.intents), [at(Side::Audience, false)]);
    shell.backstage(speaker);
    shell.ok(speaker, MIC_ON);
    shell.on_air(speaker);
    let mic = |live| MediaIntent::Live {
        participant,
        source: SourceKind::Mic,
        live,
    };
    let on_air = |on_air| MediaIntent::OnAir { participant, on_air };
    assert_eq!(
        std::mem::take(&mut shell.intents),
        [at(Side::Backstage, true), mic(true), on_air(true)]
    );
    shell.ok(speaker, Command::Enter { room: room("hall-b") });
    let there = MediaIntent::Place {
        participant,
        room: Some(room("hall-b")),
        side: Side::Audience,
        may_publish: false,
    };
    assert_eq!(std::mem::take(&mut shell.intents), [on_air(false), mic(false), there]);
}

#[test]
fn m5_publishing_needs_backstage_and_says_why_not() {
    let mut shell = Shell::new();
    let code = |shell: &Shell, who| {
        shell
            .hub
            .may_publish(person(who))
            .map(|_| ())
            .map_err(|refusal| refusal.code)
    };
    let speaker = shell.open(1, Role::Speaker);
    assert_eq!(code(&shell, 1), Err(RefusalCode::NotInRoom));
    assert!(shell.hub.may_watch(person(1)).is_err());
    shell.ok(speaker, Command::Enter { room: room("hall-a") });
    assert!(shell.hub.may_watch(person(1)).is_ok());
    assert_eq!(code(&shell, 1), Err(RefusalCode::WrongState));
    shell.backstage(speaker);
    assert_eq!(code(&shell, 1), Ok(()));
    shell.join(2, Role::Attendee, "hall-a");
    assert_eq!(code(&shell, 2), Err(RefusalCode::NotAllowed));
}

#[test]
fn p3_sources_start_off_are_shown_and_end_with_the_place() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    let viewer = shell.join(2, Role::Attendee, "hall-a");
    assert_eq!(shell.command(speaker, MIC_ON), Err(RefusalCode::WrongState));
    shell.backstage(speaker);
    shell.on_air(speaker);
    shell.ok(
        speaker,
        Command::SetSource {
            source: SourceKind::Screen,
            live: true,
            participant: None,
        },
    );
    shell.ok(speaker, MIC_ON);
    shell.ok(speaker, MIC_ON);
    let seen = shell
        .room_view(viewer, "hall-a")
        .map(|view| view.on_air[0].sources.clone());
    assert_eq!(seen, Some(vec![SourceKind::Mic, SourceKind::Screen]));
    shell.ok(speaker, Command::LeaveBackstage { participant: None });
    shell.backstage(speaker);
    assert!(shell.you(speaker).sources.is_empty());
}

#[test]
fn a3_a_moderator_mutes_and_cannot_unmute() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let other = shell.join(3, Role::Speaker, "hall-a");
    shell.backstage(speaker);
    shell.on_air(speaker);
    shell.ok(speaker, MIC_ON);
    let mic = |live| Command::SetSource {
        source: SourceKind::Mic,
        live,
        participant: Some(person(1)),
    };
    assert_eq!(shell.command(other, mic(false)), Err(RefusalCode::NotAllowed));
    shell.ok(moderator, mic(false));
    assert!(shell.you(speaker).sources.is_empty());
    assert_eq!(shell.command(moderator, mic(true)), Err(RefusalCode::NotAllowed));
    shell.ok(speaker, MIC_ON);
    assert_eq!(shell.you(speaker).sources, [SourceKind::Mic]);
}

#[test]
fn a4_a_moderator_runs_the_stage_of_the_own_room_only() {
    let mut shell = Shell::new();
    let here = shell.join(1, Role::Speaker, "hall-a");
    let there = shell.join(2, Role::Speaker, "hall-b");
    let moderator = shell.join(3, Role::Moderator, "hall-a");
    shell.backstage(here);
    shell.backstage(there);
    let put = |who| Command::PutOnAir {
        participant: Some(person(who)),
        countdown_s: None,
    };
    let take = |who| Command::TakeOffAir {
        participant: Some(person(who)),
    };
    shell.ok(moderator, put(1));
    assert_eq!(shell.place(here), (Some("hall-a"), Place::OnAir));
    assert_eq!(shell.command(moderator, put(1)), Err(RefusalCode::WrongState));
    assert_eq!(shell.command(moderator, put(2)), Err(RefusalCode::UnknownParticipant));
    assert_eq!(shell.command(moderator, put(99)), Err(RefusalCode::UnknownParticipant));
    assert_eq!(shell.command(here, put(2)), Err(RefusalCode::NotAllowed));
    shell.ok(moderator, take(1));
    assert_eq!(shell.place(here), (Some("hall-a"), Place::Backstage));
    assert_eq!(shell.place(there), (Some("hall-b"), Place::Backstage));
}

#[test]
fn a1_attendees_publish_in_breakouts_only() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    assert_eq!(
        shell.command(attendee, Command::EnterBackstage {}),
        Err(RefusalCode::NotAllowed)
    );
    shell.ok(attendee, Command::Enter { room: room("corner") });
    shell.backstage(attendee);
    shell.on_air(attendee);
    shell.ok(attendee, MIC_ON);
}

#[test]
fn a5_a_full_room_refuses_attendees_and_lets_the_team_in() {
    let mut shell = Shell::new();
    for who in 1..=3 {
        shell.join(who, Role::Attendee, "hall-a");
    }
    let late = shell.join(4, Role::Attendee, "hall-b");
    let enter = Command::Enter { room: room("hall-a") };
    assert_eq!(shell.command(late, enter.clone()), Err(RefusalCode::RoomFull));
    assert_eq!(
        shell.place(late),
        (Some("hall-b"), Place::Audience),
        "C1: nothing changed"
    );
    shell.join(5, Role::Speaker, "hall-a");
    assert_eq!(
        shell.command(late, Command::Enter { room: room("nowhere") }),
        Err(RefusalCode::UnknownRoom)
    );
}

#[test]
fn p1_on_air_and_backstage_have_limits() {
    let mut shell = Shell::new();
    let crew: Vec<_> = (0..BACKSTAGE_MAX as u128)
        .map(|who| shell.join(who, Role::Speaker, "hall-a"))
        .collect();
    crew.iter().for_each(|conn| shell.backstage(*conn));
    let late = shell.join(99, Role::Speaker, "hall-a");
    assert_eq!(
        shell.command(late, Command::EnterBackstage {}),
        Err(RefusalCode::RoomFull)
    );
    crew.iter().take(ON_AIR_MAX).for_each(|conn| shell.on_air(*conn));
    let one_more = crew[ON_AIR_MAX];
    assert_eq!(
        shell.command(
            one_more,
            Command::PutOnAir {
                participant: None,
                countdown_s: None
            }
        ),
        Err(RefusalCode::RoomFull)
    );
    assert_eq!(
        shell.command(late, Command::EnterBackstage {}),
        Err(RefusalCode::RoomFull),
        "on air is behind too"
    );
    shell.ok(crew[0], Command::LeaveBackstage { participant: None });
    shell.on_air(one_more);
    shell.backstage(late);
}

#[test]
fn p2_entering_the_same_room_again_changes_nothing() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    shell.backstage(speaker);
    shell.on_air(speaker);
    shell.ok(speaker, Command::Enter { room: room("hall-a") });
    assert_eq!(shell.place(speaker), (Some("hall-a"), Place::OnAir));
    shell.ok(speaker, Command::Leave {});
    assert_eq!(shell.place(speaker), (None, Place::Audience));
    assert_eq!(shell.command(speaker, Command::Leave {}), Err(RefusalCode::NotInRoom));
}

#[test]
fn p5_the_event_goes_one_step_at_a_time_and_ends_for_good() {
    let open = fiera_hub::EventConfig {
        phase: EventPhase::Open,
        ..support::config()
    };
    let mut shell = Shell::with(open, 7);
    let organiser = shell.join(1, Role::Organiser, "hall-a");
    let speaker = shell.join(2, Role::Speaker, "hall-a");
    shell.backstage(speaker);
    shell.on_air(speaker);
    shell.program(8, "hall-b");
    let to = |phase| Command::SetEventPhase { phase };
    assert_eq!(
        shell.command(speaker, to(EventPhase::Live)),
        Err(RefusalCode::NotAllowed)
    );
    for wrong in [EventPhase::Draft, EventPhase::Open, EventPhase::Ended] {
        assert_eq!(shell.command(organiser, to(wrong)), Err(RefusalCode::WrongState));
    }
    shell.ok(organiser, to(EventPhase::Live));
    shell.ok(organiser, to(EventPhase::Ended));
    assert_eq!(shell.event_view(speaker).phase, EventPhase::Ended);
    assert_eq!(shell.place(speaker), (Some("hall-a"), Place::Audience));
    assert!(shell.hub.standing(person(8)).is_none(), "programs are let go");
    assert_eq!(
        shell.command(speaker, Command::EnterBackstage {}),
        Err(RefusalCode::EventClosed)
    );
    assert_eq!(
        shell.command(organiser, to(EventPhase::Open)),
        Err(RefusalCode::EventClosed)
    );
    assert_eq!(
        shell.command(speaker, Command::Enter { room: room("hall-b") }),
        Err(RefusalCode::EventClosed)
    );
    shell.program(8, "hall-b");
    assert_eq!(shell.external_refusals, [RefusalCode::EventClosed]);
    shell.open(3, Role::Attendee);
}

#[test]
fn x1_a_program_publishes_only_where_speakers_may() {
    let mut shell = Shell::new();
    shell.program(8, "lobby");
    assert_eq!(shell.external_refusals, [RefusalCode::NotAllowed]);
}

#[test]
fn x2_a_moderator_switches_a_program_off_and_on_again() {
    let mut shell = Shell::new();
    let moderator = shell.join(1, Role::Moderator, "hall-a");
    let attendee = shell.join(2, Role::Attendee, "hall-a");
    shell.program(8, "hall-a");
    let mic = |live| Command::SetSource {
        source: SourceKind::Mic,
        live,
        participant: Some(person(8)),
    };
    shell.ok(moderator, mic(false));
    assert_eq!(shell.command(attendee, mic(true)), Err(RefusalCode::NotAllowed));
    shell.ok(moderator, mic(true));
}

#[test]
fn x1_a_program_is_on_air_at_once_is_not_counted_and_leaves_whole() {
    let mut shell = Shell::new();
    let viewer = shell.join(1, Role::Attendee, "hall-a");
    shell.program(8, "hall-a");
    shell.input(Input::SourceFlow {
        participant: person(8),
        source: SourceKind::Camera,
        flowing: true,
    });
    shell.pass(COUNTS_INTERVAL_MS);
    let view = shell.room_view(viewer, "hall-a").expect("follows");
    assert_eq!((view.people, view.on_air.len()), (1, 1));
    assert_eq!(
        (view.on_air[0].name.as_str(), view.on_air[0].sources.as_slice()),
        ("OBS", [SourceKind::Camera].as_slice())
    );
    assert!(shell.event_view(viewer).rooms[0].live);
    shell.input(Input::ExternalPublisherDown {
        participant: person(8),
        left: false,
    });
    shell.pass(COUNTS_INTERVAL_MS);
    assert!(shell.on_air_seen(viewer, "hall-a").is_empty());
    assert!(!shell.event_view(viewer).rooms[0].live);
    assert_eq!(
        shell.intents.last(),
        Some(&MediaIntent::Gone { participant: person(8) })
    );
    shell.program(8, "nowhere");
    assert_eq!(shell.external_refusals, [RefusalCode::UnknownRoom]);
}

#[test]
fn x2_x3_x4_a_program_with_its_person_beside() {
    let mut shell = Shell::new();
    let tab = shell.join(1, Role::Speaker, "hall-b");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    shell.program(1, "hall-a");
    assert_eq!(shell.place(tab), (Some("hall-a"), Place::OnAir));
    assert_eq!(
        shell.command(tab, Command::Enter { room: room("hall-b") }),
        Err(RefusalCode::WrongState)
    );
    assert_eq!(shell.command(tab, Command::Leave {}), Err(RefusalCode::WrongState));
    shell.input(Input::SourceFlow {
        participant: person(1),
        source: SourceKind::Mic,
        flowing: true,
    });
    assert_eq!(shell.you(tab).sources, [SourceKind::Mic]);
    let off = Command::SetSource {
        source: SourceKind::Mic,
        live: false,
        participant: Some(person(1)),
    };
    shell.ok(moderator, off);
    assert!(shell.you(tab).sources.is_empty());
    shell.ok(tab, MIC_ON);
    assert_eq!(shell.you(tab).sources, [SourceKind::Mic]);
    shell.input(Input::ExternalPublisherDown {
        participant: person(1),
        left: false,
    });
    assert_eq!(shell.place(tab), (Some("hall-a"), Place::Audience));
}

#[test]
fn x1_a_person_leaves_and_their_program_stays() {
    let mut shell = Shell::new();
    let tab = shell.join(1, Role::Attendee, "hall-a");
    let viewer = shell.join(2, Role::Attendee, "hall-a");
    shell.program(1, "hall-a");
    shell.close(tab);
    shell.pass(60_000);
    assert_eq!(shell.on_air_seen(viewer, "hall-a"), [person(1)]);
    assert_eq!(shell.event_view(viewer).people, 1);
    let again = shell.open(1, Role::Attendee);
    assert_eq!(shell.place(again), (Some("hall-a"), Place::OnAir));
}

#[test]
fn s7_only_who_is_on_air_speaks_and_newcomers_know() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    shell.backstage(speaker);
    shell.on_air(speaker);
    let speaking = |who: &[u128]| Input::Speaking {
        room: room("hall-a"),
        participants: who.iter().map(|n| person(*n)).collect(),
    };
    shell.input(speaking(&[7, 1]));
    let viewer = shell.join(2, Role::Attendee, "hall-a");
    assert_eq!(
        shell.room_view(viewer, "hall-a").map(|view| view.speaking.clone()),
        Some(vec![person(1)])
    );
    shell.take(viewer);
    shell.input(speaking(&[1, 7]));
    assert_eq!(shell.take(viewer), [], "nothing changed");
    shell.ok(speaker, Command::TakeOffAir { participant: None });
    assert_eq!(
        shell.room_view(viewer, "hall-a").map(|view| view.speaking.len()),
        Some(0)
    );
}

#[test]
fn s8_the_roster_does_not_tell_the_audience_what_backstage_has_switched_on() {
    let mut shell = Shell::new();
    let speaker = shell.join(1, Role::Speaker, "hall-a");
    let viewer = shell.join(2, Role::Attendee, "hall-a");
    shell.backstage(speaker);
    shell.ok(speaker, MIC_ON);
    let sources = |shell: &mut Shell| {
        shell.take(viewer);
        shell.input(Input::Roster {
            conn: viewer,
            after: None,
        });
        match &shell.take(viewer)[..] {
            [ServerMessage::RosterPage { people, .. }] => people[0].sources.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(sources(&mut shell), []);
    shell.on_air(speaker);
    assert_eq!(sources(&mut shell), [SourceKind::Mic]);
}

#[test]
fn x5_a_program_that_comes_back_in_time_keeps_its_place_and_stays_muted() {
    let mut shell = Shell::new();
    let moderator = shell.join(1, Role::Moderator, "hall-a");
    let up = || Input::ExternalPublisherUp {
        participant: person(8),
        name: name("OBS"),
        room: room("hall-a"),
    };
    shell.input(up());
    shell.input(Input::SourceFlow {
        participant: person(8),
        source: SourceKind::Mic,
        flowing: true,
    });
    shell.ok(
        moderator,
        Command::SetSource {
            source: SourceKind::Mic,
            live: false,
            participant: Some(person(8)),
        },
    );
    shell.intents.clear();
    shell.take(moderator);
    shell.input(up());
    assert_eq!(shell.intents, [], "nothing changed for the media plane");
    assert_eq!(shell.take(moderator), [], "nor for anybody else");
    let standing = shell.hub.standing(person(8)).expect("here");
    assert!(standing.on_air && !standing.live.contains(&SourceKind::Mic));
}

#[test]
fn x3_whose_program_is_on_a_full_stage_gets_in_beside_it() {
    let mut shell = Shell::new();
    let tab = shell.join(1, Role::Attendee, "hall-a");
    shell.program(1, "hall-a");
    shell.close(tab);
    shell.pass(60_000);
    for who in 2..=4 {
        shell.join(who, Role::Attendee, "hall-a");
    }
    let again = shell.open(1, Role::Attendee);
    assert_eq!(shell.place(again), (Some("hall-a"), Place::OnAir));
}
