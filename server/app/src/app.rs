// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The whole server, to be started by the binary, a test, or another program.
//! It assembles the parts, serves until it is told to stop, and lets people go in order.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsAcceptor;
use fiera_media::{Media, MediaConfig};
use fiera_store::Store;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::admin::Admin;
use crate::bridge::{start_quality, start_reports};
use crate::config::{Config, Tls};
use crate::events::{Events, Services};
use crate::keys::Keys;
use crate::limits::{DRAIN_WITHIN, HTTP_HEADERS_WITHIN, LISTEN_BACKLOG};
use crate::metrics::Metrics;
use crate::state::Server;
use crate::streams::{Door, IceServers, Ports, Streams, TlsDoor};
use crate::{console, http, setups, tls};

/// Everybody comes back at once after a restart: the system keeps them waiting rather than turning them away.
fn bind(listen: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if listen.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(listen)?;
    socket.listen(LISTEN_BACKLOG)?.into_std()
}

/// A server that has its ports and is about to serve.
pub struct App {
    config: Config,
    listener: TcpListener,
    address: SocketAddr,
    server: Server,
    streams: Arc<Streams>,
    ports: Ports,
    admin: Option<Admin>,
    drain: watch::Sender<bool>,
    /// Ends the media plane when dropped.
    media: Media,
}

impl App {
    /// Takes the ports, starts the media plane and the events.
    ///
    /// # Errors
    /// A port is taken, the data folder cannot be used, or an event cannot be run.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let store = setups::open(&config.data)?;
        Self::start_on(config, store).await
    }

    /// As [`App::start`], on a store of the caller's.
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn start_on(config: Config, store: Arc<dyn Store>) -> anyhow::Result<Self> {
        let keys = Arc::new(Keys::load_or_create(&config.data)?);
        let listen = config.listen;
        let listener =
            bind(listen).with_context(|| format!("cannot listen on {listen}; is another server using the port?"))?;
        let address = listener.local_addr()?;
        let admin = match config.admin_listen {
            Some(listen) => Some(Admin::take(listen).await?),
            None => None,
        };
        let metrics = Arc::new(Metrics::new()?);
        let (on_event, start_sorting) = start_reports(metrics.clone());
        // Media must be reached directly even where HTTP comes through a proxy on this machine.
        let any: IpAddr = if listen.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        let bind = SocketAddr::new(any, config.media_port);
        let media = Media::start(
            MediaConfig {
                bind,
                advertise: config.advertise.clone(),
                threads: config.media_threads.map(usize::from),
            },
            on_event,
        )?;
        metrics.watch_media(media.handle())?;
        let fairs = setups::to_run(&config, store.as_ref()).await?;
        let services = Services {
            media: media.handle(),
            store,
            keys,
            metrics,
            data: config.data.as_path().into(),
        };
        let events = Events::default();
        for fair in &fairs {
            events.start(fair, &services).await?;
        }
        start_sorting(events.clone());
        start_quality(media.handle(), events.clone());
        let (drain, draining) = watch::channel(false);
        let media_port = media
            .handle()
            .transport()
            .candidates
            .first()
            .map_or(config.media_port, SocketAddr::port);
        let ports = Ports::take(&config, any, address, media_port).await?;
        let streams = Streams::new(media.handle(), &services.keys, services.metrics.clone())?;
        let ice_servers = IceServers::new(&streams, services.keys.clone(), &config, &ports);
        let (secure, behind) = (config.secure(), config.behind_https);
        let server = Server::new(services, events, ice_servers, secure, behind, draining);
        Ok(Self {
            config,
            listener,
            address,
            server,
            streams,
            ports,
            admin,
            drain,
            media,
        })
    }

    /// Where HTTP is served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where operators ask, if anywhere.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(Admin::address)
    }

    /// All routes, for tests and for embedding.
    pub fn router(&self) -> Router {
        http::router(self.server.clone())
    }

    /// What an operator wants to see first: the address, and for a demo a link for each role.
    #[must_use]
    pub fn links(&self) -> String {
        let services = &self.server.services;
        let candidates = services.media.transport().candidates.iter();
        let reached_at: Vec<IpAddr> = candidates.map(SocketAddr::ip).collect();
        console::greeting(&self.config, self.address.port(), &services.keys, &reached_at)
    }

    /// Serves until `stop` ends, then drains: nobody new, everybody told when to come back, requests finished.
    ///
    /// # Errors
    /// The certificate cannot be used, or the listener fails.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let router = self.router();
        let Self {
            config,
            listener,
            server,
            streams,
            ports,
            admin,
            drain,
            media,
            ..
        } = self;
        if let Some(admin) = admin {
            admin.serve(media.handle(), server.services.keys.random());
        }
        let tls = match &config.tls {
            Tls::Off => None,
            Tls::Files { cert, key } => Some(tls::from_files(cert, key)?),
            Tls::SelfSigned => {
                let addresses: Vec<IpAddr> = server
                    .services
                    .media
                    .transport()
                    .candidates
                    .iter()
                    .map(SocketAddr::ip)
                    .collect();
                Some(tls::self_signed(&config.data, &addresses)?)
            }
        };
        let acceptor = tls.as_ref().map(|tls| TlsAcceptor::from(tls.get_inner()));
        ports.serve(&streams, acceptor.as_ref());
        let handle = Handle::new();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let mut http = axum_server::from_tcp(listener)?.handle(handle.clone());
        http.http_builder()
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HTTP_HEADERS_WITHIN);
        let serving = async move {
            match tls {
                None => http.acceptor(Door(streams)).serve(service).await,
                Some(tls) => {
                    let tls = RustlsAcceptor::new(tls).acceptor(Door(streams.clone()));
                    http.acceptor(TlsDoor { tls, streams }).serve(service).await
                }
            }
        };
        let draining = async {
            stop.await;
            tracing::info!("going away: no new people, the others are told when to come back");
            drain.send_replace(true);
            handle.graceful_shutdown(Some(DRAIN_WITHIN));
        };
        tokio::pin!(serving);
        let served = tokio::select! {
            served = &mut serving => served,
            () = draining => {
                let sockets_gone = server.sockets_gone(DRAIN_WITHIN);
                let (served, ()) = tokio::join!(tokio::time::timeout(2 * DRAIN_WITHIN, serving), sockets_gone);
                served.unwrap_or(Ok(()))
            }
        };
        drop(media);
        server.events.stop().await;
        served.context("HTTP ended")
    }
}
