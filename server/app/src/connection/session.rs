// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A socket after its hello: rate, ping, batches, racks and offers. It ends with the reason to close.

use std::sync::Arc;
use std::time::Instant;

use fiera_protocol::client::ClientMessage;
use fiera_protocol::codec::{encode, parse_client};
use fiera_protocol::ids::CommandId;
use fiera_protocol::limits::{FRAME_BATCH_MS, PEER_DEAD_MS, PING_INTERVAL_MS};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant as TokioInstant, MissedTickBehavior};

use super::hello::too_large;
use super::socket::{CloseCode, Incoming, Socket};
use crate::bridge::{PendingRack, SdpProblem};
use crate::event::{EventHandle, Message, SocketId};
use crate::outbox::Outgoing;
use crate::rate::{self, Limit, Shared};
use crate::refusal::{Refusal, code_name};
use crate::state::Server;
use crate::streams::Reached;

/// One socket's state.
pub(super) struct Session<'a> {
    server: &'a Server,
    event: &'a EventHandle,
    socket: SocketId,
    outgoing: mpsc::Receiver<Outgoing>,
    batch: Vec<Arc<str>>,
    allowance: Shared,
    pings: u32,
    rack: Option<(u32, PendingRack)>,
    last_rack: u32,
    left: bool,
    reached: Option<Reached>,
}

enum Next {
    Incoming(Incoming),
    Outgoing(Option<Outgoing>),
    Flush,
    Ping,
    Dead,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        server: &'a Server,
        event: &'a EventHandle,
        socket: SocketId,
        allowance: Shared,
        outgoing: mpsc::Receiver<Outgoing>,
        reached: Option<Reached>,
    ) -> Self {
        let (batch, rack) = (Vec::new(), None);
        Self {
            server,
            event,
            socket,
            outgoing,
            batch,
            allowance,
            pings: 0,
            rack,
            last_rack: 0,
            left: false,
            reached,
        }
    }

    /// Adds a message to what goes out next.
    pub(super) fn pending(&mut self, text: Arc<str>) {
        self.batch.push(text);
    }

    /// Whether the person left on purpose, rather than closed or reloaded the page.
    pub(super) fn left(&self) -> bool {
        self.left
    }

    /// What has not gone out yet.
    pub(super) fn into_pending(mut self) -> Vec<Arc<str>> {
        while let Ok(Outgoing::Text { text, .. }) = self.outgoing.try_recv() {
            self.batch.push(text);
        }
        self.batch
    }

    /// Runs until either side ends.
    pub(super) async fn run(&mut self, socket: &mut Socket) -> CloseCode {
        let mut ping = tokio::time::interval(Duration::from_millis(PING_INTERVAL_MS));
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.reset();
        let dead_after = Duration::from_millis(PEER_DEAD_MS);
        let mut dead_at = TokioInstant::now() + dead_after;
        let mut flush_at: Option<TokioInstant> = None;
        loop {
            let flush = flush_at.unwrap_or(dead_at);
            let next = tokio::select! {
                incoming = socket.receive() => Next::Incoming(incoming),
                outgoing = self.outgoing.recv() => Next::Outgoing(outgoing),
                () = tokio::time::sleep_until(flush), if flush_at.is_some() => Next::Flush,
                _ = ping.tick() => Next::Ping,
                () = tokio::time::sleep_until(dead_at) => Next::Dead,
            };
            let mut urgent;
            match next {
                Next::Incoming(incoming) => {
                    dead_at = TokioInstant::now() + dead_after;
                    match self.take(incoming).await {
                        Ok(answered) => urgent = answered,
                        Err(close) => return close,
                    }
                }
                Next::Outgoing(Some(Outgoing::Text { text, urgent: now })) => {
                    self.batch.push(text);
                    urgent = now;
                    // What else is there already goes into the same frame.
                    while let Ok(more) = self.outgoing.try_recv() {
                        match more {
                            Outgoing::Text { text, urgent: now } => {
                                self.batch.push(text);
                                urgent |= now;
                            }
                            Outgoing::Close => return CloseCode::Normal,
                        }
                    }
                }
                Next::Outgoing(Some(Outgoing::Close)) => return CloseCode::Normal,
                Next::Outgoing(None) => return CloseCode::TryLater,
                Next::Flush => urgent = true,
                Next::Ping => {
                    self.pings = self.pings.wrapping_add(1);
                    self.batch.push(encode(&ServerMessage::Ping { n: self.pings }));
                    urgent = true;
                }
                Next::Dead => return CloseCode::TryLater,
            }
            if urgent {
                flush_at = None;
                if !socket.send(&std::mem::take(&mut self.batch)).await {
                    return CloseCode::TryLater;
                }
            } else if !self.batch.is_empty() && flush_at.is_none() {
                flush_at = Some(TokioInstant::now() + Duration::from_millis(FRAME_BATCH_MS));
            }
        }
    }

    /// Takes one thing from the peer; true where something is to be sent at once.
    async fn take(&mut self, incoming: Incoming) -> Result<bool, CloseCode> {
        let text = match incoming {
            Incoming::Text(text) => text,
            Incoming::Alive => return Ok(false),
            Incoming::Goodbye { left } => {
                self.left = left;
                return Err(CloseCode::Normal);
            }
            Incoming::End => return Err(CloseCode::TryLater),
            Incoming::TooLarge => {
                self.refuse(None, too_large());
                return Err(CloseCode::TooLarge);
            }
            Incoming::Binary => {
                self.refuse(
                    None,
                    Refusal::new(RefusalCode::Malformed, "Messages are text; send JSON in text frames."),
                );
                return self.strike();
            }
        };
        let message = parse_client(&text);
        let kind = message.as_ref().ok().and_then(Limit::of);
        if let Err(wait) = rate::take(&self.allowance, kind, Instant::now()) {
            let id = match &message {
                Ok(ClientMessage::Command { id, .. }) => Some(*id),
                Ok(_) => None,
                Err(error) => error.id,
            };
            self.server.services.metrics.limited(wait.limit);
            self.refuse(id, Refusal::too_fast(wait));
            return self.strike();
        }
        match message {
            Ok(message) => Ok(self.pass_on(message).await),
            Err(error) => {
                self.refuse(error.id, Refusal::new(error.code, error.sentence));
                Ok(true)
            }
        }
    }

    /// After one too many the socket is closed, and its end says for how long to stay away.
    fn strike(&mut self) -> Result<bool, CloseCode> {
        if !rate::strike(&self.allowance, Instant::now()) {
            return Ok(true);
        }
        self.server.services.metrics.flooded();
        self.refuse(None, Refusal::flooded());
        Err(CloseCode::Policy)
    }

    fn refuse(&mut self, id: Option<CommandId>, refusal: Refusal) {
        let Refusal {
            code,
            sentence,
            after_ms,
        } = refusal;
        self.server.services.metrics.refused(&code_name(code));
        self.batch.push(encode(&ServerMessage::Refused {
            id,
            code,
            sentence,
            after_ms,
        }));
    }

    /// Gives a message to whom it concerns; true where an answer is to be sent at once.
    async fn pass_on(&mut self, message: ClientMessage) -> bool {
        let socket = self.socket;
        let message = match message {
            ClientMessage::Hello { .. } => {
                let sentence = "This socket has said hello already. Open another one to join again.";
                self.refuse(None, Refusal::new(RefusalCode::HelloExpected, sentence));
                return true;
            }
            ClientMessage::Pong { .. } => return false,
            ClientMessage::Command { id, command } => Message::Command { socket, id, command },
            ClientMessage::Resync { stream, have } => Message::Resync { socket, stream, have },
            ClientMessage::Roster { after } => Message::Roster { socket, after },
            ClientMessage::Mine { secrets } => Message::Mine { socket, secrets },
            ClientMessage::FollowUps {} => Message::FollowUps { socket },
            ClientMessage::PollDraft { poll } => Message::PollDraft { socket, poll },
            ClientMessage::Cards { room } => Message::Cards { socket, room },
            ClientMessage::Stand { stand } => Message::Stand { socket, stand },
            ClientMessage::StandMessages { stand, secret } => Message::StandMessages { socket, stand, secret },
            ClientMessage::Watch { video_slots } => {
                self.offer_rack(video_slots);
                return true;
            }
            ClientMessage::RackAnswer { rack, sdp } => match self.accept_rack(rack, &sdp) {
                Ok(Some(message)) => message,
                Ok(None) => return false,
                Err(refusal) => {
                    self.refuse(None, refusal);
                    return true;
                }
            },
            ClientMessage::Want { slot, height } => Message::Want { socket, slot, height },
            ClientMessage::StopWatching {} => {
                self.rack = None;
                Message::StopWatching { socket }
            }
            ClientMessage::PublishOffer { offer, sdp } => match self.server.negotiator.publish(&sdp) {
                Ok((answer, link)) => Message::Publish {
                    socket,
                    offer,
                    answer: answer.into(),
                    link: Box::new(link),
                },
                Err(problem) => {
                    self.refuse(None, sdp_refusal(problem));
                    return true;
                }
            },
            ClientMessage::StopPublishing {} => Message::StopPublishing { socket },
        };
        if self.event.send(message).await {
            return false;
        }
        self.refuse(None, Refusal::unavailable());
        true
    }

    fn offer_rack(&mut self, video_slots: u8) {
        let pending = self.server.negotiator.offer_rack(video_slots);
        let (rack, sdp, slots) = (self.server.next_rack(), pending.sdp().to_owned(), pending.slots());
        self.batch.push(encode(&ServerMessage::RackOffer {
            rack,
            sdp,
            slots,
            ice_servers: self.server.ice_servers.mint(self.reached.as_ref()),
        }));
        (self.rack, self.last_rack) = (Some((rack, pending)), rack);
    }

    /// None for the answer to a rack that was replaced meanwhile: it crossed the new one on its way.
    fn accept_rack(&mut self, rack: u32, sdp: &str) -> Result<Option<Message>, Refusal> {
        match self.rack.take() {
            Some((number, pending)) if number == rack => {
                let link = self.server.negotiator.accept_rack(pending, sdp).map_err(sdp_refusal)?;
                let (socket, link) = (self.socket, Box::new(link));
                Ok(Some(Message::Watch { socket, rack, link }))
            }
            other => {
                self.rack = other;
                if rack <= self.last_rack {
                    return Ok(None);
                }
                let sentence = "No rack of this number was offered. Watch again.";
                Err(Refusal::new(RefusalCode::WrongState, sentence))
            }
        }
    }
}

fn sdp_refusal(problem: SdpProblem) -> Refusal {
    Refusal::new(RefusalCode::Sdp, problem.sentence)
}
