// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What is revealed: means, promoter scores and Borda points, and against a plain model the count of last answers.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::client::Command;
use fiera_protocol::fair::{PollPhase, PollView};
use fiera_protocol::ids::Role;
use fiera_protocol::limits::TALLY_INTERVAL_MS;
use fiera_protocol::poll::{Answer, Outcome, PollForm};
use proptest::prelude::*;

use crate::{HALL, of_form, open, polls, reveal, seated, set, shown, words};

#[test]
fn v10_a_rating_has_a_mean_and_on_ten_a_promoter_score() {
    let (mut shell, moderator, voters) = seated();
    let poll = open(&mut shell, moderator, of_form(PollForm::Rating { from: 0, to: 10 }));
    for (conn, rating) in voters.iter().zip([10, 9, 8, 6, 0]) {
        shell.ok(
            *conn,
            Command::Answer {
                poll,
                answer: Answer::Rating { rating },
            },
        );
    }
    shell.ok(moderator, set(poll, PollPhase::Closed));
    assert_eq!(
        (&shown(&shell, voters[0]).tally, &shown(&shell, moderator).outcome),
        (&None, &None)
    );
    shell.ok(moderator, set(poll, PollPhase::Revealed));
    let view = shown(&shell, voters[0]);
    assert_eq!(view.tally, Some(vec![1, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1]));
    let expected = Outcome::Rating {
        mean_hundredths: 660,
        nps: Some(0),
    };
    assert_eq!(view.outcome, Some(expected));
}

#[test]
fn v10_a_ranking_is_counted_after_borda() {
    let (mut shell, moderator, voters) = seated();
    let poll = open(&mut shell, moderator, of_form(PollForm::Ranking {}));
    for (conn, order) in voters.iter().zip([[0, 1, 2], [1, 0, 2], [1, 2, 0]]) {
        let answer = Answer::Ranking { order: order.to_vec() };
        shell.ok(*conn, Command::Answer { poll, answer });
    }
    reveal(&mut shell, moderator, poll);
    let Some(Outcome::Ranking { ranks }) = &shown(&shell, voters[0]).outcome else {
        panic!("a ranking");
    };
    let ranks: Vec<_> = ranks
        .iter()
        .map(|rank| (rank.option, rank.points, rank.mean_hundredths))
        .collect();
    assert_eq!(ranks, [(1, 5, 133), (0, 3, 200), (2, 1, 267)]);
}

/// A form and for each voter what they answer, in turn.
fn answered() -> impl Strategy<Value = (PollForm, Vec<(usize, Answer)>)> {
    let options = prop::sample::subsequence(vec![0_u8, 1, 2], 1..=3).prop_map(|options| Answer::Options { options });
    let order = Just(vec![0_u8, 1, 2])
        .prop_shuffle()
        .prop_map(|order| Answer::Ranking { order });
    let rating = (0..=10_u8).prop_map(|rating| Answer::Rating { rating });
    let word = prop::sample::select(vec!["Time", "time", "TIME", "tea", "Tea ", "ﬁve", "five"]);
    let cloud = prop::collection::vec(word, 1..=3).prop_map(|list| words(&list));
    let cast = |answer: BoxedStrategy<Answer>| prop::collection::vec((0..5_usize, answer), 0..20);
    prop_oneof![
        (Just(PollForm::Multiple { min: 1, max: 3 }), cast(options.boxed())),
        (Just(PollForm::Ranking {}), cast(order.boxed())),
        (Just(PollForm::Rating { from: 0, to: 10 }), cast(rating.boxed())),
        (Just(PollForm::Words { max: 3 }), cast(cloud.boxed())),
    ]
}

/// What a plain count of the last answers gives: a number for each option, rating or word.
fn model(last: &BTreeMap<usize, Answer>) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    let mut add = |key: String, n: u32| *counts.entry(key).or_insert(0) += n;
    for answer in last.values() {
        match answer {
            Answer::Options { options } => options.iter().for_each(|option| add(option.to_string(), 1)),
            Answer::Rating { rating } => add(rating.to_string(), 1),
            Answer::Ranking { order } => {
                order
                    .iter()
                    .enumerate()
                    .for_each(|(place, option)| add(option.to_string(), 2 - place as u32));
            }
            Answer::Words { words } => {
                let keys: BTreeSet<String> = words
                    .iter()
                    .map(|word| word.as_str().replace('ﬁ', "fi").to_lowercase())
                    .collect();
                keys.into_iter().for_each(|key| add(key, 1));
            }
            _ => unreachable!("not drawn"),
        }
    }
    counts.retain(|_, n| *n > 0);
    counts
}

fn counted(poll: &PollView) -> BTreeMap<String, u32> {
    let tally = (0..)
        .zip(poll.tally.iter().flatten())
        .map(|(n, votes): (u32, _)| (n.to_string(), *votes));
    let mut counts: BTreeMap<String, u32> = tally.collect();
    match &poll.outcome {
        Some(Outcome::Ranking { ranks }) => {
            counts.extend(ranks.iter().map(|rank| (rank.option.to_string(), rank.points)));
        }
        Some(Outcome::Words { words, .. }) => {
            counts.extend(
                words
                    .iter()
                    .map(|word| (word.word.replace('ﬁ', "fi").to_lowercase(), word.count)),
            );
        }
        _ => {}
    }
    counts.retain(|_, n| *n > 0);
    counts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn v10_what_is_revealed_is_the_count_of_the_last_answers((form, cast) in answered(), restart in any::<bool>()) {
        let (mut shell, mut moderator, mut voters) = seated();
        let poll = open(&mut shell, moderator, of_form(form));
        let mut last = BTreeMap::new();
        for (who, answer) in cast {
            shell.ok(voters[who], Command::Answer { poll, answer: answer.clone() });
            prop_assert_eq!(shell.you(voters[who]).answer.as_ref().map(|own| &own.answer), Some(&answer));
            last.insert(who, answer);
        }
        if restart {
            shell.restart();
            moderator = shell.join(100, Role::Moderator, HALL);
            voters = (1..=5).map(|who| shell.join(who, Role::Attendee, HALL)).collect();
            for (who, conn) in voters.iter().enumerate() {
                let own = shell.you(*conn).answer.clone().map(|own| own.answer);
                prop_assert_eq!(own.as_ref(), last.get(&who));
            }
        }
        shell.pass(TALLY_INTERVAL_MS);
        prop_assert_eq!(shown(&shell, voters[0]).answers as usize, last.len());
        shell.ok(moderator, set(poll, PollPhase::Closed));
        prop_assert!(shell.kept.working.keys().all(|key| !key.starts_with("ballot/") && !key.starts_with("pollkey/")));
        prop_assert_eq!(&shell.you(voters[0]).answer, &None);
        shell.ok(moderator, set(poll, PollPhase::Revealed));
        let view = shown(&shell, voters[0]);
        if last.is_empty() {
            prop_assert_eq!(&view.outcome, &Some(Outcome::Withheld {}));
        } else {
            prop_assert_eq!(counted(view), model(&last));
        }
        prop_assert_eq!(polls(&shell, moderator).last(), Some(view), "moderators see the same");
    }
}
