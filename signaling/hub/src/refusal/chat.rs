// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Chat and the filter of words.

use fiera_protocol::refusal::RefusalCode;

use super::{Refusal, refusal};

pub(crate) const EDIT_NOT_YOURS_TO_CHAT: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only who wrote this can change it, in the browser where it was written. A moderator can delete it.",
);
pub(crate) const UNKNOWN_MESSAGE: Refusal = refusal(
    RefusalCode::UnknownItem,
    "This message is not here any more. Nothing needs to be done.",
);
pub(crate) const BACKSTAGE_CHAT: Refusal = refusal(
    RefusalCode::NotAllowed,
    "Only those who see the backstage write there. Go backstage first.",
);
pub(crate) const CHAT_CLOSED: Refusal = refusal(
    RefusalCode::SlowMode,
    "A moderator has closed the chat of this room. Wait until it opens again.",
);
pub(crate) const SLOW_MODE: Refusal = refusal(
    RefusalCode::SlowMode,
    "The chat of this room is slow at present. Wait a little before the next message.",
);
pub(crate) const WORD_FILTERED: Refusal = refusal(
    RefusalCode::Filtered,
    "A word in it is not allowed in this event. Say it in other words.",
);
pub(crate) const LINK_FILTERED: Refusal = refusal(
    RefusalCode::Filtered,
    "The chat of this room takes no links at present. Leave the link out.",
);
pub(crate) const FILTER_NOT_WORDS: Refusal = refusal(
    RefusalCode::Malformed,
    "The filter takes single words of letters and digits. Write each word alone.",
);
pub(crate) const TOO_MANY_FILTERED: Refusal = refusal(
    RefusalCode::TooMany,
    "The filter holds at most 200 words. Leave some out.",
);
pub(crate) const TOO_MANY_PINNED: Refusal = refusal(
    RefusalCode::TooMany,
    "Three messages are pinned already. Take one of them down first.",
);
pub(crate) const NO_REPLY_TO_THAT: Refusal = refusal(
    RefusalCode::UnknownItem,
    "The message that you reply to is not here any more. Send yours without it.",
);
pub(crate) const LONG_FOR_A_QUESTION: Refusal = refusal(
    RefusalCode::Text,
    "The message is longer than a question may be. Ask its author to ask it in fewer words.",
);
pub(crate) const MESSAGE_ASKED: Refusal = refusal(
    RefusalCode::WrongState,
    "This message is a question already. Nothing needs to be done.",
);
pub(crate) const CHAT_TOO_FAST: Refusal = refusal(
    RefusalCode::TooFast,
    "You sent several messages in the last seconds. Wait a little before the next one.",
);
