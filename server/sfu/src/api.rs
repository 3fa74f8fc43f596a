// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The seam between the control plane and the media plane: commands in, events out.

use crate::allocate::LayerMask;
use crate::sdp::{PublisherMedia, RemoteTransport, TransportCredentials, ViewerMedia};

/// One media connection (up or down), unique for the life of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

/// A room of any event; rooms of two events never share a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomKey(pub u64);

/// A participant of any event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParticipantKey(pub u64);

/// Which of a participant's tracks a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// Microphone.
    Mic,
    /// Camera.
    Camera,
    /// Shared screen, picture.
    Screen,
    /// Shared screen, sound.
    ScreenAudio,
}

/// Who sees whom in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Sees publishers on air.
    Audience,
    /// Sees publishers on air and those who wait.
    Backstage,
}

/// What the control plane asks of the media plane. Unknown peers and rooms are ignored and counted.
#[derive(Debug)]
pub enum Command {
    /// A publishing connection was negotiated; it may connect from now on.
    AddPublisher {
        /// The connection.
        peer: PeerId,
        /// Where its sources are heard and seen.
        room: RoomKey,
        /// Whose it is. A participant's second publisher replaces the first.
        participant: ParticipantKey,
        /// Whether the audience gets it at once.
        on_air: bool,
        /// Our ICE credentials.
        local: TransportCredentials,
        /// Theirs.
        remote: RemoteTransport,
        /// The negotiated media.
        media: PublisherMedia,
    },
    /// A viewing connection was negotiated; it may connect from now on.
    AddViewer {
        /// The connection.
        peer: PeerId,
        /// The room it watches.
        room: RoomKey,
        /// Whose it is; their own sources are never sent to them. None for WHEP.
        participant: Option<ParticipantKey>,
        /// Which side of the stage.
        side: Side,
        /// Our ICE credentials.
        local: TransportCredentials,
        /// Theirs.
        remote: RemoteTransport,
        /// The negotiated rack.
        media: ViewerMedia,
    },
    /// Ends a connection; the peer is told by DTLS `close_notify` and RTCP BYE.
    RemovePeer {
        /// The connection.
        peer: PeerId,
    },
    /// Puts all sources of a participant on or off air.
    SetOnAir {
        /// Who.
        participant: ParticipantKey,
        /// On or off.
        on_air: bool,
    },
    /// Server-enforced mute: nothing of a source that is not live is forwarded. Sources start live.
    SetLive {
        /// Whose.
        participant: ParticipantKey,
        /// Which source.
        source: SourceKind,
        /// On or off.
        live: bool,
    },
    /// Moves a viewer to another room or side; the connection stays.
    MoveViewer {
        /// The connection.
        peer: PeerId,
        /// The room to watch from now on.
        room: RoomKey,
        /// The side.
        side: Side,
    },
    /// Moves a publisher to another room; the connection stays, and whether it is on air and what of it is live.
    MovePublisher {
        /// The connection.
        peer: PeerId,
        /// Where its sources are heard and seen from now on.
        room: RoomKey,
    },
    /// How large a slot is shown.
    Want {
        /// The viewer.
        peer: PeerId,
        /// The slot, as numbered in the offer.
        slot: u8,
        /// Height in pixels; none: send nothing.
        height: Option<u16>,
    },
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// `RemovePeer`.
    Asked,
    /// The peer said goodbye (DTLS `close_notify`).
    PeerClosed,
    /// No DTLS connection within the time allowed.
    ConnectTimeout,
    /// No valid STUN check for 30 s (RFC 7675).
    ConsentExpired,
    /// The DTLS handshake failed: wrong fingerprint, no SRTP profile, broken messages.
    DtlsFailed,
    /// Replaced by a newer connection of the same participant.
    Replaced,
}

/// What the media plane reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// ICE and DTLS are complete; media may flow.
    Connected {
        /// The connection.
        peer: PeerId,
    },
    /// The connection is gone.
    Closed {
        /// The connection.
        peer: PeerId,
        /// Why.
        reason: CloseReason,
    },
    /// A source began to send, or has been silent for 2 s (paused track, lost network).
    SourceFlow {
        /// Whose.
        participant: ParticipantKey,
        /// Which source.
        source: SourceKind,
        /// Packets are coming in.
        flowing: bool,
    },
    /// A slot shows another source from an RTP time on (in the slot's own timestamps).
    SlotChanged {
        /// The viewer.
        peer: PeerId,
        /// The slot.
        slot: u8,
        /// What it shows.
        shows: Option<(ParticipantKey, SourceKind)>,
        /// RTP timestamp of the first packet.
        rtp_time: u32,
    },
    /// The viewer's path does not carry what belongs in a slot, so nothing is sent of it until `SlotChanged`.
    SlotPaused {
        /// The viewer.
        peer: PeerId,
        /// The slot.
        slot: u8,
        /// What it would show.
        shows: (ParticipantKey, SourceKind),
    },
    /// The viewer did not negotiate the codec of what its slot should show.
    CannotDecode {
        /// The viewer.
        peer: PeerId,
        /// The slot.
        slot: u8,
        /// Codec name as in SDP.
        codec: &'static str,
    },
    /// Which simulcast layers of a source are worth sending, when that changes; all of them at first. Programs need not
    /// be told.
    LayersWanted {
        /// The publishing connection.
        peer: PeerId,
        /// Whose.
        participant: ParticipantKey,
        /// Which source.
        source: SourceKind,
        /// The layers; the lowest is always among them.
        layers: LayerMask,
    },
    /// A publisher's encoder sends B-frames, which WebRTC cannot carry: nothing of them is forwarded. Said once.
    BFrames {
        /// Whose.
        participant: ParticipantKey,
        /// Which source.
        source: SourceKind,
    },
    /// Who speaks in a room, loudest first; at most 4 times a second, when it changes.
    Speaking {
        /// The room.
        room: RoomKey,
        /// On-air participants with voice activity.
        participants: Vec<ParticipantKey>,
    },
}
