// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Dependency descriptors of `L3T3` (RTP Payload Format For AV1, appendix A), written bit by bit.

use super::payload::Stamp;

/// Number of the first template; the others follow it around the end of their range.
const OFFSET: u32 = 60;
const SPATIAL: u32 = 3;
const TEMPORAL: u32 = 3;

#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
    }

    fn bytes(&self) -> Vec<u8> {
        let octet = |bits: &[bool]| {
            bits.iter()
                .enumerate()
                .fold(0, |byte, (n, bit)| byte | u8::from(*bit) << (7 - n))
        };
        self.0.chunks(8).map(octet).collect()
    }
}

/// The number of a layer's frame.
pub(crate) fn frame_number(frame: u32, layer: u8) -> u16 {
    (frame * SPATIAL + u32::from(layer)) as u16
}

/// The descriptor of one packet; that of a key picture's first one brings the structure with `heights`.
pub(crate) fn descriptor(stamp: &Stamp, heights: [u16; 3]) -> Vec<u8> {
    let template = u32::from(stamp.layer) * TEMPORAL + u32::from(stamp.temporal);
    let mut bits = Bits::default();
    bits.put(u32::from(stamp.part == 0), 1);
    bits.put(u32::from(stamp.part + 1 == stamp.parts), 1);
    bits.put((OFFSET + template) % 64, 6);
    bits.put(u32::from(frame_number(stamp.frame, stamp.layer)), 16);
    if stamp.key && stamp.layer == 0 && stamp.part == 0 {
        structure(&mut bits, heights);
    }
    bits.bytes()
}

/// Nine templates, a decode target for each spatial layer, no chains.
fn structure(bits: &mut Bits, heights: [u16; 3]) {
    bits.put(0b10000, 5);
    bits.put(OFFSET, 6);
    bits.put(SPATIAL - 1, 5);
    for template in 1..=SPATIAL * TEMPORAL {
        bits.put(
            if template == SPATIAL * TEMPORAL {
                3
            } else if template % TEMPORAL == 0 {
                2
            } else {
                1
            },
            2,
        );
    }
    for layer in (0..SPATIAL).flat_map(|layer| [layer; TEMPORAL as usize]) {
        (0..SPATIAL).for_each(|target| bits.put(if target >= layer { 2 } else { 0 }, 2));
    }
    for _ in 0..SPATIAL * TEMPORAL {
        // One reference, three frames back.
        bits.put(0b10_0100, 6);
    }
    // ns(4): no chains; sizes.
    bits.put(0, 2);
    bits.put(1, 1);
    for height in heights {
        bits.put(u32::from(height / 9 * 16 - 1), 16);
        bits.put(u32::from(height - 1), 16);
    }
}
