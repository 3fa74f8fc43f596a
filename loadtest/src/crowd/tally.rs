// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What the crowd did and found, counted; the status line and the result are written from it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fiera_protocol::client::Command;
use fiera_protocol::refusal::RefusalCode;
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::client::mirror::Findings;

/// Longest latency that is told apart, microseconds.
const LATENCY_US_MAX: u64 = 60_000_000;
/// Findings that are kept in words.
const TOLD_MAX: usize = 10;

/// What became of the commands of one kind.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Outcomes {
    /// Carried out.
    pub accepted: u64,
    /// Not carried out, by code.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub refused: BTreeMap<String, u64>,
}

/// Everything that is counted.
#[derive(Debug)]
pub struct Counts {
    /// Commands by kind.
    pub commands: BTreeMap<&'static str, Outcomes>,
    /// Sockets open now.
    pub online: u64,
    /// Connections after the first one of a bot.
    pub reconnects: u64,
    /// Of these, those that were back in place.
    pub resumed: u64,
    /// Connections that ended without the bot's doing.
    pub lost: u64,
    /// Drain messages.
    pub drains: u64,
    /// Messages that could not be read.
    pub unreadable: u64,
    /// What the streams showed.
    pub streams: Findings,
    /// Accepted things that appeared.
    pub kept: u64,
    /// Accepted things that could not be judged, such as a vote on a poll that has closed.
    pub excused: u64,
    /// Accepted things that never appeared.
    pub missing: u64,
    /// Things that appeared more than once.
    pub doubled: u64,
    /// What went wrong, in words, the first few.
    pub told: Vec<String>,
    accepted_us: Histogram<u64>,
    shown_us: Histogram<u64>,
}

/// A latency in figures, milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Latency {
    /// Half are below.
    pub p50_ms: f64,
    /// One in a hundred is above.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// How many were measured.
    pub samples: u64,
}

impl Latency {
    /// Of a histogram in microseconds.
    #[must_use]
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let ms = |us: u64| us as f64 / 1_000.0;
        Self {
            p50_ms: ms(histogram.value_at_quantile(0.5)),
            p99_ms: ms(histogram.value_at_quantile(0.99)),
            max_ms: ms(histogram.max()),
            samples: histogram.len(),
        }
    }
}

/// An empty histogram of latencies in microseconds.
#[must_use]
pub fn latencies() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_max(LATENCY_US_MAX, 3)
        .unwrap_or_else(|_| unreachable!("constant bounds that hdrhistogram takes"));
    histogram.auto(false);
    histogram
}

/// The result of a crowd, the JSON object of the last line.
#[derive(Debug, Serialize)]
pub struct Report {
    /// `crowd`.
    pub mode: &'static str,
    /// Bots asked for.
    pub bots: usize,
    /// How long it ran.
    pub seconds: f64,
    /// Commands by kind.
    pub commands: BTreeMap<&'static str, Outcomes>,
    /// Connections after the first one of a bot.
    pub reconnects: u64,
    /// Of these, those that were back in place.
    pub resumed: u64,
    /// Connections that ended without the bot's doing.
    pub lost: u64,
    /// Drain messages.
    pub drains: u64,
    /// Command sent to `accepted` received.
    pub accepted: Latency,
    /// Own chat message or question sent to shown in the own room's stream.
    pub shown: Latency,
    /// Accepted things that appeared.
    pub kept: u64,
    /// Accepted things that could not be judged.
    pub excused: u64,
    /// Accepted things that never appeared.
    pub missing: u64,
    /// Things that appeared more than once.
    pub doubled: u64,
    /// Updates that did not follow on the one before.
    pub gaps: u64,
    /// Snapshots that were compared with what the updates had given.
    pub compared: u64,
    /// Snapshots that differed.
    pub divergences: u64,
    /// Messages that could not be read.
    pub unreadable: u64,
    /// What went wrong, in words, the first few.
    pub told: Vec<String>,
}

impl Report {
    /// Whether the server did all that the protocol promises.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.missing == 0 && self.doubled == 0 && self.divergences == 0 && self.unreadable == 0
    }
}

/// The counts of the whole crowd.
pub struct Tally(Mutex<Counts>);

impl Default for Tally {
    fn default() -> Self {
        Self(Mutex::new(Counts {
            commands: BTreeMap::new(),
            online: 0,
            reconnects: 0,
            resumed: 0,
            lost: 0,
            drains: 0,
            unreadable: 0,
            streams: Findings::default(),
            kept: 0,
            excused: 0,
            missing: 0,
            doubled: 0,
            told: Vec::new(),
            accepted_us: latencies(),
            shown_us: latencies(),
        }))
    }
}

impl Tally {
    /// The counts, to read or to add to.
    pub fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One line of how it goes.
    #[must_use]
    pub fn line(&self, seconds: u64) -> String {
        let counts = self.lock();
        let accepted = |kind: &str| counts.commands.get(kind).map_or(0, |of| of.accepted);
        let refused: u64 = counts.commands.values().flat_map(|of| of.refused.values()).sum();
        let latency = Latency::of(&counts.accepted_us);
        format!(
            "crowd {seconds:>5} s: {} online; {} questions, {} upvotes, {} votes, {} messages, {} reactions, {} hands; \
             {refused} refused; {} reconnects; accepted p99 {:.0} ms; {} missing, {} doubled, {} diverged",
            counts.online,
            accepted("ask"),
            accepted("upvote"),
            accepted("vote"),
            accepted("chat"),
            accepted("react"),
            accepted("raise_hand"),
            counts.reconnects,
            latency.p99_ms,
            counts.missing,
            counts.doubled,
            counts.streams.divergences,
        )
    }

    /// The result.
    #[must_use]
    pub fn report(&self, bots: usize, seconds: f64) -> Report {
        let counts = self.lock();
        let mut told = counts.told.clone();
        told.extend(counts.streams.told.clone());
        Report {
            mode: "crowd",
            bots,
            seconds,
            commands: counts.commands.clone(),
            reconnects: counts.reconnects,
            resumed: counts.resumed,
            lost: counts.lost,
            drains: counts.drains,
            accepted: Latency::of(&counts.accepted_us),
            shown: Latency::of(&counts.shown_us),
            kept: counts.kept,
            excused: counts.excused,
            missing: counts.missing,
            doubled: counts.doubled,
            gaps: counts.streams.gaps,
            compared: counts.streams.compared,
            divergences: counts.streams.divergences,
            unreadable: counts.unreadable,
            told,
        }
    }
}

impl Counts {
    /// A command was accepted after this time.
    pub fn accepted(&mut self, command: &Command, after_ms: u64) {
        self.commands.entry(kind_of(command)).or_default().accepted += 1;
        self.accepted_us.saturating_record(after_ms * 1_000);
    }

    /// A command was refused.
    pub fn refused(&mut self, command: &Command, code: RefusalCode) {
        let code = code_name(code);
        *self
            .commands
            .entry(kind_of(command))
            .or_default()
            .refused
            .entry(code)
            .or_default() += 1;
    }

    /// What was sent is on the own screen after this time.
    pub fn shown(&mut self, after_ms: u64) {
        self.shown_us.saturating_record(after_ms * 1_000);
    }

    /// Says what went wrong, while there is room.
    pub fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.told.len() < TOLD_MAX {
            self.told.push(what());
        }
    }

    /// Adds what one client's streams showed.
    pub fn found(&mut self, findings: Findings) {
        self.streams.gaps += findings.gaps;
        self.streams.compared += findings.compared;
        self.streams.divergences += findings.divergences;
        let room = TOLD_MAX.saturating_sub(self.streams.told.len());
        self.streams.told.extend(findings.told.into_iter().take(room));
    }
}

/// A refusal's code as on the wire.
#[must_use]
pub fn code_name(code: RefusalCode) -> String {
    serde_json::to_value(code)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// A command's kind as on the wire, of those that the crowd uses.
#[must_use]
pub fn kind_of(command: &Command) -> &'static str {
    match command {
        Command::Enter { .. } => "enter",
        Command::Leave {} => "leave",
        Command::RaiseHand { .. } => "raise_hand",
        Command::LowerHand { .. } => "lower_hand",
        Command::Ask { .. } => "ask",
        Command::Upvote { .. } => "upvote",
        Command::SetQuestion { .. } => "set_question",
        Command::Chat { .. } => "chat",
        Command::DraftPoll { .. } => "draft_poll",
        Command::SetPoll { .. } => "set_poll",
        Command::DismissPoll { .. } => "dismiss_poll",
        Command::PreparePoll { .. } => "prepare_poll",
        Command::ClonePoll { .. } => "clone_poll",
        Command::PlacePoll { .. } => "place_poll",
        Command::Answer { .. } => "answer",
        Command::JoinQuiz { .. } => "join_quiz",
        Command::AskQuiz { .. } => "ask_quiz",
        Command::ShowEntry { .. } => "show_entry",
        Command::EraseEntry { .. } => "erase_entry",
        Command::Vote { .. } => "vote",
        Command::React { .. } => "react",
        Command::LeaveBackstage { .. } => "leave_backstage",
        _ => "other",
    }
}
