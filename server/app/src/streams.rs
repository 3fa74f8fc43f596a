// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Media for those whom UDP does not reach: ICE-TCP and TURN, over TCP, TLS and TURN's own UDP port, in this process.
//! It frames and counts; what is inside belongs to the media plane.

mod connection;
mod door;
mod listen;
mod queue;
mod relays;
mod servers;
mod turn;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use fiera_media::MediaHandle;
use fiera_sfu::egress::StreamKind;
use fiera_sfu::streams::framing::Opening;
use fiera_sfu::streams::turn::Turn;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UdpSocket;
use tokio_rustls::TlsAcceptor;

use crate::config::Config;
use crate::keys::Keys;
use crate::metrics::Metrics;
use relays::{Places, RelayTable};

pub(crate) use door::{Door, TlsDoor};
pub(crate) use servers::{IceServers, Reached};

/// All streams and relays of this server.
pub(crate) struct Streams {
    media: MediaHandle,
    turn: Turn,
    relays: Mutex<RelayTable>,
    places: Arc<Places>,
    metrics: Arc<Metrics>,
}

/// Ports that are taken and not served yet.
pub(crate) struct Ports {
    tcp: Vec<tokio::net::TcpListener>,
    udp: Option<Arc<UdpSocket>>,
    /// Whether ICE-TCP is served on the number of the media port.
    pub(crate) ice_tcp: bool,
    /// TURN's own port.
    pub(crate) turn: Option<u16>,
    /// TURN's own port for TLS.
    pub(crate) turn_tls: Option<u16>,
}

impl Ports {
    /// Takes what `config` asks for. A port that is taken is no reason not to start where nobody asked for it by name.
    ///
    /// # Errors
    /// A port that was asked for cannot be had.
    pub(crate) async fn take(config: &Config, any: IpAddr, http: SocketAddr, media_port: u16) -> anyhow::Result<Self> {
        let mut ports = Self {
            tcp: Vec::new(),
            udp: None,
            ice_tcp: true,
            turn: None,
            turn_tls: None,
        };
        // Where HTTP has the same number, its door lets streams in.
        if http.port() != media_port {
            match listen::bind(SocketAddr::new(any, media_port)) {
                Ok(listener) => ports.tcp.push(listener),
                Err(error) => {
                    ports.ice_tcp = false;
                    tracing::warn!(%error, port = media_port, "no media over TCP: the TCP port of the media port's number is taken");
                }
            }
        } else if http.ip() != any {
            tracing::info!("media over TCP at the address of HTTP alone: both have the same port");
        }
        if let Some(port) = config.turn_port.filter(|port| *port != 0) {
            let address = SocketAddr::new(any, port);
            match listen::bind_udp(address).and_then(|udp| Ok((udp, listen::bind(address)?))) {
                Ok((udp, tcp)) => {
                    ports.udp = Some(Arc::new(udp));
                    ports.tcp.push(tcp);
                    ports.turn = Some(port);
                }
                Err(error) => {
                    anyhow::bail!("cannot listen for TURN on port {port}: {error}; is another server using it?")
                }
            }
        }
        if let Some(port) = config.turn_tls_port.filter(|port| *port != 0) {
            anyhow::ensure!(
                config.tls != crate::config::Tls::Off,
                "turn-tls-port needs a certificate: tls-cert and tls-key, or tls-self-signed"
            );
            let listener = listen::bind(SocketAddr::new(any, port)).map_err(|error| {
                anyhow::anyhow!("cannot listen for TURN over TLS on port {port}: {error}; is another server using it?")
            })?;
            ports.tcp.push(listener);
            ports.turn_tls = Some(port);
        }
        Ok(ports)
    }

    /// Serves them until the runtime ends.
    pub(crate) fn serve(self, streams: &Arc<Streams>, tls: Option<&TlsAcceptor>) {
        for listener in self.tcp {
            tokio::spawn(listen::tcp(Arc::clone(streams), listener, tls.cloned()));
        }
        if let Some(socket) = self.udp {
            tokio::spawn(listen::udp(Arc::clone(streams), socket));
        }
    }
}

impl Streams {
    pub(crate) fn new(media: MediaHandle, keys: &Keys, metrics: Arc<Metrics>) -> anyhow::Result<Arc<Self>> {
        let peers = media.transport().candidates.clone();
        Ok(Arc::new(Self {
            turn: Turn::new(&keys.relay, peers)?,
            media,
            relays: Mutex::default(),
            places: Arc::default(),
            metrics,
        }))
    }

    /// Serves a connection that speaks one of our framings, in a task of its own. `is_tls`: within TLS.
    fn take<S>(self: Arc<Self>, stream: S, from: SocketAddr, opening: Opening, is_tls: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let kind = match opening {
            Opening::IceTcp => StreamKind::Tcp,
            Opening::Turn if is_tls => StreamKind::TurnTls,
            Opening::Turn => StreamKind::TurnTcp,
            Opening::Text | Opening::Tls | Opening::Unknown => return self.metrics.refused("stream_unknown"),
        };
        let Some(place) = Places::take(&self.places, from.ip()) else {
            return self.metrics.refused("streams_full");
        };
        tokio::spawn(async move {
            connection::serve(self, stream, from, kind).await;
            drop(place);
        });
    }
}
