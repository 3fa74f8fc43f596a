// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Which m-line and layer an SSRC belongs to (RFC 8843 section 9.2, RFC 8852, RFC 4588, RFC 5576), learned once.
//! It sees header fields only; what a packet holds does not matter here.

use std::time::{Duration, Instant};

use super::counters::IngestRefusal;
use crate::rtp::{KnownExtensions, RtpHeader};
use crate::sdp::{ExtensionIds, PayloadType, PublishedMedia, PublisherMedia};

/// SSRCs of one publisher, retransmissions and retired ones included.
pub const SSRCS_MAX: usize = 64;
/// An SSRC that was replaced is refused for this long: late packets must not bring it back.
pub const RETIRED_FOR: Duration = Duration::from_secs(2);

/// Where an SSRC belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route {
    /// Index of the m-line.
    pub(super) media: usize,
    /// Layer, lowest is 0.
    pub(super) layer: u8,
    /// Whether it carries retransmissions.
    pub(super) rtx: bool,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    ssrc: u32,
    route: Route,
    retired: Option<Instant>,
}

/// The table of one publisher, sorted by SSRC.
#[derive(Debug)]
pub(super) struct Demux {
    media: Vec<PublishedMedia>,
    ids: ExtensionIds,
    known: Vec<Known>,
}

impl Demux {
    pub(super) fn new(media: &PublisherMedia) -> Self {
        let mut ids = ExtensionIds::default();
        // In a bundle an id means the same on every m-line (RFC 8843 section 14).
        for own in media.media.iter().map(|media| media.extensions) {
            for (shared, id) in [
                (&mut ids.mid, own.mid),
                (&mut ids.rid, own.rid),
                (&mut ids.rrid, own.rrid),
                (&mut ids.audio_level, own.audio_level),
                (&mut ids.twcc, own.twcc),
                (&mut ids.dependency, own.dependency),
            ] {
                if *shared == 0 {
                    *shared = id;
                }
            }
        }
        Self {
            media: media.media.clone(),
            ids,
            known: Vec::new(),
        }
    }

    pub(super) fn ids(&self) -> &ExtensionIds {
        &self.ids
    }

    /// The negotiated payload type of a packet, and whether the packet is a retransmission of it.
    pub(super) fn payload_type(&self, media: usize, pt: u8) -> Option<(PayloadType, bool)> {
        find_payload_type(self.media.get(media)?, pt)
    }

    /// The route of an SSRC that is known and in use.
    pub(super) fn route(&self, ssrc: u32) -> Option<Route> {
        let place = self.known.binary_search_by_key(&ssrc, |known| known.ssrc).ok()?;
        self.known
            .get(place)
            .filter(|known| known.retired.is_none())
            .map(|known| known.route)
    }

    /// The route of a packet, learned when its SSRC is new. A primary SSRC takes the layer over from another.
    pub(super) fn resolve(
        &mut self,
        now: Instant,
        header: &RtpHeader,
        extensions: &KnownExtensions<'_>,
    ) -> Result<Route, IngestRefusal> {
        match self.known.binary_search_by_key(&header.ssrc, |known| known.ssrc) {
            Ok(place) => {
                let Some(known) = self.known.get(place) else {
                    return Err(IngestRefusal::UnknownMedia);
                };
                match known.retired {
                    None => return Ok(known.route),
                    Some(until) if until > now => return Err(IngestRefusal::RetiredSsrc),
                    Some(_) => drop(self.known.remove(place)),
                }
            }
            Err(_) if self.known.len() >= SSRCS_MAX => {
                self.known.retain(|known| known.retired.is_none_or(|until| until > now));
                if self.known.len() >= SSRCS_MAX {
                    return Err(IngestRefusal::TooManySsrcs);
                }
            }
            Err(_) => {}
        }
        let route = self.find(header, extensions)?;
        self.learn(now, header.ssrc, route);
        Ok(route)
    }

    fn learn(&mut self, now: Instant, ssrc: u32, route: Route) {
        let same = |known: &Known| (known.route.media, known.route.layer) == (route.media, route.layer);
        let takes_over = self
            .known
            .iter()
            .any(|known| same(known) && known.route.rtx == route.rtx);
        if takes_over {
            // With a new primary stream, retransmissions of the old one end as well.
            for known in self
                .known
                .iter_mut()
                .filter(|known| same(known) && (known.route.rtx || !route.rtx))
            {
                known.retired = known.retired.or(Some(now + RETIRED_FOR));
            }
        }
        let place = self.known.partition_point(|known| known.ssrc < ssrc);
        self.known.insert(
            place,
            Known {
                ssrc,
                route,
                retired: None,
            },
        );
    }

    fn find(&self, header: &RtpHeader, extensions: &KnownExtensions<'_>) -> Result<Route, IngestRefusal> {
        let index = self.find_media(header, extensions).ok_or(IngestRefusal::UnknownMedia)?;
        let media = self.media.get(index).ok_or(IngestRefusal::UnknownMedia)?;
        let (_, rtx) = find_payload_type(media, header.payload_type).ok_or(IngestRefusal::UnknownPayloadType)?;
        let rid = if rtx {
            extensions.rrid.or(extensions.rid)
        } else {
            extensions.rid
        };
        let by_rid = rid.and_then(|rid| layer_of(media, rid));
        let by_pair = || {
            if rtx {
                self.layer_of_pair(index, media, header.ssrc)
            } else {
                None
            }
        };
        let single = || {
            if media.rids_low_to_high.is_empty() {
                Some(0)
            } else {
                None
            }
        };
        let layer = by_rid
            .or_else(by_pair)
            .or_else(single)
            .ok_or(IngestRefusal::UnknownLayer)?;
        Ok(Route {
            media: index,
            layer,
            rtx,
        })
    }

    /// RFC 8843 section 9.2: mid first, then declared SSRCs, then the payload type where only one m-line has it.
    /// A rid or rrid that only one m-line has is as good as a mid.
    fn find_media(&self, header: &RtpHeader, extensions: &KnownExtensions<'_>) -> Option<usize> {
        if let Some(mid) = extensions.mid {
            return self.only(|media| media.mid.as_bytes() == mid);
        }
        let ssrc = header.ssrc;
        let declared = |media: &PublishedMedia| {
            media.ssrcs.contains(&ssrc) || media.rtx_ssrcs.iter().any(|pair| pair.0 == ssrc || pair.1 == ssrc)
        };
        let rid = extensions.rid.or(extensions.rrid);
        self.only(declared)
            .or_else(|| rid.and_then(|rid| self.only(|media| layer_of(media, rid).is_some())))
            .or_else(|| self.only(|media| find_payload_type(media, header.payload_type).is_some()))
    }

    /// The index of the only m-line that fits.
    fn only(&self, fits: impl Fn(&PublishedMedia) -> bool) -> Option<usize> {
        let mut fitting = self
            .media
            .iter()
            .enumerate()
            .filter(|(_, media)| fits(media))
            .map(|(index, _)| index);
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    }

    /// The layer of the primary stream that a declared pair (RFC 5576 section 4.2, FID) names.
    fn layer_of_pair(&self, index: usize, media: &PublishedMedia, rtx_ssrc: u32) -> Option<u8> {
        let (primary, _) = media.rtx_ssrcs.iter().find(|pair| pair.1 == rtx_ssrc)?;
        self.route(*primary)
            .filter(|route| route.media == index && !route.rtx)
            .map(|route| route.layer)
    }
}

fn layer_of(media: &PublishedMedia, rid: &[u8]) -> Option<u8> {
    let index = media
        .rids_low_to_high
        .iter()
        .position(|known| known.as_bytes() == rid)?;
    u8::try_from(index).ok()
}

/// What a payload type was negotiated as, and whether it carries retransmissions of that. Redundant audio is the codec
/// itself in a wrapping.
fn find_payload_type(media: &PublishedMedia, pt: u8) -> Option<(PayloadType, bool)> {
    let own = media
        .payload_types
        .iter()
        .find(|known| known.pt == pt || known.red_pt == Some(pt))
        .map(|known| (*known, false));
    own.or_else(|| {
        media
            .payload_types
            .iter()
            .find(|known| known.rtx_pt == Some(pt))
            .map(|known| (*known, true))
    })
}
