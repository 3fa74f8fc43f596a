// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Attendance in numbers, from memory; and reactions, which are numbers too. It counts people and knows nobody.

use fiera_protocol::fair::Reaction;
use fiera_protocol::ids::ParticipantId;

use crate::fact::Fact;
use crate::hub::Hub;
use crate::input::Now;
use crate::refusal::{self, Refusal};

impl Hub {
    pub(crate) fn react(&mut self, _now: Now, _actor: ParticipantId, _reaction: Reaction) -> Result<(), Refusal> {
        Err(refusal::NOT_ALLOWED)
    }

    pub(crate) fn apply_attendance_fact(&mut self, _fact: &Fact) {}
}
