// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Ports of streams alone, beside the one for HTTP: TCP on the number of the media port, TCP and UDP on TURN's own.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fiera_sfu::streams::framing::{FRAME_BYTES_MAX, Opening};
use tokio::net::{TcpListener, TcpSocket, UdpSocket};
use tokio_rustls::TlsAcceptor;

use super::Streams;
use super::door::{peek, serve_tls, tune};
use super::relays::{Place, Places};
use super::turn::{Back, TurnClient};
use crate::limits::{LISTEN_BACKLOG, TURN_STRANGER_NETWORKS_MAX, TURN_STRANGERS_BURST, TURN_STRANGERS_PER_S};
use crate::rate::{Table, network};

/// How often UDP clients are looked through for allocations that ran out.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// After an accept that failed: the process has no descriptors left, most likely.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Who has no allocation yet, by network: answered from nothing, and no more often than cannot be used against others.
/// One network that asks without end takes nothing from the rest.
struct Strangers(Table<IpAddr>);

impl Strangers {
    fn new() -> Self {
        let (burst, per_s) = (TURN_STRANGERS_BURST, TURN_STRANGERS_PER_S);
        Self(Table::new(TURN_STRANGER_NETWORKS_MAX, burst, per_s))
    }

    /// Whether a datagram from this address is looked at.
    fn may_ask(&mut self, from: IpAddr, now: Instant) -> bool {
        self.0.of(network(from), now).take(now)
    }
}

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
    let mut strangers = Strangers::new();
    let mut datagram = [0; FRAME_BYTES_MAX];
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut datagram) => received,
            _ = sweep.tick() => {
                let now = Instant::now();
                clients.retain(|_, (client, _)| client.is_allocated() && !client.is_expired(now));
                strangers.0.forget(now);
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
        if !strangers.may_ask(from.ip(), Instant::now()) {
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

#[cfg(test)]
mod tests {
    use super::Strangers;
    use crate::limits::TURN_STRANGERS_BURST;
    use std::net::IpAddr;
    use std::time::Instant;

    #[test]
    fn a_network_that_asks_without_end_keeps_nobody_else_out() {
        let (mut strangers, now) = (Strangers::new(), Instant::now());
        let loud = |last: u128| IpAddr::from((0x2001_0db8_u128 << 96 | last).to_be_bytes());
        let answered = (0..10_000).filter(|last| strangers.may_ask(loud(*last), now)).count();
        assert_eq!(answered, TURN_STRANGERS_BURST as usize);
        assert!(strangers.may_ask(IpAddr::from([192, 0, 2, 1]), now));
    }
}
