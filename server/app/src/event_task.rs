// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One task per event: owns the pure hub, feeds it, carries out what it asks, and starts it anew after a fault.
//! A fault ends this event's sockets alone; a second one leaves the event readable but closed to everybody.

mod outputs;

use std::collections::{BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use fiera_hub::{ConfigError, ConnectionId, EventConfig, Hub, Input, Now, Output, StreamKey};
use fiera_protocol::codec::encode;
use fiera_protocol::ids::ParticipantId;
use fiera_protocol::server::ServerMessage;
use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::bridge::{EventMedia, Reaction};
use crate::event::{EventHandle, Message, SocketId};
use crate::events::Services;
use crate::identity::Identity;
use crate::metrics::command_kind;
use crate::outbox::Outbox;
use crate::phase_log::PhaseLog;
use crate::refusal::Refusal;
use crate::token::unix_ms;

/// What a task is started with.
pub(crate) struct Setup {
    pub(crate) config: EventConfig,
    pub(crate) log: PhaseLog,
    pub(crate) handle: EventHandle,
    pub(crate) services: Services,
}

/// Starts the event's task; it ends with its inbox.
///
/// # Errors
/// Where the configuration cannot be run.
pub(crate) fn start(setup: Setup, inbox: mpsc::Receiver<Message>) -> Result<(), ConfigError> {
    let hub = new_hub(&setup)?;
    tokio::spawn(supervise(setup, hub, inbox));
    Ok(())
}

fn new_hub(setup: &Setup) -> Result<Hub, ConfigError> {
    let epoch = u32::from_le_bytes(setup.services.keys.random());
    Hub::new(setup.config.clone(), epoch, setup.services.keys.random())
}

async fn supervise(setup: Setup, hub: Hub, mut inbox: mpsc::Receiver<Message>) {
    let media = EventMedia::new(setup.services.media.clone(), setup.handle.clone());
    let mut task = EventTask {
        hub,
        media,
        sockets: HashMap::new(),
        followers: HashMap::new(),
        refused_program: None,
        metric_people: 0,
        started: Instant::now(),
        setup,
    };
    for attempt in 1..=2 {
        let end = AssertUnwindSafe(task.run(&mut inbox)).catch_unwind().await;
        let event = task.setup.handle.id.clone();
        match end {
            Ok(End::InboxClosed) => return,
            Ok(End::StoreFailed(error)) => tracing::error!(%event, attempt, %error, "the store failed"),
            Err(_) => tracing::error!(%event, attempt, "fault in the event's task; it is started anew"),
        }
        if attempt == 2 || !task.restart().await {
            break;
        }
    }
    task.end_read_only(&mut inbox).await;
}

enum End {
    InboxClosed,
    StoreFailed(fiera_store::StoreError),
}

struct Socket {
    outbox: Outbox,
    identity: Identity,
    /// When its person asked to join, until its first rack.
    hello_at: Option<std::time::Instant>,
}

struct EventTask {
    hub: Hub,
    media: EventMedia,
    sockets: HashMap<SocketId, Socket>,
    followers: HashMap<StreamKey, BTreeSet<SocketId>>,
    refused_program: Option<(ParticipantId, Refusal)>,
    /// What this event adds to the gauge of participants now.
    metric_people: i64,
    started: Instant,
    setup: Setup,
}

impl EventTask {
    async fn run(&mut self, inbox: &mut mpsc::Receiver<Message>) -> End {
        loop {
            let deadline = self
                .hub
                .next_deadline()
                .map(|ms| self.started + Duration::from_millis(ms));
            let tick = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let message = tokio::select! {
                biased;
                message = inbox.recv() => message,
                () = tick => {
                    if let Err(error) = self.feed(Input::Tick).await {
                        return End::StoreFailed(error);
                    }
                    continue;
                }
            };
            let Some(message) = message else {
                return End::InboxClosed;
            };
            if let Err(error) = self.take(message).await {
                return End::StoreFailed(error);
            }
        }
    }

    async fn take(&mut self, message: Message) -> Result<(), fiera_store::StoreError> {
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
                self.sockets.insert(
                    socket,
                    Socket {
                        outbox,
                        identity,
                        hello_at: Some(hello_at),
                    },
                );
                self.feed(Input::ConnectionOpened {
                    conn,
                    participant,
                    name,
                    role,
                    resume,
                })
                .await?;
            }
            Message::Closed { socket, goodbye, left } => {
                if self.drop_socket(socket, goodbye) {
                    self.feed(Input::ConnectionClosed {
                        conn: ConnectionId(socket),
                        left,
                    })
                    .await?;
                }
            }
            Message::Command { socket, id, command } => {
                let kind = command_kind(&command);
                self.feed_command(
                    socket,
                    Input::ClientCommand {
                        conn: ConnectionId(socket),
                        id,
                        command,
                    },
                    kind,
                )
                .await?;
            }
            Message::Resync { socket, stream, have } => {
                self.feed(Input::Resync {
                    conn: ConnectionId(socket),
                    stream,
                    have,
                })
                .await?;
            }
            Message::Roster { socket, after } => {
                self.feed(Input::Roster {
                    conn: ConnectionId(socket),
                    after,
                })
                .await?;
            }
            Message::Watch { socket, rack, link } => {
                let Some(of) = self.sockets.get_mut(&socket) else {
                    return Ok(());
                };
                let (participant, since) = (of.identity.participant, of.hello_at.take());
                let standing = self.hub.standing(participant);
                let done = self.media.watch(socket, participant, standing, rack, *link, since);
                self.tell_refusal(socket, done);
            }
            Message::Want { socket, slot, height } => self.media.want(socket, slot, height),
            Message::StopWatching { socket } => self.media.stop_watching(socket),
            Message::Publish {
                socket,
                offer,
                answer,
                link,
            } => {
                let Some(of) = self.sockets.get(&socket) else {
                    return Ok(());
                };
                let (participant, role) = (of.identity.participant, of.identity.role);
                let done = self
                    .media
                    .publish(socket, (participant, role), self.hub.standing(participant), *link);
                if done.is_ok() {
                    self.tell(
                        socket,
                        encode(&ServerMessage::PublishAnswer {
                            offer,
                            sdp: answer.into(),
                        }),
                        true,
                    );
                }
                self.tell_refusal(socket, done);
            }
            Message::StopPublishing { socket } => {
                if let Some(of) = self.sockets.get(&socket) {
                    self.media.stop_publishing(socket, of.identity.participant);
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
                let input = Input::ExternalPublisherUp {
                    participant,
                    name: name.clone(),
                    room: room.clone(),
                };
                self.feed(input).await?;
                let result = match self.refused_program.take() {
                    Some((of, refusal)) if of == participant => Err(refusal),
                    _ => self.media.whip(
                        (participant, name, room),
                        self.hub.standing(participant),
                        *link,
                        resource,
                    ),
                };
                // Where nobody waits any more the media plane times the connection out.
                let _ = reply.send(result);
            }
            Message::Whep {
                room,
                link,
                resource,
                since,
                reply,
            } => {
                let _ = reply.send(self.media.whep(room, *link, resource, since));
            }
            Message::Release { resource, reply } => {
                let released = self.media.release(&resource);
                let _ = reply.send(released.is_some());
                if let Some(Some(input)) = released {
                    self.feed(input).await?;
                }
            }
            Message::Media(report) => match self.media.report(report, &self.setup.services.metrics) {
                Some(Reaction::Hub(input)) => self.feed(input).await?,
                Some(Reaction::Tell(socket, message)) => self.tell(socket, encode(&message), true),
                Some(Reaction::TellOrphaned(participant, message)) => {
                    self.tell_orphaned(participant, &encode(&message))
                }
                None => {}
            },
            #[cfg(test)]
            Message::Fault => panic!("a broken invariant"),
        }
        Ok(())
    }

    fn now(&self) -> Now {
        let mono_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now {
            mono_ms,
            unix_ms: unix_ms(),
        }
    }

    /// Gives the hub an input and carries out what it asks, facts first.
    async fn feed(&mut self, input: Input) -> Result<(), fiera_store::StoreError> {
        self.feed_counting(input, None).await
    }

    async fn feed_command(
        &mut self,
        socket: SocketId,
        input: Input,
        kind: &'static str,
    ) -> Result<(), fiera_store::StoreError> {
        self.feed_counting(input, Some((socket, kind))).await
    }

    async fn feed_counting(
        &mut self,
        input: Input,
        command: Option<(SocketId, &'static str)>,
    ) -> Result<(), fiera_store::StoreError> {
        let phase = self.hub.phase();
        let now = self.now();
        self.hub.handle(now, input);
        if self.hub.phase() != phase {
            self.setup.log.moved(self.hub.phase(), now.unix_ms).await?;
        }
        while let Some(output) = self.hub.poll_output() {
            if let (Some((socket, kind)), Output::ToConnection { conn, text }) = (command, &output)
                && conn.0 == socket
                && let Some(outcome) = outcome(text)
            {
                self.setup.services.metrics.command(kind, outcome);
            }
            self.carry_out(output, now.unix_ms);
        }
        self.publish_summary();
        Ok(())
    }

    fn publish_summary(&mut self) {
        let (people, phase, live) = (self.hub.people(), self.hub.phase(), self.media.is_live());
        self.setup.handle.update_summary(|summary| {
            summary.people = people;
            summary.phase = phase;
            summary.live = live;
        });
        let people = i64::from(people);
        self.setup.services.metrics.participants(people - self.metric_people);
        self.metric_people = people;
    }

    /// A new hub from facts; sockets end and come back by their resume tokens, programs go on.
    async fn restart(&mut self) -> bool {
        self.sockets.clear();
        self.followers.clear();
        match self.setup.log.replay().await {
            Ok(Some(phase)) => self.setup.config.phase = phase,
            Ok(None) => {}
            Err(_) => return false,
        }
        let Ok(hub) = new_hub(&self.setup) else { return false };
        self.hub = hub;
        for input in self.media.restart() {
            if self.feed(input).await.is_err() {
                return false;
            }
        }
        self.publish_summary();
        true
    }

    async fn end_read_only(&mut self, inbox: &mut mpsc::Receiver<Message>) {
        self.setup.handle.update_summary(|summary| summary.read_only = true);
        self.setup.services.metrics.participants(-self.metric_people);
        self.metric_people = 0;
        self.sockets.clear();
        self.followers.clear();
        self.media.restart();
        // What comes in is dropped, and with it the reply that somebody may wait for.
        while inbox.recv().await.is_some() {}
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

#[cfg(test)]
mod tests;
