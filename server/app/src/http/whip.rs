// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `POST /whip/{event}/{room}` (RFC 9725): a program publishes, such as FFmpeg or OBS.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Uri};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{delete, post};
use fiera_protocol::ids::{DisplayName, EventId, ParticipantId, Role, RoomId};
use fiera_protocol::limits::SDP_BYTES_MAX;
use fiera_protocol::refusal::RefusalCode;
use ring::hmac;

use super::{auth, resources};
use crate::event::Message;
use crate::keys::Keys;
use crate::refusal::{HttpRefusal, Refusal};
use crate::state::Server;
use crate::streams::Reached;

pub(super) fn routes() -> Router<Server> {
    let session = delete(resources::delete)
        .options(resources::options)
        .fallback(resources::not_allowed);
    Router::new()
        .route(
            "/whip/{event}/{room}",
            post(start).options(resources::options).fallback(resources::not_allowed),
        )
        .route("/whip/{event}/{room}/{resource}", session)
        .layer(DefaultBodyLimit::max(SDP_BYTES_MAX))
        .layer(map_response(resources::cors))
}

/// Publishes to a room.
#[utoipa::path(
    post, path = "/whip/{event}/{room}", tag = "media", operation_id = "whip",
    params(("event" = String, Path, description = "Short name of the event"), ("room" = String, Path, description = "Short name of the room")),
    request_body(content = String, content_type = "application/sdp", description = "Offer"),
    responses(
        (status = 201, description = "Answer; `Location` is the session, DELETE it to end", body = String, content_type = "application/sdp"),
        (status = 400, description = "Not readable", body = super::api::Problem),
        (status = 401, description = "Token missing, wrong or expired", body = super::api::Problem),
        (status = 403, description = "The role may not publish, or the event is closed", body = super::api::Problem),
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
    let (handle, room) = resources::endpoint(&server, &event, &room).map_err(Refusal::http)?;
    let grant = auth::grant(&server, &address, &headers, &handle.id).map_err(Refusal::http)?;
    if grant.role < Role::Speaker {
        let sentence = "This token may watch only. Ask the organiser for a speaker's token.";
        return Err(Refusal::new(RefusalCode::NotAllowed, sentence).http());
    }
    let offer = resources::offer(&headers, body)?;
    let (answer, link) = server.negotiator.publish(&offer).map_err(resources::sdp_refusal)?;
    let keys = &server.services.keys;
    let participant = program(keys, &handle.id, &room, auth::bearer(&headers).unwrap_or_default());
    let name = grant.name.map_or_else(|| DisplayName::try_from("Live".to_owned()), Ok);
    let name = name.map_err(|error| Refusal::new(RefusalCode::Name, error.to_string()).http())?;
    let resource = resources::new_resource(keys);
    let location = format!("/whip/{}/{room}/{resource}", handle.id);
    let message = |reply| Message::Whip {
        participant,
        name,
        room,
        link: Box::new(link),
        resource,
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

/// Who a program is: the same token in the same room is the same publisher, so that an encoder that comes back
/// after a broken network takes its own place and not a second one.
pub(super) fn program(keys: &Keys, event: &EventId, room: &RoomId, token: &str) -> ParticipantId {
    let tag = hmac::sign(&keys.program, format!("{event}/{room}/{token}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&tag.as_ref()[..16]);
    ParticipantId(uuid::Builder::from_random_bytes(bytes).into_uuid())
}
