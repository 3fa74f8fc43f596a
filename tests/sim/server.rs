// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The server around the hub, as the event's task is: rounds of messages, one write per round, nothing said before it
//! is durable; a crash at any point of it; a disk that fails; sockets that nobody reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use fiera_hub::{ConnectionId, Hub, Input, Now, Output, Record, StreamKey};
use fiera_protocol::ids::ParticipantId;
use fiera_protocol::limits::{FRAME_BATCH_MS, PEER_DEAD_MS, PING_INTERVAL_MS, RESUME_TOKEN_TTL_MS};
use fiera_protocol::view::StreamPosition;

use crate::link::{Down, Token, Up};
use crate::shelf::Disk;
use crate::world::World;

/// What waits for one socket at most: less than at the real server, so that slow readers are met more often.
const OUTBOX_MESSAGES_MAX: usize = 30;
/// How often a store that failed is tried again.
const STORE_PROBE_EVERY_MS: u64 = 3_000;

pub(crate) struct Socket {
    pub(crate) who: ParticipantId,
    pub(crate) follows: BTreeSet<StreamKey>,
    heard_ms: u64,
    pub(crate) ping_ms: u64,
}

/// Where in a round the server is killed, if it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kill {
    No,
    BeforeTheWrite,
    AfterTheWrite,
    AmidTheAnswers,
}

impl World {
    pub(crate) fn now(&self) -> Now {
        let mono_ms = self.now_ms.saturating_sub(self.hub_started_ms);
        let unix_ms = self.unix_ms();
        Now { mono_ms, unix_ms }
    }

    pub(crate) fn hub_is_up(&self) -> bool {
        self.now_ms >= self.hub_started_ms
    }

    /// What is due at the server.
    pub(crate) fn serve(&mut self) {
        if !self.hub_is_up() {
            return;
        }
        let silent = self
            .sockets
            .iter()
            .filter(|(_, of)| self.now_ms >= of.heard_ms + PEER_DEAD_MS);
        let silent: Vec<u64> = silent.map(|(conn, _)| *conn).collect();
        for conn in silent {
            self.close_link(conn);
            self.inbox.push_back((conn, Up::Close { left: false }));
        }
        let due = self.sockets.iter_mut().filter(|(_, of)| self.now_ms >= of.ping_ms);
        let due: Vec<u64> = due
            .map(|(conn, of)| {
                of.ping_ms = self.now_ms + PING_INTERVAL_MS;
                *conn
            })
            .collect();
        due.into_iter().for_each(|conn| self.send(conn, 0, Down::Ping));
        while !self.inbox.is_empty() && self.hub_is_up() {
            let many = 1 + self.random.index(4);
            let some: Vec<(u64, Up)> = (0..many).filter_map(|_| self.inbox.pop_front()).collect();
            self.round(some);
        }
        if self.probe_ms.is_some_and(|at| self.now_ms >= at) {
            self.probe_ms = Some(self.now_ms + STORE_PROBE_EVERY_MS);
            if self.shelf.disk == Disk::Works {
                self.probe_ms = None;
                self.round_of(vec![Input::Storage { writable: true }]);
            }
        }
        if self.hub_is_up() && self.hub.next_deadline().is_some_and(|at| at <= self.now().mono_ms) {
            self.round_of(vec![Input::Tick]);
            let moved = self.hub.next_deadline().is_none_or(|at| at > self.now().mono_ms);
            assert!(moved || !self.hub_is_up(), "a deadline that does not move");
        }
    }

    /// When something is due at the server next.
    pub(crate) fn server_next_ms(&self) -> Option<u64> {
        let hub = self
            .hub
            .next_deadline()
            .map(|at| at.saturating_add(self.hub_started_ms));
        let sockets = self
            .sockets
            .values()
            .map(|of| of.ping_ms.min(of.heard_ms + PEER_DEAD_MS));
        let next = hub.into_iter().chain(self.probe_ms).chain(sockets).min();
        next.map(|at| at.max(self.hub_started_ms))
    }

    fn round(&mut self, messages: Vec<(u64, Up)>) {
        let mut inputs = Vec::new();
        for (conn, message) in messages {
            if let Some(socket) = self.sockets.get_mut(&conn) {
                socket.heard_ms = self.now_ms;
            }
            let id = ConnectionId(conn);
            match message {
                Up::Hello { token } => inputs.extend(self.hello(conn, token)),
                Up::Close { left } => {
                    let gone = |link: &crate::link::Link| self.tabs[link.tab].link != Some(conn);
                    if self.links.get(&conn).is_some_and(gone) {
                        self.links.remove(&conn);
                    }
                    if self.sockets.remove(&conn).is_some() {
                        inputs.push(Input::ConnectionClosed { conn: id, left });
                    }
                }
                _ if !self.sockets.contains_key(&conn) => {}
                Up::Command {
                    id: command_id,
                    command,
                } => inputs.push(Input::ClientCommand {
                    conn: id,
                    id: command_id,
                    command,
                }),
                Up::Resync { stream, have } => inputs.push(Input::Resync { conn: id, stream, have }),
                Up::Roster => inputs.push(Input::Roster { conn: id, after: None }),
                Up::Mine { secrets } => inputs.push(Input::Mine { conn: id, secrets }),
                Up::Stand { stand } => inputs.push(Input::Stand { conn: id, stand }),
                Up::StandMessages { stand, secret } => {
                    inputs.push(Input::StandMessages {
                        conn: id,
                        stand,
                        secret,
                    });
                }
                Up::Cards { room } => inputs.push(Input::Cards { conn: id, room }),
                Up::FollowUps => inputs.push(Input::FollowUps { conn: id }),
                Up::Pong => {}
            }
        }
        if !inputs.is_empty() {
            self.round_of(inputs);
        }
    }

    fn hello(&mut self, conn: u64, token: Option<Token>) -> Option<Input> {
        let who = self.links.get(&conn)?.who;
        let person = self.cast.iter().find(|person| person.id == who).expect("of the cast");
        let (heard_ms, ping_ms) = (self.now_ms, self.now_ms + PING_INTERVAL_MS);
        let follows = BTreeSet::new();
        let socket = Socket {
            who,
            follows,
            heard_ms,
            ping_ms,
        };
        self.sockets.insert(conn, socket);
        let unix_ms = self.unix_ms();
        Some(Input::ConnectionOpened {
            conn: ConnectionId(conn),
            participant: who,
            name: person.name.clone(),
            role: person.role,
            resume: token
                .filter(|token| token.until_unix_ms > unix_ms)
                .map(|token| token.place),
        })
    }

    /// One round: the hub takes it all, then it is written, then it is carried out.
    pub(crate) fn round_of(&mut self, inputs: Vec<Input>) {
        let mut records: Vec<Record> = Vec::new();
        let mut effects: Vec<Output> = Vec::new();
        for input in inputs {
            let before = effects.len();
            let judged = self.before_input(&input);
            self.hub.handle(self.now(), input.clone());
            let mut own = Vec::new();
            while let Some(output) = self.hub.poll_output() {
                match output {
                    Output::Keep(record) => {
                        assert_eq!(effects.len(), before, "B1: somebody was told before it was kept");
                        own.push(record);
                    }
                    output => effects.push(output),
                }
            }
            self.after_input(&input, judged, &own, &effects[before..]);
            records.extend(own);
        }
        let kill = std::mem::replace(&mut self.kill, Kill::No);
        if kill == Kill::BeforeTheWrite {
            self.note(|| "killed before the write".to_owned());
            self.crash();
            return;
        }
        if records.is_empty() {
            assert!(
                self.model.here.read_only || self.model.kept == self.durable,
                "B1: something changed and was not kept"
            );
        } else {
            let (told, lost) = self.shelf.commit(records);
            if !lost {
                self.durable = self.model.kept.clone();
            }
            if !told {
                self.note(|| format!("the write failed, lost: {lost}"));
                self.restart_in_place();
                return;
            }
        }
        if kill == Kill::AfterTheWrite {
            self.note(|| "killed after the write".to_owned());
            self.crash();
            return;
        }
        let stop_at = if kill == Kill::AmidTheAnswers {
            effects.len() / 2
        } else {
            usize::MAX
        };
        for (nth, effect) in effects.into_iter().enumerate() {
            if nth == stop_at {
                break;
            }
            self.carry_out(effect);
        }
        if kill == Kill::AmidTheAnswers {
            self.note(|| "killed amid the answers".to_owned());
            self.crash();
        }
    }

    fn carry_out(&mut self, effect: Output) {
        match effect {
            Output::ToConnection { conn, text } => self.send(conn.0, 0, Down::Text(text)),
            Output::Follow { conn, stream } => {
                if let Some(socket) = self.sockets.get_mut(&conn.0) {
                    assert!(socket.follows.insert(stream), "follows twice");
                }
            }
            Output::Unfollow { conn, stream } => {
                if let Some(socket) = self.sockets.get_mut(&conn.0) {
                    assert!(socket.follows.remove(&stream), "unfollows what it did not follow");
                }
            }
            Output::ToStream { stream, text } => self.fan_out(&stream, &text),
            Output::Resume { conn, place } => {
                let until_unix_ms = self.unix_ms() + RESUME_TOKEN_TTL_MS;
                let token = Token { place, until_unix_ms };
                self.send(conn.0, 0, Down::Resume(token));
            }
            Output::Disconnect { conn } => {
                self.sockets.remove(&conn.0);
                self.send_closed(conn.0);
            }
            Output::Keep(_) => unreachable!("taken before"),
            _ => {}
        }
    }

    fn fan_out(&mut self, stream: &StreamKey, text: &Arc<str>) {
        let followers = self
            .sockets
            .iter()
            .filter(|(_, socket)| socket.follows.contains(stream));
        let followers: Vec<u64> = followers.map(|(conn, _)| *conn).collect();
        for conn in followers {
            let wait_ms = self.random.below(FRAME_BATCH_MS + 1);
            self.send(conn, wait_ms, Down::Text(text.clone()));
        }
    }

    fn send(&mut self, conn: u64, wait_ms: u64, message: Down) {
        let now_ms = self.now_ms;
        let Some(link) = self.links.get_mut(&conn) else { return };
        if link.down.len() >= OUTBOX_MESSAGES_MAX {
            // Too slow a reader: it comes back and gets snapshots.
            self.counted.cut_off += 1;
            self.send_closed(conn);
            self.inbox.push_back((conn, Up::Close { left: false }));
            return;
        }
        link.send_down(now_ms, wait_ms, message);
    }

    /// The server's end of a connection closes; what was sent before arrives.
    fn send_closed(&mut self, conn: u64) {
        let now_ms = self.now_ms;
        if let Some(link) = self.links.get_mut(&conn) {
            link.up.clear();
            link.send_down(now_ms, 0, Down::Closed);
        }
    }

    /// The process ends at once: what was not written is lost, everybody's connection breaks, and after a while another
    /// process begins from what was written.
    pub(crate) fn crash(&mut self) {
        self.inbox.clear();
        if self.random.permille(600) {
            self.setup_changes();
        }
        self.restore();
        self.hub_started_ms = self.now_ms + 1 + self.random.below(5_000);
        self.counted.crashes += 1;
    }

    /// The store failed: this process throws its hub away and goes on with another one.
    fn restart_in_place(&mut self) {
        self.restore();
        self.counted.restarts += 1;
        if self.shelf.disk != Disk::Works {
            self.probe_ms = Some(self.now_ms + STORE_PROBE_EVERY_MS);
            self.round_of(vec![Input::Storage { writable: false }]);
        }
    }

    fn restore(&mut self) {
        self.probe_ms = None;
        self.sockets.clear();
        let open: Vec<u64> = self.links.keys().copied().collect();
        for conn in open {
            // Some of them learn of it, others have to find out.
            if self.random.permille(200) {
                self.links.get_mut(&conn).expect("open").go_silent();
            } else {
                self.send_closed(conn);
            }
        }
        self.epoch += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.random.next().to_le_bytes());
        let kept = self.shelf.load();
        self.check_rows(&kept);
        self.hub = Hub::restore(self.config.clone(), self.epoch, seed, kept).expect("what was kept can be read");
        assert_eq!(self.hub.poll_output(), None, "nobody is there to be told");
        self.model.crash(self.durable.clone());
        // What the setup says is kept nowhere else.
        self.durable = self.model.kept.clone();
        self.mirrors.clear();
    }

    /// A position that a tab has, against what the server has said so far.
    pub(crate) fn is_newest(&self, stream: &StreamKey, at: StreamPosition) -> bool {
        self.mirrors.get(stream).is_some_and(|mirror| mirror.at == at)
    }
}
