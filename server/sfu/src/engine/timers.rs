// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What happens by time: one wheel for all viewers, feedback to publishers, replays, and who speaks.

use std::time::{Duration, Instant};

use super::allotment::HELD_MAX;
use super::fanout::refuse;
use super::handshakes::PER_TICK;
use super::tables::Entry;
use super::{Sfu, Waiting};
use crate::api::Event;
use crate::counters::Drop;
use crate::egress::Egress;
use crate::ingest::IngestEvent;
use crate::transport::Change;
use crate::viewer::slot::Forwarded;
use crate::viewer::sound::Earlier;

/// How often [`Sfu::handle_tick`] wants to be called.
pub const TICK: Duration = Duration::from_millis(5);
/// Ticks per turn of the wheel: every viewer is visited once a second.
const WHEEL_TICKS: u64 = 200;
/// Ticks between looks at who speaks (300 ms).
const SPEAKING_TICKS: u64 = 60;
/// Ticks between looks at silent layers and sources (250 ms).
const FLOW_TICKS: u64 = 50;
/// Packets of a replay per tick and slot: about 10 Mbit/s, so that a newcomer's link is not swamped.
const REPLAY_PACKETS_PER_TICK: usize = 5;
/// A late tick does the paced work of so many at most.
const TICKS_PASSED_MAX: usize = 32;
/// A slot that waits this long for a keyframe gets whatever group of pictures is at hand.
const WAIT_FOR_KEYFRAME: Duration = Duration::from_millis(500);
/// A keyframe is asked for again this often while somebody waits.
const ASK_AGAIN: Duration = Duration::from_millis(300);
/// A source without packets for this long does not flow.
const SOURCE_SILENCE: Duration = Duration::from_secs(2);

/// How far a replay has come.
enum Caught {
    NotYet,
    Up,
    /// A slow path or a busy thread holds it back for so long that it must go on at a keyframe.
    TooOld,
}

impl Sfu {
    /// Does what is due. Call it every [`TICK`]; a late call catches up with one step.
    pub fn handle_tick(&mut self, now: Instant, egress: &mut Egress) {
        self.tick = self.tick.wrapping_add(1);
        let passed = self.last_tick.map_or(TICK, |last| now.saturating_duration_since(last));
        let ticks = (passed.as_micros() + TICK.as_micros() / 2) / TICK.as_micros();
        self.ticks_passed = usize::try_from(ticks).map_or(TICKS_PASSED_MAX, |ticks| ticks.clamp(1, TICKS_PASSED_MAX));
        self.last_tick = Some(now);
        self.handshakes_left = PER_TICK * self.ticks_passed;
        self.tend(now, egress);
        self.feed_back(now, egress);
        self.replay_some(now, egress);
        self.measure(now, egress);
        self.ask_for_waiting(now);
        let wheel = (self.tick % WHEEL_TICKS) as usize;
        let capacity = self.tables.viewers.capacity();
        for index in (wheel..capacity).step_by(WHEEL_TICKS as usize) {
            self.visit(now, index, egress);
        }
        if self.tick.is_multiple_of(FLOW_TICKS) {
            self.look_for_silence(now);
        }
        if self.tick.is_multiple_of(SPEAKING_TICKS) {
            self.look_who_speaks(now);
        }
    }

    /// Transports that connect or move.
    fn tend(&mut self, now: Instant, egress: &mut Egress) {
        let mut at = 0;
        while let Some(entry) = self.attention.get(at).copied() {
            let Some(transport) = self.tables.transport(entry) else {
                self.attention.swap_remove(at);
                continue;
            };
            let change = if now >= transport.deadline() {
                transport.handle_timeout(now, egress)
            } else {
                None
            };
            if !transport.needs_attention() {
                self.attention.swap_remove(at);
            } else if let Some(Change::Closed(reason)) = change {
                self.remove(now, entry, reason, egress);
            } else {
                at += 1;
            }
        }
    }

    /// RTCP to publishers, and their consent.
    fn feed_back(&mut self, now: Instant, egress: &mut Egress) {
        let mut gone = Vec::new();
        for (index, publisher) in &mut self.tables.publishers {
            if publisher.transport.is_connected() {
                while let Some(event) = publisher.streams.poll_event() {
                    match event {
                        // Who watches cannot go on without one.
                        IngestEvent::LostForGood { source, layer } => {
                            publisher.streams.request_keyframe(now, source, layer);
                        }
                        IngestEvent::BFrames { source } => {
                            let participant = publisher.participant;
                            self.events.push_back(Event::BFrames { participant, source });
                        }
                        IngestEvent::Flow { .. } | IngestEvent::Restarted { .. } => {}
                    }
                }
                loop {
                    self.scratch.clear();
                    if !publisher.streams.poll_feedback(now, &mut self.scratch) {
                        break;
                    }
                    publisher.transport.send_rtcp(&self.scratch, egress);
                }
                if now >= publisher.transport.deadline()
                    && let Some(Change::Closed(reason)) = publisher.transport.handle_timeout(now, egress)
                {
                    gone.push((index, reason));
                }
            }
        }
        for (index, reason) in gone {
            self.remove(now, Entry::Publisher(index), reason, egress);
        }
    }

    /// Once a second per viewer: sender reports and consent.
    fn visit(&mut self, now: Instant, index: usize, egress: &mut Egress) {
        let Some(viewer) = self.tables.viewers.get_mut(index) else {
            return;
        };
        if !viewer.transport.is_connected() {
            return;
        }
        viewer.report(now, &self.clock, &mut self.scratch, egress);
        if now >= viewer.transport.deadline()
            && let Some(Change::Closed(reason)) = viewer.transport.handle_timeout(now, egress)
        {
            self.remove(now, Entry::Viewer(index), reason, egress);
        }
    }

    /// The past for newcomers, paced.
    fn replay_some(&mut self, now: Instant, egress: &mut Egress) {
        let mut at = 0;
        while let Some((index, place)) = self.replaying.get(at).copied() {
            match self.replay_step(now, index, place, egress) {
                Caught::NotYet => at += 1,
                Caught::Up => drop(self.replaying.swap_remove(at)),
                Caught::TooOld => {
                    self.replaying.swap_remove(at);
                    self.starve(now, index, Some(place));
                }
            }
        }
    }

    fn replay_step(&mut self, now: Instant, index: usize, place: usize, egress: &mut Egress) -> Caught {
        let Some(viewer) = self.tables.viewers.get_mut(index) else {
            return Caught::Up;
        };
        let peer = viewer.peer;
        let Some(slot) = viewer.slots.get(place) else {
            return Caught::Up;
        };
        let (Some(mut replay), Some(source)) = (slot.replay, slot.assigned) else {
            return Caught::Up;
        };
        let room = self.rooms.get(&viewer.room).filter(|_| source.id == replay.feed.source);
        let Some(ring) = room.and_then(|room| room.ring(replay.feed)) else {
            if let Some(slot) = viewer.slots.get_mut(place) {
                slot.replay = None;
            }
            return Caught::Up;
        };
        let newest = ring.newest().unwrap_or(0);
        let mut sent = 0;
        // Not connected, or moving: the replay goes on when it may.
        let Some((slots, mut wire)) = viewer.wire(now, egress) else {
            return Caught::NotYet;
        };
        let Some(slot) = slots.get_mut(place) else {
            return Caught::Up;
        };
        // By time, not by ticks: on a busy thread a replay would never catch up, and fall out of the ring.
        let sent_max = REPLAY_PACKETS_PER_TICK * self.ticks_passed;
        while sent < sent_max
            && replay.next <= newest
            && wire.egress.has_room()
            && wire.bandwidth.may_send_pictures(now)
        {
            let packet = ring.get(replay.next);
            replay.next += 1;
            slot.replay = Some(replay);
            let Some(packet) = packet else { continue };
            match slot.send(&mut wire, replay.feed, packet, &Earlier::default(), 0) {
                Forwarded::Sent(bytes) => self.counters.forwarded_bytes += bytes as u64,
                Forwarded::Began { bytes, rtp_time } => {
                    self.counters.forwarded_bytes += bytes as u64;
                    let shows = Some((source.participant, source.kind));
                    self.events.push_back(Event::SlotChanged {
                        peer,
                        slot: slot.media.slot,
                        shows,
                        rtp_time,
                    });
                }
                Forwarded::NoCodec(codec) => {
                    self.counters.dropped(Drop::NoCodec);
                    refuse(&mut self.events, peer, slot, replay.feed, codec);
                    slot.replay = None;
                    return Caught::Up;
                }
                Forwarded::No | Forwarded::NoRoom => continue,
            }
            self.counters.forwarded_packets += 1;
            sent += 1;
            if slot.live != Some(replay.feed) {
                // It went down to a smaller part of the stream, whose line it goes on in.
                return Caught::NotYet;
            }
        }
        if replay.next > newest {
            slot.replay = None;
            return Caught::Up;
        }
        let is_old = |at: Instant| now.saturating_duration_since(at) > HELD_MAX;
        if ring.is_past(replay.next) {
            if slot.live.is_some() {
                return Caught::TooOld;
            }
            // It had not begun: its keyframe fell out of the ring.
            slot.replay = None;
            self.waiting.push(Waiting {
                viewer: index,
                slot: place,
                since: now,
            });
            return Caught::Up;
        }
        if replay.held && ring.get(replay.next).is_none_or(|packet| is_old(packet.arrival)) {
            return Caught::TooOld;
        }
        Caught::NotYet
    }

    /// Slots without a picture: ask again, and take an older group of pictures when nobody answers.
    fn ask_for_waiting(&mut self, now: Instant) {
        let mut at = 0;
        while let Some(waiting) = self.waiting.get(at).copied() {
            let viewer = self.tables.viewers.get(waiting.viewer);
            let slot = viewer.and_then(|viewer| viewer.slots.get(waiting.slot));
            let room = viewer.map(|viewer| viewer.room);
            let aim = slot.and_then(|slot| Some((room?, slot.target?, slot.assigned?)));
            let dark = slot.is_some_and(|slot| slot.live.is_none());
            let Some((room, target, source)) = aim.filter(|(_, target, source)| target.source == source.id) else {
                self.waiting.swap_remove(at);
                continue;
            };
            let waited = now.saturating_duration_since(waiting.since);
            let period = u64::try_from(ASK_AGAIN.as_millis() / TICK.as_millis()).unwrap_or(1);
            if self.tick.is_multiple_of(period) && now >= waiting.since {
                self.request_keyframe(now, room, source, target.layer);
            }
            if dark && waited >= WAIT_FOR_KEYFRAME && self.replay_anyway(now, waiting.viewer, waiting.slot) {
                self.waiting.swap_remove(at);
                continue;
            }
            at += 1;
        }
    }

    /// Layers and sources that came, changed or went: each room is planned anew once for all of them, so that what a
    /// publisher does packet by packet costs its room no more than this.
    fn look_for_silence(&mut self, now: Instant) {
        for (_, publisher) in &mut self.tables.publishers {
            let participant = publisher.participant;
            let mut changed = false;
            for source in &mut publisher.sources {
                if !source.flowing {
                    continue;
                }
                let newest = source.layers.iter().filter_map(|layer| layer.last_packet).max();
                if newest.is_none_or(|at| now.saturating_duration_since(at) > SOURCE_SILENCE) {
                    source.flowing = false;
                    source.note_silence(now);
                    let kind = source.source.kind;
                    self.events.push_back(Event::SourceFlow {
                        participant,
                        source: kind,
                        flowing: false,
                    });
                    changed = true;
                } else {
                    changed |= source.note_silence(now);
                }
            }
            changed |= Self::weigh_layers(publisher);
            if let Some(room) = self.rooms.get_mut(&publisher.room) {
                room.is_stale |= changed;
            }
        }
        let stale = self.rooms.iter().filter(|(_, room)| room.is_stale);
        let stale: Vec<_> = stale.map(|(key, _)| *key).collect();
        for room in stale {
            self.replan(now, room);
        }
        self.recount(now);
    }

    fn look_who_speaks(&mut self, now: Instant) {
        let keys: Vec<_> = self
            .rooms
            .iter()
            .filter(|(_, r)| !r.publishers.is_empty())
            .map(|(key, _)| *key)
            .collect();
        for key in keys {
            self.replan(now, key);
            let Some(room) = self.rooms.get_mut(&key) else { continue };
            let tables = &self.tables;
            let on_air = |p: &crate::api::ParticipantKey| {
                tables
                    .publisher_of(*p)
                    .and_then(|index| tables.publishers.get(index))
                    .is_some_and(|p| p.on_air)
            };
            let mut speaking = room.speakers.rank(now);
            speaking.retain(on_air);
            if speaking != room.speaking {
                room.speaking.clone_from(&speaking);
                self.events.push_back(Event::Speaking {
                    room: key,
                    participants: speaking,
                });
            }
        }
    }
}
