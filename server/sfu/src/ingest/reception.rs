// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Reception statistics of one SSRC for report blocks (RFC 3550 section 6.4.1, appendices A.3 and A.8).
//! Retransmissions are not counted: a report says what the path lost.

use std::time::Instant;

use crate::rtcp::ReportBlock;

/// Sequence numbers of one cycle.
const CYCLE: u64 = 1 << 16;

/// A sender report as far as receiver reports answer to it.
#[derive(Debug, Clone, Copy)]
struct LastSr {
    middle: u32,
    arrival: Instant,
}

/// Statistics of one SSRC.
#[derive(Debug, Clone)]
pub(super) struct Reception {
    base: Option<u64>,
    highest: u64,
    received: u64,
    expected_prior: u64,
    received_prior: u64,
    transit: Option<i64>,
    /// Jitter times 16, as in appendix A.8.
    jitter_x16: i64,
    last_sr: Option<LastSr>,
}

impl Reception {
    pub(super) fn new() -> Self {
        Self {
            base: None,
            highest: 0,
            received: 0,
            expected_prior: 0,
            received_prior: 0,
            transit: None,
            jitter_x16: 0,
            last_sr: None,
        }
    }

    /// Counts a packet of the SSRC itself. `arrival_ticks`: arrival in units of the RTP clock.
    pub(super) fn on_packet(&mut self, ext_seq: u64, arrival_ticks: i64, timestamp: u32) {
        let base = *self.base.get_or_insert(ext_seq);
        self.base = Some(base.min(ext_seq));
        self.highest = self.highest.max(ext_seq);
        self.received += 1;
        let transit = i64::from((arrival_ticks as u32).wrapping_sub(timestamp) as i32);
        if let Some(before) = self.transit.replace(transit) {
            let change = i64::from((transit as i32).wrapping_sub(before as i32).unsigned_abs());
            self.jitter_x16 += change - ((self.jitter_x16 + 8) >> 4);
        }
    }

    /// Notes a sender report's NTP time.
    pub(super) fn on_sr(&mut self, now: Instant, ntp: u64) {
        self.last_sr = Some(LastSr {
            middle: (ntp >> 16) as u32,
            arrival: now,
        });
    }

    /// The block of a report made now; none when nothing came since the last one.
    pub(super) fn report(&mut self, now: Instant, ssrc: u32) -> Option<ReportBlock> {
        let base = self.base?;
        if self.received == self.received_prior {
            return None;
        }
        let expected = self.highest - base + 1;
        let lost = expected as i64 - self.received as i64;
        let expected_interval = expected.saturating_sub(self.expected_prior);
        let received_interval = self.received - self.received_prior;
        let lost_interval = expected_interval.saturating_sub(received_interval);
        let fraction = (lost_interval << 8)
            .checked_div(expected_interval)
            .unwrap_or(0)
            .min(255);
        (self.expected_prior, self.received_prior) = (expected, self.received);
        let since = |sr: LastSr| {
            let delay = now.saturating_duration_since(sr.arrival);
            u32::try_from((delay.as_micros() << 16) / 1_000_000).unwrap_or(u32::MAX)
        };
        Some(ReportBlock {
            ssrc,
            fraction_lost: fraction as u8,
            cumulative_lost: lost.clamp(-0x80_0000, 0x7F_FFFF) as i32,
            // Cycles count from the first packet on; our lines begin further up.
            highest_seq: (self.highest - base / CYCLE * CYCLE) as u32,
            jitter: u32::try_from(self.jitter_x16 >> 4).unwrap_or(0),
            last_sr: self.last_sr.map_or(0, |sr| sr.middle),
            delay_since_last_sr: self.last_sr.map_or(0, since),
        })
    }
}
