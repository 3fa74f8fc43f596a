// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One TURN client: what came from one address over one transport (a 5-tuple), and the allocation it may hold.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use rtc_stun::error_code::{
    CODE_ADDR_FAMILY_NOT_SUPPORTED, CODE_ALLOC_MISMATCH, CODE_ALLOC_QUOTA_REACHED, CODE_BAD_REQUEST, CODE_FORBIDDEN,
    CODE_INSUFFICIENT_CAPACITY, CODE_STALE_NONCE, CODE_UNAUTHORIZED, CODE_UNKNOWN_ATTRIBUTE,
    CODE_UNSUPPORTED_TRANS_PROTO, CODE_WRONG_CREDENTIALS, ErrorCode,
};
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::Message;

use super::credentials::REALM;
use super::message::{self, Parsed, Response, parse};
use super::{
    ALLOCATION_LIFETIME, CHANNEL_LIFETIME, CHANNELS_MAX, Clock, NoRelay, PERMISSION_LIFETIME, Relays, Step, Turn,
};

const REQUEST: u16 = 0;
const INDICATION: u16 = 1;
const BINDING: u16 = 1;
const ALLOCATE: u16 = 3;
const REFRESH: u16 = 4;
const SEND: u16 = 6;
const CREATE_PERMISSION: u16 = 8;
const CHANNEL_BIND: u16 = 9;
const UDP: u8 = 17;
/// What RFC 5766 section 11 allowed: older clients go beyond the 0x4FFF of RFC 8656 section 12.
const CHANNELS: std::ops::RangeInclusive<u16> = 0x4000..=0x7FFF;

/// One client of the TURN server.
///
/// Contract: hand in each datagram by [`Client::handle`] and do what the step says; end the client once
/// [`Client::is_expired`]. A relayed address taken for it is free again after [`Step::Ended`] or when the client ends.
#[derive(Debug)]
pub struct Client {
    from: SocketAddr,
    allocation: Option<Allocation>,
}

#[derive(Debug)]
struct Allocation {
    username: String,
    /// Of the request that made it: asked again it is answered again.
    transaction: [u8; 12],
    relayed: SocketAddr,
    expires: Instant,
    permissions: Vec<(IpAddr, Instant)>,
    channels: Vec<Channel>,
}

#[derive(Debug)]
struct Channel {
    number: u16,
    peer: usize,
    expires: Instant,
}

/// Who signs: proved by MESSAGE-INTEGRITY.
struct Proved<'a> {
    username: &'a str,
    key: Vec<u8>,
}

type Refusal = (ErrorCode, &'static str);
const BAD_REQUEST: Refusal = (CODE_BAD_REQUEST, "Bad Request");
const MISMATCH: Refusal = (CODE_ALLOC_MISMATCH, "Allocation Mismatch");
const FORBIDDEN: Refusal = (CODE_FORBIDDEN, "Forbidden");

impl Allocation {
    fn permit(&mut self, ip: IpAddr, now: Instant) {
        self.permissions.retain(|(of, _)| *of != ip);
        self.permissions.push((ip, now + PERMISSION_LIFETIME));
    }

    fn permits(&self, ip: IpAddr, now: Instant) -> bool {
        self.permissions.iter().any(|(of, until)| *of == ip && now < *until)
    }
}

impl Client {
    /// A client at an address.
    #[must_use]
    pub fn new(from: SocketAddr) -> Self {
        Self { from, allocation: None }
    }

    /// The address that the media plane sees it at, while it has one.
    #[must_use]
    pub fn relayed(&self) -> Option<SocketAddr> {
        self.allocation.as_ref().map(|allocation| allocation.relayed)
    }

    /// The user that the relayed address was taken for.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.allocation.as_ref().map(|allocation| allocation.username.as_str())
    }

    /// When its allocation is over unless refreshed.
    #[must_use]
    pub fn expires(&self) -> Option<Instant> {
        self.allocation.as_ref().map(|allocation| allocation.expires)
    }

    /// Whether its allocation has run out.
    #[must_use]
    pub fn is_expired(&self, now: Instant) -> bool {
        self.expires().is_some_and(|expires| now >= expires)
    }

    fn live(&mut self, now: Instant) -> Option<&mut Allocation> {
        self.allocation.as_mut().filter(|allocation| now < allocation.expires)
    }

    /// Takes one datagram or frame of the client.
    pub fn handle<'a>(&mut self, turn: &Turn, clock: Clock, relays: &mut dyn Relays, datagram: &'a [u8]) -> Step<'a> {
        if let [0x40..=0x7F, ..] = datagram {
            return self.channel(clock.now, datagram).unwrap_or(Step::Nothing);
        }
        let Some(message) = parse(datagram) else {
            return Step::Nothing;
        };
        match (message.class, message.method) {
            (INDICATION, SEND) => self.send(turn, clock.now, message).unwrap_or(Step::Nothing),
            (REQUEST, BINDING) => {
                let response = Response::success(&message).mapped(self.from);
                response
                    .finish(None, turn.provider.crypto())
                    .map_or(Step::Nothing, Step::Reply)
            }
            (REQUEST, ALLOCATE | REFRESH | CREATE_PERMISSION | CHANNEL_BIND) => {
                self.request(turn, clock, relays, message)
            }
            _ => Step::Nothing,
        }
    }

    fn channel<'a>(&mut self, now: Instant, frame: &'a [u8]) -> Option<Step<'a>> {
        let [n0, n1, l0, l1, rest @ ..] = frame else {
            return None;
        };
        let number = u16::from_be_bytes([*n0, *n1]);
        let data = rest.get(..usize::from(u16::from_be_bytes([*l0, *l1])))?;
        let channels = &self.live(now)?.channels;
        let channel = channels.iter().find(|it| it.number == number && now < it.expires)?;
        let peer = channel.peer;
        Some(Step::Relay { peer, data })
    }

    fn send<'a>(&mut self, turn: &Turn, now: Instant, message: Parsed<'a>) -> Option<Step<'a>> {
        let address = message.peers().next()??;
        let (peer, data) = (turn.peer(address)?, message.get(message::DATA)?);
        self.live(now)?
            .permits(address.ip(), now)
            .then_some(Step::Relay { peer, data })
    }

    fn request<'a>(&mut self, turn: &Turn, clock: Clock, relays: &mut dyn Relays, message: Parsed<'a>) -> Step<'a> {
        let crypto = turn.provider.crypto();
        let proved = match self.prove(turn, clock, message) {
            Ok(proved) => proved,
            Err((code, reason)) => {
                let mut response = Response::error(&message, code, reason);
                if code == CODE_UNAUTHORIZED || code == CODE_STALE_NONCE {
                    response = response.challenge(REALM, &turn.nonce(clock.unix_s, self.from));
                }
                return response.finish(None, crypto).map_or(Step::Nothing, Step::Refused);
            }
        };
        let sign = |response: Response<'_>| response.finish(Some(&proved.key), crypto);
        let unknown = message.not_understood();
        if !unknown.is_empty() {
            let response = Response::error(&message, CODE_UNKNOWN_ATTRIBUTE, "Unknown Attribute");
            return sign(response.not_understood(&unknown)).map_or(Step::Nothing, Step::Refused);
        }
        let done = match message.method {
            ALLOCATE => self.allocate(turn, clock.now, relays, message, &proved).map(|address| {
                let response = Response::success(&message).relayed(address).mapped(self.from);
                sign(response.lifetime(seconds(ALLOCATION_LIFETIME))).map(Step::Reply)
            }),
            REFRESH => self.refresh(clock.now, message).map(|live| {
                let left = if live {
                    ALLOCATION_LIFETIME
                } else {
                    std::time::Duration::ZERO
                };
                let reply = sign(Response::success(&message).lifetime(seconds(left)));
                reply.map(if live { Step::Reply } else { Step::Ended })
            }),
            CREATE_PERMISSION => self
                .permit(turn, clock.now, message)
                .map(|()| sign(Response::success(&message)).map(Step::Reply)),
            _ => self.bind(turn, clock.now, message).map(|(peer, channel)| {
                let reply = sign(Response::success(&message));
                reply.map(|reply| Step::Bound { peer, channel, reply })
            }),
        };
        match done {
            Ok(step) => step.unwrap_or(Step::Nothing),
            Err((code, reason)) => sign(Response::error(&message, code, reason)).map_or(Step::Nothing, Step::Refused),
        }
    }

    /// Long-term credentials (RFC 8489 section 9.2.4).
    fn prove<'a>(&self, turn: &Turn, clock: Clock, message: Parsed<'a>) -> Result<Proved<'a>, Refusal> {
        const UNAUTHORIZED: Refusal = (CODE_UNAUTHORIZED, "Unauthorized");
        if message.get(message::MESSAGE_INTEGRITY).is_none() {
            return Err(UNAUTHORIZED);
        }
        let (Some(username), Some(realm), Some(nonce)) = (
            message.text(message::USERNAME),
            message.text(message::REALM),
            message.text(message::NONCE),
        ) else {
            return Err(BAD_REQUEST);
        };
        if !turn.is_fresh(nonce, clock.unix_s, self.from) {
            return Err((CODE_STALE_NONCE, "Stale Nonce"));
        }
        // What was allocated in time may be kept: nobody is cut off in the middle of a talk.
        let holds = self.username() == Some(username);
        if realm != REALM || !(holds || Turn::is_current(username, clock.unix_s)) {
            return Err(UNAUTHORIZED);
        }
        let crypto = turn.provider.crypto();
        let (name, realm, password) = (username.to_owned(), realm.to_owned(), turn.password(username));
        let key = MessageIntegrity::long_term_integrity_key(name, realm, password, crypto).map_err(|_| UNAUTHORIZED)?;
        let mut signed = Message::new();
        signed.unmarshal_binary(message.bytes).map_err(|_| BAD_REQUEST)?;
        MessageIntegrity::check(&mut signed, &key, crypto).map_err(|_| UNAUTHORIZED)?;
        if self.allocation.is_some() && !holds {
            return Err((CODE_WRONG_CREDENTIALS, "Wrong Credentials"));
        }
        Ok(Proved { username, key })
    }

    /// RFC 8656 section 7.2.
    fn allocate(
        &mut self,
        turn: &Turn,
        now: Instant,
        relays: &mut dyn Relays,
        message: Parsed<'_>,
        proved: &Proved<'_>,
    ) -> Result<SocketAddr, Refusal> {
        if let Some(allocation) = &self.allocation {
            return if allocation.transaction == message.transaction {
                Ok(allocation.relayed)
            } else {
                Err(MISMATCH)
            };
        }
        match message.get(message::REQUESTED_TRANSPORT) {
            Some([UDP, ..]) => {}
            Some([_, ..]) => return Err((CODE_UNSUPPORTED_TRANS_PROTO, "Unsupported Transport Protocol")),
            _ => return Err(BAD_REQUEST),
        }
        let v6 = message
            .get(message::REQUESTED_ADDRESS_FAMILY)
            .map(|value| value.first() == Some(&2));
        let fits = |peer: &&SocketAddr| v6.is_none_or(|v6| peer.is_ipv6() == v6);
        let like = turn.peers.iter().find(fits);
        let like = like.ok_or((CODE_ADDR_FAMILY_NOT_SUPPORTED, "Address Family not Supported"))?;
        let relayed = relays.take(proved.username, like.ip()).map_err(|none| match none {
            NoRelay::Quota => (CODE_ALLOC_QUOTA_REACHED, "Allocation Quota Reached"),
            NoRelay::Capacity => (CODE_INSUFFICIENT_CAPACITY, "Insufficient Capacity"),
        })?;
        self.allocation = Some(Allocation {
            username: proved.username.to_owned(),
            transaction: message.transaction,
            relayed,
            expires: now + ALLOCATION_LIFETIME,
            permissions: Vec::new(),
            channels: Vec::new(),
        });
        Ok(relayed)
    }

    /// Returns whether the allocation lives on (RFC 8656 section 8).
    fn refresh(&mut self, now: Instant, message: Parsed<'_>) -> Result<bool, Refusal> {
        let ends = message.get(message::LIFETIME) == Some(&[0; 4]);
        let allocation = self.live(now).ok_or(MISMATCH)?;
        allocation.expires = now + ALLOCATION_LIFETIME;
        if ends {
            self.allocation = None;
        }
        Ok(!ends)
    }

    /// RFC 8656 section 10.2: permissions are for addresses, whatever the port.
    fn permit(&mut self, turn: &Turn, now: Instant, message: Parsed<'_>) -> Result<(), Refusal> {
        let allocation = self.live(now).ok_or(MISMATCH)?;
        let peers: Option<Vec<SocketAddr>> = message.peers().collect();
        let peers = peers.filter(|peers| !peers.is_empty()).ok_or(BAD_REQUEST)?;
        if peers
            .iter()
            .any(|peer| !turn.peers.iter().any(|ours| ours.ip() == peer.ip()))
        {
            return Err(FORBIDDEN);
        }
        for peer in peers {
            allocation.permit(peer.ip(), now);
        }
        Ok(())
    }

    /// RFC 8656 section 12.2.
    fn bind(&mut self, turn: &Turn, now: Instant, message: Parsed<'_>) -> Result<(usize, u16), Refusal> {
        let allocation = self.live(now).ok_or(MISMATCH)?;
        let address = message.peers().next().flatten().ok_or(BAD_REQUEST)?;
        let number = match message.get(message::CHANNEL_NUMBER) {
            Some([n0, n1, ..]) => u16::from_be_bytes([*n0, *n1]),
            _ => return Err(BAD_REQUEST),
        };
        if !CHANNELS.contains(&number) {
            return Err(BAD_REQUEST);
        }
        let peer = turn.peer(address).ok_or(FORBIDDEN)?;
        allocation.channels.retain(|it| now < it.expires);
        let same = |it: &Channel| it.number == number && it.peer == peer;
        let clashes = |it: &Channel| (it.number == number) != (it.peer == peer);
        if allocation.channels.iter().any(clashes) {
            return Err(BAD_REQUEST);
        }
        allocation.channels.retain(|it| !same(it));
        if allocation.channels.len() >= CHANNELS_MAX {
            return Err((CODE_INSUFFICIENT_CAPACITY, "Insufficient Capacity"));
        }
        let expires = now + CHANNEL_LIFETIME;
        allocation.channels.push(Channel { number, peer, expires });
        allocation.permit(address.ip(), now);
        Ok((peer, number))
    }
}

fn seconds(duration: std::time::Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}
