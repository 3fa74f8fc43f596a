// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! NAL units of one RTP payload: single, aggregated (STAP-A) or a fragment (FU-A), RFC 6184 section 5.

use super::nal_type;
use crate::rtp::wire::{u8_at, u16_at};

/// A NAL unit, or the part of it that the payload holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nal<'a> {
    /// nal_unit_type; of the whole unit for a fragment.
    pub nal_type: u8,
    /// Whether its first octet is here.
    pub starts: bool,
    /// What follows the NAL header, or the fragment.
    pub body: &'a [u8],
    /// The unit with its header, when all of it is here.
    pub whole: Option<&'a [u8]>,
}

/// Iterator over the NAL units of a payload.
#[derive(Debug, Clone)]
pub struct Nals<'a> {
    state: State<'a>,
}

#[derive(Debug, Clone)]
enum State<'a> {
    One(Nal<'a>),
    Aggregate(&'a [u8]),
    Done { broken: bool },
}

impl Nals<'_> {
    /// Whether the walk ended at a unit that overran the payload.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        matches!(self.state, State::Done { broken: true })
    }
}

/// The NAL units of a payload; none for packet types outside packetization-mode 1.
#[must_use]
pub fn nals(payload: &[u8]) -> Option<Nals<'_>> {
    let (&header, body) = payload.split_first()?;
    let state = match header & 0x1F {
        kind @ 1..=23 => State::One(Nal {
            nal_type: kind,
            starts: true,
            body,
            whole: Some(payload),
        }),
        nal_type::STAP_A => State::Aggregate(body),
        nal_type::FU_A => {
            let (&fragment, body) = body.split_first()?;
            State::One(Nal {
                nal_type: fragment & 0x1F,
                starts: fragment & 0x80 != 0,
                body,
                whole: None,
            })
        }
        _ => return None,
    };
    Some(Nals { state })
}

fn aggregated(rest: &[u8]) -> Option<(Nal<'_>, &[u8])> {
    let length = usize::from(u16_at(rest, 0)?);
    let (unit, after) = rest.get(2..)?.split_at_checked(length)?;
    let nal_type = u8_at(unit, 0)? & 0x1F;
    Some((
        Nal {
            nal_type,
            starts: true,
            body: unit.get(1..)?,
            whole: Some(unit),
        },
        after,
    ))
}

impl<'a> Iterator for Nals<'a> {
    type Item = Nal<'a>;

    fn next(&mut self) -> Option<Nal<'a>> {
        match std::mem::replace(&mut self.state, State::Done { broken: false }) {
            State::One(nal) => Some(nal),
            State::Aggregate([]) => None,
            State::Aggregate(rest) => match aggregated(rest) {
                Some((nal, after)) => {
                    self.state = State::Aggregate(after);
                    Some(nal)
                }
                None => {
                    self.state = State::Done { broken: true };
                    None
                }
            },
            done @ State::Done { .. } => {
                self.state = done;
                None
            }
        }
    }
}
