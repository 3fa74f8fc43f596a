// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who a request is: bearer tokens (RFC 6750) and the session cookie. Wrong tokens are counted by address.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use fiera_protocol::ids::{EventId, Role};

use crate::connection::token_refusal;
use crate::identity;
use crate::refusal::Refusal;
use crate::state::Server;
use crate::token::{self, Grant, TokenError};

/// Where a request comes from, as far as sign-ins are counted.
pub(super) struct Address(pub(super) Option<IpAddr>);

impl FromRequestParts<Server> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
        Ok(Self(server.sign_ins.address(peer, &parts.headers)))
    }
}

/// The token of the request, as sent.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What the request's token grants in this event.
pub(super) fn grant(
    server: &Server,
    address: &Address,
    headers: &HeaderMap,
    event: &EventId,
) -> Result<Grant, Refusal> {
    let token = bearer(headers).ok_or(TokenError::Invalid).map_err(token_refusal)?;
    checked(server, address, token, event)
}

/// The role in which somebody reads over HTTP: that of the token where one is sent, else of the cookie.
pub(super) fn reader(
    server: &Server,
    address: &Address,
    headers: &HeaderMap,
    event: &EventId,
) -> Result<Role, Refusal> {
    match identity::from_cookie(&server.services.keys, headers, event) {
        Some(identity) if bearer(headers).is_none() => Ok(identity.role),
        _ => Ok(grant(server, address, headers, event)?.role),
    }
}

/// What a token grants. A wrong one is refused as such, or as too fast where this address has been wrong too often.
pub(super) fn checked(server: &Server, address: &Address, token: &str, event: &EventId) -> Result<Grant, Refusal> {
    token::verify(&server.services.keys, token, event).map_err(|error| {
        if error != TokenError::Expired && !server.sign_ins.may_fail(address.0, Instant::now()) {
            return Refusal::too_many_sign_ins();
        }
        token_refusal(error)
    })
}
