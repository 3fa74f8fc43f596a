// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The result of `breakouts`, the JSON object of the last line.

use serde::Serialize;

use crate::crowd::tally::Latency;

/// Result of a run.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// `breakouts`.
    pub mode: &'static str,
    /// People.
    pub people: usize,
    /// Breakout rooms.
    pub rooms: usize,
    /// Until all were in the plenary room and heard it, seconds.
    pub joined_s: f64,
    /// From the organiser's click until each heard their own room, seconds; 5 s of them the notice that people get.
    pub sent_all_s: f64,
    /// The same for each of them.
    pub sent_each: Latency,
    /// From the end of the grace until each heard the plenary room again, seconds.
    pub back_all_s: f64,
    /// The same for each of them.
    pub back_each: Latency,
    /// From the organiser's click until everybody was back, the grace of 30 s included, seconds.
    pub back_since_click_s: f64,
    /// People who were told that they are in a breakout room.
    pub told_of_own_room: usize,
    /// People who were told that they are back.
    pub told_back: usize,
    /// People who heard their own room.
    pub in_own_room: usize,
    /// People who heard the plenary room again.
    pub back: usize,
    /// Packets of a room in which the hearer was not.
    pub astray: u64,
    /// Longest that the room before was heard after one was told of the move, ms.
    pub overlap_ms: u64,
    /// Viewing connections in all: as many as people where each kept theirs.
    pub viewing_connections: u64,
    /// Publishing connections that did not come about at first and were offered anew.
    pub publishing_again: u64,
    /// Cores that the server used from the click until all were back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cores: Option<f64>,
    /// Cores that this program used meanwhile.
    pub generator_cores: f64,
    /// What went wrong, the first few sentences.
    pub told: Vec<String>,
}

impl Report {
    /// Whether everybody heard their own room and no other, and came back, each by one viewing connection.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let all = [self.in_own_room, self.back] == [self.people; 2];
        all && self.astray == 0 && self.viewing_connections == self.people as u64
    }
}
