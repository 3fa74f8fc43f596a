// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `GET /api/v1/events/{event}/recap` and `recap.md`: what is left of an event, for those who ran it, and once it is
//! over for whoever has a session of the event. The event's task is asked at most once per [`RECAP_FRESH`].

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use fiera_hub::{Language, Recap};
use fiera_protocol::ids::{EventId, Role};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::view::EventPhase;
use serde::Deserialize;

use super::NO_STORE;
use super::api::find;
use super::auth::{self, Address};
use super::fresh::Fresh;
use crate::limits::RECAP_FRESH;
use crate::refusal::{HttpRefusal, Refusal};
use crate::state::Server;

/// The last recap of each event and the phase that it was read in, so that the end is seen at once.
pub(crate) type Recaps = Fresh<(EventId, EventPhase), Arc<Recap>>;

pub(super) fn routes() -> Router<Server> {
    Router::new()
        .route("/api/v1/events/{event}/recap", get(recap))
        .route("/api/v1/events/{event}/recap.md", get(recap_md))
        .route("/api/v1/events/{event}/polls.csv", get(polls_csv))
}

/// The recap as data.
#[utoipa::path(
    get, path = "/api/v1/events/{event}/recap", tag = "events", operation_id = "recap",
    params(("event" = String, Path, description = "Short name of the event")),
    responses(
        (status = 200, description = "Questions and what became of them, polls, announcements, attendance; no ids of participants or questions, no times of questions", body = Object),
        (status = 401, description = "Neither cookie nor token", body = super::api::Problem),
        (status = 403, description = "Until the end for moderators and organisers alone; then for whoever has a session of the event", body = super::api::Problem),
        (status = 404, description = "No such event", body = super::api::Problem),
        (status = 429, description = "Too many wrong tokens from this network", body = super::api::Problem),
    ),
    security(("bearer" = []))
)]
pub(super) async fn recap(
    State(server): State<Server>,
    Path(event): Path<String>,
    address: Address,
    headers: HeaderMap,
) -> Result<Response, HttpRefusal> {
    let recap = read(&server, &event, &address, &headers).await?;
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Json(&*recap)).into_response())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct In {
    #[serde(default)]
    lang: Lang,
}

impl In {
    /// The language asked for.
    pub(super) fn language(&self) -> Language {
        match self.lang {
            Lang::It => Language::It,
            Lang::En => Language::En,
        }
    }
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Lang {
    It,
    #[default]
    En,
}

/// A file that a browser saves and no cache keeps.
pub(super) fn download(name: &str, content_type: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, text).into_response()
}

/// The recap as Markdown.
#[utoipa::path(
    get, path = "/api/v1/events/{event}/recap.md", tag = "events", operation_id = "recapMarkdown",
    params(
        ("event" = String, Path, description = "Short name of the event"),
        ("lang" = Option<String>, Query, description = "`it` or `en`")
    ),
    responses(
        (status = 200, description = "The same in words", body = String, content_type = "text/markdown"),
        (status = 401, description = "Neither cookie nor token", body = super::api::Problem),
        (status = 403, description = "Until the end for moderators and organisers alone; then for whoever has a session of the event", body = super::api::Problem),
        (status = 404, description = "No such event", body = super::api::Problem),
        (status = 429, description = "Too many wrong tokens from this network", body = super::api::Problem),
    ),
    security(("bearer" = []))
)]
pub(super) async fn recap_md(
    State(server): State<Server>,
    Path(event): Path<String>,
    Query(language): Query<In>,
    address: Address,
    headers: HeaderMap,
) -> Result<Response, HttpRefusal> {
    let recap = read(&server, &event, &address, &headers).await?;
    let text = recap.markdown(language.language());
    Ok(download(
        &format!("{}.md", recap.event),
        "text/markdown; charset=utf-8",
        text,
    ))
}

/// Revealed polls as a table.
#[utoipa::path(
    get, path = "/api/v1/events/{event}/polls.csv", tag = "events", operation_id = "pollsCsv",
    params(("event" = String, Path, description = "Short name of the event")),
    responses(
        (status = 200, description = "One line for each answer, number, word, text or player; cells that a spreadsheet would take for a formula begin with an apostrophe", body = String, content_type = "text/csv"),
        (status = 401, description = "Neither cookie nor token", body = super::api::Problem),
        (status = 403, description = "Until the end for moderators and organisers alone; then for whoever has a session of the event", body = super::api::Problem),
        (status = 404, description = "No such event", body = super::api::Problem),
        (status = 429, description = "Too many wrong tokens from this network", body = super::api::Problem),
    ),
    security(("bearer" = []))
)]
pub(super) async fn polls_csv(
    State(server): State<Server>,
    Path(event): Path<String>,
    address: Address,
    headers: HeaderMap,
) -> Result<Response, HttpRefusal> {
    let recap = read(&server, &event, &address, &headers).await?;
    let name = format!("{}-polls.csv", recap.event);
    Ok(download(&name, "text/csv; charset=utf-8", recap.polls_csv()))
}

async fn read(server: &Server, event: &str, address: &Address, headers: &HeaderMap) -> Result<Arc<Recap>, HttpRefusal> {
    let handle = find(server, event)?;
    let role = auth::reader(server, address, headers, &handle.id).map_err(Refusal::http)?;
    let phase = handle.summary().phase;
    if role < Role::Moderator && phase != EventPhase::Ended {
        let sentence = "The recap is for moderators and organisers until the event is over. Come back then.";
        return Err(Refusal::new(RefusalCode::NotAllowed, sentence).http());
    }
    let ask = async { handle.look(fiera_hub::Hub::recap).await.map(Arc::new) };
    let recap = server.recaps.of((handle.id.clone(), phase), RECAP_FRESH, ask).await;
    recap.ok_or_else(|| Refusal::unavailable().http())
}
