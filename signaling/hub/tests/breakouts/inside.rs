// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What goes on within the rooms.

use fiera_protocol::breakouts::{BreakoutStep, HelpStage};
use fiera_protocol::client::Command;
use fiera_protocol::ids::CardId;
use fiera_protocol::limits::ROUND_GRACE_MS;
use fiera_protocol::refusal::RefusalCode;

use crate::support::fair::say;
use crate::support::{person, room};
use crate::{Fair, MINUTE_MS, OTHER_SECRET, SECRET};

#[test]
fn u3_moderators_of_a_breakout_room_know_who_was_silenced_before_it_was_made() {
    let mut fair = Fair::new(1);
    let silence = Command::Silence {
        participant: person(0),
        on: true,
    };
    fair.shell.ok(fair.organiser, silence);
    fair.open(1, 2);
    let place = room("breakout-1-1");
    fair.shell.ok(fair.organiser, Command::Enter { room: place });
    let view = fair
        .shell
        .moderators_view(fair.organiser, "breakout-1-1")
        .expect("follows");
    let silenced: Vec<_> = view.restricted.iter().map(|one| one.participant).collect();
    assert_eq!(silenced, [person(0)]);
}

#[test]
fn o6_nothing_of_one_room_is_heard_in_another() {
    let mut fair = Fair::new(4);
    fair.open(2, 2);
    let home = fair.room_of(0).expect("a room");
    let (with, other): (Vec<usize>, Vec<usize>) = (1..4).partition(|nth| fair.room_of(*nth).as_deref() == Some(&home));
    for conn in &fair.people {
        fair.shell.clients.get_mut(conn).expect("connected").received.clear();
    }
    fair.shell.ok(fair.people[0], say("only here"));
    let step = BreakoutStep::AddCard {
        text: "only here".parse().expect("a card"),
        secret: SECRET,
    };
    assert_eq!(fair.shell.step(fair.people[0], step), Ok(()));
    assert_eq!(
        fair.shell.step(fair.people[0], BreakoutStep::CallHelp { on: true }),
        Ok(())
    );
    fair.shell.pass(MINUTE_MS / 60);
    let heard = |nth: usize| {
        format!("{:?}", fair.shell.clients[&fair.people[nth]].received)
            .matches("only here")
            .count()
    };
    assert_eq!(with.iter().map(|nth| heard(*nth)).collect::<Vec<_>>(), [2]);
    assert_eq!(other.iter().map(|nth| heard(*nth)).collect::<Vec<_>>(), [0, 0]);
    for nth in other {
        let place = fair.room_of(nth).expect("a room");
        assert_eq!(
            fair.shell.room_view(fair.people[nth], &place).expect("follows").help,
            None
        );
        assert_ne!(
            fair.shell.media[&person(nth as u128)].room,
            fair.shell.media[&person(0)].room
        );
    }
    assert!(fair.shell.hub.board(&room(&home)).is_none(), "no projector looks in");
}

#[test]
fn o7_a_room_calls_for_help_and_cards_outlive_it() {
    let mut fair = Fair::new(2);
    fair.open(1, 2);
    let (a, b) = (fair.people[0], fair.people[1]);
    let home = room("breakout-1-1");
    assert_eq!(fair.shell.step(a, BreakoutStep::CallHelp { on: true }), Ok(()));
    assert_eq!(fair.round().rooms[0].help, Some(HelpStage::Called));
    fair.run(BreakoutStep::Acknowledge { room: home.clone() });
    assert_eq!(
        fair.shell.room_view(b, "breakout-1-1").expect("follows").help,
        Some(HelpStage::Coming)
    );
    assert_eq!(fair.shell.step(b, BreakoutStep::CallHelp { on: false }), Ok(()));
    let acknowledge = BreakoutStep::Acknowledge { room: home };
    assert_eq!(
        fair.shell.step(fair.organiser, acknowledge),
        Err(RefusalCode::WrongState),
        "taken back"
    );
    for text in ["Small steps", "Roll bak"] {
        let text = text.parse().expect("a card");
        assert_eq!(
            fair.shell.step(a, BreakoutStep::AddCard { text, secret: SECRET }),
            Ok(())
        );
    }
    let card: CardId = serde_json::from_value(fair.shell.last_fact()["card"].clone()).expect("an id");
    let words = vec!["spam".parse().expect("a word")];
    fair.shell.ok(fair.organiser, Command::SetWordFilter { words });
    let spam = || "Spam!".parse().expect("a card");
    for step in [
        BreakoutStep::AddCard {
            text: spam(),
            secret: SECRET,
        },
        BreakoutStep::EditCard {
            card,
            text: spam(),
            secret: SECRET,
        },
    ] {
        assert_eq!(fair.shell.step(a, step), Err(RefusalCode::Filtered), "K9");
    }
    let text = || "Roll back".parse().expect("a card");
    let secret = OTHER_SECRET;
    let edit = fair.shell.step(
        b,
        BreakoutStep::EditCard {
            card,
            text: text(),
            secret,
        },
    );
    assert_eq!(edit, Err(RefusalCode::NotAllowed), "another's");
    let secret = SECRET;
    assert_eq!(
        fair.shell.step(
            a,
            BreakoutStep::EditCard {
                card,
                text: text(),
                secret
            }
        ),
        Ok(())
    );
    for (conn, up) in [(a, true), (b, true), (b, true)] {
        assert_eq!(fair.shell.step(conn, BreakoutStep::VoteCard { card, up }), Ok(()));
    }
    assert_eq!(fair.shell.you(b).card_votes, [card]);
    let shown = fair.shell.room_view(b, "breakout-1-1").expect("follows").cards.clone();
    assert_eq!(
        shown
            .iter()
            .map(|card| (card.text.as_str(), card.votes))
            .collect::<Vec<_>>(),
        [("Small steps", 0), ("Roll back", 2)]
    );
    fair.run(BreakoutStep::BringBack {});
    fair.shell.pass(ROUND_GRACE_MS);
    assert_eq!(fair.placements(), 0, "votes are counted and their owners forgotten");
    let notes = fair.shell.hub.recap().breakouts;
    let cards: Vec<_> = notes[0]
        .cards
        .iter()
        .map(|card| (card.text.as_str(), card.votes))
        .collect();
    assert_eq!(
        (notes[0].title.as_str(), cards),
        ("Testing", vec![("Roll back", 2), ("Small steps", 0)])
    );
    assert_eq!(
        fair.shell.step(
            a,
            BreakoutStep::EraseCard {
                card,
                secret: Some(SECRET)
            }
        ),
        Ok(()),
        "also later"
    );
    assert_eq!(fair.shell.hub.recap().breakouts[0].cards.len(), 1);
}
