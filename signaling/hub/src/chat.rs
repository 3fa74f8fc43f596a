// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The chat of a room and that of its backstage: slow mode, deletion by who wrote it or by a moderator.

use fiera_protocol::client::Command;
use fiera_protocol::ids::ParticipantId;

use crate::fact::Fact;
use crate::hub::Hub;
use crate::input::Now;
use crate::refusal::{self, Refusal};

impl Hub {
    pub(crate) fn chat_command(&mut self, _now: Now, _actor: ParticipantId, _command: Command) -> Result<(), Refusal> {
        Err(refusal::NOT_ALLOWED)
    }

    pub(crate) fn apply_chat_fact(&mut self, _fact: &Fact) {}
}
