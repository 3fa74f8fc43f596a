// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Throw-away connections from the door, to learn which ways are open: viewers of a room where nobody ever publishes,
//! of no event. The browser closes them; otherwise the server does, soon after.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use fiera_media::MediaHandle;
use fiera_sfu::api::{Command, PeerId, RoomKey, Side};

use super::links::ViewerLink;
use crate::limits::{CHECK_TTL, CHECKS_BURST, CHECKS_PER_S};
use crate::rate::Bucket;

/// In the place of an event's number; no event has it.
const NO_EVENT: u64 = 0xFF_FFFF << 40;

/// The checks of all doors.
pub(crate) struct Checks {
    media: MediaHandle,
    next: AtomicU64,
    free: Mutex<Bucket>,
}

impl Checks {
    pub(crate) fn new(media: MediaHandle) -> Self {
        let free = Bucket::new(CHECKS_BURST, CHECKS_PER_S, Instant::now());
        Self {
            media,
            next: AtomicU64::new(1),
            free: Mutex::new(free),
        }
    }

    /// Whether another one may begin. Those inside come first: where many come at once most do without.
    pub(crate) fn may_begin(&self) -> bool {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.take(Instant::now())
    }

    /// Lets a negotiated connection connect, for a short time.
    pub(crate) fn begin(&self, link: ViewerLink) {
        let peer = PeerId(NO_EVENT | self.next.fetch_add(1, Ordering::Relaxed));
        let ViewerLink { local, remote, media } = link;
        self.media.command(Command::AddViewer {
            peer,
            room: RoomKey(NO_EVENT),
            participant: None,
            side: Side::Audience,
            local,
            remote,
            media,
        });
        let plane = self.media.clone();
        tokio::spawn(async move {
            tokio::time::sleep(CHECK_TTL).await;
            plane.command(Command::RemovePeer { peer });
        });
    }
}
