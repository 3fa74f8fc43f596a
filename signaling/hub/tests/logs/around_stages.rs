// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Fairs with questions, chat, polls, breakouts and a directed stage.

use fiera_hub::ConnectionId;
use fiera_protocol::breakouts::{BreakoutStep, Latecomers, PlannedRoom, RoundMode, RoundPlan};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{PollPhase, QuestionStage};
use fiera_protocol::ids::{AnnouncementId, CardId, LabelId, PollId, Role, RoundId};
use fiera_protocol::limits::{ROUND_GRACE_MS, ROUND_NOTICE_MS};
use fiera_protocol::stage::{StageLayout, StageStep};
use fiera_protocol::view::EventPhase;

use crate::support::fair::{MODERATED, SECRET, ask, set, upvote};
use crate::support::{HALLS, Shell, person, room};

/// Drafts a poll and moves it along; while it is open it is answered.
fn poll(
    shell: &mut Shell,
    (organiser, attendee): (ConnectionId, ConnectionId),
    question: &str,
    phases: &[PollPhase],
) -> PollId {
    shell.ok(
        organiser,
        Command::DraftPoll {
            question: question.parse().expect("a question"),
            options: ["Yes", "No"].map(|option| option.parse().expect("an answer")).to_vec(),
        },
    );
    let poll: PollId = serde_json::from_value(shell.last_fact()["poll"].clone()).expect("an id");
    for phase in phases.iter().copied() {
        shell.ok(organiser, Command::SetPoll { poll, phase });
        if phase == PollPhase::Open {
            shell.ok(attendee, Command::Vote { poll, option: 1 });
        }
    }
    poll
}

/// A fair in which everything happens once, up to its last minute.
pub(crate) fn lively() -> Shell {
    let mut shell = Shell::new();
    shell.mono_ms = 60_000;
    let organiser = shell.join(0xa11ce, Role::Organiser, HALLS[0]);
    let attendee = shell.join(0xb0b, Role::Attendee, HALLS[0]);
    shell.join(0xca401, Role::Attendee, HALLS[1]);
    let (first, second) = (shell.ask(attendee, "Why?"), shell.ask(attendee, "How?"));
    let gone = shell.ask(attendee, "Who?");
    shell.ok(
        attendee,
        Command::WithdrawQuestion {
            question: gone,
            secret: SECRET,
        },
    );
    shell.ok(attendee, upvote(first, true));
    shell.ok(organiser, upvote(first, true));
    shell.ok(organiser, set(first, QuestionStage::Published, QuestionStage::Now));
    shell.ok(
        organiser,
        set(second, QuestionStage::Published, QuestionStage::FollowUp),
    );
    shell.set_room(organiser, MODERATED);
    shell.ok(attendee, ask("When?"));
    shell.say(attendee, "Hello");
    let oops = shell.say(attendee, "Oops");
    shell.ok(
        attendee,
        Command::DeleteMessage {
            message: oops,
            secret: Some(SECRET),
        },
    );
    let whole = [PollPhase::Open, PollPhase::Closed, PollPhase::Revealed];
    let over = poll(&mut shell, (organiser, attendee), "Tea?", &whole);
    shell.ok(organiser, Command::DismissPoll { poll: over });
    poll(&mut shell, (organiser, attendee), "Coffee?", &whole);
    poll(&mut shell, (organiser, attendee), "Cake?", &whole[..1]);
    for text in ["Lunch", "No lunch"] {
        shell.ok(
            organiser,
            Command::Announce {
                text: text.parse().expect("a text"),
            },
        );
    }
    let announcement: AnnouncementId =
        serde_json::from_value(shell.last_fact()["announcement"].clone()).expect("an id");
    shell.ok(organiser, Command::EraseAnnouncement { announcement });
    shell.ok(attendee, Command::RaiseHand { topic: None });
    shell.ok(
        organiser,
        Command::Silence {
            participant: person(0xca401),
            on: true,
        },
    );
    shell.pass(120_000);
    shell
}

/// A fair with a poll of every form: a cloud that is revealed, and a quiz in the middle of its second question.
pub(crate) fn polled() -> Shell {
    let mut shell = Shell::new();
    let organiser = shell.join(0xa11ce, Role::Organiser, HALLS[0]);
    let attendee = shell.join(0xb0b, Role::Attendee, HALLS[0]);
    let drafts = [
        r#"{"question":"One word?","form":{"kind":"words","max":3},"answers_min":1}"#,
        r#"{"question":"Which?","form":{"kind":"multiple","min":1,"max":2},"options":["A","B","C"],"answers_min":1}"#,
        r#"{"question":"In which order?","form":{"kind":"ranking"},"options":["A","B","C"],"answers_min":1}"#,
        r#"{"question":"Would you come again?","form":{"kind":"rating","from":0,"to":10},"answers_min":1}"#,
        r#"{"question":"What else?","form":{"kind":"text"},"answers_min":1}"#,
        r#"{"question":"Few?","form":{"kind":"rating","from":1,"to":5}}"#,
        r#"{"question":"Git?","form":{"kind":"quiz"},"quiz":[
            {"question":"First?","options":["A","B"],"right":1,"seconds":20},
            {"question":"Second?","options":["A","B"],"right":0,"seconds":30}]}"#,
    ];
    let answers = [
        r#"{"kind":"words","words":["Tempo","tempo","merda"]}"#,
        r#"{"kind":"options","options":[0,2]}"#,
        r#"{"kind":"ranking","order":[2,0,1]}"#,
        r#"{"kind":"rating","rating":9}"#,
        r#"{"kind":"text","text":"Coffee"}"#,
        r#"{"kind":"rating","rating":4}"#,
    ];
    let mut polls: Vec<PollId> = Vec::new();
    for draft in drafts {
        let draft = serde_json::from_str(draft).expect("a draft");
        shell.ok(organiser, Command::PreparePoll { draft, replaces: None });
        polls.push(serde_json::from_value(shell.last_fact()["poll"].clone()).expect("an id"));
    }
    let set = |poll, phase| Command::SetPoll { poll, phase };
    let entries = |shell: &Shell| {
        shell
            .moderators_view(organiser, HALLS[0])
            .expect("follows")
            .entries
            .clone()
    };
    for (poll, answer) in polls.iter().copied().zip(answers) {
        shell.ok(organiser, set(poll, PollPhase::Open));
        let answer = serde_json::from_str(answer).expect("an answer");
        shell.ok(attendee, Command::Answer { poll, answer });
        shell.ok(organiser, set(poll, PollPhase::Closed));
        if let Some(written) = entries(&shell) {
            let entry = written.entries[0].entry;
            shell.ok(
                organiser,
                match written.entries.len() {
                    1 => Command::ShowEntry {
                        poll,
                        entry,
                        shown: true,
                    },
                    _ => Command::EraseEntry { poll, entry },
                },
            );
        }
        shell.ok(organiser, set(poll, PollPhase::Revealed));
    }
    let quiz = polls[6];
    shell.ok(
        organiser,
        Command::PlacePoll {
            poll: quiz,
            after: None,
        },
    );
    shell.ok(organiser, set(quiz, PollPhase::Open));
    let nickname = "Volpe".parse().expect("a nickname");
    shell.ok(attendee, Command::JoinQuiz { poll: quiz, nickname });
    for question in 0..2 {
        shell.ok(organiser, Command::AskQuiz { poll: quiz, question });
        shell.pass(5_000);
        let answer = fiera_protocol::poll::Answer::Quiz { question, option: 1 };
        shell.ok(attendee, Command::Answer { poll: quiz, answer });
        shell.pass(if question == 0 { 16_000 } else { 1_000 });
    }
    shell
}

pub(crate) fn ended() -> Shell {
    let mut shell = lively();
    let organiser = shell.join(0xa11ce, Role::Organiser, HALLS[0]);
    let phase = EventPhase::Ended;
    shell.ok(organiser, Command::SetEventPhase { phase });
    shell
}

/// Breakouts in which everything happens once: a round that is over, one that runs, a draft.
pub(crate) fn breakouts() -> Shell {
    let mut shell = Shell::new();
    shell.mono_ms = 60_000;
    let organiser = shell.join(0xa11ce, Role::Organiser, HALLS[0]);
    let attendee = shell.join(0xb0b, Role::Attendee, HALLS[0]);
    let planned = |title: &str| PlannedRoom {
        title: title.parse().expect("a title"),
        topic: Some("What breaks?".parse().expect("a topic")),
    };
    let plan = |mode| RoundPlan {
        from: room(HALLS[0]),
        rooms: ["Testing", "Deploying"].map(planned).to_vec(),
        mode,
        capacity: 2,
        minutes: 10,
        latecomers: Latecomers::Placed,
    };
    let prepare = |shell: &mut Shell, mode| -> RoundId {
        let plan = plan(mode);
        assert_eq!(
            shell.step(organiser, BreakoutStep::Prepare { replaces: None, plan }),
            Ok(())
        );
        serde_json::from_value(shell.last_fact()["round"].clone()).expect("an id")
    };
    for over in [true, false] {
        let round = prepare(&mut shell, RoundMode::Random);
        assert_eq!(shell.step(organiser, BreakoutStep::Send { round }), Ok(()));
        shell.pass(ROUND_NOTICE_MS);
        let mut cards = Vec::new();
        for text in ["Small steps", "Oops"] {
            let text = text.parse().expect("a card");
            assert_eq!(
                shell.step(attendee, BreakoutStep::AddCard { text, secret: SECRET }),
                Ok(())
            );
            cards.push(serde_json::from_value::<CardId>(shell.last_fact()["card"].clone()).expect("an id"));
        }
        let secret = Some(SECRET);
        let erase = BreakoutStep::EraseCard { card: cards[1], secret };
        let vote = BreakoutStep::VoteCard {
            card: cards[0],
            up: true,
        };
        for step in [erase, vote, BreakoutStep::CallHelp { on: true }] {
            assert_eq!(shell.step(attendee, step), Ok(()));
        }
        let text = "Five minutes".parse().expect("a text");
        for step in [BreakoutStep::Tell { text }, BreakoutStep::Extend { minutes: 5 }] {
            assert_eq!(shell.step(organiser, step), Ok(()));
        }
        if over {
            assert_eq!(shell.step(organiser, BreakoutStep::BringBack {}), Ok(()));
            shell.pass(ROUND_GRACE_MS);
        }
    }
    let gone = prepare(&mut shell, RoundMode::SelfSelect);
    assert_eq!(shell.step(organiser, BreakoutStep::Discard { round: gone }), Ok(()));
    prepare(&mut shell, RoundMode::Assigned);
    shell
}

/// Questions edited, labelled, assigned, merged, answered, promised and put away.
pub(crate) fn questions() -> Shell {
    let mut shell = Shell::new();
    shell.mono_ms = 60_000;
    let moderator = shell.join(0xa11ce, Role::Moderator, HALLS[0]);
    let attendee = shell.join(0xb0b, Role::Attendee, HALLS[0]);
    let asked = ["Why?", "Why so?", "How?", "How so?", "When?"].map(|text| shell.ask(attendee, text));
    let [why, why_so, how, how_so, when] = asked;
    for question in [why, why_so, how_so] {
        shell.ok(attendee, upvote(question, true));
    }
    shell.ok(moderator, upvote(why_so, true));
    let edit = Command::EditQuestion {
        question: why,
        text: "Why, then?".parse().expect("a question"),
        secret: Some(SECRET),
    };
    shell.ok(attendee, edit);
    let merge = |into, part| Command::MergeQuestions {
        into,
        questions: vec![part],
    };
    shell.ok(moderator, merge(why, why_so));
    shell.ok(moderator, merge(how, how_so));
    shell.ok(moderator, Command::UndoQuestion { question: how });
    for text in ["Costs", "Tools"] {
        let text = text.parse().expect("a label");
        shell.ok(moderator, Command::AddLabel { text });
    }
    let label: LabelId = serde_json::from_value(shell.last_fact()["label"].clone()).expect("an id");
    let labelled = Command::LabelQuestion {
        question: why,
        labels: vec![label],
    };
    shell.ok(moderator, labelled);
    let first = shell.room_view(attendee, HALLS[0]).expect("follows").labels[0].label;
    shell.ok(moderator, Command::EraseLabel { label: first });
    let assigned = Command::AssignQuestion {
        question: why,
        participant: Some(person(0xa11ce)),
    };
    shell.ok(moderator, assigned);
    let answer = |question, from| Command::AnswerQuestion {
        question,
        from,
        text: "So.".parse().expect("an answer"),
    };
    shell.ok(moderator, answer(how, QuestionStage::Published));
    let away = Command::ArchiveQuestions {
        questions: vec![how],
        archived: true,
    };
    shell.ok(moderator, away);
    for question in [how_so, when] {
        shell.ok(
            moderator,
            set(question, QuestionStage::Published, QuestionStage::FollowUp),
        );
        let due_day = Some(20_790);
        shell.ok(
            moderator,
            Command::SetDue {
                question,
                due_day,
                owner: None,
            },
        );
    }
    shell.ok(moderator, answer(when, QuestionStage::FollowUp));
    shell
}

/// Messages answered, edited, pinned and made questions; words that are not let through.
pub(crate) fn chat() -> Shell {
    let mut shell = Shell::new();
    shell.mono_ms = 60_000;
    let organiser = shell.join(0xa11ce, Role::Organiser, HALLS[0]);
    let attendee = shell.join(0xb0b, Role::Attendee, HALLS[0]);
    for words in ["spam", "scam"] {
        let words = vec![words.parse().expect("a word")];
        shell.ok(organiser, Command::SetWordFilter { words });
    }
    let first = shell.say(attendee, "Hello\nWhy?");
    let reply = Command::Chat {
        text: "So.".parse().expect("a message"),
        backstage: false,
        reply_to: Some(first),
        secret: SECRET,
    };
    shell.ok(organiser, reply);
    let edit = Command::EditMessage {
        message: first,
        text: "Hello\nHow?".parse().expect("a message"),
        secret: SECRET,
    };
    shell.ok(attendee, edit);
    let pinned = true;
    shell.ok(organiser, Command::PinMessage { message: first, pinned });
    shell.ok(organiser, Command::QuestionFromMessage { message: first });
    shell
}

/// A stage that is directed: everything of it that is kept, in one room and not in the other.
pub(crate) fn show() -> Shell {
    let mut shell = Shell::new();
    shell.mono_ms = 60_000;
    let organiser = shell.join(0xa11ce, Role::Organiser, HALLS[0]);
    shell.backstage(organiser);
    let layout = StageLayout::SideBySide;
    for step in [
        StageStep::Layout { layout },
        StageStep::Titles { on: false },
        StageStep::SoundOff { off: true },
        StageStep::Timer {
            seconds: 600,
            amber_s: 120,
            red_s: 30,
        },
        StageStep::SetTitle {
            title: Some("City of Lecce".parse().expect("a line")),
            participant: None,
        },
    ] {
        shell.ok(organiser, Command::Stage { step });
    }
    shell.ask(organiser, "Who speaks?");
    shell
}
