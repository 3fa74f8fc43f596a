// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Quizzes: nicknames, a time per question by the server's clock, points for right and fast answers, and nothing left
//! of who played but the leader board.

mod support;

use fiera_hub::ConnectionId;
use fiera_protocol::client::Command;
use fiera_protocol::fair::{PollPhase, PollView};
use fiera_protocol::ids::{PollId, Role};
use fiera_protocol::poll::{Answer, Outcome, QuizAsked};
use fiera_protocol::refusal::RefusalCode;
use support::{HALLS, Shell};

const HALL: &str = HALLS[0];
const QUIZ: &str = r#"{"question":"Git or not?","form":{"kind":"quiz"},"quiz":[
    {"question":"Which came first?","options":["Git","Subversion"],"right":1,"seconds":20},
    {"question":"Whose is it?","options":["Ours","Theirs","Both"],"right":2,"seconds":10}]}"#;

fn shown(shell: &Shell, conn: ConnectionId) -> &PollView {
    shell
        .room_view(conn, HALL)
        .expect("follows")
        .poll
        .as_ref()
        .expect("shown")
}

fn asked(shell: &Shell, conn: ConnectionId) -> &QuizAsked {
    let quiz = shown(shell, conn).quiz.as_ref().expect("a quiz");
    quiz.asked.as_ref().expect("asked")
}

fn set(poll: PollId, phase: PollPhase) -> Command {
    Command::SetPoll { poll, phase }
}

fn ask(poll: PollId, question: u8) -> Command {
    Command::AskQuiz { poll, question }
}

fn play(poll: PollId, question: u8, option: u8) -> Command {
    let answer = Answer::Quiz { question, option };
    Command::Answer { poll, answer }
}

fn nickname(poll: PollId, name: &str) -> Command {
    Command::JoinQuiz {
        poll,
        nickname: name.parse().expect("a nickname"),
    }
}

/// A moderator, two players of an open quiz and somebody who only watches.
fn seated() -> (Shell, ConnectionId, [ConnectionId; 2], PollId) {
    let mut shell = Shell::with(support::config(), 7);
    let moderator = shell.join(100, Role::Moderator, HALL);
    let players = [1, 2].map(|who| shell.join(who, Role::Attendee, HALL));
    let draft = serde_json::from_str(QUIZ).expect("a draft");
    shell.ok(moderator, Command::PreparePoll { draft, replaces: None });
    let poll = shell.moderators_view(moderator, HALL).expect("moderates").polls[0].poll;
    shell.ok(moderator, set(poll, PollPhase::Open));
    shell.ok(players[0], nickname(poll, "Volpe"));
    shell.ok(players[1], nickname(poll, "Gufo"));
    (shell, moderator, players, poll)
}

fn board(poll: &PollView) -> Vec<(String, u32)> {
    match &poll.outcome {
        Some(Outcome::Quiz { board, .. }) => board
            .iter()
            .map(|score| (score.nickname.clone(), score.points))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn v13_right_and_fast_answers_are_worth_more() {
    let (mut shell, moderator, players, poll) = seated();
    assert_eq!(shell.command(players[0], ask(poll, 0)), Err(RefusalCode::NotAllowed));
    assert_eq!(
        shell.command(moderator, ask(poll, 1)),
        Err(RefusalCode::WrongState),
        "in order"
    );
    assert_eq!(
        shell.command(players[0], play(poll, 0, 1)),
        Err(RefusalCode::WrongState),
        "not asked yet"
    );
    shell.ok(moderator, ask(poll, 0));
    assert_eq!(
        shell.command(moderator, ask(poll, 0)),
        Err(RefusalCode::WrongState),
        "two moderators at once"
    );
    shell.pass(5_000);
    shell.ok(players[0], play(poll, 0, 1));
    shell.pass(5_000);
    shell.ok(players[1], play(poll, 0, 1));
    shell.ok(players[0], play(poll, 0, 1));
    assert_eq!(
        (
            asked(&shell, players[0]).right,
            shell.you(players[0]).player.as_ref().expect("plays").points
        ),
        (None, 0)
    );
    assert_eq!(
        shell.command(players[1], play(poll, 0, 2)),
        Err(RefusalCode::UnknownItem)
    );
    shell.pass(10_000);
    assert_eq!(
        (asked(&shell, players[0]).right, asked(&shell, players[0]).ends_unix_ms),
        (Some(1), None)
    );
    assert_eq!(
        shell.command(players[1], play(poll, 0, 0)),
        Err(RefusalCode::WrongState),
        "too late"
    );
    let points = |shell: &Shell, n: usize| shell.you(players[n]).player.as_ref().expect("plays").points;
    assert_eq!(
        (points(&shell, 0), points(&shell, 1)),
        (875, 750),
        "the same answer again is no later one"
    );
    shell.ok(moderator, ask(poll, 1));
    shell.ok(players[0], play(poll, 1, 2));
    shell.ok(players[0], play(poll, 1, 0));
    shell.ok(players[1], play(poll, 1, 0));
    shell.pass(5_000);
    shell.ok(players[1], play(poll, 1, 2));
    shell.ok(moderator, set(poll, PollPhase::Closed));
    assert_eq!(shell.you(players[0]).player, None);
    assert_eq!(
        shown(&shell, players[0]).outcome,
        None,
        "the board waits for the reveal"
    );
    shell.ok(moderator, set(poll, PollPhase::Revealed));
    let view = shown(&shell, players[0]);
    assert_eq!(board(view), [("Gufo".to_owned(), 1_500), ("Volpe".to_owned(), 875)]);
    let Some(Outcome::Quiz { questions, .. }) = &view.outcome else {
        panic!("a quiz")
    };
    assert_eq!(questions[1].tally, [1, 0, 1]);
    assert_eq!(
        shell.hub.next_deadline().filter(|at| *at > shell.mono_ms + 60_000),
        None,
        "no clock runs on"
    );
}

#[test]
fn v13_a_nickname_is_of_one_player() {
    let (mut shell, moderator, players, poll) = seated();
    let late = shell.join(3, Role::Speaker, HALL);
    assert_eq!(shell.command(late, nickname(poll, "VOLPE ")), Err(RefusalCode::Name));
    shell.ok(players[0], nickname(poll, "Volpe rossa"));
    shell.ok(late, nickname(poll, "volpe"));
    shell.ok(moderator, ask(poll, 0));
    let watcher = shell.open(9, Role::Attendee);
    assert_eq!(shell.command(watcher, play(poll, 0, 1)), Err(RefusalCode::NotInRoom));
    assert_eq!(
        shell.command(moderator, play(poll, 0, 1)),
        Err(RefusalCode::WrongState),
        "a nickname first"
    );
}

#[test]
fn v13_a_restart_in_the_middle_gives_the_question_its_time_again_and_keeps_every_answer() {
    let (mut shell, moderator, players, poll) = seated();
    shell.ok(moderator, ask(poll, 0));
    shell.pass(5_000);
    shell.ok(players[0], play(poll, 0, 1));
    shell.pass(14_000);
    shell.restart();
    let again = shell.join(1, Role::Attendee, HALL);
    let other = shell.join(2, Role::Attendee, HALL);
    let own = shell.you(again).player.clone().expect("plays");
    assert_eq!((own.nickname.as_str(), own.option, own.points), ("Volpe", Some(1), 0));
    assert!(asked(&shell, again).ends_unix_ms.is_some(), "its time runs");
    shell.pass(10_000);
    shell.ok(other, play(poll, 0, 1));
    shell.pass(10_000);
    assert_eq!(asked(&shell, again).right, Some(1));
    shell.restart();
    let again = shell.join(1, Role::Attendee, HALL);
    assert_eq!(asked(&shell, again).right, Some(1), "what is over stays over");
    let moderator = shell.join(100, Role::Moderator, HALL);
    shell.ok(moderator, set(poll, PollPhase::Closed));
    shell.ok(moderator, set(poll, PollPhase::Revealed));
    assert_eq!(
        board(shown(&shell, again)),
        [("Volpe".to_owned(), 875), ("Gufo".to_owned(), 750)]
    );
}

#[test]
fn v13_right_answers_are_told_to_nobody_before_the_time_is_over() {
    let (mut shell, moderator, players, poll) = seated();
    shell.ok(moderator, ask(poll, 0));
    shell.pass(1_000);
    for conn in [moderator, players[0]] {
        let log = format!("{:?}", shell.clients[&conn].received);
        assert!(!log.contains("right: Some"), "{log}");
        assert!(!log.contains("Whose is it?"), "a question that is not asked yet");
    }
}

#[test]
fn v13_nothing_of_the_players_is_left_but_the_board() {
    let (mut shell, moderator, players, poll) = seated();
    shell.ok(moderator, ask(poll, 0));
    shell.ok(players[0], play(poll, 0, 1));
    for who in 10..20 {
        let conn = shell.join(who, Role::Speaker, HALL);
        shell.ok(conn, nickname(poll, &format!("Player {who}")));
        shell.ok(conn, play(poll, 0, 1));
    }
    shell.ok(moderator, set(poll, PollPhase::Closed));
    assert!(
        shell
            .kept
            .working
            .keys()
            .all(|key| !key.starts_with("ballot/") && !key.starts_with("pollkey/"))
    );
    let kept = shell.kept_texts();
    assert!(!kept.contains("Gufo"), "not among the best ten: {kept}");
    shell.ok(moderator, set(poll, PollPhase::Revealed));
    assert_eq!(board(shown(&shell, players[0])).len(), 10);
    let entries = shell
        .moderators_view(moderator, HALL)
        .expect("moderates")
        .entries
        .clone();
    let rude = entries.expect("the board").entries[0].clone();
    let shown_now = false;
    shell.ok(
        moderator,
        Command::ShowEntry {
            poll,
            entry: rude.entry,
            shown: shown_now,
        },
    );
    assert!(
        board(shown(&shell, players[0]))
            .iter()
            .all(|(name, _)| *name != rude.text)
    );
}
