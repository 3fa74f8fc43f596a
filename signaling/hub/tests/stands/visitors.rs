// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What visitors ask, leave and say at a stand, and what is known of them.

use fiera_hub::Input;
use fiera_protocol::client::Command;
use fiera_protocol::fair::QuestionStage;
use fiera_protocol::ids::{ParticipantId, Role};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::stands::{StandState, StandStep};
use fiera_protocol::view::{EventPhase, Place};

use crate::support::fair::set;
use crate::support::{Shell, person};
use crate::{OTHER, SECRET, asked, fair, leave, listed, messages, reuse, room_of, step};

#[test]
fn j12_questions_of_a_stand_are_in_the_table_the_board_and_the_recap() {
    let (mut shell, stand, [keeper, visitor, moderator]) = fair();
    let room = room_of(&shell, visitor);
    for conn in [visitor, moderator] {
        shell.ok(conn, Command::Enter { room: room.clone() });
    }
    let question = shell.ask(visitor, "Which licence?");
    shell.ok(
        moderator,
        set(question, QuestionStage::Published, QuestionStage::FollowUp),
    );
    let rows = shell.hub.question_rows();
    assert_eq!(
        rows.iter()
            .map(|row| (row.room_title.as_str(), row.text.as_str()))
            .collect::<Vec<_>>(),
        [("Desk", "Which licence?")]
    );
    let promised = |shell: &mut Shell| {
        shell.take(keeper);
        shell.input(Input::FollowUps { conn: keeper });
        match shell.take(keeper).pop() {
            Some(ServerMessage::FollowUps { questions }) => questions.len(),
            other => panic!("{other:?}"),
        }
    };
    let told = |shell: &Shell| {
        let rooms = shell.hub.recap().rooms.into_iter();
        rooms
            .filter(|of| of.room == room)
            .map(|of| (of.title, of.questions.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(promised(&mut shell), 1);
    assert_eq!(told(&shell), [("Desk".to_owned(), 1)]);
    let hide = StandStep::Set {
        stand,
        state: StandState::Hidden,
    };
    assert_eq!(step(&mut shell, moderator, hide), Ok(()));
    assert_eq!((promised(&mut shell), told(&shell)), (0, vec![]), "hidden");
    assert_eq!(shell.hub.question_rows().len(), 1, "organisers have all of them");
}

#[test]
fn j8_messages_are_for_keepers_alone_also_after_the_end() {
    let (mut shell, stand, [keeper, visitor, moderator]) = fair();
    let organiser = shell.open(4, Role::Organiser);
    assert_eq!(leave(&mut shell, visitor, stand, "Call me\nplease", false), Ok(()));
    assert_eq!(leave(&mut shell, visitor, stand, "Well done", true), Ok(()));
    assert_eq!(shell.you(keeper).keeps[0].messages, 2);
    for stranger in [visitor, moderator, organiser] {
        assert_eq!(
            messages(&mut shell, stranger, stand, None),
            Err(RefusalCode::NotAllowed)
        );
        assert_eq!(
            messages(&mut shell, stranger, stand, Some(OTHER)),
            Err(RefusalCode::NotAllowed)
        );
    }
    let read = messages(&mut shell, keeper, stand, None).expect("theirs");
    let by: Vec<Option<&str>> = read.iter().map(|one| one.by.as_ref().map(|by| by.as_str())).collect();
    assert_eq!(by, [Some("Ada"), None]);
    assert_eq!(read[0].at_unix_ms % 60_000, 0, "to the minute");

    let erase = |message, secret| StandStep::EraseMessage {
        stand,
        message: Some(message),
        secret,
    };
    let refused = step(&mut shell, moderator, erase(read[0].message, None));
    assert_eq!(refused, Err(RefusalCode::NotAllowed));
    assert_eq!(
        step(&mut shell, visitor, erase(read[0].message, Some(OTHER))),
        Ok(()),
        "one's own"
    );
    let mine = StandStep::EraseMessage {
        stand,
        message: None,
        secret: Some(SECRET),
    };
    assert_eq!(
        step(&mut shell, visitor, mine),
        Err(RefusalCode::UnknownItem),
        "none was left with that"
    );
    let end = Command::SetEventPhase {
        phase: EventPhase::Ended,
    };
    shell.ok(organiser, end);
    assert_eq!(
        messages(&mut shell, keeper, stand, None),
        Err(RefusalCode::NotAllowed),
        "nobody is known any more"
    );
    let left = messages(&mut shell, keeper, stand, Some(SECRET)).expect("who has the secret");
    assert_eq!(left.len(), 1);
    assert_eq!(step(&mut shell, keeper, erase(left[0].message, Some(SECRET))), Ok(()));
    assert!(
        messages(&mut shell, keeper, stand, Some(SECRET))
            .expect("theirs")
            .is_empty()
    );
}

#[test]
fn j9_each_participant_counts_once_and_names_an_organisation_or_none() {
    let (mut shell, stand, [keeper, visitor, moderator]) = fair();
    let named = |shell: &mut Shell| -> Vec<String> {
        let adopters = asked(shell, visitor, stand).expect("public").adopters;
        adopters.into_iter().map(|one| one.organisation).collect()
    };
    for of in [None, Some("Town"), Some("Town"), Some("Region")] {
        assert_eq!(reuse(&mut shell, visitor, stand, of), Ok(()));
    }
    assert_eq!(reuse(&mut shell, moderator, stand, None), Ok(()));
    shell.pass(1_000);
    assert_eq!(listed(&shell, keeper)[0].reuse, 2);
    assert_eq!(named(&mut shell), ["Region"]);
    assert_eq!(shell.you(visitor).reuses, [stand]);
    shell.restart();
    let visitor = shell.open(2, Role::Attendee);
    assert_eq!(shell.you(visitor).reuses, [stand]);
    assert_eq!(listed(&shell, visitor)[0].reuse, 2);
    let no = StandStep::Reuse {
        stand,
        on: false,
        organisation: None,
    };
    assert_eq!(step(&mut shell, visitor, no), Ok(()));
    shell.pass(1_000);
    assert_eq!(listed(&shell, visitor)[0].reuse, 1);
    assert!(asked(&mut shell, visitor, stand).expect("public").adopters.is_empty());
}

#[test]
fn j9_at_the_end_numbers_and_names_stay_and_nobody_can_be_told_from_them() {
    let (mut shell, stand, [keeper, visitor, _]) = fair();
    assert_eq!(reuse(&mut shell, visitor, stand, Some("Town")), Ok(()));
    let organiser = shell.open(4, Role::Organiser);
    let end = Command::SetEventPhase {
        phase: EventPhase::Ended,
    };
    shell.ok(organiser, end);
    assert!(shell.kept.working.is_empty(), "{:?}", shell.kept.working);
    let before = shell.hub.stand_rows();
    assert_eq!(
        (before[0].reuse, before[0].adopters.as_slice()),
        (1, &["Town".to_owned()][..])
    );
    assert!(shell.you(keeper).keeps.is_empty());
    shell.restart();
    assert_eq!(shell.hub.stand_rows(), before);
}

#[test]
fn j10_looking_at_a_stand_changes_nothing_and_is_told_to_nobody() {
    let (mut shell, stand, [keeper, visitor, moderator]) = fair();
    shell.pass(2_000);
    for conn in [keeper, moderator] {
        shell.take(conn);
    }
    let kept = shell.kept.clone();
    assert!(asked(&mut shell, visitor, stand).is_ok());
    shell.pass(2_000);
    assert_eq!(shell.kept, kept);
    for conn in [keeper, moderator] {
        assert_eq!(shell.take(conn), Vec::new());
    }
    assert_eq!(listed(&shell, keeper)[0].people, 0);
}

#[test]
fn j11_keepers_publish_at_their_stand_and_give_the_word_to_visitors() {
    let (mut shell, stand, [keeper, visitor, _]) = fair();
    let room = room_of(&shell, visitor);
    for conn in [keeper, visitor] {
        shell.ok(conn, Command::Enter { room: room.clone() });
    }
    shell.backstage(keeper);
    shell.on_air(keeper);
    assert_eq!(
        shell.command(visitor, Command::EnterBackstage {}),
        Err(RefusalCode::NotAllowed)
    );
    let word = |participant: ParticipantId, on| StandStep::GiveWord { stand, participant, on };
    assert_eq!(
        step(&mut shell, visitor, word(person(2), true)),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(
        step(&mut shell, keeper, word(person(9), true)),
        Err(RefusalCode::UnknownParticipant)
    );
    assert_eq!(step(&mut shell, keeper, word(person(2), true)), Ok(()));
    shell.backstage(visitor);
    shell.on_air(visitor);
    assert!(shell.media[&person(2)].may_publish);
    assert_eq!(step(&mut shell, keeper, word(person(2), false)), Ok(()));
    assert_eq!(shell.place(visitor).1, Place::Audience);
    assert!(!shell.media[&person(2)].may_publish);
    // Elsewhere they are what they were.
    shell.ok(
        keeper,
        Command::Enter {
            room: crate::support::room("hall-a"),
        },
    );
    assert_eq!(
        shell.command(keeper, Command::EnterBackstage {}),
        Err(RefusalCode::NotAllowed)
    );
}
