// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Looks at everything that passes between server and hub: every answer against the model's verdict, every update and
//! snapshot against each other, every word against who may see it.

mod records;

use std::collections::{BTreeMap, BTreeSet};

use fiera_hub::{Input, Output, Record, Recovered, StreamKey};
use fiera_protocol::apply::apply;
use fiera_protocol::breakouts::BreakoutStep;
use fiera_protocol::client::Command;
use fiera_protocol::codec::parse_server_frame;
use fiera_protocol::fair::PollPhase;
use fiera_protocol::ids::{CaptionId, CommandId, ParticipantId, Role, RoomId};
use fiera_protocol::limits::ROUND_GRID_INTERVAL_MS;
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::stage::StageStep;
use fiera_protocol::thanks::ThanksStep;
use fiera_protocol::view::{Change, EventPhase, Place, StreamId, StreamPosition, StreamState};
use serde_json::Value;

use crate::compare::breakouts::{same_but_erased, same_cards, same_in_snapshot};
use crate::compare::captions::same_transcripts;
use crate::compare::programme::same_mine;
use crate::compare::stands::{same_messages, same_rows, same_stand};
use crate::coverage::deed_of;
use crate::model::rules::is_harmless;
use crate::model::{Drawn, Kept, Verdict};
use crate::tab::Known;
use crate::words::{Surface, may_be_seen, numbers_in};
use crate::world::World;
use records::{fact, row, text};

/// What is known before the hub takes an input.
pub(crate) enum Judged {
    Nothing,
    /// The hub knows no such connection any more.
    Ignored,
    /// It was answered before, and must be again: accepted or not.
    Repeated(bool),
    Command(Verdict),
    Connection(bool),
}

impl World {
    pub(crate) fn before_input(&mut self, input: &Input) -> Judged {
        self.model.started_ms = self.hub_started_ms;
        self.model.time_passes(self.now_ms, self.unix_ms());
        match input {
            Input::ConnectionOpened { participant, role, .. } => {
                Judged::Connection(self.model.may_connect(*participant, *role))
            }
            Input::ClientCommand { conn, id, command } => {
                let Some(actor) = self.actor(conn.0) else {
                    return Judged::Ignored;
                };
                let person = &self.model.here.people[&actor];
                if let Some(before) = person.answers.get(id) {
                    Judged::Repeated(*before)
                } else if self.model.kept.done.contains(&(actor, *id)) {
                    Judged::Repeated(true)
                } else {
                    Judged::Command(self.model.judge(self.now_ms, actor, command))
                }
            }
            _ => Judged::Nothing,
        }
    }

    /// Whose connection it is, as far as the event is concerned.
    fn actor(&self, conn: u64) -> Option<ParticipantId> {
        let mut people = self.model.here.people.iter();
        people
            .find(|(_, person)| person.connections.contains(&conn))
            .map(|(who, _)| *who)
    }

    pub(crate) fn after_input(&mut self, input: &Input, judged: Judged, records: &[Record], outputs: &[Output]) {
        let said: Vec<Option<ServerMessage>> = outputs.iter().map(parsed).collect();
        if !matches!(input, Input::ClientCommand { .. }) {
            self.prepared(records);
        }
        match input {
            Input::ConnectionOpened {
                conn,
                participant,
                name,
                role,
                resume,
            } => {
                let welcome = answers(outputs, &said, conn.0).find_map(|message| match message {
                    ServerMessage::Welcome { resumed, .. } => Some(*resumed),
                    _ => None,
                });
                let Judged::Connection(lets_in) = judged else {
                    unreachable!()
                };
                assert_eq!(welcome.is_some(), lets_in, "H4, U2: {participant} is let in");
                if let Some(resumed) = welcome {
                    let who = (*participant, name.clone(), *role);
                    let back = self.model.connected(conn.0, who, resume.as_ref(), self.epoch);
                    assert_eq!(resumed, back, "R2, R4: {participant} comes back by {resume:?}");
                }
            }
            Input::ConnectionClosed { conn, left } => self.model.disconnected(self.now_ms, conn.0, *left),
            Input::Mine { conn, secrets } => {
                let model = &self.model;
                answers(outputs, &said, conn.0).for_each(|message| same_mine(model, secrets, message));
            }
            Input::StandMessages { conn, stand, secret } => {
                if let Some(who) = self.actor(conn.0) {
                    let shown = answers(outputs, &said, conn.0).find_map(|message| match message {
                        ServerMessage::StandMessages { stand: of, messages } if of == stand => Some(&messages[..]),
                        _ => None,
                    });
                    same_messages(&self.model, who, (*stand, *secret), shown);
                }
            }
            Input::Cards { conn, room } => {
                if let Some(who) = self.actor(conn.0) {
                    let cards = |message: &&ServerMessage| matches!(message, ServerMessage::Cards { .. });
                    same_cards(&self.model, who, room, answers(outputs, &said, conn.0).find(cards));
                }
            }
            Input::Storage { writable } => self.model.here.read_only = !writable,
            Input::SourceFlow {
                participant,
                source,
                flowing,
            } => {
                let flows = self.model.here.flows.entry(*participant).or_default();
                if *flowing {
                    flows.insert(*source);
                } else {
                    flows.remove(source);
                }
            }
            Input::ClientCommand { conn, id, command } => {
                let answer = answers(outputs, &said, conn.0).filter_map(|message| match message {
                    ServerMessage::Accepted { id: of } if of == id => Some(None),
                    ServerMessage::Refused { id: Some(of), code, .. } if of == id => Some(Some(*code)),
                    _ => None,
                });
                let answer: Vec<Option<RefusalCode>> = answer.collect();
                let mut captioned = said.iter().flatten().filter_map(|message| shown_line(message, command));
                let captioned = captioned.next_back();
                self.check_command((conn.0, *id, command), judged, (records, captioned), &answer);
            }
            _ => {}
        }
        self.model.watch_stages();
        self.check_outputs(outputs, &said);
        self.compare();
    }

    /// Stands of the setup are opened once each, before anybody does anything.
    fn prepared(&mut self, records: &[Record]) {
        let facts = records
            .iter()
            .filter_map(fact)
            .filter(|fact| fact["kind"] == "stand_opened");
        for (fact, prepared) in facts.zip(&self.config.stands.prepared) {
            let id = serde_json::from_value(fact["stand"].clone()).expect("an id");
            let room = serde_json::from_value(fact["room"].clone()).expect("an id");
            self.model.place_stand((id, room), &prepared.content, (None, None));
        }
    }

    fn check_command(
        &mut self,
        (conn, id, command): (u64, CommandId, &Command),
        judged: Judged,
        (records, captioned): (&[Record], Option<CaptionId>),
        answer: &[Option<RefusalCode>],
    ) {
        if matches!(judged, Judged::Ignored) {
            assert!(answer.is_empty(), "an answer to nobody");
            return;
        }
        let [refused] = answer else {
            panic!("C1: {command:?} got {} answers", answer.len());
        };
        let accepted = refused.is_none();
        let actor = self.actor(conn).expect("asked before");
        self.note(|| format!("{actor} {accepted} {command:?}"));
        let verdict = match judged {
            Judged::Repeated(before) => {
                assert_eq!(accepted, before, "C2: the first answer is repeated: {command:?}");
                self.counted.repeated += 1;
                return;
            }
            Judged::Command(verdict) => verdict,
            _ => unreachable!("a command was judged"),
        };
        let fits = match verdict {
            Verdict::Accept => accepted,
            Verdict::Refuse => !accepted,
            Verdict::Either => true,
        };
        assert!(fits, "A1: {verdict:?} expected, accepted: {accepted}: {command:?}");
        // C2: what is refused for now is not remembered.
        if *refused != Some(RefusalCode::ReadOnly) {
            let person = self.model.here.people.get_mut(&actor).expect("here");
            person.answers.insert(id, accepted);
        }
        let deed = deed_of(&self.model, command);
        if !accepted {
            *self.counted.refused.entry(deed).or_default() += 1;
            return;
        }
        *self.counted.accepted.entry(deed).or_default() += 1;
        let facts: Vec<Value> = records.iter().filter_map(fact).collect();
        let texts: BTreeMap<u128, String> = records.iter().filter_map(text).collect();
        let rows: Vec<(String, Option<Value>)> = records.iter().filter_map(row).collect();
        let thanked = match command {
            Command::Thanks {
                step: ThanksStep::Give { participant, .. },
            } => self.hub.you(*participant).map(|you| you.thanks),
            _ => None,
        };
        let thanked: Vec<_> = thanked.into_iter().flatten().map(|one| one.thanks).collect();
        let mut directed = BTreeSet::new();
        if matches!(
            command,
            Command::Stage {
                step: StageStep::Direct { .. }
            }
        ) {
            let you = self.cast.iter().filter_map(|person| self.hub.you(person.id));
            directed.extend(you.flat_map(|you| you.directions).map(|one| one.direction));
        }
        let drawn = Drawn {
            facts: &facts,
            texts: &texts,
            rows: &rows,
            thanked: &thanked,
            directed: &directed,
            captioned,
            now_ms: self.now_ms,
            unix_ms: self.unix_ms(),
        };
        let before = (self.model.is_kept(actor, command)).then(|| self.model.kept.clone());
        self.model.accepted(actor, command, &drawn);
        // The rooms of a draft go with it, and another one may have their names.
        let rooms = &self.model.kept.rooms;
        self.mirrors
            .retain(|stream, _| room_of(stream).is_none_or(|room| rooms.contains_key(room)));
        // Lots that were drawn anew and fell the same way were drawn all the same.
        let drawn_anew = matches!(
            command,
            Command::Breakouts {
                step: BreakoutStep::Deal { .. }
            }
        ) && rows.iter().any(|(key, _)| key.starts_with("placement/"));
        let changed = drawn_anew || before.is_some_and(|before| before != self.model.kept);
        if changed && !is_harmless(command) && self.model.kept.phase != EventPhase::Ended {
            self.model.kept.done.insert((actor, id));
        }
    }

    /// Updates on a snapshot give the next snapshot, and nobody is shown what is not for them.
    fn check_outputs(&mut self, outputs: &[Output], said: &[Option<ServerMessage>]) {
        let mut seen = None;
        for (output, message) in outputs.iter().zip(said) {
            let (surface, text) = match (output, message) {
                (Output::ToStream { stream, text }, Some(message)) => {
                    self.follow(stream, message);
                    (surface_of(stream), text)
                }
                (Output::ToConnection { conn, text }, Some(message)) => {
                    let Some(who) = self.sockets.get(&conn.0).map(|socket| socket.who) else {
                        continue;
                    };
                    let Some(surface) = self.told(who, message) else {
                        continue;
                    };
                    (surface, text)
                }
                _ => continue,
            };
            // Updates that somebody missed show what was to be seen then; only what was erased since is gone for good.
            let replayed = matches!(
                (output, message),
                (Output::ToConnection { .. }, Some(ServerMessage::Update { .. }))
            );
            for number in numbers_in(text) {
                let seen = seen.get_or_insert_with(|| may_be_seen(&self.model));
                let allowed = seen.get(&number).is_some_and(|at| at.contains(&surface));
                let was = replayed && self.shown.contains(&(number, surface.clone()));
                let here = &self.model.here;
                let said = || here.captions.values().any(|of| of.words.contains_key(&number));
                let rehearsed = here.rehearsed_words.contains(&number);
                // Whoever asks for the grid gets it as it was told last.
                let untold_until_ms = here.rehearsed_until_ms.map(|at_ms| at_ms + ROUND_GRID_INTERVAL_MS);
                let is_untold = untold_until_ms.is_some_and(|at_ms| self.model.now_ms <= at_ms);
                let late = rehearsed && is_untold && surface == Surface::Breakouts;
                assert!(
                    allowed || late || was && (rehearsed || said() || numbers_of(&self.model.kept).contains(&number)),
                    "words zk{number}k at {surface:?}, allowed {:?}: {text}",
                    seen.get(&number)
                );
                self.shown.insert((number, surface.clone()));
            }
            check_numbers(message.as_ref());
        }
    }

    fn follow(&mut self, stream: &StreamKey, message: &ServerMessage) {
        let ServerMessage::Update { epoch, n, change, .. } = message else {
            panic!("{stream:?} carries {message:?}");
        };
        if let Some(mirror) = self.mirrors.get_mut(stream) {
            assert_eq!((*epoch, *n), (mirror.at.epoch, mirror.at.n + 1), "S1: {stream:?}");
            assert!(apply(&mut mirror.state, change), "S2: {change:?} is not of {stream:?}");
            mirror.at.n = *n;
            self.changed.insert(stream.clone());
        }
    }

    /// One message to one connection: where its words show up; none for those that hold none.
    fn told(&mut self, who: ParticipantId, message: &ServerMessage) -> Option<Surface> {
        match message {
            ServerMessage::Snapshot {
                stream,
                epoch,
                n,
                state,
            } => {
                let stream = key_of(stream, who);
                self.check_seat(who, &stream);
                let at = StreamPosition { epoch: *epoch, n: *n };
                let known = Known {
                    at,
                    state: state.clone(),
                };
                same_in_snapshot(&self.model, state);
                if !matches!(stream, StreamKey::You(_)) {
                    let mirror = self.mirrors.entry(stream.clone()).or_insert_with(|| known.clone());
                    assert_eq!(mirror.at, known.at, "S2: a snapshot of {stream:?}");
                    let alike = same_but_erased(&self.model, self.now_ms, &known.state, &mirror.state);
                    assert!(alike, "S2: a snapshot differs from its updates: {mirror:?}, {known:?}");
                    self.changed.insert(stream.clone());
                }
                Some(surface_of(&stream))
            }
            ServerMessage::Update { stream, .. } => {
                let stream = key_of(stream, who);
                self.check_seat(who, &stream);
                Some(surface_of(&stream))
            }
            ServerMessage::RosterPage { people, .. } => {
                let room = self.model.room_of(who).expect("S8: a roster of a room");
                let shown: BTreeSet<ParticipantId> = people.iter().map(|one| one.participant).collect();
                assert_eq!(shown, self.model.people_in(&room), "S8: the roster");
                None
            }
            ServerMessage::Stand { stand } => {
                same_stand(&self.model, who, stand);
                None
            }
            ServerMessage::Cards { .. } => self.model.room_of(who).map(Surface::Notes),
            // Compared where they were asked for.
            ServerMessage::StandMessages { .. } => None,
            ServerMessage::FollowUps { questions } => {
                let shown: BTreeSet<_> = questions.iter().map(|one| one.question.question).collect();
                let listed = self
                    .model
                    .kept
                    .rooms
                    .iter()
                    .filter(|(id, _)| self.model.promises_in(id));
                let all = listed.flat_map(|(_, room)| &room.questions);
                let promised = all.filter(|question| question.is_promise()).map(|question| question.id);
                assert_eq!(shown, promised.collect(), "Q17: the board of promises");
                Some(Surface::Promises)
            }
            ServerMessage::Mine {
                questions, messages, ..
            } => {
                let own = &self
                    .cast
                    .iter()
                    .find(|person| person.id == who)
                    .expect("of the cast")
                    .secrets;
                let theirs = questions
                    .iter()
                    .map(|one| one.secret)
                    .chain(messages.iter().map(|one| one.secret));
                assert!(
                    theirs.into_iter().all(|secret| own.contains(&secret)),
                    "Q13: somebody else's texts"
                );
                None
            }
            _ => None,
        }
    }

    /// S4: what somebody's role and place let them follow.
    fn check_seat(&self, who: ParticipantId, stream: &StreamKey) {
        let (here, role, place) = (self.model.room_of(who), self.model.role(who), self.model.place(who));
        let may = match stream {
            StreamKey::Event => true,
            StreamKey::You(of) => *of == who,
            StreamKey::Room(room) | StreamKey::Captions(room) => here.as_ref() == Some(room),
            StreamKey::Backstage(room) => {
                here.as_ref() == Some(room) && (place != Place::Audience || role >= Role::Moderator)
            }
            StreamKey::Moderators(room) => here.as_ref() == Some(room) && role >= Role::Moderator,
            StreamKey::Breakouts => role >= Role::Moderator,
            StreamKey::Organisers => role == Role::Organiser,
        };
        assert!(may, "S4: {who} ({role:?}, {place:?} in {here:?}) follows {stream:?}");
    }

    /// What anybody may read without being there holds no words that are gone, and of ideas and thanks what the event shows.
    pub(crate) fn check_pages(&self) {
        let recap = serde_json::to_value(self.hub.recap()).expect("JSON");
        let (alive, seen) = (numbers_of(&self.model.kept), may_be_seen(&self.model));
        let gone = numbers_in(&recap.to_string())
            .into_iter()
            .find(|number| !alive.contains(number));
        assert_eq!(gone, None, "B2: the recap shows what was erased: {recap}");
        same_transcripts(&self.model, &recap);
        same_rows(&self.model, &self.hub.stand_rows());
        let rows = serde_json::to_value(self.hub.idea_rows()).expect("JSON");
        let agenda = serde_json::to_value(self.hub.agenda()).expect("JSON");
        for page in [&rows, &agenda, &recap["ideas"], &recap["thanks"]] {
            let numbers = numbers_in(&page.to_string());
            let public = |number: &u32| seen.get(number).is_some_and(|at| at.contains(&Surface::Event));
            let hidden = numbers.into_iter().find(|number| !public(number));
            assert_eq!(hidden, None, "PR15, PR21: words that are not for everybody: {page}");
        }
    }

    /// B2, B4: facts name nobody and hold no words; after the end no row says anything of anybody.
    pub(crate) fn check_rows(&self, kept: &Recovered) {
        for (_, body) in &kept.facts {
            let body = String::from_utf8_lossy(body);
            for person in &self.cast {
                assert!(
                    !body.contains(&person.id.to_string()),
                    "B2: a fact names somebody: {body}"
                );
            }
            assert_eq!(
                numbers_in(&body).into_iter().next(),
                None,
                "B2: words in a fact: {body}"
            );
        }
        if self.durable.phase == EventPhase::Ended {
            assert!(
                kept.working.is_empty(),
                "B4: {:?}",
                kept.working.keys().collect::<Vec<_>>()
            );
        }
        let alive = numbers_of(&self.durable);
        for (id, body) in &kept.texts {
            let erased = numbers_in(&String::from_utf8_lossy(body))
                .into_iter()
                .find(|number| !alive.contains(number));
            assert_eq!(erased, None, "B2: the erased text {id:x} is still kept");
        }
    }
}

/// The room that a stream is of.
fn room_of(stream: &StreamKey) -> Option<&RoomId> {
    match stream {
        StreamKey::Room(room)
        | StreamKey::Moderators(room)
        | StreamKey::Backstage(room)
        | StreamKey::Captions(room) => Some(room),
        _ => None,
    }
}

/// All numbers in what is kept, shown or not.
fn numbers_of(kept: &Kept) -> BTreeSet<u32> {
    numbers_in(&format!(
        "{:?}",
        (
            &kept.rooms,
            &kept.announcements,
            &kept.slots,
            &kept.ideas,
            &kept.thanks,
            &kept.rounds,
            &kept.titles,
            &kept.stands,
        )
    ))
}

/// V5: nothing of the answers to a poll before it is revealed, and nothing of a quiz's right answer before its time is over.
fn check_numbers(message: Option<&ServerMessage>) {
    let polls = match message {
        Some(ServerMessage::Snapshot { state, .. }) => match state {
            StreamState::Room(room) => room.poll.iter().collect(),
            StreamState::Moderators(moderators) => moderators.polls.iter().collect(),
            _ => Vec::new(),
        },
        Some(ServerMessage::Update { change, .. }) => match change {
            Change::Poll { poll } => poll.iter().collect(),
            Change::RoomPoll { poll } => vec![poll],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    for poll in polls {
        let hidden = poll.phase == PollPhase::Revealed || poll.tally.is_none() && poll.outcome.is_none();
        assert!(hidden, "V5: numbers of {poll:?}");
        let asked = poll.quiz.as_ref().and_then(|quiz| quiz.asked.as_ref());
        let runs = asked.is_some_and(|asked| asked.ends_unix_ms.is_some());
        assert!(
            !runs || asked.is_some_and(|asked| asked.right.is_none()),
            "V13: the right answer of {poll:?}"
        );
    }
}

fn parsed(output: &Output) -> Option<ServerMessage> {
    let (Output::ToConnection { text, .. } | Output::ToStream { text, .. }) = output else {
        return None;
    };
    let [message] = parse_server_frame(&format!("[{text}]"))
        .expect("F4: readable")
        .try_into()
        .expect("one");
    Some(message)
}

/// The line that a room is shown because of a command.
fn shown_line(message: &ServerMessage, command: &Command) -> Option<CaptionId> {
    let Command::Caption { lang, text, .. } = command else {
        return None;
    };
    match message {
        ServerMessage::Update {
            change: Change::Caption { line },
            ..
        } if line.lang == *lang && line.text == text.as_str() => Some(line.caption),
        _ => None,
    }
}

fn answers<'a>(
    outputs: &'a [Output],
    said: &'a [Option<ServerMessage>],
    of: u64,
) -> impl Iterator<Item = &'a ServerMessage> {
    let to = move |(output, _): &(&Output, _)| matches!(output, Output::ToConnection { conn, .. } if conn.0 == of);
    outputs
        .iter()
        .zip(said)
        .filter(to)
        .filter_map(|(_, message)| message.as_ref())
}

pub(crate) fn key_of(stream: &StreamId, who: ParticipantId) -> StreamKey {
    match stream {
        StreamId::Event {} => StreamKey::Event,
        StreamId::Room { room } => StreamKey::Room(room.clone()),
        StreamId::Backstage { room } => StreamKey::Backstage(room.clone()),
        StreamId::Moderators { room } => StreamKey::Moderators(room.clone()),
        StreamId::Breakouts {} => StreamKey::Breakouts,
        StreamId::Captions { room } => StreamKey::Captions(room.clone()),
        StreamId::Organisers {} => StreamKey::Organisers,
        StreamId::You {} => StreamKey::You(who),
    }
}

fn surface_of(stream: &StreamKey) -> Surface {
    match stream {
        StreamKey::Event => Surface::Event,
        StreamKey::Room(room) | StreamKey::Captions(room) => Surface::Room(room.clone()),
        StreamKey::Backstage(room) => Surface::Backstage(room.clone()),
        StreamKey::Moderators(room) => Surface::Moderators(room.clone()),
        StreamKey::Breakouts => Surface::Breakouts,
        StreamKey::Organisers => Surface::Organisers,
        StreamKey::You(who) => Surface::You(*who),
    }
}
