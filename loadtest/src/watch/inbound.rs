// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What a viewer receives: opened, checked against the rules of the wire, entered into its account; or, once a light viewer
//! has its picture, entered by the header alone (RFC 3711 leaves header and extensions in the clear).

use std::time::Instant;

use super::account::{Mark, fault, index};
use super::counters::PoolCounters;
use super::negotiated::Carries;
use super::settings::Settings;
use super::track::{Arrival, Track};
use super::viewer::{Depth, PLI_AFTER, Viewer};
use crate::peer::srtp::TAG_BYTES;
use crate::peer::transport::Received;
use crate::sys::Meta;
use crate::wire::rtcp::{self, Said};
use crate::wire::rtp::Header;
use crate::wire::stamp::{self, Medium, Stamp, Unstamped};
use crate::wire::vp8;

/// A media packet after SRTP, padding and RTX are off.
#[derive(Clone, Copy)]
struct Media<'a> {
    now: Instant,
    header: Header,
    /// Sequence number on its own source, also where it came by RTX.
    sequence: u16,
    payload: &'a [u8],
    meta: Meta,
    by_rtx: bool,
}

impl Viewer {
    /// Takes a datagram.
    pub fn datagram(
        &mut self,
        now: Instant,
        datagram: &mut [u8],
        meta: Meta,
        counters: &mut PoolCounters,
        settings: &Settings,
    ) {
        match self.newcomer.transport.handle(now, datagram) {
            Ok(Received::Inside) => {}
            Ok(Received::Connected) => {
                self.report.connected_ms = Some((now - self.newcomer.clicked).as_secs_f64() * 1e3);
                self.report.srtp = self.newcomer.transport.srtp().map(|s| s.inbound.name());
            }
            Ok(Received::Rtcp(packet)) => self.rtcp(&packet, meta.arrived_ns, settings),
            Ok(Received::Rtp) => self.rtp(now, datagram, meta, counters, settings),
            Ok(Received::Closed) => self.closed = !settings.is_ending(),
            // A network may have lost the end of the handshake, which the server does not know yet.
            Err(_) if !settings.networks.is_empty() && !self.newcomer.transport.is_connected() => {}
            Err(error) => {
                if crate::wire::rtp::is_rtcp(datagram) {
                    self.report.auth_failures += 1;
                } else {
                    fault(&mut self.report.faults, "datagram_refused");
                }
                self.fail(&error);
            }
        }
    }

    fn rtcp(&mut self, packet: &[u8], at_ns: u64, settings: &Settings) {
        for said in rtcp::parse(packet) {
            match said {
                Said::SenderReport { ssrc, ntp, rtp } => match self.tracks.iter_mut().find(|t| t.ssrc == ssrc) {
                    Some(track) => track.sender_report(ntp, rtp, at_ns),
                    // The first packets may have been lost on the way.
                    None if !settings.networks.is_empty() => {}
                    None => fault(&mut self.report.faults, "sender_report_of_silent_source"),
                },
                Said::Bye => self.closed = !settings.is_ending(),
                _ => {}
            }
        }
    }

    fn rtp(&mut self, now: Instant, datagram: &mut [u8], meta: Meta, counters: &mut PoolCounters, settings: &Settings) {
        let Some(header) = Header::parse(datagram) else {
            return fault(&mut self.report.faults, "malformed_rtp");
        };
        let twcc_id = self.negotiated.twcc_id;
        if let Some([high, low]) = header.extension(datagram, twcc_id) {
            self.twcc.arrived(u16::from_be_bytes([*high, *low]), meta.arrived_ns);
        } else if twcc_id != 0 {
            fault(&mut self.report.faults, "no_twcc_number");
        }
        let carries = self.negotiated.carries(header.payload_type);
        if let (Depth::Light, Some(Carries::Medium(medium))) = (self.depth, carries)
            && settings.speaker_change().is_none_or(|(to, _)| self.shown == Some(to))
        {
            return self.light(now, header, medium, datagram.len(), meta, counters, settings);
        }
        let Some(srtp) = self.newcomer.transport.srtp() else {
            if settings.networks.is_empty() {
                fault(&mut self.report.faults, "media_before_dtls");
            }
            return;
        };
        let Ok(mut len) = srtp.inbound.open_rtp(datagram, &header) else {
            self.report.auth_failures += 1;
            return;
        };
        let payload = &datagram[header.len..header.len + len];
        if header.padding {
            len -= usize::from(payload.last().copied().unwrap_or(0)).min(len);
        }
        let media = Media {
            now,
            header,
            sequence: header.sequence,
            payload: &payload[..len],
            meta,
            by_rtx: false,
        };
        match carries {
            None => fault(&mut self.report.faults, "payload_type_not_negotiated"),
            Some(Carries::Other) => self.report.unstamped += 1,
            Some(Carries::Rtx) => self.retransmission(media, counters, settings),
            Some(Carries::Medium(medium)) => {
                let at = self.track(header.ssrc, medium);
                self.media(at, media, counters, settings);
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn light(
        &mut self,
        now: Instant,
        header: Header,
        medium: Medium,
        len: usize,
        meta: Meta,
        counters: &mut PoolCounters,
        settings: &Settings,
    ) {
        if let Some(srtp) = self.newcomer.transport.srtp() {
            srtp.inbound.pass_over(&header);
        }
        let at = self.track(header.ssrc, medium);
        let track = &mut self.tracks[at];
        let full = track.full(header.sequence);
        let arrival = track.arrived(full, header.timestamp, meta.arrived_ns, now, false);
        if medium == Medium::Video && track.has_gaps() {
            self.nack(now, at);
        }
        if arrival == Arrival::Repeated {
            fault(&mut self.report.faults, "sequence_used_twice");
        } else if len > header.len + TAG_BYTES {
            self.light[index(medium)] += 1;
            counters.count(settings, None, false);
            counters.batch(self.newcomer.number, settings, meta);
        }
    }

    fn track(&mut self, ssrc: u32, medium: Medium) -> usize {
        if let Some(at) = self.tracks.iter().position(|t| t.ssrc == ssrc) {
            return at;
        }
        let declared = self.negotiated.source(ssrc);
        if declared.is_none() {
            fault(&mut self.report.faults, "undeclared_ssrc");
        }
        self.tracks
            .push(Track::new(ssrc, declared.and_then(|(_, rtx)| rtx), medium));
        self.tracks.len() - 1
    }

    fn retransmission(&mut self, media: Media<'_>, counters: &mut PoolCounters, settings: &Settings) {
        self.report.rtx_packets += 1;
        let [high, low, payload @ ..] = media.payload else {
            self.report.padding_packets += 1;
            return;
        };
        let Some(at) = self.tracks.iter().position(|t| t.rtx_ssrc == Some(media.header.ssrc)) else {
            return fault(&mut self.report.faults, "rtx_of_unknown_source");
        };
        let sequence = u16::from_be_bytes([*high, *low]);
        self.media(
            at,
            Media {
                sequence,
                payload,
                by_rtx: true,
                ..media
            },
            counters,
            settings,
        );
    }

    fn media(&mut self, at: usize, media: Media<'_>, counters: &mut PoolCounters, settings: &Settings) {
        let Media {
            now,
            header,
            payload,
            meta,
            by_rtx,
            ..
        } = media;
        let track = &mut self.tracks[at];
        let medium = track.medium;
        let full = track.full(media.sequence);
        let arrival = track.arrived(full, header.timestamp, meta.arrived_ns, now, by_rtx);
        if arrival == Arrival::Repeated && !by_rtx {
            fault(&mut self.report.faults, "sequence_used_twice");
        }
        if medium == Medium::Video && track.has_gaps() {
            self.nack(now, at);
        }
        if arrival == Arrival::Repeated && self.depth == Depth::Light {
            self.report.duplicates += 1;
            return;
        }
        if payload.is_empty() {
            self.report.padding_packets += 1;
            return;
        }
        let stamp = match stamp::read(medium, payload) {
            Ok(stamp) => stamp,
            Err(Unstamped::Absent) => {
                self.report.unstamped += 1;
                return;
            }
            Err(Unstamped::Changed) => return fault(&mut self.report.faults, "payload_changed"),
        };
        if self.first_packet_ns == 0 {
            self.first_packet_ns = meta.arrived_ns;
            self.report.first_packet_ms = Some(self.since_click_ms(meta));
        }
        match self.seen[index(medium)].mark(stamp.number) {
            Mark::Duplicate => {
                self.report.duplicates += 1;
                return;
            }
            Mark::Late if !by_rtx => self.report.reorders += 1,
            Mark::Late | Mark::New => {}
        }
        self.report.repaired += u64::from(by_rtx);
        if medium == Medium::Video {
            self.video(full, stamp, &media, settings);
        }
        if stamp.index == 0
            && let Some(wall) = self.tracks[at].wall_ns(header.timestamp)
        {
            self.play_offset_ns[index(medium)] = Some(wall - stamp.sent_ns as i64);
        }
        // What was sent before this viewer's first packet is a replay; its age is no latency.
        let latency_ns = (stamp.sent_ns >= self.first_packet_ns).then(|| meta.arrived_ns.saturating_sub(stamp.sent_ns));
        let latency_ns = latency_ns.filter(|_| self.report.checked);
        counters.count(settings, latency_ns, medium == Medium::Video && stamp.key);
        counters.batch(self.newcomer.number, settings, meta);
    }

    fn video(&mut self, full: u64, stamp: Stamp, media: &Media<'_>, settings: &Settings) {
        let header = &media.header;
        if let Some(descriptor) = vp8::parse(media.payload)
            && !media.by_rtx
        {
            let faults = &mut self.report.faults;
            self.order
                .check(full, stamp, descriptor, header.marker, header.timestamp, faults);
        }
        let whole = self.keyframe.complete(&stamp);
        if whole && self.shown != Some(stamp.source) {
            let before = self.shown.replace(stamp.source);
            if let Some((to, at_ns)) = settings.speaker_change()
                && before.is_some()
                && to == stamp.source
            {
                let after_ns = media.meta.arrived_ns.saturating_sub(at_ns);
                self.report.switches_ms.push(after_ns as f64 / 1e6);
            }
        }
        if self.report.first_keyframe_ms.is_some() {
            return;
        }
        if whole {
            self.report.first_keyframe_ms = Some(self.since_click_ms(media.meta));
            self.next_pli = None;
            if !self.report.checked {
                self.depth = Depth::Light;
            }
        } else if self.next_pli.is_none() {
            self.next_pli = Some(media.now + PLI_AFTER);
        }
    }

    fn since_click_ms(&self, meta: Meta) -> f64 {
        meta.arrived_ns.saturating_sub(self.newcomer.clicked_ns) as f64 / 1e6
    }
}
