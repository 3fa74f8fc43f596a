// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Talking: messages, replies, edits, pins, and questions made of messages.

use fiera_protocol::client::Command;

use super::Deed;
use crate::model::chat::Message;

pub(super) fn draw(deed: &mut Deed<'_>) -> Option<Command> {
    let what = deed.random.below(20);
    let side = deed.random.index(8) / 7;
    let said: Vec<&Message> = deed.room()?.chats[side].iter().collect();
    let newest = said.len().saturating_sub(15);
    let known = deed.random.pick(&said[newest..]).map(|known| (*known).clone());
    if what < 10 {
        let reply_to = known.filter(|_| what < 3).map(|known| known.id);
        return Some(Command::Chat {
            text: deed.text(),
            backstage: side == 1,
            reply_to,
            secret: deed.secret(),
        });
    }
    let known = known?;
    let message = known.id;
    Some(match what {
        10..12 => Command::EditMessage {
            message,
            text: deed.text(),
            secret: deed.secret_of(known.secret),
        },
        12 => Command::DeleteMessage {
            message,
            secret: Some(deed.secret_of(known.secret)),
        },
        13 => Command::DeleteMessage { message, secret: None },
        14..18 => Command::PinMessage {
            message,
            pinned: deed.random.permille(600),
        },
        _ => Command::QuestionFromMessage { message },
    })
}
