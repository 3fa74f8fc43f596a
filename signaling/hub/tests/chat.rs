// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The chat of a room and of its backstage: who writes, how often, who deletes.

mod support;

use fiera_protocol::client::Command;
use fiera_protocol::fair::RoomSettings;
use fiera_protocol::ids::{AuthorSecret, Role};
use fiera_protocol::limits::{CHAT_PER_WINDOW_MAX, CHAT_SHOWN_MAX, CHAT_WINDOW_MS};
use fiera_protocol::refusal::RefusalCode;
use support::fair::{SECRET, say, say_backstage};
use support::{SETTINGS, Shell, person, room};

fn texts(shell: &Shell, conn: fiera_hub::ConnectionId, hall: &str) -> Vec<String> {
    shell.chat(conn, hall).into_iter().map(|message| message.text).collect()
}

#[test]
fn k1_a_room_reads_its_own_chat_and_only_that() {
    let mut shell = Shell::new();
    let a = shell.join(1, Role::Attendee, "hall-a");
    let b = shell.join(2, Role::Attendee, "hall-b");
    shell.say(a, "Hello");
    shell.say(b, "Hello");
    for (conn, who, hall) in [(a, 1, "hall-a"), (b, 2, "hall-b")] {
        let chat = shell.chat(conn, hall);
        assert_eq!(chat.len(), 1);
        assert_eq!(chat[0].participant, Some(person(who)));
        assert_eq!(chat[0].by.as_str(), "Ada");
        assert_eq!(chat[0].at_unix_ms % 60_000, 0, "T4: to the minute");
    }
    let late = shell.join(3, Role::Attendee, "hall-b");
    assert_eq!(texts(&shell, late, "hall-b"), ["Hello"]);
}

#[test]
fn k1_the_backstage_has_a_chat_of_its_own() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let speaker = shell.join(2, Role::Speaker, "hall-a");
    let moderator = shell.join(3, Role::Moderator, "hall-a");
    for conn in [attendee, speaker] {
        assert_eq!(shell.command(conn, say_backstage("Psst")), Err(RefusalCode::NotAllowed));
    }
    shell.backstage(speaker);
    shell.ok(speaker, say_backstage("Psst"));
    shell.ok(moderator, say_backstage("Ready?"));
    assert_eq!(texts(&shell, attendee, "hall-a"), [""; 0]);
    for conn in [speaker, moderator] {
        let back = shell.backstage_view(conn, "hall-a").expect("follows").chat.clone();
        let said: Vec<&str> = back.iter().map(|message| message.text.as_str()).collect();
        assert_eq!(said, ["Psst", "Ready?"]);
    }
}

#[test]
fn k1_the_last_hundred_are_shown_and_a_deleted_one_brings_none_back() {
    let mut shell = Shell::new();
    let one = shell.join(1, Role::Attendee, "hall-a");
    let mut last = None;
    for n in 0..CHAT_SHOWN_MAX + 5 {
        if n % CHAT_PER_WINDOW_MAX as usize == 0 {
            shell.pass(CHAT_WINDOW_MS);
        }
        last = Some(shell.say(one, &n.to_string()));
    }
    assert_eq!(shell.chat(one, "hall-a").len(), CHAT_SHOWN_MAX);
    assert_eq!(texts(&shell, one, "hall-a")[0], "5");
    shell.ok(
        one,
        Command::DeleteMessage {
            message: last.expect("one"),
            secret: Some(SECRET),
        },
    );
    assert_eq!(shell.chat(one, "hall-a").len(), CHAT_SHOWN_MAX - 1);
    let known = texts(&shell, one, "hall-a");
    shell.restart();
    let one = shell.join(1, Role::Attendee, "hall-a");
    assert_eq!(texts(&shell, one, "hall-a"), known);
}

#[test]
fn k2_who_wrote_a_message_is_never_kept() {
    let mut shell = Shell::new();
    let writer = shell.join(0xabcd, Role::Attendee, "hall-a");
    shell.say(writer, "Hello");
    let kept = shell.kept_texts();
    assert!(!kept.contains("abcd") && !kept.contains(&SECRET.to_string()), "{kept}");
    shell.restart();
    let writer = shell.join(0xabcd, Role::Attendee, "hall-a");
    let chat = shell.chat(writer, "hall-a");
    assert_eq!((chat[0].participant, chat[0].by.as_str()), (None, "Ada"));
    shell.ok(
        writer,
        Command::DeleteMessage {
            message: chat[0].message,
            secret: Some(SECRET),
        },
    );
}

#[test]
fn k3_so_many_messages_in_so_much_time() {
    let mut shell = Shell::new();
    let one = shell.join(1, Role::Speaker, "hall-a");
    for _ in 0..CHAT_PER_WINDOW_MAX {
        shell.say(one, "Hello");
    }
    assert_eq!(shell.command(one, say("Hello")), Err(RefusalCode::TooFast));
    shell.pass(CHAT_WINDOW_MS - 1);
    assert_eq!(shell.command(one, say("Hello")), Err(RefusalCode::TooFast));
    shell.pass(1);
    shell.say(one, "Hello");
}

#[test]
fn k3_slow_mode_and_a_closed_chat_concern_attendees_only() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let speaker = shell.join(2, Role::Speaker, "hall-a");
    let moderator = shell.join(3, Role::Moderator, "hall-a");
    shell.set_room(
        moderator,
        RoomSettings {
            slow_mode_s: 60,
            ..SETTINGS
        },
    );
    assert_eq!(
        shell
            .room_view(attendee, "hall-a")
            .map(|view| view.settings.slow_mode_s),
        Some(60)
    );
    shell.say(attendee, "Hello");
    assert_eq!(shell.command(attendee, say("Hello")), Err(RefusalCode::SlowMode));
    shell.say(speaker, "Hello");
    shell.say(speaker, "Hello");
    // Neither another room nor leaving and coming back makes it faster.
    shell.ok(attendee, Command::Enter { room: room("hall-b") });
    shell.say(attendee, "Hello");
    shell.close(attendee);
    shell.pass(30_000);
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    assert_eq!(shell.command(attendee, say("Hello")), Err(RefusalCode::SlowMode));
    shell.pass(30_000);
    shell.say(attendee, "Hello");
    shell.set_room(
        moderator,
        RoomSettings {
            chat_open: false,
            ..SETTINGS
        },
    );
    assert_eq!(shell.command(attendee, say("Hello")), Err(RefusalCode::SlowMode));
    shell.pass(CHAT_WINDOW_MS);
    shell.say(speaker, "Hello");
}

#[test]
fn k4_deleted_by_the_secret_or_by_a_moderator_and_gone_for_good() {
    let mut shell = Shell::new();
    let writer = shell.join(1, Role::Attendee, "hall-a");
    let other = shell.join(2, Role::Attendee, "hall-a");
    let moderator = shell.join(3, Role::Moderator, "hall-b");
    let (mine, bad) = (shell.say(writer, "Oops"), shell.say(writer, "Worse"));
    let delete = |message, secret| Command::DeleteMessage { message, secret };
    let wrong = Some(AuthorSecret::from_u128(1));
    assert_eq!(shell.command(other, delete(mine, wrong)), Err(RefusalCode::NotAllowed));
    assert_eq!(shell.command(other, delete(mine, None)), Err(RefusalCode::NotAllowed));
    shell.ok(writer, delete(mine, Some(SECRET)));
    assert_eq!(texts(&shell, other, "hall-a"), ["Worse"]);
    shell.ok(moderator, delete(bad, None));
    assert_eq!(texts(&shell, other, "hall-a"), [""; 0]);
    assert!(shell.kept.texts.is_empty());
    assert_eq!(
        shell.command(moderator, delete(bad, None)),
        Err(RefusalCode::UnknownItem)
    );
}
