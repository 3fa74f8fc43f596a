// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One participant of the crowd as the specification wants a client: commands answered once and sent again after a lost
//! connection, streams applied and mended, promises checked. Pure: frames in, messages out.

use std::collections::VecDeque;
use std::sync::Arc;

use fiera_protocol::PROTOCOL_VERSION;
use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::codec::parse_server_frame;
use fiera_protocol::ids::{CommandId, EventId, ParticipantId};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::StreamPosition;

use super::brain::Brain;
use super::promise::{KEPT_WITHIN_MS, Promise, Standing};
use super::tally::{Tally, code_name, kind_of};
use crate::client::mirror::{Mirror, Step};

/// Commands that wait for an answer; more are not sent.
const PENDING_MAX: usize = 16;
/// After `too_fast` or `unavailable` the same command goes out again this much later.
const AGAIN_AFTER_MS: u64 = 3_000;
/// So often, then it is given up.
const AGAIN_MAX: u32 = 5;
/// Own words that are looked at again for doubles.
const SAID_MAX: usize = 8;

struct Pending {
    id: CommandId,
    command: Command,
    sent_ms: u64,
    again_ms: Option<u64>,
    tries: u32,
    promise: Option<Promise>,
}

struct Watched {
    promise: Promise,
    sent_ms: u64,
    until_ms: u64,
}

/// One participant.
pub struct Member {
    /// Its streams.
    pub mirror: Mirror,
    event: EventId,
    tally: Arc<Tally>,
    resume: Option<String>,
    participant: Option<ParticipantId>,
    pending: VecDeque<Pending>,
    watched: Vec<Watched>,
    said: VecDeque<Promise>,
    out: Vec<ClientMessage>,
    drain_ms: Option<u64>,
    door: Option<RefusalCode>,
    connected_before: bool,
    welcomed: bool,
}

impl Member {
    /// Somebody who has not come in yet.
    #[must_use]
    pub fn new(event: EventId, tally: Arc<Tally>) -> Self {
        Self {
            mirror: Mirror::default(),
            event,
            tally,
            resume: None,
            participant: None,
            pending: VecDeque::new(),
            watched: Vec::new(),
            said: VecDeque::new(),
            out: Vec::new(),
            drain_ms: None,
            door: None,
            connected_before: false,
            welcomed: false,
        }
    }

    /// The first message of a new connection.
    pub fn hello(&mut self, token: &str, brain: &dyn Brain) -> ClientMessage {
        self.mirror.forget();
        (self.door, self.drain_ms, self.welcomed) = (None, None, false);
        self.out.clear();
        ClientMessage::Hello {
            version: PROTOCOL_VERSION,
            event: self.event.clone(),
            token: (!token.is_empty()).then(|| token.to_owned()),
            resume: self.resume.clone(),
            name: Some(brain.name()),
        }
    }

    /// Whether the server has said welcome on this connection.
    #[must_use]
    pub fn is_welcome(&self) -> bool {
        self.welcomed
    }

    /// Sends a command; false where too many wait for an answer.
    pub fn command(&mut self, now_ms: u64, command: Command) -> Option<CommandId> {
        if self.pending.len() >= PENDING_MAX || !self.welcomed {
            return None;
        }
        let id = CommandId(uuid::Uuid::new_v4());
        let promise = Promise::of(&command, &self.mirror);
        self.out.push(ClientMessage::Command {
            id,
            command: command.clone(),
        });
        self.pending.push_back(Pending {
            id,
            command,
            sent_ms: now_ms,
            again_ms: None,
            tries: 0,
            promise,
        });
        Some(id)
    }

    /// Whether a command of this kind waits for its answer.
    #[must_use]
    pub fn waits_for(&self, kind: &str) -> bool {
        self.pending.iter().any(|pending| kind_of(&pending.command) == kind)
    }

    /// Asks for a snapshot of everything, to be compared, and looks at own words once more.
    pub fn audit(&mut self) {
        self.out.extend(self.mirror.audit());
        let mirror = &self.mirror;
        let (tally, before) = (&self.tally, self.said.len());
        self.said
            .retain(|promise| !matches!(promise.standing(mirror), Standing::Seen(times) if times > 1));
        let doubled = before - self.said.len();
        if doubled > 0 {
            let mut counts = tally.lock();
            counts.doubled += doubled as u64;
            counts.tell(|| "own words stand there twice".to_owned());
        }
    }

    /// What is to be sent.
    pub fn take_out(&mut self) -> Vec<ClientMessage> {
        std::mem::take(&mut self.out)
    }

    /// How long to stay away after a drain, at most.
    #[must_use]
    pub fn drain_ms(&self) -> Option<u64> {
        self.drain_ms
    }

    /// Why the server does not let this participant in, where it said so.
    #[must_use]
    pub fn door(&self) -> Option<RefusalCode> {
        self.door
    }

    /// The server does not take the resume token's place any more: come as somebody new.
    pub fn forget_resume(&mut self) {
        self.resume = None;
    }

    /// Takes one frame.
    pub fn hear(&mut self, now_ms: u64, text: &str, brain: &mut dyn Brain) {
        match parse_server_frame(text) {
            Ok(messages) => {
                for message in messages {
                    self.take(now_ms, message, brain);
                }
            }
            Err(error) => {
                let mut counts = self.tally.lock();
                counts.unreadable += 1;
                counts.tell(|| format!("a frame that cannot be read: {error}"));
            }
        }
        self.look(now_ms);
    }

    /// Looks after what time changes: promises that are due, commands to be sent again.
    pub fn look(&mut self, now_ms: u64) {
        let findings = self.mirror.take_findings();
        if findings != Default::default() {
            self.tally.lock().found(findings);
        }
        self.judge(now_ms);
        for pending in &mut self.pending {
            if pending.again_ms.is_some_and(|at| at <= now_ms) {
                pending.again_ms = None;
                self.out.push(ClientMessage::Command {
                    id: pending.id,
                    command: pending.command.clone(),
                });
            }
        }
    }

    fn take(&mut self, now_ms: u64, message: ServerMessage, brain: &mut dyn Brain) {
        match message {
            ServerMessage::Welcome { resumed, .. } => self.welcome(now_ms, resumed),
            ServerMessage::Accepted { id } => self.accepted(now_ms, id),
            ServerMessage::Refused { id, code, sentence, .. } => self.refused(now_ms, id, code, &sentence, brain),
            ServerMessage::Snapshot {
                stream,
                epoch,
                n,
                state,
            } => {
                self.mirror.snapshot(stream, StreamPosition { epoch, n }, state);
                self.notice_who(now_ms);
            }
            ServerMessage::Update {
                stream,
                epoch,
                n,
                change,
            } => match self.mirror.update(&stream, StreamPosition { epoch, n }, &change) {
                Step::Applied => brain.noticed(now_ms, &stream, &change, &self.mirror),
                Step::Skipped => {}
                Step::Gap(resync) => self.out.push(*resync),
            },
            ServerMessage::Resume { token } => self.resume = Some(token),
            ServerMessage::Ping { n } => self.out.push(ClientMessage::Pong { n }),
            ServerMessage::Drain { reconnect_within_ms } => {
                self.drain_ms = Some(u64::from(reconnect_within_ms));
                self.tally.lock().drains += 1;
            }
            _ => {}
        }
    }

    fn welcome(&mut self, now_ms: u64, resumed: bool) {
        self.welcomed = true;
        if self.connected_before {
            let mut counts = self.tally.lock();
            counts.reconnects += 1;
            counts.resumed += u64::from(resumed);
        }
        self.connected_before = true;
        // The same ids again (SPEC C2): what was done already is only answered.
        for pending in &mut self.pending {
            pending.again_ms = Some(now_ms);
        }
        for watched in &mut self.watched {
            watched.until_ms = now_ms + KEPT_WITHIN_MS;
        }
    }

    /// Who comes back as somebody else owes and is owed nothing.
    fn notice_who(&mut self, _now_ms: u64) {
        let Some(participant) = self.mirror.you().map(|you| you.participant) else {
            return;
        };
        if self
            .participant
            .replace(participant)
            .is_some_and(|before| before != participant)
        {
            self.watched.clear();
            self.said.clear();
            for pending in &mut self.pending {
                pending.promise = None;
            }
        }
    }

    fn accepted(&mut self, now_ms: u64, id: CommandId) {
        let Some(at) = self.pending.iter().position(|pending| pending.id == id) else {
            return;
        };
        let Some(done) = self.pending.remove(at) else { return };
        if done.tries == 0 {
            self.tally
                .lock()
                .accepted(&done.command, now_ms.saturating_sub(done.sent_ms));
        }
        if let Some(promise) = done.promise {
            self.watched.push(Watched {
                promise,
                sent_ms: done.sent_ms,
                until_ms: now_ms + KEPT_WITHIN_MS,
            });
        }
    }

    fn refused(
        &mut self,
        now_ms: u64,
        id: Option<CommandId>,
        code: RefusalCode,
        sentence: &str,
        brain: &mut dyn Brain,
    ) {
        let Some(id) = id else {
            if self.welcomed {
                self.tally
                    .lock()
                    .tell(|| format!("refused ({}): {sentence}", code_name(code)));
            } else {
                self.door = Some(code);
            }
            return;
        };
        let Some(at) = self.pending.iter().position(|pending| pending.id == id) else {
            return;
        };
        let Some(pending) = self.pending.get_mut(at) else {
            return;
        };
        self.tally.lock().refused(&pending.command, code);
        let passes = matches!(
            code,
            RefusalCode::TooFast | RefusalCode::Unavailable | RefusalCode::ReadOnly
        );
        if passes && pending.tries < AGAIN_MAX {
            pending.tries += 1;
            pending.again_ms = Some(now_ms + AGAIN_AFTER_MS * u64::from(pending.tries));
        } else if let Some(pending) = self.pending.remove(at) {
            brain.refused(now_ms, id, &pending.command, code);
        }
    }

    fn judge(&mut self, now_ms: u64) {
        let mirror = &self.mirror;
        let (tally, said) = (&self.tally, &mut self.said);
        self.watched.retain(|watched| {
            let standing = watched.promise.standing(mirror);
            let due = watched.until_ms <= now_ms;
            match standing {
                Standing::Seen(times) => {
                    let mut counts = tally.lock();
                    counts.kept += 1;
                    if watched.promise.is_of_words() {
                        counts.shown(now_ms.saturating_sub(watched.sent_ms));
                        said.push_back(watched.promise.clone());
                        if said.len() > SAID_MAX {
                            said.pop_front();
                        }
                    }
                    if times > 1 {
                        counts.doubled += 1;
                        counts.tell(|| format!("{times} times: {:?}", watched.promise));
                        said.pop_back();
                    }
                    false
                }
                Standing::Excused | Standing::Unseen if !due => true,
                Standing::Excused => {
                    tally.lock().excused += 1;
                    false
                }
                Standing::Unseen => {
                    let mut counts = tally.lock();
                    counts.missing += 1;
                    counts.tell(|| format!("accepted and never seen: {:?}", watched.promise));
                    false
                }
            }
        });
    }
}

#[cfg(test)]
mod tests;
