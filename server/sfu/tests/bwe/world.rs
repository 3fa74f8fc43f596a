// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Virtual time: sources, estimators, the path and the viewers, a millisecond a step.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::{Duration, Instant};

use fiera_sfu::bwe::{Config, Estimate, Estimator, Pacer, SentKind};
use fiera_sfu::rtcp::{Compound, Packet as Rtcp};

use crate::path::{OVERHEAD, Packet, Path, PathSpec};
use crate::random::Random;
use crate::receiver::{REPORT_US, Receiver};
use crate::source::{Picture, Source};

const STEP_US: u64 = 1_000;
/// Time between samples, microseconds.
pub(crate) const SAMPLE_US: u64 = 100_000;
const PADDING_BYTES: usize = 1_100;

/// What one viewer looked like at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) at_us: u64,
    pub(crate) estimate: Estimate,
    /// Waiting time in the bottleneck.
    pub(crate) waiting_us: u64,
    /// Wire bytes carried since the sample before, without padding.
    pub(crate) carried: u64,
    pub(crate) layer: Option<usize>,
}

struct Viewer {
    epoch: Instant,
    from_us: u64,
    estimator: Estimator,
    pacer: Pacer,
    source: Source,
    receiver: Receiver,
    waiting: VecDeque<u64>,
    seq: u16,
    next_report_us: u64,
    tick_at: Instant,
    samples: Vec<Sample>,
    audio: (u64, u64),
    padding: u64,
    sent: u64,
}

/// What came of one viewer.
pub(crate) struct Outcome {
    pub(crate) samples: Vec<Sample>,
    pub(crate) audio_sent: u64,
    pub(crate) audio_arrived: u64,
    /// Share of padding in what was sent.
    pub(crate) padding: f64,
}

/// Runs viewers, each from a time on (microseconds), behind one path.
// Any moment will do as the beginning.
#[allow(clippy::disallowed_methods)]
pub(crate) fn run(seed: u64, spec: &PathSpec, viewers: &[(u64, Picture)], for_us: u64) -> Vec<Outcome> {
    let mut random = Random::new(seed);
    let epoch = Instant::now();
    let at = |us: u64| epoch + Duration::from_micros(us);
    let mut path = Path::new(spec.clone(), random.fork());
    let mut arrivals = BinaryHeap::new();
    let mut packets: Vec<Packet> = Vec::new();
    let mut reports: VecDeque<(u64, usize, Vec<u8>)> = VecDeque::new();
    let mut all: Vec<Viewer> = viewers
        .iter()
        .map(|(from_us, picture)| Viewer::new(*from_us, at(*from_us), *picture, &mut random))
        .collect();
    let mut carried = [0; 2];
    for now_us in (0..for_us).step_by(STEP_US as usize) {
        let now = at(now_us);
        path.serve(now_us, |arrival, packet| {
            arrivals.push(Reverse((arrival, packets.len())));
            packets.push(packet);
        });
        while let Some(Reverse((arrival, index))) = arrivals.peek().copied().filter(|Reverse((a, _))| *a <= now_us) {
            arrivals.pop();
            let packet = packets[index];
            let viewer = &mut all[packet.viewer];
            viewer.receiver.on_packet(arrival, packet.seq);
            viewer.audio.1 += u64::from(packet.audio);
        }
        while let Some((_, index, bytes)) = reports.pop_front_if(|(due, _, _)| *due <= now_us) {
            let compound = Compound::parse(&bytes).expect("a report of our own");
            for rtcp in compound.packets() {
                if let Rtcp::Twcc(twcc) = rtcp {
                    all[index].estimator.on_feedback(now, &twcc);
                }
            }
        }
        for (index, viewer) in all.iter_mut().enumerate().filter(|(_, v)| v.from_us <= now_us) {
            if now_us >= viewer.next_report_us {
                viewer.next_report_us += REPORT_US;
                if let Some(bytes) = viewer.receiver.report(now_us)
                    && let Some(due) = path.report(now_us)
                {
                    reports.push_back((due, index, bytes));
                }
            }
            viewer.step(now, |packet| {
                path.offer(
                    now_us,
                    Packet {
                        viewer: index,
                        ..packet
                    },
                );
            });
            if now_us % SAMPLE_US == 0 {
                viewer.samples.push(Sample {
                    at_us: now_us - viewer.from_us,
                    estimate: viewer.estimator.estimate(),
                    waiting_us: path.waiting_us(now_us),
                    carried: path.carried[index] - carried[index],
                    layer: viewer.source.layer,
                });
                carried[index] = path.carried[index];
            }
        }
    }
    all.into_iter().map(Viewer::outcome).collect()
}

impl Viewer {
    fn new(from_us: u64, now: Instant, picture: Picture, random: &mut Random) -> Self {
        let source = Source::new(picture, random.fork());
        let mut estimator = Estimator::new(now, Config::default());
        estimator.set_wanted(now, source.wanted());
        Self {
            epoch: now,
            from_us,
            pacer: Pacer::new(now, estimator.estimate().target_bps),
            tick_at: now,
            estimator,
            source,
            receiver: Receiver::default(),
            waiting: VecDeque::new(),
            // Wraps early in each run.
            seq: 64_000 + random.below(1_000) as u16,
            next_report_us: from_us + random.below(REPORT_US),
            samples: Vec::new(),
            audio: (0, 0),
            padding: 0,
            sent: 0,
        }
    }

    fn step(&mut self, now: Instant, mut offer: impl FnMut(Packet)) {
        // As in the engine, whose shell calls every 5 ms.
        if now >= self.tick_at.min(self.estimator.deadline()) {
            self.tick_at = self.estimator.tick(now);
            let mut due = self.estimator.padding_due(now);
            while due > 0 {
                let bytes = PADDING_BYTES.min(due.max(100));
                self.send(now, bytes, SentKind::Padding, false, &mut offer);
                due = due.saturating_sub(bytes + OVERHEAD as usize);
            }
        }
        let target = self.estimator.estimate().target_bps;
        self.pacer.set_target(now, target);
        let now_us = now.saturating_duration_since(self.epoch).as_micros() as u64;
        let (audio, picture) = self.source.due(now_us, target);
        for bytes in audio {
            self.audio.0 += 1;
            self.send(now, bytes as usize, SentKind::Media, true, &mut offer);
        }
        self.waiting.extend(picture);
        while !self.waiting.is_empty() && self.pacer.may_send_now(now) {
            for bytes in self.waiting.drain(..self.waiting.len().min(8)).collect::<Vec<_>>() {
                self.send(now, bytes as usize, SentKind::Media, false, &mut offer);
            }
        }
    }

    fn send(&mut self, now: Instant, bytes: usize, kind: SentKind, audio: bool, offer: &mut impl FnMut(Packet)) {
        self.estimator.on_sent(now, self.seq, bytes, kind);
        self.pacer.on_sent(bytes);
        let wire = bytes as u64 + OVERHEAD;
        let padding = kind == SentKind::Padding;
        self.sent += wire;
        self.padding += if padding { wire } else { 0 };
        offer(Packet {
            viewer: 0,
            seq: self.seq,
            bytes: wire,
            audio,
            padding,
        });
        self.seq = self.seq.wrapping_add(1);
    }

    fn outcome(self) -> Outcome {
        Outcome {
            samples: self.samples,
            audio_sent: self.audio.0,
            audio_arrived: self.audio.1,
            padding: self.padding as f64 / self.sent.max(1) as f64,
        }
    }
}
