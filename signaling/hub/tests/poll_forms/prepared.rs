// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Prepared polls: put in order, copied, and brought along by the setup of the event.

use fiera_hub::{ConnectionId, Input, PreparedPoll};
use fiera_protocol::client::Command;
use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{PollId, Role};
use fiera_protocol::poll::{PollDraft, PollForm};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;

use crate::support::{HALLS, Shell};
use crate::{HALL, draft, of_form, polls, prepare, roomy, seated, set};

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

fn asked_for(shell: &mut Shell, conn: ConnectionId, poll: PollId) -> Result<PollDraft, RefusalCode> {
    shell.take(conn);
    shell.input(Input::PollDraft { conn, poll });
    match shell.take(conn).pop() {
        Some(ServerMessage::PollDraft { poll: told, draft }) if told == poll => Ok(draft),
        Some(ServerMessage::Refused { code, .. }) => Err(code),
        other => panic!("no answer: {other:?}"),
    }
}

#[test]
fn v15_a_draft_is_changed_in_its_place_and_nothing_else_is() {
    let (mut shell, moderator, voters) = seated();
    let quiz = draft(
        r#"{"question":"Git?","form":{"kind":"quiz"},"answers_min":0,
            "quiz":[{"question":"Which?","options":["A","B"],"right":1,"seconds":20}]}"#,
    );
    for one in [of_form(PollForm::Ranking {}), quiz.clone(), of_form(PollForm::Text {})] {
        shell.ok(moderator, prepare(one));
    }
    let ids: Vec<PollId> = polls(&shell, moderator).iter().map(|poll| poll.poll).collect();
    assert_eq!(asked_for(&mut shell, moderator, ids[1]), Ok(quiz.clone()));
    assert_eq!(asked_for(&mut shell, voters[0], ids[1]), Err(RefusalCode::NotAllowed));
    let unknown = PollId::from_u128(1);
    assert_eq!(asked_for(&mut shell, moderator, unknown), Err(RefusalCode::UnknownItem));

    let change = |poll, draft| Command::PreparePoll {
        draft,
        replaces: Some(poll),
    };
    let words = draft(r#"{"question":"In one word?","form":{"kind":"words","max":2},"answers_min":5}"#);
    assert_eq!(
        shell.command(voters[0], change(ids[0], words.clone())),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(
        shell.command(moderator, change(unknown, words.clone())),
        Err(RefusalCode::UnknownItem)
    );
    let empty = PollDraft {
        form: PollForm::Single {},
        ..words.clone()
    };
    assert_eq!(
        shell.command(moderator, change(ids[0], empty)),
        Err(RefusalCode::Malformed)
    );
    for poll in [ids[0], ids[2]] {
        shell.ok(moderator, change(poll, words.clone()));
    }
    let stand = |shell: &Shell, moderator| -> Vec<(PollId, String, PollForm, u8)> {
        let view =
            |poll: &fiera_protocol::fair::PollView| (poll.poll, poll.question.clone(), poll.form, poll.answers_min);
        polls(shell, moderator).iter().map(view).collect()
    };
    let one = |poll| (poll, "In one word?".to_owned(), PollForm::Words { max: 2 }, 5);
    let expected = [
        one(ids[0]),
        (ids[1], "Git?".to_owned(), PollForm::Quiz {}, 0),
        one(ids[2]),
    ];
    assert_eq!(stand(&shell, moderator), expected);

    shell.ok(moderator, set(ids[1], PollPhase::Open));
    assert_eq!(
        shell.command(moderator, change(ids[1], words.clone())),
        Err(RefusalCode::WrongState),
        "people see it"
    );
    assert_eq!(asked_for(&mut shell, moderator, ids[1]), Err(RefusalCode::WrongState));
    shell.restart();
    let moderator = shell.join(100, Role::Moderator, HALL);
    assert_eq!(stand(&shell, moderator), expected);
    assert_eq!(asked_for(&mut shell, moderator, ids[0]), Ok(words));
}

#[test]
fn v15_a_draft_of_a_full_room_can_be_changed() {
    let (mut shell, moderator, _) = seated();
    let one = of_form(PollForm::Text {});
    for _ in 0..fiera_protocol::limits::POLLS_PER_ROOM_MAX {
        shell.ok(moderator, prepare(one.clone()));
    }
    assert_eq!(
        shell.command(moderator, prepare(one.clone())),
        Err(RefusalCode::TooMany)
    );
    let poll = polls(&shell, moderator)[50].poll;
    let replaces = Some(poll);
    shell.ok(moderator, Command::PreparePoll { draft: one, replaces });
    assert_eq!(polls(&shell, moderator)[50].poll, poll);
}
