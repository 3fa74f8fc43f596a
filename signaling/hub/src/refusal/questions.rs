// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Questions, and what becomes of them.

use fiera_protocol::refusal::RefusalCode;

use super::{Refusal, refusal};

pub(crate) const TOO_MANY_QUESTIONS: Refusal = refusal(
    RefusalCode::TooMany,
    "This room holds as many questions as it can. Support one that was asked already.",
);
pub(crate) const ASKS_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "You asked several questions in the last minute. Wait a little before the next one.",
);
pub(crate) const UNKNOWN_QUESTION: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This question is not here any more. It may have been withdrawn.",
);
pub(crate) const QUESTION_SETTLED: Refusal = refusal(
    RefusalCode::WrongState,
    "This question takes no votes any more: it was answered or will be answered later.",
);
pub(crate) const QUESTION_MOVED_ON: Refusal = refusal(
    RefusalCode::WrongState,
    "Somebody else has moved this question meanwhile. Look where it is now and decide again.",
);
pub(crate) const QUESTION_ORDER: Refusal = refusal(
    RefusalCode::WrongState,
    "A question cannot go there from where it is. Choose another step.",
);
pub(crate) const NOTE_MISSING: Refusal = refusal(
    RefusalCode::Text,
    "Say why the question is dismissed, or who follows it up.",
);
pub(crate) const NOTE_NOT_HERE: Refusal = refusal(
    RefusalCode::Text,
    "Only a dismissed question or one to be followed up takes a note. Leave it out.",
);
pub(crate) const QUESTIONS_CLOSED: Refusal = refusal(
    RefusalCode::Closed,
    "A moderator has closed the questions of this room for now. Support one that was asked already, or come back later.",
);
pub(crate) const EDIT_SETTLED: Refusal = refusal(
    RefusalCode::WrongState,
    "This question is being answered or was settled, so its words stay. Ask another one.",
);
pub(crate) const EDIT_NOT_YOURS: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only who asked this can change it, in the browser where it was asked; a moderator can while it waits for approval.",
);
pub(crate) const QUESTION_MERGED: Refusal = refusal(
    RefusalCode::WrongState,
    "This question was merged into another one. Go on with that one, or undo the merge first.",
);
pub(crate) const MERGE_SETTLED: Refusal = refusal(
    RefusalCode::WrongState,
    "Only questions that wait, are published or come next can be merged into one that is open. Choose others.",
);
pub(crate) const MERGE_TWICE: Refusal = refusal(
    RefusalCode::Malformed,
    "Choose at least one other question to merge, each once, and not the one that stays.",
);
pub(crate) const TOO_MANY_AT_ONCE: Refusal = refusal(
    RefusalCode::TooMany,
    "That is too many at once. Do it in several steps.",
);
pub(crate) const TOO_MANY_LABELS: Refusal = refusal(
    RefusalCode::TooMany,
    "A room has at most 12 labels and a question at most 3. Take one away first.",
);
pub(crate) const LABEL_KNOWN: Refusal =
    refusal(RefusalCode::WrongState, "There is such a label already. Use that one.");
pub(crate) const LABEL_TWICE: Refusal = refusal(
    RefusalCode::Malformed,
    "A question has each label once. Leave the second one out.",
);
pub(crate) const UNKNOWN_LABEL: Refusal = refusal(
    RefusalCode::UnknownItem,
    "There is no such label in this room (any more).",
);
pub(crate) const NOT_A_SPEAKER: Refusal = refusal(
    RefusalCode::UnknownParticipant,
    "Questions go to somebody who is in this room and is a speaker or on the stage. Choose one of them.",
);
pub(crate) const NOT_YOURS_TO_ANSWER: Refusal = refusal(
    RefusalCode::NotAllowed,
    "This question is not assigned to you. Ask a moderator to do so.",
);
pub(crate) const ANSWER_EARLY: Refusal = refusal(
    RefusalCode::WrongState,
    "A question that waits or was dismissed cannot be answered. Publish it first.",
);
pub(crate) const NOT_FOLLOWED_UP: Refusal = refusal(
    RefusalCode::WrongState,
    "Only a question that is followed up has a date. Say first who follows it up.",
);
pub(crate) const DUE_TOO_LATE: Refusal = refusal(
    RefusalCode::Malformed,
    "The date is too far away. Choose one before the year 2100.",
);
pub(crate) const ARCHIVE_OPEN: Refusal = refusal(
    RefusalCode::WrongState,
    "Only questions that were answered or dismissed can be put away. Settle the others first.",
);
pub(crate) const NOTHING_TO_UNDO: Refusal = refusal(
    RefusalCode::WrongState,
    "There is no last step of this question to take back.",
);
pub(crate) const TOO_MANY_UPVOTES: Refusal = refusal(
    RefusalCode::TooMany,
    "This room holds as many votes for questions as it can. Nothing was changed.",
);
