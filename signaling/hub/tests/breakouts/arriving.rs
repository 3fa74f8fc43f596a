// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who comes late, who chooses a room, and how many places they see.

use fiera_protocol::breakouts::{BreakoutStep, Latecomers, RoundMode, RoundPlan};
use fiera_protocol::client::Command;
use fiera_protocol::ids::Role;
use fiera_protocol::limits::{PLACE_GRACE_MS, ROUND_GRACE_MS, ROUND_GRID_INTERVAL_MS, ROUND_NOTICE_MS};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::Change;

use crate::Fair;
use crate::support::fair::plan;
use crate::support::room;

#[test]
fn o4_latecomers_go_to_the_emptiest_room_and_nobody_above_the_capacity() {
    let mut fair = Fair::new(3);
    fair.open(2, 2);
    let late = fair.shell.join(50, Role::Attendee, "lobby");
    let yours = fair.shell.you(late).breakout.clone().expect("a seat");
    assert!(yours.goes_at_unix_ms.is_some());
    fair.shell.pass(ROUND_NOTICE_MS);
    assert_eq!(fair.shell.place(late).0, Some(yours.room.as_str()));
    let round = fair.round();
    assert!(
        round
            .rooms
            .iter()
            .all(|room| room.seated.len() == 2 && room.people == 2),
        "{round:?}"
    );
    let too_late = fair.shell.join(51, Role::Attendee, "lobby");
    fair.shell.pass(ROUND_NOTICE_MS);
    assert_eq!(fair.shell.place(too_late).0, Some("lobby"), "all rooms are full");
    let other = round
        .rooms
        .iter()
        .find(|room| room.room != yours.room)
        .expect("two rooms")
        .room
        .clone();
    assert_eq!(
        fair.shell.command(late, Command::Enter { room: other.clone() }),
        Err(RefusalCode::NotAllowed),
        "another's room"
    );
    assert_eq!(fair.seat(round.round, 51, 0), Err(RefusalCode::RoomFull));
    fair.shell.ok(fair.organiser, Command::Enter { room: other });
}

#[test]
fn o4_people_choose_rooms_that_have_space() {
    let mut fair = Fair::new(3);
    let round = fair.prepare(plan(2, RoundMode::SelfSelect, 1));
    fair.run(BreakoutStep::Send { round });
    let rooms: Vec<_> = fair.round().rooms.iter().map(|room| room.room.clone()).collect();
    fair.shell.pass(ROUND_NOTICE_MS);
    assert!(fair.all_back(), "nobody is moved");
    fair.shell.ok(fair.people[0], Command::Enter { room: rooms[0].clone() });
    let full = Command::Enter { room: rooms[0].clone() };
    assert_eq!(
        fair.shell.command(fair.people[1], full.clone()),
        Err(RefusalCode::RoomFull)
    );
    fair.shell.ok(fair.people[0], Command::Enter { room: rooms[1].clone() });
    fair.shell.ok(fair.people[1], full);
    fair.shell.ok(fair.people[1], Command::Leave {});
    fair.shell.ok(fair.people[2], Command::Enter { room: rooms[0].clone() });
    fair.run(BreakoutStep::BringBack {});
    fair.shell.pass(ROUND_GRACE_MS);
    assert_eq!(fair.room_of(0).as_deref(), Some("lobby"));
    assert_eq!(fair.room_of(1), None, "left by themselves");
}

#[test]
fn o11_who_chooses_sees_the_places_that_are_left_at_most_twice_a_second() {
    let mut fair = Fair::new(5);
    let round = fair.prepare(plan(2, RoundMode::SelfSelect, 2));
    fair.run(BreakoutStep::Send { round });
    let rooms: Vec<_> = fair.round().rooms.iter().map(|room| room.room.clone()).collect();
    let left = |fair: &Fair| {
        let view = fair.shell.event_view(fair.people[4]);
        view.breakout.as_ref().map(|breakout| breakout.free.clone())
    };
    assert_eq!(left(&fair), Some(vec![2, 2]));
    fair.shell.pass(ROUND_GRID_INTERVAL_MS);
    let watcher = fair.people[4];
    fair.shell.take(watcher);
    for nth in 0..3 {
        let place = rooms[nth % 2].clone();
        fair.shell.ok(fair.people[nth], Command::Enter { room: place });
    }
    fair.shell.pass(ROUND_GRID_INTERVAL_MS);
    let told = fair.shell.take(watcher);
    let told = told.iter().filter_map(|one| match one {
        ServerMessage::Update { change, .. } => Some(change),
        _ => None,
    });
    let told: Vec<_> = told
        .filter(|change| matches!(change, Change::Breakout { .. } | Change::BreakoutPlaces { .. }))
        .cloned()
        .collect();
    let free = |free: &[u16]| Change::BreakoutPlaces { free: free.to_vec() };
    assert_eq!(told, [free(&[1, 2]), free(&[0, 1])], "numbers alone, the first at once");
    // A seat is taken while its owner is away, and free again once they choose another or walk out.
    fair.shell.close(fair.people[1]);
    fair.shell.ok(fair.people[0], Command::Leave {});
    fair.shell.pass(PLACE_GRACE_MS);
    assert_eq!(left(&fair), Some(vec![1, 1]));
    fair.shell.restart();
    fair.people[4] = fair.shell.join(4, Role::Attendee, "lobby");
    fair.organiser = fair.shell.join(100, Role::Organiser, "lobby");
    assert_eq!(left(&fair), Some(vec![1, 1]), "seats are kept");
    fair.run(BreakoutStep::BringBack {});
    assert_eq!(left(&fair), Some(Vec::new()), "nobody chooses any more");
}

#[test]
fn o11_where_nobody_chooses_no_number_of_places_is_told() {
    for (latecomers, free) in [(Latecomers::Placed, vec![]), (Latecomers::Choose, vec![1, 1])] {
        let mut fair = Fair::new(2);
        let plan = RoundPlan {
            latecomers,
            ..plan(2, RoundMode::Random, 2)
        };
        let round = fair.prepare(plan);
        fair.run(BreakoutStep::Send { round });
        let left = |fair: &Fair| {
            let view = fair.shell.event_view(fair.organiser);
            view.breakout.as_ref().map(|breakout| breakout.free.clone())
        };
        assert_eq!(left(&fair), Some(vec![]), "announced: {latecomers:?}");
        fair.shell.pass(ROUND_NOTICE_MS);
        assert_eq!(left(&fair), Some(free), "open: {latecomers:?}");
    }
}

#[test]
fn o4_a_latecomer_who_chose_a_room_and_walked_out_leaves_the_place_to_others() {
    let mut fair = Fair::new(1);
    let choose = RoundPlan {
        latecomers: Latecomers::Choose,
        ..plan(1, RoundMode::Random, 2)
    };
    let round = fair.prepare(choose);
    fair.run(BreakoutStep::Send { round });
    fair.shell.pass(ROUND_NOTICE_MS);
    let place = fair.round().rooms[0].room.clone();
    let (late, later) = (
        fair.shell.join(50, Role::Attendee, "lobby"),
        fair.shell.join(51, Role::Attendee, "lobby"),
    );
    let enter = Command::Enter { room: place };
    fair.shell.ok(late, enter.clone());
    assert_eq!(fair.shell.command(later, enter.clone()), Err(RefusalCode::RoomFull));
    fair.shell.ok(late, Command::Enter { room: room("lobby") });
    assert_eq!(fair.placements(), 1, "the place is free");
    fair.shell.ok(later, enter.clone());
    fair.shell.ok(fair.people[0], Command::Enter { room: room("lobby") });
    assert_eq!(
        fair.shell.command(late, enter),
        Err(RefusalCode::RoomFull),
        "a place that was drawn stays its owner's"
    );
}

#[test]
fn o4_a_moderator_with_a_seat_looks_into_a_full_room_and_keeps_their_seat() {
    let mut fair = Fair::new(1);
    let round = fair.prepare(plan(2, RoundMode::Assigned, 1));
    assert_eq!(fair.seat(round, 0, 0), Ok(()));
    assert_eq!(fair.seat(round, 100, 1), Ok(()));
    fair.run(BreakoutStep::Send { round });
    fair.shell.pass(ROUND_NOTICE_MS);
    for visited in ["breakout-1-1", "lobby"] {
        let enter = Command::Enter { room: room(visited) };
        fair.shell.ok(fair.organiser, enter);
        let own = fair.shell.you(fair.organiser).breakout.clone().expect("a seat");
        assert_eq!(own.room, room("breakout-1-2"), "their own, from {visited}");
        assert_eq!(own.goes_at_unix_ms, None, "who left by themselves is not moved again");
    }
    let seated: Vec<usize> = fair.round().rooms.iter().map(|room| room.seated.len()).collect();
    assert_eq!(seated, [1, 1], "nobody above the capacity");
}
