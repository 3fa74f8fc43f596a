// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Requests to speak: the queue, acceptance to backstage, the way back.

use fiera_protocol::client::Command;
use fiera_protocol::ids::ParticipantId;

use crate::hub::Hub;
use crate::refusal::{self, Refusal};

impl Hub {
    pub(crate) fn hand_command(&mut self, _actor: ParticipantId, _command: Command) -> Result<(), Refusal> {
        Err(refusal::NOT_ALLOWED)
    }

    pub(crate) fn apply_hand_row(&mut self, _name: &[&str], _value: Option<&[u8]>) {}

    pub(crate) fn wipe_hands(&mut self) {}
}
