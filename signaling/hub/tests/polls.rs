// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Polls: one open at a time, secret ballots, numbers hidden until they are revealed.

mod support;

use fiera_hub::{ConnectionId, EventConfig, Output};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{PollPhase, PollView, YourVote};
use fiera_protocol::ids::{PollId, Role};
use fiera_protocol::limits::{POLL_OPTIONS_MAX, POLLS_PER_ROOM_MAX, TALLY_INTERVAL_MS};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Change, EventPhase, StreamState};
use proptest::prelude::*;
use support::{HALLS, Shell, config, person};

fn roomy() -> EventConfig {
    let mut config = config();
    config.rooms.iter_mut().for_each(|room| room.capacity = 1_000);
    config
}

fn draft(question: &str, options: &[&str]) -> Command {
    Command::DraftPoll {
        question: question.parse().expect("a question"),
        options: options
            .iter()
            .map(|option| option.parse().expect("an option"))
            .collect(),
    }
}

fn set(poll: PollId, phase: PollPhase) -> Command {
    Command::SetPoll { poll, phase }
}

fn vote(poll: PollId, option: u8) -> Command {
    Command::Vote { poll, option }
}

fn polls<'a>(shell: &'a Shell, moderator: ConnectionId, hall: &str) -> &'a [PollView] {
    &shell.moderators_view(moderator, hall).expect("moderates").polls
}

/// Drafts a poll in the moderator's hall and opens it.
fn open_poll(shell: &mut Shell, moderator: ConnectionId, hall: &str) -> PollId {
    shell.ok(moderator, draft("Lunch?", &["Pasta", "Pizza", "Both"]));
    let poll = polls(shell, moderator, hall).last().expect("drafted").poll;
    shell.ok(moderator, set(poll, PollPhase::Open));
    poll
}

fn seated() -> (Shell, ConnectionId, [ConnectionId; 3]) {
    let mut shell = Shell::with(roomy(), 7);
    let moderator = shell.join(100, Role::Moderator, "hall-a");
    let voters = [1, 2, 3].map(|who| shell.join(who, Role::Attendee, "hall-a"));
    (shell, moderator, voters)
}

fn shown(shell: &Shell, conn: ConnectionId) -> Option<&PollView> {
    shell.room_view(conn, "hall-a").expect("follows").poll.as_ref()
}

#[test]
fn v1_a_poll_goes_from_draft_to_revealed_one_step_at_a_time() {
    let (mut shell, moderator, voters) = seated();
    assert_eq!(
        shell.command(voters[0], draft("A?", &["a", "b"])),
        Err(RefusalCode::NotAllowed)
    );
    shell.ok(moderator, draft("Lunch?", &["Pasta", "Pizza"]));
    let poll = polls(&shell, moderator, "hall-a")[0].poll;
    assert_eq!(shown(&shell, voters[0]), None, "a draft is for moderators alone");
    assert_eq!(shell.command(voters[0], vote(poll, 0)), Err(RefusalCode::UnknownItem));
    for phase in [PollPhase::Draft, PollPhase::Closed, PollPhase::Revealed] {
        assert_eq!(shell.command(moderator, set(poll, phase)), Err(RefusalCode::WrongState));
    }
    shell.ok(moderator, set(poll, PollPhase::Open));
    assert_eq!(shown(&shell, voters[0]).map(|poll| poll.phase), Some(PollPhase::Open));
    assert_eq!(
        shell.command(moderator, set(poll, PollPhase::Revealed)),
        Err(RefusalCode::WrongState)
    );
    shell.ok(voters[0], vote(poll, 1));
    shell.ok(moderator, set(poll, PollPhase::Closed));
    assert_eq!(
        shell.command(voters[1], vote(poll, 1)),
        Err(RefusalCode::WrongState),
        "after close"
    );
    for conn in [moderator, voters[0]] {
        let view = shown(&shell, conn).expect("shown");
        assert_eq!((view.answers, &view.tally), (1, &None), "hidden");
    }
    shell.ok(moderator, set(poll, PollPhase::Revealed));
    assert_eq!(
        shown(&shell, voters[0]).and_then(|poll| poll.tally.clone()),
        Some(vec![0, 1])
    );
    assert_eq!(polls(&shell, moderator, "hall-a")[0].tally, Some(vec![0, 1]));
    shell.ok(moderator, Command::DismissPoll { poll });
    assert_eq!(shown(&shell, voters[0]), None);
    assert_eq!(polls(&shell, moderator, "hall-a").len(), 1, "moderators keep it");
    assert_eq!(
        shell.command(moderator, Command::DismissPoll { poll }),
        Err(RefusalCode::WrongState)
    );
}

#[test]
fn v2_answers_are_two_to_ten_and_different_and_polls_are_limited() {
    let (mut shell, moderator, _) = seated();
    let many: Vec<String> = (0..=POLL_OPTIONS_MAX).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(shell.command(moderator, draft("A?", &many)), Err(RefusalCode::TooMany));
    assert_eq!(
        shell.command(moderator, draft("A?", &["a"])),
        Err(RefusalCode::Malformed)
    );
    assert_eq!(
        shell.command(moderator, draft("A?", &["a", "b", "a "])),
        Err(RefusalCode::Malformed)
    );
    for _ in 0..POLLS_PER_ROOM_MAX {
        shell.ok(moderator, draft("A?", &["a", "b"]));
    }
    assert_eq!(
        shell.command(moderator, draft("A?", &["a", "b"])),
        Err(RefusalCode::TooMany)
    );
    let poll = polls(&shell, moderator, "hall-a")[0].poll;
    let texts = shell.kept.texts.len();
    shell.ok(moderator, Command::DismissPoll { poll });
    assert_eq!(
        shell.kept.texts.len(),
        texts - 1,
        "a draft that is thrown away is erased"
    );
    assert!(
        polls(&shell, moderator, "hall-a")
            .iter()
            .all(|known| known.poll != poll)
    );
    shell.ok(moderator, draft("A?", &["a", "b"]));
}

#[test]
fn v3_one_poll_is_open_in_a_room_and_the_last_opened_is_shown() {
    let (mut shell, moderator, voters) = seated();
    let first = open_poll(&mut shell, moderator, "hall-a");
    shell.ok(moderator, draft("Next?", &["a", "b"]));
    let second = polls(&shell, moderator, "hall-a")[1].poll;
    assert_eq!(
        shell.command(moderator, set(second, PollPhase::Open)),
        Err(RefusalCode::WrongState)
    );
    assert_eq!(
        shell.command(moderator, Command::DismissPoll { poll: first }),
        Err(RefusalCode::WrongState)
    );
    shell.ok(moderator, set(first, PollPhase::Closed));
    shell.ok(moderator, set(second, PollPhase::Open));
    assert_eq!(shown(&shell, voters[0]).map(|poll| poll.poll), Some(second));
    assert_eq!(shell.command(voters[0], vote(first, 0)), Err(RefusalCode::WrongState));
}

#[test]
fn v4_a_vote_counts_once_and_may_be_changed_until_closed() {
    let (mut shell, moderator, voters) = seated();
    let poll = open_poll(&mut shell, moderator, "hall-a");
    shell.ok(voters[0], vote(poll, 0));
    shell.ok(voters[0], vote(poll, 2));
    shell.ok(voters[0], vote(poll, 2));
    let tab = shell.open(1, Role::Attendee);
    assert_eq!(shell.you(tab).vote, Some(YourVote { poll, option: 2 }));
    shell.ok(tab, vote(poll, 1));
    assert_eq!(shell.command(voters[1], vote(poll, 3)), Err(RefusalCode::UnknownItem));
    shell.ok(voters[1], vote(poll, 1));
    shell.ok(moderator, set(poll, PollPhase::Closed));
    assert_eq!(shell.you(tab).vote, None, "who voted what is forgotten");
    shell.ok(moderator, set(poll, PollPhase::Revealed));
    assert_eq!(
        shown(&shell, tab).and_then(|poll| poll.tally.clone()),
        Some(vec![0, 2, 0])
    );
}

#[test]
fn v4_answers_are_told_at_intervals() {
    let (mut shell, moderator, voters) = seated();
    let poll = open_poll(&mut shell, moderator, "hall-a");
    shell.pass(10_000);
    let viewer = shell.join(9, Role::Attendee, "hall-a");
    shell.take(viewer);
    voters.iter().for_each(|conn| shell.ok(*conn, vote(poll, 0)));
    shell.pass(TALLY_INTERVAL_MS);
    let answers = |message: &ServerMessage| match message {
        ServerMessage::Update {
            change: Change::Poll { poll: Some(poll) },
            ..
        } => Some(poll.answers),
        _ => None,
    };
    assert_eq!(
        shell.take(viewer).iter().filter_map(answers).collect::<Vec<_>>(),
        [1, 3]
    );
    assert_eq!(polls(&shell, moderator, "hall-a")[0].answers, 3);
}

#[test]
fn v5_closing_destroys_ballots_and_their_key() {
    let (mut shell, moderator, voters) = seated();
    let poll = open_poll(&mut shell, moderator, "hall-a");
    voters.iter().for_each(|conn| shell.ok(*conn, vote(poll, 0)));
    let secret = |shell: &Shell| {
        let of_poll = |key: &&String| key.starts_with("ballot/") || key.starts_with("pollkey/");
        shell.kept.working.keys().filter(of_poll).count()
    };
    assert_eq!(secret(&shell), 4);
    let rows: Vec<String> = shell.kept.working.keys().cloned().collect();
    for who in [1, 2, 3] {
        let id = format!("{:032x}", person(who).as_u128());
        assert!(
            rows.iter().all(|key| !key.starts_with("ballot/") || !key.contains(&id)),
            "a ballot names its voter"
        );
    }
    shell.ok(moderator, set(poll, PollPhase::Closed));
    assert_eq!(secret(&shell), 0);
}

#[test]
fn v6_an_open_poll_survives_a_restart_with_everybodys_own_vote() {
    let (mut shell, moderator, voters) = seated();
    let poll = open_poll(&mut shell, moderator, "hall-a");
    shell.ok(voters[0], vote(poll, 2));
    shell.ok(voters[1], vote(poll, 1));
    shell.restart();
    let again = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(100, Role::Moderator, "hall-a");
    assert_eq!(shell.you(again).vote, Some(YourVote { poll, option: 2 }));
    assert_eq!(shown(&shell, again).map(|poll| poll.answers), Some(2));
    shell.ok(again, vote(poll, 1));
    shell.ok(moderator, set(poll, PollPhase::Closed));
    shell.restart();
    let moderator = shell.join(100, Role::Moderator, "hall-a");
    assert_eq!(
        shown(&shell, moderator).map(|poll| (poll.phase, poll.answers)),
        Some((PollPhase::Closed, 2))
    );
    shell.ok(moderator, set(poll, PollPhase::Revealed));
    assert_eq!(
        shown(&shell, moderator).and_then(|poll| poll.tally.clone()),
        Some(vec![0, 2, 0])
    );
}

#[test]
fn v7_the_end_of_the_event_closes_an_open_poll() {
    let mut shell = Shell::with(roomy(), 7);
    let organiser = shell.join(100, Role::Organiser, "hall-a");
    let poll = open_poll(&mut shell, organiser, "hall-a");
    shell.ok(organiser, vote(poll, 0));
    shell.ok(
        organiser,
        Command::SetEventPhase {
            phase: EventPhase::Ended,
        },
    );
    let view = shown(&shell, organiser).expect("shown").clone();
    assert_eq!((view.phase, view.answers, view.tally), (PollPhase::Closed, 1, None));
    assert!(shell.kept.working.is_empty());
    shell.restart();
    let organiser = shell.open(100, Role::Organiser);
    assert_eq!(shell.event_view(organiser).phase, EventPhase::Ended);
    assert_eq!(shell.command(organiser, vote(poll, 0)), Err(RefusalCode::NotInRoom));
}

#[test]
fn s5_polls_of_one_hall_are_nothing_to_the_other() {
    let mut shell = Shell::with(roomy(), 7);
    let moderators = [(100, HALLS[0]), (101, HALLS[1])].map(|(who, hall)| shell.join(who, Role::Moderator, hall));
    let first = open_poll(&mut shell, moderators[0], HALLS[0]);
    let second = open_poll(&mut shell, moderators[1], HALLS[1]);
    assert_ne!(first, second);
    assert_eq!(
        shell.command(moderators[0], vote(second, 0)),
        Err(RefusalCode::UnknownItem)
    );
    assert_eq!(
        shell.command(moderators[0], set(second, PollPhase::Closed)),
        Err(RefusalCode::UnknownItem)
    );
    shell.ok(moderators[0], vote(first, 0));
    shell.pass(TALLY_INTERVAL_MS);
    let answers = |n: usize| {
        shell
            .room_view(moderators[n], HALLS[n])
            .expect("follows")
            .poll
            .clone()
            .expect("open")
            .answers
    };
    assert_eq!((answers(0), answers(1)), (1, 0));
}

#[derive(Debug, Clone)]
enum Op {
    Draft,
    Set { nth: usize, phase: PollPhase },
    Dismiss { nth: usize },
    Vote { who: usize, nth: usize, option: u8 },
    Pass,
    Restart,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let phase = prop::sample::select(vec![PollPhase::Open, PollPhase::Closed, PollPhase::Revealed]);
    let op = prop_oneof![
        1 => Just(Op::Draft),
        5 => (0..3_usize, phase).prop_map(|(nth, phase)| Op::Set { nth, phase }),
        1 => (0..3_usize).prop_map(|nth| Op::Dismiss { nth }),
        9 => (0..4_usize, 0..3_usize, 0..4_u8).prop_map(|(who, nth, option)| Op::Vote { who, nth, option }),
        1 => Just(Op::Pass),
        1 => Just(Op::Restart),
    ];
    prop::collection::vec(op, 1..60)
}

fn enter(shell: &mut Shell) -> Vec<ConnectionId> {
    let roles = [Role::Moderator, Role::Attendee, Role::Speaker, Role::Attendee];
    (0..)
        .zip(roles)
        .map(|(who, role)| shell.join(who, role, "hall-a"))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn v5_no_tally_before_it_is_revealed_and_each_sums_up(ops in ops()) {
        let mut shell = Shell::with(roomy(), 7);
        let mut conns = enter(&mut shell);
        shell.ok(conns[0], draft("Lunch?", &["Pasta", "Pizza", "Both"]));
        for op in ops {
            let nth = |shell: &Shell, nth: usize| {
                let polls = polls(shell, conns[0], "hall-a");
                polls.get(nth % polls.len().max(1)).map(|poll| poll.poll)
            };
            match op {
                Op::Draft => { let _ = shell.command(conns[0], draft("Lunch?", &["Pasta", "Pizza", "Both"])); }
                Op::Set { nth: n, phase } => {
                    if let Some(poll) = nth(&shell, n) { let _ = shell.command(conns[0], set(poll, phase)); }
                }
                Op::Dismiss { nth: n } => {
                    if let Some(poll) = nth(&shell, n) { let _ = shell.command(conns[0], Command::DismissPoll { poll }); }
                }
                Op::Vote { who, nth: n, option } => {
                    if let Some(poll) = nth(&shell, n) { let _ = shell.command(conns[who], vote(poll, option)); }
                }
                Op::Pass => shell.pass(TALLY_INTERVAL_MS),
                Op::Restart => {
                    shell.pass(TALLY_INTERVAL_MS);
                    let before = (polls(&shell, conns[0], "hall-a").to_vec(), shown(&shell, conns[0]).cloned());
                    let votes: Vec<_> = conns.iter().map(|conn| shell.you(*conn).vote).collect();
                    shell.restart();
                    conns = enter(&mut shell);
                    let after = (polls(&shell, conns[0], "hall-a").to_vec(), shown(&shell, conns[0]).cloned());
                    prop_assert_eq!(before, after, "restored equals live");
                    prop_assert_eq!(votes, conns.iter().map(|conn| shell.you(*conn).vote).collect::<Vec<_>>());
                }
            }
            let views = conns.iter().flat_map(|conn| shell.clients[conn].streams.values());
            for (_, state) in views {
                let polls: Vec<&PollView> = match state {
                    StreamState::Room(room) => room.poll.iter().collect(),
                    StreamState::Moderators(moderators) => moderators.polls.iter().collect(),
                    _ => Vec::new(),
                };
                for poll in polls {
                    prop_assert_eq!(poll.tally.is_some(), poll.phase == PollPhase::Revealed);
                    let sum = poll.tally.as_ref().map(|tally| tally.iter().sum::<u32>());
                    prop_assert!(sum.is_none_or(|sum| sum == poll.answers), "{:?}", poll);
                }
            }
        }
        // Not in any byte that was sent either.
        for output in &shell.log {
            if let Output::ToStream { text, .. } | Output::ToConnection { text, .. } = output
                && text.contains("\"tally\":[")
            {
                prop_assert!(text.contains("\"phase\":\"revealed\""), "{}", text);
            }
        }
    }
}

#[test]
fn c2_a_vote_that_is_sent_again_after_a_restart_counts_once() {
    let (mut shell, moderator, voters) = seated();
    let poll = open_poll(&mut shell, moderator, "hall-a");
    let id = shell.next_command_id();
    assert_eq!(shell.command_as(voters[0], id, vote(poll, 0)), Ok(()));
    shell.restart();
    let again = shell.join(1, Role::Attendee, "hall-a");
    assert_eq!(shell.command_as(again, id, vote(poll, 0)), Ok(()));
    assert_eq!(shell.you(again).vote, Some(YourVote { poll, option: 0 }));
    let ballots = shell.kept.working.keys().filter(|key| key.starts_with("ballot/"));
    assert_eq!(ballots.count(), 1);
}
