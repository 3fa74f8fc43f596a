// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Ports of streams alone, beside the one for HTTP: TCP on the number of the media port, TCP and UDP on TURN's own.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fiera_media::Datagrams;
use fiera_sfu::egress::{Path, StreamKind};
use fiera_sfu::streams::framing::Opening;
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpSocket, UdpSocket};
use tokio_rustls::TlsAcceptor;

use super::Streams;
use super::door::{peek, serve_tls, tune};
use super::relays::{Place, Places};
use super::turn::{Back, TurnClient};
use crate::limits::{LISTEN_BACKLOG, TURN_STRANGER_NETWORKS_MAX, TURN_STRANGERS_BURST, TURN_STRANGERS_PER_S};
use crate::metrics::OpenStream;
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

/// Takes a UDP port, to answer from the address that was asked.
pub(super) fn bind_udp(address: SocketAddr) -> io::Result<UdpSocket> {
    UdpSocket::from_std(fiera_media::bind_answering(address)?)
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
                    streams.take(stream, from, opening, false);
                }
                (Err(_), _) => {}
            }
        });
    }
}

/// A client of TURN over UDP that has an allocation.
struct Known {
    client: TurnClient,
    _place: Place,
    _open: OpenStream,
}

/// Who speaks TURN over UDP, by both addresses: the same client at another address of ours is another one (RFC 8656
/// section 5).
struct Clients {
    streams: Arc<Streams>,
    socket: Arc<UdpSocket>,
    known: HashMap<Path, Known>,
    strangers: Strangers,
}

impl Clients {
    fn take(&mut self, path: Path, datagram: &[u8]) {
        if let Some(known) = self.known.get_mut(&path) {
            known.client.handle(datagram);
            return;
        }
        let from = path.remote;
        if !self.strangers.may_ask(from.ip(), Instant::now()) {
            return;
        }
        let Some(place) = Places::take(&self.streams.places, from.ip()) else {
            return;
        };
        let back = Back::Datagrams(Arc::clone(&self.socket), path);
        let mut client = TurnClient::new(&self.streams, StreamKind::TurnUdp, from, back);
        client.handle(datagram);
        if client.is_allocated() {
            let known = Known {
                client,
                _place: place,
                _open: self.streams.metrics.stream(StreamKind::TurnUdp),
            };
            self.known.insert(path, known);
        }
    }

    fn sweep(&mut self, now: Instant) {
        self.known
            .retain(|_, Known { client, .. }| client.is_allocated() && !client.is_expired(now));
        self.strangers.0.forget(now);
    }
}

/// Serves TURN on a UDP port.
pub(super) async fn udp(streams: Arc<Streams>, socket: Arc<UdpSocket>) {
    let mut clients = Clients {
        streams,
        socket: Arc::clone(&socket),
        known: HashMap::new(),
        strangers: Strangers::new(),
    };
    let mut datagrams = Datagrams::new();
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    loop {
        let readable = tokio::select! {
            readable = socket.readable() => readable,
            _ = sweep.tick() => {
                clients.sweep(Instant::now());
                continue;
            }
        };
        // The runtime ends.
        if readable.is_err() {
            return;
        }
        // Errors are those of single clients that have gone (ICMP).
        let _ = socket.try_io(Interest::READABLE, || {
            datagrams.receive(socket.as_fd(), |path, datagram| clients.take(path, datagram))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Strangers, bind_udp, udp};
    use crate::keys::Keys;
    use crate::limits::TURN_STRANGERS_BURST;
    use crate::metrics::Metrics;
    use crate::streams::Streams;
    use fiera_media::{Media, MediaConfig};
    use std::net::{IpAddr, SocketAddr};
    use std::sync::Arc;
    use std::time::{Duration, Instant};
    use tokio::net::UdpSocket;
    use tokio::time::timeout;

    /// Only a failing test waits that long.
    const PATIENCE: Duration = Duration::from_secs(20);
    const BINDING_REQUEST: [u8; 20] = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7];

    #[tokio::test]
    async fn a_client_is_answered_from_the_address_that_it_asked() {
        let config = MediaConfig {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            advertise: Vec::new(),
            threads: Some(1),
        };
        let media = Media::start(config, Box::new(|_| ())).unwrap();
        let (keys, metrics) = (Keys::derive(&[7; 64]).unwrap(), Arc::new(Metrics::new().unwrap()));
        let streams = Streams::new(media.handle(), &keys, metrics).unwrap();
        let socket = bind_udp(SocketAddr::from(([0, 0, 0, 0], 0))).unwrap();
        let port = socket.local_addr().unwrap().port();
        tokio::spawn(udp(streams, Arc::new(socket)));
        let client = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
        // Left alone, the system answers from the address that its routes prefer: 127.0.0.1.
        for asked in [[127, 0, 0, 9], [127, 0, 0, 1], [127, 8, 9, 1]] {
            let asked = SocketAddr::from((asked, port));
            client.send_to(&BINDING_REQUEST, asked).await.unwrap();
            let mut answer = [0; 200];
            let (bytes, from) = timeout(PATIENCE, client.recv_from(&mut answer)).await.unwrap().unwrap();
            assert_eq!((from, &answer[..2]), (asked, &[1, 1][..]), "a success, {bytes} bytes");
        }
    }

    #[test]
    fn a_network_that_asks_without_end_keeps_nobody_else_out() {
        let (mut strangers, now) = (Strangers::new(), Instant::now());
        let loud = |last: u128| IpAddr::from((0x2001_0db8_u128 << 96 | last).to_be_bytes());
        let answered = (0..10_000).filter(|last| strangers.may_ask(loud(*last), now)).count();
        assert_eq!(answered, TURN_STRANGERS_BURST as usize);
        assert!(strangers.may_ask(IpAddr::from([192, 0, 2, 1]), now));
    }
}
