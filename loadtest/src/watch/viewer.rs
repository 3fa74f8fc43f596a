// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One viewer: opens what comes, checks it, counts it, and answers as a browser does
//! (ICE checks, RR and SDES each second, TWCC feedback, NACK for gaps, PLI without a keyframe).

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::account::{KeyframeWatch, Mark, Seen, VideoOrder, ViewerReport, fault, index};
use super::pool::{PoolCounters, Settings};
use super::track::{Arrival, Track};
use crate::peer::identity::random_u32;
use crate::peer::transport::{Received, Transport};
use crate::publish::sender::Ledger;
use crate::sys::{Meta, RecvBatch};
use crate::wire::rtcp::{self, Said};
use crate::wire::rtp::Header;
use crate::wire::sdp::Remote;
use crate::wire::stamp::{self, Medium, Unstamped};
use crate::wire::{twcc, vp8};

const REPORT_EVERY: Duration = Duration::from_millis(1_000);
const PLI_AFTER: Duration = Duration::from_millis(500);
const RTX_HEADER_BYTES: usize = 2;

/// A viewer whose signalling is done; media begins with its first check.
pub struct Newcomer {
    /// Number within the run.
    pub number: usize,
    /// When "Join" was clicked.
    pub clicked: Instant,
    /// The same, nanoseconds since 1970.
    pub clicked_ns: u64,
    /// Packets that the publisher had sent by then, audio and video.
    pub sent_before: [u64; 2],
    /// The socket, connected to the server.
    pub socket: mio::net::UdpSocket,
    /// The transport, before its first check.
    pub transport: Transport,
    /// The server's description.
    pub remote: Remote,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carries {
    Medium(Medium),
    Rtx,
    OtherVideo,
}

/// See the module's head.
pub struct Viewer {
    newcomer: Newcomer,
    payload_types: Vec<(u8, Carries)>,
    declared: Vec<(u32, Option<u32>)>,
    twcc_id: u8,
    tracks: Vec<Track>,
    twcc: twcc::Recorder,
    ssrc: u32,
    seen: [Seen; 2],
    order: VideoOrder,
    keyframe: KeyframeWatch,
    play_offset_ns: [Option<i64>; 2],
    first_packet_ns: u64,
    next_report: Instant,
    next_twcc: Instant,
    next_pli: Option<Instant>,
    report: ViewerReport,
    closed: bool,
}

impl Viewer {
    /// Takes over a newcomer and sends its first check.
    #[must_use]
    pub fn new(mut newcomer: Newcomer, now: Instant) -> Self {
        let (mut payload_types, mut declared, mut twcc_id) = (Vec::new(), Vec::new(), 0);
        for media in newcomer.remote.media.iter().filter(|m| !m.rejected) {
            for pt in &media.payload_types {
                let carries = match media.codec(*pt).as_deref() {
                    Some("opus") => Carries::Medium(Medium::Audio),
                    Some("vp8") => Carries::Medium(Medium::Video),
                    Some("rtx") => Carries::Rtx,
                    _ => Carries::OtherVideo,
                };
                payload_types.push((*pt, carries));
            }
            let pairs = media.rtx_pairs();
            let rtx_of = |ssrc: u32| pairs.iter().find(|(p, _)| *p == ssrc).map(|(_, rtx)| *rtx);
            let primaries = media
                .ssrcs()
                .into_iter()
                .filter(|s| !pairs.iter().any(|(_, rtx)| rtx == s));
            declared.extend(primaries.map(|s| (s, rtx_of(s))));
            twcc_id = if twcc_id == 0 { media.twcc_id() } else { twcc_id };
        }
        let _ = newcomer.transport.tick(now);
        let mut viewer = Self {
            newcomer,
            payload_types,
            declared,
            twcc_id,
            tracks: Vec::new(),
            twcc: twcc::Recorder::default(),
            ssrc: random_u32(),
            seen: [Seen::default(), Seen::default()],
            order: VideoOrder::default(),
            keyframe: KeyframeWatch::default(),
            play_offset_ns: [None, None],
            first_packet_ns: 0,
            next_report: now + REPORT_EVERY,
            next_twcc: now,
            next_pli: None,
            report: ViewerReport::default(),
            closed: false,
        };
        viewer.flush();
        viewer
    }

    /// The socket, for the poll.
    pub fn socket(&mut self) -> &mut mio::net::UdpSocket {
        &mut self.newcomer.socket
    }

    fn fail(&mut self, error: &anyhow::Error) {
        if self.report.error.is_none() {
            self.report.error = Some(format!("{error:#}"));
        }
    }

    /// Takes everything that waits at the socket.
    pub fn readable(&mut self, batch: &mut RecvBatch, counters: &mut PoolCounters, settings: &Settings) {
        loop {
            let received = batch.receive(self.newcomer.socket.as_fd());
            let n = match received {
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => {
                    fault(&mut self.report.faults, "port_unreachable");
                    continue;
                }
                Err(_) => return,
            };
            let now = Instant::now();
            for i in 0..n {
                let (datagram, meta) = batch.get(i);
                self.datagram(now, datagram, meta, counters, settings);
            }
            self.flush();
            if n < crate::sys::BATCH {
                return;
            }
        }
    }

    fn datagram(
        &mut self,
        now: Instant,
        datagram: &mut [u8],
        meta: Meta,
        counters: &mut PoolCounters,
        settings: &Settings,
    ) {
        if let Some(dropped) = meta.dropped {
            self.report.socket_drops = u64::from(dropped);
        }
        match self.newcomer.transport.handle(now, datagram) {
            Ok(Received::Inside) => {}
            Ok(Received::Connected) => {
                self.report.connected_ms = Some((now - self.newcomer.clicked).as_secs_f64() * 1e3);
                self.report.srtp = self.newcomer.transport.srtp().map(|s| s.inbound.name());
            }
            Ok(Received::Rtcp(packet)) => self.rtcp(&packet, meta.arrived_ns),
            Ok(Received::Rtp) => self.rtp(now, datagram, meta, counters, settings),
            Ok(Received::Closed) => self.closed = true,
            Err(error) => {
                let text = format!("{error:#}");
                if text.contains("tag") || text.contains("SRTCP") {
                    self.report.auth_failures += 1;
                } else {
                    fault(&mut self.report.faults, "datagram_refused");
                }
                self.fail(&error);
            }
        }
    }

    fn rtcp(&mut self, packet: &[u8], at_ns: u64) {
        for said in rtcp::parse(packet) {
            match said {
                Said::SenderReport { ssrc, ntp, rtp } => match self.tracks.iter_mut().find(|t| t.ssrc == ssrc) {
                    Some(track) => track.sender_report(ntp, rtp, at_ns),
                    None => fault(&mut self.report.faults, "sender_report_of_silent_source"),
                },
                Said::Bye => self.closed = true,
                _ => {}
            }
        }
    }

    fn rtp(&mut self, now: Instant, datagram: &mut [u8], meta: Meta, counters: &mut PoolCounters, settings: &Settings) {
        let Some(header) = Header::parse(datagram) else {
            return fault(&mut self.report.faults, "malformed_rtp");
        };
        let Some(srtp) = self.newcomer.transport.srtp() else {
            return fault(&mut self.report.faults, "media_before_dtls");
        };
        let mut len = match srtp.inbound.open_rtp(datagram, &header) {
            Ok(len) => len,
            Err(_) => {
                self.report.auth_failures += 1;
                return;
            }
        };
        if let Some([high, low]) = header.extension(datagram, self.twcc_id) {
            self.twcc.arrived(u16::from_be_bytes([*high, *low]), meta.arrived_ns);
        } else if self.twcc_id != 0 {
            fault(&mut self.report.faults, "no_twcc_number");
        }
        let payload = &datagram[header.len..header.len + len];
        if header.padding {
            len -= usize::from(payload.last().copied().unwrap_or(0)).min(len);
        }
        let payload = &payload[..len];
        let carries = self
            .payload_types
            .iter()
            .find(|(pt, _)| *pt == header.payload_type)
            .map(|(_, c)| *c);
        match carries {
            None => fault(&mut self.report.faults, "payload_type_not_negotiated"),
            Some(Carries::OtherVideo) => self.report.unstamped += 1,
            Some(Carries::Rtx) => self.retransmission(now, header, payload, meta, counters, settings),
            Some(Carries::Medium(medium)) => {
                let at = self.track(header.ssrc, medium);
                self.media(
                    now,
                    at,
                    header,
                    header.sequence,
                    payload,
                    meta,
                    counters,
                    settings,
                    false,
                );
            }
        }
    }

    fn track(&mut self, ssrc: u32, medium: Medium) -> usize {
        if let Some(at) = self.tracks.iter().position(|t| t.ssrc == ssrc) {
            return at;
        }
        let declared = self.declared.iter().find(|(s, _)| *s == ssrc);
        if declared.is_none() {
            fault(&mut self.report.faults, "undeclared_ssrc");
        }
        self.tracks
            .push(Track::new(ssrc, declared.and_then(|(_, rtx)| *rtx), medium));
        self.tracks.len() - 1
    }

    fn retransmission(
        &mut self,
        now: Instant,
        header: Header,
        payload: &[u8],
        meta: Meta,
        counters: &mut PoolCounters,
        settings: &Settings,
    ) {
        self.report.rtx_packets += 1;
        if payload.is_empty() {
            self.report.padding_packets += 1;
            return;
        }
        let Some(at) = self.tracks.iter().position(|t| t.rtx_ssrc == Some(header.ssrc)) else {
            return fault(&mut self.report.faults, "rtx_of_unknown_source");
        };
        let [high, low, rest @ ..] = payload else {
            return fault(&mut self.report.faults, "malformed_rtx");
        };
        let original = u16::from_be_bytes([*high, *low]);
        debug_assert_eq!(payload.len() - rest.len(), RTX_HEADER_BYTES);
        self.media(now, at, header, original, rest, meta, counters, settings, true);
    }

    #[allow(clippy::too_many_arguments)]
    fn media(
        &mut self,
        now: Instant,
        at: usize,
        header: Header,
        sequence: u16,
        payload: &[u8],
        meta: Meta,
        counters: &mut PoolCounters,
        settings: &Settings,
        by_rtx: bool,
    ) {
        let track = &mut self.tracks[at];
        let full = track.full(sequence);
        let arrival = track.arrived(full, header.timestamp, meta.arrived_ns, now, by_rtx);
        if arrival == Arrival::Repeated && !by_rtx {
            fault(&mut self.report.faults, "sequence_used_twice");
        }
        if track.medium == Medium::Video && track.has_gaps() {
            self.nack(now, at);
        }
        if payload.is_empty() {
            self.report.padding_packets += 1;
            return;
        }
        let medium = self.tracks[at].medium;
        let stamp = match stamp::read(medium, payload) {
            Ok(stamp) => stamp,
            Err(Unstamped::Absent) => {
                self.report.unstamped += 1;
                return;
            }
            Err(Unstamped::Changed) => return fault(&mut self.report.faults, "payload_changed"),
        };
        let clicked = self.newcomer.clicked_ns;
        let since_click_ms = || Some(meta.arrived_ns.saturating_sub(clicked) as f64 / 1e6);
        if self.first_packet_ns == 0 {
            self.first_packet_ns = meta.arrived_ns;
            self.report.first_packet_ms = since_click_ms();
        }
        match self.seen[index(medium)].mark(stamp.number) {
            Mark::Duplicate => {
                self.report.duplicates += 1;
                return;
            }
            Mark::Late if !by_rtx => self.report.reorders += 1,
            Mark::Late | Mark::New => {}
        }
        if by_rtx {
            self.report.repaired += 1;
        }
        if medium == Medium::Video {
            if let Some(descriptor) = vp8::parse(payload)
                && !by_rtx
            {
                self.order.check(
                    full,
                    stamp,
                    descriptor,
                    header.marker,
                    header.timestamp,
                    &mut self.report.faults,
                );
            }
            if self.next_pli.is_none() && self.report.first_keyframe_ms.is_none() {
                self.next_pli = Some(now + PLI_AFTER);
            }
            if self.report.first_keyframe_ms.is_none() && self.keyframe.complete(&stamp) {
                self.report.first_keyframe_ms = since_click_ms();
                self.next_pli = None;
            }
        }
        if stamp.index == 0
            && let Some(wall) = self.tracks[at].wall_ns(header.timestamp)
        {
            self.play_offset_ns[index(medium)] = Some(wall - stamp.sent_ns as i64);
        }
        // What was sent before this viewer's first packet is a replay; its age is no latency.
        let latency_ns = (stamp.sent_ns >= self.first_packet_ns).then(|| meta.arrived_ns.saturating_sub(stamp.sent_ns));
        counters.count(settings, latency_ns, medium == Medium::Video && stamp.key);
        counters.batch(self.newcomer.number, settings, meta);
    }

    fn nack(&mut self, now: Instant, at: usize) {
        let track = &mut self.tracks[at];
        let due = track.nacks_due(now);
        if !due.is_empty() {
            self.report.nacks += due.len() as u64;
            let mut out = Vec::with_capacity(64);
            rtcp::nack(&mut out, self.ssrc, track.ssrc, &due);
            self.newcomer.transport.send_rtcp(&out);
        }
    }

    /// Sends what is due; called every few milliseconds.
    pub fn tick(&mut self, now: Instant, now_ns: u64, settings: &Settings) {
        if self.closed {
            return;
        }
        if now >= self.newcomer.transport.next_tick()
            && let Err(error) = self.newcomer.transport.tick(now)
        {
            self.fail(&error);
            self.closed = true;
        }
        if self.newcomer.transport.is_connected() {
            self.feedback(now, now_ns, settings);
        }
        self.flush();
    }

    fn feedback(&mut self, now: Instant, now_ns: u64, settings: &Settings) {
        for at in 0..self.tracks.len() {
            if self.tracks[at].medium == Medium::Video && self.tracks[at].has_gaps() {
                self.nack(now, at);
            }
        }
        if now >= self.next_twcc && self.twcc.pending() {
            self.next_twcc = now + settings.twcc_every;
            let media = self.tracks.first().map_or(0, |t| t.ssrc);
            let mut out = Vec::with_capacity(96);
            self.twcc.write(&mut out, self.ssrc, media);
            self.newcomer.transport.send_rtcp(&out);
        }
        if self.next_pli.is_some_and(|at| now >= at)
            && let Some(video) = self.tracks.iter().find(|t| t.medium == Medium::Video)
        {
            self.next_pli = Some(now + PLI_AFTER);
            self.report.plis += 1;
            let mut out = Vec::with_capacity(16);
            rtcp::pli(&mut out, self.ssrc, video.ssrc);
            self.newcomer.transport.send_rtcp(&out);
        }
        if now >= self.next_report {
            self.next_report = now + REPORT_EVERY;
            let blocks: Vec<_> = self.tracks.iter_mut().filter_map(|t| t.report(now_ns)).collect();
            let mut out = Vec::with_capacity(128);
            rtcp::receiver_report(&mut out, self.ssrc, &blocks);
            rtcp::source_description(&mut out, self.ssrc, "loadtest");
            self.newcomer.transport.send_rtcp(&out);
        }
    }

    fn flush(&mut self) {
        while let Some(datagram) = self.newcomer.transport.poll_out() {
            let _ = self.newcomer.socket.send(&datagram);
        }
    }

    /// Says goodbye and gives the account, knowing what the publisher sent in all.
    pub fn finish(mut self, ledger: &Ledger) -> ViewerReport {
        let now = Instant::now();
        if self.closed && self.report.error.is_none() {
            self.report.error = Some("the server closed the connection".into());
        }
        if !self.newcomer.transport.is_connected() && self.report.error.is_none() {
            self.report.error = Some("no media connection".into());
        }
        let mut bye = Vec::new();
        rtcp::receiver_report(&mut bye, self.ssrc, &[]);
        rtcp::bye(&mut bye, self.ssrc);
        self.newcomer.transport.send_rtcp(&bye);
        self.newcomer.transport.close(now);
        self.flush();
        for medium in [Medium::Audio, Medium::Video] {
            let i = index(medium);
            self.report.unique += self.seen[i].unique;
            self.report.expected += self.seen[i].expected(ledger.sent(medium), self.newcomer.sent_before[i]);
        }
        if let [Some(audio), Some(video)] = self.play_offset_ns {
            self.report.av_skew_ms = Some((video - audio) as f64 / 1e6);
        }
        if self.twcc.missing() > 0 {
            *self.report.faults.entry("twcc_numbers_missing").or_default() += self.twcc.missing();
        }
        self.report
    }
}
