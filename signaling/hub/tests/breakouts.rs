// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Rounds of breakouts (SPEC.md, chapter O): who goes where and when, who comes back, what a restart and a wrong clock do.

mod support;

use std::collections::BTreeMap;

use fiera_hub::{ConnectionId, Side};
use fiera_protocol::breakouts::{BreakoutStep, HelpStage, Latecomers, RoundMode, RoundPhase, RoundPlan, RoundView};
use fiera_protocol::client::Command;
use fiera_protocol::ids::{AuthorSecret, CardId, Role, RoundId, SourceKind};
use fiera_protocol::limits::{PLACE_GRACE_MS, ROUND_GRACE_MS, ROUND_GRID_INTERVAL_MS, ROUND_NOTICE_MS};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Change, EventPhase, Place};
use proptest::prelude::*;
use support::fair::{plan, say};
use support::{Shell, person, room};

const MINUTE_MS: u64 = 60_000;
const SECRET: AuthorSecret = AuthorSecret::from_u128(0xca4d);
const OTHER_SECRET: AuthorSecret = AuthorSecret::from_u128(0xbad);

/// A fair with an organiser (participant 100) and attendees 0, 1, 2 and so on, all in the plenary room.
struct Fair {
    shell: Shell,
    organiser: ConnectionId,
    people: Vec<ConnectionId>,
}

impl Fair {
    fn new(people: u128) -> Self {
        let mut shell = Shell::new();
        let organiser = shell.join(100, Role::Organiser, "lobby");
        let people = (0..people)
            .map(|who| shell.join(who, Role::Attendee, "lobby"))
            .collect();
        Self {
            shell,
            organiser,
            people,
        }
    }

    fn run(&mut self, step: BreakoutStep) {
        assert_eq!(self.shell.step(self.organiser, step.clone()), Ok(()), "{step:?}");
    }

    fn prepare(&mut self, plan: RoundPlan) -> RoundId {
        self.run(BreakoutStep::Prepare { replaces: None, plan });
        self.round().round
    }

    /// The last round, as the organiser sees it once they are told.
    fn round(&mut self) -> RoundView {
        self.shell.pass(ROUND_GRID_INTERVAL_MS);
        let view = self.shell.breakouts_view(self.organiser).expect("follows breakouts");
        view.rounds.last().expect("a round").clone()
    }

    fn seat(&mut self, round: RoundId, who: u128, nth: usize) -> Result<(), RefusalCode> {
        let place = self.round().rooms[nth].room.clone();
        let step = BreakoutStep::Seat {
            round,
            participant: person(who),
            room: Some(place),
            facilitator: false,
        };
        self.shell.step(self.organiser, step)
    }

    /// A round by lot whose rooms are open.
    fn open(&mut self, rooms: usize, capacity: u16) -> RoundId {
        let round = self.prepare(plan(rooms, RoundMode::Random, capacity));
        self.run(BreakoutStep::Send { round });
        self.shell.pass(ROUND_NOTICE_MS);
        round
    }

    fn room_of(&self, nth: usize) -> Option<String> {
        self.shell.place(self.people[nth]).0.map(str::to_owned)
    }

    fn sizes(&self) -> Vec<usize> {
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        for nth in 0..self.people.len() {
            *sizes.entry(self.room_of(nth).unwrap_or_default()).or_default() += 1;
        }
        sizes.into_values().collect()
    }

    fn phase(&self) -> Option<RoundPhase> {
        let view = self.shell.event_view(self.organiser);
        view.breakout.as_ref().map(|breakout| breakout.phase)
    }

    fn all_back(&self) -> bool {
        (0..self.people.len()).all(|nth| self.room_of(nth).as_deref() == Some("lobby"))
    }

    fn placements(&self) -> usize {
        let rows = self.shell.kept.working.keys();
        rows.filter(|key| key.starts_with("placement/") || key.starts_with("help/") || key.starts_with("card"))
            .count()
    }
}

#[test]
fn o2_people_are_drawn_into_rooms_of_equal_size_told_and_moved() {
    let mut fair = Fair::new(10);
    let round = fair.prepare(plan(3, RoundMode::Random, 4));
    fair.run(BreakoutStep::Deal { round });
    let preview = fair.round();
    let mut sizes: Vec<usize> = preview.rooms.iter().map(|room| room.seated.len()).collect();
    sizes.sort_unstable();
    assert_eq!(
        (sizes, preview.unseated.len()),
        (vec![3, 3, 4], 1),
        "all but the organiser"
    );
    assert_eq!(
        fair.shell.you(fair.people[0]).breakout,
        None,
        "a draft is nobody's business"
    );
    fair.run(BreakoutStep::Send { round });
    assert_eq!(fair.phase(), Some(RoundPhase::Announced));
    let yours = fair
        .shell
        .you(fair.people[0])
        .breakout
        .clone()
        .expect("is told where to go");
    let at_unix_ms = fair.shell.unix_ms + fair.shell.mono_ms + ROUND_NOTICE_MS;
    assert_eq!(yours.goes_at_unix_ms, Some(at_unix_ms));
    fair.shell.pass(ROUND_NOTICE_MS - 1);
    assert!(fair.all_back(), "not before the time");
    fair.shell.pass(1);
    assert_eq!(fair.room_of(0).as_deref(), Some(yours.room.as_str()));
    assert_eq!(
        fair.sizes(),
        preview.rooms.iter().map(|room| room.seated.len()).collect::<Vec<_>>()
    );
    // M: on air with nothing switched on, so that a microphone needs no more than one offer.
    let standing = &fair.shell.media[&person(0)];
    assert!(standing.on_air && standing.may_publish && standing.live.is_empty() && standing.side == Side::Backstage);
    fair.shell.ok(
        fair.people[0],
        Command::SetSource {
            source: SourceKind::Mic,
            live: true,
            participant: None,
        },
    );
}

#[test]
fn o5_everybody_comes_back_after_a_grace_that_all_see() {
    let mut fair = Fair::new(6);
    fair.open(2, 3);
    fair.shell.pass(15 * MINUTE_MS - 1);
    assert_eq!(fair.phase(), Some(RoundPhase::Open));
    fair.shell.pass(1);
    assert_eq!(fair.phase(), Some(RoundPhase::Closing), "by the clock");
    fair.run(BreakoutStep::Extend { minutes: 5 });
    assert_eq!((fair.phase(), fair.round().minutes), (Some(RoundPhase::Open), 20));
    fair.run(BreakoutStep::BringBack {});
    assert_eq!(
        fair.shell.step(fair.organiser, BreakoutStep::BringBack {}),
        Err(RefusalCode::WrongState)
    );
    fair.shell.pass(ROUND_GRACE_MS - 1);
    assert!(!fair.all_back());
    fair.shell.pass(1);
    assert!(fair.all_back());
    assert_eq!(fair.phase(), None);
    assert_eq!(fair.placements(), 0, "who sat where is forgotten");
    assert_eq!(fair.shell.place(fair.people[0]).1, Place::Audience);
    let gone = fair.round().rooms[0].room.clone();
    assert_eq!(
        fair.shell.command(fair.people[0], Command::Enter { room: gone }),
        Err(RefusalCode::WrongState)
    );
}

#[test]
fn o3_who_stays_or_left_in_between_is_not_moved() {
    let mut fair = Fair::new(4);
    let round = fair.prepare(plan(2, RoundMode::Random, 3));
    fair.run(BreakoutStep::Send { round });
    let (stays, leaves, gone) = (fair.people[0], fair.people[1], fair.people[2]);
    assert_eq!(fair.shell.step(stays, BreakoutStep::Stay {}), Ok(()));
    fair.shell.ok(leaves, Command::Enter { room: room("corner") });
    fair.shell.close(gone);
    fair.shell.pass(ROUND_NOTICE_MS);
    assert_eq!(fair.room_of(0).as_deref(), Some("lobby"));
    assert_eq!(fair.room_of(1).as_deref(), Some("corner"));
    // Within the grace they are still there, and are moved like everybody: they come back to their room.
    let back = fair.shell.open(2, Role::Attendee);
    assert!(fair.shell.place(back).0.expect("a room").starts_with("breakout-"));
    // Who stayed may change their mind; who leaves a room by themselves is not fetched again.
    let own = fair.shell.you(stays).breakout.clone().expect("keeps the seat").room;
    fair.shell.ok(stays, Command::Enter { room: own.clone() });
    fair.shell.ok(stays, Command::Enter { room: room("lobby") });
    fair.shell.pass(ROUND_NOTICE_MS);
    assert_eq!(fair.room_of(0).as_deref(), Some("lobby"));
    assert_eq!(
        fair.shell.step(stays, BreakoutStep::Stay {}),
        Err(RefusalCode::WrongState),
        "does not go"
    );
    let absent = fair.seat(round, 77, 0);
    assert_eq!(
        absent,
        Err(RefusalCode::UnknownParticipant),
        "nobody moves who is not here"
    );
}

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
fn o2_who_was_given_a_seat_by_name_keeps_it_when_lots_are_drawn() {
    let mut fair = Fair::new(4);
    let speaker = fair.shell.join(60, Role::Speaker, "lobby");
    let moderator = fair.shell.join(61, Role::Moderator, "lobby");
    let gone = fair.shell.join(62, Role::Moderator, "lobby");
    let round = fair.prepare(plan(2, RoundMode::Random, 5));
    for who in [60, 61, 62] {
        assert_eq!(fair.seat(round, who, 1), Ok(()));
    }
    fair.shell.ok(gone, Command::Enter { room: room("hall-a") });
    fair.run(BreakoutStep::Deal { round });
    fair.run(BreakoutStep::Send { round });
    fair.shell.pass(ROUND_NOTICE_MS);
    let second = fair.round().rooms[1].room.to_string();
    assert_eq!(fair.shell.place(moderator).0, Some(second.as_str()));
    assert_eq!(fair.shell.place(gone).0, Some("hall-a"), "who left has no seat");
    assert_ne!(fair.shell.place(speaker).0, Some("lobby"), "of the audience: by lot");
}

#[test]
fn o1_an_organiser_seats_people_and_moves_one_while_it_runs() {
    let mut fair = Fair::new(2);
    let round = fair.prepare(plan(2, RoundMode::Assigned, 1));
    assert_eq!(
        fair.shell.step(fair.organiser, BreakoutStep::Send { round }),
        Err(RefusalCode::WrongState)
    );
    assert_eq!(fair.seat(round, 0, 0), Ok(()));
    assert_eq!(fair.seat(round, 1, 0), Err(RefusalCode::RoomFull));
    fair.run(BreakoutStep::Send { round });
    fair.shell.pass(ROUND_NOTICE_MS);
    assert_eq!(fair.room_of(1).as_deref(), Some("lobby"), "has no seat");
    fair.shell.ok(fair.people[1], Command::Enter { room: room("corner") });
    assert_eq!(fair.seat(round, 1, 1), Ok(()), "moved at once, from wherever they are");
    assert_eq!(fair.room_of(1).as_deref(), Some("breakout-1-2"));
    let attendee = fair.shell.step(fair.people[0], BreakoutStep::BringBack {});
    assert_eq!(attendee, Err(RefusalCode::NotAllowed));
    fair.run(BreakoutStep::BringBack {});
    fair.shell.pass(ROUND_GRACE_MS);
    assert_eq!(fair.room_of(0).as_deref(), Some("lobby"));
    assert_eq!(fair.room_of(1).as_deref(), Some("corner"), "where they were");
}

#[test]
fn o1_plans_have_limits_and_a_draft_can_be_replaced_and_thrown_away() {
    let mut fair = Fair::new(5);
    for (rooms, capacity, code) in [
        (0, 4, RefusalCode::TooMany),
        (61, 4, RefusalCode::TooMany),
        (2, 0, RefusalCode::Malformed),
        (2, 101, RefusalCode::Malformed),
    ] {
        let plan = plan(rooms, RoundMode::Random, capacity);
        let refused = fair
            .shell
            .step(fair.organiser, BreakoutStep::Prepare { replaces: None, plan });
        assert_eq!(refused, Err(code), "{rooms} rooms of {capacity}");
    }
    let small = fair.prepare(plan(2, RoundMode::Random, 2));
    let send = BreakoutStep::Send { round: small };
    assert_eq!(
        fair.shell.step(fair.organiser, send),
        Err(RefusalCode::TooMany),
        "five people, four places"
    );
    let plan = plan(2, RoundMode::Random, 3);
    fair.run(BreakoutStep::Prepare {
        replaces: Some(small),
        plan,
    });
    let better = fair.round();
    assert_eq!(
        fair.shell.breakouts_view(fair.organiser).expect("follows").rounds.len(),
        1
    );
    let texts = fair.shell.kept.texts.len();
    fair.run(BreakoutStep::Discard { round: better.round });
    assert_eq!(fair.shell.kept.texts.len() + 2, texts, "its titles are erased");
    let view = fair.shell.breakouts_view(fair.organiser).expect("follows");
    assert!(view.rounds.is_empty(), "told at once, for its words are gone");
    let again = BreakoutStep::Discard { round: better.round };
    assert_eq!(fair.shell.step(fair.organiser, again), Err(RefusalCode::UnknownItem));
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

#[test]
fn o5_the_end_of_the_event_is_the_end_of_its_breakouts() {
    let mut fair = Fair::new(2);
    fair.open(1, 2);
    let phase = EventPhase::Ended;
    fair.shell.ok(fair.organiser, Command::SetEventPhase { phase });
    assert!(fair.all_back());
    assert!(fair.shell.kept.working.is_empty());
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
