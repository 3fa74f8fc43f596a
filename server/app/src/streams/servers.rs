// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What clients are told of the relay: its addresses, as this client reached the page, and credentials for a day.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fiera_protocol::server::IceServer;

use super::{Ports, Streams};
use crate::config::{Config, Tls};
use crate::keys::Keys;
use crate::limits::RELAY_CREDENTIALS_TTL;
use crate::token::unix_s;

const HOST_BYTES_MAX: usize = 255;

/// The name and port by which a client reached this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reached {
    host: String,
    port: Option<u16>,
}

impl Reached {
    /// From `Host` or `:authority`; none where that is not a plain name or address.
    pub(crate) fn of(headers: &HeaderMap, uri: &Uri) -> Option<Self> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let authority = host.or_else(|| uri.authority().map(axum::http::uri::Authority::as_str))?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        if authority.len() > HOST_BYTES_MAX || !authority.chars().all(is_plain) {
            return None;
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (authority, None),
        };
        (!host.is_empty()).then(|| Self {
            host: host.to_owned(),
            port,
        })
    }
}

/// Tells clients how to reach the relay.
#[derive(Clone)]
pub(crate) struct IceServers {
    streams: Arc<Streams>,
    keys: Arc<Keys>,
    /// How HTTP is reached without a proxy; its port takes TURN as well.
    direct: Option<Scheme>,
    /// The advertised address, for those who come through a proxy.
    advertised: Option<IpAddr>,
    /// TCP on the number of the media port.
    media_tcp: Option<u16>,
    turn: Option<u16>,
    turn_tls: Option<u16>,
}

/// What a URL begins with, and the port that HTTP then has by default.
#[derive(Debug, Clone, Copy)]
struct Scheme(&'static str, u16);

impl IceServers {
    pub(crate) fn new(streams: &Arc<Streams>, keys: Arc<Keys>, config: &Config, ports: &Ports) -> Self {
        let first = streams.turn.peers().first();
        let direct = match (&config.tls, config.behind_https) {
            (_, true) => None,
            (Tls::Off, false) => Some(Scheme("turn", 80)),
            _ => Some(Scheme("turns", 443)),
        };
        Self {
            streams: Arc::clone(streams),
            keys,
            direct,
            advertised: first.map(std::net::SocketAddr::ip),
            media_tcp: first.filter(|_| ports.ice_tcp).map(std::net::SocketAddr::port),
            turn: ports.turn,
            turn_tls: ports.turn_tls,
        }
    }

    /// Whether session descriptions may name TCP candidates.
    pub(crate) fn ice_tcp(&self) -> bool {
        self.media_tcp.is_some()
    }

    /// The relay as this client can reach it, with credentials of its own; empty where it cannot.
    pub(crate) fn mint(&self, reached: Option<&Reached>) -> Vec<IceServer> {
        let urls = self.urls(reached);
        if urls.is_empty() {
            return Vec::new();
        }
        let id = URL_SAFE_NO_PAD.encode(self.keys.random::<9>());
        let credentials = self.streams.turn.mint(&id, unix_s() + RELAY_CREDENTIALS_TTL.as_secs());
        vec![IceServer {
            urls,
            username: credentials.username,
            credential: credentials.password,
        }]
    }

    fn urls(&self, reached: Option<&Reached>) -> Vec<String> {
        let mut urls = Vec::new();
        let advertised = self.advertised.map(|ip| match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        });
        // Through a proxy the name may be another machine's.
        let name = reached.map(|reached| reached.host.clone());
        let machine = if self.direct.is_some() {
            name.clone().or(advertised)
        } else {
            advertised
        };
        if let (Some(port), Some(host)) = (self.turn, &machine) {
            urls.push(format!("turn:{host}:{port}?transport=udp"));
            urls.push(format!("turn:{host}:{port}?transport=tcp"));
        }
        match (self.direct, reached) {
            (Some(Scheme(scheme, default)), Some(Reached { host, port })) => {
                urls.push(format!("{scheme}:{host}:{}?transport=tcp", port.unwrap_or(default)));
            }
            _ => {
                if let (Some(port), Some(host)) = (self.media_tcp, &machine) {
                    urls.push(format!("turn:{host}:{port}?transport=tcp"));
                }
            }
        }
        if let (Some(port), Some(host)) = (self.turn_tls, name.or(machine)) {
            urls.push(format!("turns:{host}:{port}?transport=tcp"));
        }
        urls
    }
}

#[cfg(test)]
mod tests {
    use super::Reached;
    use axum::http::{HeaderMap, Uri};

    #[test]
    fn a_client_is_told_what_it_called_us_and_nothing_strange() {
        let of = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("host", host.parse().unwrap());
            Reached::of(&headers, &Uri::from_static("/ws")).map(|reached| (reached.host, reached.port))
        };
        assert_eq!(of("fair.example"), Some(("fair.example".into(), None)));
        assert_eq!(of("fair.example:8080"), Some(("fair.example".into(), Some(8_080))));
        assert_eq!(of("[2001:db8::1]:443"), Some(("[2001:db8::1]".into(), Some(443))));
        assert_eq!(of("[2001:db8::1]"), Some(("[2001:db8::1]".into(), None)));
        for strange in ["a?transport=udp", "a b", "a:99999", ":80"] {
            assert_eq!(of(strange), None, "{strange}");
        }
    }
}
