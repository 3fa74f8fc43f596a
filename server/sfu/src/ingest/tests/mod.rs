// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Publishers made of packets: what they negotiated, what they send, and the behaviours, one per file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// Only differences to the start matter.
#![allow(clippy::disallowed_methods)]

mod clock;
mod demux;
mod feedback;
mod hostile;
mod long_path;
mod loss;
mod recover;
mod ring;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::*;
use crate::api::SourceKind;
use crate::sdp::{Codec, ExtensionIds, PayloadType, PublishedMedia, PublisherMedia};

const IDS: ExtensionIds = ExtensionIds {
    mid: 3,
    rid: 4,
    rrid: 5,
    audio_level: 1,
    twcc: 2,
    dependency: 6,
};
const OPUS: u8 = 111;
const RED: u8 = 63;
const VP8: u8 = 96;
const VP8_RTX: u8 = 97;
const H264: u8 = 102;
const US: u32 = 0xFEED;

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn line(source: SourceKind, mid: &str, payload_types: &[(Codec, u8, Option<u8>)], rids: &[&str]) -> PublishedMedia {
    let payload_type = |&(codec, pt, rtx_pt): &(Codec, u8, Option<u8>)| PayloadType {
        codec,
        pt,
        rtx_pt,
        red_pt: (codec == Codec::Opus).then_some(RED),
        nack: rtx_pt.is_some(),
    };
    PublishedMedia {
        source,
        mid: mid.to_owned(),
        payload_types: payload_types.iter().map(payload_type).collect(),
        rids_low_to_high: rids.iter().map(|&rid| rid.to_owned()).collect(),
        ssrcs: Vec::new(),
        rtx_ssrcs: Vec::new(),
        extensions: IDS,
        twcc_feedback: true,
    }
}

/// Microphone, camera with three layers, screen.
fn browser() -> PublisherMedia {
    let video = [(Codec::Vp8, VP8, Some(VP8_RTX)), (Codec::H264, H264, Some(H264 + 1))];
    PublisherMedia {
        media: vec![
            line(SourceKind::Mic, "0", &[(Codec::Opus, OPUS, None)], &[]),
            line(SourceKind::Camera, "1", &video, &["q", "h", "f"]),
            line(SourceKind::Screen, "2", &video, &[]),
        ],
    }
}

fn streams(media: &PublisherMedia, origin: Instant) -> PublisherStreams {
    PublisherStreams::new(
        media,
        IngestConfig {
            our_ssrc: US,
            cname: "us".into(),
            origin,
        },
    )
}

/// A packet to be written.
#[derive(Clone)]
struct Rtp<'a> {
    pt: u8,
    seq: u16,
    timestamp: u32,
    ssrc: u32,
    mid: &'a str,
    rid: &'a str,
    rrid: &'a str,
    twcc: Option<u16>,
    payload: &'a [u8],
}

impl Default for Rtp<'_> {
    fn default() -> Self {
        Rtp {
            pt: VP8,
            seq: 1,
            timestamp: 0,
            ssrc: 1,
            mid: "",
            rid: "",
            rrid: "",
            twcc: None,
            payload: INTER,
        }
    }
}

const INTER: &[u8] = &[0x10, 0x51, 0, 0];
const INTRA: &[u8] = &[0x10, 0x50, 0x10, 0x00, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01];

impl Rtp<'_> {
    fn bytes(&self) -> Bytes {
        let mut elements = Vec::new();
        for (id, text) in [(IDS.mid, self.mid), (IDS.rid, self.rid), (IDS.rrid, self.rrid)] {
            if !text.is_empty() {
                elements.push(id << 4 | (text.len() as u8 - 1));
                elements.extend_from_slice(text.as_bytes());
            }
        }
        if let Some(seq) = self.twcc {
            elements.push(IDS.twcc << 4 | 1);
            elements.extend_from_slice(&seq.to_be_bytes());
        }
        elements.resize(elements.len().next_multiple_of(4), 0);
        let mut out = vec![0x90, self.pt];
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(&[0xBE, 0xDE]);
        out.extend_from_slice(&((elements.len() / 4) as u16).to_be_bytes());
        out.extend_from_slice(&elements);
        out.extend_from_slice(self.payload);
        out.into()
    }

    /// The same packet as a retransmission (RFC 4588 section 4) that is known by its rrid.
    fn rtx(&self, ssrc: u32, seq: u16) -> Bytes {
        let payload = [&self.seq.to_be_bytes(), self.payload].concat();
        Rtp {
            pt: self.pt + 1,
            ssrc,
            seq,
            rid: "",
            rrid: self.rid,
            payload: &payload,
            ..self.clone()
        }
        .bytes()
    }
}

fn media(result: Result<Ingested, IngestRefusal>) -> (SourceKind, u8, Arc<MediaPacket>) {
    match result {
        Ok(Ingested::Media { source, layer, packet }) => (source, layer, packet),
        other => panic!("no media: {other:?}"),
    }
}

fn events(streams: &mut PublisherStreams) -> Vec<IngestEvent> {
    std::iter::from_fn(|| streams.poll_event()).collect()
}

/// All compound packets due now.
fn feedback(streams: &mut PublisherStreams, now: Instant) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    std::iter::from_fn(|| streams.poll_feedback(now, &mut out).then(|| out.clone()))
        .take(100)
        .collect()
}
