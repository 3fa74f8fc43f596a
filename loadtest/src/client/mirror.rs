// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The streams as one client follows them (SPEC S): applied in order, mended after a gap, and held against snapshots.
//! Pure: messages in, what to ask out.

use std::collections::{BTreeMap, BTreeSet};

use fiera_protocol::apply::apply;
use fiera_protocol::breakouts::BreakoutsView;
use fiera_protocol::client::ClientMessage;
use fiera_protocol::view::{
    Change, EventView, ModeratorsView, RoomView, StreamId, StreamPosition, StreamState, YouView,
};

/// Differences that are kept in words.
const TOLD_MAX: usize = 8;
const TOLD_CHARS_MAX: usize = 400;

struct Followed {
    at: StreamPosition,
    state: StreamState,
    /// Stopped at a gap; a resync is on its way.
    behind: bool,
}

/// What became of an update.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// It is part of the state now.
    Applied,
    /// The state has it already, or nobody follows that stream any more.
    Skipped,
    /// Something before it is missing: send this.
    Gap(Box<ClientMessage>),
}

/// What was found out about the streams.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Updates that did not follow on the one before.
    pub gaps: u64,
    /// Snapshots that could be compared with what the updates had given.
    pub compared: u64,
    /// Snapshots at the same number with another state.
    pub divergences: u64,
    /// The first of them in words.
    pub told: Vec<String>,
}

/// All streams of one client.
#[derive(Default)]
pub struct Mirror {
    streams: BTreeMap<StreamId, Followed>,
    /// Unknown streams that were asked for.
    asked: BTreeSet<StreamId>,
    findings: Findings,
}

impl Mirror {
    /// What `you` says of oneself.
    #[must_use]
    pub fn you(&self) -> Option<&YouView> {
        match &self.streams.get(&StreamId::You {})?.state {
            StreamState::You(you) => Some(you),
            _ => None,
        }
    }

    /// The event.
    #[must_use]
    pub fn event(&self) -> Option<&EventView> {
        match &self.streams.get(&StreamId::Event {})?.state {
            StreamState::Event(event) => Some(event),
            _ => None,
        }
    }

    /// The room one is in.
    #[must_use]
    pub fn room(&self) -> Option<&RoomView> {
        let room = self.you()?.room.clone()?;
        match &self.streams.get(&StreamId::Room { room })?.state {
            StreamState::Room(room) => Some(room),
            _ => None,
        }
    }

    /// What moderators of the room one is in see beside it.
    #[must_use]
    pub fn moderators(&self) -> Option<&ModeratorsView> {
        let room = self.you()?.room.clone()?;
        match &self.streams.get(&StreamId::Moderators { room })?.state {
            StreamState::Moderators(moderators) => Some(moderators),
            _ => None,
        }
    }

    /// All rounds of breakouts, as organisers see them.
    #[must_use]
    pub fn breakouts(&self) -> Option<&BreakoutsView> {
        match &self.streams.get(&StreamId::Breakouts {})?.state {
            StreamState::Breakouts(breakouts) => Some(breakouts),
            _ => None,
        }
    }

    /// Takes a snapshot: it replaces what was known, and shows whether that was right.
    pub fn snapshot(&mut self, stream: StreamId, at: StreamPosition, state: StreamState) {
        if let Some(known) = self.streams.get(&stream)
            && known.at == at
            && !known.behind
        {
            self.findings.compared += 1;
            if known.state != state {
                self.findings.divergences += 1;
                if self.findings.told.len() < TOLD_MAX {
                    let told = difference(&known.state, &state);
                    self.findings.told.push(format!("{stream:?} at {}: {told}", at.n));
                }
            }
        }
        let behind = false;
        self.asked.remove(&stream);
        self.streams.insert(stream.clone(), Followed { at, state, behind });
        self.after(&stream);
    }

    /// Takes an update.
    pub fn update(&mut self, stream: &StreamId, at: StreamPosition, change: &Change) -> Step {
        let Some(known) = self.streams.get_mut(stream) else {
            let ask = self.follows(stream) && self.asked.insert(stream.clone());
            return if ask { self.gap(stream, None) } else { Step::Skipped };
        };
        if known.at.epoch == at.epoch && at.n <= known.at.n {
            return Step::Skipped;
        }
        let fits = known.at.epoch == at.epoch && at.n == known.at.n + 1;
        if fits && apply(&mut known.state, change) {
            known.at = at;
            known.behind = false;
            self.after(stream);
            return Step::Applied;
        }
        if known.behind {
            return Step::Skipped;
        }
        known.behind = true;
        let have = Some(known.at);
        self.gap(stream, have)
    }

    fn gap(&mut self, stream: &StreamId, have: Option<StreamPosition>) -> Step {
        self.findings.gaps += 1;
        let stream = stream.clone();
        Step::Gap(Box::new(ClientMessage::Resync { stream, have }))
    }

    /// Asks for a snapshot of everything that is followed, to be compared.
    #[must_use]
    pub fn audit(&self) -> Vec<ClientMessage> {
        let ask = |stream: &StreamId| ClientMessage::Resync {
            stream: stream.clone(),
            have: None,
        };
        self.streams.keys().map(ask).collect()
    }

    /// Forgets all streams: another connection begins with snapshots.
    pub fn forget(&mut self) {
        self.streams.clear();
        self.asked.clear();
    }

    /// What was found since the last time.
    pub fn take_findings(&mut self) -> Findings {
        std::mem::take(&mut self.findings)
    }

    /// Whether a stream concerns where one is now (SPEC S4).
    fn follows(&self, stream: &StreamId) -> bool {
        let here = self.you().and_then(|you| you.room.as_ref());
        match stream {
            StreamId::Event {} | StreamId::You {} | StreamId::Organisers {} | StreamId::Breakouts {} => true,
            StreamId::Room { room }
            | StreamId::Captions { room }
            | StreamId::Backstage { room }
            | StreamId::Moderators { room } => here == Some(room),
        }
    }

    /// After `you` moved: forgets what no longer applies.
    fn after(&mut self, stream: &StreamId) {
        if *stream != (StreamId::You {}) {
            return;
        }
        let Some(you) = self.you() else { return };
        let (here, place, role) = (you.room.clone(), you.place, you.role);
        let audience = place == fiera_protocol::view::Place::Audience;
        let runs_rooms = role >= fiera_protocol::ids::Role::Moderator;
        self.streams.retain(|stream, _| match stream {
            StreamId::Event {} | StreamId::You {} | StreamId::Organisers {} | StreamId::Breakouts {} => true,
            StreamId::Room { room } | StreamId::Captions { room } | StreamId::Moderators { room } => {
                here.as_ref() == Some(room)
            }
            StreamId::Backstage { room } => here.as_ref() == Some(room) && (!audience || runs_rooms),
        });
    }
}

/// Where two states differ first, as text from there on.
fn difference(known: &StreamState, said: &StreamState) -> String {
    let write = |state: &StreamState| serde_json::to_string(state).unwrap_or_default();
    let (known, said) = (write(known), write(said));
    let same = known
        .chars()
        .zip(said.chars())
        .take_while(|(left, right)| left == right)
        .count();
    let from = |text: &str| {
        text.chars()
            .skip(same.saturating_sub(80))
            .take(TOLD_CHARS_MAX / 2)
            .collect::<String>()
    };
    format!("updates gave ...{}, the snapshot says ...{}", from(&known), from(&said))
}

#[cfg(test)]
mod tests;
