// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! RTP header extensions: both forms of RFC 8285, and the six extensions that Fiera reads.
//! Elements that overrun their block end the search; the rest of the packet stays usable.

use super::wire::{u8_at, u16_at};
use crate::sdp::ExtensionIds;

/// Profile value of the one-byte form (RFC 8285 section 4.2).
const PROFILE_ONE_BYTE: u16 = 0xBEDE;
/// Profile value of the two-byte form without its four application bits (RFC 8285 section 4.3).
const PROFILE_TWO_BYTE: u16 = 0x1000;

/// Voice level of an audio packet (RFC 6464).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AudioLevel {
    /// Level in -dBov: 0 is the loudest, 127 is silence.
    pub level_minus_dbov: u8,
    /// The encoder's voice activity flag.
    pub voice: bool,
}

/// The extensions that Fiera reads, as found in one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KnownExtensions<'a> {
    /// Media identification (RFC 8843 section 15).
    pub mid: Option<&'a [u8]>,
    /// RTP stream id (RFC 8852 section 3.1).
    pub rid: Option<&'a [u8]>,
    /// Repaired RTP stream id (RFC 8852 section 3.2).
    pub rrid: Option<&'a [u8]>,
    /// Audio level (RFC 6464).
    pub audio_level: Option<AudioLevel>,
    /// Transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2).
    pub twcc: Option<u16>,
    /// Dependency descriptor (RTP Payload Format For AV1, appendix A).
    pub dependency: Option<&'a [u8]>,
}

/// The extension elements of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExtensionBlock<'a> {
    profile: u16,
    bytes: &'a [u8],
}

impl<'a> ExtensionBlock<'a> {
    /// A block as it stands after the profile and length fields (RFC 3550 section 5.3.1).
    pub(super) fn new(profile: u16, bytes: &'a [u8]) -> Self {
        Self { profile, bytes }
    }

    /// All elements as `(id, value)`, in order of appearance. Profiles other than RFC 8285's have none.
    pub fn iter(&self) -> Elements<'a> {
        let two_byte = self.profile & 0xFFF0 == PROFILE_TWO_BYTE;
        let known = two_byte || self.profile == PROFILE_ONE_BYTE;
        Elements {
            two_byte,
            rest: if known { self.bytes } else { &[] },
        }
    }

    /// The value of an id; id 0 never has one.
    #[must_use]
    pub fn get(&self, id: u8) -> Option<&'a [u8]> {
        self.iter().find(|(found, _)| *found == id).map(|(_, value)| value)
    }

    /// The extensions that Fiera reads, in one pass. The first element of an id counts.
    #[must_use]
    pub fn known(&self, ids: &ExtensionIds) -> KnownExtensions<'a> {
        let mut known = KnownExtensions::default();
        for (id, value) in self.iter() {
            if id == ids.mid {
                known.mid = known.mid.or(text(value));
            } else if id == ids.rid {
                known.rid = known.rid.or(text(value));
            } else if id == ids.rrid {
                known.rrid = known.rrid.or(text(value));
            } else if id == ids.audio_level {
                known.audio_level = known.audio_level.or_else(|| audio_level(value));
            } else if id == ids.twcc {
                known.twcc = known.twcc.or_else(|| u16_at(value, 0));
            } else if id == ids.dependency {
                known.dependency = known.dependency.or(text(value));
            }
        }
        known
    }
}

fn text(value: &[u8]) -> Option<&[u8]> {
    (!value.is_empty()).then_some(value)
}

fn audio_level(value: &[u8]) -> Option<AudioLevel> {
    let octet = u8_at(value, 0)?;
    Some(AudioLevel {
        level_minus_dbov: octet & 0x7F,
        voice: octet & 0x80 != 0,
    })
}

/// Iterator over the elements of an [`ExtensionBlock`].
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    two_byte: bool,
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    fn element(&mut self) -> Option<(u8, &'a [u8])> {
        loop {
            let (&first, rest) = self.rest.split_first()?;
            if first == 0 {
                self.rest = rest;
                continue;
            }
            let (id, length, rest) = if self.two_byte {
                let (&length, rest) = rest.split_first()?;
                (first, usize::from(length), rest)
            } else {
                // Id 15 ends the one-byte form (RFC 8285 section 4.2); id 0 with a length is padding.
                if first >> 4 == 15 {
                    return None;
                }
                (first >> 4, usize::from(first & 0x0F) + 1, rest)
            };
            let (value, rest) = rest.split_at_checked(length)?;
            self.rest = rest;
            if id != 0 {
                return Some((id, value));
            }
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let element = self.element();
        if element.is_none() {
            self.rest = &[];
        }
        element
    }
}
