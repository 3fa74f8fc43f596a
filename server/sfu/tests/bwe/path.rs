// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One bottleneck for all viewers: a drop-tail queue in bytes, served at a rate that changes by plan, and behind it
//! loss (Gilbert-Elliott), delay, jitter and reordering.

use std::collections::VecDeque;

use crate::random::Random;

/// Headers of IPv4 and UDP.
pub(crate) const OVERHEAD: u64 = 28;

/// What a path does.
#[derive(Debug, Clone)]
pub(crate) struct PathSpec {
    /// Capacity from a time on, (microseconds, bits per second), in order.
    pub(crate) steps: Vec<(u64, u64)>,
    /// What may wait, as time at the first capacity, microseconds.
    pub(crate) queue_us: u64,
    /// Propagation one way, microseconds.
    pub(crate) delay_us: u64,
    /// Share lost behind the queue.
    pub(crate) loss: f64,
    /// Packets of a mean burst of loss; 1: each by itself.
    pub(crate) burst: f64,
    /// Added at random, order kept, microseconds.
    pub(crate) jitter_us: u64,
    /// Share of packets overtaken by others, by up to 20 ms.
    pub(crate) reorder: f64,
    /// Share of reports lost on the way back.
    pub(crate) report_loss: f64,
}

impl PathSpec {
    pub(crate) fn new(bps: u64) -> Self {
        Self {
            steps: vec![(0, bps)],
            queue_us: 300_000,
            delay_us: 25_000,
            loss: 0.0,
            burst: 1.0,
            jitter_us: 2_000,
            reorder: 0.0,
            report_loss: 0.0,
        }
    }
}

/// A datagram on its way to a viewer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet {
    pub(crate) viewer: usize,
    pub(crate) seq: u16,
    pub(crate) bytes: u64,
    pub(crate) audio: bool,
    pub(crate) padding: bool,
}

#[derive(Debug)]
pub(crate) struct Path {
    spec: PathSpec,
    random: Random,
    queue: VecDeque<(u64, Packet)>,
    queued_bytes: u64,
    free_at_us: u64,
    last_arrival_us: u64,
    bad: bool,
    /// Wire bytes that left the queue, by viewer, without padding.
    pub(crate) carried: [u64; 2],
}

impl Path {
    pub(crate) fn new(spec: PathSpec, random: Random) -> Self {
        Self {
            spec,
            random,
            queue: VecDeque::new(),
            queued_bytes: 0,
            free_at_us: 0,
            last_arrival_us: 0,
            bad: false,
            carried: [0; 2],
        }
    }

    pub(crate) fn capacity(&self, at_us: u64) -> u64 {
        let current = self.spec.steps.iter().rev().find(|(from, _)| *from <= at_us);
        current.expect("a capacity from the beginning").1
    }

    /// Waiting time of a packet that comes now.
    pub(crate) fn waiting_us(&self, now_us: u64) -> u64 {
        let rest = self.free_at_us.saturating_sub(now_us);
        rest + self.queued_bytes * 8_000_000 / self.capacity(now_us)
    }

    pub(crate) fn offer(&mut self, now_us: u64, packet: Packet) {
        let limit = self.spec.queue_us * self.spec.steps[0].1 / 8_000_000;
        if self.queued_bytes + packet.bytes > limit.max(3_000) {
            return;
        }
        self.queued_bytes += packet.bytes;
        self.queue.push_back((now_us, packet));
    }

    /// Serves the queue up to a time; hands out arrivals, in no order.
    pub(crate) fn serve(&mut self, until_us: u64, mut arrive: impl FnMut(u64, Packet)) {
        while let Some((came_us, packet)) = self.queue.front().copied() {
            let begin = self.free_at_us.max(came_us);
            let end = begin + packet.bytes * 8_000_000 / self.capacity(begin);
            if end > until_us {
                // The head is being served; what it will take stays in the queue's length.
                return;
            }
            self.queue.pop_front();
            self.queued_bytes -= packet.bytes;
            self.free_at_us = end;
            if !packet.padding {
                self.carried[packet.viewer] += packet.bytes;
            }
            if self.loses() {
                continue;
            }
            let mut arrival = end + self.spec.delay_us + self.random.below(self.spec.jitter_us + 1);
            if self.random.chance(self.spec.reorder) {
                arrival += self.random.below(20_000);
            } else {
                arrival = arrival.max(self.last_arrival_us);
                self.last_arrival_us = arrival;
            }
            arrive(arrival, packet);
        }
    }

    /// Gilbert-Elliott with all lost in the bad state and none in the good one.
    fn loses(&mut self) -> bool {
        let PathSpec { loss, burst, .. } = self.spec;
        if burst <= 1.0 {
            return self.random.chance(loss);
        }
        let turn = if self.bad {
            1.0 / burst
        } else {
            loss / (burst * (1.0 - loss))
        };
        if self.random.chance(turn) {
            self.bad = !self.bad;
        }
        self.bad
    }

    /// When a report arrives that leaves now; none when it is lost.
    pub(crate) fn report(&mut self, now_us: u64) -> Option<u64> {
        let lost = self.random.chance(self.spec.report_loss);
        (!lost).then(|| now_us + self.spec.delay_us + self.random.below(self.spec.jitter_us + 1))
    }
}
