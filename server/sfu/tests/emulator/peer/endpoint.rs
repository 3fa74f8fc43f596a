// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A client's transport: the controlling ICE agent, DTLS, SRTP. It moves when told to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use fiera_sfu::sdp::{Fingerprint, RemoteTransport, TransportCredentials};
use fiera_sfu::transport::dtls::{Dtls, DtlsIdentity, Progress};
use fiera_sfu::transport::ice::{self, Claim};
use fiera_sfu::transport::srtp::Srtp;
use rtc_shared::error::Result;
use rtc_stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME, AttrType};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, Message, Setter, TransactionId};
use rtc_stun::textattrs::TextAttribute;

use crate::net::random::Random;

/// Checks go out this often until connected ...
const CHECK_FAST: Duration = Duration::from_millis(50);
/// ... and then, for consent (RFC 7675), this often.
const CHECK_SLOW: Duration = Duration::from_secs(5);

/// The certificate of every client; what they say to each other never meets.
pub(crate) static CLIENT_IDENTITY: LazyLock<Arc<DtlsIdentity>> =
    LazyLock::new(|| Arc::new(DtlsIdentity::generate().expect("a certificate")));
/// The certificate of every server.
pub(crate) static SERVER_IDENTITY: LazyLock<Arc<DtlsIdentity>> =
    LazyLock::new(|| Arc::new(DtlsIdentity::generate().expect("a certificate")));

/// What a datagram held for those above.
#[derive(Debug)]
pub(crate) enum Inbound {
    Nothing,
    Rtp(Vec<u8>),
    Rtcp(Vec<u8>),
}

struct Raw(AttrType, Vec<u8>);

impl Setter for Raw {
    fn add_to(&self, message: &mut Message) -> Result<()> {
        message.add(self.0, &self.1);
        Ok(())
    }
}

fn fingerprint(identity: &DtlsIdentity) -> Fingerprint {
    let byte = |pair: &str| u8::from_str_radix(pair, 16).expect("hexadecimal");
    let bytes = identity.fingerprint_sha256().split(':').map(byte).collect();
    Fingerprint {
        algorithm: "sha-256".to_owned(),
        bytes,
    }
}

fn credentials(random: &mut Random) -> TransportCredentials {
    let mut text = |letters: usize| {
        (0..letters)
            .map(|_| char::from(b'a' + random.below(26) as u8))
            .collect()
    };
    TransportCredentials {
        ice_ufrag: text(8),
        ice_pwd: text(24),
    }
}

/// A client's end of one connection.
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    /// Our ICE credentials.
    pub(crate) own: TransportCredentials,
    /// The server's.
    pub(crate) server: TransportCredentials,
    pub(crate) connected_at: Option<Instant>,
    /// Whether it sends checks and answers; switched off it is a peer that is gone.
    pub(crate) alive: bool,
    /// Whether DTLS is begun; switched off it is a peer that never gets beyond ICE.
    pub(crate) begins_dtls: bool,
    /// Whether the server said goodbye.
    pub(crate) closed: bool,
    /// SRTP and SRTCP that did not open.
    pub(crate) unopened: u64,
    /// The last check that went out, for those who record and replay.
    pub(crate) last_check: Vec<u8>,
    pub(crate) out: VecDeque<Vec<u8>>,
    dtls: Dtls,
    srtp: Option<Box<Srtp>>,
    next_check: Option<Instant>,
    random: Random,
    is_dtls_client: bool,
}

impl Endpoint {
    pub(crate) fn new(address: SocketAddr, random: Random, is_dtls_client: bool) -> Self {
        Self::towards(address, random, is_dtls_client, fingerprint(&SERVER_IDENTITY))
    }

    /// As `new`, for a server with a certificate of this fingerprint.
    pub(crate) fn towards(
        address: SocketAddr,
        mut random: Random,
        is_dtls_client: bool,
        server_is: Fingerprint,
    ) -> Self {
        let (own, server) = (credentials(&mut random), credentials(&mut random));
        let remote = RemoteTransport {
            ice_ufrag: server.ice_ufrag.clone(),
            ice_pwd: server.ice_pwd.clone(),
            fingerprint: server_is,
            we_are_dtls_client: is_dtls_client,
        };
        Self {
            address,
            own,
            server,
            connected_at: None,
            alive: true,
            begins_dtls: true,
            closed: false,
            unopened: 0,
            last_check: Vec::new(),
            out: VecDeque::new(),
            dtls: Dtls::new(&CLIENT_IDENTITY, &remote),
            srtp: None,
            next_check: None,
            random,
            is_dtls_client,
        }
    }

    /// What the server learns of us by session description.
    pub(crate) fn as_remote(&self) -> RemoteTransport {
        RemoteTransport {
            ice_ufrag: self.own.ice_ufrag.clone(),
            ice_pwd: self.own.ice_pwd.clone(),
            fingerprint: fingerprint(&CLIENT_IDENTITY),
            we_are_dtls_client: !self.is_dtls_client,
        }
    }

    /// A browser's session description with our own credentials in place of its.
    pub(crate) fn in_place_of(&self, description: &str) -> String {
        let own = |line: &str| match line.split_once(':').map(|(name, _)| name) {
            Some("a=ice-ufrag") => format!("a=ice-ufrag:{}", self.own.ice_ufrag),
            Some("a=ice-pwd") => format!("a=ice-pwd:{}", self.own.ice_pwd),
            Some("a=fingerprint") => format!("a=fingerprint:sha-256 {}", CLIENT_IDENTITY.fingerprint_sha256()),
            _ => line.to_owned(),
        };
        description.lines().map(|line| own(line) + "\r\n").collect()
    }

    pub(crate) fn is_gcm(&self) -> bool {
        self.srtp.as_ref().is_some_and(|srtp| srtp.is_gcm())
    }

    /// A check as a browser makes it: controlling, and nominating at once.
    pub(crate) fn check(&mut self) -> Vec<u8> {
        let mut transaction = [0; 12];
        transaction.copy_from_slice(&self.random.bytes(12));
        let user = format!("{}:{}", self.server.ice_ufrag, self.own.ice_ufrag);
        let crypto = CLIENT_IDENTITY.provider().crypto();
        let mut message = Message::new();
        let setters: [Box<dyn Setter>; 8] = [
            Box::new(TransactionId(transaction)),
            Box::new(BINDING_REQUEST),
            Box::new(TextAttribute::new(ATTR_USERNAME, user)),
            Box::new(Raw(ATTR_PRIORITY, 1_845_501_695_u32.to_be_bytes().to_vec())),
            Box::new(Raw(ATTR_ICE_CONTROLLING, 7_u64.to_be_bytes().to_vec())),
            Box::new(Raw(ATTR_USE_CANDIDATE, Vec::new())),
            Box::new(MessageIntegrity::new_short_term_integrity_with_provider(
                self.server.ice_pwd.clone(),
                crypto,
            )),
            Box::new(FINGERPRINT),
        ];
        message.build(&setters).expect("a check can be built");
        message.raw
    }

    /// Goes to another address and tells the server at once.
    pub(crate) fn move_to(&mut self, address: SocketAddr) {
        self.address = address;
        self.next_check = None;
    }

    pub(crate) fn poll(&mut self, now: Instant) {
        if !self.alive {
            return;
        }
        if self.next_check.is_none_or(|due| due <= now) {
            let apart = if self.srtp.is_some() { CHECK_SLOW } else { CHECK_FAST };
            self.next_check = Some(now + apart);
            self.last_check = self.check();
            self.out.push_back(self.last_check.clone());
        }
        if self.dtls.deadline().is_some_and(|due| due <= now) {
            self.dtls.handle_timeout(now).expect("the handshake goes on");
        }
        self.flush_dtls();
    }

    fn flush_dtls(&mut self) {
        while let Some(datagram) = self.dtls.poll_transmit() {
            self.out.push_back(datagram.to_vec());
        }
    }

    pub(crate) fn handle(&mut self, now: Instant, datagram: &[u8]) -> Inbound {
        if !self.alive {
            return Inbound::Nothing;
        }
        match datagram {
            [0..=3, ..] => self.handle_stun(now, datagram),
            [20..=63, ..] => self.handle_dtls(now, datagram),
            [128..=191, 192..=223, ..] => {
                let mut opened = Vec::new();
                if let Some(Ok(())) = self.srtp.as_mut().map(|srtp| srtp.open_rtcp(datagram, &mut opened)) {
                    return Inbound::Rtcp(opened);
                }
                self.unopened += 1;
            }
            [128..=191, ..] => {
                if let Some(Ok(opened)) = self.srtp.as_mut().map(|srtp| srtp.open_rtp(datagram)) {
                    return Inbound::Rtp(opened.to_vec());
                }
                self.unopened += 1;
            }
            _ => panic!("the server sent something of no known protocol"),
        }
        Inbound::Nothing
    }

    fn handle_stun(&mut self, now: Instant, datagram: &[u8]) {
        let crypto = CLIENT_IDENTITY.provider().crypto();
        match ice::claim(datagram).expect("the server's STUN is well-formed") {
            Claim::Response { .. } => {
                ice::prove_response(datagram, &self.server.ice_pwd, crypto).expect("the server's answer is authentic");
                if self.begins_dtls {
                    self.dtls.start(now);
                }
                self.flush_dtls();
            }
            Claim::Request { local_ufrag } => {
                assert_eq!(local_ufrag, self.own.ice_ufrag);
                let proved = ice::prove_request(datagram, &self.own.ice_pwd, crypto).expect("an authentic check");
                // The address in the answer is not looked at by an ICE-lite agent.
                let answer = ice::success(proved.transaction, self.address, &self.own.ice_pwd, crypto);
                self.out.push_back(answer.expect("an answer can be built"));
            }
        }
    }

    fn handle_dtls(&mut self, now: Instant, datagram: &[u8]) {
        match self.dtls.handle(now, datagram) {
            Ok(Progress::Continue) => {}
            Ok(Progress::Complete(srtp)) => {
                self.srtp = Some(srtp);
                self.connected_at = Some(now);
            }
            Ok(Progress::PeerClosed) => self.closed = true,
            // An alert: the server has had enough of this handshake.
            Err(_) => (self.closed, self.alive) = (true, false),
        }
        self.flush_dtls();
    }

    /// Seals and queues RTP whose header takes `header_len` bytes; `index` is `2^16 * ROC + SEQ`.
    pub(crate) fn send_rtp(&mut self, packet: &[u8], header_len: usize, ssrc: u32, index: u64) {
        let Some(srtp) = &mut self.srtp else { return };
        let mut space = packet.to_vec();
        space.resize(packet.len() + 16, 0);
        let len = srtp
            .seal_rtp(&mut space, header_len, packet.len(), ssrc, index)
            .expect("it can be sealed");
        space.truncate(len);
        self.out.push_back(space);
    }

    pub(crate) fn send_rtcp(&mut self, compound: &[u8]) {
        if self.srtp.is_some() {
            let sealed = self.sealed_rtcp(compound);
            self.out.push_back(sealed);
        }
    }

    /// SRTCP of this connection, to be sent from anywhere.
    pub(crate) fn sealed_rtcp(&mut self, compound: &[u8]) -> Vec<u8> {
        let srtp = self.srtp.as_mut().expect("connected");
        srtp.seal_rtcp(compound).expect("it can be sealed").to_vec()
    }

    /// Queues a handshake fragment that leads nowhere.
    pub(crate) fn send_raw(&mut self, datagram: Vec<u8>) {
        self.out.push_back(datagram);
    }
}
