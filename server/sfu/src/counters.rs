// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What one media thread counts. Plain numbers, read by the shell; nothing here names a person or a room.

use std::time::Duration;

use crate::allocate::Reason;
use crate::engine::Carrier;

/// Upper bounds of the forward-latency histogram, microseconds.
pub const LATENCY_BUCKETS_US: [u32; 12] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
];

/// Upper bounds of the distribution of estimates, bits per second.
pub const ESTIMATE_BUCKETS_BPS: [u64; 7] = [150_000, 300_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000];

/// Why an RTP packet was not forwarded or a datagram not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Drop {
    /// From an address that belongs to no connection.
    UnknownAddress,
    /// A STUN message that was refused.
    Stun,
    /// A datagram of no known protocol (RFC 7983).
    NotForUs,
    /// SRTP or SRTCP that did not authenticate.
    NotAuthentic,
    /// RTP that could not be placed in any stream.
    UnknownStream,
    /// Malformed RTP or RTCP.
    Malformed,
    /// Of a source that the server has muted.
    Muted,
    /// Seen before, or older than what a slot began with.
    Old,
    /// The viewer has no decoder for the codec.
    NoCodec,
    /// The send arena was full.
    ArenaFull,
    /// A command about something that is gone.
    StaleCommand,
    /// A retransmission that was not affordable or not at hand.
    Retransmission,
    /// A handshake's, when too many wait already.
    Handshake,
    /// Came while older packets waited too long for their turn: the thread has more to send than it can.
    Overload,
}

impl Drop {
    /// All of them, in the order of [`Counters::drops`].
    pub const ALL: [Drop; 14] = [
        Drop::UnknownAddress,
        Drop::Stun,
        Drop::NotForUs,
        Drop::NotAuthentic,
        Drop::UnknownStream,
        Drop::Malformed,
        Drop::Muted,
        Drop::Old,
        Drop::NoCodec,
        Drop::ArenaFull,
        Drop::StaleCommand,
        Drop::Retransmission,
        Drop::Handshake,
        Drop::Overload,
    ];

    /// Stable name for metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Drop::UnknownAddress => "unknown_address",
            Drop::Stun => "stun",
            Drop::NotForUs => "not_for_us",
            Drop::NotAuthentic => "not_authentic",
            Drop::UnknownStream => "unknown_stream",
            Drop::Malformed => "malformed",
            Drop::Muted => "muted",
            Drop::Old => "old",
            Drop::NoCodec => "no_codec",
            Drop::ArenaFull => "arena_full",
            Drop::StaleCommand => "stale_command",
            Drop::Retransmission => "retransmission",
            Drop::Handshake => "handshake",
            Drop::Overload => "overload",
        }
    }
}

/// Counters since the start.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    /// RTP packets handed to the socket for viewers, retransmissions included.
    pub forwarded_packets: u64,
    /// Their bytes, UDP payload.
    pub forwarded_bytes: u64,
    /// Retransmissions among them.
    pub retransmitted_packets: u64,
    /// Lost RTP packets that the redundancy of a later one brought (RFC 2198).
    pub recovered_packets: u64,
    /// RTP packets taken from publishers.
    pub received_packets: u64,
    /// Received media packets over 1,200 bytes of payload, which leave little room for GSO and tunnels.
    pub received_large_packets: u64,
    /// Drops by reason, in the order of [`Drop::ALL`].
    pub drops: [u64; Drop::ALL.len()],
    /// Forward latency per bucket of [`LATENCY_BUCKETS_US`], then those above.
    pub latency: [u64; 13],
    /// Sum of all latencies, microseconds.
    pub latency_sum_us: u64,
    /// Publishing connections that are up.
    pub publishers: u64,
    /// Viewing connections that are up.
    pub viewers: u64,
    /// Viewing connections on AES-128-GCM, since the start.
    pub gcm_viewers: u64,
    /// Keyframe requests sent to publishers.
    pub keyframe_requests: u64,
    /// Packets taken over from other threads, those from before this one watched left out.
    pub relayed_packets: u64,
    /// Sum of the times between their arrival at home and here, microseconds.
    pub relay_skew_sum_us: u64,
    /// The longest of these times, microseconds.
    pub relay_skew_max_us: u64,
    /// Bytes of padding sent to measure paths, UDP payload.
    pub padding_bytes: u64,
    /// Slots of all viewers by why they get what they get, in the order of [`Reason::ALL`]; as it is now.
    pub slots_by_reason: [u64; Reason::ALL.len()],
    /// Viewers per bucket of [`ESTIMATE_BUCKETS_BPS`] of their estimates, then those above; as it is now.
    pub estimates: [u64; ESTIMATE_BUCKETS_BPS.len() + 1],
    /// Viewing connections by what carries them, in the order of [`Carrier::ALL`]; as it is now.
    pub viewers_by_carrier: [u64; Carrier::ALL.len()],
    /// Times that a viewer's pictures stopped for a full socket or stream, until their next keyframe.
    pub congested: u64,
}

impl Counters {
    /// Counts one drop.
    pub fn dropped(&mut self, reason: Drop) {
        if let Some(count) = self.drops.get_mut(reason as usize) {
            *count += 1;
        }
    }

    /// Counts one viewer's estimate, bits per second.
    pub fn estimated(&mut self, bps: u64) {
        let bucket = ESTIMATE_BUCKETS_BPS.iter().position(|bound| bps <= *bound);
        if let Some(count) = self.estimates.get_mut(bucket.unwrap_or(ESTIMATE_BUCKETS_BPS.len())) {
            *count += 1;
        }
    }

    /// Counts what carries one viewer; nothing does before it is connected.
    pub fn carried(&mut self, carrier: Carrier) {
        let place = Carrier::ALL.iter().position(|known| *known == carrier);
        if let Some(count) = place.and_then(|place| self.viewers_by_carrier.get_mut(place)) {
            *count += 1;
        }
    }

    /// Adds what another thread counted.
    pub fn add(&mut self, other: &Counters) {
        self.forwarded_packets += other.forwarded_packets;
        self.forwarded_bytes += other.forwarded_bytes;
        self.retransmitted_packets += other.retransmitted_packets;
        self.recovered_packets += other.recovered_packets;
        self.received_packets += other.received_packets;
        self.received_large_packets += other.received_large_packets;
        self.latency_sum_us += other.latency_sum_us;
        self.publishers += other.publishers;
        self.viewers += other.viewers;
        self.gcm_viewers += other.gcm_viewers;
        self.keyframe_requests += other.keyframe_requests;
        self.relayed_packets += other.relayed_packets;
        self.relay_skew_sum_us += other.relay_skew_sum_us;
        self.relay_skew_max_us = self.relay_skew_max_us.max(other.relay_skew_max_us);
        self.congested += other.congested;
        self.padding_bytes += other.padding_bytes;
        for (sum, more) in self.viewers_by_carrier.iter_mut().zip(other.viewers_by_carrier) {
            *sum += more;
        }
        for (sum, more) in self.slots_by_reason.iter_mut().zip(other.slots_by_reason) {
            *sum += more;
        }
        for (sum, more) in self.estimates.iter_mut().zip(other.estimates) {
            *sum += more;
        }
        for (sum, more) in self.drops.iter_mut().zip(other.drops) {
            *sum += more;
        }
        for (sum, more) in self.latency.iter_mut().zip(other.latency) {
            *sum += more;
        }
    }

    /// Leaves only what happened: nobody is connected any more.
    pub fn forget_connections(&mut self) {
        (self.publishers, self.viewers) = (0, 0);
        self.viewers_by_carrier = Default::default();
        self.slots_by_reason = Default::default();
        self.estimates = Default::default();
    }

    /// Counts a packet of another thread that arrived there `skew` ago.
    pub fn relayed(&mut self, skew: Duration, past: bool) {
        if past {
            return;
        }
        let us = u64::try_from(skew.as_micros()).unwrap_or(u64::MAX);
        self.relayed_packets += 1;
        self.relay_skew_sum_us = self.relay_skew_sum_us.saturating_add(us);
        self.relay_skew_max_us = self.relay_skew_max_us.max(us);
    }

    /// Counts `packets` that waited for `latency` between socket and socket.
    pub fn forwarded(&mut self, packets: u64, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = LATENCY_BUCKETS_US.iter().position(|bound| us <= u64::from(*bound));
        if let Some(count) = self.latency.get_mut(bucket.unwrap_or(LATENCY_BUCKETS_US.len())) {
            *count += packets;
        }
        self.latency_sum_us = self.latency_sum_us.saturating_add(us.saturating_mul(packets));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_place() {
        let mut counters = Counters::default();
        for (place, reason) in Drop::ALL.into_iter().enumerate() {
            counters.dropped(reason);
            assert_eq!(counters.drops[place], 1, "{}", reason.name());
        }
    }
}
