// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One transport: ICE checks, as controlling agent unless told otherwise, then DTLS in either role, then SRTP.
//! Contract: `handle` each datagram, `tick` at `next_tick`, send everything that `poll_out` gives. No socket, no clock.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::BytesMut;
use rtc_dtls::config::HandshakeConfig;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_shared::TransportProtocol;
use rtc_stun::message::TransactionId;

use super::identity::{Identity, random, random_ice_chars};
use super::srtp::{Session, session};
use crate::wire::{rtp, sdp, stun};

/// Between checks until the first answer.
const CHECK_FIRST: Duration = Duration::from_millis(100);
/// Between checks afterwards (Chromium's pace on a settled pair).
const CHECK_SETTLED: Duration = Duration::from_millis(2_500);
/// A full agent sets up its handshake only after its checks have settled, and drops a hello that comes before; a browser's
/// is repeated after this time (BoringSSL), that of `rtc-dtls` after a second.
const HELLO_AFTER: Duration = Duration::from_millis(50);
/// A server that answers no check for this long is gone. Until then an answer may still come, and before that of an older
/// check: each is sent once, under a number of its own.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What a datagram turned out to be.
#[derive(Debug)]
pub enum Received {
    /// Handled inside (STUN, DTLS).
    Inside,
    /// The handshake just finished; media may flow.
    Connected,
    /// RTP, still sealed.
    Rtp,
    /// RTCP, opened.
    Rtcp(Vec<u8>),
    /// The server closed the connection (DTLS close_notify).
    Closed,
}

/// Our ICE credentials, made before the offer is written.
#[derive(Debug, Clone)]
pub struct IceCredentials {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub pwd: String,
}

impl IceCredentials {
    /// Fresh ones.
    #[must_use]
    pub fn fresh() -> Self {
        Self {
            ufrag: random_ice_chars::<8>(),
            pwd: random_ice_chars::<24>(),
        }
    }
}

/// A peer that checks us too, as full ICE agents do.
struct FullAgent {
    address: SocketAddr,
    own_password: String,
    /// When it nominated for the first time.
    nominated: Option<Instant>,
}

/// See the module's head.
pub struct Transport {
    identity: Arc<Identity>,
    credentials: stun::Credentials,
    full_agent: Option<FullAgent>,
    /// Those without an answer, oldest first.
    checks: VecDeque<(TransactionId, Instant)>,
    next_check: Instant,
    answered: Option<Instant>,
    started: Instant,
    is_dtls_client: bool,
    handshake: Arc<HandshakeConfig>,
    dtls: Option<Endpoint>,
    srtp: Option<Session>,
    out: VecDeque<Vec<u8>>,
}

/// `rtc-dtls` tells peers apart by address; there is one, under a constant name.
fn alias() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9))
}

impl Transport {
    /// A transport towards the server of this description.
    ///
    /// # Errors
    /// When the description leaves no role for us.
    pub fn new(identity: Arc<Identity>, local: &IceCredentials, remote: &sdp::Remote, now: Instant) -> Result<Self> {
        let is_dtls_client = match remote.setup.as_str() {
            "passive" | "actpass" => true,
            "active" => false,
            other => bail!("unknown a=setup:{other}"),
        };
        let credentials = stun::Credentials {
            username: format!("{}:{}", remote.ufrag, local.ufrag),
            password: remote.pwd.clone(),
            tie_breaker: u64::from_ne_bytes(random()),
            is_controlled: false,
        };
        let handshake = identity.handshake(remote.fingerprint, is_dtls_client)?;
        Ok(Self {
            identity,
            credentials,
            full_agent: None,
            checks: VecDeque::new(),
            next_check: now,
            answered: None,
            started: now,
            is_dtls_client,
            handshake,
            dtls: None,
            srtp: None,
            out: VecDeque::new(),
        })
    }

    /// The peer at `address` is a full ICE agent: its checks are answered. It nominates if `is_controlled`, as the
    /// offering side does (RFC 8445 section 6.1.1). Without this a check from the server is an error: ICE-lite sends none.
    pub fn meet_full_agent(&mut self, local: &IceCredentials, address: SocketAddr, is_controlled: bool) {
        self.credentials.is_controlled = is_controlled;
        self.full_agent = Some(FullAgent {
            address,
            own_password: local.pwd.clone(),
            nominated: None,
        });
    }

    /// Whether media may flow.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.srtp.is_some()
    }

    /// The SRTP session, once connected.
    pub fn srtp(&mut self) -> Option<&mut Session> {
        self.srtp.as_mut()
    }

    /// Whether the server answered no check for too long.
    #[must_use]
    pub fn is_silent(&self, now: Instant) -> bool {
        now.duration_since(self.answered.unwrap_or(self.started)) > ANSWER_WITHIN
    }

    /// When `tick` is due next.
    #[must_use]
    pub fn next_tick(&self) -> Instant {
        let dtls = self
            .dtls
            .as_ref()
            .filter(|_| self.srtp.is_none())
            .and_then(|d| d.poll_timeout(&alias()));
        let hello = self.hello_at().filter(|_| self.dtls.is_none());
        let soonest = dtls.into_iter().chain(hello).min();
        soonest.map_or(self.next_check, |at| at.min(self.next_check))
    }

    /// Sends what is due: checks, handshake retransmissions.
    ///
    /// # Errors
    /// When the handshake ran out of retransmissions.
    pub fn tick(&mut self, now: Instant) -> Result<()> {
        if now >= self.next_check {
            let (id, datagram) = stun::check(&self.credentials, self.identity.provider.crypto())?;
            let is_over = |(_, sent): &(TransactionId, Instant)| now.duration_since(*sent) > ANSWER_WITHIN;
            while self.checks.front().is_some_and(is_over) {
                self.checks.pop_front();
            }
            self.checks.push_back((id, now));
            self.out.push_back(datagram);
            self.next_check = now
                + if self.answered.is_some() {
                    CHECK_SETTLED
                } else {
                    CHECK_FIRST
                };
        }
        self.begin_dtls(now)?;
        if self.srtp.is_none()
            && let Some(dtls) = &mut self.dtls
            && dtls.poll_timeout(&alias()).is_some_and(|at| now >= at)
        {
            dtls.handle_timeout(alias(), now).context("DTLS handshake")?;
        }
        self.drain_dtls();
        Ok(())
    }

    /// Whether `poll_out` has something.
    #[must_use]
    pub fn has_out(&self) -> bool {
        !self.out.is_empty()
    }

    /// The next datagram to send.
    pub fn poll_out(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    /// Takes a datagram of the server.
    ///
    /// # Errors
    /// When it cannot be what the server should send: unsigned STUN, broken DTLS, SRTCP with a wrong tag.
    pub fn handle(&mut self, now: Instant, datagram: &[u8]) -> Result<Received> {
        match datagram.first() {
            Some(0..=3) if stun::is_stun(datagram) => self.handle_stun(now, datagram),
            Some(20..=63) => self.handle_dtls(now, datagram),
            Some(128..=191) if rtp::is_rtcp(datagram) => {
                let srtp = self.srtp.as_mut().context("RTCP before the handshake was over")?;
                Ok(Received::Rtcp(srtp.inbound.open_rtcp(datagram)?))
            }
            Some(128..=191) => Ok(Received::Rtp),
            _ => bail!("a datagram that is neither STUN, DTLS nor RTP"),
        }
    }

    fn handle_stun(&mut self, now: Instant, datagram: &[u8]) -> Result<Received> {
        if self.full_agent.is_some() && stun::is_indication(datagram) {
            return Ok(Received::Inside);
        }
        if let Some(peer) = &mut self.full_agent
            && stun::is_request(datagram)
        {
            let crypto = self.identity.provider.crypto();
            let (answer, nominates) = stun::answer(datagram, &peer.own_password, peer.address, crypto)?;
            self.out.push_back(answer);
            if nominates {
                peer.nominated.get_or_insert(now);
            }
            self.begin_dtls(now)?;
            return Ok(Received::Inside);
        }
        let id = stun::response(datagram, &self.credentials, self.identity.provider.crypto())?;
        let known = self
            .checks
            .iter()
            .position(|(check, _)| *check == id)
            .context("an answer to no check of ours, or a second one")?;
        self.checks.remove(known);
        if self.answered.replace(now).is_none() {
            self.next_check = now + CHECK_SETTLED;
        }
        self.begin_dtls(now)?;
        Ok(Received::Inside)
    }

    /// When the first hello may leave to a full agent that is in control: `HELLO_AFTER` its nomination.
    fn hello_at(&self) -> Option<Instant> {
        let nominated = self
            .full_agent
            .as_ref()
            .filter(|_| self.credentials.is_controlled)?
            .nominated?;
        Some(nominated + HELLO_AFTER)
    }

    /// Begins the handshake once a check of ours is answered and whoever is in control has nominated.
    fn begin_dtls(&mut self, now: Instant) -> Result<()> {
        let is_chosen = match self.hello_at() {
            Some(at) => now >= at,
            None => !self.credentials.is_controlled,
        };
        if is_chosen && self.answered.is_some() && self.dtls.is_none() {
            let server = (!self.is_dtls_client).then(|| self.handshake.clone());
            let dtls = self.dtls.insert(Endpoint::new(alias(), TransportProtocol::UDP, server));
            if self.is_dtls_client {
                dtls.connect(now, alias(), self.handshake.clone(), None)
                    .context("DTLS ClientHello")?;
            }
            self.drain_dtls();
        }
        Ok(())
    }

    fn handle_dtls(&mut self, now: Instant, datagram: &[u8]) -> Result<Received> {
        let Some(dtls) = &mut self.dtls else {
            bail!("DTLS before any check was answered")
        };
        let events = dtls.read(now, alias(), None, BytesMut::from(datagram));
        self.drain_dtls();
        let mut received = Received::Inside;
        for event in events.context("DTLS")? {
            match event {
                EndpointEvent::HandshakeComplete => {
                    let state = self
                        .dtls
                        .as_ref()
                        .and_then(|d| d.get_connection_state(alias()))
                        .context("no DTLS state")?;
                    self.srtp = Some(session(state, self.identity.provider.crypto())?);
                    received = Received::Connected;
                }
                EndpointEvent::PeerClosed => received = Received::Closed,
                _ => {}
            }
        }
        Ok(received)
    }

    fn drain_dtls(&mut self) {
        if let Some(dtls) = &mut self.dtls {
            while let Some(transmit) = dtls.poll_transmit() {
                self.out.push_back(transmit.message.to_vec());
            }
        }
    }

    /// Queues a DTLS close_notify.
    pub fn close(&mut self, now: Instant) {
        if let Some(dtls) = &mut self.dtls {
            let _ = dtls.close(now);
        }
        self.drain_dtls();
    }

    /// Seals and queues a compound RTCP packet; does nothing before the handshake is over.
    pub fn send_rtcp(&mut self, packet: &[u8]) {
        if let Some(srtp) = &mut self.srtp
            && let Ok(sealed) = srtp.outbound.seal_rtcp(packet)
        {
            self.out.push_back(sealed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::identity::Profiles;
    use super::*;

    const DTLS_HANDSHAKE: u8 = 22;

    fn remote(setup: &str) -> sdp::Remote {
        sdp::Remote {
            ufrag: "them".into(),
            pwd: "their password".into(),
            fingerprint: [0; 32],
            setup: setup.into(),
            candidates: Vec::new(),
            media: Vec::new(),
        }
    }

    fn drain(transport: &mut Transport) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| transport.poll_out()).collect()
    }

    #[test]
    fn a_full_agent_in_control_is_answered_and_gets_its_hello_after_it_nominated() {
        let identity = Arc::new(Identity::new(Profiles::GcmFirst).unwrap());
        let crypto = identity.provider.crypto();
        let (local, now) = (IceCredentials::fresh(), Instant::now());
        let remote = remote("actpass");
        let mut ours = Transport::new(identity.clone(), &local, &remote, now).unwrap();
        ours.meet_full_agent(&local, SocketAddr::from(([192, 0, 2, 1], 7)), true);
        ours.tick(now).unwrap();
        let check = drain(&mut ours).remove(0);
        let answer = stun::answer(&check, &remote.pwd, SocketAddr::from(([192, 0, 2, 2], 7)), crypto).unwrap();
        assert!(!answer.1, "who is controlled does not nominate");
        ours.handle(now, &answer.0).unwrap();
        assert!(drain(&mut ours).is_empty(), "no hello before the nomination");

        let theirs = stun::Credentials {
            username: format!("{}:them", local.ufrag),
            password: local.pwd.clone(),
            tie_breaker: 1,
            is_controlled: false,
        };
        let (id, nomination) = stun::check(&theirs, crypto).unwrap();
        ours.handle(now, &nomination).unwrap();
        let answers = drain(&mut ours);
        assert_eq!(answers.len(), 1, "the hello waits");
        assert_eq!(stun::response(&answers[0], &theirs, crypto).unwrap(), id);
        assert_eq!(ours.next_tick(), now + HELLO_AFTER);
        ours.tick(now + HELLO_AFTER).unwrap();
        assert!(drain(&mut ours).iter().any(|d| d[0] == DTLS_HANDSHAKE));
        let indication = [&[0x00, 0x11], &nomination[2..]].concat();
        assert!(ours.handle(now, &indication).is_ok());
    }

    #[test]
    fn late_answers_are_taken_in_any_order_and_each_once() {
        let identity = Arc::new(Identity::new(Profiles::GcmFirst).unwrap());
        let crypto = identity.provider.crypto();
        let (local, began) = (IceCredentials::fresh(), Instant::now());
        let mut ours = Transport::new(identity.clone(), &local, &remote("passive"), began).unwrap();
        let mut at = began;
        // A server that answers nothing for five seconds, as in a burst of joins.
        while at < began + ANSWER_WITHIN / 2 {
            ours.tick(at).unwrap();
            at += CHECK_FIRST;
        }
        let us = SocketAddr::from(([192, 0, 2, 2], 7));
        let answer = |check: &Vec<u8>| stun::answer(check, "their password", us, crypto).unwrap().0;
        let answers: Vec<_> = drain(&mut ours).iter().rev().map(answer).collect();
        assert_eq!(answers.len(), 50);
        for (n, answer) in answers.iter().enumerate() {
            assert!(ours.handle(at, answer).is_ok(), "answer {n} from the last");
        }
        assert!(ours.handle(at, &answers[7]).is_err(), "the same again");
        let mut forgotten = Transport::new(identity.clone(), &local, &remote("passive"), began).unwrap();
        forgotten.tick(began).unwrap();
        let check = drain(&mut forgotten).remove(0);
        forgotten.tick(began + ANSWER_WITHIN + CHECK_FIRST).unwrap();
        assert!(forgotten.handle(at, &answer(&check)).is_err(), "too late to count");
    }

    #[test]
    fn a_lite_server_that_checks_us_is_wrong() {
        let identity = Arc::new(Identity::new(Profiles::GcmFirst).unwrap());
        let (local, now) = (IceCredentials::fresh(), Instant::now());
        let remote = remote("passive");
        let mut ours = Transport::new(identity.clone(), &local, &remote, now).unwrap();
        let theirs = stun::Credentials {
            username: format!("{}:them", local.ufrag),
            password: local.pwd,
            tie_breaker: 1,
            is_controlled: false,
        };
        let (_, check) = stun::check(&theirs, identity.provider.crypto()).unwrap();
        assert!(ours.handle(now, &check).is_err());
    }
}
