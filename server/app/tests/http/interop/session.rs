// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! WHIP and WHEP sessions of a test's server, and its numbers.

use std::time::Duration;

use fiera_protocol::ids::Role;

use crate::site::Site;

/// How long numbers may take to become true.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at them.
const LOOK: Duration = Duration::from_millis(20);

impl Site {
    /// Posts an offer; returns the answer and the address of the session.
    pub async fn negotiate(&self, path: &str, role: Role, offer: &str) -> (String, String) {
        let bearer = format!("Bearer {}", self.token(role));
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/sdp")];
        let made = self.ask("POST", path, &headers, offer).await;
        assert_eq!(made.status, 201, "{}\n{offer}", made.body);
        let session = made.header("location").to_owned();
        (made.body, session)
    }

    pub async fn end_session(&self, session: &str) {
        assert_eq!(self.ask("DELETE", session, &[], "").await.status, 200);
    }

    /// One line of `/metrics`; 0 when it is not there.
    pub async fn number(&self, line: &str) -> f64 {
        let numbers = self.get("/metrics").await.body;
        let value = numbers
            .lines()
            .find_map(|known| known.strip_prefix(line)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or(0.0)
    }

    /// Waits until a line of `/metrics` fits.
    pub async fn until_number(&self, line: &str, fits: impl Fn(f64) -> bool) {
        let look = async {
            let mut ticks = tokio::time::interval(LOOK);
            while !fits(self.number(line).await) {
                ticks.tick().await;
            }
        };
        if tokio::time::timeout(PATIENCE, look).await.is_err() {
            panic!("{line} stays {}", self.number(line).await);
        }
    }
}
