// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! "We resume shortly": what everybody sees when pictures and sound of all who are on air broke off, until they flow again.
//! Who switches off, steps back or leaves on purpose is no break.

use std::collections::BTreeSet;

use fiera_protocol::ids::{ParticipantId, RoomId, RoomKind};
use fiera_protocol::limits::RESUMING_AFTER_MS;
use fiera_protocol::view::EventPhase;

use crate::hub::Hub;
use crate::input::Now;
use crate::room::Room;
use crate::timers::Timer;

/// Whether media of one room broke off.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    /// Something had arrived before: what never began breaks off nowhere.
    began: bool,
    /// Nothing came since then, monotonic milliseconds.
    since_ms: Option<u64>,
    /// Somebody who was on air was lost, not taken off.
    lost: bool,
    /// A moderator wants nothing said of it until something arrives again.
    dismissed: bool,
}

impl Pause {
    /// A moderator says that it is over.
    pub(crate) fn end(&mut self) {
        *self = Self {
            began: self.began,
            dismissed: true,
            ..Self::default()
        };
    }

    /// Somebody on air was lost.
    pub(crate) fn lost(&mut self) {
        self.lost = true;
    }
}

/// What those on air send.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// Something arrives.
    Arrives,
    /// Something is switched on, and nothing arrives.
    Broken,
    /// Nothing is switched on.
    Nothing,
}

impl Hub {
    fn sending(&self, room: &Room) -> Sending {
        let of = |participant: &ParticipantId| {
            let person = self.people.get(participant)?;
            let flows = self.flows.get(participant);
            let mut on = person.live();
            on.retain(|source| !room.show.silences(*source));
            let arrives = flows.is_some_and(|flows| flows.intersection(&on).next().is_some());
            Some((arrives, !on.is_empty()))
        };
        let all: Vec<(bool, bool)> = room.on_air().iter().filter_map(of).collect();
        if all.iter().any(|(arrives, _)| *arrives) {
            Sending::Arrives
        } else if all.iter().any(|(_, on)| *on) {
            Sending::Broken
        } else {
            Sending::Nothing
        }
    }

    /// Looks at the stages that something happened on, and begins or ends their pauses.
    pub(crate) fn watch_stages(&mut self, now: Now) {
        let mut changed: BTreeSet<RoomId> = std::mem::take(&mut self.dirty.stages);
        changed.extend(self.dirty.rooms.iter().cloned());
        if self.dirty.phase {
            changed.extend(self.rooms.keys().cloned());
        }
        for id in changed {
            let Some(room) = self.rooms.get(&id) else { continue };
            let runs = self.phase == EventPhase::Live && room.config.kind != RoomKind::Breakout;
            let sending = self.sending(room);
            let kept = room.show.kept();
            let pause = &room.show.pause;
            // A stage that the last one left on purpose waits for nobody.
            let goes_on = pause.lost || (kept.resuming() && !room.on_air().is_empty());
            let broken = match sending {
                Sending::Arrives => false,
                Sending::Broken => goes_on || pause.began,
                Sending::Nothing => goes_on,
            };
            if !runs || !broken {
                self.forget_pause(&id);
                if let Some(room) = self.rooms.get_mut(&id) {
                    room.show.pause.began = sending == Sending::Arrives;
                }
                self.keep_show(&id, kept.with_pause(false));
                continue;
            }
            let Some(room) = self.rooms.get_mut(&id) else { continue };
            let pause = &mut room.show.pause;
            if pause.since_ms.is_none() && !kept.resuming() && !pause.dismissed {
                pause.since_ms = Some(now.mono_ms);
                self.timers.set(now.mono_ms + RESUMING_AFTER_MS, Timer::Pause);
            }
        }
    }

    /// Whatever broke off there is no matter any more.
    pub(crate) fn forget_pause(&mut self, id: &RoomId) {
        let Some(room) = self.rooms.get_mut(id) else { return };
        let Some(since_ms) = std::mem::take(&mut room.show.pause).since_ms else {
            return;
        };
        let needed = self
            .rooms
            .values()
            .any(|room| room.show.pause.since_ms == Some(since_ms));
        if !needed {
            self.timers.clear(since_ms + RESUMING_AFTER_MS, Timer::Pause);
        }
    }

    /// Nothing came for long enough somewhere: everybody there is told.
    pub(crate) fn pause_due(&mut self, now: Now) {
        let due = |room: &Room| {
            let since_ms = room.show.pause.since_ms;
            since_ms.is_some_and(|since| since + RESUMING_AFTER_MS <= now.mono_ms)
        };
        let ids: Vec<RoomId> = self
            .rooms
            .iter()
            .filter(|(_, room)| due(room))
            .map(|(id, _)| id.clone())
            .collect();
        for id in ids {
            let Some(room) = self.rooms.get_mut(&id) else { continue };
            room.show.pause.since_ms = None;
            let kept = room.show.kept();
            self.keep_show(&id, kept.with_pause(true));
        }
    }

    /// After a crash stages that paused wait for whoever was on air.
    pub(crate) fn pauses_restored(&mut self) {
        for room in self.rooms.values_mut().filter(|room| room.show.kept().resuming()) {
            room.show.pause.lost();
        }
    }

    /// Somebody's connection is lost for good: were they on air, the room waits for them.
    pub(crate) fn lost_on_air(&mut self, participant: ParticipantId) {
        let room = self.people.get(&participant).and_then(|person| person.room.clone());
        let Some(id) = room else { return };
        if let Some(room) = self.rooms.get_mut(&id)
            && room.on_air().contains(&participant)
            && (room.show.pause.began || room.show.kept().resuming())
        {
            room.show.pause.lost();
            self.dirty.stages.insert(id);
        }
    }
}
