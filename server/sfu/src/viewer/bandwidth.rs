// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What one viewer's path carries, and which layer each slot gets of it: estimate, probes, pacing and allocation.
//! It never sees a packet's bytes or another viewer. Sound that carries no numbers (some clients number pictures alone) is
//! not counted; it is small.

use std::time::{Duration, Instant};

use super::Reach;
use super::loss::LossGuard;
use super::sound::SOUND_COPIES_MAX;
use crate::allocate::{Allocator, Budget, Decision, Reason, SLOTS_MAX, SlotRequest};
use crate::bwe::{
    Config, Estimate, Estimator, LimitedBy, PACING_PERCENT, PROBE_TICK, Pacer, SentKind, WIRE_OVERHEAD_BYTES,
};
use crate::rtcp::Twcc;

/// First target, bits per second: one full picture with sound. Most paths carry it, and its keyframe need not be sent
/// twice; on those that do not the first reports bring a smaller one.
const START_BPS: u64 = 2_500_000;
/// For so long what is learnt of a path counts at once.
const FIRST: Duration = Duration::from_secs(3);
/// Who is sent less for loss alone is paced as if the path carried this at least, bits per second.
const LOSSY_PACED_BPS_MIN: u64 = 1_000_000;
/// Below this target sound is not repeated, bits per second: the picture needs the room, and what is lost can be asked for.
const COPIES_BPS_MIN: u64 = 1_200_000;
/// Loss of the path's own, whatever is sent, from which on sound is repeated twice ...
const LOSS_TWO_COPIES: f32 = 0.06;
/// ... until it is below this.
const LOSS_ONE_COPY: f32 = 0.03;
/// Behind a queue of this length lost sound is not sent again, nor pictures that a later keyframe has made superfluous.
const RESEND_QUEUE_MAX: Duration = Duration::from_millis(50);
/// A request that comes later than this after the last answer is always answered: browsers that know no round trip ask
/// each 100 ms.
const REPAIR_APART_MAX: Duration = Duration::from_millis(90);
/// Repairs of pictures take no more than the target, and this share of it where the smallest picture is too much already ...
const REPAIR_SHARE_OVERDRAWN: f64 = 0.25;
/// ... at once what the target carries in this time ...
const REPAIR_BURST: Duration = Duration::from_millis(200);
/// ... and at least this, bytes: two packets.
const REPAIR_BURST_BYTES_MIN: f64 = 3_000.0;
/// Taken for the round trip of a path on which nothing was reported yet.
const ROUND_TRIP_UNKNOWN: Duration = Duration::from_millis(100);
/// A target that moved by less than one part in this many changes no allocation.
const MOVED_PART: u64 = 20;

/// Bandwidth of one viewer.
///
/// Contract: [`Bandwidth::on_sent`] for everything that leaves, [`Bandwidth::on_feedback`] and
/// [`Bandwidth::on_loss_report`] for what comes back, [`Bandwidth::tick`] at the estimator's pace; after each of these
/// three [`Bandwidth::is_due`], and where it is [`Bandwidth::allocate`].
#[derive(Debug)]
pub struct Bandwidth {
    estimator: Estimator,
    pacer: Pacer,
    allocator: Allocator,
    loss: LossGuard,
    /// Transport-wide numbers were negotiated.
    numbered: bool,
    began: Instant,
    /// As the estimator said last: it is asked when something came in, and not per packet.
    latest: Estimate,
    /// What the last allocation went by.
    allocated: Budget,
    /// Some slot has less than it wants.
    short: bool,
    /// Some slot waits before it gets more.
    rising: bool,
    /// What is never paused takes more than the path carries.
    overdrawn: bool,
    /// See [`Bandwidth::sound_copies`].
    copies: usize,
    /// Bytes of pictures that may be repaired now, and when they were counted last.
    repairable: (f64, Instant),
}

impl Bandwidth {
    /// Of a connection that may send from now on. `numbered`: packets carry transport-wide numbers.
    #[must_use]
    pub fn new(now: Instant, numbered: bool) -> Self {
        let config = Config {
            start_bps: START_BPS,
            ..Config::default()
        };
        let estimator = Estimator::new(now, config);
        Self {
            latest: estimator.estimate(),
            estimator,
            pacer: Pacer::new(now, START_BPS),
            allocator: Allocator::default(),
            loss: LossGuard::default(),
            numbered,
            began: now,
            allocated: Budget::Estimate(0),
            short: true,
            rising: false,
            overdrawn: false,
            copies: 0,
            repairable: (REPAIR_BURST_BYTES_MIN, now),
        }
    }

    /// A datagram of `bytes` was sealed under the transport-wide number `seq`.
    pub fn on_sent(&mut self, now: Instant, seq: u16, bytes: usize, kind: SentKind) {
        self.pacer.on_sent(bytes);
        if kind == SentKind::Retransmission {
            self.repairable.0 -= (bytes + WIRE_OVERHEAD_BYTES) as f64;
        }
        self.estimator.on_sent(now, seq, bytes, kind);
    }

    /// A datagram of `bytes` left once more, under the number that it had.
    pub fn on_resent(&mut self, now: Instant, seq: u16, bytes: usize) {
        self.pacer.on_sent(bytes);
        self.estimator.on_resent(now, seq, bytes);
    }

    /// The round trip after which lost sound may be sent once more; none while a queue stands on the path: it would come too
    /// late, and lengthen the queue.
    #[must_use]
    pub fn resend_apart(&self) -> Option<Duration> {
        let queue_free = self.latest.queue_delay < RESEND_QUEUE_MAX;
        queue_free.then(|| self.latest.rtt.unwrap_or(ROUND_TRIP_UNKNOWN))
    }

    /// Whether we fill the path: a queue of ours stands on it, so that whatever is sent waits, and what is too much is dropped.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.latest.limited_by == LimitedBy::Delay && self.latest.queue_delay >= RESEND_QUEUE_MAX
    }

    /// Whether a picture's packet may be sent again: repairs of a path that is full are what fills it, and so are bounded
    /// by the target, as in libwebrtc. Nobody is held back whose path tells its losses alone.
    pub fn may_repair(&mut self, now: Instant) -> bool {
        if !self.is_estimated() {
            return true;
        }
        let (bytes, counted) = self.repairable;
        let per_s = self.latest.target_bps as f64 / 8.0;
        // Loss without a queue leaves room for what repairing it takes.
        let share = if self.overdrawn && self.is_full() {
            REPAIR_SHARE_OVERDRAWN
        } else {
            1.0
        };
        let passed = now.saturating_duration_since(counted).as_secs_f64();
        let most = (per_s * REPAIR_BURST.as_secs_f64()).max(REPAIR_BURST_BYTES_MIN);
        let bytes = (bytes + passed * per_s * share).min(most);
        self.repairable = (bytes, now);
        bytes > 0.0
    }

    /// The time within which a picture's packet is not sent again twice: the answer may still be on its way.
    #[must_use]
    pub fn repair_apart(&self) -> Duration {
        let is_estimated = self.is_estimated();
        let round_trip = self.latest.rtt.filter(|_| is_estimated);
        round_trip.map_or(Duration::ZERO, |round_trip| round_trip.min(REPAIR_APART_MAX))
    }

    /// How many earlier packets one of sound repeats, where the viewer can read that (RFC 2198). One bridges each loss
    /// alone; two, where much is lost, each two in a row; none where the path is narrow, or not known yet.
    #[must_use]
    pub fn sound_copies(&self) -> usize {
        self.copies
    }

    /// Reads what sending will need; see [`super::Viewer::look_ahead`].
    pub(crate) fn look_ahead(&self, reach: Reach) -> u64 {
        if reach == Reach::Farther {
            return self.estimator.look_ahead_of_ring();
        }
        self.estimator.look_ahead() ^ u64::from(self.pacer.is_unpaced()) ^ self.latest.target_bps
    }

    /// Reads what feedback will need.
    pub(crate) fn look_ahead_of_feedback(&self) -> u64 {
        self.estimator.look_ahead_of_feedback() ^ u64::from(self.pacer.is_unpaced()) ^ self.latest.target_bps
    }

    /// Transport-wide feedback of the viewer.
    pub fn on_feedback(&mut self, now: Instant, feedback: &Twcc<'_>) {
        if self.numbered {
            self.estimator.on_feedback(now, feedback);
            self.follow(now);
        }
    }

    /// The highest fraction lost, of 256, among the pictures of a receiver report.
    pub fn on_loss_report(&mut self, now: Instant, fraction_lost: u8) {
        self.loss.report(now, fraction_lost);
        self.estimator.on_loss_report(now, fraction_lost);
        self.follow(now);
    }

    /// Does what is due by time.
    pub fn tick(&mut self, now: Instant) {
        if self.numbered && now >= self.estimator.deadline() {
            self.estimator.tick(now);
            self.follow(now);
        } else if !self.numbered {
            self.copies = self.copies_for(now);
        }
    }

    /// Whether a probe is under way or about to begin: then [`Bandwidth::tick`] wants to be called every few
    /// milliseconds.
    #[must_use]
    pub fn is_probing(&self, now: Instant) -> bool {
        // Also between two pieces of padding, when media alone keeps the rate of the cluster for a moment.
        self.numbered && self.estimator.deadline() <= now + PROBE_TICK
    }

    /// Bytes of padding to send now, wire overhead included.
    #[must_use]
    pub fn padding_due(&self, now: Instant) -> usize {
        if self.numbered {
            self.estimator.padding_due(now)
        } else {
            0
        }
    }

    fn follow(&mut self, now: Instant) {
        self.latest = self.estimator.estimate();
        self.copies = self.copies_for(now);
        let Estimate {
            target_bps, limited_by, ..
        } = self.latest;
        let paced_bps = match (limited_by, self.overdrawn) {
            // Loss without a queue delays no sound: what is never paused goes out as it comes.
            (LimitedBy::Loss, _) => target_bps.max(LOSSY_PACED_BPS_MIN),
            // Nothing beyond the path itself: what is too much is held back here, where sound passes it.
            (_, true) => target_bps * 100 / PACING_PERCENT,
            (_, false) => target_bps,
        };
        self.pacer.set_target(now, paced_bps);
    }

    fn copies_for(&self, now: Instant) -> usize {
        let known = now.saturating_duration_since(self.began) >= FIRST;
        let narrow = self.overdrawn || self.latest.target_bps < COPIES_BPS_MIN;
        let two = self.copies == SOUND_COPIES_MAX;
        let lossy = self.latest.inherent_loss >= if two { LOSS_ONE_COPY } else { LOSS_TWO_COPIES };
        match (known, self.is_estimated(), narrow, lossy) {
            (false, ..) | (true, true, true, _) => 0,
            (true, true, false, true) => SOUND_COPIES_MAX,
            (true, true, false, false) | (true, false, ..) => 1,
        }
    }

    /// Whether a batch of pictures may leave now; see [`Pacer`]. Nobody is held back of whose path nothing is known.
    pub fn may_send_pictures(&mut self, now: Instant) -> bool {
        !self.is_estimated() || self.pacer.may_send_now(now)
    }

    /// Whether the viewer tells what arrives, rather than how much was lost alone.
    fn is_estimated(&self) -> bool {
        self.numbered && self.latest.limited_by != LimitedBy::Reports
    }

    /// What the slots may take together.
    #[must_use]
    pub fn budget(&self, now: Instant) -> Budget {
        let target_bps = self.latest.target_bps;
        if self.is_estimated() {
            match now.saturating_duration_since(self.began) < FIRST {
                true => Budget::FirstEstimate(target_bps),
                false => Budget::Estimate(target_bps),
            }
        } else {
            Budget::Unknown {
                reduced: self.loss.is_reduced(),
            }
        }
    }

    /// The state of the path, for metrics.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        self.latest
    }

    /// Whether slots should be allocated anew: the budget moved, or some slot waits for more.
    #[must_use]
    pub fn is_due(&self, now: Instant) -> bool {
        use Budget::{Estimate, FirstEstimate};
        match (self.allocated, self.budget(now)) {
            (Estimate(before) | FirstEstimate(before), Estimate(bps) | FirstEstimate(bps)) => {
                bps.abs_diff(before) > before / MOVED_PART && (self.short || bps < before)
            }
            (before, budget) => before != budget,
        }
    }

    /// Decides which layer each slot gets.
    pub fn allocate(&mut self, now: Instant, slots: &[SlotRequest]) -> [Decision; SLOTS_MAX] {
        self.allocated = self.budget(now);
        let decisions = self.allocator.allocate(now, self.allocated, slots);
        let cost = |(decision, slot): (&Decision, &SlotRequest)| {
            let layer = slot.layers.get(usize::from(decision.layer?));
            layer.map(|layer| layer.bitrate_bps)
        };
        let spent: u64 = decisions.iter().zip(slots).filter_map(cost).sum();
        self.overdrawn = match self.allocated {
            Budget::Estimate(bps) | Budget::FirstEstimate(bps) => spent > bps,
            Budget::Unknown { .. } => false,
        };
        self.follow(now);
        let any = |reasons: &[Reason]| decisions.iter().any(|decision| reasons.contains(&decision.reason));
        // A layer that its publisher paused, as nobody's path carried it, is wished for again when one does.
        self.short = any(&[Reason::Bandwidth, Reason::Rising, Reason::Paused, Reason::NotFlowing]);
        self.rising = any(&[Reason::Rising]);
        decisions
    }

    /// Tells what would be sent at most if the path carried it, bits per second, so that nothing more is probed for.
    pub fn set_wanted(&mut self, now: Instant, bps: u64) {
        self.estimator.set_wanted(now, bps);
    }

    /// Whether some slot waits before it gets more, and should be looked at again though the budget did not move.
    #[must_use]
    pub fn is_rising(&self) -> bool {
        self.rising
    }
}
