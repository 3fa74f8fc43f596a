// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The UDP socket as the media thread needs it: many datagrams per system call, runs with `UDP_SEGMENT`, replies from
//! the address that a datagram came to. All `unsafe` of Fiera is in `sys` below.

mod answering;
mod sys;

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use fiera_sfu::egress::{Egress, Path, Run, Via};

use crate::snapshot::SocketCounters;
use crate::streams::{StreamSink, Streams};
use sys::{Receiver, Sender};

pub use answering::{Datagrams, answer, bind_answering};
pub(crate) use sys::Waker;

/// Socket buffers asked for, bytes: 100 ms of 300 Mbit/s.
const BUFFER_BYTES: usize = 4 << 20;
/// Below this the kernel will drop bursts; the log says how to raise the limit.
const BUFFER_BYTES_MIN: usize = 1 << 20;
/// How long a full socket may hold the media thread up before datagrams are dropped.
const BLOCKED_MAX: Duration = Duration::from_millis(2);
/// Addresses for which segmentation offload is off.
const PLAIN_ADDRESSES_MAX: usize = 10_000;

/// The media socket.
pub(crate) struct UdpSocket {
    socket: std::net::UdpSocket,
    receiver: Receiver,
    sender: Sender,
    gso: bool,
    /// Whether datagrams may leave in fragments now, and whether only until this arena is sent.
    fragments: bool,
    cured: bool,
    plain: std::collections::HashSet<SocketAddr>,
    /// Where something could not be sent for want of room, since this was last drained.
    pub(crate) full: Vec<Path>,
    pub(crate) counters: SocketCounters,
}

/// Whether an error only says "not now".
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

impl UdpSocket {
    /// As many sockets on one port as there are threads, all bound before any is read. A port that somebody else has is
    /// refused even where the system would share it.
    pub(crate) fn bind_all(address: SocketAddr, threads: usize) -> io::Result<Vec<Self>> {
        if threads == 1 {
            return Ok(vec![Self::bind(address)?]);
        }
        drop(std::net::UdpSocket::bind(address)?);
        let first = Self::set_up(sys::bind_shared(address)?, address)?;
        let address = SocketAddr::new(address.ip(), first.local_addr()?.port());
        let others = (1..threads).map(|_| Self::set_up(sys::bind_shared(address)?, address));
        std::iter::once(Ok(first)).chain(others).collect()
    }

    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        Self::set_up(std::net::UdpSocket::bind(address)?, address)
    }

    fn set_up(socket: std::net::UdpSocket, address: SocketAddr) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        sys::receive_packet_info(&socket, address.is_ipv4())?;
        let (receive, send) = sys::set_buffers(&socket, BUFFER_BYTES);
        if receive.min(send) < BUFFER_BYTES_MIN {
            tracing::warn!(
                receive,
                send,
                "the UDP socket buffers are small, bursts will be lost; raise them on the host, also of a container, with: \
                 sysctl -w net.core.rmem_max={BUFFER_BYTES} net.core.wmem_max={BUFFER_BYTES}"
            );
        }
        let fragments = !address.is_ipv4() || sys::let_fragment(&socket, false).is_err();
        let gso = sys::has_gso(&socket);
        if !gso {
            tracing::warn!("this kernel has no UDP segmentation offload (Linux 4.18): sending costs more");
        }
        Ok(Self {
            socket,
            receiver: Receiver::new(),
            sender: Sender::new(),
            gso,
            fragments,
            cured: false,
            plain: std::collections::HashSet::new(),
            full: Vec::new(),
            counters: SocketCounters::default(),
        })
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Waits until the socket can be read, the waker rings, or time is up. Returns whether the waker rang.
    pub(crate) fn wait(&self, waker: &Waker, timeout: Duration) -> io::Result<bool> {
        let rang = sys::wait(&[self.socket.as_raw_fd(), waker.as_raw_fd()], sys::READABLE, timeout)?;
        Ok(rang.get(1).copied().unwrap_or(false))
    }

    /// Takes what is there, up to one batch, told of all of it by `ahead`. Returns whether there may be more.
    pub(crate) fn receive<S>(
        &mut self,
        state: &mut S,
        mut ahead: impl FnMut(&mut S, &Path, &[u8]),
        mut each: impl FnMut(&mut S, Path, &[u8]),
    ) -> io::Result<bool> {
        let count = self.receiver.receive(self.socket.as_fd())?;
        self.counters.receive_calls += 1;
        self.counters.received += count as u64;
        for index in 0..count {
            if let Some((path, datagram)) = self.receiver.datagram(index) {
                ahead(state, &path, datagram);
            }
        }
        for index in 0..count {
            if let Some((path, datagram)) = self.receiver.datagram(index) {
                each(state, path, datagram);
            }
        }
        Ok(count == sys::BATCH)
    }

    /// Sends everything in the arena, to the socket or to streams. What they will not take in time is dropped and
    /// counted, and where it should have gone is noted in `full`.
    pub(crate) fn send(&mut self, egress: &mut Egress, streams: &Streams) {
        let mut at = 0;
        let (mut waited, mut blocked) = (false, false);
        while let Some(rest) = egress.runs().get(at..).filter(|rest| !rest.is_empty()) {
            if let Some((run, Via::Stream(id))) = rest.first().map(|run| (run, run.path.via)) {
                self.send_to_stream(run, egress.bytes(run), streams.get(id).as_deref());
                at += 1;
                continue;
            }
            if blocked {
                if let Some(run) = rest.first() {
                    self.counters.blocked += u64::from(run.segments);
                    note_full(&mut self.full, run.path);
                }
                at += 1;
                continue;
            }
            let plain = |run: &Run| !self.gso || (!self.plain.is_empty() && self.plain.contains(&run.path.remote));
            if let Some(run) = rest.first().filter(|run| run.segments > 1 && plain(run)) {
                self.send_plainly(run, egress.bytes(run));
                at += 1;
                continue;
            }
            let batch = rest
                .iter()
                .take_while(|run| run.path.via == Via::Udp && (run.segments == 1 || !plain(run)));
            match self
                .sender
                .send(self.socket.as_fd(), batch.map(|run| (run, egress.bytes(run))))
            {
                Ok(sent) => {
                    let sent = sent.max(1);
                    self.counters.sent(rest.get(..sent).unwrap_or_default());
                    at += sent;
                }
                // One short wait for a whole arena; then it is better to read than to hold everybody up.
                Err(error) if is_timeout(&error) => {
                    if waited {
                        blocked = true;
                        continue;
                    }
                    waited = true;
                    let _ = sys::wait(&[self.socket.as_raw_fd()], sys::WRITABLE, BLOCKED_MAX);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if self.is_cured_by_fragments(&error) => {}
                Err(error) => {
                    self.refused(&error, rest.first(), egress);
                    at += 1;
                }
            }
        }
        self.end_fragments();
        egress.clear();
    }

    /// Lets the datagrams that follow leave in fragments, where a path is too narrow for one and that was not tried yet.
    fn is_cured_by_fragments(&mut self, error: &io::Error) -> bool {
        if self.fragments || !sys::is_too_long(error) {
            return false;
        }
        self.fragments = sys::let_fragment(&self.socket, true).is_ok();
        self.cured = self.fragments;
        self.fragments
    }

    fn end_fragments(&mut self) {
        if std::mem::take(&mut self.cured) {
            self.fragments = sys::let_fragment(&self.socket, false).is_err();
        }
    }

    fn refused(&mut self, error: &io::Error, run: Option<&Run>, egress: &Egress) {
        let Some(run) = run else { return };
        if run.segments > 1 && sys::is_gso_fault(error) {
            // Checksum offload is missing on that route, or a tunnel makes the segments too long: this viewer only.
            self.counters.gso_fallbacks += 1;
            if self.plain.len() >= PLAIN_ADDRESSES_MAX {
                self.plain.clear();
            }
            self.plain.insert(run.path.remote);
            self.send_plainly(run, egress.bytes(run));
        } else if error.raw_os_error() == Some(libc::ENOBUFS) {
            // The queue of the network device is full.
            self.counters.blocked += u64::from(run.segments);
            note_full(&mut self.full, run.path);
        } else {
            self.counters.failed += u64::from(run.segments);
        }
    }

    /// The datagrams of a run into the sink of their stream.
    fn send_to_stream(&mut self, run: &Run, bytes: &[u8], sink: Option<&dyn StreamSink>) {
        let Some(sink) = sink else {
            self.counters.failed += u64::from(run.segments);
            return;
        };
        let refused = bytes
            .chunks(run.segment_bytes)
            .filter(|datagram| !sink.send(datagram))
            .count();
        if refused > 0 {
            self.counters.streams_full += refused as u64;
            note_full(&mut self.full, run.path);
        }
    }

    fn send_one(&mut self, run: &Run, bytes: &[u8]) -> io::Result<usize> {
        self.sender.send(self.socket.as_fd(), std::iter::once((run, bytes)))
    }

    /// The sealed bytes as they are, one datagram at a time.
    fn send_plainly(&mut self, run: &Run, bytes: &[u8]) {
        for segment in bytes.chunks(run.segment_bytes) {
            let single = run.single(segment.len());
            let mut sent = self.send_one(&single, segment);
            if sent.as_ref().is_err_and(|error| self.is_cured_by_fragments(error)) {
                sent = self.send_one(&single, segment);
            }
            match sent {
                Ok(_) => self.counters.sent(std::slice::from_ref(&single)),
                Err(error) if is_timeout(&error) => {
                    self.counters.blocked += 1;
                    note_full(&mut self.full, run.path);
                }
                Err(_) => self.counters.failed += 1,
            }
        }
    }
}

/// Runs of one viewer follow each other, so that it is noted once.
fn note_full(full: &mut Vec<Path>, path: Path) {
    if full.last() != Some(&path) {
        full.push(path);
    }
}

#[cfg(test)]
mod tests;
