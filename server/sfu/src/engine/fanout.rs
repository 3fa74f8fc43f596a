// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What goes out: the packets of one wake-up, to every viewer of their room, a chunk of viewers at a time.
//! This is the hot path: per viewer no allocation, no lock, no hash; which slot takes a packet is found once per feed.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Sfu;
use super::room::{Work, arrange};
use super::tables::Tables;
use crate::api::{Event, PeerId};
use crate::counters::{Counters, Drop};
use crate::egress::Egress;
use crate::sdp::Codec;
use crate::viewer::Reach;
use crate::viewer::line::Feed;
use crate::viewer::slot::{Forwarded, Slot};

/// Viewers served between two looks at the socket.
const VIEWERS_PER_CHUNK: usize = 64;
/// Viewers whose state is read into the caches together: enough that memory answers for many at once, few enough that
/// what was read is still there when they are served.
const VIEWERS_AHEAD: usize = 16;
/// Pictures that come while others wait this long for their turn are left out: the thread has more to send than it can.
const PICTURES_WAIT_MAX: Duration = Duration::from_millis(250);
/// Packets that wait for their turn at most, sound included: some 16 MB of pictures, or minutes of sound.
const QUEUED_MAX: usize = 16_384;

impl Sfu {
    /// Writes the next chunk into the arena. Returns whether more is waiting: send, clear, read the socket, call again.
    pub fn transmit(&mut self, now: Instant, egress: &mut Egress) -> bool {
        self.gather(now);
        let mut left = VIEWERS_PER_CHUNK;
        while let Some(work) = self.work.front_mut() {
            let Some(index) = work.viewers.get(work.done).copied() else {
                self.finish();
                continue;
            };
            if left == 0 || !egress.has_room_for(work.pending.len()) {
                return true;
            }
            if left.is_multiple_of(VIEWERS_AHEAD) {
                look_ahead(
                    &self.tables,
                    work.viewers.iter().skip(work.done).take(VIEWERS_AHEAD.min(left)),
                );
            }
            left -= 1;
            work.done += 1;
            let lacks_pictures = work.lacks_pictures;
            let served = Served {
                tables: &mut self.tables,
                counters: &mut self.counters,
                events: &mut self.events,
                replaying: &mut self.replaying,
            };
            serve(served, index, work, now, egress);
            if lacks_pictures {
                self.starve(now, index, None);
            }
        }
        // Media first.
        self.shake_hands(now, egress)
    }

    /// Turns what came in since the last call into work.
    fn gather(&mut self, now: Instant) {
        let oldest = self.work.front().and_then(|work| work.pending.first());
        let waited = oldest.map(|pending| now.saturating_duration_since(pending.packet.arrival));
        let is_late = waited.is_some_and(|waited| waited > PICTURES_WAIT_MAX);
        for key in self.touched.drain(..) {
            let Some(room) = self.rooms.get_mut(&key) else { continue };
            let mut work = self.spare.pop().unwrap_or_default();
            std::mem::swap(&mut work.pending, &mut room.pending);
            let came = work.pending.len();
            if self.queued + came > QUEUED_MAX {
                work.pending.clear();
            } else if is_late {
                work.pending.retain(|pending| pending.packet.codec == Codec::Opus);
            }
            work.lacks_pictures = work.pending.len() < came;
            (work.pending.len()..came).for_each(|_| self.counters.dropped(Drop::Overload));
            // Viewers whose pictures wait already need not be told so again.
            let last = |work: &&Work| work.room == Some(key);
            let told = || {
                self.work
                    .iter()
                    .rev()
                    .find(last)
                    .is_some_and(|work| work.lacks_pictures)
            };
            if work.pending.is_empty() && told() {
                self.spare.push(work);
                continue;
            }
            work.room = Some(key);
            self.queued += work.pending.len();
            arrange(&mut work.pending, &mut work.stretches);
            // Who joins between two chunks gets these packets by replay; who leaves is passed over.
            work.viewers.extend_from_slice(&room.viewers);
            self.rotation = self.rotation.wrapping_add(7);
            if let Some(first) = self.rotation.checked_rem(work.viewers.len()) {
                work.viewers.rotate_left(first);
            }
            self.work.push_back(work);
        }
    }

    fn finish(&mut self) {
        if let Some(mut work) = self.work.pop_front() {
            self.queued = self.queued.saturating_sub(work.pending.len());
            work.pending.clear();
            work.stretches.clear();
            work.viewers.clear();
            work.done = 0;
            work.lacks_pictures = false;
            self.spare.push(work);
        }
    }
}

/// Tells the viewer once that it cannot decode what its slot should show, and takes the picture before away.
pub(super) fn refuse(events: &mut VecDeque<Event>, peer: PeerId, slot: &mut Slot, feed: Feed, codec: Codec) {
    if slot.live.is_some_and(|live| live.source != feed.source) {
        slot.live = None;
    }
    if !slot.refuse(codec) {
        return;
    }
    let (number, assigned) = (slot.media.slot, slot.assigned);
    let shows = assigned.map(|source| (source.participant, source.kind));
    events.push_back(Event::SlotChanged {
        peer,
        slot: number,
        shows,
        rtp_time: 0,
    });
    events.push_back(Event::CannotDecode {
        peer,
        slot: number,
        codec: codec.name(),
    });
}

/// Reads what serving the next viewers will need; see [`crate::viewer::Viewer::look_ahead`].
fn look_ahead<'a>(tables: &Tables, next: impl Iterator<Item = &'a usize> + Clone) {
    for reach in Reach::ALL {
        let viewers = next.clone().filter_map(|index| tables.viewers.get(*index));
        std::hint::black_box(viewers.fold(0, |all, viewer| all ^ viewer.look_ahead(reach)));
    }
}

/// What serving a viewer changes.
struct Served<'a> {
    tables: &'a mut Tables,
    counters: &'a mut Counters,
    events: &'a mut VecDeque<Event>,
    replaying: &'a mut Vec<(usize, usize)>,
}

/// All packets of one wake-up to one viewer, next to each other in the arena so that they share a send.
fn serve(
    Served {
        tables,
        counters,
        events,
        replaying,
    }: Served<'_>,
    index: usize,
    work: &Work,
    now: Instant,
    egress: &mut Egress,
) {
    let Some(viewer) = tables.viewers.get_mut(index) else {
        return;
    };
    let (peer, plugged) = (viewer.peer, viewer.plugged());
    let Some((slots, mut wire)) = viewer.wire(now, egress) else {
        return;
    };
    for stretch in &work.stretches {
        let packets = work.pending.get(stretch.start..stretch.end).unwrap_or_default();
        for (place, slot) in slots
            .iter_mut()
            .enumerate()
            .filter(|(place, slot)| (plugged >> place) & 1 == 1 && slot.takes(stretch.feed))
        {
            if let Some(first) = packets.first()
                && slot.is_flowing_picture(stretch.feed)
                && !wire.bandwidth.may_send_pictures(now)
            {
                slot.hold(stretch.feed, first.packet.ext_seq);
                replaying.push((index, place));
                continue;
            }
            for pending in packets {
                let forwarded = slot.forward(
                    &mut wire,
                    pending.feed,
                    &pending.packet,
                    &pending.earlier,
                    pending.padding,
                );
                let bytes = match forwarded {
                    Forwarded::No => continue,
                    Forwarded::Sent(bytes) => bytes,
                    Forwarded::Began { bytes, rtp_time } => {
                        events.push_back(began(peer, slot, pending.feed, rtp_time));
                        bytes
                    }
                    Forwarded::NoCodec(codec) => {
                        counters.dropped(Drop::NoCodec);
                        refuse(events, peer, slot, pending.feed, codec);
                        continue;
                    }
                    Forwarded::NoRoom => {
                        counters.dropped(Drop::ArenaFull);
                        continue;
                    }
                };
                counters.forwarded_packets += 1;
                counters.forwarded_bytes += bytes as u64;
                counters.forwarded(1, now.saturating_duration_since(pending.packet.arrival));
            }
        }
    }
}

/// A slot shows what it was assigned, from an RTP time on.
fn began(peer: PeerId, slot: &Slot, feed: Feed, rtp_time: u32) -> Event {
    let shows = slot.assigned.filter(|s| s.id == feed.source);
    Event::SlotChanged {
        peer,
        slot: slot.media.slot,
        shows: shows.map(|source| (source.participant, source.kind)),
        rtp_time,
    }
}
