// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What comes in from the socket, told apart by its first byte (RFC 7983) and handed to its connection.
//! Everything here is hostile until its connection has authenticated it.

use std::sync::Arc;
use std::time::Instant;

use super::moving::Vacancy;
use super::publisher::Noted;
use super::relay::Relay;
use super::tables::Entry;
use super::{Room, Sfu};
use crate::api::{CloseReason, Event, SourceKind};
use crate::counters::Drop;
use crate::egress::{Egress, Path};
use crate::ingest::{Ingested, MediaPacket, Recovered};
use crate::rtcp::{Compound, Packet, Twcc};
use crate::transport::ice::StunRefusal;
use crate::transport::ice::{self, Claim};
use crate::viewer::line::Feed;
use crate::viewer::slot::Slot;

/// Payloads above this leave little room for tunnels and are counted, bytes.
const LARGE_PACKET_BYTES: usize = 1_200;
/// Sequence numbers looked at in one NACK packet.
const NACK_SEQS_MAX: usize = 256;

impl Sfu {
    /// Takes one datagram that came to `path.local` from `path.remote`.
    pub fn handle_datagram(&mut self, now: Instant, path: Path, datagram: &[u8], egress: &mut Egress) {
        match datagram {
            [0..=3, ..] => self.handle_stun(now, path, datagram, egress),
            [20..=63, ..] => self.handle_dtls(now, path, datagram, egress),
            // RFC 5761 section 4: RTCP packet types 192 to 223.
            [128..=191, 192..=223, ..] => self.handle_rtcp(now, path, datagram, egress),
            [128..=191, ..] => self.handle_rtp(now, path, datagram),
            _ => self.counters.dropped(Drop::NotForUs),
        }
    }

    /// Tells of a datagram that [`Sfu::handle_datagram`] will be given soon: what a viewer's feedback will need is read, for
    /// many of them in a row; see [`crate::viewer::Viewer::look_ahead`].
    pub fn look_ahead(&self, path: &Path, datagram: &[u8]) {
        if let [128..=191, 192..=223, ..] = datagram
            && let Some(Entry::Viewer(index)) = self.tables.of_path(path)
            && let Some(viewer) = self.tables.viewers.get(index)
        {
            std::hint::black_box(viewer.look_ahead_of_feedback());
        }
    }

    /// Tells that a connection of another thread has proved this address: what comes from there is none of ours any more.
    pub fn forget_path(&mut self, path: &Path) {
        self.tables.forget_path(path);
    }

    fn handle_stun(&mut self, now: Instant, path: Path, datagram: &[u8], egress: &mut Egress) {
        let handled = match ice::claim(datagram) {
            Ok(Claim::Request { local_ufrag }) => match self.tables.of_ufrag(local_ufrag) {
                Some(entry) => {
                    let transport = self.tables.transport(entry);
                    let proved = transport.map(|t| t.handle_request(now, path, datagram, egress));
                    if proved == Some(Ok(())) {
                        self.tables.remember(entry, &path);
                        if self.tables.transport(entry).is_some_and(|t| t.needs_attention()) {
                            self.watch(entry);
                        }
                    }
                    proved.unwrap_or(Err(StunRefusal::UnknownUser))
                }
                None => Err(StunRefusal::UnknownUser),
            },
            Ok(Claim::Response { transaction }) => {
                let entry = self.tables.of_path(&path);
                let transport = entry.and_then(|entry| self.tables.transport(entry));
                transport.map_or(Err(StunRefusal::UnknownUser), |t| {
                    t.handle_response(now, path, transaction, datagram)
                })
            }
            Err(refusal) => Err(refusal),
        };
        if handled.is_err() {
            self.counters.dropped(Drop::Stun);
        }
    }

    pub(super) fn connected(&mut self, now: Instant, entry: Entry) {
        let Some(peer) = self.tables.peer(entry) else { return };
        self.events.push_back(Event::Connected { peer });
        match entry {
            Entry::Publisher(_) => self.counters.publishers += 1,
            Entry::Viewer(index) => {
                self.counters.viewers += 1;
                if let Some(viewer) = self.tables.viewers.get_mut(index) {
                    viewer.begin(now);
                }
                let gcm = self
                    .tables
                    .viewers
                    .get_mut(index)
                    .and_then(|v| v.transport.srtp())
                    .is_some_and(|s| s.is_gcm());
                self.counters.gcm_viewers += u64::from(gcm);
                self.replug(now, index);
                self.say_what_is_empty(index);
            }
        }
    }

    pub(super) fn handle_rtp(&mut self, now: Instant, path: Path, datagram: &[u8]) {
        let Some(Entry::Publisher(index)) = self.tables.of_path(&path) else {
            self.counters.dropped(Drop::UnknownAddress);
            return;
        };
        let Some(publisher) = self.tables.publishers.get_mut(index) else {
            return;
        };
        let Ok(opened) = publisher.transport.open_rtp(datagram) else {
            self.counters.dropped(Drop::NotAuthentic);
            return;
        };
        match publisher.streams.handle_rtp(now, opened.freeze()) {
            Ok(Ingested::Media { source, layer, packet }) => {
                while let Some(lost) = self.recovered(index) {
                    self.counters.recovered_packets += 1;
                    self.publish(now, index, lost.source, lost.layer, lost.packet, None);
                }
                self.count_received(&packet);
                let height = packet.facts.dimensions().map(|d| d.height);
                self.publish(now, index, source, layer, packet, Some(height));
            }
            Ok(Ingested::Layered { source, parts }) => {
                let own = parts.iter().flatten().find(|part| part.is_own);
                own.iter().for_each(|part| self.count_received(&part.packet));
                for (layer, part) in (0_u8..).zip(parts) {
                    if let Some(part) = part {
                        let height = part.is_own.then_some(part.height);
                        self.publish(now, index, source, layer, part.packet, height);
                    }
                }
            }
            Ok(Ingested::Consumed(_)) => {}
            Err(_) => self.counters.dropped(Drop::UnknownStream),
        }
    }

    fn recovered(&mut self, index: usize) -> Option<Recovered> {
        self.tables.publishers.get_mut(index)?.streams.poll_recovered()
    }

    fn count_received(&mut self, packet: &MediaPacket) {
        self.counters.received_packets += 1;
        if packet.payload.len() > LARGE_PACKET_BYTES {
            self.counters.received_large_packets += 1;
        }
    }

    /// A media packet of a publisher: noted, and put on the way to the viewers of its room. `shows`: it shows that its layer
    /// flows, and the height of its pictures where known.
    fn publish(
        &mut self,
        now: Instant,
        index: usize,
        kind: SourceKind,
        layer: u8,
        packet: Arc<MediaPacket>,
        shows: Option<Option<u16>>,
    ) {
        let Some(publisher) = self.tables.publishers.get_mut(index) else {
            return;
        };
        let (room_key, participant) = (publisher.room, publisher.participant);
        let keep_gop = publisher.streams.ignores_pli(kind, layer);
        let Some(source) = publisher.source(kind) else { return };
        let began = !source.flowing;
        source.flowing = true;
        let noted = shows.map_or(Noted::Nothing, |height| source.note(now, layer, height));
        let (id, live) = (source.source.id, source.live);
        if began {
            self.events.push_back(Event::SourceFlow {
                participant,
                source: kind,
                flowing: true,
            });
        }
        // At once only what happens once per layer, or after a silence; the rest is looked at with silences.
        if began || noted == Noted::First {
            self.replan(now, room_key);
        } else if noted == Noted::Changed
            && let Some(room) = self.rooms.get_mut(&room_key)
        {
            room.is_stale = true;
        }
        if !live {
            self.counters.dropped(Drop::Muted);
            return;
        }
        let Some(room) = self.rooms.get_mut(&room_key) else {
            return;
        };
        if let Some(level) = packet.audio_level {
            room.speakers.observe(now, participant, level.level_minus_dbov);
        }
        let feed = Feed { source: id, layer };
        for follower in &room.followers {
            let relay = Relay::Packet {
                room: room_key,
                feed,
                packet: Arc::clone(&packet),
                keep_gop,
                past: false,
            };
            self.relays.push_back((follower.thread, relay));
        }
        self.take(room_key, feed, packet, keep_gop, false);
    }

    fn handle_rtcp(&mut self, now: Instant, path: Path, datagram: &[u8], egress: &mut Egress) {
        let Some(entry) = self.tables.of_path(&path) else {
            self.counters.dropped(Drop::UnknownAddress);
            return;
        };
        // Taken, so that it may be read while everything else changes.
        let mut compound = std::mem::take(&mut self.opened);
        let opened = self
            .tables
            .transport(entry)
            .map(|t| t.open_rtcp(datagram, &mut compound));
        match (opened, entry) {
            (Some(Ok(())), Entry::Publisher(index)) => {
                if let Some(publisher) = self.tables.publishers.get_mut(index) {
                    let _counted = publisher.streams.handle_rtcp(now, &compound);
                }
            }
            (Some(Ok(())), Entry::Viewer(index)) => self.handle_viewer_rtcp(now, index, &compound, egress),
            _ => self.counters.dropped(Drop::NotAuthentic),
        }
        self.opened = compound;
    }

    fn handle_viewer_rtcp(&mut self, now: Instant, index: usize, bytes: &[u8], egress: &mut Egress) {
        let Ok(compound) = Compound::parse(bytes) else {
            self.counters.dropped(Drop::Malformed);
            return;
        };
        for packet in compound.packets() {
            match packet {
                Packet::Nack(nack) => {
                    for seq in nack.seqs().take(NACK_SEQS_MAX) {
                        self.repair(now, index, nack.media_ssrc, seq, egress);
                    }
                }
                Packet::Twcc(feedback) => self.transport_feedback(now, index, &feedback),
                Packet::Pli(pli) => self.viewer_wants_keyframe(now, index, pli.media_ssrc),
                Packet::Fir(fir) => {
                    for (ssrc, _) in fir.entries() {
                        self.viewer_wants_keyframe(now, index, ssrc);
                    }
                }
                Packet::ReceiverReport(report) => self.loss_report(now, index, report.blocks),
                Packet::SenderReport(report) => self.loss_report(now, index, report.blocks),
                Packet::Malformed { .. } => self.counters.dropped(Drop::Malformed),
                _ => {}
            }
        }
    }

    fn loss_report(&mut self, now: Instant, index: usize, blocks: crate::rtcp::ReportBlocks<'_>) {
        let Some(viewer) = self.tables.viewers.get_mut(index) else {
            return;
        };
        let mut worst = None;
        for block in blocks {
            let video = viewer
                .slot_of(block.ssrc)
                .and_then(|s| viewer.slots.get(s))
                .is_some_and(Slot::is_video);
            if video {
                worst = worst.max(Some(block.fraction_lost));
            }
        }
        if let (Some(fraction), Some(bandwidth)) = (worst, &mut viewer.bandwidth) {
            bandwidth.on_loss_report(now, fraction);
            self.follow_bandwidth(now, index);
        }
    }

    fn transport_feedback(&mut self, now: Instant, index: usize, feedback: &Twcc<'_>) {
        let viewer = self.tables.viewers.get_mut(index);
        if let Some(bandwidth) = viewer.and_then(|viewer| viewer.bandwidth.as_mut()) {
            bandwidth.on_feedback(now, feedback);
            self.follow_bandwidth(now, index);
        }
    }

    fn viewer_wants_keyframe(&mut self, now: Instant, index: usize, ssrc: u32) {
        let Some(viewer) = self.tables.viewers.get(index) else {
            return;
        };
        let slot = viewer.slot_of(ssrc).and_then(|slot| viewer.slots.get(slot));
        // A newcomer who asks before anything was sent gets the replay; one who lost some of it needs a new beginning.
        let Some(slot) = slot.filter(|slot| slot.replay.is_none() || slot.live.is_some()) else {
            return;
        };
        let Some(feed) = slot.target.or(slot.live) else { return };
        let Some(source) = slot.assigned.filter(|s| s.id == feed.source) else {
            return;
        };
        let room = viewer.room;
        self.request_keyframe(now, room, source, feed.layer);
    }

    /// Answers one lost sequence number: a picture's from the shared ring of its source, sound by the bytes sent before.
    fn repair(&mut self, now: Instant, index: usize, ssrc: u32, seq: u16, egress: &mut Egress) {
        let Some(viewer) = self.tables.viewers.get_mut(index) else {
            return;
        };
        let side = viewer.side;
        let Some(place) = viewer.slot_of(ssrc) else { return };
        let Some((out_index, origin)) = viewer.slots.get(place).and_then(|slot| slot.find(seq)) else {
            self.counters.dropped(Drop::Retransmission);
            return;
        };
        let room = self.rooms.get(&viewer.room);
        // What was muted or taken off air since must not be had by asking again.
        let open = |room: &&Room| {
            let source = room.stage.source(origin.feed.source);
            source.is_some_and(|source| source.is_open_to(side))
        };
        let ring = room.filter(open).and_then(|room| room.ring(origin.feed));
        let packet = ring.and_then(|ring| ring.get(origin.source_seq));
        let sent = match (packet, viewer.wire(now, egress)) {
            (Some(packet), Some((slots, mut wire))) => slots.get_mut(place).and_then(|slot| match slot.is_video() {
                true => slot.retransmit(&mut wire, out_index, &origin, packet),
                false => slot.resend(&mut wire, seq),
            }),
            _ => None,
        };
        match sent {
            Some(bytes) => {
                self.counters.forwarded_packets += 1;
                self.counters.retransmitted_packets += 1;
                self.counters.forwarded_bytes += bytes as u64;
            }
            None => self.counters.dropped(Drop::Retransmission),
        }
    }

    pub(super) fn remove(&mut self, now: Instant, entry: Entry, reason: CloseReason, egress: &mut Egress) {
        self.attention.retain(|e| *e != entry);
        match entry {
            Entry::Publisher(index) => {
                let Some(mut publisher) = self.tables.remove_publisher(index) else {
                    return;
                };
                publisher.transport.close(now, egress);
                if publisher.transport.is_connected() {
                    self.counters.publishers = self.counters.publishers.saturating_sub(1);
                }
                for source in publisher.sources.iter().filter(|s| s.flowing) {
                    let kind = source.source.kind;
                    let participant = publisher.participant;
                    self.events.push_back(Event::SourceFlow {
                        participant,
                        source: kind,
                        flowing: false,
                    });
                }
                self.events.push_back(Event::Closed {
                    peer: publisher.peer,
                    reason,
                });
                self.vacate(now, Vacancy::of(index, &publisher));
            }
            Entry::Viewer(index) => {
                let Some(mut viewer) = self.tables.remove_viewer(index) else {
                    return;
                };
                let connected = viewer.transport.is_connected();
                viewer.close(now, &mut self.scratch, egress);
                if connected {
                    self.counters.viewers = self.counters.viewers.saturating_sub(1);
                }
                self.probing.retain(|v| *v != index);
                self.replaying.retain(|(v, _)| *v != index);
                self.waiting.retain(|w| w.viewer != index);
                if let Some(room) = self.rooms.get_mut(&viewer.room) {
                    room.viewers.retain(|v| *v != index);
                }
                self.events.push_back(Event::Closed {
                    peer: viewer.peer,
                    reason,
                });
                self.follow(now, viewer.room);
                self.sweep(viewer.room);
            }
        }
    }
}
