// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The seam between sources and the sender: frames with their media time, and what a source must answer.

use std::time::Duration;

use crate::wire::stamp::Medium;

/// One encoded frame, already cut into RTP payloads.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Audio or video.
    pub medium: Medium,
    /// Simulcast layer, lowest first; 0 where there is one.
    pub layer: usize,
    /// Time since the source's beginning, in the medium's clock (48 or 90 kHz); may begin below zero.
    pub media_time: i64,
    /// Payloads in order; the last one gets the marker in video.
    pub payloads: Vec<Vec<u8>>,
    /// Keyframe (every audio frame is one).
    pub key: bool,
    /// Whether the sender stamps the payloads just before they leave.
    pub stamped: bool,
}

/// Makes frames in time.
pub trait Source: Send {
    /// When the next frame is due, since the beginning.
    fn next_at(&self) -> Duration;

    /// The frame that is due.
    fn next(&mut self) -> Frame;

    /// The server wants a keyframe; sources that cannot make one ignore it.
    fn want_keyframe(&mut self);
}

/// RTP clock rate in Hz.
#[must_use]
pub fn clock_rate(medium: Medium) -> u64 {
    match medium {
        Medium::Audio => 48_000,
        Medium::Video => 90_000,
    }
}
