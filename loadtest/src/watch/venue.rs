// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The seam between the work and the server it is done on: how a publisher and a viewer get in. Media is not its business,
//! so that two servers are measured by the same senders, receivers and accounts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, anyhow};
use async_trait::async_trait;

use super::signal::Signal;
use crate::http::{Resource, Target};
use crate::wire::sdp;

/// What a viewer says of itself; an owned [`sdp::Local`].
#[derive(Debug, Clone)]
pub struct Side {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub pwd: String,
    /// `AB:CD:...`, SHA-256.
    pub fingerprint: String,
    /// Our host candidate.
    pub address: SocketAddr,
}

impl Side {
    /// The same, borrowed.
    #[must_use]
    pub fn local(&self) -> sdp::Local<'_> {
        sdp::Local {
            ufrag: &self.ufrag,
            pwd: &self.pwd,
            fingerprint: &self.fingerprint,
            address: self.address,
        }
    }
}

/// A viewer's signalling session.
#[async_trait]
pub trait Session: Send {
    /// Keeps the session alive (pings, long polls). Cancelled at the end of the run.
    ///
    /// # Errors
    /// When the session is lost; it returns for no other reason.
    async fn hold(&mut self) -> Result<()>;

    /// Leaves properly.
    ///
    /// # Errors
    /// When the server does not take the goodbye.
    async fn leave(self: Box<Self>) -> Result<()>;
}

/// A viewer that is let in; media begins with its first check.
pub struct Watching {
    /// The server's description, offer or answer.
    pub remote: sdp::Remote,
    /// What holds the place.
    pub session: Box<dyn Session>,
}

/// A server as the load sees it.
#[async_trait]
pub trait Venue: Send + Sync {
    /// Whether the server's loopback candidate is the one to use.
    fn is_loopback(&self) -> bool;

    /// Whether the server is a full ICE agent, which checks us too; ICE-lite servers do not.
    fn is_full_agent(&self) -> bool {
        false
    }

    /// The server's HTTP address, from which the route to it is found.
    fn server(&self) -> &str;

    /// Publishes in a room: our offer for their answer. Blocks.
    ///
    /// # Errors
    /// When the server is not there or refuses.
    fn publish(&self, room: &str, name: Option<&str>, offer: String) -> Result<Resource>;

    /// Ends what `publish` began. Blocks.
    ///
    /// # Errors
    /// When the server is not there or refuses.
    fn unpublish(&self, resource: &Resource) -> Result<()>;

    /// Lets a viewer in, who takes up to `video_slots` pictures.
    ///
    /// # Errors
    /// When the server is not there or refuses.
    async fn watch(&self, room: &str, number: usize, video_slots: u8, side: Side) -> Result<Watching>;
}

/// How viewers come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// All by WHEP.
    Whep,
    /// All by WebSocket and rack.
    Ws,
    /// By turns.
    Mixed,
}

/// Tokens that are given out room by room, and who used which.
#[derive(Debug, Default)]
pub struct Tokens {
    all: Vec<String>,
    given: Mutex<Given>,
}

#[derive(Debug, Default)]
struct Given {
    by_room: BTreeMap<String, usize>,
    by_location: BTreeMap<String, String>,
}

impl Tokens {
    /// Out of a list separated by commas.
    #[must_use]
    pub fn new(list: &str) -> Self {
        Self {
            all: list.split(',').map(|token| token.trim().to_owned()).collect(),
            given: Mutex::default(),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next one for a room, from the beginning again after the last.
    fn next(&self, room: &str) -> String {
        let mut given = self.given();
        let number = given.by_room.entry(room.to_owned()).or_default();
        let token = self
            .all
            .get(*number % self.all.len().max(1))
            .cloned()
            .unwrap_or_default();
        *number += 1;
        token
    }
}

/// Fiera: publishers by WHIP, viewers by WHEP or by WebSocket and rack.
#[derive(Debug)]
pub struct Fiera {
    /// Server and event; its room is replaced by the one asked for.
    pub target: Target,
    /// Tokens of speakers. The server takes those who come to a room with the same token for the same person, so each
    /// publisher of a room gets the next one.
    pub tokens_speaker: Tokens,
    /// Token of an attendee.
    pub token_attendee: String,
    /// How viewers come in.
    pub mode: Mode,
}

impl Fiera {
    fn room(&self, room: &str) -> Target {
        Target {
            room: room.to_owned(),
            ..self.target.clone()
        }
    }
}

struct Whep {
    target: Target,
    token: String,
    location: Option<String>,
}

#[async_trait]
impl Session for Whep {
    async fn hold(&mut self) -> Result<()> {
        std::future::pending().await
    }

    async fn leave(self: Box<Self>) -> Result<()> {
        let location = self.location.clone().context("the WHEP answer has no Location")?;
        tokio::task::spawn_blocking(move || self.target.delete(&location, &self.token))
            .await
            .context("leave task")?
    }
}

struct Rack(Signal);

#[async_trait]
impl Session for Rack {
    async fn hold(&mut self) -> Result<()> {
        self.0.idle().await
    }

    async fn leave(self: Box<Self>) -> Result<()> {
        self.0.close().await;
        Ok(())
    }
}

#[async_trait]
impl Venue for Fiera {
    fn is_loopback(&self) -> bool {
        self.target.is_loopback()
    }

    fn server(&self) -> &str {
        &self.target.server
    }

    fn publish(&self, room: &str, name: Option<&str>, offer: String) -> Result<Resource> {
        let target = self.room(room);
        let token = self.tokens_speaker.next(room);
        let resource = target.post(&target.whip(name), &token, offer)?;
        if let Some(location) = &resource.location {
            let mut given = self.tokens_speaker.given();
            given.by_location.insert(location.clone(), token);
        }
        Ok(resource)
    }

    fn unpublish(&self, resource: &Resource) -> Result<()> {
        let location = resource
            .location
            .as_ref()
            .ok_or_else(|| anyhow!("the WHIP answer has no Location"))?;
        let token = self.tokens_speaker.given().by_location.remove(location);
        self.target.delete(location, &token.unwrap_or_default())
    }

    async fn watch(&self, room: &str, number: usize, video_slots: u8, side: Side) -> Result<Watching> {
        let (target, token) = (self.room(room), self.token_attendee.clone());
        if self.mode == Mode::Ws || (self.mode == Mode::Mixed && number % 2 == 1) {
            let mut signal = Signal::connect(&target, &token, &format!("Viewer {number}")).await?;
            let (rack, offer) = signal.watch(&target, video_slots).await?;
            let remote = sdp::parse(&offer)?;
            let answer = sdp::rack_answer(&remote, &side.local())?;
            signal.answer(rack, answer).await?;
            return Ok(Watching {
                remote,
                session: Box::new(Rack(signal)),
            });
        }
        let asked = (target.clone(), token.clone());
        let offer = sdp::whep_offer(&side.local());
        let resource = tokio::task::spawn_blocking(move || asked.0.post(&asked.0.whep(), &asked.1, offer))
            .await
            .context("join task")??;
        Ok(Watching {
            remote: sdp::parse(&resource.sdp)?,
            session: Box::new(Whep {
                target,
                token,
                location: resource.location,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishers_of_a_room_get_different_tokens() {
        let tokens = Tokens::new("a, b");
        let given = ["x", "x", "y", "x"].map(|room| tokens.next(room));
        assert_eq!(given, ["a", "b", "a", "a"]);
        assert_eq!((tokens.len(), Tokens::new("").next("x").as_str()), (2, ""));
    }
}
