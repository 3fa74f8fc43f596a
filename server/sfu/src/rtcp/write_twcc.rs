// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1) written.
//! Chooses between run-length and status-vector chunks; when and what to report is elsewhere.

use super::twcc::{Symbol, TWCC_STATUS_COUNT_MAX};
use super::write::{put, write_part};
use super::{format, kind};

/// Statuses in a vector of one-bit symbols.
const ONE_BIT_STATUSES: usize = 14;
/// Statuses in a vector of two-bit symbols.
const TWO_BIT_STATUSES: usize = 7;
/// Longest run of one chunk.
const RUN_MAX: usize = 0x1FFF;

/// The fixed fields of a feedback packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwccFeedback {
    /// Who reports.
    pub sender_ssrc: u32,
    /// A stream of the reported transport.
    pub media_ssrc: u32,
    /// Transport-wide sequence number of the first status.
    pub base_seq: u16,
    /// Time in units of 64 ms that the first delta counts from; 24 bits are sent.
    pub reference_time: i32,
    /// Number of this feedback packet, wrapping.
    pub feedback_count: u8,
}

/// Appends a feedback packet. A status is the delta to the previous arrival (the first: to the reference time)
/// in units of 250 us, or none for a packet not received. At most [`TWCC_STATUS_COUNT_MAX`] statuses are written.
pub fn write_twcc(out: &mut Vec<u8>, feedback: &TwccFeedback, statuses: &[Option<i16>]) {
    let statuses = statuses.get(..usize::from(TWCC_STATUS_COUNT_MAX)).unwrap_or(statuses);
    write_part(out, format::TWCC, kind::RTPFB, |out| {
        put(out, feedback.sender_ssrc);
        put(out, feedback.media_ssrc);
        put(out, u32::from(feedback.base_seq) << 16 | statuses.len() as u32);
        put(
            out,
            (feedback.reference_time as u32) << 8 | u32::from(feedback.feedback_count),
        );
        let mut rest = statuses;
        while !rest.is_empty() {
            let (word, used) = chunk(rest);
            out.extend_from_slice(&word.to_be_bytes());
            rest = rest.get(used..).unwrap_or_default();
        }
        for ticks in statuses.iter().flatten() {
            match u8::try_from(*ticks) {
                Ok(small) => out.push(small),
                Err(_) => out.extend_from_slice(&ticks.to_be_bytes()),
            }
        }
    });
}

fn symbol(status: Option<i16>) -> Symbol {
    match status {
        None => 0,
        Some(0..=255) => 1,
        Some(_) => 2,
    }
}

/// The chunk for the head of the statuses, and how many it covers.
fn chunk(statuses: &[Option<i16>]) -> (u16, usize) {
    let first = symbol(statuses.first().copied().flatten());
    let run = statuses
        .iter()
        .take(RUN_MAX)
        .take_while(|status| symbol(**status) == first)
        .count();
    let head = || statuses.iter().map(|status| u16::from(symbol(*status)));
    let narrow = head().take(ONE_BIT_STATUSES).all(|symbol| symbol < 2);
    let vector = if narrow { ONE_BIT_STATUSES } else { TWO_BIT_STATUSES };
    if run >= vector || run == statuses.len() {
        return (u16::from(first) << 13 | run as u16, run);
    }
    let used = vector.min(statuses.len());
    let width = if narrow { 1 } else { 2 };
    let bits = head().take(used).fold(0, |bits, symbol| bits << width | symbol);
    let bits = bits << ((vector - used) * width);
    ((if narrow { 0x8000 } else { 0xC000 }) | bits, used)
}
