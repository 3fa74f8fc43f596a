// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use fiera_protocol::client::ClientMessage;
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

/// A bot that has been told of a round of breakouts, and what it sends within a minute.
fn in_round(room: &str, round: serde_json::Value) -> Vec<Command> {
    let golden = include_str!("../../../../signaling/protocol/golden/stream_state.json");
    let mut golden: serde_json::Value = serde_json::from_str(golden).unwrap();
    golden["event"]["breakout"] = round;
    golden["you"]["room"] = room.into();
    golden["you"]["place"] = "on_air".into();
    golden["you"]["breakout"] = serde_json::Value::Null;
    golden["room"]["room"] = room.into();
    if room == room_id().as_str() {
        golden["you"]["place"] = "audience".into();
    }
    let mut bot = Bot::new(1, 1, room_id(), Arc::default(), 42).unwrap();
    let mut member = Member::new("demo".parse().unwrap(), Arc::default());
    let _ = member.hello("token", &bot);
    let welcome = serde_json::json!({"kind": "welcome", "version": 1, "server_unix_ms": 0, "resumed": false});
    let streams = [
        ("event", serde_json::json!({"of": "event"})),
        ("you", serde_json::json!({"of": "you"})),
        ("room", serde_json::json!({"of": "room", "room": room})),
    ];
    let snapshot = |(of, stream)| serde_json::json!({"kind": "snapshot", "stream": stream, "epoch": 1, "n": 1, "state": golden[of]});
    let told: Vec<_> = std::iter::once(welcome).chain(streams.map(snapshot)).collect();
    member.hear(0, &serde_json::to_string(&told).unwrap(), &mut bot);
    assert!(member.is_welcome() && member.mirror.event().is_some_and(|event| event.breakout.is_some()));
    let mut sent = vec![];
    for now_ms in (0..60_000).step_by(500) {
        bot.wake(now_ms, &mut member);
        let commands = member.take_out().into_iter().filter_map(|message| match message {
            ClientMessage::Command { command, .. } => Some(command),
            _ => None,
        });
        sent.extend(commands);
    }
    sent
}

fn round(mode: &str) -> serde_json::Value {
    let room = |nth: u8| serde_json::json!({"room": format!("breakout-1-{nth}"), "title": "Testing", "topic": null});
    serde_json::json!({
        "round": "5b0f6a2c-9d14-4a77-8f3e-71c2d0a9e411", "from": room_id(), "phase": "open", "mode": mode,
        "latecomers": "placed", "capacity": 8, "free": [0, 3, 0], "rooms": [room(1), room(2), room(3)],
        "until_unix_ms": 1_789_035_300_000_u64, "told": null,
    })
}

#[test]
fn who_was_sent_to_a_breakout_room_stays_there_and_talks() {
    let sent = in_round("breakout-1-2", round("random"));
    let leaves = |one: &Command| matches!(one, Command::Enter { .. } | Command::LeaveBackstage { .. });
    assert!(!sent.iter().any(leaves), "{sent:?}");
    assert!(sent.iter().any(|one| matches!(one, Command::Chat { .. })), "{sent:?}");
}

#[test]
fn who_may_choose_a_breakout_room_takes_one_with_a_free_place() {
    let entered = |sent: Vec<Command>| {
        let mut rooms = sent.into_iter().filter_map(|one| match one {
            Command::Enter { room } => Some(room.to_string()),
            _ => None,
        });
        rooms.next()
    };
    assert_eq!(
        entered(in_round("main", round("self_select"))).as_deref(),
        Some("breakout-1-2")
    );
    assert_eq!(entered(in_round("main", round("random"))), None, "waits to be sent");
}
