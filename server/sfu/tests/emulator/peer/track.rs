// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One source of a publisher: an encoder that makes stamped frames in one or more layers, and remembers what it sent.

use std::collections::BTreeMap;

use fiera_sfu::api::SourceKind;
use fiera_sfu::sdp::Codec;

use super::dependency;
use super::payload::{self, Picture, Stamp};
use crate::net::random::Random;

/// Sent packets kept for NACKs.
const HISTORY_PACKETS: u64 = 1_000;
/// Time between two audio packets.
const AUDIO_FRAME_US: u64 = 20_000;
/// Time between two pictures.
const VIDEO_FRAME_US: u64 = 33_000;

/// Temporal layers of consecutive pictures with three of them.
const TEMPORAL: [u8; 4] = [0, 2, 1, 2];
/// Packets of each spatial layer of a picture.
const SPATIAL_PARTS: [u8; 3] = [1, 2, 4];

/// One encoding.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) rid: Option<&'static str>,
    pub(crate) ssrc: u32,
    pub(crate) rtx_ssrc: u32,
    pub(crate) parts: u8,
    /// Whether it is sent.
    pub(crate) on: bool,
    /// A keyframe was asked for.
    pub(crate) key_wanted: bool,
    pub(crate) next_index: u64,
    pub(crate) next_rtx_index: u64,
    /// Packets sent in all.
    pub(crate) sent: u32,
    pub(crate) last_timestamp: u32,
    picture: Picture,
    since_key: Option<u32>,
    /// By sequence number.
    pub(crate) history: BTreeMap<u64, Packet>,
}

/// One packet before its header.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    pub(crate) index: u64,
    pub(crate) codec: Codec,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) payload: Vec<u8>,
    /// Dependency descriptor.
    pub(crate) dependency: Option<Vec<u8>>,
    pub(crate) stamp: Stamp,
}

/// One source.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) kind: SourceKind,
    pub(crate) codec: Codec,
    pub(crate) layers: Vec<Layer>,
    /// Frames from one keyframe to the next that nobody asked for.
    pub(crate) gop: u32,
    pub(crate) ignores_pli: bool,
    /// How many times the packets of another frame a keyframe takes.
    pub(crate) key_weight: u8,
    /// Voice level in -dBov (RFC 6464).
    pub(crate) minus_dbov: u8,
    pub(crate) on: bool,
    /// Spatial layers that are sent, of a stream that has them.
    pub(crate) spatial_layers: u8,
    /// Whether H.264 parameter sets come with the first keyframe only.
    pub(crate) sets_once: bool,
    /// From capture to sending: what an encoder takes, microseconds.
    pub(crate) latency_us: u64,
    /// RTP timestamp at time 0.
    pub(crate) timestamp_base: u32,
    /// How many earlier packets each one of sound repeats (RFC 2198).
    pub(crate) copies: u64,
    who: u8,
    next_us: u64,
    frame: u32,
    random: Random,
}

impl Track {
    fn new(
        who: u8,
        kind: SourceKind,
        codec: Codec,
        layers: &[(Option<&'static str>, u16, u8)],
        mut random: Random,
    ) -> Self {
        let first_ssrc = u32::from(who) * 1_000 + u32::from(payload::number(kind)) * 100;
        let layers = (0_u32..).zip(layers).map(|(number, (rid, height, parts))| Layer {
            rid: *rid,
            ssrc: first_ssrc + number * 10,
            rtx_ssrc: first_ssrc + number * 10 + 5,
            parts: *parts,
            on: true,
            key_wanted: false,
            next_index: random.below(65_536),
            next_rtx_index: random.below(30_000),
            sent: 0,
            last_timestamp: 0,
            picture: Picture {
                id: random.below(32_768) as u16,
                tl0: random.below(256) as u8,
                height: *height,
                spatial: None,
                keyed: false,
            },
            since_key: None,
            history: BTreeMap::new(),
        });
        let layers = layers.collect();
        Self {
            kind,
            codec,
            layers,
            gop: 3_000,
            ignores_pli: false,
            key_weight: 3,
            minus_dbov: 127,
            on: true,
            spatial_layers: 3,
            sets_once: false,
            latency_us: 0,
            timestamp_base: random.next_u32(),
            copies: 0,
            who,
            next_us: random.below(VIDEO_FRAME_US),
            frame: 0,
            random,
        }
    }

    /// A microphone that is silent (127 -dBov) until told otherwise.
    pub(crate) fn audio(who: u8, kind: SourceKind, random: Random) -> Self {
        Self::new(who, kind, Codec::Opus, &[(None, 0, 1)], random)
    }

    /// A picture in one layer, three packets a frame.
    pub(crate) fn video(who: u8, kind: SourceKind, codec: Codec, random: Random) -> Self {
        Self::new(who, kind, codec, &[(None, 720, 3)], random)
    }

    /// A picture in three layers told apart by rid alone.
    pub(crate) fn simulcast(who: u8, kind: SourceKind, random: Random) -> Self {
        let layers = [(Some("q"), 180, 1), (Some("h"), 360, 2), (Some("f"), 720, 4)];
        Self::new(who, kind, Codec::Vp8, &layers, random)
    }

    /// A picture in three spatial and three temporal layers of one stream (`L3T3`, or `L3T3_KEY` where `keyed`).
    pub(crate) fn svc(who: u8, kind: SourceKind, codec: Codec, keyed: bool, random: Random) -> Self {
        let mut track = Self::new(who, kind, codec, &[(None, 720, 1)], random);
        track.layers[0].picture.spatial = Some([180, 360, 720]);
        track.layers[0].picture.keyed = keyed;
        track
    }

    /// RTP timestamp of a moment.
    pub(crate) fn timestamp_at(&self, now_us: u64) -> u32 {
        let ticks = now_us * u64::from(self.codec.clock_rate_hz()) / 1_000_000;
        self.timestamp_base.wrapping_add(ticks as u32)
    }

    /// From the next frame on another codec, as after a renegotiation of preferences; begins with a keyframe.
    pub(crate) fn change_codec(&mut self, codec: Codec) {
        self.codec = codec;
        self.layers.iter_mut().for_each(|layer| layer.key_wanted = true);
    }

    /// The packets that are due, with the number of their layer.
    pub(crate) fn poll(&mut self, now_us: u64) -> Vec<(usize, Packet)> {
        let mut packets = Vec::new();
        let is_audio = self.codec == Codec::Opus;
        let period_us = if is_audio { AUDIO_FRAME_US } else { VIDEO_FRAME_US };
        // An encoder begins when the connection is there, with one frame.
        if self.next_us + period_us <= now_us {
            self.next_us = now_us;
        }
        while self.next_us <= now_us {
            self.next_us += period_us;
            self.frame += 1;
            if !self.on {
                continue;
            }
            let timestamp = self.timestamp_at(now_us.saturating_sub(self.latency_us));
            for (number, layer) in self.layers.iter_mut().enumerate().filter(|(_, layer)| layer.on) {
                let wanted = layer.key_wanted && !self.ignores_pli;
                let key = !is_audio && (wanted || layer.since_key.is_none_or(|since| since + 1 >= self.gop));
                layer.since_key = Some(if key { 0 } else { layer.since_key.unwrap_or(0) + 1 });
                layer.key_wanted &= !key;
                layer.last_timestamp = timestamp;
                let temporal = match layer.picture.spatial {
                    Some(_) => TEMPORAL[layer.since_key.unwrap_or(0) as usize % TEMPORAL.len()],
                    None => 0,
                };
                layer.picture.id = (layer.picture.id + 1) & 0x7FFF;
                layer.picture.tl0 = layer.picture.tl0.wrapping_add(u8::from(temporal == 0));
                let frames: Vec<(u8, u8)> = match layer.picture.spatial {
                    Some(_) => (0..self.spatial_layers).zip(SPATIAL_PARTS).collect(),
                    None => vec![(number as u8, layer.parts)],
                };
                let heights = layer.picture.spatial.filter(|_| self.codec == Codec::Av1);
                let weight = if key { self.key_weight } else { 1 };
                let each = |(layer, parts): &(u8, u8)| {
                    let (layer, parts) = (*layer, parts.saturating_mul(weight));
                    (0..parts).map(move |part| (layer, part, parts))
                };
                let parts: Vec<_> = frames.iter().flat_map(each).collect();
                for (place, (spatial, part, parts_of)) in parts.iter().copied().enumerate() {
                    let kind = payload::number(self.kind);
                    let stamp = Stamp {
                        who: self.who,
                        kind,
                        layer: spatial,
                        temporal,
                        frame: self.frame,
                        part,
                        parts: parts_of,
                        key,
                    };
                    let packet = Packet {
                        index: layer.next_index,
                        codec: self.codec,
                        timestamp,
                        dependency: heights.map(|heights| dependency::descriptor(&stamp, heights)),
                        marker: !is_audio && place + 1 == parts.len(),
                        payload: payload::build(
                            self.codec,
                            &stamp,
                            &layer.picture,
                            !self.sets_once || layer.sent == 0,
                            &mut self.random,
                        ),
                        stamp,
                    };
                    layer.next_index += 1;
                    layer.history.insert(packet.index, packet.clone());
                    while layer.history.len() as u64 >= HISTORY_PACKETS {
                        layer.history.pop_first();
                    }
                    packets.push((number, packet));
                }
            }
        }
        packets
    }
}
