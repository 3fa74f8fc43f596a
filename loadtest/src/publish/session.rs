// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Publishing sessions from POST to DELETE: each on a socket of its own, many on one thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use mio::{Events, Interest, Poll, Token};

use super::media::Source;
use super::sender::{Ledger, Sender};
use crate::http::Resource;
use crate::peer::identity::{Identity, random_ice_chars, random_u32};
use crate::peer::transport::{IceCredentials, Received, Transport};
use crate::socket;
use crate::sys::DATAGRAM_BYTES_MAX;
use crate::watch::venue::Venue;
use crate::wire::rtcp::{self, Said};
use crate::wire::sdp::{self, Sending};

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const REPORT_EVERY: Duration = Duration::from_millis(1_000);
const FIRST_REPORT_AFTER: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_millis(100);
const EVENTS: usize = 256;
/// So many sends refused by the other machine's kernel since anything came: nobody listens there any more.
const REFUSED_MAX: u32 = 25;
/// Names of simulcast layers, lowest first.
const RIDS: [&str; 3] = ["q", "h", "f"];

/// What others tell a running session.
#[derive(Debug)]
pub struct Control {
    /// End the session properly.
    pub stop: AtomicBool,
    /// Make no more media; the connection stays.
    pub pause: AtomicBool,
    /// Set by the session once media flows.
    pub live: AtomicBool,
    /// How loud the sound is said to be, -dBov; 127 is silence.
    pub minus_dbov: AtomicU8,
    /// Written to standard error once media flows.
    pub announcement: Option<String>,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            stop: AtomicBool::new(false),
            pause: AtomicBool::new(false),
            live: AtomicBool::new(false),
            minus_dbov: AtomicU8::new(30),
            announcement: None,
        }
    }
}

/// What a session publishes, and where.
pub struct Act {
    /// Number of the publisher within the run.
    pub number: u16,
    /// Room.
    pub room: String,
    /// Name that others see; the server's choice without one.
    pub name: Option<String>,
    /// Frames.
    pub source: Box<dyn Source>,
    /// Rate that the pacer is set to, kbit/s.
    pub video_kbps: u32,
    /// Three layers of simulcast.
    pub simulcast: bool,
    /// How it is told what to do.
    pub control: Arc<Control>,
}

/// A session that is let in.
struct Publication {
    act: Act,
    link: Link,
    sender: Sender,
    resource: Resource,
    started: Instant,
    live_since: Option<Instant>,
    next_report: Instant,
    wake: Instant,
}

/// Publishes all acts on the calling thread until each one's `control.stop`; gives each one's end.
///
/// # Errors
/// Of each act: when the server refuses, cannot be reached, closes the connection or falls silent.
pub fn publish(
    venue: &dyn Venue,
    identity: &Arc<Identity>,
    acts: Vec<Act>,
    ledger: &Ledger,
) -> Result<Vec<Result<()>>> {
    let mut poll = Poll::new().context("poll")?;
    let mut events = Events::with_capacity(EVENTS);
    let mut ended = Vec::new();
    let mut running: Vec<Option<Publication>> = Vec::new();
    for act in acts {
        match Publication::open(venue, identity, act) {
            Ok(mut publication) => {
                let token = Token(running.len());
                let registry = poll.registry();
                registry
                    .register(&mut publication.link.socket, token, Interest::READABLE)
                    .context("poll")?;
                running.push(Some(publication));
            }
            Err(error) => ended.push(Err(error)),
        }
    }
    while running.iter().any(Option::is_some) {
        let now = Instant::now();
        let soonest = running.iter().flatten().map(|publication| publication.wake).min();
        let timeout = soonest.unwrap_or(now).saturating_duration_since(now).min(WAIT_MAX);
        match poll.poll(&mut events, Some(timeout)) {
            Err(e) if e.kind() != io::ErrorKind::Interrupted => return Err(e).context("poll"),
            _ => {}
        }
        for event in &events {
            if let Some(Some(publication)) = running.get_mut(event.token().0) {
                publication.wake = Instant::now();
            }
        }
        let now = Instant::now();
        for place in &mut running {
            let Some(publication) = place.as_mut().filter(|publication| publication.wake <= now) else {
                continue;
            };
            let outcome = publication.turn(now, ledger);
            if matches!(outcome, Ok(false)) {
                continue;
            }
            publication.act.control.live.store(false, Ordering::Release);
            let deleted = match publication.resource.location {
                Some(_) => venue.unpublish(&publication.resource),
                None => Ok(()),
            };
            ended.push(outcome.map(|_| ()).and(deleted));
            *place = None;
        }
    }
    Ok(ended)
}

impl Publication {
    fn open(venue: &dyn Venue, identity: &Arc<Identity>, act: Act) -> Result<Self> {
        let std_socket = socket::open(venue.server())?;
        let credentials = IceCredentials::fresh();
        let sending = Sending {
            audio_ssrc: random_u32(),
            video_ssrc: random_u32(),
            rtx_ssrc: random_u32(),
            cname: random_ice_chars::<16>().replace(['+', '/'], "x"),
            rids: if act.simulcast { RIDS.to_vec() } else { Vec::new() },
        };
        let local = sdp::Local {
            ufrag: &credentials.ufrag,
            pwd: &credentials.pwd,
            fingerprint: &identity.fingerprint,
            address: std_socket.local_addr()?,
        };
        let offer = sdp::whip_offer(&local, &sending);
        let resource = venue.publish(&act.room, act.name.as_deref(), offer)?;
        let now = Instant::now();
        let open = || -> Result<(Link, Sender)> {
            let answer = sdp::parse(&resource.sdp)?;
            std_socket
                .connect(answer.pick_candidate(venue.is_loopback())?)
                .context("UDP connect")?;
            let sender = Sender::new(&answer, &sending, act.number, act.video_kbps, now)?;
            let mut transport = Transport::new(identity.clone(), &credentials, &answer, now)?;
            if venue.is_full_agent() {
                transport.meet_full_agent(&credentials, local.address, false);
            }
            let link = Link {
                transport,
                socket: mio::net::UdpSocket::from_std(std_socket),
                refused: 0,
            };
            Ok((link, sender))
        };
        match open() {
            Ok((link, sender)) => Ok(Self {
                act,
                link,
                sender,
                resource,
                started: now,
                live_since: None,
                next_report: now,
                wake: now,
            }),
            Err(error) => {
                let _ = venue.unpublish(&resource);
                Err(error)
            }
        }
    }

    /// Does what is due; true once it is over.
    fn turn(&mut self, now: Instant, ledger: &Ledger) -> Result<bool> {
        let (link, sender, control) = (&mut self.link, &mut self.sender, &self.act.control);
        link.receive(&mut *self.act.source, sender, ledger)?;
        if control.stop.load(Ordering::Acquire) {
            link.transport.send_rtcp(&sender.goodbye());
            link.transport.close(now);
            link.flush();
            return Ok(true);
        }
        if self.live_since.is_none() && link.transport.is_connected() {
            self.live_since = Some(now);
            self.next_report = now + FIRST_REPORT_AFTER;
            control.live.store(true, Ordering::Release);
            if let Some(text) = &control.announcement {
                eprintln!("{text}");
            }
        }
        if self.live_since.is_none() && now - self.started > CONNECT_WITHIN {
            bail!("no media connection within {} s", CONNECT_WITHIN.as_secs());
        }
        if link.transport.is_silent(now) || link.refused > REFUSED_MAX {
            bail!("the server no longer answers");
        }
        if now >= link.transport.next_tick() {
            link.transport.tick(now)?;
        }
        let mut wake = link.transport.next_tick();
        if let Some(since) = self.live_since {
            if !control.pause.load(Ordering::Acquire) {
                while self.act.source.next_at() <= now - since {
                    sender.push(self.act.source.next(), ledger);
                }
                wake = wake.min(since + self.act.source.next_at());
            }
            sender.minus_dbov = control.minus_dbov.load(Ordering::Relaxed);
            link.pump(now, sender, ledger)?;
            if now >= self.next_report {
                let reports = sender.reports(now - since);
                reports.iter().for_each(|report| link.transport.send_rtcp(report));
                self.next_report = now + REPORT_EVERY;
            }
            wake = sender
                .next_pump(now)
                .map_or(wake, |at| wake.min(at))
                .min(self.next_report);
        }
        link.flush();
        self.wake = wake.min(now + WAIT_MAX);
        Ok(false)
    }
}

struct Link {
    transport: Transport,
    socket: mio::net::UdpSocket,
    refused: u32,
}

impl Link {
    fn pump(&mut self, now: Instant, sender: &mut Sender, ledger: &Ledger) -> Result<()> {
        let Some(srtp) = self.transport.srtp() else {
            return Ok(());
        };
        let (socket, refused) = (&self.socket, &mut self.refused);
        sender.pump(now, &mut srtp.outbound, ledger, |packet| send(socket, packet, refused))
    }

    fn flush(&mut self) {
        while let Some(datagram) = self.transport.poll_out() {
            send(&self.socket, &datagram, &mut self.refused);
        }
    }

    fn receive(&mut self, source: &mut dyn Source, sender: &mut Sender, ledger: &Ledger) -> Result<()> {
        let mut buffer = [0_u8; DATAGRAM_BYTES_MAX];
        loop {
            let n = match self.socket.recv(&mut buffer) {
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => {
                    self.refused += 1;
                    continue;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e).context("UDP receive"),
            };
            self.refused = 0;
            match self.transport.handle(Instant::now(), &buffer[..n])? {
                Received::Rtcp(packet) => {
                    for said in rtcp::parse(&packet) {
                        self.heard(said, source, sender, ledger)?;
                    }
                }
                Received::Closed => bail!("the server closed the connection"),
                Received::Inside | Received::Connected | Received::Rtp => {}
            }
        }
    }

    fn heard(&mut self, said: Said, source: &mut dyn Source, sender: &mut Sender, ledger: &Ledger) -> Result<()> {
        match said {
            Said::KeyframeWanted => {
                ledger.keyframe_requests.fetch_add(1, Ordering::Relaxed);
                source.want_keyframe();
            }
            Said::Nack { ssrc, lost } => {
                let Some(srtp) = self.transport.srtp() else {
                    return Ok(());
                };
                let (socket, refused) = (&self.socket, &mut self.refused);
                sender.retransmit(ssrc, &lost, &mut srtp.outbound, ledger, |packet| {
                    send(socket, packet, refused)
                })?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn send(socket: &mio::net::UdpSocket, packet: &[u8], refused: &mut u32) {
    match socket.send(packet) {
        Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => *refused += 1,
        // A full send buffer loses the packet, as a full radio queue does.
        Ok(_) | Err(_) => {}
    }
}
