// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Stands.

use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::stands::StandFault;

use super::{Refusal, refusal};

pub(crate) const UNKNOWN_STAND: Refusal = refusal(
    RefusalCode::UnknownItem,
    "There is no such stand any more. Look at the list of stands.",
);
pub(crate) const STANDS_NOT_OPEN: Refusal = refusal(
    RefusalCode::NotAllowed,
    "The organiser has not opened stands to you. Ask them for an invitation.",
);
pub(crate) const NOT_YOUR_STAND: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only those who keep this stand can do that. Ask them.",
);
pub(crate) const NOT_THE_OPENER: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only who opened this stand makes a new link for it. Ask them, or a moderator.",
);
pub(crate) const NOT_YOUR_STAND_MESSAGE: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only who left this message and who keeps the stand can erase it.",
);
pub(crate) const TOO_MANY_STANDS: Refusal = refusal(
    RefusalCode::TooMany,
    "The event has as many stands as it may. Ask a moderator to remove one.",
);
pub(crate) const KEEPS_ENOUGH: Refusal = refusal(
    RefusalCode::TooMany,
    "You keep as many stands as you may. Remove one of them first.",
);
pub(crate) const OPENED_ENOUGH: Refusal = refusal(
    RefusalCode::TooMany,
    "You have opened as many stands as you may in this event. Change one that you keep.",
);
pub(crate) const KEEPERS_ENOUGH: Refusal = refusal(RefusalCode::TooMany, "This stand has as many keepers as it may.");
pub(crate) const TOO_MANY_STAND_MESSAGES: Refusal = refusal(
    RefusalCode::TooMany,
    "As many messages as possible lie at this stand. Try again when its keepers have erased some.",
);
pub(crate) const TOO_MANY_ADOPTERS: Refusal = refusal(
    RefusalCode::TooMany,
    "As many organisations as possible are named at this stand already.",
);
pub(crate) const UNKNOWN_ADOPTER: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This organisation is not named at the stand any more. Nothing needs to be done.",
);
pub(crate) const STANDS_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "You change stands faster than allowed. Wait a minute and try again.",
);
pub(crate) const STAND_CHANGED: Refusal = refusal(
    RefusalCode::WrongState,
    "Somebody else has changed the stand meanwhile. Look at it again and repeat your change.",
);
pub(crate) const STAND_CLOSED: Refusal = refusal(
    RefusalCode::Closed,
    "The stand is closed at present. Read it, leave a message, and come back later.",
);
pub(crate) const NOT_AT_STAND: Refusal = refusal(
    RefusalCode::UnknownParticipant,
    "This person is not at the stand. They may have left.",
);
pub(crate) const STAND_TOO_LONG: Refusal = refusal(RefusalCode::TooMany, StandFault::TooMany.sentence());
pub(crate) const STAND_SAME_TAG: Refusal = refusal(RefusalCode::Malformed, StandFault::SameTag.sentence());
pub(crate) const STAND_HOURS: Refusal = refusal(RefusalCode::Malformed, StandFault::Hours.sentence());
