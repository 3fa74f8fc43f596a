// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A WHEP client's offer (draft-ietf-wish-whep) and our answer: one voice and one picture.

use super::limits::OFFER_MEDIA_MAX;
use super::parse::{Description, MediaKind, Section};
use super::slots::{self, Ssrcs};
use super::transport::{self, Peer};
use super::write::{self, Accepted};
use super::{RemoteTransport, SdpRefusal, ServerTransport, SlotKind, SlotMedia, TransportCredentials, ViewerMedia};
use super::{codecs, extensions};

/// Number of the only voice slot.
const VOICE_SLOT: u8 = 0;
/// Number of the only picture slot.
const PROGRAM_SLOT: u8 = 1;

/// Answers an offer to watch: the text of the answer, the peer's transport, and the slots.
///
/// The first audio m-line that receives is slot 0 (`Voice`), the first such video m-line slot 1 (`Program`), whichever
/// comes first; all others are rejected. Payload types and extension ids are the client's; per codec one is chosen.
///
/// # Errors
/// The offer is malformed or too large, lacks transport parameters, or has nothing that we can send.
pub fn answer(
    offer: &str,
    local: &TransportCredentials,
    server: &ServerTransport,
    random: &mut dyn FnMut() -> u32,
) -> Result<(String, RemoteTransport, ViewerMedia), SdpRefusal> {
    let offer = Description::parse(offer, OFFER_MEDIA_MAX)?;
    let mut ssrcs = Ssrcs::new(random);
    let cname = ssrcs.cname();
    let mut refusal = SdpRefusal::Missing("audio or video that is received");
    let mut sections: Vec<Option<Accepted>> = Vec::new();
    let mut slots: Vec<SlotMedia> = Vec::new();
    for section in &offer.media {
        let (slot, kind) = match section.kind {
            MediaKind::Audio => (VOICE_SLOT, SlotKind::Voice),
            _ => (PROGRAM_SLOT, SlotKind::Program),
        };
        let is_wanted = section.is_rtp() && !section.is_rejected() && section.direction.receives();
        if !is_wanted || slots.iter().any(|known| known.slot == slot) {
            sections.push(None);
            continue;
        }
        match accept(&offer, section, slot, kind, &mut ssrcs, &cname) {
            Ok((accepted, media)) => {
                sections.push(Some(accepted));
                slots.push(media);
            }
            Err(reason) => {
                refusal = reason;
                sections.push(None);
            }
        }
    }
    if slots.is_empty() {
        return Err(refusal);
    }
    codecs::check_bundle(slots.iter().flat_map(|slot| &slot.payload_types))?;
    let ids: Vec<_> = slots.iter().map(|slot| slot.extensions).collect();
    extensions::check_bundle(&ids)?;
    let accepted: Vec<&Section> = offer
        .media
        .iter()
        .zip(&sections)
        .filter(|(_, accepted)| accepted.is_some())
        .map(|(section, _)| section)
        .collect();
    let remote = transport::remote(&offer, &accepted, Peer::Offers)?;
    let text = write::answer(&offer, &sections, local, server, remote.we_are_dtls_client);
    let twcc_feedback = slots.iter().any(|slot| slot.extensions.twcc != 0);
    Ok((
        text,
        remote,
        ViewerMedia {
            slots,
            cname,
            twcc_feedback,
        },
    ))
}

fn accept(
    offer: &Description,
    section: &Section,
    slot: u8,
    kind: SlotKind,
    ssrcs: &mut Ssrcs<'_>,
    cname: &str,
) -> Result<(Accepted, SlotMedia), SdpRefusal> {
    if !transport::is_bundled(offer, section) {
        return Err(SdpRefusal::Missing("a=group:BUNDLE with all m-lines"));
    }
    let mid = section.mid().ok_or(SdpRefusal::Missing("a=mid on an m-line"))?;
    let mut formats = codecs::one_per_codec(codecs::usable(section));
    if formats.is_empty() {
        return Err(codecs::refusal(section));
    }
    let has_feedback = formats.iter().any(|format| format.feedback.twcc);
    let wanted: &[&str] = if has_feedback {
        &[extensions::MID, extensions::TWCC, extensions::DEPENDENCY]
    } else {
        &[extensions::MID, extensions::DEPENDENCY]
    };
    let extensions = extensions::accept(offer, section, wanted, true);
    for format in &mut formats {
        format.feedback.twcc &= extensions.ids.twcc != 0;
    }
    let has_rtx = formats.iter().any(|format| format.payload.rtx_pt.is_some());
    let media = SlotMedia {
        slot,
        kind,
        mid: mid.to_owned(),
        ssrc: ssrcs.next(),
        rtx_ssrc: has_rtx.then(|| ssrcs.next()),
        payload_types: formats.iter().map(|format| format.payload).collect(),
        extensions: extensions.ids,
    };
    let mut lines = slots::stream_lines(&media, slots::MAIN_STREAM, cname);
    lines.extend(extensions.line());
    Ok((
        Accepted {
            direction: "sendonly",
            formats,
            extmap: extensions.extmap,
            lines,
        },
        media,
    ))
}
