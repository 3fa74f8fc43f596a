// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Silence, bans, room settings, announcements: whom they reach, what stays, what is destroyed.

mod support;

use fiera_hub::{Input, MediaIntent, Output};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{Reaction, RoomSettings};
use fiera_protocol::ids::Role;
use fiera_protocol::limits::{ANNOUNCEMENTS_SHOWN_MAX, COUNTS_INTERVAL_MS, SLOW_MODE_S_MAX};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::EventPhase;
use support::fair::{ask, say, upvote};
use support::{HALLS, SETTINGS, Shell, name, person, room};

fn silence(who: u128, on: bool) -> Command {
    Command::Silence {
        participant: person(who),
        on,
    }
}

fn ban(who: u128, on: bool) -> Command {
    Command::Ban {
        participant: person(who),
        on,
    }
}

#[test]
fn u2_s6_whoever_is_banned_outside_of_all_rooms_is_no_longer_counted() {
    let mut shell = Shell::new();
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    shell.open(1, Role::Attendee);
    shell.pass(COUNTS_INTERVAL_MS);
    assert_eq!(shell.event_view(moderator).people, 2);
    shell.ok(moderator, ban(1, true));
    shell.pass(COUNTS_INTERVAL_MS);
    assert_eq!(shell.event_view(moderator).people, 1);
}

#[test]
fn u1_the_silenced_watch_and_vote_and_say_nothing() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let question = shell.ask(moderator, "Why?");
    shell.ok(moderator, silence(1, true));
    assert!(shell.you(attendee).silenced);
    let speaks_up = [
        ask("Why?"),
        say("Hello"),
        Command::RaiseHand { topic: None },
        Command::React {
            reaction: Reaction::Heart,
        },
    ];
    for command in &speaks_up {
        assert_eq!(
            shell.command(attendee, command.clone()),
            Err(RefusalCode::Silenced),
            "{command:?}"
        );
    }
    shell.ok(attendee, upvote(question, true));
    shell.ok(attendee, Command::Enter { room: room("hall-b") });
    assert_eq!(shell.command(attendee, say("Hello")), Err(RefusalCode::Silenced));
    shell.restart();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    assert!(shell.you(attendee).silenced);
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    shell.ok(moderator, silence(1, false));
    assert!(!shell.you(attendee).silenced);
    shell.say(attendee, "Hello");
    assert!(!shell.kept.working.keys().any(|key| key.starts_with("restricted/")));
}

#[test]
fn u2_the_banned_are_out_at_once_and_stay_out() {
    let mut shell = Shell::new();
    let tabs = [shell.join(1, Role::Speaker, "hall-a"), shell.open(1, Role::Speaker)];
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    shell.backstage(tabs[0]);
    shell.on_air(tabs[0]);
    shell.ok(moderator, ban(1, true));
    assert_eq!(shell.on_air_seen(moderator, "hall-a"), []);
    assert_eq!(shell.hub.connections(), 1);
    assert_eq!(shell.hub.people(), 1);
    let participant = person(1);
    assert!(shell.intents.contains(&MediaIntent::Gone { participant }));
    for conn in tabs {
        assert!(shell.log.contains(&Output::Disconnect { conn }));
        let last = shell.clients[&conn].received.last();
        assert!(
            matches!(
                last,
                Some(ServerMessage::Refused {
                    id: None,
                    code: RefusalCode::Banned,
                    ..
                })
            ),
            "{last:?}"
        );
    }
    shell.restart();
    let again = shell.open(1, Role::Speaker);
    let refused = shell.take(again);
    assert!(
        matches!(
            refused[..],
            [ServerMessage::Refused {
                id: None,
                code: RefusalCode::Banned,
                ..
            }]
        ),
        "{refused:?}"
    );
    shell.input(Input::ExternalPublisherUp {
        participant,
        name: name("Ada"),
        room: room("hall-a"),
    });
    assert_eq!(shell.external_refusals, [RefusalCode::Banned]);
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let listed = shell
        .moderators_view(moderator, "hall-a")
        .expect("follows")
        .restricted
        .clone();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].name.as_str(), listed[0].banned), ("Ada", true));
    shell.ok(moderator, ban(1, false));
    let back = shell.join(1, Role::Speaker, "hall-a");
    assert!(shell.room_view(back, "hall-a").is_some());
}

#[test]
fn u2_a_banned_program_ends_and_so_does_the_grace() {
    let mut shell = Shell::new();
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let participant = person(1);
    shell.input(Input::ExternalPublisherUp {
        participant,
        name: name("Ada"),
        room: room("hall-a"),
    });
    assert_eq!(shell.on_air_seen(moderator, "hall-a"), [participant]);
    shell.ok(moderator, ban(1, true));
    assert_eq!(shell.on_air_seen(moderator, "hall-a"), []);
    let gone = shell.join(3, Role::Attendee, "hall-a");
    shell.close(gone);
    shell.ok(moderator, ban(3, true));
    assert_eq!(shell.hub.people(), 1);
    shell.pass(60_000);
}

#[test]
fn u3_nobody_acts_on_an_equal_or_on_somebody_unknown() {
    let mut shell = Shell::new();
    let moderator = shell.join(1, Role::Moderator, "hall-a");
    let attendee = shell.join(2, Role::Attendee, "hall-a");
    shell.join(3, Role::Moderator, "hall-a");
    let organiser = shell.join(4, Role::Organiser, "hall-b");
    for measure in [silence, ban] {
        for whom in [1, 3, 4] {
            assert_eq!(
                shell.command(moderator, measure(whom, true)),
                Err(RefusalCode::NotAllowed)
            );
        }
        assert_eq!(
            shell.command(moderator, measure(99, true)),
            Err(RefusalCode::UnknownParticipant)
        );
        assert_eq!(shell.command(attendee, measure(3, true)), Err(RefusalCode::NotAllowed));
    }
    assert!(shell.kept.working.is_empty());
    shell.ok(organiser, ban(3, true));
    for hall in HALLS {
        shell.ok(organiser, Command::Enter { room: room(hall) });
        assert_eq!(
            shell
                .moderators_view(organiser, hall)
                .expect("follows")
                .restricted
                .len(),
            1
        );
    }
}

#[test]
fn u3_b4_the_end_of_the_event_forgets_whom_it_concerned() {
    let mut shell = Shell::new();
    let organiser = shell.join(1, Role::Organiser, "hall-a");
    shell.join(2, Role::Attendee, "hall-a");
    shell.ok(organiser, silence(2, true));
    let phase = EventPhase::Ended;
    shell.ok(organiser, Command::SetEventPhase { phase });
    assert!(shell.kept.working.is_empty());
    let restricted = &shell.moderators_view(organiser, "hall-a").expect("follows").restricted;
    assert!(restricted.is_empty());
    let facts: Vec<String> = shell
        .kept
        .facts
        .iter()
        .map(|(_, body)| String::from_utf8_lossy(body).into_owned())
        .collect();
    assert!(facts.iter().any(|fact| fact.contains("ended")));
    assert!(!facts.iter().any(|fact| fact.contains(&person(2).to_string())));
}

#[test]
fn u4_a_room_works_as_its_moderator_says_and_others_do_not() {
    let mut shell = Shell::new();
    let moderator = shell.join(1, Role::Moderator, "hall-a");
    let elsewhere = shell.join(2, Role::Attendee, "hall-b");
    let settings = RoomSettings {
        moderated: true,
        chat_open: false,
        slow_mode_s: SLOW_MODE_S_MAX,
        questions_closed: false,
        links_off: false,
    };
    let too_slow = RoomSettings {
        slow_mode_s: SLOW_MODE_S_MAX + 1,
        ..settings
    };
    assert_eq!(
        shell.command(moderator, Command::SetRoom { settings: too_slow }),
        Err(RefusalCode::Malformed)
    );
    assert_eq!(
        shell.command(elsewhere, Command::SetRoom { settings }),
        Err(RefusalCode::NotAllowed)
    );
    shell.set_room(moderator, settings);
    assert_eq!(
        shell.room_view(moderator, "hall-a").map(|view| view.settings),
        Some(settings)
    );
    assert_eq!(
        shell.room_view(elsewhere, "hall-b").map(|view| view.settings),
        Some(SETTINGS)
    );
    shell.restart();
    let moderator = shell.join(1, Role::Moderator, "hall-a");
    assert_eq!(
        shell.room_view(moderator, "hall-a").map(|view| view.settings),
        Some(settings)
    );
}

#[test]
fn n1_n2_announcements_reach_everybody_and_can_be_taken_back() {
    let mut shell = Shell::new();
    let organiser = shell.open(1, Role::Organiser);
    let attendee = shell.join(2, Role::Attendee, "hall-b");
    let announce = |text: &str| Command::Announce {
        text: text.parse().expect("a text"),
    };
    assert_eq!(shell.command(attendee, announce("Lunch")), Err(RefusalCode::NotAllowed));
    for n in 0..=ANNOUNCEMENTS_SHOWN_MAX {
        shell.ok(organiser, announce(&format!("Lunch {n}")));
    }
    let shown = shell.event_view(attendee).announcements.clone();
    assert_eq!(shown.len(), ANNOUNCEMENTS_SHOWN_MAX);
    assert_eq!(shown[0].text, "Lunch 1", "oldest first, the first one dropped out");
    let announcement = shown[0].announcement;
    let erase = Command::EraseAnnouncement { announcement };
    assert_eq!(shell.command(attendee, erase.clone()), Err(RefusalCode::NotAllowed));
    shell.ok(organiser, erase.clone());
    assert_eq!(shell.event_view(attendee).announcements, shown[1..]);
    assert!(!shell.kept.texts.contains_key(&announcement.as_u128()));
    assert_eq!(shell.command(organiser, erase), Err(RefusalCode::UnknownItem));
    shell.restart();
    let attendee = shell.open(2, Role::Attendee);
    assert_eq!(shell.event_view(attendee).announcements, shown[1..]);
}
