// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Durable commits per second on the disk of a folder: `cargo run --example throughput [FOLDER]`. Each committer is an
//! event that waits for its answer before it commits again; a commit is a fact, and a row of working state or a text.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fiera_store::sqlite::{Access, SqliteStore};
use fiera_store::{Batch, Fact, Store, StoreError};
use tokio::runtime::Builder;

const SECONDS: u64 = 3;
const COMMITTERS: [usize; 3] = [1, 10, 100];

fn batch(number: u64) -> Batch {
    let body = vec![b'x'; 120];
    let mut batch = Batch {
        facts: vec![Fact {
            version: 1,
            body: body.clone(),
        }],
        ..Batch::default()
    };
    if number.is_multiple_of(4) {
        batch.texts.push((u128::from(number).reverse_bits(), Some(body)));
    } else {
        batch.working.push((format!("ballot {}", number % 500), Some(body)));
    }
    batch
}

async fn commit_until(store: &SqliteStore, event: String, end: Instant) -> Result<Vec<Duration>, StoreError> {
    let mut seq = store.load(&event).await?.facts.len() as u64;
    let mut took = Vec::new();
    loop {
        let start = Instant::now();
        if start > end {
            return Ok(took);
        }
        seq = store.commit(&event, seq, batch(seq)).await?;
        took.push(start.elapsed());
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let parent = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = parent.join(format!("fiera-throughput-{}", std::process::id()));
    let executor = Builder::new_current_thread().build()?;
    for committers in COMMITTERS {
        let store = SqliteStore::open(&folder, Access::Serve)?;
        let end = Instant::now() + Duration::from_secs(SECONDS);
        let all = (0..committers).map(|number| commit_until(&store, format!("event{number}"), end));
        let took = executor.block_on(futures_util::future::try_join_all(all))?;
        let mut took = took.concat();
        took.sort_unstable();
        let percentile = |part: usize| took.get(took.len() * part / 100).copied().unwrap_or_default();
        println!(
            "{committers:5} committers: {:6} commits/s, p50 {:?}, p99 {:?}",
            took.len() as u64 / SECONDS,
            percentile(50),
            percentile(99)
        );
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
