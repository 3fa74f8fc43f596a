// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Silence, bans and how a room works.

use fiera_protocol::client::Command;
use fiera_protocol::ids::ParticipantId;

use crate::fact::Fact;
use crate::hub::Hub;
use crate::refusal::{self, Refusal};

impl Hub {
    pub(crate) fn moderation_command(&mut self, _actor: ParticipantId, _command: Command) -> Result<(), Refusal> {
        Err(refusal::NOT_ALLOWED)
    }

    pub(crate) fn apply_moderation_fact(&mut self, _fact: &Fact) {}

    pub(crate) fn apply_restricted_row(&mut self, _name: &[&str], _value: Option<&[u8]>) {}

    pub(crate) fn wipe_restrictions(&mut self) {}
}
