// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The transport under both directions: ICE-lite, DTLS, SRTP, and which address the peer is at.
//! It never knows whether media goes up or down.

pub mod dtls;
pub mod ice;
mod srtcp;
pub mod srtp;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use ring::hmac;

use crate::api::CloseReason;
use crate::egress::{Egress, Path};
use crate::sdp::{RemoteTransport, TransportCredentials};
use crate::viewer::Reach;
use dtls::{Dtls, DtlsIdentity, Progress};
use ice::StunRefusal;
use srtp::{Srtp, SrtpRefusal};

/// ICE and DTLS must be complete this long after the negotiation.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Without a valid STUN check for this long, consent has expired (RFC 7675).
pub const CONSENT_TIMEOUT: Duration = Duration::from_secs(30);
/// Our own check of a changed address is repeated this often.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);
/// Checks of one changed address; without an answer it is forgotten, so that a replayed request makes us send little.
const CHECKS_MAX: u32 = 10;
/// Addresses remembered per connection: those from which a valid check came.
pub const ADDRESSES_MAX: usize = 8;

/// What a datagram changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// ICE and DTLS are complete.
    Connected,
    /// It is over.
    Closed(CloseReason),
}

/// An address that has to prove itself before media goes there.
#[derive(Debug)]
struct Probation {
    path: Path,
    next_check: Instant,
    checks_left: u32,
    transaction: [u8; 12],
}

/// One connection's transport.
///
/// Contract: feed `handle_*`, call `handle_timeout` when `deadline` has come, and look at the returned [`Change`].
/// What must be sent is written into the [`Egress`] given to each call.
#[derive(Debug)]
pub struct Transport {
    identity: Arc<DtlsIdentity>,
    local: TransportCredentials,
    remote: RemoteTransport,
    dtls: Dtls,
    srtp: Option<Box<Srtp>>,
    path: Option<Path>,
    probation: Option<Probation>,
    checks_made: u64,
    created: Instant,
    last_consent: Instant,
}

impl Transport {
    /// A transport that waits for the peer's first check.
    #[must_use]
    pub fn new(
        identity: &Arc<DtlsIdentity>,
        local: TransportCredentials,
        remote: RemoteTransport,
        now: Instant,
    ) -> Self {
        let dtls = Dtls::new(identity, &remote);
        Self {
            identity: Arc::clone(identity),
            local,
            remote,
            dtls,
            srtp: None,
            path: None,
            probation: None,
            checks_made: 0,
            created: now,
            last_consent: now,
        }
    }

    /// Our `ice-ufrag`.
    #[must_use]
    pub fn local_ufrag(&self) -> &str {
        &self.local.ice_ufrag
    }

    /// Where media may go now: the nominated pair, once DTLS is complete. An address that has not proved itself gets
    /// nothing; until it has, media goes on to the one before.
    #[must_use]
    pub fn media_path(&self) -> Option<Path> {
        self.srtp.as_ref().and(self.path)
    }

    /// Whether DTLS is complete.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.srtp.is_some()
    }

    /// Whether it must be looked after on every tick: it connects, or its address is on probation.
    #[must_use]
    pub fn needs_attention(&self) -> bool {
        !self.is_connected() || self.probation.is_some()
    }

    /// Port of the peer, 0 while there is none.
    pub(crate) fn port(&self) -> u64 {
        self.path.map_or(0, |path| u64::from(path.remote.port()))
    }

    /// Reads what sealing will need; see [`crate::viewer::Viewer::look_ahead`].
    pub(crate) fn look_ahead(&self, reach: Reach) -> u64 {
        self.srtp.as_ref().map_or(0, |srtp| srtp.look_ahead(reach))
    }

    /// Reads what opening RTCP will need.
    pub(crate) fn look_ahead_of_rtcp(&self) -> u64 {
        self.srtp.as_ref().map_or(0, |srtp| srtp.look_ahead_of_rtcp())
    }

    /// SRTP of this connection, once connected.
    pub fn srtp(&mut self) -> Option<&mut Srtp> {
        self.srtp.as_deref_mut()
    }

    /// A binding request that names us. Returns whether it was proved, so that the caller may remember the address.
    ///
    /// # Errors
    /// [`StunRefusal`] when it was not made with our password.
    pub fn handle_request(
        &mut self,
        now: Instant,
        path: Path,
        datagram: &[u8],
        egress: &mut Egress,
    ) -> Result<(), StunRefusal> {
        let provider = Arc::clone(self.identity.provider());
        let crypto = provider.crypto();
        let proved = ice::prove_request(datagram, &self.local.ice_pwd, crypto)?;
        // Once connected, only the address that proved itself keeps the connection alive: a recorded request must not.
        if !self.is_connected() || self.path.is_some_and(|current| current.end() == path.end()) {
            self.last_consent = now;
        }
        if let Some(answer) = ice::success(proved.transaction, path.remote, &self.local.ice_pwd, crypto) {
            egress.push(path, &answer);
        }
        match self.path {
            // Before any nomination the first valid pair will do: DTLS can start a round trip earlier.
            None => self.path = Some(path),
            // Back on the pair in use: the move was given up, or was never meant.
            Some(current) if current == path => {
                if proved.use_candidate {
                    self.probation = None;
                }
            }
            // The latest valid nomination wins (roaming).
            Some(_) if proved.use_candidate && !self.is_connected() => self.path = Some(path),
            Some(_) if proved.use_candidate && self.probation.as_ref().is_none_or(|p| p.path != path) => {
                self.begin_probation(now, path);
                self.check_address(now, egress);
            }
            Some(_) => {}
        }
        self.dtls.start(now);
        self.flush_dtls(egress);
        Ok(())
    }

    /// No media goes to a new address until it has answered a check of ours. Nothing that comes from there proves it: a
    /// check can be recorded and replayed, and the participant can send its own checks and SRTCP under the address of
    /// somebody else. What the transaction is, only who reads there can tell (RFC 8445 section 19.5.1).
    fn begin_probation(&mut self, now: Instant, path: Path) {
        self.checks_made += 1;
        // Under a key of the server's own: the participant knows everything else that goes in.
        let about = format!("{}/{}/{}", self.local.ice_ufrag, self.checks_made, path.remote);
        let tag = hmac::sign(self.identity.check_key(), about.as_bytes());
        let mut transaction = [0; 12];
        for (out, byte) in transaction.iter_mut().zip(tag.as_ref()) {
            *out = *byte;
        }
        self.probation = Some(Probation {
            path,
            next_check: now,
            checks_left: CHECKS_MAX,
            transaction,
        });
    }

    fn check_address(&mut self, now: Instant, egress: &mut Egress) {
        let Some(probation) = &mut self.probation else { return };
        if now < probation.next_check {
            return;
        }
        let Some(checks_left) = probation.checks_left.checked_sub(1) else {
            self.probation = None;
            return;
        };
        probation.checks_left = checks_left;
        probation.next_check = now + CHECK_INTERVAL;
        let (remote, local) = (&self.remote, &self.local);
        let crypto = self.identity.provider().crypto();
        let check = ice::check(
            probation.transaction,
            &remote.ice_ufrag,
            &local.ice_ufrag,
            &remote.ice_pwd,
            crypto,
        );
        if let Some(check) = check {
            egress.push(probation.path, &check);
        }
    }

    fn end_probation(&mut self, now: Instant, path: Path) {
        if self.probation.as_ref().is_some_and(|p| p.path.end() == path.end()) {
            self.path = self.probation.take().map(|p| p.path);
            self.last_consent = now;
        }
    }

    /// An answer to a check of ours.
    ///
    /// # Errors
    /// [`StunRefusal`] when the peer did not make it, or nothing was asked.
    pub fn handle_response(
        &mut self,
        now: Instant,
        path: Path,
        transaction: [u8; 12],
        datagram: &[u8],
    ) -> Result<(), StunRefusal> {
        let asked = self.probation.as_ref().is_some_and(|p| p.transaction == transaction);
        if !asked {
            return Err(StunRefusal::UnknownUser);
        }
        ice::prove_response(datagram, &self.remote.ice_pwd, self.identity.provider().crypto())?;
        self.end_probation(now, path);
        Ok(())
    }

    /// A DTLS datagram from an address with a valid check.
    pub fn handle_dtls(&mut self, now: Instant, datagram: &[u8], egress: &mut Egress) -> Option<Change> {
        let change = match self.dtls.handle(now, datagram) {
            Ok(Progress::Continue) => None,
            Ok(Progress::Complete(srtp)) => {
                self.srtp = Some(srtp);
                Some(Change::Connected)
            }
            Ok(Progress::PeerClosed) => Some(Change::Closed(CloseReason::PeerClosed)),
            Err(_) => Some(Change::Closed(CloseReason::DtlsFailed)),
        };
        self.flush_dtls(egress);
        change
    }

    fn flush_dtls(&mut self, egress: &mut Egress) {
        while let Some(datagram) = self.dtls.poll_transmit() {
            if let Some(path) = self.path {
                egress.push(path, &datagram);
            }
        }
    }

    /// Opens RTP.
    ///
    /// # Errors
    /// [`SrtpRefusal`] before DTLS is complete, or when the packet is not authentic.
    pub fn open_rtp(&mut self, datagram: &[u8]) -> Result<BytesMut, SrtpRefusal> {
        self.srtp.as_mut().ok_or(SrtpRefusal::NotAuthentic)?.open_rtp(datagram)
    }

    /// Opens RTCP into `opened`, whatever was there.
    ///
    /// # Errors
    /// As [`Transport::open_rtp`].
    pub fn open_rtcp(&mut self, datagram: &[u8], opened: &mut Vec<u8>) -> Result<(), SrtpRefusal> {
        let srtp = self.srtp.as_mut().ok_or(SrtpRefusal::NotAuthentic)?;
        srtp.open_rtcp(datagram, opened)
    }

    /// Seals and queues a compound RTCP packet; dropped while media may not flow.
    pub fn send_rtcp(&mut self, compound: &[u8], egress: &mut Egress) {
        let Some(path) = self.media_path() else { return };
        if let Some(sealed) = self.srtp.as_mut().and_then(|srtp| srtp.seal_rtcp(compound)) {
            egress.push(path, &sealed);
        }
    }

    /// When `handle_timeout` is due.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        let silence = if self.is_connected() {
            self.last_consent + CONSENT_TIMEOUT
        } else {
            self.created + CONNECT_TIMEOUT
        };
        let check = self.probation.as_ref().map(|p| p.next_check);
        [self.dtls.deadline(), check]
            .into_iter()
            .flatten()
            .fold(silence, Instant::min)
    }

    /// Repeats handshake flights and checks; ends connections that never came up or went silent.
    pub fn handle_timeout(&mut self, now: Instant, egress: &mut Egress) -> Option<Change> {
        if !self.is_connected() && now >= self.created + CONNECT_TIMEOUT {
            return Some(Change::Closed(CloseReason::ConnectTimeout));
        }
        if now >= self.last_consent + CONSENT_TIMEOUT {
            return Some(Change::Closed(CloseReason::ConsentExpired));
        }
        self.check_address(now, egress);
        if self.dtls.deadline().is_some_and(|deadline| now >= deadline) && self.dtls.handle_timeout(now).is_err() {
            return Some(Change::Closed(CloseReason::DtlsFailed));
        }
        self.flush_dtls(egress);
        None
    }

    /// Says goodbye.
    pub fn close(&mut self, now: Instant, egress: &mut Egress) {
        self.dtls.close(now);
        self.flush_dtls(egress);
    }
}
