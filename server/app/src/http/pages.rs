// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The web client, out of the binary: one page for every address of an event, and its files.

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use memory_serve::{CacheControl, MemoryServe};

use crate::state::Server;

const INDEX: &str = "/index.html";
/// Addresses of the web client; it finds out by itself which page it is.
const PAGES: [&str; 5] = [
    "/e/{event}",
    "/e/{event}/dashboard",
    "/e/{event}/projector",
    "/e/{event}/report",
    "/e/{event}/privacy",
];

pub(super) fn routes() -> Router<Server> {
    let mut files = assets().index_file(None).html_cache_control(CacheControl::NoCache);
    files = files.cache_control(CacheControl::Short);
    for page in PAGES {
        files = files.add_alias(page, INDEX);
    }
    files.into_router().route("/", get(home))
}

fn assets() -> MemoryServe {
    memory_serve::load!()
}

/// The only event, or a list to choose from.
async fn home(State(server): State<Server>) -> Response {
    let events = server.events.all();
    if let [event] = events.as_slice() {
        return Redirect::to(&format!("/e/{}", event.id)).into_response();
    }
    let item = |event: &crate::event::EventHandle| {
        format!(
            "<li><a href=\"/e/{}\">{}</a></li>",
            event.id,
            escape(&event.summary().title)
        )
    };
    let list: String = events.iter().map(item).collect();
    let list = if list.is_empty() {
        "<li>No event is set up here yet.</li>".to_owned()
    } else {
        list
    };
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Fiera</title></head>\
         <body><main><h1>Events</h1><ul>{list}</ul></main></body></html>"
    );
    ([(header::CACHE_CONTROL, "no-cache")], Html(page)).into_response()
}

fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
        out
    })
}
