// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Polls beyond a single choice: counted right, hidden until revealed, nothing kept of few answers, words and texts
//! moderated, prepared in an order.

mod support;

use std::collections::BTreeMap;

use fiera_hub::{ConnectionId, EventConfig, PreparedPoll};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{PollPhase, PollView};
use fiera_protocol::ids::{EntryId, PollId, Role};
use fiera_protocol::limits::{OPEN_ANSWERS_SHOWN_MAX, TALLY_INTERVAL_MS};
use fiera_protocol::poll::{Answer, Outcome, PollDraft, PollEntry, PollForm};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::view::EventPhase;
use proptest::prelude::*;
use support::{HALLS, Shell, config, person};

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
    Command::PreparePoll { draft }
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

fn entries(shell: &Shell, moderator: ConnectionId) -> &[PollEntry] {
    let all = &shell.moderators_view(moderator, HALL).expect("moderates").entries;
    all.as_ref().map(|all| all.entries.as_slice()).unwrap_or_default()
}

fn entry(shell: &Shell, moderator: ConnectionId, text: &str) -> EntryId {
    let found = entries(shell, moderator).iter().find(|entry| entry.text == text);
    found.unwrap_or_else(|| panic!("no {text}")).entry
}

fn words(words: &[&str]) -> Answer {
    Answer::Words {
        words: words.iter().map(|word| word.parse().expect("a word")).collect(),
    }
}

fn text(text: &str) -> Answer {
    Answer::Text {
        text: text.parse().expect("a text"),
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

#[test]
fn v11_words_are_counted_by_what_they_mean_and_moderators_hide_them_before_and_after() {
    let (mut shell, moderator, voters) = seated();
    let poll = open(&mut shell, moderator, of_form(PollForm::Words { max: 3 }));
    let written: [&[&str]; 4] = [
        &["Tempo", "TEMPO", "merda"],
        &["tempo", "Straße"],
        &["tempo"],
        &["STRASSE", "merda"],
    ];
    for (conn, own) in voters.iter().zip(written) {
        shell.ok(
            *conn,
            Command::Answer {
                poll,
                answer: words(own),
            },
        );
    }
    assert!(
        entries(&shell, moderator).is_empty(),
        "nobody sees what is answered while it is open"
    );
    shell.ok(moderator, set(poll, PollPhase::Closed));
    let all: Vec<&str> = entries(&shell, moderator)
        .iter()
        .map(|entry| entry.text.as_str())
        .collect();
    assert_eq!(all, ["STRASSE", "merda", "tempo"], "by alphabet, not by number");
    let rude = entry(&shell, moderator, "merda");
    let show = |entry, shown| Command::ShowEntry { poll, entry, shown };
    assert_eq!(
        shell.command(voters[0], show(rude, false)),
        Err(RefusalCode::NotAllowed)
    );
    shell.ok(moderator, show(rude, false));
    shell.ok(moderator, set(poll, PollPhase::Revealed));
    let cloud = |shell: &Shell| match &shown(shell, voters[0]).outcome {
        Some(Outcome::Words { words, .. }) => words
            .iter()
            .map(|word| (word.word.clone(), word.count))
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let both: Vec<(String, u32)> = vec![("tempo".to_owned(), 3), ("STRASSE".to_owned(), 2)];
    assert_eq!(cloud(&shell), both);
    let street = entry(&shell, moderator, "STRASSE");
    shell.ok(moderator, show(street, false));
    assert_eq!(cloud(&shell), both[..1]);
    shell.ok(moderator, show(street, true));
    shell.ok(moderator, Command::EraseEntry { poll, entry: rude });
    assert_eq!(
        shell.command(moderator, show(rude, true)),
        Err(RefusalCode::UnknownItem)
    );
    shell.restart();
    let moderator = shell.join(100, Role::Moderator, HALL);
    assert_eq!(entries(&shell, moderator).len(), 2);
    let kept = shell
        .kept
        .texts
        .values()
        .map(|body| String::from_utf8_lossy(body).into_owned());
    assert!(kept.into_iter().all(|text| !text.contains("merda")), "erased for good");
}

#[test]
fn v12_texts_are_published_one_by_one() {
    let (mut shell, moderator, voters) = seated();
    let poll = open(&mut shell, moderator, of_form(PollForm::Text {}));
    for (conn, own) in voters
        .iter()
        .zip(["Longer breaks", "Shorter talks", "<script>alert(1)</script>"])
    {
        shell.ok(
            *conn,
            Command::Answer {
                poll,
                answer: text(own),
            },
        );
    }
    shell.ok(
        voters[0],
        Command::Answer {
            poll,
            answer: text("Longer lunch"),
        },
    );
    reveal(&mut shell, moderator, poll);
    let texts = |shell: &Shell| match &shown(shell, voters[0]).outcome {
        Some(Outcome::Texts { texts }) => texts.iter().map(|text| text.text.clone()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(texts(&shell), [""; 0], "none is published yet");
    assert_eq!(entries(&shell, moderator).len(), 3);
    let lunch = entry(&shell, moderator, "Longer lunch");
    shell.ok(
        moderator,
        Command::ShowEntry {
            poll,
            entry: lunch,
            shown: true,
        },
    );
    assert_eq!(texts(&shell), ["Longer lunch"]);
    let log = format!("{:?}", shell.clients[&voters[4]].received);
    assert!(
        !log.contains("Shorter talks") && !log.contains("Longer breaks"),
        "what is not published is not sent"
    );
}

#[test]
fn v12_who_is_silenced_writes_no_texts_but_votes() {
    let (mut shell, moderator, voters) = seated();
    shell.ok(
        moderator,
        Command::Silence {
            participant: person(1),
            on: true,
        },
    );
    let poll = open(&mut shell, moderator, of_form(PollForm::Text {}));
    let command = Command::Answer {
        poll,
        answer: text("Hm"),
    };
    assert_eq!(shell.command(voters[0], command), Err(RefusalCode::Silenced));
    shell.ok(moderator, set(poll, PollPhase::Closed));
    let poll = open(&mut shell, moderator, of_form(PollForm::Rating { from: 1, to: 5 }));
    shell.ok(
        voters[0],
        Command::Answer {
            poll,
            answer: Answer::Rating { rating: 5 },
        },
    );
}

#[test]
fn v12_no_more_texts_are_published_than_fit() {
    let mut shell = Shell::with(roomy(), 7);
    let moderator = shell.join(100_000, Role::Moderator, HALL);
    let poll = open(&mut shell, moderator, of_form(PollForm::Text {}));
    for who in 0..=OPEN_ANSWERS_SHOWN_MAX {
        let conn = shell.join(who as u128, Role::Attendee, HALL);
        shell.ok(
            conn,
            Command::Answer {
                poll,
                answer: text(&format!("Text {who}")),
            },
        );
    }
    shell.ok(moderator, set(poll, PollPhase::Closed));
    let all: Vec<EntryId> = entries(&shell, moderator).iter().map(|entry| entry.entry).collect();
    let (last, fitting) = all.split_last().expect("some");
    for entry in fitting {
        shell.ok(
            moderator,
            Command::ShowEntry {
                poll,
                entry: *entry,
                shown: true,
            },
        );
    }
    let one_more = Command::ShowEntry {
        poll,
        entry: *last,
        shown: true,
    };
    assert_eq!(shell.command(moderator, one_more), Err(RefusalCode::TooMany));
}

#[test]
fn v14_prepared_polls_stand_in_the_order_of_their_moderators_and_can_be_copied() {
    let (mut shell, moderator, voters) = seated();
    for name in ["One?", "Two?", "Three?"] {
        let json =
            format!(r#"{{"question":"{name}","form":{{"kind":"multiple","min":1,"max":2}},"options":["A","B"]}}"#);
        shell.ok(moderator, prepare(draft(&json)));
    }
    let ids: Vec<PollId> = polls(&shell, moderator).iter().map(|poll| poll.poll).collect();
    let place = |poll, after| Command::PlacePoll { poll, after };
    let order = |shell: &Shell, moderator| -> Vec<String> {
        polls(shell, moderator)
            .iter()
            .map(|poll| poll.question.clone())
            .collect()
    };
    assert_eq!(
        shell.command(voters[0], place(ids[2], None)),
        Err(RefusalCode::NotAllowed)
    );
    shell.ok(moderator, place(ids[2], None));
    assert_eq!(order(&shell, moderator), ["Three?", "One?", "Two?"]);
    shell.ok(moderator, place(ids[2], Some(ids[0])));
    assert_eq!(order(&shell, moderator), ["One?", "Three?", "Two?"]);
    let kept = shell.kept.facts.len();
    shell.ok(moderator, place(ids[2], Some(ids[0])));
    shell.ok(moderator, place(ids[2], Some(ids[2])));
    assert_eq!(shell.kept.facts.len(), kept, "it stands there already");
    assert_eq!(
        shell.command(moderator, place(ids[2], Some(PollId::from_u128(1)))),
        Err(RefusalCode::UnknownItem)
    );
    shell.ok(moderator, set(ids[0], PollPhase::Open));
    shell.ok(moderator, Command::ClonePoll { poll: ids[0] });
    assert_eq!(order(&shell, moderator), ["One?", "Three?", "Two?", "One?"]);
    shell.restart();
    let moderator = shell.join(100, Role::Moderator, HALL);
    assert_eq!(order(&shell, moderator), ["One?", "Three?", "Two?", "One?"]);
    let copy = polls(&shell, moderator)[3].clone();
    assert_eq!(
        (copy.form, copy.options.len(), copy.answers_min),
        (PollForm::Multiple { min: 1, max: 2 }, 2, 3)
    );
    assert_eq!(copy.phase, PollPhase::Draft);
}

#[test]
fn v14_polls_of_the_setup_are_prepared_once() {
    let mut config = roomy();
    for room in &mut config.rooms {
        let prepared = |name: &str| PreparedPoll {
            name: name.to_owned(),
            draft: of_form(PollForm::Rating { from: 1, to: 5 }),
        };
        room.polls = vec![prepared("start"), prepared("end")];
    }
    let mut shell = Shell::with(config, 7);
    let moderator = shell.join(100, Role::Moderator, HALL);
    let ids: Vec<PollId> = polls(&shell, moderator).iter().map(|poll| poll.poll).collect();
    assert_eq!(ids.len(), 2);
    shell.ok(moderator, Command::DismissPoll { poll: ids[0] });
    shell.restart();
    let moderator = shell.join(100, Role::Moderator, HALL);
    let again: Vec<PollId> = polls(&shell, moderator).iter().map(|poll| poll.poll).collect();
    assert_eq!(again, ids[1..], "one that was thrown away does not come back");
    let other = shell.join(101, Role::Moderator, HALLS[1]);
    let theirs = &shell.moderators_view(other, HALLS[1]).expect("moderates").polls;
    assert_eq!(theirs.len(), 2);
    assert!(
        theirs.iter().all(|poll| !ids.contains(&poll.poll)),
        "each room has its own"
    );
}

#[test]
fn s5_entries_of_one_hall_are_nothing_to_the_other() {
    let (mut shell, moderator, voters) = seated();
    let other = shell.join(101, Role::Moderator, HALLS[1]);
    let poll = open(&mut shell, moderator, of_form(PollForm::Words { max: 1 }));
    shell.ok(
        voters[0],
        Command::Answer {
            poll,
            answer: words(&["secret"]),
        },
    );
    shell.ok(moderator, set(poll, PollPhase::Closed));
    let entry = entry(&shell, moderator, "secret");
    let hide = Command::ShowEntry {
        poll,
        entry,
        shown: false,
    };
    assert_eq!(shell.command(other, hide), Err(RefusalCode::UnknownItem));
    assert_eq!(
        shell.command(other, Command::ClonePoll { poll }),
        Err(RefusalCode::UnknownItem)
    );
    assert_eq!(shell.moderators_view(other, HALLS[1]).expect("moderates").entries, None);
    assert!(!format!("{:?}", shell.clients[&other].received).contains("secret"));
}

#[test]
fn v15_entries_can_be_erased_after_the_event() {
    let mut shell = Shell::with(roomy(), 7);
    let organiser = shell.join(100, Role::Organiser, HALL);
    let poll = open(&mut shell, organiser, of_form(PollForm::Text {}));
    shell.ok(
        organiser,
        Command::Answer {
            poll,
            answer: text("A name"),
        },
    );
    let phase = EventPhase::Ended;
    shell.ok(organiser, Command::SetEventPhase { phase });
    let entry = entry(&shell, organiser, "A name");
    assert_eq!(
        shell.command(
            organiser,
            Command::ShowEntry {
                poll,
                entry,
                shown: true
            }
        ),
        Err(RefusalCode::EventClosed)
    );
    shell.ok(organiser, Command::EraseEntry { poll, entry });
    assert!(!shell.kept.texts.contains_key(&entry.as_u128()));
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
                let keys: std::collections::BTreeSet<String> = words
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
