// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What becomes of chat messages after they were sent: other words, a pin, a question.

use fiera_protocol::fair::QuestionStage;
use fiera_protocol::ids::{AuthorSecret, MessageId, ParticipantId, QuestionId, Role, RoomId};
use fiera_protocol::limits::{CHAT_PER_WINDOW_MAX, CHAT_WINDOW_MS, PINNED_MAX, QUESTIONS_PER_ROOM_MAX};
use fiera_protocol::text::{MessageText, QuestionText};

use crate::access::{Deed, Seat};
use crate::fact::{Fact, KeptText};
use crate::filter::has_link;
use crate::hub::Hub;
use crate::input::Now;
use crate::refusal::{self, Refusal};

impl Hub {
    /// The room of a message and whether it was said backstage.
    fn place_of_message(&self, message: MessageId) -> Result<(RoomId, bool), Refusal> {
        let side = |room: &crate::room::Room| {
            let mut sides = [false, true].into_iter();
            sides.find(|backstage| room.chat(*backstage).kept.contains(&message))
        };
        let found = self.rooms.iter().find_map(|(id, room)| Some((id.clone(), side(room)?)));
        found.ok_or(refusal::UNKNOWN_MESSAGE)
    }

    pub(super) fn edit_message(
        &mut self,
        now: Now,
        actor: ParticipantId,
        message: MessageId,
        text: &MessageText,
        secret: AuthorSecret,
    ) -> Result<(), Refusal> {
        let role = self.people.get(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?.role;
        Seat::in_event(Deed::EditMessage, role, self.phase, actor)?;
        let (room_id, backstage) = self.place_of_message(message)?;
        if !self.is_author(message.as_u128(), secret) {
            return Err(refusal::EDIT_NOT_YOURS_TO_CHAT);
        }
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        let seat = Seat::take(Deed::EditMessage, role, (&room_id, room.config.kind), self.phase, actor)?;
        debug_assert!(seat.fits(&room_id, &[Deed::EditMessage]), "{seat:?}");
        self.has_voice(actor)?;
        let slowed = !backstage && role == Role::Attendee;
        if slowed && !room.settings.chat_open {
            return Err(refusal::CHAT_CLOSED);
        }
        if slowed && room.settings.links_off && has_link(text.as_str()) {
            return Err(refusal::LINK_FILTERED);
        }
        self.lets_through(text.as_str())?;
        let pace = self.paces.of(actor, now.mono_ms);
        if !pace.messages.take(now.mono_ms, CHAT_PER_WINDOW_MAX, CHAT_WINDOW_MS) {
            return Err(refusal::CHAT_TOO_FAST);
        }
        self.reword(message.as_u128(), text.as_str());
        let room = room_id;
        self.keep_fact(&Fact::MessageEdited { room, message });
        Ok(())
    }

    pub(super) fn pin_message(
        &mut self,
        actor: ParticipantId,
        message: MessageId,
        pinned: bool,
    ) -> Result<(), Refusal> {
        let (room_id, seat) = self.room_seat(Deed::RunChat, actor)?;
        debug_assert!(seat.fits(&room_id, &[Deed::RunChat]), "{seat:?}");
        let chat = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?.chat(false);
        if !chat.kept.contains(&message) {
            return Err(refusal::UNKNOWN_MESSAGE);
        }
        if chat.pinned.contains(&message) == pinned {
            return Ok(());
        }
        if pinned && chat.pinned.len() >= PINNED_MAX {
            return Err(refusal::TOO_MANY_PINNED);
        }
        let room = room_id;
        self.keep_fact(&Fact::MessagePinned { room, message, pinned });
        Ok(())
    }

    pub(super) fn question_from_message(&mut self, actor: ParticipantId, message: MessageId) -> Result<(), Refusal> {
        let (room_id, seat) = self.room_seat(Deed::RunChat, actor)?;
        debug_assert!(seat.fits(&room_id, &[Deed::RunChat]), "{seat:?}");
        let room = self.rooms.get(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        if !room.chat(false).kept.contains(&message) {
            return Err(refusal::UNKNOWN_MESSAGE);
        }
        let said = self.texts.get(&message.as_u128()).ok_or(refusal::UNKNOWN_MESSAGE)?;
        if room
            .questions
            .iter()
            .any(|(_, question)| question.from_chat == Some(message))
        {
            return Err(refusal::MESSAGE_ASKED);
        }
        if room.questions.len() >= QUESTIONS_PER_ROOM_MAX {
            return Err(refusal::TOO_MANY_QUESTIONS);
        }
        let text = QuestionText::try_from(said.text.replace('\n', " ")).map_err(|_| refusal::LONG_FOR_A_QUESTION)?;
        // The name stood beside a message; nobody was asked whether it may stand beside a question.
        let kept = KeptText {
            text: text.into(),
            by: None,
            ..said.clone()
        };
        let question = QuestionId::from_u128(self.chance.id());
        self.keep_text(question.as_u128(), Some(kept));
        self.keep_fact(&Fact::QuestionAsked {
            room: room_id.clone(),
            question,
            stage: QuestionStage::Published,
        });
        self.keep_fact(&Fact::QuestionFromChat {
            room: room_id,
            question,
            message,
        });
        Ok(())
    }

    pub(super) fn apply_chat_change(&mut self, fact: &Fact) {
        let (Fact::MessageEdited { room, message } | Fact::MessagePinned { room, message, .. }) = fact else {
            return;
        };
        let Some(place) = self.rooms.get_mut(room) else { return };
        self.dirty.messages.push((room.clone(), *message));
        self.dirty.rooms.insert(room.clone());
        for backstage in [false, true] {
            let chat = place.chat_mut(backstage);
            if !chat.kept.contains(message) {
                continue;
            }
            match fact {
                Fact::MessagePinned { pinned: true, .. } if !chat.pinned.contains(message) => {
                    chat.pinned.push(*message)
                }
                Fact::MessagePinned { pinned: false, .. } => chat.pinned.retain(|pinned| pinned != message),
                Fact::MessageEdited { .. } => {
                    chat.edited.insert(*message);
                }
                _ => {}
            }
        }
    }
}
