// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A talk that breaks off is announced, and goes on.

use fiera_hub::Input;
use fiera_protocol::client::Command;
use fiera_protocol::ids::{Role, SourceKind};
use fiera_protocol::limits::{PLACE_GRACE_MS, RESUMING_AFTER_MS};
use fiera_protocol::stage::{StageShow, StageStep};
use fiera_protocol::view::EventPhase;

use crate::support::{Shell, name, person, room};
use crate::{HALL, flows, show, sound_off, source, speaks, stage};

#[test]
fn st6_a_talk_that_breaks_off_is_announced_and_goes_on_by_itself() {
    let mut shell = Shell::new();
    let viewer = shell.join(3, Role::Attendee, HALL);
    speaks(&mut shell, 1);
    flows(&mut shell, 1, false);
    shell.pass(RESUMING_AFTER_MS - 1);
    assert!(!show(&shell, viewer).resuming, "a short break is none");
    shell.pass(1);
    assert!(show(&shell, viewer).resuming);
    shell.restart();
    let viewer = shell.join(3, Role::Attendee, HALL);
    assert!(show(&shell, viewer).resuming, "the server came back before the speaker");
    speaks(&mut shell, 1);
    assert!(!show(&shell, viewer).resuming);
}

#[test]
fn st6_what_is_done_on_purpose_or_never_began_is_no_break() {
    let mut shell = Shell::new();
    let viewer = shell.join(3, Role::Moderator, HALL);
    let ada = shell.join(1, Role::Speaker, HALL);
    shell.backstage(ada);
    shell.ok(ada, source(SourceKind::Mic, true));
    shell.on_air(ada);
    shell.pass(2 * RESUMING_AFTER_MS);
    assert!(!show(&shell, viewer).resuming, "not heard yet");
    flows(&mut shell, 1, true);
    shell.ok(ada, source(SourceKind::Mic, false));
    flows(&mut shell, 1, false);
    shell.pass(2 * RESUMING_AFTER_MS);
    assert!(!show(&shell, viewer).resuming, "switched off");
    shell.ok(ada, source(SourceKind::Mic, true));
    flows(&mut shell, 1, true);
    shell.ok(viewer, sound_off(true));
    flows(&mut shell, 1, false);
    shell.pass(2 * RESUMING_AFTER_MS);
    assert!(!show(&shell, viewer).resuming, "silenced by a moderator");
    flows(&mut shell, 1, true);
    shell.ok(viewer, sound_off(false));
    shell.ok(ada, Command::LeaveBackstage { participant: None });
    flows(&mut shell, 1, false);
    shell.pass(2 * RESUMING_AFTER_MS);
    assert!(!show(&shell, viewer).resuming, "went back");
}

#[test]
fn st6_losing_who_speaks_is_a_break_until_somebody_is_heard_or_a_moderator_ends_it() {
    let mut shell = Shell::new();
    let moderator = shell.join(9, Role::Moderator, HALL);
    let bo = speaks(&mut shell, 2);
    shell.close(bo);
    flows(&mut shell, 2, false);
    shell.pass(PLACE_GRACE_MS + RESUMING_AFTER_MS);
    assert!(show(&shell, moderator).resuming, "lost");
    shell.ok(moderator, stage(StageStep::EndPause {}));
    shell.pass(2 * RESUMING_AFTER_MS);
    assert!(!show(&shell, moderator).resuming);
    speaks(&mut shell, 2);
    flows(&mut shell, 2, false);
    shell.pass(RESUMING_AFTER_MS);
    assert!(show(&shell, moderator).resuming, "what comes after is another break");
    shell.ok(moderator, stage(StageStep::EndPause {}));
    shell.pass(2 * RESUMING_AFTER_MS);
    assert!(!show(&shell, moderator).resuming, "it holds while nothing arrives");
}

#[test]
fn st6_a_program_that_ends_is_a_break_and_one_that_comes_back_ends_it() {
    let mut shell = Shell::new();
    let viewer = shell.join(3, Role::Attendee, HALL);
    let up = |shell: &mut Shell| {
        shell.input(Input::ExternalPublisherUp {
            participant: person(5),
            name: name("OBS"),
            room: room(HALL),
        });
        flows(shell, 5, true);
    };
    up(&mut shell);
    let down = |shell: &mut Shell, left| {
        flows(shell, 5, false);
        shell.input(Input::ExternalPublisherDown {
            participant: person(5),
            left,
        });
        shell.pass(RESUMING_AFTER_MS);
    };
    down(&mut shell, true);
    assert!(!show(&shell, viewer).resuming, "it said that it ends");
    up(&mut shell);
    down(&mut shell, false);
    assert!(show(&shell, viewer).resuming);
    up(&mut shell);
    assert!(!show(&shell, viewer).resuming);
}

#[test]
fn st6_to_end_a_pause_that_is_none_changes_nothing_and_an_empty_stage_waits_for_nobody() {
    let mut shell = Shell::new();
    let moderator = shell.join(9, Role::Moderator, HALL);
    let ada = speaks(&mut shell, 1);
    shell.ok(moderator, stage(StageStep::EndPause {}));
    flows(&mut shell, 1, false);
    shell.pass(RESUMING_AFTER_MS);
    assert!(show(&shell, moderator).resuming, "the next break is told");
    let participant = Some(person(1));
    shell.ok(moderator, Command::TakeOffAir { participant });
    assert!(!show(&shell, moderator).resuming, "taken off the air on purpose");
    shell.close(ada);
    shell.pass(PLACE_GRACE_MS + 2 * RESUMING_AFTER_MS);
    assert!(!show(&shell, moderator).resuming);
}

#[test]
fn st6_another_speaker_who_is_heard_makes_it_no_break_and_the_end_ends_it() {
    let mut shell = Shell::new();
    let organiser = shell.join(9, Role::Organiser, HALL);
    speaks(&mut shell, 1);
    let bo = speaks(&mut shell, 2);
    flows(&mut shell, 1, false);
    shell.pass(2 * RESUMING_AFTER_MS);
    assert!(!show(&shell, organiser).resuming, "Bo is heard");
    flows(&mut shell, 2, false);
    shell.pass(RESUMING_AFTER_MS);
    assert!(show(&shell, bo).resuming);
    let phase = EventPhase::Ended;
    shell.ok(organiser, Command::SetEventPhase { phase });
    assert_eq!(show(&shell, organiser), StageShow::default());
}
