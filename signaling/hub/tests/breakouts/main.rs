// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Rounds of breakouts (SPEC.md, chapter O): who goes where and when, who comes back, what a restart and a wrong clock do.
//! Who comes late or chooses, what goes on within the rooms, and what a crash does have a module each.

mod arriving;
mod inside;
#[path = "../support/mod.rs"]
mod support;
mod surviving;

use std::collections::BTreeMap;

use fiera_hub::{ConnectionId, Side};
use fiera_protocol::breakouts::{BreakoutStep, RoundMode, RoundPhase, RoundPlan, RoundView};
use fiera_protocol::client::Command;
use fiera_protocol::ids::{AuthorSecret, Role, RoundId, SourceKind};
use fiera_protocol::limits::{ROUND_GRACE_MS, ROUND_GRID_INTERVAL_MS, ROUND_NOTICE_MS};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::view::{EventPhase, Place};
use support::fair::plan;
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
fn o5_the_end_of_the_event_is_the_end_of_its_breakouts() {
    let mut fair = Fair::new(2);
    fair.open(1, 2);
    let phase = EventPhase::Ended;
    fair.shell.ok(fair.organiser, Command::SetEventPhase { phase });
    assert!(fair.all_back());
    assert!(fair.shell.kept.working.is_empty());
}
