// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Dry runs with bots (SPEC.md, O13): what moderators see is what would happen, and nobody else notices anything.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use fiera_hub::ConnectionId;
use fiera_protocol::breakouts::{BreakoutStep, HelpStage, RehearsalView, RoundMode, RoundPhase, RoundPlan, RoundView};
use fiera_protocol::client::Command;
use fiera_protocol::ids::{DisplayName, ParticipantId, Role, RoundId};
use fiera_protocol::limits::{
    REHEARSAL_BOTS_MAX, REHEARSAL_CALL_MS, REHEARSAL_CHOICE_MS, ROUND_GRACE_MS, ROUND_GRID_INTERVAL_MS, ROUND_NOTICE_MS,
};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{EventPhase, Place, StreamId};
use proptest::prelude::*;
use support::fair::{plan, say};
use support::{Shell, person, room};

const MINUTE_MS: u64 = 60_000;

/// A fair with an organiser (participant 100), a moderator (101) and attendees, all in the plenary room, and one draft.
struct Fair {
    shell: Shell,
    organiser: ConnectionId,
    moderator: ConnectionId,
    people: Vec<ConnectionId>,
    round: RoundId,
}

impl Fair {
    fn new(people: u128, plan: RoundPlan) -> Self {
        let mut shell = Shell::new();
        let organiser = shell.join(100, Role::Organiser, "lobby");
        let moderator = shell.join(101, Role::Moderator, "lobby");
        let people = (0..people)
            .map(|who| shell.join(who, Role::Attendee, "lobby"))
            .collect();
        let prepare = BreakoutStep::Prepare { replaces: None, plan };
        assert_eq!(shell.step(organiser, prepare), Ok(()));
        shell.pass(ROUND_GRID_INTERVAL_MS);
        let view = shell.breakouts_view(organiser).expect("follows breakouts");
        let round = view.rounds[0].round;
        Self {
            shell,
            organiser,
            moderator,
            people,
            round,
        }
    }

    fn step(&mut self, step: BreakoutStep) -> Result<(), RefusalCode> {
        self.shell.step(self.organiser, step)
    }

    fn run(&mut self, step: BreakoutStep) {
        assert_eq!(self.step(step.clone()), Ok(()), "{step:?}");
    }

    fn try_with(&mut self, bots: u16) -> Result<(), RefusalCode> {
        let round = self.round;
        self.step(BreakoutStep::Rehearse { round, bots })
    }

    fn rehearse(&mut self, bots: u16) {
        assert_eq!(self.try_with(bots), Ok(()));
    }

    /// The dry run, as moderators see it once they are told.
    fn rehearsal(&mut self) -> Option<RehearsalView> {
        self.shell.pass(ROUND_GRID_INTERVAL_MS);
        let view = self.shell.breakouts_view(self.moderator).expect("follows breakouts");
        view.rehearsal.clone()
    }

    fn played(&mut self) -> RoundView {
        self.rehearsal().expect("a dry run is on").round
    }

    fn draft(&mut self) -> RoundView {
        self.shell.pass(ROUND_GRID_INTERVAL_MS);
        let view = self.shell.breakouts_view(self.organiser).expect("follows breakouts");
        view.rounds[0].clone()
    }

    fn seat(&mut self, participant: ParticipantId, nth: usize) -> Result<(), RefusalCode> {
        let place = self.draft().rooms[nth].room.clone();
        let round = self.round;
        self.step(BreakoutStep::Seat {
            round,
            participant,
            room: Some(place),
            facilitator: false,
        })
    }
}

fn people(round: &RoundView) -> Vec<u32> {
    round.rooms.iter().map(|room| room.people).collect()
}

fn seated(round: &RoundView) -> Vec<&str> {
    let names = round.rooms.iter().flat_map(|room| &room.seated);
    names.map(|one| one.name.as_str()).collect()
}

#[test]
fn o13_three_hundred_bots_go_into_forty_rooms_and_back_and_the_draft_is_as_it_was() {
    let mut fair = Fair::new(2, plan(40, RoundMode::Random, 10));
    let round = fair.round;
    fair.run(BreakoutStep::Deal { round });
    let draft = fair.draft();
    fair.rehearse(300);
    let told = fair.played();
    assert_eq!(told.phase, RoundPhase::Announced);
    assert_eq!((told.rooms.len(), people(&told)), (40, vec![0; 40]), "5 s of notice");
    fair.shell.pass(ROUND_NOTICE_MS);
    let open = fair.played();
    assert_eq!((open.phase, open.unseated.len()), (RoundPhase::Open, 0));
    let mut sizes = people(&open);
    sizes.sort_unstable();
    assert_eq!(sizes, [vec![7; 20], vec![8; 20]].concat());
    let bots = open.rooms.iter().flat_map(|room| &room.seated);
    assert_eq!(bots.map(|bot| bot.participant).collect::<BTreeSet<_>>().len(), 300);
    assert!(
        seated(&open).iter().all(|name| name.starts_with("Bot ")),
        "marked by name"
    );
    fair.run(BreakoutStep::Extend { minutes: 5 });
    let longer = fair.played();
    assert_eq!(longer.until_unix_ms, open.until_unix_ms.map(|at| at + 5 * MINUTE_MS));
    let text = "Three points, please".parse().expect("a text");
    fair.run(BreakoutStep::Tell { text });
    let told = fair.rehearsal().and_then(|rehearsal| rehearsal.told);
    assert_eq!(told.expect("told").text, "Three points, please");
    fair.run(BreakoutStep::BringBack {});
    assert_eq!(fair.played().phase, RoundPhase::Closing);
    assert_eq!(fair.step(BreakoutStep::BringBack {}), Err(RefusalCode::WrongState));
    fair.shell.pass(ROUND_GRACE_MS);
    assert_eq!(fair.rehearsal(), None);
    assert_eq!(fair.draft(), draft);
    fair.run(BreakoutStep::Send { round });
    fair.shell.pass(ROUND_NOTICE_MS);
    let place = fair.shell.place(fair.people[0]).0;
    assert!(place.is_some_and(|place| place.starts_with("breakout-1-")), "{place:?}");
}

#[test]
fn o14_nothing_of_a_dry_run_is_kept_counted_or_said_to_anybody_but_moderators() {
    let mut fair = Fair::new(3, plan(4, RoundMode::Random, 100));
    let mut without = Fair::new(3, plan(4, RoundMode::Random, 100));
    fair.rehearse(300);
    fair.shell.pass(MINUTE_MS);
    let text = "Three points, please".parse().expect("a text");
    fair.run(BreakoutStep::Tell { text });
    fair.run(BreakoutStep::Extend { minutes: 60 });
    fair.shell.pass(5 * MINUTE_MS);
    fair.run(BreakoutStep::BringBack {});
    fair.shell.pass(ROUND_GRACE_MS);
    without.shell.pass(6 * MINUTE_MS + ROUND_GRACE_MS);
    assert_eq!(fair.shell.kept, without.shell.kept, "facts, texts, rows");
    for (one, other) in fair.people.clone().into_iter().zip(without.people.clone()) {
        assert_eq!(
            fair.shell.take(one),
            without.shell.take(other),
            "what an attendee was told"
        );
    }
    let strip = |told: Vec<ServerMessage>| -> Vec<ServerMessage> {
        let of_bots = |one: &ServerMessage| {
            matches!(
                one,
                ServerMessage::Update {
                    stream: StreamId::Breakouts {},
                    ..
                } | ServerMessage::Accepted { .. }
            )
        };
        told.into_iter().filter(|one| !of_bots(one)).collect()
    };
    let (told, other) = (fair.shell.take(fair.organiser), without.shell.take(without.organiser));
    assert_eq!(strip(told), strip(other), "attendance and all else that organisers see");
    assert_eq!(fair.shell.hub.recap(), without.shell.hub.recap());
}

#[test]
fn o13_bots_choose_rooms_that_have_space_and_some_find_none() {
    let mut fair = Fair::new(1, plan(3, RoundMode::SelfSelect, 4));
    fair.rehearse(20);
    let first = fair.played();
    assert_eq!(
        (first.phase, first.unseated.len()),
        (RoundPhase::Open, 20),
        "open at once"
    );
    fair.shell.pass(REHEARSAL_CHOICE_MS - 2 * ROUND_GRID_INTERVAL_MS);
    assert_eq!(people(&fair.played()).iter().sum::<u32>(), 2, "a tenth at a time");
    fair.shell.pass(10 * REHEARSAL_CHOICE_MS);
    let then = fair.played();
    assert_eq!((people(&then), then.unseated.len()), (vec![4, 4, 4], 8));
}

#[test]
fn o14_who_has_a_seat_by_name_is_played_and_single_bots_are_moved() {
    let mut fair = Fair::new(3, plan(3, RoundMode::Assigned, 2));
    assert_eq!(
        fair.try_with(5),
        Err(RefusalCode::WrongState),
        "nobody has a seat, as with send"
    );
    fair.shell.ok(
        fair.people[0],
        Command::Rename {
            name: DisplayName::try_from("Ada".to_owned()).expect("a name"),
        },
    );
    for (who, nth) in [(0, 0), (1, 0), (2, 1)] {
        assert_eq!(fair.seat(person(who), nth), Ok(()));
    }
    fair.rehearse(5);
    fair.shell.pass(ROUND_NOTICE_MS);
    let open = fair.played();
    assert_eq!(
        (people(&open), open.unseated.len()),
        (vec![2, 1, 0], 2),
        "the others have no seat"
    );
    assert!(seated(&open).contains(&"Bot Ada"), "{:?}", seated(&open));
    let bot = open.unseated[0].participant;
    assert_eq!(fair.seat(bot, 0), Err(RefusalCode::RoomFull));
    assert_eq!(fair.seat(bot, 2), Ok(()));
    assert_eq!(people(&fair.played()), [2, 1, 1]);
    assert_eq!(
        fair.seat(person(0), 2),
        Err(RefusalCode::WrongState),
        "people are not moved"
    );
    assert_eq!(fair.shell.place(fair.people[0]), (Some("lobby"), Place::Audience));
    // As many as have a seat are played in any case.
    fair.run(BreakoutStep::EndRehearsal {});
    fair.rehearse(1);
    fair.shell.pass(ROUND_NOTICE_MS);
    assert_eq!(people(&fair.played()), [2, 1, 0]);
}

#[test]
fn o14_while_a_dry_run_is_on_nothing_real_is_sent_and_the_draft_stays() {
    let mut fair = Fair::new(2, plan(2, RoundMode::Random, 2));
    let round = fair.round;
    for bots in [0, REHEARSAL_BOTS_MAX + 1] {
        assert_eq!(fair.try_with(bots), Err(RefusalCode::Malformed));
    }
    assert_eq!(
        fair.try_with(5),
        Err(RefusalCode::TooMany),
        "more bots than places, as with send"
    );
    assert_eq!(fair.step(BreakoutStep::EndRehearsal {}), Err(RefusalCode::WrongState));
    let rehearse = BreakoutStep::Rehearse { round, bots: 3 };
    let refused = fair.shell.step(fair.people[0], rehearse.clone());
    assert_eq!(refused, Err(RefusalCode::NotAllowed));
    let plan = plan(1, RoundMode::Random, 2);
    let replaces = None;
    let other = BreakoutStep::Prepare {
        replaces,
        plan: plan.clone(),
    };
    fair.run(other);
    fair.draft();
    let other = fair.shell.breakouts_view(fair.organiser).expect("follows").rounds[1].round;
    fair.rehearse(3);
    let replaces = Some(round);
    let steps = [
        BreakoutStep::Send { round },
        BreakoutStep::Send { round: other },
        BreakoutStep::Deal { round },
        BreakoutStep::Discard { round },
        BreakoutStep::Prepare { replaces, plan },
        rehearse,
        BreakoutStep::Rehearse { round: other, bots: 1 },
    ];
    for step in steps {
        assert_eq!(fair.step(step.clone()), Err(RefusalCode::WrongState), "{step:?}");
    }
    // Before the rooms open nobody needs time to come back.
    fair.run(BreakoutStep::BringBack {});
    assert_eq!(fair.rehearsal(), None);
    fair.run(BreakoutStep::Send { round });
    assert_eq!(fair.try_with(3), Err(RefusalCode::WrongState), "sent");
    let step = BreakoutStep::Rehearse { round: other, bots: 1 };
    assert_eq!(fair.step(step), Err(RefusalCode::WrongState), "people are on their way");
}

#[test]
fn o13_two_rooms_at_most_call_for_help_until_somebody_comes() {
    let mut fair = Fair::new(0, plan(4, RoundMode::Random, 2));
    fair.rehearse(8);
    fair.shell.pass(ROUND_NOTICE_MS);
    let calls = |round: &RoundView, stage| round.rooms.iter().filter(|room| room.help == Some(stage)).count();
    assert_eq!(calls(&fair.played(), HelpStage::Called), 0);
    fair.shell.pass(REHEARSAL_CALL_MS);
    let called = fair.played();
    assert_eq!(calls(&called, HelpStage::Called), 1);
    fair.shell.pass(3 * REHEARSAL_CALL_MS);
    let called = fair.played();
    assert_eq!(calls(&called, HelpStage::Called), 2);
    let of = |help| {
        called
            .rooms
            .iter()
            .find(|room| room.help == help)
            .expect("one")
            .room
            .clone()
    };
    let acknowledge = |room| BreakoutStep::Acknowledge { room };
    assert_eq!(fair.step(acknowledge(of(None))), Err(RefusalCode::WrongState));
    assert_eq!(fair.step(acknowledge(room("lobby"))), Err(RefusalCode::UnknownRoom));
    fair.run(acknowledge(of(Some(HelpStage::Called))));
    assert_eq!(calls(&fair.played(), HelpStage::Coming), 1);
    fair.shell.pass(REHEARSAL_CALL_MS);
    let then = fair.played();
    assert_eq!(
        (calls(&then, HelpStage::Coming), calls(&then, HelpStage::Called)),
        (0, 2),
        "helped; the next one calls"
    );
}

#[test]
fn o14_moderators_look_in_leave_no_trace_and_are_back_at_the_end() {
    let mut fair = Fair::new(1, plan(2, RoundMode::Random, 2));
    let place = fair.draft().rooms[0].room.clone();
    let enter = || Command::Enter { room: place.clone() };
    fair.rehearse(4);
    assert_eq!(
        fair.shell.command(fair.moderator, enter()),
        Err(RefusalCode::UnknownRoom),
        "not open yet"
    );
    fair.shell.pass(ROUND_NOTICE_MS);
    assert_eq!(
        fair.shell.command(fair.people[0], enter()),
        Err(RefusalCode::UnknownRoom),
        "an attendee"
    );
    fair.shell.ok(fair.moderator, enter());
    let kept = fair.shell.kept.clone();
    let call = BreakoutStep::CallHelp { on: true };
    let hand = Command::RaiseHand { topic: None };
    for command in [
        say("Hello?"),
        hand,
        Command::Breakouts { step: call },
        Command::EnterBackstage {},
    ] {
        let refused = fair.shell.command(fair.moderator, command.clone());
        assert_eq!(refused, Err(RefusalCode::WrongState), "{command:?}");
    }
    assert_eq!(fair.shell.kept, kept);
    fair.run(BreakoutStep::EndRehearsal {});
    assert_eq!(fair.shell.place(fair.moderator), (Some("lobby"), Place::Audience));
    assert_eq!(
        fair.shell.command(fair.moderator, enter()),
        Err(RefusalCode::UnknownRoom),
        "over"
    );
}

#[test]
fn o14_no_command_leaves_anything_in_a_room_of_bots() {
    let golden = |name: &str| {
        let path = format!("{}/../protocol/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("golden examples");
        let examples: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).expect("examples");
        examples.into_values()
    };
    let wrap = |step| serde_json::json!({ "kind": "breakouts", "step": step });
    let examples = golden("command").chain(golden("breakout_step").map(wrap));
    let mut refused = 0;
    for example in examples {
        let command: Command = serde_json::from_value(example).expect("a command");
        let mut fair = Fair::new(1, plan(2, RoundMode::Random, 2));
        let place = fair.draft().rooms[0].room.clone();
        fair.rehearse(4);
        fair.shell.pass(ROUND_NOTICE_MS);
        fair.shell.ok(fair.moderator, Command::Enter { room: place.clone() });
        let (kept, before) = (
            fair.shell.kept.clone(),
            fair.shell.room_view(fair.moderator, place.as_str()).cloned(),
        );
        if fair.shell.command(fair.moderator, command.clone()).is_err() {
            assert_eq!(fair.shell.kept, kept, "{command:?}");
            refused += 1;
        }
        // Taken or not: whoever comes into the room after it finds it as it was.
        if let Some(after) = fair.shell.room_view(fair.moderator, place.as_str()) {
            assert_eq!(Some(after), before.as_ref(), "{command:?}");
        }
    }
    assert!(refused > 30, "{refused}");
}

#[test]
fn o14_a_restart_or_the_end_of_the_event_is_the_end_of_a_dry_run() {
    let mut fair = Fair::new(2, plan(2, RoundMode::Random, 2));
    let draft = fair.draft();
    fair.rehearse(4);
    fair.shell.pass(ROUND_NOTICE_MS);
    let room = draft.rooms[0].room.clone();
    fair.shell.ok(fair.moderator, Command::Enter { room });
    fair.shell.pass(MINUTE_MS);
    let token = fair.shell.clients[&fair.moderator].resume.clone();
    fair.shell.restart();
    fair.moderator = fair.shell.open_with(101, Role::Moderator, token);
    fair.organiser = fair.shell.join(100, Role::Organiser, "lobby");
    assert_eq!(fair.shell.place(fair.moderator), (Some("lobby"), Place::Audience));
    assert_eq!(fair.rehearsal(), None);
    let (round, phase) = (fair.draft().round, fair.draft().phase);
    assert_eq!((round, phase), (draft.round, RoundPhase::Draft));
    fair.rehearse(4);
    let phase = EventPhase::Ended;
    fair.shell.ok(fair.organiser, Command::SetEventPhase { phase });
    assert_eq!(fair.rehearsal(), None);
}

#[derive(Debug, Clone)]
enum Op {
    Rehearse(u16),
    Pass(u64),
    Extend(u16),
    BringBack,
    End,
    Send,
    Deal,
    LookIn(usize),
    Come(usize),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        3 => (1..30_u16).prop_map(Op::Rehearse),
        4 => prop::sample::select(vec![0, 1_000, 5_000, 30_000, 600_000]).prop_map(Op::Pass),
        1 => (0..70_u16).prop_map(Op::Extend),
        2 => Just(Op::BringBack),
        1 => Just(Op::End),
        1 => Just(Op::Send),
        1 => Just(Op::Deal),
        2 => (0..3_usize).prop_map(Op::LookIn),
        2 => (0..3_usize).prop_map(Op::Come),
    ];
    prop::collection::vec(op, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is done: bots and people are never in rooms at the same time, and with bots in them no person is moved.
    #[test]
    fn o14_bots_and_people_never_meet(mode in prop::sample::select(vec![RoundMode::SelfSelect, RoundMode::Random]), ops in ops()) {
        let mut fair = Fair::new(3, plan(3, mode, 5));
        let round = fair.round;
        for op in ops {
            let _ = match op {
                Op::Rehearse(bots) => fair.try_with(bots),
                Op::Pass(ms) => { fair.shell.pass(ms); Ok(()) }
                Op::Extend(minutes) => fair.step(BreakoutStep::Extend { minutes }),
                Op::BringBack => fair.step(BreakoutStep::BringBack {}),
                Op::End => fair.step(BreakoutStep::EndRehearsal {}),
                Op::Send => fair.step(BreakoutStep::Send { round }),
                Op::Deal => fair.step(BreakoutStep::Deal { round }),
                Op::LookIn(nth) => {
                    let room = fair.draft().rooms[nth].room.clone();
                    fair.shell.command(fair.moderator, Command::Enter { room })
                }
                Op::Come(nth) => fair.shell.command(fair.people[nth], Command::Enter { room: room("lobby") }),
            };
            let rehearsal = fair.rehearsal();
            let lives = fair.shell.event_view(fair.organiser).breakout.is_some();
            prop_assert!(!(lives && rehearsal.is_some()));
            if let Some(rehearsal) = rehearsal {
                let bots = rehearsal.round.unseated.len() + seated(&rehearsal.round).len();
                prop_assert!((1..30).contains(&bots));
                prop_assert!(people(&rehearsal.round).iter().all(|count| *count <= 5));
                for conn in &fair.people {
                    prop_assert_eq!(fair.shell.place(*conn).0, Some("lobby"));
                }
            }
        }
    }
}
