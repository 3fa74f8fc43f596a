// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The send arena: datagrams are written once, where they will be sent from, and grouped into runs that one
//! `sendmsg` with `UDP_SEGMENT` can carry. It knows sizes and addresses, never what is inside.

use std::net::{IpAddr, SocketAddr};

/// Bytes of one arena; a chunk of viewers must fit or is continued in the next one.
pub const ARENA_BYTES: usize = 1 << 20;
/// Largest datagram that we ever write, bytes.
pub const DATAGRAM_BYTES_MAX: usize = 1_500;
/// Linux accepts at most this many segments in one send (`UDP_MAX_SEGMENTS`).
pub const RUN_SEGMENTS_MAX: u16 = 64;
/// A run stays below the largest UDP payload, bytes.
pub const RUN_BYTES_MAX: usize = 64_000;

/// What a stream is, for those who count: the media plane treats all of them alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKind {
    /// ICE-TCP (RFC 6544).
    Tcp,
    /// A TURN allocation (RFC 8656) whose client speaks UDP.
    TurnUdp,
    /// The same over TCP.
    TurnTcp,
    /// The same over TLS.
    TurnTls,
}

impl StreamKind {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Tcp, Self::TurnUdp, Self::TurnTcp, Self::TurnTls];

    /// Stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::TurnUdp => "turn-udp",
            Self::TurnTcp => "turn-tcp",
            Self::TurnTls => "turn-tls",
        }
    }
}

/// A byte stream or relay that the shell holds for a peer. Its number is unique for the life of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// From 1.
    pub number: u64,
    /// What it is.
    pub kind: StreamKind,
}

/// What carries a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// The UDP port.
    Udp,
    /// A stream or relay of the shell.
    Stream(StreamId),
}

/// Where a datagram goes and which of our addresses it leaves from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path {
    /// What carries it.
    pub via: Via,
    /// Our address as the peer sees it (`IP_PKTINFO`); none: the system chooses.
    pub local: Option<IpAddr>,
    /// The peer's address.
    pub remote: SocketAddr,
}

impl Path {
    /// The peer's end: the same address through another carrier is another end.
    #[must_use]
    pub fn end(&self) -> (Via, SocketAddr) {
        (self.via, self.remote)
    }
}

/// Datagrams to one address, all of `segment_bytes` but the last, which may be shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Where to.
    pub path: Path,
    /// First byte in the arena.
    pub start: usize,
    /// Bytes in all.
    pub len: usize,
    /// Bytes of each datagram but the last.
    pub segment_bytes: usize,
    /// Number of datagrams.
    pub segments: u16,
    open: bool,
}

impl Run {
    /// One datagram of this run, to be sent by itself.
    #[must_use]
    pub fn single(&self, len: usize) -> Run {
        Run {
            segments: 1,
            len,
            open: false,
            ..*self
        }
    }
}

/// Datagrams waiting to be sent.
///
/// Contract: `push` or `reserve` + `commit` any number of times while [`Egress::has_room`], hand [`Egress::runs`] and
/// [`Egress::bytes`] to the socket, then [`Egress::clear`]. Sealed bytes are never sealed again: what the socket did
/// not take is resent as it is, or dropped.
#[derive(Debug)]
pub struct Egress {
    arena: Vec<u8>,
    used: usize,
    runs: Vec<Run>,
}

impl Default for Egress {
    fn default() -> Self {
        Self::new()
    }
}

impl Egress {
    /// An empty arena; the only allocation it ever makes for bytes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            arena: vec![0; ARENA_BYTES],
            used: 0,
            runs: Vec::with_capacity(1_024),
        }
    }

    /// Whether a datagram of the largest size still fits.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.arena.len() - self.used >= DATAGRAM_BYTES_MAX
    }

    /// Whether so many datagrams of the largest size still fit, and never less than an empty arena holds.
    #[must_use]
    pub fn has_room_for(&self, datagrams: usize) -> bool {
        self.used == 0 || self.arena.len() - self.used >= datagrams * DATAGRAM_BYTES_MAX
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// What waits, in sending order.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The bytes of a run.
    #[must_use]
    pub fn bytes(&self, run: &Run) -> &[u8] {
        self.arena.get(run.start..run.start + run.len).unwrap_or_default()
    }

    /// Forgets everything that waits.
    pub fn clear(&mut self) {
        self.used = 0;
        self.runs.clear();
    }

    /// Space for one datagram of up to [`DATAGRAM_BYTES_MAX`]; none when the arena is full.
    pub fn reserve(&mut self) -> Option<&mut [u8]> {
        self.arena.get_mut(self.used..self.used + DATAGRAM_BYTES_MAX)
    }

    /// Makes the first `len` bytes of the space reserved last a datagram; it joins the run before it where it may.
    pub fn commit(&mut self, path: Path, len: usize) {
        debug_assert!(len > 0 && len <= DATAGRAM_BYTES_MAX);
        let start = self.used;
        self.used += len;
        if let Some(run) = self.runs.last_mut()
            && run.open
            && run.path == path
            && len <= run.segment_bytes
            && run.segments < RUN_SEGMENTS_MAX
            && run.len + len <= RUN_BYTES_MAX
        {
            run.len += len;
            run.segments += 1;
            run.open = len == run.segment_bytes;
            return;
        }
        self.runs.push(Run {
            path,
            start,
            len,
            segment_bytes: len,
            segments: 1,
            open: true,
        });
    }

    /// The newest datagram, of `len` bytes.
    #[must_use]
    pub fn newest(&self, len: usize) -> &[u8] {
        self.arena
            .get(self.used.saturating_sub(len)..self.used)
            .unwrap_or_default()
    }

    /// Copies a finished datagram in. Returns false when it does not fit.
    pub fn push(&mut self, path: Path, datagram: &[u8]) -> bool {
        let Some(space) = self.reserve().and_then(|space| space.get_mut(..datagram.len())) else {
            return false;
        };
        space.copy_from_slice(datagram);
        self.commit(path, datagram.len());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(port: u16) -> Path {
        Path {
            via: Via::Udp,
            local: None,
            remote: SocketAddr::from(([127, 0, 0, 1], port)),
        }
    }

    #[test]
    fn equal_sizes_to_one_address_make_one_run_and_a_shorter_one_ends_it() {
        let mut egress = Egress::new();
        for len in [100, 100, 60, 60] {
            assert!(egress.push(path(1), &vec![7; len]));
        }
        let shapes: Vec<_> = egress
            .runs()
            .iter()
            .map(|r| (r.segments, r.len, r.segment_bytes))
            .collect();
        assert_eq!(shapes, [(3, 260, 100), (1, 60, 60)]);
    }

    #[test]
    fn another_address_or_a_longer_datagram_starts_a_run() {
        let mut egress = Egress::new();
        egress.push(path(1), &[1; 50]);
        egress.push(path(2), &[1; 50]);
        egress.push(path(2), &[1; 51]);
        assert_eq!(egress.runs().len(), 3);
        let id = StreamId {
            number: 1,
            kind: StreamKind::Tcp,
        };
        let stream = Path {
            via: Via::Stream(id),
            ..path(2)
        };
        egress.push(stream, &[1; 51]);
        assert_eq!(egress.runs().len(), 4, "another carrier is another way");
    }

    #[test]
    fn a_run_holds_no_more_segments_than_the_kernel_takes() {
        let mut egress = Egress::new();
        for _ in 0..65 {
            egress.push(path(1), &[1; 10]);
        }
        assert_eq!(egress.runs().iter().map(|r| r.segments).collect::<Vec<_>>(), [64, 1]);
    }

    #[test]
    fn a_full_arena_takes_nothing_more_until_cleared() {
        let mut egress = Egress::new();
        while egress.has_room() {
            assert!(egress.push(path(1), &[1; DATAGRAM_BYTES_MAX]));
        }
        assert!(!egress.push(path(1), &[1; DATAGRAM_BYTES_MAX]));
        egress.clear();
        assert!(egress.push(path(1), &[1; 10]));
    }
}
