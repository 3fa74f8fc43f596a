// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Session descriptions (RFC 8866, JSEP RFC 9429) as pure functions: text in, parameters out.
//! Three negotiations: a publisher's offer, our rack offer with its answer, a WHEP client's offer.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod codecs;
mod extensions;
pub mod limits;
mod parse;
pub mod publish;
pub mod rack;
mod simulcast;
mod slots;
mod ssrcs;
#[cfg(test)]
mod tests;
mod transport;
pub mod whep;
mod write;

use std::net::SocketAddr;

use crate::api::SourceKind;

/// Our half of a transport: ICE-lite credentials (RFC 8445), fresh per connection and from a CSPRNG.
#[derive(Clone, PartialEq, Eq)]
pub struct TransportCredentials {
    /// `a=ice-ufrag`, 8 characters; unique among all connections of the process.
    pub ice_ufrag: String,
    /// `a=ice-pwd`, 24 characters.
    pub ice_pwd: String,
}

impl std::fmt::Debug for TransportCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TransportCredentials").finish_non_exhaustive()
    }
}

/// What every description of this process says about itself.
#[derive(Debug, Clone)]
pub struct ServerTransport {
    /// Advertised addresses of the media port, best first.
    pub candidates: Vec<SocketAddr>,
    /// Whether TCP of the same numbers takes ICE-TCP (RFC 6544).
    pub tcp: bool,
    /// SHA-256 fingerprint of the process certificate, `AB:CD:...`.
    pub fingerprint_sha256: String,
}

/// The peer's half of a transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteTransport {
    /// `a=ice-ufrag`.
    pub ice_ufrag: String,
    /// `a=ice-pwd`; not needed by an ICE-lite agent that never sends checks, kept for STUN usernames.
    pub ice_pwd: String,
    /// Hash of the certificate that the peer must show: lower-case name (`sha-256`) and bytes (RFC 8122).
    pub fingerprint: Fingerprint,
    /// Whether we are the DTLS client (`a=setup:passive` at the peer's side).
    pub we_are_dtls_client: bool,
}

/// A certificate hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Lower-case algorithm name: `sha-256`, `sha-384` or `sha-512` (others are refused).
    pub algorithm: String,
    /// The hash.
    pub bytes: Vec<u8>,
}

/// Codecs that we forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 7587, 48 kHz.
    Opus,
    /// RFC 7741, 90 kHz.
    Vp8,
    /// RFC 6184, 90 kHz, packetization-mode 1.
    H264,
    /// RFC 9628, 90 kHz, profile 0.
    Vp9,
    /// RTP Payload Format For AV1, version 1.0, 90 kHz, main profile.
    Av1,
}

impl Codec {
    /// RTP clock rate in Hz.
    #[must_use]
    pub fn clock_rate_hz(self) -> u32 {
        match self {
            Codec::Opus => 48_000,
            Codec::Vp8 | Codec::H264 | Codec::Vp9 | Codec::Av1 => 90_000,
        }
    }

    /// Name as in `a=rtpmap`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Codec::Opus => "opus",
            Codec::Vp8 => "VP8",
            Codec::H264 => "H264",
            Codec::Vp9 => "VP9",
            Codec::Av1 => "AV1",
        }
    }
}

/// A negotiated payload type with its retransmission twin (RFC 4588).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadType {
    /// The codec.
    pub codec: Codec,
    /// RTP payload type.
    pub pt: u8,
    /// RTX payload type whose `apt` is `pt`.
    pub rtx_pt: Option<u8>,
    /// Payload type of redundant audio (RFC 2198) whose blocks are all of `pt`.
    pub red_pt: Option<u8>,
    /// Whether `a=rtcp-fb:PT nack` was negotiated.
    pub nack: bool,
}

/// Negotiated header extension ids (RFC 8285, one-byte form, 1 to 14); 0 where not negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExtensionIds {
    /// `urn:ietf:params:rtp-hdrext:sdes:mid`.
    pub mid: u8,
    /// `urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id`.
    pub rid: u8,
    /// `urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id`.
    pub rrid: u8,
    /// `urn:ietf:params:rtp-hdrext:ssrc-audio-level` (RFC 6464).
    pub audio_level: u8,
    /// Transport-wide congestion control sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    pub twcc: u8,
    /// Dependency descriptor (RTP Payload Format For AV1, appendix A); only where both forms of extensions may be mixed.
    pub dependency: u8,
}

/// One m-line that a publisher sends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedMedia {
    /// Which source it is. First audio: mic, first video: camera, second video: screen, second audio: screen audio.
    pub source: SourceKind,
    /// `a=mid`.
    pub mid: String,
    /// Payload types accepted in our answer, preferred first.
    pub payload_types: Vec<PayloadType>,
    /// Simulcast layers as rids, lowest first; empty without simulcast.
    pub rids_low_to_high: Vec<String>,
    /// SSRCs declared by `a=ssrc`, primary ones.
    pub ssrcs: Vec<u32>,
    /// Declared `(primary, rtx)` pairs from `a=ssrc-group:FID`.
    pub rtx_ssrcs: Vec<(u32, u32)>,
    /// Extension ids of this m-line.
    pub extensions: ExtensionIds,
    /// Whether `transport-cc` feedback was negotiated.
    pub twcc_feedback: bool,
}

/// All that a publisher sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherMedia {
    /// In the order of the m-lines that we accepted.
    pub media: Vec<PublishedMedia>,
}

/// What can appear in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SlotKind {
    /// A voice (mic); slot 0 of the rack belongs to the main speaker.
    Voice,
    /// A camera; the first one belongs to the main speaker.
    Camera,
    /// A shared screen's picture.
    Screen,
    /// A shared screen's sound.
    ScreenAudio,
    /// WHEP's only picture: the screen when one is shared, else the main camera.
    Program,
}

/// One slot that a viewer receives on, with all that its header template needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotMedia {
    /// Number in the rack.
    pub slot: u8,
    /// What it takes.
    pub kind: SlotKind,
    /// `a=mid`.
    pub mid: String,
    /// SSRC of the slot, announced in our description.
    pub ssrc: u32,
    /// SSRC of its retransmissions; none when RTX was not negotiated.
    pub rtx_ssrc: Option<u32>,
    /// Payload types the viewer takes, preferred first.
    pub payload_types: Vec<PayloadType>,
    /// Extension ids of this m-line.
    pub extensions: ExtensionIds,
}

/// All that a viewer receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewerMedia {
    /// The slots, in the order of the m-lines; slots the viewer rejected are absent.
    pub slots: Vec<SlotMedia>,
    /// CNAME of everything that we send on this connection (RFC 7022).
    pub cname: String,
    /// Whether the viewer sends `transport-cc` feedback.
    pub twcc_feedback: bool,
}

/// Why a description cannot be used. `Display` is the sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdpRefusal {
    /// Not parseable as RFC 8866.
    #[error("the session description is not valid SDP: {0}")]
    Malformed(String),
    /// More than this can hold.
    #[error("the session description has too many {0}")]
    TooMany(&'static str),
    /// Something needed is missing.
    #[error("the session description has no {0}")]
    Missing(&'static str),
    /// Something is there that we do not do.
    #[error("the session description asks for {0}, which is not supported here")]
    Unsupported(&'static str),
    /// The answer does not belong to our offer.
    #[error("the answer does not fit the offer: {0}")]
    AnswerMismatch(&'static str),
}
