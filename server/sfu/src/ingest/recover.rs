// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Lost sound that a later packet brings along (RFC 2198): it takes its own place in the line, for viewers of every kind.
//! What was received is never replaced.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::demux::Route;
use super::layer::Arrived;
use super::packet::MediaPacket;
use super::rtp_clock::micros_since;
use super::streams::PublisherStreams;
use crate::api::SourceKind;
use crate::codec::inspect;
use crate::codec::red::{RED_BLOCKS_MAX, Red};
use crate::rtp::RtpHeader;
use crate::sdp::PayloadType;

/// A packet rebuilt from the redundancy of a later one, in the layer's ring already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Which source.
    pub source: SourceKind,
    /// Which layer, lowest is 0.
    pub layer: u8,
    /// The packet.
    pub packet: Arc<MediaPacket>,
}

impl PublisherStreams {
    /// Fills the hole right before a packet with the blocks that it repeats. A block has no sequence number: the n-th one
    /// back is taken for the n-th packet back where its time lies after that of the last packet before the hole.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn recover(
        &mut self,
        now: Instant,
        route: Route,
        header: &RtpHeader,
        ext_seq: u64,
        payload_type: PayloadType,
        whole: &Bytes,
        red: &Red,
    ) {
        self.recovered.clear();
        let layer = self
            .sources
            .get(route.media)
            .and_then(|source| source.layers.get(usize::from(route.layer)));
        let before = layer.and_then(|layer| layer.ring.get(layer.ring.newest()?));
        let Some((before_seq, before_timestamp)) = before.map(|packet| (packet.ext_seq, packet.timestamp)) else {
            return;
        };
        let missing = ext_seq.saturating_sub(before_seq + 1).min(RED_BLOCKS_MAX as u64);
        for (back, block) in (1..=RED_BLOCKS_MAX as u64).rev().zip(red.earlier.iter().rev()) {
            let Some(block) = block.as_ref().filter(|_| back <= missing) else {
                continue;
            };
            let timestamp = header.timestamp.wrapping_sub(block.offset);
            if (timestamp.wrapping_sub(before_timestamp) as i32) <= 0 {
                continue;
            }
            self.rebuild(
                now,
                route,
                ext_seq - back,
                timestamp,
                payload_type,
                whole.slice(block.range.clone()),
            );
        }
    }

    fn rebuild(
        &mut self,
        now: Instant,
        route: Route,
        ext_seq: u64,
        timestamp: u32,
        payload_type: PayloadType,
        payload: Bytes,
    ) {
        let Ok(facts) = inspect(payload_type.codec, &payload) else {
            return;
        };
        let Some(source) = self.sources.get(route.media) else {
            return;
        };
        let kind = source.kind;
        let server_us = self
            .server_time_of(kind, route.layer, timestamp)
            .unwrap_or_else(|| micros_since(self.config.origin, now));
        let layers = self.sources.get_mut(route.media).map(|source| &mut source.layers);
        let Some(layer) = layers.and_then(|layers| layers.get_mut(usize::from(route.layer))) else {
            return;
        };
        let Some(ssrc) = layer.ssrc.filter(|_| layer.repair(now, ext_seq)) else {
            return;
        };
        let arrived = Arrived {
            header: RtpHeader {
                marker: false,
                payload_type: payload_type.pt,
                seq: ext_seq as u16,
                timestamp,
                ssrc,
            },
            // Counted with the packet that brought it.
            size: 0,
            payload,
            payload_type,
            // The level that came along is the later packet's.
            audio_level: None,
            server_us,
            dependency: None,
        };
        let packet = layer.keep(now, ext_seq, arrived, facts);
        self.counters.recovered += 1;
        self.recovered.push_back(Recovered {
            source: kind,
            layer: route.layer,
            packet,
        });
    }
}
