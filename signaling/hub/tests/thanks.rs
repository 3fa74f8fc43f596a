// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Thanks between participants: private until who was thanked shows them, and gone for good when erased (SPEC.md PR20-PR23).

mod support;

use fiera_hub::{ConnectionId, Input};
use fiera_protocol::client::Command;
use fiera_protocol::ids::{AuthorSecret, Role, ThanksId};
use fiera_protocol::limits::{THANKS_PER_PERSON_MAX, THANKS_PER_WINDOW_MAX, THANKS_SHOWN_MAX};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::thanks::ThanksStep;
use fiera_protocol::view::EventPhase;
use support::fair::SECRET;
use support::{Shell, person};

const SHOWN_WITH: AuthorSecret = AuthorSecret::from_u128(0x5e7);

fn run(shell: &mut Shell, conn: ConnectionId, step: ThanksStep) -> Result<(), RefusalCode> {
    shell.command(conn, Command::Thanks { step })
}

fn give(to: u128) -> ThanksStep {
    ThanksStep::Give {
        participant: person(to),
        text: Some("For the clear answers".parse().expect("a text")),
        secret: SECRET,
    }
}

fn show(thanks: ThanksId) -> ThanksStep {
    ThanksStep::Show {
        thanks,
        secret: SHOWN_WITH,
    }
}

fn erase(thanks: ThanksId, secret: Option<AuthorSecret>) -> ThanksStep {
    ThanksStep::Erase { thanks, secret }
}

/// Grace (2) was thanked by Ada (1); 3 looks on, 4 moderates.
fn thanked() -> (Shell, [ConnectionId; 4], ThanksId) {
    let mut shell = Shell::new();
    let roles = [
        (1, Role::Attendee),
        (2, Role::Speaker),
        (3, Role::Attendee),
        (4, Role::Moderator),
    ];
    let conns = roles.map(|(who, role)| shell.open(who, role));
    assert_eq!(run(&mut shell, conns[0], give(2)), Ok(()));
    let thanks = shell.you(conns[1]).thanks[0].thanks;
    (shell, conns, thanks)
}

#[test]
fn pr21_nobody_else_sees_a_thanks_until_who_was_thanked_shows_it() {
    let (mut shell, [ada, grace, other, moderator], thanks) = thanked();
    let heard =
        |shell: &Shell, conn: ConnectionId| format!("{:?}", shell.clients[&conn].received).contains("clear answers");
    assert!(heard(&shell, grace));
    for conn in [ada, other, moderator] {
        assert!(!heard(&shell, conn), "not even who gave it, nor moderators");
        assert_eq!(run(&mut shell, conn, show(thanks)), Err(RefusalCode::UnknownItem));
    }
    assert_eq!(run(&mut shell, grace, show(thanks)), Ok(()));
    let public = shell.event_view(other).thanks.clone();
    assert_eq!(
        (public.len(), public[0].text.as_deref()),
        (1, Some("For the clear answers"))
    );
    assert!(shell.you(grace).thanks[0].shown);
    assert_eq!(
        run(&mut shell, grace, ThanksStep::Hide { thanks, secret: None }),
        Ok(())
    );
    assert!(shell.event_view(other).thanks.is_empty() && !shell.you(grace).thanks[0].shown);
    shell.restart();
    let grace = shell.open(2, Role::Speaker);
    assert_eq!(
        shell.you(grace).thanks[0].text.as_deref(),
        Some("For the clear answers"),
        "hers as before"
    );
}

#[test]
fn pr20_thanks_are_for_others_who_are_here_once_and_not_too_many() {
    let (mut shell, [ada, ..], _) = thanked();
    assert_eq!(run(&mut shell, ada, give(1)), Err(RefusalCode::NotAllowed), "oneself");
    assert_eq!(run(&mut shell, ada, give(99)), Err(RefusalCode::UnknownParticipant));
    assert_eq!(run(&mut shell, ada, give(2)), Err(RefusalCode::WrongState), "already");
    for who in 10..10 + u128::from(THANKS_PER_WINDOW_MAX) - 1 {
        shell.open(who, Role::Attendee);
        assert_eq!(run(&mut shell, ada, give(who)), Ok(()));
    }
    assert_eq!(run(&mut shell, ada, give(3)), Err(RefusalCode::TooFast));
    let moderator = shell.join(5, Role::Moderator, "hall-a");
    shell.ok(
        moderator,
        Command::Silence {
            participant: person(3),
            on: true,
        },
    );
    let silenced = shell.open(3, Role::Attendee);
    assert_eq!(run(&mut shell, silenced, give(2)), Err(RefusalCode::Silenced));
}

#[test]
fn pr21_what_is_shown_stands_in_the_same_order_after_a_restart_and_is_at_most_fifty() {
    let (mut shell, [ada, grace, other, _], first) = thanked();
    assert_eq!(run(&mut shell, other, give(2)), Ok(()));
    let second = shell.you(grace).thanks.iter().find(|one| one.thanks != first);
    let second = second.expect("another one").thanks;
    let hide = |thanks| ThanksStep::Hide { thanks, secret: None };
    for step in [show(first), show(second), hide(first), show(first)] {
        assert_eq!(run(&mut shell, grace, step), Ok(()));
    }
    let ids =
        |shell: &Shell, conn| -> Vec<ThanksId> { shell.event_view(conn).thanks.iter().map(|one| one.thanks).collect() };
    assert_eq!(ids(&shell, ada), [second, first]);
    shell.restart();
    let grace = shell.open(2, Role::Speaker);
    assert_eq!(ids(&shell, grace), [second, first]);
    let giver = |who: u128| 100 + who;
    let mut shown = vec![second, first];
    for who in 0..THANKS_PER_PERSON_MAX as u128 - 2 {
        let conn = shell.open(giver(who), Role::Attendee);
        assert_eq!(run(&mut shell, conn, give(2)), Ok(()));
        let fresh = shell
            .you(grace)
            .thanks
            .iter()
            .find(|one| !one.shown)
            .expect("a new one")
            .thanks;
        assert_eq!(run(&mut shell, grace, show(fresh)), Ok(()));
        shown.push(fresh);
    }
    let late = shell.open(giver(99), Role::Attendee);
    assert_eq!(
        run(&mut shell, late, give(2)),
        Err(RefusalCode::TooMany),
        "50 for one person"
    );
    assert_eq!(ids(&shell, late), shown);
    // One more, for somebody else, and the first drops out.
    assert_eq!(run(&mut shell, grace, give(giver(99))), Ok(()));
    let more = shell.you(late).thanks[0].thanks;
    assert_eq!(run(&mut shell, late, show(more)), Ok(()));
    shown.push(more);
    assert_eq!(ids(&shell, grace), shown[shown.len() - THANKS_SHOWN_MAX..]);
    shell.restart();
    let grace = shell.open(2, Role::Speaker);
    assert_eq!(ids(&shell, grace), shown[shown.len() - THANKS_SHOWN_MAX..]);
}

#[test]
fn pr22_who_gave_was_thanked_or_moderates_erases_for_good() {
    let (mut shell, [ada, grace, other, moderator], thanks) = thanked();
    assert_eq!(
        run(&mut shell, other, erase(thanks, None)),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(
        run(&mut shell, moderator, erase(thanks, None)),
        Err(RefusalCode::UnknownItem),
        "they do not see it"
    );
    assert_eq!(run(&mut shell, ada, erase(thanks, Some(SECRET))), Ok(()));
    assert!(shell.you(grace).thanks.is_empty() && shell.kept.texts.is_empty());
    assert_eq!(run(&mut shell, ada, give(2)), Ok(()), "in other words");
    let thanks = shell.you(grace).thanks[0].thanks;
    assert_eq!(run(&mut shell, grace, erase(thanks, None)), Ok(()));
    assert_eq!(
        run(&mut shell, ada, give(2)),
        Err(RefusalCode::WrongState),
        "who does not want it is left alone"
    );
    assert_eq!(run(&mut shell, other, give(2)), Ok(()));
    let thanks = shell.you(grace).thanks[0].thanks;
    assert_eq!(run(&mut shell, grace, show(thanks)), Ok(()));
    assert_eq!(run(&mut shell, moderator, erase(thanks, None)), Ok(()));
    assert!(shell.event_view(other).thanks.is_empty() && shell.you(grace).thanks.is_empty());
    assert!(shell.kept.texts.is_empty(), "no word and no name is left");
}

#[test]
fn pr23_after_the_event_only_what_is_shown_is_left_and_secrets_still_take_it_back() {
    let (mut shell, [ada, grace, other, _], thanks) = thanked();
    assert_eq!(run(&mut shell, other, give(2)), Ok(()));
    assert_eq!(run(&mut shell, grace, show(thanks)), Ok(()));
    let organiser = shell.open(9, Role::Organiser);
    shell.ok(
        organiser,
        Command::SetEventPhase {
            phase: EventPhase::Ended,
        },
    );
    assert!(shell.kept.working.is_empty());
    assert_eq!(shell.kept.texts.len(), 2, "the words that are shown, and the name");
    assert!(shell.you(grace).thanks.is_empty() && shell.event_view(ada).thanks.len() == 1);
    assert_eq!(shell.hub.recap().thanks.len(), 1);
    shell.input(Input::Mine {
        conn: grace,
        secrets: vec![SHOWN_WITH],
    });
    let found = matches!(
        shell.clients[&grace].received.last(),
        Some(ServerMessage::Mine { thanks: of, .. }) if of.len() == 1 && of[0].thanks == thanks
    );
    assert!(found, "the secret finds it");
    let hide = |secret| ThanksStep::Hide { thanks, secret };
    assert_eq!(
        run(&mut shell, other, hide(Some(SECRET))),
        Err(RefusalCode::UnknownItem)
    );
    assert_eq!(run(&mut shell, grace, hide(Some(SHOWN_WITH))), Ok(()));
    assert!(shell.event_view(ada).thanks.is_empty() && shell.kept.texts.is_empty());
}

#[test]
fn pr23_b2_no_row_of_a_thanks_has_a_time_and_no_fact_names_anybody() {
    let (mut shell, [_, grace, ..], thanks) = thanked();
    assert_eq!(run(&mut shell, grace, show(thanks)), Ok(()));
    for body in shell.kept.texts.values() {
        let text: serde_json::Value = serde_json::from_slice(body).expect("JSON");
        assert_eq!(text["unix_min"], 0, "{text}");
    }
    let ids = [1, 2].map(|who| person(who).to_string());
    for (_, body) in &shell.kept.facts {
        let fact = String::from_utf8_lossy(body);
        assert!(
            !ids.iter().any(|id| fact.contains(id.as_str())) && !fact.contains("_min"),
            "{fact}"
        );
    }
}
