// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! How events are set up, in the store of a data folder: taken in, given out, and joined with the file of `serve`.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use fiera_protocol::ids::EventId;
use fiera_store::Store;
use fiera_store::sqlite::{Access, SqliteStore};

use crate::config::{Config, DEMO, DEMO_FAIR};
use crate::fair::Fair;

/// Events of one server.
pub const EVENTS_MAX: usize = 100;

/// Opens the store of a data folder to run a server on it.
///
/// # Errors
/// Where another server runs on it, or it cannot be read or written; the words say what to do.
pub fn open(data: &Path) -> anyhow::Result<Arc<dyn Store>> {
    fs::create_dir_all(data).with_context(|| format!("cannot make the data folder {}", data.display()))?;
    Ok(Arc::new(SqliteStore::open(data, Access::Serve)?))
}

/// Takes an event in: from the next start on it is run.
///
/// # Errors
/// The first mistake in the text, or the store cannot be written.
pub async fn import(store: &dyn Store, text: &str) -> anyhow::Result<EventId> {
    let fair = Fair::parse(text)?;
    let known = store.setups().await?;
    if known.len() >= EVENTS_MAX && !known.contains_key(fair.id.as_str()) {
        bail!("this server has {EVENTS_MAX} events already, as many as it may");
    }
    store.save_setup(fair.id.as_str(), text.as_bytes().to_vec()).await?;
    Ok(fair.id)
}

/// The text of an event, as it was taken in; of the demo also where it never was.
///
/// # Errors
/// Where there is no such event, or the store cannot be read.
pub async fn export(store: &dyn Store, event: &EventId) -> anyhow::Result<String> {
    match store.setups().await?.remove(event.as_str()) {
        Some(text) => String::from_utf8(text).with_context(|| format!("event {event} is not readable")),
        None if event.as_str() == DEMO => Ok(DEMO_FAIR.to_owned()),
        None => bail!("there is no event {event} in this data folder; `fiera event import FILE` brings one in"),
    }
}

/// All events that the server runs: of the file, then of the store, then the demo where it is asked for.
///
/// # Errors
/// Where one of them cannot be read.
pub(crate) async fn to_run(config: &Config, store: &dyn Store) -> anyhow::Result<Vec<Fair>> {
    let mut fairs = config.events.clone();
    for (event, text) in store.setups().await? {
        if fairs.iter().any(|fair| fair.id.as_str() == event) {
            tracing::info!(%event, "set up in the settings file and in the data folder; the file is used");
            continue;
        }
        let text = String::from_utf8(text).with_context(|| format!("event {event} is not readable"))?;
        let fair = Fair::parse(&text).with_context(|| format!("event {event} of the data folder; import it again"))?;
        fairs.push(fair);
    }
    if config.demo && !fairs.iter().any(|fair| fair.id.as_str() == DEMO) {
        fairs.insert(0, Fair::parse(DEMO_FAIR).context("the built-in demo")?);
    }
    anyhow::ensure!(
        fairs.len() <= EVENTS_MAX,
        "there are {} events; a server runs at most {EVENTS_MAX}",
        fairs.len()
    );
    Ok(fairs)
}
