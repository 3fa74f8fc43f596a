// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A killed server, a clock that jumps, and whatever people do: nobody is lost.

use fiera_hub::ConnectionId;
use fiera_protocol::breakouts::{BreakoutStep, RoundMode, RoundPhase};
use fiera_protocol::client::Command;
use fiera_protocol::ids::Role;
use fiera_protocol::limits::{PLACE_GRACE_MS, ROUND_GRACE_MS, ROUND_NOTICE_MS};
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::Place;
use proptest::prelude::*;

use crate::support::fair::plan;
use crate::support::{person, room};
use crate::{Fair, MINUTE_MS};

#[test]
fn o8_a_killed_server_brings_everybody_back_into_their_room_with_the_time_that_is_left() {
    let mut fair = Fair::new(4);
    fair.open(2, 2);
    fair.shell.pass(5 * MINUTE_MS);
    let tokens: Vec<_> = fair
        .people
        .iter()
        .map(|conn| fair.shell.clients[conn].resume.clone())
        .collect();
    let rooms: Vec<_> = (0..4).map(|nth| fair.room_of(nth)).collect();
    let ends = fair
        .shell
        .event_view(fair.organiser)
        .breakout
        .as_ref()
        .expect("runs")
        .until_unix_ms;
    fair.shell.restart();
    fair.organiser = fair.shell.join(100, Role::Organiser, "lobby");
    fair.people = (0..4)
        .zip(tokens)
        .map(|(who, token)| fair.shell.open_with(who, Role::Attendee, token))
        .collect();
    assert_eq!((0..4).map(|nth| fair.room_of(nth)).collect::<Vec<_>>(), rooms);
    for conn in fair.people.clone() {
        let told = fair.shell.take(conn);
        let welcomed = |one: &ServerMessage| matches!(one, ServerMessage::Welcome { resumed: true, .. });
        assert!(told.iter().any(welcomed), "{told:?}");
        let refused = |one: &ServerMessage| matches!(one, ServerMessage::Refused { .. });
        assert!(!told.iter().any(refused), "{told:?}");
        assert_eq!(fair.shell.you(conn).place, Place::OnAir);
    }
    let breakout = fair.shell.event_view(fair.organiser).breakout.clone().expect("runs on");
    assert_eq!((breakout.phase, breakout.until_unix_ms), (RoundPhase::Open, ends));
    fair.shell.pass(10 * MINUTE_MS - 1);
    assert_eq!(fair.phase(), Some(RoundPhase::Open));
    fair.shell.pass(1);
    assert_eq!(fair.phase(), Some(RoundPhase::Closing));
    // Who was away at the end comes back to where everybody is.
    let token = fair.shell.clients[&fair.people[3]].resume.clone();
    fair.shell.close(fair.people[3]);
    fair.shell.pass(ROUND_GRACE_MS + PLACE_GRACE_MS);
    fair.people[3] = fair.shell.open_with(3, Role::Attendee, token);
    assert!(fair.all_back());
}

#[test]
fn o9_a_clock_that_jumps_while_the_server_is_away_neither_prolongs_a_round_nor_cuts_its_end_short() {
    for (jump_ms, phase_after_ms) in [(-3_600_000_i64, 15 * MINUTE_MS), (3_600_000, 0)] {
        let mut fair = Fair::new(2);
        fair.open(1, 2);
        fair.shell.pass(5 * MINUTE_MS);
        fair.shell.restart();
        fair.shell.unix_ms = fair.shell.unix_ms.checked_add_signed(jump_ms).expect("a time");
        fair.organiser = fair.shell.join(100, Role::Organiser, "lobby");
        fair.shell.pass(phase_after_ms);
        assert_eq!(fair.phase(), Some(RoundPhase::Closing), "{jump_ms}");
        fair.shell.pass(ROUND_GRACE_MS - 1);
        assert_eq!(fair.phase(), Some(RoundPhase::Closing), "the grace is whole: {jump_ms}");
        fair.shell.pass(1);
        assert_eq!(fair.phase(), None);
    }
}

/// Whether nobody's seat in a round that was sent is known any more; those of a draft may be.
fn round_is_forgotten(fair: &Fair) -> bool {
    let sent = fair
        .shell
        .kept
        .facts
        .iter()
        .any(|(_, body)| String::from_utf8_lossy(body).contains("round_moved"));
    !sent || fair.placements() == 0
}

#[derive(Debug, Clone)]
enum Op {
    Step(usize, u8),
    Enter(usize, usize),
    Leave(usize),
    Close(usize),
    Open(usize),
    Pass(u64),
    Restart,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        6 => (0..7_usize, 0..8_u8).prop_map(|(who, step)| Op::Step(who, step)),
        5 => (0..7_usize, 0..4_usize).prop_map(|(who, place)| Op::Enter(who, place)),
        1 => (0..7_usize).prop_map(Op::Leave),
        2 => (0..7_usize).prop_map(Op::Close),
        3 => (0..7_usize).prop_map(Op::Open),
        4 => prop::sample::select(vec![1, ROUND_NOTICE_MS, PLACE_GRACE_MS, ROUND_GRACE_MS, 15 * MINUTE_MS]).prop_map(Op::Pass),
        1 => Just(Op::Restart),
    ];
    prop::collection::vec(op, 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever people do: nobody is in two rooms, no room holds more attendees than it may, and in the end everybody is
    /// out of the rooms and nothing says who was where. The hub checks its own invariants after every input.
    #[test]
    fn o10_nobody_is_lost(mode in prop::sample::select(vec![RoundMode::SelfSelect, RoundMode::Random, RoundMode::Assigned]), ops in ops()) {
        const CAPACITY: u16 = 3;
        let mut fair = Fair::new(6);
        let round = fair.prepare(plan(2, mode, CAPACITY));
        let rooms = ["breakout-1-1", "breakout-1-2", "lobby", "corner"];
        let mut open: Vec<Option<ConnectionId>> = fair.people.iter().copied().map(Some).collect();
        open.push(Some(fair.organiser));
        let id = |nth: usize| if nth == 6 { 100 } else { nth as u128 };
        let role = |nth: usize| if nth == 6 { Role::Organiser } else { Role::Attendee };
        for op in ops {
            match op {
                Op::Step(who, step) => {
                    let Some(conn) = open[who] else { continue };
                    let step = match step {
                        0 => BreakoutStep::Send { round },
                        1 => BreakoutStep::Deal { round },
                        2 => BreakoutStep::BringBack {},
                        3 => BreakoutStep::Extend { minutes: 5 },
                        4 => BreakoutStep::Stay {},
                        5 => BreakoutStep::CallHelp { on: true },
                        6 => BreakoutStep::Seat { round, participant: person(id(who)), room: Some(room(rooms[who % 2])), facilitator: false },
                        _ => BreakoutStep::Seat { round, participant: person((who + 1) as u128 % 6), room: Some(room(rooms[0])), facilitator: false },
                    };
                    let conn = if matches!(step, BreakoutStep::Stay {} | BreakoutStep::CallHelp { .. }) { Some(conn) } else { open[6] };
                    let Some(conn) = conn else { continue };
                    let _ = fair.shell.step(conn, step);
                }
                Op::Enter(who, place) => {
                    let Some(conn) = open[who] else { continue };
                    let _ = fair.shell.command(conn, Command::Enter { room: room(rooms[place]) });
                }
                Op::Leave(who) => {
                    let Some(conn) = open[who] else { continue };
                    let _ = fair.shell.command(conn, Command::Leave {});
                }
                Op::Close(who) => if let Some(conn) = open[who].take() { fair.shell.close(conn) },
                Op::Open(who) => if open[who].is_none() { open[who] = Some(fair.shell.open(id(who), role(who))) },
                Op::Pass(ms) => fair.shell.pass(ms),
                Op::Restart => {
                    fair.shell.restart();
                    open = vec![None; 7];
                }
            }
            for place in &rooms[..2] {
                let inside = fair.shell.hub.room_people(&room(place)).unwrap_or(0);
                let organiser = open[6].is_some_and(|conn| fair.shell.place(conn).0 == Some(*place));
                prop_assert!(inside <= u32::from(CAPACITY) + u32::from(organiser), "{place} holds {inside}");
            }
        }
        // Whatever the round was doing: it ends, at the latest by the clock after an organiser asked for it.
        fair.shell.pass(ROUND_NOTICE_MS);
        let organiser = fair.shell.open(100, Role::Organiser);
        let _ = fair.shell.step(organiser, BreakoutStep::BringBack {});
        fair.shell.pass(ROUND_GRACE_MS);
        prop_assert_eq!(&fair.shell.event_view(organiser).breakout, &None, "a round that does not end");
        prop_assert!(round_is_forgotten(&fair), "somebody's seat is still known");
        for place in &rooms[..2] {
            prop_assert_eq!(fair.shell.hub.room_people(&room(place)).unwrap_or(0), 0);
        }
    }
}
