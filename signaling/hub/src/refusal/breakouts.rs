// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Rounds of breakouts, their dry runs and their cards.

use fiera_protocol::refusal::RefusalCode;

use super::{Refusal, refusal};

pub(crate) const UNKNOWN_ROUND: Refusal = refusal(
    RefusalCode::UnknownItem,
    "These breakout rooms are not prepared any more. Look at the list and choose others.",
);
pub(crate) const ROUND_SENT: Refusal = refusal(
    RefusalCode::WrongState,
    "These breakout rooms were sent already. Move single people, or bring everybody back first.",
);
pub(crate) const ROUND_LIVE: Refusal = refusal(
    RefusalCode::WrongState,
    "Other breakout rooms are open. Bring everybody back first.",
);
pub(crate) const REHEARSED: Refusal = refusal(
    RefusalCode::WrongState,
    "A dry run with bots is on. End it first: then people can be sent and the rooms changed.",
);
pub(crate) const REHEARSAL_SIZE: Refusal = refusal(
    RefusalCode::Malformed,
    "A dry run has 1 to 1,000 bots. Choose another number.",
);
pub(crate) const LOOKS_IN: Refusal = refusal(
    RefusalCode::WrongState,
    "Only a dry run is on in this room, and nothing of it is kept. Do this where people are.",
);
pub(crate) const ROUND_NOT_OVER: Refusal = refusal(
    RefusalCode::WrongState,
    "These breakout rooms are not over. Show their notes when everybody is back.",
);
pub(crate) const CARDS_NOT_SHOWN: Refusal = refusal(
    RefusalCode::WrongState,
    "The notes of this room are not shown here at present. Wait until somebody shows them.",
);
pub(crate) const NO_ROUND: Refusal = refusal(
    RefusalCode::WrongState,
    "No breakout rooms are open at present. Nothing needs to be done.",
);
pub(crate) const ROUND_NOT_OPEN: Refusal = refusal(
    RefusalCode::WrongState,
    "The breakout rooms open in a moment. Try again when they are open.",
);
pub(crate) const ROUND_OPEN: Refusal = refusal(
    RefusalCode::WrongState,
    "The breakout rooms are open, so nobody's place can be taken away. Move the person to another room.",
);
pub(crate) const ROUND_CLOSING: Refusal = refusal(
    RefusalCode::WrongState,
    "The breakout rooms are about to end or have ended. Add minutes first, or open new ones.",
);
pub(crate) const ROUND_ROOMS: Refusal = refusal(
    RefusalCode::TooMany,
    "A round has 1 to 60 breakout rooms. Choose another number.",
);
pub(crate) const ROUND_SIZES: Refusal = refusal(
    RefusalCode::Malformed,
    "Breakout rooms have 1 to 100 places, are open for 1 to 240 minutes, and are extended by 1 to 60. Change the number.",
);
pub(crate) const ROUND_TOO_LONG: Refusal = refusal(
    RefusalCode::TooMany,
    "Breakout rooms are open for 240 minutes at most. Bring everybody back and open new ones.",
);
pub(crate) const TOO_MANY_ROUNDS: Refusal = refusal(
    RefusalCode::TooMany,
    "This event has had as many rounds of breakout rooms as possible. Throw a draft away.",
);
pub(crate) const TOO_FEW_SEATS: Refusal = refusal(
    RefusalCode::TooMany,
    "There are more people than places. Make more rooms, or more places in each.",
);
pub(crate) const NOBODY_SEATED: Refusal = refusal(
    RefusalCode::WrongState,
    "Nobody has a place in a breakout room yet. Give people places first, or let the server draw.",
);
pub(crate) const NOT_BY_LOT: Refusal = refusal(
    RefusalCode::WrongState,
    "In this round people are not placed by lot. Prepare one with random places.",
);
pub(crate) const BREAKOUT_FULL: Refusal = refusal(
    RefusalCode::RoomFull,
    "This breakout room is full. Choose one with a free place.",
);
pub(crate) const BREAKOUT_NOT_OPEN: Refusal = refusal(
    RefusalCode::WrongState,
    "The breakout rooms open in a moment, and you go there by yourself. Wait a few seconds.",
);
pub(crate) const BREAKOUT_OVER: Refusal = refusal(
    RefusalCode::WrongState,
    "The breakout rooms have ended. Go back to where everybody is.",
);
pub(crate) const OTHER_BREAKOUT: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Your place is in another breakout room. Ask an organiser to move you.",
);
pub(crate) const THEIR_PROGRAM_PUBLISHES: Refusal = refusal(
    RefusalCode::WrongState,
    "A program publishes for this person, so they cannot be moved. Ask them to stop it first.",
);
pub(crate) const NOT_GOING: Refusal = refusal(
    RefusalCode::WrongState,
    "You are not about to be moved to a breakout room. Nothing needs to be done.",
);
pub(crate) const NOT_IN_BREAKOUT: Refusal = refusal(
    RefusalCode::WrongState,
    "That works in an open breakout room only. Go to one first.",
);
pub(crate) const NO_CALL: Refusal = refusal(
    RefusalCode::WrongState,
    "This room does not call for help any more. Nothing needs to be done.",
);
pub(crate) const TOO_MANY_CARDS: Refusal = refusal(
    RefusalCode::TooMany,
    "This room has as many cards as fit. Change one, or erase one that is no longer needed.",
);
pub(crate) const CARDS_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "You wrote several cards in the last minute. Wait a little before the next one.",
);
pub(crate) const UNKNOWN_CARD: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This card is not here any more. Nothing needs to be done.",
);
