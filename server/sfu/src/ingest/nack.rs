// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Which packets to ask for again (RFC 4585 section 6.2.1), and when. It sees numbers only and sends nothing itself.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A hole is asked for after this many later packets ...
pub const REORDER_PACKETS: u64 = 3;
/// ... or after this time, whichever is first.
pub const REORDER_WAIT: Duration = Duration::from_millis(5);
/// Shortest time between two requests for a packet; the round trip time when that is longer. While it is not known, each
/// time is twice the one before: all tries at this pace would be over before the first answer on a long path.
pub const NACK_RETRY_MIN: Duration = Duration::from_millis(20);
/// Longest time between two requests.
const NACK_RETRY_MAX: Duration = Duration::from_millis(400);
/// The same while the round trip time is not known: all tries fit into [`NACK_AGE_MAX`].
const NACK_RETRY_UNKNOWN_MAX: Duration = Duration::from_millis(200);
/// Requests for one packet.
pub const NACK_TRIES_MAX: u8 = 10;
/// A packet missing for longer is of no use to anybody.
pub const NACK_AGE_MAX: Duration = Duration::from_millis(1_500);
/// Packets missing at once; the oldest are given up.
const MISSING_MAX: usize = 512;
/// A hole larger than this is not a loss but a jump.
const HOLE_MAX: u64 = 512;
/// A key frame makes packets this far behind it superfluous.
const KEYFRAME_AHEAD: u64 = 100;

#[derive(Debug, Clone, Copy)]
struct Missing {
    ext_seq: u64,
    found: Instant,
    first_sent: Option<Instant>,
    last_sent: Option<Instant>,
    tries: u8,
}

/// Missing packets that will not be asked for any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct GivenUp {
    pub(super) count: u64,
    /// The highest of them.
    pub(super) newest: Option<u64>,
}

impl GivenUp {
    fn add(&mut self, ext_seq: u64) {
        self.count += 1;
        self.newest = self.newest.max(Some(ext_seq));
    }
}

/// The missing packets of one layer, in order.
#[derive(Debug)]
pub(super) struct NackGenerator {
    missing: VecDeque<Missing>,
    highest: Option<u64>,
    round_trip: Option<Duration>,
}

impl NackGenerator {
    pub(super) fn new() -> Self {
        Self {
            missing: VecDeque::new(),
            highest: None,
            round_trip: None,
        }
    }

    /// Notes a packet's arrival; `is_rtx`: as a retransmission. Returns what was given up for it.
    pub(super) fn on_packet(&mut self, now: Instant, ext_seq: u64, is_rtx: bool) -> GivenUp {
        let mut given_up = GivenUp::default();
        let Some(highest) = self.highest else {
            self.highest = Some(ext_seq);
            return given_up;
        };
        if ext_seq <= highest {
            if let Ok(place) = self.missing.binary_search_by_key(&ext_seq, |missing| missing.ext_seq)
                && let Some(found) = self.missing.remove(place)
                && let Some(first_sent) = found.first_sent
                // An original that was only late says nothing of the round trip.
                && is_rtx
            {
                self.observe_round_trip(now.saturating_duration_since(first_sent));
            }
            return given_up;
        }
        self.highest = Some(ext_seq);
        let hole = ext_seq - highest - 1;
        if hole > HOLE_MAX {
            given_up = GivenUp {
                count: self.missing.len() as u64 + hole,
                newest: Some(ext_seq - 1),
            };
            self.missing.clear();
            return given_up;
        }
        for ext_seq in highest + 1..ext_seq {
            if self.missing.len() >= MISSING_MAX {
                self.missing
                    .pop_front()
                    .iter()
                    .for_each(|oldest| given_up.add(oldest.ext_seq));
            }
            self.missing.push_back(Missing {
                ext_seq,
                found: now,
                first_sent: None,
                last_sent: None,
                tries: 0,
            });
        }
        given_up
    }

    /// Forgets what a key frame far ahead made superfluous.
    pub(super) fn on_keyframe(&mut self, ext_seq: u64) {
        while self
            .missing
            .front()
            .is_some_and(|missing| missing.ext_seq + KEYFRAME_AHEAD < ext_seq)
        {
            self.missing.pop_front();
        }
    }

    /// Forgets everything, for packets that nobody will send again.
    pub(super) fn clear(&mut self) {
        self.missing.clear();
    }

    /// Appends at most `limit` sequence numbers to ask for now. Returns what was given up.
    pub(super) fn take_due(&mut self, now: Instant, limit: usize, out: &mut Vec<u16>) -> GivenUp {
        let mut given_up = GivenUp::default();
        let round_trip = self.round_trip;
        self.missing.retain(|missing| {
            let retry = retry(missing, round_trip);
            let tried = missing.tries >= NACK_TRIES_MAX && missing.last_sent.is_none_or(|sent| sent + retry <= now);
            let keep = !tried && now.saturating_duration_since(missing.found) <= NACK_AGE_MAX;
            if !keep {
                given_up.add(missing.ext_seq);
            }
            keep
        });
        let highest = self.highest;
        for missing in self
            .missing
            .iter_mut()
            .filter(|missing| due(missing, highest, round_trip) <= now)
            .take(limit)
        {
            missing.tries += 1;
            missing.first_sent = missing.first_sent.or(Some(now));
            missing.last_sent = Some(now);
            out.push(missing.ext_seq as u16);
        }
        given_up
    }

    /// When something has to be asked for or given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.missing
            .iter()
            .map(|missing| due(missing, self.highest, self.round_trip))
            .min()
    }

    /// The first request may have been lost, so that a sample may be too long, never too short.
    fn observe_round_trip(&mut self, sample: Duration) {
        self.round_trip = Some(match self.round_trip {
            Some(known) if known < sample => known + (sample - known) / 8,
            _ => sample,
        });
    }
}

/// Time between the last request for a packet and the next.
fn retry(missing: &Missing, round_trip: Option<Duration>) -> Duration {
    match round_trip {
        Some(round_trip) => round_trip.clamp(NACK_RETRY_MIN, NACK_RETRY_MAX),
        None => NACK_RETRY_MIN
            .saturating_mul(1 << missing.tries.saturating_sub(1).min(NACK_TRIES_MAX))
            .min(NACK_RETRY_UNKNOWN_MAX),
    }
}

fn due(missing: &Missing, highest: Option<u64>, round_trip: Option<Duration>) -> Instant {
    match missing.last_sent {
        Some(sent) => sent + retry(missing, round_trip),
        None if highest.is_some_and(|highest| highest >= missing.ext_seq + REORDER_PACKETS) => missing.found,
        None => missing.found + REORDER_WAIT,
    }
}
