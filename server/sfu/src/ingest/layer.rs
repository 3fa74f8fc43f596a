// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One layer of a source: its line of packets across SSRC changes, its losses, its clock and its history.
//! Which packets are its own was decided by the demultiplexer.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::keyframes::KeyframeRequests;
use super::nack::{GivenUp, NackGenerator};
use super::packet::{Dependency, Layered, MediaPacket, Part};
use super::rate::Rate;
use super::reception::Reception;
use super::ring::Ring;
use super::rtp_clock::LayerClock;
use super::subsets::{SUBSETS, Subsets, ends_picture, subset_of};
use super::window::{Placed, ReceiveWindow};
use crate::codec::av1::dependency::Reader as DependencyReader;
use crate::codec::h264::ParameterSets;
use crate::codec::{Facts, LayerPlace, Structure};
use crate::rtp::{AudioLevel, RtpHeader, SeqUnwrap};
use crate::sdp::{Codec, PayloadType};

/// Sequence numbers of one round.
const ROUND: u64 = 1 << 16;

/// A packet that was placed in its layer and waits to be looked at.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) header: RtpHeader,
    pub(super) payload: Bytes,
    pub(super) payload_type: PayloadType,
    pub(super) audio_level: Option<AudioLevel>,
    /// Server time of its timestamp, microseconds.
    pub(super) server_us: i64,
    pub(super) size: usize,
    pub(super) dependency: Option<Dependency>,
}

/// Where a packet came to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) ext_seq: u64,
    pub(super) placed: Placed,
    pub(super) given_up: GivenUp,
}

/// One layer.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) ssrc: Option<u32>,
    /// Last media packet of its own SSRC; none while it is silent.
    pub(super) last_arrival: Option<Instant>,
    pub(super) nacks: NackGenerator,
    pub(super) nack_negotiated: bool,
    pub(super) reception: Reception,
    pub(super) clock: LayerClock,
    pub(super) keyframes: KeyframeRequests,
    pub(super) ring: Ring,
    pub(super) parameter_sets: ParameterSets,
    pub(super) rate: Rate,
    /// While its stream has layers of its own.
    pub(super) subsets: Option<Box<Subsets>>,
    dependencies: DependencyReader,
    epoch: u32,
    line: SeqUnwrap,
    /// Added to the line; a multiple of 65,536, so that the low 16 bits stay those on the wire.
    offset: u64,
    window: ReceiveWindow,
    rate_hz: u32,
}

impl Layer {
    pub(super) fn new(rate_hz: u32, ring_packets: usize) -> Self {
        Self {
            ssrc: None,
            last_arrival: None,
            nacks: NackGenerator::new(),
            nack_negotiated: false,
            reception: Reception::new(),
            clock: LayerClock::new(rate_hz),
            keyframes: KeyframeRequests::default(),
            ring: Ring::new(ring_packets),
            parameter_sets: ParameterSets::default(),
            rate: Rate::default(),
            subsets: None,
            dependencies: DependencyReader::default(),
            epoch: 0,
            line: SeqUnwrap::new(),
            offset: 0,
            window: ReceiveWindow::new(),
            rate_hz,
        }
    }

    /// Takes over an SSRC. True when it replaced another one: the line goes on further up, all else starts anew.
    pub(super) fn adopt(&mut self, ssrc: u32) -> bool {
        if self.ssrc == Some(ssrc) {
            return false;
        }
        let replaced = self.ssrc.replace(ssrc).is_some();
        if let Some(highest) = self.window.highest() {
            self.offset = (highest / ROUND + 1) * ROUND;
            self.epoch += 1;
            self.line = SeqUnwrap::new();
            self.window = ReceiveWindow::new();
            self.nacks = NackGenerator::new();
            self.reception = Reception::new();
            self.clock = LayerClock::new(self.rate_hz);
            self.ring.clear();
            self.parameter_sets = ParameterSets::default();
            self.dependencies = DependencyReader::default();
        }
        replaced
    }

    /// Finds the place of a sequence number. `now_us`: server time, for what the SSRC itself sent (not RTX).
    pub(super) fn place(&mut self, now: Instant, header: &RtpHeader, now_us: Option<i64>) -> Place {
        let ext_seq = self.line.extend(header.seq) + self.offset;
        let placed = self.window.insert(ext_seq);
        if let Some(now_us) = now_us {
            self.reception
                .on_packet(ext_seq, self.clock.ticks(now_us), header.timestamp);
            if placed == Placed::Fresh {
                self.clock.on_packet(now_us, header.timestamp);
            }
        }
        let given_up = match placed {
            Placed::Fresh => self.nacks.on_packet(now, ext_seq, now_us.is_none()),
            Placed::Duplicate | Placed::TooOld => GivenUp::default(),
        };
        Place {
            ext_seq,
            placed,
            given_up,
        }
    }

    /// Takes the place of a lost packet for what was rebuilt. False when it is there already, or too old.
    pub(super) fn repair(&mut self, now: Instant, ext_seq: u64) -> bool {
        let fresh = self.window.insert(ext_seq) == Placed::Fresh;
        if fresh {
            self.nacks.on_packet(now, ext_seq, false);
        }
        fresh
    }

    /// Whether a loss leaves viewers without a picture until the next key frame.
    pub(super) fn needs_keyframe_after(&self, given_up: GivenUp) -> bool {
        given_up
            .newest
            .is_some_and(|lost| self.ring.last_keyframe_start().is_none_or(|start| lost > start))
    }

    /// Makes the packet that is shared, and keeps it.
    pub(super) fn keep(&mut self, now: Instant, ext_seq: u64, arrived: Arrived, facts: Facts) -> Arc<MediaPacket> {
        let server_us = arrived.server_us;
        self.rate.on_packet(now, arrived.size);
        let keyframe_start = facts.is_keyframe_start();
        if keyframe_start {
            self.keyframes.on_keyframe(now);
            self.nacks.on_keyframe(ext_seq);
        }
        if let Facts::H264(facts) = facts
            && (facts.sps || facts.pps)
        {
            self.parameter_sets.update(&arrived.payload);
        }
        let parameter_sets = match facts {
            Facts::H264(facts) if keyframe_start && !facts.sps => self.parameter_sets.stap_a().cloned(),
            _ => None,
        };
        let packet = Arc::new(MediaPacket {
            arrival: now,
            ext_seq,
            seq: arrived.header.seq,
            timestamp: arrived.header.timestamp,
            server_us,
            marker: arrived.header.marker,
            codec: arrived.payload_type.codec,
            epoch: self.epoch,
            payload: arrived.payload,
            audio_level: arrived.audio_level,
            keyframe_start,
            facts,
            parameter_sets,
            dependency: arrived.dependency,
            layered: None,
            size: arrived.size,
        });
        self.ring.set_keep_gop(self.keyframes.ignores_pli());
        self.ring.push(Arc::clone(&packet));
        packet
    }

    /// Which layers a packet is of, and what it announces of them. A descriptor that cannot be read (before what it refers
    /// to, or nonsense) or is missing stands for the lowest layers, of which everybody gets everything.
    fn place_of(&mut self, packet: &MediaPacket) -> Option<(LayerPlace, Option<Structure>)> {
        let Some(dependency) = &packet.dependency else {
            if packet.codec == Codec::Av1 && self.subsets.is_some() {
                return Some((LayerPlace::default(), None));
            }
            return packet.facts.place().map(|place| (place, packet.facts.structure()));
        };
        let Some(read) = self.dependencies.read(&dependency.bytes) else {
            return Some((LayerPlace::default(), None));
        };
        let structure = self.dependencies.structure().filter(|_| read.has_structure);
        Some((read.place(), structure.map(|structure| structure.summary())))
    }

    /// The packet as it is in each subset of a stream with layers; none in a stream without.
    pub(super) fn divide(&mut self, now: Instant, packet: &MediaPacket) -> Option<[Option<Part>; SUBSETS]> {
        let Some((place, structure)) = self.place_of(packet) else {
            self.subsets = None;
            return None;
        };
        let subsets = self.subsets.get_or_insert_default();
        if let Some(structure) = structure {
            subsets.announce(&structure);
        }
        subsets.see(now, &place, packet.size);
        let numbers = subsets.number(packet.ext_seq, packet.timestamp, Some(place));
        let mut parts = [const { None }; SUBSETS];
        let places = parts.iter_mut().zip(numbers.own).zip(numbers.void).enumerate();
        for (subset, ((part, own), void)) in places.filter(|(subset, _)| subsets.is_offered(*subset)) {
            let marker = ends_picture(&place, subset, packet.marker);
            *part = match (own, void) {
                (Some(number), _) => Some(MediaPacket {
                    ext_seq: number,
                    marker,
                    // Higher layers of a key picture need the lower ones.
                    keyframe_start: packet.keyframe_start && place.spatial == 0,
                    layered: Some(Layered {
                        goes_on: numbers.next.filter(|_| marker),
                    }),
                    ..packet.clone()
                }),
                (None, Some(number)) => Some(packet.nothing_at(number)),
                (None, None) => None,
            }
            .map(|packet| Part {
                packet: Arc::new(packet),
                height: subsets.height(subset),
                is_own: subset == subset_of(&place),
            });
        }
        Some(parts)
    }
}
