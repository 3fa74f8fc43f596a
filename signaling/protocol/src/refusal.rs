// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What the server says when it will not do something: a stable code for programs, a sentence for people.

use serde::{Deserialize, Serialize};

/// Stable reason of a refusal; the words beside it may change, the code does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The message is not JSON, or not of a known shape.
    Malformed,
    /// The message is larger than allowed.
    TooLarge,
    /// Messages come faster than allowed.
    TooFast,
    /// `hello` is missing, late, or repeated.
    HelloExpected,
    /// The protocol version is not spoken here.
    Version,
    /// The token is missing, wrong or of another event.
    Token,
    /// The token was right once; its time is over.
    Expired,
    /// No such event.
    UnknownEvent,
    /// No such room in this event.
    UnknownRoom,
    /// The room holds as many as it may.
    RoomFull,
    /// Nobody by that id is here.
    UnknownParticipant,
    /// This role may not do that here.
    NotAllowed,
    /// Enter a room first.
    NotInRoom,
    /// The state has moved on (already on air, already gone).
    WrongState,
    /// The event is not open at present.
    EventClosed,
    /// The name is empty, too long, or has invisible characters.
    Name,
    /// The text is empty, too long, or has invisible characters.
    Text,
    /// That question, message, poll, hand or announcement does not exist (any more).
    UnknownItem,
    /// As many as allowed exist already (questions, hands, polls, answers of a poll).
    TooMany,
    /// The chat is closed, or slow: wait.
    SlowMode,
    /// A word or a link in the text is not allowed here.
    Filtered,
    /// A moderator has closed it for now: wait.
    Closed,
    /// A moderator has silenced this participant.
    Silenced,
    /// A moderator has banned this participant from the event.
    Banned,
    /// The server cannot store anything at present: reading and watching go on, nothing can be changed.
    ReadOnly,
    /// The session description cannot be used; the sentence says why.
    Sdp,
    /// Too many tabs or connections of one person.
    TooManyConnections,
    /// The server cannot do it now; nothing was lost, try again.
    Unavailable,
}
