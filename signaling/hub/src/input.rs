// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What the shell tells the hub: connections, messages, facts from the media plane, time.

use std::collections::BTreeMap;

use fiera_protocol::client::Command;
use fiera_protocol::ids::{
    AuthorSecret, CommandId, DisplayName, ParticipantId, PollId, Role, RoomId, SourceKind, StandId,
};
use fiera_protocol::resume::ResumePlace;
use fiera_protocol::view::{StreamId, StreamPosition};

use crate::captions::SaidLine;
use crate::quality::Service;

/// One WebSocket, numbered by the shell in the order in which they open; never used again after it closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// The shell's clocks at the time of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Monotonic milliseconds since any start; never goes back.
    pub mono_ms: u64,
    /// Wall clock, milliseconds since 1970; shown to people only.
    pub unix_ms: u64,
}

impl Now {
    /// The wall clock, rounded down to the minute, minutes since 1970.
    pub(crate) fn unix_min(self) -> u32 {
        u32::try_from(self.unix_ms / 60_000).unwrap_or(u32::MAX)
    }
}

/// Anything that happens to an event. An input about an unknown connection is ignored: it may just have closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A socket said a valid `hello`; the shell knows who it is.
    ConnectionOpened {
        /// The socket.
        conn: ConnectionId,
        /// Who, by token, cookie or resume token.
        participant: ParticipantId,
        /// Name to be shown; the name already known wins.
        name: DisplayName,
        /// Role by token; the highest of a participant's connections counts.
        role: Role,
        /// What an unsealed, unexpired resume token says.
        resume: Option<ResumePlace>,
    },
    /// The socket is gone, whoever closed it.
    ConnectionClosed {
        /// The socket.
        conn: ConnectionId,
        /// The person left on purpose: nothing is kept for them.
        left: bool,
    },
    /// Whether the store takes writes. While it does not, commands that would need it are refused as `read_only`.
    Storage {
        /// It does.
        writable: bool,
    },
    /// A `command` message.
    ClientCommand {
        /// The socket.
        conn: ConnectionId,
        /// The client's id for it.
        id: CommandId,
        /// What to do.
        command: Command,
    },
    /// A `resync` message.
    Resync {
        /// The socket.
        conn: ConnectionId,
        /// Which stream.
        stream: StreamId,
        /// The last update the client applied.
        have: Option<StreamPosition>,
    },
    /// A `roster` message.
    Roster {
        /// The socket.
        conn: ConnectionId,
        /// Continue after this participant.
        after: Option<ParticipantId>,
    },
    /// A `mine` message.
    Mine {
        /// The socket.
        conn: ConnectionId,
        /// What the texts were written with.
        secrets: Vec<AuthorSecret>,
    },
    /// A program writes down what is said; the shell checked its token. Answered by one [`crate::Output::Captioned`].
    Captioned {
        /// Which program, by its token.
        source: ParticipantId,
        /// What the token grants.
        role: Role,
        /// Where.
        room: RoomId,
        /// In the order in which they were said.
        lines: Vec<SaidLine>,
    },
    /// A `follow_ups` message.
    FollowUps {
        /// The socket.
        conn: ConnectionId,
    },
    /// A `poll_draft` message.
    PollDraft {
        /// The socket.
        conn: ConnectionId,
        /// Which.
        poll: PollId,
    },
    /// A `cards` message.
    Cards {
        /// The socket.
        conn: ConnectionId,
        /// Of which breakout room.
        room: RoomId,
    },
    /// A `stand` message.
    Stand {
        /// The socket.
        conn: ConnectionId,
        /// Which.
        stand: StandId,
    },
    /// A `stand_messages` message.
    StandMessages {
        /// The socket.
        conn: ConnectionId,
        /// Of which stand.
        stand: StandId,
        /// What it was opened with.
        secret: Option<AuthorSecret>,
    },
    /// A program publishes by WHIP; the shell checked its token.
    ExternalPublisherUp {
        /// Who, by token; may be connected by WebSocket as well.
        participant: ParticipantId,
        /// Name to be shown.
        name: DisplayName,
        /// Where to.
        room: RoomId,
    },
    /// That program ended or vanished. Not to be sent where another connection of the same program took over.
    ExternalPublisherDown {
        /// Who.
        participant: ParticipantId,
        /// On purpose: it said so (RFC 9725, section 4.2), and was not lost.
        left: bool,
    },
    /// The media plane hears these on-air participants speak, loudest first.
    Speaking {
        /// The room.
        room: RoomId,
        /// Who.
        participants: Vec<ParticipantId>,
    },
    /// A source began to send, or fell silent.
    SourceFlow {
        /// Whose.
        participant: ParticipantId,
        /// Which.
        source: SourceKind,
        /// Packets are coming in.
        flowing: bool,
    },
    /// How those who watch fare, of all rooms where the media plane sends anything; of others nothing is known.
    Serviced {
        /// By room.
        rooms: BTreeMap<RoomId, Service>,
    },
    /// [`crate::Hub::next_deadline`] has come.
    Tick,
}
