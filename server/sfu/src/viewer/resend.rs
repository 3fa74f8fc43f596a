// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The last sealed packets of one sound slot, for viewers who ask for lost ones. Browsers know no retransmission stream
//! for sound, so the very bytes go out again under their own number: AES-GCM never seals a number twice.

use std::time::{Duration, Instant};

/// Packets kept: 0.64 s of 20 ms each, longer than a receiver waits for sound.
pub const RESEND_PACKETS_MAX: usize = 32;
/// Sealed bytes kept.
const RESEND_BYTES_MAX: usize = 8 * 1_024;
/// Times that one packet is sent again.
const RESENDS_EACH_MAX: u8 = 4;
/// What nobody asked for within so many seconds is given back.
const RESEND_IDLE_S_MAX: u8 = 60;

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    seq: u16,
    twcc: u16,
    /// Of all bytes ever written; the place in the ring is the remainder.
    start: u64,
    len: usize,
    resent: u8,
    resent_at: Option<Instant>,
}

/// A ring of sealed packets: made when somebody asks for the first time, so that who loses nothing pays nothing.
#[derive(Debug)]
pub(super) struct Sealed {
    bytes: Box<[u8]>,
    places: [Place; RESEND_PACKETS_MAX],
    next: usize,
    written: u64,
    idle_s: u8,
}

impl Sealed {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; RESEND_BYTES_MAX].into_boxed_slice(),
            places: [Place::default(); RESEND_PACKETS_MAX],
            next: 0,
            written: 0,
            idle_s: 0,
        }
    }

    /// Keeps a packet that was just sealed under `seq`, with its transport-wide number.
    pub(super) fn keep(&mut self, seq: u16, twcc: u16, datagram: &[u8]) {
        let (length, len) = (self.bytes.len(), datagram.len());
        let at = (self.written % length as u64) as usize;
        if at + len > length {
            self.written += (length - at) as u64;
        }
        let start = self.written;
        let at = (start % length as u64) as usize;
        let Some(space) = self.bytes.get_mut(at..at + len) else {
            return;
        };
        space.copy_from_slice(datagram);
        self.written += len as u64;
        if let Some(place) = self.places.get_mut(self.next) {
            *place = Place {
                seq,
                twcc,
                start,
                len,
                resent: 0,
                resent_at: None,
            };
        }
        self.next = (self.next + 1) % RESEND_PACKETS_MAX;
    }

    /// The bytes sent under `seq` with their transport-wide number, a few times, a round trip apart.
    pub(super) fn find(&mut self, now: Instant, round_trip: Duration, seq: u16) -> Option<(u16, &[u8])> {
        let length = self.bytes.len() as u64;
        let written = self.written;
        let kept = |place: &&mut Place| place.len > 0 && place.seq == seq && place.start + length >= written;
        let place = self.places.iter_mut().find(kept)?;
        // A request that is answered already is often made again.
        let is_early = place.resent_at.is_some_and(|last| now < last + round_trip);
        if is_early || place.resent >= RESENDS_EACH_MAX {
            return None;
        }
        place.resent += 1;
        place.resent_at = Some(now);
        let at = (place.start % length) as usize;
        Some((place.twcc, self.bytes.get(at..at + place.len)?))
    }

    /// Somebody asked.
    pub(super) fn touch(&mut self) {
        self.idle_s = 0;
    }

    /// A second passed. True while somebody asked not long ago.
    pub(super) fn is_in_use(&mut self) -> bool {
        self.idle_s = self.idle_s.saturating_add(1);
        self.idle_s <= RESEND_IDLE_S_MAX
    }
}

#[cfg(test)]
// Any moment will do as the time of a request.
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_packet_is_found_a_few_times_and_then_no_more() {
        let mut sealed = Sealed::new();
        sealed.keep(7, 70, b"seven");
        let mut now = Instant::now();
        let round_trip = Duration::from_millis(30);
        for _ in 0..RESENDS_EACH_MAX {
            assert_eq!(sealed.find(now, round_trip, 7), Some((70, &b"seven"[..])));
            now += Duration::from_millis(29);
            assert_eq!(sealed.find(now, round_trip, 7), None, "it is on its way");
            now += Duration::from_millis(1);
        }
        assert_eq!(sealed.find(now, round_trip, 7), None);
        assert_eq!(sealed.find(now, round_trip, 0), None, "places that hold nothing");
    }

    #[test]
    fn it_is_given_back_when_nobody_asks() {
        let mut sealed = Sealed::new();
        assert!((0..RESEND_IDLE_S_MAX).all(|_| sealed.is_in_use()));
        sealed.touch();
        assert!((0..RESEND_IDLE_S_MAX).all(|_| sealed.is_in_use()));
        assert!(!sealed.is_in_use());
    }

    proptest! {
        /// What is found is what was kept, byte for byte, and the newest are always found while they fit.
        #[test]
        fn what_is_found_is_what_was_kept(lens in proptest::collection::vec(1_usize..1_500, 1..200)) {
            let (mut sealed, now) = (Sealed::new(), Instant::now());
            let packet = |number: usize, len: usize| -> Vec<u8> { (0..len).map(|at| (number * 31 + at) as u8).collect() };
            for (number, len) in lens.iter().enumerate() {
                sealed.keep(number as u16, !(number as u16), &packet(number, *len));
                let mut bytes = 0;
                for (back, (earlier, len)) in lens.iter().enumerate().take(number + 1).rev().enumerate() {
                    bytes += len;
                    // At the end of the ring less than one packet is left free.
                    let must = back < RESEND_PACKETS_MAX && bytes + 1_500 <= RESEND_BYTES_MAX;
                    let mut copy = Sealed { bytes: sealed.bytes.clone(), ..sealed };
                    match copy.find(now, Duration::ZERO, earlier as u16) {
                        Some((twcc, found)) => {
                            prop_assert_eq!(twcc, !(earlier as u16));
                            prop_assert_eq!(found, &packet(earlier, *len)[..]);
                        }
                        None => prop_assert!(!must, "{} of {}", earlier, number),
                    }
                }
            }
        }
    }
}
