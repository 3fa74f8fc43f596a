// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What a viewer got, by the publisher's stamps: nothing here trusts the server's own numbering.

use std::collections::BTreeMap;

use crate::wire::stamp::{Medium, Stamp};
use crate::wire::vp8::Descriptor;

/// Packets of one medium seen, from the first one on.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    first: Option<u64>,
    highest: u64,
    bits: Vec<u64>,
    /// Different packets.
    pub unique: u64,
}

/// What a packet was to the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// New, and newer than all before.
    New,
    /// New, but newer ones came before it.
    Late,
    /// Had been here.
    Duplicate,
}

impl Seen {
    /// Enters a packet.
    pub fn mark(&mut self, number: u64) -> Mark {
        let first = *self.first.get_or_insert(number);
        let Some(at) = number.checked_sub(first) else {
            return Mark::Late;
        };
        let (word, bit) = ((at / 64) as usize, 1_u64 << (at % 64));
        if self.bits.len() <= word {
            self.bits.resize(word + 64, 0);
        }
        if self.bits[word] & bit != 0 {
            return Mark::Duplicate;
        }
        self.bits[word] |= bit;
        self.unique += 1;
        if self.unique > 1 && number < self.highest {
            return Mark::Late;
        }
        self.highest = number;
        Mark::New
    }

    /// How many packets should be here when the publisher had sent `sent`, and `from` when this viewer came.
    #[must_use]
    pub fn expected(&self, sent: u64, from: u64) -> u64 {
        sent.saturating_sub(self.first.unwrap_or(from))
    }
}

/// Which rule of the wire the server broke, and how often.
pub type Faults = BTreeMap<&'static str, u64>;

/// Counts a fault.
pub fn fault(faults: &mut Faults, name: &'static str) {
    *faults.entry(name).or_default() += 1;
}

/// Collects the packets of one keyframe until it is whole.
#[derive(Debug, Clone, Default)]
pub struct KeyframeWatch {
    frame: u32,
    source: (u16, u8),
    mask: u128,
}

impl KeyframeWatch {
    /// Whether this packet makes a keyframe whole.
    pub fn complete(&mut self, stamp: &Stamp) -> bool {
        if !stamp.key || stamp.count > 127 {
            return false;
        }
        let source = (stamp.source, stamp.layer);
        if (self.frame, self.source) != (stamp.frame, source) {
            *self = Self {
                frame: stamp.frame,
                source,
                mask: 0,
            };
        }
        self.mask |= 1 << stamp.index;
        self.mask == (1 << stamp.count) - 1
    }
}

/// Checks that what follows each other on the wire fits together as RFC 7741 asks.
#[derive(Debug, Clone, Default)]
pub struct VideoOrder {
    last: Option<(u64, Stamp, Descriptor, u32)>,
}

impl VideoOrder {
    /// Looks at a packet with its full sequence number, marker and timestamp.
    pub fn check(
        &mut self,
        full: u64,
        stamp: Stamp,
        descriptor: Descriptor,
        marker: bool,
        timestamp: u32,
        faults: &mut Faults,
    ) {
        if marker != (stamp.index + 1 == stamp.count) {
            fault(faults, "marker");
        }
        if let Some((last_full, last, last_descriptor, last_timestamp)) = self.last
            && full == last_full + 1
            && (stamp.source, stamp.layer) == (last.source, last.layer)
        {
            let (picture, before) = (descriptor.picture_id, last_descriptor.picture_id);
            if stamp.frame == last.frame {
                if timestamp != last_timestamp {
                    fault(faults, "timestamp_within_frame");
                }
                if picture != before {
                    fault(faults, "picture_id_within_frame");
                }
            } else if stamp.frame == last.frame + 1 {
                if picture
                    .zip(before)
                    .is_none_or(|(now, then)| now.wrapping_sub(then) & 0x7FFF != 1)
                {
                    fault(faults, "picture_id_step");
                }
                if descriptor
                    .tl0_pic_idx
                    .zip(last_descriptor.tl0_pic_idx)
                    .is_none_or(|(now, then)| now.wrapping_sub(then) != 1)
                {
                    fault(faults, "tl0_step");
                }
                let step = timestamp.wrapping_sub(last_timestamp) as i32;
                if !(1..=90_000).contains(&step) {
                    fault(faults, "timestamp_step");
                }
            } else if last.index + 1 == last.count && !stamp.key {
                fault(faults, "frames_skipped_without_keyframe");
            }
        }
        if self.last.is_none_or(|(last_full, ..)| full > last_full) {
            self.last = Some((full, stamp, descriptor, timestamp));
        }
    }
}

/// A viewer's final account.
#[derive(Debug, Clone, Default)]
pub struct ViewerReport {
    /// Number within the run.
    pub number: usize,
    /// When the click was, seconds since the run began.
    pub clicked_s: f64,
    /// Whether every packet was opened and checked; elsewhere only those until the first picture and retransmissions.
    pub checked: bool,
    /// From a change of speaker to the first whole keyframe of the new one, milliseconds, one per change seen.
    pub switches_ms: Vec<f64>,
    /// Datagrams that the viewer's emulated network lost.
    pub network_lost: u64,
    /// Different stamped packets received, audio and video.
    pub unique: [u64; 2],
    /// Those that should have come.
    pub expected: [u64; 2],
    /// Came twice.
    pub duplicates: u64,
    /// Came after newer ones, not by RTX.
    pub reorders: u64,
    /// Came by RTX and were new.
    pub repaired: u64,
    /// Retransmissions received.
    pub rtx_packets: u64,
    /// Sequence numbers asked for again.
    pub nacks: u64,
    /// Keyframes asked for.
    pub plis: u64,
    /// Packets without payload (probes).
    pub padding_packets: u64,
    /// Media of somebody else than our publisher.
    pub unstamped: u64,
    /// Datagrams whose SRTP or SRTCP tag did not fit.
    pub auth_failures: u64,
    /// Datagrams dropped at our own socket for want of buffer: the load generator's fault, not the server's.
    pub socket_drops: u64,
    /// Milliseconds from the click to DTLS being complete.
    pub connected_ms: Option<f64>,
    /// Milliseconds from the click to the first media packet.
    pub first_packet_ms: Option<f64>,
    /// Milliseconds from the click to the first whole keyframe.
    pub first_keyframe_ms: Option<f64>,
    /// Lip-sync error by the sender reports: how much later a picture is played than its sound, milliseconds.
    pub av_skew_ms: Option<f64>,
    /// SRTP profile.
    pub srtp: Option<&'static str>,
    /// Broken rules.
    pub faults: Faults,
    /// Why the connection ended or never began.
    pub error: Option<String>,
}

/// Index of a medium in pairs of accounts.
#[must_use]
pub fn index(medium: Medium) -> usize {
    usize::from(medium == Medium::Video)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_packet_counts_once() {
        let mut seen = Seen::default();
        let marks: Vec<Mark> = [10, 12, 11, 12, 9, 300].into_iter().map(|n| seen.mark(n)).collect();
        assert_eq!(
            marks,
            [Mark::New, Mark::New, Mark::Late, Mark::Duplicate, Mark::Late, Mark::New]
        );
        assert_eq!((seen.unique, seen.expected(301, 0)), (4, 291));
        assert_eq!(Seen::default().expected(301, 300), 1);
    }

    #[test]
    fn keyframe_is_whole_with_its_last_packet() {
        let mut watch = KeyframeWatch::default();
        let stamp = |frame, index| Stamp {
            number: 0,
            sent_ns: 0,
            frame,
            index,
            count: 3,
            key: true,
            source: 0,
            layer: 0,
        };
        assert!(!watch.complete(&stamp(1, 0)));
        assert!(!watch.complete(&stamp(2, 2)));
        assert!(!watch.complete(&stamp(2, 2)));
        assert!(!watch.complete(&stamp(2, 0)));
        assert!(watch.complete(&stamp(2, 1)));
    }

    #[test]
    fn broken_picture_ids_are_faults() {
        let descriptor = |id| Descriptor {
            start: true,
            picture_id: Some(id),
            tl0_pic_idx: Some(id as u8),
            len: 6,
        };
        let stamp = |frame| Stamp {
            number: 0,
            sent_ns: 0,
            frame,
            index: 0,
            count: 1,
            key: false,
            source: 0,
            layer: 0,
        };
        let mut faults = Faults::new();
        let mut order = VideoOrder::default();
        order.check(1, stamp(1), descriptor(0x7FFF), true, 0, &mut faults);
        order.check(2, stamp(2), descriptor(0), true, 3_000, &mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        order.check(3, stamp(3), descriptor(0), true, 6_000, &mut faults);
        order.check(4, stamp(5), descriptor(1), false, 9_000, &mut faults);
        let names: Vec<_> = faults.keys().copied().collect();
        assert_eq!(
            names,
            [
                "frames_skipped_without_keyframe",
                "marker",
                "picture_id_step",
                "tl0_step"
            ]
        );
    }
}
