// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The moderator of a load: opens and closes polls, sets the room, and follows every stream in full to hold the numbers
//! against what was sent.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use fiera_protocol::PROTOCOL_VERSION;
use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::codec::parse_server_frame;
use fiera_protocol::fair::{PollPhase, PollView};
use fiera_protocol::ids::{CommandId, DisplayName, EventId, PollId, RoomId};
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::StreamPosition;
use tokio::time::Instant;

use crate::client::link::Link;
use crate::client::mirror::{Mirror, Step};
use crate::http::Target;

/// A command is answered, and what it does is shown, within this.
const WITHIN: Duration = Duration::from_secs(10);

/// A moderator's connection.
pub struct Desk {
    link: Link,
    /// Its streams.
    pub mirror: Mirror,
    answers: Vec<(CommandId, Option<String>)>,
}

impl Desk {
    /// Comes in and enters the room.
    ///
    /// # Errors
    /// When the server is not there or refuses.
    pub async fn open(target: &Target, token: &str) -> Result<Self> {
        let event: EventId = target.event.parse().context("--event")?;
        let room: RoomId = target.room.parse().context("--room")?;
        let link = Link::open(target).await?;
        let mut desk = Self {
            link,
            mirror: Mirror::default(),
            answers: Vec::new(),
        };
        desk.link
            .say(&ClientMessage::Hello {
                version: PROTOCOL_VERSION,
                event,
                token: Some(token.to_owned()),
                resume: None,
                name: DisplayName::try_from("Bot regia".to_owned()).ok(),
            })
            .await?;
        desk.wait("welcome", |mirror| mirror.you().is_some()).await?;
        desk.command(Command::Enter { room }).await?;
        desk.wait("the room", |mirror| {
            mirror.room().is_some() && mirror.moderators().is_some()
        })
        .await?;
        Ok(desk)
    }

    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    /// When it is refused or not answered.
    pub async fn command(&mut self, command: Command) -> Result<()> {
        let id = CommandId(uuid::Uuid::new_v4());
        self.link.say(&ClientMessage::Command { id, command }).await?;
        let until = Instant::now() + WITHIN;
        loop {
            if let Some(at) = self.answers.iter().position(|(of, _)| *of == id) {
                return match self.answers.swap_remove(at).1 {
                    None => Ok(()),
                    Some(refused) => bail!("the moderator was refused: {refused}"),
                };
            }
            if !self.listen(until).await? {
                bail!("a moderator's command was not answered within 10 s");
            }
        }
    }

    /// Waits until the streams show something.
    ///
    /// # Errors
    /// When they do not within 10 s.
    pub async fn wait(&mut self, what: &str, shown: impl Fn(&Mirror) -> bool) -> Result<()> {
        let until = Instant::now() + WITHIN;
        while !shown(&self.mirror) {
            if !self.listen(until).await? {
                bail!("{what}: not shown within 10 s");
            }
        }
        Ok(())
    }

    /// Follows the streams until a time.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn follow(&mut self, until: Instant) -> Result<()> {
        while self.listen(until).await? {}
        Ok(())
    }

    /// Moves a poll, and waits until the room shows it there.
    ///
    /// # Errors
    /// When it is refused or not shown.
    pub async fn set_poll(&mut self, poll: PollId, phase: PollPhase) -> Result<PollView> {
        self.command(Command::SetPoll { poll, phase }).await?;
        let shown = |mirror: &Mirror| shown_poll(mirror, poll, phase).is_some();
        self.wait("a poll", shown).await?;
        shown_poll(&self.mirror, poll, phase).context("a poll that was just there")
    }

    /// Ends the poll that somebody left open, or ours could not open.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn close_open_poll(&mut self) -> Result<()> {
        let open = self.mirror.room().and_then(|room| room.poll.as_ref());
        match open.filter(|poll| poll.phase == PollPhase::Open).map(|poll| poll.poll) {
            Some(poll) => self.set_poll(poll, PollPhase::Closed).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// Takes the next frame; false where none came until then.
    async fn listen(&mut self, until: Instant) -> Result<bool> {
        let Ok(text) = tokio::time::timeout_at(until, self.link.next()).await else {
            return Ok(false);
        };
        let text = text.context("the moderator's connection")?;
        for message in parse_server_frame(&text).context("a frame")? {
            match message {
                ServerMessage::Ping { n } => self.link.say(&ClientMessage::Pong { n }).await?,
                ServerMessage::Accepted { id } => self.answers.push((id, None)),
                ServerMessage::Refused {
                    id: Some(id), sentence, ..
                } => self.answers.push((id, Some(sentence))),
                ServerMessage::Refused { id: None, sentence, .. } => bail!("refused: {sentence}"),
                ServerMessage::Snapshot {
                    stream,
                    epoch,
                    n,
                    state,
                } => self.mirror.snapshot(stream, StreamPosition { epoch, n }, state),
                ServerMessage::Update {
                    stream,
                    epoch,
                    n,
                    change,
                } => {
                    if let Step::Gap(resync) = self.mirror.update(&stream, StreamPosition { epoch, n }, &change) {
                        self.link.say(&resync).await?;
                    }
                }
                _ => {}
            }
        }
        Ok(true)
    }

    /// Asks for snapshots of everything and compares them with what the updates gave.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn audit(&mut self) -> Result<()> {
        for ask in self.mirror.audit() {
            self.link.say(&ask).await?;
        }
        self.follow(Instant::now() + Duration::from_secs(1)).await
    }
}

fn shown_poll(mirror: &Mirror, poll: PollId, phase: PollPhase) -> Option<PollView> {
    let shown = mirror.room()?.poll.as_ref()?;
    (shown.poll == poll && shown.phase == phase).then(|| shown.clone())
}
