// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The estimator of one viewer: reports in, a target and padding out. It joins the parts and decides when to probe.

use std::time::{Duration, Instant};

use super::acked::AckedRate;
use super::alr::ApplicationLimit;
use super::delay::{DELAY_JUMP_US, Delay, Usage};
use super::fallback::Fallback;
use super::feedback::{FeedbackCounters, Feedbacks};
use super::loss::{Loss, Verdict};
use super::probe::{Length, Prober};
use super::rate::{Rate, Seen};
use super::sent::{Fate, Found, SentKind, SentRing};
use super::{Config, Estimate, IDLE_TICK, LimitedBy, PROBE_TICK, WIRE_OVERHEAD_BYTES};
use crate::rtcp::{DELTA_TICKS_PER_SECOND, Twcc};

/// Microseconds of one tick of a delta.
const DELTA_US: i64 = 1_000_000 / DELTA_TICKS_PER_SECOND as i64;
/// Probes of the first seconds go at this share of the estimate ...
const BOOTSTRAP_SHARE: f64 = 3.0;
/// ... later ones at this, and at less while the path is being used up already.
const PROBE_SHARE: f64 = 2.0;
const PROBE_SHARE_BUSY: f64 = 1.3;
/// No probe goes further beyond what is wanted.
const WANTED_SHARE_MAX: f64 = 1.3;
/// A target above this share of what is wanted needs no probe.
const WANTED_SHARE: f64 = 1.1;
/// What is wanted until somebody says so, bits per second.
const WANTED_START_BPS: f64 = 1_500_000.0;
/// Time between probes that do not follow each other at once, microseconds; doubles with each that shows nothing new.
const PROBE_PAUSE_US: u64 = 2_000_000;
const PROBE_PAUSE_MAX_US: u64 = 8_000_000;
/// In the first seconds, where one unlucky probe would cost most, the time between them is this, microseconds.
const FIRST_PROBES_US: u64 = 4_000_000;
const FIRST_PROBE_PAUSE_US: u64 = 400_000;
/// After a decrease nothing is probed for so long, microseconds.
const CALM_US: u64 = 1_500_000;
/// Nothing is probed into a queue that is longer, microseconds.
const PROBE_QUEUE_MAX_US: u64 = 30_000;
/// After a probe raised the target a growing queue is the probe's own for a round trip and so long, microseconds ...
const SETTLE_US: u64 = 300_000;
/// ... unless it is longer, microseconds.
const SETTLE_QUEUE_US: u64 = 80_000;
/// A result above this share of the estimate is news.
const NEWS_SHARE: f64 = 1.1;
/// A probe of this share that arrives unhindered is followed by a higher one at once.
const FURTHER_SHARE: f64 = 0.7;
/// A limit by loss grows so much per judged window while loss stays away.
const LOSS_LIMIT_GROWTH: f64 = 1.15;
/// A probe that loses this much more than the path's own loss raises nothing, but at the start.
const PROBE_LOSS: f64 = 0.10;
/// Without any report for so long the target falls, microseconds ...
const SILENCE_US: u64 = 1_500_000;
/// ... by this share each second.
const SILENCE_SHARE: f64 = 0.7;
/// Without a first transport-wide report for so long after sending began, receiver reports take over, microseconds.
const FALLBACK_US: u64 = 2_500_000;
/// A long queue that does not shrink by a fifth in this time is the path's new delay, microseconds.
const REBASE_US: u64 = 4_000_000;
/// Weight of a new round trip (RFC 6298).
const RTT_WEIGHT: f64 = 0.125;
/// A round trip above is not believed, microseconds.
const RTT_MAX_US: u64 = 5_000_000;
/// Round trip while none is known, microseconds.
const RTT_START_US: u64 = 200_000;

/// Sender-side bandwidth estimation for one viewer; the calling contract stands at [the module](super).
#[derive(Debug)]
pub struct Estimator {
    epoch: Instant,
    ring: SentRing,
    application: ApplicationLimit,
    prober: Prober,
    feedbacks: Feedbacks,
    delay: Delay,
    acked: AckedRate,
    loss: Loss,
    loss_limit_bps: Option<f64>,
    rate: Rate,
    fallback: Fallback,
    min_bps: f64,
    max_bps: f64,
    wanted_bps: f64,
    rtt_us: Option<f64>,
    /// First packet after the last report, or ever.
    unanswered_us: Option<u64>,
    silenced_us: u64,
    /// When reports came back after a silence; what was sent before says nothing by its loss.
    outage_us: u64,
    silent: bool,
    /// Sending time of the newest packet that a report named.
    reported_us: u64,
    /// Rate of the probe that is under way, and the target when it began.
    probe: Option<(f64, f64)>,
    /// When a probe last raised the target.
    raised_us: Option<u64>,
    probe_at_us: u64,
    probe_pause_us: u64,
    bootstrapping: bool,
    path_full: bool,
    /// Since when a long queue stands, and how long it was then.
    standing: Option<(u64, u64)>,
    tick_at_us: u64,
}

impl Estimator {
    /// An estimator for a connection that may send from now on.
    #[must_use]
    pub fn new(now: Instant, config: Config) -> Self {
        let min_bps = config.min_bps.max(1) as f64;
        let max_bps = (config.max_bps as f64).max(min_bps);
        let start_bps = (config.start_bps as f64).clamp(min_bps, max_bps);
        Self {
            epoch: now,
            ring: SentRing::new(),
            application: ApplicationLimit::new(0),
            prober: Prober::new(0),
            feedbacks: Feedbacks::new(0),
            delay: Delay::new(),
            acked: AckedRate::new(),
            loss: Loss::new(),
            loss_limit_bps: None,
            rate: Rate::new(start_bps, min_bps, max_bps),
            fallback: Fallback::new(0),
            min_bps,
            max_bps,
            wanted_bps: WANTED_START_BPS,
            rtt_us: None,
            unanswered_us: None,
            silenced_us: 0,
            outage_us: 0,
            silent: false,
            reported_us: 0,
            probe: None,
            raised_us: None,
            probe_at_us: 0,
            probe_pause_us: PROBE_PAUSE_US,
            bootstrapping: true,
            path_full: false,
            standing: None,
            tick_at_us: 0,
        }
    }

    fn us(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.epoch);
        passed.as_secs() * 1_000_000 + u64::from(passed.subsec_micros())
    }

    /// What would be sent at most if the path carried it, bits per second on the wire. More than before is probed soon.
    pub fn set_wanted(&mut self, now: Instant, bps: u64) {
        let wanted = bps as f64;
        if wanted > self.wanted_bps * NEWS_SHARE {
            self.probe_pause_us = PROBE_PAUSE_US;
            self.probe_at_us = self.probe_at_us.min(self.us(now));
        }
        self.wanted_bps = wanted;
    }

    /// A datagram of `bytes` leaves with the transport-wide number `seq`; numbers follow each other, wrapping.
    pub fn on_sent(&mut self, now: Instant, seq: u16, bytes: usize, kind: SentKind) {
        let now_us = self.us(now);
        let bytes = (bytes + WIRE_OVERHEAD_BYTES).min(usize::from(u16::MAX)) as u16;
        let cluster = self.prober.on_sent(now_us, bytes, kind == SentKind::Padding);
        if !self.ring.push(seq, now_us, bytes, cluster) {
            self.feedbacks.counters.number_jumps += 1;
        }
        self.application.on_sent(bytes);
        if self.unanswered_us.is_none() {
            self.unanswered_us = Some(now_us);
        }
    }

    /// The datagram of the number `seq` leaves once more, as the viewer says that it never came. When that one arrives
    /// says nothing about the path.
    pub fn on_resent(&mut self, now: Instant, seq: u16, bytes: usize) {
        let now_us = self.us(now);
        self.application
            .on_sent((bytes + WIRE_OVERHEAD_BYTES).min(usize::from(u16::MAX)) as u16);
        let Found::Sent(sent) = self.ring.find(seq) else { return };
        let (sent_us, bytes) = (sent.at_us(now_us), sent.bytes);
        if std::mem::replace(&mut sent.fate, Fate::Resent) == Fate::Pending && sent_us >= self.outage_us {
            self.loss.on_fate(sent_us, bytes, false);
        }
    }

    /// Reads what [`Estimator::on_sent`] will need; see [`crate::viewer::Viewer::look_ahead`].
    pub(crate) fn look_ahead(&self) -> u64 {
        self.unanswered_us.unwrap_or(0) ^ u64::from(self.prober.is_sending()) ^ u64::from(self.application.is_limited())
    }

    /// As [`Estimator::look_ahead`], of where the next packet is noted.
    pub(crate) fn look_ahead_of_ring(&self) -> u64 {
        self.ring.look_ahead()
    }

    /// Reads what [`Estimator::on_feedback`] will need.
    pub(crate) fn look_ahead_of_feedback(&self) -> u64 {
        self.look_ahead()
            ^ self.delay.look_ahead()
            ^ self.feedbacks.counters.reports
            ^ self.acked.bps().map_or(0, f64::to_bits)
            ^ self.rate.bps().to_bits()
            ^ self.loss.ratio().to_bits()
            ^ self.tick_at_us
    }

    /// A transport-wide report of the viewer.
    pub fn on_feedback(&mut self, now: Instant, feedback: &Twcc<'_>) {
        let now_us = self.us(now);
        let Some(begin) = self
            .feedbacks
            .begin(now_us, feedback.reference_time, feedback.feedback_count)
        else {
            return;
        };
        if begin.jumped {
            self.jump();
        } else if begin.gap {
            self.acked.skip();
        }
        if self.silent {
            self.outage_us = now_us;
        }
        let limited = self.application.is_limited();
        let mut arrival_us = begin.reference_us;
        let mut newest_received_us = None;
        let mut useful = false;
        for (seq, ticks) in feedback.statuses() {
            arrival_us += ticks.map_or(0, |ticks| i64::from(ticks) * DELTA_US);
            let sent = match self.ring.find(seq) {
                Found::Sent(sent) => sent,
                Found::Forgotten => {
                    self.feedbacks.counters.forgotten += 1;
                    continue;
                }
                Found::NeverSent => {
                    self.feedbacks.counters.never_sent += 1;
                    continue;
                }
            };
            let (sent_us, bytes, cluster) = (sent.at_us(now_us), sent.bytes, sent.cluster);
            let before = sent.fate;
            if before == Fate::Resent {
                useful = true;
                self.reported_us = self.reported_us.max(sent_us);
                continue;
            }
            if ticks.is_none() {
                if before == Fate::Pending {
                    sent.fate = Fate::Lost;
                    self.acked.on_lost(bytes);
                    // An interruption says nothing about the rate; silence has lowered it already.
                    if sent_us >= self.outage_us {
                        self.loss.on_fate(sent_us, bytes, false);
                    }
                    useful = true;
                    self.reported_us = self.reported_us.max(sent_us);
                }
                continue;
            }
            if before == Fate::Received {
                self.feedbacks.counters.repeated += 1;
                continue;
            }
            sent.fate = Fate::Received;
            useful = true;
            self.reported_us = self.reported_us.max(sent_us);
            if before == Fate::Lost {
                self.loss.on_late(bytes);
            } else {
                self.loss.on_fate(sent_us, bytes, true);
            }
            newest_received_us = newest_received_us.max(Some(sent_us));
            let delay_us = arrival_us - sent_us as i64;
            if self
                .delay
                .newest_us()
                .is_some_and(|newest| (delay_us - newest).abs() > DELAY_JUMP_US)
            {
                self.jump();
            }
            self.acked.on_received(sent_us, arrival_us, bytes, limited);
            self.delay.on_received(sent_us, delay_us, cluster != 0);
            if cluster != 0 {
                self.prober.on_received(cluster, sent_us, arrival_us, bytes);
            }
        }
        if !useful {
            return;
        }
        if self.silent {
            self.silent = false;
            self.bootstrapping = true;
            self.probe_at_us = now_us;
        }
        self.unanswered_us = None;
        if let Some(sent_us) = newest_received_us {
            self.note_rtt(now_us.saturating_sub(sent_us));
        }
        self.control(now_us);
    }

    /// The highest fraction lost (of 256) among the video slots of a receiver report (RFC 3550 section 6.4.1).
    pub fn on_loss_report(&mut self, now: Instant, fraction_lost: u8) {
        let now_us = self.us(now);
        self.application.update(now_us, self.target());
        let loss = f64::from(fraction_lost) / 256.0;
        self.fallback.on_report(now_us, loss, self.application.sent_bps());
        self.fallback.bps = self.fallback.bps.clamp(self.min_bps, self.max_bps);
    }

    /// Does what is due, and returns when to call again.
    pub fn tick(&mut self, now: Instant) -> Instant {
        let now_us = self.us(now);
        self.application.update(now_us, self.target());
        self.watch_silence(now_us);
        self.finish_probe(now_us);
        self.consider_probe(now_us);
        self.tick_at_us = now_us + self.tick_us();
        self.deadline()
    }

    /// When [`Estimator::tick`] is due next.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.epoch + Duration::from_micros(self.tick_at_us)
    }

    /// Bytes of padding to send now, wire overhead included; 0 most of the time.
    #[must_use]
    pub fn padding_due(&self, now: Instant) -> usize {
        if !self.prober.is_sending() {
            return 0;
        }
        self.prober.due(self.us(now)) as usize
    }

    /// The state of the path.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        Estimate {
            target_bps: self.target() as u64,
            acked_bps: self.acked.bps().map(|bps| bps as u64),
            rtt: self.rtt_us.map(|us| Duration::from_micros(us as u64)),
            loss: self.loss.ratio() as f32,
            inherent_loss: self.loss.inherent() as f32,
            queue_delay: Duration::from_micros(self.delay.queue_us()),
            limited_by: self.limited_by(),
            probes: self.prober.clusters(),
        }
    }

    /// What the viewer's reports were worth.
    #[must_use]
    pub fn counters(&self) -> FeedbackCounters {
        self.feedbacks.counters
    }

    fn target(&self) -> f64 {
        if self.by_reports() {
            return self.fallback.bps;
        }
        let bps = self.rate.bps();
        self.loss_limit_bps.map_or(bps, |limit| limit.clamp(self.min_bps, bps))
    }

    /// Whether nothing but receiver reports ever came.
    fn by_reports(&self) -> bool {
        self.reported_us == 0 && self.silent
    }

    fn limited_by(&self) -> LimitedBy {
        if self.by_reports() {
            LimitedBy::Reports
        } else if self.silent {
            LimitedBy::Silence
        } else if self.reported_us == 0 {
            LimitedBy::Start
        } else if self.loss_limit_bps.is_some_and(|limit| limit < self.rate.bps()) {
            LimitedBy::Loss
        } else if self.rate.bps() >= self.max_bps {
            LimitedBy::Maximum
        } else if self.delay.usage() == Usage::Over || self.rate.is_draining() {
            LimitedBy::Delay
        } else if self.application.is_limited() && !self.path_full {
            LimitedBy::Application
        } else {
            LimitedBy::Path
        }
    }

    fn jump(&mut self) {
        self.feedbacks.counters.clock_jumps += 1;
        self.delay.reset();
        self.acked.skip();
    }

    fn note_rtt(&mut self, us: u64) {
        let us = us.min(RTT_MAX_US) as f64;
        let old = self.rtt_us.unwrap_or(us);
        self.rtt_us = Some(old + RTT_WEIGHT * (us - old));
    }

    fn rtt(&self) -> u64 {
        self.rtt_us.map_or(RTT_START_US, |us| us as u64)
    }

    fn control(&mut self, now_us: u64) {
        let queue_us = self.delay.queue_us();
        self.watch_standing(now_us, queue_us);
        let seen = Seen {
            usage: self.usage(now_us),
            // What would arrive if the path lost nothing by itself: a backoff must not pay for that loss again and again.
            acked_bps: self.acked.bps().map(|bps| bps / (1.0 - self.loss.inherent())),
            lately_bps: self.acked.lately_bps().map(|bps| bps / (1.0 - self.loss.inherent())),
            rtt_us: self.rtt(),
            queue_us,
            application_limited: self.application.is_limited(),
        };
        if self.rate.update(now_us, &seen) && self.wants_more() {
            self.probe_pause_us = PROBE_PAUSE_US;
            self.probe_at_us = self.probe_at_us.min(now_us);
        }
        match self.loss.judge(queue_us, self.target()) {
            Verdict::Keep => {}
            Verdict::Fine => {
                self.loss_limit_bps = self
                    .loss_limit_bps
                    .map(|limit| limit * LOSS_LIMIT_GROWTH)
                    .filter(|limit| *limit < self.rate.bps());
            }
            Verdict::Limit(bps) => {
                self.loss_limit_bps = Some(bps.max(self.min_bps));
                self.probe_at_us = self.probe_at_us.max(now_us + CALM_US);
            }
            Verdict::Restore(bps) => {
                self.loss_limit_bps = None;
                self.rate.set(self.rate.bps().max(bps));
            }
        }
        self.finish_probe(now_us);
        self.consider_probe(now_us);
    }

    /// What the delays say, but for the little that a probe itself has left in the queue.
    fn usage(&self, now_us: u64) -> Usage {
        let usage = self.delay.usage();
        let settling = self
            .raised_us
            .is_some_and(|at| now_us.saturating_sub(at) < self.rtt() + SETTLE_US);
        if usage == Usage::Over && settling && self.delay.queue_us() < SETTLE_QUEUE_US {
            return Usage::Under;
        }
        usage
    }

    /// Tells a queue that we fill from a path that became longer.
    fn watch_standing(&mut self, now_us: u64, queue_us: u64) {
        if self.delay.usage() != Usage::Over && !self.rate.is_draining() {
            self.standing = None;
            return;
        }
        let (since_us, then_us) = *self.standing.get_or_insert((now_us, queue_us));
        if now_us.saturating_sub(since_us) < REBASE_US + 2 * self.rtt() {
            return;
        }
        if queue_us > then_us - then_us / 5 && queue_us > PROBE_QUEUE_MAX_US {
            self.delay.rebase();
            self.standing = None;
        } else {
            self.standing = Some((now_us, queue_us));
        }
    }

    fn watch_silence(&mut self, now_us: u64) {
        let Some(since_us) = self.unanswered_us else { return };
        let passed = now_us.saturating_sub(since_us);
        if self.reported_us == 0 {
            self.silent |= passed > FALLBACK_US;
            return;
        }
        if passed < SILENCE_US.max(3 * self.rtt()) {
            return;
        }
        if !self.silent || now_us.saturating_sub(self.silenced_us) >= 1_000_000 {
            self.silent = true;
            self.silenced_us = now_us;
            self.rate.set(self.target() * SILENCE_SHARE);
        }
    }

    fn finish_probe(&mut self, now_us: u64) {
        let Some(ended) = self.prober.poll(now_us, self.reported_us, self.loss.inherent()) else {
            return;
        };
        let Some((probed_bps, before_bps)) = self.probe.take() else {
            return;
        };
        let target = self.target();
        let Some(result) = ended else {
            self.next_probe(now_us, false);
            return;
        };
        let full = result.capacity_bps.is_some();
        self.path_full = full;
        if let Some(bps) = result.capacity_bps {
            self.rate.set_capacity(bps);
        }
        let floor = self.acked.bps().unwrap_or(0.0) * 0.85;
        let lowers = full && self.bootstrapping;
        let kept = self.bootstrapping || result.loss <= self.loss.inherent() + PROBE_LOSS;
        if result.bps > target && kept && self.delay.usage() != Usage::Over {
            // It carries more than the limit without more loss.
            self.loss_limit_bps = None;
            self.rate.set(result.bps);
            self.acked.expect_change();
            self.raised_us = Some(now_us);
        } else if lowers && result.bps < target {
            self.rate.set(result.bps.max(floor));
        }
        let further = !full && kept && result.bps >= FURTHER_SHARE * probed_bps;
        if further && self.wants_more() {
            self.probe_at_us = now_us;
            return;
        }
        self.bootstrapping = false;
        self.next_probe(now_us, result.bps > before_bps * NEWS_SHARE);
    }

    fn next_probe(&mut self, now_us: u64, news: bool) {
        if now_us < FIRST_PROBES_US {
            self.probe_at_us = now_us + FIRST_PROBE_PAUSE_US;
            return;
        }
        self.probe_pause_us = if news {
            PROBE_PAUSE_US
        } else {
            (self.probe_pause_us * 2).min(PROBE_PAUSE_MAX_US)
        };
        self.probe_at_us = now_us + self.probe_pause_us;
    }

    fn wants_more(&self) -> bool {
        self.target() < (self.wanted_bps * WANTED_SHARE).min(self.max_bps)
    }

    fn consider_probe(&mut self, now_us: u64) {
        if now_us < self.probe_at_us || !self.prober.is_idle() || self.silent || !self.wants_more() {
            return;
        }
        let calm = self.delay.usage() != Usage::Over
            && self.delay.queue_us() < PROBE_QUEUE_MAX_US
            && !self.rate.is_draining()
            && !self.rate.decreased_within(now_us, CALM_US)
            && !self.loss.is_experimenting();
        if !calm {
            return;
        }
        let target = self.target();
        let share = if self.bootstrapping {
            BOOTSTRAP_SHARE
        } else if self.application.is_limited() {
            PROBE_SHARE
        } else {
            PROBE_SHARE_BUSY
        };
        let bps = (target * share)
            .min(self.wanted_bps * WANTED_SHARE_MAX)
            .max(target * NEWS_SHARE);
        let length = if self.prober.clusters() == 0 {
            Length::First
        } else if self.bootstrapping || self.application.is_limited() {
            Length::Short
        } else {
            Length::Busy
        };
        if self.prober.begin(now_us, bps, length) {
            self.probe = Some((bps, target));
            self.tick_at_us = now_us;
        } else {
            self.probe_at_us = now_us + PROBE_PAUSE_US;
        }
    }

    fn tick_us(&self) -> u64 {
        let tick = if self.prober.is_sending() {
            PROBE_TICK
        } else {
            IDLE_TICK
        };
        tick.as_micros() as u64
    }
}
