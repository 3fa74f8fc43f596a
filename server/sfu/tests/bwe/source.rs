// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What a stage would send: sound of 50 packets a second and a picture that is either of any rate or of three layers.

use crate::path::OVERHEAD;
use crate::random::Random;

/// Datagram of sound, bytes without IP and UDP.
const AUDIO_BYTES: u64 = 112;
const AUDIO_US: u64 = 20_000;
const FRAME_US: u64 = 33_333;
const PACKET_BYTES: u64 = 1_150;
/// A layer is taken when this share of its rate fits, and left when its rate does not.
const UP_SHARE: f64 = 1.1;
/// A switch begins with a keyframe of so many frames' size.
const KEYFRAME_FRAMES: u64 = 5;

/// How the picture follows the target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Picture {
    /// Any rate up to this, bits per second.
    Any(u64),
    /// Layers of 150, 500 and 1,500 kbit/s.
    Layers,
}

pub(crate) const LAYERS: [u64; 3] = [150_000, 500_000, 1_500_000];

#[derive(Debug)]
pub(crate) struct Source {
    picture: Picture,
    random: Random,
    next_audio_us: u64,
    next_frame_us: u64,
    pub(crate) layer: Option<usize>,
    keyframe: bool,
}

impl Source {
    pub(crate) fn new(picture: Picture, mut random: Random) -> Self {
        let start = random.below(FRAME_US);
        Self {
            picture,
            random,
            next_audio_us: start / 2,
            next_frame_us: start,
            layer: None,
            keyframe: false,
        }
    }

    /// Rate of everything at its best, on the wire.
    pub(crate) fn wanted(&self) -> u64 {
        let picture = match self.picture {
            Picture::Any(bps) => bps,
            Picture::Layers => LAYERS[2] * 103 / 100,
        };
        picture + Self::audio_bps()
    }

    pub(crate) fn audio_bps() -> u64 {
        (AUDIO_BYTES + OVERHEAD) * 8 * 1_000_000 / AUDIO_US
    }

    /// Sizes of the sound packets and of the picture packets that come up at a time.
    pub(crate) fn due(&mut self, now_us: u64, target_bps: u64) -> (Vec<u64>, Vec<u64>) {
        let mut audio = Vec::new();
        while self.next_audio_us <= now_us {
            self.next_audio_us += AUDIO_US;
            audio.push(AUDIO_BYTES);
        }
        let mut picture = Vec::new();
        while self.next_frame_us <= now_us {
            self.next_frame_us += FRAME_US;
            let mut bytes = self.frame(target_bps.saturating_sub(Self::audio_bps()));
            while bytes > 0 {
                let packet = bytes.min(PACKET_BYTES);
                picture.push(packet);
                bytes -= packet;
            }
        }
        (audio, picture)
    }

    fn frame(&mut self, bps: u64) -> u64 {
        let rate = match self.picture {
            Picture::Any(max) => bps.min(max) * PACKET_BYTES / (PACKET_BYTES + OVERHEAD),
            Picture::Layers => {
                self.choose(bps as f64);
                LAYERS[self.layer.unwrap_or(0)]
            }
        };
        let mean = rate * FRAME_US / 8_000_000;
        let bytes = mean * (80 + self.random.below(41)) / 100;
        if std::mem::take(&mut self.keyframe) {
            return bytes * KEYFRAME_FRAMES;
        }
        bytes
    }

    fn choose(&mut self, bps: f64) {
        let share = |layer: usize| if Some(layer) > self.layer { UP_SHARE } else { 1.03 };
        let fits = (0..LAYERS.len()).rev().find(|l| LAYERS[*l] as f64 * share(*l) <= bps);
        // The lowest layer is never paused.
        let best = Some(fits.unwrap_or(0));
        self.keyframe |= best != self.layer;
        self.layer = best;
    }
}
