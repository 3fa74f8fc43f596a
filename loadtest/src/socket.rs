// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One UDP socket per participant: a 5-tuple of its own, as every browser has.

use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::os::fd::AsFd;

use anyhow::{Context, Result};

use crate::sys;

/// A keyframe of many packets fits in twice; a browser's socket is no smaller.
const RECEIVE_BUFFER_BYTES: i32 = 1 << 20;

/// Binds a socket on the address from which the server (`http://host:port`) is reached.
///
/// # Errors
/// When the server's name is unknown or no socket is left.
pub fn open(server: &str) -> Result<UdpSocket> {
    let host = server
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap_or_default();
    let host = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let mut addresses = host.to_socket_addrs().with_context(|| format!("address of {host}"))?;
    let server = addresses
        .find(SocketAddr::is_ipv4)
        .with_context(|| format!("{host} has no IPv4 address"))?;
    let probe = UdpSocket::bind("0.0.0.0:0").context("UDP socket")?;
    probe.connect(server).context("route to the server")?;
    let bind = SocketAddr::new(probe.local_addr()?.ip(), 0);
    let socket = UdpSocket::bind(bind).context("UDP socket")?;
    socket.set_nonblocking(true).context("UDP socket")?;
    sys::prepare_receiver(socket.as_fd(), RECEIVE_BUFFER_BYTES).context("options of the UDP socket")?;
    Ok(socket)
}
