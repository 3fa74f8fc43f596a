// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The text of a description, bounded and then parsed by `rtc-sdp`, as sections with attributes.
//! Knows the grammar only; what an attribute means stands in the module of that attribute.

use std::io::Cursor;

use super::SdpRefusal;
use super::limits::{SDP_BYTES_MAX, SDP_LINE_BYTES_MAX, SDP_LINES_MAX, STREAM_NAME_BYTES_MAX};

/// What an m-line carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaKind {
    Audio,
    Video,
    /// `application` (data channels) and whatever else; always rejected.
    Other,
}

/// Who sends on an m-line, seen from the peer that wrote it (RFC 8866 section 6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    pub(super) fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    pub(super) fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
}

/// Attributes of the session or of one m-line, in order.
#[derive(Debug, Default)]
pub(super) struct Attributes(Vec<(String, Option<String>)>);

impl Attributes {
    /// Whether an attribute is there, with or without a value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The first value of an attribute.
    pub(super) fn value(&self, name: &'static str) -> Option<&str> {
        self.values(name).next()
    }

    /// All values of an attribute, in order.
    pub(super) fn values<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .filter_map(|(_, value)| value.as_deref())
    }

    fn direction(&self) -> Option<Direction> {
        self.0.iter().find_map(|(key, _)| match key.as_str() {
            "sendrecv" => Some(Direction::SendRecv),
            "sendonly" => Some(Direction::SendOnly),
            "recvonly" => Some(Direction::RecvOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        })
    }
}

/// One m-line with its attributes.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) kind: MediaKind,
    /// First word of the m-line, for the answer.
    pub(super) media: String,
    /// Transport protocol of the m-line, for the answer.
    pub(super) proto: String,
    pub(super) formats: Vec<String>,
    pub(super) direction: Direction,
    pub(super) attributes: Attributes,
    port: isize,
}

impl Section {
    /// `a=mid` (RFC 5888 section 4).
    pub(super) fn mid(&self) -> Option<&str> {
        self.attributes.value("mid")
    }

    /// Port 0, unless the m-line only waits for its bundle (RFC 9143 section 6).
    pub(super) fn is_rejected(&self) -> bool {
        self.port == 0 && !self.attributes.has("bundle-only")
    }

    /// Whether the m-line is RTP with feedback over DTLS-SRTP, under any name of RFC 9429 section 5.1.2.
    pub(super) fn is_rtp(&self) -> bool {
        let names = [
            "UDP/TLS/RTP/SAVPF",
            "UDP/TLS/RTP/SAVP",
            "RTP/SAVPF",
            "RTP/SAVP",
            "TCP/DTLS/RTP/SAVPF",
            "TCP/DTLS/RTP/SAVP",
        ];
        self.kind != MediaKind::Other && names.contains(&self.proto.as_str())
    }
}

/// A whole description.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) attributes: Attributes,
    pub(super) media: Vec<Section>,
}

impl Description {
    /// Reads a description with at most `media_max` m-lines, all of whose mids are present, short and different.
    pub(super) fn parse(text: &str, media_max: usize) -> Result<Self, SdpRefusal> {
        check_text(text)?;
        let parsed = rtc_sdp::SessionDescription::unmarshal(&mut Cursor::new(text.as_bytes()))
            .map_err(|_| SdpRefusal::Malformed("a line is out of order or has a wrong value".to_owned()))?;
        if parsed.media_descriptions.len() > media_max {
            return Err(SdpRefusal::TooMany("m-lines"));
        }
        let attributes = collect(parsed.attributes);
        let inherited = attributes.direction().unwrap_or(Direction::SendRecv);
        let media = parsed
            .media_descriptions
            .into_iter()
            .map(|media| section(media, inherited))
            .collect();
        let description = Self { attributes, media };
        description.check_mids()?;
        Ok(description)
    }

    /// Mids of the first BUNDLE group (RFC 9143), none without one.
    pub(super) fn bundle(&self) -> Option<Vec<&str>> {
        self.attributes.values("group").find_map(|group| {
            let mut words = group.split_ascii_whitespace();
            (words.next() == Some("BUNDLE")).then(|| words.collect())
        })
    }

    fn check_mids(&self) -> Result<(), SdpRefusal> {
        let mut seen: Vec<&str> = Vec::new();
        for section in self.media.iter().filter(|section| !section.is_rejected()) {
            let mid = section.mid().ok_or(SdpRefusal::Missing("a=mid on an m-line"))?;
            if mid.is_empty() || !mid.bytes().all(is_token_byte) {
                return Err(SdpRefusal::Malformed("a=mid is not a token".to_owned()));
            }
            if mid.len() > STREAM_NAME_BYTES_MAX {
                return Err(SdpRefusal::Unsupported("an a=mid of more than 16 bytes"));
            }
            if seen.contains(&mid) {
                return Err(SdpRefusal::Malformed("two m-lines have the same a=mid".to_owned()));
            }
            seen.push(mid);
        }
        Ok(())
    }
}

/// Whether a byte may stand in a token (RFC 8866 section 9, `token-char`).
fn is_token_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x27 | 0x2A..=0x2B | 0x2D..=0x2E | 0x30..=0x39 | 0x41..=0x5A | 0x5E..=0x7E)
}

/// Size, lines and control characters; what passes cannot smuggle a line into our answer.
fn check_text(text: &str) -> Result<(), SdpRefusal> {
    if text.len() > SDP_BYTES_MAX {
        return Err(SdpRefusal::TooMany("bytes"));
    }
    for (index, line) in text.split('\n').enumerate() {
        let number = index.saturating_add(1);
        if number > SDP_LINES_MAX {
            return Err(SdpRefusal::TooMany("lines"));
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.len() > SDP_LINE_BYTES_MAX {
            return Err(SdpRefusal::TooMany("bytes in one line"));
        }
        if line.chars().any(char::is_control) {
            return Err(SdpRefusal::Malformed(format!(
                "line {number} holds a control character"
            )));
        }
        if !line.is_empty() && line.as_bytes().get(1) != Some(&b'=') {
            return Err(SdpRefusal::Malformed(format!(
                "line {number} does not have the form x=..."
            )));
        }
    }
    Ok(())
}

fn collect(attributes: Vec<rtc_sdp::description::common::Attribute>) -> Attributes {
    Attributes(
        attributes
            .into_iter()
            .map(|attribute| (attribute.key, attribute.value))
            .collect(),
    )
}

fn section(media: rtc_sdp::MediaDescription, inherited: Direction) -> Section {
    let attributes = collect(media.attributes);
    let kind = match media.media_name.media.as_str() {
        "audio" => MediaKind::Audio,
        "video" => MediaKind::Video,
        _ => MediaKind::Other,
    };
    Section {
        kind,
        media: media.media_name.media,
        proto: media.media_name.protos.join("/"),
        formats: media.media_name.formats,
        direction: attributes.direction().unwrap_or(inherited),
        attributes,
        port: media.media_name.port.value,
    }
}
