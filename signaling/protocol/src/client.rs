// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Messages from a client. One WebSocket text frame holds one [`ClientMessage`].

use serde::{Deserialize, Serialize};

use crate::ids::{CommandId, DisplayName, EventId, ParticipantId, RoomId, SourceKind};
use crate::view::{StreamId, StreamPosition};

/// Anything a client says. Unknown kinds and unknown fields are refused as `malformed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// First message on every socket.
    Hello {
        /// [`crate::PROTOCOL_VERSION`].
        version: u16,
        /// The event to join.
        event: EventId,
        /// Signed token; absent when the cookie of the event says who this is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        token: Option<String>,
        /// Sealed token of an earlier socket: same participant, same room, as they were.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        resume: Option<String>,
        /// Name to be shown; the token's or an alias is used without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        name: Option<DisplayName>,
    },
    /// Answer to `ping`.
    Pong {
        /// The number of that ping.
        n: u32,
    },
    /// Something that changes state; answered once by `accepted` or `refused`.
    Command {
        /// Chosen by the client, unique per participant.
        id: CommandId,
        /// What to do.
        command: Command,
    },
    /// Asks for a snapshot of a stream, after a gap.
    Resync {
        /// Which stream.
        stream: StreamId,
        /// The last update that was applied. Where the server still has all later ones it sends only those.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        have: Option<StreamPosition>,
    },
    /// Asks for a page of the roster of the room one is in.
    Roster {
        /// Continues after this participant; from the start without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        after: Option<ParticipantId>,
    },
    /// Asks for a media rack of the room one is in; answered by `rack_offer`.
    Watch {
        /// Camera slots wanted, 1 to 4 (fewer on phones).
        video_slots: u8,
    },
    /// Answers `rack_offer`.
    RackAnswer {
        /// Number of the offer that this answers.
        rack: u32,
        /// Session description (RFC 8866), type `answer`.
        sdp: String,
    },
    /// How large a slot is shown, and so which layer serves it.
    Want {
        /// The slot.
        slot: u8,
        /// Height in device pixels; none: send nothing for this slot.
        height: Option<u16>,
    },
    /// Ends the rack.
    StopWatching {},
    /// Offers mic, camera, screen and screen audio as four transceivers; answered by `publish_answer`.
    PublishOffer {
        /// Session description (RFC 8866), type `offer`.
        sdp: String,
    },
    /// Ends publishing.
    StopPublishing {},
}

/// What a participant can do. Each needs a seat in the room it is about; `SPEC.md` has the table by role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Goes to a room; leaves the one before.
    Enter {
        /// The room.
        room: RoomId,
    },
    /// Leaves the room for the lobby of the event.
    Leave {},
    /// Changes the name others see.
    Rename {
        /// The new name.
        name: DisplayName,
    },
    /// Goes behind the stage of the room one is in; publishers there see and hear each other only.
    EnterBackstage {},
    /// Back from backstage to the audience; on air ends too.
    LeaveBackstage {},
    /// From backstage to on air. Without `participant`: oneself.
    PutOnAir {
        /// Somebody else who is backstage (moderators and organisers).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        participant: Option<ParticipantId>,
    },
    /// From on air to backstage. Without `participant`: oneself.
    TakeOffAir {
        /// Somebody else who is on air (moderators and organisers).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        participant: Option<ParticipantId>,
    },
    /// Switches a source on or off; the server forwards nothing of a source that is off.
    SetSource {
        /// Which of the participant's sources.
        source: SourceKind,
        /// On or off.
        live: bool,
        /// Somebody else's: moderators and organisers, and only to switch off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        participant: Option<ParticipantId>,
    },
    /// Moves the event along its life: draft, open, live, ended (organisers).
    SetEventPhase {
        /// The next phase.
        phase: crate::view::EventPhase,
    },
}
