// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Polls beyond a single choice. Here: an answer is of the form that its poll asks for, and nothing is kept of few
//! answers. What each form counts, what is written, and what is prepared have a module each.

mod count;
mod entries;
mod prepared;
#[path = "../support/mod.rs"]
mod support;

use fiera_hub::{ConnectionId, EventConfig};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{PollPhase, PollView};
use fiera_protocol::ids::{PollId, Role};
use fiera_protocol::poll::{Answer, Outcome, PollDraft, PollForm};
use fiera_protocol::refusal::RefusalCode;
use support::{HALLS, Shell, config};

const HALL: &str = HALLS[0];

fn roomy() -> EventConfig {
    let mut config = config();
    config.rooms.iter_mut().for_each(|room| room.capacity = 5_000);
    config
}

fn draft(json: &str) -> PollDraft {
    serde_json::from_str(json).expect("a draft")
}

fn of_form(form: PollForm) -> PollDraft {
    let options = if form.has_options() {
        r#","options":["A","B","C"]"#
    } else {
        ""
    };
    PollDraft {
        form,
        ..draft(&format!(r#"{{"question":"What?","answers_min":1{options}}}"#))
    }
}

fn prepare(draft: PollDraft) -> Command {
    Command::PreparePoll { draft, replaces: None }
}

fn set(poll: PollId, phase: PollPhase) -> Command {
    Command::SetPoll { poll, phase }
}

fn polls(shell: &Shell, moderator: ConnectionId) -> &[PollView] {
    &shell.moderators_view(moderator, HALL).expect("moderates").polls
}

fn shown(shell: &Shell, conn: ConnectionId) -> &PollView {
    shell
        .room_view(conn, HALL)
        .expect("follows")
        .poll
        .as_ref()
        .expect("shown")
}

fn words(words: &[&str]) -> Answer {
    Answer::Words {
        words: words.iter().map(|word| word.parse().expect("a word")).collect(),
    }
}

fn seated() -> (Shell, ConnectionId, Vec<ConnectionId>) {
    let mut shell = Shell::with(roomy(), 7);
    let moderator = shell.join(100, Role::Moderator, HALL);
    let voters = (1..=5).map(|who| shell.join(who, Role::Attendee, HALL)).collect();
    (shell, moderator, voters)
}

fn open(shell: &mut Shell, moderator: ConnectionId, draft: PollDraft) -> PollId {
    shell.ok(moderator, prepare(draft));
    let poll = polls(shell, moderator).last().expect("prepared").poll;
    shell.ok(moderator, set(poll, PollPhase::Open));
    poll
}

fn reveal(shell: &mut Shell, moderator: ConnectionId, poll: PollId) {
    shell.ok(moderator, set(poll, PollPhase::Closed));
    shell.ok(moderator, set(poll, PollPhase::Revealed));
}

#[test]
fn v8_an_answer_is_of_the_form_that_the_poll_asks_for() {
    let (mut shell, moderator, voters) = seated();
    let multiple = PollForm::Multiple { min: 2, max: 2 };
    let bad: [(PollForm, Answer, RefusalCode); 13] = [
        (multiple, Answer::Options { options: vec![0] }, RefusalCode::Malformed),
        (
            multiple,
            Answer::Options { options: vec![0, 0] },
            RefusalCode::Malformed,
        ),
        (
            multiple,
            Answer::Options { options: vec![0, 1, 2] },
            RefusalCode::Malformed,
        ),
        (
            multiple,
            Answer::Options { options: vec![0, 3] },
            RefusalCode::UnknownItem,
        ),
        (multiple, Answer::Rating { rating: 1 }, RefusalCode::Malformed),
        (
            PollForm::Rating { from: 1, to: 5 },
            Answer::Rating { rating: 0 },
            RefusalCode::UnknownItem,
        ),
        (
            PollForm::Rating { from: 1, to: 5 },
            Answer::Rating { rating: 6 },
            RefusalCode::UnknownItem,
        ),
        (
            PollForm::Ranking {},
            Answer::Ranking { order: vec![0, 1] },
            RefusalCode::Malformed,
        ),
        (
            PollForm::Ranking {},
            Answer::Ranking { order: vec![0, 1, 1] },
            RefusalCode::Malformed,
        ),
        (
            PollForm::Ranking {},
            Answer::Ranking { order: vec![0, 1, 9] },
            RefusalCode::UnknownItem,
        ),
        (PollForm::Words { max: 1 }, words(&[]), RefusalCode::Malformed),
        (PollForm::Words { max: 1 }, words(&["a", "b"]), RefusalCode::Malformed),
        (
            PollForm::Text {},
            Answer::Quiz { question: 0, option: 0 },
            RefusalCode::Malformed,
        ),
    ];
    for (form, answer, code) in bad {
        let poll = open(&mut shell, moderator, of_form(form));
        assert_eq!(
            shell.command(voters[0], Command::Vote { poll, option: 0 }),
            Err(RefusalCode::Malformed)
        );
        let command = Command::Answer { poll, answer };
        assert_eq!(shell.command(voters[0], command.clone()), Err(code), "{command:?}");
        shell.ok(moderator, set(poll, PollPhase::Closed));
        assert_eq!(shown(&shell, voters[0]).answers, 0);
        assert_eq!(
            shell.command(voters[0], command),
            Err(RefusalCode::WrongState),
            "after close"
        );
    }
    let single = open(&mut shell, moderator, of_form(PollForm::Single {}));
    let answer = Answer::Options { options: vec![0] };
    assert_eq!(
        shell.command(voters[0], Command::Answer { poll: single, answer }),
        Err(RefusalCode::Malformed)
    );
    let many = serde_json::json!({"question": "?", "options": (0..5_000).map(|n| n.to_string()).collect::<Vec<_>>()});
    assert_eq!(
        shell.command(moderator, prepare(draft(&many.to_string()))),
        Err(RefusalCode::TooMany)
    );
    assert_eq!(
        shell.command(moderator, prepare(draft(r#"{"question":"?"}"#))),
        Err(RefusalCode::Malformed),
        "no answers"
    );
}

#[test]
fn v9_of_fewer_answers_than_asked_for_nothing_is_kept() {
    let (mut shell, moderator, voters) = seated();
    let poll = open(&mut shell, moderator, draft(r#"{"question":"?","options":["A","B"]}"#));
    assert_eq!(shown(&shell, moderator).answers_min, 3, "unless it says otherwise");
    for conn in &voters[..2] {
        shell.ok(*conn, Command::Vote { poll, option: 1 });
    }
    reveal(&mut shell, moderator, poll);
    let facts: Vec<_> = shell
        .kept
        .facts
        .iter()
        .map(|(_, body)| String::from_utf8_lossy(body))
        .collect();
    assert!(facts.iter().all(|fact| !fact.contains("tallies")), "{facts:?}");
    for conn in [moderator, voters[0]] {
        let view = shown(&shell, conn);
        assert_eq!((view.answers, &view.tally), (2, &None));
        assert_eq!(view.outcome, Some(Outcome::Withheld {}));
    }
    let poll = open(&mut shell, moderator, draft(r#"{"question":"?","options":["A","B"]}"#));
    for conn in &voters[..3] {
        shell.ok(*conn, Command::Vote { poll, option: 1 });
    }
    reveal(&mut shell, moderator, poll);
    assert_eq!(shown(&shell, voters[0]).tally, Some(vec![0, 3]));
}
