// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The rate that arrives at the viewer, from reported bytes over the viewer's own arrival times:
//! libwebrtc's `BitrateEstimator`, a Bayesian mean over short windows. It knows nothing of loss or delay.

/// Arrival time of the first window, which must be steady, microseconds.
const FIRST_WINDOW_US: i64 = 500_000;
/// Arrival time of each later window, microseconds.
const WINDOW_US: i64 = 150_000;
/// Sending this share of what arrives is more than a path carries, whatever it loses by itself.
const OVERSENT_SHARE: f64 = 1.5;
/// A hole longer than this begins a new window, microseconds.
const HOLE_US: i64 = 2_000_000;
/// Weight of the difference between a sample and the estimate.
const UNCERTAINTY: f64 = 10.0;
/// The same while the application limits the rate: samples say little about the path.
const UNCERTAINTY_APPLICATION_LIMITED: f64 = 20.0;
/// Variance at the beginning, (kbit/s) squared.
const VARIANCE_START: f64 = 50.0;
/// Variance added with each sample.
const VARIANCE_STEP: f64 = 5.0;

/// Variance added when the rate is changed on purpose.
const VARIANCE_CHANGE: f64 = 200.0;

/// Acknowledged bit rate.
#[derive(Debug)]
pub(super) struct AckedRate {
    estimate_kbps: Option<f64>,
    variance: f64,
    window_start_us: Option<i64>,
    newest_us: i64,
    bytes: u64,
    /// When the window's first and newest packets were sent, and bytes sent between them that never came.
    sent_us: (u64, u64),
    lost: u64,
    /// What arrived in the last two windows, kbit/s; none where about as much was sent.
    lately_kbps: [Option<f64>; 2],
}

impl AckedRate {
    pub(super) fn new() -> Self {
        Self {
            estimate_kbps: None,
            variance: VARIANCE_START,
            window_start_us: None,
            newest_us: 0,
            bytes: 0,
            sent_us: (0, 0),
            lost: 0,
            lately_kbps: [None; 2],
        }
    }

    /// Bits per second that arrive; none in the first half second.
    pub(super) fn bps(&self) -> Option<f64> {
        self.estimate_kbps.map(|kbps| kbps * 1_000.0)
    }

    /// Bits per second that arrived in the better one of the last two windows, where much more was sent in both: what a path
    /// carries on which a queue stands, before the mean has followed. One window alone may have had a stall in it, and
    /// where little was sent, as between the pictures of a screen, little can arrive.
    pub(super) fn lately_bps(&self) -> Option<f64> {
        let [one, other] = self.lately_kbps;
        Some(one?.max(other?) * 1_000.0)
    }

    /// The rate was changed on purpose, so the next samples say more than those before.
    pub(super) fn expect_change(&mut self) {
        self.variance += VARIANCE_CHANGE;
    }

    /// Reports went missing, or the viewer's clock jumped: what arrived meanwhile is unknown.
    pub(super) fn skip(&mut self) {
        self.window_start_us = None;
        self.bytes = 0;
        self.lost = 0;
        self.lately_kbps = [None; 2];
    }

    /// A packet never came.
    pub(super) fn on_lost(&mut self, bytes: u16) {
        self.lost += u64::from(bytes);
    }

    /// A packet arrived, by the viewer's clock.
    pub(super) fn on_received(&mut self, sent_us: u64, arrival_us: i64, bytes: u16, application_limited: bool) {
        let Some(start) = self.window_start_us else {
            self.window_start_us = Some(arrival_us);
            self.newest_us = arrival_us;
            self.sent_us = (sent_us, sent_us);
            self.lost = 0;
            return;
        };
        if arrival_us < start || arrival_us - self.newest_us > HOLE_US {
            if arrival_us - self.newest_us > HOLE_US || start - arrival_us > HOLE_US {
                self.skip();
                return;
            }
            // Overtaken across the edge of a window.
            self.bytes += u64::from(bytes);
            return;
        }
        self.newest_us = self.newest_us.max(arrival_us);
        self.sent_us.1 = self.sent_us.1.max(sent_us);
        self.bytes += u64::from(bytes);
        let window = if self.estimate_kbps.is_some() {
            WINDOW_US
        } else {
            FIRST_WINDOW_US
        };
        let elapsed = arrival_us - start;
        if elapsed < window {
            return;
        }
        let sample = self.bytes as f64 * 8_000.0 / elapsed as f64;
        let sent_in_us = self.sent_us.1.saturating_sub(self.sent_us.0).max(1);
        let sent = (self.bytes + self.lost) as f64 * 8_000.0 / sent_in_us as f64;
        self.lately_kbps = [self.lately_kbps[1], (sent > sample * OVERSENT_SHARE).then_some(sample)];
        self.window_start_us = Some(arrival_us);
        self.sent_us.0 = self.sent_us.1;
        (self.bytes, self.lost) = (0, 0);
        self.add(sample, application_limited);
    }

    fn add(&mut self, sample: f64, application_limited: bool) {
        let Some(estimate) = self.estimate_kbps else {
            self.estimate_kbps = Some(sample);
            return;
        };
        let scale = if application_limited && sample < estimate {
            UNCERTAINTY_APPLICATION_LIMITED
        } else {
            UNCERTAINTY
        };
        let uncertainty = scale * (estimate - sample).abs() / estimate.max(1.0);
        let sample_variance = uncertainty * uncertainty;
        let predicted = self.variance + VARIANCE_STEP;
        let sum = sample_variance + predicted;
        self.estimate_kbps = Some((sample_variance * estimate + predicted * sample) / sum);
        self.variance = sample_variance * predicted / sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many packets, sent and arriving each so many microseconds after the one before, of which one in `kept` comes.
    fn after(packets: u64, sent_apart_us: u64, arriving_apart_us: u64, kept: u64) -> AckedRate {
        let mut acked = AckedRate::new();
        for packet in 0..packets {
            if packet % kept != 0 {
                acked.on_lost(1_000);
                continue;
            }
            let arrival_us = (packet * arriving_apart_us) as i64;
            acked.on_received(packet * sent_apart_us, arrival_us, 1_000, false);
        }
        acked
    }

    #[test]
    fn what_arrived_lately_tells_of_the_path_only_where_much_more_was_sent() {
        assert_eq!(after(400, 5_000, 5_000, 1).lately_bps(), None, "all of it arrives");
        assert_eq!(
            after(20, 200_000, 200_000, 1).lately_bps(),
            None,
            "little is sent, and arrives"
        );
        let queueing = after(100, 5_000, 20_000, 1).lately_bps();
        assert!(
            queueing.is_some_and(|bps| (bps - 400_000.0).abs() < 1_000.0),
            "{queueing:?}"
        );
        let dropping = after(400, 5_000, 5_000, 4).lately_bps();
        assert!(
            dropping.is_some_and(|bps| (bps - 400_000.0).abs() < 1_000.0),
            "{dropping:?}"
        );
    }
}
