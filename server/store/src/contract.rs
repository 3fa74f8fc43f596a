// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What every store must do, as one suite that each store's tests run. It needs no executor of its own.

use crate::{Batch, Fact, Snapshot, Store, StoreError, StoredFact};

fn fact(text: &str) -> Fact {
    Fact {
        version: 1,
        body: text.as_bytes().to_vec(),
    }
}

fn facts(texts: &[&str]) -> Batch {
    Batch {
        facts: texts.iter().map(|text| fact(text)).collect(),
        ..Batch::default()
    }
}

async fn log(store: &impl Store, event: &str) -> Result<Vec<StoredFact>, String> {
    Ok(done(store.load(event).await)?.facts)
}

fn check(holds: bool, rule: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}

fn done<T>(result: Result<T, StoreError>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

/// Runs the whole suite; `make` gives an empty store each time.
///
/// # Errors
/// The first rule that does not hold, in words.
pub async fn holds<S: Store>(make: &(dyn Fn() -> S + Sync)) -> Result<(), String> {
    appended_facts_are_read_in_order(&make()).await?;
    a_stale_append_changes_nothing(&make()).await?;
    events_do_not_see_each_other(&make()).await?;
    a_snapshot_never_goes_back(&make()).await?;
    one_holder_at_a_time(&make()).await
}

async fn appended_facts_are_read_in_order(store: &impl Store) -> Result<(), String> {
    check(log(store, "a").await?.is_empty(), "an unknown event has no facts")?;
    check(
        done(store.commit("a", 0, facts(&["1", "2"])).await)? == 2,
        "append answers the last number",
    )?;
    check(
        done(store.commit("a", 2, Batch::default()).await)? == 2,
        "appending nothing changes nothing",
    )?;
    check(
        done(store.commit("a", 2, facts(&["3"])).await)? == 3,
        "append goes on where the log ends",
    )?;
    let all = log(store, "a").await?;
    let numbers: Vec<u64> = all.iter().map(|stored| stored.seq).collect();
    check(numbers == [1, 2, 3], "facts are numbered from 1 without gaps")?;
    check(
        all.iter().map(|s| s.fact.clone()).eq([fact("1"), fact("2"), fact("3")]),
        "facts come back as written",
    )
}

async fn a_stale_append_changes_nothing(store: &impl Store) -> Result<(), String> {
    done(store.commit("a", 0, facts(&["1"])).await)?;
    let stale = store.commit("a", 0, facts(&["x", "y"])).await;
    check(
        stale == Err(StoreError::Conflict { expected: 0, actual: 1 }),
        "a stale append is a conflict",
    )?;
    let ahead = store.commit("a", 5, facts(&["x"])).await;
    check(
        ahead == Err(StoreError::Conflict { expected: 5, actual: 1 }),
        "an append beyond the end is a conflict",
    )?;
    check(
        log(store, "a").await?.len() == 1,
        "a refused append leaves nothing behind",
    )
}

async fn events_do_not_see_each_other(store: &impl Store) -> Result<(), String> {
    done(store.commit("a", 0, facts(&["1"])).await)?;
    check(
        done(store.commit("b", 0, facts(&["2"])).await)? == 1,
        "each event has its own numbers",
    )?;
    check(
        log(store, "b").await?[0].fact == fact("2"),
        "each event has its own facts",
    )?;
    check(
        done(store.snapshot("b").await)?.is_none(),
        "each event has its own snapshot",
    )?;
    done(store.lease("a", "x", 0, 100).await)?;
    check(
        store.lease("b", "y", 0, 100).await.is_ok(),
        "each event has its own lease",
    )
}

async fn a_snapshot_never_goes_back(store: &impl Store) -> Result<(), String> {
    let at = |seq: u64| Snapshot {
        seq,
        version: 1,
        body: seq.to_string().into_bytes(),
    };
    done(store.save_snapshot("a", at(5)).await)?;
    done(store.save_snapshot("a", at(3)).await)?;
    check(
        done(store.snapshot("a").await)? == Some(at(5)),
        "an older snapshot does not replace a later one",
    )?;
    done(store.save_snapshot("a", at(8)).await)?;
    check(
        done(store.snapshot("a").await)? == Some(at(8)),
        "a later snapshot replaces an older one",
    )
}

async fn one_holder_at_a_time(store: &impl Store) -> Result<(), String> {
    let first = done(store.lease("a", "x", 1_000, 500).await)?;
    check(first.until_unix_ms == 1_500, "a lease ends after its time")?;
    let refused = store.lease("a", "y", 1_400, 500).await;
    check(
        refused == Err(StoreError::Leased { until_unix_ms: 1_500 }),
        "a lease that lasts is not given away",
    )?;
    let renewed = done(store.lease("a", "x", 1_400, 500).await)?;
    check(
        renewed.fence == first.fence && renewed.until_unix_ms == 1_900,
        "the holder renews under the same fence",
    )?;
    let taken = done(store.lease("a", "y", 1_900, 500).await)?;
    check(taken.fence > first.fence, "a new holder has a larger fence")
}
