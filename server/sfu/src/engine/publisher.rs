// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The publishing side (`up`): one transport with its incoming streams, and what is known of each source.

use std::time::{Duration, Instant};

use super::stage::StageSource;
use crate::allocate::{Demand, LAYERS_MAX, LayerRate};
use crate::api::{ParticipantKey, PeerId, RoomKey, SourceKind};
use crate::ingest::PublisherStreams;
use crate::plan::SourceRef;
use crate::transport::Transport;

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
    /// Which of several layers somebody watches.
    pub(crate) demand: Option<Demand>,
}

/// One simulcast layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerState {
    pub(crate) rate: LayerRate,
    pub(crate) last_packet: Option<Instant>,
}

impl Source {
    /// Notes a packet. Returns whether layers changed so that viewers may be better served by another one.
    pub(crate) fn note(&mut self, now: Instant, layer: u8, height: Option<u16>) -> Noted {
        let index = usize::from(layer);
        while self.layers.len() <= index.min(LAYERS_MAX - 1) {
            self.layers.push(LayerState {
                rate: LayerRate::default(),
                last_packet: None,
            });
        }
        let Some(state) = self.layers.get_mut(index) else {
            return Noted::Nothing;
        };
        let facts = &mut state.rate.facts;
        let is_sized = height.is_some() && height != facts.height;
        let noted = match state.last_packet {
            None => Noted::First,
            Some(_) if is_sized && facts.height.is_none() => Noted::First,
            Some(_) if is_sized || !facts.flowing => Noted::Changed,
            Some(_) => Noted::Nothing,
        };
        state.last_packet = Some(now);
        facts.flowing = true;
        facts.height = height.or(facts.height);
        noted
    }

    /// Notes silence. Returns whether a layer stopped.
    pub(crate) fn note_silence(&mut self, now: Instant) -> bool {
        let mut changed = false;
        for layer in &mut self.layers {
            let silent = layer
                .last_packet
                .is_none_or(|at| now.saturating_duration_since(at) > LAYER_SILENCE);
            if silent && layer.rate.facts.flowing {
                layer.rate.facts.flowing = false;
                changed = true;
            }
        }
        changed
    }
}

/// What a packet told of its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noted {
    /// Nothing new.
    Nothing,
    /// That it is there, or how large its picture is, for the first time.
    First,
    /// Something else than before. A publisher may change its mind with every packet.
    Changed,
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
    /// Its sources as viewers see them.
    pub(crate) fn on_stage(&self) -> impl Iterator<Item = StageSource> + '_ {
        self.sources.iter().map(|source| StageSource {
            source: source.source,
            on_air: self.on_air,
            live: source.live,
            flowing: source.flowing,
            visible_since: source.visible_since,
            layers: source.layers.iter().map(|layer| layer.rate).collect(),
        })
    }

    pub(crate) fn source(&mut self, kind: SourceKind) -> Option<&mut Source> {
        self.sources.iter_mut().find(|s| s.source.kind == kind)
    }
}
