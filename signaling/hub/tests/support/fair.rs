// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What people do around a stage, in one line each, and what became of it.

use fiera_hub::{ConnectionId, Input};
use fiera_protocol::breakouts::{Latecomers, PlannedRoom, RoundMode, RoundPlan};
use fiera_protocol::client::Command;
use fiera_protocol::fair::{ChatMessage, QuestionStage, QuestionView, RoomSettings};
use fiera_protocol::ids::{AuthorSecret, MessageId, QuestionId};
use serde_json::Value;

use super::{SETTINGS, Shell, name, person, room};

/// What the author's client keeps.
pub const SECRET: AuthorSecret = AuthorSecret::from_u128(0x5ec2_e700);

pub const MODERATED: RoomSettings = RoomSettings {
    moderated: true,
    ..SETTINGS
};

pub fn ask(text: &str) -> Command {
    Command::Ask {
        text: text.parse().expect("a question"),
        anonymous: false,
        secret: SECRET,
    }
}

pub fn set(question: QuestionId, from: QuestionStage, to: QuestionStage) -> Command {
    let note = matches!(to, QuestionStage::Dismissed | QuestionStage::FollowUp).then(|| "Ada".parse().expect("a note"));
    Command::SetQuestion {
        question,
        from,
        to,
        note,
    }
}

pub fn upvote(question: QuestionId, up: bool) -> Command {
    Command::Upvote { question, up }
}

pub fn say(text: &str) -> Command {
    Command::Chat {
        text: text.parse().expect("a message"),
        backstage: false,
        reply_to: None,
        secret: SECRET,
    }
}

pub fn say_backstage(text: &str) -> Command {
    Command::Chat {
        text: text.parse().expect("a message"),
        backstage: true,
        reply_to: None,
        secret: SECRET,
    }
}

/// A round from the lobby of 15 minutes.
pub fn plan(rooms: usize, mode: RoundMode, capacity: u16) -> RoundPlan {
    let planned = PlannedRoom {
        title: "Testing".parse().expect("a title"),
        topic: None,
    };
    RoundPlan {
        from: room("lobby"),
        rooms: vec![planned; rooms],
        mode,
        capacity,
        minutes: 15,
        latecomers: Latecomers::Placed,
    }
}

impl Shell {
    /// A program publishes in a room.
    pub fn program(&mut self, who: u128, place: &str) {
        self.input(Input::ExternalPublisherUp {
            participant: person(who),
            name: name("OBS"),
            room: room(place),
        });
    }

    /// All texts as they are kept, for a look at what is in none of them.
    pub fn kept_texts(&self) -> String {
        let bodies = self.kept.texts.values();
        let bodies: Vec<_> = bodies.map(|body| String::from_utf8_lossy(body)).collect();
        format!("{bodies:?}")
    }

    /// The fact that was kept last, decoded.
    pub fn last_fact(&self) -> Value {
        let (_, body) = self.kept.facts.last().expect("a fact");
        serde_json::from_slice(body).expect("a fact is JSON")
    }

    /// Asks, and returns the id of the question.
    pub fn ask(&mut self, conn: ConnectionId, text: &str) -> QuestionId {
        self.ok(conn, ask(text));
        serde_json::from_value(self.last_fact()["question"].clone()).expect("an id")
    }

    /// Chats, and returns the id of the message.
    pub fn say(&mut self, conn: ConnectionId, text: &str) -> MessageId {
        self.ok(conn, say(text));
        serde_json::from_value(self.last_fact()["message"].clone()).expect("an id")
    }

    pub fn set_room(&mut self, conn: ConnectionId, settings: RoomSettings) {
        self.ok(conn, Command::SetRoom { settings });
    }

    /// Questions that everybody in a room sees, as one of them does.
    pub fn questions(&self, conn: ConnectionId, room: &str) -> Vec<QuestionView> {
        self.room_view(conn, room).expect("follows the room").questions.clone()
    }

    /// Questions that only moderators see.
    pub fn hidden(&self, conn: ConnectionId, room: &str) -> Vec<QuestionView> {
        let view = self.moderators_view(conn, room).expect("follows the moderators");
        view.questions.clone()
    }

    pub fn chat(&self, conn: ConnectionId, room: &str) -> Vec<ChatMessage> {
        self.room_view(conn, room).expect("follows the room").chat.clone()
    }
}
