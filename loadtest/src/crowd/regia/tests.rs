// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use fiera_protocol::ids::Role;

use super::super::toy::{Fault, Toy, room_id};
use super::*;

fn poll_of_person(phase: PollPhase) -> PollView {
    PollView {
        poll: PollId::from_u128(7),
        question: "Which day suits you?".to_owned(),
        options: vec!["Monday".to_owned(), "Friday".to_owned()],
        phase,
        answers: 0,
        tally: None,
        form: fiera_protocol::poll::PollForm::default(),
        answers_min: 0,
        outcome: None,
        quiz: None,
    }
}

fn alone() -> Toy {
    let mut toy = Toy::new(Fault::None, false);
    toy.join(Box::new(Regia::new(room_id(), 1)), Role::Moderator);
    toy.run(2_000);
    toy
}

fn phases(toy: &mut Toy, for_ms: u64) -> Vec<PollPhase> {
    let (mut seen, until) = (Vec::new(), toy.now_ms + for_ms);
    while toy.now_ms < until {
        toy.run(1_000);
        let phase = toy.room().poll.as_ref().map(|poll| poll.phase);
        if let Some(phase) = phase.filter(|phase| seen.last() != Some(phase)) {
            seen.push(phase);
        }
    }
    seen
}

#[test]
fn left_alone_it_runs_a_poll_from_open_to_revealed_and_then_the_next() {
    let seen = phases(&mut alone(), 400_000);
    let once = [PollPhase::Open, PollPhase::Closed, PollPhase::Revealed];
    assert_eq!(seen[..3], once);
    assert_eq!(seen[3], PollPhase::Open, "the next one");
}

#[test]
fn it_opens_nothing_while_a_persons_poll_runs_and_leaves_that_poll_alone() {
    let mut toy = alone();
    let poll = poll_of_person(PollPhase::Open);
    toy.person(Change::RoomPoll { poll: poll.clone() });
    toy.person(Change::Poll { poll: Some(poll) });
    toy.run(600_000);
    assert_eq!(toy.room().poll, Some(poll_of_person(PollPhase::Open)));
    assert_eq!(toy.moderators().polls.len(), 1, "nothing drafted");
}

fn question(id: u128, text: &str, stage: QuestionStage) -> QuestionView {
    QuestionView {
        question: QuestionId::from_u128(id),
        text: text.to_owned(),
        by: None,
        stage,
        note: None,
        due_day: None,
        answer: None,
        labels: vec![],
        assigned: None,
        merged: 0,
        edited: false,
        archived: false,
        from_chat: false,
        upvotes: 0,
        at_unix_ms: 0,
        order: id as u32,
    }
}

/// What bots ask.
fn phrase(number: usize) -> &'static str {
    phrases(Language::It).questions[number].as_str()
}

#[test]
fn it_waits_after_a_person_moved_a_question() {
    let now = |toy: &Toy| {
        let all = toy.room().questions.iter();
        all.filter(|known| known.stage == QuestionStage::Now).count()
    };
    let mut toy = alone();
    let asked = |id| Change::Question {
        question: question(id, phrase(id as usize), QuestionStage::Published),
    };
    toy.person(asked(1));
    toy.person(asked(2));
    toy.run(1_000);
    toy.person(Change::Question {
        question: question(1, phrase(1), QuestionStage::Answered),
    });
    toy.run(HANDS_OFF_MS - 2_000);
    assert_eq!(now(&toy), 0, "a person moderates");
    toy.run(10_000);
    assert_eq!(now(&toy), 1, "and then nobody did any more");
}

#[test]
fn it_brings_up_what_bots_ask_and_leaves_what_a_person_asks_to_a_person() {
    let mut toy = alone();
    for (id, text) in [(1, "When is lunch?"), (2, phrase(2))] {
        toy.person(Change::Question {
            question: question(id, text, QuestionStage::Published),
        });
    }
    toy.run(600_000);
    let stages: Vec<_> = toy.room().questions.iter().map(|known| known.stage).collect();
    assert_eq!(stages[0], QuestionStage::Published);
    assert_ne!(stages[1], QuestionStage::Published);
}
