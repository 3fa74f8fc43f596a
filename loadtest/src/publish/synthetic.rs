// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A made-up camera and microphone: right sizes, right pace, right headers, stamps instead of pictures.
//! 30 frames/s, a keyframe every so often and on request, one layer or three of simulcast, Opus at 50 packets/s.

use std::time::Duration;

use super::media::{Frame, Source};
use crate::peer::identity::random;
use crate::wire::stamp::{Medium, STAMP_BYTES};
use crate::wire::vp8::{DESCRIPTOR_BYTES, Packetizer};

const FRAME_US: u64 = 33_333;
const OPUS_US: u64 = 20_000;
const FRAMES_PER_S: f64 = 30.0;
/// Keyframes have so many packets at 1,500 kbit/s, at other rates in proportion, as those of a picture of that size do.
const KEYFRAME_PACKETS: usize = 35;
const KEYFRAME_KBPS: usize = 1_500;
const KEYFRAME_PACKETS_MAX: usize = 100;
/// Bit rates of simulcast layers as parts of the highest: a sixteenth and a quarter of the pixels.
const LAYER_DIVISORS: [u32; 3] = [10, 3, 1];
const OPUS_BYTES: usize = 80;
/// Largest RTP payload, descriptor included: 1,200 bytes of UDP with header, extensions and tag.
const PAYLOAD_BYTES_MAX: usize = 1_150;
/// Least gap between keyframes made on request.
const KEYFRAME_GAP_FRAMES: u32 = 9;

/// What the camera does.
#[derive(Debug, Clone, Copy)]
pub struct Camera {
    /// Bit rate, keyframes included; of the highest layer.
    pub video_kbps: u32,
    /// Frames between keyframes; 0: on request alone.
    pub keyframe_every: u32,
    /// Three layers of a tenth, a third and all of the bit rate.
    pub simulcast: bool,
}

impl Camera {
    /// One layer, a keyframe every 2 s.
    #[must_use]
    pub fn plain(video_kbps: u32) -> Self {
        Self {
            video_kbps,
            keyframe_every: 60,
            simulcast: false,
        }
    }

    /// The same with a keyframe every so many seconds; 0: on request alone.
    #[must_use]
    pub fn with_keyframe_every_s(self, seconds: f64) -> Self {
        Self {
            keyframe_every: (seconds * FRAMES_PER_S).round() as u32,
            ..self
        }
    }

    /// Bit rates of the layers, lowest first.
    #[must_use]
    pub fn layers_kbps(&self) -> Vec<u32> {
        if self.simulcast {
            LAYER_DIVISORS.map(|part| self.video_kbps / part).to_vec()
        } else {
            vec![self.video_kbps]
        }
    }
}

struct Layer {
    packetizer: Packetizer,
    key_bytes: usize,
    interframe_bytes: usize,
}

/// See the module's head.
pub struct Synthetic {
    layers: Vec<Layer>,
    next_layer: usize,
    keyframe_every: u32,
    frames: u32,
    audio_frames: u64,
    since_key: u32,
    key: bool,
    keyframe_wanted: bool,
    filler: Vec<u8>,
}

impl Synthetic {
    /// A camera and a microphone.
    #[must_use]
    pub fn new(camera: Camera) -> Self {
        let chunk = PAYLOAD_BYTES_MAX - DESCRIPTOR_BYTES;
        let layer = |kbps: u32| {
            let gop_frames = if camera.keyframe_every == 0 {
                300
            } else {
                camera.keyframe_every as usize
            };
            let gop_bytes = kbps as usize * 125 * gop_frames / FRAMES_PER_S as usize;
            let packets = (KEYFRAME_PACKETS * kbps as usize / KEYFRAME_KBPS).clamp(1, KEYFRAME_PACKETS_MAX);
            let key_bytes = (packets * chunk).min(gop_bytes / 3).max(2 * STAMP_BYTES);
            let interframe_bytes = gop_bytes.saturating_sub(key_bytes) / gop_frames.saturating_sub(1).max(1);
            Layer {
                packetizer: Packetizer::new(u16::from_ne_bytes(random()), PAYLOAD_BYTES_MAX),
                key_bytes,
                interframe_bytes: interframe_bytes.max(2 * STAMP_BYTES),
            }
        };
        let layers: Vec<Layer> = camera.layers_kbps().into_iter().map(layer).collect();
        let largest = layers.iter().map(|l| l.key_bytes.max(l.interframe_bytes * 2)).max();
        let filler = (0..=255_u8).cycle().take(largest.unwrap_or(0) + 4 * STAMP_BYTES);
        Self {
            layers,
            next_layer: 0,
            keyframe_every: camera.keyframe_every,
            frames: 0,
            audio_frames: 0,
            since_key: u32::MAX,
            key: false,
            keyframe_wanted: false,
            filler: filler.collect(),
        }
    }

    fn video(&mut self) -> Frame {
        if self.next_layer == 0 {
            let due = self.keyframe_every > 0 && self.since_key >= self.keyframe_every;
            let wanted = self.keyframe_wanted && self.since_key >= KEYFRAME_GAP_FRAMES;
            self.key = due || wanted || self.since_key == u32::MAX;
            if self.key {
                self.since_key = 0;
                self.keyframe_wanted = false;
            }
            self.since_key += 1;
        }
        let (key, at) = (self.key, self.next_layer);
        let layer = &mut self.layers[at];
        let chunk = PAYLOAD_BYTES_MAX - DESCRIPTOR_BYTES;
        // Sizes vary by a third, as those of a real encoder do; the mean stays.
        let swing = layer.interframe_bytes * (self.frames as usize * 7 % 11) / 15;
        let mut bytes = if key {
            layer.key_bytes
        } else {
            layer.interframe_bytes * 2 / 3 + swing
        };
        if bytes % chunk != 0 && bytes % chunk < STAMP_BYTES + 16 {
            bytes += STAMP_BYTES + 16;
        }
        let mut frame = self.filler[..bytes].to_vec();
        // Frame tag (RFC 6386 section 9.1): keyframe bit, version 0, shown, size of the first partition.
        let tag = u32::from(!key) | 1 << 4 | ((bytes as u32 / 4) & 0x7_FFFF) << 5;
        frame[..3].copy_from_slice(&tag.to_le_bytes()[..3]);
        if key {
            // Start code, then 14 bits each of width and height: 1280 x 720, halved for each layer below.
            let smaller = self.layers.len() - 1 - at;
            let (width, height) = ((1_280_u16 >> smaller).to_le_bytes(), (720_u16 >> smaller).to_le_bytes());
            frame[3..10].copy_from_slice(&[0x9D, 0x01, 0x2A, width[0], width[1], height[0], height[1]]);
        }
        let media_time = i64::from(self.frames) * 3_000;
        let payloads = self.layers[at].packetizer.split(&frame);
        self.next_layer = (at + 1) % self.layers.len();
        if self.next_layer == 0 {
            self.frames += 1;
        }
        Frame {
            medium: Medium::Video,
            layer: at,
            media_time,
            payloads,
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
            layer: 0,
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
        let frames = ten_seconds(Synthetic::new(Camera::plain(1_500)));
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
    fn layers_share_times_and_keyframes_and_differ_in_rate() {
        let camera = Camera {
            simulcast: true,
            ..Camera::plain(1_500)
        };
        let frames = ten_seconds(Synthetic::new(camera.with_keyframe_every_s(0.0)));
        let video: Vec<&Frame> = frames.iter().filter(|f| f.medium == Medium::Video).collect();
        for three in video.chunks_exact(3) {
            assert_eq!(three.iter().map(|f| f.layer).collect::<Vec<_>>(), [0, 1, 2]);
            assert!(
                three
                    .iter()
                    .all(|f| f.media_time == three[0].media_time && f.key == three[0].key)
            );
        }
        assert_eq!(video.iter().filter(|f| f.key).count(), 3, "on request alone");
        for (layer, kbps) in camera.layers_kbps().into_iter().enumerate() {
            let of_layer = video.iter().filter(|f| f.layer == layer);
            let bytes: usize = of_layer.flat_map(|f| &f.payloads).map(Vec::len).sum();
            let measured = (bytes * 8 / 10_000) as u32;
            assert!(
                (kbps * 9 / 10..kbps * 12 / 10).contains(&measured),
                "{measured} of {kbps}"
            );
        }
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
            source: 0,
            layer: 0,
        };
        for kbps in [50, 300, 1_500, 6_000] {
            for mut frame in ten_seconds(Synthetic::new(Camera::plain(kbps))) {
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
        let mut source = Synthetic::new(Camera::plain(1_500));
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
