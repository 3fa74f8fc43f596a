// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The last packets of one layer by extended sequence number: answers to NACKs and the replay for newcomers.
//! Every thread that forwards the layer may keep its own; packets are shared.

use std::sync::Arc;

use super::packet::MediaPacket;

/// Packets kept of a video layer.
pub const RING_VIDEO_PACKETS: usize = 1_024;
/// Packets kept of an audio source.
pub const RING_AUDIO_PACKETS: usize = 128;
/// Packets kept at most, for a publisher that ignores key frame requests.
pub const RING_PACKETS_MAX: usize = 8_192;
/// Payload octets kept at most.
pub const RING_BYTES_MAX: usize = 12 << 20;

/// A bounded history, ordered by extended sequence number; holes are packets that did not come (yet).
#[derive(Debug)]
pub struct Ring {
    /// Length is a power of two; the place of a packet is its number modulo the length.
    places: Vec<Option<Arc<MediaPacket>>>,
    capacity: usize,
    /// Lowest number that may be here.
    oldest: u64,
    newest: Option<u64>,
    bytes: usize,
    keyframe: Option<u64>,
    keep_gop: bool,
}

impl Ring {
    /// An empty ring; `packets` is rounded up to a power of two and down to [`RING_PACKETS_MAX`].
    #[must_use]
    pub fn new(packets: usize) -> Self {
        let capacity = packets.clamp(1, RING_PACKETS_MAX).next_power_of_two();
        Self {
            places: Vec::new(),
            capacity,
            oldest: 0,
            newest: None,
            bytes: 0,
            keyframe: None,
            keep_gop: false,
        }
    }

    /// Whether to grow, up to the limits, as long as the last key frame would fall out.
    pub fn set_keep_gop(&mut self, keep_gop: bool) {
        self.keep_gop = keep_gop;
    }

    /// Takes a packet in, early or late. False when its number is too old or taken.
    pub fn push(&mut self, packet: Arc<MediaPacket>) -> bool {
        let number = packet.ext_seq;
        if self.places.is_empty() {
            self.places.resize(self.capacity, None);
        }
        match self.newest {
            None => (self.oldest, self.newest) = (number, Some(number)),
            Some(newest) if number > newest => {
                self.make_room(number);
                self.newest = Some(number);
            }
            Some(newest) => {
                let lowest = (newest + 1).saturating_sub(self.places.len() as u64);
                if number < lowest || self.get(number).is_some() {
                    return false;
                }
                // What was evicted for its octets stays out; what precedes the first packet is welcome.
                if number < self.oldest {
                    if self.bytes + packet.payload.len() > RING_BYTES_MAX {
                        return false;
                    }
                    self.oldest = number;
                }
            }
        }
        self.note_keyframe(&packet);
        self.bytes += packet.payload.len();
        if let Some(place) = self.place_mut(number) {
            *place = Some(packet);
        }
        while self.bytes > RING_BYTES_MAX && self.newest.is_some_and(|newest| self.oldest < newest) {
            self.drop_oldest();
        }
        true
    }

    /// The packet of a number.
    #[must_use]
    pub fn get(&self, ext_seq: u64) -> Option<&Arc<MediaPacket>> {
        let length = self.places.len() as u64;
        let place = self.places.get(ext_seq.checked_rem(length)? as usize)?;
        place.as_ref().filter(|packet| packet.ext_seq == ext_seq)
    }

    /// The highest number.
    #[must_use]
    pub fn newest(&self) -> Option<u64> {
        self.newest
    }

    /// Whether a number is one of those that fell out.
    #[must_use]
    pub fn is_past(&self, ext_seq: u64) -> bool {
        self.newest.is_some() && ext_seq < self.oldest
    }

    /// Number of the first packet of the last key frame, while it is here.
    #[must_use]
    pub fn last_keyframe_start(&self) -> Option<u64> {
        self.keyframe
    }

    /// The packets from a number on, in order, without those that are missing.
    pub fn iter_from(&self, ext_seq: u64) -> impl Iterator<Item = &Arc<MediaPacket>> {
        let from = ext_seq.max(self.oldest);
        let to = self.newest.map_or(from, |newest| newest + 1);
        (from..to).filter_map(|number| self.get(number))
    }

    /// Payload octets kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets all packets: a muted source has no history.
    pub fn clear(&mut self) {
        self.places.fill(None);
        (self.newest, self.keyframe, self.bytes) = (None, None, 0);
    }

    fn make_room(&mut self, number: u64) {
        let length = |ring: &Self| ring.places.len() as u64;
        while self.keep_gop
            && self.places.len() < RING_PACKETS_MAX
            && self.keyframe.is_some_and(|start| number - start >= length(self))
        {
            self.grow();
        }
        if self.newest.is_some_and(|newest| number - newest >= length(self)) {
            let keep_gop = self.keep_gop;
            self.clear();
            self.keep_gop = keep_gop;
            self.oldest = number;
            return;
        }
        while number - self.oldest >= length(self) {
            self.drop_oldest();
        }
    }

    fn grow(&mut self) {
        let length = self.places.len() * 2;
        let kept = std::mem::replace(&mut self.places, vec![None; length]);
        for packet in kept.into_iter().flatten() {
            let number = packet.ext_seq;
            if let Some(place) = self.place_mut(number) {
                *place = Some(packet);
            }
        }
    }

    fn drop_oldest(&mut self) {
        let number = self.oldest;
        if let Some(packet) = self.place_mut(number).and_then(Option::take) {
            self.bytes -= packet.payload.len();
        }
        if self.keyframe == Some(number) {
            self.keyframe = None;
        }
        self.oldest += 1;
    }

    fn place_mut(&mut self, number: u64) -> Option<&mut Option<Arc<MediaPacket>>> {
        let length = self.places.len() as u64;
        self.places.get_mut(number.checked_rem(length)? as usize)
    }

    /// Several packets of one key frame may look like its start (SPS, slices): the first one counts.
    fn note_keyframe(&mut self, packet: &MediaPacket) {
        if !packet.keyframe_start {
            return;
        }
        let known = self.keyframe.and_then(|start| self.get(start));
        let replaces = match known {
            None => true,
            Some(known) if known.timestamp == packet.timestamp => packet.ext_seq < known.ext_seq,
            Some(known) => packet.ext_seq > known.ext_seq,
        };
        if replaces {
            self.keyframe = Some(packet.ext_seq);
        }
    }
}
