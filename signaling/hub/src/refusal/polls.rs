// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Polls and quizzes.

use fiera_protocol::poll::DraftFault;
use fiera_protocol::refusal::RefusalCode;

use super::{Refusal, refusal};

pub(crate) const TOO_MANY_POLLS: Refusal = refusal(
    RefusalCode::TooMany,
    "This room has as many polls as possible. Throw drafts away, or use another room.",
);
pub(crate) const UNKNOWN_POLL: Refusal = refusal(
    RefusalCode::UnknownItem,
    "There is no such poll in this room (any more).",
);
pub(crate) const UNKNOWN_OPTION: Refusal = refusal(
    RefusalCode::UnknownItem,
    "The poll does not offer this answer. Choose one of those it offers.",
);
pub(crate) const POLL_ORDER: Refusal = refusal(
    RefusalCode::WrongState,
    "A poll goes from draft to open to closed to revealed, one step at a time. Choose the next step.",
);
pub(crate) const POLL_NOT_DRAFT: Refusal = refusal(
    RefusalCode::WrongState,
    "Only a draft can be changed. Copy the poll, and change the copy.",
);
pub(crate) const POLL_OPEN_ALREADY: Refusal = refusal(
    RefusalCode::WrongState,
    "Another poll is open in this room. Close that one first.",
);
pub(crate) const POLL_OPEN: Refusal = refusal(RefusalCode::WrongState, "The poll is open. Close it first.");
pub(crate) const POLL_CLOSED: Refusal = refusal(
    RefusalCode::WrongState,
    "The poll is closed and takes no votes any more.",
);
pub(crate) const POLL_DISMISSED: Refusal = refusal(
    RefusalCode::WrongState,
    "The poll is off the screen already. Nothing needs to be done.",
);
pub(crate) const ANOTHER_FORM: Refusal = refusal(
    RefusalCode::Malformed,
    "This poll is answered in another way. Answer it as it asks.",
);
pub(crate) const CHOOSE_AS_ASKED: Refusal = refusal(
    RefusalCode::Malformed,
    "Choose as many different answers as the poll asks for, not fewer and not more.",
);
pub(crate) const RANK_ALL: Refusal = refusal(
    RefusalCode::Malformed,
    "A ranking has each answer once. Put all of them in order.",
);
pub(crate) const TOO_MANY_TEXTS: Refusal = refusal(
    RefusalCode::TooMany,
    "As many answers as possible were given to this question. Yours was not kept; tell it in the chat.",
);
pub(crate) const TOO_MANY_SHOWN: Refusal = refusal(
    RefusalCode::TooMany,
    "As many answers as possible are published already. Take one back first.",
);
pub(crate) const UNKNOWN_ENTRY: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This is not in the poll (any more). It may have been erased.",
);
pub(crate) const NICKNAME_TAKEN: Refusal = refusal(
    RefusalCode::Name,
    "Another player has this nickname already. Choose another one.",
);
pub(crate) const JOIN_QUIZ_FIRST: Refusal = refusal(
    RefusalCode::WrongState,
    "Choose a nickname for this quiz first, then answer.",
);
pub(crate) const QUIZ_TIME_OVER: Refusal = refusal(
    RefusalCode::WrongState,
    "This question is not asked now, or its time is over. Wait for the next one.",
);
pub(crate) const QUIZ_NOT_OPEN: Refusal = refusal(
    RefusalCode::WrongState,
    "The quiz is not open. Open it before its questions are asked.",
);
pub(crate) const QUIZ_ORDER: Refusal = refusal(
    RefusalCode::WrongState,
    "The questions of a quiz come in their order, and somebody may have gone on meanwhile. Look where it is now.",
);
/// Why a poll cannot be prepared.
pub(crate) const fn of_draft(fault: DraftFault) -> Refusal {
    let code = match fault {
        DraftFault::TooMany => RefusalCode::TooMany,
        _ => RefusalCode::Malformed,
    };
    refusal(code, fault.sentence())
}
