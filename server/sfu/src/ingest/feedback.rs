// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The RTCP that a publisher gets: reports, NACKs, key frame requests, transport feedback, in few compound packets.

use std::time::{Duration, Instant};

use super::packet::IngestEvent;
use super::streams::{PublisherStreams, SILENT_AFTER};
use crate::rtcp::{REPORT_BLOCKS_MAX, ReportBlock, write_nack, write_pli, write_rr, write_sdes_cname};

/// Time between two receiver reports.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// A compound packet stays below this size.
pub const COMPOUND_BYTES_MAX: usize = 1_200;
/// Sequence numbers that one NACK asks for at most; the others follow in the next packet.
const NACK_SEQS_MAX: usize = 64;
/// Room for a NACK of that many pairs, or for a PLI.
const NACK_ROOM: usize = 12 + 4 * NACK_SEQS_MAX;
/// Room for the largest transport feedback that is written.
const TWCC_ROOM: usize = 20 + 2 * super::FEEDBACK_STATUSES_MAX + 2 * (super::FEEDBACK_STATUSES_MAX / 7 + 2);

impl PublisherStreams {
    /// Writes one compound packet that is due now over `out`, unencrypted; false when nothing is due.
    /// Call until it returns false.
    pub fn poll_feedback(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        out.clear();
        // Compound packets begin with a report, even an empty one (RFC 3550 section 6.1).
        let mut some = self.write_report(now, out);
        some |= self.write_requests(now, out);
        if out.len() + TWCC_ROOM <= COMPOUND_BYTES_MAX
            && let Some(arrivals) = &mut self.arrivals
        {
            some |= arrivals.write_due(now, self.config.our_ssrc, self.last_ssrc, out);
        }
        if !some {
            out.clear();
        }
        some
    }

    /// When `handle_timeout` and `poll_feedback` have to be called next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let layers = self.sources.iter().flat_map(|source| &source.layers);
        // A silent layer gets its requests when it comes back.
        let live = layers.filter_map(|layer| Some((layer, layer.last_arrival?)));
        let of_layers = live.flat_map(|(layer, last)| {
            [
                Some(last + SILENT_AFTER),
                layer.nacks.deadline(),
                layer.keyframes.deadline(),
            ]
        });
        let feedback = self.arrivals.as_ref().and_then(|arrivals| arrivals.deadline());
        of_layers.flatten().chain(feedback).chain(self.report_due).min()
    }

    fn write_report(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        let due = self.report_due.is_some_and(|due| due <= now);
        if !due {
            write_rr(out, self.config.our_ssrc, &[]);
            return false;
        }
        let mut blocks = [ReportBlock::default(); REPORT_BLOCKS_MAX];
        let mut count = 0;
        let layers = self.sources.iter_mut().flat_map(|source| &mut source.layers);
        let reports = layers.filter_map(|layer| layer.reception.report(now, layer.ssrc?));
        for (place, block) in blocks.iter_mut().zip(reports) {
            *place = block;
            count += 1;
        }
        write_rr(out, self.config.our_ssrc, blocks.get(..count).unwrap_or_default());
        write_sdes_cname(out, self.config.our_ssrc, &self.config.cname);
        // Without packets there is nothing to say until the next one.
        self.report_due = if count > 0 { Some(now + REPORT_INTERVAL) } else { None };
        true
    }

    fn write_requests(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        let (us, before) = (self.config.our_ssrc, out.len());
        let mut lost = None;
        for source in &mut self.sources {
            for (index, layer) in (0u8..).zip(&mut source.layers) {
                let (Some(ssrc), Some(_)) = (layer.ssrc, layer.last_arrival) else {
                    continue;
                };
                if out.len() + NACK_ROOM > COMPOUND_BYTES_MAX {
                    break;
                }
                if layer.keyframes.take_due(now) {
                    write_pli(out, us, ssrc);
                    self.counters.plis += 1;
                }
                self.nack_seqs.clear();
                let given_up = layer.nacks.take_due(now, NACK_SEQS_MAX, &mut self.nack_seqs);
                self.counters.given_up += given_up.count;
                if source.is_video && layer.needs_keyframe_after(given_up) {
                    lost = Some(IngestEvent::LostForGood {
                        source: source.kind,
                        layer: index,
                    });
                }
                self.counters.nacked += self.nack_seqs.len() as u64;
                write_nack(out, us, ssrc, self.nack_seqs.iter().copied());
            }
        }
        if let Some(event) = lost {
            self.event(event);
        }
        out.len() > before
    }
}
