// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One participant: a person with any number of tabs, a program that publishes, or both. Counts once.

use std::collections::BTreeSet;

use fiera_protocol::ids::{DisplayName, ParticipantId, Role, RoomId, SourceKind};
use fiera_protocol::text::TitleText;

use crate::answers::Answers;
use crate::input::ConnectionId;
use crate::output::{Standing, StreamKey};
use crate::stream::Stream;

pub(crate) const ALL_SOURCES: [SourceKind; 4] = [
    SourceKind::Mic,
    SourceKind::Camera,
    SourceKind::Screen,
    SourceKind::ScreenAudio,
];

/// Somebody in the event.
#[derive(Debug)]
pub(crate) struct Participant {
    pub(crate) id: ParticipantId,
    pub(crate) name: DisplayName,
    pub(crate) role: Role,
    /// Open sockets. Empty with `grace_until_ms` set: the network broke just now.
    pub(crate) connections: BTreeSet<ConnectionId>,
    /// When somebody without sockets leaves, monotonic milliseconds.
    pub(crate) grace_until_ms: Option<u64>,
    /// A program of theirs publishes by WHIP.
    pub(crate) program: bool,
    pub(crate) room: Option<RoomId>,
    /// Sources switched on by themselves.
    pub(crate) on: BTreeSet<SourceKind>,
    /// Sources of their program that send.
    pub(crate) flowing: BTreeSet<SourceKind>,
    /// Sources of their program that were switched off.
    pub(crate) muted: BTreeSet<SourceKind>,
    /// When a reaction of theirs was counted last, monotonic milliseconds.
    pub(crate) reacted_at_ms: Option<u64>,
    /// What stands under their name while they are on a stage.
    pub(crate) title: Option<TitleText>,
    /// Counts the moves, for resume tokens.
    pub(crate) generation: u32,
    pub(crate) answers: Answers,
    pub(crate) you: Stream,
    /// What the media plane was told last.
    pub(crate) standing: Standing,
}

impl Participant {
    /// Whether this is a person here by socket (now, or until the grace ends), not only a program.
    pub(crate) fn is_person(&self) -> bool {
        !self.connections.is_empty() || self.grace_until_ms.is_some()
    }

    /// Sources that others see as switched on.
    pub(crate) fn sources(&self) -> Vec<SourceKind> {
        if self.program {
            self.flowing.difference(&self.muted).copied().collect()
        } else {
            self.on.iter().copied().collect()
        }
    }

    /// Sources that the media plane may forward.
    pub(crate) fn live(&self) -> BTreeSet<SourceKind> {
        if self.program {
            ALL_SOURCES
                .into_iter()
                .filter(|source| !self.muted.contains(source))
                .collect()
        } else {
            self.on.clone()
        }
    }

    /// Switches a source. True where it changed something.
    pub(crate) fn set_source(&mut self, source: SourceKind, live: bool) -> bool {
        match (self.program, live) {
            (true, true) => self.muted.remove(&source),
            (true, false) => self.muted.insert(source),
            (false, true) => self.on.insert(source),
            (false, false) => self.on.remove(&source),
        }
    }

    /// Forgets all about sources: what is published next starts switched off.
    pub(crate) fn switch_all_off(&mut self) {
        self.on.clear();
    }
}

/// One socket of a participant.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) participant: ParticipantId,
    pub(crate) follows: BTreeSet<StreamKey>,
    /// When its next resume token is due, monotonic milliseconds.
    pub(crate) renew_at_ms: u64,
    /// Generation of the last resume token sent; none: none sent yet.
    pub(crate) token_generation: Option<u32>,
}
