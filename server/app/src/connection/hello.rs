// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The first message of a socket: which event, and who. Cookie, token and resume token in one place.

use std::net::IpAddr;
use std::time::Instant;

use axum::http::HeaderMap;
use fiera_protocol::PROTOCOL_VERSION;
use fiera_protocol::client::ClientMessage;
use fiera_protocol::codec::parse_client;
use fiera_protocol::ids::{DisplayName, EventId};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::resume::ResumePlace;

use super::socket::{Incoming, Socket};
use crate::event::EventHandle;
use crate::identity::{self, Identity};
use crate::keys::Keys;
use crate::limits::HELLO_WITHIN;
use crate::rate::Shared;
use crate::refusal::Refusal;
use crate::resume::{self, ResumeError, Sealed};
use crate::state::Server;
use crate::token::{self, TokenError, unix_ms};

/// What the upgrade request said.
pub(super) struct Caller {
    /// From where, as far as failed sign-ins are counted.
    pub(super) address: Option<IpAddr>,
    /// Its headers, where its cookies may be believed.
    pub(super) cookies: Option<HeaderMap>,
}

/// A valid hello.
pub(super) struct Hello {
    pub(super) event: EventHandle,
    pub(super) identity: Identity,
    pub(super) resume: Option<ResumePlace>,
    /// What this participant may send, shared by all their sockets.
    pub(super) allowance: Shared,
}

/// Waits for the hello and says who it is.
pub(super) async fn receive(server: &Server, caller: &Caller, socket: &mut Socket) -> Result<Hello, Refusal> {
    let expected = || {
        Refusal::new(
            RefusalCode::HelloExpected,
            "The first message on a socket must be hello, within 5 seconds.",
        )
    };
    let incoming = tokio::select! {
        incoming = tokio::time::timeout(HELLO_WITHIN, socket.receive()) => incoming.map_err(|_| expected())?,
        () = server.drained() => return Err(Refusal::unavailable()),
    };
    let text = match incoming {
        Incoming::Text(text) => text,
        Incoming::TooLarge => return Err(too_large()),
        Incoming::Binary | Incoming::Goodbye { .. } | Incoming::End | Incoming::Alive => return Err(expected()),
    };
    let message = parse_client(&text).map_err(|error| Refusal::new(error.code, error.sentence))?;
    let ClientMessage::Hello {
        version,
        event,
        token,
        resume,
        name,
    } = message
    else {
        return Err(expected());
    };
    if version != PROTOCOL_VERSION {
        let sentence = format!("This server speaks version {PROTOCOL_VERSION} of the protocol. Reload the page.");
        return Err(Refusal::new(RefusalCode::Version, sentence));
    }
    let handle = server.event(&event)?;
    if handle.summary().read_only {
        return Err(Refusal::unavailable());
    }
    let keys = &server.services.keys;
    let cookie = caller
        .cookies
        .as_ref()
        .and_then(|headers| identity::from_cookie(keys, headers, &event));
    let decided = decide(keys, &event, cookie, token.as_deref(), resume.as_deref(), name);
    // Who shows who they are comes in, however often others of the same network were wrong.
    if decided
        .as_ref()
        .is_err_and(|refusal| refusal.code == RefusalCode::Token)
        && !server.sign_ins.may_fail(caller.address, Instant::now())
    {
        return Err(Refusal::too_many_sign_ins());
    }
    let (identity, resume) = decided?;
    let allowance = server
        .people
        .hello(&event, identity.participant, Instant::now())
        .map_err(|wait| {
            server.services.metrics.limited(wait.limit);
            Refusal::too_fast(wait)
        })?;
    Ok(Hello {
        event: handle,
        identity,
        resume,
        allowance,
    })
}

/// Who it is: a resume token keeps the participant, a token says the role, a cookie both.
fn decide(
    keys: &Keys,
    event: &EventId,
    cookie: Option<Identity>,
    token: Option<&str>,
    resume: Option<&str>,
    name: Option<DisplayName>,
) -> Result<(Identity, Option<ResumePlace>), Refusal> {
    let grant = token
        .map(|token| token::verify(keys, token, event))
        .transpose()
        .map_err(token_refusal);
    let resume = resume.map(|token| resume::unseal(keys, token, unix_ms()));
    let expired = matches!(resume, Some(Err(ResumeError::Expired)));
    if let Some(Ok(Sealed {
        place, mut identity, ..
    })) = resume
        && place.event == *event
        && cookie
            .as_ref()
            .is_none_or(|cookie| cookie.participant == identity.participant)
    {
        if let Ok(Some(grant)) = grant {
            (identity.role, identity.expires_unix_s) = (grant.role, grant.expires_unix_s);
        }
        identity.name = name.unwrap_or(identity.name);
        return Ok((identity, Some(place)));
    }
    match (grant?, cookie) {
        (Some(grant), Some(cookie)) => {
            let identity = Identity {
                participant: cookie.participant,
                ..Identity::of_grant(grant, name)
            };
            Ok((identity, None))
        }
        (Some(grant), None) => Ok((Identity::of_grant(grant, name), None)),
        (None, Some(cookie)) => Ok((
            Identity {
                name: name.unwrap_or(cookie.name.clone()),
                ..cookie
            },
            None,
        )),
        (None, None) if expired => Err(token_refusal(TokenError::Expired)),
        (None, None) => Err(token_refusal(TokenError::Invalid)),
    }
}

/// The refusal for a token.
pub(crate) fn token_refusal(error: TokenError) -> Refusal {
    let code = match error {
        TokenError::Expired => RefusalCode::Expired,
        TokenError::Invalid | TokenError::OtherEvent => RefusalCode::Token,
    };
    Refusal::new(code, error.to_string())
}

/// The refusal for a message that is too long to be read.
pub(super) fn too_large() -> Refusal {
    Refusal::new(
        RefusalCode::TooLarge,
        "The message is longer than this server reads; send less at once.",
    )
}
