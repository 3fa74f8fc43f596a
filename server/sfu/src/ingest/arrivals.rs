// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Arrival times by transport-wide number, reported to the publisher
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1). It sees no stream, only numbers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::rtcp::{TwccFeedback, write_twcc};
use crate::rtp::SeqUnwrap;

/// Time from the first unreported arrival to its report.
pub const FEEDBACK_INTERVAL: Duration = Duration::from_millis(50);
/// Statuses in one feedback packet, so that it fits a datagram; more go into the next one.
pub const FEEDBACK_STATUSES_MAX: usize = 400;
/// This many unreported numbers are reported at once.
const PENDING_MAX: u64 = 100;
/// Numbers kept behind the last report, so that late packets can still be reported.
const HISTORY: u64 = 256;
/// A jump of more numbers starts anew; a report always reaches a packet that came.
const JUMP_MAX: u64 = FEEDBACK_STATUSES_MAX as u64;
/// Numbers kept in all.
const KEPT_MAX: usize = 2_048;
/// Microseconds of a delta's unit.
const TICK_US: u128 = 250;
/// Ticks of the reference time's unit.
const REFERENCE_TICKS: i64 = 256;

/// The arrivals of one transport.
#[derive(Debug)]
pub(super) struct Arrivals {
    origin: Instant,
    line: SeqUnwrap,
    /// Number of the first kept.
    first: u64,
    kept: VecDeque<Option<i64>>,
    /// First number that is not reported.
    next: u64,
    due: Option<Instant>,
    feedback_count: u8,
    statuses: Vec<Option<i16>>,
}

impl Arrivals {
    pub(super) fn new(origin: Instant) -> Self {
        Self {
            origin,
            line: SeqUnwrap::new(),
            first: 0,
            kept: VecDeque::new(),
            next: 0,
            due: None,
            feedback_count: 0,
            statuses: Vec::new(),
        }
    }

    /// Notes an arrival.
    pub(super) fn record(&mut self, now: Instant, seq: u16) {
        let ext = self.line.extend(seq);
        let ticks = (now.saturating_duration_since(self.origin).as_micros() / TICK_US) as i64;
        let end = self.first + self.kept.len() as u64;
        if self.kept.is_empty() || ext >= end + JUMP_MAX {
            self.kept.clear();
            (self.first, self.next) = (ext, ext);
            self.kept.push_back(Some(ticks));
        } else if ext >= end {
            self.kept.extend((end..ext).map(|_| None));
            self.kept.push_back(Some(ticks));
            while self.kept.len() > KEPT_MAX {
                self.kept.pop_front();
                self.first += 1;
            }
            self.next = self.next.max(self.first);
        } else {
            let Some(place) = ext.checked_sub(self.first) else {
                return;
            };
            let Some(arrival @ None) = self.kept.get_mut(place as usize) else {
                return;
            };
            *arrival = Some(ticks);
            self.next = self.next.min(ext);
        }
        let pending = self.first + self.kept.len() as u64 - self.next;
        let due = if pending >= PENDING_MAX {
            now
        } else {
            now + FEEDBACK_INTERVAL
        };
        self.due = Some(self.due.map_or(due, |known| known.min(due)));
    }

    /// When a report is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Appends the report that is due, if one is.
    pub(super) fn write_due(&mut self, now: Instant, sender_ssrc: u32, media_ssrc: u32, out: &mut Vec<u8>) -> bool {
        if self.due.is_none_or(|due| due > now) {
            return false;
        }
        self.statuses.clear();
        let mut reference = None;
        let mut before = 0i64;
        let from = self.next.saturating_sub(self.first) as usize;
        for arrival in self.kept.iter().skip(from).take(FEEDBACK_STATUSES_MAX) {
            let Some(ticks) = *arrival else {
                self.statuses.push(None);
                continue;
            };
            if reference.is_none() {
                reference = Some(ticks / REFERENCE_TICKS);
                before = ticks / REFERENCE_TICKS * REFERENCE_TICKS;
            }
            // A delta that does not fit starts the next report.
            let Ok(delta) = i16::try_from(ticks - before) else {
                break;
            };
            self.statuses.push(Some(delta));
            before = ticks;
        }
        let Some(reference) = reference else {
            self.due = None;
            return false;
        };
        let feedback = TwccFeedback {
            sender_ssrc,
            media_ssrc,
            base_seq: self.next as u16,
            reference_time: (reference & 0xFF_FFFF) as i32,
            feedback_count: self.feedback_count,
        };
        write_twcc(out, &feedback, &self.statuses);
        self.feedback_count = self.feedback_count.wrapping_add(1);
        self.next += self.statuses.len() as u64;
        let done = self.next >= self.first + self.kept.len() as u64;
        self.due = if done { None } else { Some(now) };
        while self.first + HISTORY < self.next && self.kept.pop_front().is_some() {
            self.first += 1;
        }
        true
    }
}
