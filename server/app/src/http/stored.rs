// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `GET /api/v1/events/{event}/stored`: what this server keeps as it runs now, thing by thing, and what it knows of who
//! asks. Each time comes from the limit that is in force, so that the page cannot promise what the code does not do.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use fiera_protocol::ids::{DisplayName, EventId, Role, RoomId};
use fiera_protocol::limits::{PLACE_GRACE_MS, RESUME_TOKEN_TTL_MS};
use serde::Serialize;
use utoipa::ToSchema;

use super::NO_STORE;
use super::api::find;
use crate::identity;
use crate::limits::SESSION_TTL;
use crate::rate::SignIns;
use crate::refusal::{HttpRefusal, Refusal};
use crate::state::Server;

pub(super) fn routes() -> Router<Server> {
    Router::new().route("/api/v1/events/{event}/stored", get(stored))
}

/// What is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Stored {
    #[schema(value_type = String)]
    event: EventId,
    /// Thing by thing.
    items: Vec<Item>,
    /// What is known of who asks; none: nobody is known by this cookie.
    you: Option<You>,
}

/// One thing.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(super) struct Item {
    /// Stable name.
    what: &'static str,
    /// `memory`, `disk` or `browser`.
    r#where: &'static str,
    /// Stable name of the end.
    until: &'static str,
    /// So many milliseconds, where the end is one of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    until_ms: Option<u64>,
    /// Who sees it: `nobody`, `you`, `moderators`, `organisers` or `everybody`.
    seen_by: &'static str,
    /// What it can be led back to by whoever sees it or operates the server: `nobody`, `name` (as shown) or
    /// `participant` (a random id).
    leads_to: &'static str,
}

/// What is known of who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct You {
    #[schema(value_type = String)]
    name: DisplayName,
    #[schema(value_type = String)]
    role: Role,
    /// Tabs and devices.
    connections: u32,
    #[schema(value_type = Option<String>)]
    room: Option<RoomId>,
    /// A hand of theirs is up.
    hand: bool,
    silenced: bool,
    banned: bool,
    /// A ballot of theirs lies in an open poll.
    has_open_ballot: bool,
    /// They support questions.
    has_upvotes: bool,
    /// They keep a stand, or opened one.
    keeps_stand: bool,
    /// They would reuse what a stand shows.
    has_reuses: bool,
    /// They support ideas for the programme.
    has_idea_votes: bool,
    /// Thanks for them.
    thanks: usize,
    /// A line of theirs stands under their name on the stage.
    has_title: bool,
}

const fn item(
    what: &'static str,
    (r#where, until): (&'static str, &'static str),
    (seen_by, leads_to): (&'static str, &'static str),
) -> Item {
    Item {
        what,
        r#where,
        until,
        until_ms: None,
        seen_by,
        leads_to,
    }
}

const fn timed(item: Item, ms: u64) -> Item {
    Item {
        until_ms: Some(ms),
        ..item
    }
}

fn items(keeps_captions: bool) -> Vec<Item> {
    let cookie_ms = u64::try_from(SESSION_TTL.as_millis()).unwrap_or(u64::MAX);
    let (memory, disk) = ("memory", "disk");
    vec![
        timed(
            item("presence", (memory, "place_grace"), ("everybody", "participant")),
            PLACE_GRACE_MS,
        ),
        timed(
            item("name", (memory, "place_grace"), ("everybody", "participant")),
            PLACE_GRACE_MS,
        ),
        item("address", (memory, "connection"), ("nobody", "participant")),
        timed(
            item("failed_sign_in", (memory, "sign_in"), ("nobody", "nobody")),
            u64::try_from(SignIns::known_for().as_millis()).unwrap_or(u64::MAX),
        ),
        item("media", (memory, "at_once"), ("everybody", "participant")),
        item("path", (memory, "connection"), ("nobody", "participant")),
        item("reaction", (memory, "at_once"), ("everybody", "nobody")),
        item("title", (disk, "event_ends"), ("everybody", "participant")),
        item("hand", (disk, "hand_down"), ("moderators", "participant")),
        item("question", (disk, "erased"), ("everybody", "name")),
        item("upvote", (disk, "event_ends"), ("nobody", "participant")),
        item("assigned", (disk, "event_ends"), ("everybody", "participant")),
        item("vote", (disk, "poll_closes"), ("nobody", "participant")),
        item("chat", (disk, "erased"), ("everybody", "participant")),
        item("backstage_chat", (disk, "erased"), ("moderators", "participant")),
        item("restriction", (disk, "event_ends"), ("moderators", "participant")),
        item("placement", (disk, "round_ends"), ("moderators", "participant")),
        item("card", (disk, "erased"), ("everybody", "name")),
        item("card_vote", (disk, "round_ends"), ("nobody", "participant")),
        item("stand", (disk, "erased"), ("everybody", "name")),
        item("stand_keeper", (disk, "event_ends"), ("you", "participant")),
        item("stand_message", (disk, "erased"), ("keepers", "name")),
        item("reuse", (disk, "event_ends"), ("nobody", "participant")),
        item("adopter", (disk, "erased"), ("everybody", "nobody")),
        item("idea", (disk, "erased"), ("everybody", "name")),
        item("idea_vote", (disk, "event_ends"), ("nobody", "participant")),
        item("thanks", (disk, "event_ends"), ("you", "participant")),
        item("thanks_shown", (disk, "erased"), ("everybody", "name")),
        item("programme", (disk, "kept"), ("everybody", "name")),
        item("own_agenda", ("browser", "browser"), ("you", "nobody")),
        item("commands", (disk, "event_ends"), ("nobody", "nobody")),
        if keeps_captions {
            item("captions", (disk, "erased"), ("everybody", "nobody"))
        } else {
            item("captions", (memory, "event_ends"), ("everybody", "nobody"))
        },
        item("announcement", (disk, "kept"), ("everybody", "nobody")),
        item("recap", (disk, "kept"), ("everybody", "name")),
        item("attendance", (disk, "kept"), ("organisers", "nobody")),
        timed(
            item("token", ("browser", "connection"), ("you", "participant")),
            RESUME_TOKEN_TTL_MS,
        ),
        timed(
            item("cookie", ("browser", "browser"), ("you", "participant")),
            cookie_ms,
        ),
        item("browser", ("browser", "browser"), ("you", "name")),
    ]
}

/// What this server keeps, and what it knows of who asks.
#[utoipa::path(
    get, path = "/api/v1/events/{event}/stored", tag = "events", operation_id = "stored",
    params(("event" = String, Path, description = "Short name of the event")),
    responses(
        (status = 200, body = Stored),
        (status = 404, description = "No such event", body = super::api::Problem),
        (status = 503, description = "Not possible now", body = super::api::Problem),
    )
)]
pub(super) async fn stored(
    State(server): State<Server>,
    Path(event): Path<String>,
    headers: HeaderMap,
) -> Result<Response, HttpRefusal> {
    let handle = find(&server, &event)?;
    let you = match identity::from_cookie(&server.services.keys, &headers, &handle.id) {
        None => None,
        Some(identity) => {
            let participant = identity.participant;
            let about = handle.look(move |hub| hub.stored_about(participant)).await;
            let about = about.ok_or_else(|| Refusal::unavailable().http())?;
            Some(You {
                name: about.name.unwrap_or(identity.name),
                role: about.role.unwrap_or(identity.role),
                connections: about.connections,
                room: about.room,
                hand: !about.hands.is_empty(),
                silenced: about.silenced,
                banned: about.banned,
                has_open_ballot: about.has_open_ballot,
                has_upvotes: about.has_upvotes,
                keeps_stand: about.keeps_stand,
                has_reuses: about.has_reuses,
                has_idea_votes: about.has_idea_votes,
                thanks: about.thanks,
                has_title: about.has_title,
            })
        }
    };
    let summary = handle.summary();
    let stored = Stored {
        event: handle.id,
        items: items(summary.keeps_captions),
        you,
    };
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Json(stored)).into_response())
}
