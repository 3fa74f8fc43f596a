// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Stands (SPEC.md J): opened, changed, visited, reused, closed and removed; who may read what; what survives.
//! Who keeps a stand and who visits one have a module each.

mod keepers;
#[path = "../support/mod.rs"]
mod support;
mod visitors;

use fiera_hub::{ConnectionId, EventConfig, Input, PreparedStand, StandsConfig};
use fiera_protocol::client::Command;
use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{AuthorSecret, Role, RoomId, StandId};
use fiera_protocol::limits::{STAND_WINDOW_MS, STANDS_OPENED_PER_PARTICIPANT_MAX};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::stage::{StageLayout, StageStep};
use fiera_protocol::stands::{
    StandContent, StandMessage, StandState, StandStep, StandSummary, StandView, StandsOpenTo,
};
use fiera_protocol::view::Place;
use support::{Shell, config};

const SECRET: AuthorSecret = AuthorSecret::from_u128(0x5ec);
const OTHER: AuthorSecret = AuthorSecret::from_u128(0x07e);

fn content(name: &str) -> StandContent {
    let card = r#"{"problem":"Queues","licence":"EUPL-1.2"}"#;
    serde_json::from_str(&format!(
        r#"{{"name":"{name}","line":"Bookings","language":"en","tags":["reuse"],"card":{card}}}"#
    ))
    .expect("content")
}

fn step(shell: &mut Shell, conn: ConnectionId, step: StandStep) -> Result<(), RefusalCode> {
    shell.command(conn, Command::Stand { step })
}

fn open(shell: &mut Shell, conn: ConnectionId, name: &str, secret: AuthorSecret) -> Result<(), RefusalCode> {
    let content = Box::new(content(name));
    step(shell, conn, StandStep::Open { content, secret })
}

fn remove(stand: StandId) -> StandStep {
    StandStep::Remove { stand, secret: None }
}

fn listed(shell: &Shell, conn: ConnectionId) -> Vec<StandSummary> {
    shell.event_view(conn).stands.clone()
}

fn asked(shell: &mut Shell, conn: ConnectionId, stand: StandId) -> Result<StandView, RefusalCode> {
    shell.take(conn);
    shell.input(Input::Stand { conn, stand });
    match shell.take(conn).pop() {
        Some(ServerMessage::Stand { stand }) => Ok(stand),
        Some(ServerMessage::Refused { code, .. }) => Err(code),
        other => panic!("{other:?}"),
    }
}

fn messages(
    shell: &mut Shell,
    conn: ConnectionId,
    stand: StandId,
    secret: Option<AuthorSecret>,
) -> Result<Vec<StandMessage>, RefusalCode> {
    shell.take(conn);
    shell.input(Input::StandMessages { conn, stand, secret });
    match shell.take(conn).pop() {
        Some(ServerMessage::StandMessages { messages, .. }) => Ok(messages),
        Some(ServerMessage::Refused { code, .. }) => Err(code),
        other => panic!("{other:?}"),
    }
}

/// The stands that a secret proves.
fn own(shell: &mut Shell, conn: ConnectionId, secret: AuthorSecret) -> Vec<StandId> {
    shell.take(conn);
    let secrets = vec![secret];
    shell.input(Input::Mine { conn, secrets });
    match shell.take(conn).pop() {
        Some(ServerMessage::Mine { stands, .. }) => stands.into_iter().map(|own| own.stand).collect(),
        other => panic!("{other:?}"),
    }
}

fn leave(
    shell: &mut Shell,
    conn: ConnectionId,
    stand: StandId,
    text: &str,
    anonymous: bool,
) -> Result<(), RefusalCode> {
    let text = text.parse().expect("a text");
    let secret = OTHER;
    step(
        shell,
        conn,
        StandStep::Leave {
            stand,
            text,
            anonymous,
            secret,
        },
    )
}

fn reuse(shell: &mut Shell, conn: ConnectionId, stand: StandId, of: Option<&str>) -> Result<(), RefusalCode> {
    let organisation = of.map(|of| of.parse().expect("a name"));
    step(
        shell,
        conn,
        StandStep::Reuse {
            stand,
            on: true,
            organisation,
        },
    )
}

/// A fair with one stand; its keeper (an attendee), a visitor, a moderator.
fn fair() -> (Shell, StandId, [ConnectionId; 3]) {
    let mut shell = Shell::new();
    let keeper = shell.open(1, Role::Attendee);
    let visitor = shell.open(2, Role::Attendee);
    let moderator = shell.open(3, Role::Moderator);
    assert_eq!(open(&mut shell, keeper, "Desk", SECRET), Ok(()));
    let stand = listed(&shell, visitor)[0].stand;
    (shell, stand, [keeper, visitor, moderator])
}

fn room_of(shell: &Shell, conn: ConnectionId) -> RoomId {
    listed(shell, conn)[0].room.clone()
}

#[test]
fn j1_a_stand_is_there_at_once_for_everybody_and_its_room_is_in_no_list() {
    let (mut shell, stand, [keeper, visitor, _]) = fair();
    let seen = listed(&shell, visitor);
    let [one] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(
        (one.name.as_str(), one.state, one.revision),
        ("Desk", StandState::Open, 0)
    );
    assert_eq!(one.by.as_ref().map(|by| by.as_str()), Some("Ada"));
    assert!(shell.event_view(visitor).rooms.iter().all(|room| room.room != one.room));
    assert_eq!(shell.you(keeper).keeps.len(), 1);
    assert!(shell.you(visitor).keeps.is_empty());
    let room = one.room.clone();
    shell.ok(visitor, Command::Enter { room });
    shell.pass(1_000);
    assert_eq!(listed(&shell, keeper)[0].people, 1);
    assert_eq!(
        asked(&mut shell, visitor, stand).expect("everybody reads it").content,
        content("Desk")
    );
}

#[test]
fn j1_the_event_says_who_may_open_stands_and_how_many() {
    for (open_to, least) in [
        (StandsOpenTo::Nobody, Role::Moderator),
        (StandsOpenTo::Invited, Role::Speaker),
        (StandsOpenTo::Anyone, Role::Attendee),
    ] {
        let stands = StandsConfig {
            open_to,
            max: 4,
            ..StandsConfig::default()
        };
        let mut shell = Shell::with(EventConfig { stands, ..config() }, 7);
        for (who, role) in (1..).zip([Role::Attendee, Role::Speaker, Role::Moderator, Role::Organiser]) {
            let conn = shell.open(who, role);
            assert_eq!(shell.event_view(conn).stands_open_to, open_to);
            let expected = if role >= least {
                Ok(())
            } else {
                Err(RefusalCode::NotAllowed)
            };
            assert_eq!(
                open(&mut shell, conn, "Desk", SECRET),
                expected,
                "{role:?} where {open_to:?}"
            );
        }
        let organiser = shell.open(4, Role::Organiser);
        for _ in listed(&shell, organiser).len()..4 {
            let next = shell.open(u128::from(shell.mono_ms), Role::Organiser);
            shell.pass(1);
            assert_eq!(open(&mut shell, next, "Desk", SECRET), Ok(()));
        }
        let last = shell.open(99, Role::Organiser);
        assert_eq!(open(&mut shell, last, "Desk", SECRET), Err(RefusalCode::TooMany));
    }
}

#[test]
fn j1_one_participant_keeps_three_at_most() {
    let (mut shell, _, [keeper, ..]) = fair();
    assert_eq!(open(&mut shell, keeper, "Two", SECRET), Ok(()));
    assert_eq!(open(&mut shell, keeper, "Three", SECRET), Ok(()));
    assert_eq!(open(&mut shell, keeper, "Four", SECRET), Err(RefusalCode::TooMany));
}

#[test]
fn j1_who_opens_and_removes_again_and_again_comes_to_an_end() {
    let (mut shell, stand, [keeper, visitor, _]) = fair();
    assert_eq!(step(&mut shell, keeper, remove(stand)), Ok(()));
    for _ in 1..STANDS_OPENED_PER_PARTICIPANT_MAX {
        assert_eq!(open(&mut shell, keeper, "Again", SECRET), Ok(()));
        let stand = listed(&shell, keeper)[0].stand;
        assert_eq!(step(&mut shell, keeper, remove(stand)), Ok(()));
        shell.pass(STAND_WINDOW_MS);
    }
    shell.restart();
    let (keeper, visitor_again) = (shell.open(1, Role::Attendee), shell.open(2, Role::Attendee));
    assert_ne!(visitor, visitor_again);
    assert_eq!(open(&mut shell, keeper, "Again", SECRET), Err(RefusalCode::TooMany));
    assert_eq!(open(&mut shell, visitor_again, "First", SECRET), Ok(()), "others may");
}

#[test]
fn j7_a_closed_stand_is_read_and_not_entered_and_a_hidden_one_is_not_there() {
    let (mut shell, stand, [keeper, visitor, moderator]) = fair();
    let room = room_of(&shell, visitor);
    let enter = || Command::Enter { room: room.clone() };
    let set = |state| StandStep::Set { stand, state };
    shell.ok(visitor, enter());
    assert_eq!(
        step(&mut shell, visitor, set(StandState::Closed)),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(step(&mut shell, keeper, set(StandState::Closed)), Ok(()));
    assert_eq!(shell.place(visitor), (None, Place::Audience), "seen out");
    assert_eq!(shell.command(visitor, enter()), Err(RefusalCode::Closed));
    shell.ok(keeper, enter());
    assert!(asked(&mut shell, visitor, stand).is_ok());

    assert_eq!(
        step(&mut shell, keeper, set(StandState::Hidden)),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(step(&mut shell, moderator, set(StandState::Hidden)), Ok(()));
    assert_eq!(
        step(&mut shell, keeper, set(StandState::Open)),
        Err(RefusalCode::NotAllowed)
    );
    let hidden = &listed(&shell, visitor)[0];
    assert_eq!((hidden.name.as_str(), hidden.by.as_ref()), ("", None));
    assert_eq!(asked(&mut shell, visitor, stand), Err(RefusalCode::UnknownItem));
    assert_eq!(shell.command(visitor, enter()), Err(RefusalCode::UnknownRoom));
    assert_eq!(
        leave(&mut shell, visitor, stand, "Hello", false),
        Err(RefusalCode::UnknownItem)
    );
    for insider in [keeper, moderator] {
        assert_eq!(
            asked(&mut shell, insider, stand).expect("they see it").state,
            StandState::Hidden
        );
    }
    assert!(shell.hub.stand_rows().is_empty(), "no export has it");
    assert_eq!(step(&mut shell, moderator, set(StandState::Open)), Ok(()));
    assert_eq!(listed(&shell, visitor)[0].name, "Desk");
}

#[test]
fn j7_a_removed_stand_leaves_no_word_behind() {
    let (mut shell, stand, [keeper, visitor, _]) = fair();
    let room = room_of(&shell, visitor);
    shell.ok(visitor, Command::Enter { room: room.clone() });
    let said = Command::Chat {
        text: "spoken".parse().expect("a text"),
        backstage: false,
        reply_to: None,
        secret: OTHER,
    };
    shell.ok(visitor, said);
    let ask = Command::Ask {
        text: "asked".parse().expect("a text"),
        anonymous: false,
        secret: OTHER,
    };
    shell.ok(visitor, ask);
    let moderator = shell.open(3, Role::Moderator);
    shell.ok(moderator, Command::Enter { room: room.clone() });
    let asked = shell.questions(visitor, room.as_str())[0].question;
    shell.ok(
        moderator,
        Command::Upvote {
            question: asked,
            up: true,
        },
    );
    let text = "label".parse().expect("a label");
    shell.ok(moderator, Command::AddLabel { text });
    shell.ok(
        moderator,
        Command::Caption {
            lang: "en".parse().expect("a language"),
            text: "said".parse().expect("a line"),
            is_final: true,
            sequence: 1,
        },
    );
    for votes in [true, false] {
        shell.ok(
            moderator,
            Command::DraftPoll {
                question: "polled".parse().expect("a question"),
                options: ["one", "two"].map(|option| option.parse().expect("an option")).to_vec(),
            },
        );
        if votes {
            let poll = serde_json::from_value(shell.last_fact()["poll"].clone()).expect("an id");
            let open = Command::SetPoll {
                poll,
                phase: PollPhase::Open,
            };
            shell.ok(moderator, open);
            shell.ok(visitor, Command::Vote { poll, option: 1 });
        }
    }
    let layout = StageStep::Layout {
        layout: StageLayout::Grid,
    };
    shell.ok(moderator, Command::Stage { step: layout });
    let topic = None;
    shell.ok(visitor, Command::RaiseHand { topic });
    assert_eq!(leave(&mut shell, visitor, stand, "written", false), Ok(()));
    assert_eq!(reuse(&mut shell, visitor, stand, Some("Town")), Ok(()));
    assert_eq!(step(&mut shell, visitor, remove(stand)), Err(RefusalCode::NotAllowed));
    assert_eq!(step(&mut shell, keeper, remove(stand)), Ok(()));
    assert!(shell.kept.texts.is_empty(), "{:?}", shell.kept.texts);
    let rows = shell.kept.working.keys();
    assert!(
        rows.clone()
            .all(|row| row.starts_with("answer") || row.starts_with("opened") || row == "reusekey"),
        "{rows:?}"
    );
    assert_eq!(shell.place(visitor), (None, Place::Audience));
    assert_eq!(
        shell.command(visitor, Command::Enter { room }),
        Err(RefusalCode::UnknownRoom)
    );
    assert!(listed(&shell, visitor).is_empty() && shell.you(visitor).reuses.is_empty());
    assert!(shell.you(keeper).keeps.is_empty());
    shell.restart();
    let keeper = shell.open(1, Role::Attendee);
    assert!(listed(&shell, keeper).is_empty());
}

#[test]
fn j12_stands_of_the_setup_are_opened_once_and_taken_by_an_organiser() {
    let prepared = PreparedStand {
        name: "desk".to_owned(),
        content: content("Prepared"),
    };
    let stands = StandsConfig {
        prepared: vec![prepared],
        ..StandsConfig::default()
    };
    let mut shell = Shell::with(EventConfig { stands, ..config() }, 7);
    let (visitor, organiser) = (shell.open(2, Role::Attendee), shell.open(4, Role::Organiser));
    let one = listed(&shell, visitor)[0].clone();
    assert_eq!((one.name.as_str(), one.by.as_ref()), ("Prepared", None));
    let stand = one.stand;
    let keep = |secret| StandStep::Keep { stand, secret };
    assert_eq!(step(&mut shell, visitor, keep(SECRET)), Err(RefusalCode::NotAllowed));
    assert_eq!(step(&mut shell, organiser, keep(SECRET)), Ok(()));
    assert_eq!(step(&mut shell, visitor, keep(SECRET)), Ok(()), "passed on");
    let late = shell.open(5, Role::Organiser);
    assert_eq!(
        step(&mut shell, late, keep(OTHER)),
        Err(RefusalCode::NotAllowed),
        "it is somebody's by now"
    );
    shell.restart();
    let organiser = shell.open(4, Role::Organiser);
    assert_eq!(listed(&shell, organiser).len(), 1);
    assert_eq!(step(&mut shell, organiser, remove(stand)), Ok(()));
    shell.restart();
    let organiser = shell.open(4, Role::Organiser);
    assert!(listed(&shell, organiser).is_empty(), "removed once is removed");
}
