// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How a follower brings a stream's state up to date. The hub, clients in Rust and the tests use this one function,
//! and the web client does the same.

use crate::view::{Change, RoomSummary, StreamState};

/// Applies one change to the state of the stream it belongs to.
/// Returns false, with the state untouched, where the change is of another stream: ask `resync` then.
pub fn apply(state: &mut StreamState, change: &Change) -> bool {
    match (state, change) {
        (StreamState::Event(event), Change::Phase { phase }) => event.phase = *phase,
        (StreamState::Event(event), Change::Counts { people, rooms }) => {
            event.people = *people;
            for count in rooms {
                let same = |summary: &&mut RoomSummary| summary.room == count.room;
                if let Some(summary) = event.rooms.iter_mut().find(same) {
                    summary.people = count.people;
                    summary.live = count.live;
                }
            }
        }
        (StreamState::Room(room), Change::People { people }) => room.people = *people,
        (StreamState::Room(room), Change::OnAir { on_air }) => room.on_air.clone_from(on_air),
        (StreamState::Room(room), Change::Speaking { participants }) => room.speaking.clone_from(participants),
        (StreamState::Backstage(backstage), Change::Waiting { waiting }) => backstage.waiting.clone_from(waiting),
        (StreamState::You(now), Change::You { you }) => *now = you.clone(),
        _ => return false,
    }
    true
}
