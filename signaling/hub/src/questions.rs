// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Questions of a room: their life, their supporters, what only moderators see.

use fiera_protocol::client::Command;
use fiera_protocol::ids::ParticipantId;

use crate::fact::Fact;
use crate::hub::Hub;
use crate::input::Now;
use crate::refusal::{self, Refusal};

impl Hub {
    pub(crate) fn question_command(
        &mut self,
        _now: Now,
        _actor: ParticipantId,
        _command: Command,
    ) -> Result<(), Refusal> {
        Err(refusal::NOT_ALLOWED)
    }

    pub(crate) fn apply_question_fact(&mut self, _fact: &Fact) {}

    pub(crate) fn apply_question_row(&mut self, _kind: &str, _name: &[&str], _value: Option<&[u8]>) {}

    pub(crate) fn wipe_questions(&mut self) {}

    pub(crate) fn count_upvotes_for_good(&mut self) {}
}
