// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rtc_stun::attributes::{
    ATTR_CHANNEL_NUMBER, ATTR_DATA, ATTR_LIFETIME, ATTR_NONCE, ATTR_REALM, ATTR_REQUESTED_TRANSPORT, ATTR_USERNAME,
    ATTR_XOR_PEER_ADDRESS, ATTR_XOR_RELAYED_ADDRESS, AttrType,
};
use rtc_stun::error_code::ErrorCodeAttribute;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{
    CLASS_INDICATION, CLASS_REQUEST, Getter, METHOD_ALLOCATE, METHOD_CHANNEL_BIND, METHOD_CREATE_PERMISSION,
    METHOD_REFRESH, METHOD_SEND, Message, MessageClass, MessageType, Method, TransactionId,
};
use rtc_stun::xoraddr::XorMappedAddress;

use super::*;

const UNIX_S: u64 = 1_800_000_000;

struct One(SocketAddr);

impl Relays for One {
    fn take(&mut self, _: &str, _: IpAddr) -> Result<SocketAddr, NoRelay> {
        Ok(self.0)
    }
}

fn ours() -> SocketAddr {
    "192.0.2.1:8443".parse().unwrap()
}

fn relayed() -> SocketAddr {
    "192.0.2.1:50000".parse().unwrap()
}

fn client() -> SocketAddr {
    "198.51.100.7:4000".parse().unwrap()
}

/// A client program: rtc-stun's messages, its own state.
struct Program {
    turn: Turn,
    client: Client,
    clock: Clock,
    credentials: Credentials,
    nonce: String,
    requests: u8,
}

impl Program {
    // Any moment will do as the beginning of a test.
    #[allow(clippy::disallowed_methods)]
    fn new() -> Self {
        let turn = Turn::new(b"a secret of the server", vec![ours()]).expect("ring is built in");
        let credentials = turn.mint("somebody", UNIX_S + 60);
        let nonce = turn.nonce(UNIX_S, client());
        Self {
            turn,
            client: Client::new(client()),
            clock: Clock {
                now: Instant::now(),
                unix_s: UNIX_S,
            },
            credentials,
            nonce,
            requests: 0,
        }
    }

    fn message(&mut self, method: Method, class: MessageClass, attributes: &[(AttrType, Vec<u8>)]) -> Message {
        self.requests += 1;
        let mut message = Message::new();
        let kind = MessageType::new(method, class);
        message
            .build(&[Box::new(TransactionId([self.requests; 12])), Box::new(kind)])
            .unwrap();
        for (kind, value) in attributes {
            message.add(*kind, value);
        }
        message
    }

    fn signed(&mut self, method: Method, attributes: &[(AttrType, Vec<u8>)]) -> Vec<u8> {
        let mut message = self.message(method, CLASS_REQUEST, attributes);
        let Credentials { username, password } = self.credentials.clone();
        message.add(ATTR_USERNAME, username.as_bytes());
        message.add(ATTR_REALM, b"fiera");
        message.add(ATTR_NONCE, self.nonce.clone().as_bytes());
        let crypto = self.turn.provider.crypto();
        let key = MessageIntegrity::new_long_term_integrity_with_provider(username, "fiera".into(), password, crypto);
        rtc_stun::message::Setter::add_to(&key.unwrap(), &mut message).unwrap();
        message.raw
    }

    fn give<'a>(&mut self, datagram: &'a [u8]) -> Step<'a> {
        self.client
            .handle(&self.turn, self.clock, &mut One(relayed()), datagram)
    }

    fn request(&mut self, method: Method, attributes: &[(AttrType, Vec<u8>)]) -> (&'static str, Message) {
        let request = self.signed(method, attributes);
        match self.give(&request) {
            Step::Reply(bytes) => ("reply", decoded(&bytes)),
            Step::Refused(bytes) => ("refused", decoded(&bytes)),
            Step::Ended(bytes) => ("ended", decoded(&bytes)),
            Step::Bound {
                peer: 0,
                channel: 0x4001,
                reply,
            } => ("bound", decoded(&reply)),
            other => panic!("{other:?}"),
        }
    }

    fn allocate(&mut self) -> (&'static str, Message) {
        self.request(METHOD_ALLOCATE, &[(ATTR_REQUESTED_TRANSPORT, vec![17, 0, 0, 0])])
    }
}

fn decoded(bytes: &[u8]) -> Message {
    let mut message = Message::new();
    message.unmarshal_binary(bytes).unwrap();
    message
}

fn code(message: &Message) -> u16 {
    let mut error = ErrorCodeAttribute::default();
    error.get_from(message).unwrap();
    error.code.0
}

/// XOR-PEER-ADDRESS for a request of this number.
fn peer(address: SocketAddr, request: u8) -> (AttrType, Vec<u8>) {
    let mut message = Message::new();
    message.build(&[Box::new(TransactionId([request; 12]))]).unwrap();
    let xor = XorMappedAddress {
        ip: address.ip(),
        port: address.port(),
    };
    xor.add_to_as(&mut message, ATTR_XOR_PEER_ADDRESS).unwrap();
    (ATTR_XOR_PEER_ADDRESS, message.get(ATTR_XOR_PEER_ADDRESS).unwrap())
}

fn channel(number: u16) -> (AttrType, Vec<u8>) {
    (ATTR_CHANNEL_NUMBER, [number.to_be_bytes(), [0; 2]].concat())
}

#[test]
fn who_has_credentials_gets_an_address_and_reaches_our_media_plane_alone() {
    let mut program = Program::new();
    let (kind, answer) = program.allocate();
    let mut address = XorMappedAddress::default();
    address.get_from_as(&answer, ATTR_XOR_RELAYED_ADDRESS).unwrap();
    assert_eq!((kind, address.ip, address.port), ("reply", relayed().ip(), 50_000));

    let stranger: SocketAddr = "203.0.113.9:53".parse().unwrap();
    let (_, refused) = program.request(METHOD_CREATE_PERMISSION, &[peer(stranger, 2)]);
    assert_eq!(code(&refused), 403);
    let (_, refused) = program.request(METHOD_CHANNEL_BIND, &[peer(stranger, 3), channel(0x4000)]);
    assert_eq!(code(&refused), 403);
    let other_port: SocketAddr = "192.0.2.1:22".parse().unwrap();
    let (_, refused) = program.request(METHOD_CHANNEL_BIND, &[peer(other_port, 4), channel(0x4000)]);
    assert_eq!(code(&refused), 403);

    let sent = program.message(
        METHOD_SEND,
        CLASS_INDICATION,
        &[peer(ours(), 5), (ATTR_DATA, b"early".to_vec())],
    );
    assert_eq!(program.give(&sent.raw), Step::Nothing, "not permitted yet");
    assert_eq!(program.request(METHOD_CREATE_PERMISSION, &[peer(ours(), 6)]).0, "reply");
    let sent = program.message(
        METHOD_SEND,
        CLASS_INDICATION,
        &[peer(ours(), 7), (ATTR_DATA, b"hello".to_vec())],
    );
    assert_eq!(
        program.give(&sent.raw),
        Step::Relay {
            peer: 0,
            data: b"hello"
        }
    );

    assert_eq!(
        program
            .request(METHOD_CHANNEL_BIND, &[peer(ours(), 8), channel(0x4001)])
            .0,
        "bound"
    );
    let framed = [0x40, 1, 0, 3, 7, 8, 9, 0];
    assert_eq!(
        program.give(&framed),
        Step::Relay {
            peer: 0,
            data: &[7, 8, 9]
        }
    );
    assert_eq!(program.give(&[0x40, 2, 0, 1, 7]), Step::Nothing, "never bound");
    let (_, refused) = program.request(METHOD_CHANNEL_BIND, &[peer(ours(), 9), channel(0x4002)]);
    assert_eq!(code(&refused), 400, "a peer has one channel");

    program.clock.now += PERMISSION_LIFETIME;
    let sent = program.message(
        METHOD_SEND,
        CLASS_INDICATION,
        &[peer(ours(), 10), (ATTR_DATA, b"late".to_vec())],
    );
    assert_eq!(program.give(&sent.raw), Step::Nothing, "the permission has run out");
    assert_eq!(
        program.request(METHOD_REFRESH, &[(ATTR_LIFETIME, vec![0, 0, 2, 0])]).0,
        "reply"
    );
    assert_eq!(
        program.request(METHOD_REFRESH, &[(ATTR_LIFETIME, vec![0; 4])]).0,
        "ended"
    );
    assert_eq!(program.client.relayed(), None);
    assert_eq!(program.give(&framed), Step::Nothing);
}

#[test]
fn without_credentials_there_is_a_challenge_and_nothing_else() {
    let mut program = Program::new();
    let bare = program.message(
        METHOD_ALLOCATE,
        CLASS_REQUEST,
        &[(ATTR_REQUESTED_TRANSPORT, vec![17, 0, 0, 0])],
    );
    let Step::Refused(bytes) = program.give(&bare.raw) else {
        panic!("answered otherwise")
    };
    let challenge = decoded(&bytes);
    assert_eq!(code(&challenge), 401);
    assert!(
        bytes.len() <= 4 * bare.raw.len(),
        "{} bytes for {}",
        bytes.len(),
        bare.raw.len()
    );
    program.nonce = String::from_utf8(challenge.get(ATTR_NONCE).unwrap()).unwrap();
    assert_eq!(program.allocate().0, "reply");
}

#[test]
fn wrong_and_expired_credentials_and_old_nonces_are_refused() {
    let refused = |change: &dyn Fn(&mut Program)| {
        let mut program = Program::new();
        change(&mut program);
        let (kind, answer) = program.allocate();
        assert_eq!((kind, program.client.relayed()), ("refused", None));
        code(&answer)
    };
    assert_eq!(refused(&|program| program.credentials.password.push('x')), 401);
    assert_eq!(refused(&|program| program.clock.unix_s += 61), 401);
    assert_eq!(
        refused(&|program| program.credentials.username = format!("{}:other", UNIX_S + 999)),
        401
    );
    assert_eq!(
        refused(&|program| program.nonce = program.turn.nonce(UNIX_S - NONCE_LIFE_S - 1, client())),
        438
    );
    assert_eq!(refused(&|program| program.nonce = "00000000".repeat(3)), 438);
    for elsewhere in ["198.51.100.7:4001", "198.51.100.8:4000"] {
        let elsewhere = elsewhere.parse().unwrap();
        assert_eq!(
            refused(&|program| program.nonce = program.turn.nonce(UNIX_S, elsewhere)),
            438
        );
    }
}

#[test]
fn an_allocation_outlives_its_credentials_belongs_to_one_user_and_ends_unless_refreshed() {
    let mut program = Program::new();
    assert_eq!(program.allocate().0, "reply");
    assert_eq!(
        code(&program.allocate().1),
        437,
        "another request for one that is there"
    );
    program.clock.unix_s += 120;
    program.nonce = program.turn.nonce(program.clock.unix_s, client());
    assert_eq!(program.request(METHOD_REFRESH, &[]).0, "reply");
    let own = program.credentials.clone();
    program.credentials = program.turn.mint("another", program.clock.unix_s + 60);
    assert_eq!(code(&program.request(METHOD_REFRESH, &[]).1), 441);
    program.credentials = own;
    program.clock.now += ALLOCATION_LIFETIME;
    assert!(program.client.is_expired(program.clock.now));
    assert_eq!(code(&program.request(METHOD_REFRESH, &[]).1), 437);
}

#[test]
fn attributes_that_must_be_understood_and_are_not_are_named() {
    let mut program = Program::new();
    let reserve = AttrType(0x0018);
    let (_, refused) = program.request(
        METHOD_ALLOCATE,
        &[
            (ATTR_REQUESTED_TRANSPORT, vec![17, 0, 0, 0]),
            (reserve, vec![0x80, 0, 0, 0]),
        ],
    );
    assert_eq!(code(&refused), 420);
    let (_, refused) = program.request(METHOD_ALLOCATE, &[(ATTR_REQUESTED_TRANSPORT, vec![6, 0, 0, 0])]);
    assert_eq!(code(&refused), 442);
}

#[test]
fn data_for_the_client_is_read_by_another_implementation() {
    for from in [ours(), "[2001:db8::7]:8443".parse().unwrap()] {
        let mut bytes = Vec::new();
        data_indication(from, [9; 12], b"media", &mut bytes);
        let message = decoded(&bytes);
        let mut address = XorMappedAddress::default();
        address.get_from_as(&message, ATTR_XOR_PEER_ADDRESS).unwrap();
        assert_eq!(SocketAddr::new(address.ip, address.port), from);
        assert_eq!(
            (message.typ.value(), message.get(ATTR_DATA).unwrap()),
            (0x0017, b"media".to_vec())
        );
    }
    let (mut stream, mut datagram) = (Vec::new(), Vec::new());
    channel_data(0x4001, b"media", true, &mut stream);
    channel_data(0x4001, b"media", false, &mut datagram);
    assert_eq!(stream, [&[0x40, 1, 0, 5][..], b"media", &[0; 3]].concat());
    assert_eq!(datagram, stream[..9]);
}

proptest! {
    #[test]
    fn what_is_not_signed_reaches_nothing(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), method in 0_u8..10, allocated in any::<bool>()) {
        let mut program = Program::new();
        if allocated {
            program.allocate();
        }
        if bytes.len() >= 20 {
            bytes.truncate(bytes.len() / 4 * 4);
            let length = u16::try_from(bytes.len() - 20).unwrap().to_be_bytes();
            bytes[..8].copy_from_slice(&[0, method, length[0], length[1], 0x21, 0x12, 0xA4, 0x42]);
        }
        program.clock.now += Duration::from_millis(1);
        let step = program.give(&bytes);
        let reached = matches!(step, Step::Relay { .. } | Step::Bound { .. } | Step::Ended(_));
        prop_assert!(!reached, "{:?}", step);
        prop_assert_eq!(program.client.relayed().is_some(), allocated);
    }
}
