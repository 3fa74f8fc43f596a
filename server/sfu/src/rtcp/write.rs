// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! RTCP packets appended to a buffer; several in a row make a compound packet.
//! Encryption and who gets them are elsewhere.

use super::report::ReportBlock;
use super::{format, kind};

/// Report blocks that fit one report (RFC 3550 section 6.4.1: a 5-bit count); more are left out.
pub const REPORT_BLOCKS_MAX: usize = 31;
/// Pairs of packet id and bitmask in one NACK; more sequence numbers are left out.
pub const NACK_PAIRS_MAX: u16 = 250;

/// What a sender says about itself (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// The sender.
    pub ssrc: u32,
    /// NTP time, 32.32 fixed point seconds.
    pub ntp: u64,
    /// The same moment in RTP timestamps.
    pub rtp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload octets sent, without headers and padding.
    pub octets: u32,
}

/// Writes a header, lets `body` append, and fills in the length.
pub(super) fn write_part(out: &mut Vec<u8>, count: u8, packet_type: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0x80 | (count & 0x1F), packet_type, 0, 0]);
    body(out);
    while !(out.len() - start).is_multiple_of(4) {
        out.push(0);
    }
    let words = ((out.len() - start) / 4 - 1) as u16;
    if let Some(length) = out.get_mut(start + 2..start + 4) {
        length.copy_from_slice(&words.to_be_bytes());
    }
}

/// Appends a sender report (RFC 3550 section 6.4.1).
pub fn write_sr(out: &mut Vec<u8>, info: &SenderInfo, blocks: &[ReportBlock]) {
    let blocks = blocks.get(..REPORT_BLOCKS_MAX).unwrap_or(blocks);
    write_part(out, blocks.len() as u8, kind::SR, |out| {
        put(out, info.ssrc);
        out.extend_from_slice(&info.ntp.to_be_bytes());
        put(out, info.rtp);
        put(out, info.packets);
        put(out, info.octets);
        blocks.iter().for_each(|block| put_block(out, block));
    });
}

/// Appends a receiver report (RFC 3550 section 6.4.2).
pub fn write_rr(out: &mut Vec<u8>, sender_ssrc: u32, blocks: &[ReportBlock]) {
    let blocks = blocks.get(..REPORT_BLOCKS_MAX).unwrap_or(blocks);
    write_part(out, blocks.len() as u8, kind::RR, |out| {
        put(out, sender_ssrc);
        blocks.iter().for_each(|block| put_block(out, block));
    });
}

/// Appends a source description with one CNAME (RFC 3550 section 6.5.1), cut at 255 octets.
pub fn write_sdes_cname(out: &mut Vec<u8>, ssrc: u32, cname: &str) {
    const ITEM_CNAME: u8 = 1;
    let name = cname.as_bytes();
    let name = name.get(..255).unwrap_or(name);
    write_part(out, 1, kind::SDES, |out| {
        put(out, ssrc);
        out.extend_from_slice(&[ITEM_CNAME, name.len() as u8]);
        out.extend_from_slice(name);
        // At least one zero octet ends the chunk; `write_part` pads to 32 bits.
        out.push(0);
    });
}

/// Appends a generic NACK (RFC 4585 section 6.2.1) for sequence numbers in ascending (wrapping) order.
/// Appends nothing when there are none.
pub fn write_nack(out: &mut Vec<u8>, sender_ssrc: u32, media_ssrc: u32, seqs: impl IntoIterator<Item = u16>) {
    let mut seqs = seqs.into_iter();
    let Some(mut first) = seqs.next() else { return };
    write_part(out, format::NACK, kind::RTPFB, |out| {
        put(out, sender_ssrc);
        put(out, media_ssrc);
        let mut mask = 0u16;
        let mut pairs = 0;
        for seq in seqs {
            match seq.wrapping_sub(first) {
                0 => {}
                distance @ 1..=16 => mask |= 1 << (distance - 1),
                _ => {
                    put_pair(out, first, mask);
                    pairs += 1;
                    if pairs >= NACK_PAIRS_MAX {
                        return;
                    }
                    (first, mask) = (seq, 0);
                }
            }
        }
        put_pair(out, first, mask);
    });
}

/// Appends a picture loss indication (RFC 4585 section 6.3.1).
pub fn write_pli(out: &mut Vec<u8>, sender_ssrc: u32, media_ssrc: u32) {
    write_part(out, format::PLI, kind::PSFB, |out| {
        put(out, sender_ssrc);
        put(out, media_ssrc);
    });
}

/// Appends a full intra request (RFC 5104 section 4.3.1); `command_seq` differs for each new request.
pub fn write_fir(out: &mut Vec<u8>, sender_ssrc: u32, media_ssrc: u32, command_seq: u8) {
    write_part(out, format::FIR, kind::PSFB, |out| {
        put(out, sender_ssrc);
        put(out, 0);
        put(out, media_ssrc);
        out.extend_from_slice(&[command_seq, 0, 0, 0]);
    });
}

/// Appends a goodbye (RFC 3550 section 6.6) of at most 31 sources.
pub fn write_bye(out: &mut Vec<u8>, ssrcs: &[u32]) {
    let ssrcs = ssrcs.get(..REPORT_BLOCKS_MAX).unwrap_or(ssrcs);
    write_part(out, ssrcs.len() as u8, kind::BYE, |out| {
        ssrcs.iter().for_each(|ssrc| put(out, *ssrc));
    });
}

pub(super) fn put(out: &mut Vec<u8>, word: u32) {
    out.extend_from_slice(&word.to_be_bytes());
}

fn put_pair(out: &mut Vec<u8>, first: u16, mask: u16) {
    put(out, u32::from(first) << 16 | u32::from(mask));
}

fn put_block(out: &mut Vec<u8>, block: &ReportBlock) {
    let lost = block.cumulative_lost.clamp(-0x80_0000, 0x7F_FFFF) as u32 & 0xFF_FFFF;
    put(out, block.ssrc);
    put(out, u32::from(block.fraction_lost) << 24 | lost);
    put(out, block.highest_seq);
    put(out, block.jitter);
    put(out, block.last_sr);
    put(out, block.delay_since_last_sr);
}
