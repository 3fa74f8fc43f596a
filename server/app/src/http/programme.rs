// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The programme and the ideas for it over HTTP, for everybody once the event is not a draft: a calendar of all slots or of
//! one, the board of ideas as data and as a table. Nobody says which slots they mean to visit: pages pick from the whole.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use fiera_hub::{IdeaRow, Language};
use fiera_protocol::ids::{EventId, SlotId};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::view::EventPhase;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::NO_STORE;
use super::api::find;
use super::fresh::Fresh;
use super::questions::cell;
use super::recaps::download;
use crate::calendar::Source;
use crate::event::{EventHandle, Summary};
use crate::limits::BOARD_FRESH;
use crate::refusal::{HttpRefusal, Refusal};
use crate::state::Server;
use crate::token::unix_ms;

/// The last board of ideas of each event.
pub(crate) type Ideas = Fresh<EventId, Arc<Vec<IdeaRow>>>;

pub(super) fn routes() -> Router<Server> {
    Router::new()
        .route("/api/v1/events/{event}/agenda.ics", get(agenda_ics))
        .route("/api/v1/events/{event}/ideas", get(ideas))
        .route("/api/v1/events/{event}/ideas.csv", get(ideas_csv))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    #[serde(default)]
    slot: Option<SlotId>,
    #[serde(default)]
    lang: Option<Lang>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Lang {
    It,
    En,
}

/// The event and what is known of it, unless it is a draft.
fn public(server: &Server, event: &str) -> Result<(EventHandle, Summary), HttpRefusal> {
    let handle = find(server, event)?;
    let summary = handle.summary();
    if summary.phase == EventPhase::Draft {
        return Err(Refusal::no_such_event().http());
    }
    Ok((handle, summary))
}

/// Scheme and host that the request came by; none where the header is no host.
fn base(server: &Server, headers: &HeaderMap) -> Option<String> {
    const BYTES_MAX: usize = 255;
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b':' | b'[' | b']');
    let plain = !host.is_empty() && host.len() <= BYTES_MAX && host.bytes().all(fits);
    let scheme = if server.secure { "https" } else { "http" };
    plain.then(|| format!("{scheme}://{host}"))
}

/// The programme as a calendar.
#[utoipa::path(
    get, path = "/api/v1/events/{event}/agenda.ics", tag = "events", operation_id = "agendaCalendar",
    params(
        ("event" = String, Path, description = "Short name of the event"),
        ("slot" = Option<String>, Query, description = "Only this slot"),
        ("lang" = Option<String>, Query, description = "`it` or `en`; where a text is in one alone, that one")
    ),
    responses(
        (status = 200, description = "iCalendar (RFC 5545), times in UTC; cancelled slots are in it as such", body = String, content_type = "text/calendar"),
        (status = 404, description = "No such event or slot, nothing in the programme, or it is not public yet", body = super::api::Problem),
    )
)]
pub(super) async fn agenda_ics(
    State(server): State<Server>,
    Path(event): Path<String>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Result<Response, HttpRefusal> {
    let (handle, summary) = public(&server, &event)?;
    let slots: Vec<_> = match which.slot {
        Some(slot) => summary.agenda.iter().filter(|one| one.slot == slot).cloned().collect(),
        None => summary.agenda.to_vec(),
    };
    // A calendar holds at least one entry (RFC 5545, 3.6).
    if slots.is_empty() {
        let sentence = match which.slot {
            Some(_) => "There is no such slot in the programme (any more).",
            None => "There is nothing in the programme yet.",
        };
        return Err(Refusal::new(RefusalCode::UnknownItem, sentence).http());
    }
    let language = match which.lang {
        Some(Lang::It) => Language::It,
        Some(Lang::En) => Language::En,
        None if summary.titles.it.as_ref() == Some(&summary.title) => Language::It,
        None => Language::En,
    };
    let source = Source {
        event: &handle.id,
        tag: server.services.keys.calendar_tag(),
        title: &summary.title,
        rooms: &summary.room_titles,
        slots: &slots,
        base: base(&server, &headers),
        language,
    };
    let name = which
        .slot
        .map_or_else(|| handle.id.to_string(), |slot| format!("{}-{slot}", handle.id));
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.ics\""),
        ),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    Ok((headers, source.calendar(unix_ms())).into_response())
}

/// The board of ideas.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct IdeasBoard {
    /// In the order in which they were proposed.
    #[schema(value_type = Vec<Object>)]
    ideas: Vec<IdeaRow>,
}

/// Ideas for the programme and what became of them.
#[utoipa::path(
    get, path = "/api/v1/events/{event}/ideas", tag = "events", operation_id = "ideas",
    params(("event" = String, Path, description = "Short name of the event")),
    responses(
        (status = 200, description = "All ideas with their numbers of different supporters; no ids, no times", body = IdeasBoard),
        (status = 404, description = "No such event, or it is not public yet", body = super::api::Problem),
        (status = 503, description = "Not possible now", body = super::api::Problem),
    )
)]
pub(super) async fn ideas(State(server): State<Server>, Path(event): Path<String>) -> Result<Response, HttpRefusal> {
    let ideas = read(&server, &event).await?.1.to_vec();
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Json(IdeasBoard { ideas })).into_response())
}

/// The same as a table.
#[utoipa::path(
    get, path = "/api/v1/events/{event}/ideas.csv", tag = "events", operation_id = "ideasTable",
    params(("event" = String, Path, description = "Short name of the event")),
    responses(
        (status = 200, description = "CSV (RFC 4180); no cell is a formula", body = String, content_type = "text/csv"),
        (status = 404, description = "No such event, or it is not public yet", body = super::api::Problem),
        (status = 503, description = "Not possible now", body = super::api::Problem),
    )
)]
pub(super) async fn ideas_csv(
    State(server): State<Server>,
    Path(event): Path<String>,
) -> Result<Response, HttpRefusal> {
    let (id, ideas) = read(&server, &event).await?;
    // The mark at the beginning tells spreadsheets that it is UTF-8.
    let mut text = String::from("\u{feff}number,title,notes,by,presents,stage,note,slot_starts,merged_into,votes\r\n");
    for row in ideas.iter() {
        let stage = serde_json::to_value(row.stage).ok();
        let starts = row.starts_unix_ms.map(utc);
        let cells = [
            row.number.to_string(),
            row.title.clone(),
            row.notes.clone().unwrap_or_default(),
            row.by.clone().unwrap_or_default(),
            if row.presents { "yes".to_owned() } else { String::new() },
            stage
                .and_then(|stage| stage.as_str().map(str::to_owned))
                .unwrap_or_default(),
            row.note.clone().unwrap_or_default(),
            starts.unwrap_or_default(),
            row.merged_into.map(|number| number.to_string()).unwrap_or_default(),
            row.votes.to_string(),
        ];
        text.push_str(&cells.map(|text| cell(&text)).join(","));
        text.push_str("\r\n");
    }
    Ok(download(&format!("{id}-ideas.csv"), "text/csv; charset=utf-8", text))
}

/// A time as RFC 3339 writes it; empty where it is none.
fn utc(unix_ms: u64) -> String {
    let seconds = i64::try_from(unix_ms / 1_000).unwrap_or(i64::MAX);
    let at = OffsetDateTime::from_unix_timestamp(seconds).ok();
    at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

async fn read(server: &Server, event: &str) -> Result<(EventId, Arc<Vec<IdeaRow>>), HttpRefusal> {
    let (handle, _) = public(server, event)?;
    let ask = async { handle.look(fiera_hub::Hub::idea_rows).await.map(Arc::new) };
    let ideas = server.ideas.of(handle.id.clone(), BOARD_FRESH, ask).await;
    let ideas = ideas.ok_or_else(|| Refusal::unavailable().http())?;
    Ok((handle.id, ideas))
}
