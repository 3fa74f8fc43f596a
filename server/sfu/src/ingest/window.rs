// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Which packets of one line came already: a bitmap behind the highest number. Knows nothing of contents.

/// Numbers behind the highest in which a packet is still new; older ones are refused.
pub(super) const WINDOW_PACKETS: u64 = 2_048;
const WORDS: usize = (WINDOW_PACKETS / 64) as usize;

/// What a number is to the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    Fresh,
    Duplicate,
    TooOld,
}

/// The bitmap.
#[derive(Debug, Clone)]
pub(super) struct ReceiveWindow {
    highest: Option<u64>,
    words: [u64; WORDS],
}

impl ReceiveWindow {
    pub(super) fn new() -> Self {
        Self {
            highest: None,
            words: [0; WORDS],
        }
    }

    pub(super) fn highest(&self) -> Option<u64> {
        self.highest
    }

    pub(super) fn insert(&mut self, ext_seq: u64) -> Placed {
        match self.highest {
            None => self.highest = Some(ext_seq),
            Some(highest) if ext_seq > highest => {
                if ext_seq - highest >= WINDOW_PACKETS {
                    self.words = [0; WORDS];
                } else {
                    (highest + 1..=ext_seq).for_each(|passed| {
                        self.bit(passed, |word, mask| *word &= !mask);
                    });
                }
                self.highest = Some(ext_seq);
            }
            Some(highest) if highest - ext_seq >= WINDOW_PACKETS => return Placed::TooOld,
            Some(_) => {}
        }
        let mut seen = false;
        self.bit(ext_seq, |word, mask| {
            seen = *word & mask != 0;
            *word |= mask;
        });
        if seen { Placed::Duplicate } else { Placed::Fresh }
    }

    fn bit(&mut self, ext_seq: u64, change: impl FnOnce(&mut u64, u64)) {
        let place = ext_seq % WINDOW_PACKETS;
        if let Some(word) = self.words.get_mut((place / 64) as usize) {
            change(word, 1 << (place % 64));
        }
    }
}
