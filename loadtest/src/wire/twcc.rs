// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1), written as a receiver does.

use std::collections::VecDeque;

const TICK_NS: i64 = 250_000;
const REFERENCE_NS: i64 = 64_000_000;
const STATUSES_MAX: usize = 400;

/// Collects arrivals and writes them out every now and then.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    highest: Option<u64>,
    next_base: Option<u64>,
    arrivals: VecDeque<(u64, u64)>,
    feedback_count: u8,
    missing: u64,
}

impl Recorder {
    /// A packet with this transport-wide number came at that time.
    pub fn arrived(&mut self, sequence: u16, at_ns: u64) {
        let full = match self.highest {
            None => 0x1_0000 + u64::from(sequence),
            Some(highest) => highest.saturating_add_signed(i64::from(sequence.wrapping_sub(highest as u16) as i16)),
        };
        self.highest = Some(self.highest.unwrap_or(full).max(full));
        if self.next_base.is_some_and(|base| full < base) {
            return;
        }
        let at = self.arrivals.partition_point(|(n, _)| *n < full);
        if self.arrivals.get(at).is_none_or(|(n, _)| *n != full) {
            self.arrivals.insert(at, (full, at_ns));
        }
    }

    /// Whether there is anything to report.
    #[must_use]
    pub fn pending(&self) -> bool {
        !self.arrivals.is_empty()
    }

    /// Numbers that were reported as missing so far.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Appends one feedback packet with everything that came since the last.
    pub fn write(&mut self, out: &mut Vec<u8>, sender: u32, media: u32) {
        let Some(&(first, first_ns)) = self.arrivals.front() else {
            return;
        };
        let mut base = self.next_base.unwrap_or(first);
        if first - base > STATUSES_MAX as u64 / 2 {
            base = first;
        }
        let reference = first_ns as i64 / REFERENCE_NS;
        let mut clock_ns = reference * REFERENCE_NS;
        let mut symbols: Vec<u8> = Vec::new();
        let mut deltas = Vec::new();
        while let Some(&(number, at_ns)) = self.arrivals.front() {
            let gap = (number - base) as usize - symbols.len();
            let ticks = (at_ns as i64 - clock_ns).div_euclid(TICK_NS);
            let Ok(small) = i16::try_from(ticks) else { break };
            if symbols.len() + gap >= STATUSES_MAX {
                break;
            }
            symbols.resize(symbols.len() + gap, 0);
            self.missing += gap as u64;
            if let Ok(byte) = u8::try_from(small) {
                symbols.push(1);
                deltas.push(byte);
            } else {
                symbols.push(2);
                deltas.extend_from_slice(&small.to_be_bytes());
            }
            clock_ns += i64::from(small) * TICK_NS;
            self.arrivals.pop_front();
        }
        if symbols.is_empty() {
            self.arrivals.clear();
            return;
        }
        self.next_base = Some(base + symbols.len() as u64);
        let at = out.len();
        out.extend_from_slice(&[0x8F, 205, 0, 0]);
        out.extend_from_slice(&sender.to_be_bytes());
        out.extend_from_slice(&media.to_be_bytes());
        out.extend_from_slice(&(base as u16).to_be_bytes());
        out.extend_from_slice(&(symbols.len() as u16).to_be_bytes());
        out.extend_from_slice(&(reference as u32).to_be_bytes()[1..]);
        out.push(self.feedback_count);
        self.feedback_count = self.feedback_count.wrapping_add(1);
        write_chunks(out, &symbols);
        out.extend_from_slice(&deltas);
        let padding = (4 - (out.len() - at) % 4) % 4;
        if padding > 0 {
            out.resize(out.len() + padding - 1, 0);
            out.push(padding as u8);
            out[at] |= 0x20;
        }
        let words = ((out.len() - at) / 4 - 1) as u16;
        out[at + 2..at + 4].copy_from_slice(&words.to_be_bytes());
    }
}

/// Run-length chunks where a symbol repeats, vectors of seven two-bit symbols elsewhere.
fn write_chunks(out: &mut Vec<u8>, symbols: &[u8]) {
    let mut rest = symbols;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|s| *s == first).count();
        let chunk = if run >= 7 || run == rest.len() {
            rest = &rest[run..];
            u16::from(*first) << 13 | run as u16
        } else {
            let taken = rest.len().min(7);
            let vector = (0..taken).fold(0xC000, |chunk, i| chunk | u16::from(rest[i]) << (12 - 2 * i));
            rest = &rest[taken..];
            vector
        };
        out.extend_from_slice(&chunk.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feedback(arrivals: &[(u16, u64)]) -> Vec<u8> {
        let mut recorder = Recorder::default();
        for (sequence, ms) in arrivals {
            recorder.arrived(*sequence, 64_000_000 * 1_000 + ms * 1_000_000);
        }
        let mut out = Vec::new();
        recorder.write(&mut out, 1, 2);
        assert!(!recorder.pending());
        out
    }

    #[test]
    fn steady_arrivals_are_one_run() {
        let out = feedback(&[(65_535, 0), (0, 1), (1, 2)]);
        assert_eq!(out[12..16], [0xFF, 0xFF, 0, 3]);
        assert_eq!(out[16..20], [0, 0x03, 0xE8, 0]);
        assert_eq!(out[20..25], [0x20, 3, 0, 4, 4]);
        assert_eq!((out[0] & 0x20, out.last()), (0x20, Some(&3)));
        assert_eq!(out.len(), 4 * (usize::from(out[3]) + 1));
    }

    #[test]
    fn gaps_reordering_and_long_waits_are_told() {
        let out = feedback(&[(10, 0), (12, 100), (11, 101), (15, 102)]);
        assert_eq!(out[12..16], [0, 10, 0, 6]);
        let vector = 0xC000 | 1 << 12 | 2 << 10 | 2 << 8 | 1 << 2_u16;
        assert_eq!(u16::from_be_bytes([out[20], out[21]]), vector);
        assert_eq!(out[22], 0);
        assert_eq!(i16::from_be_bytes([out[23], out[24]]), 404);
        assert_eq!(i16::from_be_bytes([out[25], out[26]]), -4);
        assert_eq!(out[27], 8);
    }
}
