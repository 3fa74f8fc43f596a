// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What WHIP (RFC 9725) and WHEP share: the body, the address of a session, its end, CORS.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fiera_protocol::ids::{EventId, RoomId};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::IceServer;
use tokio::sync::oneshot;

use super::auth;
use crate::bridge::{ResourceId, SdpProblem};
use crate::event::{EventHandle, Message};
use crate::keys::Keys;
use crate::refusal::{HttpRefusal, Refusal};
use crate::state::Server;
use crate::streams::Reached;

const SDP: &str = "application/sdp";

/// The event and room of an endpoint's address.
pub(super) fn endpoint(server: &Server, event: &str, room: &str) -> Result<(EventHandle, RoomId), Refusal> {
    let event: EventId = event.parse().map_err(|_| Refusal::no_such_event())?;
    let handle = server.event(&event)?;
    let room: RoomId = room.parse().map_err(|_| Refusal::no_such_room())?;
    let summary = handle.summary();
    if !summary.rooms.contains(&room) {
        return Err(Refusal::no_such_room());
    }
    if summary.read_only || server.is_draining() {
        return Err(Refusal::unavailable());
    }
    Ok((handle, room))
}

/// The offer in a request's body.
pub(super) fn offer(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<String, HttpRefusal> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case(SDP) {
        let refusal = Refusal::new(RefusalCode::Malformed, "Send the offer as application/sdp.");
        return Err(refusal.http_as(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let body = body.map_err(|error| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let sentence = "The session description is longer than this server reads; offer fewer codecs.";
            return Refusal::new(RefusalCode::TooLarge, sentence).http();
        }
        Refusal::new(RefusalCode::Malformed, "The body of the request cannot be read.").http()
    })?;
    String::from_utf8(body.into()).map_err(|_| {
        Refusal::new(RefusalCode::Sdp, "The session description is not valid UTF-8.").http_as(StatusCode::BAD_REQUEST)
    })
}

/// 400 for what is no SDP, 422 for what cannot be used.
pub(super) fn sdp_refusal(problem: SdpProblem) -> HttpRefusal {
    let status = if problem.malformed {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Refusal::new(RefusalCode::Sdp, problem.sentence).http_as(status)
}

/// A name that nobody can guess: who knows the address of a session may end it.
pub(super) fn new_resource(keys: &Keys) -> ResourceId {
    URL_SAFE_NO_PAD.encode(keys.random::<18>())
}

/// Asks the event's task and waits for its word.
pub(super) async fn ask<T>(
    event: &EventHandle,
    message: impl FnOnce(oneshot::Sender<T>) -> Message,
) -> Result<T, Refusal> {
    let (reply, answer) = oneshot::channel();
    if !event.send(message(reply)).await {
        return Err(Refusal::unavailable());
    }
    answer.await.map_err(|_| Refusal::unavailable())
}

/// 201 with the answer, the address of the session, and the relays as links (RFC 9725, section 4.6).
pub(super) fn created(server: &Server, reached: Option<&Reached>, location: &str, answer: String) -> Response {
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(server.services.keys.random::<9>()));
    let headers = [
        (header::CONTENT_TYPE, SDP.to_owned()),
        (header::LOCATION, location.to_owned()),
        (header::ETAG, tag),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let mut response = (StatusCode::CREATED, headers, answer).into_response();
    for IceServer {
        urls,
        username,
        credential,
    } in server.ice_servers.mint(reached)
    {
        for url in urls {
            let link = format!(
                "<{url}>; rel=\"ice-server\"; username=\"{username}\"; credential=\"{credential}\"; \
                 credential-type=\"password\""
            );
            if let Ok(link) = HeaderValue::from_str(&link) {
                response.headers_mut().append(header::LINK, link);
            }
        }
    }
    response
}

/// DELETE on a session. Its address is the right to end it; a token, where one is sent, must be good as well.
pub(super) async fn delete(
    State(server): State<Server>,
    Path((event, room, resource)): Path<(String, String, String)>,
    address: auth::Address,
    headers: HeaderMap,
) -> Result<StatusCode, HttpRefusal> {
    let gone = || {
        let refusal = Refusal::new(
            RefusalCode::WrongState,
            "There is no such session; it may have ended already.",
        );
        refusal.http_as(StatusCode::NOT_FOUND)
    };
    let (handle, _) = endpoint(&server, &event, &room).map_err(Refusal::http)?;
    if headers.contains_key(header::AUTHORIZATION) {
        auth::grant(&server, &address, &headers, &handle.id).map_err(Refusal::http)?;
    }
    let released = ask(&handle, |reply| Message::Release { resource, reply })
        .await
        .map_err(Refusal::http)?;
    if released { Ok(StatusCode::OK) } else { Err(gone()) }
}

/// OPTIONS on an endpoint or a session (RFC 9725, section 4.2).
pub(super) async fn options() -> Response {
    (StatusCode::NO_CONTENT, [(HeaderName::from_static("accept-post"), SDP)]).into_response()
}

/// Players and encoders of other sites may come: the token is in a header, never in a cookie.
pub(super) async fn cors(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let methods = HeaderValue::from_static("POST, DELETE, OPTIONS");
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    let allowed = HeaderValue::from_static("Authorization, Content-Type, If-Match");
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    let exposed = HeaderValue::from_static("Location, Link, ETag, Accept-Patch");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// Any method that a session or endpoint does not have; trickle ICE by PATCH is one (RFC 9725, section 4.3).
pub(super) async fn not_allowed(method: Method, path: axum::extract::OriginalUri) -> Response {
    let is_session = path.path().trim_end_matches('/').split('/').count() > 4;
    let allow = HeaderValue::from_static(if is_session { "DELETE, OPTIONS" } else { "POST, OPTIONS" });
    let sentence =
        format!("{method} is not possible here. Candidates are all in the answer; ICE restarts need a new session.");
    let mut response = Refusal::new(RefusalCode::Malformed, sentence)
        .http_as(StatusCode::METHOD_NOT_ALLOWED)
        .into_response();
    response.headers_mut().insert(header::ALLOW, allow);
    response
}
