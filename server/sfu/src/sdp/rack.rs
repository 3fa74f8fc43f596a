// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The rack: the one offer that a viewer gets, and its answer. No m-line is ever added afterwards.

use super::codecs::{self, Feedback, Format, Twin};
use super::extensions;
use super::limits::{ANSWER_MEDIA_MAX, RACK_CAMERA_SLOTS_MAX, RACK_VOICE_SLOTS_MAX};
use super::parse::{Description, Direction, Section};
use super::slots::{self, Ssrcs};
use super::transport::{self, Peer};
use super::write::{Accepted, Text};
use super::{
    Codec, ExtensionIds, PayloadType, RemoteTransport, SdpRefusal, ServerTransport, SlotKind, SlotMedia,
    TransportCredentials, ViewerMedia,
};

const PROTO: &str = "UDP/TLS/RTP/SAVPF";
const MID_ID: u8 = 1;
const TWCC_ID: u8 = 2;
const DEPENDENCY_ID: u8 = 3;

/// How many slots a rack has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RackShape {
    /// Voices heard at once, 1 to 3.
    pub voice_slots: u8,
    /// Cameras seen at once, 1 to 12.
    pub camera_slots: u8,
    /// Whether a shared screen with its sound has slots.
    pub screen: bool,
}

/// An offer of ours that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RackOffer {
    /// The text for the viewer.
    pub sdp: String,
    /// All slots as offered, in the order of the m-lines: voices, cameras, screen, screen audio.
    pub slots: Vec<SlotMedia>,
    /// CNAME of everything that we send on this connection.
    pub cname: String,
}

/// Offers a rack; numbers outside the limits of [`RackShape`] are brought inside. Slot number, m-line and mid are the same.
#[must_use]
pub fn offer(
    shape: &RackShape,
    local: &TransportCredentials,
    server: &ServerTransport,
    random: &mut dyn FnMut() -> u32,
) -> RackOffer {
    let voices = shape.voice_slots.clamp(1, RACK_VOICE_SLOTS_MAX);
    let cameras = shape.camera_slots.clamp(1, RACK_CAMERA_SLOTS_MAX);
    let mut plan: Vec<(SlotKind, String)> = Vec::new();
    plan.extend((0..voices).map(|n| (SlotKind::Voice, stream_name("voice", n))));
    plan.extend((0..cameras).map(|n| (SlotKind::Camera, stream_name("camera", n))));
    if shape.screen {
        plan.push((SlotKind::Screen, "screen".to_owned()));
        plan.push((SlotKind::ScreenAudio, "screen-audio".to_owned()));
    }
    let mut ssrcs = Ssrcs::new(random);
    let cname = ssrcs.cname();
    let slots: Vec<SlotMedia> = (0_u8..)
        .zip(&plan)
        .map(|(number, (kind, _))| slot(number, *kind, &mut ssrcs))
        .collect();
    let mids: Vec<&str> = slots.iter().map(|slot| slot.mid.as_str()).collect();
    let mut text = Text::new(local, server, "actpass", &mids);
    for (slot, (_, stream)) in slots.iter().zip(&plan) {
        let mut extmap = vec![
            format!("{MID_ID} {}", extensions::MID),
            format!("{TWCC_ID} {}", extensions::TWCC),
        ];
        let mut lines = slots::stream_lines(slot, stream, &cname);
        if slot.extensions.dependency != 0 {
            extmap.push(format!("{DEPENDENCY_ID} {}", extensions::DEPENDENCY));
            lines.push(extensions::MIXED.to_owned());
        }
        let accepted = Accepted {
            direction: "sendonly",
            formats: formats(slot.kind),
            extmap,
            lines,
        };
        text.media(media_word(slot.kind), PROTO, &slot.mid, &accepted);
    }
    RackOffer {
        sdp: text.finish(),
        slots,
        cname,
    }
}

/// Reads the answer to a rack: the viewer's transport and the slots it takes.
///
/// # Errors
/// The answer is malformed, does not belong to this offer, lacks transport parameters, or takes no slot.
pub fn accept_answer(offer: &RackOffer, answer: &str) -> Result<(RemoteTransport, ViewerMedia), SdpRefusal> {
    let answer = Description::parse(answer, ANSWER_MEDIA_MAX)?;
    if answer.media.len() != offer.slots.len() {
        return Err(SdpRefusal::AnswerMismatch("it has another number of m-lines"));
    }
    let mut accepted: Vec<&Section> = Vec::new();
    let mut slots: Vec<SlotMedia> = Vec::new();
    for (offered, section) in offer.slots.iter().zip(&answer.media) {
        if section.media != media_word(offered.kind) {
            return Err(SdpRefusal::AnswerMismatch("an m-line has another media type"));
        }
        if section.is_rejected() {
            continue;
        }
        if section.mid() != Some(offered.mid.as_str()) {
            return Err(SdpRefusal::AnswerMismatch("an m-line has another a=mid"));
        }
        if !section.is_rtp() || !transport::is_bundled(&answer, section) {
            return Err(SdpRefusal::AnswerMismatch("an m-line is outside the bundle"));
        }
        match section.direction {
            Direction::Inactive => {}
            Direction::RecvOnly => {
                slots.push(accept(offered, &answer, section)?);
                accepted.push(section);
            }
            Direction::SendOnly | Direction::SendRecv => return Err(SdpRefusal::AnswerMismatch("an m-line sends")),
        }
    }
    if slots.is_empty() {
        return Err(SdpRefusal::AnswerMismatch("it takes no slot"));
    }
    let remote = transport::remote(&answer, &accepted, Peer::Answers)?;
    let twcc_feedback = slots.iter().any(|slot| slot.extensions.twcc != 0);
    Ok((
        remote,
        ViewerMedia {
            slots,
            cname: offer.cname.clone(),
            twcc_feedback,
        },
    ))
}

/// A slot as the answer leaves it: fewer payload types, fewer extensions, nothing new.
fn accept(offered: &SlotMedia, answer: &Description, section: &Section) -> Result<SlotMedia, SdpRefusal> {
    let formats = codecs::in_order(section);
    let mut payload_types: Vec<PayloadType> = Vec::new();
    for format in &formats {
        let theirs = format.payload;
        let ours = offered
            .payload_types
            .iter()
            .find(|ours| ours.pt == theirs.pt && ours.codec == theirs.codec);
        let ours = ours.ok_or(SdpRefusal::AnswerMismatch("a payload type was not offered so"))?;
        if theirs.rtx_pt.is_some() && theirs.rtx_pt != ours.rtx_pt {
            return Err(SdpRefusal::AnswerMismatch(
                "a retransmission payload type was not offered so",
            ));
        }
        if theirs.red_pt.is_some() && theirs.red_pt != ours.red_pt {
            return Err(SdpRefusal::AnswerMismatch(
                "a payload type of redundant audio was not offered so",
            ));
        }
        payload_types.push(PayloadType {
            nack: ours.nack && theirs.nack,
            ..theirs
        });
    }
    if payload_types.is_empty() {
        return Err(SdpRefusal::AnswerMismatch("an m-line takes none of the codecs"));
    }
    let wanted = [extensions::MID, extensions::TWCC, extensions::DEPENDENCY];
    let mut extensions = extensions::accept(answer, section, &wanted, true).ids;
    let differs = |theirs: u8, ours: u8| theirs != 0 && theirs != ours;
    let ours = &offered.extensions;
    if differs(extensions.mid, ours.mid)
        || differs(extensions.twcc, ours.twcc)
        || differs(extensions.dependency, ours.dependency)
    {
        return Err(SdpRefusal::AnswerMismatch("a header extension has another id"));
    }
    if !formats.iter().any(|format| format.feedback.twcc) {
        extensions.twcc = 0;
    }
    let has_rtx = payload_types.iter().any(|payload| payload.rtx_pt.is_some());
    Ok(SlotMedia {
        rtx_ssrc: offered.rtx_ssrc.filter(|_| has_rtx),
        payload_types,
        extensions,
        ..offered.clone()
    })
}

fn slot(number: u8, kind: SlotKind, ssrcs: &mut Ssrcs<'_>) -> SlotMedia {
    let payload_types: Vec<PayloadType> = formats(kind).iter().map(|format| format.payload).collect();
    let has_rtx = payload_types.iter().any(|payload| payload.rtx_pt.is_some());
    SlotMedia {
        slot: number,
        kind,
        mid: number.to_string(),
        ssrc: ssrcs.next(),
        rtx_ssrc: has_rtx.then(|| ssrcs.next()),
        payload_types,
        extensions: ExtensionIds {
            mid: MID_ID,
            twcc: TWCC_ID,
            dependency: if media_word(kind) == "video" { DEPENDENCY_ID } else { 0 },
            ..ExtensionIds::default()
        },
    }
}

fn stream_name(word: &str, number: u8) -> String {
    if number == 0 {
        slots::MAIN_STREAM.to_owned()
    } else {
        format!("{word}-{number}")
    }
}

fn media_word(kind: SlotKind) -> &'static str {
    match kind {
        SlotKind::Voice | SlotKind::ScreenAudio => "audio",
        SlotKind::Camera | SlotKind::Screen | SlotKind::Program => "video",
    }
}

/// What every slot of a kind offers.
fn formats(kind: SlotKind) -> Vec<Format> {
    if media_word(kind) == "audio" {
        // Chromium asks for lost sound where it was offered so, and does not say so in its answer: nothing waits for that.
        let feedback = Feedback {
            nack: true,
            twcc: true,
            ..Feedback::default()
        };
        return vec![Format::ours(
            Codec::Opus,
            111,
            Twin::Red(63),
            "minptime=10;useinbandfec=1",
            feedback,
        )];
    }
    let feedback = Feedback {
        nack: true,
        pli: true,
        fir: false,
        twcc: true,
    };
    vec![
        Format::ours(Codec::Vp8, 96, Twin::Rtx(97), "", feedback),
        Format::ours(
            Codec::H264,
            102,
            Twin::Rtx(103),
            "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
            feedback,
        ),
        Format::ours(Codec::Vp9, 98, Twin::Rtx(99), "profile-id=0", feedback),
        Format::ours(Codec::Av1, 45, Twin::Rtx(46), "level-idx=5;profile=0;tier=0", feedback),
    ]
}
