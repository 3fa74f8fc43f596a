// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Headers on every answer: nothing from other sites, nothing inside other sites, no cameras but ours.
//! Refusals are counted here, at the one place that every answer passes.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::refusal::{Refused, code_name};
use crate::state::Server;

const FIXED: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(self), microphone=(self), display-capture=(self), geolocation=()"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Adds the headers.
pub(super) async fn headers(State(server): State<Server>, request: Request, next: Next) -> Response {
    let policy = content_policy(request.headers().get(header::HOST));
    let hashed = request.uri().path().starts_with("/assets/");
    let mut response = next.run(request).await;
    if let Some(Refused(code)) = response.extensions().get() {
        server.services.metrics.refused(&code_name(*code));
    }
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let found = response.status().is_success();
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, value);
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    if hashed && found {
        // The web build puts a hash of the content into these names.
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        headers.insert(header::CACHE_CONTROL, forever);
    } else if is_page {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    if server.secure {
        let value = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

/// Ourselves only. Not every browser counts our WebSocket as `'self'`, so it is named.
fn content_policy(host: Option<&HeaderValue>) -> HeaderValue {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let host = host
        .and_then(|host| host.to_str().ok())
        .filter(|host| host.len() <= 255 && host.chars().all(is_plain));
    let sockets = host
        .map(|host| format!(" ws://{host} wss://{host}"))
        .unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
         connect-src 'self'{sockets}; media-src 'self' blob:; worker-src 'self' blob:; manifest-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

#[cfg(test)]
mod tests {
    use super::content_policy;
    use axum::http::HeaderValue;

    #[test]
    fn a_strange_host_does_not_get_into_the_policy() {
        let policy = |host: &str| content_policy(Some(&HeaderValue::from_str(host).unwrap()));
        assert!(
            policy("fair.example:8080")
                .to_str()
                .unwrap()
                .contains("wss://fair.example:8080;")
        );
        assert!(!policy("x; script-src *").to_str().unwrap().contains("*"));
    }
}
