// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Negotiation: session descriptions of sockets, WHIP and WHEP to what the media plane is told about a connection.
//! Runs in the task of whoever asked, so that a bad description can hurt nobody else.

use fiera_media::MediaHandle;
use fiera_protocol::server::{SlotInfo, SlotKind as WireSlotKind};
use fiera_sfu::sdp::rack::{self, RackOffer, RackShape};
use fiera_sfu::sdp::{
    PublisherMedia, RemoteTransport, SdpRefusal, ServerTransport, SlotKind, TransportCredentials, ViewerMedia, publish,
    whep,
};

/// Name of a WHIP or WHEP resource: part of its address, and the right to end it.
pub(crate) type ResourceId = String;

/// Voices heard at once.
const VOICE_SLOTS: u8 = 3;

/// A negotiated viewing connection.
#[derive(Debug)]
pub(crate) struct ViewerLink {
    pub(super) local: TransportCredentials,
    pub(super) remote: RemoteTransport,
    pub(super) media: ViewerMedia,
}

/// A negotiated publishing connection.
#[derive(Debug)]
pub(crate) struct PublisherLink {
    pub(super) local: TransportCredentials,
    pub(super) remote: RemoteTransport,
    pub(super) media: PublisherMedia,
}

/// A rack that waits for its answer.
#[derive(Debug)]
pub(crate) struct PendingRack {
    local: TransportCredentials,
    offer: RackOffer,
}

impl PendingRack {
    /// The offer's text.
    pub(crate) fn sdp(&self) -> &str {
        &self.offer.sdp
    }

    /// The slots as clients know them.
    pub(crate) fn slots(&self) -> Vec<SlotInfo> {
        let info = |slot: &fiera_sfu::sdp::SlotMedia| {
            let takes = match slot.kind {
                SlotKind::Voice => WireSlotKind::Voice,
                SlotKind::Camera | SlotKind::Program => WireSlotKind::Camera,
                SlotKind::Screen => WireSlotKind::Screen,
                SlotKind::ScreenAudio => WireSlotKind::ScreenAudio,
            };
            SlotInfo {
                slot: slot.slot,
                mid: slot.mid.clone(),
                takes,
            }
        };
        self.offer.slots.iter().map(info).collect()
    }
}

/// Why a description was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SdpProblem {
    /// Not readable at all, or only not usable here.
    pub(crate) malformed: bool,
    /// For people.
    pub(crate) sentence: String,
}

impl From<SdpRefusal> for SdpProblem {
    fn from(refusal: SdpRefusal) -> Self {
        let malformed = matches!(refusal, SdpRefusal::Malformed(_) | SdpRefusal::TooMany(_));
        let text = refusal.to_string();
        let mut letters = text.chars();
        let first = letters
            .next()
            .map(|letter| letter.to_uppercase().to_string())
            .unwrap_or_default();
        Self {
            malformed,
            sentence: format!("{first}{}.", letters.as_str()),
        }
    }
}

/// Answers and makes session descriptions for this server.
#[derive(Clone)]
pub(crate) struct Negotiator {
    media: MediaHandle,
    transport: ServerTransport,
}

impl Negotiator {
    /// `tcp`: whether the media port is served by TCP as well.
    pub(crate) fn new(media: MediaHandle, tcp: bool) -> Self {
        let transport = ServerTransport {
            tcp,
            ..media.transport().clone()
        };
        Self { media, transport }
    }

    /// Offers a rack with so many cameras.
    pub(crate) fn offer_rack(&self, camera_slots: u8) -> PendingRack {
        let shape = RackShape {
            voice_slots: VOICE_SLOTS,
            camera_slots,
            screen: true,
        };
        let local = self.media.credentials();
        let offer = rack::offer(&shape, &local, &self.transport, &mut || self.media.random_u32());
        PendingRack { local, offer }
    }

    /// Reads the answer to a rack.
    pub(crate) fn accept_rack(&self, pending: PendingRack, answer: &str) -> Result<ViewerLink, SdpProblem> {
        let (remote, media) = rack::accept_answer(&pending.offer, answer)?;
        Ok(ViewerLink {
            local: pending.local,
            remote,
            media,
        })
    }

    /// Answers an offer to publish.
    pub(crate) fn publish(&self, offer: &str) -> Result<(String, PublisherLink), SdpProblem> {
        let local = self.media.credentials();
        let (answer, remote, media) = publish::answer(offer, &local, &self.transport)?;
        Ok((answer, PublisherLink { local, remote, media }))
    }

    /// Answers a WHEP client's offer.
    pub(crate) fn whep(&self, offer: &str) -> Result<(String, ViewerLink), SdpProblem> {
        let local = self.media.credentials();
        let random = &mut || self.media.random_u32();
        let (answer, remote, media) = whep::answer(offer, &local, &self.transport, random)?;
        Ok((answer, ViewerLink { local, remote, media }))
    }
}
