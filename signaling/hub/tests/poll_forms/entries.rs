// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Words and texts that people write: moderators choose what is shown and erase what must go, each in their own hall.

use fiera_hub::ConnectionId;
use fiera_protocol::client::Command;
use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{EntryId, Role};
use fiera_protocol::limits::OPEN_ANSWERS_SHOWN_MAX;
use fiera_protocol::poll::{Answer, Outcome, PollEntry, PollForm};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::view::EventPhase;

use crate::support::{HALLS, Shell, person};
use crate::{HALL, of_form, open, reveal, roomy, seated, set, shown, words};

fn entries(shell: &Shell, moderator: ConnectionId) -> &[PollEntry] {
    let all = &shell.moderators_view(moderator, HALL).expect("moderates").entries;
    all.as_ref().map(|all| all.entries.as_slice()).unwrap_or_default()
}

fn entry(shell: &Shell, moderator: ConnectionId, text: &str) -> EntryId {
    let found = entries(shell, moderator).iter().find(|entry| entry.text == text);
    found.unwrap_or_else(|| panic!("no {text}")).entry
}

fn text(text: &str) -> Answer {
    Answer::Text {
        text: text.parse().expect("a text"),
    }
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
fn v12_entries_can_be_erased_after_the_event() {
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
