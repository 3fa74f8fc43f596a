// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Stands (SPEC.md J): opened, changed, visited, reused, closed and removed; who may read what; what survives.

mod support;

use fiera_hub::{ConnectionId, EventConfig, Input, PreparedStand, StandsConfig};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{PollPhase, QuestionStage};
use fiera_protocol::ids::{AuthorSecret, ParticipantId, Role, RoomId, StandId};
use fiera_protocol::limits::{STAND_CHANGES_PER_WINDOW_MAX, STAND_WINDOW_MS, STANDS_OPENED_PER_PARTICIPANT_MAX};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::stage::{StageLayout, StageStep};
use fiera_protocol::stands::{
    StandContent, StandMessage, StandState, StandStep, StandSummary, StandView, StandsOpenTo,
};
use fiera_protocol::view::{EventPhase, Place};
use support::fair::set;
use support::{Shell, config, person};

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
fn j4_only_keepers_change_it_and_nobody_writes_over_what_they_have_not_seen() {
    let (mut shell, stand, [keeper, visitor, moderator]) = fair();
    let edit = |revision, name| StandStep::Edit {
        stand,
        revision,
        content: Box::new(content(name)),
    };
    for stranger in [visitor, moderator] {
        assert_eq!(
            step(&mut shell, stranger, edit(0, "Mine")),
            Err(RefusalCode::NotAllowed)
        );
    }
    assert_eq!(step(&mut shell, keeper, edit(0, "Counter")), Ok(()));
    assert_eq!(step(&mut shell, keeper, edit(0, "Late")), Err(RefusalCode::WrongState));
    let now = &listed(&shell, visitor)[0];
    assert_eq!((now.name.as_str(), now.revision), ("Counter", 1));
    let kept: Vec<&[u8]> = shell.kept.texts.values().map(Vec::as_slice).collect();
    assert!(
        kept.iter().all(|text| !String::from_utf8_lossy(text).contains("Desk")),
        "the old words are gone"
    );
}

#[test]
fn j3_who_has_the_secret_keeps_it_too_and_a_restart_changes_nothing() {
    let (mut shell, stand, [_, visitor, _]) = fair();
    let keep = |secret| StandStep::Keep { stand, secret };
    assert_eq!(step(&mut shell, visitor, keep(OTHER)), Err(RefusalCode::NotAllowed));
    assert_eq!(step(&mut shell, visitor, keep(SECRET)), Ok(()));
    assert_eq!(shell.you(visitor).keeps[0].stand, stand);
    let before = listed(&shell, visitor);
    shell.restart();
    let visitor = shell.open(2, Role::Attendee);
    assert_eq!(listed(&shell, visitor), before);
    assert_eq!(shell.you(visitor).keeps[0].stand, stand);
    let content = Box::new(content("After"));
    let edit = StandStep::Edit {
        stand,
        revision: 0,
        content,
    };
    assert_eq!(step(&mut shell, visitor, edit), Ok(()));
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
fn j4_who_opens_and_closes_a_stand_again_and_again_is_slowed_down() {
    let (mut shell, stand, [keeper, _, _]) = fair();
    // Opening it was the first.
    for nth in 1..STAND_CHANGES_PER_WINDOW_MAX {
        let state = [StandState::Open, StandState::Closed][nth as usize % 2];
        assert_eq!(step(&mut shell, keeper, StandStep::Set { stand, state }), Ok(()));
    }
    let facts = shell.kept.facts.len();
    let state = StandState::Open;
    assert_eq!(
        step(&mut shell, keeper, StandStep::Set { stand, state }),
        Err(RefusalCode::TooFast)
    );
    assert_eq!(shell.kept.facts.len(), facts, "refused: nothing is kept");
    shell.pass(STAND_WINDOW_MS);
    assert_eq!(step(&mut shell, keeper, StandStep::Set { stand, state }), Ok(()));
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
fn j7_who_has_the_secret_removes_a_stand_after_the_end_too() {
    let (mut shell, stand, [keeper, visitor, _]) = fair();
    let organiser = shell.open(4, Role::Organiser);
    for phase in [EventPhase::Live, EventPhase::Ended] {
        if shell.event_view(organiser).phase != phase {
            shell.ok(organiser, Command::SetEventPhase { phase });
        }
    }
    let by = |secret| StandStep::Remove {
        stand,
        secret: Some(secret),
    };
    assert_eq!(
        step(&mut shell, keeper, remove(stand)),
        Err(RefusalCode::NotAllowed),
        "nobody is known as a keeper any more"
    );
    assert_eq!(step(&mut shell, visitor, by(OTHER)), Err(RefusalCode::NotAllowed));
    assert_eq!(step(&mut shell, visitor, by(SECRET)), Ok(()));
    assert!(listed(&shell, visitor).is_empty());
    assert!(shell.kept.texts.is_empty(), "{:?}", shell.kept.texts);
}

#[test]
fn j13_a_new_secret_takes_the_place_of_the_old_one_and_of_who_came_by_it() {
    let (mut shell, stand, [keeper, visitor, _]) = fair();
    let keep = |secret| StandStep::Keep { stand, secret };
    assert_eq!(step(&mut shell, visitor, keep(SECRET)), Ok(()));
    let renew = |secret, fresh| StandStep::Renew { stand, secret, fresh };
    assert_eq!(
        step(&mut shell, keeper, renew(OTHER, OTHER)),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(
        step(&mut shell, visitor, renew(SECRET, OTHER)),
        Err(RefusalCode::NotAllowed),
        "who came by the link does not shut out who opened it"
    );
    assert_eq!(step(&mut shell, keeper, renew(SECRET, OTHER)), Ok(()));
    assert_eq!((shell.you(keeper).keeps.len(), shell.you(visitor).keeps.len()), (1, 0));
    shell.restart();
    let (keeper, visitor) = (shell.open(1, Role::Attendee), shell.open(2, Role::Attendee));
    assert_eq!(shell.you(keeper).keeps.len(), 1);
    assert_eq!(step(&mut shell, visitor, keep(SECRET)), Err(RefusalCode::NotAllowed));
    assert_eq!(
        messages(&mut shell, visitor, stand, Some(SECRET)),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(own(&mut shell, keeper, SECRET), []);
    assert_eq!(own(&mut shell, keeper, OTHER), [stand]);
    assert_eq!(step(&mut shell, visitor, keep(OTHER)), Ok(()));
}

#[test]
fn j13_a_moderator_makes_a_new_link_and_who_opened_the_stand_goes_on_keeping_it() {
    let (mut shell, stand, [_, visitor, _]) = fair();
    assert_eq!(
        step(&mut shell, visitor, StandStep::Keep { stand, secret: SECRET }),
        Ok(())
    );
    shell.restart();
    let renew = StandStep::Renew {
        stand,
        secret: OTHER,
        fresh: OTHER,
    };
    let (keeper, visitor) = (shell.open(1, Role::Attendee), shell.open(2, Role::Attendee));
    let moderator = shell.open(3, Role::Moderator);
    assert_eq!(step(&mut shell, moderator, renew), Ok(()));
    assert_eq!((shell.you(keeper).keeps.len(), shell.you(visitor).keeps.len()), (1, 0));
    assert_eq!(own(&mut shell, keeper, SECRET), []);
}

#[test]
fn j3_a_stand_is_found_by_the_secret_it_was_opened_with() {
    let (mut shell, first, [keeper, visitor, _]) = fair();
    assert_eq!(open(&mut shell, keeper, "Second", OTHER), Ok(()));
    let second = listed(&shell, keeper)[1].stand;
    assert_eq!(own(&mut shell, keeper, OTHER), [second]);
    assert_eq!(own(&mut shell, visitor, SECRET), [first], "whoever has the secret");
}

#[test]
fn j12_questions_of_a_stand_are_in_the_table_the_board_and_the_recap() {
    let (mut shell, stand, [keeper, visitor, moderator]) = fair();
    let room = room_of(&shell, visitor);
    for conn in [visitor, moderator] {
        shell.ok(conn, Command::Enter { room: room.clone() });
    }
    let question = shell.ask(visitor, "Which licence?");
    shell.ok(
        moderator,
        set(question, QuestionStage::Published, QuestionStage::FollowUp),
    );
    let rows = shell.hub.question_rows();
    assert_eq!(
        rows.iter()
            .map(|row| (row.room_title.as_str(), row.text.as_str()))
            .collect::<Vec<_>>(),
        [("Desk", "Which licence?")]
    );
    let promised = |shell: &mut Shell| {
        shell.take(keeper);
        shell.input(Input::FollowUps { conn: keeper });
        match shell.take(keeper).pop() {
            Some(ServerMessage::FollowUps { questions }) => questions.len(),
            other => panic!("{other:?}"),
        }
    };
    let told = |shell: &Shell| {
        let rooms = shell.hub.recap().rooms.into_iter();
        rooms
            .filter(|of| of.room == room)
            .map(|of| (of.title, of.questions.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(promised(&mut shell), 1);
    assert_eq!(told(&shell), [("Desk".to_owned(), 1)]);
    let hide = StandStep::Set {
        stand,
        state: StandState::Hidden,
    };
    assert_eq!(step(&mut shell, moderator, hide), Ok(()));
    assert_eq!((promised(&mut shell), told(&shell)), (0, vec![]), "hidden");
    assert_eq!(shell.hub.question_rows().len(), 1, "organisers have all of them");
}

#[test]
fn j8_messages_are_for_keepers_alone_also_after_the_end() {
    let (mut shell, stand, [keeper, visitor, moderator]) = fair();
    let organiser = shell.open(4, Role::Organiser);
    assert_eq!(leave(&mut shell, visitor, stand, "Call me\nplease", false), Ok(()));
    assert_eq!(leave(&mut shell, visitor, stand, "Well done", true), Ok(()));
    assert_eq!(shell.you(keeper).keeps[0].messages, 2);
    for stranger in [visitor, moderator, organiser] {
        assert_eq!(
            messages(&mut shell, stranger, stand, None),
            Err(RefusalCode::NotAllowed)
        );
        assert_eq!(
            messages(&mut shell, stranger, stand, Some(OTHER)),
            Err(RefusalCode::NotAllowed)
        );
    }
    let read = messages(&mut shell, keeper, stand, None).expect("theirs");
    let by: Vec<Option<&str>> = read.iter().map(|one| one.by.as_ref().map(|by| by.as_str())).collect();
    assert_eq!(by, [Some("Ada"), None]);
    assert_eq!(read[0].at_unix_ms % 60_000, 0, "to the minute");

    let erase = |message, secret| StandStep::EraseMessage {
        stand,
        message: Some(message),
        secret,
    };
    let refused = step(&mut shell, moderator, erase(read[0].message, None));
    assert_eq!(refused, Err(RefusalCode::NotAllowed));
    assert_eq!(
        step(&mut shell, visitor, erase(read[0].message, Some(OTHER))),
        Ok(()),
        "one's own"
    );
    let mine = StandStep::EraseMessage {
        stand,
        message: None,
        secret: Some(SECRET),
    };
    assert_eq!(
        step(&mut shell, visitor, mine),
        Err(RefusalCode::UnknownItem),
        "none was left with that"
    );
    let end = Command::SetEventPhase {
        phase: EventPhase::Ended,
    };
    shell.ok(organiser, end);
    assert_eq!(
        messages(&mut shell, keeper, stand, None),
        Err(RefusalCode::NotAllowed),
        "nobody is known any more"
    );
    let left = messages(&mut shell, keeper, stand, Some(SECRET)).expect("who has the secret");
    assert_eq!(left.len(), 1);
    assert_eq!(step(&mut shell, keeper, erase(left[0].message, Some(SECRET))), Ok(()));
    assert!(
        messages(&mut shell, keeper, stand, Some(SECRET))
            .expect("theirs")
            .is_empty()
    );
}

#[test]
fn j9_each_participant_counts_once_and_names_an_organisation_or_none() {
    let (mut shell, stand, [keeper, visitor, moderator]) = fair();
    let named = |shell: &mut Shell| -> Vec<String> {
        let adopters = asked(shell, visitor, stand).expect("public").adopters;
        adopters.into_iter().map(|one| one.organisation).collect()
    };
    for of in [None, Some("Town"), Some("Town"), Some("Region")] {
        assert_eq!(reuse(&mut shell, visitor, stand, of), Ok(()));
    }
    assert_eq!(reuse(&mut shell, moderator, stand, None), Ok(()));
    shell.pass(1_000);
    assert_eq!(listed(&shell, keeper)[0].reuse, 2);
    assert_eq!(named(&mut shell), ["Region"]);
    assert_eq!(shell.you(visitor).reuses, [stand]);
    shell.restart();
    let visitor = shell.open(2, Role::Attendee);
    assert_eq!(shell.you(visitor).reuses, [stand]);
    assert_eq!(listed(&shell, visitor)[0].reuse, 2);
    let no = StandStep::Reuse {
        stand,
        on: false,
        organisation: None,
    };
    assert_eq!(step(&mut shell, visitor, no), Ok(()));
    shell.pass(1_000);
    assert_eq!(listed(&shell, visitor)[0].reuse, 1);
    assert!(asked(&mut shell, visitor, stand).expect("public").adopters.is_empty());
}

#[test]
fn j9_at_the_end_numbers_and_names_stay_and_nobody_can_be_told_from_them() {
    let (mut shell, stand, [keeper, visitor, _]) = fair();
    assert_eq!(reuse(&mut shell, visitor, stand, Some("Town")), Ok(()));
    let organiser = shell.open(4, Role::Organiser);
    let end = Command::SetEventPhase {
        phase: EventPhase::Ended,
    };
    shell.ok(organiser, end);
    assert!(shell.kept.working.is_empty(), "{:?}", shell.kept.working);
    let before = shell.hub.stand_rows();
    assert_eq!(
        (before[0].reuse, before[0].adopters.as_slice()),
        (1, &["Town".to_owned()][..])
    );
    assert!(shell.you(keeper).keeps.is_empty());
    shell.restart();
    assert_eq!(shell.hub.stand_rows(), before);
}

#[test]
fn j10_looking_at_a_stand_changes_nothing_and_is_told_to_nobody() {
    let (mut shell, stand, [keeper, visitor, moderator]) = fair();
    shell.pass(2_000);
    for conn in [keeper, moderator] {
        shell.take(conn);
    }
    let kept = shell.kept.clone();
    assert!(asked(&mut shell, visitor, stand).is_ok());
    shell.pass(2_000);
    assert_eq!(shell.kept, kept);
    for conn in [keeper, moderator] {
        assert_eq!(shell.take(conn), Vec::new());
    }
    assert_eq!(listed(&shell, keeper)[0].people, 0);
}

#[test]
fn j11_keepers_publish_at_their_stand_and_give_the_word_to_visitors() {
    let (mut shell, stand, [keeper, visitor, _]) = fair();
    let room = room_of(&shell, visitor);
    for conn in [keeper, visitor] {
        shell.ok(conn, Command::Enter { room: room.clone() });
    }
    shell.backstage(keeper);
    shell.on_air(keeper);
    assert_eq!(
        shell.command(visitor, Command::EnterBackstage {}),
        Err(RefusalCode::NotAllowed)
    );
    let word = |participant: ParticipantId, on| StandStep::GiveWord { stand, participant, on };
    assert_eq!(
        step(&mut shell, visitor, word(person(2), true)),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(
        step(&mut shell, keeper, word(person(9), true)),
        Err(RefusalCode::UnknownParticipant)
    );
    assert_eq!(step(&mut shell, keeper, word(person(2), true)), Ok(()));
    shell.backstage(visitor);
    shell.on_air(visitor);
    assert!(shell.media[&person(2)].may_publish);
    assert_eq!(step(&mut shell, keeper, word(person(2), false)), Ok(()));
    assert_eq!(shell.place(visitor).1, Place::Audience);
    assert!(!shell.media[&person(2)].may_publish);
    // Elsewhere they are what they were.
    shell.ok(
        keeper,
        Command::Enter {
            room: support::room("hall-a"),
        },
    );
    assert_eq!(
        shell.command(keeper, Command::EnterBackstage {}),
        Err(RefusalCode::NotAllowed)
    );
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
