// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! All streams of one publishing connection: decrypted packets in, ordered shared packets, events and RTCP out.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::arrivals::Arrivals;
use super::counters::{IngestCounters, IngestRefusal};
use super::demux::{Demux, Route};
use super::layer::{Arrived, Layer};
use super::packet::{Consumed, Dependency, IngestEvent, Ingested};
use super::recover::Recovered;
use super::ring::{RING_AUDIO_PACKETS, RING_VIDEO_PACKETS};
use super::rtp_clock::micros_since;
use super::window::Placed;
use crate::api::SourceKind;
use crate::codec::red;
use crate::codec::{CodecError, Facts, inspect};
use crate::rtcp::{Compound, Packet};
use crate::rtp::{KnownExtensions, ParsedRtp, parse};
use crate::sdp::{Codec, PublishedMedia, PublisherMedia};

/// A source without packets for this long no longer flows.
pub const SILENT_AFTER: Duration = Duration::from_secs(2);
/// Events that wait to be taken.
const EVENTS_MAX: usize = 64;
/// Octets of the original sequence number before a retransmitted payload (RFC 4588 section 4).
const OSN_BYTES: usize = 2;

/// What the streams need to know besides the negotiated media.
#[derive(Debug, Clone)]
pub struct IngestConfig {
    /// SSRC that our RTCP is sent from; not 0.
    pub our_ssrc: u32,
    /// Our CNAME (RFC 7022).
    pub cname: String,
    /// Zero of server time; not later than the first packet.
    pub origin: Instant,
}

/// One source of the publisher.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) kind: SourceKind,
    pub(super) is_video: bool,
    pub(super) layers: Vec<Layer>,
    pub(super) flowing: bool,
    b_frames: bool,
}

impl Source {
    fn new(media: &PublishedMedia) -> Self {
        let is_video = matches!(media.source, SourceKind::Camera | SourceKind::Screen);
        let packets = if is_video {
            RING_VIDEO_PACKETS
        } else {
            RING_AUDIO_PACKETS
        };
        let rate_hz = media
            .payload_types
            .first()
            .map_or(90_000, |pt| pt.codec.clock_rate_hz());
        let layers = (0..media.rids_low_to_high.len().max(1))
            .map(|_| Layer::new(rate_hz, packets))
            .collect();
        Self {
            kind: media.source,
            is_video,
            layers,
            flowing: false,
            b_frames: false,
        }
    }
}

/// The streams of one publishing connection.
///
/// Contract: call `handle_rtp`, `handle_rtcp`, `request_keyframe` at any time; after `handle_rtp` and before what it
/// returned is used, take all of `poll_recovered`; call `handle_timeout` when
/// `next_deadline` has come; after any of them take all of `poll_event`, and `poll_feedback` until it returns false,
/// then ask for `next_deadline` again. `now` never goes back.
#[derive(Debug)]
pub struct PublisherStreams {
    pub(super) config: IngestConfig,
    pub(super) sources: Vec<Source>,
    pub(super) arrivals: Option<Arrivals>,
    pub(super) counters: IngestCounters,
    /// SSRC of the last packet, named in transport feedback.
    pub(super) last_ssrc: u32,
    pub(super) report_due: Option<Instant>,
    pub(super) nack_seqs: Vec<u16>,
    /// Lost packets that the last one brought along, the oldest first.
    pub(super) recovered: VecDeque<Recovered>,
    demux: Demux,
    events: VecDeque<IngestEvent>,
}

impl PublisherStreams {
    /// Streams that sent nothing yet.
    #[must_use]
    pub fn new(media: &PublisherMedia, config: IngestConfig) -> Self {
        let demux = Demux::new(media);
        let twcc = demux.ids().twcc != 0 && media.media.iter().any(|media| media.twcc_feedback);
        Self {
            arrivals: twcc.then(|| Arrivals::new(config.origin)),
            config,
            sources: media.media.iter().map(Source::new).collect(),
            counters: IngestCounters::default(),
            last_ssrc: 0,
            report_due: None,
            nack_seqs: Vec::new(),
            recovered: VecDeque::new(),
            demux,
            events: VecDeque::new(),
        }
    }

    /// Takes a decrypted RTP packet.
    ///
    /// # Errors
    /// [`IngestRefusal`], counted; the connection goes on.
    pub fn handle_rtp(&mut self, now: Instant, packet: Bytes) -> Result<Ingested, IngestRefusal> {
        let result = self.ingest(now, &packet);
        match &result {
            Ok(Ingested::Media { .. } | Ingested::Layered { .. }) => self.counters.media += 1,
            Ok(Ingested::Consumed(Consumed::Duplicate)) => self.counters.duplicates += 1,
            Ok(Ingested::Consumed(_)) => self.counters.padding += 1,
            Err(refusal) => self.counters.refuse(*refusal),
        }
        result
    }

    fn ingest(&mut self, now: Instant, packet: &Bytes) -> Result<Ingested, IngestRefusal> {
        let parsed = parse(packet)?;
        let extensions = parsed.known(self.demux.ids());
        // Every packet of the transport counts, whatever becomes of it.
        if let (Some(arrivals), Some(seq)) = (&mut self.arrivals, extensions.twcc) {
            arrivals.record(now, seq);
        }
        let ssrc = parsed.header.ssrc;
        self.last_ssrc = ssrc;
        let route = match self.demux.route(ssrc) {
            Some(route) => route,
            None => self.demux.resolve(now, &parsed.header, &extensions)?,
        };
        self.report_due.get_or_insert(now + super::REPORT_INTERVAL);
        self.place(now, packet, &parsed, &extensions, route)
    }

    fn place(
        &mut self,
        now: Instant,
        packet: &Bytes,
        parsed: &ParsedRtp<'_>,
        extensions: &KnownExtensions<'_>,
        route: Route,
    ) -> Result<Ingested, IngestRefusal> {
        let mut header = parsed.header;
        let (payload_type, rtx) = self
            .demux
            .payload_type(route.media, header.payload_type)
            .filter(|(_, rtx)| *rtx == route.rtx)
            .ok_or(IngestRefusal::UnknownPayloadType)?;
        let source = self.sources.get_mut(route.media).ok_or(IngestRefusal::UnknownMedia)?;
        let kind = source.kind;
        let layer = source
            .layers
            .get_mut(usize::from(route.layer))
            .ok_or(IngestRefusal::UnknownLayer)?;
        let mut range = parsed.payload_range.clone();
        if rtx {
            self.counters.rtx += 1;
            let Some(osn) = crate::rtp::wire::u16_at(parsed.payload, 0).filter(|_| range.len() > OSN_BYTES) else {
                return Ok(Ingested::Consumed(Consumed::Probe));
            };
            range.start += OSN_BYTES;
            header.ssrc = layer.ssrc.ok_or(IngestRefusal::RtxBeforeMedia)?;
            header.seq = osn;
            header.payload_type = payload_type.pt;
        } else {
            if layer.adopt(header.ssrc) {
                self.counters.restarts += 1;
                push_event(
                    &mut self.events,
                    IngestEvent::Restarted {
                        source: kind,
                        layer: route.layer,
                    },
                );
            }
            layer.nack_negotiated = payload_type.nack;
        }
        let now_us = (!rtx).then(|| micros_since(self.config.origin, now));
        let place = layer.place(now, &header, now_us);
        if !layer.nack_negotiated {
            layer.nacks.clear();
        } else {
            self.counters.given_up += place.given_up.count;
            if source.is_video && layer.needs_keyframe_after(place.given_up) {
                push_event(
                    &mut self.events,
                    IngestEvent::LostForGood {
                        source: kind,
                        layer: route.layer,
                    },
                );
            }
        }
        if !rtx && !range.is_empty() {
            layer.last_arrival = Some(now);
        }
        if !rtx && !range.is_empty() && !source.flowing {
            source.flowing = true;
            push_event(
                &mut self.events,
                IngestEvent::Flow {
                    source: kind,
                    flowing: true,
                },
            );
        }
        match place.placed {
            Placed::Fresh => {}
            Placed::Duplicate => return Ok(Ingested::Consumed(Consumed::Duplicate)),
            Placed::TooOld => return Err(IngestRefusal::TooOld),
        }
        if range.is_empty() {
            if let Some(subsets) = &mut layer.subsets {
                subsets.number(place.ext_seq, header.timestamp, None);
            }
            let padding = Consumed::Padding {
                source: kind,
                layer: route.layer,
                ext_seq: place.ext_seq,
            };
            return Ok(Ingested::Consumed(padding));
        }
        let mut payload = packet.slice(range);
        let wrapping = if payload_type.red_pt == Some(parsed.header.payload_type) {
            let red = red::parse(&payload, payload_type.pt).ok_or(CodecError::Malformed)?;
            Some((payload.clone(), red))
        } else {
            None
        };
        if let Some((whole, red)) = &wrapping {
            payload = whole.slice(red.primary.clone());
        }
        let facts = inspect(payload_type.codec, &payload)?;
        if matches!(facts, Facts::H264(facts) if facts.b_slice) {
            if !source.b_frames {
                source.b_frames = true;
                push_event(&mut self.events, IngestEvent::BFrames { source: kind });
            }
            return Err(IngestRefusal::BSlice);
        }
        if rtx {
            self.counters.repaired += 1;
        }
        let size = packet.len();
        if let Some((whole, red)) = &wrapping {
            self.recover(now, route, &header, place.ext_seq, payload_type, whole, red);
        }
        let frame_number = |bytes: &&[u8]| crate::rtp::wire::u16_at(bytes, 1);
        let dependency = extensions.dependency.filter(|_| payload_type.codec == Codec::Av1);
        let dependency = dependency.and_then(|bytes| {
            Some(Dependency {
                frame_number: frame_number(&bytes)?,
                bytes: packet.slice_ref(bytes),
            })
        });
        let server_us = self
            .server_time_of(kind, route.layer, header.timestamp)
            .unwrap_or_else(|| micros_since(self.config.origin, now));
        let arrived = Arrived {
            header,
            payload,
            payload_type,
            audio_level: extensions.audio_level,
            server_us,
            size,
            dependency,
        };
        let source = self.sources.get_mut(route.media).ok_or(IngestRefusal::UnknownMedia)?;
        let is_single = source.layers.len() == 1;
        let layer = source
            .layers
            .get_mut(usize::from(route.layer))
            .ok_or(IngestRefusal::UnknownLayer)?;
        let packet = layer.keep(now, place.ext_seq, arrived, facts);
        // Layers within layers are left alone: those of simulcast do.
        let parts = if is_single { layer.divide(now, &packet) } else { None };
        Ok(match parts {
            Some(parts) => Ingested::Layered { source: kind, parts },
            None => Ingested::Media {
                source: kind,
                layer: route.layer,
                packet,
            },
        })
    }

    /// The next packet that was lost and that the last one of `handle_rtp` brought along (RFC 2198): it goes before that one.
    pub fn poll_recovered(&mut self) -> Option<Recovered> {
        self.recovered.pop_front()
    }

    /// Takes a decrypted RTCP compound packet: sender reports and BYE are used.
    ///
    /// # Errors
    /// [`IngestRefusal::Rtcp`], counted, when it is not one.
    pub fn handle_rtcp(&mut self, now: Instant, packet: &[u8]) -> Result<(), IngestRefusal> {
        let compound = Compound::parse(packet).map_err(IngestRefusal::from);
        let compound = compound.inspect_err(|refusal| self.counters.refuse(*refusal))?;
        for part in compound {
            match part {
                Packet::SenderReport(report) => {
                    if let Some(layer) = self.primary_layer(report.ssrc) {
                        layer.reception.on_sr(now, report.ntp);
                        layer.clock.on_sr(report.ntp, report.rtp);
                    }
                }
                Packet::Bye(ssrcs) => ssrcs.for_each(|ssrc| {
                    if let Some(layer) = self.primary_layer(ssrc) {
                        layer.last_arrival = None;
                        layer.nacks.clear();
                    }
                }),
                Packet::Malformed { .. } => self.counters.rtcp_malformed += 1,
                Packet::Unknown { .. } => self.counters.rtcp_unknown += 1,
                _ => {}
            }
        }
        self.handle_timeout(now);
        Ok(())
    }

    /// Notices layers and sources that went silent.
    pub fn handle_timeout(&mut self, now: Instant) {
        for source in &mut self.sources {
            for layer in &mut source.layers {
                if layer.last_arrival.is_some_and(|last| last + SILENT_AFTER <= now) {
                    layer.last_arrival = None;
                    layer.nacks.clear();
                }
            }
            if source.flowing && source.layers.iter().all(|layer| layer.last_arrival.is_none()) {
                source.flowing = false;
                push_event(
                    &mut self.events,
                    IngestEvent::Flow {
                        source: source.kind,
                        flowing: false,
                    },
                );
            }
        }
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<IngestEvent> {
        self.events.pop_front()
    }

    /// Asks for a key frame of a layer: merged, throttled and repeated until one comes (see `KEYFRAME_*`).
    pub fn request_keyframe(&mut self, now: Instant, source: SourceKind, layer: u8) {
        if let Some(layer) = self.layer_mut(source, layer) {
            layer.keyframes.request(now);
        }
    }

    pub(super) fn event(&mut self, event: IngestEvent) {
        push_event(&mut self.events, event);
    }

    /// The stream of a layer, or that which the layer is a part of.
    fn layer_mut(&mut self, source: SourceKind, layer: u8) -> Option<&mut Layer> {
        let source = self.sources.iter_mut().find(|known| known.kind == source)?;
        match &mut *source.layers {
            [single] => Some(single),
            layers => layers.get_mut(usize::from(layer)),
        }
    }

    fn primary_layer(&mut self, ssrc: u32) -> Option<&mut Layer> {
        let route = self.demux.route(ssrc).filter(|route| !route.rtx)?;
        self.sources
            .get_mut(route.media)?
            .layers
            .get_mut(usize::from(route.layer))
    }
}

fn push_event(events: &mut VecDeque<IngestEvent>, event: IngestEvent) {
    if events.len() < EVENTS_MAX && !events.contains(&event) {
        events.push_back(event);
    }
}
