// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The programme: changed live by organisers who do not undo each other, and by the setup between two starts (SPEC.md PR1-PR6).

mod support;

use fiera_hub::{ConnectionId, EventConfig, PreparedPoll, PreparedSlot};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{Localised, PollPhase};
use fiera_protocol::ids::{Role, SlotId};
use fiera_protocol::poll::{PollDraft, PollForm};
use fiera_protocol::programme::{AgendaSlot, ProgrammeStep, SlotDraft, SlotTitles};
use fiera_protocol::refusal::RefusalCode;
use support::{HALLS, Shell, config, room};

const START_MS: u64 = 1_790_000_000_000;
const HOUR_MS: u64 = 3_600_000;

fn draft(title: &str, starts: u64) -> SlotDraft {
    SlotDraft {
        room: room(HALLS[0]),
        title: SlotTitles {
            it: None,
            en: Some(title.parse().expect("a title")),
        },
        speakers: vec!["Ada Lovelace".parse().expect("a name")],
        starts_unix_ms: starts,
        ends_unix_ms: starts + HOUR_MS,
        track: Default::default(),
        notes: Default::default(),
        poll: None,
    }
}

fn run(shell: &mut Shell, conn: ConnectionId, step: ProgrammeStep) -> Result<(), RefusalCode> {
    shell.command(conn, Command::Programme { step })
}

fn add(shell: &mut Shell, conn: ConnectionId, title: &str, starts: u64) -> SlotId {
    let step = ProgrammeStep::Add {
        draft: Box::new(draft(title, starts)),
        idea: None,
    };
    assert_eq!(run(shell, conn, step), Ok(()));
    serde_json::from_value(shell.last_fact()["slot"].clone()).expect("an id")
}

fn agenda(shell: &Shell, conn: ConnectionId) -> Vec<AgendaSlot> {
    shell.event_view(conn).agenda.clone()
}

fn titles(shell: &Shell, conn: ConnectionId) -> Vec<String> {
    agenda(shell, conn)
        .into_iter()
        .filter_map(|slot| slot.title.en)
        .collect()
}

fn prepared(name: &str, starts: u64) -> PreparedSlot {
    PreparedSlot {
        name: name.to_owned(),
        room: room(HALLS[0]),
        title: Localised {
            it: None,
            en: Some(name.to_owned()),
        },
        speakers: Vec::new(),
        starts_unix_ms: starts,
        ends_unix_ms: starts + HOUR_MS,
        track: None,
        notes: None,
        poll: None,
        poll_opens: false,
    }
}

fn with(slots: Vec<PreparedSlot>) -> EventConfig {
    EventConfig {
        agenda: slots,
        ..config()
    }
}

#[test]
fn pr2_everybody_follows_what_organisers_add_move_cancel_and_erase() {
    let mut shell = Shell::new();
    let organiser = shell.open(1, Role::Organiser);
    let attendee = shell.open(2, Role::Attendee);
    let late = add(&mut shell, organiser, "Late", START_MS + HOUR_MS);
    let early = add(&mut shell, organiser, "Early", START_MS);
    assert_eq!(
        titles(&shell, attendee),
        ["Early", "Late"],
        "in the order of their times"
    );
    let step = ProgrammeStep::Set {
        slot: early,
        revision: 0,
        draft: Box::new(draft("Moved", START_MS + 2 * HOUR_MS)),
    };
    assert_eq!(run(&mut shell, organiser, step), Ok(()));
    assert_eq!(titles(&shell, attendee), ["Late", "Moved"]);
    let step = ProgrammeStep::Cancel {
        slot: late,
        revision: 0,
        cancelled: true,
    };
    assert_eq!(run(&mut shell, organiser, step), Ok(()));
    let seen = agenda(&shell, attendee);
    assert_eq!((seen[0].cancelled, seen[0].revision, seen[1].revision), (true, 1, 1));
    assert_eq!(seen[1].slot, early, "the slot stays the same");
    assert_eq!(
        run(
            &mut shell,
            organiser,
            ProgrammeStep::Erase {
                slot: early,
                revision: 1
            }
        ),
        Ok(())
    );
    assert_eq!(titles(&shell, attendee), ["Late"]);
    assert_eq!(
        shell.kept.texts.len(),
        1,
        "the words of what was moved, and erased, are gone"
    );
    let before = agenda(&shell, attendee);
    shell.restart();
    let attendee = shell.open(2, Role::Attendee);
    assert_eq!(agenda(&shell, attendee), before);
}

#[test]
fn pr3_of_two_organisers_at_once_the_second_is_told_and_undoes_nothing() {
    let mut shell = Shell::new();
    let [ada, bea] = [1, 2].map(|who| shell.open(who, Role::Organiser));
    let slot = add(&mut shell, ada, "Talk", START_MS);
    let step = ProgrammeStep::Set {
        slot,
        revision: 0,
        draft: Box::new(draft("Hers", START_MS)),
    };
    assert_eq!(run(&mut shell, ada, step), Ok(()));
    for step in [
        ProgrammeStep::Set {
            slot,
            revision: 0,
            draft: Box::new(draft("Theirs", START_MS)),
        },
        ProgrammeStep::Cancel {
            slot,
            revision: 0,
            cancelled: true,
        },
        ProgrammeStep::Erase { slot, revision: 0 },
    ] {
        assert_eq!(run(&mut shell, bea, step), Err(RefusalCode::WrongState));
    }
    assert_eq!(titles(&shell, bea), ["Hers"]);
    let gone = ProgrammeStep::Erase {
        slot: SlotId::from_u128(1),
        revision: 0,
    };
    assert_eq!(run(&mut shell, bea, gone), Err(RefusalCode::UnknownItem));
}

#[test]
fn pr1_a_slot_that_cannot_be_is_refused() {
    let mut shell = Shell::new();
    let organiser = shell.open(1, Role::Organiser);
    let moderator = shell.open(2, Role::Moderator);
    let good = || draft("Talk", START_MS);
    let mut refused = |draft: SlotDraft| {
        let step = ProgrammeStep::Add {
            draft: Box::new(draft),
            idea: None,
        };
        run(&mut shell, organiser, step).expect_err("refused")
    };
    assert_eq!(
        refused(SlotDraft {
            title: SlotTitles::default(),
            ..good()
        }),
        RefusalCode::Text
    );
    for ends_unix_ms in [START_MS, START_MS - 1, START_MS + 25 * HOUR_MS, u64::MAX] {
        assert_eq!(refused(SlotDraft { ends_unix_ms, ..good() }), RefusalCode::Malformed);
    }
    assert_eq!(
        refused(SlotDraft {
            room: room("nowhere"),
            ..good()
        }),
        RefusalCode::UnknownRoom
    );
    let speakers = vec!["Ada".parse().expect("a name"); 21];
    assert_eq!(refused(SlotDraft { speakers, ..good() }), RefusalCode::TooMany);
    let poll = Some(fiera_protocol::ids::PollId::from_u128(1));
    assert_eq!(refused(SlotDraft { poll, ..good() }), RefusalCode::UnknownItem);
    let step = ProgrammeStep::Add {
        draft: Box::new(good()),
        idea: None,
    };
    assert_eq!(run(&mut shell, moderator, step), Err(RefusalCode::NotAllowed));
    assert_eq!(shell.kept.facts.len(), 0, "nothing of it was kept");
}

#[test]
fn pr4_what_was_changed_in_the_event_wins_over_the_setup_for_good() {
    let mut shell = Shell::with(
        with(vec![prepared("One", START_MS), prepared("Two", START_MS + HOUR_MS)]),
        7,
    );
    let organiser = shell.open(1, Role::Organiser);
    let [one, two] = [0, 1].map(|nth| agenda(&shell, organiser)[nth].clone());
    assert_eq!((one.revision, one.changed_unix_ms), (0, None));
    let step = ProgrammeStep::Set {
        slot: one.slot,
        revision: 0,
        draft: Box::new(draft("Changed", START_MS)),
    };
    assert_eq!(run(&mut shell, organiser, step), Ok(()));
    assert_eq!(titles(&shell, organiser), ["Changed", "Two"]);
    // The setup moves both, and brings a third one.
    let later = |name, hours| prepared(name, START_MS + hours * HOUR_MS);
    shell.reconfigure(with(vec![later("One", 5), later("Two", 6), later("Three", 7)]));
    shell.restart();
    let organiser = shell.open(1, Role::Organiser);
    let seen = agenda(&shell, organiser);
    assert_eq!(titles(&shell, organiser), ["Changed", "Two", "Three"]);
    assert_eq!(seen[0].starts_unix_ms, START_MS, "theirs");
    assert_eq!(
        (seen[1].slot, seen[1].revision),
        (two.slot, 1),
        "another version of the same slot"
    );
    assert!(seen[1].changed_unix_ms.is_some());
    // Taken out in the event, it does not come back; left out of the setup, it is gone unless it was changed.
    let step = ProgrammeStep::Erase {
        slot: two.slot,
        revision: 1,
    };
    assert_eq!(run(&mut shell, organiser, step), Ok(()));
    shell.reconfigure(with(vec![later("Two", 6)]));
    shell.restart();
    let organiser = shell.open(1, Role::Organiser);
    assert_eq!(titles(&shell, organiser), ["Changed"]);
}

#[test]
fn pr4_a_start_with_the_same_setup_keeps_nothing_new() {
    let mut shell = Shell::with(with(vec![prepared("One", START_MS)]), 7);
    shell.open(1, Role::Organiser);
    let kept = shell.kept.facts.len();
    for _ in 0..3 {
        shell.restart();
        shell.open(1, Role::Organiser);
    }
    assert_eq!(shell.kept.facts.len(), kept);
}

fn with_poll(opens: bool) -> (Shell, ConnectionId) {
    let now_ms = 1_790_000_001_000;
    let mut config = with(vec![PreparedSlot {
        poll: Some("pulse".to_owned()),
        poll_opens: opens,
        ..prepared("One", now_ms - HOUR_MS + 60_000)
    }]);
    config.rooms[0].polls = vec![PreparedPoll {
        name: "pulse".to_owned(),
        draft: PollDraft {
            question: "How was it?".parse().expect("a question"),
            form: PollForm::Rating { from: 1, to: 5 },
            options: Vec::new(),
            quiz: Vec::new(),
            answers_min: None,
        },
    }];
    let mut shell = Shell::with(config, 7);
    let moderator = shell.join(1, Role::Moderator, HALLS[0]);
    (shell, moderator)
}

fn phase(shell: &Shell, moderator: ConnectionId) -> PollPhase {
    shell.moderators_view(moderator, HALLS[0]).expect("moderates").polls[0].phase
}

#[test]
fn pr6_the_poll_of_a_slot_is_offered_and_opens_by_itself_only_where_the_setup_says_so() {
    for opens in [false, true] {
        let (mut shell, moderator) = with_poll(opens);
        let known = shell.moderators_view(moderator, HALLS[0]).expect("moderates").polls[0].poll;
        assert_eq!(
            agenda(&shell, moderator)[0].poll,
            Some(known),
            "moderators can be offered it"
        );
        shell.pass(50_000);
        assert_eq!(phase(&shell, moderator), PollPhase::Draft, "not before the end");
        shell.pass(20_000);
        let expected = if opens { PollPhase::Open } else { PollPhase::Draft };
        assert_eq!(phase(&shell, moderator), expected);
    }
}

#[test]
fn pr6_nothing_opens_by_itself_beside_an_open_poll_or_for_a_cancelled_slot() {
    let (mut shell, moderator) = with_poll(true);
    let options = ["Yes", "No"].map(|option| option.parse().expect("an option")).to_vec();
    shell.ok(
        moderator,
        Command::DraftPoll {
            question: "More?".parse().expect("a question"),
            options,
        },
    );
    let other = shell.moderators_view(moderator, HALLS[0]).expect("moderates").polls[1].poll;
    shell.ok(
        moderator,
        Command::SetPoll {
            poll: other,
            phase: PollPhase::Open,
        },
    );
    shell.pass(70_000);
    assert_eq!(phase(&shell, moderator), PollPhase::Draft);

    let (mut shell, moderator) = with_poll(true);
    let organiser = shell.open(2, Role::Organiser);
    let slot = agenda(&shell, organiser)[0].slot;
    let step = ProgrammeStep::Cancel {
        slot,
        revision: 0,
        cancelled: true,
    };
    assert_eq!(run(&mut shell, organiser, step), Ok(()));
    shell.pass(70_000);
    assert_eq!(phase(&shell, moderator), PollPhase::Draft);
}

#[test]
fn pr6_a_slot_that_is_brought_forward_or_ended_while_the_server_was_away_opens_its_poll_too() {
    let (mut shell, moderator) = with_poll(true);
    let organiser = shell.open(2, Role::Organiser);
    let slot = agenda(&shell, organiser)[0].clone();
    let draft = SlotDraft {
        poll: slot.poll,
        ends_unix_ms: slot.ends_unix_ms - 40_000,
        ..draft("Sooner", slot.starts_unix_ms)
    };
    let step = ProgrammeStep::Set {
        slot: slot.slot,
        revision: 0,
        draft: Box::new(draft),
    };
    assert_eq!(run(&mut shell, organiser, step), Ok(()));
    shell.pass(30_000);
    assert_eq!(
        phase(&shell, moderator),
        PollPhase::Open,
        "not at the end that it had before"
    );

    let (mut shell, _) = with_poll(true);
    shell.unix_ms += 120_000;
    shell.restart();
    let moderator = shell.join(1, Role::Moderator, HALLS[0]);
    shell.pass(1);
    assert_eq!(phase(&shell, moderator), PollPhase::Open, "it ended a minute ago");
    let (mut shell, _) = with_poll(true);
    shell.unix_ms += 1_200_000;
    shell.restart();
    let moderator = shell.join(1, Role::Moderator, HALLS[0]);
    shell.pass(1);
    assert_eq!(phase(&shell, moderator), PollPhase::Draft, "that is too long ago");
}
