// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The JSON API under `/api/v1`, and its description in OpenAPI.

use std::time::Instant;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use fiera_protocol::fair::Localised;
use fiera_protocol::ids::{DisplayName, EventId, Role, RoomId};
use fiera_protocol::programme::AgendaSlot;
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::view::EventPhase;
use serde::{Deserialize, Serialize};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

use super::NO_STORE;
use super::auth::{self, Address};
use crate::identity::{self, Identity};
use crate::limits::JSON_BODY_BYTES_MAX;
use crate::rate::SignIns;
use crate::refusal::{HttpRefusal, Refusal};
use crate::state::Server;

pub(super) fn routes() -> Router<Server> {
    Router::new()
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api/v1/events/{event}", get(event))
        .route("/api/v1/events/{event}/session", post(session))
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX))
}

/// Why a request was not carried out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// For programs; stable.
    #[schema(example = "unknown_event")]
    code: String,
    /// For people: what happened and what to do.
    sentence: String,
}

/// An event as anybody may see it before coming in.
#[derive(Debug, Serialize, ToSchema)]
struct EventInfo {
    /// Short name.
    #[schema(value_type = String)]
    event: EventId,
    /// Title.
    title: String,
    /// Title in each language that the organiser wrote.
    #[schema(value_type = Object, example = json!({ "it": "Fiera", "en": "Fair" }))]
    titles: Localised,
    /// Who runs it.
    organiser: Option<String>,
    /// When it begins, milliseconds since 1970.
    starts_unix_ms: Option<u64>,
    /// When it ends, milliseconds since 1970.
    ends_unix_ms: Option<u64>,
    /// The programme, in order of time.
    #[schema(value_type = Vec<Object>)]
    agenda: Vec<AgendaSlot>,
    /// The time zone in which it takes place (IANA name); none: the organiser did not say.
    #[schema(example = "Europe/Rome")]
    time_zone: Option<String>,
    /// Rooms with their titles, so that slots can name theirs.
    #[schema(value_type = Vec<Object>)]
    rooms: Vec<RoomTitle>,
    /// `draft`, `open`, `live` or `ended`.
    #[schema(value_type = String, example = "live")]
    phase: EventPhase,
    /// Participants now.
    people: u32,
    /// Whether anybody is on air.
    live: bool,
}

/// A room as a door names it.
#[derive(Debug, Serialize)]
struct RoomTitle {
    /// Short name.
    room: RoomId,
    /// Title in each language that the organiser wrote.
    titles: Localised,
}

/// Who wants to come in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SessionRequest {
    /// Signed token, from the link; without it one is a guest, or who one was.
    #[serde(default)]
    token: Option<String>,
    /// Name to be shown, 1 to 60 characters.
    #[serde(default)]
    name: Option<String>,
}

/// Who came in.
#[derive(Debug, Serialize, ToSchema)]
struct SessionInfo {
    /// `attendee`, `captioner`, `speaker`, `moderator` or `organiser`.
    #[schema(value_type = String, example = "attendee")]
    role: Role,
    /// The name to be shown.
    #[schema(value_type = String)]
    name: DisplayName,
    /// Random id within this event.
    #[schema(value_type = String)]
    participant: fiera_protocol::ids::ParticipantId,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Fiera", description = "Live digital fairs: what is outside the WebSocket."),
    paths(openapi, event, session, super::boards::board, super::programme::agenda_ics, super::programme::ideas, super::programme::ideas_csv, super::captions::captions, super::questions::questions_json, super::questions::questions_csv, super::questions::similar, super::recaps::recap, super::recaps::recap_md, super::recaps::polls_csv, super::stands::stands_json, super::stands::stands_csv_file, super::stands::stands_md, super::stored::stored, super::connectivity::connectivity, super::whip::start, super::whep::start),
    components(schemas(Problem, super::programme::IdeasBoard, EventInfo, SessionRequest, SessionInfo, super::stored::Stored, super::stored::Item, super::stored::You, super::captions::Line, super::captions::Lines, super::questions::Draft, super::questions::Likes, super::connectivity::Connectivity)),
    modifiers(&Bearer),
    tags((name = "events", description = "Events and sessions"), (name = "media", description = "WHIP and WHEP"))
)]
struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// This description.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "events", responses((status = 200, description = "OpenAPI 3.1")))]
async fn openapi() -> Response {
    Json(Description::openapi()).into_response()
}

/// What anybody may know of an event.
#[utoipa::path(
    get, path = "/api/v1/events/{event}", tag = "events",
    params(("event" = String, Path, description = "Short name of the event")),
    responses((status = 200, body = EventInfo), (status = 404, description = "No such event", body = Problem))
)]
async fn event(State(server): State<Server>, Path(event): Path<String>) -> Result<Response, HttpRefusal> {
    let handle = find(&server, &event)?;
    let summary = handle.summary();
    let info = EventInfo {
        event: handle.id,
        title: summary.title,
        titles: summary.titles,
        organiser: summary.organiser,
        starts_unix_ms: summary.starts_unix_ms,
        ends_unix_ms: summary.ends_unix_ms,
        agenda: summary.agenda.to_vec(),
        time_zone: summary.time_zone,
        rooms: summary
            .room_titles
            .iter()
            .cloned()
            .map(|(room, titles)| RoomTitle { room, titles })
            .collect(),
        phase: summary.phase,
        people: summary.people,
        live: summary.live,
    };
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Json(info)).into_response())
}

/// Exchanges a token, or nothing, for the session cookie of the event.
#[utoipa::path(
    post, path = "/api/v1/events/{event}/session", tag = "events",
    params(("event" = String, Path, description = "Short name of the event")),
    request_body = SessionRequest,
    responses(
        (status = 200, description = "`Set-Cookie` holds the session", body = SessionInfo),
        (status = 400, description = "Not readable, or the name is not possible", body = Problem),
        (status = 401, description = "Token wrong or expired", body = Problem),
        (status = 404, description = "No such event", body = Problem),
        (status = 413, description = "Body too long", body = Problem),
        (status = 415, description = "Not application/json", body = Problem),
        (status = 429, description = "Too many wrong tokens, or too many new guests, from this network", body = Problem),
    )
)]
async fn session(
    State(server): State<Server>,
    Path(event): Path<String>,
    address: Address,
    headers: HeaderMap,
    body: Result<Json<SessionRequest>, JsonRejection>,
) -> Result<Response, HttpRefusal> {
    let handle = find(&server, &event)?;
    let Json(request) = body.map_err(body_refusal)?;
    let name = request.name.map(DisplayName::try_from).transpose();
    let name =
        name.map_err(|error| Refusal::new(RefusalCode::Name, format!("Not a possible name: {error}.")).http())?;
    let keys = &server.services.keys;
    let known = identity::from_cookie(keys, &headers, &handle.id);
    let identity = match request.token {
        Some(token) => {
            let grant = auth::checked(&server, &address, &token, &handle.id).map_err(Refusal::http)?;
            let fresh = Identity::of_grant(grant, name);
            let participant = known.map_or(fresh.participant, |known| known.participant);
            Identity { participant, ..fresh }
        }
        None => match known {
            Some(known) => Identity {
                name: name.unwrap_or_else(|| known.name.clone()),
                ..known
            },
            None => newcomer(&server.sign_ins, address, name, Instant::now()).map_err(Refusal::http)?,
        },
    };
    let jar = identity::to_cookie(keys, &headers, &handle.id, &identity, server.secure);
    let info = SessionInfo {
        role: identity.role,
        name: identity.name,
        participant: identity.participant,
    };
    Ok((jar, [(header::CACHE_CONTROL, NO_STORE)], Json(info)).into_response())
}

/// Somebody whom nothing tells from anybody else: each is another participant, so that they are counted by address.
fn newcomer(
    sign_ins: &SignIns,
    Address(address): Address,
    name: Option<DisplayName>,
    now: Instant,
) -> Result<Identity, Refusal> {
    if sign_ins.may_come(address, now) {
        Ok(Identity::guest(name))
    } else {
        Err(Refusal::too_many_guests())
    }
}

pub(super) fn find(server: &Server, event: &str) -> Result<crate::event::EventHandle, HttpRefusal> {
    let event: EventId = event.parse().map_err(|_| Refusal::no_such_event().http())?;
    server.event(&event).map_err(Refusal::http)
}

pub(super) fn body_refusal(error: JsonRejection) -> HttpRefusal {
    let status = error.status();
    let (code, sentence) = match status {
        StatusCode::PAYLOAD_TOO_LARGE => (RefusalCode::TooLarge, "The request is longer than this server reads."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (RefusalCode::Malformed, "Send the request as application/json."),
        _ => (
            RefusalCode::Malformed,
            "The request is not JSON of the expected shape; see /api/v1/openapi.json.",
        ),
    };
    let status = if status == StatusCode::UNPROCESSABLE_ENTITY {
        StatusCode::BAD_REQUEST
    } else {
        status
    };
    Refusal::new(code, sentence).http_as(status)
}

#[cfg(test)]
mod tests {
    use super::{Address, newcomer};
    use crate::limits::GUESTS_BURST;
    use crate::rate::SignIns;
    use axum::http::StatusCode;
    use std::time::{Duration, Instant};

    #[test]
    fn guests_of_one_network_come_in_as_a_crowd_and_not_without_end() {
        let (sign_ins, now) = (SignIns::new(false), Instant::now());
        let one_of = |network: u8, now| newcomer(&sign_ins, Address(Some([192, 0, 2, network].into())), None, now);
        let came: Vec<_> = (0..GUESTS_BURST).map_while(|_| one_of(1, now).ok()).collect();
        assert_eq!(came.len(), GUESTS_BURST as usize);
        assert_ne!(came[0].participant, came[1].participant);
        let refused = one_of(1, now).map_err(super::Refusal::http).unwrap_err();
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(one_of(2, now).is_ok(), "another network");
        assert!(one_of(1, now + Duration::from_secs(1)).is_ok(), "a little later");
    }
}
