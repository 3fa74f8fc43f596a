// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! TURN's messages on the wire (RFC 8489 section 5, RFC 8656 sections 11, 12 and 18): read in place, written once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rtc_crypto::RTCCrypto;
use rtc_stun::attributes::{
    ATTR_LIFETIME, ATTR_NONCE, ATTR_REALM, ATTR_UNKNOWN_ATTRIBUTES, ATTR_XOR_RELAYED_ADDRESS, AttrType,
};
use rtc_stun::error_code::{ErrorCode, ErrorCodeAttribute};
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{
    CLASS_ERROR_RESPONSE, CLASS_SUCCESS_RESPONSE, Message, MessageClass, Method, Setter, TransactionId,
};
use rtc_stun::xoraddr::XorMappedAddress;

const COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
const HEADER_BYTES: usize = 20;
const ATTRIBUTES_MAX: usize = 24;
const CHANNEL_HEADER_BYTES: usize = 4;
const DATA_INDICATION: u16 = 0x0017;
const FAMILY_V4: u8 = 1;
const FAMILY_V6: u8 = 2;

pub(super) const USERNAME: u16 = 0x0006;
pub(super) const MESSAGE_INTEGRITY: u16 = 0x0008;
pub(super) const CHANNEL_NUMBER: u16 = 0x000C;
pub(super) const LIFETIME: u16 = 0x000D;
pub(super) const XOR_PEER_ADDRESS: u16 = 0x0012;
pub(super) const DATA: u16 = 0x0013;
pub(super) const REALM: u16 = 0x0014;
pub(super) const NONCE: u16 = 0x0015;
pub(super) const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
pub(super) const REQUESTED_TRANSPORT: u16 = 0x0019;

/// Attributes that must be understood (RFC 8489 section 5.2) and are.
const UNDERSTOOD: [u16; 10] = [
    USERNAME,
    MESSAGE_INTEGRITY,
    CHANNEL_NUMBER,
    LIFETIME,
    XOR_PEER_ADDRESS,
    DATA,
    REALM,
    NONCE,
    REQUESTED_ADDRESS_FAMILY,
    REQUESTED_TRANSPORT,
];

/// A STUN message as it lies in its datagram. Nothing of it is proved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parsed<'a> {
    pub(super) method: u16,
    /// 0 request, 1 indication, 2 success, 3 error.
    pub(super) class: u16,
    pub(super) transaction: [u8; 12],
    pub(super) bytes: &'a [u8],
}

/// Reads the head of a STUN message that fills its datagram.
pub(super) fn parse(datagram: &[u8]) -> Option<Parsed<'_>> {
    let [t0, t1, l0, l1, c0, c1, c2, c3, transaction @ ..] = *datagram.first_chunk::<HEADER_BYTES>()?;
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    if t0 > 0x3F || [c0, c1, c2, c3] != COOKIE || length % 4 != 0 || length + HEADER_BYTES != datagram.len() {
        return None;
    }
    // RFC 8489 section 5: the class is in bits 4 and 8 of the type, the method around them.
    let kind = u16::from_be_bytes([t0, t1]);
    Some(Parsed {
        method: (kind & 0x000F) | ((kind & 0x00E0) >> 1) | ((kind & 0x3E00) >> 2),
        class: ((kind & 0x0010) >> 4) | ((kind & 0x0100) >> 7),
        transaction,
        bytes: datagram,
    })
}

impl<'a> Parsed<'a> {
    /// Types and values up to MESSAGE-INTEGRITY: what comes after it is not protected (RFC 8489 section 14.5).
    fn attributes(self) -> impl Iterator<Item = (u16, &'a [u8])> {
        let mut rest = self.bytes.get(HEADER_BYTES..).unwrap_or_default();
        let mut over = false;
        std::iter::from_fn(move || {
            let [t0, t1, l0, l1] = *rest.first_chunk::<4>().filter(|_| !over)?;
            let (kind, length) = (u16::from_be_bytes([t0, t1]), usize::from(u16::from_be_bytes([l0, l1])));
            let value = rest.get(4..4 + length)?;
            rest = rest.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
            over = kind == MESSAGE_INTEGRITY;
            Some((kind, value))
        })
        .take(ATTRIBUTES_MAX)
    }

    pub(super) fn get(self, wanted: u16) -> Option<&'a [u8]> {
        self.attributes()
            .find(|(kind, _)| *kind == wanted)
            .map(|(_, value)| value)
    }

    pub(super) fn text(self, wanted: u16) -> Option<&'a str> {
        self.get(wanted).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// XOR-PEER-ADDRESS attributes (RFC 8656 section 18.3); None for one that is broken.
    pub(super) fn peers(self) -> impl Iterator<Item = Option<SocketAddr>> {
        self.attributes()
            .filter(|(kind, _)| *kind == XOR_PEER_ADDRESS)
            .map(move |(_, value)| xor_address(value, self.transaction))
    }

    /// Attributes that we would have to understand and do not.
    pub(super) fn not_understood(self) -> Vec<u16> {
        self.attributes()
            .map(|(kind, _)| kind)
            .filter(|kind| *kind < 0x8000 && !UNDERSTOOD.contains(kind))
            .collect()
    }
}

/// The mask of addresses: the cookie, then the transaction (RFC 8489 section 14.2).
fn mask(transaction: [u8; 12]) -> [u8; 16] {
    let mut mask = [0; 16];
    for (to, from) in mask.iter_mut().zip(COOKIE.into_iter().chain(transaction)) {
        *to = from;
    }
    mask
}

fn xor_address(value: &[u8], transaction: [u8; 12]) -> Option<SocketAddr> {
    let [_, family, p0, p1, ip @ ..] = value else {
        return None;
    };
    let port = u16::from_be_bytes([p0 ^ COOKIE[0], p1 ^ COOKIE[1]]);
    let mut plain = [0_u8; 16];
    for ((to, from), mask) in plain.iter_mut().zip(ip).zip(mask(transaction)) {
        *to = from ^ mask;
    }
    let ip = match (*family, ip.len()) {
        (FAMILY_V4, 4) => {
            let [a, b, c, d, ..] = plain;
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        (FAMILY_V6, 16) => IpAddr::V6(Ipv6Addr::from(plain)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// Writes ChannelData (RFC 8656 section 12.4), padded as streams want it (section 12.5) where `padded`.
pub fn channel_data(channel: u16, data: &[u8], padded: bool, out: &mut Vec<u8>) {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    let start = out.len();
    out.extend_from_slice(&channel.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(data.get(..usize::from(length)).unwrap_or_default());
    if padded {
        out.resize(
            start + (CHANNEL_HEADER_BYTES + usize::from(length)).next_multiple_of(4),
            0,
        );
    }
}

/// Writes a Data indication (RFC 8656 section 11.6): `data` as it came from `peer`.
pub fn data_indication(peer: SocketAddr, transaction: [u8; 12], data: &[u8], out: &mut Vec<u8>) {
    let mask = mask(transaction);
    let mut address = vec![0, FAMILY_V4];
    let [p0, p1] = peer.port().to_be_bytes();
    address.extend_from_slice(&[p0 ^ COOKIE[0], p1 ^ COOKIE[1]]);
    match peer.ip() {
        IpAddr::V4(ip) => address.extend(ip.octets().into_iter().zip(mask).map(|(byte, mask)| byte ^ mask)),
        IpAddr::V6(ip) => {
            address.splice(1..2, [FAMILY_V6]);
            address.extend(ip.octets().into_iter().zip(mask).map(|(byte, mask)| byte ^ mask));
        }
    }
    let padded = data.len().next_multiple_of(4);
    let length = 4 + address.len() + 4 + padded;
    out.extend_from_slice(&DATA_INDICATION.to_be_bytes());
    out.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(&COOKIE);
    out.extend_from_slice(&transaction);
    for (kind, value) in [(XOR_PEER_ADDRESS, &address[..]), (DATA, data)] {
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(value);
    }
    out.resize(out.len() + padded - data.len(), 0);
}

/// A response under construction.
pub(super) struct Response<'a> {
    setters: Vec<Box<dyn Setter + 'a>>,
}

struct Raw(AttrType, Vec<u8>);

impl Setter for Raw {
    fn add_to(&self, message: &mut Message) -> rtc_shared::error::Result<()> {
        message.add(self.0, &self.1);
        Ok(())
    }
}

struct Relayed(XorMappedAddress);

impl Setter for Relayed {
    fn add_to(&self, message: &mut Message) -> rtc_shared::error::Result<()> {
        self.0.add_to_as(message, ATTR_XOR_RELAYED_ADDRESS)
    }
}

fn method_of(number: u16) -> Method {
    let mut kind = rtc_stun::message::MessageType::default();
    kind.read_value((number & 0x000F) | ((number & 0x0070) << 1) | ((number & 0x0F80) << 2));
    kind.method
}

impl<'a> Response<'a> {
    fn new(request: &Parsed<'_>, class: MessageClass) -> Self {
        let kind = rtc_stun::message::MessageType::new(method_of(request.method), class);
        Self {
            setters: vec![Box::new(TransactionId(request.transaction)), Box::new(kind)],
        }
    }

    pub(super) fn success(request: &Parsed<'_>) -> Self {
        Self::new(request, CLASS_SUCCESS_RESPONSE)
    }

    pub(super) fn error(request: &Parsed<'_>, code: ErrorCode, reason: &'static str) -> Self {
        let mut response = Self::new(request, CLASS_ERROR_RESPONSE);
        let reason = reason.as_bytes().to_vec();
        response.setters.push(Box::new(ErrorCodeAttribute { code, reason }));
        response
    }

    fn raw(mut self, kind: AttrType, value: Vec<u8>) -> Self {
        self.setters.push(Box::new(Raw(kind, value)));
        self
    }

    pub(super) fn challenge(self, realm: &str, nonce: &str) -> Self {
        self.raw(ATTR_REALM, realm.as_bytes().to_vec())
            .raw(ATTR_NONCE, nonce.as_bytes().to_vec())
    }

    pub(super) fn not_understood(self, kinds: &[u16]) -> Self {
        let value = kinds.iter().flat_map(|kind| kind.to_be_bytes()).collect();
        self.raw(ATTR_UNKNOWN_ATTRIBUTES, value)
    }

    pub(super) fn lifetime(self, seconds: u32) -> Self {
        self.raw(ATTR_LIFETIME, seconds.to_be_bytes().to_vec())
    }

    pub(super) fn mapped(mut self, address: SocketAddr) -> Self {
        let (ip, port) = (address.ip(), address.port());
        self.setters.push(Box::new(XorMappedAddress { ip, port }));
        self
    }

    pub(super) fn relayed(mut self, address: SocketAddr) -> Self {
        let (ip, port) = (address.ip(), address.port());
        self.setters.push(Box::new(Relayed(XorMappedAddress { ip, port })));
        self
    }

    /// The finished message, signed where there is a key.
    pub(super) fn finish(mut self, key: Option<&[u8]>, crypto: &'a dyn RTCCrypto) -> Option<Vec<u8>> {
        if let Some(key) = key {
            let integrity = MessageIntegrity::new_raw_integrity_with_provider(key.to_vec(), crypto);
            self.setters.push(Box::new(integrity));
        }
        let mut message = Message::new();
        message.build(&self.setters).ok()?;
        Some(message.raw)
    }
}
