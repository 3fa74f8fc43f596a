// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What was sent to one viewer, by transport-wide number, until the viewer has reported on it.
//! A ring of fixed size: remembering a packet is one store, and nothing is ever allocated again.

/// Packets remembered: 1.7 s at 10 Mbit/s, ten seconds at 1.5 Mbit/s. A power of two.
pub const SENT_PACKETS_MAX: usize = 2_048;

/// Why a packet was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SentKind {
    /// Sound or picture, for the first time.
    #[default]
    Media,
    /// Only sent to measure: padding, or an old packet again on the retransmission SSRC.
    Padding,
    /// Asked for by a NACK.
    Retransmission,
}

/// What is known of a packet's fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Fate {
    /// Not reported yet.
    #[default]
    Pending,
    /// Reported as not received, which a later report may take back.
    Lost,
    /// Reported as received.
    Received,
    /// Sent once more under the same number, so that reports say nothing of the first time.
    Resent,
}

/// One packet, 8 bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sent {
    /// Low 32 bits of the sending time, microseconds.
    at_us: u32,
    /// Size on the wire, bytes.
    pub(super) bytes: u16,
    pub(super) fate: Fate,
    /// Low bits: number of the probe cluster, 0 for none.
    pub(super) cluster: u8,
}

impl Sent {
    /// Sending time, given a time at most 71 minutes later.
    pub(super) fn at_us(&self, now_us: u64) -> u64 {
        now_us.saturating_sub(u64::from((now_us as u32).wrapping_sub(self.at_us)))
    }
}

/// What a number in a report stands for.
pub(super) enum Found<'a> {
    Sent(&'a mut Sent),
    /// Too long ago.
    Forgotten,
    NeverSent,
}

/// Packets sent, by transport-wide number.
#[derive(Debug)]
pub(super) struct SentRing {
    slots: Box<[Sent]>,
    next_seq: u16,
    /// Slots that hold a packet, up to all.
    held: u16,
}

impl SentRing {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![Sent::default(); SENT_PACKETS_MAX].into_boxed_slice(),
            next_seq: 0,
            held: 0,
        }
    }

    /// Remembers a packet. Numbers follow each other; after a jump everything before it is forgotten, and false returned.
    pub(super) fn push(&mut self, seq: u16, at_us: u64, bytes: u16, cluster: u8) -> bool {
        let follows = self.held == 0 || seq == self.next_seq;
        if !follows {
            self.held = 0;
        }
        if let Some(slot) = self.slots.get_mut(usize::from(seq) % SENT_PACKETS_MAX) {
            *slot = Sent {
                at_us: at_us as u32,
                bytes,
                fate: Fate::Pending,
                cluster,
            };
        }
        self.next_seq = seq.wrapping_add(1);
        self.held = (self.held + 1).min(SENT_PACKETS_MAX as u16);
        follows
    }

    /// Reads what [`SentRing::push`] will write; see [`crate::viewer::Viewer::look_ahead`].
    pub(super) fn look_ahead(&self) -> u64 {
        let next = self.slots.get(usize::from(self.next_seq) % SENT_PACKETS_MAX);
        next.map_or(0, |sent| u64::from(sent.at_us))
    }

    pub(super) fn find(&mut self, seq: u16) -> Found<'_> {
        let age = self.next_seq.wrapping_sub(1).wrapping_sub(seq);
        if age >= self.held {
            return if age < 1 << 15 && self.held > 0 {
                Found::Forgotten
            } else {
                Found::NeverSent
            };
        }
        match self.slots.get_mut(usize::from(seq) % SENT_PACKETS_MAX) {
            Some(slot) => Found::Sent(slot),
            None => Found::NeverSent,
        }
    }
}
