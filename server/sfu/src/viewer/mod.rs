// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The viewing side (`down`): a rack of slots over one transport, as lean as hundreds of them need it to be.
//! It never sees other viewers or where packets come from.

pub mod bandwidth;
pub mod header;
pub mod layers;
pub mod line;
pub mod loss;
mod resend;
pub mod slot;
pub mod sound;

use std::time::Instant;

use crate::api::{ParticipantKey, PeerId, RoomKey, Side};
use crate::clock::ServerClock;
use crate::egress::Egress;
use crate::rtcp::{write_bye, write_sdes_cname, write_sr};
use crate::sdp::{SlotKind, ViewerMedia};
use crate::transport::Transport;
use bandwidth::Bandwidth;
pub use resend::RESEND_PACKETS_MAX;
use slot::{Slot, Wire};

/// How many pointers away from a viewer something lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// In it.
    Near,
    /// One.
    Far,
    /// Two.
    Farther,
}

impl Reach {
    /// All of them, nearest first: what is near says where the others are.
    pub const ALL: [Reach; 3] = [Reach::Near, Reach::Far, Reach::Farther];
}

/// One viewing connection.
#[derive(Debug)]
pub struct Viewer {
    /// The connection.
    pub peer: PeerId,
    /// Whose it is; their own sources are not sent to them.
    pub participant: Option<ParticipantKey>,
    /// The room it watches.
    pub room: RoomKey,
    /// The side of the stage.
    pub side: Side,
    /// ICE, DTLS, SRTP.
    pub transport: Transport,
    /// The rack.
    pub slots: Vec<Slot>,
    /// Places of the slots that have a source: the others are not looked at packet by packet.
    plugged: u32,
    /// What its path carries, from the moment on that media may flow.
    pub bandwidth: Option<Box<Bandwidth>>,
    cname: String,
    twcc: u16,
}

impl Viewer {
    /// A viewer as negotiated, not connected yet.
    #[must_use]
    pub fn new(
        peer: PeerId,
        participant: Option<ParticipantKey>,
        room: RoomKey,
        side: Side,
        transport: Transport,
        media: ViewerMedia,
    ) -> Self {
        let mut slots: Vec<Slot> = Vec::with_capacity(media.slots.len());
        for slot in media.slots {
            let ordinal = slots.iter().filter(|s| s.media.kind == slot.kind).count();
            slots.push(Slot::new(slot, ordinal));
        }
        Self {
            peer,
            participant,
            room,
            side,
            transport,
            slots,
            plugged: 0,
            bandwidth: None,
            cname: media.cname,
            twcc: 0,
        }
    }

    /// Media may flow from now on.
    pub fn begin(&mut self, now: Instant) {
        let numbered = self.slots.iter().any(|slot| slot.is_video() && slot.is_numbered());
        self.bandwidth = Some(Box::new(Bandwidth::new(now, numbered)));
    }

    /// The slots and where their packets are written; none while no media may flow.
    pub fn wire<'a>(&'a mut self, now: Instant, egress: &'a mut Egress) -> Option<(&'a mut [Slot], Wire<'a>)> {
        let path = self.transport.media_path()?;
        let srtp = self.transport.srtp()?;
        Some((
            &mut self.slots,
            Wire {
                srtp,
                egress,
                path,
                twcc: &mut self.twcc,
                bandwidth: self.bandwidth.as_deref_mut()?,
                now,
            },
        ))
    }

    /// Reads what serving this viewer will need, and gives a number of no meaning. What lies in a thousand places is in no
    /// cache, and sealing packet by packet waits for each of them; read for many viewers in a row, [`Reach`] by reach, they
    /// are waited for together.
    #[must_use]
    pub fn look_ahead(&self, reach: Reach) -> u64 {
        if reach == Reach::Near {
            return self.transport.port() ^ u64::from(self.twcc) ^ self.slots.len() as u64;
        }
        let slots = self.plugged_slots().map(|slot| slot.look_ahead(reach));
        slots.fold(self.transport.look_ahead(reach), |all, one| all ^ one)
            ^ self
                .bandwidth
                .as_ref()
                .map_or(0, |bandwidth| bandwidth.look_ahead(reach))
    }

    /// As [`Viewer::look_ahead`], of what its feedback will need.
    #[must_use]
    pub fn look_ahead_of_feedback(&self) -> u64 {
        let bandwidth = self.bandwidth.as_ref();
        self.transport.look_ahead_of_rtcp() ^ bandwidth.map_or(0, |bandwidth| bandwidth.look_ahead_of_feedback())
    }

    /// Notes which slots have a source; to be called when that changed.
    pub fn note_plugged(&mut self) {
        let each = (0_u32..).zip(&self.slots);
        let plugged = each.filter(|(_, slot)| slot.assigned.is_some());
        self.plugged = plugged.fold(0, |mask, (place, _)| mask | 1_u32.checked_shl(place).unwrap_or(0));
    }

    fn plugged_slots(&self) -> impl Iterator<Item = &Slot> {
        let each = (0_u32..).zip(&self.slots);
        each.filter(|(place, _)| (self.plugged >> place) & 1 == 1)
            .map(|(_, slot)| slot)
    }

    /// The slots that have a source, as bits by their place.
    #[must_use]
    pub fn plugged(&self) -> u32 {
        self.plugged
    }

    /// Sends the padding that a probe needs, on the first picture slot that can.
    pub fn probe(&mut self, now: Instant, egress: &mut Egress) -> usize {
        let due = self
            .bandwidth
            .as_ref()
            .map_or(0, |bandwidth| bandwidth.padding_due(now));
        if due == 0 {
            return 0;
        }
        let Some((slots, mut wire)) = self.wire(now, egress) else {
            return 0;
        };
        let pictures = slots.iter_mut().filter(|slot| slot.is_video());
        pictures
            .map(|slot| slot.pad(&mut wire, due))
            .find(|sent| *sent > 0)
            .unwrap_or(0)
    }

    /// The slot that sends under an SSRC.
    #[must_use]
    pub fn slot_of(&self, ssrc: u32) -> Option<usize> {
        self.slots.iter().position(|slot| slot.media.ssrc == ssrc)
    }

    /// The slot with a number of the rack.
    pub fn slot_numbered(&mut self, number: u8) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.media.slot == number)
    }

    /// Whether any slot of a kind exists.
    #[must_use]
    pub fn takes(&self, kind: SlotKind) -> bool {
        self.slots.iter().any(|slot| slot.media.kind == kind)
    }

    /// Once a second: a sender report per active slot with its CNAME, in one compound packet.
    pub fn report(&mut self, now: Instant, clock: &ServerClock, scratch: &mut Vec<u8>, egress: &mut Egress) {
        let (now_us, ntp) = (clock.us(now), clock.ntp(now));
        scratch.clear();
        let mut first = None;
        for slot in &mut self.slots {
            slot.refill();
            if let Some(info) = slot.sender_info(now_us, ntp) {
                write_sr(scratch, &info, &[]);
                first.get_or_insert(info.ssrc);
            }
        }
        if first.is_none() {
            return;
        }
        for slot in &self.slots {
            if slot.sender_info(now_us, ntp).is_some() {
                write_sdes_cname(scratch, slot.media.ssrc, &self.cname);
            }
        }
        self.transport.send_rtcp(scratch, egress);
    }

    /// Says goodbye: RTCP BYE for all slots, then DTLS `close_notify`.
    pub fn close(&mut self, now: Instant, scratch: &mut Vec<u8>, egress: &mut Egress) {
        scratch.clear();
        let ssrcs: Vec<u32> = self.slots.iter().map(|slot| slot.media.ssrc).collect();
        crate::rtcp::write_rr(scratch, ssrcs.first().copied().unwrap_or(1), &[]);
        write_bye(scratch, &ssrcs);
        self.transport.send_rtcp(scratch, egress);
        self.transport.close(now, egress);
    }
}
