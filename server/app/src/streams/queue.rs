// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What waits to be written to one connection: bytes up to a limit, put in by the media thread, taken out by the
//! connection's own task. Whole datagrams only.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::limits::STREAM_QUEUE_BYTES_MAX;

/// The queue of one connection.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    closed: bool,
    /// Whether anything was ever put in.
    used: bool,
}

impl Queue {
    /// Puts in what `write` adds, unless the queue is full or closed.
    pub(super) fn push(&self, bytes: usize, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.closed || waiting.bytes.len() + bytes > STREAM_QUEUE_BYTES_MAX {
            return false;
        }
        waiting.used = true;
        write(&mut waiting.bytes);
        drop(waiting);
        self.changed.notify_one();
        true
    }

    /// Whether anything was ever put in.
    pub(super) fn was_used(&self) -> bool {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).used
    }

    /// Takes nothing more.
    pub(super) fn close(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
    }

    /// Swaps what waits into `batch`, which is empty; waits for something where nothing does.
    pub(super) async fn take(&self, batch: &mut Vec<u8>) {
        loop {
            {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                if !waiting.bytes.is_empty() {
                    std::mem::swap(&mut waiting.bytes, batch);
                    return;
                }
            }
            self.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Queue;
    use crate::limits::STREAM_QUEUE_BYTES_MAX;

    #[tokio::test]
    async fn a_full_queue_refuses_whole_datagrams_until_it_is_emptied() {
        let (queue, datagram) = (Queue::default(), [7; 1_000]);
        let push = || queue.push(1_000, |out| out.extend_from_slice(&datagram));
        assert!(!queue.was_used());
        let taken = std::iter::from_fn(|| push().then_some(1_000)).sum::<usize>();
        assert!(taken <= STREAM_QUEUE_BYTES_MAX && taken > STREAM_QUEUE_BYTES_MAX - 1_000);
        let mut batch = Vec::new();
        queue.take(&mut batch).await;
        assert_eq!(batch.len(), taken);
        assert!(push() && queue.was_used());
        queue.close();
        assert!(!push());
    }
}
