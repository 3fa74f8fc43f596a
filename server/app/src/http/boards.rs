// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `GET /api/v1/events/{event}/board`: a room for the projector. Public, without any token; the event's task is asked
//! at most once per [`BOARD_FRESH`] for each room, however many ask.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fiera_protocol::ids::{EventId, RoomId};
use serde::Deserialize;

use super::NO_STORE;
use super::api::find;
use super::fresh::Fresh;
use crate::event::EventHandle;
use crate::limits::BOARD_FRESH;
use crate::refusal::{HttpRefusal, Refusal};
use crate::state::Server;
use crate::token::unix_ms;

/// The last board of each room that exists; none within: it is not public yet.
pub(crate) type Boards = Fresh<(EventId, RoomId), Option<Bytes>>;

pub(super) fn routes() -> Router<Server> {
    Router::new().route("/api/v1/events/{event}/board", get(board))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    room: Option<String>,
}

/// What a projector shows of a room.
#[utoipa::path(
    get, path = "/api/v1/events/{event}/board", tag = "events", operation_id = "board",
    params(
        ("event" = String, Path, description = "Short name of the event"),
        ("room" = Option<String>, Query, description = "Short name of the room; the first stage without it")
    ),
    responses(
        (status = 200, description = "Question, what comes next, poll, and how many are here; no ids of participants or questions, no times", body = Object),
        (status = 404, description = "No such event or room, or it is not public yet", body = super::api::Problem),
        (status = 503, description = "Not possible now", body = super::api::Problem),
    )
)]
pub(super) async fn board(
    State(server): State<Server>,
    Path(event): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, HttpRefusal> {
    let handle = find(&server, &event)?;
    let summary = handle.summary();
    let room = match which.room {
        Some(room) => room.parse().ok().filter(|room| summary.rooms.contains(room)),
        None => summary.main_room,
    };
    let room: RoomId = room.ok_or_else(|| Refusal::no_such_room().http())?;
    let body = server
        .boards
        .of((handle.id.clone(), room.clone()), BOARD_FRESH, ask(&handle, room))
        .await
        .ok_or_else(|| Refusal::unavailable().http())?
        .ok_or_else(|| Refusal::no_such_room().http())?;
    let headers = [
        (header::CONTENT_TYPE, "application/json".parse().unwrap_or(NO_STORE)),
        (header::CACHE_CONTROL, NO_STORE),
    ];
    Ok((headers, body).into_response())
}

async fn ask(event: &EventHandle, room: RoomId) -> Option<Option<Bytes>> {
    let Some(board) = event.look(move |hub| hub.board(&room)).await? else {
        return Some(None);
    };
    Some(Some(serde_json::to_vec(&board.at(unix_ms())).ok()?.into()))
}
