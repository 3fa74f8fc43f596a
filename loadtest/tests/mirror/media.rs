// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The toy server's media: ICE-lite, DTLS server, decrypt, rewrite, encrypt, on one socket and one thread.

use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use fiera_loadtest::peer::identity::{Identity, Profiles};
use fiera_loadtest::peer::srtp::{Session, session};
use fiera_loadtest::peer::transport::IceCredentials;
use fiera_loadtest::wire::rtcp::{self, Said};
use fiera_loadtest::wire::rtp::{Header, Outgoing, is_rtcp};
use fiera_loadtest::wire::{sdp, stun};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_shared::TransportProtocol;
use rtc_stun::attributes::ATTR_USERNAME;
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_SUCCESS, Message, Setter};

const AUDIO_SSRC: u32 = 1_001;
const VIDEO_SSRC: u32 = 1_002;
const RTX_SSRC: u32 = 1_003;
/// First sequence numbers of sound, picture and retransmissions; one of them is about to wrap.
const FIRST_SEQUENCES: [u16; 3] = [30_000, 65_500, 5];

/// What the toy does wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Misbehave {
    /// Loses each so-manieth packet on the way out; 0: none.
    pub(crate) lose_every: u64,
    /// Breaks the tag of each so-manieth packet.
    pub(crate) forge_every: u64,
    /// Changes a payload byte of each so-manieth packet before it is sealed.
    pub(crate) change_every: u64,
    /// Writes the same picture id into every packet.
    pub(crate) picture_id_stuck: bool,
    /// Answers viewers with 503.
    pub(crate) refuse_viewers: bool,
}

struct Peer {
    is_viewer: bool,
    credentials: IceCredentials,
    dtls: Endpoint,
    address: Option<SocketAddr>,
    srtp: Option<Session>,
    sequences: [u16; 3],
    transport: u16,
    sent: Vec<(u16, Vec<u8>)>,
}

impl Peer {
    /// Whether a packet of that lane went out: before it there is nothing to report on.
    fn has_got(&self, lane: usize) -> bool {
        self.sequences[lane] != FIRST_SEQUENCES[lane]
    }
}

/// See the module's head.
pub(crate) struct Media {
    misbehave: Misbehave,
    identity: Identity,
    socket: Arc<UdpSocket>,
    peers: Vec<Peer>,
    count: u64,
    audio_in: u32,
}

impl Media {
    pub(crate) fn new(misbehave: Misbehave) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        Self {
            misbehave,
            identity: Identity::new(Profiles::GcmFirst).unwrap(),
            socket: Arc::new(socket),
            peers: Vec::new(),
            count: 0,
            audio_in: 0,
        }
    }

    /// Takes an offer and returns the answer, which is the offer turned around.
    pub(crate) fn add(&mut self, offer: &str, is_viewer: bool) -> String {
        let remote = sdp::parse(offer).unwrap();
        assert_eq!(remote.setup, "actpass");
        let credentials = IceCredentials::fresh();
        let handshake = self.identity.handshake(remote.fingerprint, false).unwrap();
        let address = self.socket.local_addr().unwrap();
        let local = sdp::Local {
            ufrag: &credentials.ufrag,
            pwd: &credentials.pwd,
            fingerprint: &self.identity.fingerprint,
            address,
        };
        let answer = if is_viewer {
            let sending = sdp::Sending {
                audio_ssrc: AUDIO_SSRC,
                video_ssrc: VIDEO_SSRC,
                rtx_ssrc: RTX_SSRC,
                cname: "toy".into(),
                rids: Vec::new(),
            };
            sdp::whip_offer(&local, &sending)
        } else {
            sdp::whep_offer(&local)
        };
        let endpoint = Endpoint::new(address, TransportProtocol::UDP, Some(handshake));
        self.peers.push(Peer {
            is_viewer,
            credentials,
            dtls: endpoint,
            address: None,
            srtp: None,
            sequences: FIRST_SEQUENCES,
            transport: 65_000,
            sent: Vec::new(),
        });
        answer.replace("a=setup:actpass", "a=setup:passive")
    }

    pub(crate) fn run(media: &Mutex<Self>) {
        let socket = media.lock().unwrap().socket.clone();
        let mut buffer = [0_u8; 2_048];
        loop {
            let received = socket.recv_from(&mut buffer);
            let mut media = media.lock().unwrap();
            if let Ok((n, from)) = received {
                media.datagram(&mut buffer[..n], from);
            }
            let now = Instant::now();
            for i in 0..media.peers.len() {
                if let Some(address) = media.peers[i].address {
                    let _ = media.peers[i].dtls.handle_timeout(address, now);
                    media.flush(i);
                }
            }
        }
    }

    fn flush(&mut self, i: usize) {
        while let Some(transmit) = self.peers[i].dtls.poll_transmit() {
            let _ = self.socket.send_to(&transmit.message, transmit.transport.peer_addr);
        }
    }

    fn datagram(&mut self, datagram: &mut [u8], from: SocketAddr) {
        if stun::is_stun(datagram) {
            return self.stun(datagram, from);
        }
        let Some(i) = self.peers.iter().position(|p| p.address == Some(from)) else {
            return;
        };
        if (20..=63).contains(&datagram[0]) {
            let events = self.peers[i]
                .dtls
                .read(Instant::now(), from, None, BytesMut::from(&*datagram))
                .unwrap_or_default();
            for event in events {
                if matches!(event, EndpointEvent::HandshakeComplete) {
                    let peer = &mut self.peers[i];
                    let state = peer.dtls.get_connection_state(from).unwrap();
                    peer.srtp = Some(session(state, self.identity.provider.crypto()).unwrap());
                    if peer.is_viewer {
                        self.ask_for_keyframe();
                    }
                }
            }
            return self.flush(i);
        }
        let peer = &mut self.peers[i];
        let Some(srtp) = &mut peer.srtp else { return };
        if is_rtcp(datagram) {
            let plain = srtp.inbound.open_rtcp(datagram).unwrap();
            return if peer.is_viewer {
                self.feedback(i, &plain)
            } else {
                self.reports(&plain)
            };
        }
        let header = Header::parse(datagram).unwrap();
        let len = srtp.inbound.open_rtp(datagram, &header).unwrap();
        let payload = datagram[header.len..header.len + len].to_vec();
        self.forward(&header, &payload);
    }

    fn stun(&mut self, datagram: &[u8], from: SocketAddr) {
        let mut request = Message::new();
        request.unmarshal_binary(datagram).unwrap();
        let username = String::from_utf8(request.get(ATTR_USERNAME).unwrap()).unwrap();
        let ufrag = username.split(':').next().unwrap();
        let Some(peer) = self.peers.iter_mut().find(|p| p.credentials.ufrag == ufrag) else {
            return;
        };
        let crypto = self.identity.provider.crypto();
        MessageIntegrity::check(&mut request, peer.credentials.pwd.as_bytes(), crypto).unwrap();
        peer.address = Some(from);
        let mut reply = Message::new();
        reply.transaction_id = request.transaction_id;
        reply.set_type(BINDING_SUCCESS);
        reply.write_header();
        MessageIntegrity::new_short_term_integrity_with_provider(peer.credentials.pwd.clone(), crypto)
            .add_to(&mut reply)
            .unwrap();
        FINGERPRINT.add_to(&mut reply).unwrap();
        let _ = self.socket.send_to(&reply.raw, from);
    }

    fn tell_publisher(&mut self, plain: &[u8]) {
        for peer in self.peers.iter_mut().filter(|p| !p.is_viewer) {
            if let (Some(srtp), Some(address)) = (&mut peer.srtp, peer.address) {
                let sealed = srtp.outbound.seal_rtcp(plain).unwrap();
                let _ = self.socket.send_to(&sealed, address);
            }
        }
    }

    fn ask_for_keyframe(&mut self) {
        let mut out = Vec::new();
        rtcp::pli(&mut out, 1, 2);
        self.tell_publisher(&out);
    }

    fn feedback(&mut self, i: usize, plain: &[u8]) {
        for said in rtcp::parse(plain) {
            match said {
                Said::KeyframeWanted => self.ask_for_keyframe(),
                Said::Nack { lost, .. } => {
                    let peer = &mut self.peers[i];
                    for (sequence, packet) in peer.sent.iter().filter(|(n, _)| lost.contains(n)) {
                        let header = Header::parse(packet).unwrap();
                        let twcc = peer.transport.to_be_bytes();
                        peer.transport = peer.transport.wrapping_add(1);
                        let mut out = Vec::new();
                        Outgoing {
                            marker: header.marker,
                            payload_type: 97,
                            sequence: peer.sequences[2],
                            timestamp: header.timestamp,
                            ssrc: RTX_SSRC,
                            extensions: &[(3, &twcc)],
                        }
                        .write(&mut out);
                        peer.sequences[2] = peer.sequences[2].wrapping_add(1);
                        out.extend_from_slice(&sequence.to_be_bytes());
                        out.extend_from_slice(&packet[header.len..]);
                        peer.srtp.as_mut().unwrap().outbound.seal_rtp(&mut out).unwrap();
                        let _ = self.socket.send_to(&out, peer.address.unwrap());
                    }
                }
                _ => {}
            }
        }
    }

    /// The toy keeps the publisher's timestamps, so its sender reports can be passed on under our ssrcs.
    fn reports(&mut self, plain: &[u8]) {
        let is_audio = plain.len() > 8 && u32::from_be_bytes(plain[4..8].try_into().unwrap()) == self.audio_in;
        let (lane, ssrc) = if is_audio { (0, AUDIO_SSRC) } else { (1, VIDEO_SSRC) };
        for said in rtcp::parse(plain) {
            let Said::SenderReport { ntp, rtp, .. } = said else {
                continue;
            };
            let mut out = Vec::new();
            rtcp::sender_report(&mut out, ssrc, ntp, rtp, 1, 1);
            for peer in self.peers.iter_mut().filter(|p| p.is_viewer && p.has_got(lane)) {
                let sealed = peer.srtp.as_mut().unwrap().outbound.seal_rtcp(&out).unwrap();
                let _ = self.socket.send_to(&sealed, peer.address.unwrap());
            }
        }
    }

    fn forward(&mut self, header: &Header, payload: &[u8]) {
        let audio = header.payload_type == 111;
        if audio {
            self.audio_in = header.ssrc;
        }
        let (lane, ssrc) = if audio { (0, AUDIO_SSRC) } else { (1, VIDEO_SSRC) };
        for peer in self.peers.iter_mut().filter(|p| p.is_viewer && p.srtp.is_some()) {
            self.count += 1;
            let due = |every: u64| every > 0 && self.count.is_multiple_of(every);
            let mut payload = payload.to_vec();
            if due(self.misbehave.change_every) {
                *payload.last_mut().unwrap() ^= 1;
            }
            if self.misbehave.picture_id_stuck && !audio {
                payload[2..4].copy_from_slice(&[0x80, 7]);
            }
            let twcc = peer.transport.to_be_bytes();
            let sequence = peer.sequences[lane];
            let mut out = Vec::new();
            Outgoing {
                marker: header.marker,
                payload_type: header.payload_type,
                sequence,
                timestamp: header.timestamp,
                ssrc,
                extensions: &[(3, &twcc)],
            }
            .write(&mut out);
            out.extend_from_slice(&payload);
            peer.sequences[lane] = sequence.wrapping_add(1);
            peer.transport = peer.transport.wrapping_add(1);
            if !audio || peer.sent.is_empty() {
                peer.sent.push((sequence, out.clone()));
            }
            peer.srtp.as_mut().unwrap().outbound.seal_rtp(&mut out).unwrap();
            if due(self.misbehave.forge_every) {
                *out.last_mut().unwrap() ^= 1;
            }
            if !due(self.misbehave.lose_every) {
                let _ = self.socket.send_to(&out, peer.address.unwrap());
            }
        }
    }
}
