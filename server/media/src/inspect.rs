// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Questions to all media threads: each answers between two turns of its loop, and nothing is kept.

use std::collections::BTreeMap;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use fiera_sfu::api::RoomKey;
use fiera_sfu::engine::{ConnectionView, RoomQuality, Sfu};

use crate::MediaHandle;
use crate::mailbox::Letter;

/// A look at one thread's core.
pub(crate) type Look = Box<dyn FnOnce(&Sfu) + Send>;

impl MediaHandle {
    /// Every connection of all threads. Blocks until all have answered, for `within` at most; threads that did not are
    /// missing. It costs them about a microsecond per connection: for operators, not for loops.
    #[must_use]
    pub fn inspect(&self, within: Duration) -> Vec<ConnectionView> {
        self.ask(within, Sfu::inspect).into_iter().flatten().collect()
    }

    /// How the viewers of each room fare, all threads together. Blocks as [`MediaHandle::inspect`] does, and costs less.
    #[must_use]
    pub fn room_quality(&self, within: Duration) -> BTreeMap<RoomKey, RoomQuality> {
        let mut rooms = BTreeMap::<RoomKey, RoomQuality>::new();
        for (room, quality) in self.ask(within, Sfu::room_quality).into_iter().flatten() {
            rooms.entry(room).or_default().add(&quality);
        }
        rooms
    }

    fn ask<T: Send + 'static>(&self, within: Duration, question: fn(&Sfu) -> T) -> Vec<T> {
        let until = Instant::now() + within;
        let mailboxes = &self.shared.director.mailboxes;
        let (answer, answers) = sync_channel(mailboxes.len());
        for mailbox in mailboxes {
            let answer = answer.clone();
            mailbox.post(Letter::Look(Box::new(move |sfu| {
                // There is room for all of them; who came too late is not waited for any more.
                let _ = answer.try_send(question(sfu));
            })));
        }
        drop(answer);
        let mut all = Vec::with_capacity(mailboxes.len());
        loop {
            match answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(one) => all.push(one),
                Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => return all,
            }
        }
    }
}
