// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Where viewers sit on the network. Shared: one socket per pool and one IPv4 address per viewer out of a block that is all
//! this machine's (127.0.0.0/8, or a local route), so that one `recvmmsg` takes packets of many viewers and nobody is woken
//! per packet. Own: one socket per viewer, for servers elsewhere.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;

use anyhow::{Context, Result};

use crate::socket;
use crate::sys;

/// First address of the block on loopback.
pub const LOOPBACK_BLOCK: Ipv4Addr = Ipv4Addr::new(127, 64, 0, 0);
/// Addresses of a block: a /16.
pub const BLOCK_ADDRESSES: u32 = 65_536;
/// Receive buffer asked for by a shared socket: a second of 1,000 viewers.
const SHARED_BUFFER_BYTES: i32 = 512 << 20;

/// Where the viewers of a run sit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Places {
    /// A socket per pool, an address per viewer from this block on.
    Shared {
        /// The block.
        block: Ipv4Addr,
        /// Take datagrams joined (`UDP_GRO`): cheaper for both sides than a network would be.
        joined: bool,
    },
    /// A socket per viewer.
    Own,
}

/// One viewer's place.
#[derive(Debug)]
pub enum Place {
    /// This address, as a number, of the pool's socket.
    Shared(u32),
    /// A socket of its own, connected to the server.
    Own(mio::net::UdpSocket),
}

impl Places {
    /// Opens the socket of one pool, with its port; none where each viewer has its own.
    ///
    /// # Errors
    /// When the system has no socket left.
    pub fn open_pool(self) -> Result<Option<UdpSocket>> {
        let Self::Shared { joined, .. } = self else {
            return Ok(None);
        };
        let socket = UdpSocket::bind("0.0.0.0:0").context("UDP socket of the receivers")?;
        socket.set_nonblocking(true).context("UDP socket of the receivers")?;
        sys::prepare_receiver(socket.as_fd(), SHARED_BUFFER_BYTES).context("options of the UDP socket")?;
        sys::prepare_shared(socket.as_fd(), joined).context("options of the UDP socket")?;
        Ok(Some(socket))
    }

    /// The address of a viewer by its number, with the port of its pool.
    #[must_use]
    pub fn address(self, number: usize, port: u16) -> Option<SocketAddr> {
        let Self::Shared { block, .. } = self else {
            return None;
        };
        // The first address of a block and those ending in 0 and 255 look like network and broadcast to some tools.
        let host = (number / 254 * 256 + number % 254 + 1) as u32;
        (host < BLOCK_ADDRESSES).then(|| SocketAddr::from((Ipv4Addr::from_bits(block.to_bits() + host), port)))
    }

    /// Opens the socket of one viewer that has its own.
    ///
    /// # Errors
    /// When the server's name is unknown or no socket is left.
    pub fn open_own(server: &str) -> Result<UdpSocket> {
        socket::open(server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_viewer_has_an_address_of_its_own_within_the_block() {
        let places = Places::Shared {
            block: LOOPBACK_BLOCK,
            joined: false,
        };
        let all: std::collections::BTreeSet<SocketAddr> = (0..20_000).filter_map(|n| places.address(n, 7)).collect();
        assert_eq!(all.len(), 20_000);
        assert_eq!(places.address(0, 7), Some(SocketAddr::from(([127, 64, 0, 1], 7))));
        assert_eq!(places.address(254, 7), Some(SocketAddr::from(([127, 64, 1, 1], 7))));
        assert_eq!(places.address(65_536, 7), None);
        assert_eq!(Places::Own.address(0, 7), None);
    }
}
