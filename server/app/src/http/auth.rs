// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Bearer tokens of requests (RFC 6750).

use axum::http::{HeaderMap, header};
use fiera_protocol::ids::EventId;

use crate::connection::token_refusal;
use crate::refusal::Refusal;
use crate::state::Server;
use crate::token::{self, Grant, TokenError};

/// The token of the request, as sent.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What the request's token grants in this event.
pub(super) fn grant(server: &Server, headers: &HeaderMap, event: &EventId) -> Result<Grant, Refusal> {
    let token = bearer(headers).ok_or(TokenError::Invalid).map_err(token_refusal)?;
    token::verify(&server.services.keys, token, event).map_err(token_refusal)
}
