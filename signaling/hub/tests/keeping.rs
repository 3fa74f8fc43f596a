// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What is kept gives the state again: after every step, across restarts, in later versions of this program.

mod support;

use std::collections::BTreeMap;

use fiera_hub::{ConnectionId, EventConfig, Hub, Input, Recovered, RestoreError};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{PollPhase, PollView, QuestionStage, RoomSettings};
use fiera_protocol::ids::{AuthorSecret, LabelId, MessageId, QuestionId, Role};
use fiera_protocol::limits::{ANSWERS_REMEMBERED_MAX, ASK_WINDOW_MS, TALLY_INTERVAL_MS};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::view::{EventPhase, EventView, ModeratorsView, RoomView, StreamId, StreamState, YouView};
use proptest::prelude::*;
use support::fair::{MODERATED, SECRET, ask, say, say_backstage, set, upvote};
use support::{HALLS, SETTINGS, Shell, config, person, room};

fn roomy() -> EventConfig {
    let mut config = config();
    config.rooms.iter_mut().for_each(|room| room.capacity = 1_000);
    config
}

/// Everything that followers are shown and that does not come from who is here now.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    event: EventView,
    rooms: BTreeMap<&'static str, (RoomView, ModeratorsView, Vec<String>)>,
    you: BTreeMap<u128, YouView>,
}

/// Puts the same people into the same rooms of both and compares what they see.
fn shown(shell: &Shell, conns: &BTreeMap<u128, ConnectionId>) -> Shown {
    let mut shown = Shown {
        event: EventView {
            people: 0,
            ..shell.event_view(conns[&0]).clone()
        },
        rooms: BTreeMap::new(),
        you: BTreeMap::new(),
    };
    shown.event.rooms.iter_mut().for_each(|room| room.people = 0);
    for (who, conn) in conns {
        let you = shell.you(*conn).clone();
        let hall = HALLS.into_iter().find(|hall| you.room == Some(room(hall)));
        shown.you.insert(*who, you);
        let Some(hall) = hall else { continue };
        let (Some(moderators), Some(back)) = (shell.moderators_view(*conn, hall), shell.backstage_view(*conn, hall))
        else {
            continue;
        };
        let mut view = shell.room_view(*conn, hall).expect("follows").clone();
        // Who wrote what is never kept.
        view.chat.iter_mut().for_each(|message| message.participant = None);
        let back = back.chat.iter().map(|message| message.text.clone()).collect();
        shown.rooms.insert(hall, (view, moderators.clone(), back));
    }
    shown
}

const PEOPLE: [Role; 6] = [
    Role::Organiser,
    Role::Moderator,
    Role::Moderator,
    Role::Attendee,
    Role::Attendee,
    Role::Speaker,
];

fn seat(shell: &mut Shell) -> BTreeMap<u128, ConnectionId> {
    let sit = |(who, role): (u128, &Role)| {
        let conn = shell.open(who, *role);
        let hall = HALLS[usize::try_from(who).expect("small") % 2];
        shell.ok(conn, Command::Enter { room: room(hall) });
        (who, conn)
    };
    (0..).zip(&PEOPLE).map(sit).collect()
}

#[derive(Debug, Clone)]
enum Deed {
    Ask,
    Upvote { nth: usize, up: bool },
    Set { nth: usize, to: QuestionStage },
    Undo { nth: usize },
    Withdraw { nth: usize, right: bool },
    Erase { nth: usize },
    Edit { nth: usize, own: bool },
    Merge { nth: usize, into: usize },
    Answer { nth: usize },
    Due { nth: usize, due_day: Option<u32> },
    Archive { nth: usize, archived: bool },
    AddLabel { text: String },
    EraseLabel { nth: usize },
    Label { nth: usize, label: usize },
    Assign { nth: usize, whom: Option<u128> },
    Say { backstage: bool },
    Delete { nth: usize, own: bool },
    Reply { nth: usize },
    EditMessage { nth: usize },
    Pin { nth: usize, pinned: bool },
    Promote { nth: usize },
    Filter { word: Option<String> },
    Silence { whom: u128, on: bool },
    SetRoom(RoomSettings),
    Announce,
    EraseAnnouncement,
    Draft,
    MovePoll { nth: usize },
    Vote { nth: usize, option: u8 },
    RaiseHand,
    LowerHand,
    Pass,
}

fn deeds() -> impl Strategy<Value = Vec<(u128, Deed)>> {
    use QuestionStage::{Answered, Dismissed, FollowUp, Next, Now, Pending, Published};
    let nth = any::<usize>;
    let to = prop::sample::select(vec![Answered, Dismissed, FollowUp, Next, Now, Pending, Published]);
    let settings = (any::<bool>(), any::<bool>()).prop_map(|(moderated, chat_open)| RoomSettings {
        moderated,
        chat_open,
        ..SETTINGS
    });
    let deed = prop_oneof![
        5 => Just(Deed::Ask),
        5 => (nth(), any::<bool>()).prop_map(|(nth, up)| Deed::Upvote { nth, up }),
        8 => (nth(), to).prop_map(|(nth, to)| Deed::Set { nth, to }),
        3 => nth().prop_map(|nth| Deed::Undo { nth }),
        1 => (nth(), any::<bool>()).prop_map(|(nth, right)| Deed::Withdraw { nth, right }),
        1 => nth().prop_map(|nth| Deed::Erase { nth }),
        2 => (nth(), any::<bool>()).prop_map(|(nth, own)| Deed::Edit { nth, own }),
        6 => (nth(), nth()).prop_map(|(nth, into)| Deed::Merge { nth, into }),
        3 => nth().prop_map(|nth| Deed::Answer { nth }),
        2 => (nth(), prop::option::of(20_000..20_003_u32)).prop_map(|(nth, due_day)| Deed::Due { nth, due_day }),
        2 => (nth(), any::<bool>()).prop_map(|(nth, archived)| Deed::Archive { nth, archived }),
        2 => "[A-C]".prop_map(|text| Deed::AddLabel { text }),
        1 => nth().prop_map(|nth| Deed::EraseLabel { nth }),
        3 => (nth(), nth()).prop_map(|(nth, label)| Deed::Label { nth, label }),
        2 => (nth(), prop::option::of(0..6u128)).prop_map(|(nth, whom)| Deed::Assign { nth, whom }),
        4 => any::<bool>().prop_map(|backstage| Deed::Say { backstage }),
        1 => (nth(), any::<bool>()).prop_map(|(nth, own)| Deed::Delete { nth, own }),
        2 => nth().prop_map(|nth| Deed::Reply { nth }),
        2 => nth().prop_map(|nth| Deed::EditMessage { nth }),
        2 => (nth(), any::<bool>()).prop_map(|(nth, pinned)| Deed::Pin { nth, pinned }),
        1 => nth().prop_map(|nth| Deed::Promote { nth }),
        1 => prop::option::of("[a-c]").prop_map(|word| Deed::Filter { word }),
        2 => (0..6u128, any::<bool>()).prop_map(|(whom, on)| Deed::Silence { whom, on }),
        2 => settings.prop_map(Deed::SetRoom),
        1 => Just(Deed::Announce),
        1 => Just(Deed::EraseAnnouncement),
        1 => Just(Deed::Draft),
        3 => nth().prop_map(|nth| Deed::MovePoll { nth }),
        3 => (nth(), 0..3u8).prop_map(|(nth, option)| Deed::Vote { nth, option }),
        2 => Just(Deed::RaiseHand),
        1 => Just(Deed::LowerHand),
        2 => Just(Deed::Pass),
    ];
    prop::collection::vec((0..6u128, deed), 1..40)
}

fn command(shell: &Shell, conns: &BTreeMap<u128, ConnectionId>, deed: Deed) -> Option<Command> {
    let shown = shown(shell, conns);
    let questions: Vec<(QuestionId, QuestionStage)> = shown
        .rooms
        .values()
        .flat_map(|(room, moderators, _)| room.questions.iter().chain(&moderators.questions))
        .map(|question| (question.question, question.stage))
        .collect();
    let messages: Vec<MessageId> = shown
        .rooms
        .values()
        .flat_map(|(room, ..)| room.chat.iter().map(|message| message.message))
        .collect();
    let polls: Vec<&PollView> = shown
        .rooms
        .values()
        .flat_map(|(_, moderators, _)| &moderators.polls)
        .collect();
    let poll = |nth: usize| Some(polls[nth.checked_rem(polls.len())?]);
    let labels: Vec<LabelId> = shown
        .rooms
        .values()
        .flat_map(|(room, ..)| room.labels.iter().map(|one| one.label))
        .collect();
    let question = |nth: usize| Some(questions[nth.checked_rem(questions.len())?]);
    Some(match deed {
        Deed::Ask => ask("Why?"),
        Deed::Upvote { nth, up } => upvote(question(nth)?.0, up),
        Deed::Set { nth, to } => question(nth).map(|(question, from)| set(question, from, to))?,
        Deed::Undo { nth } => Command::UndoQuestion {
            question: question(nth)?.0,
        },
        Deed::Withdraw { nth, right } => Command::WithdrawQuestion {
            question: question(nth)?.0,
            secret: if right { SECRET } else { AuthorSecret::from_u128(1) },
        },
        Deed::Erase { nth } => Command::EraseQuestion {
            question: question(nth)?.0,
        },
        Deed::Edit { nth, own } => Command::EditQuestion {
            question: question(nth)?.0,
            text: "Why now?".parse().expect("a question"),
            secret: own.then_some(SECRET),
        },
        Deed::Merge { nth, into } => Command::MergeQuestions {
            into: question(into)?.0,
            questions: vec![question(nth)?.0],
        },
        Deed::Answer { nth } => question(nth).map(|(question, from)| Command::AnswerQuestion {
            question,
            from,
            text: "So.".parse().expect("an answer"),
        })?,
        Deed::Due { nth, due_day } => Command::SetDue {
            owner: due_day.is_some().then(|| "Bo".parse().expect("a name")),
            question: question(nth)?.0,
            due_day,
        },
        Deed::Archive { nth, archived } => Command::ArchiveQuestions {
            questions: vec![question(nth)?.0],
            archived,
        },
        Deed::AddLabel { text } => Command::AddLabel {
            text: text.parse().expect("a label"),
        },
        Deed::EraseLabel { nth } => Command::EraseLabel {
            label: labels[nth.checked_rem(labels.len())?],
        },
        Deed::Label { nth, label } => Command::LabelQuestion {
            question: question(nth)?.0,
            labels: labels
                .get(label.checked_rem(labels.len() + 1)?)
                .copied()
                .into_iter()
                .collect(),
        },
        Deed::Assign { nth, whom } => Command::AssignQuestion {
            question: question(nth)?.0,
            participant: whom.map(person),
        },
        Deed::Say { backstage: false } => say("Hello"),
        Deed::Say { backstage: true } => say_backstage("Hello"),
        Deed::Delete { nth, own } => Command::DeleteMessage {
            message: messages[nth.checked_rem(messages.len())?],
            secret: own.then_some(SECRET),
        },
        Deed::Reply { nth } => Command::Chat {
            text: "b c".parse().expect("a message"),
            backstage: false,
            reply_to: Some(messages[nth.checked_rem(messages.len())?]),
            secret: SECRET,
        },
        Deed::EditMessage { nth } => Command::EditMessage {
            message: messages[nth.checked_rem(messages.len())?],
            text: "a b".parse().expect("a message"),
            secret: SECRET,
        },
        Deed::Pin { nth, pinned } => Command::PinMessage {
            message: messages[nth.checked_rem(messages.len())?],
            pinned,
        },
        Deed::Promote { nth } => Command::QuestionFromMessage {
            message: messages[nth.checked_rem(messages.len())?],
        },
        Deed::Filter { word } => Command::SetWordFilter {
            words: word.iter().map(|word| word.parse().expect("a word")).collect(),
        },
        Deed::Silence { whom, on } => Command::Silence {
            participant: person(whom),
            on,
        },
        Deed::SetRoom(settings) => Command::SetRoom { settings },
        Deed::Announce => Command::Announce {
            text: "Lunch".parse().expect("a text"),
        },
        Deed::EraseAnnouncement => Command::EraseAnnouncement {
            announcement: shown.event.announcements.first()?.announcement,
        },
        Deed::Draft => Command::DraftPoll {
            question: "Tea?".parse().expect("a question"),
            options: ["Yes", "No"].map(|option| option.parse().expect("an answer")).to_vec(),
        },
        Deed::MovePoll { nth } => {
            let poll = poll(nth)?;
            match poll.phase {
                PollPhase::Draft => Command::SetPoll {
                    poll: poll.poll,
                    phase: PollPhase::Open,
                },
                PollPhase::Open => Command::SetPoll {
                    poll: poll.poll,
                    phase: PollPhase::Closed,
                },
                PollPhase::Closed => Command::SetPoll {
                    poll: poll.poll,
                    phase: PollPhase::Revealed,
                },
                PollPhase::Revealed => Command::DismissPoll { poll: poll.poll },
            }
        }
        Deed::Vote { nth, option } => Command::Vote {
            poll: poll(nth)?.poll,
            option,
        },
        Deed::RaiseHand => Command::RaiseHand { topic: None },
        Deed::LowerHand => Command::LowerHand { participant: None },
        Deed::Pass => return None,
    })
}

/// A hub restored from what was kept, with the same people in the same rooms.
fn twin(shell: &Shell) -> Shown {
    let mut twin = Shell::with(roomy(), 8);
    twin.kept = shell.kept.clone();
    twin.restart();
    let kept = twin.kept.clone();
    let conns = seat(&mut twin);
    assert_eq!(twin.kept, kept, "to come in changes nothing that is kept");
    twin.pass(TALLY_INTERVAL_MS);
    shown(&twin, &conns)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn b1_after_every_step_what_was_kept_gives_the_same_state(deeds in deeds()) {
        let mut shell = Shell::with(roomy(), 7);
        let conns = seat(&mut shell);
        for (who, deed) in deeds {
            let before = shell.kept.clone();
            match command(&shell, &conns, deed) {
                Some(command) => {
                    let answer = shell.command(conns[&who], command);
                    if answer.is_err() {
                        prop_assert_eq!(&shell.kept, &before, "C1: refused, so nothing changed");
                    }
                }
                None => shell.pass(ASK_WINDOW_MS),
            }
            shell.pass(TALLY_INTERVAL_MS);
            prop_assert_eq!(twin(&shell), shown(&shell, &conns));
        }
        let phase = EventPhase::Ended;
        shell.ok(conns[&0], Command::SetEventPhase { phase });
        prop_assert!(shell.kept.working.is_empty(), "B4: {:?}", shell.kept.working);
        let mut ended = Shell::with(roomy(), 8);
        ended.kept = shell.kept.clone();
        ended.restart();
        prop_assert_eq!(ended.hub.phase(), EventPhase::Ended);
        prop_assert_eq!(serde_json::to_value(ended.hub.recap()).expect("JSON"), serde_json::to_value(shell.hub.recap()).expect("JSON"));
    }
}

#[test]
fn b3_a_command_that_was_accepted_is_not_run_again_after_a_restart() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let id = shell.next_command_id();
    assert_eq!(shell.command_as(attendee, id, ask("Why?")), Ok(()));
    shell.restart();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let facts = shell.kept.facts.len();
    assert_eq!(shell.command_as(attendee, id, ask("Why?")), Ok(()));
    assert_eq!(shell.kept.facts.len(), facts, "answered, not run");
    let other = shell.join(2, Role::Attendee, "hall-a");
    assert_eq!(shell.command_as(other, id, ask("Why?")), Ok(()));
    assert_eq!(shell.kept.facts.len(), facts + 1, "an id is one participant's own");
}

#[test]
fn c2_a_move_that_a_crash_undid_is_run_again() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    shell.ok(attendee, Command::RaiseHand { topic: None });
    let id = shell.next_command_id();
    let go = || Command::Enter { room: room("hall-b") };
    // It ends the hand, which is kept, and moves its owner, which is not.
    assert_eq!(shell.command_as(attendee, id, go()), Ok(()));
    shell.restart();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    assert_eq!(shell.command_as(attendee, id, go()), Ok(()));
    assert_eq!(shell.place(attendee).0, Some("hall-b"));
}

#[test]
fn b3_so_many_commands_are_remembered_per_participant() {
    let mut shell = Shell::new();
    let organiser = shell.join(1, Role::Organiser, "hall-a");
    for n in 0..2 * ANSWERS_REMEMBERED_MAX {
        let settings = if n % 2 == 0 { MODERATED } else { SETTINGS };
        shell.set_room(organiser, settings);
    }
    let rows = shell.kept.working.keys().filter(|key| key.starts_with("answer/"));
    assert_eq!(rows.count(), ANSWERS_REMEMBERED_MAX);
}

#[test]
fn e1_while_nothing_can_be_stored_nothing_is_changed_and_watching_goes_on() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let speaker = shell.join(2, Role::Speaker, "hall-a");
    shell.input(Input::Storage { writable: false });
    assert!(shell.event_view(attendee).read_only);
    let kept = shell.kept.clone();
    let id = shell.next_command_id();
    assert_eq!(shell.command_as(attendee, id, ask("Why?")), Err(RefusalCode::ReadOnly));
    assert_eq!(shell.command(attendee, say("Hello")), Err(RefusalCode::ReadOnly));
    assert_eq!(shell.questions(attendee, "hall-a"), []);
    shell.backstage(speaker);
    shell.on_air(speaker);
    shell.ok(attendee, Command::Enter { room: room("hall-b") });
    shell.ok(attendee, Command::Enter { room: room("hall-a") });
    assert_eq!(shell.kept, kept);
    shell.input(Input::Storage { writable: true });
    assert!(!shell.event_view(attendee).read_only);
    assert_eq!(shell.command_as(attendee, id, ask("Why?")), Ok(()), "under the same id");
    assert_eq!(shell.questions(attendee, "hall-a").len(), 1);
}

#[test]
fn b2_an_erased_or_unreadable_text_is_simply_not_shown() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    shell.ask(attendee, "Why?");
    shell.ask(attendee, "How?");
    shell.say(attendee, "Hello");
    let ids: Vec<u128> = shell.kept.texts.keys().copied().collect();
    shell.kept.texts.remove(&ids[0]);
    shell.kept.texts.insert(ids[1], b"{".to_vec());
    shell.restart();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let seen = shell.questions(attendee, "hall-a").len() + shell.chat(attendee, "hall-a").len();
    assert_eq!(seen, 1);
}

#[test]
fn b1_facts_that_cannot_be_read_stop_the_event_and_say_why() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    shell.ask(attendee, "Why?");
    let restore = |facts: Vec<(u16, Vec<u8>)>| {
        let kept = Recovered {
            facts,
            ..Recovered::default()
        };
        Hub::restore(config(), 1, [1; 32], kept)
            .map(|_| ())
            .expect_err("refused")
    };
    let good = shell.kept.facts[0].clone();
    let newer = (3, good.1.clone());
    assert_eq!(restore(vec![good.clone(), newer]), RestoreError::Newer(2));
    let half = good.1[..good.1.len() / 2].to_vec();
    for damaged in [half, Vec::new(), b"{\"kind\":\"question_lost\"}".to_vec()] {
        assert_eq!(restore(vec![good.clone(), (1, damaged)]), RestoreError::Damaged(2));
    }
}

#[test]
fn b1_facts_of_a_room_that_is_no_longer_set_up_are_passed_over() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-b");
    shell.ask(attendee, "Why?");
    shell.ok(attendee, say("Hello"));
    let mut smaller = config();
    smaller.rooms.retain(|known| known.room != room("hall-b"));
    assert!(Hub::restore(smaller, 1, [1; 32], shell.kept.clone()).is_ok());
}

#[test]
fn e2_a_wall_clock_that_jumps_changes_no_order() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let first = shell.ask(attendee, "Why?");
    shell.say(attendee, "one");
    shell.unix_ms -= 86_400_000;
    let second = shell.ask(attendee, "Why?");
    shell.say(attendee, "two");
    let order = |shell: &Shell, conn| {
        let questions = shell.questions(conn, "hall-a").into_iter().map(|q| q.question);
        let chat = shell.chat(conn, "hall-a").into_iter().map(|message| message.text);
        (questions.collect::<Vec<_>>(), chat.collect::<Vec<_>>())
    };
    let expected = (vec![first, second], vec!["one".to_owned(), "two".to_owned()]);
    assert_eq!(order(&shell, attendee), expected);
    shell.restart();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    assert_eq!(order(&shell, attendee), expected);
}

#[test]
fn b1_a_restored_event_has_its_streams_and_no_deadline() {
    let mut shell = Shell::new();
    let organiser = shell.join(1, Role::Organiser, "hall-a");
    shell.ask(organiser, "Why?");
    shell.restart();
    assert_eq!(shell.hub.people(), 0);
    let organiser = shell.join(1, Role::Organiser, "hall-a");
    let room = StreamId::Room { room: room("hall-a") };
    let (_, state) = &shell.clients[&organiser].streams[&room];
    assert!(matches!(state, StreamState::Room(view) if view.questions.len() == 1));
}

#[test]
fn e1_what_people_do_by_leaving_is_kept_once_the_store_is_back() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    shell.ok(attendee, Command::RaiseHand { topic: None });
    let hands = |shell: &Shell| shell.kept.working.keys().filter(|key| key.starts_with("hand/")).count();
    shell.input(Input::Storage { writable: false });
    let kept = shell.kept.clone();
    shell.ok(attendee, Command::Leave {});
    assert_eq!(shell.kept, kept, "nothing is given to a store that takes nothing");
    shell.input(Input::Storage { writable: true });
    assert_eq!(hands(&shell), 0);
}
