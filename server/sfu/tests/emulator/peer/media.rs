// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Negotiated media as values, as the session descriptions of browsers lead to them.

use fiera_sfu::api::SourceKind;
use fiera_sfu::sdp::{
    Codec, ExtensionIds, PayloadType, PublishedMedia, PublisherMedia, ServerTransport, TransportCredentials,
    ViewerMedia, rack,
};

use super::track::Track;
use crate::net::random::Random;

/// Header extension ids of every publisher.
pub(crate) const IDS: ExtensionIds = ExtensionIds {
    mid: 1,
    rid: 2,
    rrid: 3,
    audio_level: 4,
    twcc: 5,
    dependency: 6,
};

/// Payload types of every publisher.
pub(crate) const OPUS: PayloadType = PayloadType {
    codec: Codec::Opus,
    pt: 111,
    rtx_pt: None,
    red_pt: Some(63),
    nack: false,
};
/// What Chromium repeats of sound.
pub(crate) const RED: u8 = 63;
pub(crate) const VP8: PayloadType = PayloadType {
    codec: Codec::Vp8,
    pt: 96,
    rtx_pt: Some(97),
    red_pt: None,
    nack: true,
};
pub(crate) const H264: PayloadType = PayloadType {
    codec: Codec::H264,
    pt: 102,
    rtx_pt: Some(103),
    red_pt: None,
    nack: true,
};
pub(crate) const VP9: PayloadType = PayloadType {
    codec: Codec::Vp9,
    pt: 98,
    rtx_pt: Some(99),
    red_pt: None,
    nack: true,
};
pub(crate) const AV1: PayloadType = PayloadType {
    codec: Codec::Av1,
    pt: 45,
    rtx_pt: Some(46),
    red_pt: None,
    nack: true,
};

/// The payload type of a codec.
pub(crate) fn payload_type(codec: Codec) -> PayloadType {
    match codec {
        Codec::Opus => OPUS,
        Codec::Vp8 => VP8,
        Codec::H264 => H264,
        Codec::Vp9 => VP9,
        Codec::Av1 => AV1,
    }
}

/// The mid of a source.
pub(crate) fn mid(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Mic => "0",
        SourceKind::Camera => "1",
        SourceKind::Screen => "2",
        SourceKind::ScreenAudio => "3",
    }
}

/// What a publisher of these tracks negotiated: no SSRC is declared, as with simulcast by rid.
pub(crate) fn published(tracks: &[Track]) -> PublisherMedia {
    let media = tracks.iter().map(|track| PublishedMedia {
        source: track.kind,
        mid: mid(track.kind).to_owned(),
        payload_types: if track.codec == Codec::Opus {
            vec![OPUS]
        } else {
            vec![VP8, H264, VP9, AV1]
        },
        rids_low_to_high: track
            .layers
            .iter()
            .filter_map(|layer| layer.rid.map(str::to_owned))
            .collect(),
        ssrcs: Vec::new(),
        rtx_ssrcs: Vec::new(),
        extensions: IDS,
        twcc_feedback: true,
    });
    PublisherMedia { media: media.collect() }
}

/// The rack of a browser that reads no redundant audio and asks for no lost sound.
pub(crate) fn plain_rack(random: &mut Random) -> ViewerMedia {
    let mut media = full_rack(random);
    let sound = media.slots.iter_mut().flat_map(|slot| &mut slot.payload_types);
    for payload_type in sound.filter(|pt| pt.codec == Codec::Opus) {
        (payload_type.red_pt, payload_type.nack) = (None, false);
    }
    media
}

/// The largest rack: slots 0 to 2 voices, 3 to 6 cameras, 7 the screen, 8 its sound.
pub(crate) fn full_rack(random: &mut Random) -> ViewerMedia {
    let shape = rack::RackShape {
        voice_slots: 3,
        camera_slots: 4,
        screen: true,
    };
    let local = TransportCredentials {
        ice_ufrag: "unusedhe".to_owned(),
        ice_pwd: "unusedhereunusedhereunus".to_owned(),
    };
    let server = ServerTransport {
        candidates: Vec::new(),
        tcp: false,
        fingerprint_sha256: String::new(),
    };
    let offer = rack::offer(&shape, &local, &server, &mut || random.next_u32());
    ViewerMedia {
        slots: offer.slots,
        cname: offer.cname,
        twcc_feedback: true,
    }
}
