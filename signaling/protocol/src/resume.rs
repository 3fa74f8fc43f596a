// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What a resume token holds once it is unsealed. Sealing, keys and clocks are the server's business;
//! to a client the token is opaque text.

use serde::{Deserialize, Serialize};

use crate::ids::{EventId, ParticipantId, RoomId};
use crate::view::Place;

/// Where a participant was. The server seals it into the token of `resume` and checks expiry before it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumePlace {
    /// The event that the token is good for.
    pub event: EventId,
    /// Whose it is.
    pub participant: ParticipantId,
    /// The room they were in; none: the event's lobby page.
    pub room: Option<RoomId>,
    /// Where they stood in it.
    pub place: Place,
    /// Epoch of the hub that wrote it; another one means that the hub was started anew since.
    pub epoch: u32,
    /// Counts the moves of this participant within the epoch.
    pub generation: u32,
}
