// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Bandwidth estimation for one viewer, at the sender: Google Congestion Control (draft-ietf-rmcat-gcc-02 and what
//! libwebrtc does today), without a clock, a socket, or any knowledge of what the packets hold.
//!
//! # Calling contract
//!
//! One [`Estimator`] belongs to one viewer's connection. All times are the same monotonic clock and never run back.
//!
//! 1. [`Estimator::new`] when DTLS is complete: the path is probed from that moment on, before the first picture.
//! 2. [`Estimator::set_wanted`] whenever the allocation knows what it would send at most if the path carried it: the sum
//!    of the best layers of all slots and the sound. Nothing is probed beyond it, so viewers who have everything
//!    cost no padding.
//! 3. [`Estimator::on_sent`] for **every** packet that carries a transport-wide number, in the order of the numbers,
//!    once it is sealed: sound, pictures, retransmissions, padding. It costs some nanoseconds and never allocates.
//! 4. [`Estimator::on_feedback`] for each transport-wide feedback of the viewer, [`Estimator::on_loss_report`] for the
//!    highest fraction lost among the video slots of each receiver report, also where the viewer sends both.
//! 5. [`Estimator::tick`] at the time that the last `tick` returned, or later. Between probes that is every
//!    [`IDLE_TICK`], while a probe is being sent every [`PROBE_TICK`]. Feedback may begin a probe: after
//!    `on_feedback` ask [`Estimator::deadline`] again.
//! 6. After each `tick`: [`Estimator::padding_due`], and send that many bytes as padding (old packets again on the
//!    retransmission SSRC, or packets of padding alone), less what cannot be had; each through `on_sent` with
//!    [`SentKind::Padding`]. Whether a packet belongs to a probe is decided here: media sent meanwhile counts too and
//!    lowers what is due.
//! 7. [`Estimator::estimate`] at any time; it changes in `on_feedback`, `on_loss_report` and `tick` alone.
//!
//! Rates count what is on the wire: `on_sent` adds [`WIRE_OVERHEAD_BYTES`] to each datagram. The allocation must
//! count them as well: 11 kbit/s for sound of 50 packets a second, about 2.5 % of video.
//! Sound never waits for an estimate: what does not fit is taken from the pictures.
//! A viewer without transport-wide feedback is estimated from receiver reports alone (Firefox agrees to transport-cc on
//! audio, and reports on nothing where there is only audio).
//!
//! # Where this differs from libwebrtc
//!
//! - A group of packets counts with its smallest delay, since media leaves unpaced, a batch at a time ([`Pacer`] holds
//!   back keyframes alone).
//! - Loss is not explained by a likelihood model but by trying: less is sent for a moment; loss that stays is the path's
//!   own and costs no rate any more.
//! - A long queue is drained on purpose and then left for the capacity that was seen.
//! - A path is probed while more is wanted, whether or not the application limits the rate, since layers come in steps.
//!
//! # What a viewer's lies can do
//!
//! Reports on packets never sent, or reported before, change nothing. Clocks that run back or jump reset the delay
//! part. Reports beyond [`FEEDBACKS_PER_S_MAX`] are not read. Claims of losing everything lower that viewer's own rate;
//! claims of receiving everything raise it up to [`Config::max_bps`] and what the allocation sends at most, and cost
//! padding within [`PADDING_BURST_BYTES_MAX`] and [`PADDING_BYTES_PER_S_MAX`]. All of it is counted in
//! [`FeedbackCounters`].
//!
//! Memory: 16 KiB for the packets sent ([`SENT_PACKETS_MAX`] of 8 bytes) and less than 2 KiB beside.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

mod acked;
mod alr;
mod delay;
mod estimator;
mod fallback;
mod feedback;
mod loss;
mod pacer;
mod probe;
mod rate;
mod sent;

#[cfg(test)]
mod tests;

pub use estimator::Estimator;
pub use feedback::{FEEDBACKS_PER_S_MAX, FeedbackCounters};
pub use pacer::{PACING_PERCENT, Pacer, UNPACED_BPS};
pub use probe::{PADDING_BURST_BYTES_MAX, PADDING_BYTES_PER_S_MAX};
pub use sent::{SENT_PACKETS_MAX, SentKind};

/// Headers of IPv4 and UDP, counted with each datagram.
pub const WIRE_OVERHEAD_BYTES: usize = 28;
/// How often [`Estimator::tick`] wants to be called while nothing is probed.
pub const IDLE_TICK: Duration = Duration::from_millis(100);
/// How often while a probe is being sent.
pub const PROBE_TICK: Duration = Duration::from_millis(5);
/// The time over which loss is judged, microseconds.
const LOSS_WINDOW_US: u64 = 500_000;

/// Bounds of the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// First target, bits per second: what is sent before anything is known.
    pub start_bps: u64,
    /// The target never goes below, bits per second: sound and a little.
    pub min_bps: u64,
    /// The target never goes above, bits per second.
    pub max_bps: u64,
}

impl Default for Config {
    /// 300 kbit/s at the start as browsers do, 60 kbit/s to 12 Mbit/s.
    fn default() -> Self {
        Self {
            start_bps: 300_000,
            min_bps: 60_000,
            max_bps: 12_000_000,
        }
    }
}

/// What holds the target where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LimitedBy {
    /// Nothing is known yet.
    #[default]
    Start,
    /// The path: it is tried and grows slowly, or a probe showed its end.
    Path,
    /// A queue that grew or stands.
    Delay,
    /// Loss that comes from the rate, or may.
    Loss,
    /// We send less than the target, so that it is not tried.
    Application,
    /// No reports come back.
    Silence,
    /// [`Config::max_bps`].
    Maximum,
    /// Receiver reports alone: no transport-wide feedback.
    Reports,
}

/// The state of one viewer's path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// What may be sent in all, bits per second on the wire.
    pub target_bps: u64,
    /// What arrives, bits per second on the wire; none in the first half second.
    pub acked_bps: Option<u64>,
    /// Round trip, including up to a report's interval at the viewer.
    pub rtt: Option<Duration>,
    /// Share lost, 0 to 1, over about two seconds.
    pub loss: f32,
    /// What the path loses whatever we send, 0 to 1: retransmissions take that much more.
    pub inherent_loss: f32,
    /// Waiting time in the path's queue.
    pub queue_delay: Duration,
    /// Why the target is not higher.
    pub limited_by: LimitedBy,
    /// Probe clusters begun so far.
    pub probes: u32,
}
