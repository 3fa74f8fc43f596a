// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One received RTP stream: what is missing, what to report, what to ask again (RFC 3550, RFC 4585).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::publish::media::clock_rate;
use crate::wire::rtcp::{self, ReportBlock};
use crate::wire::rtp::Unwrap;
use crate::wire::stamp::Medium;

const NACK_AGAIN: Duration = Duration::from_millis(50);
const NACK_TRIES_MAX: u8 = 10;
const MISSING_MAX: usize = 500;

/// What an arrival is to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Next in order, or after a gap.
    Fresh,
    /// Fills a gap.
    Filled,
    /// Was here before: the sequence number was used twice.
    Repeated,
}

#[derive(Debug, Clone, Copy)]
struct Missing {
    next_ask: Instant,
    tries: u8,
}

/// See the module's head.
#[derive(Debug)]
pub struct Track {
    /// The source.
    pub ssrc: u32,
    /// Source of its retransmissions.
    pub rtx_ssrc: Option<u32>,
    /// What it carries.
    pub medium: Medium,
    unwrap: Unwrap,
    first: Option<u64>,
    highest: u64,
    received: u64,
    /// Different packets that came, also by RTX.
    pub unique: u64,
    missing: BTreeMap<u64, Missing>,
    given_up: u64,
    jitter: f64,
    transit: Option<f64>,
    expected_before: u64,
    received_before: u64,
    last_sr: Option<(u64, u32, u64)>,
}

impl Track {
    /// A stream of which nothing came yet.
    #[must_use]
    pub fn new(ssrc: u32, rtx_ssrc: Option<u32>, medium: Medium) -> Self {
        Self {
            ssrc,
            rtx_ssrc,
            medium,
            unwrap: Unwrap::default(),
            first: None,
            highest: 0,
            received: 0,
            unique: 0,
            missing: BTreeMap::new(),
            given_up: 0,
            jitter: 0.0,
            transit: None,
            expected_before: 0,
            received_before: 0,
            last_sr: None,
        }
    }

    /// The full number of a sequence number.
    pub fn full(&mut self, sequence: u16) -> u64 {
        self.unwrap.full(sequence)
    }

    /// A packet with this full number came, on its own ssrc or (`by_rtx`) unwrapped from a retransmission.
    pub fn arrived(&mut self, full: u64, timestamp: u32, at_ns: u64, now: Instant, by_rtx: bool) -> Arrival {
        if !by_rtx {
            self.received += 1;
            self.update_jitter(timestamp, at_ns);
        }
        let arrival = self.place(full, now, by_rtx);
        self.unique += u64::from(arrival != Arrival::Repeated);
        arrival
    }

    /// Packets from the first to the newest.
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.first.map_or(0, |first| self.highest - first + 1)
    }

    fn place(&mut self, full: u64, now: Instant, by_rtx: bool) -> Arrival {
        let Some(first) = self.first else {
            (self.first, self.highest) = (Some(full), full);
            return Arrival::Fresh;
        };
        if full > self.highest {
            for gap in self.highest + 1..full {
                if self.missing.len() < MISSING_MAX {
                    self.missing.insert(
                        gap,
                        Missing {
                            next_ask: now,
                            tries: 0,
                        },
                    );
                }
            }
            self.highest = full;
            return Arrival::Fresh;
        }
        if self.missing.remove(&full).is_some() || full < first || (self.given_up > 0 && by_rtx) {
            Arrival::Filled
        } else {
            Arrival::Repeated
        }
    }

    fn update_jitter(&mut self, timestamp: u32, at_ns: u64) {
        let rate = clock_rate(self.medium) as f64;
        let arrival = (at_ns % 1_000_000_000_000) as f64 * rate / 1e9;
        let transit = arrival - f64::from(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let step = (transit - before).abs();
            // A timestamp or clock wrap is no jitter.
            if step < rate {
                self.jitter += (step - self.jitter) / 16.0;
            }
        }
    }

    /// Sequence numbers to ask for now; a number is given up after ten tries.
    pub fn nacks_due(&mut self, now: Instant) -> Vec<u16> {
        let mut due = Vec::new();
        let before = self.missing.len();
        self.missing.retain(|full, missing| {
            if now < missing.next_ask {
                return true;
            }
            if missing.tries >= NACK_TRIES_MAX {
                return false;
            }
            missing.tries += 1;
            missing.next_ask = now + NACK_AGAIN;
            due.push(*full as u16);
            true
        });
        self.given_up += (before - self.missing.len()) as u64;
        due
    }

    /// Whether something is missing and still asked for.
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        !self.missing.is_empty()
    }

    /// A sender report of this source came.
    pub fn sender_report(&mut self, ntp: u64, rtp: u32, at_ns: u64) {
        self.last_sr = Some((ntp, rtp, at_ns));
    }

    /// The sender's wall clock at an RTP time, nanoseconds since 1970, by its last report.
    #[must_use]
    pub fn wall_ns(&self, timestamp: u32) -> Option<i64> {
        let (ntp, rtp, _) = self.last_sr?;
        let ticks = i64::from(timestamp.wrapping_sub(rtp) as i32);
        Some(rtcp::unix_ns(ntp) + ticks * 1_000_000_000 / clock_rate(self.medium) as i64)
    }

    /// The report block for a receiver report; none before the first packet.
    pub fn report(&mut self, at_ns: u64) -> Option<ReportBlock> {
        let expected = self.highest - self.first? + 1;
        let (expected_now, received_now) = (
            expected - self.expected_before,
            self.received.saturating_sub(self.received_before),
        );
        (self.expected_before, self.received_before) = (expected, self.received);
        let lost_now = expected_now.saturating_sub(received_now);
        let (last_sr, delay) = self.last_sr.map_or((0, 0), |(ntp, _, came)| {
            (
                (ntp >> 16) as u32,
                (at_ns.saturating_sub(came) as u128 * 65_536 / 1_000_000_000) as u32,
            )
        });
        Some(ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: (lost_now * 256).checked_div(expected_now).unwrap_or(0).min(255) as u8,
            lost: expected.saturating_sub(self.received) as u32,
            highest: (self.highest - 0x1_0000) as u32,
            jitter: self.jitter as u32,
            last_sr,
            delay_since_sr: delay,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_asked_for_until_filled_or_given_up() {
        let start = Instant::now();
        let mut track = Track::new(1, Some(2), Medium::Video);
        let mut came = |sequence: u16, by_rtx| {
            let full = track.full(sequence);
            track.arrived(full, 0, 0, start, by_rtx)
        };
        assert_eq!(
            (came(65_534, false), came(2, false), came(2, false)),
            (Arrival::Fresh, Arrival::Fresh, Arrival::Repeated)
        );
        assert_eq!(came(0, true), Arrival::Filled);
        assert_eq!(track.nacks_due(start), [65_535, 1]);
        assert!(track.nacks_due(start).is_empty());
        for i in 1..=10 {
            track.nacks_due(start + NACK_AGAIN * i);
        }
        assert!(!track.has_gaps());
    }

    #[test]
    fn report_counts_losses_and_cycles() {
        let now = Instant::now();
        let mut track = Track::new(1, None, Medium::Audio);
        for sequence in [65_534, 65_535, 1, 2] {
            let full = track.full(sequence);
            track.arrived(full, 0, 0, now, false);
        }
        track.sender_report(rtcp::ntp(10_000_000_000), 960, 5_000_000_000);
        let block = track.report(5_500_000_000).unwrap();
        assert_eq!((block.lost, block.fraction_lost, block.highest), (1, 51, 0x1_0002));
        assert_eq!(block.delay_since_sr, 32_768);
        assert_eq!(
            track.wall_ns(960 + 48).map(|ns| (ns - 10_001_000_000).abs() < 2),
            Some(true)
        );
    }
}
