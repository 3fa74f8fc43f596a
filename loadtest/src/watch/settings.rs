// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What all viewers of a run share: where the run is, how closely they look, what networks they are behind.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::network::{Network, Profile};

/// Where the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// People come.
    Ramp = 0,
    /// Measured.
    Steady = 1,
    /// The publisher has stopped; the last packets come in.
    Drain = 2,
}

/// See the module's head.
#[derive(Debug)]
pub struct Settings {
    phase: AtomicU8,
    /// Ends the pools.
    pub stop: AtomicBool,
    /// When the run began; the zero of its plots.
    pub began: Instant,
    /// Between TWCC feedbacks of a viewer.
    pub twcc_every: Duration,
    /// One viewer in so many opens and checks every packet; the others read headers once they have a picture.
    pub sample: usize,
    /// One publisher with one layer: what came is held against what it sent. Else against the sequence numbers.
    pub exact: bool,
    /// Bad networks; empty: none.
    pub networks: Vec<Profile>,
    /// Seed of the networks.
    pub seed: u64,
    /// Last change of speaker: when (nanoseconds since 1970; 0: never), and to whom.
    changed_ns: AtomicU64,
    changed_to: AtomicU64,
}

impl Settings {
    /// Settings at the beginning of a run: every viewer checks everything, one publisher, good networks.
    #[must_use]
    pub fn new(twcc_every: Duration) -> Self {
        Self {
            phase: AtomicU8::new(Phase::Ramp as u8),
            stop: AtomicBool::new(false),
            began: Instant::now(),
            twcc_every,
            sample: 1,
            exact: true,
            networks: Vec::new(),
            seed: 1,
            changed_ns: AtomicU64::new(0),
            changed_to: AtomicU64::new(0),
        }
    }

    /// Moves the run on.
    pub fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Whether the run is over for viewers: who is closed now was not lost.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.phase.load(Ordering::Relaxed) == Phase::Drain as u8
    }

    /// Whether packets are measured now.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == Phase::Steady as u8
    }

    /// Whether this viewer opens and checks everything.
    #[must_use]
    pub fn checks(&self, number: usize) -> bool {
        number.is_multiple_of(self.sample.max(1))
    }

    /// The network that a viewer is behind: profiles are dealt out by their shares.
    #[must_use]
    pub fn network(&self, number: usize) -> Option<Network> {
        let mut place = (number % 100) as f64;
        for profile in &self.networks {
            if place < profile.share_percent {
                return Some(Network::new(*profile, self.seed, number));
            }
            place -= profile.share_percent;
        }
        None
    }

    /// Another publisher became the loudest.
    pub fn change_speaker(&self, to: u16, at_ns: u64) {
        self.changed_to.store(u64::from(to), Ordering::Relaxed);
        self.changed_ns.store(at_ns, Ordering::Release);
    }

    /// The last change of speaker: to whom, when (nanoseconds since 1970).
    #[must_use]
    pub fn speaker_change(&self) -> Option<(u16, u64)> {
        let at_ns = self.changed_ns.load(Ordering::Acquire);
        (at_ns > 0).then(|| (self.changed_to.load(Ordering::Relaxed) as u16, at_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_dealt_out_by_share_and_samples_by_number() {
        let mut settings = Settings::new(Duration::from_millis(50));
        settings.sample = 20;
        let profile = |loss_percent, share_percent| Profile {
            loss_percent,
            share_percent,
            ..Profile::default()
        };
        settings.networks = vec![profile(1.0, 30.0), profile(2.0, 20.0)];
        let behind = (0..200).filter(|n| settings.network(*n).is_some()).count();
        assert_eq!(behind, 100);
        assert_eq!((0..200).filter(|n| settings.checks(*n)).count(), 10);
        assert_eq!(settings.speaker_change(), None);
        settings.change_speaker(3, 9);
        assert_eq!(settings.speaker_change(), Some((3, 9)));
    }
}
