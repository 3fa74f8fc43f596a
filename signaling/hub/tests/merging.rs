// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Merged questions: votes of each person once, no cycles, and a split that gives back what was there.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use fiera_hub::ConnectionId;
use fiera_protocol::client::Command;
use fiera_protocol::fair::QuestionStage;
use fiera_protocol::ids::{QuestionId, Role};
use fiera_protocol::limits::TALLY_INTERVAL_MS;
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::view::EventPhase;
use proptest::prelude::*;
use support::fair::{MODERATED, SECRET, set, upvote};
use support::{Shell, config, room};

fn merge(into: QuestionId, questions: &[QuestionId]) -> Command {
    Command::MergeQuestions {
        into,
        questions: questions.to_vec(),
    }
}

/// What somebody in the room sees: questions with their votes.
fn votes(shell: &mut Shell, conn: ConnectionId) -> BTreeMap<QuestionId, u32> {
    shell.pass(TALLY_INTERVAL_MS);
    let questions = shell.questions(conn, "hall-a").into_iter();
    questions
        .map(|question| (question.question, question.upvotes))
        .collect()
}

#[test]
fn q10_who_supports_any_of_the_merged_counts_once_and_undo_gives_all_back() {
    let mut shell = Shell::new();
    let one = shell.join(1, Role::Attendee, "hall-a");
    let two = shell.join(2, Role::Attendee, "hall-a");
    let moderator = shell.join(3, Role::Moderator, "hall-a");
    let [a, b, c] = ["A?", "B?", "C?"].map(|text| shell.ask(one, text));
    for (conn, question) in [(one, a), (one, b), (two, b), (two, c), (moderator, c)] {
        shell.ok(conn, upvote(question, true));
    }
    let before = votes(&mut shell, one);
    shell.ok(moderator, merge(a, &[b, c]));
    assert_eq!(votes(&mut shell, one), [(a, 3)].into());
    assert_eq!(shell.questions(two, "hall-a")[0].merged, 2);
    assert_eq!(shell.you(two).upvoted, [a], "a vote for a part is a vote for the whole");
    assert_eq!(shell.command(two, upvote(b, true)), Err(RefusalCode::UnknownItem));
    shell.ok(two, upvote(a, true));
    assert_eq!(votes(&mut shell, one), [(a, 3)].into(), "counted already");
    shell.restart();
    let moderator = shell.join(3, Role::Moderator, "hall-a");
    assert_eq!(votes(&mut shell, moderator), [(a, 3)].into());
    shell.ok(moderator, Command::UndoQuestion { question: a });
    assert_eq!(votes(&mut shell, moderator), before);
    assert_eq!(
        shell.command(moderator, Command::UndoQuestion { question: a }),
        Err(RefusalCode::WrongState)
    );
}

#[test]
fn q10_a_vote_taken_back_is_taken_back_of_every_part() {
    let mut shell = Shell::new();
    let one = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(3, Role::Moderator, "hall-a");
    let [a, b] = ["A?", "B?"].map(|text| shell.ask(one, text));
    shell.ok(one, upvote(a, true));
    shell.ok(one, upvote(b, true));
    shell.ok(moderator, merge(a, &[b]));
    shell.ok(one, upvote(a, false));
    assert_eq!(shell.you(one).upvoted, []);
    assert_eq!(votes(&mut shell, one), [(a, 0)].into());
    assert!(!shell.kept.working.keys().any(|key| key.starts_with("upvote/")));
}

#[test]
fn q11_cycles_and_what_is_settled_are_refused_and_of_two_moderators_the_second_is_told() {
    let mut shell = Shell::new();
    let one = shell.join(1, Role::Moderator, "hall-a");
    let two = shell.join(2, Role::Moderator, "hall-a");
    let other = shell.join(4, Role::Moderator, "hall-b");
    let attendee = shell.join(3, Role::Attendee, "hall-a");
    let [a, b, c, d] = ["A?", "B?", "C?", "D?"].map(|text| shell.ask(attendee, text));
    let elsewhere = shell.ask(other, "A?");
    let refused = |shell: &mut Shell, conn, command, code| {
        let facts = shell.kept.facts.len();
        assert_eq!(shell.command(conn, command), Err(code));
        assert_eq!(shell.kept.facts.len(), facts, "refused: nothing changed");
    };
    refused(&mut shell, attendee, merge(a, &[b]), RefusalCode::NotAllowed);
    refused(&mut shell, one, merge(a, &[]), RefusalCode::Malformed);
    refused(&mut shell, one, merge(a, &[a]), RefusalCode::Malformed);
    refused(&mut shell, one, merge(a, &[b, b]), RefusalCode::Malformed);
    refused(&mut shell, one, merge(a, &[elsewhere]), RefusalCode::UnknownItem);
    refused(&mut shell, one, merge(a, &vec![b; 101]), RefusalCode::TooMany);
    shell.ok(one, merge(a, &[b]));
    refused(&mut shell, two, merge(b, &[a]), RefusalCode::WrongState);
    refused(&mut shell, two, merge(c, &[b]), RefusalCode::WrongState);
    let publish = set(b, QuestionStage::Published, QuestionStage::Next);
    refused(&mut shell, two, publish, RefusalCode::WrongState);
    shell.ok(two, merge(c, &[a]));
    assert_eq!(
        shell.questions(one, "hall-a")[0].merged,
        2,
        "with what had been merged before"
    );
    refused(&mut shell, one, merge(a, &[c]), RefusalCode::WrongState);
    assert_eq!(
        votes(&mut shell, one).into_keys().collect::<BTreeSet<_>>(),
        [c, d].into()
    );
    shell.ok(one, set(d, QuestionStage::Published, QuestionStage::Answered));
    refused(&mut shell, one, merge(c, &[d]), RefusalCode::WrongState);
    refused(&mut shell, one, merge(d, &[c]), RefusalCode::WrongState);
}

#[test]
fn q12_what_was_merged_stands_again_when_the_whole_is_withdrawn_and_a_part_takes_its_votes_along() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let voter = shell.join(3, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let [a, b, c] = ["A?", "B?", "C?"].map(|text| shell.ask(attendee, text));
    shell.ok(voter, upvote(b, true));
    shell.ok(voter, upvote(c, true));
    shell.ok(moderator, merge(a, &[b, c]));
    let withdraw = |question| Command::WithdrawQuestion {
        question,
        secret: SECRET,
    };
    shell.ok(attendee, withdraw(c));
    assert_eq!(votes(&mut shell, voter), [(a, 1)].into());
    assert_eq!(shell.questions(voter, "hall-a")[0].merged, 1);
    shell.ok(attendee, withdraw(a));
    assert_eq!(votes(&mut shell, voter), [(b, 1)].into());
    assert_eq!(shell.you(voter).upvoted, [b]);
    assert_eq!(shell.kept.texts.len(), 1);
}

#[test]
fn q10_numbers_for_good_are_those_of_the_whole() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let organiser = shell.join(2, Role::Organiser, "hall-a");
    let [a, b] = ["A?", "B?"].map(|text| shell.ask(attendee, text));
    shell.ok(attendee, upvote(a, true));
    shell.ok(organiser, upvote(b, true));
    shell.ok(organiser, merge(a, &[b]));
    let phase = EventPhase::Ended;
    shell.ok(organiser, Command::SetEventPhase { phase });
    shell.restart();
    let recap = shell.hub.recap();
    let asked: Vec<(&str, u32, u32)> = recap.rooms[0]
        .questions
        .iter()
        .map(|q| (q.text.as_str(), q.upvotes, q.merged))
        .collect();
    assert_eq!(asked, [("A?", 2, 1)]);
}

#[test]
fn q2_a_pending_question_merged_into_a_public_one_stays_hidden() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let shown = shell.ask(attendee, "A?");
    shell.set_room(moderator, MODERATED);
    let hidden = shell.ask(attendee, "Secret?");
    shell.take(attendee);
    shell.ok(moderator, merge(shown, &[hidden]));
    assert_eq!(shell.hidden(moderator, "hall-a"), []);
    assert!(!format!("{:?}", shell.take(attendee)).contains("Secret"));
    shell.ok(moderator, Command::UndoQuestion { question: shown });
    assert_eq!(shell.hidden(moderator, "hall-a").len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Against a model: a set of voters for each question, and of questions for each one that is shown.
    #[test]
    fn q10_a_number_is_how_many_people_support_any_part(
        deeds in prop::collection::vec((0..3_u8, 0..8_usize, 0..8_usize, 0..5_u128), 1..60)
    ) {
        let mut event = config();
        event.rooms.iter_mut().for_each(|room| room.capacity = 1_000);
        let mut shell = Shell::with(event, 7);
        let people: Vec<ConnectionId> = (0..5).map(|who| shell.join(who, Role::Moderator, "hall-a")).collect();
        let mut asked = Vec::new();
        for conn in people.iter().chain(&people[..3]) {
            asked.push(shell.ask(*conn, "Why?"));
        }
        let mut voters: BTreeMap<QuestionId, BTreeSet<u128>> = BTreeMap::new();
        let mut parts: BTreeMap<QuestionId, BTreeSet<QuestionId>> = asked.iter().map(|id| (*id, [*id].into())).collect();
        for (kind, nth, other, who) in deeds {
            let (question, other) = (asked[nth], asked[other]);
            let conn = people[usize::try_from(who).expect("small")];
            let shown = parts.contains_key(&question);
            match kind {
                0 => {
                    prop_assert_eq!(shell.command(conn, upvote(question, true)).is_ok(), shown);
                    let counted = parts.get(&question).is_some_and(|all| all.iter().any(|part| voters.get(part).is_some_and(|of| of.contains(&who))));
                    if shown && !counted {
                        voters.entry(question).or_default().insert(who);
                    }
                }
                1 => {
                    prop_assert_eq!(shell.command(conn, upvote(question, false)).is_ok(), shown);
                    for part in parts.get(&question).into_iter().flatten() {
                        voters.entry(*part).or_default().remove(&who);
                    }
                }
                _ => {
                    let possible = shown && parts.contains_key(&other) && question != other;
                    prop_assert_eq!(shell.command(conn, merge(question, &[other])).is_ok(), possible);
                    if possible {
                        let moved = parts.remove(&other).expect("shown");
                        parts.get_mut(&question).expect("shown").extend(moved);
                    }
                }
            }
            let union = |all: &BTreeSet<QuestionId>| {
                let all: BTreeSet<u128> = all.iter().flat_map(|part| voters.get(part).into_iter().flatten()).copied().collect();
                u32::try_from(all.len()).expect("few")
            };
            let expected: BTreeMap<QuestionId, u32> = parts.iter().map(|(id, all)| (*id, union(all))).collect();
            prop_assert_eq!(votes(&mut shell, people[0]), expected);
        }
        let before = votes(&mut shell, people[0]);
        shell.restart();
        let moderator = shell.join(0, Role::Moderator, "hall-a");
        prop_assert_eq!(votes(&mut shell, moderator), before);
    }
}

#[test]
fn s5_two_rooms_merge_their_own_questions_alone() {
    let mut shell = Shell::new();
    let a = shell.join(1, Role::Moderator, "hall-a");
    let b = shell.join(2, Role::Moderator, "hall-b");
    let (in_a, also) = (shell.ask(a, "Why?"), shell.ask(a, "Why?"));
    let in_b = shell.ask(b, "Why?");
    shell.take(b);
    shell.ok(a, merge(in_a, &[also]));
    assert_eq!(shell.command(b, merge(in_b, &[also])), Err(RefusalCode::UnknownItem));
    assert_eq!(shell.questions(b, "hall-b").len(), 1);
    assert!(!format!("{:?}", shell.take(b)).contains(&in_a.to_string()));
    shell.ok(a, Command::Enter { room: room("hall-b") });
    assert_eq!(
        shell.command(a, Command::UndoQuestion { question: in_a }),
        Err(RefusalCode::UnknownItem)
    );
}

#[test]
fn q12_a_merge_takes_the_place_of_the_step_before_and_its_words_are_erased() {
    let mut shell = Shell::new();
    let moderator = shell.join(3, Role::Moderator, "hall-a");
    let [a, b] = ["A?", "B?"].map(|text| shell.ask(moderator, text));
    let answer = Command::AnswerQuestion {
        question: a,
        from: QuestionStage::Published,
        text: "Because.".parse().expect("an answer"),
    };
    shell.ok(moderator, answer);
    shell.ok(moderator, set(a, QuestionStage::Answered, QuestionStage::Now));
    assert_eq!(
        shell.kept.texts.len(),
        3,
        "undoing the step would show the answer again"
    );
    shell.ok(moderator, merge(a, &[b]));
    assert_eq!(shell.kept.texts.len(), 2, "nobody can see it again");
}
