// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Applause and the like: counted, told once a second, forgotten. Nobody learns who it was.

use std::collections::BTreeMap;

use fiera_protocol::fair::{Reaction, ReactionCount};
use fiera_protocol::ids::{ParticipantId, RoomId};
use fiera_protocol::limits::REACTIONS_INTERVAL_MS;
use fiera_protocol::view::Change;

use crate::access::Deed;
use crate::hub::Hub;
use crate::input::Now;
use crate::output::StreamKey;
use crate::refusal::{self, Refusal};
use crate::timers::Timer;

/// How often each reaction came in a room since the last time.
pub(crate) type Reactions = BTreeMap<Reaction, u32>;

impl Hub {
    /// Counts a reaction; one that comes within a second of the last one of the same participant is not counted.
    pub(crate) fn react(&mut self, now: Now, actor: ParticipantId, reaction: Reaction) -> Result<(), Refusal> {
        let (room_id, seat) = self.room_seat(Deed::React, actor)?;
        debug_assert!(seat.fits(&room_id, &[Deed::React]), "{seat:?}");
        self.has_voice(actor)?;
        let person = self.people.get_mut(&actor).ok_or(refusal::UNKNOWN_PARTICIPANT)?;
        if person
            .reacted_at_ms
            .is_some_and(|at_ms| now.mono_ms < at_ms + REACTIONS_INTERVAL_MS)
        {
            return Ok(());
        }
        person.reacted_at_ms = Some(now.mono_ms);
        let room = self.rooms.get_mut(&room_id).ok_or(refusal::UNKNOWN_ROOM)?;
        *room.reactions.entry(reaction).or_default() += 1;
        let at_ms = now.mono_ms + REACTIONS_INTERVAL_MS;
        self.reactions.wake(at_ms, &mut self.timers, Timer::Reactions);
        Ok(())
    }

    /// Tells each room how it reacted.
    pub(crate) fn reactions_due(&mut self) {
        self.reactions.came();
        let gathered = |(id, room): (&RoomId, &mut crate::room::Room)| {
            let reactions = std::mem::take(&mut room.reactions);
            (!reactions.is_empty()).then(|| (id.clone(), reactions))
        };
        let gathered: Vec<(RoomId, Reactions)> = self.rooms.iter_mut().filter_map(gathered).collect();
        for (room, reactions) in gathered {
            let count = |(reaction, count)| ReactionCount { reaction, count };
            let reactions = reactions.into_iter().map(count).collect();
            self.publish(StreamKey::Room(room), Change::Reactions { reactions });
        }
    }
}
