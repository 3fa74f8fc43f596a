// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A viewer: opens what it gets, asks for what is missing as a browser does, reports loss, and keeps a list of it all.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use fiera_sfu::api::PeerId;
use fiera_sfu::codec::av1::dependency::Reader;
use fiera_sfu::codec::inspect;
use fiera_sfu::rtcp::{
    Compound, Packet as Rtcp, ReportBlock, TwccFeedback, write_fir, write_nack, write_pli, write_rr, write_twcc,
};
use fiera_sfu::rtp;
use fiera_sfu::sdp::{Codec, PayloadType, SlotMedia, ViewerMedia};

use super::endpoint::{Endpoint, Inbound};
use super::payload::Stamp;
use super::receiver::{self, Receiver};

/// A hole is asked for after this time, so that reordering alone costs nothing ...
const NACK_AFTER_US: u64 = 12_000;
/// ... again after this time ...
const NACK_AGAIN_US: u64 = 40_000;
/// ... and so often.
const NACK_TRIES_MAX: u8 = 10;
const REPORT_US: u64 = 1_000_000;
/// SSRC of a viewer's own reports.
const OWN_SSRC: u32 = 1;

/// One media packet that came, repaired or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    pub(crate) at_us: u64,
    pub(crate) slot: u8,
    /// Place in the slot's line.
    pub(crate) index: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) codec: Codec,
    pub(crate) repaired: bool,
    /// None in what the server made itself (parameter sets).
    pub(crate) stamp: Option<Stamp>,
    pub(crate) picture_id: Option<u16>,
    pub(crate) tl0: Option<u8>,
    /// What the dependency descriptor says, where there is one: frame number, spatial and temporal layer.
    pub(crate) described: Option<(u16, u8, u8)>,
}

/// Sound as a decoder gets it: a packet's own, or what a later one repeats.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    pub(crate) at_us: u64,
    pub(crate) slot: u8,
    pub(crate) timestamp: u32,
    pub(crate) stamp: Stamp,
    /// Whose packet brought it, where another one did.
    pub(crate) copied_by: Option<Stamp>,
}

/// One sender report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    pub(crate) slot: u8,
    pub(crate) ntp: u64,
    pub(crate) rtp: u32,
}

#[derive(Debug, Default)]
struct Line {
    highest: Option<u64>,
    seen: BTreeSet<u64>,
    /// Found at, last asked at, how often.
    missing: BTreeMap<u64, (u64, Option<u64>, u8)>,
    arrived: u64,
    prior: (u64, u64),
}

/// One viewer.
pub(crate) struct Viewer {
    pub(crate) peer: PeerId,
    pub(crate) endpoint: Endpoint,
    pub(crate) media: ViewerMedia,
    pub(crate) received: Vec<Received>,
    pub(crate) heard: Vec<Heard>,
    pub(crate) reports: Vec<Report>,
    /// Whether it sends RTCP at all.
    pub(crate) rtcp: bool,
    /// Whether it sends NACKs.
    pub(crate) nacks: bool,
    /// Time after which it asks for the same packet again.
    pub(crate) nack_again_us: u64,
    /// Whether it sends transport-wide feedback.
    pub(crate) transport_reports: bool,
    /// The same packet of a slot again.
    pub(crate) duplicates: u64,
    /// What those were, by slot and place in its line.
    pub(crate) again: Vec<(u8, u64, Option<Stamp>)>,
    /// Transport-wide numbers, unbroken over all slots.
    pub(crate) transport_seqs: Vec<u16>,
    lines: BTreeMap<u8, Line>,
    dependencies: BTreeMap<u8, Reader>,
    next_report_us: u64,
    transport: Receiver,
    next_transport_report_us: u64,
    claims: u8,
}

impl Viewer {
    pub(crate) fn new(peer: PeerId, endpoint: Endpoint, media: ViewerMedia) -> Self {
        Self {
            peer,
            endpoint,
            media,
            received: Vec::new(),
            heard: Vec::new(),
            reports: Vec::new(),
            rtcp: true,
            nacks: true,
            nack_again_us: NACK_AGAIN_US,
            transport_reports: true,
            duplicates: 0,
            again: Vec::new(),
            transport_seqs: Vec::new(),
            lines: BTreeMap::new(),
            dependencies: BTreeMap::new(),
            next_report_us: 0,
            transport: Receiver::default(),
            next_transport_report_us: 0,
            claims: 0,
        }
    }

    /// What came in a slot, in the order of its line.
    pub(crate) fn slot(&self, slot: u8) -> Vec<Received> {
        let mut of_slot: Vec<_> = self.received.iter().filter(|r| r.slot == slot).copied().collect();
        of_slot.sort_by_key(|r| r.index);
        of_slot
    }

    /// The stamps of a slot, in the order of its line.
    pub(crate) fn stamps(&self, slot: u8) -> Vec<Stamp> {
        self.slot(slot).iter().filter_map(|r| r.stamp).collect()
    }

    /// The slot of a number.
    pub(crate) fn media_of(&self, slot: u8) -> &SlotMedia {
        self.media
            .slots
            .iter()
            .find(|media| media.slot == slot)
            .expect("the rack has it")
    }

    pub(crate) fn poll(&mut self, now: Instant, now_us: u64) {
        self.endpoint.poll(now);
        if self.endpoint.connected_at.is_none() || !self.rtcp {
            return;
        }
        let mut compound = Vec::new();
        if self.next_report_us <= now_us {
            self.next_report_us = now_us + REPORT_US;
            let blocks = self.blocks();
            write_rr(&mut compound, OWN_SSRC, &blocks);
        }
        for (slot, line) in &mut self.lines {
            let mut wanted = Vec::new();
            line.missing.retain(|index, (found, asked, tries)| {
                let due = asked.map_or(*found + NACK_AFTER_US, |asked| asked + self.nack_again_us);
                if due <= now_us {
                    (*asked, *tries) = (Some(now_us), *tries + 1);
                    wanted.push(*index as u16);
                }
                *tries < NACK_TRIES_MAX
            });
            let media = self
                .media
                .slots
                .iter()
                .find(|media| media.slot == *slot)
                .expect("the rack has it");
            let asks = |pt: &PayloadType| pt.codec == Codec::Opus && pt.nack;
            let may_ask = media.rtx_ssrc.is_some() || media.payload_types.iter().any(asks);
            if self.nacks && may_ask && !wanted.is_empty() {
                if compound.is_empty() {
                    write_rr(&mut compound, OWN_SSRC, &[]);
                }
                write_nack(&mut compound, OWN_SSRC, media.ssrc, wanted);
            }
        }
        if self.transport_reports && self.next_transport_report_us <= now_us {
            self.next_transport_report_us = now_us + receiver::REPORT_US;
            if let Some(report) = self.transport.report(now_us) {
                if compound.is_empty() {
                    write_rr(&mut compound, OWN_SSRC, &[]);
                }
                compound.extend(report);
            }
        }
        if !compound.is_empty() {
            self.endpoint.send_rtcp(&compound);
        }
    }

    fn blocks(&mut self) -> Vec<ReportBlock> {
        let media = &self.media;
        let blocks = self.lines.iter_mut().filter_map(|(slot, line)| {
            let ssrc = media.slots.iter().find(|media| media.slot == *slot)?.ssrc;
            let expected = line.highest? + 1 - line.seen.first()?;
            let (expected_prior, arrived_prior) = std::mem::replace(&mut line.prior, (expected, line.arrived));
            let (expected, arrived) = (expected - expected_prior, line.arrived - arrived_prior);
            let lost = expected.saturating_sub(arrived);
            let fraction_lost = (lost * 256).checked_div(expected).unwrap_or(0).min(255) as u8;
            Some(ReportBlock {
                ssrc,
                fraction_lost,
                highest_seq: line.highest? as u32,
                ..ReportBlock::default()
            })
        });
        blocks.collect()
    }

    /// Asks for a keyframe of a slot by full intra requests (RFC 5104 section 4.3.1), all of them news.
    pub(crate) fn demand_keyframes(&mut self, slot: u8, count: u8) {
        let ssrc = self.media_of(slot).ssrc;
        let mut compound = Vec::new();
        write_rr(&mut compound, OWN_SSRC, &[]);
        (0..count).for_each(|number| write_fir(&mut compound, OWN_SSRC, ssrc, number));
        self.endpoint.send_rtcp(&compound);
    }

    /// Asks for a keyframe of a slot.
    pub(crate) fn ask_for_keyframe(&mut self, slot: u8) {
        let ssrc = self.media_of(slot).ssrc;
        let mut compound = Vec::new();
        write_rr(&mut compound, OWN_SSRC, &[]);
        write_pli(&mut compound, OWN_SSRC, ssrc);
        self.endpoint.send_rtcp(&compound);
    }

    /// Tells on transport-wide numbers whatever a test makes up: arrivals in steps of 250 microseconds after each other.
    pub(crate) fn claim(&mut self, base_seq: u16, reference_time: i32, statuses: &[Option<i16>]) {
        let feedback = TwccFeedback {
            sender_ssrc: OWN_SSRC,
            media_ssrc: OWN_SSRC,
            base_seq,
            reference_time,
            feedback_count: self.claims,
        };
        self.claims = self.claims.wrapping_add(1);
        let mut compound = Vec::new();
        write_rr(&mut compound, OWN_SSRC, &[]);
        write_twcc(&mut compound, &feedback, statuses);
        self.endpoint.send_rtcp(&compound);
    }

    /// Asks for sequence numbers of a slot, lost or not.
    pub(crate) fn ask_again(&mut self, slot: u8, seqs: impl IntoIterator<Item = u16>) {
        let ssrc = self.media_of(slot).ssrc;
        let mut compound = Vec::new();
        write_rr(&mut compound, OWN_SSRC, &[]);
        write_nack(&mut compound, OWN_SSRC, ssrc, seqs);
        self.endpoint.send_rtcp(&compound);
    }

    pub(crate) fn handle(&mut self, now: Instant, now_us: u64, datagram: &[u8]) {
        match self.endpoint.handle(now, datagram) {
            Inbound::Nothing => {}
            Inbound::Rtp(packet) => self.take(now_us, &packet),
            Inbound::Rtcp(compound) => {
                for part in Compound::parse(&compound)
                    .expect("the server's RTCP is sound")
                    .packets()
                {
                    if let Rtcp::SenderReport(report) = part {
                        let slot = self.media.slots.iter().find(|media| media.ssrc == report.ssrc);
                        let slot = slot.expect("reports are about slots").slot;
                        self.reports.push(Report {
                            slot,
                            ntp: report.ntp,
                            rtp: report.rtp,
                        });
                    }
                }
            }
        }
    }

    fn take(&mut self, now_us: u64, packet: &[u8]) {
        let parsed = rtp::parse(packet).expect("the server's RTP is sound");
        let ssrc = parsed.header.ssrc;
        let ours = |media: &&SlotMedia| media.ssrc == ssrc || media.rtx_ssrc == Some(ssrc);
        let media = self.media.slots.iter().find(ours).expect("an SSRC of the rack");
        let known = parsed.known(&media.extensions);
        assert_eq!(
            known.mid.is_some(),
            media.extensions.mid != 0,
            "every packet carries its mid"
        );
        assert!(
            known.mid.is_none_or(|mid| mid == media.mid.as_bytes()),
            "the mid of another m-line"
        );
        self.transport_seqs.extend(known.twcc);
        if let Some(seq) = known.twcc {
            self.transport.on_packet(now_us, seq);
        }
        let repaired = media.ssrc != ssrc;
        let number = parsed.header.payload_type;
        let fits = |pt: &&PayloadType| {
            if repaired {
                pt.rtx_pt == Some(number)
            } else {
                pt.pt == number || pt.red_pt == Some(number)
            }
        };
        let negotiated = media.payload_types.iter().find(fits);
        let negotiated = negotiated.expect("a negotiated payload type");
        let codec = negotiated.codec;
        let (seq, payload) = match (repaired, parsed.payload) {
            (true, [s0, s1, payload @ ..]) => (u16::from_be_bytes([*s0, *s1]), payload),
            (true, _) => return,
            (false, payload) => (parsed.header.seq, payload),
        };
        let (copies, payload) = if negotiated.red_pt == Some(number) {
            unwrapped(payload, negotiated.pt)
        } else {
            (Vec::new(), payload)
        };
        let line = self.lines.entry(media.slot).or_default();
        let index = match line.highest {
            None => u64::from(seq),
            Some(highest) => highest.saturating_add_signed(i64::from(seq.wrapping_sub(highest as u16) as i16)),
        };
        line.arrived += u64::from(!repaired);
        if !line.seen.insert(index) {
            self.duplicates += 1;
            self.again.push((media.slot, index, Stamp::read(payload)));
            return;
        }
        let next = line.highest.map_or(index, |highest| highest + 1);
        line.missing.extend((next..index).map(|lost| (lost, (now_us, None, 0))));
        // Sound comes again under its own number.
        let repaired = repaired || line.missing.remove(&index).is_some_and(|(_, asked, _)| asked.is_some());
        line.missing.remove(&index);
        line.highest = line.highest.max(Some(index));
        if codec == Codec::Opus {
            let own = Stamp::read(payload).expect("all sound is stamped");
            let timestamp = parsed.header.timestamp;
            let heard = |(offset, block, copied_by): (u32, &[u8], Option<Stamp>)| Heard {
                at_us: now_us,
                slot: media.slot,
                timestamp: timestamp.wrapping_sub(offset),
                stamp: Stamp::read(block).expect("all sound is stamped"),
                copied_by,
            };
            let copies = copies.into_iter().map(|(offset, block)| (offset, block, Some(own)));
            self.heard.extend(copies.chain([(0, payload, None)]).map(heard));
        }
        let (picture_id, tl0) = inspect(codec, payload).map_or((None, None), |facts| facts.counters());
        let described = known.dependency.map(|bytes| {
            let reader = self.dependencies.entry(media.slot).or_default();
            reader
                .read(bytes)
                .map(|read| (read.frame_number, read.spatial_id, read.temporal_id))
        });
        self.received.push(Received {
            described: described.flatten(),
            at_us: now_us,
            slot: media.slot,
            index,
            timestamp: parsed.header.timestamp,
            marker: parsed.header.marker,
            codec,
            repaired,
            stamp: Stamp::read(payload),
            picture_id,
            tl0,
        });
    }
}

/// What a payload of redundant audio (RFC 2198) repeats, with how much older each is, and its own block.
fn unwrapped(payload: &[u8], pt: u8) -> (Vec<(u32, &[u8])>, &[u8]) {
    let headers = payload
        .iter()
        .step_by(4)
        .take_while(|first| **first & 0x80 != 0)
        .count();
    let mut rest = &payload[headers * 4 + 1..];
    assert_eq!(payload[headers * 4], pt, "the last header is that of the packet itself");
    let copies = payload.chunks_exact(4).take(headers).map(|header| {
        let word = u32::from_be_bytes([header[0], header[1], header[2], header[3]]);
        assert_eq!(header[0] & 0x7F, pt, "all blocks are of one codec");
        let (block, after) = rest.split_at((word & 0x3FF) as usize);
        rest = after;
        (word >> 10 & 0x3FFF, block)
    });
    let copies = copies.collect();
    (copies, rest)
}
