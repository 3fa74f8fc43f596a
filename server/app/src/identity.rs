// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who a request or socket is: participant, role, name, until when; and the cookie that keeps it.
//! A participant is a random number of one event; nothing links it to a person or another event.

use axum::http::{HeaderMap, Uri, header};
use axum_extra::extract::cookie::{Cookie, PrivateCookieJar, SameSite};
use fiera_protocol::ids::{DisplayName, EventId, ParticipantId, Role};
use serde::{Deserialize, Serialize};

use crate::keys::Keys;
use crate::limits::SESSION_TTL;
use crate::token::{Grant, unix_s};

/// A participant of one event, proven by token, cookie or resume token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    pub(crate) participant: ParticipantId,
    pub(crate) role: Role,
    pub(crate) name: DisplayName,
    pub(crate) expires_unix_s: u64,
}

impl Identity {
    /// Somebody new without a token.
    pub(crate) fn guest(name: Option<DisplayName>) -> Self {
        let participant = ParticipantId(uuid::Uuid::new_v4());
        let expires_unix_s = unix_s() + SESSION_TTL.as_secs();
        Self {
            participant,
            role: Role::Attendee,
            name: name.unwrap_or_else(|| alias(participant)),
            expires_unix_s,
        }
    }

    /// Somebody new with a token.
    pub(crate) fn of_grant(grant: Grant, name: Option<DisplayName>) -> Self {
        let participant = ParticipantId(uuid::Uuid::new_v4());
        let name = name.or(grant.name).unwrap_or_else(|| alias(participant));
        Self {
            participant,
            role: grant.role,
            name,
            expires_unix_s: grant.expires_unix_s,
        }
    }

    /// Whether its time is over.
    pub(crate) fn is_expired(&self) -> bool {
        self.expires_unix_s <= unix_s()
    }
}

/// A name for somebody who gave none.
fn alias(participant: ParticipantId) -> DisplayName {
    let number = participant.0.as_u128() % 9_000 + 1_000;
    let plain = || DisplayName::try_from("Guest".to_owned());
    match DisplayName::try_from(format!("Guest {number}")).or_else(|_| plain()) {
        Ok(name) => name,
        Err(_) => unreachable!("a plain word is a name"),
    }
}

fn cookie_name(event: &EventId) -> String {
    format!("fiera_{event}")
}

/// Reads the session cookie of an event; none where it is missing, broken or over.
pub(crate) fn from_cookie(keys: &Keys, headers: &HeaderMap, event: &EventId) -> Option<Identity> {
    let jar = PrivateCookieJar::from_headers(headers, keys.cookie.clone());
    let cookie = jar.get(&cookie_name(event))?;
    let identity: Identity = serde_json::from_str(cookie.value()).ok()?;
    (!identity.is_expired()).then_some(identity)
}

/// A jar with the session cookie of an event, to be part of the answer.
pub(crate) fn to_cookie(
    keys: &Keys,
    headers: &HeaderMap,
    event: &EventId,
    identity: &Identity,
    secure: bool,
) -> PrivateCookieJar {
    let value = serde_json::to_string(identity).unwrap_or_default();
    let left_s = identity.expires_unix_s.saturating_sub(unix_s());
    let mut cookie = Cookie::new(cookie_name(event), value);
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_path("/");
    cookie.set_secure(secure);
    let age = std::time::Duration::from_secs(left_s).try_into().ok();
    if let Some(age) = age {
        cookie.set_max_age(Some(age));
    }
    PrivateCookieJar::from_headers(headers, keys.cookie.clone()).add(cookie)
}

/// Whether the page that opened the socket came from this server (RFC 6455, section 10.2).
pub(crate) fn same_origin(headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).or_else(|| uri.authority().map(|authority| authority.as_str()));
    let origin = text(header::ORIGIN).and_then(|origin| origin.parse::<Uri>().ok());
    let origin = origin.as_ref().and_then(|origin| origin.authority());
    matches!((host, origin), (Some(host), Some(origin)) if origin.as_str().eq_ignore_ascii_case(host))
}
