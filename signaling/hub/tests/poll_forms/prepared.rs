// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Prepared polls: put in order, copied, and brought along by the setup of the event.

use fiera_hub::PreparedPoll;
use fiera_protocol::client::Command;
use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{PollId, Role};
use fiera_protocol::poll::PollForm;
use fiera_protocol::refusal::RefusalCode;

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
