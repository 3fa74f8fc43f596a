// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What waits for one socket, bounded: the event's task puts in, the connection's task takes out.
//! A reader that is too slow is cut off; it comes back by its resume token and gets snapshots.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::limits::OUTBOX_MESSAGES_MAX;

/// Something for a socket.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// One encoded message; an urgent one is not kept for the next batch.
    Text { text: Arc<str>, urgent: bool },
    /// Close after what was put in before.
    Close,
}

/// The sending half. When it is dropped without `Close`, the reader was too slow.
#[derive(Debug, Clone)]
pub(crate) struct Outbox(mpsc::Sender<Outgoing>);

/// A new outbox.
pub(crate) fn outbox() -> (Outbox, mpsc::Receiver<Outgoing>) {
    let (sender, receiver) = mpsc::channel(OUTBOX_MESSAGES_MAX);
    (Outbox(sender), receiver)
}

impl Outbox {
    /// Puts something in; false where it is full or the socket is gone.
    pub(crate) fn put(&self, text: Arc<str>, urgent: bool) -> bool {
        self.0.try_send(Outgoing::Text { text, urgent }).is_ok()
    }

    /// Asks for the end of the socket.
    pub(crate) fn close(&self) {
        // Where it is full, dropping the outbox closes the socket as well.
        let _ = self.0.try_send(Outgoing::Close);
    }
}
