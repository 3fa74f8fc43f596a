// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A publisher: sends its tracks as browsers do, answers NACK by RTX and PLI by a keyframe, reports its clock.

use std::time::Instant;

use fiera_sfu::api::{ParticipantKey, PeerId, SourceKind};
use fiera_sfu::rtcp::{Compound, Packet as Rtcp, SenderInfo, write_sdes_cname, write_sr};
use fiera_sfu::sdp::{PublishedMedia, PublisherMedia};

use super::endpoint::{Endpoint, Inbound};
use super::media::{RED, payload_type};
use super::payload::Stamp;
use super::track::{Layer, Packet, Track};

/// Packets of a layer that carry mid and rid; later ones are known by their SSRC.
const NAMED_PACKETS: u32 = 40;
/// Time between two sender reports.
const REPORT_US: u64 = 1_000_000;
/// Seconds from 1900 to 1970.
const NTP_UNIX_OFFSET_S: u64 = 2_208_988_800;

/// A media packet that left the publisher for the first time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Produced {
    pub(crate) at_us: u64,
    pub(crate) stamp: Stamp,
}

/// What the server asked for.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) plis: u32,
    pub(crate) nacked: u32,
    pub(crate) transport_feedback: u32,
    /// Highest share of loss in a receiver report, of 256.
    pub(crate) fraction_lost_max: u8,
}

/// One publisher.
pub(crate) struct Publisher {
    pub(crate) peer: PeerId,
    pub(crate) participant: ParticipantKey,
    pub(crate) endpoint: Endpoint,
    pub(crate) tracks: Vec<Track>,
    /// Which packets never leave, unless asked for again.
    pub(crate) loses: fn(&Stamp) -> bool,
    /// Changes the header extensions of a packet before it leaves.
    pub(crate) dress: fn(&mut Vec<(u8, Vec<u8>)>),
    pub(crate) media: PublisherMedia,
    pub(crate) produced: Vec<Produced>,
    pub(crate) asked: Asked,
    /// Whether sender reports are sent.
    pub(crate) reports: bool,
    /// What its wall clock shows at time 0, microseconds since 1970.
    pub(crate) wall_us: u64,
    next_report_us: u64,
    twcc: u16,
}

impl Publisher {
    pub(crate) fn new(
        peer: PeerId,
        participant: ParticipantKey,
        endpoint: Endpoint,
        tracks: Vec<Track>,
        media: PublisherMedia,
    ) -> Self {
        Self {
            peer,
            participant,
            endpoint,
            tracks,
            media,
            loses: |_| false,
            dress: |_| (),
            produced: Vec::new(),
            asked: Asked::default(),
            reports: true,
            wall_us: 1_700_000_000_000_000,
            next_report_us: 0,
            twcc: 0,
        }
    }

    /// The track of a kind.
    pub(crate) fn track(&mut self, kind: SourceKind) -> &mut Track {
        self.tracks
            .iter_mut()
            .find(|track| track.kind == kind)
            .expect("the publisher has it")
    }

    /// Stamps of what was sent within a time.
    pub(crate) fn stamps(&self, from_us: u64, until_us: u64) -> impl Iterator<Item = Stamp> + '_ {
        let within = move |p: &&Produced| (from_us..until_us).contains(&p.at_us);
        self.produced.iter().filter(within).map(|p| p.stamp)
    }

    pub(crate) fn poll(&mut self, now: Instant, now_us: u64) {
        self.endpoint.poll(now);
        if self.endpoint.connected_at.is_none() {
            return;
        }
        for place in 0..self.tracks.len() {
            for (layer, packet) in self.tracks[place].poll(now_us) {
                self.produced.push(Produced {
                    at_us: now_us,
                    stamp: packet.stamp,
                });
                self.send(place, layer, &packet, false);
            }
        }
        if self.reports && self.next_report_us <= now_us {
            self.next_report_us = now_us + REPORT_US;
            self.report(now_us);
        }
    }

    fn report(&mut self, now_us: u64) {
        let unix_us = self.wall_us + now_us;
        let fraction = ((unix_us % 1_000_000) << 32) / 1_000_000;
        let ntp = ((unix_us / 1_000_000 + NTP_UNIX_OFFSET_S) << 32) | fraction;
        let mut compound = Vec::new();
        for track in &self.tracks {
            for layer in track.layers.iter().filter(|layer| layer.sent > 0) {
                let rtp = track.timestamp_at(now_us);
                write_sr(
                    &mut compound,
                    &SenderInfo {
                        ssrc: layer.ssrc,
                        ntp,
                        rtp,
                        packets: layer.sent,
                        octets: 0,
                    },
                    &[],
                );
                write_sdes_cname(&mut compound, layer.ssrc, "publisher");
            }
        }
        if !compound.is_empty() {
            self.endpoint.send_rtcp(&compound);
        }
    }

    fn send(&mut self, place: usize, number: usize, packet: &Packet, again: bool) {
        let track = &mut self.tracks[place];
        let (kind, minus_dbov, copies) = (track.kind, track.minus_dbov, track.copies);
        let Some(layer) = track.layers.get_mut(number) else {
            return;
        };
        let negotiated = |media: &&PublishedMedia| media.source == kind;
        let Some(media) = self.media.media.iter().find(negotiated) else {
            return;
        };
        let ids = media.extensions;
        let codec = payload_type(packet.codec);
        let mut elements: Vec<(u8, Vec<u8>)> = vec![(ids.twcc, self.twcc.to_be_bytes().to_vec())];
        self.twcc = self.twcc.wrapping_add(1);
        if again || layer.sent < NAMED_PACKETS {
            elements.push((ids.mid, media.mid.as_bytes().to_vec()));
            if let Some(rid) = layer.rid {
                elements.push((if again { ids.rrid } else { ids.rid }, rid.as_bytes().to_vec()));
            }
        }
        if kind == SourceKind::Mic {
            elements.push((ids.audio_level, vec![minus_dbov]));
        }
        elements.extend(packet.dependency.clone().map(|value| (ids.dependency, value)));
        (self.dress)(&mut elements);
        let (ssrc, index, pt, payload) = if again {
            layer.next_rtx_index += 1;
            let original = (packet.index as u16)
                .to_be_bytes()
                .into_iter()
                .chain(packet.payload.iter().copied());
            (
                layer.rtx_ssrc,
                layer.next_rtx_index,
                codec.rtx_pt.unwrap_or(0),
                original.collect(),
            )
        } else {
            layer.sent += 1;
            match copies {
                0 => (layer.ssrc, packet.index, codec.pt, packet.payload.clone()),
                _ => (
                    layer.ssrc,
                    packet.index,
                    RED,
                    redundant(layer, packet, codec.pt, copies),
                ),
            }
        };
        let mut bytes = header(
            ssrc,
            index as u16,
            packet.timestamp,
            pt | u8::from(packet.marker) << 7,
            &elements,
        );
        if !again && (self.loses)(&packet.stamp) {
            return;
        }
        let header_len = bytes.len();
        bytes.extend(payload);
        self.endpoint.send_rtp(&bytes, header_len, ssrc, index);
    }

    pub(crate) fn handle(&mut self, now: Instant, datagram: &[u8]) {
        let Inbound::Rtcp(compound) = self.endpoint.handle(now, datagram) else {
            return;
        };
        for part in Compound::parse(&compound)
            .expect("the server's RTCP is sound")
            .packets()
        {
            match part {
                Rtcp::Pli(pli) => {
                    self.asked.plis += 1;
                    let layers = self.tracks.iter_mut().flat_map(|track| &mut track.layers);
                    layers
                        .filter(|layer| layer.ssrc == pli.media_ssrc)
                        .for_each(|layer| layer.key_wanted = true);
                }
                Rtcp::Nack(nack) => nack.seqs().for_each(|seq| self.repair(nack.media_ssrc, seq)),
                Rtcp::Twcc(_) => self.asked.transport_feedback += 1,
                Rtcp::ReceiverReport(report) => {
                    let worst = report.blocks.map(|block| block.fraction_lost).max().unwrap_or(0);
                    self.asked.fraction_lost_max = self.asked.fraction_lost_max.max(worst);
                }
                Rtcp::Malformed { .. } | Rtcp::Unknown { .. } => panic!("the server sent RTCP that cannot be read"),
                _ => {}
            }
        }
    }

    fn repair(&mut self, ssrc: u32, seq: u16) {
        self.asked.nacked += 1;
        for place in 0..self.tracks.len() {
            let layers = &self.tracks[place].layers;
            let Some(number) = layers.iter().position(|layer| layer.ssrc == ssrc) else {
                continue;
            };
            let found = layers[number]
                .history
                .values()
                .rev()
                .find(|packet| packet.index as u16 == seq)
                .cloned();
            if let Some(packet) = found.filter(|packet| payload_type(packet.codec).rtx_pt.is_some()) {
                self.send(place, number, &packet, true);
            }
        }
    }
}

/// A payload that repeats the packets before its own (RFC 2198), as Chromium does.
fn redundant(layer: &Layer, packet: &Packet, pt: u8, copies: u64) -> Vec<u8> {
    let earlier = layer.history.range(packet.index.saturating_sub(copies)..packet.index);
    let earlier: Vec<&Packet> = earlier.map(|(_, packet)| packet).collect();
    let mut payload = Vec::new();
    for before in &earlier {
        let offset = packet.timestamp.wrapping_sub(before.timestamp);
        let word = 1 << 31 | u32::from(pt) << 24 | offset << 10 | before.payload.len() as u32;
        payload.extend(word.to_be_bytes());
    }
    payload.push(pt);
    earlier.iter().for_each(|before| payload.extend(&before.payload));
    payload.extend(&packet.payload);
    payload
}

/// An RTP header with extensions of RFC 8285, in the one-byte form where all of them fit it.
pub(crate) fn header(ssrc: u32, seq: u16, timestamp: u32, marker_and_pt: u8, elements: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0x90, marker_and_pt];
    bytes.extend(seq.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    let mut body = Vec::new();
    let is_wide = elements.iter().any(|(_, value)| value.len() > 16);
    for (id, value) in elements {
        match is_wide {
            true => body.extend([*id, value.len() as u8]),
            false => body.push(id << 4 | (value.len() as u8 - 1)),
        }
        body.extend(value);
    }
    body.resize(body.len().next_multiple_of(4), 0);
    bytes.extend(if is_wide { [0x10, 0x00] } else { [0xBE, 0xDE] });
    bytes.extend(((body.len() / 4) as u16).to_be_bytes());
    bytes.extend(body);
    bytes
}
