// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Simulcast by rid: `a=simulcast` (RFC 8853) and `a=rid` (RFC 8851) of a publisher's m-line.
//! SSRCs of the layers are unknown here; they show up in RTP.

use super::SdpRefusal;
use super::codecs::Format;
use super::limits::{LAYERS_MAX, STREAM_NAME_BYTES_MAX};
use super::parse::Section;

/// Names whose order is common knowledge, lowest first.
const LADDERS: [&[&str]; 5] = [
    &["q", "h", "f"],
    &["l", "m", "h"],
    &["0", "1", "2", "3"],
    &["low", "mid", "high"],
    &["r0", "r1", "r2", "r3"],
];

/// The layers that we accept on an m-line.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// Rids, lowest first; empty without simulcast.
    pub(super) rids_low_to_high: Vec<String>,
    /// Our `a=rid` and `a=simulcast` lines, without `a=`, in the offer's order.
    pub(super) lines: Vec<String>,
}

/// Accepts what an m-line offers to send as simulcast.
///
/// Paused streams (`~`) count as present; of alternatives (`,`) the first is taken. Without known names the offer's order
/// stands: browsers scale the first encoding down most (WebRTC, `addTransceiver`), so it is lowest first.
pub(super) fn accept(section: &Section, formats: &[Format]) -> Result<Layers, SdpRefusal> {
    let Some(list) = section.attributes.value("simulcast").and_then(send_list) else {
        return Ok(Layers::default());
    };
    let mut rids: Vec<String> = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for stream in list.split(';') {
        let rid = stream.split(',').next().unwrap_or_default().trim_start_matches('~');
        if !is_rid(rid) || rids.iter().any(|known| known == rid) {
            return Err(SdpRefusal::Malformed(
                "a=simulcast names a stream wrongly or twice".to_owned(),
            ));
        }
        if rids.len() == LAYERS_MAX {
            return Err(SdpRefusal::TooMany("simulcast layers"));
        }
        let Some(restrictions) = declared(section, rid) else {
            return Err(SdpRefusal::Malformed(
                "a=simulcast names a stream without a=rid".to_owned(),
            ));
        };
        if let Some(restrictions) = acceptable(restrictions, formats) {
            lines.push(format!("rid:{rid} recv{restrictions}"));
            rids.push(rid.to_owned());
        }
    }
    if !rids.is_empty() {
        lines.push(format!("simulcast:recv {}", rids.join(";")));
    }
    Ok(Layers {
        rids_low_to_high: low_to_high(rids),
        lines,
    })
}

/// The list after `send`, wherever it stands (RFC 8853 section 5.1).
fn send_list(value: &str) -> Option<&str> {
    let mut words = value.split_ascii_whitespace();
    words.find(|word| *word == "send")?;
    words.next()
}

/// Restrictions of `a=rid:<rid> send`; none when it is not declared.
fn declared<'a>(section: &'a Section, rid: &str) -> Option<&'a str> {
    section.attributes.values("rid").find_map(|value| {
        let mut words = value.splitn(3, ' ');
        (words.next() == Some(rid) && words.next() == Some("send")).then(|| words.next().unwrap_or_default().trim())
    })
}

/// Restrictions as our answer repeats them (RFC 8851 section 6.3): `pt` lists what we accept; none when nothing is left of it.
fn acceptable(restrictions: &str, formats: &[Format]) -> Option<String> {
    let mut kept: Vec<String> = Vec::new();
    for restriction in restrictions
        .split(';')
        .map(str::trim)
        .filter(|restriction| !restriction.is_empty())
    {
        let Some(pts) = restriction.strip_prefix("pt=") else {
            kept.push(restriction.to_owned());
            continue;
        };
        let is_accepted = |pt: &&str| formats.iter().any(|format| pt.parse() == Ok(format.payload.pt));
        let pts: Vec<&str> = pts.split(',').filter(is_accepted).collect();
        if pts.is_empty() {
            return None;
        }
        kept.insert(0, format!("pt={}", pts.join(",")));
    }
    Some(if kept.is_empty() {
        String::new()
    } else {
        format!(" {}", kept.join(";"))
    })
}

fn low_to_high(mut rids: Vec<String>) -> Vec<String> {
    let rank = |ladder: &[&str], rid: &str| ladder.iter().position(|name| *name == rid);
    let known = LADDERS
        .iter()
        .find(|ladder| rids.iter().all(|rid| rank(ladder, rid).is_some()));
    if let Some(ladder) = known {
        rids.sort_by_key(|rid| rank(ladder, rid));
    }
    rids
}

/// Whether a text can be a rid (RFC 8851 section 10) that fits the one-byte header extension.
fn is_rid(text: &str) -> bool {
    (1..=STREAM_NAME_BYTES_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
