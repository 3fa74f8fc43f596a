// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! From frames to sealed packets: headers, stamps, pacing, layers, retransmissions, sender reports. No socket.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::media::{Frame, clock_rate};
use super::pacer::Pacer;
use crate::clock::unix_ns;
use crate::peer::identity::{random, random_u32};
use crate::peer::srtp::Direction;
use crate::wire::rtcp;
use crate::wire::rtp::Outgoing;
use crate::wire::sdp::{Media, Remote, Sending};
use crate::wire::stamp::{self, Medium, Stamp};

/// Packets of a layer that can be sent again.
const RING: usize = 2_048;

/// What the publisher has sent, for those who check what arrives.
#[derive(Debug, Default)]
pub struct Ledger {
    audio: AtomicU64,
    video: AtomicU64,
    /// Keyframes sent.
    pub keyframes: AtomicU64,
    /// Keyframes that the server asked for.
    pub keyframe_requests: AtomicU64,
    /// Retransmissions that the server asked for.
    pub retransmitted: AtomicU64,
}

impl Ledger {
    /// Packets of a medium sent so far; their numbers are 0 to this, exclusive.
    #[must_use]
    pub fn sent(&self, medium: Medium) -> u64 {
        match medium {
            Medium::Audio => self.audio.load(Ordering::Acquire),
            Medium::Video => self.video.load(Ordering::Acquire),
        }
    }

    fn count(&self, medium: Medium) -> u64 {
        match medium {
            Medium::Audio => self.audio.fetch_add(1, Ordering::AcqRel),
            Medium::Video => self.video.fetch_add(1, Ordering::AcqRel),
        }
    }
}

struct Lane {
    medium: Medium,
    pt: u8,
    rtx: Option<(u8, u32)>,
    ssrc: u32,
    mid: String,
    rid: String,
    mid_id: u8,
    rid_id: u8,
    rrid_id: u8,
    twcc_id: u8,
    level_id: u8,
    sequence: u16,
    rtx_sequence: u16,
    base: u32,
    packets: u32,
    octets: u32,
    frames: u32,
    ring: Vec<Option<(u16, Packet)>>,
}

struct Packet {
    layer: usize,
    payload: Vec<u8>,
    timestamp: u32,
    marker: bool,
    stamp: Option<Stamp>,
}

impl Lane {
    fn new(medium: Medium, media: &Media, ssrc: u32, rtx_ssrc: Option<u32>, rid: &str) -> Result<Self> {
        let codec = if medium == Medium::Audio { "opus" } else { "vp8" };
        let pt = media
            .payload_type(codec)
            .with_context(|| format!("the answer has no {codec}"))?;
        let rtx_pt = media
            .payload_types
            .iter()
            .copied()
            .find(|rtx| media.apt(*rtx) == Some(pt));
        Ok(Self {
            medium,
            pt,
            rtx: rtx_pt.zip(rtx_ssrc),
            ssrc,
            mid: media.mid.clone(),
            rid: rid.to_owned(),
            mid_id: media.mid_id(),
            rid_id: media.rid_id(),
            rrid_id: media.rrid_id(),
            twcc_id: media.twcc_id(),
            level_id: media.audio_level_id(),
            sequence: u16::from_ne_bytes(random()) >> 1,
            rtx_sequence: u16::from_ne_bytes(random()) >> 1,
            base: random_u32(),
            packets: 0,
            octets: 0,
            frames: 0,
            ring: (0..if medium == Medium::Video { RING } else { 0 })
                .map(|_| None)
                .collect(),
        })
    }

    fn write(
        &self,
        packet: &Packet,
        sequence: u16,
        transport: u16,
        rtx: Option<(u8, u32, u16)>,
        minus_dbov: u8,
    ) -> Vec<u8> {
        // Voice activity and level (RFC 6464 section 3).
        let speaks = if minus_dbov < 127 { 0x80 } else { 0 };
        let (transport, level) = (transport.to_be_bytes(), [speaks | (minus_dbov & 0x7F)]);
        let rid_id = if rtx.is_some() { self.rrid_id } else { self.rid_id };
        let extensions: [(u8, &[u8]); 4] = [
            (self.mid_id, self.mid.as_bytes()),
            (rid_id, self.rid.as_bytes()),
            (self.twcc_id, &transport),
            (self.level_id, &level),
        ];
        let mut out = Vec::with_capacity(1_280);
        let (payload_type, ssrc) = rtx.map_or((self.pt, self.ssrc), |(pt, ssrc, _)| (pt, ssrc));
        Outgoing {
            marker: packet.marker,
            payload_type,
            sequence,
            timestamp: packet.timestamp,
            ssrc,
            extensions: &extensions,
        }
        .write(&mut out);
        if let Some((_, _, original)) = rtx {
            out.extend_from_slice(&original.to_be_bytes());
        }
        out.extend_from_slice(&packet.payload);
        out
    }
}

/// See the module's head.
pub struct Sender {
    audio: Lane,
    layers: Vec<Lane>,
    audio_queue: VecDeque<Packet>,
    video_queue: VecDeque<Packet>,
    transport_sequence: u16,
    pacer: Pacer,
    cname: String,
    /// Number of the publisher within the run, for the stamps.
    source: u16,
    /// How loud the sound is said to be, -dBov; 127 is silence.
    pub minus_dbov: u8,
}

impl Sender {
    /// A sender of what the answer accepted, paced for a video rate.
    ///
    /// # Errors
    /// When the answer lacks Opus or VP8, or the layers that were offered.
    pub fn new(answer: &Remote, sending: &Sending, source: u16, video_kbps: u32, now: Instant) -> Result<Self> {
        let audio = answer.first("audio").context("the answer has no audio")?;
        let video = answer.first("video").context("the answer has no video")?;
        let layers: Vec<Lane> = if sending.rids.is_empty() {
            let lane = Lane::new(Medium::Video, video, sending.video_ssrc, Some(sending.rtx_ssrc), "")?;
            vec![lane]
        } else {
            ensure!(video.rid_id() != 0, "the answer takes no simulcast");
            let lane = |rid: &&'static str| {
                let (ssrc, rtx) = (random_u32(), random_u32());
                Lane::new(Medium::Video, video, ssrc, Some(rtx), rid)
            };
            sending.rids.iter().map(lane).collect::<Result<_>>()?
        };
        Ok(Self {
            audio: Lane::new(Medium::Audio, audio, sending.audio_ssrc, None, "")?,
            layers,
            audio_queue: VecDeque::new(),
            video_queue: VecDeque::new(),
            transport_sequence: 0,
            pacer: Pacer::new(video_kbps, now),
            cname: sending.cname.clone(),
            source,
            minus_dbov: 30,
        })
    }

    /// Queues a frame.
    pub fn push(&mut self, frame: Frame, ledger: &Ledger) {
        let video = frame.medium == Medium::Video;
        let (lane, queue) = if video {
            let Some(lane) = self.layers.get_mut(frame.layer) else {
                return;
            };
            (lane, &mut self.video_queue)
        } else {
            (&mut self.audio, &mut self.audio_queue)
        };
        if video && frame.key {
            ledger.keyframes.fetch_add(1, Ordering::Relaxed);
        }
        let timestamp = lane.base.wrapping_add(frame.media_time as u32);
        let count = frame.payloads.len();
        for (i, payload) in frame.payloads.into_iter().enumerate() {
            let stamp = frame.stamped.then_some(Stamp {
                number: 0,
                sent_ns: 0,
                frame: lane.frames,
                index: i as u16,
                count: count as u16,
                key: frame.key,
                source: self.source,
                layer: frame.layer as u8,
            });
            queue.push_back(Packet {
                layer: frame.layer,
                payload,
                timestamp,
                marker: video && i + 1 == count,
                stamp,
            });
        }
        lane.frames += 1;
    }

    /// When `pump` has something to do; none while the queues are empty.
    #[must_use]
    pub fn next_pump(&self, now: Instant) -> Option<Instant> {
        (!self.video_queue.is_empty()).then(|| self.pacer.resumes().unwrap_or(now))
    }

    /// Gives what may leave now to `send`, sealed: audio at once, video as the pacer lets it.
    ///
    /// # Errors
    /// When sealing fails.
    pub fn pump(
        &mut self,
        now: Instant,
        seal: &mut Direction,
        ledger: &Ledger,
        mut send: impl FnMut(&[u8]),
    ) -> Result<()> {
        while let Some(packet) = self.audio_queue.pop_front() {
            self.transmit(Medium::Audio, packet, seal, ledger, &mut send)?;
        }
        while !self.video_queue.is_empty() && self.pacer.may_send(now) {
            let Some(packet) = self.video_queue.pop_front() else {
                break;
            };
            self.transmit(Medium::Video, packet, seal, ledger, &mut send)?;
        }
        Ok(())
    }

    fn transmit(
        &mut self,
        medium: Medium,
        mut packet: Packet,
        seal: &mut Direction,
        ledger: &Ledger,
        send: &mut impl FnMut(&[u8]),
    ) -> Result<()> {
        let number = ledger.count(medium);
        if let Some(stamp) = &mut packet.stamp {
            stamp.number = number;
            stamp.sent_ns = unix_ns();
            stamp::write(medium, &mut packet.payload, stamp);
        }
        let lane = if medium == Medium::Audio {
            &mut self.audio
        } else {
            self.layers.get_mut(packet.layer).context("a layer")?
        };
        let sequence = lane.sequence;
        lane.sequence = sequence.wrapping_add(1);
        lane.packets = lane.packets.wrapping_add(1);
        lane.octets = lane.octets.wrapping_add(packet.payload.len() as u32);
        let mut out = lane.write(&packet, sequence, self.transport_sequence, None, self.minus_dbov);
        self.transport_sequence = self.transport_sequence.wrapping_add(1);
        seal.seal_rtp(&mut out)?;
        send(&out);
        if medium == Medium::Video {
            self.pacer.sent(out.len());
            lane.ring[usize::from(sequence) % RING] = Some((sequence, packet));
        }
        Ok(())
    }

    /// Answers a NACK by RTX (RFC 4588), as far as the packets are still there.
    ///
    /// # Errors
    /// When sealing fails.
    pub fn retransmit(
        &mut self,
        ssrc: u32,
        lost: &[u16],
        seal: &mut Direction,
        ledger: &Ledger,
        mut send: impl FnMut(&[u8]),
    ) -> Result<()> {
        let Some(lane) = self.layers.iter_mut().find(|lane| lane.ssrc == ssrc) else {
            return Ok(());
        };
        let Some((pt, rtx_ssrc)) = lane.rtx else {
            return Ok(());
        };
        for sequence in lost {
            let Some((kept, packet)) = &lane.ring[usize::from(*sequence) % RING] else {
                continue;
            };
            if kept != sequence {
                continue;
            }
            let original = Some((pt, rtx_ssrc, *sequence));
            let mut out = lane.write(packet, lane.rtx_sequence, self.transport_sequence, original, 127);
            lane.rtx_sequence = lane.rtx_sequence.wrapping_add(1);
            self.transport_sequence = self.transport_sequence.wrapping_add(1);
            seal.seal_rtp(&mut out)?;
            send(&out);
            ledger.retransmitted.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Sender reports of both media for this moment, `elapsed` after the source's beginning.
    #[must_use]
    pub fn reports(&self, elapsed: Duration) -> Vec<Vec<u8>> {
        let ntp = rtcp::ntp(unix_ns());
        let report = |lane: &Lane| {
            let ticks = elapsed.as_micros() as u64 * clock_rate(lane.medium) / 1_000_000;
            let mut out = Vec::with_capacity(80);
            rtcp::sender_report(
                &mut out,
                lane.ssrc,
                ntp,
                lane.base.wrapping_add(ticks as u32),
                lane.packets,
                lane.octets,
            );
            rtcp::source_description(&mut out, lane.ssrc, &self.cname);
            out
        };
        std::iter::once(&self.audio).chain(&self.layers).map(report).collect()
    }

    /// Goodbyes of both sources.
    #[must_use]
    pub fn goodbye(&self) -> Vec<u8> {
        let mut out = Vec::new();
        rtcp::receiver_report(&mut out, self.audio.ssrc, &[]);
        rtcp::bye(&mut out, self.audio.ssrc);
        for lane in &self.layers {
            rtcp::bye(&mut out, lane.ssrc);
        }
        out
    }
}
