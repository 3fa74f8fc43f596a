// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One TURN client around its pure core: replies go back the way they came, data goes to the media plane and comes from
//! it, for each of our addresses as a stream of its own. It never opens a socket towards anybody.

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use fiera_media::StreamSink;
use fiera_sfu::egress::{Path, StreamId, StreamKind};
use fiera_sfu::streams::turn::{Client, Clock, Step, channel_data, data_indication};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::Streams;
use super::queue::Queue;
use super::relays::Shared;
use crate::token::unix_s;

/// A Data indication is longer than what it carries by at most this, bytes.
const INDICATION_BYTES_MAX: usize = 52;

/// How a client is answered.
#[derive(Debug, Clone)]
pub(super) enum Back {
    /// In a stream: TCP or TLS.
    Stream(Arc<Queue>),
    /// By UDP, from the address that the client asked.
    Datagrams(Arc<UdpSocket>, Path),
}

impl Back {
    fn send(&self, bytes: usize, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        match self {
            Self::Stream(queue) => queue.push(bytes, write),
            Self::Datagrams(socket, path) => {
                let mut datagram = Vec::with_capacity(bytes);
                write(&mut datagram);
                let send = || fiera_media::answer(socket.as_fd(), *path, &datagram);
                socket.try_io(Interest::WRITABLE, send).is_ok()
            }
        }
    }

    fn reply(&self, bytes: &[u8]) {
        // A client whose queue is full asks again (RFC 8489 section 6.2.1).
        let _ = self.send(bytes.len(), |out| out.extend_from_slice(bytes));
    }
}

/// Data of one of our addresses to one client.
struct Inward {
    back: Back,
    peer: SocketAddr,
    /// 0: no channel is bound.
    channel: AtomicU16,
    sent: AtomicU64,
}

impl StreamSink for Inward {
    fn send(&self, datagram: &[u8]) -> bool {
        let channel = self.channel.load(Ordering::Relaxed);
        self.back.send(datagram.len() + INDICATION_BYTES_MAX, |out| {
            if channel != 0 {
                channel_data(channel, datagram, matches!(self.back, Back::Stream(_)), out);
                return;
            }
            // Nobody answers an indication, so a number that is not used twice will do.
            let mut transaction = [0; 12];
            transaction[4..].copy_from_slice(&self.sent.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            data_indication(self.peer, transaction, datagram, out);
        })
    }
}

/// One client and what it has open at the media plane; all of it ends when dropped.
pub(super) struct TurnClient {
    streams: Arc<Streams>,
    kind: StreamKind,
    client: Client,
    back: Back,
    /// What it was given of the relayed addresses, and for whom: given back when it ends.
    held: Option<(String, SocketAddr)>,
    /// By index of the peer.
    open: Vec<Option<(StreamId, Arc<Inward>)>>,
}

impl TurnClient {
    pub(super) fn new(streams: &Arc<Streams>, kind: StreamKind, from: SocketAddr, back: Back) -> Self {
        let open = streams.turn.peers().iter().map(|_| None).collect();
        Self {
            streams: Arc::clone(streams),
            kind,
            client: Client::new(from),
            back,
            held: None,
            open,
        }
    }

    /// Whether there is an allocation.
    pub(super) fn is_allocated(&self) -> bool {
        self.client.relayed().is_some()
    }

    /// Whether its allocation was not refreshed in time.
    pub(super) fn is_expired(&self, now: Instant) -> bool {
        self.client.is_expired(now)
    }

    /// Takes one datagram or frame.
    pub(super) fn handle(&mut self, datagram: &[u8]) {
        let clock = Clock {
            now: Instant::now(),
            unix_s: unix_s(),
        };
        let mut relays = Shared(&self.streams.relays);
        let step = self.client.handle(&self.streams.turn, clock, &mut relays, datagram);
        if self.held.is_none() {
            self.held = self.client.username().map(str::to_owned).zip(self.client.relayed());
        }
        match step {
            Step::Nothing => {}
            Step::Reply(bytes) => self.back.reply(&bytes),
            Step::Refused(bytes) => {
                self.streams.metrics.refused("turn");
                self.back.reply(&bytes);
            }
            Step::Relay { peer, data } => {
                if let (Some((id, _)), Some(relayed)) = (self.inward(peer), self.client.relayed()) {
                    self.streams.media.stream_datagram(id, relayed, data);
                }
            }
            Step::Bound { peer, channel, reply } => {
                if let Some((_, inward)) = self.inward(peer) {
                    inward.channel.store(channel, Ordering::Relaxed);
                }
                self.back.reply(&reply);
            }
            Step::Ended(bytes) => {
                self.end();
                self.back.reply(&bytes);
            }
        }
    }

    fn inward(&mut self, peer: usize) -> Option<(StreamId, Arc<Inward>)> {
        let (address, relayed) = (*self.streams.turn.peers().get(peer)?, self.client.relayed()?);
        let slot = self.open.get_mut(peer)?;
        let opened = slot.get_or_insert_with(|| {
            let inward = Arc::new(Inward {
                back: self.back.clone(),
                peer: address,
                channel: AtomicU16::new(0),
                sent: AtomicU64::new(0),
            });
            (
                self.streams.media.open_stream(self.kind, relayed, inward.clone()),
                inward,
            )
        });
        Some(opened.clone())
    }

    fn end(&mut self) {
        for (id, _) in self.open.iter_mut().filter_map(Option::take) {
            self.streams.media.close_stream(id);
        }
        if let Some((username, relayed)) = self.held.take() {
            let mut relays = self.streams.relays.lock().unwrap_or_else(PoisonError::into_inner);
            relays.release(&username, relayed);
        }
    }
}

impl Drop for TurnClient {
    fn drop(&mut self) {
        self.end();
    }
}
