// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One participant: a socket, a viewing connection for the whole run, and a voice where they are to speak. They go where
//! the server takes them, and hold what they hear against where they are.

use std::collections::BTreeMap;
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use fiera_protocol::PROTOCOL_VERSION;
use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::codec::parse_server_frame;
use fiera_protocol::ids::{CommandId, DisplayName, RoomId, SourceKind};
use fiera_protocol::server::{MediaDirection, ServerMessage};
use fiera_protocol::view::{Place, StreamPosition};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::ear::{Ear, Heard};
use super::stage::{Placed, Stage};
use super::voice::Voice;
use crate::client::link::Link;
use crate::client::mirror::{Mirror, Step};
use crate::clock::unix_ns;

/// Sound of the room before is no leak for so long after the move was told: what is told and what is heard take
/// different ways.
const OVERLAP_MAX_MS: u64 = 1_000;
/// Messages that wait for one socket.
const ORDERS_MAX: usize = 64;
/// Who has no viewing connection yet has nothing to send by it.
const IDLE: std::time::Duration = std::time::Duration::from_secs(60);

/// See the module's head.
struct Person {
    stage: Rc<Stage>,
    number: usize,
    mirror: Mirror,
    orders: mpsc::Sender<ClientMessage>,
    entered: bool,
    voice: Option<Voice>,
    /// The server ended the voice: the move out of the room is on its way.
    cut_off: bool,
    ended: Vec<Voice>,
    room: Option<RoomId>,
    /// When the last move was told, nanoseconds since 1970, and the mark of the room before.
    moved_ns: u64,
    before: Option<u16>,
    /// Packets by mark of rooms in which one is not, as far as one was not told of a move.
    elsewhere: BTreeMap<u16, u64>,
}

/// Runs one person until `stop` turns true; gives the voices that have spoken, to be waited for.
///
/// # Errors
/// When the server does not let them in, or cuts them off.
pub async fn run(stage: Rc<Stage>, number: usize, mut stop: watch::Receiver<bool>) -> Result<Vec<Voice>> {
    let mut link = Link::open(&stage.target).await?;
    let (orders, mut inbox) = mpsc::channel(ORDERS_MAX);
    let mut ear: Option<Ear> = None;
    let mut person = Person {
        stage,
        number,
        mirror: Mirror::default(),
        orders,
        entered: false,
        voice: None,
        cut_off: false,
        ended: Vec::new(),
        room: None,
        moved_ns: 0,
        before: None,
        elsewhere: BTreeMap::new(),
    };
    link.say(&ClientMessage::Hello {
        version: PROTOCOL_VERSION,
        event: person.stage.event.clone(),
        token: Some(person.stage.token.clone()),
        resume: None,
        name: DisplayName::try_from(format!("Bot {number}")).ok(),
    })
    .await?;
    loop {
        let tick = ear
            .as_ref()
            .map_or_else(|| Instant::now() + IDLE, |ear| Instant::from_std(ear.next_tick()));
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            text = link.next() => {
                for message in parse_server_frame(&text?).context("a frame")? {
                    person.message(message, &mut ear)?;
                }
            }
            Some(order) = inbox.recv() => link.say(&order).await?,
            () = readable(ear.as_ref()) => {
                if let Some(ear) = &mut ear {
                    ear.take()?.into_iter().for_each(|heard| person.hear(heard));
                }
            }
            () = tokio::time::sleep_until(tick) => {
                if let Some(ear) = &mut ear {
                    ear.tick()?;
                }
            }
        }
    }
    person.be_silent();
    let astray: u64 = person.elsewhere.values().sum();
    person.stage.astray.set(person.stage.astray.get() + astray);
    link.close().await;
    Ok(person.ended)
}

async fn readable(ear: Option<&Ear>) {
    match ear {
        Some(ear) => {
            let _ = ear.socket.readable().await;
        }
        None => std::future::pending().await,
    }
}

impl Person {
    fn say(&self, message: ClientMessage) {
        if self.orders.try_send(message).is_err() {
            self.stage
                .tell(|| format!("person {}: more to say than the socket takes", self.number));
        }
    }

    fn command(&self, command: Command) {
        let id = CommandId(uuid::Uuid::new_v4());
        self.say(ClientMessage::Command { id, command });
    }

    fn message(&mut self, message: ServerMessage, ear: &mut Option<Ear>) -> Result<()> {
        match message {
            ServerMessage::Ping { n } => {
                self.say(ClientMessage::Pong { n });
                self.look();
            }
            ServerMessage::Snapshot {
                stream,
                epoch,
                n,
                state,
            } => {
                self.mirror.snapshot(stream, StreamPosition { epoch, n }, state);
                self.look();
            }
            ServerMessage::Update {
                stream,
                epoch,
                n,
                change,
            } => {
                if let Step::Gap(resync) = self.mirror.update(&stream, StreamPosition { epoch, n }, &change) {
                    self.say(*resync);
                }
                self.look();
            }
            ServerMessage::RackOffer { rack, sdp, .. } => {
                let (opened, answer) = Ear::new(&self.stage, &sdp)?;
                *ear = Some(opened);
                self.stage.racks.set(self.stage.racks.get() + 1);
                self.say(ClientMessage::RackAnswer { rack, sdp: answer });
            }
            ServerMessage::PublishAnswer { sdp, .. } => {
                if let Some(voice) = &self.voice {
                    voice.answer(sdp);
                }
            }
            ServerMessage::Refused { code, sentence, .. } => bail!("refused ({code:?}): {sentence}"),
            ServerMessage::MediaClosed {
                direction: MediaDirection::Down,
                sentence,
            } => bail!("the viewing connection was closed: {sentence}"),
            _ => {}
        }
        Ok(())
    }

    /// Goes on from what the streams say: enters, notes a move, speaks or is silent.
    fn look(&mut self) {
        let Some(you) = self.mirror.you() else { return };
        let (room, place, who) = (you.room.clone(), you.place, you.participant);
        if !self.entered {
            self.entered = true;
            let room = self.stage.plenary.clone();
            self.command(Command::Enter { room });
            self.say(ClientMessage::Watch { video_slots: 1 });
        }
        if room != self.room {
            self.before = self.room.as_ref().and_then(|room| self.stage.mark(room));
            self.moved_ns = unix_ns();
            self.room.clone_from(&room);
            if let Some(placed) = self.stage.placed.borrow_mut().get_mut(self.number) {
                *placed = None;
            }
            if let Some(here) = self.stage.here.borrow_mut().get_mut(self.number) {
                here.clone_from(&room);
            }
            self.be_silent();
            self.cut_off = false;
        }
        let Some(room) = room else { return };
        let Some(mark) = self.stage.mark(&room) else { return };
        self.elsewhere.remove(&mark);
        let speaks = room != self.stage.plenary && self.stage.speakers.borrow().contains(&who);
        self.mend_voice();
        if speaks && place == Place::OnAir && self.voice.is_none() && !self.cut_off {
            self.voice = Some(Voice::by_socket(&self.stage, mark, self.orders.clone()));
            self.command(Command::SetSource {
                participant: None,
                source: SourceKind::Mic,
                live: true,
            });
        }
    }

    /// A connection that did not come about is offered anew, as browsers do; one that the server closed is not.
    fn mend_voice(&mut self) {
        let Some(voice) = self.voice.take_if(|voice| voice.is_over()) else {
            return;
        };
        match voice.join() {
            Err(error) if error.to_string().contains("closed the connection") => self.cut_off = true,
            _ => self.stage.voices_again.set(self.stage.voices_again.get() + 1),
        }
    }

    fn be_silent(&mut self) {
        if let Some(voice) = self.voice.take() {
            voice.stop();
            self.ended.push(voice);
        }
    }

    fn hear(&mut self, heard: Heard) {
        let here = self.room.as_ref().and_then(|room| self.stage.mark(room));
        if here == Some(heard.mark) {
            if let (Some(place), Some(room)) = (self.stage.placed.borrow_mut().get_mut(self.number), &self.room)
                && place.is_none()
            {
                let room = room.clone();
                *place = Some(Placed {
                    room,
                    heard_ns: heard.came_ns,
                });
            }
            return;
        }
        let late_ms = heard.sent_ns.saturating_sub(self.moved_ns) / 1_000_000;
        if self.before == Some(heard.mark) && late_ms <= OVERLAP_MAX_MS {
            self.stage.overlap_ms.set(self.stage.overlap_ms.get().max(late_ms));
            return;
        }
        *self.elsewhere.entry(heard.mark).or_default() += 1;
    }
}
