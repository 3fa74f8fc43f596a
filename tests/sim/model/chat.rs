// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Chats: what was said, in order, and what became of it.

use fiera_protocol::client::Command;
use fiera_protocol::fair::QuestionStage;
use fiera_protocol::ids::{AuthorSecret, DisplayName, MessageId, ParticipantId, Role, RoomId};
use fiera_protocol::limits::{CHAT_PER_WINDOW_MAX, CHAT_SHOWN_MAX, CHAT_WINDOW_MS, PINNED_MAX};
use fiera_protocol::view::Place;

use super::{Drawn, Model, Room, Verdict};
use crate::shared::Shared;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    pub(crate) by: DisplayName,
    pub(crate) text: String,
    pub(crate) reply_to: Option<MessageId>,
    pub(crate) edited: bool,
    pub(crate) secret: AuthorSecret,
    pub(crate) at_unix_ms: u64,
}

impl Room {
    /// A message, and whether it was said backstage.
    pub(crate) fn message(&self, id: MessageId) -> Option<(bool, &Message)> {
        let side = |backstage: bool| self.chats[usize::from(backstage)].iter().find(|one| one.id == id);
        side(false)
            .map(|one| (false, one))
            .or(side(true).map(|one| (true, one)))
    }
}

impl Model {
    pub(crate) fn room_of_message(&self, id: MessageId) -> Option<RoomId> {
        let holds = |(room, of): (&RoomId, &Shared<Room>)| of.message(id).map(|_| room.clone());
        self.kept.rooms.iter().find_map(holds)
    }

    /// Nothing is certain in slow mode, for when somebody wrote last is not known here.
    fn may_say(&self, now_ms: u64, who: ParticipantId, slow: bool) -> Verdict {
        let said = self
            .here
            .messages
            .get(&who)
            .map_or(0, |at| at.iter().filter(|at| **at + CHAT_WINDOW_MS > now_ms).count());
        if said >= CHAT_PER_WINDOW_MAX as usize {
            Verdict::Refuse
        } else if slow {
            Verdict::Either
        } else {
            Verdict::Accept
        }
    }

    pub(super) fn judge_chat(&self, now_ms: u64, actor: ParticipantId, command: &Command) -> Option<Verdict> {
        let here = self.room_of(actor).map(|room| self.room(&room));
        let attendee = self.role(actor) == Role::Attendee;
        let front_takes = |room: &Room, text: &str| {
            !attendee || room.settings.chat_open && !(room.settings.links_off && text.contains("www."))
        };
        Some(match command {
            Command::Chat {
                text,
                backstage,
                reply_to,
                ..
            } => {
                let Some(room) = here else { return Some(Verdict::Refuse) };
                let behind = self.place(actor) != Place::Audience || self.moderates(actor);
                let side = if *backstage {
                    behind
                } else {
                    front_takes(room, text.as_str())
                };
                let replies = reply_to.is_none_or(|to| room.shown[usize::from(*backstage)].contains(&to));
                if side && replies && self.has_voice(actor) && self.lets_through(text.as_str()) {
                    let slow = attendee && !backstage && room.settings.slow_mode_s > 0;
                    self.may_say(now_ms, actor, slow)
                } else {
                    Verdict::Refuse
                }
            }
            Command::DeleteMessage { message, secret } => {
                let known = self
                    .room_of_message(*message)
                    .and_then(|room| self.room(&room).message(*message));
                known
                    .is_some_and(|(_, known)| *secret == Some(known.secret) || self.moderates(actor))
                    .into()
            }
            Command::EditMessage { message, text, secret } => {
                let Some(room) = self.room_of_message(*message).map(|room| self.room(&room)) else {
                    return Some(Verdict::Refuse);
                };
                let (backstage, known) = room.message(*message).expect("found");
                let fits = known.secret == *secret
                    && self.has_voice(actor)
                    && (backstage || front_takes(room, text.as_str()))
                    && self.lets_through(text.as_str());
                if fits {
                    self.may_say(now_ms, actor, false)
                } else {
                    Verdict::Refuse
                }
            }
            Command::PinMessage { message, pinned } => {
                let Some(room) = here else { return Some(Verdict::Refuse) };
                let known = room.message(*message).is_some_and(|(backstage, _)| !backstage);
                let space = !pinned || room.pinned.contains(message) || room.pinned.len() < PINNED_MAX;
                (known && space).into()
            }
            Command::QuestionFromMessage { message } => {
                let Some(room) = here else { return Some(Verdict::Refuse) };
                let known = room.message(*message).is_some_and(|(backstage, _)| !backstage);
                let asked = room
                    .questions
                    .iter()
                    .any(|question| question.from_chat == Some(*message));
                (known && !asked).into()
            }
            _ => return None,
        })
    }

    pub(super) fn do_chat(&mut self, actor: ParticipantId, command: &Command, drawn: &Drawn<'_>) {
        match command {
            Command::Chat {
                text,
                backstage,
                reply_to,
                secret,
            } => {
                let (id, by) = (drawn.of("message_sent", "message"), self.name(actor));
                let room = self.room_of(actor).expect("in a room");
                self.here.authors.insert(id, actor);
                self.here.messages.entry(actor).or_default().push(drawn.now_ms);
                let side = usize::from(*backstage);
                let room = self.room_mut(&room);
                room.chats[side].push(Message {
                    id,
                    by,
                    text: text.as_str().to_owned(),
                    reply_to: *reply_to,
                    edited: false,
                    secret: *secret,
                    at_unix_ms: drawn.minute_unix_ms(),
                });
                room.shown[side].push_back(id);
                if room.shown[side].len() > CHAT_SHOWN_MAX {
                    room.shown[side].pop_front();
                }
            }
            Command::DeleteMessage { message, .. } => {
                let room = self.room_of_message(*message).expect("found");
                let room = self.room_mut(&room);
                room.chats
                    .iter_mut()
                    .for_each(|chat| chat.retain(|one| one.id != *message));
                room.shown
                    .iter_mut()
                    .for_each(|shown| shown.retain(|one| one != message));
                room.pinned.retain(|one| one != message);
            }
            Command::EditMessage { message, text, .. } => {
                self.here.messages.entry(actor).or_default().push(drawn.now_ms);
                let room = self.room_of_message(*message).expect("found");
                let mut all = self.room_mut(&room).chats.iter_mut().flatten();
                let known = all.find(|one| one.id == *message).expect("found");
                known.text = text.as_str().to_owned();
                known.edited = true;
            }
            Command::PinMessage { message, pinned } => {
                let room = self.room_of(actor).expect("in a room");
                let pins = &mut self.room_mut(&room).pinned;
                if *pinned && !pins.contains(message) {
                    pins.push(*message);
                } else if !pinned {
                    pins.retain(|one| one != message);
                }
            }
            Command::QuestionFromMessage { message } => {
                let room = self.room_of(actor).expect("in a room");
                let room = self.room_mut(&room);
                let (_, said) = room.message(*message).expect("found");
                let (text, secret, at_unix_ms) = (said.text.replace('\n', " "), said.secret, said.at_unix_ms);
                room.asks((&text, None, secret), QuestionStage::Published, drawn);
                let question = room.questions.last_mut().expect("just asked");
                question.from_chat = Some(*message);
                question.at_unix_ms = at_unix_ms;
            }
            _ => {}
        }
    }
}
