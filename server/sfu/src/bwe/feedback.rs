// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What transport-wide reports may claim: their clock made continuous, their number bounded, their lies counted.
//! It keeps nothing of the packets themselves.

use crate::rtcp::REFERENCE_TIME_MS;

/// Reports of one viewer that are read per second. Browsers send 5 to 20, some more when arrivals are far apart.
pub const FEEDBACKS_PER_S_MAX: u32 = 50;
/// A reference time that differs from the one before by more is a jump of the viewer's clock, microseconds.
const CLOCK_JUMP_US: i64 = 60_000_000;

/// Counts of one viewer's reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeedbackCounters {
    /// Read.
    pub reports: u64,
    /// Not read: more than [`FEEDBACKS_PER_S_MAX`].
    pub flooded: u64,
    /// Reports that went missing, by their own number.
    pub missing: u64,
    /// Statuses of packets that were never sent.
    pub never_sent: u64,
    /// Statuses of packets sent too long ago to know.
    pub forgotten: u64,
    /// Statuses of packets known to have been received.
    pub repeated: u64,
    /// Jumps of the viewer's clock.
    pub clock_jumps: u64,
    /// Packets whose transport-wide number did not follow the one before: a fault of ours.
    pub number_jumps: u64,
}

/// Begin of a report.
pub(super) struct Begin {
    /// Time that the first delta counts from, by the viewer's clock, microseconds.
    pub(super) reference_us: i64,
    /// Reports are missing before this one.
    pub(super) gap: bool,
    /// The viewer's clock jumped.
    pub(super) jumped: bool,
}

/// The line of reports of one viewer.
#[derive(Debug)]
pub(super) struct Feedbacks {
    pub(super) counters: FeedbackCounters,
    tokens: u32,
    refilled_us: u64,
    reference: Option<i64>,
    next_count: u8,
}

impl Feedbacks {
    pub(super) fn new(now_us: u64) -> Self {
        Self {
            counters: FeedbackCounters::default(),
            tokens: FEEDBACKS_PER_S_MAX,
            refilled_us: now_us,
            reference: None,
            next_count: 0,
        }
    }

    /// Takes the head of a report; none when there are too many.
    pub(super) fn begin(&mut self, now_us: u64, reference_time: i32, feedback_count: u8) -> Option<Begin> {
        let per_token_us = 1_000_000 / u64::from(FEEDBACKS_PER_S_MAX);
        let refill = now_us.saturating_sub(self.refilled_us) / per_token_us;
        if refill > 0 {
            self.tokens = (self.tokens + refill.min(u64::from(FEEDBACKS_PER_S_MAX)) as u32).min(FEEDBACKS_PER_S_MAX);
            self.refilled_us = now_us;
        }
        let Some(left) = self.tokens.checked_sub(1) else {
            self.counters.flooded += 1;
            return None;
        };
        self.tokens = left;
        self.counters.reports += 1;
        let (reference, step) = match self.reference {
            None => (i64::from(reference_time), 0),
            Some(last) => {
                // 24 bits: the difference nearest to zero.
                let difference = reference_time.wrapping_sub(last as i32);
                let step = i64::from(difference << 8 >> 8);
                (last + step, step)
            }
        };
        let gap = self.reference.is_some() && feedback_count != self.next_count;
        let ahead = feedback_count.wrapping_sub(self.next_count);
        if gap && ahead < 128 {
            self.counters.missing += u64::from(ahead);
        }
        self.next_count = feedback_count.wrapping_add(1);
        self.reference = Some(reference);
        let unit_us = i64::from(REFERENCE_TIME_MS) * 1_000;
        Some(Begin {
            reference_us: reference * unit_us,
            gap,
            jumped: (step * unit_us).abs() > CLOCK_JUMP_US,
        })
    }
}
