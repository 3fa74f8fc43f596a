// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Since when something that was erased for good may still be in the journal, and the log line where that lasts long.
//! The thread that writes sets it; whoever counts reads it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::ERASE_LOG_AFTER;
use crate::StoreError;

#[derive(Debug, Clone, Copy)]
struct Waits {
    since: Instant,
    logged: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Erasing(Mutex<Option<Waits>>);

impl Erasing {
    fn waits(&self) -> MutexGuard<'_, Option<Waits>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when; none: nothing of it is in any file.
    pub(super) fn since(&self) -> Option<Instant> {
        self.waits().map(|waits| waits.since)
    }

    /// Something was erased.
    pub(super) fn begins(&self, now: Instant) {
        let fresh = Waits {
            since: now,
            logged: false,
        };
        self.waits().get_or_insert(fresh);
    }

    /// The journal could not be emptied yet; answers whether that was logged now, which happens once.
    pub(super) fn goes_on(&self, now: Instant, error: &StoreError) -> bool {
        let mut waits = self.waits();
        let Some(waits) = waits.as_mut() else { return false };
        let waited: Duration = now.saturating_duration_since(waits.since);
        if waits.logged || waited < ERASE_LOG_AFTER {
            return false;
        }
        waits.logged = true;
        tracing::warn!(waited_s = waited.as_secs(), %error, "erased text is still in the journal; it is tried on");
        true
    }

    /// The journal was emptied.
    pub(super) fn ends(&self) {
        if self.waits().take().is_some_and(|waits| waits.logged) {
            tracing::info!("erased text has left the journal");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ERASE_LOG_AFTER, Erasing};
    use crate::StoreError;
    use std::time::{Duration, Instant};

    #[test]
    fn what_waits_for_long_is_logged_once_and_counts_from_the_first_erasure() {
        let (erasing, start) = (Erasing::default(), Instant::now());
        let (error, late) = (StoreError::Unavailable("read".to_owned()), start + ERASE_LOG_AFTER);
        assert!(!erasing.goes_on(late, &error), "working state alone may wait");
        erasing.begins(start);
        erasing.begins(late);
        assert_eq!(erasing.since(), Some(start));
        assert!(!erasing.goes_on(late - Duration::from_secs(1), &error));
        assert!(erasing.goes_on(late, &error));
        assert!(!erasing.goes_on(late + ERASE_LOG_AFTER, &error), "once");
        erasing.ends();
        assert_eq!(erasing.since(), None);
    }
}
