// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The bundled demo clip as an endless source: times, picture ids and timestamps run on over the loops.

use std::io::Cursor;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use matroska_demuxer::{Frame as Block, MatroskaFile};

use super::media::{Frame, Source};
use crate::peer::identity::random;
use crate::wire::stamp::Medium;
use crate::wire::vp8::{self, Packetizer};

static CLIP: &[u8] = include_bytes!("../../clip/fiera-demo.webm");

/// Video frames of one loop; see `clip/README.md`.
pub const LOOP_FRAMES: u64 = 250;
/// Opus packets of one loop.
pub const LOOP_PACKETS: u64 = 500;
const FRAME_MS: u64 = 40;
const OPUS_MS: u64 = 20;
/// Samples that an Opus decoder throws away at the beginning (RFC 7845 section 4.2); in RTP they move the clock.
const PRE_SKIP: i64 = 312;
const PAYLOAD_BYTES_MAX: usize = 1_150;

/// See the module's head.
pub struct Clip {
    video: Vec<Vec<u8>>,
    audio: Vec<Vec<u8>>,
    packetizer: Packetizer,
    frames: u64,
    packets: u64,
}

impl Clip {
    /// Opens the bundled clip.
    ///
    /// # Errors
    /// When the file in this program is not the clip that `clip/README.md` describes.
    pub fn open() -> Result<Self> {
        let mut file = MatroskaFile::open(Cursor::new(CLIP)).context("the bundled clip")?;
        let number = |codec: &str| {
            file.tracks()
                .iter()
                .find(|t| t.codec_id() == codec)
                .map(|t| t.track_number().get())
        };
        let video_track = number("V_VP8").context("no VP8 in the clip")?;
        let audio_track = number("A_OPUS").context("no Opus in the clip")?;
        let (mut video, mut audio) = (Vec::new(), Vec::new());
        let mut block = Block::default();
        while file.next_frame(&mut block).context("the bundled clip")? {
            if block.track == video_track {
                video.push(std::mem::take(&mut block.data));
            } else if block.track == audio_track {
                audio.push(std::mem::take(&mut block.data));
            }
        }
        audio.truncate(LOOP_PACKETS as usize);
        ensure!(video.len() as u64 == LOOP_FRAMES, "the clip has {} frames", video.len());
        ensure!(
            audio.len() as u64 == LOOP_PACKETS,
            "the clip has {} Opus packets",
            audio.len()
        );
        ensure!(vp8::is_keyframe(&video[0]), "the clip does not begin with a keyframe");
        let packetizer = Packetizer::new(u16::from_ne_bytes(random()), PAYLOAD_BYTES_MAX);
        Ok(Self {
            video,
            audio,
            packetizer,
            frames: 0,
            packets: 0,
        })
    }

    fn video_at(&self) -> u64 {
        self.frames * FRAME_MS
    }

    fn audio_at(&self) -> u64 {
        self.packets * OPUS_MS
    }
}

impl Source for Clip {
    fn next_at(&self) -> Duration {
        Duration::from_millis(self.video_at().min(self.audio_at()))
    }

    fn next(&mut self) -> Frame {
        if self.audio_at() <= self.video_at() {
            let payload = self.audio[(self.packets % LOOP_PACKETS) as usize].clone();
            let media_time = (self.audio_at() * 48) as i64 - PRE_SKIP;
            self.packets += 1;
            return Frame {
                medium: Medium::Audio,
                layer: 0,
                media_time,
                payloads: vec![payload],
                key: true,
                stamped: false,
            };
        }
        let frame = &self.video[(self.frames % LOOP_FRAMES) as usize];
        let payloads = self.packetizer.split(frame);
        let (media_time, key) = ((self.video_at() * 90) as i64, vp8::is_keyframe(frame));
        self.frames += 1;
        Frame {
            medium: Medium::Video,
            layer: 0,
            media_time,
            payloads,
            key,
            stamped: false,
        }
    }

    fn want_keyframe(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clip_is_as_documented() {
        let clip = Clip::open().unwrap();
        for (n, frame) in clip.video.iter().enumerate() {
            assert_eq!(vp8::is_keyframe(frame), n % 25 == 0, "frame {n}");
        }
        let bytes: usize = clip.video.iter().chain(&clip.audio).map(Vec::len).sum();
        assert!((400..900).contains(&(bytes * 8 / 10_000)), "{bytes} bytes");
    }

    #[test]
    fn loops_are_seamless() {
        let mut clip = Clip::open().unwrap();
        let (mut video_time, mut audio_time, mut picture) = (None, None, None);
        while clip.next_at() < Duration::from_secs(21) {
            let frame = clip.next();
            if frame.medium == Medium::Audio {
                let last = audio_time.replace(frame.media_time);
                assert_eq!(frame.media_time, last.map_or(-PRE_SKIP, |t| t + 960));
                continue;
            }
            let last = video_time.replace(frame.media_time);
            assert_eq!(frame.media_time, last.map_or(0, |t| t + 3_600));
            for payload in &frame.payloads {
                let id = vp8::parse(payload).unwrap().picture_id.unwrap();
                let step = picture.map_or(0, |p: u16| id.wrapping_sub(p) & 0x7FFF);
                assert!(step <= 1, "picture id {picture:?} then {id}");
                picture = Some(id);
            }
        }
    }
}
