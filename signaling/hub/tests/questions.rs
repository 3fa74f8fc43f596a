// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Questions: who sees them when, who moves them, who supports them, how they are erased.

mod support;

use fiera_hub::Input;
use fiera_protocol::client::Command;
use fiera_protocol::fair::{QuestionStage, QuestionView};
use fiera_protocol::ids::{AuthorSecret, QuestionId, Role};
use fiera_protocol::limits::{ASK_WINDOW_MS, ASKS_PER_WINDOW_MAX, QUESTIONS_PER_ROOM_MAX, TALLY_INTERVAL_MS};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Change, EventPhase};
use support::fair::{MODERATED, SECRET, ask, set, upvote};
use support::{Shell, room};

fn stages(questions: &[QuestionView]) -> Vec<(QuestionId, QuestionStage)> {
    questions.iter().map(|q| (q.question, q.stage)).collect()
}

#[test]
fn q1_q2_a_question_waits_for_a_moderator_where_the_room_is_moderated() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let open = shell.ask(attendee, "Why?");
    assert_eq!(
        stages(&shell.questions(attendee, "hall-a")),
        [(open, QuestionStage::Published)]
    );
    shell.set_room(moderator, MODERATED);
    let waits = shell.ask(attendee, "Why?");
    assert_eq!(shell.questions(attendee, "hall-a").len(), 1);
    assert_eq!(
        stages(&shell.hidden(moderator, "hall-a")),
        [(waits, QuestionStage::Pending)]
    );
    assert!(shell.moderators_view(attendee, "hall-a").is_none());
    shell.take(attendee);
    shell.ok(moderator, set(waits, QuestionStage::Pending, QuestionStage::Next));
    assert_eq!(shell.hidden(moderator, "hall-a"), []);
    let shown = shell.questions(attendee, "hall-a");
    assert_eq!(
        stages(&shown),
        [(open, QuestionStage::Published), (waits, QuestionStage::Next)]
    );
    assert_eq!((shown[0].order, shown[1].order), (0, 1));
    assert_eq!(shown[1].by.as_ref().map(|by| by.as_str()), Some("Ada"));
    assert_eq!(shown[1].at_unix_ms % 60_000, 0, "T4: to the minute");
    shell.ok(moderator, set(waits, QuestionStage::Next, QuestionStage::Dismissed));
    assert_eq!(shell.questions(attendee, "hall-a").len(), 1);
    assert_eq!(shell.hidden(moderator, "hall-a")[0].note.as_deref(), Some("Ada"));
}

#[test]
fn q1_an_anonymous_question_has_no_name_anywhere() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let organiser = shell.join(2, Role::Organiser, "hall-a");
    shell.ok(
        attendee,
        Command::Ask {
            text: "Why?".parse().expect("a question"),
            anonymous: true,
            secret: SECRET,
        },
    );
    assert_eq!(shell.questions(organiser, "hall-a")[0].by, None);
    let texts = shell.kept.texts.values();
    for text in texts.map(|body| String::from_utf8_lossy(body).into_owned()) {
        assert!(!text.contains("Ada"), "{text}");
        assert!(
            !text.contains(&SECRET.to_string()),
            "T3: a hash is kept, not the secret"
        );
    }
}

#[test]
fn q1_asking_is_limited_by_the_clock_that_never_goes_back() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    for _ in 0..ASKS_PER_WINDOW_MAX {
        shell.ask(attendee, "Why?");
    }
    assert_eq!(shell.command(attendee, ask("Why?")), Err(RefusalCode::TooFast));
    shell.unix_ms += 10 * ASK_WINDOW_MS;
    assert_eq!(
        shell.command(attendee, ask("Why?")),
        Err(RefusalCode::TooFast),
        "E2: a jump of the wall clock opens no window"
    );
    shell.ok(attendee, Command::Leave {});
    shell.ok(attendee, Command::Enter { room: room("hall-b") });
    assert_eq!(shell.command(attendee, ask("Why?")), Err(RefusalCode::TooFast));
    shell.pass(ASK_WINDOW_MS);
    shell.ask(attendee, "Why?");
}

#[test]
fn q1_a_room_holds_so_many_questions() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let mut last = None;
    for n in 0..QUESTIONS_PER_ROOM_MAX {
        if n % ASKS_PER_WINDOW_MAX as usize == 0 {
            shell.pass(ASK_WINDOW_MS);
        }
        last = Some(shell.ask(attendee, "Why?"));
    }
    shell.pass(ASK_WINDOW_MS);
    assert_eq!(shell.command(attendee, ask("Why?")), Err(RefusalCode::TooMany));
    let question = last.expect("one");
    shell.ok(moderator, Command::EraseQuestion { question });
    shell.ask(attendee, "Why?");
    shell.ok(attendee, Command::Enter { room: room("hall-b") });
    shell.ask(attendee, "Why?");
}

#[test]
fn q3_upvotes_count_once_and_are_told_as_numbers_now_and_then() {
    let mut shell = Shell::new();
    let one = shell.join(1, Role::Attendee, "hall-a");
    let two = shell.join(2, Role::Moderator, "hall-a");
    let question = shell.ask(one, "Why?");
    shell.take(two);
    for conn in [one, one, two] {
        shell.ok(conn, upvote(question, true));
    }
    shell.ok(two, upvote(question, false));
    shell.ok(two, upvote(question, true));
    shell.pass(TALLY_INTERVAL_MS);
    assert_eq!(shell.questions(two, "hall-a")[0].upvotes, 2);
    assert_eq!(shell.you(one).upvoted, [question]);
    let told = shell.take(two);
    let tallies = told.iter().filter(|message| {
        matches!(
            message,
            ServerMessage::Update {
                change: Change::Upvotes { .. },
                ..
            }
        )
    });
    assert_eq!(tallies.count(), 2, "the first at once, the others together");
    shell.ok(one, upvote(question, false));
    assert_eq!(shell.you(one).upvoted, []);
    shell.pass(TALLY_INTERVAL_MS);
    assert_eq!(shell.questions(one, "hall-a")[0].upvotes, 1);
    assert_eq!(shell.hub.next_deadline().filter(|at| *at < shell.mono_ms + 1_000), None);
}

#[test]
fn q3_upvotes_survive_a_restart_and_stay_hidden_from_the_store() {
    let mut shell = Shell::new();
    let one = shell.join(1, Role::Attendee, "hall-a");
    let question = shell.ask(one, "Why?");
    shell.ok(one, upvote(question, true));
    let id = format!("{:032x}", 1);
    let named = |key: &String| key.contains(&id);
    assert!(!shell.kept.working.keys().any(named), "{:?}", shell.kept.working.keys());
    shell.restart();
    let one = shell.join(1, Role::Attendee, "hall-a");
    assert_eq!(shell.you(one).upvoted, [question]);
    assert_eq!(shell.questions(one, "hall-a")[0].upvotes, 1);
    shell.ok(one, upvote(question, true));
    shell.pass(TALLY_INTERVAL_MS);
    assert_eq!(shell.questions(one, "hall-a")[0].upvotes, 1);
}

#[test]
fn q3_only_what_one_sees_and_what_is_open_can_be_supported() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let elsewhere = shell.join(3, Role::Attendee, "hall-b");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let question = shell.ask(attendee, "Why?");
    assert_eq!(
        shell.command(elsewhere, upvote(question, true)),
        Err(RefusalCode::UnknownItem)
    );
    shell.ok(
        moderator,
        set(question, QuestionStage::Published, QuestionStage::Answered),
    );
    assert_eq!(
        shell.command(attendee, upvote(question, true)),
        Err(RefusalCode::WrongState)
    );
    shell.ok(
        moderator,
        set(question, QuestionStage::Answered, QuestionStage::Published),
    );
    shell.ok(
        moderator,
        set(question, QuestionStage::Published, QuestionStage::Dismissed),
    );
    assert_eq!(
        shell.command(attendee, upvote(question, true)),
        Err(RefusalCode::UnknownItem)
    );
}

#[test]
fn q4_of_two_moderators_at_once_the_second_is_told_so() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let one = shell.join(2, Role::Moderator, "hall-a");
    let two = shell.join(3, Role::Moderator, "hall-a");
    let question = shell.ask(attendee, "Why?");
    assert_eq!(
        shell.command(attendee, set(question, QuestionStage::Published, QuestionStage::Now)),
        Err(RefusalCode::NotAllowed)
    );
    shell.ok(one, set(question, QuestionStage::Published, QuestionStage::Now));
    let facts = shell.kept.facts.len();
    assert_eq!(
        shell.command(two, set(question, QuestionStage::Published, QuestionStage::Dismissed)),
        Err(RefusalCode::WrongState)
    );
    assert_eq!(
        shell.command(two, set(question, QuestionStage::Now, QuestionStage::Pending)),
        Err(RefusalCode::WrongState)
    );
    assert_eq!(shell.kept.facts.len(), facts, "refused: nothing changed");
}

#[test]
fn q5_q7_one_is_now_and_an_undo_brings_back_who_gave_way() {
    let mut shell = Shell::new();
    let moderator = shell.join(1, Role::Moderator, "hall-a");
    let (first, second) = (shell.ask(moderator, "Why?"), shell.ask(moderator, "Why?"));
    let now = |question| set(question, QuestionStage::Published, QuestionStage::Now);
    shell.ok(moderator, now(first));
    shell.ok(moderator, now(second));
    let shown = |shell: &Shell| stages(&shell.questions(moderator, "hall-a"));
    assert_eq!(
        shown(&shell),
        [(first, QuestionStage::Answered), (second, QuestionStage::Now)]
    );
    let undo = Command::UndoQuestion { question: second };
    shell.ok(moderator, undo.clone());
    assert_eq!(
        shown(&shell),
        [(first, QuestionStage::Now), (second, QuestionStage::Published)]
    );
    assert_eq!(
        shell.command(moderator, undo),
        Err(RefusalCode::WrongState),
        "one step only"
    );
    shell.ok(moderator, now(second));
    shell.ok(moderator, set(first, QuestionStage::Answered, QuestionStage::Published));
    shell.ok(moderator, Command::UndoQuestion { question: second });
    assert_eq!(
        shown(&shell),
        [(first, QuestionStage::Published), (second, QuestionStage::Published)],
        "what moved on meanwhile is left alone"
    );
    shell.ok(moderator, now(first));
    shell.ok(moderator, now(second));
    let answer = Command::AnswerQuestion {
        question: first,
        from: QuestionStage::Answered,
        text: "Because.".parse().expect("an answer"),
    };
    shell.ok(moderator, answer);
    shell.ok(moderator, Command::UndoQuestion { question: second });
    let view = shell.questions(moderator, "hall-a");
    let answered = view.iter().find(|one| one.question == first).expect("shown");
    assert_eq!(
        (answered.stage, answered.answer.as_deref()),
        (QuestionStage::Answered, Some("Because.")),
        "what was answered in writing meanwhile stays so"
    );
}

#[test]
fn q6_q7_a_note_is_required_kept_and_erased_with_the_step() {
    let mut shell = Shell::new();
    let moderator = shell.join(1, Role::Moderator, "hall-a");
    let question = shell.ask(moderator, "Why?");
    let bare = |to, note: Option<&str>| Command::SetQuestion {
        question,
        from: QuestionStage::Published,
        to,
        note: note.map(|note| note.parse().expect("a note")),
    };
    for to in [QuestionStage::Dismissed, QuestionStage::FollowUp] {
        assert_eq!(shell.command(moderator, bare(to, None)), Err(RefusalCode::Text));
    }
    let odd = bare(QuestionStage::Next, Some("Grace"));
    assert_eq!(shell.command(moderator, odd), Err(RefusalCode::Text));
    shell.ok(moderator, bare(QuestionStage::FollowUp, Some("Grace")));
    assert_eq!(shell.questions(moderator, "hall-a")[0].note.as_deref(), Some("Grace"));
    assert_eq!(shell.kept.texts.len(), 2);
    shell.ok(moderator, Command::UndoQuestion { question });
    assert_eq!(shell.questions(moderator, "hall-a")[0].note, None);
    assert_eq!(shell.kept.texts.len(), 1, "nobody can see the note again");
}

#[test]
fn q8_only_the_secret_or_a_moderator_erases_and_nothing_is_left() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let other = shell.join(2, Role::Attendee, "hall-a");
    let moderator = shell.join(3, Role::Moderator, "hall-b");
    let question = shell.ask(attendee, "Unforgettable?");
    shell.ok(other, upvote(question, true));
    let withdraw = |question, secret| Command::WithdrawQuestion { question, secret };
    assert_eq!(
        shell.command(other, withdraw(question, AuthorSecret::from_u128(1))),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(
        shell.command(other, Command::EraseQuestion { question }),
        Err(RefusalCode::NotAllowed)
    );
    shell.ok(attendee, withdraw(question, SECRET));
    assert_eq!(shell.questions(other, "hall-a"), []);
    assert_eq!(shell.you(other).upvoted, []);
    assert!(shell.kept.texts.is_empty());
    assert!(!shell.kept.working.keys().any(|key| key.starts_with("upvote/")));
    assert_eq!(
        shell.command(attendee, withdraw(question, SECRET)),
        Err(RefusalCode::UnknownItem)
    );
    let again = shell.ask(attendee, "Unforgettable?");
    shell.ok(moderator, Command::EraseQuestion { question: again });
    assert!(shell.kept.texts.is_empty());
    shell.restart();
    let other = shell.join(2, Role::Attendee, "hall-a");
    assert_eq!(shell.questions(other, "hall-a"), []);
}

#[test]
fn q8_erasing_goes_on_after_the_event() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let organiser = shell.join(2, Role::Organiser, "hall-a");
    let question = shell.ask(attendee, "Why?");
    let phase = EventPhase::Ended;
    shell.ok(organiser, Command::SetEventPhase { phase });
    assert_eq!(shell.command(attendee, ask("Why?")), Err(RefusalCode::EventClosed));
    shell.restart();
    let attendee = shell.open(1, Role::Attendee);
    shell.ok(
        attendee,
        Command::WithdrawQuestion {
            question,
            secret: SECRET,
        },
    );
    assert!(shell.kept.texts.is_empty());
}

#[test]
fn s5_two_rooms_with_the_same_questions_do_not_mix() {
    let mut shell = Shell::new();
    let a = shell.join(1, Role::Moderator, "hall-a");
    let b = shell.join(2, Role::Moderator, "hall-b");
    let (in_a, in_b) = (shell.ask(a, "Why?"), shell.ask(b, "Why?"));
    shell.ok(a, upvote(in_a, true));
    shell.take(b);
    shell.ok(a, set(in_a, QuestionStage::Published, QuestionStage::Now));
    assert_eq!(
        shell.command(b, set(in_a, QuestionStage::Now, QuestionStage::Answered)),
        Err(RefusalCode::UnknownItem)
    );
    shell.pass(TALLY_INTERVAL_MS);
    assert_eq!(
        stages(&shell.questions(b, "hall-b")),
        [(in_b, QuestionStage::Published)]
    );
    assert_eq!(shell.questions(b, "hall-b")[0].upvotes, 0);
    let told = shell.take(b);
    assert!(!format!("{told:?}").contains(&in_a.to_string()));
    shell.input(Input::Tick);
}
