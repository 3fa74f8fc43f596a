// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A port for operators on this machine alone: what each media connection gets and why. Connections have names here that
//! lead nowhere else and end with the process; nothing of it is stored or logged.

mod connections;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};
use fiera_media::MediaHandle;
use tokio::sync::Mutex;

use crate::http::NO_STORE;
use crate::limits::INSPECT_WITHIN;
use connections::{Connections, Namer};

/// The port, taken and not served yet.
pub(crate) struct Admin {
    listener: tokio::net::TcpListener,
    address: SocketAddr,
}

struct Desk {
    media: MediaHandle,
    namer: Namer,
    /// One look at a time.
    turn: Mutex<()>,
}

impl Admin {
    /// Takes the port.
    ///
    /// # Errors
    /// The address is not one of this machine's own, or it is taken.
    pub(crate) async fn take(listen: SocketAddr) -> anyhow::Result<Self> {
        anyhow::ensure!(
            listen.ip().is_loopback(),
            "admin-listen {listen} could be reached from other machines, and this port shows how each person's connection \
             fares: use 127.0.0.1 or [::1], and a tunnel (ssh -L) from elsewhere"
        );
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen} for operators; is another server using the port?"))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves it until the runtime ends. `key`: random bytes of this process that are used for nothing else.
    pub(crate) fn serve(self, media: MediaHandle, key: [u8; 32]) {
        let desk = Arc::new(Desk {
            media,
            namer: Namer::new(&key),
            turn: Mutex::new(()),
        });
        let router = Router::new()
            .route("/connections", get(connections))
            .with_state(desk)
            .layer(middleware::from_fn(only_here));
        tokio::spawn(async move {
            if let Err(error) = axum::serve(self.listener, router).await {
                tracing::error!(%error, "the port for operators ended");
            }
        });
    }
}

/// A page of another site can make the browser on this machine ask (DNS rebinding), and a proxy could lead the world
/// here: both are told by the name that they ask for.
async fn only_here(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(is_here) {
        return next.run(request).await;
    }
    let sentence = "This port answers to 127.0.0.1, [::1] and localhost alone.\n";
    (StatusCode::MISDIRECTED_REQUEST, sentence).into_response()
}

fn is_here(host: &str) -> bool {
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

async fn connections(State(desk): State<Arc<Desk>>) -> Response {
    let _turn = desk.turn.lock().await;
    let media = desk.media.clone();
    let views = tokio::task::spawn_blocking(move || media.inspect(INSPECT_WITHIN)).await;
    let connections = Connections::new(&views.unwrap_or_default(), &desk.namer);
    let headers = [
        (header::CACHE_CONTROL, NO_STORE),
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
    ];
    (headers, connections.text()).into_response()
}

#[cfg(test)]
mod tests {
    use super::{Admin, is_here};

    #[tokio::test]
    async fn an_address_that_others_reach_is_refused_with_the_reason() {
        for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[2001:db8::1]:0"] {
            let refused = Admin::take(listen.parse().unwrap()).await.err().unwrap().to_string();
            assert!(
                refused.contains("other machines") && refused.contains("127.0.0.1"),
                "{refused}"
            );
        }
        assert!(Admin::take("127.0.0.1:0".parse().unwrap()).await.is_ok());
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:9000",
            "[::1]:9000",
            "[::1]",
            "localhost",
            "LocalHost:80",
            "127.8.9.1",
        ] {
            assert!(is_here(host), "{host}");
        }
        for host in [
            "",
            "fair.example",
            "localhost.fair.example",
            "127.0.0.1.fair.example:80",
            "192.0.2.1:9000",
            ":80",
        ] {
            assert!(!is_here(host), "{host}");
        }
    }
}
