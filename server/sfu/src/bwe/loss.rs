// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Loss that comes from sending too much, told from loss that a path has anyway.
//! Where loss rises it sends less for a moment: if that helps it was congestion, else it is the path's own.

use super::LOSS_WINDOW_US;

/// Packets that a window needs before it says anything ...
const PACKETS_MIN: u32 = 80;
/// ... unless it has lasted this long, microseconds.
const WINDOW_MAX_US: u64 = 2_000_000;
/// ... with at least so many.
const PACKETS_LEAST: u32 = 10;
/// The path's own loss at the start.
const INHERENT_START: f64 = 0.01;
/// The path's own loss is never believed to be higher.
const INHERENT_MAX: f64 = 0.35;
/// Share of a window's lower loss that the path's own loss follows.
const INHERENT_FALL: f64 = 0.08;
/// Loss above the path's own that is within chance, at least.
const MARGIN: f64 = 0.04;
/// Loss above this is too much at once; less must show in two windows in a row.
const ALARMING: f64 = 0.3;
/// An experiment sends at most this share of before.
const EXPERIMENT_SHARE: f64 = 0.88;
/// Loss that remains at this share of before was not caused by the rate.
const UNRESPONSIVE_SHARE: f64 = 0.6;
/// Windows that an experiment waits for the rate to fall.
const EXPERIMENT_WINDOWS_MAX: u8 = 5;
/// Windows after the rate fell whose mean decides.
const EXPERIMENT_SETTLED: u8 = 2;
/// Queue above which loss is congestion without an experiment, microseconds.
const QUEUE_CONGESTED_US: u64 = 50_000;
/// Share of what arrives that is sent after congestion by loss.
const BACKOFF: f64 = 0.95;

/// What a window of reports asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// Nothing is known yet.
    Keep,
    /// Loss is what it may be.
    Fine,
    /// Send no more than this, bits per second.
    Limit(f64),
    /// It did not help to send less: back to this, bits per second.
    Restore(f64),
}

#[derive(Debug, Clone, Copy)]
struct Experiment {
    loss: f64,
    sent_bps: f64,
    target_bps: f64,
    windows: u8,
    settled: u8,
    settled_loss: f64,
}

/// Loss of one path, from transport-wide reports.
#[derive(Debug)]
pub(super) struct Loss {
    inherent: f64,
    deviation: f64,
    ratio: f64,
    lost: u32,
    received: u32,
    bytes: u64,
    received_bytes: u64,
    first_us: u64,
    last_us: u64,
    experiment: Option<Experiment>,
    /// Whether the window before had more loss than the path's own.
    exceeded: bool,
}

impl Loss {
    pub(super) fn new() -> Self {
        Self {
            inherent: INHERENT_START,
            deviation: 0.01,
            ratio: 0.0,
            lost: 0,
            received: 0,
            bytes: 0,
            received_bytes: 0,
            first_us: 0,
            last_us: 0,
            experiment: None,
            exceeded: false,
        }
    }

    /// Share lost, over about the last two seconds.
    pub(super) fn ratio(&self) -> f64 {
        self.ratio
    }

    /// The share that is lost whatever we send.
    pub(super) fn inherent(&self) -> f64 {
        self.inherent
    }

    /// Whether less is being sent to see if that helps.
    pub(super) fn is_experimenting(&self) -> bool {
        self.experiment.is_some()
    }

    /// A packet's fate, in the order of sending.
    pub(super) fn on_fate(&mut self, sent_us: u64, bytes: u16, received: bool) {
        if self.bytes == 0 {
            self.first_us = sent_us;
        }
        self.last_us = self.last_us.max(sent_us);
        self.bytes += u64::from(bytes);
        if received {
            self.received += 1;
            self.received_bytes += u64::from(bytes);
        } else {
            self.lost += 1;
        }
    }

    /// A packet reported as lost came after all. It stands in this window or in one that is judged already.
    pub(super) fn on_late(&mut self, bytes: u16) {
        if self.lost > 0 {
            self.lost -= 1;
            self.received += 1;
            self.received_bytes += u64::from(bytes);
        }
    }

    /// Judges the window when it is complete.
    pub(super) fn judge(&mut self, queue_us: u64, target_bps: f64) -> Verdict {
        let span_us = self.last_us.saturating_sub(self.first_us);
        let packets = self.lost + self.received;
        let complete =
            span_us >= LOSS_WINDOW_US && packets >= PACKETS_MIN || span_us >= WINDOW_MAX_US && packets >= PACKETS_LEAST;
        if !complete {
            return Verdict::Keep;
        }
        let ratio = f64::from(self.lost) / f64::from(packets);
        let per_second = 8_000_000.0 / span_us.max(1) as f64;
        let (sent_bps, received_bps) = (self.bytes as f64 * per_second, self.received_bytes as f64 * per_second);
        self.bytes = 0;
        self.received_bytes = 0;
        self.lost = 0;
        self.received = 0;
        self.last_us = 0;
        self.ratio += 0.25 * (ratio - self.ratio);
        self.verdict(ratio, packets, sent_bps, received_bps, queue_us, target_bps)
    }

    fn verdict(
        &mut self,
        ratio: f64,
        packets: u32,
        sent_bps: f64,
        received_bps: f64,
        queue_us: u64,
        target_bps: f64,
    ) -> Verdict {
        let arriving_bps = received_bps / (1.0 - self.inherent);
        let away = (ratio - self.inherent).abs();
        self.deviation += 0.1 * (away - self.deviation);
        let chance = (self.inherent * (1.0 - self.inherent) / f64::from(packets)).sqrt();
        let margin = MARGIN + (2.0 * self.deviation).max(2.0 * chance).min(MARGIN + self.inherent);
        let excess = ratio > self.inherent + margin;
        if let Some(experiment) = &mut self.experiment {
            experiment.windows += 1;
            // The first window still holds packets of before.
            if experiment.windows >= 2 && sent_bps <= experiment.sent_bps * (EXPERIMENT_SHARE + 0.05) {
                experiment.settled += 1;
                experiment.settled_loss += ratio;
            }
            let before = *experiment;
            if before.settled < EXPERIMENT_SETTLED && before.windows < EXPERIMENT_WINDOWS_MAX {
                return Verdict::Keep;
            }
            self.experiment = None;
            let after = if before.settled > 0 {
                before.settled_loss / f64::from(before.settled)
            } else {
                ratio
            };
            if after >= before.loss * UNRESPONSIVE_SHARE && queue_us < QUEUE_CONGESTED_US {
                self.inherent = after.max(self.inherent).min(INHERENT_MAX);
                return Verdict::Restore(before.target_bps);
            }
            return Verdict::Fine;
        }
        let first = excess && !std::mem::replace(&mut self.exceeded, excess);
        if !excess {
            if ratio < self.inherent {
                self.inherent += INHERENT_FALL * (ratio - self.inherent);
            }
            return Verdict::Fine;
        }
        if first && ratio < ALARMING {
            return Verdict::Keep;
        }
        if queue_us >= QUEUE_CONGESTED_US || self.inherent >= INHERENT_MAX {
            return Verdict::Limit(arriving_bps * BACKOFF);
        }
        self.experiment = Some(Experiment {
            loss: ratio,
            sent_bps,
            target_bps,
            windows: 0,
            settled: 0,
            settled_loss: 0.0,
        });
        Verdict::Limit(arriving_bps.min(sent_bps * EXPERIMENT_SHARE))
    }
}
