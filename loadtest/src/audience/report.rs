// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The result of `audience`, the JSON object of the last line.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::crowd::tally::Latency;

/// Result of a run.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// `audience`.
    pub mode: &'static str,
    /// Sockets asked for.
    pub sockets: usize,
    /// Sockets in the room.
    pub seated: usize,
    /// Time until all were in the room, seconds.
    pub joined_s: f64,
    /// Length of the load, seconds.
    pub seconds: f64,
    /// Votes accepted per second.
    pub votes_per_s: f64,
    /// Chat messages accepted per second.
    pub chat_per_s: f64,
    /// Upvotes accepted per second.
    pub upvotes_per_s: f64,
    /// Polls opened, closed and revealed.
    pub polls: usize,
    /// Vote sent to `accepted` received: it is durable by then.
    pub vote_accepted: Latency,
    /// Chat sent to `accepted` received.
    pub chat_accepted: Latency,
    /// Upvote sent to `accepted` received.
    pub upvote_accepted: Latency,
    /// Chat sent to received, over every pair of message and socket.
    pub chat_shown: Latency,
    /// Chat sent to received by the last of all sockets, per message.
    pub chat_shown_to_all: Latency,
    /// Vote sent to a number of answers that includes it, over every pair; numbers are gathered for 500 ms.
    pub vote_shown: Latency,
    /// Upvote sent to a number that includes it, over every pair; numbers are gathered for 500 ms.
    pub upvote_shown: Latency,
    /// Accepted and missing: chat per socket, votes in tallies, upvotes in numbers.
    pub lost: u64,
    /// Shown or counted more than once.
    pub doubled: u64,
    /// Updates that did not follow on the one before.
    pub gaps: u64,
    /// Frames that could not be read.
    pub unreadable: u64,
    /// Snapshots that differed from what the updates had given.
    pub divergences: u64,
    /// Commands without an answer.
    pub unanswered: u64,
    /// Refusals by code.
    pub refused: BTreeMap<String, u64>,
    /// Sockets lost outside the restart.
    pub sockets_lost: usize,
    /// How late this program's own ticks were: what it adds to the latencies.
    pub generator_lag: Latency,
    /// CPU time of this program over the load.
    pub generator_cores: f64,
    /// Commands that this program could not give to a socket.
    pub generator_dropped: u64,
    /// The server, where `--server-pid` says which.
    #[serde(flatten)]
    pub server: Option<Server>,
    /// The restart, where it was asked for.
    #[serde(flatten)]
    pub restart: Option<Restart>,
    /// What went wrong, in words, the first few.
    pub told: Vec<String>,
}

/// The server's cost.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Server {
    /// CPU time over the load.
    pub server_cores: f64,
    /// Resident memory before the first socket, kB.
    pub server_rss_before_kb: u64,
    /// With all sockets idle, kB.
    pub server_rss_idle_kb: u64,
    /// After the load, kB.
    pub server_rss_after_kb: u64,
    /// Memory per idle socket, kB.
    pub idle_kb_per_socket: f64,
}

/// How the sockets came back.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Restart {
    /// Sockets that were lost.
    pub restart_lost: usize,
    /// Back by the resume token, in the room.
    pub restart_resumed: usize,
    /// Back, but as somebody new.
    pub restart_anew: usize,
    /// From the first loss to the last socket back, seconds.
    pub restart_all_back_s: f64,
    /// From the first welcome of the new server to the last socket back, seconds.
    pub restart_all_back_since_up_s: f64,
    /// From its own loss to back, each socket.
    pub restart_each: Latency,
    /// Accepted before and missing after: upvotes and chat messages.
    pub restart_facts_lost: u64,
    /// Counted more than once after.
    pub restart_facts_doubled: u64,
}

impl Report {
    /// Whether nothing was lost or doubled, and everybody was there.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let back = self.restart.is_none_or(|restart| {
            restart.restart_resumed == restart.restart_lost
                && restart.restart_facts_lost == 0
                && restart.restart_facts_doubled == 0
        });
        let none = [self.lost, self.doubled, self.gaps, self.unreadable, self.divergences];
        back && none == [0; 5] && self.seated == self.sockets && self.unanswered == 0
    }
}
