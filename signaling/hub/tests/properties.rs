// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Random lives of an event, judged by what clients see. The hub checks its own invariants after every input.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use fiera_hub::{ConnectionId, Input, Output, Service};
use fiera_protocol::client::Command;
use fiera_protocol::ids::{ParticipantId, Role, SourceKind};
use fiera_protocol::limits::{CONNECTIONS_PER_PARTICIPANT_MAX, COUNTS_INTERVAL_MS, PLACE_GRACE_MS};
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Place, StreamId, StreamState};
use proptest::prelude::*;
use support::{HALLS, Shell, config, name, person, room};

/// Few people, so that they meet; each with a role of their own.
const PEOPLE: u128 = 6;

fn role(who: u128) -> Role {
    [
        Role::Attendee,
        Role::Speaker,
        Role::Moderator,
        Role::Organiser,
        Role::Speaker,
        Role::Attendee,
    ][usize::try_from(who).expect("small") % 6]
}

#[derive(Debug, Clone)]
enum Op {
    Open {
        who: u128,
        with_token: bool,
    },
    Close {
        nth: usize,
    },
    Run {
        nth: usize,
        command: Command,
    },
    Resync {
        nth: usize,
        stream: StreamId,
    },
    Roster {
        nth: usize,
    },
    ProgramUp {
        who: u128,
        place: &'static str,
    },
    ProgramDown {
        who: u128,
    },
    Speaking {
        place: &'static str,
        who: Vec<u128>,
    },
    Serviced {
        place: &'static str,
        viewers: u32,
        limited: u32,
    },
    Flow {
        who: u128,
        flowing: bool,
    },
    Pass {
        ms: u64,
    },
}

fn places() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![HALLS[0], HALLS[1], "lobby", "corner", "nowhere"])
}

fn commands() -> impl Strategy<Value = Command> {
    let who = prop::option::of((0..PEOPLE).prop_map(person));
    let source = prop::sample::select(vec![SourceKind::Mic, SourceKind::Screen]);
    prop_oneof![
        4 => places().prop_map(|place| Command::Enter { room: room(place) }),
        1 => Just(Command::Leave {}),
        1 => "[A-Z][a-z]{0,5}".prop_map(|text| Command::Rename { name: name(&text) }),
        4 => Just(Command::EnterBackstage {}),
        1 => Just(Command::LeaveBackstage { participant: None }),
        4 => who.clone().prop_map(|participant| Command::PutOnAir { participant, countdown_s: None }),
        2 => who.clone().prop_map(|participant| Command::TakeOffAir { participant }),
        3 => (source, any::<bool>(), who)
            .prop_map(|(source, live, participant)| Command::SetSource { source, live, participant }),
        1 => Just(Command::SetEventPhase { phase: fiera_protocol::view::EventPhase::Live }),
    ]
}

fn streams() -> impl Strategy<Value = StreamId> {
    prop_oneof![
        Just(StreamId::Event {}),
        Just(StreamId::You {}),
        places().prop_map(|place| StreamId::Room { room: room(place) }),
        places().prop_map(|place| StreamId::Backstage { room: room(place) }),
    ]
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let who = || 0..PEOPLE;
    let nth = any::<usize>;
    let op = prop_oneof![
        6 => (who(), any::<bool>()).prop_map(|(who, with_token)| Op::Open { who, with_token }),
        3 => nth().prop_map(|nth| Op::Close { nth }),
        14 => (nth(), commands()).prop_map(|(nth, command)| Op::Run { nth, command }),
        1 => (nth(), streams()).prop_map(|(nth, stream)| Op::Resync { nth, stream }),
        1 => nth().prop_map(|nth| Op::Roster { nth }),
        1 => (who(), places()).prop_map(|(who, place)| Op::ProgramUp { who, place }),
        1 => who().prop_map(|who| Op::ProgramDown { who }),
        2 => (places(), prop::collection::vec(who(), 0..4)).prop_map(|(place, who)| Op::Speaking { place, who }),
        1 => (places(), 0..30_u32, 0..30_u32).prop_map(|(place, viewers, limited)| Op::Serviced { place, viewers, limited }),
        1 => (who(), any::<bool>()).prop_map(|(who, flowing)| Op::Flow { who, flowing }),
        4 => prop::sample::select(vec![1, 200, COUNTS_INTERVAL_MS, PLACE_GRACE_MS / 2, PLACE_GRACE_MS])
            .prop_map(|ms| Op::Pass { ms }),
    ];
    prop::collection::vec(op, 1..120)
}

/// A run of the hub, with what the test knows by itself.
struct Run {
    shell: Shell,
    open: BTreeMap<ConnectionId, u128>,
    tokens: BTreeMap<u128, fiera_protocol::resume::ResumePlace>,
    /// When somebody's last connection closed.
    left_at_ms: BTreeMap<u128, u64>,
}

impl Run {
    fn new(epoch: u32) -> Self {
        let shell = Shell::with(config(), epoch);
        Self {
            shell,
            open: BTreeMap::new(),
            tokens: BTreeMap::new(),
            left_at_ms: BTreeMap::new(),
        }
    }

    fn nth(&self, nth: usize) -> Option<ConnectionId> {
        self.open.keys().nth(nth.checked_rem(self.open.len())?).copied()
    }

    fn step(&mut self, op: Op) {
        let shell = &mut self.shell;
        match op {
            Op::Open { who, with_token } => {
                let token = self.tokens.get(&who).filter(|_| with_token).cloned();
                let conn = shell.open_with(who, role(who), token);
                if matches!(
                    shell.clients[&conn].received.first(),
                    Some(ServerMessage::Welcome { .. })
                ) {
                    self.open.insert(conn, who);
                    self.left_at_ms.remove(&who);
                    let theirs = self.open.iter().filter(|(_, of)| **of == who).map(|(conn, _)| *conn);
                    let theirs: Vec<ConnectionId> = theirs.collect();
                    if theirs.len() > CONNECTIONS_PER_PARTICIPANT_MAX {
                        self.open.remove(&theirs[0]);
                    }
                }
            }
            Op::Close { nth } => {
                let Some(conn) = self.nth(nth) else { return };
                let who = self.open.remove(&conn).expect("open");
                self.tokens
                    .extend(self.shell.clients[&conn].resume.clone().map(|token| (who, token)));
                if !self.open.values().any(|other| *other == who) {
                    self.left_at_ms.insert(who, self.shell.mono_ms);
                }
                self.shell.close(conn);
            }
            Op::Run { nth, command } => {
                let Some(conn) = self.nth(nth) else { return };
                let _ = self.shell.command(conn, command);
            }
            Op::Resync { nth, stream } => {
                let Some(conn) = self.nth(nth) else { return };
                self.shell.input(Input::Resync {
                    conn,
                    stream,
                    have: None,
                });
            }
            Op::Roster { nth } => {
                let Some(conn) = self.nth(nth) else { return };
                self.shell.input(Input::Roster { conn, after: None });
            }
            Op::ProgramUp { who, place } => {
                let (participant, name) = (person(who), name("Ada"));
                shell.input(Input::ExternalPublisherUp {
                    participant,
                    name,
                    room: room(place),
                });
            }
            Op::ProgramDown { who } => shell.input(Input::ExternalPublisherDown {
                participant: person(who),
                left: who % 2 == 0,
            }),
            Op::Speaking { place, who } => {
                let participants = who.into_iter().map(person).collect();
                shell.input(Input::Speaking {
                    room: room(place),
                    participants,
                });
            }
            Op::Serviced {
                place,
                viewers,
                limited,
            } => {
                let service = Service {
                    viewers,
                    limited,
                    median_loss_permille: 5,
                };
                shell.input(Input::Serviced {
                    rooms: [(room(place), service)].into(),
                });
            }
            Op::Flow { who, flowing } => {
                let (participant, source) = (person(who), SourceKind::Camera);
                shell.input(Input::SourceFlow {
                    participant,
                    source,
                    flowing,
                });
            }
            Op::Pass { ms } => {
                shell.pass(ms);
                let now_ms = shell.mono_ms;
                self.left_at_ms.retain(|_, at_ms| *at_ms + PLACE_GRACE_MS > now_ms);
            }
        }
    }

    /// Participants in a room, by what the hub says of each.
    fn in_room(&self, id: &str, place: Option<Place>) -> BTreeSet<ParticipantId> {
        let matches = |you: &fiera_protocol::view::YouView| {
            you.room.as_ref() == Some(&room(id)) && place.is_none_or(|place| you.place == place)
        };
        (0..PEOPLE)
            .map(person)
            .filter(|p| self.shell.hub.you(*p).is_some_and(|you| matches(&you)))
            .collect()
    }
}

/// S2: what a client made of snapshots and updates is what a fresh snapshot says.
fn converged(run: &mut Run) -> Result<(), TestCaseError> {
    let conns: Vec<ConnectionId> = run.open.keys().copied().collect();
    for conn in conns {
        let known = run.shell.clients[&conn].streams.clone();
        for (stream, (n, state)) in known {
            run.shell.take(conn);
            run.shell.input(Input::Resync {
                conn,
                stream: stream.clone(),
                have: None,
            });
            let fresh = run.shell.take(conn);
            let expected = ServerMessage::Snapshot {
                stream,
                epoch: 7,
                n,
                state,
            };
            prop_assert_eq!(fresh, [expected]);
        }
    }
    Ok(())
}

/// What clients see of rooms is what each participant says of themselves.
fn views_agree(run: &Run) -> Result<(), TestCaseError> {
    for conn in run.open.keys() {
        for (_, state) in run.shell.clients[conn].streams.values() {
            match state {
                StreamState::Room(view) => {
                    let on_air: BTreeSet<_> = view.on_air.iter().map(|p| p.participant).collect();
                    prop_assert_eq!(on_air.len(), view.on_air.len());
                    prop_assert_eq!(on_air, run.in_room(view.room.as_str(), Some(Place::OnAir)));
                }
                StreamState::Backstage(view) => {
                    let waiting: BTreeSet<_> = view.waiting.iter().map(|p| p.participant).collect();
                    prop_assert_eq!(waiting, run.in_room(view.room.as_str(), Some(Place::Backstage)));
                }
                StreamState::You(you) => {
                    let now = run.shell.hub.you(you.participant);
                    prop_assert_eq!(now.as_ref(), Some(you));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s2_updates_on_a_snapshot_give_a_fresh_snapshot(ops in ops()) {
        let mut run = Run::new(7);
        for op in ops {
            run.step(op);
            views_agree(&run)?;
        }
        converged(&mut run)?;
    }

    #[test]
    fn s6_counts_are_right_after_the_interval(ops in ops()) {
        let mut run = Run::new(7);
        for op in ops {
            run.step(op);
        }
        run.step(Op::Pass { ms: COUNTS_INTERVAL_MS });
        let mut present: BTreeSet<u128> = run.open.values().copied().collect();
        present.extend(run.left_at_ms.keys());
        let mut shell_rooms: BTreeMap<&str, u32> = BTreeMap::new();
        for who in &present {
            let you = run.shell.hub.you(person(*who)).expect("present");
            let id = [HALLS[0], HALLS[1], "lobby", "corner"].into_iter().find(|id| you.room == Some(room(id)));
            *shell_rooms.entry(id.unwrap_or("")).or_default() += 1;
        }
        for conn in run.open.keys() {
            let view = run.shell.event_view(*conn);
            prop_assert_eq!(view.people as usize, present.len());
            for summary in &view.rooms {
                let id = summary.room.as_str();
                prop_assert_eq!(summary.people, shell_rooms.get(id).copied().unwrap_or(0), "{}", id);
                prop_assert_eq!(summary.live, !run.in_room(id, Some(Place::OnAir)).is_empty());
                if let Some(view) = run.shell.room_view(*conn, id) {
                    prop_assert_eq!(view.people, summary.people);
                }
            }
        }
    }

    #[test]
    fn s5_nobody_is_told_of_people_in_another_room(ops in ops()) {
        let mut run = Run::new(7);
        for op in ops {
            let before: BTreeMap<ConnectionId, usize> =
                run.open.keys().map(|conn| (*conn, run.shell.clients[conn].received.len())).collect();
            // Time alone can make several things happen one after the other: judge those by the next step.
            let judged = !matches!(op, Op::Pass { .. });
            run.step(op);
            for (conn, who) in run.open.iter().filter(|_| judged) {
                let from = before.get(conn).copied().unwrap_or(0);
                let own_room = run.shell.hub.you(person(*who)).and_then(|you| you.room);
                for message in &run.shell.clients[conn].received[from..] {
                    let text = fiera_protocol::codec::encode(message);
                    for other in (0..PEOPLE).map(person).filter(|other| *other != person(*who)) {
                        let room = run.shell.hub.you(other).and_then(|you| you.room);
                        let together = room.is_some() && room == own_room;
                        prop_assert!(together || !text.contains(&other.to_string()), "{} in {}", other, text);
                    }
                }
            }
        }
    }

    #[test]
    fn m8_the_media_plane_is_told_all_and_once(ops in ops()) {
        let mut run = Run::new(7);
        for op in ops {
            run.step(op);
            for participant in (0..PEOPLE).map(person) {
                let told = run.shell.media.get(&participant);
                match run.shell.hub.standing(participant) {
                    Some(standing) if told.is_none() => prop_assert_eq!(&standing.room, &None),
                    standing => prop_assert_eq!(told, standing),
                }
            }
        }
    }

    #[test]
    fn two_hubs_with_the_same_inputs_say_the_same_bytes(ops in ops()) {
        let (mut one, mut two) = (Run::new(7), Run::new(7));
        for op in ops {
            one.step(op.clone());
            two.step(op);
        }
        prop_assert_eq!(one.shell.log, two.shell.log);
    }

    #[test]
    fn r3_everything_ends_when_everybody_left(ops in ops()) {
        let mut run = Run::new(7);
        for op in ops {
            run.step(op);
        }
        while run.nth(0).is_some() {
            run.step(Op::Close { nth: 0 });
        }
        for who in 0..PEOPLE {
            run.step(Op::ProgramDown { who });
        }
        // The last arrivals are counted for five minutes.
        run.step(Op::Pass { ms: PLACE_GRACE_MS + COUNTS_INTERVAL_MS + 6 * 60_000 });
        prop_assert_eq!(run.shell.hub.people(), 0);
        prop_assert_eq!(run.shell.hub.next_deadline(), None);
        prop_assert!(run.shell.media.is_empty());
        for id in HALLS {
            prop_assert_eq!(run.shell.hub.room_people(&room(id)), Some(0));
        }
    }

    #[test]
    fn r2_a_cut_shorter_than_the_grace_changes_nothing(ops in ops(), cut_ms in 0..PLACE_GRACE_MS) {
        let mut run = Run::new(7);
        for op in ops {
            run.step(op);
        }
        let places = |run: &Run| (0..PEOPLE).map(|who| run.shell.hub.you(person(who))).collect::<Vec<_>>();
        let people: BTreeSet<u128> = run.open.values().copied().collect();
        let before = places(&run);
        while run.nth(0).is_some() {
            run.step(Op::Close { nth: 0 });
        }
        run.shell.log.clear();
        run.step(Op::Pass { ms: cut_ms });
        let told = run.shell.log.iter().filter(|output| matches!(output, Output::Media(_))).count();
        for who in &people {
            run.step(Op::Open { who: *who, with_token: true });
        }
        for who in people {
            let now = run.shell.hub.you(person(who));
            prop_assert_eq!(&now, &before[usize::try_from(who).expect("small")]);
        }
        // Only those who were cut before may have gone meanwhile.
        prop_assert!(told == 0 || !run.left_at_ms.is_empty() || places(&run) != before);
    }
}
