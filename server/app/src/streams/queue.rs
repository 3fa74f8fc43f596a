// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What waits to be written to one connection: bytes up to a limit, put in by the media thread, taken out by the
//! connection's own task. Whole datagrams only.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::limits::{STREAM_QUEUE_BYTES_KEPT, STREAM_QUEUE_BYTES_MAX};

/// The queue of one connection.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Bytes that were taken out and are not written yet.
    leaving: usize,
    closed: bool,
    /// Whether anything was ever put in.
    used: bool,
}

impl Queue {
    /// Puts in what `write` adds, unless the queue is full or closed.
    pub(super) fn push(&self, bytes: usize, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.closed || waiting.bytes.len() + waiting.leaving + bytes > STREAM_QUEUE_BYTES_MAX {
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

    /// Some of what was taken out is written.
    pub(super) fn written(&self, bytes: usize) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.leaving = waiting.leaving.saturating_sub(bytes);
    }

    /// Swaps what waits into `batch`, which is empty; waits for something where nothing does, with little memory.
    /// What was taken out counts as waiting until it is [`Self::written`].
    pub(super) async fn take(&self, batch: &mut Vec<u8>) {
        loop {
            {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                if !waiting.bytes.is_empty() {
                    std::mem::swap(&mut waiting.bytes, batch);
                    waiting.leaving = batch.len();
                    return;
                }
                waiting.bytes.shrink_to(STREAM_QUEUE_BYTES_KEPT);
                batch.shrink_to(STREAM_QUEUE_BYTES_KEPT);
            }
            self.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Queue;
    use crate::limits::{STREAM_QUEUE_BYTES_KEPT, STREAM_QUEUE_BYTES_MAX};
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

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
        assert!(!push(), "what is being written counts");
        queue.written(1_000);
        assert!(push() && !push() && queue.was_used());
        queue.close();
        assert!(!push());
    }

    #[tokio::test]
    async fn an_empty_queue_keeps_little_memory() {
        let (queue, mut batch) = (Queue::default(), Vec::new());
        for _ in 0..2 {
            assert!(queue.push(200_000, |out| out.resize(200_000, 7)));
            queue.take(&mut batch).await;
            queue.written(batch.len());
            batch.clear();
        }
        let idle = pin!(queue.take(&mut batch)).poll(&mut Context::from_waker(Waker::noop()));
        assert!(idle.is_pending());
        let held = batch.capacity() + queue.waiting.lock().unwrap().bytes.capacity();
        assert!(held <= 2 * STREAM_QUEUE_BYTES_KEPT, "{held}");
    }
}
