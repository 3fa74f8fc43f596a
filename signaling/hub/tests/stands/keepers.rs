// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who keeps a stand, by which secret, and what they may change.

use fiera_protocol::client::Command;
use fiera_protocol::ids::Role;
use fiera_protocol::limits::{STAND_CHANGES_PER_WINDOW_MAX, STAND_WINDOW_MS};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::stands::{StandState, StandStep};
use fiera_protocol::view::EventPhase;

use crate::{OTHER, SECRET, content, fair, listed, messages, open, own, remove, step};

#[test]
fn j4_only_keepers_change_it_and_nobody_writes_over_what_they_have_not_seen() {
    let (mut shell, stand, [keeper, visitor, moderator]) = fair();
    let edit = |revision, name| StandStep::Edit {
        stand,
        revision,
        content: Box::new(content(name)),
    };
    for stranger in [visitor, moderator] {
        assert_eq!(
            step(&mut shell, stranger, edit(0, "Mine")),
            Err(RefusalCode::NotAllowed)
        );
    }
    assert_eq!(step(&mut shell, keeper, edit(0, "Counter")), Ok(()));
    assert_eq!(step(&mut shell, keeper, edit(0, "Late")), Err(RefusalCode::WrongState));
    let now = &listed(&shell, visitor)[0];
    assert_eq!((now.name.as_str(), now.revision), ("Counter", 1));
    let kept: Vec<&[u8]> = shell.kept.texts.values().map(Vec::as_slice).collect();
    assert!(
        kept.iter().all(|text| !String::from_utf8_lossy(text).contains("Desk")),
        "the old words are gone"
    );
}

#[test]
fn j3_who_has_the_secret_keeps_it_too_and_a_restart_changes_nothing() {
    let (mut shell, stand, [_, visitor, _]) = fair();
    let keep = |secret| StandStep::Keep { stand, secret };
    assert_eq!(step(&mut shell, visitor, keep(OTHER)), Err(RefusalCode::NotAllowed));
    assert_eq!(step(&mut shell, visitor, keep(SECRET)), Ok(()));
    assert_eq!(shell.you(visitor).keeps[0].stand, stand);
    let before = listed(&shell, visitor);
    shell.restart();
    let visitor = shell.open(2, Role::Attendee);
    assert_eq!(listed(&shell, visitor), before);
    assert_eq!(shell.you(visitor).keeps[0].stand, stand);
    let content = Box::new(content("After"));
    let edit = StandStep::Edit {
        stand,
        revision: 0,
        content,
    };
    assert_eq!(step(&mut shell, visitor, edit), Ok(()));
}

#[test]
fn j4_who_opens_and_closes_a_stand_again_and_again_is_slowed_down() {
    let (mut shell, stand, [keeper, _, _]) = fair();
    // Opening it was the first.
    for nth in 1..STAND_CHANGES_PER_WINDOW_MAX {
        let state = [StandState::Open, StandState::Closed][nth as usize % 2];
        assert_eq!(step(&mut shell, keeper, StandStep::Set { stand, state }), Ok(()));
    }
    let facts = shell.kept.facts.len();
    let state = StandState::Open;
    assert_eq!(
        step(&mut shell, keeper, StandStep::Set { stand, state }),
        Err(RefusalCode::TooFast)
    );
    assert_eq!(shell.kept.facts.len(), facts, "refused: nothing is kept");
    shell.pass(STAND_WINDOW_MS);
    assert_eq!(step(&mut shell, keeper, StandStep::Set { stand, state }), Ok(()));
}

#[test]
fn j7_who_has_the_secret_removes_a_stand_after_the_end_too() {
    let (mut shell, stand, [keeper, visitor, _]) = fair();
    let organiser = shell.open(4, Role::Organiser);
    for phase in [EventPhase::Live, EventPhase::Ended] {
        if shell.event_view(organiser).phase != phase {
            shell.ok(organiser, Command::SetEventPhase { phase });
        }
    }
    let by = |secret| StandStep::Remove {
        stand,
        secret: Some(secret),
    };
    assert_eq!(
        step(&mut shell, keeper, remove(stand)),
        Err(RefusalCode::NotAllowed),
        "nobody is known as a keeper any more"
    );
    assert_eq!(step(&mut shell, visitor, by(OTHER)), Err(RefusalCode::NotAllowed));
    assert_eq!(step(&mut shell, visitor, by(SECRET)), Ok(()));
    assert!(listed(&shell, visitor).is_empty());
    assert!(shell.kept.texts.is_empty(), "{:?}", shell.kept.texts);
}

#[test]
fn j13_a_new_secret_takes_the_place_of_the_old_one_and_of_who_came_by_it() {
    let (mut shell, stand, [keeper, visitor, _]) = fair();
    let keep = |secret| StandStep::Keep { stand, secret };
    assert_eq!(step(&mut shell, visitor, keep(SECRET)), Ok(()));
    let renew = |secret, fresh| StandStep::Renew { stand, secret, fresh };
    assert_eq!(
        step(&mut shell, keeper, renew(OTHER, OTHER)),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(
        step(&mut shell, visitor, renew(SECRET, OTHER)),
        Err(RefusalCode::NotAllowed),
        "who came by the link does not shut out who opened it"
    );
    assert_eq!(step(&mut shell, keeper, renew(SECRET, OTHER)), Ok(()));
    assert_eq!((shell.you(keeper).keeps.len(), shell.you(visitor).keeps.len()), (1, 0));
    shell.restart();
    let (keeper, visitor) = (shell.open(1, Role::Attendee), shell.open(2, Role::Attendee));
    assert_eq!(shell.you(keeper).keeps.len(), 1);
    assert_eq!(step(&mut shell, visitor, keep(SECRET)), Err(RefusalCode::NotAllowed));
    assert_eq!(
        messages(&mut shell, visitor, stand, Some(SECRET)),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(own(&mut shell, keeper, SECRET), []);
    assert_eq!(own(&mut shell, keeper, OTHER), [stand]);
    assert_eq!(step(&mut shell, visitor, keep(OTHER)), Ok(()));
}

#[test]
fn j13_a_moderator_makes_a_new_link_and_who_opened_the_stand_goes_on_keeping_it() {
    let (mut shell, stand, [_, visitor, _]) = fair();
    assert_eq!(
        step(&mut shell, visitor, StandStep::Keep { stand, secret: SECRET }),
        Ok(())
    );
    shell.restart();
    let renew = StandStep::Renew {
        stand,
        secret: OTHER,
        fresh: OTHER,
    };
    let (keeper, visitor) = (shell.open(1, Role::Attendee), shell.open(2, Role::Attendee));
    let moderator = shell.open(3, Role::Moderator);
    assert_eq!(step(&mut shell, moderator, renew), Ok(()));
    assert_eq!((shell.you(keeper).keeps.len(), shell.you(visitor).keeps.len()), (1, 0));
    assert_eq!(own(&mut shell, keeper, SECRET), []);
}

#[test]
fn j3_a_stand_is_found_by_the_secret_it_was_opened_with() {
    let (mut shell, first, [keeper, visitor, _]) = fair();
    assert_eq!(open(&mut shell, keeper, "Second", OTHER), Ok(()));
    let second = listed(&shell, keeper)[1].stand;
    assert_eq!(own(&mut shell, keeper, OTHER), [second]);
    assert_eq!(own(&mut shell, visitor, SECRET), [first], "whoever has the secret");
}
