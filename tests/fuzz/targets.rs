// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What is fuzzed: everything that reads bytes of a stranger. A target takes bytes and panics only where Fiera is broken.
//! Shared by the replay in `replay.rs` and by the libFuzzer programs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use fiera_protocol::codec::{encode_client, parse_client};
use fiera_sfu::clock::ServerClock;
use fiera_sfu::codec;
use fiera_sfu::egress::{Egress, Path, Via};
use fiera_sfu::engine::Sfu;
use fiera_sfu::rtcp::{Compound, Packet};
use fiera_sfu::rtp;
use fiera_sfu::sdp::{Codec, ExtensionIds, ServerTransport, TransportCredentials, publish, rack, whep};
use fiera_sfu::streams::framing::{FRAME_BYTES_MAX, FrameReader, Framing, opening};
use fiera_sfu::streams::turn::{Client, Clock, NoRelay, Relays, Step, Turn};
use fiera_sfu::transport::dtls::DtlsIdentity;
use fiera_sfu::transport::ice;

/// A name and what it does with bytes.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All targets; each has a folder of its name in `corpus/`.
pub(crate) const TARGETS: &[Target] = &[
    ("message", message),
    ("sdp", sdp),
    ("stun", stun),
    ("rtp", rtp),
    ("red", red),
    ("rtcp", rtcp),
    ("dependency", dependency),
    ("datagrams", datagrams),
    ("streams", streams),
];

/// A text frame of a client: what is read can be written and read again.
pub(crate) fn message(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(message) = parse_client(text) {
        let again = parse_client(&encode_client(&message)).expect("what was read can be read again");
        assert_eq!(again, message);
    }
}

fn credentials() -> TransportCredentials {
    TransportCredentials {
        ice_ufrag: "ufragufr".to_owned(),
        ice_pwd: "passwordpasswordpassword".to_owned(),
    }
}

fn server() -> ServerTransport {
    ServerTransport {
        candidates: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 8_443))],
        tcp: false,
        fingerprint_sha256: [["AB"; 32].join(":")].concat(),
    }
}

/// A session description at each of the three places where one is taken.
pub(crate) fn sdp(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut state = 1_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state
    };
    let _ = publish::answer(text, &credentials(), &server());
    let _ = whep::answer(text, &credentials(), &server(), &mut random);
    let shape = rack::RackShape {
        voice_slots: 3,
        camera_slots: 4,
        screen: true,
    };
    let offer = rack::offer(&shape, &credentials(), &server(), &mut random);
    let _ = rack::accept_answer(&offer, text);
}

static IDENTITY: LazyLock<Arc<DtlsIdentity>> =
    LazyLock::new(|| Arc::new(DtlsIdentity::generate().expect("a certificate")));

/// A STUN message: the claim, then the proof with a password that is known to be in the corpus.
pub(crate) fn stun(data: &[u8]) {
    let _ = ice::claim(data);
    let crypto = IDENTITY.provider().crypto();
    let _ = ice::prove_request(data, &credentials().ice_pwd, crypto);
    let _ = ice::prove_response(data, &credentials().ice_pwd, crypto);
}

/// A decrypted RTP packet, with its extensions, as each codec.
pub(crate) fn rtp(data: &[u8]) {
    let Ok(packet) = rtp::parse(data) else { return };
    let ids = ExtensionIds {
        mid: 1,
        rid: 2,
        rrid: 3,
        audio_level: 4,
        twcc: 5,
        dependency: 6,
    };
    let _ = packet.known(&ids);
    let _ = packet.extensions.iter().count();
    assert_eq!(data.get(packet.payload_range.clone()), Some(packet.payload));
    for codec in [Codec::Opus, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1] {
        let Ok(facts) = codec::inspect(codec, packet.payload) else {
            continue;
        };
        let _ = (facts.place(), facts.structure(), facts.dimensions());
        let mut payload = packet.payload.to_vec();
        facts.patch(&mut payload, 0x7FFF, 255);
        assert_eq!(payload.len(), packet.payload.len());
        let again = codec::inspect(codec, &payload).expect("what was patched can be read again");
        assert_eq!(again.is_keyframe_start(), facts.is_keyframe_start());
    }
}

/// A payload of redundant audio whose blocks are of the type in its first byte: blocks lie behind their headers, one after
/// the other, up to the end.
pub(crate) fn red(data: &[u8]) {
    let Some((pt, payload)) = data.split_first() else {
        return;
    };
    let Some(red) = codec::red::parse(payload, pt & 0x7F) else {
        return;
    };
    assert!(red.primary.start < red.primary.end && red.primary.end == payload.len());
    let mut after = red.primary.start;
    for block in red.earlier.iter().flatten() {
        assert!(block.offset > 0 && block.range.start < block.range.end && block.range.end <= after);
        after = block.range.start;
    }
    assert!(after > 0, "a block lies over the headers");
}

/// Dependency descriptors of one stream, each behind its length.
pub(crate) fn dependency(data: &[u8]) {
    let mut reader = codec::av1::dependency::Reader::default();
    let mut rest = data;
    while let Some((length, after)) = rest.split_first() {
        let (value, after) = after.split_at(usize::from(*length).min(after.len()));
        if let Some(read) = reader.read(value) {
            let structure = reader.structure().expect("nothing is read without a structure");
            assert!(read.spatial_id < structure.spatial_layers());
            assert!(usize::from(structure.spatial_layers()) <= codec::av1::dependency::SPATIAL_LAYERS_MAX);
            for target in 0..structure.decode_targets() {
                let _ = (read.indications.of(target), structure.layers_of(target));
            }
        }
        rest = after;
    }
}

/// A decrypted RTCP compound: every part, every list to its end.
pub(crate) fn rtcp(data: &[u8]) {
    let Ok(compound) = Compound::parse(data) else { return };
    for packet in compound.packets() {
        match packet {
            Packet::Nack(nack) => assert!(nack.seqs().count() <= data.len() * 17),
            Packet::Twcc(twcc) => assert!(twcc.statuses().count() <= usize::from(u16::MAX)),
            Packet::Fir(fir) => assert!(fir.entries().count() <= data.len()),
            _ => {}
        }
    }
}

/// Datagrams from strangers at an SFU with nobody in it. Each starts with its length and the last byte of its address.
pub(crate) fn datagrams(data: &[u8]) {
    let start = Instant::now();
    let mut sfu = Sfu::new(Arc::clone(&IDENTITY), ServerClock::new(start, 0));
    let mut egress = Egress::new();
    let mut rest = data;
    for step in 0_u64..64 {
        let Some((&[high, low, address], after)) = rest.split_first_chunk::<3>() else {
            return;
        };
        let length = usize::from(u16::from_be_bytes([high, low])).min(after.len());
        let (datagram, after) = after.split_at(length);
        let path = Path {
            via: Via::Udp,
            local: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            remote: SocketAddr::from((Ipv4Addr::new(127, 0, 0, address), 5_000)),
        };
        let now = start + Duration::from_millis(step * 20);
        sfu.handle_datagram(now, path, datagram, &mut egress);
        sfu.handle_tick(now, &mut egress);
        rest = after;
    }
    assert!(egress.runs().is_empty(), "a stranger got an answer");
    assert!(sfu.poll_event().is_none(), "a stranger caused an event");
}

/// The secret and the time that the corpus is signed with.
const TURN_SECRET: &[u8] = b"fuzz";
const TURN_UNIX_S: u64 = 1_800_000_000;

struct OneRelay(u32);

impl Relays for OneRelay {
    fn take(&mut self, _: &str, like: IpAddr) -> Result<SocketAddr, NoRelay> {
        self.0 += 1;
        Ok(SocketAddr::new(like, 50_000))
    }
}

/// A byte stream: what it begins with, its frames, and each frame as a message to the relay. The first byte says which
/// framing it has.
pub(crate) fn streams(data: &[u8]) {
    let Some((first, stream)) = data.split_first() else {
        return;
    };
    let _ = opening(stream);
    let framing = if *first == 0 { Framing::Length } else { Framing::Turn };
    let media = SocketAddr::from((Ipv4Addr::LOCALHOST, 8_443));
    let turn = Turn::new(TURN_SECRET, vec![media]).expect("crypto");
    let mut client = Client::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 5_000)));
    let (mut reader, mut relays) = (FrameReader::new(framing), OneRelay(0));
    let clock = Clock {
        now: Instant::now(),
        unix_s: TURN_UNIX_S,
    };
    for piece in stream.chunks(FRAME_BYTES_MAX) {
        let space = reader.space();
        assert!(space.len() >= piece.len(), "there is room for what one frame can need");
        space[..piece.len()].copy_from_slice(piece);
        reader.filled(piece.len());
        loop {
            match reader.next() {
                Ok(Some(frame)) => {
                    assert!(frame.len() <= FRAME_BYTES_MAX);
                    match client.handle(&turn, clock, &mut relays, frame) {
                        Step::Relay { peer, .. } | Step::Bound { peer, .. } => {
                            assert!(peer == 0 && relays.0 > 0, "reached without an allocation");
                        }
                        _ => {}
                    }
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
}
