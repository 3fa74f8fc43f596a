// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One-way delay as the viewer's reports show it: the standing queue, and whether it grows
//! (draft-ietf-rmcat-gcc-02 section 5.3 and 5.4; libwebrtc's `TrendlineEstimator`). It never sets a rate.

/// Packets sent within this time make one group, microseconds.
const GROUP_US: u64 = 20_000;
/// Groups of the linear regression.
const TREND_GROUPS: usize = 20;
/// Share of the old value when delays are smoothed.
const SMOOTHING: f64 = 0.8;
/// Groups that the slope is multiplied by, at most.
const TREND_COUNT_MAX: f64 = 60.0;
/// Gain before the slope is compared with the threshold.
const TREND_GAIN: f64 = 4.0;
/// Threshold at the start and its bounds, milliseconds.
const THRESHOLD_START_MS: f64 = 12.5;
const THRESHOLD_MIN_MS: f64 = 6.0;
const THRESHOLD_MAX_MS: f64 = 600.0;
/// How fast the threshold follows from above and from below, per millisecond (draft section 5.4).
const THRESHOLD_UP: f64 = 0.0087;
const THRESHOLD_DOWN: f64 = 0.039;
/// What exceeds the threshold by more does not move it, milliseconds.
const THRESHOLD_OUTLIER_MS: f64 = 15.0;
/// Overuse must last, milliseconds.
const OVERUSE_MS: f64 = 10.0;
/// The smallest one-way delay is looked for in this time and the same before it, microseconds.
const BASE_WINDOW_US: u64 = 15_000_000;
/// A delay that differs by more from the newest one is a jump of a clock, microseconds.
pub(super) const DELAY_JUMP_US: i64 = 10_000_000;
/// Queue above the smallest delay that counts as standing, microseconds.
const STANDING_US: i64 = 90_000;
/// ... when so many groups in a row saw it.
const STANDING_GROUPS: u32 = 2;
/// A trend counts while at least so much of a queue stands, microseconds: a machine that reads or sends late in between
/// leaves a trend behind, and no queue.
const TREND_QUEUE_US: i64 = 8_000;
/// The queue that stands is the smallest delay of so many groups: the bursts of others pass between them.
const RECENT_GROUPS: usize = 5;

/// What the delays say about the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Usage {
    #[default]
    Normal,
    /// The queue grows, or stays long.
    Over,
    /// The queue becomes shorter.
    Under,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    start_us: u64,
    delay_us: i64,
}

/// The delay of one path.
///
/// A group counts with the smallest delay among its packets, not with its last arrival as in libwebrtc: media is not
/// paced packet by packet here, and a frame sent at once would take its own length for a queue.
#[derive(Debug)]
pub(super) struct Delay {
    group: Option<Group>,
    last: Option<Group>,
    zero_us: i64,
    smoothed_ms: f64,
    points: [(f64, f64); TREND_GROUPS],
    count: u32,
    previous_trend: f64,
    over_ms: Option<f64>,
    over_count: u32,
    threshold_ms: f64,
    usage: Usage,
    base_us: Option<i64>,
    base_before_us: i64,
    base_since_us: u64,
    standing: u32,
    recent: [i64; RECENT_GROUPS],
    groups: usize,
    queue_us: i64,
}

impl Delay {
    pub(super) fn new() -> Self {
        Self {
            group: None,
            last: None,
            zero_us: 0,
            smoothed_ms: 0.0,
            points: [(0.0, 0.0); TREND_GROUPS],
            count: 0,
            previous_trend: 0.0,
            over_ms: None,
            over_count: 0,
            threshold_ms: THRESHOLD_START_MS,
            usage: Usage::Normal,
            base_us: None,
            base_before_us: i64::MAX,
            base_since_us: 0,
            standing: 0,
            recent: [i64::MAX; RECENT_GROUPS],
            groups: 0,
            queue_us: 0,
        }
    }

    /// Forgets everything but the threshold: the viewer's clock jumped.
    pub(super) fn reset(&mut self) {
        let threshold_ms = self.threshold_ms;
        *self = Self::new();
        self.threshold_ms = threshold_ms;
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// Delay above the smallest one of the last 15 to 30 s, microseconds.
    pub(super) fn queue_us(&self) -> u64 {
        self.queue_us.max(0) as u64
    }

    /// Reads what [`Delay::on_received`] will need; see [`crate::viewer::Viewer::look_ahead`].
    pub(super) fn look_ahead(&self) -> u64 {
        let points = self.points.iter().step_by(4).map(|(_, y)| y.to_bits());
        points.fold(self.queue_us(), |all, one| all ^ one)
    }

    /// The newest one-way delay, in the unknown offset of both clocks.
    pub(super) fn newest_us(&self) -> Option<i64> {
        self.group.or(self.last).map(|group| group.delay_us)
    }

    /// The queue has not gone away by sending less: the path became longer, and what is seen now is its delay.
    pub(super) fn rebase(&mut self) {
        self.base_us = None;
        self.base_before_us = i64::MAX;
        self.recent = [i64::MAX; RECENT_GROUPS];
        self.standing = 0;
        self.queue_us = 0;
    }

    /// A packet of the viewer's report. `probing`: sent above the rate on purpose; it moves the queue, not the trend.
    pub(super) fn on_received(&mut self, sent_us: u64, delay_us: i64, probing: bool) {
        self.note_base(sent_us, delay_us);
        if probing {
            return;
        }
        match &mut self.group {
            Some(group) if sent_us < group.start_us => {}
            Some(group) if sent_us - group.start_us <= GROUP_US => {
                group.delay_us = group.delay_us.min(delay_us);
            }
            _ => {
                let started = Group {
                    start_us: sent_us,
                    delay_us,
                };
                if let Some(done) = self.group.replace(started) {
                    self.close(done);
                }
            }
        }
    }

    fn note_base(&mut self, sent_us: u64, delay_us: i64) {
        let Some(base) = self.base_us else {
            self.base_us = Some(delay_us);
            self.base_since_us = sent_us;
            return;
        };
        self.base_us = Some(base.min(delay_us));
        if sent_us.saturating_sub(self.base_since_us) >= BASE_WINDOW_US {
            self.base_before_us = base.min(delay_us);
            self.base_us = Some(delay_us);
            self.base_since_us = sent_us;
        }
    }

    fn close(&mut self, group: Group) {
        let base = self.base_us.unwrap_or(group.delay_us).min(self.base_before_us);
        if let Some(place) = self.recent.get_mut(self.groups % RECENT_GROUPS) {
            *place = group.delay_us;
        }
        self.groups = self.groups.wrapping_add(1);
        let standing = self.recent.iter().fold(i64::MAX, |least, delay| least.min(*delay));
        self.queue_us = standing.saturating_sub(base);
        self.standing = if self.queue_us > STANDING_US {
            self.standing + 1
        } else {
            0
        };
        let Some(last) = self.last.replace(group) else {
            self.zero_us = group.delay_us;
            return;
        };
        let step_ms = group.start_us.saturating_sub(last.start_us) as f64 / 1_000.0;
        self.smoothed_ms =
            SMOOTHING * self.smoothed_ms + (1.0 - SMOOTHING) * (group.delay_us - self.zero_us) as f64 / 1_000.0;
        let place = self.count as usize % TREND_GROUPS;
        if let Some(point) = self.points.get_mut(place) {
            *point = (group.start_us as f64 / 1_000.0, self.smoothed_ms);
        }
        self.count = if self.count as usize >= 1_000 * TREND_GROUPS {
            TREND_COUNT_MAX as u32 / TREND_GROUPS as u32 * TREND_GROUPS as u32 + place as u32 + 1
        } else {
            self.count + 1
        };
        if self.count as usize >= TREND_GROUPS {
            let trend = self.slope().unwrap_or(self.previous_trend);
            self.detect(trend, step_ms);
        }
    }

    /// Least squares, milliseconds of delay per millisecond.
    fn slope(&self) -> Option<f64> {
        let count = TREND_GROUPS as f64;
        // Sums of differences to any one point: absolute times would cost precision.
        let (x0, y0) = *self.points.first()?;
        let (mut sx, mut sy) = (0.0, 0.0);
        for (x, y) in &self.points {
            sx += x - x0;
            sy += y - y0;
        }
        let (mx, my) = (sx / count, sy / count);
        let (mut xy, mut xx) = (0.0, 0.0);
        for (x, y) in &self.points {
            let dx = x - x0 - mx;
            xy += dx * (y - y0 - my);
            xx += dx * dx;
        }
        (xx > 0.0).then(|| xy / xx)
    }

    fn detect(&mut self, trend: f64, step_ms: f64) {
        let scaled = f64::from(self.count).min(TREND_COUNT_MAX) * trend * TREND_GAIN;
        if self.standing >= STANDING_GROUPS {
            self.usage = Usage::Over;
        } else if scaled > self.threshold_ms && self.queue_us > TREND_QUEUE_US {
            let over = self.over_ms.map_or(step_ms / 2.0, |over| over + step_ms);
            self.over_ms = Some(over);
            self.over_count += 1;
            if over > OVERUSE_MS && self.over_count > 1 && trend >= self.previous_trend {
                self.over_ms = Some(0.0);
                self.over_count = 0;
                self.usage = Usage::Over;
            }
        } else {
            self.over_ms = None;
            self.over_count = 0;
            self.usage = if scaled < -self.threshold_ms {
                Usage::Under
            } else {
                Usage::Normal
            };
        }
        self.previous_trend = trend;
        let size = scaled.abs();
        if size <= self.threshold_ms + THRESHOLD_OUTLIER_MS {
            let gain = if size < self.threshold_ms {
                THRESHOLD_DOWN
            } else {
                THRESHOLD_UP
            };
            self.threshold_ms += gain * (size - self.threshold_ms) * step_ms.min(100.0);
            self.threshold_ms = self.threshold_ms.clamp(THRESHOLD_MIN_MS, THRESHOLD_MAX_MS);
        }
    }
}
