// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! From frames to sealed packets: headers, stamps, pacing, retransmissions, sender reports. No socket.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::media::{Frame, clock_rate};
use crate::clock::unix_ns;
use crate::peer::identity::{random, random_u32};
use crate::peer::srtp::Direction;
use crate::wire::rtcp;
use crate::wire::rtp::Outgoing;
use crate::wire::sdp::{Media, Remote, Sending};
use crate::wire::stamp::{self, Medium, Stamp};

/// Video leaves in bursts of this many packets at most, as Chromium's pacer does it.
const BURST_PACKETS: usize = 10;
const BURST_GAP: Duration = Duration::from_millis(5);
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
    mid_id: u8,
    twcc_id: u8,
    level_id: u8,
    sequence: u16,
    rtx_sequence: u16,
    base: u32,
    packets: u32,
    octets: u32,
    frames: u32,
    queue: VecDeque<Packet>,
}

struct Packet {
    payload: Vec<u8>,
    timestamp: u32,
    marker: bool,
    stamp: Option<Stamp>,
}

impl Lane {
    fn new(medium: Medium, media: &Media, ssrc: u32, rtx_ssrc: Option<u32>) -> Result<Self> {
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
            mid_id: media.mid_id(),
            twcc_id: media.twcc_id(),
            level_id: media.audio_level_id(),
            sequence: u16::from_ne_bytes(random()) >> 1,
            rtx_sequence: u16::from_ne_bytes(random()) >> 1,
            base: random_u32(),
            packets: 0,
            octets: 0,
            frames: 0,
            queue: VecDeque::new(),
        })
    }

    fn write(&self, packet: &Packet, sequence: u16, transport: u16, rtx: Option<(u8, u32, u16)>) -> Vec<u8> {
        let (transport, level) = (transport.to_be_bytes(), [0x80 | 30]);
        let extensions: [(u8, &[u8]); 3] = [
            (self.mid_id, self.mid.as_bytes()),
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
    video: Lane,
    transport_sequence: u16,
    next_burst: Instant,
    ring: Vec<Option<(u16, Packet)>>,
    cname: String,
}

impl Sender {
    /// A sender of what the answer accepted.
    ///
    /// # Errors
    /// When the answer lacks Opus or VP8.
    pub fn new(answer: &Remote, sending: &Sending, now: Instant) -> Result<Self> {
        let audio = answer.first("audio").context("the answer has no audio")?;
        let video = answer.first("video").context("the answer has no video")?;
        let rtx = Some(sending.rtx_ssrc);
        Ok(Self {
            audio: Lane::new(Medium::Audio, audio, sending.audio_ssrc, None)?,
            video: Lane::new(Medium::Video, video, sending.video_ssrc, rtx)?,
            transport_sequence: 0,
            next_burst: now,
            ring: (0..RING).map(|_| None).collect(),
            cname: sending.cname.clone(),
        })
    }

    /// Queues a frame.
    pub fn push(&mut self, frame: Frame, ledger: &Ledger) {
        let lane = if frame.medium == Medium::Audio {
            &mut self.audio
        } else {
            &mut self.video
        };
        if frame.medium == Medium::Video && frame.key {
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
            });
            let marker = frame.medium == Medium::Video && i + 1 == count;
            lane.queue.push_back(Packet {
                payload,
                timestamp,
                marker,
                stamp,
            });
        }
        lane.frames += 1;
    }

    /// When `pump` has something to do; none while the queues are empty.
    #[must_use]
    pub fn next_pump(&self) -> Option<Instant> {
        (!self.video.queue.is_empty()).then_some(self.next_burst)
    }

    /// Gives what may leave now to `send`, sealed: audio at once, video in bursts.
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
        while let Some(packet) = self.audio.queue.pop_front() {
            self.transmit(Medium::Audio, packet, seal, ledger, &mut send)?;
        }
        if now < self.next_burst {
            return Ok(());
        }
        for sent in 0..BURST_PACKETS {
            let Some(packet) = self.video.queue.pop_front() else {
                break;
            };
            if sent == 0 {
                self.next_burst = now + BURST_GAP;
            }
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
            &mut self.video
        };
        let sequence = lane.sequence;
        lane.sequence = sequence.wrapping_add(1);
        lane.packets = lane.packets.wrapping_add(1);
        lane.octets = lane.octets.wrapping_add(packet.payload.len() as u32);
        let mut out = lane.write(&packet, sequence, self.transport_sequence, None);
        self.transport_sequence = self.transport_sequence.wrapping_add(1);
        seal.seal_rtp(&mut out)?;
        send(&out);
        if medium == Medium::Video {
            self.ring[usize::from(sequence) % RING] = Some((sequence, packet));
        }
        Ok(())
    }

    /// Answers a NACK by RTX (RFC 4588), as far as the packets are still there.
    ///
    /// # Errors
    /// When sealing fails.
    pub fn retransmit(
        &mut self,
        lost: &[u16],
        seal: &mut Direction,
        ledger: &Ledger,
        mut send: impl FnMut(&[u8]),
    ) -> Result<()> {
        let Some((pt, ssrc)) = self.video.rtx else {
            return Ok(());
        };
        for sequence in lost {
            let Some((kept, packet)) = &self.ring[usize::from(*sequence) % RING] else {
                continue;
            };
            if kept != sequence {
                continue;
            }
            let mut out = self.video.write(
                packet,
                self.video.rtx_sequence,
                self.transport_sequence,
                Some((pt, ssrc, *sequence)),
            );
            self.video.rtx_sequence = self.video.rtx_sequence.wrapping_add(1);
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
        vec![report(&self.audio), report(&self.video)]
    }

    /// Goodbyes of both sources.
    #[must_use]
    pub fn goodbye(&self) -> Vec<u8> {
        let mut out = Vec::new();
        rtcp::receiver_report(&mut out, self.audio.ssrc, &[]);
        rtcp::bye(&mut out, self.audio.ssrc);
        rtcp::bye(&mut out, self.video.ssrc);
        out
    }
}
