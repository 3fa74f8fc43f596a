// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What viewers must know of a room: its sources and who is in which slot. A value, made by the thread that has the
//! room's publishers and given to every thread that has viewers of it.

use std::time::Instant;

use crate::allocate::LayerRate;
use crate::api::Side;
use crate::plan::{Plan, SourceId, SourceRef};

/// One source as viewers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSource {
    /// Which.
    pub source: SourceRef,
    /// Whether the audience may have it.
    pub on_air: bool,
    /// Whether the server has not muted it.
    pub live: bool,
    /// Whether packets come in.
    pub flowing: bool,
    /// Nothing from before this moment may be replayed.
    pub visible_since: Instant,
    /// Its layers, lowest first.
    pub layers: Vec<LayerRate>,
}

impl StageSource {
    /// Whether a side of the stage may have it at all.
    #[must_use]
    pub fn is_open_to(&self, side: Side) -> bool {
        self.live && (self.on_air || side == Side::Backstage)
    }
}

/// A room's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stage {
    /// In order of going on air.
    pub sources: Vec<StageSource>,
    /// Slots of the audience.
    pub audience: Plan,
    /// Slots of those who wait.
    pub backstage: Plan,
}

impl Stage {
    /// The slots of a side.
    #[must_use]
    pub fn plan(&self, side: Side) -> &Plan {
        match side {
            Side::Audience => &self.audience,
            Side::Backstage => &self.backstage,
        }
    }

    /// Sources that a side may see now, in order of going on air.
    pub fn visible(&self, side: Side) -> impl Iterator<Item = SourceRef> + '_ {
        let seen = move |s: &&StageSource| s.flowing && s.is_open_to(side);
        self.sources.iter().filter(seen).map(|s| s.source)
    }

    /// A source of the room.
    #[must_use]
    pub fn source(&self, id: SourceId) -> Option<&StageSource> {
        self.sources.iter().find(|s| s.source.id == id)
    }

    /// Whether a side sees the same sources in the same slots as in another state.
    pub(crate) fn is_alike(&self, other: &Stage, side: Side) -> bool {
        self.plan(side) == other.plan(side) && self.visible(side).eq(other.visible(side))
    }
}
