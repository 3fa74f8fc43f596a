// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What the store does for one event: one thing at a time, while the event's task goes on taking messages. A disk that
//! hangs holds up what is to be kept and told, and never an order that silences somebody.

use std::pin::Pin;
use std::sync::Arc;

use fiera_store::StoreError;
use tokio::sync::Mutex;

use super::keeper::Keeper;
use super::round::Round;
use crate::recap_files::RecapFiles;

/// Where rounds are kept. Locked by the one that works alone.
#[derive(Clone)]
pub(super) struct Files {
    pub(super) keeper: Arc<Mutex<Keeper>>,
    pub(super) recaps: Arc<Mutex<RecapFiles>>,
}

impl Files {
    /// Makes a closed round durable: all or nothing of it.
    pub(super) async fn keep(self, mut round: Round) -> Result<Round, StoreError> {
        if round.batch.is_empty() {
            return Ok(round);
        }
        let batch = std::mem::take(&mut round.batch);
        self.keeper.lock().await.commit(batch).await?;
        // Nobody is told that a text is erased while it stands in a file.
        if let Some(recap) = round.closed.as_mut().and_then(|closed| closed.recap.take()) {
            self.recaps.lock().await.write(recap).await;
        }
        Ok(round)
    }
}

/// Something that the store is doing.
pub(super) struct Work(Pin<Box<dyn Future<Output = Result<Done, StoreError>> + Send>>);

/// What it has done.
pub(super) enum Done {
    /// The round may be told.
    Kept(Box<Round>),
    /// The event is ours for another while.
    Leased,
    /// Whether something could be written.
    Probed { writable: bool },
}

impl Work {
    pub(super) fn keep(files: Files, round: Round) -> Self {
        Self(Box::pin(async move {
            let round = files.keep(round).await?;
            Ok(Done::Kept(Box::new(round)))
        }))
    }

    pub(super) fn lease(files: Files) -> Self {
        Self(Box::pin(async move {
            match files.keeper.lock().await.lease().await {
                // A store that cannot be written says so when something is to be kept.
                Ok(()) | Err(StoreError::Unavailable(_)) => Ok(Done::Leased),
                Err(error) => Err(error),
            }
        }))
    }

    pub(super) fn probe(files: Files) -> Self {
        Self(Box::pin(async move {
            let writable = files.keeper.lock().await.probe().await.is_ok();
            Ok(Done::Probed { writable })
        }))
    }

    /// Waits until the store has done it.
    pub(super) async fn end(self) -> Result<Done, StoreError> {
        self.0.await
    }
}

/// Waits for what the store is doing, for ever where it does nothing. What is not waited for to the end goes on.
pub(super) async fn done(work: &mut Option<Work>) -> Result<Done, StoreError> {
    let Some(Work(doing)) = work else {
        return std::future::pending().await;
    };
    let done = doing.await;
    *work = None;
    done
}
