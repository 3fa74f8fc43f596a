// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Ideas for the programme: proposed and supported by anybody, answered by organisers in public (SPEC.md PR10-PR15).

mod support;

use std::collections::BTreeSet;

use fiera_hub::{ConnectionId, EventConfig, PreparedIdea};
use fiera_protocol::client::Command;
use fiera_protocol::ideas::{IdeaStage, IdeaStep, IdeaView};
use fiera_protocol::ids::{AuthorSecret, IdeaId, Role};
use fiera_protocol::limits::{IDEAS_PER_WINDOW_MAX, TALLY_INTERVAL_MS};
use fiera_protocol::programme::{ProgrammeStep, SlotDraft, SlotTitles};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::view::EventPhase;
use proptest::prelude::*;
use support::fair::SECRET;
use support::{HALLS, Shell, config, room};

fn run(shell: &mut Shell, conn: ConnectionId, step: IdeaStep) -> Result<(), RefusalCode> {
    shell.command(conn, Command::Ideas { step })
}

fn words(title: &str) -> IdeaStep {
    IdeaStep::Propose {
        title: title.parse().expect("a title"),
        notes: Some("Why\nand how".parse().expect("notes")),
        presents: true,
        anonymous: false,
        secret: SECRET,
    }
}

fn propose(shell: &mut Shell, conn: ConnectionId, title: &str) -> IdeaId {
    assert_eq!(run(shell, conn, words(title)), Ok(()));
    serde_json::from_value(shell.last_fact()["idea"].clone()).expect("an id")
}

fn vote(idea: IdeaId, up: bool) -> IdeaStep {
    IdeaStep::Vote { idea, up }
}

fn settle(idea: IdeaId, from: IdeaStage, to: IdeaStage) -> IdeaStep {
    let note = (to == IdeaStage::Refused).then(|| "No room".parse().expect("a note"));
    IdeaStep::Settle { idea, from, to, note }
}

fn merge(idea: IdeaId, into: Option<IdeaId>) -> IdeaStep {
    IdeaStep::Merge { idea, into }
}

fn idea(shell: &Shell, conn: ConnectionId, idea: IdeaId) -> IdeaView {
    let ideas = &shell.event_view(conn).ideas;
    ideas.iter().find(|one| one.idea == idea).expect("shown").clone()
}

fn plan(shell: &mut Shell, conn: ConnectionId, idea: IdeaId) -> Result<(), RefusalCode> {
    let draft = SlotDraft {
        room: room(HALLS[0]),
        title: SlotTitles {
            it: None,
            en: Some("A slot".parse().expect("a title")),
        },
        speakers: Vec::new(),
        starts_unix_ms: 1_790_000_000_000,
        ends_unix_ms: 1_790_000_060_000,
        track: Default::default(),
        notes: Default::default(),
        poll: None,
    };
    let step = ProgrammeStep::Add {
        draft: Box::new(draft),
        idea: Some(idea),
    };
    shell.command(conn, Command::Programme { step })
}

#[test]
fn pr10_an_idea_is_proposed_changed_and_withdrawn_by_its_author_alone() {
    let mut shell = Shell::new();
    let [author, other] = [1, 2].map(|who| shell.open(who, Role::Attendee));
    let id = propose(&mut shell, author, "A session on incidents");
    let seen = idea(&shell, other, id);
    assert_eq!(
        (seen.title.as_str(), seen.notes.as_deref()),
        ("A session on incidents", Some("Why\nand how"))
    );
    assert!(seen.presents && seen.stage == IdeaStage::Proposed && !seen.edited);
    let edit = |secret| IdeaStep::Edit {
        idea: id,
        title: "Incidents".parse().expect("a title"),
        notes: None,
        presents: false,
        secret,
    };
    let wrong = AuthorSecret::from_u128(1);
    assert_eq!(run(&mut shell, other, edit(wrong)), Err(RefusalCode::NotAllowed));
    assert_eq!(run(&mut shell, author, edit(SECRET)), Ok(()));
    let seen = idea(&shell, other, id);
    assert_eq!(
        (seen.title.as_str(), seen.notes, seen.presents, seen.edited),
        ("Incidents", None, false, true)
    );
    let erase = |secret| IdeaStep::Erase { idea: id, secret };
    assert_eq!(run(&mut shell, other, erase(Some(wrong))), Err(RefusalCode::NotAllowed));
    assert_eq!(
        run(&mut shell, other, erase(None)),
        Err(RefusalCode::NotAllowed),
        "only moderators"
    );
    assert_eq!(run(&mut shell, author, erase(Some(SECRET))), Ok(()));
    assert!(shell.event_view(other).ideas.is_empty() && shell.kept.texts.is_empty());
}

#[test]
fn pr14_a_moderator_erases_any_idea_whatever_secret_comes_with_it() {
    let mut shell = Shell::new();
    let [author, moderator] = [(1, Role::Attendee), (2, Role::Moderator)].map(|(who, role)| shell.open(who, role));
    for secret in [None, Some(AuthorSecret::from_u128(1)), Some(SECRET)] {
        let idea = propose(&mut shell, author, "A session on incidents");
        assert_eq!(run(&mut shell, moderator, IdeaStep::Erase { idea, secret }), Ok(()));
    }
    assert!(shell.kept.texts.is_empty());
}

#[test]
fn pr10_pr14_ideas_have_a_rate_and_can_be_closed() {
    let mut shell = Shell::new();
    let organiser = shell.open(1, Role::Organiser);
    let attendee = shell.open(2, Role::Attendee);
    let first = propose(&mut shell, attendee, "One");
    for _ in 1..IDEAS_PER_WINDOW_MAX {
        propose(&mut shell, attendee, "Again");
    }
    assert_eq!(run(&mut shell, attendee, words("More")), Err(RefusalCode::TooFast));
    assert_eq!(
        run(&mut shell, attendee, IdeaStep::Open { open: false }),
        Err(RefusalCode::NotAllowed)
    );
    assert_eq!(run(&mut shell, organiser, IdeaStep::Open { open: false }), Ok(()));
    assert!(shell.event_view(attendee).ideas_closed);
    for step in [words("More"), vote(first, true)] {
        assert_eq!(run(&mut shell, organiser, step), Err(RefusalCode::Closed));
    }
    assert_eq!(run(&mut shell, organiser, IdeaStep::Open { open: true }), Ok(()));
    assert_eq!(run(&mut shell, organiser, vote(first, true)), Ok(()));
}

#[test]
fn pr11_each_participant_counts_once_and_nobody_can_tell_who_it_was_after_the_end() {
    let mut shell = Shell::new();
    let organiser = shell.open(1, Role::Organiser);
    let id = propose(&mut shell, organiser, "One");
    let voters = [2, 2, 3].map(|who| shell.open(who, Role::Attendee));
    for voter in voters {
        assert_eq!(run(&mut shell, voter, vote(id, true)), Ok(()));
        assert_eq!(
            run(&mut shell, voter, vote(id, true)),
            Ok(()),
            "repeating changes nothing"
        );
    }
    shell.pass(TALLY_INTERVAL_MS);
    assert_eq!(idea(&shell, organiser, id).votes, 2);
    assert_eq!(shell.you(voters[0]).idea_votes, [id]);
    shell.restart();
    let organiser = shell.open(1, Role::Organiser);
    let voter = shell.open(2, Role::Attendee);
    assert_eq!(
        (idea(&shell, organiser, id).votes, shell.you(voter).idea_votes.clone()),
        (2, vec![id])
    );
    shell.ok(
        organiser,
        Command::SetEventPhase {
            phase: EventPhase::Ended,
        },
    );
    assert!(shell.kept.working.is_empty() && shell.you(voter).idea_votes.is_empty());
    shell.restart();
    let organiser = shell.open(1, Role::Organiser);
    assert_eq!(idea(&shell, organiser, id).votes, 2, "the number stays");
}

#[test]
fn pr10_ideas_of_the_setup_are_brought_in_once() {
    let idea = PreparedIdea {
        name: "night".to_owned(),
        title: "Open at night".to_owned(),
        notes: None,
        by: Some("Irene".to_owned()),
        presents: true,
    };
    let ideas = vec![idea];
    let mut shell = Shell::with(EventConfig { ideas, ..config() }, 7);
    let organiser = shell.open(1, Role::Organiser);
    let seen = shell.event_view(organiser).ideas.clone();
    assert_eq!(
        (seen.len(), seen[0].title.as_str(), seen[0].presents),
        (1, "Open at night", true)
    );
    let erase = IdeaStep::Erase {
        idea: seen[0].idea,
        secret: None,
    };
    for erased in [false, true] {
        shell.restart();
        let organiser = shell.open(1, Role::Organiser);
        assert_eq!(
            shell.event_view(organiser).ideas.is_empty(),
            erased,
            "not twice, and not again"
        );
        if !erased {
            assert_eq!(run(&mut shell, organiser, erase.clone()), Ok(()));
        }
    }
}

#[test]
fn pr12_organisers_answer_in_public_and_not_twice_at_once() {
    use IdeaStage::{Done, Planned, Proposed, Refused};
    let mut shell = Shell::new();
    let organiser = shell.open(1, Role::Organiser);
    let moderator = shell.open(2, Role::Moderator);
    let attendee = shell.open(3, Role::Attendee);
    let id = propose(&mut shell, attendee, "One");
    assert_eq!(
        run(&mut shell, moderator, settle(id, Proposed, Refused)),
        Err(RefusalCode::NotAllowed)
    );
    let unsaid = IdeaStep::Settle {
        idea: id,
        from: Proposed,
        to: Refused,
        note: None,
    };
    assert_eq!(
        run(&mut shell, organiser, unsaid),
        Err(RefusalCode::Text),
        "a refusal has a reason"
    );
    assert_eq!(
        run(&mut shell, organiser, settle(id, Proposed, Planned)),
        Err(RefusalCode::WrongState)
    );
    assert_eq!(run(&mut shell, organiser, settle(id, Proposed, Refused)), Ok(()));
    assert_eq!(idea(&shell, attendee, id).note.as_deref(), Some("No room"));
    assert_eq!(
        run(&mut shell, organiser, settle(id, Proposed, Done)),
        Err(RefusalCode::WrongState)
    );
    assert_eq!(run(&mut shell, attendee, vote(id, true)), Err(RefusalCode::WrongState));
    assert_eq!(plan(&mut shell, organiser, id), Err(RefusalCode::WrongState));
    let texts = shell.kept.texts.len();
    assert_eq!(run(&mut shell, organiser, settle(id, Refused, Proposed)), Ok(()));
    assert_eq!(shell.kept.texts.len(), texts - 1, "the reason is erased with it");
    assert_eq!(plan(&mut shell, organiser, id), Ok(()));
    let (planned, slot) = (idea(&shell, attendee, id), shell.event_view(attendee).agenda[0].clone());
    assert_eq!(
        (planned.stage, planned.slot, slot.idea),
        (Planned, Some(slot.slot), Some(id)),
        "each leads to the other"
    );
    let erase = ProgrammeStep::Erase {
        slot: slot.slot,
        revision: 0,
    };
    shell.ok(organiser, Command::Programme { step: erase });
    assert_eq!(
        (idea(&shell, attendee, id).stage, idea(&shell, attendee, id).slot),
        (Proposed, None)
    );
    assert_eq!(plan(&mut shell, organiser, id), Ok(()));
    shell.ok(
        organiser,
        Command::SetEventPhase {
            phase: EventPhase::Ended,
        },
    );
    assert_eq!(
        run(&mut shell, organiser, settle(id, Planned, Done)),
        Ok(()),
        "after the event too"
    );
    assert!(idea(&shell, attendee, id).slot.is_some(), "and still leads to its slot");
}

#[test]
fn pr13_a_merge_unites_different_supporters_and_makes_no_cycle() {
    let mut shell = Shell::new();
    let organiser = shell.open(1, Role::Organiser);
    let [ada, bea] = [2, 3].map(|who| shell.open(who, Role::Attendee));
    let [one, two, three] = ["One", "Two", "Three"].map(|title| propose(&mut shell, organiser, title));
    for (voter, id) in [(ada, one), (ada, two), (bea, two), (bea, three)] {
        assert_eq!(run(&mut shell, voter, vote(id, true)), Ok(()));
    }
    assert_eq!(
        run(&mut shell, organiser, merge(one, Some(one))),
        Err(RefusalCode::Malformed)
    );
    assert_eq!(run(&mut shell, organiser, merge(two, Some(one))), Ok(()));
    assert_eq!(idea(&shell, ada, one).votes, 2, "Ada counts once");
    assert_eq!(
        run(&mut shell, organiser, merge(one, Some(two))),
        Err(RefusalCode::WrongState),
        "a cycle"
    );
    assert_eq!(
        run(&mut shell, ada, vote(two, false)),
        Err(RefusalCode::WrongState),
        "a part takes no votes"
    );
    assert_eq!(run(&mut shell, organiser, merge(one, Some(three))), Ok(()));
    assert_eq!(
        run(&mut shell, organiser, merge(three, Some(two))),
        Err(RefusalCode::WrongState),
        "a longer cycle"
    );
    assert_eq!(
        (idea(&shell, ada, three).votes, shell.you(ada).idea_votes.clone()),
        (2, vec![three])
    );
    assert_eq!(
        run(&mut shell, ada, vote(three, false)),
        Ok(()),
        "taken back from all parts"
    );
    shell.pass(TALLY_INTERVAL_MS);
    assert_eq!(idea(&shell, ada, three).votes, 1);
    let erase = IdeaStep::Erase {
        idea: one,
        secret: None,
    };
    assert_eq!(run(&mut shell, organiser, erase), Ok(()));
    let hers: BTreeSet<_> = shell.you(bea).idea_votes.iter().copied().collect();
    assert_eq!(hers, BTreeSet::from([two, three]), "of what stands for itself again");
    shell.pass(TALLY_INTERVAL_MS);
    assert_eq!(
        (idea(&shell, ada, two).merged_into, idea(&shell, ada, two).votes),
        (None, 1),
        "it stands for itself again"
    );
    assert_eq!(idea(&shell, ada, three).votes, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// The hub's invariants hold after every step: sums are right, every merged idea leads to one that stands for
    /// itself, followers know what is true; and a restart gives the same board.
    #[test]
    fn pr13_whatever_is_merged_voted_and_erased_a_restart_gives_the_same_board(
        steps in prop::collection::vec((0..5_usize, 0..6_usize, 0..6_usize, 0..4_usize, any::<bool>()), 1..60)
    ) {
        let mut shell = Shell::new();
        let organiser = shell.open(1, Role::Organiser);
        let voters = [2, 3, 4, 5].map(|who| shell.open(who, Role::Attendee));
        let ids: Vec<IdeaId> = (0..5).map(|n| propose(&mut shell, organiser, &format!("Idea {n}"))).collect();
        let id = |n: usize| ids.get(n).copied().unwrap_or(IdeaId::from_u128(9));
        for (kind, a, b, voter, on) in steps {
            let step = match kind {
                0 => merge(id(a), on.then(|| id(b))),
                1 if a == 0 && on => IdeaStep::Erase { idea: id(b), secret: None },
                _ => vote(id(a), on),
            };
            let by = if kind < 2 { organiser } else { voters[voter] };
            let _ = run(&mut shell, by, step);
        }
        shell.pass(TALLY_INTERVAL_MS);
        let before = shell.event_view(organiser).ideas.clone();
        let theirs = voters.map(|voter| shell.you(voter).idea_votes.clone());
        shell.restart();
        let organiser = shell.open(1, Role::Organiser);
        let voters = [2, 3, 4, 5].map(|who| shell.open(who, Role::Attendee));
        prop_assert_eq!(&shell.event_view(organiser).ideas, &before);
        prop_assert_eq!(voters.map(|voter| shell.you(voter).idea_votes.clone()), theirs);
    }
}
