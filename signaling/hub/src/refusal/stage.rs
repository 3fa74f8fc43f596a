// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Hands, the stage, its timer and its captions.

use fiera_protocol::refusal::RefusalCode;

use super::{Refusal, refusal};

pub(crate) const ONLY_OWNER_SWITCHES_ON: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Nobody can switch on somebody else's microphone, camera or screen. Ask them to do it.",
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
pub(crate) const ON_STAGE_ALREADY: Refusal = refusal(
    RefusalCode::WrongState,
    "You are behind or on the stage already, so you need not raise your hand. Speak when you are on air.",
);
pub(crate) const TOO_MANY_HANDS: Refusal = refusal(
    RefusalCode::TooMany,
    "As many hands as possible are up in this room. Try again when some were taken.",
);
pub(crate) const NO_HAND: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This hand is not up any more. It was lowered, or its owner has gone.",
);
pub(crate) const HAND_ACCEPTED: Refusal = refusal(
    RefusalCode::WrongState,
    "This hand was accepted already: its owner is behind or on the stage. To end that, they go back to the audience.",
);
pub(crate) const HAND_AWAY: Refusal = refusal(
    RefusalCode::UnknownParticipant,
    "This person is not connected at present. Their hand stays up for a while; try again when they are back.",
);
pub(crate) const COUNTDOWN_TOO_LONG: Refusal = refusal(
    RefusalCode::Malformed,
    "A countdown has at most 30 seconds. Choose a shorter one.",
);
pub(crate) const TIMER_NOT_POSSIBLE: Refusal = refusal(
    RefusalCode::Malformed,
    "A timer runs 10 seconds to 4 hours, amber not after its start, red not before amber. Choose other times.",
);
pub(crate) const TIMER_CHANGED: Refusal = refusal(
    RefusalCode::WrongState,
    "The timer was changed by somebody else meanwhile. Look at it and decide again.",
);
pub(crate) const TOO_MANY_TITLES: Refusal = refusal(
    RefusalCode::TooMany,
    "As many people as possible have a line under their name in this event. Take one away first.",
);
pub(crate) const NO_TIMER: Refusal = refusal(RefusalCode::WrongState, "No timer runs in this room. Start one first.");
pub(crate) const NOBODY_TO_DIRECT: Refusal = refusal(
    RefusalCode::UnknownParticipant,
    "Nobody to be told is backstage or on air here. Wait until they are.",
);
pub(crate) const UNKNOWN_DIRECTION: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This message is not here any more. Nothing needs to be done.",
);
pub(crate) const CAPTION_PAST: Refusal = refusal(
    RefusalCode::WrongState,
    "A line of this number, or of a later one, is final already. Give each line a greater number than the one before.",
);
pub(crate) const CAPTIONS_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "Lines come faster than anybody reads. Send fewer steps of each line.",
);
pub(crate) const TOO_MANY_CAPTION_LANGS: Refusal = refusal(
    RefusalCode::TooMany,
    "This room has captions in as many languages as it can. Write in one of those.",
);
pub(crate) const TOO_MANY_CAPTION_SOURCES: Refusal = refusal(
    RefusalCode::TooMany,
    "As many people and programs as possible write captions here. Wait until one of them has stopped for a minute.",
);
pub(crate) const TOO_MANY_CAPTIONS: Refusal = refusal(
    RefusalCode::TooMany,
    "This room keeps as many lines of captions as it can. Nothing more is taken.",
);
pub(crate) const UNKNOWN_CAPTION: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This line is not here any more. Nothing needs to be done.",
);
