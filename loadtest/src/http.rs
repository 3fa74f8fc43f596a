// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! WHIP (RFC 9725) and WHEP as an HTTP client sees them: POST an offer, DELETE the resource.

use anyhow::{Context, Result, bail};
use minreq::Method;

const TIMEOUT_S: u64 = 15;

/// The server, an event and a room of it.
#[derive(Debug, Clone)]
pub struct Target {
    /// `http://host:port`, without a path.
    pub server: String,
    /// Event.
    pub event: String,
    /// Room.
    pub room: String,
}

/// Percent-encodes all but the unreserved characters (RFC 3986 section 2.3).
fn percent(text: &str) -> String {
    let encode = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// What a POST made.
#[derive(Debug, Clone)]
pub struct Resource {
    /// The answer.
    pub sdp: String,
    /// Address to DELETE.
    pub location: Option<String>,
}

impl Target {
    /// Address of the WHIP endpoint; `name` is what others see.
    #[must_use]
    pub fn whip(&self, name: Option<&str>) -> String {
        let query = name.map_or(String::new(), |name| format!("?name={}", percent(name)));
        format!("{}/whip/{}/{}{query}", self.base(), self.event, self.room)
    }

    /// Address of the WHEP endpoint.
    #[must_use]
    pub fn whep(&self) -> String {
        format!("{}/whep/{}/{}", self.base(), self.event, self.room)
    }

    /// Address of the WebSocket.
    #[must_use]
    pub fn ws(&self) -> String {
        let base = self.base();
        let rest = base.strip_prefix("http").unwrap_or(base);
        format!("ws{rest}/ws")
    }

    /// Whether the server is reached over loopback.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.base().split("://").last().unwrap_or_default();
        host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]")
    }

    fn base(&self) -> &str {
        self.server.trim_end_matches('/')
    }

    /// Refuses addresses that this program has no way to speak.
    ///
    /// # Errors
    /// With a sentence for people.
    pub fn check(&self) -> Result<()> {
        if !self.server.starts_with("http://") {
            bail!("--server is {}: this program speaks plain http:// only", self.server);
        }
        Ok(())
    }

    fn absolute(&self, location: &str) -> String {
        if location.starts_with('/') {
            format!("{}{location}", self.base())
        } else {
            location.to_owned()
        }
    }

    /// Sends an offer and returns the answer.
    ///
    /// # Errors
    /// When the server is not there or refuses; the text holds its sentence.
    pub fn post(&self, url: &str, token: &str, offer: String) -> Result<Resource> {
        let mut request = minreq::post(url)
            .with_header("Content-Type", "application/sdp")
            .with_body(offer)
            .with_timeout(TIMEOUT_S);
        if !token.is_empty() {
            request = request.with_header("Authorization", format!("Bearer {token}"));
        }
        let response = request.send().with_context(|| format!("POST {url}"))?;
        let body = String::from_utf8_lossy(response.as_bytes()).into_owned();
        if response.status_code != 201 {
            bail!("POST {url}: HTTP {} {:.300}", response.status_code, body.trim());
        }
        let location = response.header("location").map(|l| self.absolute(l));
        Ok(Resource { sdp: body, location })
    }

    /// Ends a resource; one that is gone already (404: our goodbye came first) is fine.
    ///
    /// # Errors
    /// When the server is not there or refuses.
    pub fn delete(&self, url: &str, token: &str) -> Result<()> {
        let mut request = minreq::Request::new(Method::Delete, url).with_timeout(TIMEOUT_S);
        if !token.is_empty() {
            request = request.with_header("Authorization", format!("Bearer {token}"));
        }
        let response = request.send().with_context(|| format!("DELETE {url}"))?;
        if !(200..300).contains(&response.status_code) && response.status_code != 404 {
            bail!("DELETE {url}: HTTP {}", response.status_code);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_built_from_the_base() {
        let target = Target {
            server: "http://127.0.0.1:8080/".into(),
            event: "demo".into(),
            room: "main".into(),
        };
        assert_eq!(target.ws(), "ws://127.0.0.1:8080/ws");
        assert_eq!(target.absolute("/whep/1"), "http://127.0.0.1:8080/whep/1");
        assert_eq!(target.absolute("http://other/1"), "http://other/1");
        assert_eq!(
            target.whip(Some("Zoë 1")),
            "http://127.0.0.1:8080/whip/demo/main?name=Zo%C3%AB%201"
        );
        assert!(target.is_loopback());
        assert!(
            Target {
                server: "https://fair.example".into(),
                ..target
            }
            .check()
            .is_err()
        );
    }
}
