// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Why the hub does not do something, in words that say what happened and what to do next. What belongs to one subject
//! stands in its module; all are named by this one.

mod breakouts;
mod chat;
mod polls;
mod programme;
mod questions;
mod stage;
mod stands;

use fiera_protocol::refusal::RefusalCode;

pub(crate) use self::breakouts::*;
pub(crate) use self::chat::*;
pub(crate) use self::polls::*;
pub(crate) use self::programme::*;
pub(crate) use self::questions::*;
pub(crate) use self::stage::*;
pub(crate) use self::stands::*;

/// A refusal as it is sent: a stable code for programs, a sentence for people. Nothing changed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// For people.
    pub sentence: &'static str,
}

const fn refusal(code: RefusalCode, sentence: &'static str) -> Refusal {
    Refusal { code, sentence }
}

pub(crate) const UNKNOWN_ROOM: Refusal = refusal(
    RefusalCode::UnknownRoom,
    "There is no such room in this event. Choose one from the list of places.",
);
pub(crate) const ROOM_FULL: Refusal = refusal(
    RefusalCode::RoomFull,
    "The room is full. Try again when somebody has left, or visit another one.",
);
pub(crate) const EVENT_FULL: Refusal = refusal(
    RefusalCode::RoomFull,
    "The event is full. Try again when somebody has left.",
);
pub(crate) const NOT_IN_ROOM: Refusal = refusal(
    RefusalCode::NotInRoom,
    "You are in no room at present. Enter a room first.",
);
pub(crate) const NOT_YOUR_ROOM: Refusal = refusal(
    RefusalCode::NotInRoom,
    "That belongs to a place where you are not. Go there first.",
);
pub(crate) const UNKNOWN_PARTICIPANT: Refusal = refusal(
    RefusalCode::UnknownParticipant,
    "This person is not behind or on this stage. They may have left.",
);
pub(crate) const NOT_ALLOWED: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Your role may not do that here. Ask a moderator or the organiser.",
);
pub(crate) const EVENT_DRAFT: Refusal = refusal(
    RefusalCode::EventClosed,
    "The event has not opened yet. Come back when the organiser opens it.",
);
pub(crate) const EVENT_ENDED: Refusal = refusal(
    RefusalCode::EventClosed,
    "The event is over. Nothing can be changed any more.",
);
pub(crate) const PHASE_ORDER: Refusal = refusal(
    RefusalCode::WrongState,
    "An event goes from draft to open to live to ended, one step at a time. Choose the next step.",
);
pub(crate) const AWAY_TOO_LONG: Refusal = refusal(
    RefusalCode::WrongState,
    "You were away for too long, and your place behind the stage has ended. Raise your hand again to speak.",
);
pub(crate) const READ_ONLY: Refusal = refusal(
    RefusalCode::ReadOnly,
    "The server cannot store anything at present, so nothing can be changed. Watching goes on; try again in a while.",
);
pub(crate) const TOO_MANY_CONNECTIONS: Refusal = refusal(
    RefusalCode::TooManyConnections,
    "You opened this event in more tabs than possible, so this one, the oldest, was closed. Reload to use it again.",
);
pub(crate) const TOO_MANY_SECRETS: Refusal = refusal(
    RefusalCode::TooMany,
    "At most 100 of your texts can be looked for at once. Ask again for the others.",
);
pub(crate) const NOT_THE_AUTHOR: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only who wrote this can take it back, in the browser where it was written. A moderator can do it too.",
);
pub(crate) const TOO_MANY_ANNOUNCEMENTS: Refusal = refusal(
    RefusalCode::TooMany,
    "This event holds as many announcements as it can. Erase one that is no longer needed.",
);
pub(crate) const UNKNOWN_ANNOUNCEMENT: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This announcement is not here any more. Nothing needs to be done.",
);
pub(crate) const SILENCED: Refusal = refusal(
    RefusalCode::Silenced,
    "A moderator has silenced you: you can watch and vote, but not chat, ask, raise a hand or react.",
);
pub(crate) const BANNED: Refusal = refusal(
    RefusalCode::Banned,
    "A moderator has put you out of this event. Write to the organiser if you think that is a mistake.",
);
pub(crate) const NOT_OVER_EQUALS: Refusal = refusal(
    RefusalCode::NotAllowed,
    "That works on people with a lower role than yours only. Ask an organiser.",
);
pub(crate) const NOT_IN_EVENT: Refusal = refusal(
    RefusalCode::UnknownParticipant,
    "This person is not in the event. They may have left.",
);
pub(crate) const TOO_MANY_RESTRICTED: Refusal = refusal(
    RefusalCode::TooMany,
    "As many people as possible are silenced or banned already. Let somebody back in first.",
);
pub(crate) const PAUSE_TOO_LONG: Refusal = refusal(
    RefusalCode::Malformed,
    "Slow mode asks for a pause of at most 600 seconds. Choose a shorter one.",
);
