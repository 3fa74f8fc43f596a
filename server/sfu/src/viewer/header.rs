// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! RTP headers for a slot (RFC 3550 section 5.1, one-byte extensions of RFC 8285), written from a template made once.

use crate::sdp::{ExtensionIds, SlotMedia};

/// Longest header that a template can hold, bytes.
pub const HEADER_BYTES_MAX: usize = 12 + 4 + EXTENSION_BYTES_MAX;
const EXTENSION_BYTES_MAX: usize = 24;
const MID_BYTES_MAX: usize = 16;

/// The fields of a header that change from packet to packet.
#[derive(Debug, Clone, Copy)]
pub struct Fields {
    /// Marker bit.
    pub marker: bool,
    /// Payload type.
    pub pt: u8,
    /// Sequence number.
    pub seq: u16,
    /// Timestamp.
    pub timestamp: u32,
    /// SSRC.
    pub ssrc: u32,
    /// Transport-wide sequence number.
    pub twcc: u16,
    /// Padding bytes that will follow the payload; 0 for none.
    pub padding: u8,
}

/// Header extensions of one slot: mid and transport-wide number.
#[derive(Debug, Clone)]
pub struct HeaderTemplate {
    extension: [u8; 4 + EXTENSION_BYTES_MAX],
    len: usize,
    twcc_at: Option<usize>,
}

impl HeaderTemplate {
    /// The template for a slot.
    #[must_use]
    pub fn new(media: &SlotMedia) -> Self {
        let ExtensionIds {
            mid: mid_id,
            twcc: twcc_id,
            ..
        } = media.extensions;
        let mut body: Vec<u8> = Vec::with_capacity(EXTENSION_BYTES_MAX);
        let mut twcc_at = None;
        if twcc_id != 0 {
            body.push(twcc_id << 4 | 1);
            twcc_at = Some(12 + 4 + body.len());
            body.extend([0, 0]);
        }
        let mid = media.mid.as_bytes();
        if mid_id != 0 && !mid.is_empty() && mid.len() <= MID_BYTES_MAX {
            body.push(mid_id << 4 | (mid.len() as u8 - 1));
            body.extend(mid);
        }
        body.resize(body.len().next_multiple_of(4), 0);
        let mut extension = [0; 4 + EXTENSION_BYTES_MAX];
        let mut len = 0;
        if !body.is_empty() {
            let words = (body.len() / 4) as u16;
            let bytes = [0xBE, 0xDE].into_iter().chain(words.to_be_bytes()).chain(body);
            for (out, byte) in extension.iter_mut().zip(bytes) {
                *out = byte;
                len += 1;
            }
        }
        Self {
            extension,
            len,
            twcc_at,
        }
    }

    /// Whether its headers carry a transport-wide number.
    #[must_use]
    pub fn is_numbered(&self) -> bool {
        self.twcc_at.is_some()
    }

    /// Bytes of every header made from this template.
    #[must_use]
    pub fn header_len(&self) -> usize {
        12 + self.len
    }

    /// Writes the header at the start of `space`; returns its length, none when it does not fit.
    pub fn write(&self, space: &mut [u8], fields: &Fields) -> Option<usize> {
        let len = self.header_len();
        let header = space.get_mut(..len)?;
        let (fixed, extension) = header.split_first_chunk_mut::<12>()?;
        let [s0, s1] = fields.seq.to_be_bytes();
        let [t0, t1, t2, t3] = fields.timestamp.to_be_bytes();
        let [c0, c1, c2, c3] = fields.ssrc.to_be_bytes();
        let padding = u8::from(fields.padding > 0) << 5;
        let extended = u8::from(self.len > 0) << 4;
        let first = 0x80 | padding | extended;
        let second = u8::from(fields.marker) << 7 | (fields.pt & 0x7F);
        *fixed = [first, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3];
        extension.copy_from_slice(self.extension.get(..self.len)?);
        if let Some(at) = self.twcc_at {
            header.get_mut(at..at + 2)?.copy_from_slice(&fields.twcc.to_be_bytes());
        }
        Some(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::SlotKind;

    fn slot(mid: &str, ids: ExtensionIds) -> SlotMedia {
        SlotMedia {
            slot: 0,
            kind: SlotKind::Voice,
            mid: mid.to_owned(),
            ssrc: 1,
            rtx_ssrc: None,
            payload_types: Vec::new(),
            extensions: ids,
        }
    }

    const FIELDS: Fields = Fields {
        marker: true,
        pt: 96,
        seq: 0x1234,
        timestamp: 0xAABB_CCDD,
        ssrc: 0x0102_0304,
        twcc: 0x5678,
        padding: 0,
    };

    /// `rtc-rtp`, an independent implementation, reads what we write.
    #[test]
    fn an_independent_parser_reads_the_header() {
        use rtc_shared::marshal::Unmarshal;
        let ids = ExtensionIds {
            mid: 4,
            twcc: 3,
            ..ExtensionIds::default()
        };
        let template = HeaderTemplate::new(&slot("v0", ids));
        let mut space = [0; HEADER_BYTES_MAX];
        let len = template.write(&mut space, &FIELDS).expect("fits");
        let header = rtc_rtp::Header::unmarshal(&mut &space[..len]).expect("parses");
        assert_eq!(
            (header.sequence_number, header.timestamp, header.ssrc),
            (0x1234, 0xAABB_CCDD, 0x0102_0304)
        );
        assert!(header.marker && header.payload_type == 96);
        assert_eq!(header.get_extension(3).as_deref(), Some(&[0x56, 0x78][..]));
        assert_eq!(header.get_extension(4).as_deref(), Some(&b"v0"[..]));
    }

    #[test]
    fn without_extensions_the_header_is_twelve_bytes() {
        let template = HeaderTemplate::new(&slot("0", ExtensionIds::default()));
        let mut space = [0; HEADER_BYTES_MAX];
        assert_eq!(template.write(&mut space, &FIELDS), Some(12));
        assert_eq!(space[0], 0x80);
    }
}
