// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One light socket: comes in, sends what it is told to, notes what it is shown, comes back when it is lost (SPEC R5).

use std::rc::Rc;
use std::time::Duration;

use fiera_protocol::PROTOCOL_VERSION;
use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::ids::{CommandId, DisplayName};
use tokio::sync::mpsc;

use super::hall::Hall;
use super::light::{self, Light, number_of};
use super::score::Kind;
use crate::client::backoff::Backoff;
use crate::client::dice::Dice;
use crate::client::link::{Link, Over};

const HELLO_WITHIN: Duration = Duration::from_secs(15);

struct Seat {
    hall: Rc<Hall>,
    number: usize,
    resume: Option<String>,
    /// Epoch and number of the last update of the room.
    at: Option<(u32, u64)>,
    welcome: bool,
    resumed: bool,
    in_room: bool,
    /// Since when it is lost, where a restart is expected.
    lost_us: Option<u64>,
    drain_ms: Option<u64>,
}

/// Runs one socket until its orders end.
pub async fn run(hall: Rc<Hall>, number: usize, mut orders: mpsc::Receiver<ClientMessage>) {
    let mut dice = Dice::new(0x5EA7, number as u64);
    let mut backoff = Backoff::default();
    let mut seat = Seat {
        hall,
        number,
        resume: None,
        at: None,
        welcome: false,
        resumed: false,
        in_room: false,
        lost_us: None,
        drain_ms: None,
    };
    loop {
        let opened = tokio::time::timeout(HELLO_WITHIN, Link::open(&seat.hall.target)).await;
        if let Ok(Ok(mut link)) = opened {
            match seat.talk(&mut link, &mut orders).await {
                Ok(()) => return link.close().await,
                Err(over) => {
                    if seat.welcome {
                        backoff.reset();
                    }
                    seat.lose(&over);
                }
            }
        } else if seat.hall.back.borrow().is_none() {
            seat.hall.tell("a socket was not opened".to_owned());
        }
        let wait_ms = match seat.drain_ms.take() {
            Some(within_ms) => dice.between(0, within_ms.max(1)),
            None => backoff.next_ms(&mut dice),
        };
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        if orders.is_closed() {
            return;
        }
    }
}

impl Seat {
    async fn talk(&mut self, link: &mut Link, orders: &mut mpsc::Receiver<ClientMessage>) -> Result<(), Over> {
        (self.welcome, self.resumed, self.at) = (false, false, None);
        link.say(&ClientMessage::Hello {
            version: PROTOCOL_VERSION,
            event: self.hall.event.clone(),
            token: Some(self.hall.token.clone()),
            resume: self.resume.clone(),
            name: DisplayName::try_from(format!("Bot · {:04}", self.number)).ok(),
        })
        .await?;
        loop {
            let text = tokio::select! {
                text = link.next() => text?,
                order = orders.recv(), if self.in_room => match order {
                    Some(order) => {
                        link.say(&order).await?;
                        continue;
                    }
                    None => return Ok(()),
                },
            };
            let now_us = self.hall.now_us();
            let Ok(messages) = light::read(&text) else {
                self.hall.score.borrow_mut().unreadable += 1;
                continue;
            };
            for message in messages {
                if let Some(answer) = self.take(message, now_us) {
                    link.say(&answer).await?;
                }
            }
        }
    }

    fn lose(&mut self, over: &Over) {
        if self.in_room {
            self.hall.seated.set(self.hall.seated.get() - 1);
        }
        let was_in = std::mem::take(&mut self.in_room);
        let now_us = self.hall.now_us();
        match self.hall.back.borrow_mut().as_mut() {
            Some(back) if was_in => {
                back.lost += 1;
                if back.lost_us == 0 {
                    back.lost_us = now_us;
                }
                self.lost_us = Some(now_us);
            }
            Some(_) => {}
            None => {
                self.hall.lost.set(self.hall.lost.get() + 1);
                self.hall.tell(format!("a socket was lost: {over}"));
            }
        }
    }

    /// Notes a message; what is to be answered.
    fn take(&mut self, message: Light<'_>, now_us: u64) -> Option<ClientMessage> {
        match message.kind {
            "ping" => {
                let n = message.n.and_then(|n| u32::try_from(n).ok())?;
                return Some(ClientMessage::Pong { n });
            }
            "welcome" => {
                (self.welcome, self.resumed) = (true, message.resumed == Some(true));
                if let Some(back) = self.hall.back.borrow_mut().as_mut()
                    && back.first_us == 0
                    && back.lost > 0
                {
                    back.first_us = now_us;
                }
            }
            "resume" => self.resume = message.token.map(str::to_owned),
            "drain" => self.drain_ms = message.reconnect_within_ms,
            "accepted" => self.answered(message.id, None, now_us),
            "refused" => match message.id {
                Some(_) => self.answered(message.id, message.code.or(Some("?")), now_us),
                None => self.hall.tell(format!("refused: {}", message.code.unwrap_or_default())),
            },
            "snapshot" => return self.snapshot(message, now_us),
            "update" => self.update(message, now_us),
            _ => {}
        }
        None
    }

    fn answered(&self, id: Option<&str>, refused: Option<&str>, now_us: u64) {
        if let Some(id) = id.and_then(|id| uuid::Uuid::parse_str(id).ok()) {
            self.hall.score.borrow_mut().answered(CommandId(id), refused, now_us);
        }
    }

    fn snapshot(&mut self, message: Light<'_>, now_us: u64) -> Option<ClientMessage> {
        let state = message.state?;
        match state.of {
            "you" => {
                let here = state.room == Some(self.hall.room.as_str());
                if here && !self.in_room {
                    self.sit(now_us);
                } else if !here && !self.in_room {
                    return Some(self.enter(now_us));
                }
            }
            "room" => {
                self.at = message.epoch.zip(message.n);
                let mut score = self.hall.score.borrow_mut();
                let said = state.chat.unwrap_or_default();
                for number in said.iter().filter_map(|said| number_of(&said.text)) {
                    score.saw_chat(self.number, number, false, now_us);
                }
            }
            _ => {}
        }
        None
    }

    fn enter(&mut self, now_us: u64) -> ClientMessage {
        let id = CommandId(uuid::Uuid::new_v4());
        let room = self.hall.room.clone();
        self.hall.score.borrow_mut().sent(id, Kind::Other, (0, 0), now_us);
        self.resumed = false;
        ClientMessage::Command {
            id,
            command: Command::Enter { room },
        }
    }

    /// In the room, for the first time or again.
    fn sit(&mut self, now_us: u64) {
        self.in_room = true;
        self.hall.seated.set(self.hall.seated.get() + 1);
        if let (Some(back), Some(lost_us)) = (self.hall.back.borrow_mut().as_mut(), self.lost_us.take()) {
            if self.resumed {
                back.resumed += 1;
            } else {
                back.anew += 1;
            }
            back.last_us = now_us;
            self.hall
                .back_us
                .borrow_mut()
                .saturating_record(now_us.saturating_sub(lost_us));
        }
    }

    fn update(&mut self, message: Light<'_>, now_us: u64) {
        let (Some(stream), Some(change)) = (message.stream, message.change) else {
            return;
        };
        if stream.of == "you" && !self.in_room {
            // The only command before one is in the room is `enter`, and `you` tells that it was carried out.
            self.sit(now_us);
        }
        if stream.of != "room" {
            return;
        }
        let mut score = self.hall.score.borrow_mut();
        let at = message.epoch.zip(message.n);
        if let (Some((known_epoch, known)), Some((epoch, n))) = (self.at, at) {
            if epoch == known_epoch && n <= known {
                return;
            }
            score.gaps += u64::from(epoch != known_epoch || n != known + 1);
        }
        self.at = at;
        if let Some(number) = change.message.as_ref().and_then(|said| number_of(&said.text)) {
            score.saw_chat(self.number, number, true, now_us);
        }
        if let Some(poll) = &change.poll {
            score.saw_answers(self.number, poll.poll, poll.answers, now_us);
        }
        for count in change.upvotes.iter().flatten() {
            score.saw_upvotes(self.number, count.question, count.upvotes, now_us);
        }
    }
}
