// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Datagrams in a byte stream: RFC 4571 as ICE-TCP uses it (RFC 6544 section 3), STUN and ChannelData as TURN sends
//! them over TCP (RFC 8656 section 12.5); and which of them, or HTTP or TLS, a new connection speaks.

/// Longest frame taken from a stream, bytes; no datagram of ours or of a browser comes near it.
pub const FRAME_BYTES_MAX: usize = 4_096;
/// Bytes of a connection that always tell what it speaks.
pub const OPENING_BYTES: usize = 10;
/// Bytes in front of each datagram on an ICE-TCP connection.
pub const LENGTH_BYTES: usize = 2;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
const TLS_HANDSHAKE: u8 = 0x16;
const STUN_HEADER_BYTES: usize = 20;
const CHANNEL_HEADER_BYTES: usize = 4;

/// What a connection speaks, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// A TLS handshake record.
    Tls,
    /// A STUN message after its RFC 4571 length: ICE-TCP.
    IceTcp,
    /// A bare STUN message: TURN, or STUN over TCP.
    Turn,
    /// Begins like a stream of ours and is none.
    Unknown,
    /// Anything else: text, so HTTP.
    Text,
}

/// Tells what a connection speaks; none: more bytes are needed, at most [`OPENING_BYTES`].
#[must_use]
pub fn opening(first: &[u8]) -> Option<Opening> {
    match first {
        [] => None,
        [TLS_HANDSHAKE, ..] => Some(Opening::Tls),
        // HTTP begins with the letters of a method; lengths of frames and types of STUN requests are small numbers.
        [byte, ..] if *byte > 0x0F => Some(Opening::Text),
        _ => {
            let cookie = |at: usize| first.get(at..at + 4).map(|bytes| bytes == MAGIC_COOKIE);
            if cookie(4) == Some(true) {
                return Some(Opening::Turn);
            }
            cookie(6).map(|is_ours| if is_ours { Opening::IceTcp } else { Opening::Unknown })
        }
    }
}

/// How datagrams stand in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Each after its length (RFC 4571).
    Length,
    /// STUN messages and ChannelData padded to four bytes (RFC 8656 section 12.5).
    Turn,
}

/// The stream cannot be read on: what comes is no frame, or longer than [`FRAME_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a frame, or too long")]
pub struct BadFrame;

/// Where the first frame lies: start and end of its datagram, and the bytes it takes in the stream.
fn first_frame(framing: Framing, bytes: &[u8]) -> Result<Option<(usize, usize, usize)>, BadFrame> {
    let (start, end, taken) = match (framing, bytes) {
        (Framing::Length, [high, low, ..]) => {
            let end = LENGTH_BYTES + usize::from(u16::from_be_bytes([*high, *low]));
            (LENGTH_BYTES, end, end)
        }
        (Framing::Turn, [0..=0x3F, _, high, low, ..]) => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if length % 4 != 0 {
                return Err(BadFrame);
            }
            (0, STUN_HEADER_BYTES + length, STUN_HEADER_BYTES + length)
        }
        (Framing::Turn, [0x40..=0x7F, _, high, low, ..]) => {
            let end = CHANNEL_HEADER_BYTES + usize::from(u16::from_be_bytes([*high, *low]));
            (0, end, end.next_multiple_of(4))
        }
        (Framing::Turn, [_, _, _, _, ..]) => return Err(BadFrame),
        _ => return Ok(None),
    };
    if taken > FRAME_BYTES_MAX {
        return Err(BadFrame);
    }
    Ok((bytes.len() >= taken).then_some((start, end, taken)))
}

/// Takes datagrams out of a stream.
///
/// Contract: fill some of [`FrameReader::space`] from the stream, say how much by [`FrameReader::filled`], then call
/// [`FrameReader::next`] until it has no more. It holds at most two frames of the largest size.
#[derive(Debug)]
pub struct FrameReader {
    framing: Framing,
    buffer: Vec<u8>,
    /// Bytes before this were given out.
    start: usize,
    /// Bytes from here on are free.
    end: usize,
}

impl FrameReader {
    /// An empty one.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            buffer: vec![0; 2 * FRAME_BYTES_MAX],
            start: 0,
            end: 0,
        }
    }

    /// Where the next bytes of the stream go; never empty after [`FrameReader::next`] had no more.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// So many bytes were put into the space.
    pub fn filled(&mut self, bytes: usize) {
        self.end = (self.end + bytes).min(self.buffer.len());
    }

    /// The next datagram; none: more bytes are needed. Empty frames (RFC 4571 section 2) are passed over.
    ///
    /// # Errors
    /// [`BadFrame`]: nothing after this can be read.
    #[expect(clippy::should_implement_trait, reason = "it lends what it holds")]
    pub fn next(&mut self) -> Result<Option<&[u8]>, BadFrame> {
        loop {
            let waiting = self.buffer.get(self.start..self.end).unwrap_or_default();
            let Some((from, to, taken)) = first_frame(self.framing, waiting)? else {
                return Ok(None);
            };
            let at = self.start;
            self.start += taken;
            if from < to {
                return Ok(self.buffer.get(at + from..at + to));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn binding_request() -> Vec<u8> {
        [&[0, 1, 0, 0][..], &MAGIC_COOKIE, &[7; 12]].concat()
    }

    #[test]
    fn a_connection_is_told_by_its_first_bytes() {
        let stun = binding_request();
        let framed = [&[0, 20][..], &stun].concat();
        assert_eq!(opening(&stun), Some(Opening::Turn));
        assert_eq!(opening(&framed), Some(Opening::IceTcp));
        assert_eq!(opening(b"GET / HTTP/1.1"), Some(Opening::Text));
        assert_eq!(opening(b"PRI"), Some(Opening::Text));
        assert_eq!(opening(&[0x16, 3, 1]), Some(Opening::Tls));
        assert_eq!(opening(&[0; OPENING_BYTES]), Some(Opening::Unknown));
        for short in 0..7 {
            assert_eq!(opening(&framed[..short]), None, "{short} bytes");
        }
    }

    #[test]
    fn channel_data_is_read_with_its_padding_and_without() {
        let mut reader = FrameReader::new(Framing::Turn);
        let stream = [&[0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0][..], &binding_request()].concat();
        reader.space()[..stream.len()].copy_from_slice(&stream);
        reader.filled(stream.len());
        assert_eq!(reader.next(), Ok(Some(&[0x40, 0, 0, 5, 1, 2, 3, 4, 5][..])));
        assert_eq!(reader.next(), Ok(Some(&binding_request()[..])));
        assert_eq!(reader.next(), Ok(None));
    }

    #[test]
    fn what_is_too_long_or_no_frame_ends_the_stream() {
        for (framing, bytes) in [
            (Framing::Length, &[0x7F, 0xFF][..]),
            (Framing::Turn, &[0x40, 0, 0x7F, 0xFF]),
            (Framing::Turn, &[0, 1, 0, 3]),
            (Framing::Turn, b"GET /"),
        ] {
            let mut reader = FrameReader::new(framing);
            reader.space()[..bytes.len()].copy_from_slice(bytes);
            reader.filled(bytes.len());
            assert_eq!(reader.next(), Err(BadFrame), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in_however_the_stream_is_cut(
            frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..1_500), 0..20),
            pieces in proptest::collection::vec(1_usize..2_000, 1..20),
        ) {
            let mut stream = Vec::new();
            for frame in &frames {
                stream.extend_from_slice(&u16::try_from(frame.len()).unwrap().to_be_bytes());
                stream.extend_from_slice(frame);
            }
            let mut reader = FrameReader::new(Framing::Length);
            let (mut out, mut rest, mut cut) = (Vec::new(), &stream[..], pieces.iter().cycle());
            while !rest.is_empty() {
                let space = reader.space();
                let piece = space.len().min(rest.len()).min(*cut.next().unwrap());
                prop_assert!(piece > 0, "there is always room for more");
                space[..piece].copy_from_slice(&rest[..piece]);
                rest = &rest[piece..];
                reader.filled(piece);
                while let Some(frame) = reader.next().unwrap() {
                    out.push(frame.to_vec());
                }
            }
            let full: Vec<Vec<u8>> = frames.into_iter().filter(|frame| !frame.is_empty()).collect();
            prop_assert_eq!(out, full);
        }
    }
}
