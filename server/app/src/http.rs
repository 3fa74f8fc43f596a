// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Everything over HTTP: pages, API, WHIP, WHEP, numbers, health. Each module answers its own routes.

mod api;
mod auth;
mod boards;
mod captions;
mod connectivity;
mod fresh;
mod ops;
mod pages;
mod programme;
mod questions;
mod recaps;
mod resources;
mod security;
mod stands;
mod stored;
mod whep;
mod whip;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fiera_protocol::refusal::RefusalCode;

use crate::connection;
use crate::refusal::Refusal;
use crate::state::Server;

pub(crate) use boards::Boards;
pub(crate) use programme::Ideas;
pub(crate) use questions::Indexes;
pub(crate) use recaps::Recaps;
pub(crate) use stands::StandLists;

/// All routes.
pub(crate) fn router(server: Server) -> Router {
    Router::new()
        .route("/ws", get(connection::upgrade))
        .merge(api::routes())
        .merge(boards::routes())
        .merge(captions::routes())
        .merge(connectivity::routes())
        .merge(programme::routes())
        .merge(questions::routes())
        .merge(recaps::routes())
        .merge(stands::routes())
        .merge(stored::routes())
        .merge(ops::routes())
        .merge(whip::routes())
        .merge(whep::routes())
        .merge(pages::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(axum::middleware::from_fn_with_state(server.clone(), security::headers))
        .with_state(server)
}

/// 404: a page for people who mistyped an address, JSON for programs.
async fn not_found(headers: HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if accepts.is_some_and(|accept| accept.contains("text/html")) {
        return pages::not_found();
    }
    let refusal = Refusal::new(RefusalCode::Malformed, "There is nothing at this address. Check it.");
    refusal.http_as(StatusCode::NOT_FOUND).into_response()
}

/// 405; the router adds `Allow`.
async fn method_not_allowed() -> Response {
    let refusal = Refusal::new(RefusalCode::Malformed, "This address does not take that method.");
    refusal.http_as(StatusCode::METHOD_NOT_ALLOWED).into_response()
}

/// `no-store`, for what must not be kept.
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
