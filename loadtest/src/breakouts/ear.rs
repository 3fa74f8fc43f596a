// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A viewing connection that only listens: opens every packet of sound and reads who said it, and that it is whole.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use tokio::net::UdpSocket;

use super::stage::Stage;
use crate::clock::unix_ns;
use crate::peer::transport::{IceCredentials, Received, Transport};
use crate::socket;
use crate::sys::DATAGRAM_BYTES_MAX;
use crate::watch::negotiated::{Carries, Negotiated};
use crate::wire::rtp::Header;
use crate::wire::sdp;
use crate::wire::stamp::{self, Medium, Unstamped};

/// Datagrams taken at once, so that one ear leaves time to the others.
const TURN_MAX: usize = 32;

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
        let ear = Self {
            socket: UdpSocket::from_std(own).context("UDP socket")?,
            transport,
            negotiated: Negotiated::new(&remote),
        };
        Ok((ear, answer))
    }

    /// When [`Ear::tick`] is due.
    #[must_use]
    pub fn next_tick(&self) -> Instant {
        self.transport.next_tick()
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
        let Some(srtp) = self.transport.srtp() else {
            return Ok(None);
        };
        let mut len = srtp.inbound.open_rtp(datagram, &header)?;
        if self.negotiated.carries(header.payload_type) != Some(Carries::Medium(Medium::Audio)) {
            return Ok(None);
        }
        let payload = datagram.get(header.len..header.len + len).unwrap_or_default();
        if header.padding {
            len -= usize::from(payload.last().copied().unwrap_or(0)).min(len);
        }
        match stamp::read(Medium::Audio, payload.get(..len).unwrap_or_default()) {
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
