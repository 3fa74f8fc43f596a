// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What forwarding looks up about a publisher's layers: history, parameter sets, capture times. Changes nothing but
//! what is to be forgotten.

use std::time::Instant;

use super::counters::IngestCounters;
use super::layer::Layer;
use super::ring::Ring;
use super::streams::PublisherStreams;
use super::subsets::Subsets;
use crate::api::SourceKind;
use crate::codec::h264::ParameterSets;

impl PublisherStreams {
    /// Whether a layer's encoder leaves key frame requests unanswered, so that its whole GOP is kept.
    #[must_use]
    pub fn ignores_pli(&self, source: SourceKind, layer: u8) -> bool {
        self.layer(source, layer)
            .is_some_and(|layer| layer.keyframes.ignores_pli())
    }

    /// The history of a layer.
    #[must_use]
    pub fn ring(&self, source: SourceKind, layer: u8) -> Option<&Ring> {
        Some(&self.layer(source, layer)?.ring)
    }

    /// Forgets the history of a source, so that nobody gets what was said before a mute.
    pub fn forget(&mut self, source: SourceKind) {
        for source in self.sources.iter_mut().filter(|known| known.kind == source) {
            source.layers.iter_mut().for_each(|layer| layer.ring.clear());
        }
    }

    /// The latest H.264 parameter sets of a layer.
    #[must_use]
    pub fn parameter_sets(&self, source: SourceKind, layer: u8) -> Option<&ParameterSets> {
        Some(&self.layer(source, layer)?.parameter_sets)
    }

    /// How many layers a source has; 1 without simulcast.
    #[must_use]
    pub fn layers(&self, source: SourceKind) -> usize {
        self.sources
            .iter()
            .find(|known| known.kind == source)
            .map_or(0, |source| source.layers.len())
    }

    /// When a layer's last media packet came; none while it is silent.
    #[must_use]
    pub fn last_arrival(&self, source: SourceKind, layer: u8) -> Option<Instant> {
        self.layer(source, layer)?.last_arrival
    }

    /// What a layer sends, bits per second of RTP packets over the last two seconds; what it sent, while it is silent; 0
    /// before it was measured.
    #[must_use]
    pub fn bitrate_bps(&self, source: SourceKind, layer: u8) -> u64 {
        let part = |subsets: &Subsets| subsets.bps(usize::from(layer));
        self.layer(source, layer)
            .map_or(0, |of| of.subsets.as_deref().map_or_else(|| of.rate.bps(), part))
    }

    /// When a timestamp of a layer was captured: microseconds of server time since [`IngestConfig::origin`].
    /// Transit is left in at its fastest. None before the layer's first packet.
    #[must_use]
    pub fn server_time_of(&self, source: SourceKind, layer: u8, timestamp: u32) -> Option<i64> {
        let layers = self.sources.iter().flat_map(|source| &source.layers);
        let shared = layers.filter_map(|layer| layer.clock.offset()).min();
        self.layer(source, layer)?.clock.server_time(timestamp, shared)
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> &IngestCounters {
        &self.counters
    }

    /// The stream of a layer, or that which the layer is a part of.
    fn layer(&self, source: SourceKind, layer: u8) -> Option<&Layer> {
        let source = self.sources.iter().find(|known| known.kind == source)?;
        match &*source.layers {
            [single] => Some(single),
            layers => layers.get(usize::from(layer)),
        }
    }
}
