// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What a run consists of, as TOML: unknown keys are refused, every number has a named limit. Bundled ones are in
//! `scenarios/`.

pub mod bundled;
#[cfg(test)]
mod tests;

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::publish::synthetic::Camera;
use crate::watch::join::Wave;
use crate::watch::network::Profile;
use crate::watch::venue::Mode;

/// Viewers of one run.
pub const VIEWERS_MAX: usize = 20_000;
/// Rooms of one run (a fair has at most 64).
pub const ROOMS_MAX: usize = 64;
/// Publishers in one room.
pub const PUBLISHERS_PER_ROOM_MAX: usize = 32;
/// Length of the measured window, seconds.
pub const SECONDS_MAX: f64 = 3_600.0;
/// Time over which viewers come, seconds.
pub const RAMP_S_MAX: f64 = 600.0;
/// Bit rate of a publisher's video, kbit/s.
pub const VIDEO_KBPS_MAX: u32 = 30_000;
/// Different networks.
pub const NETWORKS_MAX: usize = 16;
/// Rows of a table.
pub const ROWS_MAX: usize = 16;
/// Time after the start of the measured window at which a burst begins.
const BURST_AFTER: Duration = Duration::from_secs(2);

/// One scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// Short name.
    pub name: String,
    /// What it shows, in a sentence.
    #[serde(default)]
    pub about: String,
    /// Length of the measured window, seconds.
    #[serde(default = "seconds")]
    pub seconds: f64,
    /// Between the last arrival and the measured window, seconds.
    #[serde(default = "settle_s")]
    pub settle_s: f64,
    /// Seed of everything that chance decides.
    #[serde(default = "seed")]
    pub seed: u64,
    /// Rooms; viewers and publishers are dealt out to them evenly.
    #[serde(default = "one")]
    pub rooms: usize,
    /// Who publishes.
    #[serde(default)]
    pub publishers: Publishers,
    /// Who watches.
    pub viewers: Viewers,
    /// More viewers who come within the measured window.
    #[serde(default)]
    pub burst: Option<Burst>,
    /// Another publisher becomes the loudest every so often.
    #[serde(default)]
    pub speaker_change: Option<SpeakerChange>,
    /// Networks that viewers are behind.
    #[serde(default)]
    pub network: Vec<Profile>,
    /// The same run once for each number of viewers.
    #[serde(default)]
    pub table: Option<Table>,
}

/// Who publishes.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Publishers {
    /// In each room.
    pub per_room: usize,
    /// Bit rate of the video, of its highest layer, kbit/s.
    pub video_kbps: u32,
    /// Between keyframes, seconds; 0: on request alone.
    pub keyframe_every_s: f64,
    /// Three layers.
    pub simulcast: bool,
}

impl Default for Publishers {
    fn default() -> Self {
        Self {
            per_room: 1,
            video_kbps: 1_500,
            keyframe_every_s: 2.0,
            simulcast: false,
        }
    }
}

impl Publishers {
    /// The camera of each.
    #[must_use]
    pub fn camera(&self) -> Camera {
        Camera {
            simulcast: self.simulcast,
            ..Camera::plain(self.video_kbps).with_keyframe_every_s(self.keyframe_every_s)
        }
    }
}

/// Who watches.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Viewers {
    /// How many before the measured window.
    pub count: usize,
    /// Over how long they come, seconds.
    #[serde(default = "ramp_s")]
    pub ramp_s: f64,
    /// How they come in.
    #[serde(default = "whep")]
    pub mode: Mode,
    /// Pictures that each takes at most (WebSocket and rack).
    #[serde(default = "one_slot")]
    pub video_slots: u8,
    /// One in so many opens and checks every packet; the others read headers once they have a picture.
    #[serde(default = "sample")]
    pub sample: usize,
    /// Between TWCC feedbacks, ms; Chromium sends every 50 ms from 0.2 Mbit/s on.
    #[serde(default = "twcc_ms")]
    pub twcc_ms: u64,
}

/// More viewers within the measured window.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Burst {
    /// How many.
    pub count: usize,
    /// Over how long, seconds.
    pub over_s: f64,
}

/// Another publisher becomes the loudest.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SpeakerChange {
    /// How often, seconds.
    pub every_s: f64,
}

/// The same run for several numbers of viewers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Table {
    /// The numbers.
    pub viewers: Vec<usize>,
}

fn seconds() -> f64 {
    20.0
}
fn settle_s() -> f64 {
    2.0
}
fn seed() -> u64 {
    1
}
fn one() -> usize {
    1
}
fn one_slot() -> u8 {
    1
}
fn ramp_s() -> f64 {
    10.0
}
fn whep() -> Mode {
    Mode::Whep
}
fn sample() -> usize {
    20
}
fn twcc_ms() -> u64 {
    50
}

fn within<T: PartialOrd + std::fmt::Display>(key: &str, value: T, least: T, most: T) -> Result<()> {
    ensure!(
        value >= least && value <= most,
        "{key} is {value}: it must be {least} to {most}"
    );
    Ok(())
}

impl Scenario {
    /// Reads a scenario and checks its numbers.
    ///
    /// # Errors
    /// With the key and its limits, in a sentence.
    pub fn parse(text: &str) -> Result<Self> {
        let scenario: Self = toml::from_str(text).context("the scenario")?;
        scenario.check()?;
        Ok(scenario)
    }

    /// A bundled scenario by name, or one from a file.
    ///
    /// # Errors
    /// When there is no such thing, or it breaks a rule.
    pub fn find(name_or_file: &str) -> Result<Self> {
        if let Some(text) = bundled::find(name_or_file) {
            return Self::parse(text).with_context(|| format!("scenario {name_or_file}"));
        }
        let text = std::fs::read_to_string(name_or_file).with_context(|| {
            let names = bundled::NAMES.map(|(name, _)| name).join(", ");
            format!("{name_or_file} is neither a file nor one of {names}")
        })?;
        Self::parse(&text).with_context(|| format!("file {name_or_file}"))
    }

    /// Checks all numbers.
    ///
    /// # Errors
    /// With the key and its limits.
    pub fn check(&self) -> Result<()> {
        within("seconds", self.seconds, 0.1, SECONDS_MAX)?;
        within("settle-s", self.settle_s, 0.0, RAMP_S_MAX)?;
        within("rooms", self.rooms, 1, ROOMS_MAX)?;
        within(
            "publishers.per-room",
            self.publishers.per_room,
            1,
            PUBLISHERS_PER_ROOM_MAX,
        )?;
        within("publishers.video-kbps", self.publishers.video_kbps, 20, VIDEO_KBPS_MAX)?;
        within(
            "publishers.keyframe-every-s",
            self.publishers.keyframe_every_s,
            0.0,
            600.0,
        )?;
        within("viewers.count", self.viewers.count, 1, VIEWERS_MAX)?;
        within("viewers.ramp-s", self.viewers.ramp_s, 0.0, RAMP_S_MAX)?;
        within("viewers.video-slots", self.viewers.video_slots, 1, 32)?;
        within("viewers.sample", self.viewers.sample, 1, VIEWERS_MAX)?;
        within("viewers.twcc-ms", self.viewers.twcc_ms, 10, 10_000)?;
        if let Some(burst) = &self.burst {
            within("burst.count", burst.count, 1, VIEWERS_MAX - self.viewers.count)?;
            within(
                "burst.over-s",
                burst.over_s,
                0.0,
                (self.seconds - BURST_AFTER.as_secs_f64()).max(0.0),
            )?;
        }
        if let Some(change) = &self.speaker_change {
            within("speaker-change.every-s", change.every_s, 2.5, SECONDS_MAX)?;
            if self.publishers.per_room < 2 {
                bail!("speaker-change needs publishers.per-room of at least 2");
            }
        }
        within("networks", self.network.len(), 0, NETWORKS_MAX)?;
        for network in &self.network {
            within("network.loss-percent", network.loss_percent, 0.0, 100.0)?;
            within("network.burst", network.burst, 1.0, 1_000.0)?;
            within("network.rate-kbps", network.rate_kbps, 0, 1_000_000)?;
            within("network.queue-ms", network.queue_ms, 0, 10_000)?;
            within("network.delay-ms", network.delay_ms, 0, 10_000)?;
            within("network.jitter-ms", network.jitter_ms, 0, 10_000)?;
            within("network.share-percent", network.share_percent, 0.0, 100.0)?;
        }
        let shares: f64 = self.network.iter().map(|network| network.share_percent).sum();
        within("sum of network.share-percent", shares, 0.0, 100.0)?;
        if let Some(table) = &self.table {
            within("table.viewers", table.viewers.len(), 1, ROWS_MAX)?;
            for viewers in &table.viewers {
                within("table.viewers", *viewers, 1, VIEWERS_MAX)?;
            }
        }
        Ok(())
    }

    /// The single runs of this scenario: one, or one per row of the table.
    #[must_use]
    pub fn runs(&self) -> Vec<Self> {
        let Some(table) = &self.table else {
            return vec![self.clone()];
        };
        let row = |viewers: &usize| Self {
            viewers: Viewers {
                count: *viewers,
                ..self.viewers
            },
            table: None,
            ..self.clone()
        };
        table.viewers.iter().map(row).collect()
    }

    /// Viewers in all.
    #[must_use]
    pub fn viewers_in_all(&self) -> usize {
        self.viewers.count + self.burst.map_or(0, |burst| burst.count)
    }

    /// When the measured window begins, from the first arrival.
    #[must_use]
    pub fn steady_after(&self) -> Duration {
        Duration::from_secs_f64(self.viewers.ramp_s + self.settle_s)
    }

    /// When who comes.
    #[must_use]
    pub fn waves(&self) -> Vec<Wave> {
        let first = Wave {
            count: self.viewers.count,
            after: Duration::ZERO,
            over: Duration::from_secs_f64(self.viewers.ramp_s),
        };
        let second = self.burst.map(|burst| Wave {
            count: burst.count,
            after: self.steady_after() + BURST_AFTER,
            over: Duration::from_secs_f64(burst.over_s),
        });
        std::iter::once(first).chain(second).collect()
    }

    /// One publisher with one layer: what came can be held against what was sent.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.rooms == 1 && self.publishers.per_room == 1 && !self.publishers.simulcast
    }
}
