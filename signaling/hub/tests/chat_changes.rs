// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Chat messages after they were sent: replies, other words, pins, questions made of them, words and links not let through.

mod support;

use fiera_hub::ConnectionId;
use fiera_protocol::client::Command;
use fiera_protocol::fair::RoomSettings;
use fiera_protocol::ids::{AuthorSecret, MessageId, Role};
use fiera_protocol::limits::{CHAT_SHOWN_MAX, CHAT_WINDOW_MS, FILTER_WORDS_MAX};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::text::FilterWord;
use support::fair::{SECRET, ask, say, say_backstage};
use support::{SETTINGS, Shell, room};

fn reply(to: MessageId) -> Command {
    Command::Chat {
        text: "So.".parse().expect("a message"),
        backstage: false,
        reply_to: Some(to),
        secret: SECRET,
    }
}

fn edit(message: MessageId, text: &str, secret: AuthorSecret) -> Command {
    Command::EditMessage {
        message,
        text: text.parse().expect("a message"),
        secret,
    }
}

fn pin(message: MessageId, pinned: bool) -> Command {
    Command::PinMessage { message, pinned }
}

fn filter(words: &[&str]) -> Command {
    let word = |word: &&str| word.parse::<FilterWord>().expect("a word");
    Command::SetWordFilter {
        words: words.iter().map(word).collect(),
    }
}

fn pinned(shell: &Shell, conn: ConnectionId) -> Vec<String> {
    let view = shell.room_view(conn, "hall-a").expect("follows");
    view.pinned.iter().map(|message| message.text.clone()).collect()
}

#[test]
fn k5_a_reply_names_a_message_of_the_same_chat_and_outlives_it() {
    let mut shell = Shell::new();
    let one = shell.join(1, Role::Moderator, "hall-a");
    let other = shell.join(2, Role::Moderator, "hall-b");
    let first = shell.say(one, "Hello");
    assert_eq!(shell.command(other, reply(first)), Err(RefusalCode::UnknownItem));
    shell.ok(one, say_backstage("Psst"));
    let behind = shell.backstage_view(one, "hall-a").expect("follows").chat[0].message;
    assert_eq!(shell.command(one, reply(behind)), Err(RefusalCode::UnknownItem));
    shell.ok(one, reply(first));
    let secret = None;
    shell.ok(one, Command::DeleteMessage { message: first, secret });
    shell.restart();
    let one = shell.join(1, Role::Moderator, "hall-a");
    let chat = shell.chat(one, "hall-a");
    assert_eq!((chat.len(), chat[0].reply_to), (1, Some(first)));
    assert_eq!(shell.command(one, reply(first)), Err(RefusalCode::UnknownItem));
}

#[test]
fn k6_only_the_author_changes_the_words_and_the_old_ones_are_gone() {
    let mut shell = Shell::new();
    let one = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let message = shell.say(one, "Unforgettable");
    shell.say(moderator, "Hm");
    let wrong = edit(message, "x", AuthorSecret::from_u128(1));
    assert_eq!(shell.command(moderator, wrong), Err(RefusalCode::NotAllowed));
    shell.ok(one, edit(message, "Better", SECRET));
    let said: Vec<(String, bool)> = shell
        .chat(moderator, "hall-a")
        .into_iter()
        .map(|m| (m.text, m.edited))
        .collect();
    assert_eq!(said, [("Better".to_owned(), true), ("Hm".to_owned(), false)]);
    let kept = shell
        .kept
        .texts
        .values()
        .map(|body| String::from_utf8_lossy(body).into_owned());
    assert!(!kept.collect::<String>().contains("Unforgettable"));
    for _ in 0..4 {
        shell.ok(one, edit(message, "Better", SECRET));
    }
    assert_eq!(
        shell.command(one, edit(message, "x", SECRET)),
        Err(RefusalCode::TooFast)
    );
    shell.pass(CHAT_WINDOW_MS);
    let closed = RoomSettings {
        chat_open: false,
        ..SETTINGS
    };
    shell.set_room(moderator, closed);
    assert_eq!(
        shell.command(one, edit(message, "x", SECRET)),
        Err(RefusalCode::SlowMode)
    );
    shell.restart();
    let one = shell.join(1, Role::Attendee, "hall-a");
    assert!(shell.chat(one, "hall-a")[0].edited);
}

#[test]
fn k7_pins_are_few_outlast_the_last_hundred_and_follow_edits_and_deletion() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let elsewhere = shell.join(3, Role::Moderator, "hall-b");
    let messages: Vec<MessageId> = ["a", "b", "c", "d"]
        .into_iter()
        .map(|text| shell.say(attendee, text))
        .collect();
    assert_eq!(
        shell.command(attendee, pin(messages[0], true)),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(
        shell.command(elsewhere, pin(messages[0], true)),
        Err(RefusalCode::UnknownItem)
    );
    for message in &messages[..3] {
        shell.ok(moderator, pin(*message, true));
    }
    assert_eq!(
        shell.command(moderator, pin(messages[3], true)),
        Err(RefusalCode::TooMany)
    );
    shell.ok(attendee, edit(messages[0], "A", SECRET));
    assert_eq!(pinned(&shell, attendee), ["A", "b", "c"]);
    let own = Some(SECRET);
    shell.ok(
        attendee,
        Command::DeleteMessage {
            message: messages[1],
            secret: own,
        },
    );
    shell.ok(moderator, pin(messages[2], false));
    assert_eq!(pinned(&shell, attendee), ["A"]);
    for _ in 0..CHAT_SHOWN_MAX {
        shell.pass(CHAT_WINDOW_MS);
        shell.say(moderator, "more");
    }
    assert_eq!(pinned(&shell, attendee), ["A"]);
    shell.restart();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    assert_eq!(pinned(&shell, attendee), ["A"]);
    let elsewhere = shell.join(3, Role::Moderator, "hall-b");
    assert_eq!(shell.room_view(elsewhere, "hall-b").expect("follows").pinned, []);
}

#[test]
fn k8_links_are_for_staff_where_the_room_says_so() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let message = shell.say(attendee, "see https://example.org");
    let links_off = RoomSettings {
        links_off: true,
        ..SETTINGS
    };
    shell.set_room(moderator, links_off);
    assert_eq!(
        shell.command(attendee, say("example.org/x")),
        Err(RefusalCode::Filtered)
    );
    assert_eq!(
        shell.command(attendee, edit(message, "www.example.org", SECRET)),
        Err(RefusalCode::Filtered)
    );
    shell.ok(moderator, say("https://example.org"));
    shell.ok(attendee, Command::Enter { room: room("hall-b") });
    shell.ok(attendee, say("https://example.org"));
}

#[test]
fn k9_words_of_the_filter_are_refused_wherever_they_are_written() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let organiser = shell.join(2, Role::Organiser, "hall-a");
    let message = shell.say(attendee, "spam was fine");
    let question = shell.ask(attendee, "Why?");
    assert_eq!(shell.command(attendee, filter(&["spam"])), Err(RefusalCode::NotAllowed));
    assert_eq!(
        shell.command(organiser, filter(&["two words"])),
        Err(RefusalCode::Malformed)
    );
    assert_eq!(
        shell.command(organiser, filter(&["x"; FILTER_WORDS_MAX + 1])),
        Err(RefusalCode::TooMany)
    );
    shell.ok(organiser, filter(&["spam", "scam"]));
    assert_eq!(
        shell.organisers_view(organiser).expect("follows").filter,
        ["spam", "scam"]
    );
    let edits = Command::EditQuestion {
        question,
        text: "Scam?".parse().expect("a question"),
        secret: Some(SECRET),
    };
    for command in [say("SPAM!"), ask("Is it spam?"), edit(message, "spam", SECRET), edits] {
        assert_eq!(shell.command(attendee, command), Err(RefusalCode::Filtered));
    }
    shell.restart();
    let attendee = shell.join(1, Role::Attendee, "hall-b");
    assert_eq!(shell.command(attendee, say("spam")), Err(RefusalCode::Filtered));
    let organiser = shell.join(2, Role::Organiser, "hall-a");
    shell.ok(organiser, filter(&[]));
    shell.ok(attendee, say("spam"));
    let kept = shell
        .kept
        .texts
        .values()
        .map(|body| String::from_utf8_lossy(body).into_owned());
    assert!(!kept.collect::<String>().contains("scam"), "the list is erased too");
}

#[test]
fn k10_a_message_becomes_a_question_without_a_name_that_its_author_can_take_back() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let message = shell.say(attendee, "Hello,\nwhy?");
    let long = shell.say(attendee, &"x".repeat(400));
    let promote = |message| Command::QuestionFromMessage { message };
    assert_eq!(shell.command(attendee, promote(message)), Err(RefusalCode::NotAllowed));
    assert_eq!(shell.command(moderator, promote(long)), Err(RefusalCode::Text));
    shell.ok(moderator, promote(message));
    assert_eq!(shell.command(moderator, promote(message)), Err(RefusalCode::WrongState));
    let [question] = shell.questions(attendee, "hall-a").try_into().expect("one");
    assert_eq!(
        (question.text.as_str(), question.by.clone(), question.from_chat),
        ("Hello, why?", None, true)
    );
    let own = Some(SECRET);
    shell.ok(attendee, Command::DeleteMessage { message, secret: own });
    assert_eq!(
        shell.questions(attendee, "hall-a").len(),
        1,
        "one does not take the other along"
    );
    shell.restart();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let question = question.question;
    shell.ok(
        attendee,
        Command::WithdrawQuestion {
            question,
            secret: SECRET,
        },
    );
    assert_eq!(shell.questions(attendee, "hall-a"), []);
}
