// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A viewing connection that only listens: opens every packet of sound and reads who said it, and that it is whole.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::net::UdpSocket;

use super::stage::Stage;
use crate::clock::unix_ns;
use crate::peer::identity::random_u32;
use crate::peer::transport::{IceCredentials, Received, Transport};
use crate::socket;
use crate::sys::DATAGRAM_BYTES_MAX;
use crate::watch::negotiated::{Carries, Negotiated};
use crate::wire::rtp::Header;
use crate::wire::sdp;
use crate::wire::stamp::{self, Medium, Unstamped};
use crate::wire::twcc::Recorder;

/// Datagrams taken at once, so that one ear leaves time to the others.
const TURN_MAX: usize = 32;

/// Between reports of what came (TWCC), as Chromium sends them.
const FEEDBACK_EVERY: Duration = Duration::from_millis(50);
/// Bits of a redundant block's length (RFC 2198 section 3).
const RED_LENGTH_BITS: u32 = 0x3FF;

/// Somebody's sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Whose.
    pub mark: u16,
    /// When it was sent, nanoseconds since 1970.
    pub sent_ns: u64,
    /// When it came, nanoseconds since 1970.
    pub came_ns: u64,
}

/// See the module's head.
pub struct Ear {
    /// Of this connection alone.
    pub socket: UdpSocket,
    transport: Transport,
    negotiated: Negotiated,
    /// Payload type of sound that repeats what came before.
    red: Option<u8>,
    ssrc: u32,
    came: Recorder,
    next_feedback: Instant,
}

impl Ear {
    /// Takes an offered rack; gives the answer to send.
    ///
    /// # Errors
    /// When the offer cannot be used, or no socket is left.
    pub fn new(stage: &Stage, offer: &str) -> Result<(Self, String)> {
        let remote = sdp::parse(offer)?;
        let own = socket::open(&stage.target.server)?;
        let credentials = IceCredentials::fresh();
        let local = sdp::Local {
            ufrag: &credentials.ufrag,
            pwd: &credentials.pwd,
            fingerprint: &stage.identity.fingerprint,
            address: own.local_addr()?,
        };
        let answer = sdp::rack_answer(&remote, &local)?;
        let server: SocketAddr = remote.pick_candidate(stage.target.is_loopback())?;
        own.connect(server).context("UDP connect")?;
        let transport = Transport::new(stage.identity.clone(), &credentials, &remote, Instant::now())?;
        let red = remote.first("audio").and_then(|media| media.payload_type("red"));
        let ear = Self {
            socket: UdpSocket::from_std(own).context("UDP socket")?,
            transport,
            negotiated: Negotiated::new(&remote),
            red,
            ssrc: random_u32(),
            came: Recorder::default(),
            next_feedback: Instant::now(),
        };
        Ok((ear, answer))
    }

    /// When [`Ear::tick`] is due.
    #[must_use]
    pub fn next_tick(&self) -> Instant {
        let next = self.transport.next_tick();
        if self.came.pending() {
            return next.min(self.next_feedback);
        }
        next
    }

    /// Sends what is due.
    ///
    /// # Errors
    /// When the handshake failed or the server answers no more.
    pub fn tick(&mut self) -> Result<()> {
        let now = Instant::now();
        self.transport.tick(now)?;
        if self.transport.is_silent(now) {
            bail!("the server answers no check");
        }
        if now >= self.next_feedback && self.came.pending() {
            self.next_feedback = now + FEEDBACK_EVERY;
            let mut out = Vec::new();
            self.came.write(&mut out, self.ssrc, 0);
            self.transport.send_rtcp(&out);
        }
        self.flush();
        Ok(())
    }

    /// Takes what has come in, as far as one turn goes.
    ///
    /// # Errors
    /// When the connection was closed, or something came that may not.
    pub fn take(&mut self) -> Result<Vec<Heard>> {
        let (mut heard, mut buffer) = (Vec::new(), [0_u8; DATAGRAM_BYTES_MAX]);
        for _ in 0..TURN_MAX {
            let len = match self.socket.try_recv(&mut buffer) {
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // Nobody listens there at present; silence is found out by the checks.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
                Err(error) => return Err(error).context("UDP receive"),
            };
            let Some(datagram) = buffer.get_mut(..len) else {
                continue;
            };
            let taken = match self.transport.handle(Instant::now(), datagram) {
                // A check is answered twice where a thread of the server takes over what another one has answered.
                Err(_) if !self.transport.is_connected() => continue,
                taken => taken?,
            };
            match taken {
                Received::Rtp => heard.extend(self.open(datagram)?),
                Received::Closed => bail!("the viewing connection was closed"),
                Received::Inside | Received::Connected | Received::Rtcp(_) => {}
            }
        }
        self.flush();
        Ok(heard)
    }

    /// Opens a packet; none: not sound, or nobody's of this run.
    fn open(&mut self, datagram: &mut [u8]) -> Result<Option<Heard>> {
        let header = Header::parse(datagram).context("malformed RTP")?;
        if let Some([high, low]) = header.extension(datagram, self.negotiated.twcc_id) {
            self.came.arrived(u16::from_be_bytes([*high, *low]), unix_ns());
        }
        let Some(srtp) = self.transport.srtp() else {
            return Ok(None);
        };
        let mut len = srtp.inbound.open_rtp(datagram, &header)?;
        let is_red = self.red == Some(header.payload_type);
        if !is_red && self.negotiated.carries(header.payload_type) != Some(Carries::Medium(Medium::Audio)) {
            return Ok(None);
        }
        let payload = datagram.get(header.len..header.len + len).unwrap_or_default();
        if header.padding {
            len -= usize::from(payload.last().copied().unwrap_or(0)).min(len);
        }
        let mut sound = payload.get(..len).unwrap_or_default();
        if is_red {
            sound = newest(sound).context("malformed redundant sound")?;
        }
        match stamp::read(Medium::Audio, sound) {
            Ok(stamp) => Ok(Some(Heard {
                mark: stamp.source,
                sent_ns: stamp.sent_ns,
                came_ns: unix_ns(),
            })),
            Err(Unstamped::Absent) => Ok(None),
            Err(Unstamped::Changed) => bail!("the server changed what was said"),
        }
    }

    fn flush(&mut self) {
        while let Some(datagram) = self.transport.poll_out() {
            // A full send buffer loses the packet, as a full radio queue does.
            let _ = self.socket.try_send(&datagram);
        }
    }
}

/// The packet itself in one that repeats those before it (RFC 2198 section 3): the last block. None: it is cut off.
fn newest(payload: &[u8]) -> Option<&[u8]> {
    let (mut at, mut repeated) = (0, 0);
    while payload.get(at)? & 0x80 != 0 {
        let header: [u8; 4] = payload.get(at..at + 4)?.try_into().ok()?;
        repeated += (u32::from_be_bytes(header) & RED_LENGTH_BITS) as usize;
        at += 4;
    }
    payload.get(at + 1 + repeated..)
}

#[cfg(test)]
mod tests {
    use super::newest;

    #[test]
    fn the_last_block_is_the_packet_itself() {
        let block = |offset: u32, len: u32| (1 << 31 | 111 << 24 | offset << 10 | len).to_be_bytes();
        let two = [
            &block(1_920, 2)[..],
            &block(960, 3),
            &[111],
            &[1, 1],
            &[2, 2, 2],
            &[3, 4],
        ]
        .concat();
        assert_eq!(newest(&two), Some(&[3, 4][..]));
        assert_eq!(newest(&[111, 9]), Some(&[9][..]));
        for cut in 0..11 {
            assert_eq!(newest(&two[..cut]), None, "{cut} bytes");
        }
    }
}
