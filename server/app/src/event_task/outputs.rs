// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What a round came to, carried out: texts into outboxes, streams to their followers, intents to the media side.

use std::sync::Arc;

use fiera_hub::{Output, StreamKey};
use fiera_protocol::codec::encode;
use fiera_protocol::ids::ParticipantId;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::EventPhase;

use super::round::Effect;
use super::{EventTask, Socket};
use crate::event::SocketId;
use crate::refusal::Refusal;
use crate::resume;

impl EventTask {
    /// Carries out one effect of a round that is durable.
    pub(super) fn carry_out(&mut self, effect: Effect, now_unix_ms: u64) {
        match effect {
            Effect::Output(output) => self.carry_out_output(output, now_unix_ms),
            Effect::Media { intent, standing } => {
                let now = self.hub.standing(intent.participant());
                self.media.intend(intent, standing.as_ref(), now);
            }
            Effect::ToldFirst(socket) => {
                if let Some(of) = self.sockets.get_mut(&socket) {
                    of.told_first -= 1;
                }
            }
            Effect::Counted(kind, outcome) => self.setup.services.metrics.command(kind, outcome),
            Effect::Dropped { socket, goodbye } => self.drop_socket(socket, goodbye),
            Effect::Watch {
                socket,
                participant,
                standing,
                rack,
                link,
                since,
            } => match standing {
                Ok(standing) => {
                    let standing = standing.left_in(self.hub.standing(participant));
                    self.media.watch(socket, participant, &standing, rack, *link, since);
                }
                Err(refusal) => self.tell(socket, encode(&Refusal::from(refusal).message()), true),
            },
            Effect::Want { socket, slot, height } => self.media.want(socket, slot, height),
            Effect::StopWatching(socket) => self.media.stop_watching(socket),
            Effect::Publish {
                socket,
                participant,
                standing,
                offer,
                answer,
                link,
            } => match standing {
                Ok(standing) => {
                    let standing = standing.left_in(self.hub.standing(participant));
                    self.media.publish(socket, participant, &standing, *link);
                    let sdp = answer.into();
                    self.tell(socket, encode(&ServerMessage::PublishAnswer { offer, sdp }), true);
                }
                Err(refusal) => self.tell(socket, encode(&Refusal::from(refusal).message()), true),
            },
            Effect::StopPublishing(socket, participant) => self.media.stop_publishing(socket, participant),
            Effect::Whip {
                who,
                standing,
                link,
                resource,
                reply,
            } => {
                let result = match (self.refused_program.take(), standing) {
                    (Some((of, refusal)), _) if of == who.0 => Err(refusal),
                    (_, Some(standing)) => {
                        let standing = standing.left_in(self.hub.standing(who.0));
                        self.media.whip(who, &standing, *link, resource);
                        Ok(())
                    }
                    (_, None) => Err(Refusal::unavailable()),
                };
                // Where nobody waits any more the media plane times the connection out.
                let _ = reply.send(result);
            }
            Effect::Whep {
                room,
                link,
                resource,
                since,
                reply,
            } => {
                let result = if self.hub.phase() == EventPhase::Ended {
                    Err(Refusal::event_closed())
                } else {
                    self.media.whep(room, *link, resource, since)
                };
                let _ = reply.send(result);
            }
            Effect::Released(reply, released) => {
                let _ = reply.send(released);
            }
            Effect::Captioned(reply, result) => {
                let _ = reply.send(result);
            }
            Effect::Seen(say) => say(),
        }
    }

    fn carry_out_output(&mut self, output: Output, now_unix_ms: u64) {
        match output {
            Output::Keep(_) | Output::Captioned { .. } | Output::Media(_) => {
                debug_assert!(false, "the round takes these")
            }
            Output::ToConnection { conn, text } => self.tell(conn.0, text, true),
            Output::Follow { conn, stream } => {
                if self.sockets.contains_key(&conn.0) {
                    self.followers.entry(stream).or_default().insert(conn.0);
                }
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
                self.refused_program = Some((participant, Refusal::new(code, sentence)));
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

    /// Every socket of a participant that does not publish itself.
    pub(super) fn orphans_of(&self, participant: ParticipantId) -> Vec<SocketId> {
        let is_meant = |(id, of): &(&SocketId, &Socket)| {
            of.identity.participant == participant && !self.media.publishes_from(**id)
        };
        self.sockets.iter().filter(is_meant).map(|(id, _)| *id).collect()
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

    fn drop_socket(&mut self, socket: SocketId, goodbye: bool) {
        if self.sockets.remove(&socket).is_some() {
            self.followers.retain(|_, of| {
                of.remove(&socket);
                !of.is_empty()
            });
            self.media.socket_gone(socket, goodbye);
        }
    }
}
