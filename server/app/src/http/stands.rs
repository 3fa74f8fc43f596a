// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Stands with their practice cards over HTTP, for whoever has a session of the event: data, table, text. The event's
//! task is asked at most once per [`RECAP_FRESH`], and writing them out is done beside it.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use fiera_hub::{StandRecap, stands_csv, stands_markdown};
use fiera_protocol::ids::EventId;

use super::NO_STORE;
use super::api::find;
use super::auth::{self, Address};
use super::fresh::Fresh;
use super::recaps::{In, download};
use crate::limits::RECAP_FRESH;
use crate::refusal::{HttpRefusal, Refusal};
use crate::state::Server;

/// The last list of stands of each event.
pub(crate) type StandLists = Fresh<EventId, Arc<Vec<StandRecap>>>;

pub(super) fn routes() -> Router<Server> {
    Router::new()
        .route("/api/v1/events/{event}/stands.json", get(stands_json))
        .route("/api/v1/events/{event}/stands.csv", get(stands_csv_file))
        .route("/api/v1/events/{event}/stands.md", get(stands_md))
}

/// All stands as data.
#[utoipa::path(
    get, path = "/api/v1/events/{event}/stands.json", tag = "events", operation_id = "stands",
    params(("event" = String, Path, description = "Short name of the event")),
    responses(
        (status = 200, description = "All stands that are not hidden, with card, links, hours, how many would reuse them and the organisations that said so; no messages, no ids", body = Object),
        (status = 401, description = "Neither cookie nor token", body = super::api::Problem),
        (status = 404, description = "No such event", body = super::api::Problem),
    ),
    security(("bearer" = []))
)]
pub(super) async fn stands_json(
    State(server): State<Server>,
    Path(event): Path<String>,
    address: Address,
    headers: HeaderMap,
) -> Result<Response, HttpRefusal> {
    let (_, rows) = read(&server, &event, &address, &headers).await?;
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Json(&*rows)).into_response())
}

/// All stands as a table.
#[utoipa::path(
    get, path = "/api/v1/events/{event}/stands.csv", tag = "events", operation_id = "standsTable",
    params(("event" = String, Path, description = "Short name of the event")),
    responses(
        (status = 200, description = "The same as CSV (RFC 4180), one stand a line; no cell is a formula", body = String, content_type = "text/csv"),
        (status = 401, description = "Neither cookie nor token", body = super::api::Problem),
        (status = 404, description = "No such event", body = super::api::Problem),
    ),
    security(("bearer" = []))
)]
pub(super) async fn stands_csv_file(
    State(server): State<Server>,
    Path(event): Path<String>,
    address: Address,
    headers: HeaderMap,
) -> Result<Response, HttpRefusal> {
    let (event, rows) = read(&server, &event, &address, &headers).await?;
    let name = format!("{event}-stands.csv");
    Ok(download(&name, "text/csv; charset=utf-8", stands_csv(&rows)))
}

/// All stands as text.
#[utoipa::path(
    get, path = "/api/v1/events/{event}/stands.md", tag = "events", operation_id = "standsMarkdown",
    params(
        ("event" = String, Path, description = "Short name of the event"),
        ("lang" = Option<String>, Query, description = "`it` or `en`, of the headings")
    ),
    responses(
        (status = 200, description = "The same in words", body = String, content_type = "text/markdown"),
        (status = 401, description = "Neither cookie nor token", body = super::api::Problem),
        (status = 404, description = "No such event", body = super::api::Problem),
    ),
    security(("bearer" = []))
)]
pub(super) async fn stands_md(
    State(server): State<Server>,
    Path(event): Path<String>,
    Query(language): Query<In>,
    address: Address,
    headers: HeaderMap,
) -> Result<Response, HttpRefusal> {
    let (event, rows) = read(&server, &event, &address, &headers).await?;
    let name = format!("{event}-stands.md");
    let text = stands_markdown(&rows, language.language());
    Ok(download(&name, "text/markdown; charset=utf-8", text))
}

async fn read(
    server: &Server,
    event: &str,
    address: &Address,
    headers: &HeaderMap,
) -> Result<(EventId, Arc<Vec<StandRecap>>), HttpRefusal> {
    let handle = find(server, event)?;
    auth::reader(server, address, headers, &handle.id).map_err(Refusal::http)?;
    let ask = async { handle.look(fiera_hub::Hub::stand_rows).await.map(Arc::new) };
    let rows = server.stands.of(handle.id.clone(), RECAP_FRESH, ask).await;
    Ok((handle.id.clone(), rows.ok_or_else(|| Refusal::unavailable().http())?))
}
