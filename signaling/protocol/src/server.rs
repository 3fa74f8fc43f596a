// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Messages from the server. One WebSocket text frame holds a JSON array of [`ServerMessage`]s, in order.
//! Clients ignore kinds that they do not know.

use serde::{Deserialize, Serialize};

use crate::breakouts::CardView;
use crate::fair::{OwnMessage, OwnQuestion, RoomQuestion};
use crate::ideas::OwnIdea;
use crate::ids::{CommandId, ParticipantId, PollId, RoomId, SourceKind, StandId};
use crate::poll::PollDraft;
use crate::refusal::RefusalCode;
use crate::stands::{OwnStand, StandMessage, StandView};
use crate::thanks::OwnThanks;
use crate::view::{Change, Publisher, StreamId, StreamState};

/// Anything the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ServerMessage {
    /// First answer to `hello`; snapshots of the streams one follows come next.
    Welcome {
        /// [`crate::PROTOCOL_VERSION`].
        version: u16,
        /// Server clock, milliseconds since 1970 (for countdowns).
        server_unix_ms: u64,
        /// Whether a resume token brought back the earlier place.
        resumed: bool,
    },
    /// A command was carried out.
    Accepted {
        /// Which.
        id: CommandId,
    },
    /// Something was not done, and nothing changed by it.
    Refused {
        /// Which command; absent where it answers another message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        id: Option<CommandId>,
        /// For programs.
        code: RefusalCode,
        /// For people: what happened and what to do. English; clients translate by code.
        sentence: String,
        /// Milliseconds after which it may be tried again, where that is known (`too_fast`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        after_ms: Option<u32>,
    },
    /// The whole of a stream as of update `n`.
    Snapshot {
        /// Which stream.
        stream: StreamId,
        /// Changes when the numbering starts anew.
        epoch: u32,
        /// The last update contained.
        n: u64,
        /// The state.
        state: StreamState,
    },
    /// One change of a stream. After a missed `n`, or in another epoch, ask `resync`.
    Update {
        /// Which stream.
        stream: StreamId,
        /// Epoch of the numbering.
        epoch: u32,
        /// Number of this update, one more than that before.
        n: u64,
        /// The change.
        change: Change,
    },
    /// A new resume token; keep the last one.
    Resume {
        /// Sealed; present it in `hello` after a lost connection.
        token: String,
    },
    /// Answer with `pong`; silence of 12 s means the connection is dead.
    Ping {
        /// To be repeated in `pong`.
        n: u32,
    },
    /// This server goes away: reconnect after a random time up to this.
    Drain {
        /// Milliseconds.
        reconnect_within_ms: u32,
    },
    /// A page of the roster.
    RosterPage {
        /// Participants, ordered by id.
        people: Vec<Publisher>,
        /// Ask on after the last one.
        more: bool,
    },
    /// Answer to `mine`: what is there of one's own.
    Mine {
        /// Questions, also those that only moderators see otherwise.
        questions: Vec<OwnQuestion>,
        /// Chat messages.
        messages: Vec<OwnMessage>,
        /// Stands that one opened.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<OwnStand>>"))]
        stands: Vec<OwnStand>,
        /// Ideas.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<OwnIdea>>"))]
        ideas: Vec<OwnIdea>,
        /// Thanks that were given or shown with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<OwnThanks>>"))]
        thanks: Vec<OwnThanks>,
    },
    /// Answer to `follow_ups`: the board of promises.
    FollowUps {
        /// Questions to be followed up, the soonest due first, then those that were.
        questions: Vec<RoomQuestion>,
    },
    /// Answer to `poll_draft`.
    PollDraft {
        /// Which.
        poll: PollId,
        /// What it was prepared from.
        draft: PollDraft,
    },
    /// Answer to `stand`.
    Stand {
        /// All of it.
        stand: StandView,
    },
    /// Answer to `stand_messages`.
    StandMessages {
        /// Of which stand.
        stand: StandId,
        /// Oldest first.
        messages: Vec<StandMessage>,
    },
    /// Answer to `cards`.
    Cards {
        /// Of which breakout room.
        room: RoomId,
        /// What it was about.
        topic: Option<String>,
        /// Best supported first.
        cards: Vec<CardView>,
    },
    /// Offer of a media rack; answer with `rack_answer`. No m-line is ever added later.
    RackOffer {
        /// Number of this rack, for the answer and for `slot_changed`.
        rack: u32,
        /// Session description (RFC 8866), type `offer`.
        sdp: String,
        /// The slots, in the order of the m-lines.
        slots: Vec<SlotInfo>,
        /// Relays for those whom neither UDP nor TCP reaches directly; for publishing as well.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<IceServer>>"))]
        ice_servers: Vec<IceServer>,
    },
    /// Answer to `publish_offer`.
    PublishAnswer {
        /// Number of the offer that this answers, where it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        offer: Option<u32>,
        /// Session description (RFC 8866), type `answer`.
        sdp: String,
    },
    /// A slot shows another source from an RTP time on. Hide the slot until a frame at or after it.
    SlotChanged {
        /// Number of the rack.
        rack: u32,
        /// The slot.
        slot: u8,
        /// What it shows; none: nothing.
        shows: Option<Shown>,
        /// RTP timestamp of the first packet of the new source in this slot.
        rtp_time: u32,
    },
    /// The viewer's path is too slow for what the slot should show: no picture comes until `slot_changed`.
    SlotPaused {
        /// Number of the rack.
        rack: u32,
        /// The slot.
        slot: u8,
        /// What it would show.
        shows: Shown,
    },
    /// The viewer's browser has no decoder for what the slot should show.
    CannotDecode {
        /// Number of the rack.
        rack: u32,
        /// The slot.
        slot: u8,
        /// Codec name as in SDP, such as `H264`.
        codec: String,
    },
    /// Which simulcast layers of one's own source are worth sending at present; all of them before the first such message.
    LayersWanted {
        /// The source.
        source: SourceKind,
        /// Numbers of the layers, lowest first; 0 is the smallest picture and is always among them.
        layers: Vec<u8>,
    },
    /// The publishing or viewing connection ended on the server's side; offer or watch again.
    MediaClosed {
        /// Which of the two.
        direction: MediaDirection,
        /// For people: why.
        sentence: String,
    },
}

/// A TURN server as browsers take it (W3C WebRTC, `RTCIceServer`), with credentials that expire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct IceServer {
    /// `turn:` and `turns:` URLs (RFC 7065).
    pub urls: Vec<String>,
    /// Time of expiry and an opaque id.
    pub username: String,
    /// The password of that name.
    pub credential: String,
}

/// A slot of the rack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SlotInfo {
    /// Number of the slot, as used in `want` and `slot_changed`.
    pub slot: u8,
    /// The m-line's `a=mid`.
    pub mid: String,
    /// What can appear in it.
    pub takes: SlotKind,
}

/// What a slot is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    /// A voice.
    Voice,
    /// A camera.
    Camera,
    /// A shared screen's picture.
    Screen,
    /// A shared screen's sound.
    ScreenAudio,
}

/// What is plugged into a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Shown {
    /// Whose.
    pub participant: ParticipantId,
    /// Which of their sources.
    pub source: SourceKind,
}

/// One of the two media connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum MediaDirection {
    /// Publishing.
    Up,
    /// Viewing.
    Down,
}
