// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One slot of a viewer's rack: which source is plugged in, and how its packets are written and sealed.
//! It never decides who may be seen.

mod repair;
mod step;

use std::time::Instant;

use crate::allocate::Reason;
use crate::bwe::{SentKind, WIRE_OVERHEAD_BYTES};
use crate::egress::{Egress, Path};
use crate::ingest::MediaPacket;
use crate::plan::{SourceId, SourceRef};
use crate::rtcp::SenderInfo;
use crate::sdp::{Codec, PayloadType, SlotKind, SlotMedia};
use crate::transport::srtp::Srtp;

use super::Reach;
use super::bandwidth::Bandwidth;
use super::header::{Dependency, Fields, HeaderTemplate};
use super::line::{Feed, Line, Numbers, Start, Vp8Counters};
use super::sound::{Copies, Earlier};
use repair::Repairs;

/// Where one viewer's packets are written.
pub struct Wire<'a> {
    /// Keys of the connection.
    pub srtp: &'a mut Srtp,
    /// The arena.
    pub egress: &'a mut Egress,
    /// The viewer's address.
    pub path: Path,
    /// Transport-wide number of the next packet, of all slots together.
    pub twcc: &'a mut u16,
    /// What its path carries.
    pub bandwidth: &'a mut Bandwidth,
    /// When what is written leaves.
    pub now: Instant,
}

/// What became of a packet offered to a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forwarded {
    /// Not for this slot, or already sent.
    No,
    /// Sent with so many bytes.
    Sent(usize),
    /// Sent, and with it the slot began to show its source: its first RTP timestamp.
    Began {
        /// Bytes.
        bytes: usize,
        /// RTP timestamp in the slot's line.
        rtp_time: u32,
    },
    /// The viewer negotiated no such codec.
    NoCodec(Codec),
    /// The arena was full.
    NoRoom,
}

/// Packets that a slot gets from the history, paced, until it has caught up.
#[derive(Debug, Clone, Copy)]
pub struct Replay {
    /// The layer that is replayed.
    pub feed: Feed,
    /// Extended sequence number of the next packet.
    pub next: u64,
    /// The slot was live already, and its path is slower than a large picture: what it gets must not grow old.
    pub held: bool,
}

/// One slot.
#[derive(Debug)]
pub struct Slot {
    /// As negotiated.
    pub media: SlotMedia,
    /// Which of the slots of its kind, from 0.
    pub ordinal: usize,
    /// Height the client wants, pixels; none: nothing.
    pub want: Option<u16>,
    /// The source that belongs here by the plan.
    pub assigned: Option<SourceRef>,
    /// Waiting for a keyframe of this.
    pub target: Option<Feed>,
    /// Being sent.
    pub live: Option<Feed>,
    /// Catching up on this.
    pub replay: Option<Replay>,
    /// The source last reported as shown.
    pub shown: Option<SourceId>,
    /// Reported as too much for the path.
    pub paused: Option<SourceId>,
    /// Reported as undecodable.
    pub refused_codec: Option<Codec>,
    /// The layer that it would get if its publisher sent all of them.
    pub wished: Option<u8>,
    /// Why it gets what it gets.
    pub reason: Reason,
    template: HeaderTemplate,
    line: Line,
    repairs: Repairs,
    rtx_index: u64,
    packets: u32,
    retransmitted: u32,
    octets: u32,
    newest: Option<(i64, u32, Codec)>,
}

impl Slot {
    /// A slot as negotiated; `ordinal` counts slots of its kind.
    #[must_use]
    pub fn new(media: SlotMedia, ordinal: usize) -> Self {
        let template = HeaderTemplate::new(&media);
        let line = Line::new(media.ssrc);
        let rtx_index = 1_000 + u64::from(media.rtx_ssrc.unwrap_or(0) % 31_000);
        Self {
            media,
            ordinal,
            want: Some(u16::MAX),
            assigned: None,
            target: None,
            live: None,
            replay: None,
            shown: None,
            paused: None,
            refused_codec: None,
            wished: None,
            reason: Reason::Empty,
            template,
            line,
            repairs: Repairs::new(),
            rtx_index,
            packets: 0,
            retransmitted: 0,
            octets: 0,
            newest: None,
        }
    }

    /// Reads what [`Slot::forward`] will need, where it sends; see [`super::Viewer::look_ahead`].
    pub(crate) fn look_ahead(&self, reach: Reach) -> u64 {
        if self.live.is_none() {
            return 0;
        }
        if reach == Reach::Far {
            return self.line.look_ahead()
                ^ u64::from(self.packets)
                ^ u64::from(self.template.is_numbered())
                ^ self.shown.map_or(0, |source| source.0)
                ^ self.replay.map_or(0, |replay| replay.next);
        }
        let segment = self.line.current().map_or(0, |segment| segment.epoch);
        let pt = self.media.payload_types.first().map_or(0, |pt| pt.pt);
        u64::from(segment ^ u32::from(pt))
    }

    /// Whether pictures appear in it.
    #[must_use]
    pub fn is_video(&self) -> bool {
        matches!(self.media.kind, SlotKind::Camera | SlotKind::Screen | SlotKind::Program)
    }

    /// Whether its viewer reads redundant audio.
    #[must_use]
    pub fn repeats_sound(&self) -> bool {
        self.media.payload_types.iter().any(|pt| pt.red_pt.is_some())
    }

    /// Whether it would begin behind what it has sent already (and so must not replay the past).
    #[must_use]
    pub fn would_run_back(&self, server_us: i64, codec: Codec) -> bool {
        self.line.is_behind(server_us, codec)
    }

    /// Notes that the viewer cannot decode what the plan put here. True when that must be said: once per source and
    /// codec. What is shown next is announced again, so that the client can take its message down.
    pub fn refuse(&mut self, codec: Codec) -> bool {
        (self.shown, self.paused) = (None, None);
        self.refused_codec.replace(codec) != Some(codec)
    }

    /// Stops sending what the path cannot carry. True when that must be said: once, until it is shown again.
    pub fn pause(&mut self) -> bool {
        self.unplug();
        self.shown = None;
        let source = self.assigned.map(|source| source.id);
        std::mem::replace(&mut self.paused, source) != source
    }

    /// Stops sending at once.
    pub fn unplug(&mut self) {
        self.live = None;
        self.target = None;
        self.replay = None;
    }

    /// Whether its packets carry transport-wide numbers.
    #[must_use]
    pub fn is_numbered(&self) -> bool {
        self.template.is_numbered()
    }

    /// Whether a feed is its live picture, and nothing of it is held back or replayed.
    #[must_use]
    pub fn is_flowing_picture(&self, feed: Feed) -> bool {
        self.live == Some(feed) && self.replay.is_none() && self.is_video()
    }

    /// Holds a live picture back from a packet on; it goes on as a paced replay.
    pub fn hold(&mut self, feed: Feed, from: u64) {
        self.replay = Some(Replay {
            feed,
            next: from,
            held: true,
        });
    }

    /// Sends padding alone on the retransmission SSRC, about `bytes` of it on the wire. Returns what was sent, which is
    /// less where the slot has no retransmission or the arena is full.
    pub fn pad(&mut self, wire: &mut Wire<'_>, bytes: usize) -> usize {
        let Some(ssrc) = self.media.rtx_ssrc else { return 0 };
        let pt = match self.newest {
            Some((_, _, codec)) => self.payload_type(codec).and_then(|pt| pt.rtx_pt),
            None => self.media.payload_types.iter().find_map(|pt| pt.rtx_pt),
        };
        let Some(pt) = pt.filter(|_| self.is_numbered()) else {
            return 0;
        };
        let mut sent = 0;
        while sent < bytes {
            let fields = Fields {
                marker: false,
                pt,
                seq: self.rtx_index as u16,
                timestamp: self.newest.map_or(0, |(_, timestamp, _)| timestamp),
                ssrc,
                twcc: *wire.twcc,
                padding: u8::MAX,
            };
            let index = self.rtx_index;
            self.rtx_index += 1;
            let Some(len) = seal(wire, (&self.template, None), &fields, index, SentKind::Padding, |_| {
                Some(0)
            }) else {
                break;
            };
            sent += len + WIRE_OVERHEAD_BYTES;
        }
        sent
    }

    /// Stops a picture until its next keyframe. False for sound, and for what sends nothing or waits already.
    pub fn wait_for_keyframe(&mut self) -> bool {
        if !self.is_video() {
            return false;
        }
        let Some(feed) = self.live.take() else { return false };
        self.replay = None;
        self.target = self.target.or(Some(feed));
        true
    }

    fn payload_type(&self, codec: Codec) -> Option<&PayloadType> {
        self.media.payload_types.iter().find(|pt| pt.codec == codec)
    }

    /// Whether packets of a feed are of interest: it is sent, or waited for.
    #[must_use]
    pub fn takes(&self, feed: Feed) -> bool {
        self.live == Some(feed) || self.target == Some(feed)
    }

    /// Offers a packet of a feed. `earlier`: what sound may repeat; `padding`: bytes that equalise a GSO run.
    pub fn forward(
        &mut self,
        wire: &mut Wire<'_>,
        feed: Feed,
        packet: &MediaPacket,
        earlier: &Earlier,
        padding: u8,
    ) -> Forwarded {
        let is_live = self.live == Some(feed);
        let starts = self.target == Some(feed)
            && (!self.is_video() || packet.keyframe_start)
            && !self.will_step_down(feed, packet);
        if !is_live && !starts {
            return Forwarded::No;
        }
        if let Some(replay) = self.replay
            && replay.feed == feed
            && packet.ext_seq >= replay.next
        {
            return Forwarded::No;
        }
        self.send(wire, feed, packet, earlier, padding)
    }

    /// Sends a packet that this slot is known to take, beginning a new segment where one is needed.
    pub fn send(
        &mut self,
        wire: &mut Wire<'_>,
        feed: Feed,
        packet: &MediaPacket,
        earlier: &Earlier,
        padding: u8,
    ) -> Forwarded {
        let Some((pt, red_pt)) = self.payload_type(packet.codec).map(|pt| (pt.pt, pt.red_pt)) else {
            return Forwarded::NoCodec(packet.codec);
        };
        if !wire.egress.has_room() {
            return Forwarded::NoRoom;
        }
        let vp8 = counters(packet);
        let same = self.live == Some(feed)
            && self
                .line
                .current()
                .is_some_and(|s| s.feed == feed && s.codec == packet.codec && s.epoch == packet.epoch)
            && !self.line.jumps(packet.ext_seq);
        let mut marker = packet.marker;
        if !same {
            // A publisher that changed its codec or lost a long stretch: a decoder can only go on at a keyframe.
            if self.is_video() && !packet.keyframe_start {
                return Forwarded::No;
            }
            let sets = packet.parameter_sets.as_deref();
            let sets = sets.map(|sets| (self.line.insert(), sets));
            let start = Start {
                feed,
                codec: packet.codec,
                epoch: packet.epoch,
                source_seq: packet.ext_seq,
                timestamp: packet.timestamp,
                server_us: packet.server_us,
                vp8,
                with_sets: sets.is_some(),
            };
            self.line.switch(&start);
            if let Some((index, sets)) = sets {
                self.send_parameter_sets(wire, pt, index, packet.timestamp, sets);
            }
            self.live = Some(feed);
            self.target = self.target.filter(|target| *target != feed);
            // A replay of another feed that had not begun would take the slot back.
            self.replay = self.replay.filter(|replay| replay.feed == feed);
            // RFC 3551 section 4.1: the first packet after silence is marked.
            marker |= !self.is_video();
        }
        let Some(numbers) = self.line.number(packet.ext_seq, packet.timestamp, vp8) else {
            return Forwarded::No;
        };
        let copies = match (red_pt, self.line.current()) {
            (Some(_), Some(segment)) => Copies::choose(packet, earlier, segment, wire.bandwidth.sound_copies()),
            _ => Copies::default(),
        };
        let red_pt = red_pt.filter(|_| !copies.is_empty());
        let fields = Fields {
            marker,
            pt: red_pt.unwrap_or(pt),
            seq: numbers.index as u16,
            timestamp: numbers.timestamp,
            ssrc: self.media.ssrc,
            twcc: *wire.twcc,
            padding,
        };
        let written = match red_pt {
            Some(_) => seal(
                wire,
                (&self.template, None),
                &fields,
                numbers.index,
                SentKind::Media,
                |body| copies.write(body, pt, &packet.payload),
            ),
            None => self.write(wire, &fields, numbers.index, &[], packet, numbers),
        };
        let Some(bytes) = written else {
            return Forwarded::NoRoom;
        };
        match self.is_video() {
            true if packet.keyframe_start => self.repairs.begins(numbers.timestamp, numbers.index),
            true => {}
            false => self.repairs.keep(fields.seq, fields.twcc, wire.egress, bytes),
        }
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add((packet.payload.len() + copies.bytes()) as u32);
        self.newest = Some((packet.server_us, numbers.timestamp, packet.codec));
        self.step_down(numbers.index, packet);
        if self.shown == Some(feed.source) {
            return Forwarded::Sent(bytes);
        }
        self.shown = Some(feed.source);
        self.refused_codec = None;
        self.paused = None;
        Forwarded::Began {
            bytes,
            rtp_time: numbers.timestamp,
        }
    }

    /// Ahead of the first packet of a segment, in the same access unit.
    fn send_parameter_sets(&mut self, wire: &mut Wire<'_>, pt: u8, index: u64, timestamp: u32, sets: &[u8]) {
        let delta = self.line.current().map_or(0, |segment| segment.timestamp_delta);
        let fields = Fields {
            marker: false,
            pt,
            seq: index as u16,
            timestamp: timestamp.wrapping_add(delta),
            ssrc: self.media.ssrc,
            twcc: *wire.twcc,
            padding: 0,
        };
        let template = &self.template;
        seal(wire, (template, None), &fields, index, SentKind::Media, |body| {
            copy(body, 0, sets)
        });
    }

    fn write(
        &self,
        wire: &mut Wire<'_>,
        fields: &Fields,
        index: u64,
        prefix: &[u8],
        packet: &MediaPacket,
        numbers: Numbers,
    ) -> Option<usize> {
        let kind = if prefix.is_empty() {
            SentKind::Media
        } else {
            SentKind::Retransmission
        };
        let described = packet.dependency.as_ref().zip(numbers.vp8.picture_id);
        let dependency = described.map(|(dependency, frame_number)| Dependency {
            bytes: &dependency.bytes,
            frame_number,
        });
        seal(wire, (&self.template, dependency), fields, index, kind, |body| {
            let at = copy(body, 0, prefix)?;
            let end = copy(body, at, &packet.payload)?;
            if let Some(payload) = body.get_mut(at..end) {
                let Vp8Counters { picture_id, tl0 } = numbers.vp8;
                packet.facts.patch(payload, picture_id.unwrap_or(0), tl0.unwrap_or(0));
            }
            Some(end)
        })
    }

    /// Packets sent, retransmissions and padding left out; modulo 2^32.
    #[must_use]
    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// Retransmissions sent; modulo 2^32.
    #[must_use]
    pub fn retransmitted(&self) -> u32 {
        self.retransmitted
    }

    /// Sender report of this slot for server time `now_us` (RFC 3550 section 6.4.1); none when nothing was sent.
    #[must_use]
    pub fn sender_info(&self, now_us: i64, ntp: u64) -> Option<SenderInfo> {
        let (at_us, timestamp, codec) = self.newest?;
        let ticks = i128::from(now_us - at_us) * i128::from(codec.clock_rate_hz()) / 1_000_000;
        Some(SenderInfo {
            ssrc: self.media.ssrc,
            ntp,
            rtp: timestamp.wrapping_add(ticks as u32),
            packets: self.packets,
            octets: self.octets,
        })
    }
}

fn counters(packet: &MediaPacket) -> Vp8Counters {
    if packet.payload.is_empty() {
        return Vp8Counters::default();
    }
    let (picture_id, tl0) = packet.facts.counters();
    let frame = packet.dependency.as_ref().map(|dependency| dependency.frame_number);
    Vp8Counters {
        picture_id: picture_id.or(frame),
        tl0,
    }
}

fn copy(body: &mut [u8], at: usize, bytes: &[u8]) -> Option<usize> {
    body.get_mut(at..at + bytes.len())?.copy_from_slice(bytes);
    Some(at + bytes.len())
}

/// Writes one packet into the arena and seals it there. `fill` writes the payload and says where it ends.
fn seal(
    wire: &mut Wire<'_>,
    (template, dependency): (&HeaderTemplate, Option<Dependency<'_>>),
    fields: &Fields,
    index: u64,
    kind: SentKind,
    fill: impl FnOnce(&mut [u8]) -> Option<usize>,
) -> Option<usize> {
    let space = wire.egress.reserve()?;
    let header_len = template.write(space, fields, dependency)?;
    let body = space.get_mut(header_len..)?;
    let mut len = header_len + fill(body)?;
    if fields.padding > 0 {
        let end = len + usize::from(fields.padding);
        let padding = space.get_mut(len..end)?;
        padding.fill(0);
        *padding.last_mut()? = fields.padding;
        len = end;
    }
    let sealed = wire.srtp.seal_rtp(space, header_len, len, fields.ssrc, index)?;
    wire.egress.commit(wire.path, sealed);
    if template.is_numbered() {
        wire.bandwidth.on_sent(wire.now, *wire.twcc, sealed, kind);
        *wire.twcc = wire.twcc.wrapping_add(1);
    }
    Some(sealed)
}
