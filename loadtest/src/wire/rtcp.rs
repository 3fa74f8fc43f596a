// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! RTCP, as much as a browser sends and needs: SR, RR, SDES, BYE (RFC 3550), NACK and PLI (RFC 4585), FIR (RFC 5104).

const SR: u8 = 200;
const RR: u8 = 201;
const SDES: u8 = 202;
const BYE: u8 = 203;
const RTPFB: u8 = 205;
const PSFB: u8 = 206;
const NTP_UNIX_OFFSET_S: u64 = 2_208_988_800;

/// Nanoseconds since 1970 as a 64-bit NTP timestamp.
#[must_use]
pub fn ntp(unix_ns: u64) -> u64 {
    let seconds = unix_ns / 1_000_000_000 + NTP_UNIX_OFFSET_S;
    let fraction = ((unix_ns % 1_000_000_000) << 32) / 1_000_000_000;
    seconds << 32 | fraction
}

/// A 64-bit NTP timestamp as nanoseconds since 1970.
#[must_use]
pub fn unix_ns(ntp: u64) -> i64 {
    let seconds = (ntp >> 32) as i64 - NTP_UNIX_OFFSET_S as i64;
    seconds * 1_000_000_000 + (((ntp & 0xFFFF_FFFF) * 1_000_000_000) >> 32) as i64
}

/// One thing that a received compound packet says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Sender report: when which RTP time was.
    SenderReport {
        /// Whose.
        ssrc: u32,
        /// NTP time.
        ntp: u64,
        /// The RTP time of that moment.
        rtp: u32,
    },
    /// These packets of this source are missing at the receiver.
    Nack {
        /// The source.
        ssrc: u32,
        /// Sequence numbers.
        lost: Vec<u16>,
    },
    /// A keyframe is wanted (PLI or FIR).
    KeyframeWanted,
    /// The sender says goodbye.
    Bye,
    /// Transport-wide feedback.
    TransportFeedback,
    /// The share of packets lost according to a receiver report, in 1/256.
    FractionLost(u8),
}

/// Reads a decrypted compound packet; stops at the first malformed part.
#[must_use]
pub fn parse(mut packet: &[u8]) -> Vec<Said> {
    let mut said = Vec::new();
    while packet.len() >= 4 && packet[0] >> 6 == 2 {
        let len = 4 + 4 * usize::from(u16::from_be_bytes([packet[2], packet[3]]));
        let Some(part) = packet.get(..len) else { break };
        read_part(part, &mut said);
        packet = &packet[len..];
    }
    said
}

fn word(part: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(part.get(at..at + 4)?.try_into().ok()?))
}

fn read_part(part: &[u8], said: &mut Vec<Said>) -> Option<()> {
    let (count, kind) = (part[0] & 0x1F, part[1]);
    match (kind, count) {
        (SR, _) => {
            let ntp = u64::from(word(part, 8)?) << 32 | u64::from(word(part, 12)?);
            said.push(Said::SenderReport {
                ssrc: word(part, 4)?,
                ntp,
                rtp: word(part, 16)?,
            });
        }
        (RR, 1..) => said.push(Said::FractionLost(*part.get(12)?)),
        (BYE, _) => said.push(Said::Bye),
        (RTPFB, 1) => {
            let mut lost = Vec::new();
            for fci in part.get(12..)?.chunks_exact(4) {
                let pid = u16::from_be_bytes([fci[0], fci[1]]);
                let mask = u16::from_be_bytes([fci[2], fci[3]]);
                lost.push(pid);
                lost.extend((0..16).filter(|i| mask >> i & 1 == 1).map(|i| pid.wrapping_add(i + 1)));
            }
            said.push(Said::Nack {
                ssrc: word(part, 8)?,
                lost,
            });
        }
        (RTPFB, 15) => said.push(Said::TransportFeedback),
        (PSFB, 1 | 4) => said.push(Said::KeyframeWanted),
        _ => {}
    }
    Some(())
}

fn begin(out: &mut Vec<u8>, count: u8, kind: u8) -> usize {
    let at = out.len();
    out.extend_from_slice(&[0x80 | count, kind, 0, 0]);
    at
}

fn end(out: &mut [u8], at: usize) {
    let words = ((out.len() - at) / 4 - 1) as u16;
    out[at + 2..at + 4].copy_from_slice(&words.to_be_bytes());
}

/// A report block about one source (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy)]
pub struct ReportBlock {
    /// The source.
    pub ssrc: u32,
    /// Share lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Lost since the beginning.
    pub lost: u32,
    /// Highest sequence number with its cycles.
    pub highest: u32,
    /// Jitter in RTP units.
    pub jitter: u32,
    /// Middle 32 bits of the last sender report's NTP time.
    pub last_sr: u32,
    /// Since that report, in 1/65,536 s.
    pub delay_since_sr: u32,
}

/// Appends a receiver report.
pub fn receiver_report(out: &mut Vec<u8>, sender: u32, blocks: &[ReportBlock]) {
    let blocks = &blocks[..blocks.len().min(31)];
    let at = begin(out, blocks.len() as u8, RR);
    out.extend_from_slice(&sender.to_be_bytes());
    for block in blocks {
        let loss = u32::from(block.fraction_lost) << 24 | (block.lost & 0x00FF_FFFF);
        for field in [
            block.ssrc,
            loss,
            block.highest,
            block.jitter,
            block.last_sr,
            block.delay_since_sr,
        ] {
            out.extend_from_slice(&field.to_be_bytes());
        }
    }
    end(out, at);
}

/// Appends a sender report without report blocks.
pub fn sender_report(out: &mut Vec<u8>, ssrc: u32, ntp: u64, rtp: u32, packets: u32, octets: u32) {
    let at = begin(out, 0, SR);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&ntp.to_be_bytes());
    for field in [rtp, packets, octets] {
        out.extend_from_slice(&field.to_be_bytes());
    }
    end(out, at);
}

/// Appends a source description with a CNAME.
pub fn source_description(out: &mut Vec<u8>, ssrc: u32, cname: &str) {
    let at = begin(out, 1, SDES);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&[1, cname.len() as u8]);
    out.extend_from_slice(cname.as_bytes());
    out.push(0);
    while !(out.len() - at).is_multiple_of(4) {
        out.push(0);
    }
    end(out, at);
}

/// Appends a generic NACK; `lost` is in ascending order.
pub fn nack(out: &mut Vec<u8>, sender: u32, ssrc: u32, lost: &[u16]) {
    let at = begin(out, 1, RTPFB);
    out.extend_from_slice(&sender.to_be_bytes());
    out.extend_from_slice(&ssrc.to_be_bytes());
    let mut rest = lost;
    while let [pid, more @ ..] = rest {
        let mut mask = 0_u16;
        rest = more;
        while let [next, more @ ..] = rest {
            let ahead = next.wrapping_sub(*pid);
            if !(1..=16).contains(&ahead) {
                break;
            }
            mask |= 1 << (ahead - 1);
            rest = more;
        }
        out.extend_from_slice(&pid.to_be_bytes());
        out.extend_from_slice(&mask.to_be_bytes());
    }
    end(out, at);
}

/// Appends a picture loss indication.
pub fn pli(out: &mut Vec<u8>, sender: u32, ssrc: u32) {
    let at = begin(out, 1, PSFB);
    out.extend_from_slice(&sender.to_be_bytes());
    out.extend_from_slice(&ssrc.to_be_bytes());
    end(out, at);
}

/// Appends a goodbye.
pub fn bye(out: &mut Vec<u8>, ssrc: u32) {
    let at = begin(out, 1, BYE);
    out.extend_from_slice(&ssrc.to_be_bytes());
    end(out, at);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compound_written_is_compound_read() {
        let mut out = Vec::new();
        sender_report(&mut out, 1, 2 << 32 | 3, 4, 5, 6);
        source_description(&mut out, 1, "cname");
        nack(&mut out, 1, 9, &[65_530, 65_535, 0, 30]);
        pli(&mut out, 1, 9);
        bye(&mut out, 1);
        assert_eq!(
            parse(&out),
            [
                Said::SenderReport {
                    ssrc: 1,
                    ntp: 2 << 32 | 3,
                    rtp: 4
                },
                Said::Nack {
                    ssrc: 9,
                    lost: vec![65_530, 65_535, 0, 30]
                },
                Said::KeyframeWanted,
                Said::Bye,
            ]
        );
        for n in 0..out.len() {
            let _ = parse(&out[..n]);
        }
    }

    #[test]
    fn ntp_time_goes_both_ways() {
        let now = 1_795_000_000_123_456_789;
        assert!((unix_ns(ntp(now)) - now as i64).abs() < 2);
    }
}
