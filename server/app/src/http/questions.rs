// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Questions over HTTP: all of an event as a table or as data, for organisers; and those that are like one that is being
//! written, for whoever is in the event. Comparing is done beside the event's task, which is asked at most once per
//! [`SIMILAR_FRESH`] for each room.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use fiera_hub::{QuestionRow, formula_guard};
use fiera_protocol::ids::{EventId, ParticipantId, Role, RoomId};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::text::QuestionText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::NO_STORE;
use super::api::{body_refusal, find};
use super::auth::{self, Address};
use super::fresh::Fresh;
use super::recaps::download;
use crate::event::EventHandle;
use crate::identity;
use crate::limits::{JSON_BODY_BYTES_MAX, SIMILAR_FRESH};
use crate::rate::{self, Limit};
use crate::refusal::{HttpRefusal, Refusal};
use crate::similar::{Index, Similar};
use crate::state::Server;

/// The open questions of each room, ready to be compared.
pub(crate) type Indexes = Fresh<(EventId, RoomId), Arc<Index>>;

pub(super) fn routes() -> Router<Server> {
    Router::new()
        .route("/api/v1/events/{event}/questions.json", get(questions_json))
        .route("/api/v1/events/{event}/questions.csv", get(questions_csv))
        .route(
            "/api/v1/events/{event}/similar",
            post(similar).layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX)),
        )
}

/// All questions as data.
#[utoipa::path(
    get, path = "/api/v1/events/{event}/questions.json", tag = "events", operation_id = "questions",
    params(("event" = String, Path, description = "Short name of the event")),
    responses(
        (status = 200, description = "All questions that were not erased, whatever became of them; no ids, times to the minute", body = Object),
        (status = 401, description = "Neither cookie nor token", body = super::api::Problem),
        (status = 403, description = "For organisers alone", body = super::api::Problem),
        (status = 404, description = "No such event", body = super::api::Problem),
    ),
    security(("bearer" = []))
)]
pub(super) async fn questions_json(
    State(server): State<Server>,
    Path(event): Path<String>,
    address: Address,
    headers: HeaderMap,
) -> Result<Response, HttpRefusal> {
    let (event, rows) = read(&server, &event, &address, &headers).await?;
    let file = format!("attachment; filename=\"{event}-questions.json\"");
    let headers = [
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_DISPOSITION, file),
    ];
    Ok((headers, Json(rows)).into_response())
}

/// All questions as a table.
#[utoipa::path(
    get, path = "/api/v1/events/{event}/questions.csv", tag = "events", operation_id = "questionsTable",
    params(("event" = String, Path, description = "Short name of the event")),
    responses(
        (status = 200, description = "The same as CSV (RFC 4180); no cell is a formula", body = String, content_type = "text/csv"),
        (status = 401, description = "Neither cookie nor token", body = super::api::Problem),
        (status = 403, description = "For organisers alone", body = super::api::Problem),
        (status = 404, description = "No such event", body = super::api::Problem),
    ),
    security(("bearer" = []))
)]
pub(super) async fn questions_csv(
    State(server): State<Server>,
    Path(event): Path<String>,
    address: Address,
    headers: HeaderMap,
) -> Result<Response, HttpRefusal> {
    let (event, rows) = read(&server, &event, &address, &headers).await?;
    let name = format!("{event}-questions.csv");
    Ok(download(&name, "text/csv; charset=utf-8", table(&rows)))
}

async fn read(
    server: &Server,
    event: &str,
    address: &Address,
    headers: &HeaderMap,
) -> Result<(EventId, Vec<QuestionRow>), HttpRefusal> {
    let handle = find(server, event)?;
    let role = auth::reader(server, address, headers, &handle.id).map_err(Refusal::http)?;
    if role != Role::Organiser {
        let sentence = "The list of all questions is for organisers. The report has those that everybody may read.";
        return Err(Refusal::new(RefusalCode::NotAllowed, sentence).http());
    }
    let rows = handle.look(fiera_hub::Hub::question_rows).await;
    Ok((handle.id.clone(), rows.ok_or_else(|| Refusal::unavailable().http())?))
}

/// The table: UTF-8 with a mark for spreadsheets, one question a line (RFC 4180).
fn table(rows: &[QuestionRow]) -> String {
    let mut text = String::from(
        "\u{FEFF}room,number,question,asked_by,stage,votes,merged_into,labels,assigned_to,note,due,answer,edited,archived,from_chat,at_utc,room_title\r\n",
    );
    let yes = |is: bool| if is { "yes" } else { "" }.to_owned();
    for row in rows {
        let cells = [
            row.room.to_string(),
            row.number.to_string(),
            row.text.clone(),
            row.by.clone().unwrap_or_default(),
            row.stage.clone(),
            row.upvotes.to_string(),
            row.merged_into.map(|number| number.to_string()).unwrap_or_default(),
            row.labels.join("; "),
            row.assigned.clone().unwrap_or_default(),
            row.note.clone().unwrap_or_default(),
            row.due.clone().unwrap_or_default(),
            row.answer.clone().unwrap_or_default(),
            yes(row.edited),
            yes(row.archived),
            yes(row.from_chat),
            row.at_utc.clone(),
            row.room_title.clone(),
        ];
        text.push_str(&cells.map(|text| cell(&text)).join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell that stays text: what a spreadsheet would take for a formula has an apostrophe before it (OWASP, CSV injection).
pub(super) fn cell(text: &str) -> String {
    let plain = format!("{}{text}", formula_guard(text));
    if plain.contains(['"', ',', ';', '\n', '\r', '\'']) {
        format!("\"{}\"", plain.replace('"', "\"\""))
    } else {
        plain
    }
}

/// What is being written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    /// The room it would be asked in.
    #[schema(value_type = String)]
    room: RoomId,
    /// The words so far.
    #[schema(value_type = String)]
    text: QuestionText,
}

/// Questions that are like it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Likes {
    /// At most three, the most alike first.
    #[schema(value_type = Vec<Object>)]
    questions: Vec<Similar>,
}

/// Open questions of a room that are like one that is being written.
#[utoipa::path(
    post, path = "/api/v1/events/{event}/similar", tag = "events", operation_id = "similar",
    params(("event" = String, Path, description = "Short name of the event")),
    request_body = Draft,
    responses(
        (status = 200, description = "Published questions that are like it; the words are not kept", body = Likes),
        (status = 400, description = "Not of the expected shape", body = super::api::Problem),
        (status = 401, description = "No cookie of the event", body = super::api::Problem),
        (status = 403, description = "Not connected to the event", body = super::api::Problem),
        (status = 404, description = "No such event or room", body = super::api::Problem),
        (status = 429, description = "Too fast: it counts with the messages of the same participant", body = super::api::Problem),
    )
)]
pub(super) async fn similar(
    State(server): State<Server>,
    Path(event): Path<String>,
    headers: HeaderMap,
    draft: Result<Json<Draft>, JsonRejection>,
) -> Result<Response, HttpRefusal> {
    let handle = find(&server, &event)?;
    let identity = identity::from_cookie(&server.services.keys, &headers, &handle.id);
    let identity = identity.ok_or_else(|| {
        let sentence = "This is for those who are in the event. Join it first.";
        Refusal::new(RefusalCode::Token, sentence).http()
    })?;
    let allowance = server.people.known(&handle.id, identity.participant).ok_or_else(|| {
        let sentence = "This is for those who are connected to the event. Join it first.";
        Refusal::new(RefusalCode::NotAllowed, sentence).http()
    })?;
    rate::take(&allowance, Some(Limit::Looks), Instant::now()).map_err(|wait| {
        server.services.metrics.limited(wait.limit);
        Refusal::too_fast(wait).http()
    })?;
    let Json(Draft { room, text }) = draft.map_err(body_refusal)?;
    let listed = handle.summary().rooms.contains(&room);
    if !listed && !is_in(&handle, identity.participant, &room).await {
        return Err(Refusal::no_such_room().http());
    }
    let index = server
        .indexes
        .of((handle.id.clone(), room.clone()), SIMILAR_FRESH, index(&handle, room))
        .await
        .ok_or_else(|| Refusal::unavailable().http())?;
    let questions = index.like(text.as_str());
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Json(Likes { questions })).into_response())
}

/// Whether somebody is in a room that is in no list, such as that of a stand: what is asked there is for those who are there.
async fn is_in(event: &EventHandle, participant: ParticipantId, room: &RoomId) -> bool {
    let stands = move |hub: &fiera_hub::Hub| hub.standing(participant).and_then(|standing| standing.room.clone());
    event.look(stands).await.flatten().as_ref() == Some(room)
}

async fn index(event: &EventHandle, room: RoomId) -> Option<Arc<Index>> {
    let questions = event.look(move |hub| hub.open_questions(&room)).await?;
    tokio::task::spawn_blocking(move || Arc::new(Index::new(questions)))
        .await
        .ok()
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula_and_none_spills_into_the_next() {
        assert_eq!(cell("Why?"), "Why?");
        assert_eq!(cell("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(cell("two\nlines"), "\"two\nlines\"");
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "=HYPERLINK(\"http://x\")", "＝1"] {
            let cell = cell(formula);
            assert!(cell.starts_with("\"'"), "{cell}");
        }
    }
}
