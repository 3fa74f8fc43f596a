// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! SSRCs that an m-line declares (RFC 5576), sorted into primary streams and their retransmissions.
//! Simulcast by rid declares none; Firefox declares them beside rids.

use super::SdpRefusal;
use super::limits::SSRCS_MAX;
use super::parse::Section;

/// Declared streams of one m-line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ssrcs {
    /// Neither retransmission nor FEC.
    pub(super) primary: Vec<u32>,
    /// `(primary, rtx)` of `a=ssrc-group:FID` (RFC 4588 section 8).
    pub(super) rtx: Vec<(u32, u32)>,
}

/// Reads `a=ssrc` and `a=ssrc-group`.
pub(super) fn declared(section: &Section) -> Result<Ssrcs, SdpRefusal> {
    let mut all: Vec<u32> = Vec::new();
    for value in section.attributes.values("ssrc") {
        let ssrc = parse(value.split_ascii_whitespace().next().unwrap_or_default())?;
        if !all.contains(&ssrc) {
            if all.len() == SSRCS_MAX {
                return Err(SdpRefusal::TooMany("SSRCs"));
            }
            all.push(ssrc);
        }
    }
    let mut ssrcs = Ssrcs::default();
    let mut secondary: Vec<u32> = Vec::new();
    for value in section.attributes.values("ssrc-group") {
        let mut words = value.split_ascii_whitespace();
        let semantics = words.next().unwrap_or_default();
        let members = words.map(parse).collect::<Result<Vec<u32>, SdpRefusal>>()?;
        let (true, [primary, other]) = (matches!(semantics, "FID" | "FEC-FR"), members.as_slice()) else {
            continue;
        };
        if !all.contains(primary) || !all.contains(other) || primary == other || secondary.contains(other) {
            return Err(SdpRefusal::Malformed("a=ssrc-group does not fit a=ssrc".to_owned()));
        }
        secondary.push(*other);
        if semantics == "FID" {
            ssrcs.rtx.push((*primary, *other));
        }
    }
    ssrcs.primary = all.into_iter().filter(|ssrc| !secondary.contains(ssrc)).collect();
    Ok(ssrcs)
}

fn parse(text: &str) -> Result<u32, SdpRefusal> {
    text.parse()
        .ok()
        .filter(|ssrc| *ssrc != 0)
        .ok_or_else(|| SdpRefusal::Malformed("a=ssrc is not a number".to_owned()))
}
