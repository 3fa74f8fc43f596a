// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Why the hub does not do something, in words that say what happened and what to do next.

use fiera_protocol::refusal::RefusalCode;

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
pub(crate) const ONLY_OWNER_SWITCHES_ON: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Nobody can switch on somebody else's microphone, camera or screen. Ask them to do it.",
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
pub(crate) const BACKSTAGE_FIRST: Refusal = refusal(
    RefusalCode::WrongState,
    "Only who is backstage can do that. Go backstage first.",
);
pub(crate) const BACKSTAGE_ALREADY: Refusal = refusal(
    RefusalCode::WrongState,
    "You are backstage or on air already. Nothing needs to be done.",
);
pub(crate) const BACKSTAGE_FULL: Refusal = refusal(
    RefusalCode::RoomFull,
    "Backstage is full. Wait until somebody there goes back to the audience.",
);
pub(crate) const ON_AIR_ALREADY: Refusal = refusal(
    RefusalCode::WrongState,
    "This person is on air already. Nothing needs to be done.",
);
pub(crate) const ON_AIR_FULL: Refusal = refusal(
    RefusalCode::RoomFull,
    "As many as possible are on air already. Take somebody off air first.",
);
pub(crate) const NOT_ON_AIR: Refusal = refusal(
    RefusalCode::WrongState,
    "This person is not on air. Nothing needs to be done.",
);
pub(crate) const PROGRAM_PUBLISHES: Refusal = refusal(
    RefusalCode::WrongState,
    "A program publishes for you to this room. Stop it before you go to another place.",
);
pub(crate) const READ_ONLY: Refusal = refusal(
    RefusalCode::ReadOnly,
    "The server cannot store anything at present, so nothing can be changed. Watching goes on; try again in a while.",
);
pub(crate) const TOO_MANY_CONNECTIONS: Refusal = refusal(
    RefusalCode::TooManyConnections,
    "You have this event open in too many tabs. Close one of them and reload this page.",
);
