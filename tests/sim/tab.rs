// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One browser tab, playing by SPEC.md: it retries, resyncs, sends again what was not answered, and forgets what it no
//! longer follows.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::apply::apply;
use fiera_protocol::client::Command;
use fiera_protocol::codec::parse_server_frame;
use fiera_protocol::ids::{CommandId, Role, RoomId};
use fiera_protocol::limits::PEER_DEAD_MS;
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Place, StreamId, StreamPosition, StreamState, YouView};

use crate::link::{Down, Token, Up};

/// After this long without an answer a tab asks again for what it misses.
const RESYNC_AGAIN_MS: u64 = 2_000;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known {
    pub(crate) at: StreamPosition,
    pub(crate) state: StreamState,
}

#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) id: CommandId,
    pub(crate) command: Command,
    /// How often it went out on this connection, each to be answered once.
    pub(crate) sent: u32,
    /// The answer that came, where another one is to come.
    pub(crate) answer: Option<bool>,
}

#[derive(Debug, Default)]
pub(crate) struct Tab {
    pub(crate) person: usize,
    /// Wants to be connected.
    pub(crate) open: bool,
    pub(crate) link: Option<u64>,
    pub(crate) welcomed: bool,
    pub(crate) heard_ms: u64,
    pub(crate) retry_ms: u64,
    pub(crate) token: Option<Token>,
    pub(crate) streams: BTreeMap<StreamId, Known>,
    /// An earlier state of a stream, to fall back to as a tab does that missed something.
    pub(crate) earlier: Option<(StreamId, Known)>,
    pub(crate) asked_ms: BTreeMap<StreamId, u64>,
    /// Streams that changed since somebody looked.
    pub(crate) touched: BTreeSet<StreamId>,
    pub(crate) pending: Vec<Pending>,
}

impl Tab {
    pub(crate) fn you(&self) -> Option<&YouView> {
        match &self.streams.get(&StreamId::You {})?.state {
            StreamState::You(you) => Some(you),
            _ => None,
        }
    }

    /// The connection is gone, however it ended.
    pub(crate) fn lost(&mut self, retry_ms: u64) {
        self.link = None;
        self.welcomed = false;
        self.retry_ms = retry_ms;
        self.asked_ms.clear();
        for pending in &mut self.pending {
            (pending.sent, pending.answer) = (0, None);
        }
    }

    pub(crate) fn is_dead(&self, now_ms: u64) -> bool {
        self.link.is_some() && now_ms >= self.heard_ms + PEER_DEAD_MS
    }

    /// Takes what arrived; what is to be said in return.
    pub(crate) fn hears(&mut self, now_ms: u64, down: Down) -> Vec<Up> {
        self.heard_ms = now_ms;
        match down {
            Down::Text(text) => self.reads(now_ms, &text),
            Down::Resume(token) => {
                self.token = Some(token);
                Vec::new()
            }
            Down::Ping => vec![Up::Pong],
            Down::Closed => unreachable!("taken by the world"),
        }
    }

    fn reads(&mut self, now_ms: u64, text: &str) -> Vec<Up> {
        let messages = parse_server_frame(&format!("[{text}]")).expect("F4: readable");
        let mut says = Vec::new();
        for message in messages {
            match message {
                ServerMessage::Welcome { .. } => {
                    self.welcomed = true;
                    self.streams.clear();
                    self.earlier = None;
                    for pending in &mut self.pending {
                        pending.sent += 1;
                        says.push(Up::Command {
                            id: pending.id,
                            command: pending.command.clone(),
                        });
                    }
                }
                ServerMessage::Accepted { id } => self.answered(id, Some(true)),
                ServerMessage::Refused { id: Some(id), code, .. } => {
                    // Said again later, the same command may well be carried out (C2).
                    let kept = code != RefusalCode::ReadOnly;
                    self.answered(id, kept.then_some(false));
                }
                ServerMessage::Refused { id: None, code, .. } => {
                    let stays_away = matches!(
                        code,
                        RefusalCode::TooManyConnections | RefusalCode::Banned | RefusalCode::EventClosed
                    );
                    self.open &= !stays_away;
                }
                ServerMessage::Snapshot {
                    stream,
                    epoch,
                    n,
                    state,
                } => {
                    self.asked_ms.remove(&stream);
                    let at = StreamPosition { epoch, n };
                    self.touched.insert(stream.clone());
                    self.streams.insert(stream, Known { at, state });
                    self.forget_left();
                }
                ServerMessage::Update {
                    stream,
                    epoch,
                    n,
                    change,
                } => {
                    let asked = self.asked_ms.get(&stream).copied();
                    let known = self.streams.get_mut(&stream);
                    let known = known.unwrap_or_else(|| panic!("S4: an update of {stream:?} before its snapshot"));
                    if epoch == known.at.epoch && n == known.at.n + 1 {
                        assert!(apply(&mut known.state, &change), "S2: {change:?} is not of {stream:?}");
                        known.at.n = n;
                        self.touched.insert(stream.clone());
                        if asked.is_some() {
                            self.asked_ms.remove(&stream);
                        }
                        self.forget_left();
                    } else if epoch != known.at.epoch || n > known.at.n {
                        assert!(asked.is_some(), "S1: {stream:?} at {:?} got {epoch} {n}", known.at);
                        if asked.is_some_and(|at| now_ms >= at + RESYNC_AGAIN_MS) {
                            self.asked_ms.insert(stream.clone(), now_ms);
                            let have = Some(known.at);
                            says.push(Up::Resync { stream, have });
                        }
                    }
                }
                _ => {}
            }
        }
        says
    }

    fn answered(&mut self, id: CommandId, accepted: Option<bool>) {
        let at = self.pending.iter().position(|pending| pending.id == id);
        let at = at.unwrap_or_else(|| panic!("C1: {id} was answered more often than asked"));
        let pending = &mut self.pending[at];
        if let (Some(before), Some(accepted)) = (pending.answer, accepted) {
            assert_eq!(
                before, accepted,
                "C2: {id} was answered differently: {:?}",
                pending.command
            );
        }
        pending.answer = accepted;
        pending.sent = pending.sent.checked_sub(1).expect("C1: answered before it was sent");
        if pending.sent == 0 {
            self.pending.remove(at);
        }
    }

    /// S4: what `you` no longer names is over.
    fn forget_left(&mut self) {
        let Some(you) = self.you() else { return };
        let (room, backstage, moderates) = (
            you.room.clone(),
            you.place != Place::Audience,
            you.role >= Role::Moderator,
        );
        let here = |of: &RoomId| Some(of) == room.as_ref();
        self.streams.retain(|stream, _| match stream {
            StreamId::Room { room } | StreamId::Captions { room } => here(room),
            StreamId::Backstage { room } => here(room) && (backstage || moderates),
            StreamId::Moderators { room } => here(room) && moderates,
            _ => true,
        });
        let streams = &self.streams;
        self.asked_ms.retain(|stream, _| streams.contains_key(stream));
        self.earlier.take_if(|(stream, _)| !streams.contains_key(stream));
    }

    /// Remembers a state of a stream, to fall back to later.
    pub(crate) fn remembers(&mut self, nth: usize) {
        let shared = self.streams.iter().filter(|(stream, _)| **stream != StreamId::You {});
        let stream = shared.clone().nth(nth % shared.count().max(1));
        self.earlier = stream.map(|(stream, known)| (stream.clone(), known.clone()));
    }

    /// Falls back to it, as if what came since had been lost, and asks for what it misses.
    pub(crate) fn falls_back(&mut self, now_ms: u64) -> Option<Up> {
        let (stream, known) = self.earlier.take()?;
        if self.asked_ms.contains_key(&stream) || self.streams.get(&stream)? == &known {
            return None;
        }
        self.asked_ms.insert(stream.clone(), now_ms);
        let have = Some(known.at);
        self.streams.insert(stream.clone(), known);
        Some(Up::Resync { stream, have })
    }
}
