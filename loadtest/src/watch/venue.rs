// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The seam between the work and the server it is done on: how a publisher and a viewer get in. Media is not its business,
//! so that two servers are measured by the same senders, receivers and accounts.

use std::net::SocketAddr;

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

/// Fiera: publishers by WHIP, viewers by WHEP or by WebSocket and rack.
#[derive(Debug, Clone)]
pub struct Fiera {
    /// Server and event; its room is replaced by the one asked for.
    pub target: Target,
    /// Token of a speaker.
    pub token_speaker: String,
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
        target.post(&target.whip(name), &self.token_speaker, offer)
    }

    fn unpublish(&self, resource: &Resource) -> Result<()> {
        let location = resource
            .location
            .as_ref()
            .ok_or_else(|| anyhow!("the WHIP answer has no Location"))?;
        self.target.delete(location, &self.token_speaker)
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
