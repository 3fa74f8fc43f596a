// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One viewer as a whole, and what it sends as a browser does: ICE checks, RR and SDES each second, TWCC feedback,
//! NACK for gaps, PLI without a keyframe. What it receives is `inbound`'s business; sockets are the pool's.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::account::{KeyframeWatch, Seen, VideoOrder, ViewerReport, index};
use super::negotiated::Negotiated;
use super::place::Place;
use super::settings::Settings;
use super::track::Track;
use crate::peer::identity::random_u32;
use crate::peer::transport::Transport;
use crate::publish::sender::Ledger;
use crate::wire::sdp::Remote;
use crate::wire::stamp::Medium;
use crate::wire::{rtcp, twcc};

const REPORT_EVERY: Duration = Duration::from_millis(1_000);
pub(super) const PLI_AFTER: Duration = Duration::from_millis(500);
/// Between looks at gaps, as Chromium's NACK module takes them.
const NACK_EVERY: Duration = Duration::from_millis(20);

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
    /// Where it sits.
    pub place: Place,
    /// Where the server is.
    pub server: SocketAddr,
    /// The transport, before its first check.
    pub transport: Transport,
    /// The server's description.
    pub remote: Remote,
}

/// How closely a viewer looks at what it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Opens and checks every packet.
    Full,
    /// Reads headers; opens only retransmissions.
    Light,
}

/// See the module's head.
pub struct Viewer {
    pub(super) newcomer: Newcomer,
    pub(super) negotiated: Negotiated,
    pub(super) depth: Depth,
    pub(super) tracks: Vec<Track>,
    pub(super) twcc: twcc::Recorder,
    pub(super) ssrc: u32,
    pub(super) seen: [Seen; 2],
    /// Packets taken by their header alone.
    pub(super) light: [u64; 2],
    pub(super) order: VideoOrder,
    pub(super) keyframe: KeyframeWatch,
    /// The publisher whose keyframe was whole last.
    pub(super) shown: Option<u16>,
    pub(super) play_offset_ns: [Option<i64>; 2],
    pub(super) first_packet_ns: u64,
    pub(super) next_report: Instant,
    pub(super) next_twcc: Instant,
    pub(super) next_nack: Instant,
    pub(super) next_pli: Option<Instant>,
    pub(super) report: ViewerReport,
    pub(super) closed: bool,
}

impl Viewer {
    /// Takes over a newcomer and queues its first check.
    #[must_use]
    pub fn new(mut newcomer: Newcomer, now: Instant, settings: &Settings) -> Self {
        let negotiated = Negotiated::new(&newcomer.remote);
        let _ = newcomer.transport.tick(now);
        let report = ViewerReport {
            number: newcomer.number,
            clicked_s: newcomer.clicked.saturating_duration_since(settings.began).as_secs_f64(),
            checked: settings.checks(newcomer.number),
            ..ViewerReport::default()
        };
        Self {
            newcomer,
            negotiated,
            depth: Depth::Full,
            tracks: Vec::new(),
            twcc: twcc::Recorder::default(),
            ssrc: random_u32(),
            seen: [Seen::default(), Seen::default()],
            light: [0; 2],
            order: VideoOrder::default(),
            keyframe: KeyframeWatch::default(),
            shown: None,
            play_offset_ns: [None, None],
            first_packet_ns: 0,
            next_report: now + REPORT_EVERY,
            next_twcc: now,
            next_nack: now,
            next_pli: None,
            report,
            closed: false,
        }
    }

    /// Where it sits and where the server is.
    pub fn place(&mut self) -> (&mut Place, SocketAddr) {
        (&mut self.newcomer.place, self.newcomer.server)
    }

    /// Notes what its own socket has dropped.
    pub fn socket_dropped(&mut self, meta: crate::sys::Meta) {
        if let Some(dropped) = meta.dropped {
            self.report.socket_drops = u64::from(dropped);
        }
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

    /// Sends what is due; returns when it wants to be called again.
    pub fn tick(&mut self, now: Instant, now_ns: u64, settings: &Settings) -> Instant {
        if self.closed {
            return now + REPORT_EVERY;
        }
        if now >= self.newcomer.transport.next_tick()
            && let Err(error) = self.newcomer.transport.tick(now)
        {
            self.fail(&error);
            self.closed = true;
        }
        if !self.newcomer.transport.is_connected() {
            return self.newcomer.transport.next_tick().min(now + NACK_EVERY);
        }
        self.feedback(now, now_ns, settings);
        let soonest = self.next_report.min(self.newcomer.transport.next_tick());
        let soonest = soonest.min(self.next_twcc.max(now + Duration::from_millis(1)));
        self.next_pli.map_or(soonest, |at| soonest.min(at)).min(self.next_nack)
    }

    fn feedback(&mut self, now: Instant, now_ns: u64, settings: &Settings) {
        if now >= self.next_nack {
            self.next_nack = now + NACK_EVERY;
            for at in 0..self.tracks.len() {
                if self.tracks[at].medium == Medium::Video && self.tracks[at].has_gaps() {
                    self.nack(now, at);
                }
            }
        }
        if now >= self.next_twcc {
            self.next_twcc = now + settings.twcc_every;
            if self.twcc.pending() {
                let media = self.tracks.first().map_or(0, |t| t.ssrc);
                let mut out = Vec::with_capacity(96);
                self.twcc.write(&mut out, self.ssrc, media);
                self.newcomer.transport.send_rtcp(&out);
            }
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

    /// Whether `poll_out` has something.
    #[must_use]
    pub fn has_out(&self) -> bool {
        self.newcomer.transport.has_out()
    }

    /// The next datagram to send.
    pub fn poll_out(&mut self) -> Option<Vec<u8>> {
        self.newcomer.transport.poll_out()
    }

    /// Queues the goodbye.
    pub fn goodbye(&mut self) {
        let mut bye = Vec::new();
        rtcp::receiver_report(&mut bye, self.ssrc, &[]);
        rtcp::bye(&mut bye, self.ssrc);
        self.newcomer.transport.send_rtcp(&bye);
        self.newcomer.transport.close(Instant::now());
    }

    /// Gives the account, knowing what the publisher sent in all.
    pub fn finish(mut self, ledger: &Ledger, settings: &Settings) -> ViewerReport {
        if self.closed && self.report.error.is_none() {
            self.report.error = Some("the server closed the connection".into());
        }
        if !self.newcomer.transport.is_connected() && self.report.error.is_none() {
            self.report.error = Some("no media connection".into());
        }
        for medium in [Medium::Audio, Medium::Video] {
            let i = index(medium);
            if settings.exact {
                let expected = self.seen[i].expected(ledger.sent(medium), self.newcomer.sent_before[i]);
                self.report.expected[i] = expected;
                self.report.unique[i] = (self.seen[i].unique + self.light[i]).min(expected);
            } else {
                for track in self.tracks.iter().filter(|t| t.medium == medium) {
                    self.report.expected[i] += track.expected();
                    self.report.unique[i] += track.unique.min(track.expected());
                }
            }
        }
        if let [Some(audio), Some(video)] = self.play_offset_ns {
            self.report.av_skew_ms = Some((video - audio) as f64 / 1e6);
        }
        if self.twcc.missing() > 0 && settings.networks.is_empty() {
            *self.report.faults.entry("twcc_numbers_missing").or_default() += self.twcc.missing();
        }
        self.report
    }
}
