// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A viewer as Chromium is one: transport-wide reports every 100 ms on everything from the first packet not reported
//! to the newest, written as it writes them.

use std::collections::BTreeMap;

use fiera_sfu::rtcp::{TwccFeedback, write_twcc};
use fiera_sfu::rtp::SeqUnwrap;

/// Time between reports, microseconds.
pub(crate) const REPORT_US: u64 = 100_000;
/// Arrivals are remembered so long for reports that overlap, microseconds.
const REMEMBERED_US: u64 = 500_000;
/// The viewer's clock is ahead of ours.
const CLOCK_OFFSET_US: u64 = 987_654_321;

#[derive(Debug, Default)]
pub(crate) struct Receiver {
    unwrap: SeqUnwrap,
    arrivals: BTreeMap<u64, u64>,
    from: Option<u64>,
    count: u8,
}

impl Receiver {
    pub(crate) fn on_packet(&mut self, now_us: u64, seq: u16) {
        let seq = self.unwrap.extend(seq);
        self.arrivals.insert(seq, now_us);
        self.from = Some(self.from.map_or(seq, |from| from.min(seq)));
    }

    /// A report, if there is something new.
    pub(crate) fn report(&mut self, now_us: u64) -> Option<Vec<u8>> {
        let from = self.from?;
        let (newest, _) = self.arrivals.last_key_value()?;
        let newest = *newest;
        if newest < from {
            return None;
        }
        let first = self.arrivals.range(from..).next()?;
        let ticks = |us: u64| ((us + CLOCK_OFFSET_US) / 250) as i64;
        let reference = ticks(*first.1) / 256;
        let mut last = reference * 256;
        let statuses: Vec<Option<i16>> = (from..=newest)
            .map(|seq| {
                let at = ticks(*self.arrivals.get(&seq)?);
                let delta = at - last;
                last = at;
                Some(delta as i16)
            })
            .collect();
        let feedback = TwccFeedback {
            sender_ssrc: 1,
            media_ssrc: 2,
            base_seq: from as u16,
            reference_time: reference as i32,
            feedback_count: self.count,
        };
        self.count = self.count.wrapping_add(1);
        self.from = Some(newest + 1);
        let keep = |at: u64| now_us.saturating_sub(at) < REMEMBERED_US;
        self.arrivals.retain(|_, at| keep(*at));
        let mut out = Vec::new();
        write_twcc(&mut out, &feedback, &statuses);
        Some(out)
    }
}
