// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What each connection gets and why, for operators, and how the viewers of each room fare, for organisers. Plain values
//! that are made when somebody asks; nothing is changed or kept.
//! A connection's view holds no address, no participant and no room; a room's view holds nobody.

use std::collections::BTreeMap;

use super::relay::ThreadId;
use super::{Sfu, Tables};
use crate::allocate::Reason;
use crate::api::{PeerId, RoomKey, SourceKind};
use crate::bwe::Estimate;
use crate::egress::{StreamKind, Via};
use crate::ingest::IngestCounters;
use crate::sdp::SlotKind;
use crate::transport::Transport;
use crate::viewer::Viewer;

/// Upper bounds of the distribution of losses, shares of 1.
pub const LOSS_BUCKETS: [f32; 5] = [0.005, 0.02, 0.05, 0.1, 0.2];

/// What carries a connection's media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// Nothing yet: ICE or DTLS is not complete.
    None,
    /// The UDP port.
    Udp,
    /// A TCP connection or a TURN allocation.
    Stream(StreamKind),
}

impl Carrier {
    /// All that can carry media.
    pub const ALL: [Self; 5] = [
        Self::Udp,
        Self::Stream(StreamKind::Tcp),
        Self::Stream(StreamKind::TurnUdp),
        Self::Stream(StreamKind::TurnTcp),
        Self::Stream(StreamKind::TurnTls),
    ];

    pub(super) fn of(transport: &Transport) -> Self {
        match transport.media_path().map(|path| path.via) {
            None => Self::None,
            Some(Via::Udp) => Self::Udp,
            Some(Via::Stream(id)) => Self::Stream(id.kind),
        }
    }

    /// Stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Udp => "udp",
            Self::Stream(kind) => kind.name(),
        }
    }
}

/// One layer of one source as it comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerView {
    /// Height of its pictures, pixels, once known.
    pub height: Option<u16>,
    /// Bits per second, RTP packets.
    pub bps: u64,
    /// Packets came in within the last second or so.
    pub flowing: bool,
}

/// One source of a publishing connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceView {
    /// Which.
    pub kind: SourceKind,
    /// Not muted by the server.
    pub live: bool,
    /// Lowest first; those that were seen.
    pub layers: Vec<LayerView>,
}

/// One slot of a viewing connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotView {
    /// Its number in the rack.
    pub slot: u8,
    /// What may appear in it.
    pub kind: SlotKind,
    /// Height that the client shows it at, pixels; none: it wants nothing.
    pub want: Option<u16>,
    /// The layer that is sent, from 0; none: nothing is.
    pub layer: Option<u8>,
    /// The layer that it would get if its publisher sent all of them.
    pub wished: Option<u8>,
    /// Why.
    pub reason: Reason,
    /// Packets sent since the connection began, modulo 2^32.
    pub packets: u32,
    /// Retransmissions sent beside them, modulo 2^32.
    pub retransmitted: u32,
}

/// What a connection carries, by its direction.
#[derive(Debug, Clone, PartialEq)]
pub enum Traffic {
    /// Somebody publishes.
    Up {
        /// The sources.
        sources: Vec<SourceView>,
        /// What was counted of its packets.
        counters: Box<IngestCounters>,
    },
    /// Somebody watches.
    Down {
        /// The state of the path; none before media may flow.
        estimate: Option<Estimate>,
        /// The rack.
        slots: Vec<SlotView>,
    },
}

/// One connection.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionView {
    /// Its number; whoever shows it to anybody gives it another name, since this one leads to its event.
    pub peer: PeerId,
    /// The media thread that it lives on.
    pub thread: ThreadId,
    /// What carries it.
    pub carrier: Carrier,
    /// What it carries.
    pub traffic: Traffic,
}

/// How the viewers of one room fare who are sent anything; programs that watch (WHEP) are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RoomQuality {
    /// So many.
    pub viewers: u32,
    /// Of those, who have a smaller picture than they want, or none, for bandwidth or loss.
    pub limited: u32,
    /// Viewers per bucket of [`LOSS_BUCKETS`], then those above.
    pub losses: [u32; LOSS_BUCKETS.len() + 1],
}

impl RoomQuality {
    /// Adds what another thread sees of the room.
    pub fn add(&mut self, other: &Self) {
        self.viewers += other.viewers;
        self.limited += other.limited;
        for (sum, more) in self.losses.iter_mut().zip(other.losses) {
            *sum += more;
        }
    }

    /// Upper bound of the bucket that holds the median of the losses, 0 to 1; none without viewers.
    #[must_use]
    pub fn median_loss(&self) -> Option<f32> {
        let half = self.losses.iter().sum::<u32>().div_ceil(2);
        let mut sum = 0;
        let found = self.losses.iter().position(|count| {
            sum += count;
            sum >= half && half > 0
        })?;
        Some(LOSS_BUCKETS.get(found).copied().unwrap_or(1.0))
    }

    fn note(&mut self, viewer: &Viewer) {
        let (Some(bandwidth), Some(_)) = (&viewer.bandwidth, viewer.participant) else {
            return;
        };
        let is_sent = |reason| !matches!(reason, Reason::Empty | Reason::NotWanted | Reason::NotFlowing);
        if !viewer.slots.iter().any(|slot| is_sent(slot.reason)) {
            return;
        }
        let is_limited = |reason| matches!(reason, Reason::Bandwidth | Reason::Paused | Reason::Loss);
        self.viewers += 1;
        self.limited += u32::from(viewer.slots.iter().any(|slot| is_limited(slot.reason)));
        let loss = bandwidth.estimate().loss;
        let bucket = LOSS_BUCKETS.iter().position(|bound| loss <= *bound);
        if let Some(count) = self.losses.get_mut(bucket.unwrap_or(LOSS_BUCKETS.len())) {
            *count += 1;
        }
    }
}

impl Sfu {
    /// Every connection of this thread. It allocates, and takes about a microsecond for each: nothing to be asked for
    /// many times a second.
    #[must_use]
    pub fn inspect(&self) -> Vec<ConnectionView> {
        let Tables {
            publishers, viewers, ..
        } = &self.tables;
        let view = |peer, transport, traffic| ConnectionView {
            peer,
            thread: self.thread,
            carrier: Carrier::of(transport),
            traffic,
        };
        let up = publishers.iter().map(|(_, publisher)| {
            let sources = publisher.sources.iter().map(|source| SourceView {
                kind: source.source.kind,
                live: source.live,
                layers: source
                    .layers
                    .iter()
                    .map(|layer| LayerView {
                        height: layer.rate.facts.height,
                        bps: layer.rate.bitrate_bps,
                        flowing: layer.rate.facts.flowing,
                    })
                    .collect(),
            });
            let traffic = Traffic::Up {
                sources: sources.collect(),
                counters: Box::new(*publisher.streams.counters()),
            };
            view(publisher.peer, &publisher.transport, traffic)
        });
        let down = viewers.iter().map(|(_, viewer)| {
            let slots = viewer.slots.iter().map(|slot| SlotView {
                slot: slot.media.slot,
                kind: slot.media.kind,
                want: slot.want,
                layer: slot.live.map(|feed| feed.layer),
                wished: slot.wished,
                reason: slot.reason,
                packets: slot.packets(),
                retransmitted: slot.retransmitted(),
            });
            let traffic = Traffic::Down {
                estimate: viewer.bandwidth.as_ref().map(|bandwidth| bandwidth.estimate()),
                slots: slots.collect(),
            };
            view(viewer.peer, &viewer.transport, traffic)
        });
        up.chain(down).collect()
    }

    /// How the viewers on this thread fare, room by room; rooms where nobody is sent anything are left out.
    #[must_use]
    pub fn room_quality(&self) -> BTreeMap<RoomKey, RoomQuality> {
        let mut rooms = BTreeMap::new();
        for (key, room) in &self.rooms {
            let mut quality = RoomQuality::default();
            let viewers = room.viewers.iter().filter_map(|index| self.tables.viewers.get(*index));
            viewers.for_each(|viewer| quality.note(viewer));
            if quality.viewers > 0 {
                rooms.insert(*key, quality);
            }
        }
        rooms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_loss_is_that_of_all_threads_together() {
        assert_eq!(RoomQuality::default().median_loss(), None);
        let mut all = RoomQuality {
            viewers: 3,
            limited: 1,
            losses: [3, 0, 0, 0, 0, 0],
        };
        assert_eq!(all.median_loss(), Some(LOSS_BUCKETS[0]));
        all.add(&RoomQuality {
            viewers: 8,
            limited: 2,
            losses: [0, 0, 3, 0, 0, 5],
        });
        assert_eq!((all.viewers, all.limited), (11, 3));
        assert_eq!(all.median_loss(), Some(LOSS_BUCKETS[2]));
        all.losses[5] += 2;
        assert_eq!(all.median_loss(), Some(1.0));
    }
}
