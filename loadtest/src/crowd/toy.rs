// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A toy server for one room, in memory and in order, to prove the crowd by. It can be told to misbehave.

use std::collections::BTreeMap;
use std::sync::Arc;

use fiera_protocol::apply::apply;
use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::codec::{encode, frame};
use fiera_protocol::fair::{
    ChatMessage, HandStage, PollPhase, PollView, QuestionStage, QuestionView, RoomSettings, UpvoteCount, YourHand,
    YourVote,
};
use fiera_protocol::ids::{MessageId, ParticipantId, PollId, QuestionId, Role, RoomId};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::stage::StageShow;
use fiera_protocol::view::{Change, ModeratorsView, Place, RoomView, StreamId, StreamPosition, StreamState, YouView};

use super::brain::Brain;
use super::member::Member;
use super::tally::Tally;

/// What is wrong with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Accepts messages and forgets them.
    LosesChat,
    /// Shows messages twice.
    DoublesChat,
    /// One update never arrives.
    DropsOne,
    /// Its snapshots do not agree with its updates.
    Skewed,
}

struct Guest {
    member: Member,
    brain: Box<dyn Brain>,
    you: YouView,
    you_n: u64,
    away_until: Option<u64>,
    inbox: Vec<Arc<str>>,
}

/// The room, its guests, and a clock.
pub(super) struct Toy {
    fault: Fault,
    pub(super) tally: Arc<Tally>,
    pub(super) now_ms: u64,
    pub(super) room: StreamState,
    moderators: StreamState,
    n: u64,
    moderators_n: u64,
    guests: Vec<Guest>,
    next_id: u128,
    dropped: bool,
    ballots: BTreeMap<ParticipantId, u8>,
    /// Longest list of chat messages per 10 s, to judge the pace.
    pub(super) chat_times: Vec<u64>,
}

pub(super) fn room_id() -> RoomId {
    "main".parse().unwrap()
}

impl Toy {
    pub(super) fn new(fault: Fault, moderated: bool) -> Self {
        let room = RoomView {
            room: room_id(),
            people: 0,
            on_air: vec![],
            speaking: vec![],
            settings: RoomSettings {
                moderated,
                chat_open: true,
                slow_mode_s: 0,
                questions_closed: false,
                links_off: false,
            },
            questions: vec![],
            labels: vec![],
            pinned: vec![],
            chat: vec![],
            poll: None,
            hands: 0,
            show: StageShow::default(),
            help: None,
            cards: vec![],
            cards_shown: None,
        };
        let moderators = ModeratorsView {
            room: room_id(),
            questions: vec![],
            hands: vec![],
            polls: vec![],
            restricted: vec![],
            directions: vec![],
            entries: None,
        };
        Self {
            fault,
            tally: Arc::default(),
            now_ms: 0,
            room: StreamState::Room(room),
            moderators: StreamState::Moderators(moderators),
            n: 0,
            moderators_n: 0,
            guests: vec![],
            next_id: 1_000,
            dropped: false,
            ballots: BTreeMap::new(),
            chat_times: vec![],
        }
    }

    pub(super) fn room(&self) -> &RoomView {
        let StreamState::Room(room) = &self.room else {
            unreachable!()
        };
        room
    }

    pub(super) fn moderators(&self) -> &ModeratorsView {
        let StreamState::Moderators(moderators) = &self.moderators else {
            unreachable!()
        };
        moderators
    }

    pub(super) fn join(&mut self, brain: Box<dyn Brain>, role: Role) {
        self.next_id += 1;
        let you = YouView {
            participant: ParticipantId::from_u128(self.next_id),
            name: brain.name(),
            role,
            room: None,
            place: Place::Audience,
            sources: vec![],
            hand: None,
            upvoted: vec![],
            vote: None,
            answer: None,
            player: None,
            silenced: false,
            directions: vec![],
            on_air_at_unix_ms: None,
            keeps: vec![],
            reuses: vec![],
            breakout: None,
            card_votes: vec![],
            idea_votes: vec![],
            thanks: vec![],
        };
        let member = Member::new("demo".parse().unwrap(), self.tally.clone());
        self.guests.push(Guest {
            member,
            brain,
            you,
            you_n: 0,
            away_until: Some(0),
            inbox: vec![],
        });
    }

    /// Lets time pass.
    pub(super) fn run(&mut self, for_ms: u64) {
        let until = self.now_ms + for_ms;
        while self.now_ms < until {
            self.now_ms += 100;
            for at in 0..self.guests.len() {
                self.step(at);
            }
        }
    }

    fn step(&mut self, at: usize) {
        let now_ms = self.now_ms;
        let guest = &mut self.guests[at];
        if let Some(away_until) = guest.away_until {
            if away_until > now_ms {
                return;
            }
            guest.away_until = None;
            let _ = guest.member.hello("token", guest.brain.as_ref());
            let welcome = ServerMessage::Welcome {
                version: 1,
                server_unix_ms: 0,
                resumed: true,
            };
            guest.inbox = vec![encode(&welcome)];
            self.snapshots(at);
        }
        let guest = &mut self.guests[at];
        if !guest.inbox.is_empty() {
            let text = frame(&std::mem::take(&mut guest.inbox));
            guest.member.hear(now_ms, &text, guest.brain.as_mut());
        }
        guest.member.look(now_ms);
        let absence = guest.brain.wake(now_ms, &mut guest.member);
        for message in guest.member.take_out() {
            // Everything passes through the wire's own words.
            let text = serde_json::to_string(&message).unwrap();
            self.hear(at, fiera_protocol::codec::parse_client(&text).unwrap());
        }
        if let Some(absence) = absence {
            self.guests[at].away_until = Some(now_ms + absence.for_ms);
            self.guests[at].inbox.clear();
        }
    }

    fn snapshots(&mut self, at: usize) {
        self.snapshot(at, &StreamId::You {});
        if self.guests[at].you.room.is_some() {
            self.snapshot(at, &StreamId::Room { room: room_id() });
            self.snapshot(at, &StreamId::Moderators { room: room_id() });
        }
    }

    fn snapshot(&mut self, at: usize, stream: &StreamId) {
        let guest = &mut self.guests[at];
        let (n, mut state) = match stream {
            StreamId::You {} => (guest.you_n, StreamState::You(guest.you.clone())),
            StreamId::Room { .. } => (self.n, self.room.clone()),
            StreamId::Moderators { .. } if guest.you.role >= Role::Moderator => {
                (self.moderators_n, self.moderators.clone())
            }
            _ => return,
        };
        if self.fault == Fault::Skewed
            && let StreamState::Room(room) = &mut state
        {
            room.hands += 1;
        }
        let stream = stream.clone();
        guest.inbox.push(encode(&ServerMessage::Snapshot {
            stream,
            epoch: 1,
            n,
            state,
        }));
    }

    fn hear(&mut self, at: usize, message: ClientMessage) {
        match message {
            ClientMessage::Resync { stream, .. } => self.snapshot(at, &stream),
            ClientMessage::Command { id, command } => {
                let answer = match self.command(at, command) {
                    Ok(changes) => {
                        self.guests[at].inbox.push(encode(&ServerMessage::Accepted { id }));
                        changes.into_iter().for_each(|change| self.publish(change));
                        return;
                    }
                    Err(code) => ServerMessage::Refused {
                        id: Some(id),
                        code,
                        sentence: "No.".to_owned(),
                        after_ms: None,
                    },
                };
                self.guests[at].inbox.push(encode(&answer));
            }
            _ => {}
        }
    }

    fn fresh(&mut self) -> u128 {
        self.next_id += 1;
        self.next_id
    }

    fn update_you(&mut self, at: usize) {
        let guest = &mut self.guests[at];
        guest.you_n += 1;
        let change = Change::You { you: guest.you.clone() };
        guest.inbox.push(encode(&ServerMessage::Update {
            stream: StreamId::You {},
            epoch: 1,
            n: guest.you_n,
            change,
        }));
    }

    fn publish(&mut self, (stream, change): (StreamId, Change)) {
        let of_moderators = matches!(stream, StreamId::Moderators { .. });
        let (state, n) = if of_moderators {
            (&mut self.moderators, &mut self.moderators_n)
        } else {
            (&mut self.room, &mut self.n)
        };
        assert!(apply(state, &change));
        *n += 1;
        let text = encode(&ServerMessage::Update {
            stream,
            epoch: 1,
            n: *n,
            change,
        });
        if self.fault == Fault::DropsOne && !self.dropped && !of_moderators && *n == 20 {
            self.dropped = true;
            return;
        }
        for guest in &mut self.guests {
            let follows = guest.you.room.is_some() && (!of_moderators || guest.you.role >= Role::Moderator);
            if follows && guest.away_until.is_none() {
                guest.inbox.push(text.clone());
            }
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm per command")]
    fn command(&mut self, at: usize, command: Command) -> Result<Vec<(StreamId, Change)>, RefusalCode> {
        let of_room = |change: Change| (StreamId::Room { room: room_id() }, change);
        let of_moderators = |change: Change| (StreamId::Moderators { room: room_id() }, change);
        let you = self.guests[at].you.clone();
        match command {
            Command::Enter { room } => {
                self.guests[at].you.room = Some(room);
                self.update_you(at);
                self.snapshots(at);
                Ok(vec![])
            }
            Command::Chat { text, .. } => {
                self.chat_times.push(self.now_ms);
                let message = ChatMessage {
                    message: MessageId::from_u128(self.fresh()),
                    by: you.name,
                    participant: Some(you.participant),
                    text: text.into(),
                    reply_to: None,
                    edited: false,
                    at_unix_ms: 0,
                };
                let times = match self.fault {
                    Fault::LosesChat => 0,
                    Fault::DoublesChat => 2,
                    _ => 1,
                };
                Ok(vec![of_room(Change::Message { message }); times])
            }
            Command::Ask { text, anonymous, .. } => {
                let waits = self.room().settings.moderated;
                let order = u32::try_from(self.fresh()).unwrap();
                let question = QuestionView {
                    question: QuestionId::from_u128(u128::from(order)),
                    text: text.into(),
                    by: (!anonymous).then_some(you.name),
                    stage: if waits {
                        QuestionStage::Pending
                    } else {
                        QuestionStage::Published
                    },
                    note: None,
                    due_day: None,
                    answer: None,
                    labels: vec![],
                    assigned: None,
                    merged: 0,
                    edited: false,
                    archived: false,
                    from_chat: false,
                    upvotes: 0,
                    at_unix_ms: 0,
                    order,
                };
                let change = Change::Question { question };
                Ok(vec![if waits { of_moderators(change) } else { of_room(change) }])
            }
            Command::Upvote { question, .. } => {
                let known = self.room().questions.iter().find(|known| known.question == question);
                let upvotes = known.ok_or(RefusalCode::UnknownItem)?.upvotes + 1;
                self.guests[at].you.upvoted.push(question);
                self.update_you(at);
                let upvotes = vec![UpvoteCount { question, upvotes }];
                Ok(vec![of_room(Change::Upvotes { upvotes })])
            }
            Command::SetQuestion { question, from, to, .. } => {
                let all = self.room().questions.iter().chain(&self.moderators().questions);
                let mut known = all
                    .filter(|known| known.question == question && known.stage == from)
                    .cloned();
                let mut question = known.next().ok_or(RefusalCode::WrongState)?;
                question.stage = to;
                let gone = of_moderators(Change::QuestionGone {
                    question: question.question,
                });
                let shown = of_room(Change::Question { question });
                Ok(if from == QuestionStage::Pending {
                    vec![gone, shown]
                } else {
                    vec![shown]
                })
            }
            Command::RaiseHand { topic } => {
                let topic = topic.map(Into::into);
                self.guests[at].you.hand = Some(YourHand {
                    topic,
                    stage: HandStage::Raised,
                    position: 1,
                });
                self.update_you(at);
                let hands = self.room().hands + 1;
                Ok(vec![of_room(Change::Hands { hands })])
            }
            Command::LowerHand { .. } => {
                self.guests[at].you.hand = None;
                self.update_you(at);
                let hands = self.room().hands.saturating_sub(1);
                Ok(vec![of_room(Change::Hands { hands })])
            }
            Command::Vote { poll, option } => {
                self.ballots.insert(you.participant, option);
                self.guests[at].you.vote = Some(YourVote { poll, option });
                self.update_you(at);
                let mut poll = self.room().poll.clone().ok_or(RefusalCode::UnknownItem)?;
                if poll.phase != PollPhase::Open {
                    return Err(RefusalCode::WrongState);
                }
                poll.answers = u32::try_from(self.ballots.len()).unwrap();
                Ok(vec![of_room(Change::Poll { poll: Some(poll) })])
            }
            Command::DraftPoll { question, options } => {
                let poll = PollView {
                    poll: PollId::from_u128(self.fresh()),
                    question: question.into(),
                    options: options.into_iter().map(Into::into).collect(),
                    phase: PollPhase::Draft,
                    answers: 0,
                    tally: None,
                    form: fiera_protocol::poll::PollForm::default(),
                    answers_min: 0,
                    outcome: None,
                    quiz: None,
                };
                Ok(vec![of_moderators(Change::RoomPoll { poll })])
            }
            Command::SetPoll { poll, phase } => {
                let mut known = self.moderators().polls.iter().filter(|known| known.poll == poll);
                let mut poll = known.next().cloned().ok_or(RefusalCode::UnknownItem)?;
                poll.phase = phase;
                if phase == PollPhase::Open {
                    self.ballots.clear();
                }
                poll.answers = u32::try_from(self.ballots.len()).unwrap();
                let moderators = of_moderators(Change::RoomPoll { poll: poll.clone() });
                Ok(vec![moderators, of_room(Change::Poll { poll: Some(poll) })])
            }
            Command::DismissPoll { .. } => Ok(vec![of_room(Change::Poll { poll: None })]),
            Command::React { .. } => Ok(vec![]),
            _ => Err(RefusalCode::NotAllowed),
        }
    }

    /// Has a person, who is no member of the crowd, move a poll or a question.
    pub(super) fn person(&mut self, change: Change) {
        let room = room_id();
        let stream = match change {
            Change::RoomPoll { .. } => StreamId::Moderators { room },
            _ => StreamId::Room { room },
        };
        self.publish((stream, change));
    }

    /// The place where updates stand.
    pub(super) fn position(&self) -> StreamPosition {
        StreamPosition { epoch: 1, n: self.n }
    }
}
