// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `POST /api/v1/connectivity`: a throw-away media connection, by which a browser on the door learns whether UDP, only
//! TCP, or only the relay gets through. Says nothing of anybody and needs no sign-in.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use fiera_protocol::limits::SDP_BYTES_MAX;
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::IceServer;
use serde::Serialize;
use utoipa::ToSchema;

use super::{NO_STORE, resources};
use crate::refusal::{HttpRefusal, Refusal};
use crate::state::Server;
use crate::streams::Reached;

pub(super) fn routes() -> Router<Server> {
    Router::new()
        .route("/api/v1/connectivity", post(connectivity))
        .layer(DefaultBodyLimit::max(SDP_BYTES_MAX))
}

/// Where to try.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Connectivity {
    /// Answer to the offer; the connection behind it is closed after some seconds.
    sdp: String,
    /// Relays, for a second try.
    #[schema(value_type = Vec<Object>)]
    ice_servers: Vec<IceServer>,
}

/// Answers an offer to receive sound with a connection that carries nothing.
#[utoipa::path(
    post, path = "/api/v1/connectivity", tag = "media",
    request_body(content = String, content_type = "application/sdp", description = "Offer to receive sound"),
    responses(
        (status = 200, body = Connectivity),
        (status = 400, description = "Not readable", body = super::api::Problem),
        (status = 415, description = "Not application/sdp", body = super::api::Problem),
        (status = 422, description = "Offer not usable here", body = super::api::Problem),
        (status = 429, description = "Many look at once; join without", body = super::api::Problem),
    )
)]
pub(super) async fn connectivity(
    State(server): State<Server>,
    headers: HeaderMap,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, HttpRefusal> {
    if !server.checks.may_begin() {
        let sentence = "Many people look at their connection at once. Join without.";
        return Err(Refusal::new(RefusalCode::TooFast, sentence).http());
    }
    let offer = resources::offer(&headers, body)?;
    let (sdp, link) = server.negotiator.whep(&offer).map_err(resources::sdp_refusal)?;
    server.checks.begin(link);
    let ice_servers = server.ice_servers.mint(Reached::of(&headers, &uri).as_ref());
    let answer = Json(Connectivity { sdp, ice_servers });
    Ok(([(header::CACHE_CONTROL, NO_STORE)], answer).into_response())
}
