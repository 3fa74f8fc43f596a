// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Logs as each version wrote them, read by this one: `logs/v1/*.json` and so on, each with the state it has to give.
//! A log that is there is never written again; `FIERA_GENERATE=1` writes a missing one, and the expected states anew.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use fiera_hub::{ConnectionId, PreparedSlot, Recovered};
use fiera_protocol::breakouts::{BreakoutStep, Latecomers, PlannedRoom, RoundMode, RoundPlan};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{Localised, PollPhase, QuestionStage};
use fiera_protocol::ideas::{IdeaStage, IdeaStep};
use fiera_protocol::ids::{AnnouncementId, CardId, IdeaId, LabelId, PollId, Role, RoundId};
use fiera_protocol::limits::{ROUND_GRACE_MS, ROUND_NOTICE_MS, TALLY_INTERVAL_MS};
use fiera_protocol::programme::{ProgrammeStep, SlotDraft, SlotTitles};
use fiera_protocol::stage::{StageLayout, StageStep};
use fiera_protocol::stands::{StandContent, StandState, StandStep};
use fiera_protocol::thanks::ThanksStep;
use fiera_protocol::view::EventPhase;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use support::fair::{MODERATED, SECRET, ask, set, upvote};
use support::{HALLS, Shell, config, person, room};

/// Every kind of fact of version 1.
const FACTS: [&str; 21] = [
    "announced",
    "announcement_erased",
    "attended",
    "message_erased",
    "message_sent",
    "phase_moved",
    "poll_counted",
    "poll_dismissed",
    "poll_drafted",
    "poll_entry_erased",
    "poll_entry_shown",
    "poll_moved",
    "poll_placed",
    "poll_prepared",
    "question_asked",
    "question_erased",
    "question_moved",
    "quiz_asked",
    "quiz_stopped",
    "room_set",
    "upvotes_counted",
];

/// Kinds of facts that came with version 2.
const FACTS_2: [&str; 41] = [
    "card_added",
    "card_erased",
    "card_votes_counted",
    "idea_edited",
    "idea_erased",
    "idea_merged",
    "idea_proposed",
    "idea_settled",
    "idea_votes_counted",
    "ideas_closed",
    "label_added",
    "label_erased",
    "message_edited",
    "message_pinned",
    "question_answered",
    "question_archived",
    "question_due",
    "question_edited",
    "question_from_chat",
    "question_labelled",
    "questions_merged",
    "questions_split",
    "round_discarded",
    "round_moved",
    "round_prepared",
    "round_told",
    "stand_adopted",
    "stand_adopter_erased",
    "stand_edited",
    "stand_message_erased",
    "stand_message_left",
    "stand_opened",
    "stand_removed",
    "stand_reuse_counted",
    "stand_set",
    "slot_erased",
    "slot_seen",
    "slot_set",
    "thanks_hidden",
    "thanks_shown",
    "words_filtered",
];

/// Kinds of rows of working state that came with version 2.
const ROWS_2: [&str; 15] = [
    "assigned",
    "cardkey",
    "cardvote",
    "help",
    "ideakey",
    "ideavote",
    "keeper",
    "placement",
    "reuse",
    "reusekey",
    "show",
    "thanked",
    "thanks",
    "thankskey",
    "title",
];

/// Every kind of row of working state of version 1.
const ROWS: [&str; 8] = [
    "answer",
    "answerkey",
    "ballot",
    "hand",
    "pollkey",
    "restricted",
    "upvote",
    "upvotekey",
];

/// A log as it is committed: readable, in the order of the facts.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Log {
    version: u16,
    facts: Vec<Value>,
    texts: BTreeMap<String, Value>,
    working: BTreeMap<String, Value>,
}

impl Log {
    fn of(kept: &Recovered) -> Self {
        let json = |bytes: &Vec<u8>| serde_json::from_slice(bytes).expect("JSON");
        Self {
            version: kept.facts.first().map_or(0, |(version, _)| *version),
            facts: kept.facts.iter().map(|(_, body)| json(body)).collect(),
            texts: kept
                .texts
                .iter()
                .map(|(id, body)| (format!("{id:032x}"), json(body)))
                .collect(),
            working: kept
                .working
                .iter()
                .map(|(key, value)| (key.clone(), json(value)))
                .collect(),
        }
    }

    fn kept(&self) -> Recovered {
        let bytes = |value: &Value| serde_json::to_vec(value).expect("JSON");
        Recovered {
            facts: self.facts.iter().map(|fact| (self.version, bytes(fact))).collect(),
            texts: self
                .texts
                .iter()
                .map(|(id, text)| (u128::from_str_radix(id, 16).expect("an id"), bytes(text)))
                .collect(),
            working: self
                .working
                .iter()
                .map(|(key, value)| (key.clone(), bytes(value)))
                .collect(),
        }
    }
}

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
fn lively() -> Shell {
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
fn polled() -> Shell {
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

fn ended() -> Shell {
    let mut shell = lively();
    let organiser = shell.join(0xa11ce, Role::Organiser, HALLS[0]);
    let phase = EventPhase::Ended;
    shell.ok(organiser, Command::SetEventPhase { phase });
    shell
}

/// Breakouts in which everything happens once: a round that is over, one that runs, a draft.
fn breakouts() -> Shell {
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
fn questions() -> Shell {
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
fn chat() -> Shell {
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
fn show() -> Shell {
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

/// Stands to which everything happens once: one that is changed and reused, one that is removed.
fn stands() -> Shell {
    let mut shell = Shell::new();
    shell.mono_ms = 60_000;
    let organiser = shell.join(0xa11ce, Role::Organiser, HALLS[0]);
    let attendee = shell.join(0xb0b, Role::Attendee, HALLS[0]);
    let content = |line: &str| -> Box<StandContent> {
        serde_json::from_value(serde_json::json!({
            "name": "Desk", "line": line, "language": "en", "tags": ["reuse"],
            "links": [{"title": "Code", "url": "https://code.example.org"}],
            "card": {"problem": "Queues", "licence": "EUPL-1.2"},
        }))
        .expect("content")
    };
    let run = |shell: &mut Shell, conn, step| shell.ok(conn, Command::Stand { step });
    let mut opened = Vec::new();
    for line in ["Bookings", "Maps"] {
        let open = StandStep::Open {
            content: content(line),
            secret: SECRET,
        };
        run(&mut shell, organiser, open);
        opened.push(shell.event_view(organiser).stands.last().expect("a stand").stand);
    }
    let [stand, gone] = opened[..] else {
        panic!("{opened:?}")
    };
    let edit = StandStep::Edit {
        stand,
        revision: 0,
        content: content("Bookings in forty towns"),
    };
    run(&mut shell, organiser, edit);
    for (conn, organisation) in [(attendee, Some("Region")), (attendee, Some("Town")), (organiser, None)] {
        let reuse = StandStep::Reuse {
            stand,
            on: true,
            organisation: organisation.map(|name| name.parse().expect("a name")),
        };
        run(&mut shell, conn, reuse);
    }
    for text in ["Call us", "By mistake"] {
        let leave = StandStep::Leave {
            stand,
            text: text.parse().expect("a text"),
            anonymous: true,
            secret: SECRET,
        };
        run(&mut shell, attendee, leave);
    }
    let message = shell.last_fact()["message"].clone();
    let erase = StandStep::EraseMessage {
        stand,
        message: Some(serde_json::from_value(message).expect("an id")),
        secret: Some(SECRET),
    };
    run(&mut shell, attendee, erase);
    let state = StandState::Closed;
    run(&mut shell, organiser, StandStep::Set { stand, state });
    run(
        &mut shell,
        organiser,
        StandStep::Remove {
            stand: gone,
            secret: None,
        },
    );
    shell
}

fn stands_ended() -> Shell {
    let mut shell = stands();
    let organiser = shell.open(0xa11ce, Role::Organiser);
    let phase = EventPhase::Ended;
    shell.ok(organiser, Command::SetEventPhase { phase });
    shell
}

/// A programme that was changed while it ran, ideas with what became of them, thanks shown and not.
fn programme() -> Shell {
    let starts_unix_ms = 1_790_000_000_000;
    let mut config = config();
    config.agenda = vec![PreparedSlot {
        name: "setup".to_owned(),
        room: room(HALLS[0]),
        title: Localised {
            it: None,
            en: Some("Of the setup".to_owned()),
        },
        speakers: Vec::new(),
        starts_unix_ms,
        ends_unix_ms: starts_unix_ms + 60_000,
        track: None,
        notes: None,
        poll: None,
        poll_opens: false,
    }];
    let mut shell = Shell::with(config, 7);
    shell.mono_ms = 60_000;
    let organiser = shell.open(0xa11ce, Role::Organiser);
    let [attendee, speaker] =
        [(0xb0b, Role::Attendee), (0xca401, Role::Speaker)].map(|(who, role)| shell.open(who, role));
    let title = |text: &str| text.parse().expect("a title");
    let propose = |shell: &mut Shell, words: &str| -> IdeaId {
        let (title, notes) = (title(words), Some("Why".parse().expect("notes")));
        let step = IdeaStep::Propose {
            title,
            notes,
            presents: true,
            anonymous: false,
            secret: SECRET,
        };
        shell.ok(attendee, Command::Ideas { step });
        serde_json::from_value(shell.last_fact()["idea"].clone()).expect("an id")
    };
    let ideas = ["One", "Two", "Three", "Four"].map(|words| propose(&mut shell, words));
    let draft = SlotDraft {
        room: room(HALLS[0]),
        title: SlotTitles {
            it: Some("Incidenti".parse().expect("a title")),
            en: None,
        },
        speakers: vec!["Grace Hopper".parse().expect("a name")],
        starts_unix_ms,
        ends_unix_ms: starts_unix_ms + 60_000,
        track: Default::default(),
        notes: Default::default(),
        poll: None,
    };
    let idea = Some(ideas[0]);
    shell.ok(
        organiser,
        Command::Programme {
            step: ProgrammeStep::Add {
                draft: Box::new(draft.clone()),
                idea,
            },
        },
    );
    shell.ok(
        organiser,
        Command::Programme {
            step: ProgrammeStep::Add {
                draft: Box::new(draft),
                idea: None,
            },
        },
    );
    let slot = serde_json::from_value(shell.last_fact()["slot"].clone());
    // The second one was not of an idea, so its fact is the last.
    let slot = slot.expect("an id");
    shell.ok(
        organiser,
        Command::Programme {
            step: ProgrammeStep::Erase { slot, revision: 0 },
        },
    );
    let note = Some("Next time".parse().expect("a note"));
    for step in [
        IdeaStep::Edit {
            idea: ideas[1],
            title: title("Second"),
            notes: None,
            presents: false,
            secret: SECRET,
        },
        IdeaStep::Vote {
            idea: ideas[2],
            up: true,
        },
        IdeaStep::Erase {
            idea: ideas[3],
            secret: Some(SECRET),
        },
    ] {
        shell.ok(attendee, Command::Ideas { step });
    }
    let (from, to) = (IdeaStage::Proposed, IdeaStage::Refused);
    for step in [
        IdeaStep::Merge {
            idea: ideas[2],
            into: Some(ideas[1]),
        },
        IdeaStep::Settle {
            idea: ideas[1],
            from,
            to,
            note,
        },
        IdeaStep::Open { open: false },
    ] {
        shell.ok(organiser, Command::Ideas { step });
    }
    for (conn, who) in [(organiser, 0xca401), (attendee, 0xca401), (attendee, 0xa11ce)] {
        let text = Some("For the answers".parse().expect("a text"));
        let step = ThanksStep::Give {
            participant: person(who),
            text,
            secret: SECRET,
        };
        shell.ok(conn, Command::Thanks { step });
    }
    for one in shell.you(speaker).thanks.clone() {
        let thanks = one.thanks;
        shell.ok(
            speaker,
            Command::Thanks {
                step: ThanksStep::Show { thanks, secret: SECRET },
            },
        );
    }
    let thanks = shell.you(speaker).thanks[0].thanks;
    shell.ok(
        speaker,
        Command::Thanks {
            step: ThanksStep::Hide { thanks, secret: None },
        },
    );
    shell
}

/// The same, after the end.
fn programme_ended() -> Shell {
    let mut shell = programme();
    let organiser = shell.open(0xa11ce, Role::Organiser);
    shell.ok(
        organiser,
        Command::SetEventPhase {
            phase: EventPhase::Ended,
        },
    );
    shell
}

/// The committed logs: version and name.
const LOGS: [(&str, &str); 11] = [
    ("v1", "lively"),
    ("v1", "ended"),
    ("v1", "polls"),
    ("v2", "questions"),
    ("v2", "chat"),
    ("v2", "breakouts"),
    ("v2", "show"),
    ("v2", "stands"),
    ("v2", "stands-ended"),
    ("v2", "programme"),
    ("v2", "programme-ended"),
];

/// What the log has to give: what an organiser sees in either room, and the recap.
fn state(log: &Log) -> Value {
    let mut shell = Shell::with(config(), 8);
    shell.kept = log.kept();
    shell.restart();
    let recap = serde_json::to_value(shell.hub.recap()).expect("JSON");
    let organiser = shell.open(0xa11ce, Role::Organiser);
    let mut rooms = BTreeMap::new();
    if shell.hub.phase() != EventPhase::Ended {
        for hall in HALLS {
            shell.ok(organiser, Command::Enter { room: room(hall) });
            shell.pass(TALLY_INTERVAL_MS);
            let (view, hidden) = (shell.room_view(organiser, hall), shell.moderators_view(organiser, hall));
            rooms.insert(hall, (view.expect("follows").clone(), hidden.expect("follows").clone()));
        }
    }
    // Ids that the log does not remember.
    (0..100).for_each(|_| _ = shell.next_command_id());
    let on_stage = (shell.hub.phase() != EventPhase::Ended).then(|| {
        shell.ok(organiser, Command::Enter { room: room(HALLS[0]) });
        shell.backstage(organiser);
        let backstage = shell.backstage_view(organiser, HALLS[0]).expect("follows");
        (backstage.timer, backstage.waiting.first().map(|one| one.title.clone()))
    });
    let event = shell.event_view(organiser);
    let rounds = shell.breakouts_view(organiser).expect("follows breakouts");
    serde_json::json!({
        "breakout": event.breakout,
        "rounds": rounds.rounds,
        "phase": event.phase,
        "announcements": event.announcements,
        "stands": event.stands,
        "keeps": shell.you(organiser).keeps,
        "reuses": shell.you(organiser).reuses,
        "agenda": event.agenda,
        "ideas": event.ideas,
        "ideas_closed": event.ideas_closed,
        "thanks": event.thanks,
        "rooms": rooms,
        "on_stage": on_stage,
        "recap": recap,
    })
}

fn file(name: &str) -> PathBuf {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"));
    here.join("tests/logs").join(name)
}

fn write(name: &str, value: &impl Serialize) {
    let text = serde_json::to_string_pretty(value).expect("JSON") + "\n";
    let path = file(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("written");
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(file(name)).expect("committed; FIERA_GENERATE=1 writes it");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn b1_logs_of_each_version_give_the_state_they_always_gave() {
    let generate = std::env::var_os("FIERA_GENERATE").is_some();
    for (version, name) in LOGS {
        let run = match name {
            "lively" => lively as fn() -> Shell,
            "ended" => ended,
            "polls" => polled,
            "questions" => questions,
            "chat" => chat,
            "show" => show,
            "stands" => stands,
            "stands-ended" => stands_ended,
            "breakouts" => breakouts,
            "programme" => programme,
            _ => programme_ended,
        };
        let (log_name, state_name) = (format!("{version}/{name}.json"), format!("{version}/{name}.state.json"));
        if generate {
            if !file(&log_name).exists() {
                write(&log_name, &Log::of(&run().kept));
            }
            write(&state_name, &state(&read(&log_name)));
        }
        let expected: Value = read(&state_name);
        assert_eq!(state(&read(&log_name)), expected, "{name}");
    }
}

#[test]
fn b1_the_committed_logs_hold_every_kind_of_fact_and_row() {
    let logs: Vec<(&str, Log)> = LOGS
        .map(|(version, name)| (version, read(&format!("{version}/{name}.json"))))
        .into();
    let of = |version: &'static str| logs.iter().filter(move |(of, _)| *of == version).map(|(_, log)| log);
    let facts = |version| {
        of(version)
            .flat_map(|log| &log.facts)
            .map(|fact| fact["kind"].as_str().expect("a kind"))
    };
    let rows = |version| {
        of(version)
            .flat_map(|log| log.working.keys())
            .map(|key| key.split('/').next().expect("a kind"))
    };
    assert_eq!(facts("v1").collect::<BTreeSet<_>>(), FACTS.into_iter().collect());
    assert_eq!(rows("v1").collect::<BTreeSet<_>>(), ROWS.into_iter().collect());
    let new = |kinds: BTreeSet<&'static str>, of: BTreeSet<&str>| kinds.iter().all(|kind| of.contains(kind));
    assert!(new(FACTS_2.into_iter().collect(), facts("v2").collect()));
    assert!(new(ROWS_2.into_iter().collect(), rows("v2").collect()));
}

/// Whether a value has a time in it: a field named like one, or a number as large as one.
fn has_time(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains("unix") || has_time(value)),
        Value::Array(items) => items.iter().any(has_time),
        Value::Number(number) => number.as_u64().is_some_and(|number| number > 10_000_000),
        _ => false,
    }
}

/// Names of all fields, at any depth.
fn fields(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                into.insert(name.clone());
                fields(value, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, into)),
        _ => {}
    }
}

#[test]
fn b2_nothing_that_is_kept_links_a_person_a_room_and_a_time() {
    let people = [0xa11ce_u128, 0xb0b, 0xca401].map(|who| (person(who).to_string(), format!("{who:032x}")));
    let names_somebody = |text: &str| people.iter().any(|(id, hex)| text.contains(id) || text.contains(hex));
    for run in [
        lively(),
        ended(),
        polled(),
        questions(),
        chat(),
        breakouts(),
        show(),
        stands(),
        stands_ended(),
        programme(),
    ] {
        let log = Log::of(&run.kept);
        for fact in &log.facts {
            let text = fact.to_string();
            assert!(
                !names_somebody(&text) && !text.contains("Ada"),
                "a fact about a person: {text}"
            );
            let timed = has_time(fact);
            assert!(
                !timed
                    || matches!(
                        fact["kind"].as_str(),
                        Some("phase_moved" | "attended" | "round_moved" | "slot_set" | "slot_seen")
                    ),
                "a clock where none belongs: {text}"
            );
            assert!(!timed || fact.get("room").is_none(), "a time in a room: {text}");
            let mut named = BTreeSet::new();
            fields(fact, &mut named);
            for personal in ["participant", "name", "by", "owner", "voter"] {
                assert!(!named.contains(personal), "{personal} in {text}");
            }
        }
        for text in log.texts.values() {
            assert!(!names_somebody(&text.to_string()), "a text with a participant: {text}");
            assert!(
                text.get("room").is_none() && text.get("participant").is_none(),
                "{text}"
            );
        }
        for (key, value) in &log.working {
            let is_timer = key.starts_with("show/") && !names_somebody(key) && !names_somebody(&value.to_string());
            assert!(is_timer || !has_time(value), "working state with a time: {key} {value}");
        }
    }
}
