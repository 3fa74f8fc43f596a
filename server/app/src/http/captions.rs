// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `POST /api/v1/events/{event}/rooms/{room}/captions`: what is said in a room, from a program that listens or from one
//! that people type in. The token says that it may; the event's task says whether the lines fit.

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use fiera_hub::SaidLine;
use fiera_protocol::captions::CaptionLang;
use fiera_protocol::limits::CAPTIONS_AT_ONCE_MAX;
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::text::CaptionText;
use serde::Deserialize;
use utoipa::ToSchema;

use super::api::body_refusal;
use super::auth::{self, Address};
use super::{resources, whip};
use crate::event::Message;
use crate::limits::CAPTIONS_BODY_BYTES_MAX;
use crate::refusal::{HttpRefusal, Refusal};
use crate::state::Server;

pub(super) fn routes() -> Router<Server> {
    let body = DefaultBodyLimit::max(CAPTIONS_BODY_BYTES_MAX);
    Router::new().route(
        "/api/v1/events/{event}/rooms/{room}/captions",
        post(captions).layer(body),
    )
}

/// Lines in the order in which they were said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lines {
    /// 1 to 20.
    lines: Vec<Line>,
}

/// One line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// Tag of its language (BCP 47).
    #[schema(example = "it")]
    lang: String,
    /// All of it, as far as it was said: 1 to 200 characters, one line.
    #[schema(example = "Benvenuti alla fiera.")]
    text: String,
    /// It stays like this; otherwise it comes again with the same `sequence`.
    #[serde(rename = "final")]
    is_final: bool,
    /// Grows with each line of this token in this language.
    sequence: u32,
}

impl Line {
    fn said(self) -> Result<SaidLine, HttpRefusal> {
        let lang = CaptionLang::try_from(self.lang);
        let lang =
            lang.map_err(|error| Refusal::new(RefusalCode::Malformed, format!("Not a language: {error}.")).http())?;
        let text = CaptionText::try_from(self.text);
        let text =
            text.map_err(|error| Refusal::new(RefusalCode::Text, format!("Not a possible line: {error}.")).http())?;
        Ok(SaidLine {
            lang,
            text,
            is_final: self.is_final,
            sequence: self.sequence,
        })
    }
}

/// Writes down what is said in a room.
#[utoipa::path(
    post, path = "/api/v1/events/{event}/rooms/{room}/captions", tag = "events", operation_id = "captions",
    params(("event" = String, Path, description = "Short name of the event"), ("room" = String, Path, description = "Short name of the room")),
    request_body = Lines,
    responses(
        (status = 204, description = "All lines are shown"),
        (status = 400, description = "Not readable, or a line that cannot be shown: nothing was taken", body = super::api::Problem),
        (status = 401, description = "Token missing, wrong or expired", body = super::api::Problem),
        (status = 403, description = "The role may not, or the event is over", body = super::api::Problem),
        (status = 404, description = "No such event or room", body = super::api::Problem),
        (status = 409, description = "A number that is not greater than that of the last final line, or too many languages or sources; the lines before it were taken", body = super::api::Problem),
        (status = 413, description = "Body too long", body = super::api::Problem),
        (status = 415, description = "Not application/json", body = super::api::Problem),
        (status = 429, description = "More than 150 lines in 10 seconds; the lines before that were taken", body = super::api::Problem),
        (status = 503, description = "Not possible now", body = super::api::Problem),
    ),
    security(("bearer" = []))
)]
pub(super) async fn captions(
    State(server): State<Server>,
    Path((event, room)): Path<(String, String)>,
    address: Address,
    headers: HeaderMap,
    body: Result<Json<Lines>, JsonRejection>,
) -> Result<Response, HttpRefusal> {
    let (handle, room) = resources::endpoint(&server, &event, &room).map_err(Refusal::http)?;
    let grant = auth::grant(&server, &address, &headers, &handle.id).map_err(Refusal::http)?;
    let Json(Lines { lines }) = body.map_err(body_refusal)?;
    if lines.is_empty() || lines.len() > CAPTIONS_AT_ONCE_MAX {
        let sentence = format!("Send 1 to {CAPTIONS_AT_ONCE_MAX} lines at once.");
        return Err(Refusal::new(RefusalCode::Malformed, sentence).http());
    }
    let lines = lines.into_iter().map(Line::said).collect::<Result<Vec<_>, _>>()?;
    let token = auth::bearer(&headers).unwrap_or_default();
    let source = whip::program(&server.services.keys, &handle.id, &room, token);
    let role = grant.role;
    let message = |reply| Message::Captions {
        source,
        role,
        room,
        lines,
        reply,
    };
    resources::ask(&handle, message)
        .await
        .and_then(|result| result)
        .map_err(Refusal::http)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
