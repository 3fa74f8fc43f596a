// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `POST /whep/{event}/{room}` (draft-ietf-wish-whep): a program watches. It is no participant and counts as nobody.

use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Uri};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{delete, post};
use fiera_protocol::ids::Role;
use fiera_protocol::limits::SDP_BYTES_MAX;
use fiera_protocol::view::EventPhase;

use super::{auth, resources};
use crate::event::Message;
use crate::refusal::{HttpRefusal, Refusal};
use crate::state::Server;
use crate::streams::Reached;

pub(super) fn routes() -> Router<Server> {
    let session = delete(resources::delete)
        .options(resources::options)
        .fallback(resources::not_allowed);
    Router::new()
        .route(
            "/whep/{event}/{room}",
            post(start).options(resources::options).fallback(resources::not_allowed),
        )
        .route("/whep/{event}/{room}/{resource}", session)
        .layer(DefaultBodyLimit::max(SDP_BYTES_MAX))
        .layer(map_response(resources::cors))
}

/// Watches a room.
#[utoipa::path(
    post, path = "/whep/{event}/{room}", tag = "media", operation_id = "whep",
    params(("event" = String, Path, description = "Short name of the event"), ("room" = String, Path, description = "Short name of the room")),
    request_body(content = String, content_type = "application/sdp", description = "Offer"),
    responses(
        (status = 201, description = "Answer; `Location` is the session, DELETE it to end", body = String, content_type = "application/sdp"),
        (status = 400, description = "Not readable", body = super::api::Problem),
        (status = 401, description = "Token missing, wrong or expired", body = super::api::Problem),
        (status = 403, description = "The event is closed", body = super::api::Problem),
        (status = 404, description = "No such event or room", body = super::api::Problem),
        (status = 413, description = "Offer too long", body = super::api::Problem),
        (status = 415, description = "Not application/sdp", body = super::api::Problem),
        (status = 422, description = "Offer not usable here", body = super::api::Problem),
        (status = 503, description = "Full or going away", body = super::api::Problem),
    ),
    security(("bearer" = []))
)]
pub(super) async fn start(
    State(server): State<Server>,
    Path((event, room)): Path<(String, String)>,
    address: auth::Address,
    headers: HeaderMap,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, HttpRefusal> {
    let since = Instant::now();
    let (handle, room) = resources::endpoint(&server, &event, &room).map_err(Refusal::http)?;
    let grant = auth::grant(&server, &address, &headers, &handle.id).map_err(Refusal::http)?;
    let phase = handle.summary().phase;
    let closed = match phase {
        EventPhase::Draft => grant.role < Role::Organiser,
        EventPhase::Open | EventPhase::Live => false,
        EventPhase::Ended => true,
    };
    if closed {
        return Err(Refusal::event_closed().http());
    }
    let offer = resources::offer(&headers, body)?;
    let (answer, link) = server.negotiator.whep(&offer).map_err(resources::sdp_refusal)?;
    let keys = &server.services.keys;
    let resource = resources::new_resource(keys);
    let location = format!("/whep/{}/{room}/{resource}", handle.id);
    let message = |reply| Message::Whep {
        room,
        link: Box::new(link),
        resource,
        since,
        reply,
    };
    resources::ask(&handle, message)
        .await
        .and_then(|result| result)
        .map_err(Refusal::http)?;
    Ok(resources::created(
        &server,
        Reached::of(&headers, &uri).as_ref(),
        &location,
        answer,
    ))
}
