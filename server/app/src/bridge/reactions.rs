// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What the media plane reports, turned into what hub and sockets are told.

use fiera_hub::Input;
use fiera_protocol::ids::ParticipantId;
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::{MediaDirection, ServerMessage, Shown};
use fiera_sfu::api::{CloseReason, Event, PeerId};

use super::peers::Holder;
use super::people::to_wire;
use super::reports::MediaReport;
use super::room_media::{EventMedia, program_down};
use crate::event::SocketId;
use crate::metrics::Metrics;
use crate::refusal::Refusal;

/// What follows from a report of the media plane.
#[derive(Debug)]
pub(crate) enum Reaction {
    /// For the hub.
    Hub(Input),
    /// For one socket.
    Tell(SocketId, ServerMessage),
    /// For every socket of somebody that publishes nothing itself: the one that published broke and may be back as
    /// any of them.
    TellOrphaned(ParticipantId, ServerMessage),
}

/// Under which reason a connection that never came about is counted.
fn refusal(reason: CloseReason) -> Option<&'static str> {
    match reason {
        CloseReason::DtlsFailed => Some("dtls"),
        CloseReason::ConnectTimeout => Some("connect_timeout"),
        CloseReason::Asked | CloseReason::PeerClosed | CloseReason::ConsentExpired | CloseReason::Replaced => None,
    }
}

impl EventMedia {
    /// What a report of the media plane means for hub and sockets.
    pub(crate) fn report(&mut self, report: MediaReport, metrics: &Metrics) -> Option<Reaction> {
        match report.0 {
            Event::Connected { peer } => {
                let since = self.peers.take_since(peer)?;
                metrics.joined(since.elapsed());
                None
            }
            Event::Closed { peer, reason } => {
                if let Some(refusal) = refusal(reason) {
                    metrics.refused(refusal);
                }
                self.closed(peer, reason)
            }
            Event::SourceFlow {
                participant,
                source,
                flowing,
            } => {
                let (participant, source) = (self.names.person(participant)?, to_wire(source));
                if flowing {
                    self.flowing.insert((participant, source));
                } else {
                    self.flowing.remove(&(participant, source));
                }
                Some(Reaction::Hub(Input::SourceFlow {
                    participant,
                    source,
                    flowing,
                }))
            }
            Event::SlotChanged {
                peer,
                slot,
                shows,
                rtp_time,
            } => {
                let (socket, rack) = self.rack_of(peer)?;
                let shows = shows.and_then(|(participant, source)| {
                    Some(Shown {
                        participant: self.names.person(participant)?,
                        source: to_wire(source),
                    })
                });
                Some(Reaction::Tell(
                    socket,
                    ServerMessage::SlotChanged {
                        rack,
                        slot,
                        shows,
                        rtp_time,
                    },
                ))
            }
            Event::SlotPaused { peer, slot, shows } => {
                let (socket, rack) = self.rack_of(peer)?;
                let (participant, source) = shows;
                let shows = Shown {
                    participant: self.names.person(participant)?,
                    source: to_wire(source),
                };
                Some(Reaction::Tell(socket, ServerMessage::SlotPaused { rack, slot, shows }))
            }
            Event::CannotDecode { peer, slot, codec } => {
                let (socket, rack) = self.rack_of(peer)?;
                Some(Reaction::Tell(
                    socket,
                    ServerMessage::CannotDecode {
                        rack,
                        slot,
                        codec: codec.to_owned(),
                    },
                ))
            }
            Event::LayersWanted {
                peer, source, layers, ..
            } => {
                let Holder::Publish {
                    socket, participant, ..
                } = self.peers.get(peer)?
                else {
                    return None;
                };
                let (source, layers) = (to_wire(source), layers.numbers().collect());
                let message = ServerMessage::LayersWanted { source, layers };
                Some(tell_publisher(*socket, *participant, message))
            }
            Event::BFrames { participant, .. } => {
                metrics.refused("b_frames");
                tracing::warn!(event = %self.handle.id, "a publisher sends B-frames; nothing of that picture is sent on");
                let participant = self.names.person(participant)?;
                let sentence =
                    "Your encoder sends B-frames, which browsers cannot show. Switch them off in its settings.";
                let message = Refusal::new(RefusalCode::Sdp, sentence).message();
                let publishers = self.peers.publishers_of(participant);
                publishers.iter().find_map(|id| match self.peers.get(*id)? {
                    Holder::Publish { socket, .. } => Some(tell_publisher(*socket, participant, message.clone())),
                    _ => None,
                })
            }
            Event::Speaking { room, participants } => {
                let room = self.names.room(room)?;
                let participants = participants
                    .into_iter()
                    .filter_map(|key| self.names.person(key))
                    .collect();
                Some(Reaction::Hub(Input::Speaking { room, participants }))
            }
        }
    }

    fn closed(&mut self, peer: PeerId, reason: CloseReason) -> Option<Reaction> {
        // What was removed here is no longer known, so its own end is no news.
        let peer = self.peers.remove(peer)?;
        self.silent(&peer.holder);
        let closed = |direction| {
            let sentence = why(reason).to_owned();
            ServerMessage::MediaClosed { direction, sentence }
        };
        match &peer.holder {
            Holder::Watch { socket, .. } => Some(Reaction::Tell((*socket)?, closed(MediaDirection::Down))),
            Holder::Publish {
                socket, participant, ..
            } => Some(tell_publisher(*socket, *participant, closed(MediaDirection::Up))),
            holder @ (Holder::Whip { .. } | Holder::Whep { .. }) => program_down(holder, false).map(Reaction::Hub),
        }
    }

    fn rack_of(&self, peer: PeerId) -> Option<(SocketId, u32)> {
        match self.peers.get(peer)? {
            Holder::Watch { socket, rack, .. } => Some(((*socket)?, *rack)),
            _ => None,
        }
    }
}

fn tell_publisher(socket: Option<SocketId>, participant: ParticipantId, message: ServerMessage) -> Reaction {
    match socket {
        Some(socket) => Reaction::Tell(socket, message),
        None => Reaction::TellOrphaned(participant, message),
    }
}

fn why(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Asked => "The server ended the media connection.",
        CloseReason::PeerClosed => "The media connection was closed at your side.",
        CloseReason::ConnectTimeout => "No media connection came about; a firewall may block UDP to this server.",
        CloseReason::ConsentExpired => "The media connection was silent for too long; the network may have changed.",
        CloseReason::DtlsFailed => "The media connection could not be secured; reload the page.",
        CloseReason::Replaced => "You publish from another tab or program now.",
    }
}
