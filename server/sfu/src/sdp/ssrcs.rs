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

/// Reads `a=ssrc` and `a=ssrc-group`; a group may name streams that have no `a=ssrc` (FFmpeg's RTX).
pub(super) fn declared(section: &Section) -> Result<Ssrcs, SdpRefusal> {
    let mut all: Vec<u32> = Vec::new();
    for value in section.attributes.values("ssrc") {
        add(
            &mut all,
            parse(value.split_ascii_whitespace().next().unwrap_or_default())?,
        )?;
    }
    let mut rtx: Vec<(u32, u32)> = Vec::new();
    let mut fec: Vec<(u32, u32)> = Vec::new();
    for value in section.attributes.values("ssrc-group") {
        let mut words = value.split_ascii_whitespace();
        let pairs = match words.next() {
            Some("FID") => &mut rtx,
            Some("FEC-FR") => &mut fec,
            _ => continue,
        };
        let members = words.map(parse).collect::<Result<Vec<u32>, SdpRefusal>>()?;
        let [primary, other] = members.as_slice() else { continue };
        if pairs.iter().any(|(known, _)| known == primary) {
            return Err(wrong_groups());
        }
        add(&mut all, *primary)?;
        add(&mut all, *other)?;
        pairs.push((*primary, *other));
    }
    let mut secondary: Vec<u32> = Vec::new();
    for (_, other) in rtx.iter().chain(&fec) {
        if secondary.contains(other) {
            return Err(wrong_groups());
        }
        secondary.push(*other);
    }
    if rtx.iter().chain(&fec).any(|(primary, _)| secondary.contains(primary)) {
        return Err(wrong_groups());
    }
    let primary = all.into_iter().filter(|ssrc| !secondary.contains(ssrc)).collect();
    Ok(Ssrcs { primary, rtx })
}

fn add(all: &mut Vec<u32>, ssrc: u32) -> Result<(), SdpRefusal> {
    if all.contains(&ssrc) {
        return Ok(());
    }
    if all.len() == SSRCS_MAX {
        return Err(SdpRefusal::TooMany("SSRCs"));
    }
    all.push(ssrc);
    Ok(())
}

fn wrong_groups() -> SdpRefusal {
    SdpRefusal::Malformed("a=ssrc-group pairs SSRCs wrongly".to_owned())
}

fn parse(text: &str) -> Result<u32, SdpRefusal> {
    text.parse()
        .ok()
        .filter(|ssrc| *ssrc != 0)
        .ok_or_else(|| SdpRefusal::Malformed("a=ssrc is not a number".to_owned()))
}
