// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Which layer each viewer gets: what its path carries, probes of that, and which layers are worth a publisher's effort.

use std::time::{Duration, Instant};

use super::Sfu;
use super::inspect::Carrier;
use super::publisher::Publisher;
use super::relay::Relay;
use super::stage::Stage;
use super::tables::Tables;
use super::timers::TICK;
use crate::allocate::{
    Decision, Demand, LAYERS_MAX, LayerMask, LayerRate, Priority, RISE_MARGIN_PERCENT, Reason, SLOTS_MAX, SlotRequest,
    Watchers, nominal_bps,
};
use crate::api::{Event, RoomKey};
use crate::bwe::IDLE_TICK;
use crate::egress::Egress;
use crate::plan::SourceId;
use crate::viewer::layers::{LayerFacts, choose};
use crate::viewer::slot::Slot;

/// Every viewer's path is looked at once in so many ticks.
const LOOK_TICKS: u64 = (IDLE_TICK.as_millis() / TICK.as_millis()) as u64;
/// Sound on the wire, bits per second: Opus as browsers send it, with headers.
const AUDIO_BPS: u64 = 60_000;
/// What each repetition of sound adds to that, bits per second.
const AUDIO_COPY_BPS: u64 = 35_000;
/// What a path should carry while a long past is caught up with, bits per second.
const HURRY_BPS: u64 = 6_000_000;
/// A layer's rate is told on when it moved by one part in this many.
const RATE_MOVED_PART: u64 = 8;

/// What a slot asks for, as its room is now.
fn request(slot: &Slot, stage: &Stage, sound_copies: usize) -> SlotRequest {
    let mut request = SlotRequest {
        source: slot.assigned.map(|source| source.id),
        priority: Priority::of(slot.media.kind, slot.ordinal),
        want: slot.want,
        ..SlotRequest::default()
    };
    let known = request
        .source
        .and_then(|id| stage.source(id))
        .map(|source| &source.layers);
    let sound = [LayerRate {
        facts: LayerFacts {
            height: None,
            flowing: true,
        },
        bitrate_bps: AUDIO_BPS + AUDIO_COPY_BPS * if slot.repeats_sound() { sound_copies as u64 } else { 0 },
    }];
    let layers = if slot.is_video() {
        known.map(Vec::as_slice).unwrap_or_default()
    } else {
        &sound
    };
    for (to, from) in request.layers.iter_mut().zip(layers) {
        *to = *from;
        request.layer_count += 1;
    }
    request
}

/// What all slots would take if the path carried it, bits per second.
fn wanted_bps(requests: &[SlotRequest]) -> u64 {
    let each = requests.iter().map(|request| {
        let (Some(_), Some(want)) = (request.source, request.want) else {
            return 0;
        };
        let layers = request.layers.iter().take(usize::from(request.layer_count));
        let as_if = layers.clone().map(|layer| LayerFacts {
            flowing: true,
            ..layer.facts
        });
        let Some(best) = choose(as_if, want, false).map(usize::from) else {
            return 0;
        };
        let costs = layers.take(best + 1).enumerate();
        let costs = costs.map(|(number, layer)| match layer.bitrate_bps {
            0 => nominal_bps(layer.facts.height, number),
            measured => measured,
        });
        costs.max().unwrap_or(0)
    });
    each.sum()
}

impl Sfu {
    /// After the path of a viewer may have changed.
    pub(super) fn follow_bandwidth(&mut self, now: Instant, index: usize) {
        let Some(bandwidth) = self.tables.viewers.get(index).and_then(|v| v.bandwidth.as_ref()) else {
            return;
        };
        let (is_due, is_probing) = (bandwidth.is_due(now), bandwidth.is_probing(now));
        if is_probing && !self.probing.contains(&index) {
            self.probing.push(index);
        }
        if is_due {
            self.reallocate(now, index);
        }
    }

    /// Looks at a part of all paths, and at all that are being probed.
    pub(super) fn measure(&mut self, now: Instant, egress: &mut Egress) {
        let capacity = self.tables.viewers.capacity();
        for index in ((self.tick % LOOK_TICKS) as usize..capacity).step_by(LOOK_TICKS as usize) {
            let Some(bandwidth) = self.tables.viewers.get_mut(index).and_then(|v| v.bandwidth.as_mut()) else {
                continue;
            };
            bandwidth.tick(now);
            if bandwidth.is_rising() {
                self.reallocate(now, index);
            }
            self.follow_bandwidth(now, index);
        }
        let mut at = 0;
        while let Some(index) = self.probing.get(at).copied() {
            let viewer = self.tables.viewers.get_mut(index);
            let probing = viewer.is_some_and(|viewer| {
                let Some(bandwidth) = &mut viewer.bandwidth else {
                    return false;
                };
                bandwidth.tick(now);
                let probing = bandwidth.is_probing(now);
                self.counters.padding_bytes += viewer.probe(now, egress) as u64;
                probing
            });
            if probing {
                at += 1;
            } else {
                self.probing.swap_remove(at);
            }
        }
    }

    /// Decides anew which layer each slot of a viewer gets, and aims the slots at them.
    pub(super) fn reallocate(&mut self, now: Instant, index: usize) {
        let Some(viewer) = self.tables.viewers.get_mut(index) else {
            return;
        };
        let (Some(room), Some(bandwidth)) = (self.rooms.get(&viewer.room), viewer.bandwidth.as_mut()) else {
            return;
        };
        let mut requests = [SlotRequest::default(); SLOTS_MAX];
        let mut count = 0;
        for (to, slot) in requests.iter_mut().zip(&viewer.slots) {
            *to = request(slot, &room.stage, bandwidth.sound_copies());
            count += 1;
        }
        let requests = requests.get(..count).unwrap_or_default();
        // A step up needs a margin: what is probed for must reach beyond it.
        let wanted = wanted_bps(requests) * (100 + RISE_MARGIN_PERCENT) / 100;
        bandwidth.set_wanted(now, wanted);
        let decisions = bandwidth.allocate(now, requests);
        for (place, decision) in decisions.into_iter().enumerate().take(count) {
            self.obey(now, index, place, decision);
        }
    }

    /// A long past is caught up with at more than the rate of what is new, where the path carries it.
    pub(super) fn hurry(&mut self, now: Instant, index: usize) {
        let viewer = self.tables.viewers.get_mut(index);
        if let Some(bandwidth) = viewer.and_then(|viewer| viewer.bandwidth.as_mut()) {
            bandwidth.set_wanted(now, HURRY_BPS);
            self.follow_bandwidth(now, index);
        }
    }

    fn obey(&mut self, now: Instant, index: usize, place: usize, decision: Decision) {
        let Some(viewer) = self.tables.viewers.get_mut(index) else {
            return;
        };
        let peer = viewer.peer;
        let Some(slot) = viewer.slots.get_mut(place) else {
            return;
        };
        (slot.wished, slot.reason) = (decision.wished, decision.reason);
        match decision.layer {
            Some(layer) => self.aim(now, index, place, layer),
            // What the path cannot carry is taken away, so that no picture freezes on the screen.
            None if decision.reason == Reason::Paused => {
                if slot.pause()
                    && let Some(source) = slot.assigned
                {
                    self.events.push_back(Event::SlotPaused {
                        peer,
                        slot: slot.media.slot,
                        shows: (source.participant, source.kind),
                    });
                }
            }
            None => {}
        }
    }

    /// Notes what each layer costs. Returns the rooms that should know.
    pub(super) fn weigh_layers(publisher: &mut Publisher) -> bool {
        let mut moved = false;
        for source in &mut publisher.sources {
            for (number, layer) in (0_u8..).zip(&mut source.layers) {
                let bps = publisher.streams.bitrate_bps(source.source.kind, number);
                let told = &mut layer.rate.bitrate_bps;
                if bps.abs_diff(*told) > *told / RATE_MOVED_PART {
                    *told = bps;
                    moved = true;
                }
            }
        }
        moved
    }

    /// Counts who watches what, here and on threads that follow, and tells homes and publishers what that means.
    pub(super) fn recount(&mut self, now: Instant) {
        self.counters.slots_by_reason = Default::default();
        self.counters.estimates = Default::default();
        self.counters.viewers_by_carrier = Default::default();
        let keys: Vec<RoomKey> = self.rooms.keys().copied().collect();
        for key in keys {
            let mut watchers: Vec<(SourceId, Watchers)> = Vec::new();
            let Some(room) = self.rooms.get_mut(&key) else { continue };
            room.watched.clear();
            let viewers = || room.viewers.iter().filter_map(|index| self.tables.viewers.get(*index));
            for bandwidth in viewers().filter_map(|viewer| viewer.bandwidth.as_ref()) {
                self.counters.estimated(bandwidth.estimate().target_bps);
            }
            viewers().for_each(|viewer| self.counters.carried(Carrier::of(&viewer.transport)));
            for slot in viewers().flat_map(|viewer| &viewer.slots) {
                if let Some(count) = self.counters.slots_by_reason.get_mut(slot.reason.index()) {
                    *count += 1;
                }
                for feed in [slot.live, slot.target].into_iter().flatten() {
                    if !room.watched.contains(&feed) {
                        room.watched.push(feed);
                    }
                    note(&mut watchers, feed.source, feed.layer);
                }
                if let (Some(source), Some(layer)) = (slot.assigned, slot.wished) {
                    note(&mut watchers, source.id, layer);
                }
            }
            match room.following {
                Some(home) => {
                    if room.told_viewers != room.viewers.len() {
                        room.told_viewers = room.viewers.len();
                        self.relays.push_back((home, Relay::Viewers(key, room.told_viewers)));
                    }
                    for source in &room.stage.sources {
                        let id = source.source.id;
                        let layers = mask(&watchers, id);
                        if room.told.contains(&(id, layers)) {
                            continue;
                        }
                        room.told.retain(|(told, _)| *told != id);
                        room.told.push((id, layers));
                        let relay = Relay::Wanted {
                            room: key,
                            source: id,
                            layers,
                        };
                        self.relays.push_back((home, relay));
                    }
                }
                None => self.demand(now, key, &watchers),
            }
        }
    }

    /// Asks the publishers of a room for the layers that somebody watches.
    fn demand(&mut self, now: Instant, key: RoomKey, here: &[(SourceId, Watchers)]) {
        let Some(room) = self.rooms.get(&key) else { return };
        let Tables { publishers, .. } = &mut self.tables;
        for index in &room.publishers {
            let Some(publisher) = publishers.get_mut(*index) else {
                continue;
            };
            for source in &mut publisher.sources {
                let (id, kind) = (source.source.id, source.source.kind);
                let layers = publisher.streams.layers(kind);
                if layers < 2 {
                    continue;
                }
                let mut watchers = here
                    .iter()
                    .find(|(of, _)| *of == id)
                    .map_or(Watchers::default(), |(_, w)| *w);
                for layer in room.wanted_elsewhere(id).numbers() {
                    watchers.add(layer);
                }
                let demand = source.demand.get_or_insert_with(|| Demand::new(layers));
                if let Some(layers) = demand.update(now, &watchers) {
                    self.events.push_back(Event::LayersWanted {
                        peer: publisher.peer,
                        participant: publisher.participant,
                        source: kind,
                        layers,
                    });
                }
            }
        }
    }
}

fn note(watchers: &mut Vec<(SourceId, Watchers)>, source: SourceId, layer: u8) {
    match watchers.iter_mut().find(|(of, _)| *of == source) {
        Some((_, watchers)) => watchers.add(layer),
        None => {
            let mut first = Watchers::default();
            first.add(layer);
            watchers.push((source, first));
        }
    }
}

fn mask(watchers: &[(SourceId, Watchers)], source: SourceId) -> LayerMask {
    let found = watchers.iter().find(|(of, _)| *of == source);
    let watched = |layer: &u8| found.is_some_and(|(_, watchers)| watchers.of(*layer) > 0);
    (0..LAYERS_MAX as u8)
        .filter(watched)
        .fold(LayerMask::default(), LayerMask::with)
}

/// How long a picture that a slow path holds back may grow old before it goes on at a keyframe.
pub(super) const HELD_MAX: Duration = Duration::from_millis(1_500);
