// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The table of SPEC.md and the code say the same, cell by cell.

use std::collections::BTreeMap;

use fiera_protocol::ids::{Role, RoomKind};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::view::EventPhase;

use super::{Deed, check};

const ROLES: [Role; 5] = [
    Role::Attendee,
    Role::Captioner,
    Role::Speaker,
    Role::Moderator,
    Role::Organiser,
];
const KINDS: [RoomKind; 4] = [RoomKind::Lobby, RoomKind::Stage, RoomKind::Stand, RoomKind::Breakout];
const PHASES: [(EventPhase, &str); 4] = [
    (EventPhase::Draft, "draft"),
    (EventPhase::Open, "open"),
    (EventPhase::Live, "live"),
    (EventPhase::Ended, "ended"),
];

/// The rows of the table under "Who may do what": what, then the cells.
fn table() -> BTreeMap<String, Vec<String>> {
    let spec = include_str!("../../../protocol/SPEC.md");
    let (_, chapter) = spec.split_once("\n## A. ").expect("the chapter");
    let (chapter, _) = chapter.split_once("\n## ").expect("its end");
    let cells = |line: &str| {
        line.trim_matches('|')
            .split('|')
            .map(|c| c.trim().to_owned())
            .collect::<Vec<_>>()
    };
    let rows = chapter.lines().filter(|line| line.starts_with("| ")).skip(1).map(cells);
    rows.map(|mut row| (row.remove(0), row)).collect()
}

fn cell_allows(cell: &str, kind: RoomKind) -> bool {
    match cell {
        "yes" => true,
        "no" => false,
        "publishing" => kind != RoomKind::Lobby,
        "breakout" => kind == RoomKind::Breakout,
        other => panic!("unknown word in the table: {other}"),
    }
}

#[test]
fn a1_the_table_in_the_spec_is_what_the_code_does() {
    let table = table();
    assert_eq!(
        table.len(),
        Deed::ALL.len(),
        "a row without a deed, or a deed without a row"
    );
    for &(deed, name) in Deed::ALL {
        let row = table.get(name).unwrap_or_else(|| panic!("no row for {name}"));
        let [cells @ .., phases] = row.as_slice() else {
            panic!("{row:?}")
        };
        for (role, cell) in ROLES.iter().zip(cells) {
            for kind in KINDS {
                for (phase, word) in PHASES {
                    let in_phase = phases.split(", ").any(|listed| listed == word);
                    let organiser_in_draft = phase == EventPhase::Draft && *role == Role::Organiser;
                    let expected = cell_allows(cell, kind) && (in_phase || organiser_in_draft);
                    let found = check(deed, *role, kind, phase).is_ok();
                    assert_eq!(found, expected, "{name}, {role:?}, {kind:?}, {phase:?}");
                }
            }
        }
    }
}

#[test]
fn a1_a_higher_role_may_do_all_that_a_lower_one_may() {
    for &(deed, name) in Deed::ALL {
        for kind in KINDS {
            for (phase, _) in PHASES {
                let allowed = ROLES.map(|role| check(deed, role, kind, phase).is_ok());
                assert!(allowed.is_sorted(), "{name} {kind:?} {phase:?} {allowed:?}");
            }
        }
    }
}

#[test]
fn a2_a3_the_refusal_names_the_reason() {
    let code = |deed, role, phase| check(deed, role, RoomKind::Stage, phase).expect_err("refused").code;
    assert_eq!(
        code(Deed::Connect, Role::Moderator, EventPhase::Draft),
        RefusalCode::EventClosed
    );
    assert_eq!(
        code(Deed::Enter, Role::Organiser, EventPhase::Ended),
        RefusalCode::EventClosed
    );
    assert_eq!(
        code(Deed::EnterBackstage, Role::Attendee, EventPhase::Live),
        RefusalCode::NotAllowed
    );
}

#[test]
fn a5_an_event_of_ten_thousand_takes_no_more_attendees() {
    let code = |role, people| super::fits_event(role, people).map_err(|refusal| refusal.code);
    assert_eq!(code(Role::Attendee, 9_999), Ok(()));
    assert_eq!(code(Role::Attendee, 10_000), Err(RefusalCode::RoomFull));
    assert_eq!(code(Role::Speaker, 10_000), Ok(()));
}
