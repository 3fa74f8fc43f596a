// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use fiera_protocol::ids::Role;

use super::super::regia::Regia;
use super::super::toy::{Fault, Toy, room_id};
use super::*;

const BOTS: usize = 30;
const FIVE_MINUTES_MS: u64 = 300_000;

fn fair(fault: Fault, moderated: bool) -> Toy {
    let mut toy = Toy::new(fault, moderated);
    let board = Arc::new(Board::default());
    for number in 1..=BOTS {
        let bot = Bot::new(number, BOTS, room_id(), board.clone(), 42).unwrap();
        toy.join(Box::new(bot), Role::Attendee);
    }
    toy.join(Box::new(Regia::new(room_id(), 42)), Role::Moderator);
    toy
}

#[test]
fn a_crowd_does_everything_at_a_readable_pace_and_finds_nothing_wrong() {
    let mut toy = fair(Fault::None, false);
    toy.run(FIVE_MINUTES_MS);
    assert!(toy.position().n > 200);
    let report = toy.tally.report(BOTS, 300.0);
    assert!(report.is_clean(), "{:?}", report.told);
    for kind in [
        "ask",
        "upvote",
        "vote",
        "chat",
        "react",
        "raise_hand",
        "lower_hand",
        "set_question",
        "set_poll",
    ] {
        let accepted = report.commands.get(kind).map_or(0, |of| of.accepted);
        assert!(accepted > 0, "no {kind}: {:?}", report.commands);
    }
    assert!(
        report.reconnects > 5 && report.compared > 50 && report.kept > 300,
        "{report:?}"
    );
    let busiest = toy.chat_times.iter().map(|from| {
        let near = |at: &&u64| (*from..from + 10_000).contains(*at);
        toy.chat_times.iter().filter(near).count()
    });
    assert!(busiest.max() <= Some(8), "chat is too fast to be read");
    let answered = |stage| matches!(stage, QuestionStage::Answered | QuestionStage::FollowUp);
    assert!(toy.room().questions.iter().any(|known| answered(known.stage)));
}

#[test]
fn favourites_emerge_among_the_questions() {
    let mut toy = fair(Fault::None, false);
    toy.run(FIVE_MINUTES_MS);
    let mut upvotes: Vec<u32> = toy.room().questions.iter().map(|known| known.upvotes).collect();
    upvotes.sort_unstable();
    let (least, most) = (upvotes[0], upvotes[upvotes.len() - 1]);
    assert!(most >= 8 && most > 2 * least, "{upvotes:?}");
}

#[test]
fn a_moderated_room_gets_its_questions_from_the_moderator_bot() {
    let mut toy = fair(Fault::None, true);
    toy.run(FIVE_MINUTES_MS);
    let report = toy.tally.report(BOTS, 300.0);
    assert!(report.is_clean(), "{:?}", report.told);
    assert!(!toy.room().questions.is_empty());
    assert!(
        report.excused > 0,
        "nobody sees their own question before it is published"
    );
}

#[test]
fn the_same_seed_is_the_same_crowd() {
    let texts = || {
        let mut toy = fair(Fault::None, false);
        toy.run(120_000);
        toy.room().chat.iter().map(|said| said.text.clone()).collect::<Vec<_>>()
    };
    let once = texts();
    assert!(!once.is_empty());
    assert_eq!(once, texts());
}

#[test]
fn c1_what_was_accepted_and_never_appears_is_reported() {
    let mut toy = fair(Fault::LosesChat, false);
    toy.run(120_000);
    let report = toy.tally.report(BOTS, 120.0);
    assert!(report.missing > 0 && !report.is_clean());
    assert!(report.told[0].contains("never seen"), "{:?}", report.told);
}

#[test]
fn c2_what_appears_twice_is_reported() {
    let mut toy = fair(Fault::DoublesChat, false);
    toy.run(120_000);
    let report = toy.tally.report(BOTS, 120.0);
    assert!(report.doubled > 0 && !report.is_clean());
}

#[test]
fn s2_snapshots_that_disagree_with_updates_are_reported() {
    let mut toy = fair(Fault::Skewed, false);
    toy.run(240_000);
    assert!(toy.tally.report(BOTS, 240.0).divergences > 0);
}

#[test]
fn s3_a_lost_update_is_mended_and_counted() {
    let mut toy = fair(Fault::DropsOne, false);
    toy.run(300_000);
    let report = toy.tally.report(BOTS, 300.0);
    assert!(report.gaps > 0 && report.is_clean(), "{report:?}");
}
