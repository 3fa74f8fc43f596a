// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One's own questions and what moderators make of them: edits, labels, who answers, written answers, promises, the archive.

mod support;

use fiera_hub::{ConnectionId, Input};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{OwnMessage, OwnQuestion, QuestionStage, QuestionView, RoomSettings};
use fiera_protocol::ids::{AuthorSecret, LabelId, QuestionId, Role};
use fiera_protocol::limits::{ASK_WINDOW_MS, LABELS_PER_ROOM_MAX, SECRETS_AT_ONCE_MAX};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::EventPhase;
use support::fair::{MODERATED, SECRET, ask, set};
use support::{SETTINGS, Shell, person, room};

const OTHER: AuthorSecret = AuthorSecret::from_u128(1);

fn edit(question: QuestionId, text: &str, secret: Option<AuthorSecret>) -> Command {
    Command::EditQuestion {
        question,
        text: text.parse().expect("a question"),
        secret,
    }
}

fn answer(question: QuestionId, from: QuestionStage, text: &str) -> Command {
    Command::AnswerQuestion {
        question,
        from,
        text: text.parse().expect("an answer"),
    }
}

fn only(shell: &Shell, conn: ConnectionId) -> QuestionView {
    let [question] = shell.questions(conn, "hall-a").try_into().expect("one question");
    question
}

/// The answer to `mine`.
fn mine(shell: &mut Shell, conn: ConnectionId, secrets: &[AuthorSecret]) -> (Vec<OwnQuestion>, Vec<OwnMessage>) {
    shell.take(conn);
    let secrets = secrets.to_vec();
    shell.input(Input::Mine { conn, secrets });
    match shell.take(conn).pop() {
        Some(ServerMessage::Mine {
            questions, messages, ..
        }) => (questions, messages),
        other => panic!("no answer: {other:?}"),
    }
}

fn promises(shell: &mut Shell, conn: ConnectionId) -> Vec<(String, QuestionView)> {
    shell.take(conn);
    shell.input(Input::FollowUps { conn });
    match shell.take(conn).pop() {
        Some(ServerMessage::FollowUps { questions }) => questions
            .into_iter()
            .map(|one| (one.room.to_string(), one.question))
            .collect(),
        other => panic!("no answer: {other:?}"),
    }
}

#[test]
fn q9_the_author_changes_the_words_until_it_is_answered_and_no_byte_of_the_old_ones_is_left() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let question = shell.ask(attendee, "Unforgettable?");
    for secret in [None, Some(OTHER)] {
        let command = edit(question, "Mine?", secret);
        assert_eq!(shell.command(attendee, command.clone()), Err(RefusalCode::NotAllowed));
        assert_eq!(
            shell.command(moderator, command),
            Err(RefusalCode::NotAllowed),
            "it is published"
        );
    }
    shell.ok(attendee, edit(question, "Better?", Some(SECRET)));
    let seen = only(&shell, moderator);
    assert_eq!((seen.text.as_str(), seen.edited), ("Better?", true));
    let kept = shell.kept_texts();
    assert!(!kept.contains("Unforgettable"), "{kept}");
    let late = shell.open(3, Role::Attendee);
    shell.ok(late, Command::Enter { room: room("hall-a") });
    assert!(
        !format!("{:?}", shell.take(late)).contains("Unforgettable"),
        "S3: nor in what is sent again"
    );
    shell.ok(moderator, set(question, QuestionStage::Published, QuestionStage::Now));
    assert_eq!(
        shell.command(attendee, edit(question, "Late?", Some(SECRET))),
        Err(RefusalCode::WrongState)
    );
    shell.restart();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let seen = only(&shell, attendee);
    assert_eq!((seen.text.as_str(), seen.edited), ("Better?", true));
}

#[test]
fn q9_where_moderators_approve_they_approve_other_words_again() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    shell.set_room(moderator, MODERATED);
    let question = shell.ask(attendee, "Why?");
    shell.ok(attendee, edit(question, "Why so?", Some(SECRET)));
    assert!(!shell.hidden(moderator, "hall-a")[0].edited, "nobody had seen it");
    shell.ok(moderator, edit(question, "Why so late?", None));
    assert!(shell.hidden(moderator, "hall-a")[0].edited);
    shell.ok(moderator, set(question, QuestionStage::Pending, QuestionStage::Next));
    shell.ok(attendee, edit(question, "Something else", Some(SECRET)));
    assert_eq!(shell.questions(attendee, "hall-a"), []);
    let waits = &shell.hidden(moderator, "hall-a")[0];
    assert_eq!(
        (waits.stage, waits.text.as_str()),
        (QuestionStage::Pending, "Something else")
    );
}

#[test]
fn q9_edits_are_as_fast_as_questions_and_the_silenced_make_none() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let question = shell.ask(attendee, "Why?");
    for _ in 0..5 {
        shell.ok(attendee, edit(question, "Why?", Some(SECRET)));
    }
    let again = edit(question, "Why?", Some(SECRET));
    assert_eq!(shell.command(attendee, again.clone()), Err(RefusalCode::TooFast));
    shell.pass(ASK_WINDOW_MS);
    let participant = person(1);
    shell.ok(moderator, Command::Silence { participant, on: true });
    assert_eq!(shell.command(attendee, again), Err(RefusalCode::Silenced));
}

#[test]
fn q13_who_kept_the_secret_finds_their_texts_also_what_waits_and_after_a_restart() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    shell.set_room(moderator, MODERATED);
    let question = shell.ask(attendee, "Why?");
    let message = shell.say(attendee, "Hello");
    shell.restart();
    let attendee = shell.join(1, Role::Attendee, "hall-b");
    let (questions, messages) = mine(&mut shell, attendee, &[OTHER, SECRET, SECRET]);
    assert_eq!(
        messages,
        [OwnMessage {
            secret: SECRET,
            message
        }]
    );
    assert_eq!(questions.len(), 1);
    let found = &questions[0];
    assert_eq!(
        (
            found.secret,
            found.room.as_str(),
            found.question.question,
            found.question.stage
        ),
        (SECRET, "hall-a", question, QuestionStage::Pending)
    );
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    shell.ok(
        moderator,
        set(question, QuestionStage::Pending, QuestionStage::Dismissed),
    );
    let (questions, _) = mine(&mut shell, attendee, &[SECRET]);
    let dismissed = &questions[0].question;
    assert_eq!(
        (dismissed.stage, &dismissed.note),
        (QuestionStage::Dismissed, &None),
        "why is between moderators"
    );
    shell.ok(
        attendee,
        Command::WithdrawQuestion {
            question,
            secret: SECRET,
        },
    );
    let (questions, _) = mine(&mut shell, attendee, &[SECRET]);
    assert_eq!(questions, []);
    shell.take(attendee);
    let secrets = vec![SECRET; SECRETS_AT_ONCE_MAX + 1];
    shell.input(Input::Mine {
        conn: attendee,
        secrets,
    });
    let refused = shell.take(attendee);
    assert!(
        matches!(
            refused[..],
            [ServerMessage::Refused {
                id: None,
                code: RefusalCode::TooMany,
                ..
            }]
        ),
        "{refused:?}"
    );
}

#[test]
fn q14_labels_are_few_different_and_leave_their_questions_when_they_go() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let question = shell.ask(attendee, "Why?");
    let add = |text: String| Command::AddLabel {
        text: text.parse().expect("a label"),
    };
    assert_eq!(
        shell.command(attendee, add("Costs".to_owned())),
        Err(RefusalCode::NotAllowed)
    );
    for n in 0..LABELS_PER_ROOM_MAX {
        shell.ok(moderator, add(format!("Label {n}")));
    }
    assert_eq!(
        shell.command(moderator, add("LABEL 1".to_owned())),
        Err(RefusalCode::WrongState)
    );
    assert_eq!(
        shell.command(moderator, add("More".to_owned())),
        Err(RefusalCode::TooMany)
    );
    let labels: Vec<LabelId> = shell
        .room_view(attendee, "hall-a")
        .expect("follows")
        .labels
        .iter()
        .map(|of| of.label)
        .collect();
    let label = |labels: &[LabelId]| Command::LabelQuestion {
        question,
        labels: labels.to_vec(),
    };
    assert_eq!(
        shell.command(attendee, label(&labels[..1])),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(shell.command(moderator, label(&labels[..4])), Err(RefusalCode::TooMany));
    assert_eq!(
        shell.command(moderator, label(&[labels[0], labels[0]])),
        Err(RefusalCode::Malformed)
    );
    assert_eq!(
        shell.command(moderator, label(&[LabelId::from_u128(9)])),
        Err(RefusalCode::UnknownItem)
    );
    shell.ok(moderator, label(&labels[..2]));
    assert_eq!(only(&shell, attendee).labels, labels[..2]);
    let texts = shell.kept.texts.len();
    shell.ok(moderator, Command::EraseLabel { label: labels[0] });
    assert_eq!(only(&shell, attendee).labels, labels[1..2]);
    assert_eq!(shell.kept.texts.len(), texts - 1);
    shell.restart();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    assert_eq!(only(&shell, attendee).labels, labels[1..2]);
    let elsewhere = shell.join(3, Role::Moderator, "hall-b");
    assert_eq!(shell.room_view(elsewhere, "hall-b").expect("follows").labels, []);
    assert_eq!(
        shell.command(elsewhere, Command::EraseLabel { label: labels[1] }),
        Err(RefusalCode::UnknownItem)
    );
}

#[test]
fn q15_q16_a_question_goes_to_a_speaker_who_answers_it_in_writing() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let speaker = shell.join(3, Role::Speaker, "hall-a");
    shell.join(4, Role::Speaker, "hall-b");
    let question = shell.ask(attendee, "Why?");
    let assign = |who: Option<u128>| Command::AssignQuestion {
        question,
        participant: who.map(person),
    };
    for nobody in [1, 4, 9] {
        assert_eq!(
            shell.command(moderator, assign(Some(nobody))),
            Err(RefusalCode::UnknownParticipant)
        );
    }
    let written = answer(question, QuestionStage::Published, "So.\nAnd so.");
    assert_eq!(shell.command(attendee, written.clone()), Err(RefusalCode::NotAllowed));
    assert_eq!(shell.command(speaker, written.clone()), Err(RefusalCode::NotAllowed));
    shell.ok(moderator, assign(Some(3)));
    assert_eq!(only(&shell, speaker).assigned.map(|of| of.participant), Some(person(3)));
    let facts = shell
        .kept
        .facts
        .iter()
        .map(|(_, body)| String::from_utf8_lossy(body).into_owned());
    assert!(
        !facts.collect::<String>().contains(&person(3).to_string()),
        "B2: no fact holds a participant"
    );
    shell.restart();
    let speaker = shell.join(3, Role::Speaker, "hall-a");
    assert_eq!(shell.hub.stored_about(person(3)).assigned_questions, 1);
    shell.ok(speaker, written);
    let seen = only(&shell, speaker);
    assert_eq!(
        (seen.stage, seen.answer.as_deref()),
        (QuestionStage::Answered, Some("So.\nAnd so."))
    );
    let moderator = shell.join(2, Role::Organiser, "hall-a");
    let texts = shell.kept.texts.len();
    shell.ok(moderator, Command::UndoQuestion { question });
    assert_eq!(only(&shell, speaker).answer, None);
    assert_eq!(shell.kept.texts.len(), texts - 1, "what nobody can see again is erased");
    let phase = EventPhase::Ended;
    shell.ok(moderator, Command::SetEventPhase { phase });
    assert_eq!(shell.hub.stored_about(person(3)).assigned_questions, 0, "B4");
}

#[test]
fn q17_a_promise_has_an_owner_and_a_date_and_is_kept_even_after_the_event() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Organiser, "hall-a");
    let (first, second) = (shell.ask(attendee, "Why?"), shell.ask(attendee, "How?"));
    let due = |question, due_day| Command::SetDue {
        question,
        due_day,
        owner: None,
    };
    assert_eq!(
        shell.command(moderator, due(first, Some(20_790))),
        Err(RefusalCode::WrongState)
    );
    for question in [first, second] {
        shell.ok(
            moderator,
            set(question, QuestionStage::Published, QuestionStage::FollowUp),
        );
    }
    assert_eq!(
        shell.command(attendee, due(second, Some(20_790))),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(
        shell.command(moderator, due(second, Some(u32::MAX))),
        Err(RefusalCode::Malformed)
    );
    shell.ok(moderator, due(second, Some(20_790)));
    let board = promises(&mut shell, attendee);
    let asked: Vec<&str> = board.iter().map(|(_, question)| question.text.as_str()).collect();
    assert_eq!(asked, ["How?", "Why?"], "the soonest due first");
    assert_eq!(board[0].1.due_day, Some(20_790));
    let phase = EventPhase::Ended;
    shell.ok(moderator, Command::SetEventPhase { phase });
    shell.restart();
    let moderator = shell.open(2, Role::Organiser);
    let attendee = shell.open(1, Role::Attendee);
    let words = shell.kept.texts.len();
    let owner = Some("Bo".parse().expect("a note"));
    let other = Command::SetDue {
        question: first,
        due_day: Some(20_700),
        owner,
    };
    assert_eq!(shell.command(attendee, other.clone()), Err(RefusalCode::NotAllowed));
    shell.ok(moderator, other.clone());
    shell.ok(moderator, other);
    assert_eq!(shell.kept.texts.len(), words, "one name in the place of the other");
    assert_eq!(
        shell.command(attendee, answer(first, QuestionStage::FollowUp, "x")),
        Err(RefusalCode::NotAllowed)
    );
    shell.ok(moderator, answer(second, QuestionStage::FollowUp, "We did it."));
    let board = promises(&mut shell, attendee);
    let states: Vec<_> = board
        .iter()
        .map(|(hall, q)| {
            (
                hall.as_str(),
                q.text.as_str(),
                q.stage,
                q.note.as_deref(),
                q.answer.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        states,
        [
            ("hall-a", "Why?", QuestionStage::FollowUp, Some("Bo"), None),
            (
                "hall-a",
                "How?",
                QuestionStage::Answered,
                Some("Ada"),
                Some("We did it.")
            )
        ]
    );
    shell.restart();
    let attendee = shell.open(1, Role::Attendee);
    assert_eq!(promises(&mut shell, attendee), board);
}

#[test]
fn q18_settled_questions_are_put_away_and_back() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let question = shell.ask(attendee, "Why?");
    let archive = |archived| Command::ArchiveQuestions {
        questions: vec![question],
        archived,
    };
    assert_eq!(shell.command(moderator, archive(true)), Err(RefusalCode::WrongState));
    shell.ok(
        moderator,
        set(question, QuestionStage::Published, QuestionStage::Answered),
    );
    assert_eq!(shell.command(attendee, archive(true)), Err(RefusalCode::NotAllowed));
    shell.ok(moderator, archive(true));
    assert_eq!(shell.questions(attendee, "hall-a"), []);
    assert!(shell.hidden(moderator, "hall-a")[0].archived);
    assert_eq!(
        shell.hub.recap().rooms[0].questions.len(),
        1,
        "it was asked and answered"
    );
    shell.ok(moderator, archive(false));
    assert!(!only(&shell, attendee).archived);
}

#[test]
fn q19_closed_questions_take_none_of_attendees() {
    let mut shell = Shell::new();
    let attendee = shell.join(1, Role::Attendee, "hall-a");
    let moderator = shell.join(2, Role::Moderator, "hall-a");
    let closed = RoomSettings {
        questions_closed: true,
        ..SETTINGS
    };
    shell.set_room(moderator, closed);
    assert_eq!(shell.command(attendee, ask("Why?")), Err(RefusalCode::Closed));
    shell.ask(moderator, "Why?");
    shell.ok(attendee, Command::Enter { room: room("hall-b") });
    shell.ask(attendee, "Why?");
    shell.set_room(moderator, SETTINGS);
    shell.ok(attendee, Command::Enter { room: room("hall-a") });
    shell.ask(attendee, "Why?");
}
