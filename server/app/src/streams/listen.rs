// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Ports of streams alone, beside the one for HTTP: TCP on the number of the media port, TCP and UDP on TURN's own.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fiera_sfu::streams::framing::{FRAME_BYTES_MAX, Opening};
use tokio::net::{TcpListener, TcpSocket, UdpSocket};
use tokio_rustls::TlsAcceptor;

use super::Streams;
use super::door::{peek, serve_tls, tune};
use super::relays::{Place, Places};
use super::turn::{Back, TurnClient};
use crate::limits::{LISTEN_BACKLOG, TURN_STRANGERS_BURST, TURN_STRANGERS_PER_S};
use crate::rate::Bucket;

/// How often UDP clients are looked through for allocations that ran out.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// After an accept that failed: the process has no descriptors left, most likely.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Takes a TCP port.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(LISTEN_BACKLOG)
}

/// Serves a TCP port: ICE-TCP and TURN, and TURN within TLS where there is a certificate.
pub(super) async fn tcp(streams: Arc<Streams>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    loop {
        let Ok((stream, from)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        let (streams, tls) = (Arc::clone(&streams), tls.clone());
        tokio::spawn(async move {
            match (peek(&stream).await, tls) {
                (Ok(Opening::Tls), Some(tls)) => serve_tls(streams, tls, stream, from).await,
                (Ok(opening), _) => {
                    tune(&stream);
                    streams.take(stream, from, opening);
                }
                (Err(_), _) => {}
            }
        });
    }
}

/// Serves TURN on a UDP port.
pub(super) async fn udp(streams: Arc<Streams>, socket: Arc<UdpSocket>) {
    let mut clients: HashMap<SocketAddr, (TurnClient, Place)> = HashMap::new();
    let mut strangers = Bucket::new(TURN_STRANGERS_BURST, TURN_STRANGERS_PER_S, Instant::now());
    let mut datagram = [0; FRAME_BYTES_MAX];
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut datagram) => received,
            _ = sweep.tick() => {
                let now = Instant::now();
                clients.retain(|_, (client, _)| client.is_allocated() && !client.is_expired(now));
                continue;
            }
        };
        // Errors are those of single clients that have gone (ICMP).
        let Ok((bytes, from)) = received else { continue };
        let datagram = datagram.get(..bytes).unwrap_or_default();
        if let Some((client, _)) = clients.get_mut(&from) {
            client.handle(datagram);
            continue;
        }
        // Whoever has no allocation is answered from nothing, and no more often than cannot be used against others.
        if !strangers.take(Instant::now()) {
            continue;
        }
        let Some(place) = Places::take(&streams.places, from.ip()) else {
            continue;
        };
        let mut client = TurnClient::new(&streams, from, Back::Datagrams(Arc::clone(&socket), from));
        client.handle(datagram);
        if client.is_allocated() {
            clients.insert(from, (client, place));
        }
    }
}
