// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What a viewer makes of the packets that it got: unbroken lines, whole frames.

use bytes::Bytes;
use fiera_protocol::ids::Role;
use rtc::rtp::codec::h264::H264Packet;
use rtc::rtp::codec::opus::OpusPacket;
use rtc::rtp::codec::vp8::Vp8Packet;
use rtc::rtp::packetizer::Depacketizer;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};

use super::frames::{Codec, Frame, is_start};
use super::peer::Peer;
use crate::site::Site;

/// A program that watches by WHEP.
pub struct Viewer {
    pub peer: Peer,
    pub session: String,
    pub answer: String,
}

impl Viewer {
    pub async fn start(site: &Site) -> Self {
        let viewer = Self::start_with(site, |offer| offer).await;
        viewer.peer.connected().await;
        viewer
    }

    /// Offers what `change` makes of the offer.
    pub async fn start_with(site: &Site, change: impl Fn(String) -> String) -> Self {
        let peer = Peer::new().await;
        for kind in [RtpCodecKind::Audio, RtpCodecKind::Video] {
            let receives = RTCRtpTransceiverInit {
                direction: RTCRtpTransceiverDirection::Recvonly,
                ..Default::default()
            };
            peer.connection
                .add_transceiver_from_kind(kind, Some(receives))
                .await
                .unwrap();
        }
        let offer = change(peer.offer().await);
        let (answer, session) = site.negotiate("/whep/demo/main", Role::Attendee, &offer).await;
        peer.take_answer(answer.clone()).await;
        Self { peer, session, answer }
    }

    /// The SSRC that the answer promises for an m-line.
    pub fn ssrc(&self, codec: Codec) -> u32 {
        let media = if codec.is_audio() { "m=audio" } else { "m=video" };
        primary_ssrc(&self.answer, |section| section.starts_with(media))
    }
}

/// The first `a=ssrc` of the first m-line that fits.
pub fn primary_ssrc(sdp: &str, fits: impl Fn(&str) -> bool) -> u32 {
    let starts: Vec<usize> = sdp.match_indices("\nm=").map(|(at, _)| at + 1).collect();
    let ends = starts.iter().skip(1).copied().chain([sdp.len()]);
    let mut sections = starts.iter().zip(ends).map(|(start, end)| &sdp[*start..end]);
    let section = sections.find(|section| fits(section)).expect("such an m-line");
    let ssrc = section.lines().find_map(|line| line.strip_prefix("a=ssrc:"));
    ssrc.and_then(|line| line.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("no SSRC in\n{section}"))
}

/// A frame as it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    pub frame: Frame,
    pub timestamp: u32,
}

/// Puts frames together again from packets in order of arrival. Fails on a hole or disorder in the sequence, on a frame
/// with two timestamps, and on frames that are not, byte for byte, what was sent. The first frame may lack its beginning,
/// the last one its end, and so may one before a keyframe: a slot that changes its layer does not wait for what got lost.
pub fn frames(codec: Codec, packets: &[rtc::rtp::Packet]) -> Vec<Arrived> {
    let mut frames = Vec::new();
    let mut depacketizer = depacketizer(codec);
    let (mut collected, mut since): (Vec<u8>, Option<u32>) = (Vec::new(), None);
    let mut is_first = true;
    for (index, packet) in packets.iter().enumerate() {
        let header = &packet.header;
        if let Some(before) = index.checked_sub(1).map(|before| &packets[before].header) {
            let expected = before.sequence_number.wrapping_add(1);
            assert_eq!(header.sequence_number, expected, "packet {index} of {codec:?}");
        }
        let is_cut = since.is_some_and(|since| since != header.timestamp);
        if is_cut && is_start(codec.mime(), &packet.payload) {
            collected.clear();
            since = None;
        }
        let timestamp = *since.get_or_insert(header.timestamp);
        assert_eq!(
            timestamp, header.timestamp,
            "within a frame, packet {index} of {codec:?}"
        );
        collected.extend(
            depacketizer
                .depacketize(&packet.payload)
                .expect("a payload of the codec"),
        );
        if !codec.is_audio() && !header.marker {
            continue;
        }
        let bytes = Bytes::from(std::mem::take(&mut collected));
        since = None;
        let frame = Frame::read(codec, &bytes);
        let is_end_alone = frame.is_none_or(|frame| bytes.len() < frame.bytes().len());
        if is_end_alone && std::mem::take(&mut is_first) {
            continue;
        }
        is_first = false;
        let frame = frame.unwrap_or_else(|| panic!("what frame is {bytes:?}"));
        assert_eq!(bytes, frame.bytes(), "{frame:?}");
        frames.push(Arrived { frame, timestamp });
    }
    frames
}

fn depacketizer(codec: Codec) -> Box<dyn Depacketizer> {
    match codec {
        Codec::Opus => Box::new(OpusPacket),
        Codec::Vp8 => Box::new(Vp8Packet::default()),
        Codec::H264 => Box::new(H264Packet::default()),
    }
}

/// Asserts that frames of one source come one after the other, their timestamps as far apart as their numbers say.
pub fn assert_steady(frames: &[Arrived]) {
    for pair in frames.windows(2) {
        let [a, b] = [pair[0], pair[1]];
        assert_eq!(b.frame.number, a.frame.number + 1, "{a:?} {b:?}");
        let ticks = b.timestamp.wrapping_sub(a.timestamp);
        assert_eq!(ticks, b.frame.codec.ticks_per_frame(), "{a:?} {b:?}");
    }
}
