// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What the hub asks for, carried out: texts into outboxes, streams to their followers, intents to the media side.

use std::sync::Arc;

use fiera_hub::{Output, StreamKey};
use fiera_protocol::codec::encode;
use fiera_protocol::ids::ParticipantId;
use fiera_protocol::server::ServerMessage;

use super::{EventTask, Socket};
use crate::event::SocketId;
use crate::refusal::Refusal;
use crate::resume;

impl EventTask {
    pub(super) fn carry_out(&mut self, output: Output, now_unix_ms: u64) {
        match output {
            Output::ToConnection { conn, text } => self.tell(conn.0, text, true),
            Output::Follow { conn, stream } => {
                self.followers.entry(stream).or_default().insert(conn.0);
            }
            Output::Unfollow { conn, stream } => {
                if let Some(of) = self.followers.get_mut(&stream) {
                    of.remove(&conn.0);
                }
            }
            Output::ToStream { stream, text } => self.fan_out(&stream, &text),
            Output::Resume { conn, place } => {
                let Some(socket) = self.sockets.get(&conn.0) else {
                    return;
                };
                let mut identity = socket.identity.clone();
                if let Some(you) = self.hub.you(identity.participant) {
                    identity.name = you.name;
                }
                let token = resume::seal(&self.setup.services.keys, place, identity, now_unix_ms);
                self.tell(conn.0, encode(&ServerMessage::Resume { token }), true);
            }
            Output::Keep(_) => {}
            Output::Media(intent) => self.media.intend(intent),
            Output::Disconnect { conn } => {
                if let Some(socket) = self.sockets.get(&conn.0) {
                    socket.outbox.close();
                }
                self.drop_socket(conn.0, true);
            }
            Output::ExternalRefused {
                participant,
                code,
                sentence,
            } => {
                self.refused_program = Some((participant, Refusal { code, sentence }));
            }
        }
    }

    fn fan_out(&mut self, stream: &StreamKey, text: &Arc<str>) {
        let Some(followers) = self.followers.get(stream) else {
            return;
        };
        let slow: Vec<SocketId> = followers
            .iter()
            .filter(|id| {
                self.sockets
                    .get(id)
                    .is_some_and(|socket| !socket.outbox.put(text.clone(), false))
            })
            .copied()
            .collect();
        slow.into_iter().for_each(|socket| self.cut_off(socket));
    }

    pub(super) fn tell(&mut self, socket: SocketId, text: Arc<str>, urgent: bool) {
        if self.sockets.get(&socket).is_some_and(|of| !of.outbox.put(text, urgent)) {
            self.cut_off(socket);
        }
    }

    /// Tells every socket of a participant that does not publish itself.
    pub(super) fn tell_orphaned(&mut self, participant: ParticipantId, text: &Arc<str>) {
        let is_meant = |(id, of): &(&SocketId, &Socket)| {
            of.identity.participant == participant && !self.media.publishes_from(**id)
        };
        let sockets: Vec<SocketId> = self.sockets.iter().filter(is_meant).map(|(id, _)| *id).collect();
        for socket in sockets {
            self.tell(socket, text.clone(), true);
        }
    }

    pub(super) fn tell_refusal(&mut self, socket: SocketId, done: Result<(), Refusal>) {
        if let Err(refusal) = done {
            self.tell(socket, encode(&refusal.message()), true);
        }
    }

    /// Lets go of a socket that does not read; its own task notices, closes it and reports `Closed`.
    fn cut_off(&mut self, socket: SocketId) {
        self.setup.services.metrics.refused("slow_reader");
        if let Some(of) = self.sockets.get_mut(&socket) {
            let (nobody, _) = crate::outbox::outbox();
            of.outbox = nobody;
        }
        self.followers.values_mut().for_each(|of| {
            of.remove(&socket);
        });
    }

    pub(super) fn drop_socket(&mut self, socket: SocketId, goodbye: bool) -> bool {
        let known = self.sockets.remove(&socket).is_some();
        if known {
            self.followers.retain(|_, of| {
                of.remove(&socket);
                !of.is_empty()
            });
            self.media.socket_gone(socket, goodbye);
        }
        known
    }
}
