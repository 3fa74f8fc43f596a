// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! RTP header extensions (RFC 8285): the few that we use, under the ids of the offer.
//! An id above 14, which the one-byte form cannot have, is not accepted.

use super::parse::{Description, Section};
use super::{ExtensionIds, SdpRefusal};

pub(super) const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
pub(super) const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
pub(super) const RRID: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
pub(super) const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
pub(super) use crate::codec::av1::dependency::URI as DEPENDENCY;
/// RFC 8285 section 6: packets of one stream may have either form. Descriptors of key frames need the longer one.
pub(super) const MIXED: &str = "extmap-allow-mixed";
pub(super) const TWCC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// An m-line's extensions that we accept.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    pub(super) ids: ExtensionIds,
    /// Values of our `a=extmap` lines.
    pub(super) extmap: Vec<String>,
}

impl Extensions {
    /// A further line of our m-line, without `a=`.
    pub(super) fn line(&self) -> Option<String> {
        (self.ids.dependency != 0).then(|| MIXED.to_owned())
    }
}

/// Whether packets of an m-line may have either form of extensions.
pub(super) fn may_mix(description: &Description, section: &Section) -> bool {
    description.attributes.has(MIXED) || section.attributes.has(MIXED)
}

/// Accepts the extensions of an m-line whose URI is in `wanted`; `we_send` tells which way they travel.
pub(super) fn accept(description: &Description, section: &Section, wanted: &[&str], we_send: bool) -> Extensions {
    let is_wanted = |uri: &str| wanted.contains(&uri) && (uri != DEPENDENCY || may_mix(description, section));
    let mut accepted = Extensions::default();
    let mut used: Vec<u8> = Vec::new();
    for value in section.attributes.values("extmap") {
        let mut words = value.split_ascii_whitespace();
        let (Some(number), Some(uri)) = (words.next(), words.next()) else {
            continue;
        };
        let (number, direction) = number
            .split_once('/')
            .map_or((number, None), |(number, direction)| (number, Some(direction)));
        let Some(id) = number.parse::<u8>().ok().filter(|id| (1..=14).contains(id)) else {
            continue;
        };
        let ours = match (direction, we_send) {
            (None, _) => "",
            (Some("sendrecv" | "sendonly"), false) => "/recvonly",
            (Some("sendrecv" | "recvonly"), true) => "/sendonly",
            _ => continue,
        };
        let Some(place) =
            place(&mut accepted.ids, uri).filter(|place| **place == 0 && is_wanted(uri) && !used.contains(&id))
        else {
            continue;
        };
        *place = id;
        used.push(id);
        accepted.extmap.push(format!("{id}{ours} {uri}"));
    }
    accepted
}

/// Refuses extensions that change their id between m-lines of one bundle (RFC 9143 section 9.2): the mid could not be read.
pub(super) fn check_bundle(media: &[ExtensionIds]) -> Result<(), SdpRefusal> {
    let list = |ids: &ExtensionIds| [ids.mid, ids.rid, ids.rrid, ids.audio_level, ids.twcc, ids.dependency];
    let mut known = [0_u8; 6];
    for ids in media.iter().map(list) {
        for (known, id) in known.iter_mut().zip(ids).filter(|(_, id)| *id != 0) {
            if *known != 0 && *known != id {
                return Err(SdpRefusal::Unsupported("two ids for one header extension"));
            }
            *known = id;
        }
    }
    let twice =
        |(place, id): (usize, &u8)| *id != 0 && known.iter().skip(place.saturating_add(1)).any(|other| other == id);
    if known.iter().enumerate().any(twice) {
        return Err(SdpRefusal::Unsupported("one id for two header extensions"));
    }
    Ok(())
}

fn place<'a>(ids: &'a mut ExtensionIds, uri: &str) -> Option<&'a mut u8> {
    match uri {
        MID => Some(&mut ids.mid),
        RID => Some(&mut ids.rid),
        RRID => Some(&mut ids.rrid),
        AUDIO_LEVEL => Some(&mut ids.audio_level),
        TWCC => Some(&mut ids.twcc),
        DEPENDENCY => Some(&mut ids.dependency),
        _ => None,
    }
}
