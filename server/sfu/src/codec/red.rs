// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Redundant audio (RFC 2198): a payload that repeats earlier ones before its own. Knows headers and lengths only, never
//! what a block holds.

use std::ops::Range;

/// Redundant blocks that are read; of more the newest ones. Browsers send one, or two.
pub const RED_BLOCKS_MAX: usize = 4;
/// Headers looked at before the payload is refused; libwebrtc takes no more than this.
const RED_HEADERS_MAX: usize = 32;
/// Octets of a redundant block's header.
pub const RED_HEADER_BYTES: usize = 4;
/// Largest timestamp offset that a header holds (14 bits), ticks.
pub const RED_OFFSET_MAX: u32 = (1 << 14) - 1;
/// Largest redundant block that a header holds (10 bits), octets.
pub const RED_BLOCK_BYTES_MAX: usize = (1 << 10) - 1;

/// One redundant block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedBlock {
    /// How much older than the packet's timestamp it is, ticks; not 0.
    pub offset: u32,
    /// Where it lies in the payload; not empty.
    pub range: Range<usize>,
}

/// A payload taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Red {
    /// Where the packet's own block lies in the payload; not empty.
    pub primary: Range<usize>,
    /// Earlier blocks, the newest first: the n-th one is that of the n-th packet before, where the sender leaves none out.
    /// An empty one keeps its place.
    pub earlier: [Option<RedBlock>; RED_BLOCKS_MAX],
}

/// Reads a payload whose blocks must all be of payload type `pt`. None when it is truncated, has no primary block, states
/// lengths beyond its end, has too many blocks, or holds another payload type, RED itself included.
#[must_use]
pub fn parse(payload: &[u8], pt: u8) -> Option<Red> {
    let mut headers: [(u32, usize); RED_HEADERS_MAX] = [(0, 0); RED_HEADERS_MAX];
    let (mut count, mut at) = (0, 0);
    loop {
        let first = *payload.get(at)?;
        if first & 0x7F != pt {
            return None;
        }
        if first & 0x80 == 0 {
            at += 1;
            break;
        }
        // F(1) PT(7) offset(14) length(10).
        let [_, b1, b2, b3] = *payload.get(at..)?.first_chunk::<RED_HEADER_BYTES>()?;
        let rest = u32::from_be_bytes([0, b1, b2, b3]);
        *headers.get_mut(count)? = (rest >> 10, (rest & 0x3FF) as usize);
        count += 1;
        at += RED_HEADER_BYTES;
    }
    let mut earlier: [Option<RedBlock>; RED_BLOCKS_MAX] = Default::default();
    for (place, (offset, len)) in headers.iter().take(count).copied().enumerate() {
        let range = at..at + len;
        at = range.end;
        if let Some(slot) = earlier.get_mut(count - 1 - place) {
            *slot = (offset > 0 && len > 0).then_some(RedBlock { offset, range });
        }
    }
    (at < payload.len()).then_some(Red {
        primary: at..payload.len(),
        earlier,
    })
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PT: u8 = 111;

    /// A payload as RFC 2198 section 3 draws it: blocks from the oldest to the primary one.
    fn build(earlier: &[(u32, &[u8])], primary: &[u8]) -> Vec<u8> {
        let mut payload = Vec::new();
        for (offset, block) in earlier {
            let word = 1 << 31 | u32::from(PT) << 24 | offset << 10 | block.len() as u32;
            payload.extend(word.to_be_bytes());
        }
        payload.push(PT);
        earlier.iter().for_each(|(_, block)| payload.extend_from_slice(block));
        payload.extend_from_slice(primary);
        payload
    }

    #[test]
    fn blocks_are_found_the_newest_first() {
        let payload = build(&[(1_920, b"oldest"), (960, b"older")], b"now");
        let red = parse(&payload, PT).expect("sound");
        assert_eq!(&payload[red.primary.clone()], b"now");
        let blocks: Vec<_> = red.earlier.iter().flatten().collect();
        let found: Vec<_> = blocks.iter().map(|b| (b.offset, &payload[b.range.clone()])).collect();
        assert_eq!(found, [(960, &b"older"[..]), (1_920, b"oldest")]);
        assert!(parse(&build(&[], b"alone"), PT).expect("sound").earlier[0].is_none());
    }

    #[test]
    fn of_many_blocks_the_newest_are_kept() {
        let many: Vec<(u32, &[u8])> = (1..=6).rev().map(|n| (n * 960, &b"block"[..])).collect();
        let red = parse(&build(&many, b"now"), PT).expect("sound");
        let offsets: Vec<_> = red.earlier.iter().flatten().map(|b| b.offset).collect();
        assert_eq!(offsets, [960, 1_920, 2_880, 3_840]);
    }

    #[test]
    fn what_is_truncated_empty_nested_or_too_long_is_refused() {
        let good = build(&[(960, b"older")], b"now");
        for len in 0..good.len() - b"now".len() + 1 {
            assert_eq!(parse(&good[..len], PT), None, "{len} octets");
        }
        assert_eq!(parse(&good, 63), None, "another payload type");
        let mut nested = good.clone();
        nested[0] = 0x80 | 63;
        assert_eq!(parse(&nested, PT), None, "RED in RED");
        let mut beyond = good.clone();
        beyond[3] = 0xFF;
        assert_eq!(parse(&beyond, PT), None, "a length beyond the payload");
        let endless = vec![0x80 | PT; 1_200];
        assert_eq!(parse(&endless, PT), None, "headers without end");
        let many: Vec<(u32, &[u8])> = vec![(1, b""); RED_HEADERS_MAX + 1];
        assert_eq!(parse(&build(&many, b"now"), PT), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_blocks_follow_each_other_up_to_the_end(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut payload = payload;
            // Most random bytes are refused at once: headers are made likely.
            for at in (0..payload.len().min(12)).step_by(4) {
                payload[at] = payload[at] & 0x80 | PT;
            }
            if let Some(red) = parse(&payload, PT) {
                prop_assert!(red.primary.start < red.primary.end && red.primary.end == payload.len());
                let mut before = red.primary.start;
                for block in red.earlier.iter().flatten() {
                    prop_assert!(block.range.start < block.range.end && block.range.end <= before);
                    prop_assert!((1..=RED_OFFSET_MAX).contains(&block.offset));
                    before = block.range.start;
                }
            }
        }
    }
}
