// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One viewer as a whole, and what it sends as a browser does: ICE checks, RR and SDES each second, TWCC feedback,
//! NACK for gaps, PLI without a keyframe. What it receives is `inbound`'s business.

use std::time::{Duration, Instant};

use super::account::{KeyframeWatch, Seen, VideoOrder, ViewerReport, index};
use super::negotiated::Negotiated;
use super::pool::Settings;
use super::track::Track;
use crate::peer::identity::random_u32;
use crate::peer::transport::Transport;
use crate::publish::sender::Ledger;
use crate::wire::sdp::Remote;
use crate::wire::stamp::Medium;
use crate::wire::{rtcp, twcc};

const REPORT_EVERY: Duration = Duration::from_millis(1_000);
pub(super) const PLI_AFTER: Duration = Duration::from_millis(500);

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

/// See the module's head.
pub struct Viewer {
    pub(super) newcomer: Newcomer,
    pub(super) negotiated: Negotiated,
    pub(super) tracks: Vec<Track>,
    pub(super) twcc: twcc::Recorder,
    pub(super) ssrc: u32,
    pub(super) seen: [Seen; 2],
    pub(super) order: VideoOrder,
    pub(super) keyframe: KeyframeWatch,
    pub(super) play_offset_ns: [Option<i64>; 2],
    pub(super) first_packet_ns: u64,
    pub(super) next_report: Instant,
    pub(super) next_twcc: Instant,
    pub(super) next_pli: Option<Instant>,
    pub(super) report: ViewerReport,
    pub(super) closed: bool,
}

impl Viewer {
    /// Takes over a newcomer and sends its first check.
    #[must_use]
    pub fn new(mut newcomer: Newcomer, now: Instant) -> Self {
        let negotiated = Negotiated::new(&newcomer.remote);
        let _ = newcomer.transport.tick(now);
        let mut viewer = Self {
            newcomer,
            negotiated,
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

    pub(super) fn fail(&mut self, error: &anyhow::Error) {
        if self.report.error.is_none() {
            self.report.error = Some(format!("{error:#}"));
        }
    }

    pub(super) fn nack(&mut self, now: Instant, at: usize) {
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

    pub(super) fn flush(&mut self) {
        while let Some(datagram) = self.newcomer.transport.poll_out() {
            let _ = self.newcomer.socket.send(&datagram);
        }
    }

    /// Says goodbye and gives the account, knowing what the publisher sent in all.
    pub fn finish(mut self, ledger: &Ledger, settings: &Settings) -> ViewerReport {
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
            self.report.unique[i] = self.seen[i].unique;
            self.report.expected[i] = self.seen[i].expected(ledger.sent(medium), self.newcomer.sent_before[i]);
        }
        if let [Some(audio), Some(video)] = self.play_offset_ns {
            self.report.av_skew_ms = Some((video - audio) as f64 / 1e6);
        }
        if self.twcc.missing() > 0 && settings.lose_of_10k == 0 {
            *self.report.faults.entry("twcc_numbers_missing").or_default() += self.twcc.missing();
        }
        self.report
    }
}
