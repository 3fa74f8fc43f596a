// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What the hub asks of the shell: texts to send, streams to fan out, intents for the media plane.

use std::collections::BTreeSet;
use std::sync::Arc;

use fiera_protocol::ids::{ParticipantId, RoomId, SourceKind};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::resume::ResumePlace;
use fiera_protocol::view::StreamId;

use crate::input::ConnectionId;
use crate::record::Record;
use crate::refusal::Refusal;

/// A stream of this event. Unlike [`StreamId`] it says whose `you` it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKey {
    /// The event as a whole.
    Event,
    /// A room as its audience sees it.
    Room(RoomId),
    /// A room's backstage.
    Backstage(RoomId),
    /// What is said in a room, as captions.
    Captions(RoomId),
    /// What moderators of a room see beside it.
    Moderators(RoomId),
    /// What organisers see of the event.
    Organisers,
    /// What moderators and organisers see of breakouts.
    Breakouts,
    /// One participant's own.
    You(ParticipantId),
}

impl StreamKey {
    /// The stream's name on the wire.
    #[must_use]
    pub fn id(&self) -> StreamId {
        match self {
            Self::Event => StreamId::Event {},
            Self::Room(room) => StreamId::Room { room: room.clone() },
            Self::Backstage(room) => StreamId::Backstage { room: room.clone() },
            Self::Captions(room) => StreamId::Captions { room: room.clone() },
            Self::Moderators(room) => StreamId::Moderators { room: room.clone() },
            Self::Organisers => StreamId::Organisers {},
            Self::Breakouts => StreamId::Breakouts {},
            Self::You(_) => StreamId::You {},
        }
    }

    pub(crate) fn of(id: &StreamId, participant: ParticipantId) -> Self {
        match id {
            StreamId::Event {} => Self::Event,
            StreamId::Room { room } => Self::Room(room.clone()),
            StreamId::Backstage { room } => Self::Backstage(room.clone()),
            StreamId::Captions { room } => Self::Captions(room.clone()),
            StreamId::Moderators { room } => Self::Moderators(room.clone()),
            StreamId::Organisers {} => Self::Organisers,
            StreamId::Breakouts {} => Self::Breakouts,
            StreamId::You {} => Self::You(participant),
        }
    }
}

/// Which publishers a participant's viewers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Those on air.
    Audience,
    /// Those on air and those who wait.
    Backstage,
}

impl Side {
    /// This side of a room, or the audience's where who looks there is not behind its stage `now`: they were sent away since.
    #[must_use]
    pub fn left_in(self, room: Option<&RoomId>, now: Option<&Standing>) -> Self {
        match now {
            Some(now) if now.room.as_ref() == room && now.side == Self::Backstage => self,
            _ => Self::Audience,
        }
    }
}

/// What the shell has to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Makes this durable before carrying out any output of this input; where that fails, throw the hub away, restore
    /// another one from what was kept, and carry out none of them.
    Keep(Record),
    /// Sends one encoded message to one connection.
    ToConnection {
        /// The connection.
        conn: ConnectionId,
        /// One JSON object; join several with [`fiera_protocol::codec::frame`].
        text: Arc<str>,
    },
    /// From now on the connection gets what goes to the stream; its snapshot went out just before.
    Follow {
        /// The connection.
        conn: ConnectionId,
        /// The stream.
        stream: StreamKey,
    },
    /// The connection gets no more of the stream.
    Unfollow {
        /// The connection.
        conn: ConnectionId,
        /// The stream.
        stream: StreamKey,
    },
    /// Sends the same bytes to everybody who follows the stream.
    ToStream {
        /// The stream.
        stream: StreamKey,
        /// One JSON object.
        text: Arc<str>,
    },
    /// Seal this place (it says who and where; add the expiry) and send it as `resume`.
    Resume {
        /// The connection.
        conn: ConnectionId,
        /// What to seal.
        place: ResumePlace,
    },
    /// Answers [`crate::Input::Captioned`].
    Captioned {
        /// Why not all of it was taken; none: it was.
        refused: Option<Refusal>,
    },
    /// For the media plane.
    Media(MediaIntent),
    /// Flush what is queued and close the socket; follows no stream any more. No `ConnectionClosed` is needed.
    Disconnect {
        /// The connection.
        conn: ConnectionId,
    },
    /// The WHIP publisher cannot come in; answer its request with this.
    ExternalRefused {
        /// Who.
        participant: ParticipantId,
        /// For programs.
        code: RefusalCode,
        /// For people.
        sentence: String,
    },
}

/// What the media plane should make true. Each is sent once per change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaIntent {
    /// Where a participant's viewing connections look, and whether they may hold a publishing one there.
    Place {
        /// Who.
        participant: ParticipantId,
        /// The room; none: nowhere, end viewing and publishing.
        room: Option<RoomId>,
        /// Which publishers they see.
        side: Side,
        /// Whether they may publish; otherwise end their publishing connection.
        may_publish: bool,
    },
    /// Whether the audience gets what they publish.
    OnAir {
        /// Who.
        participant: ParticipantId,
        /// On or off.
        on_air: bool,
    },
    /// Whether anything of a source is forwarded. Everything is off until switched on.
    Live {
        /// Whose.
        participant: ParticipantId,
        /// Which.
        source: SourceKind,
        /// On or off.
        live: bool,
    },
    /// The participant left the event: end all their connections.
    Gone {
        /// Who.
        participant: ParticipantId,
    },
}

impl MediaIntent {
    /// Whom it is about.
    #[must_use]
    pub fn participant(&self) -> ParticipantId {
        match self {
            Self::Place { participant, .. }
            | Self::OnAir { participant, .. }
            | Self::Live { participant, .. }
            | Self::Gone { participant } => *participant,
        }
    }
}

/// Where a participant stands for the media plane now: what to start a new media connection with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The room they are in.
    pub room: Option<RoomId>,
    /// Which publishers they see.
    pub side: Side,
    /// Whether they may publish.
    pub may_publish: bool,
    /// Whether the audience gets what they publish.
    pub on_air: bool,
    /// Sources that may be forwarded.
    pub live: BTreeSet<SourceKind>,
}

impl Standing {
    /// Nowhere, with nothing.
    pub(crate) const fn nowhere() -> Self {
        Self {
            room: None,
            side: Side::Audience,
            may_publish: false,
            on_air: false,
            live: BTreeSet::new(),
        }
    }

    /// What of this is so in `now` too: where something was taken away since, and is to be heard and seen no more. Who
    /// is not there any more has nothing on air, and who is in no room any more sees none.
    #[must_use]
    pub fn left_in(&self, now: Option<&Self>) -> Self {
        let live = |now: &Self| self.live.intersection(&now.live).copied().collect();
        Self {
            on_air: self.on_air && now.is_some_and(|now| now.on_air),
            live: now.map(live).unwrap_or_default(),
            room: self.room.clone().filter(|_| now.is_some_and(|now| now.room.is_some())),
            side: self.side.left_in(self.room.as_ref(), now),
            may_publish: self.may_publish,
        }
    }

    /// The intents that lead from `before` to this. What closes comes before what opens.
    pub(crate) fn since(&self, before: &Self, participant: ParticipantId) -> Vec<MediaIntent> {
        let mut intents = Vec::new();
        if before.on_air && !self.on_air {
            intents.push(MediaIntent::OnAir {
                participant,
                on_air: false,
            });
        }
        for source in before.live.difference(&self.live) {
            intents.push(MediaIntent::Live {
                participant,
                source: *source,
                live: false,
            });
        }
        if (&self.room, self.side, self.may_publish) != (&before.room, before.side, before.may_publish) {
            let room = self.room.clone();
            intents.push(MediaIntent::Place {
                participant,
                room,
                side: self.side,
                may_publish: self.may_publish,
            });
        }
        for source in self.live.difference(&before.live) {
            intents.push(MediaIntent::Live {
                participant,
                source: *source,
                live: true,
            });
        }
        if self.on_air && !before.on_air {
            intents.push(MediaIntent::OnAir {
                participant,
                on_air: true,
            });
        }
        intents
    }
}
