// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! For operators and orchestrators: numbers, whether the process lives, whether it takes people.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::NO_STORE;
use crate::refusal::Refusal;
use crate::state::Server;

pub(super) fn routes() -> Router<Server> {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(async || ([(header::CACHE_CONTROL, NO_STORE)], "alive\n")))
        .route("/readyz", get(ready))
}

async fn metrics(State(server): State<Server>) -> Response {
    let services = &server.services;
    services.metrics.erased_waits(services.store.erased_waits());
    match services.metrics.text() {
        Ok(text) => {
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            (
                [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")],
                text,
            )
                .into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the numbers cannot be written");
            Refusal::unavailable()
                .http_as(StatusCode::INTERNAL_SERVER_ERROR)
                .into_response()
        }
    }
}

async fn ready(State(server): State<Server>) -> Response {
    let no_store = [(header::CACHE_CONTROL, NO_STORE)];
    if server.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, no_store, "draining\n").into_response();
    }
    if !server.services.media.is_alive() {
        return (StatusCode::SERVICE_UNAVAILABLE, no_store, "the media plane has ended\n").into_response();
    }
    (no_store, "ready\n").into_response()
}
