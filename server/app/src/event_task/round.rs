// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One round: all messages that wait are given to the hub, and what follows from them is gathered in order.
//! Nobody is told anything of it before what the hub wants kept is in the store, and nothing of it is carried out but what
//! takes sound or pictures away. What the media plane says to single sockets is no part of it: that has happened.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use fiera_hub::{ConnectionId, Input, MediaIntent, Output, Recap, Refusal as HubRefusal, Standing};
use fiera_protocol::codec::encode;
use fiera_protocol::ids::{DisplayName, ParticipantId, RoomId};
use fiera_protocol::programme::AgendaSlot;
use fiera_protocol::view::EventPhase;
use fiera_store::Batch;
use tokio::sync::{mpsc, oneshot};

use super::keeper::keep;
use super::{EventTask, Socket};
use crate::bridge::{PublisherLink, Reaction, ResourceId, ViewerLink};
use crate::event::{Message, Seen, SocketId};
use crate::limits::{ROUND_MESSAGES_MAX, ROUNDS_WAITING_MAX};
use crate::metrics::command_kind;
use crate::refusal::Refusal;

/// What a round came to.
#[derive(Default)]
pub(super) struct Round {
    pub(super) batch: Batch,
    pub(super) effects: Vec<Effect>,
    /// Whether anything was taken into it.
    pub(super) begun: bool,
    /// Messages that left something to be kept or carried out.
    messages: usize,
    pub(super) now_unix_ms: u64,
    /// How the event stood at its end; none: it is still open.
    pub(super) closed: Option<Closed>,
}

/// What others may know of an event once a round is kept.
pub(super) struct Closed {
    pub(super) people: u32,
    pub(super) phase: EventPhase,
    /// Where it changed.
    pub(super) agenda: Option<Arc<[AgendaSlot]>>,
    /// To be written once the event has ended.
    pub(super) recap: Option<Recap>,
}

impl Round {
    /// How much waits in it.
    fn held(&self) -> [usize; 4] {
        let Batch {
            facts, texts, working, ..
        } = &self.batch;
        [self.effects.len(), facts.len(), texts.len(), working.len()]
    }

    fn is_empty(&self) -> bool {
        !self.begun && self.effects.is_empty() && self.batch.is_empty()
    }
}

/// Rounds that the store has not come to yet, oldest first; the last one is open.
#[derive(Default)]
pub(super) struct Rounds {
    full: VecDeque<Round>,
    open: Round,
}

impl Rounds {
    /// The round that messages are taken into.
    pub(super) fn open(&mut self) -> &mut Round {
        &mut self.open
    }

    /// Whether another message may be taken.
    pub(super) fn have_room(&self) -> bool {
        self.full.len() < ROUNDS_WAITING_MAX
    }
}

/// Where somebody stood when they asked for a media connection, or why they may not have one.
type MayBe = Result<Standing, HubRefusal>;

/// Something to be carried out once the round is durable.
pub(super) enum Effect {
    Output(Output),
    Media {
        intent: MediaIntent,
        /// Where its person stood then; none: nowhere any more.
        standing: Option<Standing>,
    },
    /// The welcome of a socket went out, or what took its place behind it.
    ToldFirst(SocketId),
    /// A command was answered so; for the counters.
    Counted(&'static str, &'static str),
    Dropped {
        socket: SocketId,
        goodbye: bool,
    },
    Watch {
        socket: SocketId,
        participant: ParticipantId,
        standing: MayBe,
        rack: u32,
        link: Box<ViewerLink>,
        since: Option<Instant>,
    },
    Want {
        socket: SocketId,
        slot: u8,
        height: Option<u16>,
    },
    StopWatching(SocketId),
    Publish {
        socket: SocketId,
        participant: ParticipantId,
        standing: MayBe,
        offer: Option<u32>,
        answer: Box<str>,
        link: Box<PublisherLink>,
    },
    StopPublishing(SocketId, ParticipantId),
    Whip {
        who: (ParticipantId, DisplayName, RoomId),
        standing: Option<Standing>,
        link: Box<PublisherLink>,
        resource: ResourceId,
        reply: oneshot::Sender<Result<(), Refusal>>,
    },
    Whep {
        room: RoomId,
        link: Box<ViewerLink>,
        resource: ResourceId,
        since: Instant,
        reply: oneshot::Sender<Result<(), Refusal>>,
    },
    Released(oneshot::Sender<bool>, bool),
    Captioned(oneshot::Sender<Result<(), Refusal>>, Result<(), Refusal>),
    Seen(Seen),
}

impl EventTask {
    /// Takes one message into the round.
    fn take(&mut self, message: Message, round: &mut Round) {
        round.begun = true;
        match message {
            Message::Opened {
                socket,
                identity,
                resume,
                outbox,
                hello_at,
            } => {
                let conn = ConnectionId(socket);
                let (participant, role, name) = (identity.participant, identity.role, identity.name.clone());
                let hello_at = Some(hello_at);
                let of = Socket {
                    outbox,
                    identity,
                    hello_at,
                    told_first: 1,
                };
                self.sockets.insert(socket, of);
                let opened = Input::ConnectionOpened {
                    conn,
                    participant,
                    name,
                    role,
                    resume,
                };
                self.feed(opened, round);
                round.effects.push(Effect::ToldFirst(socket));
                for input in self.media.flows_of(participant) {
                    self.feed(input, round);
                }
            }
            Message::Closed { socket, goodbye, left } => {
                if self.sockets.contains_key(&socket) {
                    let conn = ConnectionId(socket);
                    self.feed(Input::ConnectionClosed { conn, left }, round);
                    round.effects.push(Effect::Dropped { socket, goodbye });
                }
            }
            Message::Command { socket, id, command } => {
                let (conn, kind) = (ConnectionId(socket), command_kind(&command));
                let from = round.effects.len();
                self.feed(Input::ClientCommand { conn, id, command }, round);
                let answered = |effect: &Effect| match effect {
                    Effect::Output(Output::ToConnection { conn, text }) if conn.0 == socket => outcome(text),
                    _ => None,
                };
                if let Some(outcome) = round.effects.iter().skip(from).find_map(answered) {
                    round.effects.push(Effect::Counted(kind, outcome));
                }
            }
            Message::Resync { socket, stream, have } => {
                let conn = ConnectionId(socket);
                self.feed(Input::Resync { conn, stream, have }, round);
            }
            Message::Roster { socket, after } => {
                let conn = ConnectionId(socket);
                self.feed(Input::Roster { conn, after }, round);
            }
            Message::Mine { socket, secrets } => {
                let conn = ConnectionId(socket);
                self.feed(Input::Mine { conn, secrets }, round);
            }
            Message::Captions {
                source,
                role,
                room,
                lines,
                reply,
            } => {
                let from = round.effects.len();
                let input = Input::Captioned {
                    source,
                    role,
                    room,
                    lines,
                };
                self.feed(input, round);
                let answer = |effect: &mut Effect| matches!(effect, Effect::Output(Output::Captioned { .. }));
                let answers = round.effects.extract_if(from.., answer).collect::<Vec<_>>();
                let refused = answers.into_iter().find_map(|effect| match effect {
                    Effect::Output(Output::Captioned { refused }) => refused,
                    _ => None,
                });
                let result = refused.map_or(Ok(()), |refusal| Err(refusal.into()));
                round.effects.push(Effect::Captioned(reply, result));
            }
            Message::FollowUps { socket } => {
                let conn = ConnectionId(socket);
                self.feed(Input::FollowUps { conn }, round);
            }
            Message::PollDraft { socket, poll } => {
                let conn = ConnectionId(socket);
                self.feed(Input::PollDraft { conn, poll }, round);
            }
            Message::Cards { socket, room } => {
                let conn = ConnectionId(socket);
                self.feed(Input::Cards { conn, room }, round);
            }
            Message::Stand { socket, stand } => {
                let conn = ConnectionId(socket);
                self.feed(Input::Stand { conn, stand }, round);
            }
            Message::StandMessages { socket, stand, secret } => {
                let conn = ConnectionId(socket);
                self.feed(Input::StandMessages { conn, stand, secret }, round);
            }
            Message::Watch { socket, rack, link } => {
                let Some(of) = self.sockets.get_mut(&socket) else {
                    return;
                };
                let (participant, since) = (of.identity.participant, of.hello_at.take());
                let standing = self.hub.may_watch(participant).cloned();
                round.effects.push(Effect::Watch {
                    socket,
                    participant,
                    standing,
                    rack,
                    link,
                    since,
                });
            }
            Message::Want { socket, slot, height } => round.effects.push(Effect::Want { socket, slot, height }),
            Message::StopWatching { socket } => round.effects.push(Effect::StopWatching(socket)),
            Message::Publish {
                socket,
                offer,
                answer,
                link,
            } => {
                let Some(of) = self.sockets.get(&socket) else { return };
                let participant = of.identity.participant;
                let standing = self.hub.may_publish(participant).cloned();
                round.effects.push(Effect::Publish {
                    socket,
                    participant,
                    standing,
                    offer,
                    answer,
                    link,
                });
            }
            Message::StopPublishing { socket } => {
                if let Some(of) = self.sockets.get(&socket) {
                    let participant = of.identity.participant;
                    round.effects.push(Effect::StopPublishing(socket, participant));
                }
            }
            Message::Whip {
                participant,
                name,
                room,
                link,
                resource,
                reply,
            } => {
                let who = (participant, name.clone(), room.clone());
                let input = Input::ExternalPublisherUp {
                    participant,
                    name,
                    room,
                };
                self.feed(input, round);
                let standing = self.hub.may_publish(participant).ok().cloned();
                round.effects.push(Effect::Whip {
                    who,
                    standing,
                    link,
                    resource,
                    reply,
                });
            }
            Message::Whep {
                room,
                link,
                resource,
                since,
                reply,
            } => round.effects.push(Effect::Whep {
                room,
                link,
                resource,
                since,
                reply,
            }),
            Message::Release { resource, reply } => {
                let released = self.media.release(&resource);
                round.effects.push(Effect::Released(reply, released.is_some()));
                if let Some(Some(input)) = released {
                    self.feed(input, round);
                }
            }
            Message::Media(report) => match self.media.report(report, &self.setup.services.metrics) {
                Some(Reaction::Hub(input)) => self.feed(input, round),
                // What is in a slot has changed already: a page that is told late shows it under another name.
                Some(Reaction::Tell(socket, message)) => self.tell_directly(socket, encode(&message), round),
                Some(Reaction::TellOrphaned(who, message)) => {
                    let text = encode(&message);
                    for socket in self.orphans_of(who) {
                        self.tell_directly(socket, text.clone(), round);
                    }
                }
                None => {}
            },
            Message::Quality(report) => {
                let input = self.media.quality(report);
                self.feed(input, round);
            }
            Message::Look(look) => round.effects.push(Effect::Seen(look.at(&self.hub))),
            Message::Stop { .. } => debug_assert!(false, "the event's task takes its end itself"),
            #[cfg(test)]
            Message::Fault => panic!("a broken invariant"),
        }
    }

    /// Tells a socket what waits for no store: at once, or behind its welcome.
    fn tell_directly(&mut self, socket: SocketId, text: Arc<str>, round: &mut Round) {
        match self.sockets.get_mut(&socket) {
            Some(of) if of.told_first > 0 => {
                of.told_first += 1;
                let conn = ConnectionId(socket);
                round.effects.push(Effect::Output(Output::ToConnection { conn, text }));
                round.effects.push(Effect::ToldFirst(socket));
            }
            _ => self.tell(socket, text, true),
        }
    }

    /// Gives the hub an input and gathers what it asks.
    pub(super) fn feed(&mut self, input: Input, round: &mut Round) {
        let now = self.now();
        round.now_unix_ms = now.unix_ms;
        self.hub.handle(now, input);
        while let Some(output) = self.hub.poll_output() {
            match output {
                Output::Keep(record) => keep(&mut round.batch, record),
                Output::Media(intent) => {
                    self.media.take_away(&intent);
                    let standing = self.hub.standing(intent.participant()).cloned();
                    round.effects.push(Effect::Media { intent, standing });
                }
                output => round.effects.push(Effect::Output(output)),
            }
        }
    }

    /// Takes a message, and those that wait behind it, into the open round until it is full, or what ends the
    /// task is among them.
    pub(super) fn take_all(
        &mut self,
        first: Option<Message>,
        inbox: &mut mpsc::Receiver<Message>,
        rounds: &mut Rounds,
    ) {
        let mut next = first;
        // No more at once than a round holds: what the store has done and what is due come in between.
        for nth in 1.. {
            match next {
                Some(Message::Stop { stopped }) => {
                    self.stop = Some(Some(stopped));
                    return;
                }
                None => {
                    self.stop = Some(None);
                    return;
                }
                Some(message) => {
                    let held = rounds.open.held();
                    self.take(message, &mut rounds.open);
                    // What the media plane reports mostly leaves nothing: it takes no room from commands.
                    rounds.open.messages += usize::from(rounds.open.held() != held);
                }
            }
            if rounds.open.messages >= ROUND_MESSAGES_MAX {
                let round = self.close(std::mem::take(&mut rounds.open));
                rounds.full.push_back(round);
                return;
            }
            if nth == ROUND_MESSAGES_MAX {
                return;
            }
            match inbox.try_recv() {
                Ok(message) => next = Some(message),
                Err(_) => return,
            }
        }
    }

    /// The round that is next.
    pub(super) fn next_round(&mut self, rounds: &mut Rounds) -> Option<Round> {
        let full = rounds.full.pop_front();
        full.or_else(|| (!rounds.open.is_empty()).then(|| self.close(std::mem::take(&mut rounds.open))))
    }

    /// Notes how the event stands at the end of a round: by the time it is kept the hub may be further.
    pub(super) fn close(&mut self, round: Round) -> Round {
        let phase = self.hub.phase();
        let version = Some(self.hub.agenda_version());
        let agenda = (self.agenda_version != version).then(|| self.hub.agenda().into());
        self.agenda_version = version;
        let ended = phase == EventPhase::Ended && !round.batch.is_empty();
        let closed = Closed {
            people: self.hub.people(),
            phase,
            agenda,
            recap: ended.then(|| self.hub.recap()),
        };
        Round {
            closed: Some(closed),
            ..round
        }
    }
}

/// Whether an encoded message answers a command, and how.
fn outcome(text: &str) -> Option<&'static str> {
    if text.starts_with(r#"{"kind":"accepted""#) {
        Some("accepted")
    } else if text.starts_with(r#"{"kind":"refused""#) {
        Some("refused")
    } else {
        None
    }
}
