// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The web client, out of the binary: one page for every address of an event, and its files.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use fiera_protocol::view::EventPhase;
use memory_serve::{CacheControl, MemoryServe};

use crate::state::Server;

const INDEX: &str = "/index.html";
/// Addresses of the web client; it finds out by itself which page it is.
const PAGES: [&str; 7] = [
    "/e/{event}",
    "/e/{event}/dashboard",
    "/e/{event}/projector",
    "/e/{event}/report",
    "/e/{event}/privacy",
    "/e/{event}/agenda",
    "/e/{event}/ideas",
];

pub(super) fn routes() -> Router<Server> {
    let mut files = assets().index_file(None).html_cache_control(CacheControl::NoCache);
    files = files.cache_control(CacheControl::Short);
    for page in PAGES {
        files = files.add_alias(page, INDEX);
    }
    files.into_router().route("/", get(home)).route("/home.css", get(style))
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
    let list: String = events.iter().map(item).collect();
    let page = include_str!("home.html").replace("<!-- events -->", &list);
    ([(header::CACHE_CONTROL, "no-cache")], Html(page)).into_response()
}

/// A page that says in both languages that there is nothing here, and leads to where something is.
pub(super) fn not_found() -> Response {
    let page = Html(include_str!("not_found.html"));
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")], page).into_response()
}

/// `GET /home.css`: no style is written into the page itself, the content policy forbids it.
async fn style() -> Response {
    let kind = (header::CONTENT_TYPE, "text/css; charset=utf-8");
    ([kind, (header::CACHE_CONTROL, "no-cache")], include_str!("home.css")).into_response()
}

fn item(event: &crate::event::EventHandle) -> String {
    let summary = event.summary();
    let (it, en) = (summary.titles.it.as_deref(), summary.titles.en.as_deref());
    let title = |of: Option<&str>| escape(of.or(it).or(en).unwrap_or(&summary.title));
    let (phase_it, phase_en) = match summary.phase {
        EventPhase::Draft => return String::new(),
        EventPhase::Open => ("aperto", "open"),
        EventPhase::Live => ("in corso", "live"),
        EventPhase::Ended => ("concluso", "over"),
    };
    format!(
        "<li><a href=\"/e/{}\"><span lang=\"it\">{}</span><span lang=\"en\">{}</span></a>\
         <small><span lang=\"it\">{phase_it}</span> · <span lang=\"en\">{phase_en}</span></small></li>",
        event.id,
        title(it),
        title(en)
    )
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
