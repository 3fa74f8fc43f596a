// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The last answers given to one participant, so that a command sent twice runs once.

use std::collections::VecDeque;
use std::sync::Arc;

use fiera_protocol::ids::CommandId;
use fiera_protocol::limits::ANSWERS_REMEMBERED_MAX;

/// A bounded memory of command ids and their encoded answers.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    ring: VecDeque<(CommandId, Arc<str>)>,
}

impl Answers {
    /// The answer given to that command before.
    pub(crate) fn get(&self, id: CommandId) -> Option<Arc<str>> {
        self.ring
            .iter()
            .find(|(known, _)| *known == id)
            .map(|(_, answer)| answer.clone())
    }

    /// Remembers an answer and forgets the oldest one above the limit: that one is returned.
    pub(crate) fn remember(&mut self, id: CommandId, answer: Arc<str>) -> Option<CommandId> {
        debug_assert!(self.get(id).is_none(), "{id:?} answered twice");
        let full = self.ring.len() >= ANSWERS_REMEMBERED_MAX;
        let forgotten = full.then(|| self.ring.pop_front()).flatten();
        self.ring.push_back((id, answer));
        forgotten.map(|(id, _)| id)
    }

    /// How many are remembered.
    pub(crate) fn len(&self) -> usize {
        self.ring.len()
    }
}
