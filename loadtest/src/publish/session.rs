// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One WHIP session from POST to DELETE on one socket and one thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use mio::{Events, Interest, Poll, Token};

use super::media::Source;
use super::sender::{Ledger, Sender};
use crate::http::Target;
use crate::peer::identity::{Identity, random_ice_chars, random_u32};
use crate::peer::transport::{IceCredentials, Received, Transport};
use crate::socket;
use crate::sys::DATAGRAM_BYTES_MAX;
use crate::wire::rtcp::{self, Said};
use crate::wire::sdp::{self, Sending};

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const REPORT_EVERY: Duration = Duration::from_millis(1_000);
const FIRST_REPORT_AFTER: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_millis(100);
/// So many sends refused by the other machine's kernel since anything came: nobody listens there any more.
const REFUSED_MAX: u32 = 25;

/// What others tell a running session.
#[derive(Debug, Default)]
pub struct Control {
    /// End the session properly.
    pub stop: AtomicBool,
    /// Make no more media; the connection stays.
    pub pause: AtomicBool,
    /// Set by the session once media flows.
    pub live: AtomicBool,
    /// Written to standard error then.
    pub announcement: Option<String>,
}

/// Publishes until `control.stop`.
///
/// # Errors
/// When the server refuses, cannot be reached, closes the connection or falls silent.
pub fn publish(
    identity: &Arc<Identity>,
    target: &Target,
    token: &str,
    name: Option<&str>,
    source: &mut dyn Source,
    ledger: &Ledger,
    control: &Control,
) -> Result<()> {
    let std_socket = socket::open(target)?;
    let credentials = IceCredentials::fresh();
    let sending = Sending {
        audio_ssrc: random_u32(),
        video_ssrc: random_u32(),
        rtx_ssrc: random_u32(),
        cname: random_ice_chars::<16>().replace(['+', '/'], "x"),
    };
    let local = sdp::Local {
        ufrag: &credentials.ufrag,
        pwd: &credentials.pwd,
        fingerprint: &identity.fingerprint,
        address: std_socket.local_addr()?,
    };
    let resource = target.post(&target.whip(name), token, sdp::whip_offer(&local, &sending))?;
    let outcome = run(
        identity,
        target,
        std_socket,
        &credentials,
        &sending,
        &resource.sdp,
        source,
        ledger,
        control,
    );
    control.live.store(false, Ordering::Release);
    if let Some(location) = resource.location {
        let deleted = target.delete(&location, token);
        return outcome.and(deleted);
    }
    outcome
}

#[allow(clippy::too_many_arguments)]
fn run(
    identity: &Arc<Identity>,
    target: &Target,
    std_socket: std::net::UdpSocket,
    credentials: &IceCredentials,
    sending: &Sending,
    answer: &str,
    source: &mut dyn Source,
    ledger: &Ledger,
    control: &Control,
) -> Result<()> {
    let started = Instant::now();
    let answer = sdp::parse(answer)?;
    std_socket
        .connect(answer.pick_candidate(target.is_loopback())?)
        .context("UDP connect")?;
    let mut link = Link {
        transport: Transport::new(identity.clone(), credentials, &answer, started)?,
        socket: mio::net::UdpSocket::from_std(std_socket),
        refused: 0,
    };
    let mut sender = Sender::new(&answer, sending, started)?;
    let mut poll = Poll::new().context("poll")?;
    poll.registry()
        .register(&mut link.socket, Token(0), Interest::READABLE)
        .context("poll")?;
    let mut events = Events::with_capacity(4);
    let (mut live_since, mut next_report): (Option<Instant>, Instant) = (None, started);
    loop {
        let now = Instant::now();
        if control.stop.load(Ordering::Acquire) {
            link.transport.send_rtcp(&sender.goodbye());
            link.transport.close(now);
            link.flush();
            return Ok(());
        }
        if live_since.is_none() && link.transport.is_connected() {
            live_since = Some(now);
            next_report = now + FIRST_REPORT_AFTER;
            control.live.store(true, Ordering::Release);
            if let Some(text) = &control.announcement {
                eprintln!("{text}");
            }
        }
        if live_since.is_none() && now - started > CONNECT_WITHIN {
            bail!("no media connection within {} s", CONNECT_WITHIN.as_secs());
        }
        if link.transport.is_silent(now) || link.refused > REFUSED_MAX {
            bail!("the server no longer answers");
        }
        if now >= link.transport.next_tick() {
            link.transport.tick(now)?;
        }
        let mut wake = link.transport.next_tick();
        if let Some(since) = live_since {
            if !control.pause.load(Ordering::Acquire) {
                while source.next_at() <= now - since {
                    sender.push(source.next(), ledger);
                }
                wake = wake.min(since + source.next_at());
            }
            link.pump(now, &mut sender, ledger)?;
            if now >= next_report {
                sender
                    .reports(now - since)
                    .iter()
                    .for_each(|r| link.transport.send_rtcp(r));
                next_report = now + REPORT_EVERY;
            }
            wake = sender.next_pump().map_or(wake, |at| wake.min(at)).min(next_report);
        }
        link.flush();
        let timeout = wake.saturating_duration_since(Instant::now()).min(WAIT_MAX);
        match poll.poll(&mut events, Some(timeout)) {
            Err(e) if e.kind() != io::ErrorKind::Interrupted => return Err(e).context("poll"),
            _ => {}
        }
        link.receive(source, &mut sender, ledger)?;
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
            Said::Nack { lost, .. } => {
                let Some(srtp) = self.transport.srtp() else {
                    return Ok(());
                };
                let (socket, refused) = (&self.socket, &mut self.refused);
                sender.retransmit(&lost, &mut srtp.outbound, ledger, |packet| {
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
