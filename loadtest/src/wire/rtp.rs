// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! RTP headers (RFC 3550 section 5.1) with one-byte extensions (RFC 8285 section 4.2).

/// A parsed header; offsets are into the packet it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Marker bit.
    pub marker: bool,
    /// Padding bit; the count is the last byte of the decrypted payload.
    pub padding: bool,
    /// Payload type.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Length of the whole header in bytes; the payload begins here.
    pub len: usize,
    ext: (usize, usize),
}

/// Whether a datagram is RTCP rather than RTP (RFC 5761 section 4).
#[must_use]
pub fn is_rtcp(packet: &[u8]) -> bool {
    packet.len() >= 8 && packet[0] >> 6 == 2 && (192..=223).contains(&packet[1])
}

fn be16(b: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(b.get(at..at + 2)?.try_into().ok()?))
}

fn be32(b: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(b.get(at..at + 4)?.try_into().ok()?))
}

impl Header {
    /// Parses the header of a packet; none when it is not RTP.
    #[must_use]
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let first = *packet.first()?;
        if first >> 6 != 2 {
            return None;
        }
        let second = *packet.get(1)?;
        let mut len = 12 + 4 * usize::from(first & 0x0F);
        let mut ext = (0, 0);
        if first & 0x10 != 0 {
            let words = usize::from(be16(packet, len + 2)?);
            if be16(packet, len)? == 0xBEDE {
                ext = (len + 4, len + 4 + 4 * words);
            }
            len += 4 + 4 * words;
        }
        if packet.len() < len {
            return None;
        }
        Some(Self {
            marker: second & 0x80 != 0,
            padding: first & 0x20 != 0,
            payload_type: second & 0x7F,
            sequence: be16(packet, 2)?,
            timestamp: be32(packet, 4)?,
            ssrc: be32(packet, 8)?,
            len,
            ext,
        })
    }

    /// The value of a one-byte header extension.
    #[must_use]
    pub fn extension<'a>(&self, packet: &'a [u8], id: u8) -> Option<&'a [u8]> {
        let (mut at, end) = self.ext;
        while id != 0 && at < end {
            let byte = *packet.get(at)?;
            if byte == 0 {
                at += 1;
                continue;
            }
            let (found, n) = (byte >> 4, usize::from(byte & 0x0F) + 1);
            if found == 15 || at + 1 + n > end {
                return None;
            }
            if found == id {
                return packet.get(at + 1..at + 1 + n);
            }
            at += 1 + n;
        }
        None
    }
}

/// What goes into a header that we write.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Marker bit.
    pub marker: bool,
    /// Payload type.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Extensions by id; those with id 0 (not negotiated) are left out.
    pub extensions: &'a [(u8, &'a [u8])],
}

impl Outgoing<'_> {
    /// Appends the header to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let wanted = || {
            self.extensions
                .iter()
                .filter(|(id, value)| *id != 0 && !value.is_empty())
        };
        let any = wanted().next().is_some();
        out.push(if any { 0x90 } else { 0x80 });
        out.push(u8::from(self.marker) << 7 | self.payload_type);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        if !any {
            return;
        }
        let body: usize = wanted().map(|(_, value)| 1 + value.len()).sum();
        let words = body.div_ceil(4);
        out.extend_from_slice(&0xBEDE_u16.to_be_bytes());
        out.extend_from_slice(&(words as u16).to_be_bytes());
        for (id, value) in wanted() {
            out.push(id << 4 | (value.len() - 1) as u8);
            out.extend_from_slice(value);
        }
        out.resize(out.len() + 4 * words - body, 0);
    }
}

/// Turns 16-bit sequence numbers into ones that never wrap, nearest to the highest seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwrap {
    highest: Option<u64>,
}

impl Unwrap {
    /// The full number; the first one counts from 65,536 so that earlier ones stay positive.
    pub fn full(&mut self, sequence: u16) -> u64 {
        let Some(highest) = self.highest else {
            let full = 0x1_0000 + u64::from(sequence);
            self.highest = Some(full);
            return full;
        };
        let step = i64::from(sequence.wrapping_sub(highest as u16) as i16);
        let full = highest.saturating_add_signed(step);
        self.highest = Some(highest.max(full));
        full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_written_is_header_read() {
        let mut packet = Vec::new();
        let extensions: [(u8, &[u8]); 3] = [(1, b"v"), (0, b"left out"), (3, &[0x12, 0x34])];
        let out = Outgoing {
            marker: true,
            payload_type: 96,
            sequence: 65_535,
            timestamp: 7,
            ssrc: 9,
            extensions: &extensions,
        };
        out.write(&mut packet);
        let header_len = packet.len();
        packet.extend_from_slice(b"payload");
        let header = Header::parse(&packet).unwrap();
        assert_eq!((header.len, header.payload_type, header.marker), (header_len, 96, true));
        assert_eq!((header.sequence, header.timestamp, header.ssrc), (65_535, 7, 9));
        assert_eq!(header.extension(&packet, 1), Some(&b"v"[..]));
        assert_eq!(header.extension(&packet, 3), Some(&[0x12, 0x34][..]));
        assert_eq!(header.extension(&packet, 2), None);
        assert_eq!(header_len % 4, 0);
    }

    #[test]
    fn truncated_packets_are_not_rtp() {
        let mut packet = Vec::new();
        Outgoing {
            marker: false,
            payload_type: 96,
            sequence: 1,
            timestamp: 7,
            ssrc: 9,
            extensions: &[(1, b"abc")],
        }
        .write(&mut packet);
        for n in 0..packet.len() {
            assert_eq!(Header::parse(&packet[..n]), None, "{n} bytes");
        }
    }

    #[test]
    fn sequence_numbers_unwrap_both_ways() {
        let mut unwrap = Unwrap::default();
        assert_eq!(unwrap.full(65_534), 0x1_FFFE);
        assert_eq!(unwrap.full(1), 0x2_0001);
        assert_eq!(unwrap.full(65_535), 0x1_FFFF);
        assert_eq!(unwrap.full(2), 0x2_0002);
    }
}
