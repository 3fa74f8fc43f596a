// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! UDP sockets of servers beside the media port: who asks is answered from the address that was asked, also on a machine
//! with several. It never waits and never looks into a datagram.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::BorrowedFd;

use fiera_sfu::egress::Path;

use super::sys::{self, Receiver};

/// Takes a port. The socket does not block; it says where each datagram came to, to [`Datagrams::receive`].
///
/// # Errors
/// What the system says: the port is taken, or not allowed.
pub fn bind_answering(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    sys::receive_packet_info(&socket, address.is_ipv4())?;
    sys::set_buffers(&socket, super::BUFFER_BYTES);
    Ok(socket)
}

/// Buffers of one reader of such a socket.
pub struct Datagrams(Receiver);

impl Datagrams {
    /// Empty ones, 150 kB.
    #[must_use]
    pub fn new() -> Self {
        Self(Receiver::new())
    }

    /// Takes what is there, up to 64 datagrams of up to 2,048 bytes; what is longer is cut. The path leads back: from the
    /// address that the datagram came to, to the one that it came from.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`]: nothing is there. Others are those of single peers that have gone (ICMP).
    pub fn receive(&mut self, socket: BorrowedFd<'_>, mut each: impl FnMut(Path, &[u8])) -> io::Result<()> {
        let count = self.0.receive(socket)?;
        for index in 0..count {
            if let Some((path, datagram)) = self.0.datagram(index) {
                each(path, datagram);
            }
        }
        Ok(())
    }
}

impl Default for Datagrams {
    fn default() -> Self {
        Self::new()
    }
}

/// Sends one datagram along a path that [`Datagrams::receive`] gave; any thread may.
///
/// # Errors
/// What the system says; [`io::ErrorKind::WouldBlock`]: there is no room now.
pub fn answer(socket: BorrowedFd<'_>, path: Path, datagram: &[u8]) -> io::Result<()> {
    sys::send_one(socket, path, datagram)
}
