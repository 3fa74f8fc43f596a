// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One DTLS 1.2 association per connection on `rtc-dtls`, under a constant address so that roaming never touches it.
//! AES-128-GCM is negotiated wherever the client offers it (RFC 7714), else CM with HMAC-SHA1-80 (RFC 5764).

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use ring::rand::SystemRandom;
use ring::{digest, hmac};
use rtc_crypto::RTCCryptoProvider;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_shared::error::Error;
use rtc_srtp::config::LABEL_EXTRACTOR_DTLS_SRTP;
use rtc_srtp::protection_profile::ProtectionProfile;

use super::srtp::Srtp;
use crate::sdp::{Fingerprint, RemoteTransport};

/// The first datagrams of a handshake are kept up to this many bytes, to be replayed for another profile.
const HELLO_BYTES_MAX: usize = 4_096;
/// Datagrams and bytes a handshake may take; a flood of fragments ends it.
const HANDSHAKE_DATAGRAMS_MAX: u32 = 96;
const HANDSHAKE_BYTES_MAX: usize = 96 * 1_024;
/// Records looked at after the handshake (retransmissions, alerts); later ones are dropped.
const RECORDS_AFTER_MAX: u32 = 256;
/// A flight without answer is repeated after this time, then after twice that, and so on. RFC 9147 section 5.8.2 advises
/// 1 s but allows less; browsers take 50 ms.
const FLIGHT_INTERVAL: Duration = Duration::from_millis(100);
/// Longest time between two repetitions.
const FLIGHT_INTERVAL_MAX: Duration = Duration::from_secs(4);
/// Repetitions of one flight: `rtc-dtls` ends the association at the next. The last one goes out after 11 s; from then on
/// it is the peer's to repeat, until the transport's patience ends.
const FLIGHT_REPEATS_MAX: u32 = 7;
/// Datagrams kept of one flight, to be sent again as they are.
const FLIGHT_DATAGRAMS_MAX: usize = 16;
/// Every association lives under this address inside its own endpoint.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);
const US: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 9);

/// The process certificate (ECDSA P-256, made at start) and the crypto it is used with.
pub struct DtlsIdentity {
    certificate: Certificate,
    provider: Arc<dyn RTCCryptoProvider>,
    fingerprint_sha256: String,
    check_key: hmac::Key,
}

impl std::fmt::Debug for DtlsIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DtlsIdentity").finish_non_exhaustive()
    }
}

/// The process certificate could not be made.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot make the DTLS certificate: {0}")]
pub struct IdentityError(String);

impl DtlsIdentity {
    /// A fresh certificate.
    ///
    /// # Errors
    /// [`IdentityError`] when the system has no randomness or the crypto provider no ECDSA.
    #[allow(
        clippy::disallowed_methods,
        reason = "like the certificate's key, another one in each process"
    )]
    pub fn generate() -> Result<Self, IdentityError> {
        let provider = rtc_crypto::default_provider().map_err(|e| IdentityError(e.to_string()))?;
        let certificate = Certificate::generate_self_signed(vec!["fiera".to_owned()], provider.crypto())
            .map_err(|e| IdentityError(e.to_string()))?;
        let der = certificate
            .certificate
            .first()
            .ok_or_else(|| IdentityError("no certificate".to_owned()))?;
        let hash = digest::digest(&digest::SHA256, der);
        let pairs: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        Ok(Self {
            certificate,
            provider,
            fingerprint_sha256: pairs.join(":"),
            check_key: hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
                .map_err(|_| IdentityError("no randomness".to_owned()))?,
        })
    }

    /// What makes the transactions of our checks unpredictable to everybody else.
    pub(super) fn check_key(&self) -> &hmac::Key {
        &self.check_key
    }

    /// For `a=fingerprint:sha-256`.
    #[must_use]
    pub fn fingerprint_sha256(&self) -> &str {
        &self.fingerprint_sha256
    }

    /// The crypto provider in use.
    #[must_use]
    pub fn provider(&self) -> &Arc<dyn RTCCryptoProvider> {
        &self.provider
    }
}

/// Why a handshake ended without keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DtlsRefusal {
    /// The peer's messages are broken, or its certificate is not the announced one.
    Handshake,
    /// The peer offers no SRTP profile that we have (or none at all).
    NoSrtpProfile,
    /// Too many datagrams for one handshake.
    Flood,
}

/// What a datagram led to.
#[derive(Debug)]
pub enum Progress {
    /// Nothing that the caller must know.
    Continue,
    /// The handshake is complete.
    Complete(Box<Srtp>),
    /// The peer said goodbye.
    PeerClosed,
}

/// One association. Contract: after each `handle`, `start`, `handle_timeout` or `close` drain `poll_transmit`, then ask
/// `deadline` anew.
pub struct Dtls {
    identity: Arc<DtlsIdentity>,
    fingerprint: Fingerprint,
    is_client: bool,
    endpoint: Endpoint,
    hello: Vec<BytesMut>,
    datagrams: u32,
    bytes: usize,
    /// The flight in the air, as it went out last.
    flight: Vec<BytesMut>,
    /// How often it was repeated.
    repeats: u32,
    /// When it is due again by our own timer: `rtc-dtls` stops its own at any handshake message, even when that is the
    /// peer's repetition and says that our flight was lost.
    own_timer: Option<Instant>,
    outgoing: VecDeque<BytesMut>,
    complete: bool,
}

impl std::fmt::Debug for Dtls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dtls")
            .field("complete", &self.complete)
            .finish_non_exhaustive()
    }
}

fn config(
    identity: &DtlsIdentity,
    fingerprint: &Fingerprint,
    is_client: bool,
    profiles: Vec<SrtpProtectionProfile>,
) -> Option<Arc<HandshakeConfig>> {
    let announced = fingerprint.clone();
    let algorithm = match announced.algorithm.as_str() {
        "sha-256" => &digest::SHA256,
        "sha-384" => &digest::SHA384,
        "sha-512" => &digest::SHA512,
        _ => return None,
    };
    ConfigBuilder::default()
        .with_crypto_provider(Arc::clone(&identity.provider))
        .with_certificates(vec![identity.certificate.clone()])
        .with_srtp_protection_profiles(profiles)
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        // Certificates are self-signed; the fingerprint from the session description is the authority (RFC 8827).
        .with_insecure_skip_verify(true)
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_flight_interval(FLIGHT_INTERVAL)
        .with_verify_peer_certificate(Some(Arc::new(move |chain: &[Vec<u8>], _: &[_]| {
            let leaf = chain.first().ok_or(Error::ErrNonCertificate)?;
            if digest::digest(algorithm, leaf).as_ref() == announced.bytes.as_slice() {
                Ok(())
            } else {
                Err(Error::ErrNoMatchingCertificateFingerprint)
            }
        })))
        .build(is_client, None)
        .ok()
        .map(Arc::new)
}

fn server_endpoint(config: Option<Arc<HandshakeConfig>>) -> Endpoint {
    Endpoint::new(US, TransportProtocol::UDP, config)
}

impl Dtls {
    /// An association that waits for the peer, or is started by [`Dtls::start`] when we are the client.
    #[must_use]
    pub fn new(identity: &Arc<DtlsIdentity>, remote: &RemoteTransport) -> Self {
        let is_client = remote.we_are_dtls_client;
        let gcm = vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm];
        let server = (!is_client)
            .then(|| config(identity, &remote.fingerprint, false, gcm))
            .flatten();
        Self {
            identity: Arc::clone(identity),
            fingerprint: remote.fingerprint.clone(),
            is_client,
            endpoint: server_endpoint(server),
            hello: Vec::new(),
            datagrams: 0,
            bytes: 0,
            flight: Vec::new(),
            repeats: 0,
            own_timer: None,
            outgoing: VecDeque::new(),
            complete: false,
        }
    }

    /// Sends the ClientHello when that is ours to send; harmless otherwise and when repeated.
    pub fn start(&mut self, now: Instant) {
        if !self.is_client || self.datagrams > 0 {
            return;
        }
        let both = vec![
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        ];
        if let Some(config) = config(&self.identity, &self.fingerprint, true, both) {
            // A second call finds the association there and does nothing.
            let _ = self.endpoint.connect(now, PEER, config, None);
            self.take_flight();
        }
    }

    /// Takes a datagram from the peer.
    ///
    /// # Errors
    /// [`DtlsRefusal`] ends the connection.
    pub fn handle(&mut self, now: Instant, datagram: &[u8]) -> Result<Progress, DtlsRefusal> {
        self.datagrams = self.datagrams.saturating_add(1);
        self.bytes = self.bytes.saturating_add(datagram.len());
        if self.complete {
            if self.datagrams > HANDSHAKE_DATAGRAMS_MAX + RECORDS_AFTER_MAX {
                return Ok(Progress::Continue);
            }
        } else if self.datagrams > HANDSHAKE_DATAGRAMS_MAX || self.bytes > HANDSHAKE_BYTES_MAX {
            return Err(DtlsRefusal::Flood);
        }
        let datagram = BytesMut::from(datagram);
        if !self.is_client && !self.complete {
            let kept: usize = self.hello.iter().map(BytesMut::len).sum();
            if kept + datagram.len() <= HELLO_BYTES_MAX {
                self.hello.push(datagram.clone());
            }
        }
        let (timer, due) = (self.endpoint.poll_timeout(&PEER), self.deadline());
        let read = self.endpoint.read(now, PEER, None, datagram);
        let next_timer = self.endpoint.poll_timeout(&PEER);
        if next_timer.is_some() && next_timer != timer {
            // Only a new flight sets it here.
            (self.repeats, self.own_timer) = (0, None);
            self.flight.clear();
        } else if next_timer.is_none() {
            self.own_timer = due;
        }
        if matches!(read, Err(Error::ErrServerNoMatchingSrtpProfile)) && !self.hello.is_empty() && !self.complete {
            return self.replay_with_cm(now);
        }
        self.take_flight();
        match read {
            Ok(events) => self.digest(events),
            // An established association is not torn down by what a stranger can inject.
            Err(_) if self.complete => Ok(Progress::Continue),
            Err(Error::ErrServerNoMatchingSrtpProfile) => Err(DtlsRefusal::NoSrtpProfile),
            Err(_) => Err(DtlsRefusal::Handshake),
        }
    }

    /// `rtc-dtls` follows the client's order of profiles, and Chromium lists CM first: GCM is therefore tried alone, and
    /// only a client without it gets here. The failed endpoint is dropped with its alert unsent.
    fn replay_with_cm(&mut self, now: Instant) -> Result<Progress, DtlsRefusal> {
        let cm = vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80];
        (self.repeats, self.own_timer) = (0, None);
        self.flight.clear();
        self.endpoint = server_endpoint(config(&self.identity, &self.fingerprint, false, cm));
        let mut events = Vec::new();
        for datagram in std::mem::take(&mut self.hello) {
            match self.endpoint.read(now, PEER, None, datagram) {
                Ok(more) => events.extend(more),
                Err(_) => return Err(DtlsRefusal::NoSrtpProfile),
            }
        }
        self.take_flight();
        self.digest(events)
    }

    fn digest(&mut self, events: Vec<EndpointEvent>) -> Result<Progress, DtlsRefusal> {
        let mut progress = Progress::Continue;
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => {
                    self.complete = true;
                    self.hello = Vec::new();
                    self.flight = Vec::new();
                    progress = Progress::Complete(Box::new(self.keys()?));
                }
                EndpointEvent::PeerClosed => return Ok(Progress::PeerClosed),
                _ => {}
            }
        }
        Ok(progress)
    }

    fn keys(&self) -> Result<Srtp, DtlsRefusal> {
        let state = self.endpoint.get_connection_state(PEER).ok_or(DtlsRefusal::Handshake)?;
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => ProtectionProfile::AeadAes128Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
            _ => return Err(DtlsRefusal::NoSrtpProfile),
        };
        let wanted = 2 * (profile.key_len() + profile.salt_len());
        let material = state
            .export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], wanted)
            .map_err(|_| DtlsRefusal::Handshake)?;
        Srtp::new(profile, material.as_ref(), self.is_client, &self.identity.provider).ok_or(DtlsRefusal::NoSrtpProfile)
    }

    /// The next datagram for the peer.
    pub fn poll_transmit(&mut self) -> Option<BytesMut> {
        self.outgoing.pop_front()
    }

    /// Takes out what the endpoint wants to send, and keeps a copy of the flight.
    fn take_flight(&mut self) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            if !self.complete && self.flight.len() < FLIGHT_DATAGRAMS_MAX {
                self.flight.push(transmit.message.clone());
            }
            self.outgoing.push_back(transmit.message);
        }
    }

    /// When [`Dtls::handle_timeout`] is due; never again for a flight that was repeated often enough.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        if self.complete || self.repeats >= FLIGHT_REPEATS_MAX {
            return None;
        }
        // `rtc-dtls` knows no other interval than the first one.
        let timer = self.endpoint.poll_timeout(&PEER);
        let timer = timer.map(|timer| timer + self.patience().saturating_sub(FLIGHT_INTERVAL));
        timer.or(self.own_timer)
    }

    /// Time to the next repetition.
    fn patience(&self) -> Duration {
        FLIGHT_INTERVAL
            .saturating_mul(1 << self.repeats.min(FLIGHT_REPEATS_MAX))
            .min(FLIGHT_INTERVAL_MAX)
    }

    /// Repeats the flight in the air, when that is due.
    ///
    /// # Errors
    /// [`DtlsRefusal::Handshake`] when the association is beyond repair.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsRefusal> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Ok(());
        }
        self.repeats += 1;
        if self.endpoint.poll_timeout(&PEER).is_none() {
            // The same records again: the peer drops those that it has (RFC 6347 section 4.1.2.6) and lacks the others.
            self.outgoing.extend(self.flight.iter().cloned());
            self.own_timer = Some(now + self.patience());
            return Ok(());
        }
        self.flight.clear();
        let repeated = self.endpoint.handle_timeout(PEER, now);
        self.take_flight();
        repeated.map_err(|_| DtlsRefusal::Handshake)
    }

    /// Queues `close_notify`.
    pub fn close(&mut self, now: Instant) {
        let _ = self.endpoint.close(now);
        self.take_flight();
    }
}
