// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What everybody in the event is told, in words of the organiser.

use fiera_protocol::client::Command;
use fiera_protocol::ids::ParticipantId;

use crate::fact::Fact;
use crate::hub::Hub;
use crate::input::Now;
use crate::refusal::{self, Refusal};

impl Hub {
    pub(crate) fn announcement_command(
        &mut self,
        _now: Now,
        _actor: ParticipantId,
        _command: Command,
    ) -> Result<(), Refusal> {
        Err(refusal::NOT_ALLOWED)
    }

    pub(crate) fn apply_announcement_fact(&mut self, _fact: &Fact) {}
}
