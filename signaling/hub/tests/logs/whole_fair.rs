// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Fairs with stands, a programme, ideas and thanks.

use fiera_hub::PreparedSlot;
use fiera_protocol::client::Command;
use fiera_protocol::fair::Localised;
use fiera_protocol::ideas::{IdeaStage, IdeaStep};
use fiera_protocol::ids::{IdeaId, Role};
use fiera_protocol::programme::{ProgrammeStep, SlotDraft, SlotTitles};
use fiera_protocol::stands::{StandContent, StandState, StandStep};
use fiera_protocol::thanks::ThanksStep;
use fiera_protocol::view::EventPhase;

use crate::support::fair::SECRET;
use crate::support::{HALLS, Shell, config, person, room};

/// Stands to which everything happens once: one that is changed and reused, one that is removed.
pub(crate) fn stands() -> Shell {
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

pub(crate) fn stands_ended() -> Shell {
    let mut shell = stands();
    let organiser = shell.open(0xa11ce, Role::Organiser);
    let phase = EventPhase::Ended;
    shell.ok(organiser, Command::SetEventPhase { phase });
    shell
}

/// A programme that was changed while it ran, ideas with what became of them, thanks shown and not.
pub(crate) fn programme() -> Shell {
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
pub(crate) fn programme_ended() -> Shell {
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
