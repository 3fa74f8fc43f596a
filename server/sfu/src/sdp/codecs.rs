// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Codecs of an m-line: which payload types can be used, with their RTX and RED twins, parameters and feedback.
//! Never changes a payload type number: answers keep the offer's.

use super::parse::{MediaKind, Section};
use super::{Codec, PayloadType, SdpRefusal};

/// `a=rtcp-fb` kinds that we use (RFC 4585, RFC 5104, draft-holmer-rmcat-transport-wide-cc-extensions-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Feedback {
    pub(super) nack: bool,
    pub(super) pli: bool,
    pub(super) fir: bool,
    pub(super) twcc: bool,
}

/// A payload type that can be used, with what our description says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) payload: PayloadType,
    /// Our `a=fmtp` parameters; empty for none.
    pub(super) fmtp: String,
    pub(super) feedback: Feedback,
    /// How far an H.264 profile is from what every viewer decodes; 0 is constrained baseline.
    profile_rank: u8,
}

/// The payload type that stands beside another one for repair.
#[derive(Debug, Clone, Copy)]
pub(super) enum Twin {
    /// Retransmissions (RFC 4588).
    Rtx(u8),
    /// Redundant audio (RFC 2198).
    Red(u8),
}

impl Format {
    /// A payload type of an offer of ours.
    pub(super) fn ours(codec: Codec, pt: u8, twin: Twin, fmtp: &str, feedback: Feedback) -> Self {
        let (rtx_pt, red_pt) = match twin {
            Twin::Rtx(pt) => (Some(pt), None),
            Twin::Red(pt) => (None, Some(pt)),
        };
        let payload = PayloadType {
            codec,
            pt,
            rtx_pt,
            red_pt,
            nack: feedback.nack,
        };
        Self {
            payload,
            fmtp: fmtp.to_owned(),
            feedback,
            profile_rank: 0,
        }
    }
}

/// Usable payload types of an m-line: VP8, then H.264, which every viewer decodes and most in hardware, then those that
/// only who asks for nothing else sends. Within a codec in its order.
pub(super) fn usable(section: &Section) -> Vec<Format> {
    let mut formats = in_order(section);
    formats.sort_by_key(|format| match format.payload.codec {
        Codec::Vp8 => 0,
        Codec::Opus | Codec::H264 => 1,
        Codec::Vp9 | Codec::Av1 => 2,
    });
    formats
}

/// Usable payload types of an m-line in its order.
pub(super) fn in_order(section: &Section) -> Vec<Format> {
    let mut formats: Vec<Format> = Vec::new();
    for pt in section.formats.iter().filter_map(|format| payload_type(format)) {
        if formats.iter().all(|known| known.payload.pt != pt) {
            formats.extend(format(section, pt));
        }
    }
    for pt in section.formats.iter().filter_map(|format| payload_type(format)) {
        let Some(apt) = rtx_for(section, pt) else { continue };
        if let Some(format) = formats
            .iter_mut()
            .find(|format| format.payload.pt == apt && format.payload.rtx_pt.is_none())
        {
            format.payload.rtx_pt = Some(pt);
        }
    }
    for pt in section.formats.iter().filter_map(|format| payload_type(format)) {
        let Some(of) = red_for(section, pt) else { continue };
        if let Some(format) = formats
            .iter_mut()
            .find(|format| format.payload.pt == of && format.payload.red_pt.is_none())
        {
            format.payload.red_pt = Some(pt);
        }
    }
    formats
}

/// One payload type per codec, for a viewer: the H.264 one nearest to constrained baseline, which every source can feed.
pub(super) fn one_per_codec(formats: Vec<Format>) -> Vec<Format> {
    let mut best: Vec<Format> = Vec::new();
    for format in formats {
        match best
            .iter_mut()
            .find(|known| known.payload.codec == format.payload.codec)
        {
            Some(known) if format.profile_rank < known.profile_rank => *known = format,
            Some(_) => {}
            None => best.push(format),
        }
    }
    best
}

/// Refuses what a receiver cannot tell apart on one transport: a payload type with two meanings (RFC 9143 section 9.1).
pub(super) fn check_bundle<'a>(payload_types: impl Iterator<Item = &'a PayloadType>) -> Result<(), SdpRefusal> {
    let mut meanings: Vec<(u8, Codec, Option<u8>)> = Vec::new();
    for payload in payload_types {
        let twin = |pt: u8| (pt, payload.codec, Some(payload.pt));
        let twins = payload.rtx_pt.map(twin).into_iter().chain(payload.red_pt.map(twin));
        for meaning in std::iter::once((payload.pt, payload.codec, None)).chain(twins) {
            match meanings.iter().find(|known| known.0 == meaning.0) {
                Some(known) if *known != meaning => {
                    return Err(SdpRefusal::Unsupported("one payload type for two codecs"));
                }
                Some(_) => {}
                None => meanings.push(meaning),
            }
        }
    }
    Ok(())
}

/// Why `usable` found nothing.
pub(super) fn refusal(section: &Section) -> SdpRefusal {
    let is_h264 = |format: &String| {
        payload_type(format)
            .and_then(|pt| rtpmap(section, pt))
            .is_some_and(|name| name.eq_ignore_ascii_case("H264/90000"))
    };
    if section.formats.iter().any(is_h264) {
        SdpRefusal::Unsupported("H.264 that is not packetization-mode=1 in the baseline, main or high profile")
    } else {
        SdpRefusal::Missing("codec that is known here (Opus, VP8, H.264, VP9, AV1)")
    }
}

/// A payload type that can stand beside RTCP on one port (RFC 5761 section 4).
fn payload_type(format: &str) -> Option<u8> {
    format
        .parse::<u8>()
        .ok()
        .filter(|pt| *pt < 64 || (96..128).contains(pt))
}

fn rtpmap(section: &Section, pt: u8) -> Option<&str> {
    by_payload_type(section, "rtpmap", pt).next()
}

fn fmtp(section: &Section, pt: u8) -> &str {
    by_payload_type(section, "fmtp", pt).next().unwrap_or_default()
}

fn by_payload_type<'a>(section: &'a Section, name: &'static str, pt: u8) -> impl Iterator<Item = &'a str> {
    section.attributes.values(name).filter_map(move |value| {
        let (format, rest) = value.split_once(' ')?;
        (format.parse::<u8>() == Ok(pt)).then_some(rest.trim())
    })
}

/// A parameter of `a=fmtp`.
fn parameter<'a>(fmtp: &'a str, name: &str) -> Option<&'a str> {
    fmtp.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

fn format(section: &Section, pt: u8) -> Option<Format> {
    let name = rtpmap(section, pt)?;
    let offered = fmtp(section, pt);
    let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
    let (codec, fmtp, profile_rank) = if section.kind == MediaKind::Audio && is("opus/48000/2") {
        (Codec::Opus, opus_fmtp(offered), 0)
    } else if section.kind == MediaKind::Video && is("VP8/90000") {
        (Codec::Vp8, String::new(), 0)
    } else if section.kind == MediaKind::Video && is("H264/90000") {
        let (fmtp, rank) = h264_fmtp(offered)?;
        (Codec::H264, fmtp, rank)
    } else if section.kind == MediaKind::Video && is("VP9/90000") {
        (Codec::Vp9, vp9_fmtp(offered)?, 0)
    } else if section.kind == MediaKind::Video && is("AV1/90000") {
        (Codec::Av1, av1_fmtp(offered)?, 0)
    } else {
        return None;
    };
    let feedback = feedback(section, pt);
    let payload = PayloadType {
        codec,
        pt,
        rtx_pt: None,
        red_pt: None,
        nack: feedback.nack,
    };
    Some(Format {
        payload,
        fmtp,
        feedback,
        profile_rank,
    })
}

/// What a sender may do is what it offered to do: FEC in band, DTX, stereo (RFC 7587 section 7).
fn opus_fmtp(offered: &str) -> String {
    let mut ours = vec!["minptime=10", "useinbandfec=1"];
    if parameter(offered, "usedtx") == Some("1") {
        ours.push("usedtx=1");
    }
    if parameter(offered, "sprop-stereo") == Some("1") {
        ours.push("stereo=1");
    }
    ours.join(";")
}

/// Our parameters and the profile's rank; none for a mode or profile that we do not forward (RFC 6184 section 8.1).
fn h264_fmtp(offered: &str) -> Option<(String, u8)> {
    if parameter(offered, "packetization-mode") != Some("1") {
        return None;
    }
    let mut ours = String::new();
    if parameter(offered, "level-asymmetry-allowed") == Some("1") {
        ours.push_str("level-asymmetry-allowed=1;");
    }
    ours.push_str("packetization-mode=1");
    let Some(profile) = parameter(offered, "profile-level-id") else {
        return Some((ours, 1));
    };
    if profile.len() != 6 || !profile.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let [profile_idc, constraints, _level] = u32::from_str_radix(profile, 16)
        .ok()?
        .to_be_bytes()
        .last_chunk::<3>()
        .copied()?;
    let rank = match profile_idc {
        0x42 if constraints & 0x40 != 0 => 0,
        0x42 => 1,
        0x4d => 2,
        0x64 => 3,
        _ => return None,
    };
    ours.push_str(";profile-level-id=");
    ours.push_str(profile);
    Some((ours, rank))
}

/// Our parameters; none for a profile other than 0, which not every viewer decodes (RFC 9628 section 6).
fn vp9_fmtp(offered: &str) -> Option<String> {
    match parameter(offered, "profile-id") {
        None => Some(String::new()),
        Some("0") => Some("profile-id=0".to_owned()),
        Some(_) => None,
    }
}

/// Our parameters; none for a profile or tier other than main (RTP Payload Format For AV1, section 7.2).
fn av1_fmtp(offered: &str) -> Option<String> {
    const LEVEL_IDX_MAX: u8 = 31;
    let mut ours: Vec<String> = Vec::new();
    if let Some(level) = parameter(offered, "level-idx") {
        let level = level.parse::<u8>().ok().filter(|level| *level <= LEVEL_IDX_MAX)?;
        ours.push(format!("level-idx={level}"));
    }
    for name in ["profile", "tier"] {
        match parameter(offered, name) {
            None => {}
            Some("0") => ours.push(format!("{name}=0")),
            Some(_) => return None,
        }
    }
    Some(ours.join(";"))
}

fn feedback(section: &Section, pt: u8) -> Feedback {
    let mut feedback = Feedback::default();
    for value in section.attributes.values("rtcp-fb") {
        let Some((format, kind)) = value.split_once(' ') else {
            continue;
        };
        if format != "*" && format.parse::<u8>() != Ok(pt) {
            continue;
        }
        match kind.trim() {
            "nack" => feedback.nack = true,
            "nack pli" => feedback.pli = true,
            "ccm fir" => feedback.fir = true,
            "transport-cc" => feedback.twcc = true,
            _ => {}
        }
    }
    feedback
}

/// The payload type that `pt` retransmits (RFC 4588 section 8.6).
fn rtx_for(section: &Section, pt: u8) -> Option<u8> {
    if section.kind != MediaKind::Video || !rtpmap(section, pt)?.eq_ignore_ascii_case("rtx/90000") {
        return None;
    }
    parameter(fmtp(section, pt), "apt")?.parse().ok()
}

/// The payload type that all blocks of the RED payload type `pt` have (RFC 2198 section 5: `fmtp:PT A/A`); none where they
/// differ, or where RED would hold itself.
fn red_for(section: &Section, pt: u8) -> Option<u8> {
    if section.kind != MediaKind::Audio || !rtpmap(section, pt)?.eq_ignore_ascii_case("red/48000/2") {
        return None;
    }
    let mut blocks = fmtp(section, pt)
        .split('/')
        .map(|block| block.trim().parse::<u8>().ok());
    let of = blocks.next()??;
    let (mut alike, mut count) = (true, 1_u8);
    for block in blocks {
        alike &= block == Some(of);
        count = count.saturating_add(1);
    }
    (alike && count > 1 && of != pt).then_some(of)
}
