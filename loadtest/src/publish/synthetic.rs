// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A made-up camera and microphone: right sizes, right pace, right headers, stamps instead of pictures.
//! 30 frames/s, a keyframe every 2 s and on request, Opus at 50 packets/s.

use std::time::Duration;

use super::media::{Frame, Source};
use crate::peer::identity::random;
use crate::wire::stamp::{Medium, STAMP_BYTES};
use crate::wire::vp8::{DESCRIPTOR_BYTES, Packetizer};

const FRAME_US: u64 = 33_333;
const OPUS_US: u64 = 20_000;
const KEYFRAME_EVERY: u32 = 60;
const KEYFRAME_PACKETS: usize = 35;
const OPUS_BYTES: usize = 80;
/// Largest RTP payload, descriptor included: 1,200 bytes of UDP with header, extensions and tag.
const PAYLOAD_BYTES_MAX: usize = 1_150;
/// Least gap between keyframes made on request.
const KEYFRAME_GAP_FRAMES: u32 = 9;

/// See the module's head.
pub struct Synthetic {
    packetizer: Packetizer,
    frames: u32,
    audio_frames: u64,
    since_key: u32,
    keyframe_wanted: bool,
    interframe_bytes: usize,
    filler: Vec<u8>,
}

impl Synthetic {
    /// A camera of about this bit rate, keyframes included.
    #[must_use]
    pub fn new(video_kbps: u32) -> Self {
        let chunk = PAYLOAD_BYTES_MAX - DESCRIPTOR_BYTES;
        let gop_bytes = (video_kbps as usize * 1_000 / 8) * 2;
        let key_bytes = (KEYFRAME_PACKETS * chunk).min(gop_bytes / 3);
        let interframe_bytes = (gop_bytes - key_bytes) / (KEYFRAME_EVERY as usize - 1);
        let filler = (0..=255_u8).cycle().take(2 * KEYFRAME_PACKETS * chunk).collect();
        Self {
            packetizer: Packetizer::new(u16::from_ne_bytes(random()), PAYLOAD_BYTES_MAX),
            frames: 0,
            audio_frames: 0,
            since_key: KEYFRAME_EVERY,
            keyframe_wanted: false,
            interframe_bytes: interframe_bytes.max(2 * STAMP_BYTES),
            filler,
        }
    }

    fn video(&mut self) -> Frame {
        let key = self.since_key >= KEYFRAME_EVERY || (self.keyframe_wanted && self.since_key >= KEYFRAME_GAP_FRAMES);
        let chunk = PAYLOAD_BYTES_MAX - DESCRIPTOR_BYTES;
        // Sizes vary by a third, as those of a real encoder do; the mean stays.
        let swing = self.interframe_bytes * (self.frames as usize * 7 % 11) / 15;
        let mut bytes = if key {
            KEYFRAME_PACKETS * chunk
        } else {
            self.interframe_bytes * 2 / 3 + swing
        };
        if bytes % chunk != 0 && bytes % chunk < STAMP_BYTES + 16 {
            bytes += STAMP_BYTES + 16;
        }
        let mut frame = self.filler[..bytes].to_vec();
        // Frame tag (RFC 6386 section 9.1): keyframe bit, version 0, shown, size of the first partition.
        let tag = u32::from(!key) | 1 << 4 | ((bytes as u32 / 4) & 0x7_FFFF) << 5;
        frame[..3].copy_from_slice(&tag.to_le_bytes()[..3]);
        if key {
            frame[3..10].copy_from_slice(&[0x9D, 0x01, 0x2A, 0x00, 0x05, 0xD0, 0x02]);
            self.since_key = 0;
            self.keyframe_wanted = false;
        }
        self.since_key += 1;
        let media_time = i64::from(self.frames) * 3_000;
        self.frames += 1;
        Frame {
            medium: Medium::Video,
            media_time,
            payloads: self.packetizer.split(&frame),
            key,
            stamped: true,
        }
    }

    fn audio(&mut self) -> Frame {
        let mut payload = vec![0x5A; OPUS_BYTES];
        // TOC byte (RFC 6716 section 3.1): CELT fullband 20 ms, mono, one frame.
        payload[0] = 0xF8;
        let media_time = self.audio_frames as i64 * 960;
        self.audio_frames += 1;
        Frame {
            medium: Medium::Audio,
            media_time,
            payloads: vec![payload],
            key: true,
            stamped: true,
        }
    }

    fn video_at(&self) -> u64 {
        u64::from(self.frames) * FRAME_US
    }

    fn audio_at(&self) -> u64 {
        self.audio_frames * OPUS_US
    }
}

impl Source for Synthetic {
    fn next_at(&self) -> Duration {
        Duration::from_micros(self.video_at().min(self.audio_at()))
    }

    fn next(&mut self) -> Frame {
        if self.audio_at() <= self.video_at() {
            self.audio()
        } else {
            self.video()
        }
    }

    fn want_keyframe(&mut self) {
        self.keyframe_wanted = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{stamp, vp8};

    fn ten_seconds(mut source: Synthetic) -> Vec<Frame> {
        let mut frames = Vec::new();
        while source.next_at() < Duration::from_secs(10) {
            frames.push(source.next());
        }
        frames
    }

    #[test]
    fn rates_are_as_asked() {
        let frames = ten_seconds(Synthetic::new(1_500));
        let bytes: usize = frames
            .iter()
            .filter(|f| f.medium == Medium::Video)
            .flat_map(|f| &f.payloads)
            .map(Vec::len)
            .sum();
        let kbps = bytes * 8 / 10_000;
        assert!((1_400..1_600).contains(&kbps), "{kbps}");
        assert_eq!(frames.iter().filter(|f| f.medium == Medium::Audio).count(), 500);
        assert_eq!(frames.iter().filter(|f| f.medium == Medium::Video && f.key).count(), 6);
    }

    #[test]
    fn every_payload_takes_a_stamp() {
        let stamp = stamp::Stamp {
            number: 1,
            sent_ns: 2,
            frame: 3,
            index: 0,
            count: 1,
            key: false,
        };
        for kbps in [50, 300, 1_500, 6_000] {
            for mut frame in ten_seconds(Synthetic::new(kbps)) {
                assert_eq!(
                    frame.medium == Medium::Video && frame.key,
                    frame.medium == Medium::Video && vp8::is_keyframe(&frame.payloads[0][6..])
                );
                for payload in &mut frame.payloads {
                    stamp::write(frame.medium, payload, &stamp);
                    assert_eq!(
                        stamp::read(frame.medium, payload),
                        Ok(stamp),
                        "{kbps} kbit/s, {} bytes",
                        payload.len()
                    );
                }
            }
        }
    }

    #[test]
    fn keyframe_comes_on_request() {
        let mut source = Synthetic::new(1_500);
        for _ in 0..60 {
            source.next();
        }
        source.want_keyframe();
        let key_in = |source: &mut Synthetic| {
            (0..8).any(|_| {
                let f = source.next();
                f.medium == Medium::Video && f.key
            })
        };
        assert!(key_in(&mut source));
        assert!(!key_in(&mut source));
    }
}
