// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Everything that leaves the server passes here. What holds for every datagram of every run is asserted here:
//! no (ssrc, index) is sealed twice (the same bytes may go out again), lines begin well above zero, runs are what one `sendmsg` can carry.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

use fiera_sfu::egress::{Egress, Path, RUN_BYTES_MAX, RUN_SEGMENTS_MAX};

/// What a datagram is by its first bytes (RFC 7983, RFC 5761).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Stun,
    Dtls,
    Rtp,
    Rtcp,
    Other,
}

impl Kind {
    pub(crate) fn of(datagram: &[u8]) -> Kind {
        match datagram {
            [0..=3, ..] => Kind::Stun,
            [20..=63, ..] => Kind::Dtls,
            [128..=191, 192..=223, ..] => Kind::Rtcp,
            [128..=191, ..] => Kind::Rtp,
            _ => Kind::Other,
        }
    }
}

/// One datagram that left the server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) at_us: u64,
    pub(crate) to: SocketAddr,
    pub(crate) kind: Kind,
}

/// All that left the server.
#[derive(Debug, Default)]
pub(crate) struct WireLog {
    pub(crate) sent: Vec<Sent>,
    highest: BTreeMap<u32, u64>,
    sealed: BTreeMap<(u32, u64), u64>,
}

impl WireLog {
    /// Takes what waits in the arena apart into datagrams, as the socket would.
    pub(crate) fn drain(&mut self, now_us: u64, egress: &mut Egress) -> Vec<(Path, Vec<u8>)> {
        let mut datagrams = Vec::new();
        for run in egress.runs() {
            assert!(
                run.segments <= RUN_SEGMENTS_MAX && run.len <= RUN_BYTES_MAX,
                "a run too large: {run:?}"
            );
            let bytes = egress.bytes(run);
            assert_eq!(
                bytes.chunks(run.segment_bytes).count(),
                usize::from(run.segments),
                "{run:?}"
            );
            for datagram in bytes.chunks(run.segment_bytes) {
                self.note(now_us, run.path.remote, datagram);
                datagrams.push((run.path, datagram.to_vec()));
            }
        }
        egress.clear();
        datagrams
    }

    fn note(&mut self, at_us: u64, to: SocketAddr, datagram: &[u8]) {
        let kind = Kind::of(datagram);
        self.sent.push(Sent { at_us, to, kind });
        if kind != Kind::Rtp {
            return;
        }
        let [_, _, s0, s1, _, _, _, _, c0, c1, c2, c3, ..] = *datagram else {
            panic!("RTP without a header")
        };
        let (seq, ssrc) = (u16::from_be_bytes([s0, s1]), u32::from_be_bytes([c0, c1, c2, c3]));
        let index = match self.highest.get(&ssrc) {
            None => {
                assert!((1_000..32_000).contains(&seq), "the line of {ssrc} starts at {seq}");
                u64::from(seq)
            }
            Some(highest) => {
                let ahead = i64::from(seq.wrapping_sub(*highest as u16) as i16);
                highest.checked_add_signed(ahead).expect("no line goes below zero")
            }
        };
        let highest = self.highest.entry(ssrc).or_insert(index);
        *highest = index.max(*highest);
        let mut hasher = DefaultHasher::new();
        datagram.hash(&mut hasher);
        let before = self.sealed.insert((ssrc, index), hasher.finish());
        assert!(
            before.is_none_or(|before| before == hasher.finish()),
            "(ssrc {ssrc}, index {index}) was sealed twice"
        );
    }

    /// Datagrams of a kind that went to an address within a time.
    pub(crate) fn count(&self, to: SocketAddr, kind: Kind, from_us: u64, until_us: u64) -> usize {
        let within = |sent: &&Sent| sent.to == to && sent.kind == kind && (from_us..until_us).contains(&sent.at_us);
        self.sent.iter().filter(within).count()
    }
}
