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

/// A dependency descriptor on its way to a viewer (RTP Payload Format For AV1, appendix A).
#[derive(Debug, Clone, Copy)]
pub struct Dependency<'a> {
    /// As the publisher sent it.
    pub bytes: &'a [u8],
    /// Its frame number in the slot's line.
    pub frame_number: u16,
}

/// Where the frame number stands in a descriptor.
const FRAME_NUMBER_AT: usize = 1;
/// Longest value of the one-byte form.
const ONE_BYTE_VALUE_MAX: usize = 16;

/// The elements of every packet in one form of RFC 8285.
#[derive(Debug, Clone)]
struct Block {
    /// Profile, length in words (padded), elements.
    bytes: [u8; 4 + EXTENSION_BYTES_MAX],
    /// Octets in use without padding; none without elements.
    len: usize,
    twcc_at: Option<usize>,
}

impl Block {
    fn new(media: &SlotMedia, is_wide: bool) -> Self {
        let ExtensionIds { mid: mid_id, twcc, .. } = media.extensions;
        let mut elements: Vec<u8> = Vec::with_capacity(EXTENSION_BYTES_MAX);
        let mut twcc_at = None;
        if twcc != 0 {
            push_head(&mut elements, twcc, 2, is_wide);
            twcc_at = Some(12 + 4 + elements.len());
            elements.extend([0, 0]);
        }
        let mid = media.mid.as_bytes();
        if mid_id != 0 && !mid.is_empty() && mid.len() <= MID_BYTES_MAX {
            push_head(&mut elements, mid_id, mid.len() as u8, is_wide);
            elements.extend(mid);
        }
        let profile: u16 = if is_wide { 0x1000 } else { 0xBEDE };
        let words = elements.len().div_ceil(4) as u16;
        let mut bytes = [0; 4 + EXTENSION_BYTES_MAX];
        let all = profile.to_be_bytes().into_iter().chain(words.to_be_bytes());
        let mut len = 0;
        for (out, byte) in bytes.iter_mut().zip(all.chain(elements)) {
            *out = byte;
            len += 1;
        }
        Self { bytes, len, twcc_at }
    }

    /// Octets with padding, behind the fixed header; none where there are no elements.
    fn padded(&self) -> usize {
        if self.len > 4 { self.len.next_multiple_of(4) } else { 0 }
    }
}

/// The head of an element of either form.
fn push_head(elements: &mut Vec<u8>, id: u8, len: u8, is_wide: bool) {
    if is_wide {
        elements.extend([id, len]);
    } else {
        elements.push(id << 4 | len.saturating_sub(1));
    }
}

/// Header extensions of one slot: mid, transport-wide number, and the dependency descriptor of packets that have one.
#[derive(Debug, Clone)]
pub struct HeaderTemplate {
    narrow: Block,
    wide: Block,
    dependency_id: u8,
}

impl HeaderTemplate {
    /// The template for a slot.
    #[must_use]
    pub fn new(media: &SlotMedia) -> Self {
        Self {
            narrow: Block::new(media, false),
            wide: Block::new(media, true),
            dependency_id: media.extensions.dependency,
        }
    }

    /// Whether its headers carry a transport-wide number.
    #[must_use]
    pub fn is_numbered(&self) -> bool {
        self.narrow.twcc_at.is_some()
    }

    /// Whether its headers can carry dependency descriptors.
    #[must_use]
    pub fn is_described(&self) -> bool {
        self.dependency_id != 0
    }

    /// Writes the header at the start of `space`; returns its length, none when it does not fit.
    pub fn write(&self, space: &mut [u8], fields: &Fields, dependency: Option<Dependency<'_>>) -> Option<usize> {
        let dependency = dependency.filter(|_| self.is_described());
        let is_wide = dependency.is_some_and(|dependency| dependency.bytes.len() > ONE_BYTE_VALUE_MAX);
        let block = if is_wide { &self.wide } else { &self.narrow };
        let len = match dependency {
            None => {
                let len = 12 + block.padded();
                let header = space.get_mut(12..len)?;
                header.copy_from_slice(block.bytes.get(..block.padded())?);
                len
            }
            Some(dependency) => self.write_described(space, block, is_wide, &dependency)?,
        };
        let fixed = space.first_chunk_mut::<12>()?;
        let [s0, s1] = fields.seq.to_be_bytes();
        let [t0, t1, t2, t3] = fields.timestamp.to_be_bytes();
        let [c0, c1, c2, c3] = fields.ssrc.to_be_bytes();
        let padding = u8::from(fields.padding > 0) << 5;
        let extended = u8::from(len > 12) << 4;
        let first = 0x80 | padding | extended;
        let second = u8::from(fields.marker) << 7 | (fields.pt & 0x7F);
        *fixed = [first, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3];
        if let Some(at) = block.twcc_at {
            space.get_mut(at..at + 2)?.copy_from_slice(&fields.twcc.to_be_bytes());
        }
        Some(len)
    }

    /// Writes the extension block with a descriptor at its end; returns where the header ends.
    fn write_described(
        &self,
        space: &mut [u8],
        block: &Block,
        is_wide: bool,
        dependency: &Dependency<'_>,
    ) -> Option<usize> {
        let value = dependency.bytes;
        let (id, count) = (self.dependency_id, u8::try_from(value.len()).ok()?);
        let head_at = 12 + block.len;
        let at = head_at + if is_wide { 2 } else { 1 };
        let end = at + value.len();
        let len = end.next_multiple_of(4);
        space
            .get_mut(12..head_at)?
            .copy_from_slice(block.bytes.get(..block.len)?);
        match space.get_mut(head_at..at)? {
            [one] => *one = id << 4 | count.checked_sub(1)?,
            [two, length] => (*two, *length) = (id, count),
            _ => return None,
        }
        space.get_mut(at..end)?.copy_from_slice(value);
        let number = space.get_mut(at + FRAME_NUMBER_AT..at + FRAME_NUMBER_AT + 2)?;
        number.copy_from_slice(&dependency.frame_number.to_be_bytes());
        space.get_mut(end..len)?.fill(0);
        let words = u16::try_from((len - 16) / 4).ok()?;
        space.get_mut(14..16)?.copy_from_slice(&words.to_be_bytes());
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
        let len = template.write(&mut space, &FIELDS, None).expect("fits");
        let header = rtc_rtp::Header::unmarshal(&mut &space[..len]).expect("parses");
        assert_eq!(
            (header.sequence_number, header.timestamp, header.ssrc),
            (0x1234, 0xAABB_CCDD, 0x0102_0304)
        );
        assert!(header.marker && header.payload_type == 96);
        assert_eq!(header.get_extension(3).as_deref(), Some(&[0x56, 0x78][..]));
        assert_eq!(header.get_extension(4).as_deref(), Some(&b"v0"[..]));
    }

    /// The descriptor comes last, in the form that it needs; the frame number is that of the slot's line.
    #[test]
    fn an_independent_parser_reads_descriptors_of_any_length() {
        use rtc_shared::marshal::Unmarshal;
        let ids = ExtensionIds {
            mid: 4,
            twcc: 3,
            dependency: 5,
            ..ExtensionIds::default()
        };
        for (ids, mid) in [(ids, "12"), (ids, ""), (ExtensionIds { twcc: 0, ..ids }, "a")] {
            let template = HeaderTemplate::new(&slot(mid, ids));
            for length in 3..=255_usize {
                let bytes = vec![0xAB; length];
                let dependency = Dependency {
                    bytes: &bytes,
                    frame_number: 0x1234,
                };
                let mut space = [0xFF; HEADER_BYTES_MAX + 256];
                let len = template.write(&mut space, &FIELDS, Some(dependency)).expect("fits");
                let header = rtc_rtp::Header::unmarshal(&mut &space[..len]).expect("parses");
                let mut expected = bytes.clone();
                expected[1..3].copy_from_slice(&[0x12, 0x34]);
                assert_eq!(header.get_extension(5).as_deref(), Some(&expected[..]), "{length}");
                let twcc = header.get_extension(3);
                assert_eq!(twcc.as_deref(), (ids.twcc != 0).then_some(&[0x56, 0x78][..]));
                assert_eq!(header.get_extension(4).is_some(), !mid.is_empty());
            }
        }
    }

    #[test]
    fn without_extensions_the_header_is_twelve_bytes() {
        let template = HeaderTemplate::new(&slot("0", ExtensionIds::default()));
        let mut space = [0; HEADER_BYTES_MAX];
        assert_eq!(template.write(&mut space, &FIELDS, None), Some(12));
        assert_eq!(space[0], 0x80);
    }
}
