// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The chat of a room and that of its backstage: slow mode, deletion by who wrote it or by a moderator.
//! Who wrote what is known in memory only, as long as it is shown, and never kept.

mod changes;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fiera_protocol::client::Command;
use fiera_protocol::ids::{AuthorSecret, MessageId, ParticipantId, Role, RoomId};
use fiera_protocol::limits::{CHAT_PER_WINDOW_MAX, CHAT_SHOWN_MAX, CHAT_WINDOW_MS};
use fiera_protocol::text::MessageText;
use fiera_protocol::view::{Change, Place};

use crate::access::{self, Deed, Seat};
use crate::fact::{Fact, KeptText};
use crate::filter::has_link;
use crate::hub::Hub;
use crate::input::Now;
use crate::output::StreamKey;
use crate::refusal::{self, Refusal};
use crate::room::Room;
use crate::view;

/// Messages of one chat that are kept; the oldest are erased for good above that.
pub(crate) const MESSAGES_KEPT_MAX: usize = 5_000;
/// How many are erased then: erasing is dear, so it is done for many at once.
const MESSAGES_DROPPED_AT_ONCE: usize = 500;

/// One chat: that of a room, or that of its backstage.
#[derive(Debug, Default)]
pub(crate) struct Chat {
    /// Oldest first.
    kept: VecDeque<MessageId>,
    /// Those that followers see, oldest first. What was deleted makes no room for older ones.
    shown: VecDeque<MessageId>,
    authors: BTreeMap<MessageId, ParticipantId>,
    replies: BTreeMap<MessageId, MessageId>,
    edited: BTreeSet<MessageId>,
    /// In the order in which they were pinned.
    pinned: Vec<MessageId>,
}

impl Chat {
    pub(crate) fn shown(&self) -> &VecDeque<MessageId> {
        &self.shown
    }

    pub(crate) fn kept(&self) -> &VecDeque<MessageId> {
        &self.kept
    }

    pub(crate) fn pinned(&self) -> &[MessageId] {
        &self.pinned
    }

    /// The message that one replies to.
    pub(crate) fn reply_to(&self, id: MessageId) -> Option<MessageId> {
        self.replies.get(&id).copied()
    }

    pub(crate) fn is_edited(&self, id: MessageId) -> bool {
        self.edited.contains(&id)
    }

    fn sent(&mut self, id: MessageId, reply_to: Option<MessageId>) {
        self.replies.extend(reply_to.map(|to| (id, to)));
        self.kept.push_back(id);
        self.shown.push_back(id);
        if self.shown.len() > CHAT_SHOWN_MAX
            && let Some(past) = self.shown.pop_front()
        {
            self.authors.remove(&past);
        }
    }

    fn erased(&mut self, id: MessageId) {
        self.kept.retain(|kept| *kept != id);
        self.shown.retain(|shown| *shown != id);
        self.pinned.retain(|pinned| *pinned != id);
        self.authors.remove(&id);
        self.replies.remove(&id);
        self.edited.remove(&id);
    }

    /// Who wrote a message, while that is known.
    pub(crate) fn author(&self, id: MessageId) -> Option<ParticipantId> {
        self.authors.get(&id).copied()
    }
}

impl Hub {
    pub(crate) fn chat_command(&mut self, now: Now, actor: ParticipantId, command: Command) -> Result<(), Refusal> {
        match command {
            Command::Chat {
                text,
                backstage,
                reply_to,
                secret,
            } => self.say(now, actor, &text, (backstage, reply_to), secret),
            Command::EditMessage { message, text, secret } => self.edit_message(now, actor, message, &text, secret),
            Command::PinMessage { message, pinned } => self.pin_message(actor, message, pinned),
            Command::QuestionFromMessage { message } => self.question_from_message(actor, message),
            Command::DeleteMessage { message, secret } => self.delete_message(actor, message, secret),
            _ => Err(refusal::NOT_ALLOWED),
        }
    }

    fn say(
        &mut self,
        now: Now,
        actor: ParticipantId,
        text: &MessageText,
        (backstage, reply_to): (bool, Option<MessageId>),
        secret: AuthorSecret,
    ) -> Result<(), Refusal> {
        let (room_id, seat) = self.room_seat(Deed::Chat, actor)?;
        debug_assert!(seat.fits(&room_id, &[Deed::Chat]), "{seat:?}");
        self.has_voice(actor)?;
        let person = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?;
        let (role, name, place) = (person.role, person.name.clone(), self.place(person));
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        if backstage && place == Place::Audience && !access::sees_backstage(role) {
            return Err(refusal::BACKSTAGE_CHAT);
        }
        let slowed = !backstage && role == Role::Attendee;
        if slowed && !room.settings.chat_open {
            return Err(refusal::CHAT_CLOSED);
        }
        if slowed && room.settings.links_off && has_link(text.as_str()) {
            return Err(refusal::LINK_FILTERED);
        }
        if reply_to.is_some_and(|to| !room.chat(backstage).shown.contains(&to)) {
            return Err(refusal::NO_REPLY_TO_THAT);
        }
        self.lets_through(text.as_str())?;
        let pause_ms = u64::from(room.settings.slow_mode_s) * 1_000;
        let kept = &room.chat(backstage).kept;
        let dropped = if kept.len() >= MESSAGES_KEPT_MAX {
            MESSAGES_DROPPED_AT_ONCE
        } else {
            0
        };
        let oldest: Vec<MessageId> = kept.iter().take(dropped).copied().collect();
        let pace = self.paces.of(actor, now.mono_ms);
        let wrote_at_ms = pace.wrote_at_ms.get(&room_id);
        if slowed && wrote_at_ms.is_some_and(|at| at + pause_ms > now.mono_ms) {
            return Err(refusal::SLOW_MODE);
        }
        if !pace.messages.take(now.mono_ms, CHAT_PER_WINDOW_MAX, CHAT_WINDOW_MS) {
            return Err(refusal::CHAT_TOO_FAST);
        }
        if !backstage {
            pace.wrote_at_ms.insert(room_id.clone(), now.mono_ms);
        }
        for oldest in oldest {
            self.erase_message(&room_id, oldest);
        }
        let message = MessageId::from_u128(self.chance.id());
        let (text, by) = (text.as_str().to_owned(), Some(name.as_str().to_owned()));
        let kept = KeptText::signed(text, by, secret, now.unix_min());
        self.keep_text(message.as_u128(), Some(kept));
        self.keep_fact(&Fact::MessageSent {
            room: room_id.clone(),
            message,
            backstage,
            reply_to,
        });
        if let Some(room) = self.rooms.get_mut(&room_id) {
            room.chat_mut(backstage).authors.insert(message, actor);
        }
        Ok(())
    }

    fn delete_message(
        &mut self,
        actor: ParticipantId,
        message: MessageId,
        secret: Option<AuthorSecret>,
    ) -> Result<(), Refusal> {
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        let own = secret.is_some_and(|secret| self.is_author(message.as_u128(), secret));
        if secret.is_some() && !own && !access::moderates(role) {
            return Err(refusal::NOT_THE_AUTHOR);
        }
        let deed = if own {
            Deed::DeleteOwnMessage
        } else {
            Deed::DeleteOtherMessage
        };
        // The right first: who has none learns nothing of what exists.
        Seat::in_event(deed, role, self.phase, actor)?;
        let holds = |room: &Room| {
            [false, true]
                .iter()
                .any(|side| room.chat(*side).kept.contains(&message))
        };
        let (room_id, room) = self
            .rooms
            .iter()
            .find(|(_, room)| holds(room))
            .ok_or(refusal::UNKNOWN_MESSAGE)?;
        let room_id = room_id.clone();
        let seat = Seat::take(deed, role, (&room_id, room.config.kind), self.phase, actor)?;
        debug_assert!(seat.fits(&room_id, &[deed]), "{seat:?}");
        self.erase_message(&room_id, message);
        Ok(())
    }

    fn erase_message(&mut self, room: &RoomId, message: MessageId) {
        self.keep_text(message.as_u128(), None);
        self.keep_fact(&Fact::MessageErased {
            room: room.clone(),
            message,
        });
    }

    pub(crate) fn apply_chat_fact(&mut self, fact: &Fact) {
        match fact {
            Fact::MessageSent {
                room,
                message,
                backstage,
                reply_to,
            } => {
                if let Some(place) = self.rooms.get_mut(room) {
                    place.chat_mut(*backstage).sent(*message, *reply_to);
                    self.dirty.messages.push((room.clone(), *message));
                }
            }
            Fact::MessageErased { room, message } => {
                if let Some(place) = self.rooms.get_mut(room) {
                    place.chat_mut(false).erased(*message);
                    place.chat_mut(true).erased(*message);
                    self.dirty.messages.push((room.clone(), *message));
                    self.dirty.rooms.insert(room.clone());
                }
            }
            _ => self.apply_chat_change(fact),
        }
    }

    /// Shows a message to whom it is for, or takes it away.
    pub(crate) fn settle_message(&mut self, room_id: &RoomId, id: MessageId) {
        let Some(room) = self.rooms.get(room_id) else { return };
        let of_side = |backstage: bool| {
            let chat = room.chat(backstage);
            let (stream, key) = if backstage {
                (&room.backstage, StreamKey::Backstage(room_id.clone()))
            } else {
                (&room.stream, StreamKey::Room(room_id.clone()))
            };
            let shown = chat.shown.contains(&id).then(|| view::message(id, chat, &self.texts));
            let known = view::known_chat(stream.state())
                .iter()
                .find(|known| known.message == id);
            match (known, shown.flatten()) {
                (None, Some(message)) => Some((key, Change::Message { message })),
                (Some(_), None) => Some((key, Change::MessageGone { message: id })),
                (Some(known), Some(message)) if *known != message => Some((key, Change::MessageChanged { message })),
                _ => None,
            }
        };
        if let Some((key, change)) = of_side(false).or_else(|| of_side(true)) {
            self.publish(key, change);
        }
    }
}
