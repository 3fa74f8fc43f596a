// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Payloads that say what they are: real codec headers in front, a stamp in the last bytes.

use fiera_sfu::api::SourceKind;
use fiera_sfu::codec::h264::nal_type;
use fiera_sfu::sdp::Codec;

use crate::net::random::Random;

const MAGIC: [u8; 2] = [0xF1, 0xE2];
const STAMP_BYTES: usize = 12;
const PAYLOAD_BYTES_MIN: u64 = 600;
const PAYLOAD_BYTES_MAX: u64 = 1_150;
/// 1280 x 720, as in the codec's own tests.
const SPS: [u8; 12] = [0x67, 0x42, 0xC0, 0x1F, 0xD9, 0x00, 0x50, 0x05, 0xBB, 0x01, 0x6A, 0x02];
/// Sequence header OBU of 1280 x 720.
const SEQUENCE_HEADER: [u8; 9] = [0x08, 0x00, 0x00, 0x00, 0x2D, 0x4C, 0xFF, 0xB3, 0xC0];
/// Header of a frame OBU.
const AV1_FRAME: u8 = 0x30;
const PPS: [u8; 4] = [0x68, 0xCE, 0x3C, 0x80];

/// What a media packet is, written into it by its publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    /// Participant.
    pub(crate) who: u8,
    /// Mic 0, camera 1, screen 2, screen audio 3.
    pub(crate) kind: u8,
    /// Simulcast or spatial layer.
    pub(crate) layer: u8,
    pub(crate) temporal: u8,
    pub(crate) frame: u32,
    /// Packet of the frame, from 0.
    pub(crate) part: u8,
    pub(crate) parts: u8,
    pub(crate) key: bool,
}

/// The number of a kind in a stamp.
pub(crate) fn number(kind: SourceKind) -> u8 {
    match kind {
        SourceKind::Mic => 0,
        SourceKind::Camera => 1,
        SourceKind::Screen => 2,
        SourceKind::ScreenAudio => 3,
    }
}

impl Stamp {
    fn write(&self) -> [u8; STAMP_BYTES] {
        let [f0, f1, f2, f3] = self.frame.to_be_bytes();
        let Stamp {
            who,
            kind,
            layer,
            temporal,
            part,
            parts,
            key,
            ..
        } = *self;
        [
            MAGIC[0],
            MAGIC[1],
            who,
            kind,
            layer,
            f0,
            f1,
            f2,
            f3,
            part,
            parts,
            u8::from(key) | temporal << 1,
        ]
    }

    /// The stamp at the end of a payload; none in what the server made itself.
    pub(crate) fn read(payload: &[u8]) -> Option<Stamp> {
        let [m0, m1, who, kind, layer, f0, f1, f2, f3, part, parts, key] = *payload.last_chunk::<STAMP_BYTES>()?;
        let frame = u32::from_be_bytes([f0, f1, f2, f3]);
        ([m0, m1] == MAGIC).then_some(Stamp {
            who,
            kind,
            layer,
            temporal: key >> 1,
            frame,
            part,
            parts,
            key: key & 1 == 1,
        })
    }
}

/// VP8 or VP9 counters and size of a layer's picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Picture {
    pub(crate) id: u16,
    pub(crate) tl0: u8,
    pub(crate) height: u16,
    /// Heights of the spatial layers of one stream, where it has them.
    pub(crate) spatial: Option<[u16; 3]>,
    /// Whether spatial layers need each other in key pictures alone (`L3T3_KEY`).
    pub(crate) keyed: bool,
}

/// A payload of a codec, with H.264 parameter sets in its keyframes or not; random bytes between its header and its stamp.
pub(crate) fn build(codec: Codec, stamp: &Stamp, picture: &Picture, with_sets: bool, random: &mut Random) -> Vec<u8> {
    let mut payload = match codec {
        Codec::Opus => vec![0x78],
        Codec::Vp8 => vp8_start(stamp, picture),
        Codec::H264 => h264_start(stamp, with_sets),
        Codec::Vp9 => vp9_start(stamp, picture),
        Codec::Av1 => av1_start(stamp, picture),
    };
    let bytes = match codec {
        Codec::Opus => 40 + random.below(80),
        _ => PAYLOAD_BYTES_MIN + random.below(PAYLOAD_BYTES_MAX - PAYLOAD_BYTES_MIN),
    } as usize;
    let filling = bytes.saturating_sub(payload.len() + STAMP_BYTES);
    // Nothing that looks like a start code or a NAL header matters behind the first bytes.
    payload.extend(random.bytes(filling));
    payload.extend(stamp.write());
    if codec == Codec::H264 && stamp.key && stamp.part == 0 && with_sets {
        close_aggregate(&mut payload);
    }
    payload
}

fn vp8_start(stamp: &Stamp, picture: &Picture) -> Vec<u8> {
    let starts = u8::from(stamp.part == 0) << 4;
    let [high, low] = (picture.id | 0x8000).to_be_bytes();
    // X, S; I, L, T; PictureID, TL0PICIDX, TID 0.
    let mut bytes = vec![0x80 | starts, 0xE0, high, low, picture.tl0, 0];
    if stamp.part == 0 && stamp.key {
        let [w0, w1] = (picture.height / 9 * 16).to_le_bytes();
        let [h0, h1] = picture.height.to_le_bytes();
        bytes.extend([0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, w0, w1, h0, h1]);
    } else {
        bytes.push(0x11);
    }
    bytes
}

fn vp9_start(stamp: &Stamp, picture: &Picture) -> Vec<u8> {
    let (starts, ends) = (stamp.part == 0, stamp.part + 1 == stamp.parts);
    let [high, low] = (picture.id | 0x8000).to_be_bytes();
    let spatial = picture.spatial.map_or(0, |_| stamp.layer);
    let announces = starts && stamp.key && spatial == 0 && picture.spatial.is_some();
    let needs_lower = spatial > 0 && (stamp.key || !picture.keyed);
    // I, L, and P, B, E, V, Z where they are; PictureID, layer indices, TL0PICIDX.
    let first = 0xA0
        | u8::from(!stamp.key) << 6
        | u8::from(starts) << 3
        | u8::from(ends) << 2
        | u8::from(announces) << 1
        | u8::from(spatial == 2 || (picture.keyed && !stamp.key));
    let indices = stamp.temporal << 5 | 0x10 | spatial << 1 | u8::from(needs_lower);
    let mut bytes = vec![first, high, low, indices, picture.tl0];
    if let Some(heights) = picture.spatial.filter(|_| announces) {
        // N_S 2, Y, G; sizes; a group of four pictures in the temporal layers 0, 2, 1, 2 with a reference each.
        bytes.push(0x58);
        for height in heights {
            bytes.extend((height / 9 * 16).to_be_bytes());
            bytes.extend(height.to_be_bytes());
        }
        bytes.extend([4, 0x04, 4, 0x54, 1, 0x34, 2, 0x54, 1]);
    }
    if starts && stamp.key && spatial == 0 {
        let (width, height) = (u64::from(picture.height / 9 * 16 - 1), u64::from(picture.height - 1));
        // BT.601, limited range, width and height less one, to the end of the fifth octet.
        let size = (0b0010 << 36 | width << 20 | height << 4).to_be_bytes();
        bytes.extend([0x82, 0x49, 0x83, 0x42]);
        bytes.extend_from_slice(&size[3..]);
    } else {
        bytes.push(0x86);
    }
    bytes
}

/// One OBU per frame, in as many fragments as there are parts.
fn av1_start(stamp: &Stamp, picture: &Picture) -> Vec<u8> {
    let continued = u8::from(stamp.part + 1 != stamp.parts) << 6;
    if stamp.part > 0 {
        return vec![0x90 | continued];
    }
    let mut bytes = vec![0x10 | continued, AV1_FRAME];
    if stamp.key && (picture.spatial.is_none() || stamp.layer == 0) {
        bytes = vec![0x28 | continued, SEQUENCE_HEADER.len() as u8];
        bytes.extend(SEQUENCE_HEADER);
        bytes.push(AV1_FRAME);
    }
    bytes
}

fn h264_start(stamp: &Stamp, with_sets: bool) -> Vec<u8> {
    // first_mb_in_slice 0, slice_type P (0) or I (7): ITU-T H.264 section 7.3.3.
    let slice = if stamp.key {
        [0x60 | nal_type::IDR, 0x88]
    } else {
        [0x40 | nal_type::SLICE, 0xC0]
    };
    if !(stamp.key && stamp.part == 0 && with_sets) {
        return slice.to_vec();
    }
    let mut bytes = vec![0x60 | nal_type::STAP_A];
    for set in [&SPS[..], &PPS[..]] {
        bytes.extend((set.len() as u16).to_be_bytes());
        bytes.extend(set);
    }
    bytes.extend([0, 0]);
    bytes.extend(slice);
    bytes
}

/// Fills in the length of the last unit of the aggregate.
fn close_aggregate(payload: &mut [u8]) {
    let at = 1 + 2 + SPS.len() + 2 + PPS.len();
    let length = (payload.len() - at - 2) as u16;
    payload[at..at + 2].copy_from_slice(&length.to_be_bytes());
}
