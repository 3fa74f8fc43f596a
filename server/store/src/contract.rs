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
    a_batch_changes_everything_it_names(&make()).await?;
    a_conflict_leaves_everything_as_it_was(&make()).await?;
    working_state_is_wiped_before_it_is_written(&make()).await?;
    an_erased_text_is_gone(&make()).await?;
    same_names_in_two_events_are_two_things(&make()).await?;
    setups_are_kept_by_name(&make()).await?;
    a_probe_leaves_nothing_behind(&make()).await?;
    numbers_of_any_size_come_back(&make()).await?;
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

fn of_every_class(mark: &str) -> Batch {
    Batch {
        facts: vec![fact(mark)],
        texts: vec![(1, Some(mark.into())), (u128::MAX, Some(Vec::new()))],
        working: vec![
            ("hand".to_owned(), Some(mark.into())),
            (String::new(), Some(vec![0, 255])),
        ],
        wipe_working: false,
    }
}

async fn a_batch_changes_everything_it_names(store: &impl Store) -> Result<(), String> {
    done(store.commit("a", 0, of_every_class("1")).await)?;
    let first = done(store.load("a").await)?;
    check(first.facts.len() == 1, "a batch appends its facts")?;
    check(
        first.texts == [(1, b"1".to_vec()), (u128::MAX, Vec::new())].into(),
        "a batch writes its texts, also an empty one",
    )?;
    check(
        first.working == [("hand".to_owned(), b"1".to_vec()), (String::new(), vec![0, 255])].into(),
        "a batch writes its working state",
    )?;
    let second = Batch {
        texts: vec![(1, Some(b"2".to_vec()))],
        working: vec![("hand".to_owned(), Some(b"2".to_vec())), (String::new(), None)],
        ..Batch::default()
    };
    check(
        done(store.commit("a", 1, second).await)? == 1,
        "a batch without facts leaves the log where it is",
    )?;
    let last = done(store.load("a").await)?;
    check(last.facts == first.facts, "the log is as it was")?;
    check(
        last.texts.get(&1) == Some(&b"2".to_vec()) && last.texts.len() == 2,
        "a text is replaced by its id",
    )?;
    check(
        last.working == [("hand".to_owned(), b"2".to_vec())].into(),
        "working state is overwritten and removed by name",
    )?;
    let twice = Batch {
        texts: vec![(1, None), (1, Some(b"3".to_vec()))],
        working: vec![("hand".to_owned(), Some(b"3".to_vec())), ("hand".to_owned(), None)],
        ..Batch::default()
    };
    done(store.commit("a", 1, twice).await)?;
    let last = done(store.load("a").await)?;
    check(
        last.texts.get(&1) == Some(&b"3".to_vec()) && last.working.is_empty(),
        "of two changes of one thing in a batch the later one holds",
    )
}

async fn a_conflict_leaves_everything_as_it_was(store: &impl Store) -> Result<(), String> {
    let snapshot = Snapshot {
        seq: 1,
        version: 1,
        body: b"state".to_vec(),
    };
    done(store.commit("a", 0, of_every_class("1")).await)?;
    done(store.save_snapshot("a", snapshot).await)?;
    let before = done(store.load("a").await)?;
    let stale = Batch {
        texts: vec![(1, None), (2, Some(b"new".to_vec()))],
        working: vec![("hand".to_owned(), None), ("vote".to_owned(), Some(Vec::new()))],
        wipe_working: true,
        ..facts(&["2"])
    };
    for expected in [0, 2, u64::MAX] {
        let refused = store.commit("a", expected, stale.clone()).await;
        check(
            refused == Err(StoreError::Conflict { expected, actual: 1 }),
            "a conflict names both numbers",
        )?;
    }
    check(
        done(store.load("a").await)? == before,
        "a conflict leaves facts, texts and working state as they were",
    )?;
    check(
        done(store.snapshot("a").await)?.is_some(),
        "a conflict leaves the snapshot as it was",
    )?;
    let unknown = store.commit("never", 1, of_every_class("1")).await;
    check(
        unknown == Err(StoreError::Conflict { expected: 1, actual: 0 }),
        "the log of an unknown event is empty",
    )?;
    check(
        done(store.load("never").await)? == crate::Kept::default(),
        "a refused batch makes no event",
    )
}

async fn working_state_is_wiped_before_it_is_written(store: &impl Store) -> Result<(), String> {
    done(store.commit("a", 0, of_every_class("1")).await)?;
    done(store.commit("b", 0, of_every_class("1")).await)?;
    let wipe = Batch {
        working: vec![("next".to_owned(), Some(b"2".to_vec()))],
        wipe_working: true,
        ..Batch::default()
    };
    done(store.commit("a", 1, wipe).await)?;
    let kept = done(store.load("a").await)?;
    check(
        kept.working == [("next".to_owned(), b"2".to_vec())].into(),
        "wiping comes first, then what the batch writes",
    )?;
    check(kept.texts.len() == 2, "wiping leaves texts")?;
    check(
        done(store.load("b").await)?.working.len() == 2,
        "wiping is of one event",
    )
}

async fn an_erased_text_is_gone(store: &impl Store) -> Result<(), String> {
    let erase = || Batch {
        texts: vec![(1, None)],
        ..Batch::default()
    };
    done(store.commit("a", 0, of_every_class("1")).await)?;
    let snapshot = Snapshot {
        seq: 1,
        version: 1,
        body: b"1".to_vec(),
    };
    done(store.save_snapshot("a", snapshot).await)?;
    done(store.commit("a", 1, erase()).await)?;
    let kept = done(store.load("a").await)?;
    check(
        !kept.texts.contains_key(&1) && kept.texts.len() == 1,
        "an erased text is gone, the others are not",
    )?;
    check(kept.facts.len() == 1, "facts outlive the text")?;
    check(
        done(store.snapshot("a").await)?.is_none(),
        "a snapshot that may hold an erased text is thrown away",
    )?;
    check(
        done(store.commit("a", 1, erase()).await)? == 1,
        "erasing what is gone changes nothing",
    )
}

async fn same_names_in_two_events_are_two_things(store: &impl Store) -> Result<(), String> {
    done(store.commit("a", 0, of_every_class("of a")).await)?;
    done(store.commit("b", 0, of_every_class("of b")).await)?;
    let b = done(store.load("b").await)?;
    let erase = Batch {
        texts: vec![(1, None), (u128::MAX, None)],
        working: vec![("hand".to_owned(), None)],
        ..facts(&["2"])
    };
    done(store.commit("a", 1, erase).await)?;
    check(
        done(store.load("b").await)? == b && b.texts.get(&1) == Some(&b"of b".to_vec()),
        "texts and working state of the same name in another event stay",
    )?;
    check(
        log(store, "a").await?.len() == 2 && log(store, "A").await?.is_empty(),
        "names of events are compared byte by byte",
    )
}

async fn setups_are_kept_by_name(store: &impl Store) -> Result<(), String> {
    done(store.commit("silent", 0, facts(&["1"])).await)?;
    check(
        done(store.setups().await)?.is_empty(),
        "an event without a setup is not listed",
    )?;
    done(store.save_setup("a", b"1".to_vec()).await)?;
    done(store.save_setup("b", Vec::new()).await)?;
    done(store.save_setup("a", b"2".to_vec()).await)?;
    done(store.save_setup("silent", b"3".to_vec()).await)?;
    let expected =
        [("a", &b"2"[..]), ("b", b""), ("silent", b"3")].map(|(name, setup)| (name.to_owned(), setup.into()));
    check(
        done(store.setups().await)? == expected.into(),
        "setups are listed by name, the last one of each",
    )?;
    check(
        log(store, "silent").await?.len() == 1,
        "a setup leaves the log as it was",
    )
}

async fn a_probe_leaves_nothing_behind(store: &impl Store) -> Result<(), String> {
    done(store.commit("a", 0, of_every_class("1")).await)?;
    let before = done(store.load("a").await)?;
    done(store.probe().await)?;
    done(store.probe().await)?;
    check(
        done(store.load("a").await)? == before && done(store.setups().await)?.is_empty(),
        "a probe changes nothing",
    )
}

async fn numbers_of_any_size_come_back(store: &impl Store) -> Result<(), String> {
    let large = Batch {
        facts: vec![Fact {
            version: u16::MAX,
            body: vec![0; 100_000],
        }],
        texts: vec![(1, Some(vec![255; 100_000]))],
        working: vec![("\u{1f39f} 'quoted' \0".to_owned(), Some(vec![1; 100_000]))],
        wipe_working: false,
    };
    done(store.commit("a", 0, large.clone()).await)?;
    let kept = done(store.load("a").await)?;
    check(
        kept.facts.iter().map(|stored| &stored.fact).eq(&large.facts),
        "large facts come back as written",
    )?;
    check(
        large.texts.iter().all(|(id, body)| kept.texts.get(id) == body.as_ref()),
        "large texts come back as written",
    )?;
    check(
        large
            .working
            .iter()
            .all(|(name, value)| kept.working.get(name) == value.as_ref()),
        "large working state comes back as written, under any name",
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
