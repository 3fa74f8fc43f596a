// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Frames that can be told apart and made again from what they say: real codec headers in front, a label, a filling.
//! Decoders would not like the pictures; everything that forwards packets must.

use bytes::Bytes;
use rtc::rtp_transceiver::rtp_sender::RTCRtpCodec;
use webrtc::peer_connection::MediaEngine;

/// What a track sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Codec {
    Opus,
    Vp8,
    H264,
}

const ANNEX_B: [u8; 4] = [0, 0, 0, 1];
/// 1280 x 720, constrained baseline.
const SPS: [u8; 12] = [0x67, 0x42, 0xC0, 0x1F, 0xD9, 0x00, 0x50, 0x05, 0xBB, 0x01, 0x6A, 0x02];
const PPS: [u8; 4] = [0x68, 0xCE, 0x3C, 0x80];

impl Codec {
    /// The crate's name of it.
    pub fn mime(self) -> &'static str {
        match self {
            Codec::Opus => "audio/opus",
            Codec::Vp8 => "video/VP8",
            Codec::H264 => "video/H264",
        }
    }

    /// As the crate's own list of codecs describes it; of H.264 the profile that browsers offer first.
    pub fn described(self) -> RTCRtpCodec {
        let (clock_rate, channels) = if self == Codec::Opus { (48_000, 2) } else { (90_000, 0) };
        let fmtp = match self {
            Codec::Opus => "minptime=10;useinbandfec=1",
            Codec::Vp8 => "",
            Codec::H264 => "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        };
        RTCRtpCodec {
            mime_type: self.mime().to_owned(),
            clock_rate,
            channels,
            sdp_fmtp_line: fmtp.to_owned(),
            rtcp_feedback: Vec::new(),
        }
    }

    pub fn is_audio(self) -> bool {
        self == Codec::Opus
    }

    /// Clock ticks from frame to frame: 20 ms of sound, 30 pictures a second.
    pub fn ticks_per_frame(self) -> u32 {
        if self.is_audio() { 960 } else { 3_000 }
    }

    /// Ticks per second.
    pub fn clock_rate_hz(self) -> u32 {
        self.described().clock_rate
    }
}

/// All codecs that the crate knows.
pub fn all_codecs() -> MediaEngine {
    let mut engine = MediaEngine::default();
    engine.register_default_codecs().unwrap();
    engine
}

/// Which frame it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frame {
    pub codec: Codec,
    /// Height of the picture, which tells simulcast layers apart; 0 for sound.
    pub height: u16,
    /// From 0, one more with each frame of the track.
    pub number: u32,
    /// Whether a decoder can start with it.
    pub key: bool,
}

impl Frame {
    /// What a packetizer takes; its size depends on the number, so that frames of one and of several packets occur.
    pub fn bytes(&self) -> Bytes {
        let mut bytes = self.header();
        bytes.extend(self.label().into_bytes());
        let filling = if self.codec.is_audio() {
            60
        } else {
            700 + self.number as usize % 5 * 600
        };
        // Never 0: what is filled in must not look like a start code.
        bytes.extend((0..filling).map(|n| (n * 31 + self.number as usize) as u8 % 251 + 1));
        bytes.into()
    }

    /// Which frame these bytes say that they are.
    pub fn read(codec: Codec, bytes: &[u8]) -> Option<Self> {
        let at = bytes.windows(2).position(|two| two == b"<#")?;
        let label = std::str::from_utf8(bytes.get(at + 2..at + 2 + 17)?).ok()?;
        let mut words = label.split('/');
        let frame = Self {
            codec,
            number: words.next()?.parse().ok()?,
            height: words.next()?.parse().ok()?,
            key: words.next()?.starts_with('1'),
        };
        Some(frame)
    }

    fn label(&self) -> String {
        format!("<#{:010}/{:04}/{}>", self.number, self.height, u8::from(self.key))
    }

    fn header(&self) -> Vec<u8> {
        match self.codec {
            // One frame of 20 ms, fullband, mono (RFC 6716 section 3.1).
            Codec::Opus => vec![0x78],
            Codec::Vp8 if self.key => {
                let [w0, w1] = (self.height / 9 * 16).to_le_bytes();
                let [h0, h1] = self.height.to_le_bytes();
                vec![0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, w0, w1, h0, h1]
            }
            Codec::Vp8 => vec![0x11],
            // The slice headers say first_mb_in_slice 0 and I (7) or P (0).
            Codec::H264 if self.key => [&ANNEX_B[..], &SPS, &ANNEX_B, &PPS, &ANNEX_B, &[0x65, 0x88]].concat(),
            Codec::H264 => [&ANNEX_B[..], &[0x41, 0xC0]].concat(),
        }
    }
}

/// Whether a decoder could start with this payload: H.264 needs the parameter sets (a STAP-A here), VP8 the keyframe.
pub fn is_start(mime: &str, payload: &[u8]) -> bool {
    const STAP_A: u8 = 24;
    if mime.eq_ignore_ascii_case(Codec::H264.mime()) {
        return payload.first().is_some_and(|header| header & 0x1F == STAP_A);
    }
    Frame::read(Codec::Vp8, payload).is_some_and(|frame| frame.key)
}

#[test]
fn frames_can_be_made_again_from_what_they_say() {
    for (codec, height) in [(Codec::Opus, 0), (Codec::Vp8, 720), (Codec::H264, 720)] {
        for key in [false, true] {
            let frame = Frame {
                codec,
                height,
                number: 12_345,
                key,
            };
            assert_eq!(Frame::read(codec, &frame.bytes()), Some(frame));
        }
    }
}
