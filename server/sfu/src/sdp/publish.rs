// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A publisher's offer and our answer: browsers on the WebSocket, other programs by WHIP (RFC 9725).

use super::limits::OFFER_MEDIA_MAX;
use super::parse::{Description, MediaKind, Section};
use super::transport::{self, Peer};
use super::write::{self, Accepted};
use super::{
    Codec, PublishedMedia, PublisherMedia, RemoteTransport, SdpRefusal, ServerTransport, TransportCredentials,
};
use super::{codecs, extensions, simulcast, ssrcs};
use crate::api::SourceKind;

/// Answers an offer to publish: the text of the answer, the peer's transport, and what it will send.
///
/// The n-th audio or video m-line has a fixed meaning (see [`PublishedMedia::source`]), also when an earlier one is not
/// used. An m-line that offers not to send is answered `inactive`; one that cannot be used is rejected with port 0.
///
/// # Errors
/// The offer is malformed or too large, lacks transport parameters, or has nothing that we can receive.
pub fn answer(
    offer: &str,
    local: &TransportCredentials,
    server: &ServerTransport,
) -> Result<(String, RemoteTransport, PublisherMedia), SdpRefusal> {
    let offer = Description::parse(offer, OFFER_MEDIA_MAX)?;
    let mut audio = [SourceKind::Mic, SourceKind::ScreenAudio].into_iter();
    let mut video = [SourceKind::Camera, SourceKind::Screen].into_iter();
    let mut refusal = SdpRefusal::Missing("audio or video that is sent");
    let mut sections: Vec<Option<Accepted>> = Vec::new();
    let mut media: Vec<PublishedMedia> = Vec::new();
    for section in &offer.media {
        let source = match section.kind {
            MediaKind::Audio => audio.next(),
            MediaKind::Video => video.next(),
            MediaKind::Other => None,
        };
        let (accepted, published) = match source {
            Some(source) if !section.is_rejected() && section.is_rtp() => match accept(&offer, section, source) {
                Ok(pair) => pair,
                Err(SdpRefusal::Missing(what)) => {
                    refusal = SdpRefusal::Missing(what);
                    (None, None)
                }
                Err(SdpRefusal::Unsupported(what)) => {
                    refusal = SdpRefusal::Unsupported(what);
                    (None, None)
                }
                Err(other) => return Err(other),
            },
            _ => (None, None),
        };
        sections.push(accepted);
        media.extend(published);
    }
    if media.is_empty() {
        return Err(refusal);
    }
    check_bundle(&media)?;
    let accepted: Vec<&Section> = offer
        .media
        .iter()
        .zip(&sections)
        .filter(|(_, accepted)| accepted.is_some())
        .map(|(section, _)| section)
        .collect();
    let remote = transport::remote(&offer, &accepted, Peer::Offers)?;
    let text = write::answer(&offer, &sections, local, server, remote.we_are_dtls_client);
    Ok((text, remote, PublisherMedia { media }))
}

type Outcome = (Option<Accepted>, Option<PublishedMedia>);

/// `Missing` and `Unsupported` reject this m-line alone.
fn accept(offer: &Description, section: &Section, source: SourceKind) -> Result<Outcome, SdpRefusal> {
    if !transport::is_bundled(offer, section) {
        return Err(SdpRefusal::Missing("a=group:BUNDLE with all m-lines"));
    }
    let mid = section.mid().ok_or(SdpRefusal::Missing("a=mid on an m-line"))?;
    let mut formats = codecs::usable(section);
    if formats.is_empty() {
        return Err(codecs::refusal(section));
    }
    let wanted: &[&str] = match section.kind {
        MediaKind::Audio => &[extensions::MID, extensions::AUDIO_LEVEL, extensions::TWCC],
        // Browsers send what comes first, with descriptors if they may, which are of use for AV1 alone.
        _ if formats.first().is_some_and(|first| first.payload.codec == Codec::Av1) => &[
            extensions::MID,
            extensions::RID,
            extensions::RRID,
            extensions::TWCC,
            extensions::DEPENDENCY,
        ],
        _ => &[extensions::MID, extensions::RID, extensions::RRID, extensions::TWCC],
    };
    let extensions = extensions::accept(offer, section, wanted, false);
    for format in &mut formats {
        format.feedback.twcc &= extensions.ids.twcc != 0;
    }
    if !section.direction.sends() {
        return Ok((
            Some(Accepted {
                direction: "inactive",
                formats,
                lines: extensions.line().into_iter().collect(),
                extmap: extensions.extmap,
            }),
            None,
        ));
    }
    let layers = if section.kind == MediaKind::Video {
        simulcast::accept(section, &formats)?
    } else {
        simulcast::Layers::default()
    };
    let ssrcs = ssrcs::declared(section)?;
    let published = PublishedMedia {
        source,
        mid: mid.to_owned(),
        payload_types: formats.iter().map(|format| format.payload).collect(),
        rids_low_to_high: layers.rids_low_to_high,
        ssrcs: ssrcs.primary,
        rtx_ssrcs: ssrcs.rtx,
        extensions: extensions.ids,
        twcc_feedback: formats.iter().any(|format| format.feedback.twcc),
    };
    let accepted = Accepted {
        direction: "recvonly",
        formats,
        lines: layers.lines.into_iter().chain(extensions.line()).collect(),
        extmap: extensions.extmap,
    };
    Ok((Some(accepted), Some(published)))
}

/// What must be unambiguous on the one transport that all m-lines share.
fn check_bundle(media: &[PublishedMedia]) -> Result<(), SdpRefusal> {
    codecs::check_bundle(media.iter().flat_map(|media| &media.payload_types))?;
    let ids: Vec<_> = media.iter().map(|media| media.extensions).collect();
    extensions::check_bundle(&ids)?;
    let mut seen: Vec<u32> = Vec::new();
    for media in media {
        let all = media.ssrcs.iter().chain(media.rtx_ssrcs.iter().map(|(_, rtx)| rtx));
        for ssrc in all {
            if seen.contains(ssrc) {
                return Err(SdpRefusal::Malformed("two m-lines declare the same SSRC".to_owned()));
            }
            seen.push(*ssrc);
        }
    }
    Ok(())
}
