// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Answers that serve everybody who asks for a moment: one asks, the others wait for that answer or get the last one.

use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use tokio::sync::Mutex;

/// The last answer and when it was asked for.
type Last<T> = Arc<Mutex<Option<(Instant, T)>>>;

/// The last answer of each key; keys must be of a bounded set.
#[derive(Debug)]
pub(crate) struct Fresh<K: Eq + Hash, T>(DashMap<K, Last<T>>);

impl<K: Eq + Hash, T> Default for Fresh<K, T> {
    fn default() -> Self {
        Self(DashMap::new())
    }
}

impl<K: Eq + Hash, T: Clone> Fresh<K, T> {
    /// The last answer where it is younger than `fresh`, or else what `ask` answers; none is not remembered.
    pub(crate) async fn of(&self, key: K, fresh: Duration, ask: impl Future<Output = Option<T>>) -> Option<T> {
        let last = self.0.entry(key).or_default().clone();
        let mut last = last.lock().await;
        let now = Instant::now();
        if let Some((at, known)) = &*last
            && now.duration_since(*at) < fresh
        {
            return Some(known.clone());
        }
        let answer = ask.await?;
        *last = Some((now, answer.clone()));
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::Fresh;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    #[tokio::test]
    async fn those_who_ask_at_once_are_one_question_per_key() {
        let (fresh, asked) = (Fresh::default(), AtomicU32::new(0));
        let ask = async |key: &'static str| {
            let question = async {
                let number = asked.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Some(number)
            };
            fresh.of(key, Duration::from_secs(3_600), question).await
        };
        let many = futures_util::future::join_all((0..50).map(|_| ask("a"))).await;
        assert_eq!(many, vec![Some(0); 50]);
        assert_eq!(ask("b").await, Some(1));
        assert_eq!(
            fresh.of("a", Duration::ZERO, async { None }).await,
            None,
            "old, and nobody answers"
        );
        assert_eq!(ask("a").await, Some(0), "what was known stays known");
    }
}
