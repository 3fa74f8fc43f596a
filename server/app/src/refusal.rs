// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A refusal on its way to a person: code, sentence, and over HTTP a status. Built in one shape everywhere.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fiera_protocol::limits::FLOOD_AWAY_MS;
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;

use crate::rate::Wait;

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: RefusalCode,
    pub(crate) sentence: String,
    /// Milliseconds after which it may be tried again, where that is known.
    pub(crate) after_ms: Option<u32>,
}

impl Refusal {
    pub(crate) fn new(code: RefusalCode, sentence: impl Into<String>) -> Self {
        Self {
            code,
            sentence: sentence.into(),
            after_ms: None,
        }
    }

    /// What comes faster than one of the limits allows, with the time from which on it is taken.
    pub(crate) fn too_fast(Wait { limit, after }: Wait) -> Self {
        // Rounded up: who comes back at that very moment is taken.
        let after_ms = u32::try_from(after.as_micros().div_ceil(1_000))
            .unwrap_or(u32::MAX)
            .max(1);
        let sentence = format!(
            "{} faster than allowed. Try again in {} s.",
            limit.what(),
            after_ms.div_ceil(1_000)
        );
        Self {
            after_ms: Some(after_ms),
            ..Self::new(RefusalCode::TooFast, sentence)
        }
    }

    /// The event has not begun for this person, or is over.
    pub(crate) fn event_closed() -> Self {
        Self::new(RefusalCode::EventClosed, "The event is not open at present.")
    }

    /// The last word to a flood.
    pub(crate) fn flooded() -> Self {
        let sentence = format!(
            "Far too many messages came from here, so the connection ends. Come back in {} s.",
            FLOOD_AWAY_MS / 1_000
        );
        Self {
            after_ms: u32::try_from(FLOOD_AWAY_MS).ok(),
            ..Self::new(RefusalCode::TooFast, sentence)
        }
    }

    pub(crate) fn unavailable() -> Self {
        Self::new(
            RefusalCode::Unavailable,
            "The server cannot do this now. Nothing was lost; try again in a moment.",
        )
    }

    pub(crate) fn too_many_sign_ins() -> Self {
        Self::new(
            RefusalCode::TooFast,
            "Too many links or tokens from your network were wrong. Wait a minute and use the link of your invitation.",
        )
    }

    pub(crate) fn too_many_guests() -> Self {
        Self::new(
            RefusalCode::TooFast,
            "Very many people of your network are coming in at this moment. Try again in a few seconds.",
        )
    }

    pub(crate) fn no_such_event() -> Self {
        Self::new(
            RefusalCode::UnknownEvent,
            "There is no such event here. Check the address of the link.",
        )
    }

    pub(crate) fn no_such_room() -> Self {
        Self::new(
            RefusalCode::UnknownRoom,
            "There is no such room in this event. Check the address.",
        )
    }

    /// The message that answers something that was no command.
    pub(crate) fn message(&self) -> ServerMessage {
        ServerMessage::Refused {
            id: None,
            code: self.code,
            sentence: self.sentence.clone(),
            after_ms: self.after_ms,
        }
    }

    /// As an HTTP answer with the status that fits the code.
    pub(crate) fn http(self) -> HttpRefusal {
        let status = match self.code {
            RefusalCode::Malformed
            | RefusalCode::Name
            | RefusalCode::Text
            | RefusalCode::Filtered
            | RefusalCode::Version
            | RefusalCode::HelloExpected => StatusCode::BAD_REQUEST,
            RefusalCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            RefusalCode::TooFast | RefusalCode::SlowMode => StatusCode::TOO_MANY_REQUESTS,
            RefusalCode::Token | RefusalCode::Expired => StatusCode::UNAUTHORIZED,
            RefusalCode::UnknownEvent
            | RefusalCode::UnknownRoom
            | RefusalCode::UnknownParticipant
            | RefusalCode::UnknownItem => StatusCode::NOT_FOUND,
            RefusalCode::NotAllowed
            | RefusalCode::EventClosed
            | RefusalCode::Closed
            | RefusalCode::Silenced
            | RefusalCode::Banned => StatusCode::FORBIDDEN,
            RefusalCode::NotInRoom | RefusalCode::WrongState | RefusalCode::TooMany => StatusCode::CONFLICT,
            RefusalCode::Sdp => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalCode::RoomFull
            | RefusalCode::TooManyConnections
            | RefusalCode::ReadOnly
            | RefusalCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        HttpRefusal { status, refusal: self }
    }

    /// As an HTTP answer with this status.
    pub(crate) fn http_as(self, status: StatusCode) -> HttpRefusal {
        HttpRefusal { status, refusal: self }
    }
}

impl From<fiera_hub::Refusal> for Refusal {
    fn from(refusal: fiera_hub::Refusal) -> Self {
        Self::new(refusal.code, refusal.sentence)
    }
}

/// A refusal with its HTTP status.
#[derive(Debug, Clone)]
pub(crate) struct HttpRefusal {
    pub(crate) status: StatusCode,
    pub(crate) refusal: Refusal,
}

impl IntoResponse for HttpRefusal {
    fn into_response(self) -> Response {
        let body = Json(serde_json::json!({ "code": self.refusal.code, "sentence": self.refusal.sentence }));
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = r#"Bearer realm="fiera", error="invalid_token""#;
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(after_ms) = self.refusal.after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after_ms.div_ceil(1_000)));
        } else if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(Refused(self.refusal.code));
        response
    }
}

/// Marks a response as a refusal, for the counter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused(pub(crate) RefusalCode);

/// The code as it stands on the wire, for counters.
pub(crate) fn code_name(code: RefusalCode) -> String {
    serde_json::to_value(code)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default()
}
