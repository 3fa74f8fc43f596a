// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The publishing side (`up`): one transport with its incoming streams, and what is known of each source.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::api::{ParticipantKey, PeerId, RoomKey, SourceKind};
use crate::clock::ServerClock;
use crate::codec::Facts;
use crate::ingest::{MediaPacket, PublisherStreams};
use crate::plan::SourceRef;
use crate::transport::Transport;
use crate::viewer::layers::LayerFacts;

/// A layer without packets for this long does not flow.
const LAYER_SILENCE: Duration = Duration::from_millis(1_200);

/// One track of a publisher.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) source: SourceRef,
    /// Not muted by the server.
    pub(crate) live: bool,
    /// Packets come in.
    pub(crate) flowing: bool,
    /// Nothing from before this moment may be replayed to the audience.
    pub(crate) visible_since: Instant,
    pub(crate) layers: Vec<LayerState>,
}

/// One simulcast layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerState {
    pub(crate) facts: LayerFacts,
    pub(crate) last_packet: Option<Instant>,
}

impl Source {
    /// Notes a packet. Returns whether layers changed so that viewers may be better served by another one.
    pub(crate) fn note(&mut self, now: Instant, layer: u8, height: Option<u16>) -> bool {
        let index = usize::from(layer);
        while self.layers.len() <= index {
            self.layers.push(LayerState {
                facts: LayerFacts::default(),
                last_packet: None,
            });
        }
        let Some(state) = self.layers.get_mut(index) else {
            return false;
        };
        state.last_packet = Some(now);
        let mut changed = !state.facts.flowing;
        state.facts.flowing = true;
        if height.is_some() && height != state.facts.height {
            state.facts.height = height;
            changed = true;
        }
        changed
    }

    /// Notes silence. Returns whether a layer stopped.
    pub(crate) fn note_silence(&mut self, now: Instant) -> bool {
        let mut changed = false;
        for layer in &mut self.layers {
            let silent = layer
                .last_packet
                .is_none_or(|at| now.saturating_duration_since(at) > LAYER_SILENCE);
            if silent && layer.facts.flowing {
                layer.facts.flowing = false;
                changed = true;
            }
        }
        changed
    }
}

/// One publishing connection.
#[derive(Debug)]
pub(crate) struct Publisher {
    pub(crate) peer: PeerId,
    pub(crate) participant: ParticipantKey,
    pub(crate) room: RoomKey,
    pub(crate) on_air: bool,
    pub(crate) transport: Transport,
    pub(crate) streams: PublisherStreams,
    pub(crate) sources: Vec<Source>,
}

impl Publisher {
    /// Server time of a packet's timestamp, microseconds; its arrival while the clock is unknown.
    pub(crate) fn server_us(&self, clock: &ServerClock, kind: SourceKind, layer: u8, packet: &MediaPacket) -> i64 {
        let captured = self.streams.server_time_of(kind, layer, packet.timestamp);
        captured.unwrap_or_else(|| clock.us(packet.arrival))
    }

    /// H.264 parameter sets that a decoder needs before this packet and will not find in it.
    pub(crate) fn parameter_sets(&self, kind: SourceKind, layer: u8, packet: &MediaPacket) -> Option<Bytes> {
        match packet.facts {
            Facts::H264(facts) if packet.keyframe_start && !facts.sps => {
                self.streams.parameter_sets(kind, layer)?.stap_a().cloned()
            }
            _ => None,
        }
    }

    pub(crate) fn source(&mut self, kind: SourceKind) -> Option<&mut Source> {
        self.sources.iter_mut().find(|s| s.source.kind == kind)
    }
}
