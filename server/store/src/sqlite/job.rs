// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A piece of work for a thread that owns a connection, and the queue in front of that thread. The answer needs no
//! executor: whoever polls it is woken.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{Answer, StoreError};

/// What a write leaves in the files that must be gone, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Traces {
    /// Nothing.
    None,
    /// Earlier working state: gone from the journal soon.
    Later,
    /// What was erased for good: gone from the journal as soon as nobody reads it there; the answer does not wait.
    Now,
    /// The row of a probe: removed before the answer.
    Probe,
}

/// Work whose answer waits until the work is durable.
pub(super) trait Job: Send {
    /// Does the work inside the current transaction, possibly once more after a rollback.
    ///
    /// # Errors
    /// It was refused, and what it did is to be undone.
    fn run(&mut self, file: &Connection) -> Result<(), StoreError>;
    /// What the work left behind.
    fn traces(&self) -> Traces;
    /// Gives the result of the work, or the reason why it did not become durable.
    fn answer(self: Box<Self>, durable: Result<(), StoreError>);
}

struct Asked<T, F> {
    work: F,
    result: Option<Result<(T, Traces), StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Asked<T, F>
where
    T: Send,
    F: Fn(&Connection) -> Result<(T, Traces), StoreError> + Send,
{
    fn run(&mut self, file: &Connection) -> Result<(), StoreError> {
        let result = (self.work)(file);
        let done = result.as_ref().map(drop).map_err(Clone::clone);
        self.result = Some(result);
        done
    }

    fn traces(&self) -> Traces {
        match &self.result {
            Some(Ok((_, traces))) => *traces,
            _ => Traces::None,
        }
    }

    fn answer(self: Box<Self>, durable: Result<(), StoreError>) {
        let answer = match (durable, self.result) {
            (Err(error), _) => Err(error),
            (Ok(()), Some(result)) => result.map(|(value, _)| value),
            (Ok(()), None) => Err(closed()),
        };
        // Nobody waits any more: the work is done all the same.
        let _ = self.reply.send(answer);
    }
}

/// A thread and the queue in front of it. Dropping it lets the thread finish the queue.
#[derive(Debug)]
pub(super) struct Worker {
    jobs: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    waiting_max: usize,
}

impl Worker {
    /// Starts a thread that takes jobs until the queue is closed.
    pub(super) fn start(
        name: &str,
        waiting_max: usize,
        body: impl FnOnce(Receiver<Box<dyn Job>>) + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, taken) = sync_channel(waiting_max);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || body(taken))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            waiting_max,
        })
    }

    /// Queues work at once, before the answer is first polled.
    pub(super) fn ask<'a, T, F>(&self, work: F) -> Answer<'a, T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<(T, Traces), StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Asked {
            work,
            result: None,
            reply,
        });
        match self.jobs.as_ref().map(|jobs| jobs.try_send(job)) {
            Some(Err(TrySendError::Full(job))) => job.answer(Err(StoreError::Unavailable(format!(
                "{} requests wait for the store already; try again later",
                self.waiting_max
            )))),
            Some(Err(TrySendError::Disconnected(job))) => job.answer(Err(closed())),
            Some(Ok(())) | None => {}
        }
        Box::pin(async move { answer.await.unwrap_or_else(|_| Err(closed())) })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed where it happened, and everybody who waited got an answer.
            let _ = thread.join();
        }
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the store was closed".to_owned())
}
