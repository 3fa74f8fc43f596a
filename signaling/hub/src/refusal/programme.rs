// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The programme, ideas for it, and thanks.

use fiera_protocol::programme::SlotFault;
use fiera_protocol::refusal::RefusalCode;

use super::{Refusal, refusal};

pub(crate) const TOO_MANY_IDEA_VOTES: Refusal = refusal(
    RefusalCode::TooMany,
    "This event holds as many votes for ideas as it can. Nothing was changed.",
);
/// Why a slot cannot be.
pub(crate) const fn of_slot(fault: SlotFault) -> Refusal {
    match fault {
        SlotFault::NoTitle => refusal(
            RefusalCode::Text,
            "A slot needs a title in one language at least. Write one.",
        ),
        SlotFault::Times => refusal(
            RefusalCode::Malformed,
            "A slot ends after it starts, and at most a day later. Change its times.",
        ),
        SlotFault::TooManySpeakers => refusal(RefusalCode::TooMany, "A slot has at most 20 speakers. Leave some out."),
    }
}
pub(crate) const TOO_MANY_SLOTS: Refusal = refusal(
    RefusalCode::TooMany,
    "The programme has as many slots as possible. Take one out first.",
);
pub(crate) const UNKNOWN_SLOT: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This slot is not in the programme any more. Somebody else may have taken it out.",
);
pub(crate) const SLOT_CHANGED: Refusal = refusal(
    RefusalCode::WrongState,
    "Somebody else has changed this slot meanwhile. Look at it as it is now and change it again.",
);
pub(crate) const UNKNOWN_IDEA: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This idea is not here any more. It may have been withdrawn.",
);
pub(crate) const IDEAS_CLOSED: Refusal = refusal(
    RefusalCode::Closed,
    "The organisers take no ideas and votes for them at present. Come back later, or tell them in the chat.",
);
pub(crate) const IDEAS_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "You wrote several ideas in the last minutes. Wait a little before the next one.",
);
pub(crate) const TOO_MANY_IDEAS: Refusal = refusal(
    RefusalCode::TooMany,
    "This event holds as many ideas as it can. Support one that was proposed already.",
);
pub(crate) const IDEA_SETTLED: Refusal = refusal(
    RefusalCode::WrongState,
    "This idea was answered, so its words and votes stay. Propose another one.",
);
pub(crate) const IDEA_MERGED: Refusal = refusal(
    RefusalCode::WrongState,
    "This idea became part of another one. Go on with that one, or let it stand for itself first.",
);
pub(crate) const IDEA_MOVED_ON: Refusal = refusal(
    RefusalCode::WrongState,
    "Somebody else has answered this idea meanwhile. Look where it is now and decide again.",
);
pub(crate) const IDEA_ORDER: Refusal = refusal(
    RefusalCode::WrongState,
    "An idea cannot go there from where it is; into the programme it comes by a slot that is made of it.",
);
pub(crate) const IDEA_INTO_ITSELF: Refusal = refusal(
    RefusalCode::Malformed,
    "An idea cannot become part of itself. Choose another one.",
);
pub(crate) const IDEA_NOTE_MISSING: Refusal = refusal(RefusalCode::Text, "Say why the idea is not taken up.");
pub(crate) const IDEA_NOTE_NOT_HERE: Refusal = refusal(
    RefusalCode::Text,
    "Only an idea that is not taken up has a reason. Leave it out.",
);
pub(crate) const THANKS_ONESELF: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Thanks are for somebody else. Choose another person.",
);
pub(crate) const THANKED_ALREADY: Refusal = refusal(
    RefusalCode::WrongState,
    "You have thanked this person already. Take that back to say it in other words.",
);
pub(crate) const TOO_MANY_THANKS: Refusal = refusal(
    RefusalCode::TooMany,
    "As many thanks as possible wait for this person. Tell them in the chat.",
);
pub(crate) const THANKS_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "You thanked several people in the last minutes. Wait a little before the next one.",
);
pub(crate) const UNKNOWN_THANKS: Refusal =
    refusal(RefusalCode::UnknownItem, "There is no such thanks for you (any more).");
